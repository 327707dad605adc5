/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_JSON_FIELDS_H
#define HIDP_BASE_JSON_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * What an object of a document may hold, as a table: one entry per key says where
 * the value lies in a C struct and how it is spelt. Reader and writer go by the
 * same table, so they cannot disagree.
 */

/* The words of an enumeration: words[value], NULL where no value has that number. */
struct hidp__words {
	const char *const *words;
	uint32_t count;
};

/* Element types (#hidp_dtype), which several documents speak of. */
extern const struct hidp__words hidp__dtype_words;

enum hidp__json_kind {
	HIDP__JSON_TEXT,    /* const char *, lent by the document; NULL is left out */
	HIDP__JSON_INT,     /* int64_t */
	HIDP__JSON_INTS,    /* int64_t [count] */
	HIDP__JSON_U32,     /* uint32_t */
	HIDP__JSON_ID,      /* uint32_t; UINT32_MAX means none and is left out */
	HIDP__JSON_GROUP,   /* uint32_t of 1 and more; 0 means none and is left out */
	HIDP__JSON_U64,     /* uint64_t; above INT64_MAX it is written as INT64_MAX */
	HIDP__JSON_REAL,    /* double, finite */
	HIDP__JSON_REAL_INF, /* double; infinity is "inf" */
	HIDP__JSON_FIGURE,  /* double; "inf" and "nan" */
	HIDP__JSON_WORD,    /* uint32_t, one of `words` */
	HIDP__JSON_FLAG,    /* true or false: the bit `count` of a uint32_t */
	HIDP__JSON_OTHER    /* the caller reads and writes it by other means */
};

struct hidp__json_field {
	const char *key;
	enum hidp__json_kind kind;
	uint32_t offset;
	uint32_t count;
	const struct hidp__words *words;
	uint32_t uses;  /* bit set of variants of the object that have the key; 0: all */
	uint32_t needs; /* bit set of variants that must have it */
};

/* All variants of an object. */
#define HIDP__JSON_ALL UINT32_MAX

struct hidp__json_table {
	const struct hidp__json_field *fields;
	size_t count;
};

/* The table of an array of fields, as an initialiser. */
#define HIDP__JSON_TABLE(fields) {fields, sizeof(fields) / sizeof((fields)[0])}

#endif
