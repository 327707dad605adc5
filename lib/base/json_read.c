/* SPDX-License-Identifier: MIT */
#include "base/json_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to here every whole number is a double of its own. */
#define WHOLE_MAX 9007199254740992.0

static struct hidp__json member(const struct hidp__json *at, const char *key, json_t *value)
{
	return (struct hidp__json){at->document, at, key, 0, value};
}

bool hidp__json_member(const struct hidp__json *at, const char *key, struct hidp__json *out)
{
	json_t *value = json_object_get(at->value, key);
	if (value == NULL)
		return false;
	*out = member(at, key, value);
	return true;
}

hidp_status hidp__json_need(const struct hidp__json *at, const char *key, struct hidp__json *out)
{
	if (!hidp__json_member(at, key, out))
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "\"%s\" is missing", key);
	return HIDP_OK;
}

struct hidp__json hidp__json_item(const struct hidp__json *at, size_t index)
{
	return (struct hidp__json){at->document, at, NULL, index, json_array_get(at->value, index)};
}

static const char *type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_NULL:
		return "null";
	default:
		return "true or false";
	}
}

static hidp_status wrong_type(const struct hidp__json *at, const char *wanted)
{
	return hidp__json_fail(at, HIDP_ERR_SYNTAX, "is %s, must be %s", type_of(at->value),
	                       wanted);
}

hidp_status hidp__json_list(const struct hidp__json *at, size_t max, const char *what,
                            uint32_t *count_out)
{
	if (!json_is_array(at->value))
		return wrong_type(at, "a list");
	size_t count = json_array_size(at->value);
	if (count > max)
		return hidp__json_fail(at, HIDP_ERR_LIMIT, "%zu %s, at most %zu are allowed", count,
		                       what, max);
	*count_out = (uint32_t)count;
	return HIDP_OK;
}

hidp_status hidp__json_get_text(const struct hidp__json *at, const char **out)
{
	if (!json_is_string(at->value))
		return wrong_type(at, "a text");
	*out = json_string_value(at->value);
	return HIDP_OK;
}

hidp_status hidp__json_get_bool(const struct hidp__json *at, bool *out)
{
	if (!json_is_boolean(at->value))
		return wrong_type(at, "true or false");
	*out = json_is_true(at->value);
	return HIDP_OK;
}

/* A whole number, however it is spelt: 8e9 is one too. */
static hidp_status get_whole(const struct hidp__json *at, int64_t low, int64_t high, int64_t *out)
{
	int64_t value;
	if (!json_is_number(at->value))
		return wrong_type(at, "a whole number");
	if (json_is_integer(at->value)) {
		value = json_integer_value(at->value);
	} else {
		double real = json_real_value(at->value);
		if (real != floor(real) || fabs(real) > WHOLE_MAX)
			return hidp__json_fail(at, HIDP_ERR_SYNTAX,
			                       "is not a whole number, or too large");
		value = (int64_t)real;
	}
	if (value < low || value > high)
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "%lld is not within %lld to %lld",
		                       (long long)value, (long long)low, (long long)high);
	*out = value;
	return HIDP_OK;
}

hidp_status hidp__json_get_number(const struct hidp__json *at, uint32_t limit, const char *what,
                                  uint32_t *out)
{
	int64_t value = 0;
	hidp_status s = get_whole(at, 0, UINT32_MAX, &value);
	if (s != HIDP_OK)
		return s;
	if (value >= limit)
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "there is no %s %lld, only 0 to %u",
		                       what, (long long)value, limit - 1);
	*out = (uint32_t)value;
	return HIDP_OK;
}

static hidp_status get_real(const struct hidp__json *at, enum hidp__json_kind kind, double *out)
{
	const char *text = json_string_value(at->value);
	if (text != NULL && kind != HIDP__JSON_REAL && strcmp(text, "inf") == 0)
		*out = INFINITY;
	else if (text != NULL && kind == HIDP__JSON_FIGURE && strcmp(text, "nan") == 0)
		*out = NAN;
	else if (json_is_number(at->value))
		*out = json_number_value(at->value);
	else
		return wrong_type(at, kind == HIDP__JSON_REAL ? "a number" : "a number or \"inf\"");
	return HIDP_OK;
}

/* Steps of one letter from a to b, as far as that interests anyone. */
static size_t distance(const char *a, const char *b)
{
	enum { LETTERS = 31 };
	size_t row[LETTERS + 1], n = strlen(a), m = strlen(b);
	if (n > LETTERS || m > LETTERS)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

/* The word that was probably meant. */
struct guess {
	const char *given;
	const char *best;
	size_t steps;
};

static struct guess guess_begin(const char *given)
{
	/* one letter in three may be wrong; below six letters, one */
	size_t n = strlen(given);
	return (struct guess){given, NULL, (n < 2 ? 0 : n < 6 ? 1 : n / 3) + 1};
}

static void guess_try(struct guess *g, const char *word)
{
	size_t steps = distance(g->given, word);
	if (steps < g->steps) {
		g->steps = steps;
		g->best = word;
	}
}

/* "; did you mean ...?", or nothing. */
static const char *guess_text(const struct guess *g, char out[96])
{
	out[0] = '\0';
	if (g->best != NULL)
		snprintf(out, 96, "; did you mean \"%.60s\"?", g->best);
	return out;
}

hidp_status hidp__json_get_word(const struct hidp__json *at, const struct hidp__words *words,
                                uint32_t *out)
{
	const char *text = "";
	char given[HIDP__JSON_EXCERPT_MAX + 4], meant[96], list[256] = "";
	hidp_status s = hidp__json_get_text(at, &text);
	if (s != HIDP_OK)
		return s;
	struct guess guess = guess_begin(text);
	for (uint32_t i = 0; i < words->count; i++) {
		if (words->words[i] == NULL)
			continue;
		if (strcmp(words->words[i], text) == 0) {
			*out = i;
			return HIDP_OK;
		}
		guess_try(&guess, words->words[i]);
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "%s%s", used == 0 ? "" : ", ",
		         words->words[i]);
	}
	if (guess.best != NULL)
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "\"%s\" is unknown%s",
		                       hidp__json_excerpt(text, given), guess_text(&guess, meant));
	return hidp__json_fail(at, HIDP_ERR_SYNTAX, "\"%s\" is unknown, must be one of %s",
	                       hidp__json_excerpt(text, given), list);
}

hidp_status hidp__json_unknown_key(const struct hidp__json *at, const char *key,
                                   hidp_status status, const char *what,
                                   const char *const *known, size_t count)
{
	char given[HIDP__JSON_EXCERPT_MAX + 4], meant[96], message[256];
	struct guess guess = guess_begin(key);
	for (size_t i = 0; i < count; i++)
		guess_try(&guess, known[i]);
	snprintf(message, sizeof message, "there is no %s \"%s\"%s", what,
	         hidp__json_excerpt(key, given), guess_text(&guess, meant));
	return hidp__json_fail_key(at, key, status, message);
}

/* A key that is not in the table, or not for this variant. */
static hidp_status refuse_key(const struct hidp__json *at, const char *key,
                              const struct hidp__json_table *table, uint32_t which,
                              const char *whose)
{
	char given[HIDP__JSON_EXCERPT_MAX + 4], meant[96], message[256];
	struct guess guess = guess_begin(key);
	for (size_t i = 0; i < table->count; i++) {
		const struct hidp__json_field *f = &table->fields[i];
		if (strcmp(f->key, key) == 0 && whose != NULL) {
			snprintf(message, sizeof message, "%s has no \"%s\"", whose, key);
			return hidp__json_fail_key(at, key, HIDP_ERR_SYNTAX, message);
		}
		if (f->uses == 0 || (f->uses & which))
			guess_try(&guess, f->key);
	}
	snprintf(message, sizeof message, "key \"%s\" is unknown%s", hidp__json_excerpt(key, given),
	         guess_text(&guess, meant));
	return hidp__json_fail_key(at, key, HIDP_ERR_SYNTAX, message);
}

/* "note" and "source" are for people: a text, or a list of texts. */
static hidp_status check_note(const struct hidp__json *at)
{
	if (json_is_string(at->value))
		return HIDP_OK;
	if (!json_is_array(at->value))
		return wrong_type(at, "a text or a list of texts");
	for (size_t i = 0; i < json_array_size(at->value); i++) {
		struct hidp__json item = hidp__json_item(at, i);
		if (!json_is_string(item.value))
			return wrong_type(&item, "a text");
	}
	return HIDP_OK;
}

static hidp_status read_ints(const struct hidp__json *at, uint32_t count, int64_t *to)
{
	if (!json_is_array(at->value) || json_array_size(at->value) != count)
		return hidp__json_fail(at, HIDP_ERR_SYNTAX, "must be a list of %u whole numbers",
		                       count);
	for (uint32_t i = 0; i < count; i++) {
		struct hidp__json item = hidp__json_item(at, i);
		hidp_status s = get_whole(&item, INT64_MIN, INT64_MAX, &to[i]);
		if (s != HIDP_OK)
			return s;
	}
	return HIDP_OK;
}

static hidp_status read_field(const struct hidp__json *at, const struct hidp__json_field *f,
                              void *to)
{
	int64_t whole = 0;
	bool flag = false;
	hidp_status s = HIDP_OK;
	switch (f->kind) {
	case HIDP__JSON_TEXT:
		return hidp__json_get_text(at, to);
	case HIDP__JSON_INT:
		return get_whole(at, INT64_MIN, INT64_MAX, to);
	case HIDP__JSON_INTS:
		return read_ints(at, f->count, to);
	case HIDP__JSON_U32:
	case HIDP__JSON_ID:
		s = get_whole(at, 0, UINT32_MAX - 1, &whole);
		if (s == HIDP_OK)
			*(uint32_t *)to = (uint32_t)whole;
		return s;
	case HIDP__JSON_GROUP:
		s = get_whole(at, 1, UINT32_MAX, &whole);
		if (s == HIDP_OK)
			*(uint32_t *)to = (uint32_t)whole;
		return s;
	case HIDP__JSON_U64:
		s = get_whole(at, 0, INT64_MAX, &whole);
		if (s == HIDP_OK)
			*(uint64_t *)to = (uint64_t)whole;
		return s;
	case HIDP__JSON_REAL:
	case HIDP__JSON_REAL_INF:
	case HIDP__JSON_FIGURE:
		return get_real(at, f->kind, to);
	case HIDP__JSON_WORD:
		return hidp__json_get_word(at, f->words, to);
	case HIDP__JSON_FLAG:
		s = hidp__json_get_bool(at, &flag);
		if (s == HIDP_OK)
			*(uint32_t *)to =
			        flag ? *(uint32_t *)to | f->count : *(uint32_t *)to & ~f->count;
		return s;
	default:
		return HIDP_OK;
	}
}

static const struct hidp__json_field *find_field(const struct hidp__json_table *table,
                                                 uint32_t which, const char *key)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct hidp__json_field *f = &table->fields[i];
		if ((f->uses == 0 || (f->uses & which)) && strcmp(f->key, key) == 0)
			return f;
	}
	return NULL;
}

hidp_status hidp__json_read(const struct hidp__json *at, const struct hidp__json_table *table,
                            uint32_t which, const char *whose, void *to)
{
	const char *key;
	json_t *value;
	if (!json_is_object(at->value))
		return wrong_type(at, "an object");
	json_object_foreach (at->value, key, value) {
		const struct hidp__json_field *f = find_field(table, which, key);
		struct hidp__json child = member(at, key, value);
		hidp_status s;
		if (f != NULL)
			s = f->kind == HIDP__JSON_OTHER
			            ? HIDP_OK
			            : read_field(&child, f, (unsigned char *)to + f->offset);
		else if (strcmp(key, "note") == 0 || strcmp(key, "source") == 0)
			s = check_note(&child);
		else
			s = refuse_key(at, key, table, which, whose);
		if (s != HIDP_OK)
			return s;
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct hidp__json_field *f = &table->fields[i];
		if ((f->needs & which) && json_object_get(at->value, f->key) == NULL)
			return hidp__json_fail(at, HIDP_ERR_SYNTAX, "\"%s\" is missing", f->key);
	}
	return HIDP_OK;
}

static int by_name(const void *a, const void *b)
{
	const struct hidp__json_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

uint32_t hidp__json_names_sort(struct hidp__json_names *names)
{
	uint32_t twice = UINT32_MAX;
	if (names->count != 0)
		qsort(names->items, names->count, sizeof *names->items, by_name);
	for (uint32_t i = 1; i < names->count; i++)
		if (strcmp(names->items[i - 1].name, names->items[i].name) == 0 &&
		    names->items[i].number < twice)
			twice = names->items[i].number;
	return twice;
}

hidp_status hidp__json_get_name(const struct hidp__json *at, const struct hidp__json_names *names,
                                hidp_status status, const char *what, uint32_t *out)
{
	const char *text = "";
	hidp_status s = hidp__json_get_text(at, &text);
	if (s != HIDP_OK)
		return s;
	uint32_t low = 0, high = names->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, names->items[middle].name);
		if (order == 0) {
			*out = names->items[middle].number;
			return HIDP_OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	char given[HIDP__JSON_EXCERPT_MAX + 4], meant[96];
	struct guess guess = guess_begin(text);
	for (uint32_t i = 0; i < names->count; i++)
		guess_try(&guess, names->items[i].name);
	return hidp__json_fail(at, status, "there is no %s \"%s\"%s", what,
	                       hidp__json_excerpt(text, given), guess_text(&guess, meant));
}

hidp_status hidp__json_check_format(const struct hidp__json *at, const char *format)
{
	struct hidp__json child;
	const char *stated = "";
	char given[HIDP__JSON_EXCERPT_MAX + 4];
	int64_t version;
	hidp_status s;
	if (!json_is_object(at->value))
		return wrong_type(at, "an object");
	if ((s = hidp__json_need(at, "format", &child)) != HIDP_OK ||
	    (s = hidp__json_get_text(&child, &stated)) != HIDP_OK)
		return s;
	if (strcmp(stated, format) != 0)
		return hidp__json_fail(&child, HIDP_ERR_SYNTAX, "is \"%s\", must be \"%s\"",
		                       hidp__json_excerpt(stated, given), format);
	if ((s = hidp__json_need(at, "version", &child)) != HIDP_OK ||
	    (s = get_whole(&child, 0, INT64_MAX, &version)) != HIDP_OK)
		return s;
	if (version != 1)
		return hidp__json_fail(&child, HIDP_ERR_SYNTAX,
		                       "version %lld is unknown, this library reads version 1",
		                       (long long)version);
	return HIDP_OK;
}
