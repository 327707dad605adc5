/* SPDX-License-Identifier: MIT */
/* The object that kernels work on, and their table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onednn_priv.h"
#include "task.h"

#if DNNL_CPU_RUNTIME == DNNL_RUNTIME_OMP
/* Of the OpenMP runtime that oneDNN uses; its header belongs to a compiler, not to it. */
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int count);

int onednn__set_threads(int count)
{
	int before = omp_get_max_threads();
	if (before != count)
		omp_set_num_threads(count);
	return before;
}
#elif DNNL_CPU_RUNTIME == DNNL_RUNTIME_SEQ
int onednn__set_threads(int count)
{
	return count;
}
#else
#error "hidp-onednn wants oneDNN built with OpenMP, or without threads"
#endif

hidp_status onednn__fail(struct hidp_diagnostic *diagnostic, hidp_status status, const char *layer,
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

hidp_status onednn__status(dnnl_status_t status)
{
	return status == dnnl_out_of_memory ? HIDP_ERR_NOMEM : HIDP_ERR_UNSUPPORTED;
}

/* Options of which this library knows everything. */
static bool read_options(const struct hidp_onednn_options *given, uint32_t *flags)
{
	*flags = 0;
	if (given == NULL)
		return true;
	if (given->struct_size < sizeof *given ||
	    (given->flags & ~(uint32_t)HIDP_ONEDNN_NO_WINOGRAD))
		return false;
	const unsigned char *bytes = (const unsigned char *)given;
	for (uint32_t i = sizeof *given; i < given->struct_size; i++)
		if (bytes[i] != 0)
			return false;
	*flags = given->flags;
	return true;
}

hidp_status hidp_onednn_new(const struct hidp_model *model, const struct hidp_weights *weights,
                            void *weights_user_data, const struct hidp_onednn_options *options,
                            struct hidp_onednn **onednn_out, struct hidp_diagnostic *diagnostic)
{
	uint32_t flags;
	if (model == NULL || weights == NULL || onednn_out == NULL)
		return onednn__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                    "model, weights and the result must not be NULL");
	if (weights->abi != HIDP_PLUGIN_ABI || weights->struct_size < sizeof *weights ||
	    weights->get == NULL)
		return onednn__fail(diagnostic, HIDP_ERR_ABI, NULL,
		                    "the table of weights is of version %u, not %u", weights->abi,
		                    HIDP_PLUGIN_ABI);
	if (!read_options(options, &flags))
		return onednn__fail(diagnostic, HIDP_ERR_ABI, NULL,
		                    "the options ask for something unknown");
	struct hidp_onednn *onednn = calloc(1, sizeof *onednn);
	if (onednn == NULL)
		return onednn__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	dnnl_status_t status = dnnl_engine_create(&onednn->engine, dnnl_cpu, 0);
	if (status != dnnl_success) {
		free(onednn);
		return onednn__fail(diagnostic, onednn__status(status), NULL,
		                    "oneDNN has no engine for this processor (status %d)",
		                    (int)status);
	}
	union {
		const struct hidp_model *given;
		struct hidp_model *counted;
	} m = {model}; /* a count is all that a reference changes */
	onednn->model = hidp_model_ref(m.counted);
	onednn->weights = *weights;
	onednn->weights_user_data = weights_user_data;
	onednn->flags = flags;
	*onednn_out = onednn;
	return HIDP_OK;
}

void hidp_onednn_destroy(struct hidp_onednn *onednn)
{
	if (onednn == NULL)
		return;
	dnnl_engine_destroy(onednn->engine);
	hidp_model_unref(onednn->model);
	free(onednn);
}

size_t hidp_onednn_packed_bytes(const struct hidp_onednn *onednn)
{
	return onednn->packed_bytes;
}

/* All ops but custom ones, on fp32 alone. */
hidp_status onednn__supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT, from = HIDP_LAYER_INFO_INIT;
	hidp_status s = hidp_model_layer(model, layer, &info);
	(void)user_data;
	if (s != HIDP_OK)
		return onednn__fail(diagnostic, HIDP_ERR_UNSUPPORTED, NULL, "there is no layer %u",
		                    layer);
	if (info.op == HIDP_OP_INPUT || info.op == HIDP_OP_CUSTOM || info.op > HIDP_OP_EMBEDDING)
		return onednn__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                    "op %u is not among these kernels", info.op);
	if (info.dtype != HIDP_DTYPE_FP32)
		return onednn__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
		                    "these kernels compute in fp32 only");
	for (uint32_t i = 0; i < info.input_count; i++) {
		hidp_layer_id input;
		s = hidp_model_layer_input(model, layer, i, &input, NULL, NULL);
		if (s == HIDP_OK)
			s = hidp_model_layer(model, input, &from);
		if (s != HIDP_OK || from.dtype != HIDP_DTYPE_FP32)
			return onednn__fail(diagnostic, HIDP_ERR_UNSUPPORTED, info.name,
			                    "its input %u is not in fp32", i);
	}
	return HIDP_OK;
}

static hidp_status enter(void *user_data, uint32_t core_count)
{
	(void)user_data;
	onednn__set_threads(core_count > 1 ? (int)core_count : 1);
	return HIDP_OK;
}

const struct hidp_kernels *hidp_onednn_kernels(void)
{
	static const struct hidp_kernels kernels = {
		sizeof kernels,  HIDP_PLUGIN_ABI, "onednn",        onednn__supports,
		onednn__prepare, onednn__run,     onednn__release, enter,
	};
	return &kernels;
}
