/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <string.h>

hidp_status onednn__no_memory(struct build *b)
{
	return BUILD_FAIL(b, HIDP_ERR_NOMEM, "out of memory");
}

hidp_status onednn__check(struct build *b, dnnl_status_t status, const char *what)
{
	if (status == dnnl_success)
		return HIDP_OK;
	return BUILD_FAIL(b, onednn__status(status), "oneDNN refuses %s (status %d)", what,
	                  (int)status);
}

struct place onednn__scratch(struct build *b, size_t bytes)
{
	struct place place = {BASE_SCRATCH, b->scratch};
	b->scratch +=
		(bytes + HIDP_BUFFER_ALIGNMENT - 1) / HIDP_BUFFER_ALIGNMENT * HIDP_BUFFER_ALIGNMENT;
	if (b->scratch > b->task->scratch_bytes)
		b->task->scratch_bytes = b->scratch;
	return place;
}

struct tensor onednn__scratch_tensor(struct build *b, const int64_t dims[4])
{
	struct tensor t = onednn__tensor_dense((struct place){BASE_SCRATCH, 0}, dims);
	t.place = onednn__scratch(b, onednn__tensor_bytes(&t));
	return t;
}

hidp_status onednn__make_dense(struct build *b, struct tensor *t)
{
	if (onednn__tensor_is_dense(t))
		return HIDP_OK;
	struct tensor dense = onednn__scratch_tensor(b, t->dims);
	hidp_status s = onednn__add_copy(b, t, &dense);
	*t = dense;
	return s;
}

struct tensor onednn__dense_output(struct build *b)
{
	struct tensor out = onednn__call_output(b->call);
	return onednn__tensor_is_dense(&out) ? out : onednn__scratch_tensor(b, out.dims);
}

hidp_status onednn__finish_output(struct build *b, const struct tensor *out)
{
	struct tensor wanted = onednn__call_output(b->call);
	if (onednn__tensor_is_dense(&wanted))
		return HIDP_OK;
	return onednn__add_copy(b, out, &wanted);
}

hidp_status onednn__describe(struct build *b, const struct tensor *t, enum form form,
                             dnnl_memory_desc_t *md)
{
	if (onednn__tensor_describe(t, form, md))
		return HIDP_OK;
	return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "a tensor is too large for oneDNN");
}

hidp_status onednn__add_primitive(struct build *b, const_dnnl_primitive_desc_t pd,
                                  const struct argument *arguments, uint32_t count)
{
	struct task *task = b->task;
	uint32_t first = task->argument_count;
	bool fits = true;
	for (uint32_t i = 0; fits && i < count; i++)
		fits = onednn__task_add_argument(task, &arguments[i]);
	const dnnl_memory_desc_t *md =
		dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
	size_t bytes = md != NULL ? dnnl_memory_desc_get_size(md) : 0;
	if (bytes > 0) {
		size_t before = b->scratch;
		struct argument pad = {DNNL_ARG_SCRATCHPAD, *md, onednn__scratch(b, bytes)};
		b->scratch = before; /* free again after the step */
		fits = fits && onednn__task_add_argument(task, &pad);
	}
	if (!fits)
		return onednn__no_memory(b);
	dnnl_primitive_t primitive;
	hidp_status s = onednn__check(b, dnnl_primitive_create(&primitive, pd), "a primitive");
	if (s != HIDP_OK)
		return s;
	struct step *step = onednn__task_add_step(task, onednn__run_primitive);
	if (step == NULL) {
		dnnl_primitive_destroy(primitive);
		return onednn__no_memory(b);
	}
	step->u.primitive.primitive = primitive;
	step->u.primitive.first = first;
	step->u.primitive.count = task->argument_count - first;
	return HIDP_OK;
}

hidp_status onednn__add_reorder(struct build *b, const struct argument *from,
                                const struct argument *to)
{
	dnnl_primitive_attr_t attr;
	dnnl_primitive_desc_t pd;
	dnnl_status_t status = dnnl_primitive_attr_create(&attr);
	if (status != dnnl_success)
		return onednn__check(b, status, "attributes");
	status = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
	if (status == dnnl_success)
		status = dnnl_reorder_primitive_desc_create(&pd, &from->md, b->onednn->engine,
		                                            &to->md, b->onednn->engine, attr);
	dnnl_primitive_attr_destroy(attr);
	if (status != dnnl_success)
		return onednn__check(b, status, "a reorder");
	const struct argument arguments[2] = {
		{DNNL_ARG_FROM, from->md, from->place},
		{DNNL_ARG_TO, to->md, to->place},
	};
	hidp_status s = onednn__add_primitive(b, pd, arguments, 2);
	dnnl_primitive_desc_destroy(pd);
	return s;
}

bool onednn__is_reference(const_dnnl_primitive_desc_t pd)
{
	const char *info = NULL;
	if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &info) != dnnl_success ||
	    info == NULL)
		return true;
	return strncmp(info, "ref", 3) == 0 || strstr(info, ":ref") != NULL;
}
