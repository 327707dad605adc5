/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "zmq_priv.h"

hidp_status hidp__zmq_fail(struct hidp_diagnostic *diagnostic, hidp_status status,
                           const char *subject, const char *format, ...)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	if (diagnostic == NULL || diagnostic->struct_size < sizeof d)
		return status;
	uint32_t size = diagnostic->struct_size;
	d.status = status;
	snprintf(d.subject, sizeof d.subject, "%s", subject);
	va_list args;
	va_start(args, format);
	vsnprintf(d.message, sizeof d.message, format, args);
	va_end(args);
	memcpy(diagnostic, &d, sizeof d);
	diagnostic->struct_size = size;
	return status;
}

void hidp__zmq_refuse(struct hidp_zmq *zmq, atomic_uint_fast64_t *count, const char *format, ...)
{
	uint_fast64_t n = atomic_fetch_add_explicit(count, 1, memory_order_relaxed) + 1;
	if (zmq->log == NULL || (n & (n - 1)) != 0)
		return;
	char text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	zmq->log(zmq->log_user_data, HIDP_LOG_WARNING, "zmq", text);
}
