/* SPDX-License-Identifier: MIT */
/* The object that kernels work on, and their table. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "task.h"
#include "threads.h"

hidp_status xnnpack__fail(struct hidp_diagnostic *diagnostic, hidp_status status, const char *layer,
                          const char *format, ...)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	va_list args;
	if (diagnostic == NULL || diagnostic->struct_size < sizeof d)
		return status;
	d.struct_size = diagnostic->struct_size;
	d.status = status;
	snprintf(d.subject, sizeof d.subject, "%s", layer != NULL ? layer : "");
	va_start(args, format);
	vsnprintf(d.message, sizeof d.message, format, args);
	va_end(args);
	*diagnostic = d;
	return status;
}

hidp_status xnnpack__status(enum xnn_status status)
{
	return status == xnn_status_out_of_memory ? HIDP_ERR_NOMEM : HIDP_ERR_UNSUPPORTED;
}

/* Options of which this library knows everything. */
static bool know_options(const struct hidp_xnnpack_options *given)
{
	if (given == NULL)
		return true;
	if (given->struct_size < sizeof *given || given->flags != 0)
		return false;
	const unsigned char *bytes = (const unsigned char *)given;
	for (uint32_t i = sizeof *given; i < given->struct_size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static hidp_status check(const struct hidp_model *model, const struct hidp_weights *weights,
                         const struct hidp_xnnpack_options *options,
                         struct hidp_xnnpack **xnnpack_out, struct hidp_diagnostic *diagnostic)
{
	if (model == NULL || weights == NULL || xnnpack_out == NULL)
		return xnnpack__fail(diagnostic, HIDP_ERR_ARGUMENT, "kernels",
		                     "model, weights and the result must not be NULL");
	if (weights->abi != HIDP_PLUGIN_ABI || weights->struct_size < sizeof *weights ||
	    weights->get == NULL)
		return xnnpack__fail(diagnostic, HIDP_ERR_ABI, "weights",
		                     "the table of weights is of version %u, not %u", weights->abi,
		                     HIDP_PLUGIN_ABI);
	if (!know_options(options))
		return xnnpack__fail(diagnostic, HIDP_ERR_ABI, "options",
		                     "the options ask for something unknown");
	return HIDP_OK;
}

hidp_status hidp_xnnpack_new(const struct hidp_model *model, const struct hidp_weights *weights,
                             void *weights_user_data, const struct hidp_xnnpack_options *options,
                             struct hidp_xnnpack **xnnpack_out, struct hidp_diagnostic *diagnostic)
{
	hidp_status s = check(model, weights, options, xnnpack_out, diagnostic);
	if (s != HIDP_OK)
		return s;
	/* once for the whole process, whoever is first; later calls change nothing */
	enum xnn_status ready = xnn_initialize(NULL);
	if (ready != xnn_status_success)
		return xnnpack__fail(diagnostic, xnnpack__status(ready), "kernels",
		                     "XNNPACK cannot be used here (status %d)", (int)ready);
	struct hidp_xnnpack *xnnpack = calloc(1, sizeof *xnnpack);
	if (xnnpack == NULL)
		return xnnpack__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	s = xnnpack__threads_init(xnnpack);
	if (s != HIDP_OK) {
		free(xnnpack);
		return xnnpack__fail(diagnostic, s, "kernels",
		                     "this process has no place for a value per thread left");
	}
	union {
		const struct hidp_model *given;
		struct hidp_model *counted;
	} m = {model}; /* a count is all that a reference changes */
	xnnpack->model = hidp_model_ref(m.counted);
	xnnpack->weights = *weights;
	xnnpack->weights_user_data = weights_user_data;
	*xnnpack_out = xnnpack;
	return HIDP_OK;
}

void hidp_xnnpack_destroy(struct hidp_xnnpack *xnnpack)
{
	if (xnnpack == NULL)
		return;
	xnnpack__threads_clear(xnnpack);
	hidp_model_unref(xnnpack->model);
	free(xnnpack);
}

/* All ops but custom ones, on fp32 alone. */
hidp_status xnnpack__supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                              struct hidp_diagnostic *diagnostic)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT, from = HIDP_LAYER_INFO_INIT;
	hidp_status s = hidp_model_layer(model, layer, &info);
	(void)user_data;
	if (s != HIDP_OK)
		return xnnpack__fail(diagnostic, HIDP_ERR_UNSUPPORTED, "model",
		                     "there is no layer %u", layer);
	if (info.op == HIDP_OP_INPUT || info.op == HIDP_OP_CUSTOM || info.op > HIDP_OP_EMBEDDING)
		return xnnpack__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                     "op %u is not among these kernels", info.op);
	if (info.dtype != HIDP_DTYPE_FP32)
		return xnnpack__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                     "these kernels compute in fp32 only");
	for (uint32_t i = 0; i < info.input_count; i++) {
		hidp_layer_id input;
		s = hidp_model_layer_input(model, layer, i, &input, NULL, NULL);
		if (s == HIDP_OK)
			s = hidp_model_layer(model, input, &from);
		if (s != HIDP_OK || from.dtype != HIDP_DTYPE_FP32)
			return xnnpack__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
			                     "its input %u is not in fp32", i);
	}
	return HIDP_OK;
}

const struct hidp_kernels *hidp_xnnpack_kernels(void)
{
	static const struct hidp_kernels kernels = {
		sizeof kernels,   HIDP_PLUGIN_ABI, "xnnpack",        xnnpack__supports,
		xnnpack__prepare, xnnpack__run,    xnnpack__release, xnnpack__enter,
	};
	return &kernels;
}
