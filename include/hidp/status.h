/* SPDX-License-Identifier: MIT */
#ifndef HIDP_STATUS_H
#define HIDP_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/export.h>

/**
 * @file
 * @brief Status codes and diagnostics.
 */

/**
 * @defgroup status Errors
 * @brief Every call that can fail returns a #hidp_status and can say more in a
 *        struct hidp_diagnostic.
 *
 * Outputs are untouched when a call fails, and there is nothing to clean up
 * after one. The library never logs an error that it returns, except at debug
 * level, never prints, and never ends the program.
 * @{
 */

HIDP_BEGIN_DECLS

/** Result of a call: #HIDP_OK or a negative code of #hidp_status_value. */
typedef int32_t hidp_status;

/** The status codes. A code keeps its meaning for ever. */
enum hidp_status_value {
	HIDP_OK = 0,               /**< done */
	HIDP_ERR_NOMEM = -1,       /**< the allocator gave no memory */
	HIDP_ERR_ARGUMENT = -2,    /**< an argument is out of its documented range */
	HIDP_ERR_ABI = -3,         /**< struct_size is too small, or asks for something this library does not know */
	HIDP_ERR_MODEL = -4,       /**< the model is wrong; the diagnostic names the layer */
	HIDP_ERR_CLUSTER = -5,     /**< the cluster is wrong; the diagnostic names the node or link */
	HIDP_ERR_COST = -6,        /**< the cost source is wrong; the diagnostic names layer and processor */
	HIDP_ERR_PLAN = -7,        /**< the plan is invalid; the diagnostic names stage, share or step */
	HIDP_ERR_INFEASIBLE = -8,  /**< no plan meets the limits; the diagnostic says what is short and by how much */
	HIDP_ERR_SYNTAX = -9,      /**< a document cannot be parsed; the diagnostic has line and column */
	HIDP_ERR_LIMIT = -10,      /**< a documented limit on sizes or counts is exceeded */
	HIDP_ERR_UNSUPPORTED = -11, /**< this build of the library, or of a plug-in, cannot do it */
	HIDP_ERR_CLOSED = -12,     /**< what was asked to do it has been closed */
	HIDP_ERR_TRANSPORT = -13,  /**< a node cannot be reached, or spoke nonsense; the diagnostic names it */
	HIDP_ERR_TIMEOUT = -14,    /**< the time for it is over */
	HIDP_ERR_CANCELLED = -15,  /**< it was cancelled by the host */
	HIDP_ERR_BUSY = -16        /**< as much is under way as was agreed; try again when some of it is done */
};

/**
 * @brief A short text for a status code, for example "out of memory".
 *
 * @param[in] status Any value.
 * @return A string that lives as long as the library; "unknown status" for a
 *         code that this library does not know.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const char *hidp_status_string(hidp_status status);

/**
 * @brief What went wrong, and where.
 *
 * Owned by the caller, who sets `struct_size` (or uses
 * #HIDP_DIAGNOSTIC_INIT) and passes its address to calls that can fail. A call
 * that fails fills it in; a call that succeeds leaves it alone.
 *
 * Thread safety: belongs to the caller; one call at a time.
 */
struct hidp_diagnostic {
	uint32_t struct_size; /**< sizeof(struct hidp_diagnostic), set by the caller */
	hidp_status status;   /**< the code that the call returned */
	uint32_t line;        /**< line in the document, from 1; 0 if there is none */
	uint32_t column;      /**< column in that line, from 1; 0 if there is none */
	char subject[128];    /**< the thing: "layer conv1", "node pi4", "stage 2"; may be cut short */
	char message[376];    /**< the reason, one sentence; may be cut short */
};

/** Initialiser for a struct hidp_diagnostic. */
#define HIDP_DIAGNOSTIC_INIT                                                                       \
	{                                                                                          \
		sizeof(struct hidp_diagnostic), 0, 0, 0, { 0 }, { 0 }                              \
	}

/** @} */

HIDP_END_DECLS

#endif
