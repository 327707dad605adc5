/* SPDX-License-Identifier: MIT */
#include "ready.h"

#include <string.h>

#if HAVE_ONEDNN
#include <hidp-onednn.h>
#endif
#if HAVE_XNNPACK
#include <hidp-xnnpack.h>
#endif

#if HAVE_ONEDNN
static hidp_status create_onednn(const struct hidp_model *model, struct zoo_weights *weights,
                                 bool direct, void **object_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp_onednn_options options = HIDP_ONEDNN_OPTIONS_INIT;
	struct hidp_onednn *onednn = NULL;
	options.flags = direct ? HIDP_ONEDNN_NO_WINOGRAD : 0;
	hidp_status s = hidp_onednn_new(model, zoo_weights_table(), weights, &options, &onednn,
	                                diagnostic);
	*object_out = onednn;
	return s;
}

static void destroy_onednn(void *object)
{
	hidp_onednn_destroy(object);
}
#endif

#if HAVE_XNNPACK
static hidp_status create_xnnpack(const struct hidp_model *model, struct zoo_weights *weights,
                                  bool direct, void **object_out,
                                  struct hidp_diagnostic *diagnostic)
{
	struct hidp_xnnpack *xnnpack = NULL;
	(void)direct; /* it always is */
	hidp_status s = hidp_xnnpack_new(model, zoo_weights_table(), weights, NULL, &xnnpack,
	                                 diagnostic);
	*object_out = xnnpack;
	return s;
}

static void destroy_xnnpack(void *object)
{
	hidp_xnnpack_destroy(object);
}
#endif

const struct ready_kernels *ready_kernels(const char *name)
{
	static const struct ready_kernels all[] = {
#if HAVE_ONEDNN
		{"onednn", "oneDNN", hidp_onednn_kernels, create_onednn, destroy_onednn, true},
#endif
#if HAVE_XNNPACK
		{"xnnpack", "XNNPACK", hidp_xnnpack_kernels, create_xnnpack, destroy_xnnpack,
	         false},
#endif
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (name == NULL || strcmp(all[i].name, name) == 0)
			return &all[i];
	bench_fail("--kernels %s: there are none of that name in this build", name);
}
