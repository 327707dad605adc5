/* SPDX-License-Identifier: MIT */
/*
 * Changes JSON as JSON: numbers, texts, members and items of the tree rather than
 * bytes, so that most inputs get past the parser. Every other time libFuzzer's own
 * changes are made. What stands behind the first NUL (fuzz_cluster.c) stays.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint64_t state;

static size_t below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit == 0 ? 0 : (size_t)(state % limit);
}

static size_t count_nodes(const json_t *v)
{
	size_t n = 1;
	const char *key;
	json_t *child;
	if (json_is_object(v)) {
		json_object_foreach ((json_t *)(uintptr_t)v, key, child)
			n += count_nodes(child);
	} else {
		for (size_t i = 0; i < json_array_size(v); i++)
			n += count_nodes(json_array_get(v, i));
	}
	return n;
}

/* A place in the tree: an item or a member of a parent. */
struct place {
	json_t *parent, *value;
	const char *key;
	size_t index;
};

/* Finds the node of that number, counted as count_nodes() does; *number counts down. */
static bool find(json_t *v, size_t *number, struct place *out)
{
	const char *key;
	json_t *child;
	if (json_is_object(v)) {
		json_object_foreach (v, key, child) {
			if ((*number)-- == 0) {
				*out = (struct place){v, child, key, 0};
				return true;
			}
			if (find(child, number, out))
				return true;
		}
		return false;
	}
	for (size_t i = 0; i < json_array_size(v); i++) {
		child = json_array_get(v, i);
		if ((*number)-- == 0) {
			*out = (struct place){v, child, NULL, i};
			return true;
		}
		if (find(child, number, out))
			return true;
	}
	return false;
}

static bool pick(json_t *root, struct place *out)
{
	size_t nodes = count_nodes(root), number = below(nodes - 1);
	return nodes > 1 && find(root, &number, out);
}

static void put(const struct place *at, json_t *value)
{
	if (at->key != NULL) {
		char key[300];
		strncpy(key, at->key, sizeof key - 1);
		key[sizeof key - 1] = '\0';
		json_object_set_new(at->parent, key, value);
	} else {
		json_array_set_new(at->parent, at->index, value);
	}
}

static json_t *other_number(const json_t *v)
{
	static const double odd[] = {0.5, 1e-9, 1e-300, 1e9, 9007199254740993.0, 1e18, 1e19, 1e300, -0.5};
	static const json_int_t whole[] = {-1,      16,         255,        1024,       1025,
	                                   65536,   2147483647, 2147483648, 4294967295, 4294967296,
	                                   1LL << 53, 9223372036854775807, -9223372036854775807 - 1};
	double old = json_number_value(v);
	switch (below(7)) {
	case 0:
		return json_real(odd[below(sizeof odd / sizeof odd[0])]);
	case 1:
		return json_integer(whole[below(sizeof whole / sizeof whole[0])]);
	case 2:
		return json_integer((json_int_t)below(9));
	case 3:
		return json_real(old * 2);
	case 4:
		return json_real(old / 2);
	default:
		if (json_is_integer(v) && old < 1e15 && old > -1e15)
			return json_integer(json_integer_value(v) + (below(2) ? 1 : -1));
		return json_integer((json_int_t)below(100));
	}
}

/* A value of the same type, more or less. */
static json_t *other_value(json_t *root, const json_t *v)
{
	struct place from;
	if (json_is_number(v) && below(4) != 0)
		return other_number(v);
	if (json_is_boolean(v))
		return json_boolean(!json_is_true(v));
	for (int i = 0; i < 20; i++)
		if (pick(root, &from) && (i >= 10 || json_typeof(from.value) == json_typeof(v)))
			return json_deep_copy(from.value);
	return json_null();
}

static void change(json_t *root)
{
	struct place at;
	if (!pick(root, &at))
		return;
	size_t items = json_array_size(at.value);
	switch (below(6)) {
	case 0:
		if (at.key != NULL)
			json_object_del(at.parent, at.key);
		else
			json_array_remove(at.parent, at.index);
		break;
	case 1:
		if (at.key == NULL)
			json_array_insert_new(at.parent, below(json_array_size(at.parent) + 1),
			                      json_deep_copy(at.value));
		break;
	case 2:
		if (items > 1) {
			size_t i = below(items), k = below(items);
			json_t *a = json_incref(json_array_get(at.value, i));
			json_array_set(at.value, i, json_array_get(at.value, k));
			json_array_set_new(at.value, k, a);
		}
		break;
	default:
		put(&at, other_value(root, at.value));
		break;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	const uint8_t *nul = size != 0 ? memchr(data, 0, size) : NULL;
	size_t length = nul != NULL ? (size_t)(nul - data) : size, tail = size - length;
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	json_t *root = below(3) != 0 ? json_loadb((const char *)data, length, 0, NULL) : NULL;
	if (root == NULL)
		return LLVMFuzzerMutate(data, size, max_size);
	for (size_t times = 1 + below(4); times > 0; times--)
		change(root);
	char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	json_decref(root);
	size_t written = text != NULL ? strlen(text) : 0;
	if (written == 0 || written + tail > max_size) {
		free(text);
		return LLVMFuzzerMutate(data, size, max_size);
	}
	memmove(data + written, data + length, tail);
	memcpy(data, text, written);
	free(text);
	return written + tail;
}
