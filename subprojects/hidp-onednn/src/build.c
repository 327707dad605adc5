/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <string.h>

hidp_status onednn__check(struct build *b, dnnl_status_t status, const char *what)
{
	if (status == dnnl_success)
		return HIDP_OK;
	return BUILD_FAIL(b, onednn__status(status), "oneDNN refuses %s (status %d)", what,
	                  (int)status);
}

hidp_status onednn__make_dense(struct build *b, struct tensor *t)
{
	return kernels__tensor_is_dense(t) ? HIDP_OK : kernels__add_dense_copy(b, t);
}

struct tensor onednn__dense_output(struct build *b)
{
	struct tensor out = kernels__call_output(b->call);
	return kernels__tensor_is_dense(&out) ? out : kernels__scratch_tensor(b, out.dims);
}

hidp_status onednn__finish_output(struct build *b, const struct tensor *out)
{
	struct tensor wanted = kernels__call_output(b->call);
	if (kernels__tensor_is_dense(&wanted))
		return HIDP_OK;
	return kernels__add_copy(b, out, &wanted);
}

/* false: it has too many elements. */
static bool describe(const struct tensor *t, enum form form, dnnl_memory_desc_t *md)
{
	if (form == FORM_MATRIX) {
		const dnnl_dims_t dims = {kernels__tensor_positions(t),
		                          t->dims[HIDP_AXIS_CHANNELS]};
		return dnnl_memory_desc_init_by_tag(md, 2, dims, dnnl_f32, dnnl_ab) == dnnl_success;
	}
	const dnnl_dims_t dims = {t->dims[0], t->dims[1], t->dims[2], t->dims[3]};
	if (kernels__tensor_is_dense(
		    t)) /* strides of dimensions of 1 must not tell tensors apart */
		return dnnl_memory_desc_init_by_tag(md, 4, dims, dnnl_f32, dnnl_nhwc) ==
		       dnnl_success;
	const dnnl_dims_t strides = {t->strides[0], t->strides[1], t->strides[2], t->strides[3]};
	return dnnl_memory_desc_init_by_strides(md, 4, dims, dnnl_f32, strides) == dnnl_success;
}

hidp_status onednn__describe(struct build *b, const struct tensor *t, enum form form,
                             dnnl_memory_desc_t *md)
{
	if (describe(t, form, md))
		return HIDP_OK;
	return BUILD_FAIL(b, HIDP_ERR_UNSUPPORTED, "a tensor is too large for oneDNN");
}

hidp_status onednn__add_primitive(struct build *b, const_dnnl_primitive_desc_t pd,
                                  const struct argument *arguments, uint32_t count)
{
	struct onednn_task *task = onednn__task(b);
	uint32_t first = task->argument_count;
	bool fits = true;
	for (uint32_t i = 0; fits && i < count; i++)
		fits = onednn__task_add_argument(task, &arguments[i]);
	const dnnl_memory_desc_t *md =
		dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
	size_t bytes = md != NULL ? dnnl_memory_desc_get_size(md) : 0;
	if (bytes > 0) {
		size_t before = b->scratch;
		struct argument pad = {DNNL_ARG_SCRATCHPAD, *md, kernels__scratch(b, bytes)};
		b->scratch = before; /* free again after the step */
		fits = fits && onednn__task_add_argument(task, &pad);
	}
	if (!fits)
		return kernels__no_memory(b);
	dnnl_primitive_t primitive;
	hidp_status s = onednn__check(b, dnnl_primitive_create(&primitive, pd), "a primitive");
	if (s != HIDP_OK)
		return s;
	if (!onednn__task_add_primitive(task, primitive, first, task->argument_count - first)) {
		dnnl_primitive_destroy(primitive);
		return kernels__no_memory(b);
	}
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
		status = dnnl_reorder_primitive_desc_create(&pd, &from->md, onednn__of(b)->engine,
		                                            &to->md, onednn__of(b)->engine, attr);
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
