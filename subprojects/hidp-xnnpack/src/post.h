/* SPDX-License-Identifier: MIT */
#ifndef XNNPACK_POST_H
#define XNNPACK_POST_H

#include "build.h"
#include "kernels/parts.h"
#include "lines.h"

/* What is done to the elements of an output: the parts behind a layer's first. */

/* Largest number of posts of one layer. */
#define POSTS_MAX 32

struct post {
	line_fn function;
	float alpha, beta;
	bool binary;
	struct tensor operand; /* of a binary one: dimensions as the output's, or 1 */
};

struct posts {
	uint32_t count;
	struct post list[POSTS_MAX];
};

/* Of the table of the engine. */
hidp_status xnnpack__post_activation(struct build *b, const struct hidp_layer_desc *d,
                                     struct posts *posts);
hidp_status xnnpack__post_binary(struct build *b, hidp_binary function,
                                 const struct tensor *operand, struct posts *posts);

/*
 * The bounds of a first post that only clips, for an operator to do; the post is taken away.
 * Without one, -INFINITY and INFINITY.
 */
void xnnpack__take_clip(struct posts *posts, float *low, float *high);

/* Adds a step: posts of the elements of `in`, or copies of them without posts, to `out`. */
hidp_status xnnpack__add_posts(struct build *b, const struct tensor *in, const struct tensor *out,
                               const struct posts *posts);

/* The same in place; without posts nothing. */
hidp_status xnnpack__finish(struct build *b, const struct tensor *out, const struct posts *posts);

#endif
