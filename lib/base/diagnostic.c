/* SPDX-License-Identifier: MIT */
#include "base/diagnostic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/abi.h"

static hidp_status fail(struct hidp_diagnostic *diagnostic, hidp_status status, unsigned line,
                        unsigned column, const char *subject, const char *format, va_list args)
{
	if (diagnostic == NULL)
		return status;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	d.status = status;
	d.line = line;
	d.column = column;
	snprintf(d.subject, sizeof d.subject, "%s", subject != NULL ? subject : "");
	vsnprintf(d.message, sizeof d.message, format, args);
	/* a diagnostic that is too small for us is the caller's loss, not a second error */
	(void)hidp__abi_write(diagnostic, sizeof d, &d, sizeof d);
	return status;
}

hidp_status hidp__fail(struct hidp_diagnostic *diagnostic, hidp_status status, const char *subject,
                       const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail(diagnostic, status, 0, 0, subject, format, args);
	va_end(args);
	return status;
}

hidp_status hidp__fail_at(struct hidp_diagnostic *diagnostic, hidp_status status, unsigned line,
                          unsigned column, const char *subject, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail(diagnostic, status, line, column, subject, format, args);
	va_end(args);
	return status;
}
