/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_JSON_WRITE_H
#define HIDP_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_fields.h"
#include "base/text.h"

/*
 * Writes JSON for programs that people can read: large containers have a line for
 * each item, small ones stand on one line. Numbers are the shortest that read back
 * as the same double. Nothing is allocated and nothing can fail; the locale does
 * not matter. Keys are NULL inside lists.
 */
struct hidp__json_writer {
	struct hidp__text *text;
	uint32_t depth;
	uint32_t flat;  /* depth from which everything stands on one line; 0: nowhere yet */
	bool first;     /* nothing has been put into the open container */
	char close[32]; /* [depth] */
};

void hidp__json_begin(struct hidp__json_writer *w, struct hidp__text *text);
/* Opens an object or a list whose items stand on lines of their own, if it is in no flat one. */
void hidp__json_open_object(struct hidp__json_writer *w, const char *key);
void hidp__json_open_list(struct hidp__json_writer *w, const char *key);
/* Opens one that stands on one line, with everything in it. */
void hidp__json_open_flat_object(struct hidp__json_writer *w, const char *key);
void hidp__json_open_flat_list(struct hidp__json_writer *w, const char *key);
/* Closes what was opened last. */
void hidp__json_close(struct hidp__json_writer *w);

/* Bytes that are not UTF-8 are written as U+FFFD. */
void hidp__json_put_text(struct hidp__json_writer *w, const char *key, const char *value);
void hidp__json_put_int(struct hidp__json_writer *w, const char *key, int64_t value);
/* Infinity and not-a-number are the texts "inf", "-inf" and "nan". */
void hidp__json_put_real(struct hidp__json_writer *w, const char *key, double value);
void hidp__json_put_bool(struct hidp__json_writer *w, const char *key, bool value);
void hidp__json_put_null(struct hidp__json_writer *w, const char *key);

/*
 * Puts the fields of *from that the variant `which` uses into the open object:
 * those that it needs and those that are not zero; with `all`, zeros too.
 */
void hidp__json_put_fields(struct hidp__json_writer *w, const struct hidp__json_table *table,
                           uint32_t which, bool all, const void *from);
/* The first members of every document. */
void hidp__json_put_format(struct hidp__json_writer *w, const char *format);

#endif
