/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REPORT_PROSE_H
#define HIDP_REPORT_PROSE_H

#include "base/text.h"

/* Paragraphs whose lines break at spaces, so that they fit a terminal. */
#define HIDP__PROSE_WIDTH 100u

struct hidp__prose {
	struct hidp__text *text;
	size_t indent; /* of lines after the first */
	size_t column;
	size_t length; /* of the word that is not complete yet */
	char word[HIDP__PROSE_WIDTH * 4];
	bool space;  /* owed before the next word */
	bool number; /* the last word was one: a unit stays on its line */
};

/* Begins a paragraph: its first line at column `margin`, the others at `indent`. */
void hidp__prose_begin(struct hidp__prose *prose, struct hidp__text *text, size_t margin,
		       size_t indent);
/* A word in the margin of a paragraph that has just begun; the text goes on at its indent. */
void hidp__prose_label(struct hidp__prose *prose, const char *label);
/* Adds words; a space at the beginning or end of the string is one in the text. */
void hidp__prose_add(struct hidp__prose *prose, const char *string);
void hidp__prose_end(struct hidp__prose *prose);

#endif
