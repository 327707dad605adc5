/* SPDX-License-Identifier: MIT */
/* Copies between tensors of any strides. */
#include <string.h>

#include "kernels/build.h"

/* One loop of a copy, the innermost last. */
struct loop {
	int64_t count, from, to;
};

/* Channels, row after row of pixels, image after image; loops that go on where the inner ends are
 * one. */
static int make_loops(const struct tensor *from, const struct tensor *to, struct loop loops[4])
{
	static const hidp_axis order[4] = {HIDP_AXIS_CHANNELS, HIDP_AXIS_WIDTH, HIDP_AXIS_ROWS,
	                                   HIDP_AXIS_BATCH};
	int count = 0;
	for (int i = 0; i < 4; i++) {
		hidp_axis a = order[i];
		if (from->dims[a] == 1)
			continue;
		struct loop next = {from->dims[a], from->strides[a], to->strides[a]};
		struct loop *inner = count > 0 ? &loops[count - 1] : NULL;
		if (inner != NULL && next.from == inner->count * inner->from &&
		    next.to == inner->count * inner->to)
			inner->count *= next.count;
		else
			loops[count++] = next;
	}
	while (count < 4)
		loops[count++] = (struct loop){1, 0, 0};
	return count;
}

static void copy_line(const float *from, float *to, const struct loop *loop)
{
	if (loop->from == 1 && loop->to == 1) {
		memcpy(to, from, (size_t)loop->count * sizeof *to);
		return;
	}
	for (int64_t i = 0; i < loop->count; i++)
		to[i * loop->to] = from[i * loop->from];
}

struct copy {
	struct tensor from, to;
};

static hidp_status run_copy(const struct step *step, const struct running *running)
{
	const struct copy *copy = step->data;
	struct loop loops[4];
	const float *from = kernels__address(running, copy->from.place);
	float *to = kernels__address(running, copy->to.place);
	make_loops(&copy->from, &copy->to, loops);
	for (int64_t k = 0; k < loops[3].count; k++)
		for (int64_t j = 0; j < loops[2].count; j++)
			for (int64_t i = 0; i < loops[1].count; i++)
				copy_line(from + k * loops[3].from + j * loops[2].from +
				                  i * loops[1].from,
				          to + k * loops[3].to + j * loops[2].to + i * loops[1].to,
				          &loops[0]);
	return HIDP_OK;
}

hidp_status kernels__add_copy(struct build *b, const struct tensor *from, const struct tensor *to)
{
	if (kernels__tensor_elements(to) == 0)
		return HIDP_OK;
	struct copy *copy = kernels__add_step(b->task, run_copy, sizeof *copy);
	if (copy == NULL)
		return kernels__no_memory(b);
	*copy = (struct copy){*from, *to};
	return HIDP_OK;
}

struct fill {
	struct tensor to;
	float value;
};

static hidp_status run_fill(const struct step *step, const struct running *running)
{
	const struct fill *fill = step->data;
	const int64_t *dims = fill->to.dims, *strides = fill->to.strides;
	float *to = kernels__address(running, fill->to.place);
	const float value = fill->value;
	for (int64_t n = 0; n < dims[HIDP_AXIS_BATCH]; n++)
		for (int64_t y = 0; y < dims[HIDP_AXIS_ROWS]; y++)
			for (int64_t x = 0; x < dims[HIDP_AXIS_WIDTH]; x++)
				for (int64_t c = 0; c < dims[HIDP_AXIS_CHANNELS]; c++)
					to[n * strides[HIDP_AXIS_BATCH] +
					   y * strides[HIDP_AXIS_ROWS] +
					   x * strides[HIDP_AXIS_WIDTH] +
					   c * strides[HIDP_AXIS_CHANNELS]] = value;
	return HIDP_OK;
}

hidp_status kernels__add_fill(struct build *b, const struct tensor *to, float value)
{
	if (kernels__tensor_elements(to) == 0)
		return HIDP_OK;
	struct fill *fill = kernels__add_step(b->task, run_fill, sizeof *fill);
	if (fill == NULL)
		return kernels__no_memory(b);
	*fill = (struct fill){*to, value};
	return HIDP_OK;
}
