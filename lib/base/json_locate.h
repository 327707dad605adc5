/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_JSON_LOCATE_H
#define HIDP_BASE_JSON_LOCATE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where things are in a JSON text. The parser keeps no positions; who has
 * something to complain about finds the place again here, by the way to it: at
 * each level, which item of the list or which member of the object it is, from 0.
 */

/* A place for people: both from 1, columns count characters. */
struct hidp__json_place {
	unsigned line;
	unsigned column;
};

struct hidp__json_place hidp__json_place(const char *text, size_t length, size_t offset);

/*
 * Offset of the value that the way leads to or, with `key`, of the key before it.
 * The text has been parsed, so it is valid JSON; a way that leads nowhere ends at
 * the last value on it that exists.
 */
size_t hidp__json_offset(const char *text, size_t length, const size_t *way, size_t depth,
                         bool key);

/* Offset of the token that holds the byte before `end`; what comes before must be valid tokens. */
size_t hidp__json_token(const char *text, size_t length, size_t end);

/*
 * A look at a text before it is parsed: are the nesting and the number of values
 * within bounds? Reads each byte once and needs no memory. If not, *offset_out is
 * the place where the bound is passed.
 */
enum hidp__json_glance { HIDP__JSON_FINE, HIDP__JSON_TOO_DEEP, HIDP__JSON_TOO_MANY };
enum hidp__json_glance hidp__json_glance(const char *text, size_t length, size_t depth_max,
                                         size_t values_max, size_t *offset_out);

#endif
