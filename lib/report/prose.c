/* SPDX-License-Identifier: MIT */
#include "report/prose.h"

#include <string.h>

static void add_spaces(struct hidp__prose *p, size_t count)
{
	for (; count != 0; count--)
		hidp__text_adds(p->text, " ");
}

void hidp__prose_begin(struct hidp__prose *p, struct hidp__text *text, size_t margin, size_t indent)
{
	*p = (struct hidp__prose){.text = text, .indent = indent, .column = margin};
	add_spaces(p, margin);
}

void hidp__prose_label(struct hidp__prose *p, const char *label)
{
	hidp__text_adds(p->text, label);
	p->column += hidp__text_columns(label);
	p->space = p->column >= p->indent;
	for (; p->column < p->indent; p->column++)
		add_spaces(p, 1);
}

static bool is_number(const char *word, size_t length)
{
	return length != 0 && word[length - 1] >= '0' && word[length - 1] <= '9';
}

/* A space and the longest of the units below. */
#define UNIT_COLUMNS 5u

/* "ms", "%," and the like: what stays with the number before it. */
static bool is_unit(const char *word, size_t length)
{
	return length < UNIT_COLUMNS &&
	       (word[0] == '%' || ((word[0] | 32) >= 'a' && (word[0] | 32) <= 'z'));
}

/* Writes the word that is complete, on the next line if it does not fit on this one. */
static void flush(struct hidp__prose *p)
{
	if (p->length == 0)
		return;
	p->word[p->length] = '\0';
	size_t columns = hidp__text_columns(p->word);
	bool number = is_number(p->word, p->length);
	bool stays = p->number && is_unit(p->word, p->length);
	size_t wanted = p->column + 1 + columns + (number ? UNIT_COLUMNS : 0);
	if (p->space && !stays && wanted > HIDP__PROSE_WIDTH) {
		hidp__text_adds(p->text, "\n");
		add_spaces(p, p->indent);
		p->column = p->indent;
	} else if (p->space) {
		add_spaces(p, 1);
		p->column++;
	}
	hidp__text_add(p->text, p->word, p->length);
	p->column += columns;
	p->number = number;
	p->space = false;
	p->length = 0;
}

void hidp__prose_add(struct hidp__prose *p, const char *string)
{
	for (; *string != '\0'; string++) {
		if (*string == ' ') {
			flush(p);
			p->space = true;
		} else {
			if (p->length + 1 == sizeof p->word)
				flush(p); /* longer than any name of a report */
			p->word[p->length++] = *string;
		}
	}
}

void hidp__prose_end(struct hidp__prose *p)
{
	flush(p);
	hidp__text_adds(p->text, "\n");
}
