/* SPDX-License-Identifier: MIT */
#include "build.h"

hidp_status xnnpack__no_memory(struct build *b)
{
	return BUILD_FAIL(b, HIDP_ERR_NOMEM, "out of memory");
}

hidp_status xnnpack__check(struct build *b, enum xnn_status status)
{
	if (status == xnn_status_success)
		return HIDP_OK;
	if (status == xnn_status_out_of_memory)
		return xnnpack__no_memory(b);
	return BUILD_FAIL(b, xnnpack__status(status), "XNNPACK refuses it (status %d)",
	                  (int)status);
}

struct place xnnpack__scratch(struct build *b, size_t bytes)
{
	struct place place = {BASE_SCRATCH, b->scratch};
	/* XNNPACK reads a little behind its tensors */
	bytes += XNN_EXTRA_BYTES;
	b->scratch +=
		(bytes + HIDP_BUFFER_ALIGNMENT - 1) / HIDP_BUFFER_ALIGNMENT * HIDP_BUFFER_ALIGNMENT;
	if (b->scratch > b->task->scratch_bytes)
		b->task->scratch_bytes = b->scratch;
	return place;
}

struct tensor xnnpack__scratch_tensor(struct build *b, const int64_t dims[4])
{
	struct tensor t = xnnpack__tensor_dense((struct place){BASE_SCRATCH, 0}, dims);
	t.place = xnnpack__scratch(b, xnnpack__tensor_bytes(&t));
	return t;
}
