/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_TENSOR_H
#define HIDP_ONNX_TENSOR_H

#include "graph.h"

/* Bytes of an element; 0 for strings and what is not known. */
size_t hidp_onnx__element_bytes(enum element type);
/* Element i as a number, whatever its type (int64 beyond 2^53 rounds); unaligned data is fine. */
double hidp_onnx__number(const struct tensor *tensor, int64_t i);
/* The same for integers and bools, exact; 0 for others. */
int64_t hidp_onnx__integer(const struct tensor *tensor, int64_t i);
/* The element of a type, out of a number; rounds as a cast of ONNX does. */
void hidp_onnx__set_number(enum element type, void *data, int64_t i, double number);
void hidp_onnx__set_integer(enum element type, void *data, int64_t i, int64_t integer);
/* Elements first to first + count as fp32 (from float16, bfloat16, double, integers). */
void hidp_onnx__floats(const struct tensor *tensor, int64_t first, int64_t count, float *out);
/* A tensor with room for its elements, zeroed; NULL: no memory, or larger than the options allow. */
struct tensor *hidp_onnx__tensor(struct graph *graph, enum element type, const struct dims *dims,
                                 void **data_out);
/* The integers of a small constant of rank 0 or 1 (axes, shapes); false: it is no such constant. */
bool hidp_onnx__integers(const struct value *value, int64_t *out, size_t room, size_t *count_out);
/* The only element of a constant (of any rank) as a number; false: it is no such constant. */
bool hidp_onnx__scalar(const struct value *value, double *out);
/* Is it floating point? */
bool hidp_onnx__is_float(enum element type);

#endif
