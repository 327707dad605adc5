/* SPDX-License-Identifier: MIT */
/* Constants out of nothing, or nearly. */
#include "fold.h"

#include <string.h>

hidp_status hidp_onnx__fold_constant_of_shape(struct folding *folding, struct node *node)
{
	const struct attribute *a = hidp_onnx__attribute(node, "value");
	const struct tensor *value = a != NULL ? a->tensor : NULL;
	const size_t bytes = hidp_onnx__element_bytes(node->outputs[0]->type);
	struct tensor *y;
	void *data;
	if (value != NULL && value->data == NULL)
		return HIDP_OK;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	for (int64_t i = 0; value != NULL && i < y->count; i++)
		memcpy((unsigned char *)data + (size_t)i * bytes, value->data, bytes);
	node->outputs[0]->constant = y;
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_range(struct folding *folding, struct node *node)
{
	const struct tensor *start = node->inputs[0]->constant;
	const struct tensor *delta = node->inputs[2]->constant;
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	for (int64_t i = 0; i < y->count; i++)
		if (hidp_onnx__is_float(y->type))
			hidp_onnx__set_number(y->type, data, i,
			                      hidp_onnx__number(start, 0) +
			                              (double)i * hidp_onnx__number(delta, 0));
		else
			hidp_onnx__set_integer(y->type, data, i,
			                       (int64_t)((uint64_t)hidp_onnx__integer(start, 0) +
			                                 (uint64_t)i * (uint64_t)hidp_onnx__integer(
			                                                       delta, 0)));
	node->outputs[0]->constant = y;
	return HIDP_OK;
}

hidp_status hidp_onnx__fold_eye_like(struct folding *folding, struct node *node)
{
	const int64_t rows = node->outputs[0]->dims.size[0];
	const int64_t columns = node->outputs[0]->dims.size[1];
	const int64_t k = hidp_onnx__int(node, "k", 0);
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	/* further away than any element the diagonal is nowhere */
	for (int64_t row = 0; k >= -DIM_MAX && k <= DIM_MAX && row < rows; row++)
		if (row + k >= 0 && row + k < columns)
			hidp_onnx__set_integer(y->type, data, row * columns + row + k, 1);
	node->outputs[0]->constant = y;
	return HIDP_OK;
}
