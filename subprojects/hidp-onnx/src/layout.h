/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_LAYOUT_H
#define HIDP_ONNX_LAYOUT_H

#include "graph.h"

/*
 * Where the axes of a tensor of any rank lie in a tensor of the library, which has batch, rows,
 * width and channels, in that order in memory. The axes stand in the order of memory, outermost
 * first; each belongs to one of the four, whose size is the product of its axes. Axes of size 1
 * lie nowhere and everywhere: they are left out.
 *
 * So an image N x C x H x W has its axes in the order 0, 2, 3, 1, one in each group; a
 * transposition only renames axes; and only what the elements' order in memory makes necessary
 * is ever moved.
 */
struct layout {
	int count;
	int axis[HIDP_ONNX_RANK_MAX];
	int end[3]; /* where the batch ends, the rows, the width; the rest are channels */
};

enum group { GROUP_BATCH, GROUP_ROWS, GROUP_WIDTH, GROUP_CHANNELS };

/* Begin and end of a group in layout->axis. */
int hidp_onnx__group_begin(const struct layout *layout, enum group group);
int hidp_onnx__group_end(const struct layout *layout, enum group group);
enum group hidp_onnx__group_of(const struct layout *layout, int place);
/* Place of an axis; -1: it is of size 1. */
int hidp_onnx__place_of(const struct layout *layout, int axis);
/* Adds an axis behind the others; the group must not lie before theirs. */
void hidp_onnx__append(struct layout *layout, const struct dims *dims, int axis, enum group group);

struct hidp_shape hidp_onnx__shape(const struct layout *layout, const struct dims *dims);
bool hidp_onnx__same_order(const struct layout *a, const struct layout *b);
bool hidp_onnx__same_layout(const struct layout *a, const struct layout *b);

/* An image N x C x H x W, or N x C x L with L on the rows; what is behind them is on the width. */
struct layout hidp_onnx__image(const struct dims *dims);
/* As in the file: the last axis on the channels, the largest of those before it on the rows. */
struct layout hidp_onnx__natural(const struct dims *dims);
/*
 * The channels are exactly these axes, in this order; the others as they are, former channels
 * on the width.
 */
struct layout hidp_onnx__channels(const struct layout *layout, const struct dims *dims,
                                  const int *axes, int count);
/* Without the axes that have size 1 in these dims (of the same rank). */
struct layout hidp_onnx__without(const struct layout *layout, const struct dims *dims);

#endif
