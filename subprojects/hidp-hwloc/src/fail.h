/* SPDX-License-Identifier: MIT */
#ifndef HIDP_HWLOC_FAIL_H
#define HIDP_HWLOC_FAIL_H

#include <hidp/status.h>

/* Fills in the diagnostic, if there is one, and returns the status. */
__attribute__((format(printf, 3, 4))) hidp_status
hidp_hwloc__fail(struct hidp_diagnostic *diagnostic, hidp_status status, const char *format, ...);

#endif
