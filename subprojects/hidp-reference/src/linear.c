/* SPDX-License-Identifier: MIT */
/*
 * Convolutions and dense layers. An element is the bias, plus the products of kernel row
 * after kernel row, in it column after column, in it input channel after input channel;
 * around the input are zeros. Blocks of output channels and tiles of pixels go through
 * that order together, in registers.
 */
#include "op.h"

#define BLOCK 8 /* output channels of a group that lie side by side in a packed kernel */
#define TILE 4  /* pixels */

/* A convolution's shape; a dense layer is one with a kernel of one element. */
struct window {
	int64_t kernel[2], stride[2], dilation[2], pad[2];
	int64_t groups;
};

static struct window window_of(const struct hidp_layer_desc *d)
{
	if (d->op == HIDP_OP_DENSE)
		return (struct window){{1, 1}, {1, 1}, {1, 1}, {0, 0}, 1};
	return (struct window){{d->kernel[0], d->kernel[1]},
	                       {d->stride[0], d->stride[1]},
	                       {d->dilation[0], d->dilation[1]},
	                       {d->pad[0], d->pad[1]},
	                       d->groups};
}

/* Pixels that are computed together; those past the last one are computed for nothing. */
struct tile {
	int64_t row[TILE], column[TILE];
	int64_t count;
};

static struct tile tile_at(const struct work *w, int64_t first, int64_t end)
{
	struct tile t = {.count = end - first < TILE ? end - first : TILE};
	for (int64_t p = 0; p < TILE; p++) {
		int64_t pixel = p < t.count ? first + p : first;
		t.row[p] = w->row_begin + pixel / w->out->shape.width;
		t.column[p] = pixel % w->out->shape.width;
	}
	return t;
}

/* sums[pixel][channel] += in[pixel][i] * kernel[i][channel], i from 0 to count. */
static void multiply(float sums[TILE][BLOCK], const float *const in[TILE], const float *kernel,
                     int64_t count)
{
	float s[TILE][BLOCK];
	for (int p = 0; p < TILE; p++)
		for (int o = 0; o < BLOCK; o++)
			s[p][o] = sums[p][o];
	for (int64_t i = 0; i < count; i++) {
		const float x[TILE] = {in[0][i], in[1][i], in[2][i], in[3][i]};
		for (int p = 0; p < TILE; p++)
			for (int o = 0; o < BLOCK; o++)
				s[p][o] += x[p] * kernel[i * BLOCK + o];
	}
	for (int p = 0; p < TILE; p++)
		for (int o = 0; o < BLOCK; o++)
			sums[p][o] = s[p][o];
}

/* A tile of one block: kernel row after kernel row, column after column. */
static void run_tile(const struct work *w, const struct window *v, const struct tile *t,
                     int64_t group, const float *kernel, float sums[TILE][BLOCK])
{
	const struct hidp_shape *in = &w->part->in;
	const int64_t channels = in->channels / v->groups;
	for (int64_t i = 0; i < v->kernel[0]; i++) {
		for (int64_t j = 0; j < v->kernel[1]; j++) {
			const float *from[TILE];
			for (int p = 0; p < TILE; p++) {
				int64_t y =
					t->row[p] * v->stride[0] - v->pad[0] + i * v->dilation[0];
				int64_t x = t->column[p] * v->stride[1] - v->pad[1] +
				            j * v->dilation[1];
				bool inside = y >= 0 && y < in->rows && x >= 0 && x < in->width;
				from[p] = inside ? work_in(w, 0, y, x) + group * channels
				                 : w->part->zeros;
			}
			multiply(sums, from, kernel, channels);
			kernel += channels * BLOCK;
		}
	}
}

/* The output channels first to end of a group: all pixels, one block. */
static void run_block(const struct work *w, const struct window *v, int64_t group, int64_t block,
                      int64_t first, int64_t end)
{
	const struct part *part = w->part;
	const int64_t taps = v->kernel[0] * v->kernel[1] * (part->in.channels / v->groups);
	const int64_t pixels = (w->row_end - w->row_begin) * w->out->shape.width;
	const float *bias = part->bias + block * BLOCK;
	for (int64_t p = 0; p < pixels; p += TILE) {
		const struct tile t = tile_at(w, p, pixels);
		float sums[TILE][BLOCK];
		for (int k = 0; k < TILE; k++)
			for (int o = 0; o < BLOCK; o++)
				sums[k][o] = bias[o];
		run_tile(w, v, &t, group, part->kernel + block * BLOCK * taps, sums);
		for (int64_t k = 0; k < t.count; k++) {
			float *out = work_out(w, t.row[k], t.column[k]);
			for (int64_t o = first; o < end; o++)
				out[group * (part->out.channels / v->groups) + o] =
					sums[k][o % BLOCK];
		}
	}
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void run(const struct work *w)
{
	const struct window v = window_of(&w->part->desc);
	const int64_t per_group = w->part->out.channels / v.groups;
	const int64_t blocks = (per_group + BLOCK - 1) / BLOCK; /* of a group */
	for (int64_t c = w->channel_begin; c < w->channel_end;) {
		/* as far as the block of channel c and the work go */
		int64_t group = c / per_group, first = c % per_group;
		int64_t end = smaller((first / BLOCK + 1) * BLOCK, per_group);
		end = smaller(end, w->channel_end - group * per_group);
		run_block(w, &v, group, group * blocks + first / BLOCK, first, end);
		c = group * per_group + end;
	}
}

static void run_conv(const struct work *w)
{
	if (is_depthwise(w->part))
		hidp_reference__depthwise.run(w);
	else
		run(w);
}

/* From output channel x input channel x tap to block x tap x input channel x channel of block. */
static void pack_kernel(const struct part *part, const struct window *v, const float *from,
                        float *to)
{
	const int64_t channels = part->in.channels / v->groups;
	const int64_t taps = v->kernel[0] * v->kernel[1];
	const int64_t per_group = part->out.channels / v->groups;
	const int64_t blocks = (per_group + BLOCK - 1) / BLOCK;
	for (int64_t o = 0; o < part->out.channels; o++) {
		int64_t block = o / per_group * blocks + o % per_group / BLOCK;
		float *lane = to + block * taps * channels * BLOCK + o % per_group % BLOCK;
		for (int64_t c = 0; c < channels; c++)
			for (int64_t t = 0; t < taps; t++)
				lane[(t * channels + c) * BLOCK] =
					from[(o * channels + c) * taps + t];
	}
}

static void pack_bias(const struct part *part, const struct window *v, const float *from, float *to)
{
	const int64_t per_group = part->out.channels / v->groups;
	const int64_t blocks = (per_group + BLOCK - 1) / BLOCK;
	for (int64_t o = 0; o < part->out.channels; o++)
		to[(o / per_group * blocks) * BLOCK + o % per_group] = from[o];
}

static hidp_status load(struct part *part, const struct source *source)
{
	const struct window v = window_of(&part->desc);
	const int64_t channels = part->in.channels / v.groups;
	const int64_t taps = v.kernel[0] * v.kernel[1];
	const int64_t per_group = part->out.channels / v.groups;
	const int64_t lanes = (per_group + BLOCK - 1) / BLOCK * v.groups * BLOCK;
	const float *kernel, *bias = NULL;
	hidp_status s = hidp_reference__lend(source, HIDP_WEIGHT_KERNEL,
	                                     part->out.channels * channels * taps, &kernel);
	if (s == HIDP_OK && !(part->desc.flags & HIDP_LAYER_NO_BIAS))
		s = hidp_reference__lend(source, HIDP_WEIGHT_BIAS, part->out.channels, &bias);
	if (s == HIDP_OK)
		s = hidp_reference__pack(source, part, lanes * (channels * taps + 1) + channels);
	if (s != HIDP_OK)
		return s;
	float *packed_bias = part->packed + lanes * channels * taps;
	pack_kernel(part, &v, kernel, part->packed);
	if (bias != NULL)
		pack_bias(part, &v, bias, packed_bias);
	part->kernel = part->packed;
	part->bias = packed_bias;
	part->zeros = packed_bias + lanes;
	return HIDP_OK;
}

static hidp_status load_conv(struct part *part, const struct source *source)
{
	return is_depthwise(part) ? hidp_reference__depthwise.load(part, source)
	                          : load(part, source);
}

const struct op hidp_reference__conv = {.run = run_conv, .load = load_conv};
const struct op hidp_reference__dense = {.run = run, .load = load};
