/* SPDX-License-Identifier: MIT */
#ifndef HIDP_VERSION_H
#define HIDP_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include <hidp/export.h>

/**
 * @file
 * @brief Versions of the library, at compile time and at run time.
 */

/**
 * @defgroup version Version
 * @brief Which library was compiled against, and which one is running.
 * @{
 */

/** Version of the library, semantic versioning: what breaks programs. */
#define HIDP_VERSION_MAJOR 1
/** Version of the library: what is new. */
#define HIDP_VERSION_MINOR 0
/** Version of the library: what was mended. */
#define HIDP_VERSION_PATCH 0

/**
 * Version of the binary interface, as libtool counts it: `current` rises with
 * every change of the interface, `age` says how many earlier ones it still
 * serves, `revision` counts changes without one. The SONAME is
 * `libhidp.so.(current - age)`.
 */
#define HIDP_ABI_CURRENT 0
/** How many earlier interfaces the library still serves; see #HIDP_ABI_CURRENT. */
#define HIDP_ABI_AGE 0
/** Changes within the same interface; see #HIDP_ABI_CURRENT. */
#define HIDP_ABI_REVISION 0

/**
 * Version of the interfaces that plug-ins implement (`hidp/plugin/`). They may change
 * with a minor release, and this number with them; tables of another number are refused.
 */
#define HIDP_PLUGIN_ABI 1u

/** One number for a version, so that versions compare with `<`. */
#define HIDP_VERSION_ENCODE(major, minor, patch) (((major) * 1000000) + ((minor) * 1000) + (patch))

/** The version of these headers. */
#define HIDP_VERSION HIDP_VERSION_ENCODE(HIDP_VERSION_MAJOR, HIDP_VERSION_MINOR, HIDP_VERSION_PATCH)

HIDP_BEGIN_DECLS

/**
 * @brief The version of the library that is running.
 *
 * @return The version as HIDP_VERSION_ENCODE makes it; at least the version of
 *         the headers the caller was compiled with, as long as the SONAME is
 *         the same.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API uint32_t hidp_version(void);

/**
 * @brief The version of the running library as text, for example "1.0.0".
 *
 * @return A string that lives as long as the library.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API const char *hidp_version_string(void);

/** The families of constants that hidp_feature_supported() knows. */
enum hidp_feature_value {
	HIDP_FEATURE_OP = 1,         /**< values of #hidp_op */
	HIDP_FEATURE_OP_CLASS = 2,   /**< values of #hidp_op_class */
	HIDP_FEATURE_DTYPE = 3,      /**< values of #hidp_dtype */
	HIDP_FEATURE_OBJECTIVE = 4,  /**< values of #hidp_objective */
	HIDP_FEATURE_STRATEGY = 5,   /**< values of #hidp_strategy */
	HIDP_FEATURE_STAGE_KIND = 6, /**< values of #hidp_stage_kind */
	HIDP_FEATURE_STEP_KIND = 7,  /**< values of #hidp_step_kind */
	HIDP_FEATURE_COMPONENT = 8   /**< values of #hidp_component_value */
};

/** One of #hidp_feature_value. */
typedef uint32_t hidp_feature;

/** Parts of the library that can be left out when it is built. */
enum hidp_component_value {
	HIDP_COMPONENT_JSON = 1 /**< reading and writing JSON */
};

/**
 * @brief Does the running library know this constant?
 *
 * A program compiled against newer headers can ask before it uses a constant
 * that an older library would refuse.
 *
 * @param[in] feature A family of constants, one of #hidp_feature_value.
 * @param[in] value   A constant of that family.
 * @return true if the library knows it; false for unknown families too.
 *
 * Thread safety: any thread, any time.
 * @since 1.0
 */
HIDP_API bool hidp_feature_supported(hidp_feature feature, uint32_t value);

/** @} */

HIDP_END_DECLS

#endif
