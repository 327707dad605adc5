/* SPDX-License-Identifier: MIT */
/*
 * Types and shapes as the file states them, and the dimensions that it leaves open. Those of
 * inputs must be known: the options give them, by the name that the file uses or as INPUT:AXIS;
 * an input's first dimension is otherwise 1. A name has one size all over the file.
 */
#include <stdio.h>
#include <string.h>

#include "read.h"

/* No dimension is larger, so that sums of them cannot overflow. */
#define SIZE_LIMIT ((int64_t)INT32_MAX)

/* A size from the options. */
struct given {
	int64_t size;
	bool used;
};

typedef Onnx__TensorShapeProto__Dimension dimension;

/* The type of a value, if it is a tensor. */
static const Onnx__TypeProto__Tensor *tensor_type(const Onnx__ValueInfoProto *source)
{
	const Onnx__TypeProto *type = source->type;
	return type != NULL && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
	               ? type->tensor_type
	               : NULL;
}

/* Its shape, if it is known of how many dimensions. */
static const Onnx__TensorShapeProto *shape_of(const Onnx__ValueInfoProto *source)
{
	const Onnx__TypeProto__Tensor *type = tensor_type(source);
	return type != NULL && type->shape != NULL && type->shape->n_dim <= HIDP_ONNX_RANK_MAX
	               ? type->shape
	               : NULL;
}

/* Its size; -1: it is open. */
static int64_t fixed_size(const dimension *d)
{
	bool fixed = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
	return fixed && d->dim_value >= 0 ? d->dim_value : -1;
}

/* Its name; NULL: it has none. */
static const char *name_of(const dimension *d)
{
	bool named = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
	return named && d->dim_param != NULL && d->dim_param[0] != '\0' ? d->dim_param : NULL;
}

static bool is_input(const struct reading *reading, const Onnx__ValueInfoProto *source)
{
	return source->name != NULL &&
	       hidp_onnx__names_find(&reading->constants, source->name) == NULL;
}

/* What the options say of "INPUT:AXIS"; NULL: nothing. */
static struct given *given_for(const struct reading *reading, const char *input, size_t axis)
{
	char text[512];
	int length = snprintf(text, sizeof text, "%s:%zu", input, axis);
	if (length < 0 || (size_t)length >= sizeof text)
		return NULL;
	struct given *given = hidp_onnx__names_find(&reading->given, text);
	if (given != NULL)
		given->used = true;
	return given;
}

static hidp_status take_options(struct reading *reading)
{
	struct graph *graph = reading->graph;
	const struct hidp_onnx_options *options = graph->options;
	hidp_status status = hidp_onnx__names_init(graph, &reading->given, options->dim_count);
	struct given *given = hidp_onnx__take(graph->pool, options->dim_count, sizeof *given);
	if (given == NULL)
		return hidp_onnx__no_memory(graph);
	for (uint32_t i = 0; i < options->dim_count && status == HIDP_OK; i++) {
		const struct hidp_onnx_dim *dim = &options->dims[i];
		bool added = false;
		if (dim->name == NULL || dim->value < 1 || dim->value > SIZE_LIMIT)
			return hidp_onnx__fail(graph, "options", HIDP_ERR_ARGUMENT,
			                       "dimension %u has no name, or a size that is not "
			                       "between 1 and %lld",
			                       i, (long long)SIZE_LIMIT);
		given[i].size = dim->value;
		status = hidp_onnx__names_add(graph, &reading->given, dim->name, &given[i], &added);
		if (status == HIDP_OK && !added)
			return hidp_onnx__fail(graph, "options", HIDP_ERR_ARGUMENT,
			                       "dimension %.150s is given twice", dim->name);
	}
	return status;
}

/* From now on the name has that size; `conflict_out`: it has another one already. */
static hidp_status bind(struct reading *reading, const char *name, int64_t size, bool *conflict_out)
{
	struct graph *graph = reading->graph;
	const int64_t *bound = hidp_onnx__names_find(&reading->sizes, name);
	*conflict_out = bound != NULL && *bound != size;
	if (bound != NULL)
		return HIDP_OK;
	int64_t *copy = hidp_onnx__take(graph->pool, 1, sizeof *copy);
	bool added = false;
	if (copy == NULL)
		return hidp_onnx__no_memory(graph);
	*copy = size;
	return hidp_onnx__names_add(graph, &reading->sizes, name, copy, &added);
}

/* The dimension's own size from the options, as INPUT:AXIS or by name. */
static hidp_status bind_given(struct reading *reading, const char *input, const dimension *d,
                              size_t axis)
{
	const char *name = name_of(d);
	const struct given *given = given_for(reading, input, axis);
	bool conflict = false;
	hidp_status status = HIDP_OK;
	if (given != NULL && fixed_size(d) >= 0 && fixed_size(d) != given->size)
		return hidp_onnx__fail(reading->graph, "options", HIDP_ERR_ARGUMENT,
		                       "dimension %.120s:%zu is %lld in the file, not %lld", input,
		                       axis, (long long)fixed_size(d), (long long)given->size);
	if (name == NULL)
		return HIDP_OK;
	if (given != NULL)
		status = bind(reading, name, given->size, &conflict);
	struct given *by_name = hidp_onnx__names_find(&reading->given, name);
	if (by_name != NULL && status == HIDP_OK && !conflict) {
		by_name->used = true;
		status = bind(reading, name, by_name->size, &conflict);
	}
	if (conflict)
		return hidp_onnx__fail(reading->graph, "options", HIDP_ERR_ARGUMENT,
		                       "dimension %.150s is given with two sizes", name);
	return status;
}

static size_t dimension_count(const struct reading *reading)
{
	size_t count = 0;
	for (size_t i = 0; i < reading->source->n_input; i++)
		if (shape_of(reading->source->input[i]) != NULL)
			count += shape_of(reading->source->input[i])->n_dim;
	return count;
}

/* A name that only other values use may be given, too. */
static void mark_stated(const struct reading *reading, Onnx__ValueInfoProto *const *values,
                        size_t count)
{
	for (size_t i = 0; i < count && reading->graph->options->dim_count > 0; i++) {
		const Onnx__TensorShapeProto *shape = shape_of(values[i]);
		for (size_t k = 0; shape != NULL && k < shape->n_dim; k++) {
			const char *name = name_of(shape->dim[k]);
			struct given *given =
				name != NULL ? hidp_onnx__names_find(&reading->given, name) : NULL;
			if (given != NULL)
				given->used = true;
		}
	}
}

static hidp_status check_used(const struct reading *reading)
{
	const struct hidp_onnx_options *options = reading->graph->options;
	mark_stated(reading, reading->source->output, reading->source->n_output);
	mark_stated(reading, reading->source->value_info, reading->source->n_value_info);
	for (uint32_t i = 0; i < options->dim_count; i++) {
		const struct given *given =
			hidp_onnx__names_find(&reading->given, options->dims[i].name);
		if (!given->used)
			return hidp_onnx__fail(reading->graph, "options", HIDP_ERR_ARGUMENT,
			                       "the file has no dimension %.150s",
			                       options->dims[i].name);
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__bind_sizes(struct reading *reading)
{
	const Onnx__GraphProto *source = reading->source;
	hidp_status status = take_options(reading);
	if (status == HIDP_OK)
		status = hidp_onnx__names_init(reading->graph, &reading->sizes,
		                               dimension_count(reading));
	/* what is given counts before what is assumed */
	for (int assumed = 0; assumed < 2; assumed++)
		for (size_t i = 0; i < source->n_input && status == HIDP_OK; i++) {
			const Onnx__TensorShapeProto *shape = shape_of(source->input[i]);
			bool conflict = false;
			if (shape == NULL || !is_input(reading, source->input[i]))
				continue;
			for (size_t k = 0; k < shape->n_dim && !assumed && status == HIDP_OK; k++)
				status = bind_given(reading, source->input[i]->name, shape->dim[k],
				                    k);
			if (assumed && shape->n_dim > 0 && name_of(shape->dim[0]) != NULL)
				status = bind(reading, name_of(shape->dim[0]),
				              reading->graph->options->batch, &conflict);
		}
	return status == HIDP_OK ? check_used(reading) : status;
}

static hidp_status input_size(const struct reading *reading, const char *subject, const char *input,
                              const dimension *d, size_t axis, int64_t *size_out)
{
	const char *name = name_of(d);
	const struct given *given = given_for(reading, input, axis);
	const int64_t *bound = name != NULL ? hidp_onnx__names_find(&reading->sizes, name) : NULL;
	*size_out = fixed_size(d);
	if (*size_out < 0 && given != NULL)
		*size_out = given->size;
	else if (*size_out < 0 && bound != NULL)
		*size_out = *bound;
	else if (*size_out < 0 && axis == 0)
		*size_out = reading->graph->options->batch;
	if (*size_out > SIZE_LIMIT)
		return hidp_onnx__fail(reading->graph, subject, HIDP_ERR_LIMIT,
		                       "its dimension %zu is larger than %lld", axis,
		                       (long long)SIZE_LIMIT);
	if (*size_out >= 0)
		return HIDP_OK;
	if (name == NULL)
		return hidp_onnx__fail(reading->graph, subject, HIDP_ERR_MODEL,
		                       "its dimension %zu is open: a size must be given for "
		                       "%.150s:%zu",
		                       axis, input, axis);
	return hidp_onnx__fail(reading->graph, subject, HIDP_ERR_MODEL,
	                       "its dimension %zu, \"%.100s\", is open: a size must be given for "
	                       "%.100s, or for %.100s:%zu",
	                       axis, name, name, input, axis);
}

hidp_status hidp_onnx__read_input_type(struct reading *reading, const Onnx__ValueInfoProto *source,
                                       struct value *value)
{
	struct graph *graph = reading->graph;
	const Onnx__TypeProto__Tensor *type = tensor_type(source);
	char subject[128];
	snprintf(subject, sizeof subject, "input %s", value->name);
	if (type == NULL)
		return hidp_onnx__fail(graph, subject, HIDP_ERR_UNSUPPORTED, "it is no tensor");
	if (!type->has_elem_type || type->elem_type <= 0 || type->elem_type > ELEMENT_BFLOAT16)
		return hidp_onnx__fail(graph, subject, HIDP_ERR_UNSUPPORTED,
		                       "its element type, number %d, is not known",
		                       type->has_elem_type ? type->elem_type : 0);
	if (type->shape == NULL)
		return hidp_onnx__fail(graph, subject, HIDP_ERR_MODEL,
		                       "the file does not say how many dimensions it has");
	if (type->shape->n_dim > HIDP_ONNX_RANK_MAX)
		return hidp_onnx__fail(graph, subject, HIDP_ERR_LIMIT,
		                       "it has %zu dimensions, more than %u", type->shape->n_dim,
		                       HIDP_ONNX_RANK_MAX);
	value->type = (enum element)type->elem_type;
	value->dims.rank = (int)type->shape->n_dim;
	for (size_t i = 0; i < type->shape->n_dim; i++) {
		hidp_status status = input_size(reading, subject, value->name, type->shape->dim[i],
		                                i, &value->dims.size[i]);
		if (status != HIDP_OK)
			return status;
	}
	if (hidp_onnx__count(&value->dims) < 0)
		return hidp_onnx__fail(graph, subject, HIDP_ERR_LIMIT,
		                       "its dimensions are too large");
	value->stated = value->dims;
	value->stated_type = value->type;
	return HIDP_OK;
}

void hidp_onnx__read_stated(const struct reading *reading, const Onnx__ValueInfoProto *source,
                            struct value *value)
{
	const Onnx__TypeProto__Tensor *type = tensor_type(source);
	const Onnx__TensorShapeProto *shape = shape_of(source);
	if (type != NULL && type->has_elem_type && type->elem_type > 0 &&
	    type->elem_type <= ELEMENT_BFLOAT16)
		value->stated_type = (enum element)type->elem_type;
	if (shape == NULL)
		return;
	value->stated.rank = (int)shape->n_dim;
	for (size_t i = 0; i < shape->n_dim; i++) {
		const char *name = name_of(shape->dim[i]);
		const int64_t *bound = NULL;
		const struct given *given = NULL;
		if (name != NULL) {
			bound = hidp_onnx__names_find(&reading->sizes, name);
			given = hidp_onnx__names_find(&reading->given, name);
		}
		int64_t size = fixed_size(shape->dim[i]);
		if (size < 0 && bound != NULL)
			size = *bound;
		else if (size < 0 && given != NULL)
			size = given->size;
		value->stated.size[i] = size > SIZE_LIMIT ? -1 : size;
	}
}
