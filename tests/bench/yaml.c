/* SPDX-License-Identifier: MIT */
#include "yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct yaml {
	const char *path;
	const char *at; /* at the first character of a line that is not blank, or of a value */
	int line;
	int column; /* of `at`, where a line or an item begins */
};

static json_t *read_block(struct yaml *y, int column);

__attribute__((noreturn)) static void refuse(const struct yaml *y, const char *why)
{
	bench_fail("%s, line %d: %s", y->path, y->line, why);
}

/* To the next line that says something; what is left of this one must not. */
static void next_line(struct yaml *y)
{
	const char *p = y->at;
	for (;;) {
		const char *begin;
		p += strspn(p, " ");
		if (*p == '#')
			p += strcspn(p, "\n");
		if (*p == '\0')
			break;
		if (*p != '\n')
			refuse(y, "more than one value");
		y->line++;
		begin = ++p;
		p += strspn(p, " ");
		if (*p != '\n' && *p != '#' && *p != '\0') {
			y->column = (int)(p - begin);
			y->at = p;
			return;
		}
	}
	y->at = p;
	y->column = -1;
}

/* A number, or else a word. */
static json_t *scalar(const char *text, size_t length)
{
	char *end;
	double value = strtod(text, &end);
	while (length > 0 && text[length - 1] == ' ')
		length--;
	return length > 0 && end == text + length ? json_real(value) : json_stringn(text, length);
}

static json_t *read_brackets(struct yaml *y)
{
	json_t *list = json_array();
	for (y->at++;;) {
		y->at += strspn(y->at, " ");
		if (*y->at == '\n') {
			y->line++;
			y->at++;
			continue;
		}
		size_t length = strcspn(y->at, ",]\n");
		if (y->at[length] == '\0')
			refuse(y, "a bracket is not closed");
		if (length > 0)
			json_array_append_new(list, scalar(y->at, length));
		y->at += length;
		if (*y->at == ',')
			y->at++;
		if (*y->at == ']')
			break;
	}
	y->at++;
	return list;
}

/* What stands behind a key or a dash, on the same line or below. */
static json_t *read_value(struct yaml *y, int column, bool lists_below)
{
	json_t *value;
	y->at += strspn(y->at, " ");
	if (*y->at == '[') {
		value = read_brackets(y);
	} else if (*y->at == '\n' || *y->at == '#' || *y->at == '\0') {
		next_line(y);
		if (y->column > column || (lists_below && y->column == column && *y->at == '-'))
			return read_block(y, y->column);
		return json_null();
	} else {
		size_t length = strcspn(y->at, "\n");
		value = scalar(y->at, length);
		y->at += length;
	}
	next_line(y);
	return value;
}

static json_t *read_list(struct yaml *y, int column)
{
	json_t *list = json_array();
	while (y->column == column && strncmp(y->at, "- ", 2) == 0) {
		y->at += 2;
		size_t key = strcspn(y->at, ":\n");
		if (y->at[key] == ':' && (y->at[key + 1] == ' ' || y->at[key + 1] == '\n')) {
			y->column = column + 2;
			json_array_append_new(list, read_block(y, column + 2));
		} else {
			json_array_append_new(list, read_value(y, column, false));
		}
	}
	return list;
}

static json_t *read_map(struct yaml *y, int column)
{
	json_t *map = json_object();
	while (y->column == column && *y->at != '-') {
		char key[128];
		size_t length = strcspn(y->at, ":\n");
		if (y->at[length] != ':' || length >= sizeof key)
			refuse(y, "no key");
		memcpy(key, y->at, length);
		key[length] = '\0';
		y->at += length + 1;
		json_object_set_new(map, key, read_value(y, column, true));
	}
	return map;
}

static json_t *read_block(struct yaml *y, int column)
{
	return *y->at == '-' ? read_list(y, column) : read_map(y, column);
}

json_t *bench_yaml_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t most = 1 << 20, length;
	char *text = malloc(most + 2);
	if (file == NULL || text == NULL)
		bench_fail("%s: cannot be read", path);
	text[0] = '\n'; /* so that the first line is a next line too */
	length = fread(text + 1, 1, most, file) + 1;
	text[length] = '\0';
	fclose(file);
	struct yaml y = {.path = path, .at = text};
	next_line(&y);
	json_t *all = read_block(&y, y.column);
	if (*y.at != '\0')
		refuse(&y, "indentation");
	free(text);
	return all;
}
