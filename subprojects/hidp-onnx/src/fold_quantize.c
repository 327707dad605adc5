/* SPDX-License-Identifier: MIT */
#include "fold.h"

#include <math.h>

/* Which of the scales belongs to an element: one for all, or one for each place on an axis. */
struct scales {
	const struct tensor *scale, *zero; /* zero NULL: 0 */
	int64_t inner; /* elements between two places on the axis */
};

static struct scales scales_of(const struct node *node)
{
	const struct dims *x = &node->inputs[0]->dims;
	const struct value *zero = hidp_onnx__input(node, 2);
	struct scales scales = {.scale = node->inputs[1]->constant,
	                        .zero = zero != NULL ? zero->constant : NULL,
	                        .inner = 1};
	const int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 1), x->rank);
	for (int i = axis + 1; scales.scale->count > 1 && i < x->rank; i++)
		scales.inner *= x->size[i];
	return scales;
}

static int64_t scale_of(const struct scales *scales, int64_t element)
{
	return scales->scale->count > 1 ? element / scales->inner % scales->scale->count : 0;
}

hidp_status hidp_onnx__fold_dequantize(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	struct tensor *y;
	void *data;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const struct scales scales = scales_of(node);
	for (int64_t i = 0; i < y->count; i++) {
		const int64_t k = scale_of(&scales, i);
		const double zero = scales.zero != NULL ? hidp_onnx__number(scales.zero, k) : 0;
		hidp_onnx__set_number(y->type, data, i,
		                      (hidp_onnx__number(x, i) - zero) *
		                              hidp_onnx__number(scales.scale, k));
	}
	node->outputs[0]->constant = y;
	return HIDP_OK;
}

/* The ends of a quantised type; false: it is none. */
static bool range_of(enum element type, double *least, double *most)
{
	switch (type) {
	case ELEMENT_UINT8:
		*least = 0;
		*most = UINT8_MAX;
		return true;
	case ELEMENT_INT8:
		*least = INT8_MIN;
		*most = INT8_MAX;
		return true;
	case ELEMENT_UINT16:
		*least = 0;
		*most = UINT16_MAX;
		return true;
	case ELEMENT_INT16:
		*least = INT16_MIN;
		*most = INT16_MAX;
		return true;
	default:
		return false;
	}
}

hidp_status hidp_onnx__fold_quantize(struct folding *folding, struct node *node)
{
	const struct tensor *x = node->inputs[0]->constant;
	struct tensor *y;
	void *data;
	double least, most;
	if (!range_of(node->outputs[0]->type, &least, &most))
		return HIDP_OK;
	hidp_status s = hidp_onnx__fold_output(folding, node, &y, &data);
	if (s != HIDP_OK)
		return s;
	const struct scales scales = scales_of(node);
	for (int64_t i = 0; i < y->count; i++) {
		const int64_t k = scale_of(&scales, i);
		const double zero = scales.zero != NULL ? hidp_onnx__number(scales.zero, k) : 0;
		/* divided in fp32, so that what lies half way does so here as well */
		const float scaled = (float)hidp_onnx__number(x, i) /
		                     (float)hidp_onnx__number(scales.scale, k);
		const double v = rint((double)scaled) + zero;
		hidp_onnx__set_number(y->type, data, i, v < least ? least : v > most ? most : v);
	}
	node->outputs[0]->constant = y;
	return HIDP_OK;
}
