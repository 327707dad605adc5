/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here every whole number is a double, and a double's digits say it exactly. */
#define WHOLE_MAX 9007199254740992.0

void hidp__json_begin(struct hidp__json_writer *w, struct hidp__text *text)
{
	*w = (struct hidp__json_writer){.text = text, .first = true};
}

static bool is_flat(const struct hidp__json_writer *w)
{
	return w->flat != 0 && w->depth >= w->flat;
}

static void new_line(struct hidp__json_writer *w)
{
	hidp__text_add(w->text, "\n", 1);
	for (uint32_t i = 0; i < w->depth; i++)
		hidp__text_add(w->text, "  ", 2);
}

/* Everything that comes before a value: comma, line, key. */
static void before(struct hidp__json_writer *w, const char *key)
{
	if (!w->first)
		hidp__text_adds(w->text, is_flat(w) ? ", " : ",");
	if (!is_flat(w) && w->depth != 0)
		new_line(w);
	w->first = false;
	if (key != NULL) {
		hidp__text_add_json(w->text, key);
		hidp__text_add(w->text, ": ", 2);
	}
}

static void open_container(struct hidp__json_writer *w, const char *key, char bracket, char close,
                           bool flat)
{
	before(w, key);
	hidp__text_add(w->text, &bracket, 1);
	w->close[w->depth++] = close;
	w->first = true;
	if (flat && w->flat == 0)
		w->flat = w->depth;
}

void hidp__json_open_object(struct hidp__json_writer *w, const char *key)
{
	open_container(w, key, '{', '}', false);
}

void hidp__json_open_list(struct hidp__json_writer *w, const char *key)
{
	open_container(w, key, '[', ']', false);
}

void hidp__json_open_flat_object(struct hidp__json_writer *w, const char *key)
{
	open_container(w, key, '{', '}', true);
}

void hidp__json_open_flat_list(struct hidp__json_writer *w, const char *key)
{
	open_container(w, key, '[', ']', true);
}

void hidp__json_close(struct hidp__json_writer *w)
{
	bool flat = is_flat(w), empty = w->first;
	if (w->depth == w->flat)
		w->flat = 0;
	w->depth--;
	if (!flat && !empty)
		new_line(w);
	hidp__text_add(w->text, &w->close[w->depth], 1);
	w->first = false;
	if (w->depth == 0)
		hidp__text_add(w->text, "\n", 1);
}

void hidp__json_put_text(struct hidp__json_writer *w, const char *key, const char *value)
{
	before(w, key);
	hidp__text_add_json(w->text, value);
}

void hidp__json_put_int(struct hidp__json_writer *w, const char *key, int64_t value)
{
	before(w, key);
	hidp__text_addf(w->text, "%lld", (long long)value);
}

void hidp__json_put_bool(struct hidp__json_writer *w, const char *key, bool value)
{
	before(w, key);
	hidp__text_adds(w->text, value ? "true" : "false");
}

void hidp__json_put_null(struct hidp__json_writer *w, const char *key)
{
	before(w, key);
	hidp__text_adds(w->text, "null");
}

/* A whole number; 86700000000 is easier to read as 86.7e9, which is the same number. */
static void put_whole(struct hidp__text *text, long long value)
{
	char digits[32], *first = digits + (value < 0);
	int n = snprintf(digits, sizeof digits, "%lld", value) - (value < 0);
	int exponent = (n - 1) / 3 * 3, whole = n - exponent, last = n;
	while (last > whole && first[last - 1] == '0')
		last--;
	int spared = n - last - (last > whole) - (exponent < 10 ? 2 : 3);
	if (exponent < 6 || spared < 0) {
		hidp__text_adds(text, digits);
		return;
	}
	hidp__text_add(text, digits, (size_t)(first - digits + whole));
	if (last > whole) {
		hidp__text_add(text, ".", 1);
		hidp__text_add(text, first + whole, (size_t)(last - whole));
	}
	hidp__text_addf(text, "e%d", exponent);
}

void hidp__json_put_real(struct hidp__json_writer *w, const char *key, double value)
{
	char digits[64];
	int n = 0;
	before(w, key);
	if (!isfinite(value)) {
		hidp__text_adds(w->text, isnan(value) ? "\"nan\""
		                         : value > 0  ? "\"inf\""
		                                      : "\"-inf\"");
		return;
	}
	if (fabs(value) < WHOLE_MAX && value == floor(value)) {
		put_whole(w->text, (long long)value);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		n = snprintf(digits, sizeof digits, "%.*g", precision, value);
		if (precision == 17 || strtod(digits, NULL) == value)
			break;
	}
	/* whatever is no digit, sign or exponent is the locale's decimal point */
	static const char plain[] = "0123456789+-e";
	const char *end = digits + n;
	size_t whole = strspn(digits, plain);
	hidp__text_add(w->text, digits, whole);
	if (digits + whole < end) {
		const char *rest = digits + whole;
		hidp__text_add(w->text, ".", 1);
		rest += strcspn(rest, plain);
		hidp__text_adds(w->text, rest);
	}
}

static bool is_zero(const struct hidp__json_field *f, const void *at)
{
	static const int64_t zeros[8];
	switch (f->kind) {
	case HIDP__JSON_TEXT:
		return *(const char *const *)at == NULL;
	case HIDP__JSON_INT:
	case HIDP__JSON_U64:
		return *(const int64_t *)at == 0;
	case HIDP__JSON_INTS:
		return memcmp(at, zeros, f->count * sizeof zeros[0]) == 0;
	case HIDP__JSON_REAL:
	case HIDP__JSON_REAL_INF:
	case HIDP__JSON_FIGURE:
		return *(const double *)at == 0;
	case HIDP__JSON_FLAG:
		return (*(const uint32_t *)at & f->count) == 0;
	default:
		return *(const uint32_t *)at == 0;
	}
}

static void put_field(struct hidp__json_writer *w, const struct hidp__json_field *f, const void *at)
{
	const uint32_t *u32 = at;
	const int64_t *ints = at;
	uint64_t u64;
	switch (f->kind) {
	case HIDP__JSON_TEXT:
		hidp__json_put_text(w, f->key, *(const char *const *)at);
		break;
	case HIDP__JSON_INT:
		hidp__json_put_int(w, f->key, ints[0]);
		break;
	case HIDP__JSON_INTS:
		hidp__json_open_flat_list(w, f->key);
		for (uint32_t i = 0; i < f->count; i++)
			hidp__json_put_int(w, NULL, ints[i]);
		hidp__json_close(w);
		break;
	case HIDP__JSON_U64:
		u64 = *(const uint64_t *)at;
		hidp__json_put_int(w, f->key, u64 < INT64_MAX ? (int64_t)u64 : INT64_MAX);
		break;
	case HIDP__JSON_REAL:
	case HIDP__JSON_REAL_INF:
	case HIDP__JSON_FIGURE:
		hidp__json_put_real(w, f->key, *(const double *)at);
		break;
	case HIDP__JSON_WORD:
		hidp__json_put_text(w, f->key, f->words->words[*u32]);
		break;
	case HIDP__JSON_FLAG:
		hidp__json_put_bool(w, f->key, (*u32 & f->count) != 0);
		break;
	default:
		hidp__json_put_int(w, f->key, *u32);
		break;
	}
}

/* Words without a spelling and absent identifiers have no value to write. */
static bool has_value(const struct hidp__json_field *f, const void *at)
{
	if (f->kind == HIDP__JSON_WORD) {
		uint32_t v = *(const uint32_t *)at;
		return v < f->words->count && f->words->words[v] != NULL;
	}
	if (f->kind == HIDP__JSON_ID)
		return *(const uint32_t *)at != UINT32_MAX;
	return f->kind != HIDP__JSON_TEXT || *(const char *const *)at != NULL;
}

void hidp__json_put_fields(struct hidp__json_writer *w, const struct hidp__json_table *table,
                           uint32_t which, bool all, const void *from)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct hidp__json_field *f = &table->fields[i];
		const void *at = (const unsigned char *)from + f->offset;
		if (f->kind == HIDP__JSON_OTHER || (f->uses != 0 && !(f->uses & which)) ||
		    !has_value(f, at))
			continue;
		if (all || (f->needs & which) || f->kind == HIDP__JSON_ID || !is_zero(f, at))
			put_field(w, f, at);
	}
}

void hidp__json_put_format(struct hidp__json_writer *w, const char *format)
{
	hidp__json_put_text(w, "format", format);
	hidp__json_put_int(w, "version", 1);
}
