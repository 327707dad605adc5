/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool hidp__text_begin(struct hidp__text *text, char *buffer, size_t size)
{
	*text = (struct hidp__text){buffer, size, 0};
	return buffer != NULL || size == 0;
}

void hidp__text_add(struct hidp__text *text, const char *bytes, size_t length)
{
	if (text->needed < text->size) {
		size_t room = text->size - text->needed;
		memcpy(text->buffer + text->needed, bytes, length < room ? length : room);
	}
	text->needed += length;
}

void hidp__text_adds(struct hidp__text *text, const char *string)
{
	hidp__text_add(text, string, strlen(string));
}

void hidp__text_addf(struct hidp__text *text, const char *format, ...)
{
	char local[1024];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(local, sizeof local, format, args);
	va_end(args);
	if (n < 0)
		return;
	/* callers keep their lines below the local buffer; names are added by hidp__text_adds() */
	hidp__text_add(text, local, (size_t)n < sizeof local ? (size_t)n : sizeof local - 1);
}

hidp_status hidp__text_end(struct hidp__text *text, size_t *needed_out)
{
	if (text->size != 0)
		text->buffer[text->needed < text->size ? text->needed : text->size - 1] = '\0';
	if (needed_out != NULL)
		*needed_out = text->needed;
	return HIDP_OK;
}

static char *with_unit(double value, const double *scales, const char *const *units, size_t count,
                       char buffer[32])
{
	size_t i = 0;
	while (i + 1 < count && fabs(value) < scales[i])
		i++;
	double v = value / scales[i];
	int digits = fabs(v) >= 99.95 ? 0 : fabs(v) >= 9.995 ? 1 : 2;
	snprintf(buffer, 32, "%.*f %s", digits, v, units[i]);
	return buffer;
}

char *hidp__text_seconds(double seconds, char buffer[32])
{
	static const double scales[] = {1, 1e-3, 1e-6};
	static const char *const units[] = {"s", "ms", "us"};
	if (seconds == 0)
		return strcpy(buffer, "0 s");
	return with_unit(seconds, scales, units, 3, buffer);
}

char *hidp__text_bytes(double bytes, char buffer[32])
{
	static const double scales[] = {1e9, 1e6, 1e3, 1};
	static const char *const units[] = {"GB", "MB", "kB", "B"};
	if (bytes == 0)
		return strcpy(buffer, "0 B");
	return with_unit(bytes, scales, units, 4, buffer);
}
