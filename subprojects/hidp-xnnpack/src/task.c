/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <stdlib.h>

#include "operator.h"
#include "post.h"
#include "threads.h"
#include "weights.h"

bool xnnpack__task_own_operator(struct xnnpack_task *task, struct operator* operator)
{
	if (!kernels__grow(&task->operators, task->operator_count, &task->operator_room,
	                   sizeof(struct operator*)))
		return false;
	task->operators[task->operator_count++] = operator;
	return true;
}

bool xnnpack__task_own_array(struct xnnpack_task *task, float *array)
{
	if (!kernels__grow(&task->arrays, task->array_count, &task->array_room,
	                   sizeof *task->arrays))
		return false;
	task->arrays[task->array_count++] = array;
	return true;
}

/* The table's entries */

hidp_status xnnpack__run(void *user_data, void *prepared, void *memory, void *scratch)
{
	const struct xnnpack_task *task = prepared;
	const struct running running = {
		.bases = {[BASE_BLOCK] = (uintptr_t)memory, [BASE_SCRATCH] = (uintptr_t)scratch},
		.own = xnnpack__threads(user_data)};
	return kernels__task_run(&task->task, &running);
}

void xnnpack__release(void *user_data, void *prepared)
{
	struct xnnpack_task *task = prepared;
	(void)user_data;
	kernels__task_clear(&task->task);
	for (uint32_t i = 0; i < task->operator_count; i++)
		xnnpack__operator_free(task->operators[i]);
	for (uint32_t i = 0; i < task->array_count; i++)
		free(task->arrays[i]);
	free(task->arrays);
	free(task->operators);
	free(task);
}

static hidp_status build_call(struct build *b)
{
	struct xnnpack_task *task = xnnpack__task(b);
	if (b->call->image_begin == 0)
		task->call_operators = task->operator_count;
	task->next_operator = task->call_operators;
	switch (b->part.op) {
	case HIDP_OP_CONV:
		return xnnpack__build_conv(b);
	case HIDP_OP_DENSE:
		return xnnpack__build_dense(b);
	case HIDP_OP_MATMUL:
		return xnnpack__build_matmul(b);
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return xnnpack__build_pool(b);
	case HIDP_OP_GLOBAL_POOL:
		return xnnpack__build_global_pool(b);
	case HIDP_OP_ACTIVATION:
		return xnnpack__build_activation(b);
	case HIDP_OP_BINARY:
		return xnnpack__build_binary(b);
	case HIDP_OP_BATCH_NORM:
		return xnnpack__build_batch_norm(b);
	case HIDP_OP_LAYER_NORM:
		return xnnpack__build_layer_norm(b);
	case HIDP_OP_SOFTMAX:
		return xnnpack__build_softmax(b);
	case HIDP_OP_ATTENTION:
		return xnnpack__build_attention(b);
	default:
		return kernels__build_plain(b);
	}
}

static const struct engine engine = {
	.build = build_call,
	.post_activation = xnnpack__post_activation,
	.post_binary = xnnpack__post_binary,
	.constant = xnnpack__constant,
	.behind = XNN_EXTRA_BYTES,
};

hidp_status xnnpack__prepare(void *user_data, const struct hidp_programs *programs, uint32_t index,
                             void **prepared_out, size_t *scratch_bytes_out,
                             struct hidp_diagnostic *diagnostic)
{
	const struct hidp_xnnpack *xnnpack = user_data;
	struct xnnpack_task *task = calloc(1, sizeof *task);
	if (task == NULL)
		return kernels__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	hidp_status s = kernels__task_init(&task->task, &engine, &xnnpack->kernels, programs, index,
	                                   diagnostic);
	if (s == HIDP_OK)
		s = kernels__task_build(&task->task, programs, index, diagnostic);
	if (s != HIDP_OK) {
		xnnpack__release(user_data, task);
		return s;
	}
	*prepared_out = task;
	*scratch_bytes_out = task->task.scratch_bytes;
	return HIDP_OK;
}
