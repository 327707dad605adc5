/* SPDX-License-Identifier: MIT */
#include "base/json_locate.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Does this byte continue a UTF-8 character? */
static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Part of a number or a word; what JSON does not allow in them belongs to them all the same. */
static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '-' || c == '.' || c == '_';
}

static size_t skip_space(const char *text, size_t length, size_t at)
{
	while (at < length && is_space(text[at]))
		at++;
	return at;
}

/* The end of the token that begins at `at`; one that does not end goes to the end of the text. */
static size_t skip_token(const char *text, size_t length, size_t at)
{
	if (at >= length)
		return length;
	char first = text[at++];
	if (first == '"') {
		while (at < length && text[at] != '"')
			at += text[at] == '\\' && at + 1 < length ? 2 : 1;
		return at < length ? at + 1 : length;
	}
	if (is_word(first))
		while (at < length && is_word(text[at]))
			at++;
	else
		while (at < length && continues(text[at]))
			at++;
	return at;
}

/* The end of the value that begins at `at`. */
static size_t skip_value(const char *text, size_t length, size_t at)
{
	size_t open = 0;
	do {
		at = skip_space(text, length, at);
		if (at >= length)
			return length;
		if (text[at] == '[' || text[at] == '{')
			open++;
		else if (text[at] == ']' || text[at] == '}')
			open--;
		at = skip_token(text, length, at);
	} while (open > 0);
	return at;
}

struct hidp__json_place hidp__json_place(const char *text, size_t length, size_t offset)
{
	struct hidp__json_place place = {1, 1};
	for (size_t i = 0; i < offset && i < length; i++) {
		if (text[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if (!continues(text[i])) {
			place.column++;
		}
	}
	return place;
}

size_t hidp__json_offset(const char *text, size_t length, const size_t *way, size_t depth, bool key)
{
	size_t at = skip_space(text, length, 0);
	for (size_t level = 0; level < depth; level++) {
		if (at >= length || (text[at] != '{' && text[at] != '['))
			return at;
		bool object = text[at] == '{';
		size_t next = skip_space(text, length, at + 1);
		for (size_t i = 0;; i++) {
			if (next >= length || text[next] == '}' || text[next] == ']')
				return at;
			size_t name = next;
			if (object) {
				next = skip_space(text, length, skip_token(text, length, next));
				next = skip_space(text, length, next + 1); /* the colon */
			}
			if (i == way[level]) {
				if (key && level + 1 == depth)
					return name;
				break;
			}
			next = skip_space(text, length, skip_value(text, length, next));
			if (next < length && text[next] == ',')
				next = skip_space(text, length, next + 1);
		}
		at = next;
	}
	return at;
}

size_t hidp__json_token(const char *text, size_t length, size_t end)
{
	size_t at = skip_space(text, length, 0);
	for (;;) {
		size_t next = skip_token(text, length, at);
		if (next >= end || next >= length)
			return at;
		at = skip_space(text, length, next);
		if (at >= end)
			return at;
	}
}

enum hidp__json_glance hidp__json_glance(const char *text, size_t length, size_t depth_max,
                                         size_t values_max, size_t *offset_out)
{
	size_t depth = 0, values = 1;
	for (size_t at = 0; at < length; at++) {
		char c = text[at];
		enum hidp__json_glance found = HIDP__JSON_FINE;
		if (c == '"') {
			at = skip_token(text, length, at) - 1;
		} else if (c == '[' || c == '{') {
			depth++;
			values++;
			if (depth > depth_max)
				found = HIDP__JSON_TOO_DEEP;
		} else if (c == ']' || c == '}') {
			depth -= depth != 0;
		} else if (c == ',') {
			values++;
		}
		if (found == HIDP__JSON_FINE && values > values_max)
			found = HIDP__JSON_TOO_MANY;
		if (found != HIDP__JSON_FINE) {
			*offset_out = at;
			return found;
		}
	}
	return HIDP__JSON_FINE;
}
