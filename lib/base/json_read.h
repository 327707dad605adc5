/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_JSON_READ_H
#define HIDP_BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <hidp/status.h>

#include "base/json_fields.h"

/*
 * Reads JSON documents strictly: unknown keys, wrong types and values out of range
 * are errors that name the place by its path ("layers[3].kernel") and by line and
 * column. Jansson parses; its memory does not come from the context.
 */

/* Bounds on every document, checked before anything is allocated (doc/formats/json.md). */
#define HIDP__JSON_BYTES_MAX ((size_t)64 << 20)
#define HIDP__JSON_VALUES_MAX ((size_t)4 << 20)
#define HIDP__JSON_DEPTH_MAX 32u

struct hidp__json_document {
	const char *text;
	size_t length;
	const char *name; /* stands before paths if there is more than one document; or NULL */
	json_t *root;
	struct hidp_diagnostic *diagnostic;
};

/* A value and the way to it: a chain of these on the stack, from the value up to the root. */
struct hidp__json {
	const struct hidp__json_document *document;
	const struct hidp__json *parent; /* NULL: the root */
	const char *key;                 /* in an object; else NULL */
	size_t index;                    /* in a list */
	json_t *value;
};

/* Parses a text. After success, and only then, the document must be closed. */
hidp_status hidp__json_open(struct hidp__json_document *document, const char *name,
                            const char *text, size_t length, struct hidp_diagnostic *diagnostic,
                            struct hidp__json *root_out);
void hidp__json_close_document(struct hidp__json_document *document);

/* Is it an object of this format, in a version that we know? */
hidp_status hidp__json_check_format(const struct hidp__json *at, const char *format);

/* Fills in the diagnostic with the place of the value and returns the status. */
__attribute__((format(printf, 3, 4))) hidp_status
hidp__json_fail(const struct hidp__json *at, hidp_status status, const char *format, ...);
/* The same for a key of the object `at`. */
hidp_status hidp__json_fail_key(const struct hidp__json *at, const char *key, hidp_status status,
                                const char *message);
/*
 * What a builder said about the thing that was read here: its subject becomes part
 * of the message. Statuses that mean nothing to the author of a document become
 * `usual`.
 */
hidp_status hidp__json_adopt(const struct hidp__json *at, hidp_status status, hidp_status usual,
                             const struct hidp_diagnostic *said);
hidp_status hidp__json_no_memory(const struct hidp__json *at);

/* Text of the document for a message: cut between characters, control characters blotted out. */
#define HIDP__JSON_EXCERPT_MAX 48u
const char *hidp__json_excerpt(const char *text, char out[HIDP__JSON_EXCERPT_MAX + 4]);

/* A member of an object; false if there is none. */
bool hidp__json_member(const struct hidp__json *at, const char *key, struct hidp__json *out);
/* A member that must be there. */
hidp_status hidp__json_need(const struct hidp__json *at, const char *key, struct hidp__json *out);
/* An item of a list. */
struct hidp__json hidp__json_item(const struct hidp__json *at, size_t index);
/* Is it a list of at most max items? `what` names them in messages: "layers". */
hidp_status hidp__json_list(const struct hidp__json *at, size_t max, const char *what,
                            uint32_t *count_out);

hidp_status hidp__json_get_text(const struct hidp__json *at, const char **out);
hidp_status hidp__json_get_bool(const struct hidp__json *at, bool *out);
hidp_status hidp__json_get_word(const struct hidp__json *at, const struct hidp__words *words,
                                uint32_t *out);
/* A whole number from 0 to below `limit`; `what` names the things that it numbers: "layer". */
hidp_status hidp__json_get_number(const struct hidp__json *at, uint32_t limit, const char *what,
                                  uint32_t *out);

/*
 * Reads the members of an object into *to, by a table. Every member must be in the
 * table and be used by the variant `which`; "note" and "source" may be in every
 * object. Fields that are absent keep what *to has. `whose` names the variant in
 * messages ("op conv"); NULL if there is but one.
 */
hidp_status hidp__json_read(const struct hidp__json *at, const struct hidp__json_table *table,
                            uint32_t which, const char *whose, void *to);

/* A key that `at`, an object with free keys, should not have; `known` are those it could have. */
hidp_status hidp__json_unknown_key(const struct hidp__json *at, const char *key,
                                   hidp_status status, const char *what,
                                   const char *const *known, size_t count);

/* Names and what they stand for, sorted. */
struct hidp__json_names {
	struct hidp__json_name {
		const char *name;
		uint32_t number;
	} *items;
	uint32_t count;
};

/*
 * Sorts the names; returns the number of one that stands for two things, the later of them,
 * or UINT32_MAX.
 */
uint32_t hidp__json_names_sort(struct hidp__json_names *names);
/* Number of the thing that the text at `at` names; `what` is for messages: "layer". */
hidp_status hidp__json_get_name(const struct hidp__json *at, const struct hidp__json_names *names,
                                hidp_status status, const char *what, uint32_t *out);

#endif
