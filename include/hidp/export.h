/* SPDX-License-Identifier: MIT */
#ifndef HIDP_EXPORT_H
#define HIDP_EXPORT_H

/**
 * @file
 * @brief How the library's functions are declared.
 */

/** Marks a function that the library exports. */
#if defined(__GNUC__)
#define HIDP_API __attribute__((visibility("default")))
#else
#define HIDP_API
#endif

/** Opens a block of C declarations, for C++ as well. */
#ifdef __cplusplus
#define HIDP_BEGIN_DECLS extern "C" {
#define HIDP_END_DECLS }
#else
#define HIDP_BEGIN_DECLS
#define HIDP_END_DECLS
#endif

#endif
