/* SPDX-License-Identifier: MIT */
#include "tensor.h"

#include <math.h>
#include <string.h>

#include "element.h"

size_t hidp_onnx__element_bytes(enum element type)
{
	switch (type) {
	case ELEMENT_UINT8:
	case ELEMENT_INT8:
	case ELEMENT_BOOL:
		return 1;
	case ELEMENT_UINT16:
	case ELEMENT_INT16:
	case ELEMENT_FLOAT16:
	case ELEMENT_BFLOAT16:
		return 2;
	case ELEMENT_FLOAT:
	case ELEMENT_INT32:
	case ELEMENT_UINT32:
		return 4;
	case ELEMENT_INT64:
	case ELEMENT_DOUBLE:
	case ELEMENT_UINT64:
	case ELEMENT_COMPLEX64:
		return 8;
	case ELEMENT_COMPLEX128:
		return 16;
	case ELEMENT_NONE:
	case ELEMENT_STRING:
		break;
	}
	return 0;
}

bool hidp_onnx__is_float(enum element type)
{
	return type == ELEMENT_FLOAT || type == ELEMENT_DOUBLE || type == ELEMENT_FLOAT16 ||
	       type == ELEMENT_BFLOAT16;
}

/* The place of element i. */
static const unsigned char *at(const struct tensor *tensor, int64_t i)
{
	return (const unsigned char *)tensor->data +
	       (size_t)i * hidp_onnx__element_bytes(tensor->type);
}

/* Reads an element of a C type that may lie anywhere. */
#define LOAD(ctype, from, into)                                                                    \
	ctype into;                                                                                \
	memcpy(&into, from, sizeof into)

int64_t hidp_onnx__integer(const struct tensor *tensor, int64_t i)
{
	const unsigned char *p = at(tensor, i);
	switch (tensor->type) {
	case ELEMENT_UINT8:
		return *p;
	case ELEMENT_BOOL:
		return *p != 0;
	case ELEMENT_INT8: {
		LOAD(int8_t, p, v);
		return v;
	}
	case ELEMENT_UINT16: {
		LOAD(uint16_t, p, v);
		return v;
	}
	case ELEMENT_INT16: {
		LOAD(int16_t, p, v);
		return v;
	}
	case ELEMENT_UINT32: {
		LOAD(uint32_t, p, v);
		return v;
	}
	case ELEMENT_INT32: {
		LOAD(int32_t, p, v);
		return v;
	}
	case ELEMENT_UINT64: /* the bits as they are */
	case ELEMENT_INT64: {
		LOAD(int64_t, p, v);
		return v;
	}
	default:
		return 0;
	}
}

double hidp_onnx__number(const struct tensor *tensor, int64_t i)
{
	const unsigned char *p = at(tensor, i);
	switch (tensor->type) {
	case ELEMENT_FLOAT: {
		LOAD(float, p, v);
		return (double)v;
	}
	case ELEMENT_DOUBLE: {
		LOAD(double, p, v);
		return v;
	}
	case ELEMENT_FLOAT16: {
		LOAD(uint16_t, p, v);
		return (double)hidp_onnx__from_half(v);
	}
	case ELEMENT_BFLOAT16: {
		LOAD(uint16_t, p, v);
		return (double)hidp_onnx__from_bfloat(v);
	}
	case ELEMENT_UINT64: {
		LOAD(uint64_t, p, v);
		return (double)v;
	}
	default:
		return (double)hidp_onnx__integer(tensor, i);
	}
}

void hidp_onnx__set_integer(enum element type, void *data, int64_t i, int64_t integer)
{
	size_t bytes = hidp_onnx__element_bytes(type);
	unsigned char *p = (unsigned char *)data + (size_t)i * bytes;
	const uint64_t bits = (uint64_t)integer;
	switch (type) {
	case ELEMENT_BOOL:
		*p = integer != 0;
		break;
	case ELEMENT_UINT8:
	case ELEMENT_INT8:
		*p = (unsigned char)bits;
		break;
	case ELEMENT_UINT16:
	case ELEMENT_INT16:
		memcpy(p, &(uint16_t){(uint16_t)bits}, 2);
		break;
	case ELEMENT_UINT32:
	case ELEMENT_INT32:
		memcpy(p, &(uint32_t){(uint32_t)bits}, 4);
		break;
	case ELEMENT_UINT64:
	case ELEMENT_INT64:
		memcpy(p, &bits, 8);
		break;
	case ELEMENT_FLOAT: /* in one step: by way of a double it could round twice */
		memcpy(p, &(float){(float)integer}, 4);
		break;
	default:
		hidp_onnx__set_number(type, data, i, (double)integer);
	}
}

/* Cut off after the point; what is out of range goes to the nearest end, no number to 0. */
static int64_t whole(double number)
{
	if (isnan(number))
		return 0;
	if (number >= 0x1p63)
		return INT64_MAX;
	if (number < -0x1p63)
		return INT64_MIN;
	return (int64_t)number;
}

void hidp_onnx__set_number(enum element type, void *data, int64_t i, double number)
{
	unsigned char *p =
	        (unsigned char *)data + (size_t)i * hidp_onnx__element_bytes(type);
	switch (type) {
	case ELEMENT_FLOAT:
		memcpy(p, &(float){(float)number}, 4);
		break;
	case ELEMENT_DOUBLE:
		memcpy(p, &number, 8);
		break;
	case ELEMENT_FLOAT16:
		memcpy(p, &(uint16_t){hidp_onnx__to_half(number)}, 2);
		break;
	case ELEMENT_BFLOAT16:
		memcpy(p, &(uint16_t){hidp_onnx__to_bfloat(number)}, 2);
		break;
	case ELEMENT_BOOL:
		*p = number != 0;
		break;
	case ELEMENT_UINT64:
		if (number >= 0x1p63)
			memcpy(p,
			       &(uint64_t){number >= 0x1p64 ? UINT64_MAX : (uint64_t)number}, 8);
		else
			hidp_onnx__set_integer(type, data, i, whole(number));
		break;
	case ELEMENT_COMPLEX64:
	case ELEMENT_COMPLEX128:
	case ELEMENT_STRING:
	case ELEMENT_NONE:
		break;
	default:
		hidp_onnx__set_integer(type, data, i, whole(number));
	}
}

void hidp_onnx__floats(const struct tensor *tensor, int64_t first, int64_t count, float *out)
{
	if (count <= 0)
		return;
	const unsigned char *p = at(tensor, first);
	switch (tensor->type) {
	case ELEMENT_FLOAT:
		memcpy(out, p, (size_t)count * sizeof *out);
		break;
	case ELEMENT_FLOAT16:
		for (int64_t i = 0; i < count; i++) {
			LOAD(uint16_t, p + 2 * i, v);
			out[i] = hidp_onnx__from_half(v);
		}
		break;
	case ELEMENT_BFLOAT16:
		for (int64_t i = 0; i < count; i++) {
			LOAD(uint16_t, p + 2 * i, v);
			out[i] = hidp_onnx__from_bfloat(v);
		}
		break;
	case ELEMENT_INT64:
		for (int64_t i = 0; i < count; i++)
			out[i] = (float)hidp_onnx__integer(tensor, first + i);
		break;
	default:
		for (int64_t i = 0; i < count; i++)
			out[i] = (float)hidp_onnx__number(tensor, first + i);
	}
}

struct tensor *hidp_onnx__tensor(struct graph *graph, enum element type, const struct dims *dims,
                                 void **data_out)
{
	const int64_t count = hidp_onnx__count(dims);
	const size_t bytes = hidp_onnx__element_bytes(type);
	if (count < 0 || bytes == 0 || (uint64_t)count > graph->options->tensor_bytes_max / bytes)
		return NULL;
	struct tensor *t = hidp_onnx__take(graph->pool, 1, sizeof *t);
	/* an empty tensor gets a place, too, so that NULL keeps its meaning */
	void *data = hidp_onnx__take(graph->pool, count > 0 ? (size_t)count : 1, bytes);
	if (t == NULL || data == NULL)
		return NULL;
	*t = (struct tensor){.type = type, .dims = *dims, .count = count, .data = data};
	if (data_out != NULL)
		*data_out = data;
	return t;
}

bool hidp_onnx__integers(const struct value *value, int64_t *out, size_t room, size_t *count_out)
{
	const struct tensor *t = value != NULL ? value->constant : NULL;
	*count_out = 0;
	if (t == NULL || t->dims.rank > 1 || (uint64_t)t->count > room ||
	    (t->type != ELEMENT_INT64 && t->type != ELEMENT_INT32) ||
	    (t->data == NULL && t->count > 0))
		return false;
	for (int64_t i = 0; i < t->count; i++)
		out[i] = hidp_onnx__integer(t, i);
	*count_out = (size_t)t->count;
	return true;
}

bool hidp_onnx__scalar(const struct value *value, double *out)
{
	const struct tensor *t = value != NULL ? value->constant : NULL;
	if (t == NULL || t->count != 1 || t->data == NULL || t->type == ELEMENT_COMPLEX64 ||
	    t->type == ELEMENT_COMPLEX128 || hidp_onnx__element_bytes(t->type) == 0)
		return false;
	*out = hidp_onnx__number(t, 0);
	return true;
}
