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

char *hidp__text_fixed(double value, int decimals, char buffer[32])
{
	double scale = 1;
	for (int i = 0; i < decimals; i++)
		scale *= 10;
	double scaled = fabs(value) * scale;
	if (!isfinite(value)) {
		snprintf(buffer, 32, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
	} else if (decimals == 0 || scaled >= 9e15) {
		/* no point in either; absurd numbers must not be cut short */
		snprintf(buffer, 32, fabs(value) < 1e25 ? "%.0f" : "%.0e", value);
	} else {
		long long n = llround(scaled), unit = (long long)scale;
		snprintf(buffer, 32, "%s%lld.%0*lld", value < 0 && n != 0 ? "-" : "", n / unit,
		         decimals, n % unit);
	}
	return buffer;
}

char *hidp__text_short(double value, int decimals, char buffer[32])
{
	hidp__text_fixed(value, decimals, buffer);
	if (strchr(buffer, '.') == NULL)
		return buffer;
	size_t n = strlen(buffer);
	while (buffer[n - 1] == '0')
		n--;
	if (buffer[n - 1] == '.')
		n--;
	buffer[n] = '\0';
	return buffer;
}

static char *with_unit(double value, const double *scales, const char *const *units, size_t count,
                       char buffer[32])
{
	size_t i = 0;
	while (i + 1 < count && fabs(value) < scales[i])
		i++;
	double v = value / scales[i];
	char number[32];
	hidp__text_fixed(v, fabs(v) >= 99.95 ? 0 : fabs(v) >= 9.995 ? 1 : 2, number);
	snprintf(buffer, 32, "%.27s %s", number, units[i]);
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
	if (bytes < 1e3) {
		snprintf(buffer, 32, "%.0f B", bytes);
		return buffer;
	}
	return with_unit(bytes, scales, units, 4, buffer);
}

char *hidp__text_joules(double joules, char buffer[32])
{
	static const double scales[] = {1, 1e-3, 1e-6};
	static const char *const units[] = {"J", "mJ", "uJ"};
	if (joules == 0)
		return strcpy(buffer, "0 J");
	return with_unit(joules, scales, units, 3, buffer);
}

#define REPLACEMENT 0xfffdu

uint32_t hidp__utf8_next(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	uint32_t c = s[0];
	if (c == 0)
		return 0;
	size_t more = (size_t)(c >= 0xe0) + (c >= 0xf0) + 1; /* bytes that follow */
	*at += 1;
	if (c < 0x80)
		return c;
	if (c < 0xc2 || c > 0xf4)
		return REPLACEMENT;
	c &= 0x3fu >> more;
	for (size_t i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) /* the NUL too */
			return REPLACEMENT;
		c = c << 6 | (s[i] & 0x3fu);
	}
	static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
	if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return REPLACEMENT;
	*at += more;
	return c;
}

/* A code point as UTF-8; returns how many bytes it takes. */
static size_t encode(uint32_t c, char out[4])
{
	size_t n = 0;
	if (c < 0x80) {
		out[n++] = (char)c;
		return n;
	}
	if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	out[n++] = (char)(0x80 | (c & 0x3f));
	return n;
}

static void add_code(struct hidp__text *text, uint32_t c)
{
	char bytes[4];
	hidp__text_add(text, bytes, encode(c, bytes));
}

void hidp__text_add_xml(struct hidp__text *text, const char *string)
{
	uint32_t c;
	while ((c = hidp__utf8_next(&string)) != 0) {
		if (c == '&')
			hidp__text_adds(text, "&amp;");
		else if (c == '<')
			hidp__text_adds(text, "&lt;");
		else if (c == '>')
			hidp__text_adds(text, "&gt;");
		else if (c == '"')
			hidp__text_adds(text, "&quot;");
		else if (c == '\'')
			hidp__text_adds(text, "&#39;");
		else if (c < 0x20 && c != '\t' && c != '\n')
			add_code(text, REPLACEMENT);
		else if (c == 0xfffe || c == 0xffff)
			add_code(text, REPLACEMENT);
		else
			add_code(text, c);
	}
}

void hidp__text_add_json(struct hidp__text *text, const char *string)
{
	uint32_t c;
	hidp__text_adds(text, "\"");
	while ((c = hidp__utf8_next(&string)) != 0) {
		if (c == '"' || c == '\\')
			hidp__text_addf(text, "\\%c", (int)c);
		else if (c < 0x20 || c == 0x7f)
			hidp__text_addf(text, "\\u%04x", (unsigned)c);
		else
			add_code(text, c);
	}
	hidp__text_adds(text, "\"");
}

size_t hidp__text_columns(const char *string)
{
	size_t n = 0;
	while (hidp__utf8_next(&string) != 0)
		n++;
	return n;
}

/* Control characters, of ASCII and of Latin-1, and marks that turn the direction of writing. */
static bool disturbs_terminals(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

char *hidp__text_fit(const char *string, size_t columns, char *buffer, size_t size)
{
	static const char dots[] = "..";
	size_t length = hidp__text_columns(string), used = 0, i = 0;
	bool cut = length > columns;
	size_t dot_count = columns < 2 ? columns : 2;
	size_t head = cut ? (columns - dot_count + 1) / 2 : length;
	size_t tail = cut ? columns - dot_count - head : 0;
	uint32_t c;
	while ((c = hidp__utf8_next(&string)) != 0) {
		char bytes[4];
		if (cut && i == head && used + dot_count < size) {
			memcpy(buffer + used, dots, dot_count);
			used += dot_count;
		}
		if (i++ >= head && i <= length - tail)
			continue;
		size_t n = encode(disturbs_terminals(c) ? '?' : c, bytes);
		if (used + n >= size)
			break;
		memcpy(buffer + used, bytes, n);
		used += n;
	}
	if (size != 0)
		buffer[used] = '\0';
	return buffer;
}
