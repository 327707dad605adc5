/* SPDX-License-Identifier: MIT */
#ifndef HIDP_ONNX_VIEW_H
#define HIDP_ONNX_VIEW_H

#include "graph.h"

/*
 * Where the elements of some axes are after reshapes and transposes. Each dimension of a view is
 * a list of atoms, outermost first: pieces of the axes that it all began with. Axes of size 1
 * have no atoms, as there is nothing of them to be found anywhere.
 */
#define ATOM_MAX 32

struct atom {
	int axis;
	int64_t size;
	int64_t stride; /* elements of the axis from one step to the next */
};

struct view {
	struct dims dims;
	int count;
	struct atom atoms[ATOM_MAX];
	int end[HIDP_ONNX_RANK_MAX]; /* behind the last atom of each dimension */
};

/* A view of axes of these sizes, one dimension for each; no size may be 0. */
bool hidp_onnx__view(struct view *view, const int *axes, const int64_t *sizes, int count);
/* Other dims over the same elements; false: that cannot be said in atoms. */
bool hidp_onnx__reshape_view(struct view *view, const struct dims *dims);
/* Dimension i of the result is dimension perm[i]. */
void hidp_onnx__transpose_view(struct view *view, const int *perm);
bool hidp_onnx__same_view(const struct view *a, const struct view *b);
/* perm of a Transpose; false: it makes no sense. */
bool hidp_onnx__permutation(const struct node *node, int perm[HIDP_ONNX_RANK_MAX]);
/* What a Reshape, Flatten, Squeeze, Unsqueeze or Transpose does to the view; false: it is none. */
bool hidp_onnx__move_view(struct view *view, const struct node *node);
/* Ops that give other dims to the same elements. */
bool hidp_onnx__only_shapes(const struct node *node);

#endif
