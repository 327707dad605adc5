/* SPDX-License-Identifier: MIT */
/*
 * Elementwise functions: all that follow each other are done to some hundred elements, which
 * stay in the cache, then to the next.
 */
#include <stdlib.h>

#include "post.h"

/* Elements that go through all functions together. */
#define CHUNK 1024
/* A thread takes so many elements, or more, at a time. */
#define SHARE 16384

/* Posts of a tensor, line by line. */
struct chain {
	struct tensor in, out; /* of the same dimensions */
	/*
	 * A line is a pixel's channels, or, where all tensors lie alike, the pixels of a row or
	 * even all elements.
	 */
	int64_t line, lines[3]; /* elements of a line; lines along width, rows, images */
	int64_t together;       /* lines that a thread takes at a time */
	uint32_t count;
	struct post posts[];
};

/* A chain that is run. */
struct pass {
	const struct chain *chain;
	const struct running *running;
};

static int64_t line_offset(const struct tensor *t, const int64_t at[3])
{
	return at[0] * t->strides[HIDP_AXIS_WIDTH] + at[1] * t->strides[HIDP_AXIS_ROWS] +
	       at[2] * t->strides[HIDP_AXIS_BATCH];
}

static void run_chunk(const struct pass *pass, const int64_t at[3], int64_t first, int64_t count)
{
	const struct chain *c = pass->chain;
	struct line line = {.count = count};
	line.x = kernels__address(pass->running, c->in.place) + line_offset(&c->in, at) + first;
	line.out = kernels__address(pass->running, c->out.place) + line_offset(&c->out, at) + first;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct post *post = &c->posts[i];
		line.alpha = post->alpha;
		line.beta = post->beta;
		if (post->binary) {
			line.y_step = post->operand.strides[HIDP_AXIS_CHANNELS];
			line.y = kernels__address(pass->running, post->operand.place) +
			         line_offset(&post->operand, at) + first * line.y_step;
		}
		post->function(&line);
		line.x = line.out;
	}
}

static void run_share(void *context, size_t share)
{
	const struct pass *pass = context;
	const struct chain *c = pass->chain;
	int64_t all = c->lines[0] * c->lines[1] * c->lines[2];
	int64_t begin = (int64_t)share * c->together;
	int64_t end = kernels__smaller(begin + c->together, all);
	for (int64_t l = begin; l < end; l++) {
		const int64_t at[3] = {l % c->lines[0], l / c->lines[0] % c->lines[1],
		                       l / c->lines[0] / c->lines[1]};
		for (int64_t i = 0; i < c->line; i += CHUNK)
			run_chunk(pass, at, i, kernels__smaller(c->line - i, CHUNK));
	}
}

static hidp_status run_chain(const struct step *step, const struct running *running)
{
	const struct chain *c = step->data;
	int64_t all = c->lines[0] * c->lines[1] * c->lines[2];
	struct pass pass = {c, running};
	pthreadpool_parallelize_1d(xnnpack__helpers(running), run_share, &pass,
	                           (size_t)((all + c->together - 1) / c->together), 0);
	return HIDP_OK;
}

/* Do the lines along an axis go on where the ones before end, in this tensor? */
static bool goes_on(const struct tensor *t, hidp_axis axis, int64_t line)
{
	return t->strides[HIDP_AXIS_CHANNELS] == 1 && t->strides[axis] == line;
}

/* Are they all the same value, along an axis as well? */
static bool stays(const struct tensor *t, hidp_axis axis)
{
	return t->strides[HIDP_AXIS_CHANNELS] == 0 && t->strides[axis] == 0;
}

static void find_lines(struct chain *c)
{
	static const hidp_axis axes[3] = {HIDP_AXIS_WIDTH, HIDP_AXIS_ROWS, HIDP_AXIS_BATCH};
	bool merge = true;
	c->line = c->out.dims[HIDP_AXIS_CHANNELS];
	for (int i = 0; i < 3; i++) {
		int64_t count = c->out.dims[axes[i]];
		merge = merge && (count == 1 || (goes_on(&c->in, axes[i], c->line) &&
		                                 goes_on(&c->out, axes[i], c->line)));
		for (uint32_t p = 0; merge && p < c->count; p++) {
			const struct tensor *y = &c->posts[p].operand;
			merge = count == 1 || !c->posts[p].binary || goes_on(y, axes[i], c->line) ||
			        stays(y, axes[i]);
		}
		c->lines[i] = merge ? 1 : count;
		c->line *= merge ? count : 1;
	}
}

/* A line that is all of a tensor is cut, so that several threads find work. */
static void cut_line(struct chain *c)
{
	if (c->lines[0] * c->lines[1] * c->lines[2] != 1 || c->line < 2 * SHARE ||
	    c->line % CHUNK != 0)
		return;
	c->lines[0] = c->line / CHUNK;
	c->line = CHUNK;
	c->in.strides[HIDP_AXIS_WIDTH] = c->out.strides[HIDP_AXIS_WIDTH] = CHUNK;
	for (uint32_t p = 0; p < c->count; p++) {
		struct tensor *y = &c->posts[p].operand;
		y->strides[HIDP_AXIS_WIDTH] = y->strides[HIDP_AXIS_CHANNELS] * CHUNK;
	}
}

hidp_status xnnpack__add_posts(struct build *b, const struct tensor *in, const struct tensor *out,
                               const struct posts *posts)
{
	if (posts->count == 0)
		return kernels__add_copy(b, in, out);
	size_t size = sizeof(struct chain) + posts->count * sizeof(struct post);
	struct chain *c = kernels__add_step(b->task, run_chain, size);
	if (c == NULL)
		return kernels__no_memory(b);
	c->in = *in;
	c->out = *out;
	c->count = posts->count;
	for (uint32_t i = 0; i < posts->count; i++) {
		c->posts[i] = posts->list[i];
		if (posts->list[i].binary)
			c->posts[i].operand =
				kernels__tensor_spread(posts->list[i].operand, out->dims);
	}
	find_lines(c);
	cut_line(c);
	c->together = kernels__larger(1, SHARE / c->line);
	return HIDP_OK;
}

/* Layers that are nothing else */

hidp_status xnnpack__build_activation(struct build *b)
{
	struct tensor in = kernels__call_same(b->call, &b->call->inputs[0]);
	struct tensor out = kernels__call_output(b->call);
	struct posts posts = {.count = 0};
	hidp_status s = kernels__posts(b, 0, &posts);
	return s == HIDP_OK ? xnnpack__add_posts(b, &in, &out, &posts) : s;
}

hidp_status xnnpack__build_binary(struct build *b)
{
	const struct call *call = b->call;
	struct posts posts = {.count = 0};
	struct tensor x = kernels__call_same(call, &call->inputs[0]), y;
	struct tensor out = kernels__call_output(call);
	hidp_status s = HIDP_OK;
	if (b->part.input_count == 1)
		s = kernels__constant_operand(b, 0, &b->part, &y);
	else
		y = kernels__call_same(call, &call->inputs[1]);
	if (s == HIDP_OK)
		s = xnnpack__post_binary(b, b->part.function, &y, &posts);
	if (s == HIDP_OK)
		s = kernels__posts(b, 1, &posts);
	if (s != HIDP_OK)
		return s;
	/* x is repeated where the output has more: along the channels it has to be copied */
	x = kernels__tensor_spread(x, out.dims);
	if (x.strides[HIDP_AXIS_CHANNELS] == 1)
		return xnnpack__add_posts(b, &x, &out, &posts);
	s = kernels__add_copy(b, &x, &out);
	return s == HIDP_OK ? xnnpack__add_posts(b, &out, &out, &posts) : s;
}

hidp_status xnnpack__build_batch_norm(struct build *b)
{
	return xnnpack__build_activation(b); /* its parts from the first on, too */
}
