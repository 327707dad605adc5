/* SPDX-License-Identifier: MIT */
/* Opening a document, and saying where in it something is wrong. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/diagnostic.h"
#include "base/json_locate.h"
#include "base/json_read.h"
#include "base/os_locale.h"

const char *hidp__json_excerpt(const char *text, char out[HIDP__JSON_EXCERPT_MAX + 4])
{
	size_t n = 0;
	while (text[n] != '\0' && n < HIDP__JSON_EXCERPT_MAX) {
		out[n] = (unsigned char)text[n] < 0x20 ? '?' : text[n];
		n++;
	}
	if (text[n] != '\0') {
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
		memcpy(out + n, "...", 4);
	} else {
		out[n] = '\0';
	}
	return out;
}

/* Appends the path of a value, "layers[3].kernel"; nothing for the root. */
static void add_path(const struct hidp__json *at, char *out, size_t size)
{
	if (at->parent == NULL)
		return;
	add_path(at->parent, out, size);
	size_t used = strlen(out);
	char key[HIDP__JSON_EXCERPT_MAX + 4];
	if (at->key != NULL)
		snprintf(out + used, size - used, "%s%s", at->parent->parent != NULL ? "." : "",
		         hidp__json_excerpt(at->key, key));
	else
		snprintf(out + used, size - used, "[%zu]", at->index);
}

static void subject_of(const struct hidp__json *at, char *out, size_t size)
{
	const char *name = at->document->name;
	out[0] = '\0';
	if (name != NULL)
		snprintf(out, size, "%s: ", name);
	size_t used = strlen(out);
	add_path(at, out + used, size - used);
	if (out[used] == '\0')
		snprintf(out + used, size - used, "document");
}

/* Which member of its object, in the order of the text, or item of its list a value is. */
static size_t ordinal(const struct hidp__json *at)
{
	if (at->key == NULL)
		return at->index;
	size_t n = 0;
	void *i = json_object_iter(at->parent->value);
	while (i != NULL && strcmp(json_object_iter_key(i), at->key) != 0) {
		i = json_object_iter_next(at->parent->value, i);
		n++;
	}
	return n;
}

static struct hidp__json_place place_of(const struct hidp__json *at, bool key)
{
	size_t way[HIDP__JSON_DEPTH_MAX + 1], depth = 0, level;
	for (const struct hidp__json *j = at; j->parent != NULL; j = j->parent)
		depth++;
	level = depth;
	for (const struct hidp__json *j = at; j->parent != NULL; j = j->parent)
		way[--level] = ordinal(j);
	const struct hidp__json_document *d = at->document;
	return hidp__json_place(d->text, d->length,
	                        hidp__json_offset(d->text, d->length, way, depth, key));
}

static hidp_status fail_at(const struct hidp__json *at, bool key, hidp_status status,
                           const char *message)
{
	struct hidp_diagnostic *diagnostic = at->document->diagnostic;
	if (diagnostic == NULL)
		return status;
	char subject[128];
	struct hidp__json_place place = place_of(at, key);
	subject_of(at, subject, sizeof subject);
	return hidp__fail_at(diagnostic, status, place.line, place.column, subject, "%s", message);
}

hidp_status hidp__json_fail(const struct hidp__json *at, hidp_status status, const char *format,
                            ...)
{
	char message[376];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	return fail_at(at, false, status, message);
}

hidp_status hidp__json_fail_key(const struct hidp__json *at, const char *key, hidp_status status,
                                const char *message)
{
	struct hidp__json child = {at->document, at, key, 0, NULL};
	return fail_at(&child, true, status, message);
}

hidp_status hidp__json_no_memory(const struct hidp__json *at)
{
	return hidp__fail(at->document->diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
}

hidp_status hidp__json_adopt(const struct hidp__json *at, hidp_status status, hidp_status usual,
                             const struct hidp_diagnostic *said)
{
	if (status == HIDP_ERR_NOMEM)
		return hidp__json_no_memory(at);
	if (status == HIDP_ERR_ARGUMENT || status == HIDP_ERR_ABI)
		status = usual;
	char name[HIDP__JSON_EXCERPT_MAX + 4];
	return hidp__json_fail(at, status, "%s%s%s", hidp__json_excerpt(said->subject, name),
	                       said->subject[0] != '\0' ? ": " : "", said->message);
}

/* What Jansson says about a text, at the place that it means. */
static hidp_status syntax_error(const struct hidp__json_document *d, const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);
	size_t end = error->position > 0 ? (size_t)error->position : 0, offset = end;
	const char *message = error->text;
	char plain[JSON_ERROR_TEXT_LENGTH];
	static const char cut_short[] = "near end of file";
	size_t n = strlen(message);
	bool at_end = n >= sizeof cut_short - 1 &&
	              strcmp(message + n - (sizeof cut_short - 1), cut_short) == 0;
	if (message[0] == '\0' || code == json_error_out_of_memory)
		return hidp__fail(d->diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	if (code == json_error_null_character || code == json_error_null_byte_in_key)
		message = "a text may not hold the character U+0000";
	if (code != json_error_invalid_utf8 && !at_end)
		offset = hidp__json_token(d->text, d->length, end);
	struct hidp__json_place place = hidp__json_place(d->text, d->length, offset);
	snprintf(plain, sizeof plain, "%s", message);
	for (char *c = plain; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20)
			*c = '?';
	return hidp__fail_at(d->diagnostic, HIDP_ERR_SYNTAX, place.line, place.column,
	                     d->name != NULL ? d->name : "document", "%s", plain);
}

/*
 * The text as Jansson gets it: byte by byte, because without memory it loses
 * characters of long keys and numbers, and goes on. malloc() says so in errno, which
 * Jansson clears with the next number, but not before it asks for the next byte.
 */
struct supply {
	const char *text;
	size_t length;
	size_t at;
	bool starved;
};

static size_t next_byte(void *buffer, size_t size, void *data)
{
	struct supply *s = data;
	(void)size;
	if (errno == ENOMEM)
		s->starved = true;
	if (s->starved || s->at == s->length)
		return 0;
	*(char *)buffer = s->text[s->at++];
	return 1;
}

/* Parses whatever the locale is; NULL with an empty message: no memory. */
static json_t *parse(const char *text, size_t length, json_error_t *error)
{
	struct hidp__locale locale;
	struct supply supply = {text, length, 0, false};
	if (!hidp__locale_begin(&locale))
		return NULL;
	errno = 0;
	json_t *root = json_load_callback(next_byte, &supply, JSON_REJECT_DUPLICATES, error);
	if (errno == ENOMEM || supply.starved) {
		json_decref(root);
		root = NULL;
		error->text[0] = '\0';
	}
	hidp__locale_end(&locale);
	return root;
}

hidp_status hidp__json_open(struct hidp__json_document *document, const char *name,
                            const char *text, size_t length, struct hidp_diagnostic *diagnostic,
                            struct hidp__json *root_out)
{
	*document = (struct hidp__json_document){text, length, name, NULL, diagnostic};
	const char *subject = name != NULL ? name : "document";
	size_t offset;
	if (length > HIDP__JSON_BYTES_MAX)
		return hidp__fail(diagnostic, HIDP_ERR_LIMIT, subject,
		                  "%zu bytes, at most %zu are allowed", length,
		                  HIDP__JSON_BYTES_MAX);
	enum hidp__json_glance glance = hidp__json_glance(text, length, HIDP__JSON_DEPTH_MAX,
	                                                  HIDP__JSON_VALUES_MAX, &offset);
	if (glance != HIDP__JSON_FINE) {
		struct hidp__json_place place = hidp__json_place(text, length, offset);
		if (glance == HIDP__JSON_TOO_DEEP)
			return hidp__fail_at(diagnostic, HIDP_ERR_LIMIT, place.line, place.column,
			                     subject, "is nested deeper than %u levels",
			                     HIDP__JSON_DEPTH_MAX);
		return hidp__fail_at(diagnostic, HIDP_ERR_LIMIT, place.line, place.column, subject,
		                     "holds more than %zu values", HIDP__JSON_VALUES_MAX);
	}
	json_error_t error = {.text = ""};
	document->root = parse(text, length, &error);
	if (document->root == NULL)
		return syntax_error(document, &error);
	*root_out = (struct hidp__json){document, NULL, NULL, 0, document->root};
	return HIDP_OK;
}

void hidp__json_close_document(struct hidp__json_document *document)
{
	json_decref(document->root);
	document->root = NULL;
}
