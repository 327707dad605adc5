/* SPDX-License-Identifier: MIT */
#include "plain.h"

hidp_status kernels__no_memory(struct build *b)
{
	return BUILD_FAIL(b, HIDP_ERR_NOMEM, "out of memory");
}

struct place kernels__scratch(struct build *b, size_t bytes)
{
	struct place place = {BASE_SCRATCH, b->scratch};
	bytes += b->task->engine->behind;
	b->scratch +=
		(bytes + HIDP_BUFFER_ALIGNMENT - 1) / HIDP_BUFFER_ALIGNMENT * HIDP_BUFFER_ALIGNMENT;
	if (b->scratch > b->task->scratch_bytes)
		b->task->scratch_bytes = b->scratch;
	return place;
}

struct tensor kernels__scratch_tensor(struct build *b, const int64_t dims[4])
{
	struct tensor t = kernels__tensor_dense((struct place){BASE_SCRATCH, 0}, dims);
	t.place = kernels__scratch(b, kernels__tensor_bytes(&t));
	return t;
}

hidp_status kernels__add_dense_copy(struct build *b, struct tensor *t)
{
	struct tensor dense = kernels__scratch_tensor(b, t->dims);
	hidp_status s = kernels__add_copy(b, t, &dense);
	*t = dense;
	return s;
}

hidp_status kernels__build_plain(struct build *b)
{
	switch (b->part.op) {
	case HIDP_OP_CONCAT:
		return kernels__build_concat(b);
	case HIDP_OP_SLICE:
		return kernels__build_slice(b);
	case HIDP_OP_PAD:
		return kernels__build_pad(b);
	case HIDP_OP_RESIZE:
		return kernels__build_resize(b);
	case HIDP_OP_RESHAPE:
	case HIDP_OP_FLATTEN:
		return kernels__build_reshape(b);
	case HIDP_OP_TRANSPOSE:
		return kernels__build_transpose(b);
	case HIDP_OP_EMBEDDING:
		return kernels__build_embedding(b);
	default:
		return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "op %u is not known", b->part.op);
	}
}
