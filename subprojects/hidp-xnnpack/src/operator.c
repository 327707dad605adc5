/* SPDX-License-Identifier: MIT */
#include "operator.h"

#include <stdlib.h>

struct operator
{
	xnn_operator_t op;
	xnnpack__setup_fn setup;
	size_t batch, height, width; /* of its input */
	pthread_mutex_t lock;
};

void xnnpack__operator_free(struct operator* operator)
{
	xnn_delete_operator(operator->op);
	pthread_mutex_destroy(&operator->lock);
	free(operator);
}

static enum xnn_status set_up(const struct operator* o, const float *in, float *out,
                              pthreadpool_t threads)
{
	return o->setup(o->op, o->batch, o->height, o->width, in, out, threads);
}

/* Has the operator allocate all that it ever will. */
static enum xnn_status set_up_first(const struct operator* o, const struct tensor *in)
{
	/*
	 * The first input lies where nothing else does: the table of pixels tells the operator's
	 * zeros by their address. It is never touched.
	 */
	void *nothing = malloc((size_t)kernels__tensor_span(in) * sizeof(float) + XNN_EXTRA_BYTES);
	if (nothing == NULL)
		return xnn_status_out_of_memory;
	enum xnn_status status = set_up(o, nothing, nothing, NULL);
	free(nothing);
	return status;
}

/* A step. */
struct operation {
	struct operator* operator;
	struct place in, out;
};

static hidp_status run_operator(const struct step *step, const struct running *running)
{
	const struct operation *operation = step->data;
	struct operator* o = operation->operator;
	const float *in = kernels__address(running, operation->in);
	float *out = kernels__address(running, operation->out);
	pthreadpool_t threads = xnnpack__helpers(running);
	pthread_mutex_lock(&o->lock);
	enum xnn_status status = set_up(o, in, out, threads);
	if (status == xnn_status_success)
		status = xnn_run_operator(o->op, threads);
	pthread_mutex_unlock(&o->lock);
	return status == xnn_status_success ? HIDP_OK : xnnpack__status(status);
}

static hidp_status add_step(struct build *b, struct operator* o, const struct tensor *in,
                            const struct tensor *out)
{
	struct operation *operation = kernels__add_step(b->task, run_operator, sizeof *operation);
	if (operation == NULL)
		return kernels__no_memory(b);
	*operation = (struct operation){o, in->place, out->place};
	return HIDP_OK;
}

static struct operator*
	new_operator(xnn_operator_t op, xnnpack__setup_fn setup, const struct tensor *in)
{
	struct operator* o = malloc(sizeof *o);
	if (o == NULL || pthread_mutex_init(&o->lock, NULL) != 0) {
		free(o);
		xnn_delete_operator(op);
		return NULL;
	}
	o->op = op;
	o->setup = setup;
	o->batch = (size_t)in->dims[HIDP_AXIS_BATCH];
	o->height = (size_t)in->dims[HIDP_AXIS_ROWS];
	o->width = (size_t)in->dims[HIDP_AXIS_WIDTH];
	return o;
}

/* Fails with what XNNPACK says. */
static hidp_status check(struct build *b, enum xnn_status status)
{
	if (status == xnn_status_out_of_memory)
		return kernels__no_memory(b);
	return BUILD_FAIL(b, xnnpack__status(status), "XNNPACK refuses it (status %d)",
	                  (int)status);
}

hidp_status xnnpack__add_operator(struct build *b, enum xnn_status status, xnn_operator_t op,
                                  xnnpack__setup_fn setup, const struct tensor *in,
                                  const struct tensor *out)
{
	struct xnnpack_task *task = xnnpack__task(b);
	if (status != xnn_status_success)
		return check(b, status);
	struct operator* o = new_operator(op, setup, in);
	if (o == NULL)
		return kernels__no_memory(b);
	if (!xnnpack__task_own_operator(task, o)) {
		xnnpack__operator_free(o);
		return kernels__no_memory(b);
	}
	task->next_operator = task->operator_count;
	status = set_up_first(o, in);
	if (status != xnn_status_success)
		return check(b, status);
	return add_step(b, o, in, out);
}

bool xnnpack__add_again(struct build *b, const struct tensor *in, const struct tensor *out,
                        hidp_status *status)
{
	struct xnnpack_task *task = xnnpack__task(b);
	if (task->next_operator == task->operator_count)
		return false;
	*status = add_step(b, task->operators[task->next_operator++], in, out);
	return true;
}

/* Tensors as operators walk them */

bool xnnpack__is_even(const struct tensor *t)
{
	int64_t stride = (int64_t)xnnpack__pixel_stride(t);
	static const hidp_axis axes[3] = {HIDP_AXIS_WIDTH, HIDP_AXIS_ROWS, HIDP_AXIS_BATCH};
	for (int i = 0; i < 3; i++) {
		if (t->dims[axes[i]] != 1 && t->strides[axes[i]] != stride)
			return false;
		stride *= t->dims[axes[i]];
	}
	return t->strides[HIDP_AXIS_CHANNELS] == 1 || t->dims[HIDP_AXIS_CHANNELS] == 1;
}

hidp_status xnnpack__make_even(struct build *b, struct tensor *t)
{
	return xnnpack__is_even(t) ? HIDP_OK : kernels__add_dense_copy(b, t);
}

size_t xnnpack__pixel_stride(const struct tensor *t)
{
	return (size_t)t->strides[HIDP_AXIS_WIDTH];
}
