/* SPDX-License-Identifier: MIT */
#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

hidp_status hidp_hwloc__fail(struct hidp_diagnostic *diagnostic, hidp_status status,
                             const char *format, ...)
{
	struct hidp_diagnostic *d = diagnostic;
	if (d == NULL || d->struct_size < sizeof *d)
		return status;
	d->status = status;
	d->line = d->column = 0;
	snprintf(d->subject, sizeof d->subject, "machine");
	va_list args;
	va_start(args, format);
	vsnprintf(d->message, sizeof d->message, format, args);
	va_end(args);
	return status;
}
