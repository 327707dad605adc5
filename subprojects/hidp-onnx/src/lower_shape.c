/* SPDX-License-Identifier: MIT */
/* Ops that move elements. */
#include <string.h>

#include "lower_ops.h"

#define LIST_MAX 1024 /* of pieces that are joined */

hidp_status hidp_onnx__slice(struct lowering *lw, const struct operand *in, int axis,
                             int64_t begin, int64_t end, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_SLICE);
	struct operand from;
	struct seat seat;
	if (begin == 0 && end == in->dims.size[axis]) {
		*out = *in;
		return HIDP_OK;
	}
	hidp_status s = hidp_onnx__lead(lw, in, axis, false, &from, &seat);
	if (s != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&from};
	struct dims dims = from.dims;
	dims.size[axis] = end - begin;
	desc.axis = seat.axis;
	desc.begin = begin * seat.step;
	desc.end = end * seat.step;
	const struct layout layout = hidp_onnx__without(&from.layout, &dims);
	return hidp_onnx__emit(lw, &desc, inputs, 1, &dims, &layout, out);
}

hidp_status hidp_onnx__pad(struct lowering *lw, const struct operand *in, int axis, int64_t before,
                           int64_t behind, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_PAD);
	struct operand from;
	struct seat seat;
	if (before == 0 && behind == 0) {
		*out = *in;
		return HIDP_OK;
	}
	hidp_status s = hidp_onnx__lead(lw, in, axis, true, &from, &seat);
	if (s != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&from};
	struct dims dims = from.dims;
	int side = seat.axis == HIDP_AXIS_ROWS ? 0 : 1;
	dims.size[axis] += before + behind;
	desc.pad[side] = before * seat.step;
	desc.pad[side + 2] = behind * seat.step;
	const struct layout layout = hidp_onnx__seated(&from.layout, &seat, axis, &dims);
	return hidp_onnx__emit(lw, &desc, inputs, 1, &dims, &layout, out);
}

hidp_status hidp_onnx__concat(struct lowering *lw, const struct operand *ins, uint32_t count,
                              int axis, struct operand *out)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_CONCAT);
	struct operand *from;
	const struct operand **inputs;
	struct seat seat;
	uint32_t base = 0;
	if (count == 1) {
		*out = ins[0];
		return HIDP_OK;
	}
	if (count > LIST_MAX)
		return hidp_onnx__unsupported(lw, "joins %u tensors, at most %d", count, LIST_MAX);
	from = hidp_onnx__take(lw->graph->pool, count, sizeof *from);
	inputs = hidp_onnx__take(lw->graph->pool, count, sizeof *inputs);
	if (from == NULL || inputs == NULL)
		return hidp_onnx__no_memory(lw->graph);
	struct dims dims = ins[0].dims;
	dims.size[axis] = 0;
	for (uint32_t i = 0; i < count; i++) {
		dims.size[axis] += ins[i].dims.size[axis];
		if (ins[base].dims.size[axis] == 1 && ins[i].dims.size[axis] > 1)
			base = i; /* the axis lies somewhere */
	}
	hidp_status s = hidp_onnx__lead(lw, &ins[base], axis, false, &from[base], &seat);
	if (s != HIDP_OK)
		return s;
	const struct layout layout = hidp_onnx__seated(&from[base].layout, &seat, axis, &dims);
	for (uint32_t i = 0; i < count; i++) {
		const struct layout mine = hidp_onnx__without(&layout, &ins[i].dims);
		inputs[i] = &from[i];
		if ((s = hidp_onnx__arrange(lw, &ins[i], &mine, &from[i])) != HIDP_OK)
			return s;
	}
	desc.axis = seat.axis;
	return hidp_onnx__emit(lw, &desc, inputs, count, &dims, &layout, out);
}

/* Reshape, Flatten, Squeeze, Unsqueeze: the shape is known by now. */
static hidp_status lower_reshape(struct lowering *lw)
{
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &x, &lw->node->outputs[0]->dims, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_transpose(struct lowering *lw)
{
	int perm[HIDP_ONNX_RANK_MAX];
	size_t count;
	const int64_t *given = hidp_onnx__ints(lw->node, "perm", &count);
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	if (given != NULL && count != (size_t)x.dims.rank)
		return hidp_onnx__unsupported(lw, "perm does not match its input");
	for (int i = 0; i < x.dims.rank; i++)
		perm[i] = given != NULL ? (int)given[i] : x.dims.rank - 1 - i;
	hidp_onnx__transpose(&x, perm, &x);
	hidp_onnx__made(lw, 0, &x);
	return HIDP_OK;
}

/* Elements of a constant go into a larger one, at an offset along an axis. */
static void paste(const struct tensor *from, float *to, int axis, int64_t offset, int64_t size)
{
	int64_t inner = 1, outer = 1, mine = from->dims.size[axis];
	for (int i = 0; i < from->dims.rank; i++) {
		if (i < axis)
			outer *= from->dims.size[i];
		else if (i > axis)
			inner *= from->dims.size[i];
	}
	for (int64_t o = 0; o < outer; o++)
		hidp_onnx__floats(from, o * mine * inner, mine * inner,
		                  to + (o * size + offset) * inner);
}

/*
 * Joins inputs first to last, of which only `flows` is no constant: that one is padded with zeros
 * and the constants are added where these are.
 */
static hidp_status join_constants(struct lowering *lw, uint32_t first, uint32_t last,
                                  uint32_t flows, int axis, struct operand *out)
{
	int64_t before = 0, behind = 0, at = 0;
	hidp_status s = hidp_onnx__operand(lw, flows, out);
	float *data;
	if (s != HIDP_OK)
		return s;
	for (uint32_t i = first; i < last; i++) {
		int64_t size = lw->node->inputs[i]->dims.size[axis];
		before += i < flows ? size : 0;
		behind += i > flows ? size : 0;
	}
	if (before == 0 && behind == 0)
		return HIDP_OK;
	if ((s = hidp_onnx__pad(lw, out, axis, before, behind, out)) != HIDP_OK)
		return s;
	struct tensor *sum = hidp_onnx__new_floats(lw, hidp_onnx__count(&out->dims), &data);
	if (sum == NULL)
		return hidp_onnx__no_memory(lw->graph);
	sum->dims = out->dims;
	for (uint32_t i = first; i < last; i++) {
		const struct tensor *t = hidp_onnx__constant(lw, i);
		if (t != NULL && t->data != NULL)
			paste(t, data, axis, at, out->dims.size[axis]);
		at += lw->node->inputs[i]->dims.size[axis];
	}
	return hidp_onnx__combine_constant(lw, HIDP_BINARY_ADD, out, sum, out);
}

static hidp_status lower_concat(struct lowering *lw)
{
	const struct node *node = lw->node;
	int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), node->outputs[0]->dims.rank);
	struct operand *parts = hidp_onnx__take(lw->graph->pool, node->input_count + 1u,
	                                        sizeof *parts);
	uint32_t count = 0, first = 0;
	struct operand out;
	if (parts == NULL)
		return hidp_onnx__no_memory(lw->graph);
	if (axis < 0)
		return hidp_onnx__unsupported(lw, "its axis is none");
	/* every part is one that flows, with the constants before it; the last also with those behind */
	for (uint32_t i = 0; i < node->input_count; i++) {
		uint32_t last = i + 1;
		if (node->inputs[i] == NULL)
			return hidp_onnx__unsupported(lw, "input %u is missing", i);
		if (node->inputs[i]->constant != NULL)
			continue;
		while (last < node->input_count && hidp_onnx__constant(lw, last) != NULL)
			last++;
		if (last < node->input_count)
			last = i + 1;
		hidp_status s = join_constants(lw, first, last, i, axis, &parts[count++]);
		if (s != HIDP_OK)
			return s;
		first = last;
	}
	if (count == 0)
		return hidp_onnx__unsupported(lw, "nothing flows into it");
	hidp_status s = hidp_onnx__concat(lw, parts, count, axis, &out);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &out);
	return s;
}

static hidp_status lower_split(struct lowering *lw)
{
	const struct node *node = lw->node;
	struct operand x, part;
	int64_t at = 0;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), x.dims.rank);
	if (axis < 0)
		return hidp_onnx__unsupported(lw, "its axis is none");
	for (uint32_t i = 0; i < node->output_count && s == HIDP_OK; i++) {
		if (node->outputs[i] == NULL)
			return hidp_onnx__unsupported(lw, "output %u is left out", i);
		int64_t end = at + node->outputs[i]->dims.size[axis];
		if (end > x.dims.size[axis])
			return hidp_onnx__unsupported(lw, "its parts are larger than its input");
		s = hidp_onnx__slice(lw, &x, axis, at, end, &part);
		if (s == HIDP_OK)
			hidp_onnx__made(lw, i, &part);
		at = end;
	}
	return s;
}

/* Elements begin, begin + step, ...: `count` of them. */
static hidp_status stride(struct lowering *lw, struct operand *x, int axis, int64_t begin,
                          int64_t step, int64_t count)
{
	hidp_status s;
	if (step == 1)
		return hidp_onnx__slice(lw, x, axis, begin, begin + count, x);
	if (step < 0 || x->dims.rank == RANK_MAX) {
		struct operand *parts;
		if (count > LIST_MAX)
			return hidp_onnx__unsupported(lw, "steps backwards over %lld elements",
			                              (long long)count);
		parts = hidp_onnx__take(lw->graph->pool, (size_t)count, sizeof *parts);
		if (parts == NULL)
			return hidp_onnx__no_memory(lw->graph);
		for (int64_t i = 0; i < count; i++) {
			int64_t at = begin + i * step;
			if ((s = hidp_onnx__slice(lw, x, axis, at, at + 1, &parts[i])) != HIDP_OK)
				return s;
		}
		return hidp_onnx__concat(lw, parts, (uint32_t)count, axis, x);
	}
	/* (count, step), and the first of each */
	int64_t end = begin + count * step, size = x->dims.size[axis];
	struct dims split, joined;
	s = hidp_onnx__slice(lw, x, axis, begin, end < size ? end : size, x);
	if (s == HIDP_OK && end > size)
		s = hidp_onnx__pad(lw, x, axis, 0, end - size, x);
	if (s != HIDP_OK)
		return s;
	joined = split = x->dims;
	joined.size[axis] = count;
	split.rank++;
	for (int i = split.rank - 1; i > axis + 1; i--)
		split.size[i] = split.size[i - 1];
	split.size[axis] = count;
	split.size[axis + 1] = step;
	s = hidp_onnx__reshape(lw, x, &split, x);
	if (s == HIDP_OK)
		s = hidp_onnx__slice(lw, x, axis + 1, 0, 1, x);
	return s != HIDP_OK ? s : hidp_onnx__reshape(lw, x, &joined, x);
}

static hidp_status lower_slice(struct lowering *lw)
{
	const struct node *node = lw->node;
	const struct dims *to = &node->outputs[0]->dims;
	int64_t starts[HIDP_ONNX_RANK_MAX], axes[HIDP_ONNX_RANK_MAX], steps[HIDP_ONNX_RANK_MAX];
	size_t count, n;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	const struct value *given_axes = hidp_onnx__input(node, 3);
	const struct value *given_steps = hidp_onnx__input(node, 4);
	if (!hidp_onnx__integers(hidp_onnx__input(node, 1), starts, HIDP_ONNX_RANK_MAX, &count))
		return hidp_onnx__unsupported(lw, "its starts are not constant");
	for (size_t i = 0; i < count; i++)
		axes[i] = (int64_t)i, steps[i] = 1;
	if (given_axes != NULL &&
	    (!hidp_onnx__integers(given_axes, axes, HIDP_ONNX_RANK_MAX, &n) || n != count))
		return hidp_onnx__unsupported(lw, "its axes are not constant");
	if (given_steps != NULL &&
	    (!hidp_onnx__integers(given_steps, steps, HIDP_ONNX_RANK_MAX, &n) || n != count))
		return hidp_onnx__unsupported(lw, "its steps are not constant");
	for (size_t i = 0; i < count && s == HIDP_OK; i++) {
		int axis = hidp_onnx__axis(axes[i], x.dims.rank);
		if (axis < 0 || steps[i] == 0)
			return hidp_onnx__unsupported(lw, "an axis or a step is none");
		int64_t size = x.dims.size[axis];
		int64_t begin = starts[i] < 0 ? starts[i] + size : starts[i];
		int64_t last = steps[i] < 0 ? size - 1 : size;
		begin = begin < 0 ? 0 : begin > last ? last : begin;
		/* how many there are, shape inference has found out */
		if (begin >= size || (to->size[axis] > 1 &&
		                      (steps[i] > size || steps[i] < -size)))
			return hidp_onnx__unsupported(lw, "it does not match its shape");
		int64_t step = to->size[axis] == 1 ? 1 : steps[i];
		int64_t end = begin + (to->size[axis] - 1) * step;
		if (end < 0 || end >= size)
			return hidp_onnx__unsupported(lw, "it does not match its shape");
		s = stride(lw, &x, axis, begin, step, to->size[axis]);
	}
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* What stands around an axis: other elements of it, or a number. */
static hidp_status surround(struct lowering *lw, struct operand *x, int axis, int64_t before,
                            int64_t behind, const char *mode, double number)
{
	int64_t size = x->dims.size[axis], total = size + before + behind;
	float *data;
	hidp_status s;
	if (strcmp(mode, "constant") == 0) {
		s = hidp_onnx__pad(lw, x, axis, before, behind, x);
		if (s != HIDP_OK || number == 0)
			return s;
		struct tensor *t = hidp_onnx__new_floats(lw, total, &data);
		if (t == NULL)
			return hidp_onnx__no_memory(lw->graph);
		for (int64_t i = 0; i < total; i++)
			data[i] = i < before || i >= before + size ? (float)number : 0;
		t->dims = (struct dims){x->dims.rank - axis, {total}};
		for (int i = 1; i < t->dims.rank; i++)
			t->dims.size[i] = 1;
		return hidp_onnx__combine_constant(lw, HIDP_BINARY_ADD, x, t, x);
	}
	if (before + behind >= LIST_MAX)
		return hidp_onnx__unsupported(lw, "repeats %lld lines, at most %d",
		                              (long long)(before + behind), LIST_MAX);
	struct operand *parts =
	        hidp_onnx__take(lw->graph->pool, (size_t)(before + behind + 1), sizeof *parts);
	if (parts == NULL)
		return hidp_onnx__no_memory(lw->graph);
	uint32_t count = 0;
	for (int64_t i = -before; i < size + behind; i++) {
		if (i == 0) {
			parts[count++] = *x;
			i = size - 1;
			continue;
		}
		int64_t from;
		if (strcmp(mode, "edge") == 0)
			from = i < 0 ? 0 : size - 1;
		else if (strcmp(mode, "reflect") == 0)
			from = i < 0 ? -i : 2 * (size - 1) - i;
		else if (strcmp(mode, "wrap") == 0)
			from = i < 0 ? i + size : i - size;
		else
			return hidp_onnx__unsupported(lw, "mode %s", mode);
		if (from < 0 || from >= size)
			return hidp_onnx__unsupported(lw, "pads more than there is");
		s = hidp_onnx__slice(lw, x, axis, from, from + 1, &parts[count++]);
		if (s != HIDP_OK)
			return s;
	}
	return hidp_onnx__concat(lw, parts, count, axis, x);
}

static hidp_status lower_pad(struct lowering *lw)
{
	const struct node *node = lw->node;
	int64_t pads[2 * HIDP_ONNX_RANK_MAX], axes[HIDP_ONNX_RANK_MAX];
	size_t count, n = 0;
	double number = 0;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	const struct value *fill = hidp_onnx__input(node, 2), *given = hidp_onnx__input(node, 3);
	if (!hidp_onnx__integers(hidp_onnx__input(node, 1), pads, 2 * HIDP_ONNX_RANK_MAX, &count))
		return hidp_onnx__unsupported(lw, "its pads are not constant");
	if (fill != NULL && !hidp_onnx__scalar(fill, &number))
		return hidp_onnx__unsupported(lw, "what it pads with is not constant");
	if (given != NULL && !hidp_onnx__integers(given, axes, HIDP_ONNX_RANK_MAX, &n))
		return hidp_onnx__unsupported(lw, "its axes are not constant");
	if (given == NULL)
		for (n = 0; n < (size_t)x.dims.rank; n++)
			axes[n] = (int64_t)n;
	if (count != 2 * n)
		return hidp_onnx__unsupported(lw, "%zu pads for %zu axes", count, n);
	for (size_t i = 0; i < n && s == HIDP_OK; i++) {
		int axis = hidp_onnx__axis(axes[i], x.dims.rank);
		int64_t before = pads[i], behind = pads[n + i];
		if (axis < 0)
			return hidp_onnx__unsupported(lw, "an axis is none");
		/* a negative pad cuts off */
		int64_t begin = before < 0 ? -before : 0, size = x.dims.size[axis];
		int64_t end = behind < 0 ? size + behind : size;
		if (begin >= end)
			return hidp_onnx__unsupported(lw, "it cuts everything off");
		s = hidp_onnx__slice(lw, &x, axis, begin, end, &x);
		if (s == HIDP_OK && (before > 0 || behind > 0))
			s = surround(lw, &x, axis, before > 0 ? before : 0, behind > 0 ? behind : 0,
			             hidp_onnx__string(node, "mode", "constant"), number);
	}
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

/* Rows of a table, by indices that flow. */
static hidp_status lower_embedding(struct lowering *lw, const struct tensor *table)
{
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_EMBEDDING);
	struct operand x, y;
	hidp_status s = hidp_onnx__operand(lw, 1, &x);
	if (s != HIDP_OK)
		return s;
	int axis = hidp_onnx__axis(hidp_onnx__int(lw->node, "axis", 0), table->dims.rank);
	if (axis != 0 || table->data == NULL || !hidp_onnx__is_float(table->type) ||
	    table->dims.size[0] < 1 || table->count < 1)
		return hidp_onnx__unsupported(lw, "not the lines of a table of numbers");
	struct dims dims = x.dims;
	if (dims.rank == RANK_MAX)
		return hidp_onnx__unsupported(lw, "too many dimensions");
	/* indices have no channels; the lines of the table become those */
	struct layout layout = hidp_onnx__channels(&x.layout, &x.dims, NULL, 0);
	if ((s = hidp_onnx__arrange(lw, &x, &layout, &x)) != HIDP_OK)
		return s;
	const struct operand *const inputs[] = {&x};
	desc.end = table->dims.size[0];
	desc.out_channels = table->count / desc.end;
	dims.size[dims.rank++] = desc.out_channels;
	hidp_onnx__append(&layout, &dims, dims.rank - 1, GROUP_CHANNELS);
	s = hidp_onnx__emit(lw, &desc, inputs, 1, &dims, &layout, &y);
	const struct recipe recipe = hidp_onnx__all_of(table);
	if (s == HIDP_OK)
		s = hidp_onnx__add_array(lw, HIDP_WEIGHT_KERNEL, &recipe);
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &y, &lw->node->outputs[0]->dims, &y);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &y);
	return s;
}

/* With constant indices: slices, joined. */
static hidp_status lower_gather(struct lowering *lw)
{
	const struct node *node = lw->node;
	const struct tensor *table = hidp_onnx__constant(lw, 0), *at = hidp_onnx__constant(lw, 1);
	struct operand x, *parts;
	uint32_t count = 0;
	if (table != NULL)
		return lower_embedding(lw, table);
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	int axis = hidp_onnx__axis(hidp_onnx__int(node, "axis", 0), x.dims.rank);
	if (at == NULL || at->data == NULL || axis < 0)
		return hidp_onnx__unsupported(lw, "its indices are not constant");
	parts = hidp_onnx__take(lw->graph->pool, LIST_MAX, sizeof *parts);
	if (parts == NULL)
		return hidp_onnx__no_memory(lw->graph);
	for (int64_t i = 0; i < at->count && s == HIDP_OK;) {
		int64_t size = x.dims.size[axis], begin = hidp_onnx__integer(at, i), run = 1;
		begin += begin < 0 ? size : 0;
		while (i + run < at->count) {
			int64_t next = hidp_onnx__integer(at, i + run);
			if (next + (next < 0 ? size : 0) != begin + run)
				break;
			run++;
		}
		if (begin < 0 || run > size || begin > size - run)
			return hidp_onnx__unsupported(lw, "index %lld of %lld", (long long)begin,
			                              (long long)size);
		if (count == LIST_MAX)
			return hidp_onnx__unsupported(lw, "more than %d pieces", LIST_MAX);
		s = hidp_onnx__slice(lw, &x, axis, begin, begin + run, &parts[count++]);
		i += run;
	}
	if (s == HIDP_OK && count == 0)
		return hidp_onnx__unsupported(lw, "it takes nothing");
	if (s == HIDP_OK)
		s = hidp_onnx__concat(lw, parts, count, axis, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__reshape(lw, &x, &node->outputs[0]->dims, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_expand(struct lowering *lw)
{
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	x = hidp_onnx__with_rank(&x, lw->node->outputs[0]->dims.rank);
	s = hidp_onnx__expand(lw, &x, &lw->node->outputs[0]->dims, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_tile(struct lowering *lw)
{
	const struct dims *to = &lw->node->outputs[0]->dims;
	struct operand x, *parts = hidp_onnx__take(lw->graph->pool, LIST_MAX, sizeof *parts);
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (parts == NULL)
		return hidp_onnx__no_memory(lw->graph);
	for (int axis = 0; s == HIDP_OK && axis < to->rank; axis++) {
		int64_t times = to->size[axis] / x.dims.size[axis];
		struct dims dims = x.dims;
		dims.size[axis] = to->size[axis];
		if (x.dims.size[axis] == 1) {
			s = hidp_onnx__expand(lw, &x, &dims, &x);
			continue;
		}
		if (times > LIST_MAX)
			return hidp_onnx__unsupported(lw, "repeats more than %d times", LIST_MAX);
		for (int64_t i = 0; i < times; i++)
			parts[i] = x;
		s = hidp_onnx__concat(lw, parts, (uint32_t)times, axis, &x);
	}
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

hidp_status hidp_onnx__depth_to_space(struct lowering *lw, const struct operand *in,
                                      const int64_t size[2], bool columns_first,
                                      struct operand *out)
{
	static const int pixels_first[] = {0, 3, 4, 1, 5, 2}, channels_first[] = {0, 1, 4, 2, 5, 3};
	const int64_t *d = in->dims.size, c = d[1] / (size[0] * size[1]);
	const struct dims first = {6, {d[0], size[0], size[1], c, d[2], d[3]}};
	const struct dims second = {6, {d[0], c, size[0], size[1], d[2], d[3]}};
	const struct dims dims = {4, {d[0], c, d[2] * size[0], d[3] * size[1]}};
	hidp_status s = hidp_onnx__reshape(lw, in, columns_first ? &second : &first, out);
	if (s != HIDP_OK)
		return s;
	hidp_onnx__transpose(out, columns_first ? channels_first : pixels_first, out);
	return hidp_onnx__reshape(lw, out, &dims, out);
}

static hidp_status lower_depth_to_space(struct lowering *lw)
{
	int64_t block = hidp_onnx__int(lw->node, "blocksize", 1), size[2] = {block, block};
	bool crd = strcmp(hidp_onnx__string(lw->node, "mode", "DCR"), "CRD") == 0;
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s == HIDP_OK)
		s = hidp_onnx__depth_to_space(lw, &x, size, crd, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

static hidp_status lower_space_to_depth(struct lowering *lw)
{
	static const int perm[] = {0, 3, 5, 1, 2, 4};
	int64_t b = hidp_onnx__int(lw->node, "blocksize", 1);
	struct operand x;
	hidp_status s = hidp_onnx__operand(lw, 0, &x);
	if (s != HIDP_OK)
		return s;
	const int64_t *d = x.dims.size;
	const struct dims split = {6, {d[0], d[1], d[2] / b, b, d[3] / b, b}};
	if ((s = hidp_onnx__reshape(lw, &x, &split, &x)) != HIDP_OK)
		return s;
	hidp_onnx__transpose(&x, perm, &x);
	s = hidp_onnx__reshape(lw, &x, &lw->node->outputs[0]->dims, &x);
	if (s == HIDP_OK)
		hidp_onnx__made(lw, 0, &x);
	return s;
}

const struct lower_entry hidp_onnx__lower_shape[] = {
	{"Concat", lower_concat, 0},
	{"DepthToSpace", lower_depth_to_space, 0},
	{"Expand", lower_expand, 0},
	{"Flatten", lower_reshape, 0},
	{"Gather", lower_gather, 0},
	{"Pad", lower_pad, 0},
	{"Reshape", lower_reshape, 0},
	{"Slice", lower_slice, 0},
	{"SpaceToDepth", lower_space_to_depth, 0},
	{"Split", lower_split, 0},
	{"Squeeze", lower_reshape, 0},
	{"Tile", lower_tile, 0},
	{"Transpose", lower_transpose, 0},
	{"Unsqueeze", lower_reshape, 0},
	{NULL, NULL, 0},
};
