/* SPDX-License-Identifier: MIT */
#include "xnnpack_plugin.h"

#include <hidp-xnnpack.h>

static hidp_status create(const struct hidp_model *model, const struct hidp_weights *weights,
                          void *weights_user_data, void **object_out,
                          struct hidp_diagnostic *diagnostic)
{
	struct hidp_xnnpack *xnnpack;
	hidp_status s =
		hidp_xnnpack_new(model, weights, weights_user_data, NULL, &xnnpack, diagnostic);
	if (s == HIDP_OK)
		*object_out = xnnpack;
	return s;
}

static void destroy(void *object)
{
	hidp_xnnpack_destroy(object);
}

const struct kernels_plugin xnnpack_plugin = {
	.create = create,
	.destroy = destroy,
	.table = hidp_xnnpack_kernels,
	.tolerance = 2e-5,
	.complete = true,
};
