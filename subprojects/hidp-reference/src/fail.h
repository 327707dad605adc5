/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REFERENCE_FAIL_H
#define HIDP_REFERENCE_FAIL_H

#include <hidp/status.h>

/* Fills the diagnostic, if there is one, and returns the status. */
__attribute__((format(printf, 4, 5))) hidp_status
hidp_reference__fail(struct hidp_diagnostic *diagnostic, hidp_status status, const char *subject,
                     const char *format, ...);

#endif
