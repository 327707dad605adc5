/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_DIAGNOSTIC_H
#define HIDP_BASE_DIAGNOSTIC_H

#include <hidp/status.h>

/*
 * Fills in the caller's diagnostic, if there is one, and returns the status, so
 * that a failure is one statement:
 *     return hidp__fail(diagnostic, HIDP_ERR_MODEL, name, "stride is 0");
 * subject may be "" or NULL.
 */
__attribute__((format(printf, 4, 5))) hidp_status hidp__fail(struct hidp_diagnostic *diagnostic,
                                                             hidp_status status,
                                                             const char *subject,
                                                             const char *format, ...);

/* The same for a place in a document; line and column count from 1. */
__attribute__((format(printf, 6, 7))) hidp_status
hidp__fail_at(struct hidp_diagnostic *diagnostic, hidp_status status, unsigned line,
              unsigned column, const char *subject, const char *format, ...);

#endif
