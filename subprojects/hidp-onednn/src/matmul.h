/* SPDX-License-Identifier: MIT */
#ifndef ONEDNN_MATMUL_H
#define ONEDNN_MATMUL_H

#include "post.h"

/*
 * Adds a product of matrices: the rows of one image of tensors of width 1, which may have
 * gaps. transposed: the rows of `right` become columns of the output. scale: of the product;
 * 0 reads as 1. With posts, `out` must be dense.
 */
hidp_status onednn__add_matmul(struct build *b, const struct tensor *left,
                               const struct tensor *right, bool transposed, float scale,
                               const struct tensor *out, struct posts *posts);

#endif
