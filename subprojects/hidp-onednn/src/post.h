/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_POST_H
#define ONEDNN_POST_H

#include "build.h"
#include "kernels/parts.h"

/* What is done to the elements of an output: the parts behind a layer's first. */

/* Largest number of posts of one layer. */
#define POSTS_MAX 32

/* An activation that oneDNN does not have: a step of its own. */
#define POST_PLAIN dnnl_alg_kind_undef

struct post {
	dnnl_alg_kind_t algorithm; /* a binary one has an operand */
	bool binary;
	hidp_activation plain; /* of POST_PLAIN */
	float alpha, beta;
	struct tensor operand; /* dimensions as the output's, or 1 */
};

struct posts {
	uint32_t count;
	struct post list[POSTS_MAX];
};

/* Of the table of the engine. */
hidp_status onednn__post_activation(struct build *b, const struct hidp_layer_desc *d,
                                    struct posts *posts);
hidp_status onednn__post_binary(struct build *b, hidp_binary function, const struct tensor *operand,
                                struct posts *posts);

/* The algorithm of a binary function. */
hidp_status onednn__binary_algorithm(struct build *b, hidp_binary function, dnnl_alg_kind_t *out);

/* A primitive while it is being described. */
struct operation {
	const void *desc; /* of oneDNN */
	enum form form;   /* of its output */
	float scale;      /* of the result, before the posts; 0 reads as 1 */
	/*
	 * How much an implementation costs; the cheapest is taken, one of 1 and more not at
	 * all. NULL: the first that oneDNN offers is taken.
	 */
	double (*cost)(const void *cost_data, const_dnnl_primitive_desc_t pd);
	const void *cost_data;
};

/* An implementation of it. */
struct choice {
	dnnl_primitive_desc_t pd; /* the caller's, to destroy */
	uint32_t posts;           /* so many posts are done by it, or none */
	uint32_t sum; /* this one of them by adding to its output; or as many as there are */
};

/* Arguments of an operation besides those of its posts. */
#define OPERATION_ARGUMENTS_MAX 4

/*
 * Chooses an implementation that does all posts, or one that does none where those that
 * do are slow. `out` is the output as a dense tensor. Operands of posts are made dense.
 */
hidp_status onednn__choose(struct build *b, const struct operation *operation,
                           const struct tensor *out, struct posts *posts, struct choice *choice);

/*
 * Adds the steps of an operation and of its posts. The last argument is the output, in
 * whatever layout the implementation wants; it is then brought to `out`.
 */
hidp_status onednn__add_choice(struct build *b, const struct operation *operation,
                               const struct choice *choice, const struct argument *arguments,
                               uint32_t count, const struct tensor *out, const struct posts *posts);

/* Both, for arguments whose layout is known beforehand; the last one is `out`. */
hidp_status onednn__add_operation(struct build *b, const struct operation *operation,
                                  const struct argument *arguments, uint32_t count,
                                  const struct tensor *out, struct posts *posts);

/* Adds posts from `first` on, one step each, on a dense tensor. */
hidp_status onednn__apply_posts(struct build *b, const struct tensor *out,
                                const struct posts *posts, uint32_t first);

#endif
