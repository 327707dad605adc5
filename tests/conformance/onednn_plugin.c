/* SPDX-License-Identifier: MIT */
#include "onednn_plugin.h"

#include <hidp-onednn.h>

static hidp_status create_with(uint32_t flags, const struct hidp_model *model,
                               const struct hidp_weights *weights, void *weights_user_data,
                               void **object_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp_onednn_options options = HIDP_ONEDNN_OPTIONS_INIT;
	struct hidp_onednn *onednn;
	options.flags = flags;
	hidp_status s =
		hidp_onednn_new(model, weights, weights_user_data, &options, &onednn, diagnostic);
	if (s == HIDP_OK)
		*object_out = onednn;
	return s;
}

static hidp_status create(const struct hidp_model *model, const struct hidp_weights *weights,
                          void *weights_user_data, void **object_out,
                          struct hidp_diagnostic *diagnostic)
{
	return create_with(0, model, weights, weights_user_data, object_out, diagnostic);
}

static hidp_status create_direct(const struct hidp_model *model, const struct hidp_weights *weights,
                                 void *weights_user_data, void **object_out,
                                 struct hidp_diagnostic *diagnostic)
{
	return create_with(HIDP_ONEDNN_NO_WINOGRAD, model, weights, weights_user_data, object_out,
	                   diagnostic);
}

static void destroy(void *object)
{
	hidp_onednn_destroy(object);
}

const struct kernels_plugin onednn_plugin = {
	.create = create,
	.destroy = destroy,
	.table = hidp_onednn_kernels,
	.tolerance = 1e-4,
	.complete = true,
};

const struct kernels_plugin onednn_direct_plugin = {
	.create = create_direct,
	.destroy = destroy,
	.table = hidp_onednn_kernels,
	.tolerance = 2e-5,
	.complete = true,
};
