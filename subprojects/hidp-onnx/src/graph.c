/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include <stdio.h>
#include <string.h>

struct value *hidp_onnx__value(struct graph *graph, const char *name, enum element type,
                               const struct dims *dims)
{
	if (graph->value_count == graph->value_room) {
		/* the old list stays in the pool: all of them together are as long as the new one */
		uint32_t room = graph->value_room < 64 ? 64 : 2 * graph->value_room;
		struct value **values = room <= graph->value_room
		                                ? NULL
		                                : hidp_onnx__take(graph->pool, room, sizeof *values);
		if (values == NULL)
			return NULL;
		if (graph->value_count > 0)
			memcpy(values, graph->values, graph->value_count * sizeof *values);
		graph->values = values;
		graph->value_room = room;
	}
	struct value *value = hidp_onnx__take(graph->pool, 1, sizeof *value);
	if (value == NULL)
		return NULL;
	value->name = name;
	value->id = graph->value_count;
	value->type = type;
	value->dims.rank = -1;
	if (dims != NULL)
		value->dims = *dims;
	value->stated.rank = -1;
	graph->values[graph->value_count++] = value;
	return value;
}

struct value *hidp_onnx__input(const struct node *node, uint32_t i)
{
	return i < node->input_count ? node->inputs[i] : NULL;
}

bool hidp_onnx__is(const struct node *node, const char *op)
{
	return node->domain[0] == '\0' && strcmp(node->op, op) == 0;
}

const struct attribute *hidp_onnx__attribute(const struct node *node, const char *name)
{
	for (uint32_t i = 0; i < node->attribute_count; i++)
		if (strcmp(node->attributes[i].name, name) == 0)
			return &node->attributes[i];
	return NULL;
}

static const struct attribute *attribute_of_kind(const struct node *node, const char *name,
                                                 enum attribute_kind kind)
{
	const struct attribute *attribute = hidp_onnx__attribute(node, name);
	return attribute != NULL && attribute->kind == kind ? attribute : NULL;
}

int64_t hidp_onnx__int(const struct node *node, const char *name, int64_t otherwise)
{
	const struct attribute *a = attribute_of_kind(node, name, ATTRIBUTE_INT);
	return a != NULL ? a->i : otherwise;
}

double hidp_onnx__float(const struct node *node, const char *name, double otherwise)
{
	const struct attribute *a = attribute_of_kind(node, name, ATTRIBUTE_FLOAT);
	return a != NULL ? a->f : otherwise;
}

const char *hidp_onnx__string(const struct node *node, const char *name, const char *otherwise)
{
	const struct attribute *a = attribute_of_kind(node, name, ATTRIBUTE_STRING);
	return a != NULL ? a->s : otherwise;
}

const int64_t *hidp_onnx__ints(const struct node *node, const char *name, size_t *count_out)
{
	const struct attribute *a = attribute_of_kind(node, name, ATTRIBUTE_INTS);
	*count_out = a != NULL ? a->count : 0;
	return a != NULL ? a->ints : NULL;
}

int hidp_onnx__axis(int64_t axis, int rank)
{
	if (axis < -(int64_t)rank || axis >= rank)
		return -1;
	return (int)(axis < 0 ? axis + rank : axis);
}

int64_t hidp_onnx__count(const struct dims *dims)
{
	/* a dimension of 0 makes 0, however large the others are */
	for (int i = 0; i < dims->rank; i++)
		if (dims->size[i] == 0)
			return 0;
	int64_t count = 1;
	for (int i = 0; i < dims->rank; i++) {
		if (dims->size[i] < 0 || count > INT64_MAX / dims->size[i])
			return -1;
		count *= dims->size[i];
	}
	return count;
}

bool hidp_onnx__same_dims(const struct dims *a, const struct dims *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->size[i] != b->size[i])
			return false;
	return true;
}

char *hidp_onnx__dims_text(const struct dims *dims, char text[160])
{
	size_t used = 0;
	text[0] = '\0';
	if (dims->rank <= 0)
		snprintf(text, 160, "%s", dims->rank == 0 ? "scalar" : "unknown");
	for (int i = 0; i < dims->rank && used < 160; i++) {
		const char *times = i > 0 ? "x" : "";
		int n = dims->size[i] < 0
		                ? snprintf(text + used, 160 - used, "%s?", times)
		                : snprintf(text + used, 160 - used, "%s%lld", times,
		                           (long long)dims->size[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	return text;
}
