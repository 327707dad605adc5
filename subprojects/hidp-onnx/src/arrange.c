/* SPDX-License-Identifier: MIT */
/* The same tensor, laid out otherwise. */
#include <string.h>

#include "lower.h"

/* Reshapes and transposes that exist, so that what is moved once is not moved again. */
struct moved {
	struct hidp_shape shape;
	uint32_t perm[3];
	hidp_layer_id from, to;
};

static uint64_t hash_of(const struct moved *m)
{
	const int64_t words[] = {m->from,        m->perm[0],        m->perm[1],
	                         m->perm[2],     m->shape.batch,    m->shape.channels,
	                         m->shape.rows,  m->shape.width};
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		h = (h ^ (uint64_t)words[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

static bool same_shape(const struct hidp_shape *a, const struct hidp_shape *b)
{
	return a->batch == b->batch && a->channels == b->channels && a->rows == b->rows &&
	       a->width == b->width;
}

static bool same_move(const struct moved *a, const struct moved *b)
{
	return a->from == b->from && memcmp(a->perm, b->perm, sizeof a->perm) == 0 &&
	       same_shape(&a->shape, &b->shape);
}

/* Its place in the table, free or not. */
static struct moved *look_up(const struct lowering *lw, const struct moved *m)
{
	size_t i = hash_of(m) & (lw->moved_room - 1);
	while (lw->moved[i].to != HIDP_LAYER_NONE && !same_move(&lw->moved[i], m))
		i = (i + 1) & (lw->moved_room - 1);
	return &lw->moved[i];
}

static bool make_room(struct lowering *lw)
{
	struct moved *old = lw->moved;
	uint32_t old_room = lw->moved_room;
	if (old_room > 0 && lw->moved_count * 2 < old_room)
		return true;
	uint32_t room = old_room == 0 ? 64 : old_room * 2;
	struct moved *table = hidp_onnx__take(lw->graph->pool, room, sizeof *table);
	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < room; i++)
		table[i].to = HIDP_LAYER_NONE;
	lw->moved = table;
	lw->moved_room = room;
	for (uint32_t i = 0; i < old_room; i++)
		if (old[i].to != HIDP_LAYER_NONE)
			*look_up(lw, &old[i]) = old[i];
	return true;
}

/* A layer that was taken back is no longer there, or another one is. */
static bool is_there(const struct lowering *lw, const struct moved *m)
{
	if (m->to >= lw->count)
		return false;
	const struct hidp_layer_desc *d = &lw->layers[m->to].desc;
	return (d->op == HIDP_OP_RESHAPE || d->op == HIDP_OP_TRANSPOSE) &&
	       d->inputs[0] == m->from && same_shape(&d->shape, &m->shape) &&
	       memcmp(d->perm, m->perm, sizeof d->perm) == 0;
}

/* Adds the layer, or takes the one that moves the same elements already. */
static hidp_status move(struct lowering *lw, struct hidp_layer_desc *desc,
                        const struct operand *in, const struct layout *layout,
                        struct operand *out)
{
	struct moved m = {.from = in->layer, .to = HIDP_LAYER_NONE};
	const struct operand from = *in;
	const struct operand *const inputs[] = {&from};
	memcpy(m.perm, desc->perm, sizeof m.perm);
	m.shape = desc->shape;
	if (!make_room(lw))
		return hidp_onnx__no_memory(lw->graph);
	struct moved *known = look_up(lw, &m);
	if (is_there(lw, known)) {
		*out = (struct operand){known->to, from.dims, *layout};
		return HIDP_OK;
	}
	hidp_status s = hidp_onnx__emit(lw, desc, inputs, 1, &from.dims, layout, out);
	if (s != HIDP_OK)
		return s;
	if (known->to == HIDP_LAYER_NONE)
		lw->moved_count++;
	m.to = out->layer;
	*known = m;
	return HIDP_OK;
}

/* The axes keep their order; only their groups change. */
static hidp_status regroup(struct lowering *lw, const struct operand *in,
                           const struct layout *layout, struct operand *out)
{
	const struct hidp_shape from = hidp_onnx__shape(&in->layout, &in->dims);
	const struct hidp_shape to = hidp_onnx__shape(layout, &in->dims);
	if (same_shape(&from, &to)) {
		struct operand same = {in->layer, in->dims, *layout};
		*out = same;
		return HIDP_OK;
	}
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_RESHAPE);
	desc.flags = HIDP_LAYER_CHANNELS_LAST;
	desc.shape = to;
	return move(lw, &desc, in, layout, out);
}

/* Exchanges places first to middle with places middle to last. */
static hidp_status exchange(struct lowering *lw, const struct operand *in, int first, int middle,
                            int last, struct operand *out)
{
	static const uint32_t width_channels[3] = {HIDP_AXIS_WIDTH, HIDP_AXIS_ROWS,
	                                           HIDP_AXIS_CHANNELS};
	static const uint32_t rows_width[3] = {HIDP_AXIS_CHANNELS, HIDP_AXIS_WIDTH,
	                                       HIDP_AXIS_ROWS};
	static const uint32_t rows_channels[3] = {HIDP_AXIS_ROWS, HIDP_AXIS_CHANNELS,
	                                          HIDP_AXIS_WIDTH};
	const struct layout *l = &in->layout;
	struct layout before = *l, after;
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_TRANSPOSE);
	const uint32_t *perm;
	int batch = l->end[GROUP_BATCH] <= first ? l->end[GROUP_BATCH] : first;
	int ends[3]; /* of the groups afterwards */
	int second = first + (last - middle);
	if (last < l->count) {
		/* rows and width change places before what stays behind them */
		perm = rows_width;
		before.end[0] = first, before.end[1] = middle, before.end[2] = last;
		ends[0] = first, ends[1] = second, ends[2] = last;
	} else if (batch < first) {
		/* what is before them are rows, which can be divided */
		perm = width_channels;
		before.end[0] = batch, before.end[1] = first, before.end[2] = middle;
		ends[0] = batch, ends[1] = first, ends[2] = second;
	} else {
		perm = rows_channels;
		before.end[0] = first, before.end[1] = middle, before.end[2] = middle;
		ends[0] = first, ends[1] = second, ends[2] = second;
	}
	memcpy(desc.perm, perm, sizeof desc.perm);
	after = before;
	memcpy(after.end, ends, sizeof ends);
	for (int i = middle; i < last; i++)
		after.axis[first + i - middle] = l->axis[i];
	for (int i = first; i < middle; i++)
		after.axis[second + i - first] = l->axis[i];
	hidp_status s = regroup(lw, in, &before, out);
	if (s != HIDP_OK)
		return s;
	return move(lw, &desc, out, &after, out);
}

hidp_status hidp_onnx__arrange(struct lowering *lw, const struct operand *in,
                               const struct layout *layout, struct operand *out)
{
	struct operand now = *in;
	for (int place = 0; place < layout->count; place++) {
		int axis = layout->axis[place];
		if (now.layout.axis[place] == axis)
			continue;
		/* bring it here, and all that follow it here and there */
		int from = hidp_onnx__place_of(&now.layout, axis), run = 1;
		while (from + run < layout->count &&
		       now.layout.axis[from + run] == layout->axis[place + run])
			run++;
		hidp_status s = exchange(lw, &now, place, from, from + run, &now);
		if (s != HIDP_OK)
			return s;
	}
	return regroup(lw, &now, layout, out);
}

void hidp_onnx__transpose(const struct operand *in, const int *perm, struct operand *out)
{
	int to[HIDP_ONNX_RANK_MAX] = {0};
	struct operand result = *in;
	for (int i = 0; i < in->dims.rank; i++) {
		result.dims.size[i] = in->dims.size[perm[i]];
		to[perm[i]] = i;
	}
	for (int i = 0; i < in->layout.count; i++)
		result.layout.axis[i] = to[in->layout.axis[i]];
	*out = result;
}

/*
 * Axes of `from` and `to` whose products are equal, from `a` and `b` on. Both ends are moved;
 * false at the end of both.
 */
static bool next_block(const struct dims *from, const struct dims *to, int *a, int *b)
{
	int64_t left = 1, right = 1;
	if (*a >= from->rank && *b >= to->rank)
		return false;
	if (*a < from->rank)
		left = from->size[(*a)++];
	if (*b < to->rank)
		right = to->size[(*b)++];
	while (left != right) {
		if (left < right)
			left *= from->size[(*a)++];
		else
			right *= to->size[(*b)++];
	}
	return true;
}

/*
 * The axes of every block side by side and rising, where the innermost of them lies; the blocks
 * else as they are now.
 */
static struct layout gathered(const struct operand *in, const int *block_of)
{
	struct layout out = {0};
	int innermost[HIDP_ONNX_RANK_MAX]; /* by block */
	for (int i = 0; i < in->layout.count; i++)
		innermost[block_of[in->layout.axis[i]]] = i;
	for (int i = 0; i < in->layout.count; i++) {
		int block = block_of[in->layout.axis[i]];
		enum group group = hidp_onnx__group_of(&in->layout, i);
		for (int k = 0; i == innermost[block] && k < in->dims.rank; k++)
			if (block_of[k] == block)
				hidp_onnx__append(&out, &in->dims, k, group);
	}
	return out;
}

static bool is_gathered(const struct operand *in, const int *block_of)
{
	for (int i = 0; i < in->layout.count; i++) {
		int axis = in->layout.axis[i];
		for (int k = axis + 1; k < in->dims.rank; k++) {
			if (block_of[k] != block_of[axis] || in->dims.size[k] == 1)
				continue;
			/* the next one of its block must be the next one in memory */
			if (i + 1 >= in->layout.count || in->layout.axis[i + 1] != k)
				return false;
			break;
		}
	}
	return true;
}

hidp_status hidp_onnx__reshape(struct lowering *lw, const struct operand *in,
                               const struct dims *dims, struct operand *out)
{
	int block_of[HIDP_ONNX_RANK_MAX], first[2 * HIDP_ONNX_RANK_MAX + 1]; /* of `in`, of dims */
	int a = 0, b = 0, blocks = 0;
	struct operand now = *in;
	for (;;) {
		int a0 = a;
		first[blocks] = b;
		if (!next_block(&in->dims, dims, &a, &b))
			break;
		for (int k = a0; k < a; k++)
			block_of[k] = blocks;
		blocks++;
	}
	if (!is_gathered(in, block_of)) {
		struct layout together = gathered(in, block_of);
		hidp_status s = hidp_onnx__arrange(lw, in, &together, &now);
		if (s != HIDP_OK)
			return s;
	}
	/* the new axes stand where their block stands, in its first axis's group */
	struct layout layout = {0};
	struct operand renamed = {now.layer, *dims, {0}};
	int seen = -1;
	for (int i = 0; i < now.layout.count; i++) {
		int block = block_of[now.layout.axis[i]];
		if (block == seen)
			continue;
		seen = block;
		for (int k = first[block]; k < first[block + 1]; k++)
			hidp_onnx__append(&layout, dims, k, hidp_onnx__group_of(&now.layout, i));
	}
	renamed.layout = layout;
	const struct hidp_shape from = hidp_onnx__shape(&now.layout, &now.dims);
	struct hidp_shape to = hidp_onnx__shape(&layout, dims);
	if (!same_shape(&from, &to)) {
		/* axes of several groups have become one; rows can be divided, columns cannot */
		if (layout.end[GROUP_BATCH] == layout.end[GROUP_ROWS])
			layout.end[GROUP_ROWS] = layout.end[GROUP_WIDTH];
		to = hidp_onnx__shape(&layout, dims);
		struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_RESHAPE);
		desc.flags = HIDP_LAYER_CHANNELS_LAST;
		desc.shape = to;
		return move(lw, &desc, &renamed, &layout, out);
	}
	*out = renamed;
	return HIDP_OK;
}

/* The groups change so that the axis, which is there, leads one. */
static void let_lead(struct layout *layout, int place, bool spatial)
{
	enum group group = hidp_onnx__group_of(layout, place);
	if (group == GROUP_BATCH)
		layout->end[GROUP_BATCH] = place; /* from here on, everything is rows */
	else if (hidp_onnx__group_begin(layout, group) == place)
		; /* it leads already */
	else if (group == GROUP_ROWS || group == GROUP_WIDTH)
		layout->end[GROUP_ROWS] = place; /* it leads the width */
	else
		layout->end[GROUP_WIDTH] = place; /* the channels before it join the width */
	if (spatial && hidp_onnx__group_of(layout, place) == GROUP_CHANNELS) {
		/* the columns join the rows, and it alone is the width */
		layout->end[GROUP_ROWS] = place;
		layout->end[GROUP_WIDTH] = place + 1;
	}
}

hidp_status hidp_onnx__lead(struct lowering *lw, const struct operand *in, int axis, bool spatial,
                            struct operand *out, struct seat *seat_out)
{
	static const hidp_axis axes[] = {HIDP_AXIS_BATCH, HIDP_AXIS_ROWS, HIDP_AXIS_WIDTH,
	                                 HIDP_AXIS_CHANNELS};
	struct layout layout = in->layout;
	int place = hidp_onnx__place_of(&layout, axis);
	struct seat seat = {.place = place, .step = 1};
	if (place < 0) {
		seat.place = layout.end[GROUP_BATCH];
		seat.group = GROUP_ROWS;
	} else {
		let_lead(&layout, place, spatial);
		seat.group = hidp_onnx__group_of(&layout, place);
	}
	seat.axis = axes[seat.group];
	for (int i = seat.place + (place >= 0); i < hidp_onnx__group_end(&layout, seat.group); i++)
		seat.step *= in->dims.size[layout.axis[i]];
	*seat_out = seat;
	return hidp_onnx__arrange(lw, in, &layout, out);
}

struct layout hidp_onnx__seated(const struct layout *layout, const struct seat *seat, int axis,
                                const struct dims *dims)
{
	struct layout out = {0};
	for (int i = 0; i <= layout->count; i++) {
		if (i == seat->place)
			hidp_onnx__append(&out, dims, axis, seat->group);
		if (i < layout->count && layout->axis[i] != axis)
			hidp_onnx__append(&out, dims, layout->axis[i],
			                  hidp_onnx__group_of(layout, i));
	}
	return out;
}

hidp_status hidp_onnx__expand(struct lowering *lw, const struct operand *in,
                              const struct dims *dims, struct operand *out)
{
	struct operand now = *in;
	struct layout flat = now.layout, layout = {0};
	bool grows = false;
	for (int i = 0; i < dims->rank; i++) {
		if (dims->size[i] == in->dims.size[i])
			continue;
		grows = true;
		hidp_onnx__append(&layout, dims, i, GROUP_ROWS);
	}
	if (!grows) {
		*out = *in;
		return HIDP_OK;
	}
	/* all that there is on the channels, and its one row again and again */
	flat.end[0] = flat.end[1] = flat.end[2] = 0;
	hidp_status s = hidp_onnx__arrange(lw, &now, &flat, &now);
	if (s != HIDP_OK)
		return s;
	struct hidp_layer_desc desc = hidp_onnx__layer(HIDP_OP_RESIZE);
	const struct operand *const inputs[] = {&now};
	for (int i = 0; i < flat.count; i++)
		hidp_onnx__append(&layout, dims, flat.axis[i], GROUP_CHANNELS);
	const struct hidp_shape shape = hidp_onnx__shape(&layout, dims);
	desc.function = HIDP_RESIZE_NEAREST;
	desc.shape.rows = shape.rows;
	desc.shape.width = 1;
	return hidp_onnx__emit(lw, &desc, inputs, 1, dims, &layout, out);
}
