/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <stdlib.h>

#include "fail.h"

hidp_status hidp_reference_new(const struct hidp_model *model, const struct hidp_weights *weights,
                               void *weights_user_data, struct hidp_reference **reference_out,
                               struct hidp_diagnostic *diagnostic)
{
	if (model == NULL || weights == NULL || reference_out == NULL)
		return hidp_reference__fail(diagnostic, HIDP_ERR_ARGUMENT, "",
		                            "an argument is NULL");
	if (weights->struct_size < sizeof *weights || weights->abi != HIDP_PLUGIN_ABI)
		return hidp_reference__fail(diagnostic, HIDP_ERR_ABI, "weights",
		                            "the table is of version %u, not %u", weights->abi,
		                            HIDP_PLUGIN_ABI);
	if (weights->get == NULL)
		return hidp_reference__fail(diagnostic, HIDP_ERR_ARGUMENT, "weights",
		                            "the table has no get");
	uint32_t count = hidp_model_layer_count(model);
	struct hidp_reference *r = calloc(1, sizeof *r + count * sizeof *r->layers);
	if (r == NULL)
		return hidp_reference__fail(diagnostic, HIDP_ERR_NOMEM, "", "out of memory");
	/* the model stays as it is; only its references are counted */
	r->model = hidp_model_ref((struct hidp_model *)(uintptr_t)model);
	r->weights = *weights;
	r->weights_user_data = weights_user_data;
	r->layer_count = count;
	*reference_out = r;
	return HIDP_OK;
}

void hidp_reference_destroy(struct hidp_reference *reference)
{
	if (reference == NULL)
		return;
	for (uint32_t l = 0; l < reference->layer_count; l++)
		hidp_reference__layer_free(reference->layers[l]);
	hidp_model_unref(reference->model);
	free(reference);
}

hidp_status hidp_reference__want_layer(struct hidp_reference *reference, hidp_layer_id id,
                                       const struct layer **layer_out,
                                       struct hidp_diagnostic *diagnostic)
{
	struct hidp_reference *r = reference;
	hidp_status s = HIDP_OK;
	if (r->layers[id] == NULL) {
		s = hidp_reference__layer_supported(r->model, id, diagnostic);
		if (s == HIDP_OK)
			s = hidp_reference__layer_load(r->model, id, &r->weights,
			                               r->weights_user_data, &r->layers[id],
			                               diagnostic);
	}
	if (s == HIDP_OK)
		*layer_out = r->layers[id];
	return s;
}

static hidp_status supports(void *user_data, const struct hidp_model *model, hidp_layer_id layer,
                            struct hidp_diagnostic *diagnostic)
{
	(void)user_data;
	return hidp_reference__layer_supported(model, layer, diagnostic);
}

const struct hidp_kernels *hidp_reference_kernels(void)
{
	static const struct hidp_kernels kernels = {
		.struct_size = sizeof kernels,
		.abi = HIDP_PLUGIN_ABI,
		.name = "reference",
		.supports = supports,
		.prepare = hidp_reference__prepare,
		.run = hidp_reference__run,
		.release = hidp_reference__release,
	};
	return &kernels;
}
