/* SPDX-License-Identifier: MIT */
/* Tensors out of nothing, or of little more than a shape. */
#include "infer.h"

#include <math.h>
#include <string.h>

static bool text_starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A tensor of an attribute's numbers; rank 0 for a single one. */
static const struct tensor *tensor_of(struct graph *graph, const struct attribute *a)
{
	const bool many = a->kind == ATTRIBUTE_FLOATS || a->kind == ATTRIBUTE_INTS;
	const bool real = a->kind == ATTRIBUTE_FLOAT || a->kind == ATTRIBUTE_FLOATS;
	const struct dims dims = {.rank = many, .size = {many ? (int64_t)a->count : 0}};
	const enum element type = real ? ELEMENT_FLOAT : ELEMENT_INT64;
	void *data;
	struct tensor *t = hidp_onnx__tensor(graph, type, &dims, &data);
	for (int64_t i = 0; t != NULL && i < t->count; i++)
		if (real)
			hidp_onnx__set_number(type, data, i, many ? (double)a->floats[i] : a->f);
		else
			hidp_onnx__set_integer(type, data, i, many ? a->ints[i] : a->i);
	return t;
}

/* Strings are not kept, only how many there are. */
static const struct tensor *strings_of(struct graph *graph, const struct attribute *a)
{
	struct tensor *t = hidp_onnx__take(graph->pool, 1, sizeof *t);
	if (t == NULL)
		return NULL;
	const bool many = a->kind == ATTRIBUTE_STRINGS;
	*t = (struct tensor){.type = ELEMENT_STRING,
	                     .dims = {.rank = many, .size = {many ? (int64_t)a->count : 0}},
	                     .count = many ? (int64_t)a->count : 1};
	return t;
}

hidp_status hidp_onnx__infer_constant(struct graph *graph, struct node *node)
{
	const struct attribute *a = NULL;
	for (uint32_t i = 0; a == NULL && i < node->attribute_count; i++)
		if (text_starts(node->attributes[i].name, "value") ||
		    text_starts(node->attributes[i].name, "sparse_value"))
			a = &node->attributes[i];
	if (a == NULL)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL, "has no value");
	const struct tensor *t;
	switch (a->kind) {
	case ATTRIBUTE_TENSOR:
		t = a->tensor;
		break;
	case ATTRIBUTE_STRING:
	case ATTRIBUTE_STRINGS:
		t = strings_of(graph, a);
		break;
	case ATTRIBUTE_OTHER:
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
		                            "its value is a %s", a->name);
	default:
		t = tensor_of(graph, a);
	}
	if (t == NULL)
		return hidp_onnx__no_memory(graph);
	hidp_status s = hidp_onnx__set_output(graph, node, 0, t->type, &t->dims);
	if (s == HIDP_OK && node->output_count > 0 && node->outputs[0] != NULL)
		node->outputs[0]->constant = t;
	return s;
}

hidp_status hidp_onnx__infer_constant_of_shape(struct graph *graph, struct node *node)
{
	const struct attribute *a = hidp_onnx__attribute(node, "value");
	const struct tensor *value = a != NULL ? a->tensor : NULL;
	struct dims dims;
	struct list list;
	hidp_status s = hidp_onnx__list(graph, node, 0, NULL, &list);
	if (s != HIDP_OK)
		return s;
	if (list.count > HIDP_ONNX_RANK_MAX)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_LIMIT,
		                            "the shape has %zu dimensions, more than %u",
		                            list.count, HIDP_ONNX_RANK_MAX);
	if (value != NULL && value->count != 1)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
		                            "its value is %lld numbers, not one",
		                            (long long)value->count);
	dims.rank = (int)list.count;
	memcpy(dims.size, list.at, list.count * sizeof dims.size[0]);
	return hidp_onnx__set_output(graph, node, 0, value != NULL ? value->type : ELEMENT_FLOAT,
	                             &dims);
}

/* Where a part of the shape begins or ends; counted from the end if negative. */
static int bound(int64_t at, int rank)
{
	if (at < 0)
		at += rank;
	return at < 0 ? 0 : at > rank ? rank : (int)at;
}

hidp_status hidp_onnx__infer_shape(struct graph *graph, struct node *node)
{
	const int rank = node->inputs[0]->dims.rank;
	const int start = bound(hidp_onnx__int(node, "start", 0), rank);
	const int end = bound(hidp_onnx__int(node, "end", rank), rank);
	const struct dims dims = {.rank = 1, .size = {end > start ? end - start : 0}};
	hidp_status s = hidp_onnx__set_output(graph, node, 0, ELEMENT_INT64, &dims);
	if (s != HIDP_OK || node->output_count == 0 || node->outputs[0] == NULL)
		return s;
	void *data;
	struct tensor *t;
	s = hidp_onnx__new_tensor(graph, node, ELEMENT_INT64, &dims, &t, &data);
	if (s != HIDP_OK)
		return s;
	for (int i = start; i < end; i++)
		hidp_onnx__set_integer(t->type, data, i - start, node->inputs[0]->dims.size[i]);
	node->outputs[0]->constant = t;
	return HIDP_OK;
}

hidp_status hidp_onnx__infer_size(struct graph *graph, struct node *node)
{
	const struct dims dims = {.rank = 0};
	hidp_status s = hidp_onnx__set_output(graph, node, 0, ELEMENT_INT64, &dims);
	if (s != HIDP_OK || node->output_count == 0 || node->outputs[0] == NULL)
		return s;
	void *data;
	struct tensor *t;
	s = hidp_onnx__new_tensor(graph, node, ELEMENT_INT64, &dims, &t, &data);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__set_integer(t->type, data, 0, hidp_onnx__count(&node->inputs[0]->dims));
	node->outputs[0]->constant = t;
	return HIDP_OK;
}

/* How many steps lead from start to limit; more than fits: INT64_MAX. */
static int64_t count_steps(const struct value *start, const struct value *limit,
                           const struct value *delta)
{
	if (hidp_onnx__is_float(start->type)) {
		const double n = ceil((hidp_onnx__number(limit->constant, 0) -
		                       hidp_onnx__number(start->constant, 0)) /
		                      hidp_onnx__number(delta->constant, 0));
		return n > 0x1p62 ? INT64_MAX : n > 0 ? (int64_t)n : 0;
	}
	const int64_t from = hidp_onnx__integer(start->constant, 0);
	const int64_t to = hidp_onnx__integer(limit->constant, 0);
	const int64_t step = hidp_onnx__integer(delta->constant, 0);
	if (step > 0 ? from >= to : from <= to)
		return 0;
	/* distances fit as unsigned numbers, whatever the ends */
	const uint64_t span = step > 0 ? (uint64_t)to - (uint64_t)from
	                               : (uint64_t)from - (uint64_t)to;
	const uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
	const uint64_t n = (span - 1) / stride + 1;
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

hidp_status hidp_onnx__infer_range(struct graph *graph, struct node *node)
{
	double number = 0;
	for (uint32_t i = 0; i < 3; i++) {
		hidp_status s = hidp_onnx__check_type(graph, node, 0, i);
		if (s != HIDP_OK)
			return s;
		if (node->inputs[i]->constant == NULL)
			return SHAPE_UNKNOWN;
		if (!hidp_onnx__scalar(node->inputs[i], &number) || isnan(number))
			return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL,
			                            "input %u should be one number", i);
	}
	if (number == 0)
		return hidp_onnx__fail_node(graph, node, HIDP_ERR_MODEL, "the step is 0");
	const int64_t count =
	        count_steps(node->inputs[0], node->inputs[1], node->inputs[2]);
	return hidp_onnx__set_output(graph, node, 0, node->inputs[0]->type,
	                             &(struct dims){.rank = 1, .size = {count}});
}

hidp_status hidp_onnx__infer_eye_like(struct graph *graph, struct node *node)
{
	const int64_t type = hidp_onnx__int(node, "dtype", node->inputs[0]->type);
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 2, 2);
	if (s == HIDP_OK && (type <= ELEMENT_NONE || type > ELEMENT_BFLOAT16))
		s = hidp_onnx__fail_node(graph, node, HIDP_ERR_UNSUPPORTED,
		                         "type %lld is not known", (long long)type);
	return s == HIDP_OK ? hidp_onnx__set_output(graph, node, 0, (enum element)type,
	                                            &node->inputs[0]->dims)
	                    : s;
}

hidp_status hidp_onnx__infer_trilu(struct graph *graph, struct node *node)
{
	hidp_status s = hidp_onnx__check_rank(graph, node, 0, 2, RANK_MAX);
	return s == HIDP_OK ? hidp_onnx__infer_same(graph, node) : s;
}
