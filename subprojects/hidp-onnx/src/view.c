/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <string.h>

bool hidp_onnx__view(struct view *view, const int *axes, const int64_t *sizes, int count)
{
	*view = (struct view){.dims.rank = count};
	for (int i = 0; i < count; i++) {
		if (sizes[i] < 1)
			return false;
		view->dims.size[i] = sizes[i];
		if (sizes[i] > 1)
			view->atoms[view->count++] = (struct atom){axes[i], sizes[i], 1};
		view->end[i] = view->count;
	}
	return true;
}

/* Appends an atom, as a part of the one before where it is its continuation. */
static bool append(struct view *view, int begin, struct atom atom)
{
	struct atom *last = view->count > begin ? &view->atoms[view->count - 1] : NULL;
	if (last != NULL && last->axis == atom.axis && last->stride == atom.size * atom.stride) {
		last->size *= atom.size;
		last->stride = atom.stride;
		return true;
	}
	if (view->count == ATOM_MAX)
		return false;
	view->atoms[view->count++] = atom;
	return true;
}

bool hidp_onnx__reshape_view(struct view *view, const struct dims *dims)
{
	struct view out = {.dims = *dims};
	struct view in = *view;
	int next = 0;
	if (hidp_onnx__count(dims) < 1 || hidp_onnx__count(dims) != hidp_onnx__count(&in.dims))
		return false;
	for (int i = 0; i < dims->rank; i++) {
		int64_t left = dims->size[i];
		int begin = out.count;
		while (left > 1) {
			if (next == in.count)
				return false;
			struct atom *atom = &in.atoms[next];
			struct atom piece = *atom;
			if (left % atom->size == 0) {
				next++;
			} else if (atom->size % left == 0) {
				/* its outer part; the inner part is for the next dimension */
				piece.size = left;
				piece.stride = atom->size / left * atom->stride;
				atom->size /= left;
			} else {
				return false;
			}
			if (!append(&out, begin, piece))
				return false;
			left /= piece.size;
		}
		out.end[i] = out.count;
	}
	*view = out;
	return next == in.count;
}

void hidp_onnx__transpose_view(struct view *view, const int *perm)
{
	struct view in = *view;
	view->count = 0;
	for (int i = 0; i < in.dims.rank; i++) {
		int from = perm[i];
		int begin = from > 0 ? in.end[from - 1] : 0, count = in.end[from] - begin;
		memcpy(&view->atoms[view->count], &in.atoms[begin],
		       (size_t)count * sizeof in.atoms[0]);
		view->count += count;
		view->end[i] = view->count;
		view->dims.size[i] = in.dims.size[from];
	}
}

bool hidp_onnx__same_view(const struct view *a, const struct view *b)
{
	if (!hidp_onnx__same_dims(&a->dims, &b->dims) || a->count != b->count)
		return false;
	for (int i = 0; i < a->dims.rank; i++)
		if (a->end[i] != b->end[i])
			return false;
	for (int i = 0; i < a->count; i++)
		if (a->atoms[i].axis != b->atoms[i].axis || a->atoms[i].size != b->atoms[i].size ||
		    a->atoms[i].stride != b->atoms[i].stride)
			return false;
	return true;
}

bool hidp_onnx__permutation(const struct node *node, int perm[HIDP_ONNX_RANK_MAX])
{
	size_t count = 0;
	unsigned seen = 0;
	int rank = node->inputs[0]->dims.rank;
	const int64_t *given = hidp_onnx__ints(node, "perm", &count);
	if (rank < 0 || (given != NULL && count != (size_t)rank))
		return false;
	for (int i = 0; i < rank; i++) {
		perm[i] = given != NULL ? hidp_onnx__axis(given[i], rank) : rank - 1 - i;
		if (perm[i] < 0 || (seen >> perm[i] & 1) != 0)
			return false;
		seen |= 1u << perm[i];
	}
	return true;
}

bool hidp_onnx__only_shapes(const struct node *node)
{
	static const char *const ops[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (hidp_onnx__is(node, ops[i]))
			return !node->stated;
	return false;
}

bool hidp_onnx__move_view(struct view *view, const struct node *node)
{
	int perm[HIDP_ONNX_RANK_MAX];
	if (hidp_onnx__only_shapes(node))
		return hidp_onnx__reshape_view(view, &node->outputs[0]->dims);
	if (!hidp_onnx__is(node, "Transpose") || !hidp_onnx__permutation(node, perm))
		return false;
	hidp_onnx__transpose_view(view, perm);
	return true;
}
