/* SPDX-License-Identifier: MIT */
#include "from_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIMS_MAX 16

static _Noreturn void give_up(const char *what, const char *where)
{
	fprintf(stderr, "from_text: %s: %.60s\n", what, where);
	abort();
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (size > bytes->room - bytes->size) {
		bytes->room = 2 * bytes->room + size + 64;
		bytes->data = realloc(bytes->data, bytes->room);
		if (bytes->data == NULL)
			give_up("no memory", "");
	}
	if (size > 0)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

void bytes_varint(struct bytes *message, uint64_t value)
{
	do {
		uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		bytes_add(message, &byte, 1);
		value >>= 7;
	} while (value != 0);
}

void bytes_number(struct bytes *message, uint32_t field, uint64_t value)
{
	bytes_varint(message, field << 3);
	bytes_varint(message, value);
}

void bytes_field(struct bytes *message, uint32_t field, const void *data, size_t size)
{
	bytes_varint(message, field << 3 | 2);
	bytes_varint(message, size);
	bytes_add(message, data, size);
}

void bytes_text(struct bytes *message, uint32_t field, const char *text)
{
	bytes_field(message, field, text, strlen(text));
}

void bytes_message(struct bytes *message, uint32_t field, struct bytes *inner)
{
	bytes_field(message, field, inner->data, inner->size);
	bytes_free(inner);
}

/* The least byte first. */
static void add_least_first(struct bytes *bytes, uint64_t bits, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(bits >> (8 * i));
		bytes_add(bytes, &byte, 1);
	}
}

static uint64_t float_bits(double number)
{
	float f = (float)number;
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	return bits;
}

static uint64_t double_bits(double number)
{
	uint64_t bits;
	memcpy(&bits, &number, sizeof bits);
	return bits;
}

/* Elements of a type: how many bytes, and in which field if they are not raw. */
static const struct type {
	const char *name;
	uint32_t number;
	size_t size;
	uint32_t field;
} types[] = {
	{"float", 1, 4, 4},    {"uint8", 2, 1, 5},    {"int8", 3, 1, 5},     {"uint16", 4, 2, 5},
	{"int16", 5, 2, 5},    {"int32", 6, 4, 5},    {"int64", 7, 8, 7},    {"string", 8, 0, 6},
	{"bool", 9, 1, 5},     {"half", 10, 2, 5},    {"double", 11, 8, 10}, {"uint32", 12, 4, 11},
	{"uint64", 13, 8, 11}, {"complex", 14, 8, 4}, {"unknown", 99, 1, 5},
};

static const struct type *find_type(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	give_up("no type", name);
}

/* The words of a line; what stands in quotation marks is one. */
struct words {
	char *word[32];
	int count;
};

static void split_words(char *line, struct words *words)
{
	words->count = 0;
	while (*line != '\0') {
		bool quoted = false;
		while (*line == ' ')
			line++;
		if (*line == '\0')
			return;
		if (words->count == 32)
			give_up("too many words", line);
		words->word[words->count++] = line;
		for (; *line != '\0' && (quoted || *line != ' '); line++)
			quoted = *line == '"' ? !quoted : quoted;
		if (*line != '\0')
			*line++ = '\0';
	}
}

/* Takes what stands before the separator off the front of a text; NULL: it is over. */
static char *take(char **rest, char separator)
{
	char *part = *rest;
	if (part == NULL)
		return NULL;
	char *end = strchr(part, separator);
	*rest = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*end = '\0';
	return part;
}

static struct bytes shape_message(char *dims)
{
	struct bytes shape = {0};
	char *rest = strcmp(dims, "scalar") == 0 ? NULL : dims;
	for (char *size; (size = take(&rest, 'x')) != NULL;) {
		struct bytes dim = {0};
		char *end;
		long long number = strtoll(size, &end, 10);
		if (*end == '\0')
			bytes_number(&dim, 1, (uint64_t)number);
		else if (strcmp(size, "?") != 0)
			bytes_text(&dim, 2, size);
		bytes_message(&shape, 1, &dim);
	}
	return shape;
}

static struct bytes value_message(struct words *w)
{
	struct bytes value = {0}, type = {0}, tensor = {0};
	bytes_text(&value, 1, w->word[1]);
	if (w->count < 4)
		return value;
	bytes_number(&tensor, 1, find_type(w->word[2])->number);
	if (strcmp(w->word[3], "-") != 0) {
		struct bytes shape = shape_message(w->word[3]);
		bytes_message(&tensor, 2, &shape);
	}
	bytes_message(&type, 1, &tensor);
	bytes_message(&value, 2, &type);
	return value;
}

/* Dims and type; returns how many elements there are. */
static size_t tensor_head(struct bytes *tensor, struct words *w)
{
	size_t count = 1;
	char *rest = strcmp(w->word[3], "scalar") == 0 ? NULL : w->word[3];
	for (char *size; (size = take(&rest, 'x')) != NULL;) {
		bytes_number(tensor, 1, strtoull(size, NULL, 10));
		count *= strtoull(size, NULL, 10);
	}
	bytes_number(tensor, 2, find_type(w->word[2])->number);
	bytes_text(tensor, 8, w->word[1]);
	return count;
}

static struct bytes tensor_message(struct words *w, bool typed)
{
	struct bytes tensor = {0}, elements = {0};
	const struct type *type = find_type(w->word[2]);
	size_t count = tensor_head(&tensor, w), given = 0;
	char *rest = w->count > 5 ? w->word[5] : NULL;
	bool ramp = rest != NULL && strcmp(rest, "ramp") == 0, one = rest != NULL;
	one = one && !ramp && strchr(rest, ',') == NULL;
	double number = 0;
	for (; rest != NULL && (one || ramp ? given < count : true); given++) {
		if (ramp) {
			number = count > 1 ? 2.0 * (double)given / (double)(count - 1) - 1 : 1;
		} else if (!one || given == 0) {
			char *part = take(&rest, ',');
			if (part == NULL)
				break;
			number = strtod(part, NULL);
			rest = one ? part : rest;
		}
		uint64_t bits = strcmp(type->name, "float") == 0    ? float_bits(number)
		                : strcmp(type->name, "double") == 0 ? double_bits(number)
		                                                    : (uint64_t)(int64_t)number;
		if (typed && type->field != 4 && type->field != 10)
			bytes_varint(&elements, bits);
		else
			add_least_first(&elements, bits, type->size);
	}
	bytes_message(&tensor, typed ? type->field : 9, &elements);
	return tensor;
}

static struct bytes outside_message(struct words *w)
{
	static const char *const keys[] = {"location", "offset", "length"};
	struct bytes tensor = {0};
	tensor_head(&tensor, w);
	for (int i = 0; i < 3 && 4 + i < w->count; i++) {
		struct bytes entry = {0};
		if (strcmp(w->word[4 + i], "-") == 0)
			continue;
		bytes_text(&entry, 1, keys[i]);
		bytes_text(&entry, 2, w->word[4 + i]);
		bytes_message(&tensor, 13, &entry);
	}
	bytes_number(&tensor, 14, 1);
	return tensor;
}

static struct bytes list_attribute(struct bytes attribute, char *value)
{
	bool floats = strchr(value, '.') != NULL;
	char *rest = value + 1;
	value[strlen(value) - 1] = '\0';
	for (char *part; *value != '\0' && (part = take(&rest, ',')) != NULL && *part != '\0';) {
		if (floats) {
			bytes_varint(&attribute, 7 << 3 | 5);
			add_least_first(&attribute, float_bits(strtod(part, NULL)), 4);
		} else {
			bytes_number(&attribute, 8, (uint64_t)strtoll(part, NULL, 10));
		}
	}
	bytes_number(&attribute, 20, floats ? 6 : 7);
	return attribute;
}

static struct bytes attribute_message(char *text)
{
	struct bytes attribute = {0};
	char *value = strchr(text, '=');
	*value++ = '\0';
	bytes_text(&attribute, 1, text);
	if (*value == '[')
		return list_attribute(attribute, value);
	if (*value == '"') {
		bytes_field(&attribute, 4, value + 1, strlen(value) - 2);
		bytes_number(&attribute, 20, 3);
	} else if (strcmp(value, "graph") == 0) {
		bytes_field(&attribute, 6, "", 0);
		bytes_number(&attribute, 20, 5);
	} else if (strchr(value, '.') != NULL) {
		bytes_varint(&attribute, 2 << 3 | 5);
		add_least_first(&attribute, float_bits(strtod(value, NULL)), 4);
		bytes_number(&attribute, 20, 1);
	} else {
		bytes_number(&attribute, 3, (uint64_t)strtoll(value, NULL, 10));
		bytes_number(&attribute, 20, 2);
	}
	return attribute;
}

static struct bytes node_message(struct words *w)
{
	struct bytes node = {0};
	int arrow = 2, at = 2;
	while (arrow < w->count && strcmp(w->word[arrow], "->") != 0)
		arrow++;
	if (arrow + 1 >= w->count)
		give_up("no arrow", w->word[1]);
	for (uint32_t field = 1; field <= 2; field++) {
		char *rest = field == 2 ? w->word[arrow + 1] : at < arrow ? w->word[at] : NULL;
		for (char *part; (part = take(&rest, ',')) != NULL;)
			bytes_text(&node, field, part);
	}
	char *domain = strchr(w->word[1], '@');
	if (domain != NULL) {
		*domain++ = '\0';
		bytes_text(&node, 7, domain);
	}
	bytes_text(&node, 4, w->word[1]);
	for (int i = arrow + 2; i < w->count; i++) {
		if (strchr(w->word[i], '=') == NULL) {
			bytes_text(&node, 3, w->word[i]);
			continue;
		}
		struct bytes attribute = attribute_message(w->word[i]);
		bytes_message(&node, 5, &attribute);
	}
	return node;
}

static struct bytes sparse_message(struct words *w)
{
	struct bytes sparse = {0}, values = {0};
	bytes_text(&values, 8, w->word[1]);
	bytes_message(&sparse, 1, &values);
	return sparse;
}

/* What a line of the graph becomes, and in which field; 0: it is none of the graph. */
static uint32_t graph_line(struct words *w, struct bytes *message)
{
	const char *what = w->word[0];
	if (strcmp(what, "node") == 0) {
		*message = node_message(w);
		return 1;
	}
	if (strcmp(what, "const") == 0 || strcmp(what, "typed") == 0) {
		*message = tensor_message(w, what[0] == 't');
		return 5;
	}
	if (strcmp(what, "outside") == 0) {
		*message = outside_message(w);
		return 5;
	}
	if (strcmp(what, "sparse") == 0) {
		*message = sparse_message(w);
		return 15;
	}
	if (strcmp(what, "input") == 0 || strcmp(what, "output") == 0 ||
	    strcmp(what, "info") == 0) {
		*message = value_message(w);
		return what[0] == 'o' ? 12 : what[1] == 'n' && what[2] == 'p' ? 11 : 13;
	}
	return 0;
}

static void model_line(struct words *w, struct bytes *model, bool *opset)
{
	struct bytes message = {0};
	if (strcmp(w->word[0], "opset") == 0) {
		bytes_text(&message, 1, w->count > 2 ? w->word[2] : "");
		bytes_number(&message, 2, strtoull(w->word[1], NULL, 10));
		bytes_message(model, 8, &message);
		*opset = *opset || w->count == 2;
	} else if (strcmp(w->word[0], "function") == 0) {
		bytes_text(&message, 1, w->word[2]);
		bytes_text(&message, 10, w->word[1]);
		bytes_message(model, 25, &message);
	} else {
		give_up("no such line", w->word[0]);
	}
}

/* Both of them; returns whether the opset was stated. */
static bool read_text(const char *text, struct bytes *graph, struct bytes *model)
{
	char *copy = malloc(strlen(text) + 1), *rest = copy;
	bool opset = false;
	if (copy == NULL)
		give_up("no memory", "");
	strcpy(copy, text);
	bytes_text(graph, 2, "graph");
	for (char *line; (line = take(&rest, '\n')) != NULL;) {
		struct words words;
		struct bytes message = {0};
		split_words(line, &words);
		if (words.count == 0)
			continue;
		uint32_t field = graph_line(&words, &message);
		if (field != 0)
			bytes_message(graph, field, &message);
		else
			model_line(&words, model, &opset);
	}
	free(copy);
	return opset;
}

struct bytes onnx_graph_from_text(const char *text)
{
	struct bytes graph = {0}, model = {0};
	read_text(text, &graph, &model);
	bytes_free(&model);
	return graph;
}

struct bytes onnx_from_text(const char *text)
{
	struct bytes graph = {0}, model = {0};
	bytes_number(&model, 1, 8);
	bool opset = read_text(text, &graph, &model);
	if (!opset) {
		struct bytes message = {0};
		bytes_number(&message, 2, 13);
		bytes_message(&model, 8, &message);
	}
	bytes_message(&model, 7, &graph);
	return model;
}
