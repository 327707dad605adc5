/* SPDX-License-Identifier: MIT */
#include "kernels/parts.h"

#include "kernels/weights.h"

/* Scale and shift of a batch normalisation that is not part of the weights before it. */
static hidp_status append_norm(struct build *b, uint32_t part, struct posts *posts)
{
	static const hidp_weight_role roles[2] = {HIDP_WEIGHT_SCALE, HIDP_WEIGHT_SHIFT};
	static const hidp_binary functions[2] = {HIDP_BINARY_MUL, HIDP_BINARY_ADD};
	const int64_t dims[4] = {1, b->call->info.shape.channels, 1, 1};
	hidp_status s = HIDP_OK;
	for (int i = 0; s == HIDP_OK && i < 2; i++) {
		const float *lent = NULL;
		s = kernels__weights(b, part, roles[i], dims[1], &lent);
		if (s != HIDP_OK)
			return s;
		struct tensor t = kernels__tensor_dense(kernels__constant_place(lent), dims);
		t = kernels__tensor_cut(t, HIDP_AXIS_CHANNELS, b->call->channel_begin,
		                        b->call->channel_end);
		s = b->task->engine->post_binary(b, functions[i], &t, posts);
	}
	return s;
}

/* Inputs of the layer that parts before this one read. */
static uint32_t inputs_before(const struct build *b, uint32_t part)
{
	uint32_t count = 0;
	for (uint32_t p = 0; p < part; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		if (hidp_model_part(b->call->model, b->call->layer, p, &d) != HIDP_OK)
			break;
		for (uint32_t i = 0; i < d.input_count; i++)
			count += d.inputs[i] != HIDP_LAYER_NONE;
	}
	return count;
}

hidp_status kernels__constant_operand(struct build *b, uint32_t part,
                                      const struct hidp_layer_desc *d, struct tensor *out)
{
	const struct call *call = b->call;
	const int64_t dims[4] = {d->shape.batch, d->shape.channels, d->shape.rows, d->shape.width};
	const float *lent = NULL;
	hidp_status s = kernels__weights(b, part, HIDP_WEIGHT_CONSTANT,
	                                 dims[0] * dims[1] * dims[2] * dims[3], &lent);
	if (s != HIDP_OK)
		return s;
	struct tensor t = kernels__tensor_dense(kernels__constant_place(lent), dims);
	if (dims[1] != 1 && dims[2] * dims[3] != 1) /* else both orders are the same */
		s = b->task->engine->constant(b, part, dims, lent, &t.place);
	if (s != HIDP_OK)
		return s;
	if (dims[HIDP_AXIS_BATCH] > 1)
		t = kernels__tensor_cut(t, HIDP_AXIS_BATCH, call->image_begin, call->image_end);
	if (dims[HIDP_AXIS_ROWS] > 1)
		t = kernels__tensor_cut(t, HIDP_AXIS_ROWS, call->row_begin, call->row_end);
	if (dims[HIDP_AXIS_CHANNELS] > 1)
		t = kernels__tensor_cut(t, HIDP_AXIS_CHANNELS, call->channel_begin,
		                        call->channel_end);
	*out = t;
	return HIDP_OK;
}

static hidp_status append_binary(struct build *b, uint32_t part, const struct hidp_layer_desc *d,
                                 struct posts *posts)
{
	struct tensor operand;
	if (d->input_count == 1) {
		hidp_status s = kernels__constant_operand(b, part, d, &operand);
		if (s != HIDP_OK)
			return s;
	} else {
		uint32_t input = inputs_before(b, part);
		if (input >= b->call->input_count)
			return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "part %u lacks an input", part);
		operand = kernels__call_same(b->call, &b->call->inputs[input]);
	}
	return b->task->engine->post_binary(b, d->function, &operand, posts);
}

hidp_status kernels__posts(struct build *b, uint32_t first, struct posts *posts)
{
	hidp_status s = HIDP_OK;
	for (uint32_t p = first; s == HIDP_OK && p < b->call->info.part_count; p++) {
		struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
		s = hidp_model_part(b->call->model, b->call->layer, p, &d);
		if (s != HIDP_OK)
			return s;
		if (d.op == HIDP_OP_ACTIVATION)
			s = b->task->engine->post_activation(b, &d, posts);
		else if (d.op == HIDP_OP_BINARY)
			s = append_binary(b, p, &d, posts);
		else if (d.op == HIDP_OP_BATCH_NORM)
			s = append_norm(b, p, posts);
		else
			s = BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "op %u cannot be fused", d.op);
	}
	return s;
}
