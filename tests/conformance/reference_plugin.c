/* SPDX-License-Identifier: MIT */
#include "reference_plugin.h"

#include <hidp-reference.h>

static hidp_status create(const struct hidp_model *model, const struct hidp_weights *weights,
                          void *weights_user_data, void **object_out,
                          struct hidp_diagnostic *diagnostic)
{
	struct hidp_reference *reference;
	hidp_status s =
		hidp_reference_new(model, weights, weights_user_data, &reference, diagnostic);
	if (s == HIDP_OK)
		*object_out = reference;
	return s;
}

static void destroy(void *object)
{
	hidp_reference_destroy(object);
}

const struct kernels_plugin reference_plugin = {
	.create = create,
	.destroy = destroy,
	.table = hidp_reference_kernels,
	.tolerance = 1e-5,
	.exact = true,
	.complete = true,
};
