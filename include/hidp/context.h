/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CONTEXT_H
#define HIDP_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/export.h>
#include <hidp/status.h>

/**
 * @file
 * @brief The library context: allocator and log.
 */

/**
 * @defgroup context Context
 * @brief Where memory comes from and where messages go.
 *
 * Every object is made in a context and keeps it alive. A context is immutable
 * and can serve any number of threads; its callbacks must be able to do the
 * same. A program can have as many contexts as it likes; the library itself has
 * no global state.
 * @{
 */

HIDP_BEGIN_DECLS

struct hidp_context;

/** Levels of log messages; a higher number says more. */
enum hidp_log_level_value {
	HIDP_LOG_NONE = 0,    /**< nothing (the default) */
	HIDP_LOG_WARNING = 1, /**< something is odd, the library goes on */
	HIDP_LOG_INFO = 2,    /**< what the library decided */
	HIDP_LOG_DEBUG = 3    /**< how it came to decide it, and errors it returned */
};

/** One of #hidp_log_level_value. */
typedef uint32_t hidp_log_level;

/**
 * @brief Receives one log message.
 *
 * Called on the thread that called the library; it may block; it must not call
 * the library back with objects of the running call. Exceptions and panics must
 * not leave it.
 *
 * @param[in] user_data The pointer given with the callback.
 * @param[in] level     Level of the message, one of #hidp_log_level_value.
 * @param[in] component The part of the library, for example "planner"; lives as
 *                      long as the library.
 * @param[in] text      The message, UTF-8, without newline; valid during the
 *                      call.
 */
typedef void (*hidp_log_fn)(void *user_data, hidp_log_level level, const char *component,
                            const char *text);

/**
 * @brief Allocates memory.
 *
 * Called on any thread that calls the library. Exceptions and panics must not
 * leave it.
 *
 * @param[in] user_data The pointer given with the callback.
 * @param[in] size      Bytes wanted, at least 1.
 * @param[in] alignment A power of two, at most 64.
 * @return Memory of that size and alignment, or NULL.
 */
typedef void *(*hidp_alloc_fn)(void *user_data, size_t size, size_t alignment);

/**
 * @brief Gives memory back.
 *
 * @param[in] user_data The pointer given with the callback.
 * @param[in] pointer   What the allocation callback returned; never NULL.
 * @param[in] size      The size it was asked for.
 * @param[in] alignment The alignment it was asked for.
 */
typedef void (*hidp_free_fn)(void *user_data, void *pointer, size_t size, size_t alignment);

/** @brief How a context is made. Zero means the default in every field. */
struct hidp_context_options {
	uint32_t struct_size;     /**< sizeof(struct hidp_context_options) */
	uint32_t flags;           /**< none defined; 0 */
	hidp_alloc_fn alloc;      /**< allocator; NULL: the C library's (then `free` must be NULL too) */
	hidp_free_fn free;        /**< counterpart of `alloc` */
	void *alloc_user_data;    /**< first argument of `alloc` and `free` */
	hidp_log_fn log;          /**< receiver of log messages; NULL: silence */
	void *log_user_data;      /**< first argument of `log` */
	hidp_log_level log_level; /**< messages above this level are not made */
	uint32_t reserved;        /**< 0 */
};

/** Initialiser for a struct hidp_context_options: all defaults. */
#define HIDP_CONTEXT_OPTIONS_INIT                                                                  \
	{                                                                                          \
		sizeof(struct hidp_context_options), 0, 0, 0, 0, 0, 0, 0, 0                        \
	}

/**
 * @brief Makes a context.
 *
 * @param[in]  options     Options, or NULL for all defaults.
 * @param[out] context_out The new context, reference count 1; release it with
 *                         hidp_context_unref().
 * @return #HIDP_OK, #HIDP_ERR_NOMEM, #HIDP_ERR_ARGUMENT, #HIDP_ERR_ABI.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API hidp_status hidp_context_new(const struct hidp_context_options *options,
                                      struct hidp_context **context_out);

/**
 * @brief Adds a reference.
 *
 * @param[in] context A context; not NULL.
 * @return The same pointer.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API struct hidp_context *hidp_context_ref(struct hidp_context *context);

/**
 * @brief Gives a reference back; the last one frees the context.
 *
 * @param[in] context A context, or NULL.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API void hidp_context_unref(struct hidp_context *context);

/** @} */

HIDP_END_DECLS

#endif
