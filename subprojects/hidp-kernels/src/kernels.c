/* SPDX-License-Identifier: MIT */
#include "kernels/kernels.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

hidp_status kernels__fail(struct hidp_diagnostic *diagnostic, hidp_status status,
                          const char *subject, const char *format, ...)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	va_list args;
	if (diagnostic == NULL || diagnostic->struct_size < sizeof d)
		return status;
	d.struct_size = diagnostic->struct_size;
	d.status = status;
	snprintf(d.subject, sizeof d.subject, "%s", subject);
	va_start(args, format);
	vsnprintf(d.message, sizeof d.message, format, args);
	va_end(args);
	*diagnostic = d;
	return status;
}

hidp_status kernels__check(const struct hidp_model *model, const struct hidp_weights *weights,
                           const void *result, struct hidp_diagnostic *diagnostic)
{
	if (model == NULL || weights == NULL || result == NULL)
		return kernels__fail(diagnostic, HIDP_ERR_ARGUMENT, "kernels",
		                     "model, weights and the result must not be NULL");
	if (weights->abi != HIDP_PLUGIN_ABI || weights->struct_size < sizeof *weights ||
	    weights->get == NULL)
		return kernels__fail(diagnostic, HIDP_ERR_ABI, "weights",
		                     "the table of weights is of version %u, not %u", weights->abi,
		                     HIDP_PLUGIN_ABI);
	return HIDP_OK;
}

void kernels__init(struct kernels *kernels, const struct hidp_model *model,
                   const struct hidp_weights *weights, void *weights_user_data)
{
	union {
		const struct hidp_model *given;
		struct hidp_model *counted;
	} m = {model}; /* a count is all that a reference changes */
	kernels->model = hidp_model_ref(m.counted);
	kernels->weights = *weights;
	kernels->weights_user_data = weights_user_data;
}

void kernels__clear(struct kernels *kernels)
{
	hidp_model_unref(kernels->model);
}

/* How all options begin. */
struct head {
	uint32_t struct_size, flags;
};

hidp_status kernels__check_options(const void *options, size_t size, uint32_t flags,
                                   struct hidp_diagnostic *diagnostic)
{
	const unsigned char *bytes = options;
	struct head head;
	if (options == NULL)
		return HIDP_OK;
	memcpy(&head, options, sizeof head);
	bool known = head.struct_size >= size && (head.flags & ~flags) == 0;
	for (size_t i = size; known && i < head.struct_size; i++)
		known = bytes[i] == 0;
	return known ? HIDP_OK
	             : kernels__fail(diagnostic, HIDP_ERR_ABI, "options",
	                             "the options ask for something unknown");
}

hidp_status kernels__supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                              struct hidp_diagnostic *diagnostic)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT, from = HIDP_LAYER_INFO_INIT;
	hidp_status s = hidp_model_layer(model, layer, &info);
	(void)user_data;
	if (s != HIDP_OK)
		return kernels__fail(diagnostic, HIDP_ERR_UNSUPPORTED, "model",
		                     "there is no layer %u", layer);
	if (info.op == HIDP_OP_CUSTOM)
		return kernels__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                     "custom layers are not among these kernels");
	if (info.op == HIDP_OP_INPUT || info.op > HIDP_OP_EMBEDDING)
		return kernels__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                     "op %u is not among these kernels", info.op);
	if (info.dtype != HIDP_DTYPE_FP32)
		return kernels__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                     "these kernels compute in fp32 only");
	for (uint32_t i = 0; i < info.input_count; i++) {
		hidp_layer_id input;
		s = hidp_model_layer_input(model, layer, i, &input, NULL, NULL);
		if (s == HIDP_OK)
			s = hidp_model_layer(model, input, &from);
		if (s != HIDP_OK || from.dtype != HIDP_DTYPE_FP32)
			return kernels__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
			                     "its input %u is not in fp32", i);
	}
	return HIDP_OK;
}
