/* SPDX-License-Identifier: MIT */
/*
 * Which described layers become one layer: what engines compute in one pass over
 * the output. A convolution, dense layer or matrix product takes in a batch
 * normalisation right behind it, then activations, one addition of another tensor
 * of the same shape, and additions of constants; a binary layer or a batch
 * normalisation takes in activations. Never layers of different colocation groups.
 */
#include <string.h>

#include "model/model_priv.h"

static bool takes_everything(hidp_op op)
{
	return op == HIDP_OP_CONV || op == HIDP_OP_DENSE || op == HIDP_OP_MATMUL;
}

static bool takes_activations(hidp_op op)
{
	return takes_everything(op) || op == HIDP_OP_BINARY || op == HIDP_OP_BATCH_NORM;
}

static bool same_shape(const struct hidp_shape *a, const struct hidp_shape *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* What has been fused behind a layer so far. */
struct chain {
	hidp_op base;
	bool only_norms; /* nothing but batch normalisations */
	bool added;      /* another tensor was added */
	uint32_t colocation; /* group of all that is in it; 0: none so far */
};

/* Can `next`, which reads the chain's last layer `last`, be computed in the same pass? */
static bool accepts(struct chain *chain, const struct hidp__described *layers, uint32_t last,
                    uint32_t next)
{
	const struct hidp__described *l = &layers[last], *n = &layers[next];
	if (n->desc.colocation != 0 && chain->colocation != 0 &&
	    n->desc.colocation != chain->colocation)
		return false;
	if ((l->desc.flags & HIDP_LAYER_OUTPUT) || l->uses != 1 || l->desc.dtype != n->desc.dtype)
		return false;
	switch (n->desc.op) {
	case HIDP_OP_BATCH_NORM:
		return takes_everything(chain->base) && chain->only_norms;
	case HIDP_OP_ACTIVATION:
		if (!takes_activations(chain->base))
			return false;
		chain->only_norms = false;
		return true;
	case HIDP_OP_BINARY:
		if (!takes_everything(chain->base) || n->desc.function != HIDP_BINARY_ADD ||
		    !same_shape(&l->figures.shape, &n->figures.shape))
			return false;
		if (n->desc.input_count == 2) {
			const uint32_t *in = n->desc.inputs;
			uint32_t other = in[0] == last ? in[1] : in[0];
			if (chain->added || other == last ||
			    !same_shape(&layers[other].figures.shape, &n->figures.shape))
				return false;
			chain->added = true;
		}
		chain->only_norms = false;
		return true;
	default:
		return false;
	}
}

/* Fuses into the layers that `wanted` names, as far as what follows them is still free. */
static void fuse_behind(struct hidp__described *layers, const uint32_t *order, uint32_t count,
                        const uint32_t *position, bool (*wanted)(hidp_op op))
{
	/* Backwards, so that of two convolutions whose outputs are added the later one adds. */
	for (uint32_t k = count; k-- > 0;) {
		uint32_t first = order[k], last = first;
		if (layers[first].group != UINT32_MAX || !wanted(layers[first].desc.op))
			continue;
		struct chain chain = {layers[first].desc.op, true, false,
		                      layers[first].desc.colocation};
		while (layers[last].uses == 1 && layers[layers[last].user].group == UINT32_MAX &&
		       accepts(&chain, layers, last, layers[last].user)) {
			last = layers[last].user;
			if (layers[last].desc.colocation != 0)
				chain.colocation = layers[last].desc.colocation;
		}
		for (uint32_t i = first;; i = layers[i].user) {
			layers[i].group = position[last];
			if (i == last)
				break;
		}
	}
}

static bool any(hidp_op op)
{
	(void)op;
	return true;
}

void hidp__fuse(struct hidp__described *layers, const uint32_t *order, uint32_t count,
                uint32_t *position)
{
	for (uint32_t k = 0; k < count; k++) {
		position[order[k]] = k;
		layers[order[k]].group = UINT32_MAX;
	}
	fuse_behind(layers, order, count, position, takes_everything);
	fuse_behind(layers, order, count, position, takes_activations);
	fuse_behind(layers, order, count, position, any); /* what is left stands alone */
}
