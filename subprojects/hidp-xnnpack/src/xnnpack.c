/* SPDX-License-Identifier: MIT */
/* The object that kernels work on, and their table. */
#include <stdlib.h>

#include "task.h"
#include "threads.h"

hidp_status xnnpack__status(enum xnn_status status)
{
	return status == xnn_status_out_of_memory ? HIDP_ERR_NOMEM : HIDP_ERR_UNSUPPORTED;
}

hidp_status hidp_xnnpack_new(const struct hidp_model *model, const struct hidp_weights *weights,
                             void *weights_user_data, const struct hidp_xnnpack_options *options,
                             struct hidp_xnnpack **xnnpack_out, struct hidp_diagnostic *diagnostic)
{
	hidp_status s = kernels__check(model, weights, xnnpack_out, diagnostic);
	if (s == HIDP_OK)
		s = kernels__check_options(options, sizeof *options, 0, diagnostic);
	if (s != HIDP_OK)
		return s;
	/* once for the whole process, whoever is first; later calls change nothing */
	enum xnn_status ready = xnn_initialize(NULL);
	if (ready != xnn_status_success)
		return kernels__fail(diagnostic, xnnpack__status(ready), "kernels",
		                     "XNNPACK cannot be used here (status %d)", (int)ready);
	struct hidp_xnnpack *xnnpack = calloc(1, sizeof *xnnpack);
	if (xnnpack == NULL)
		return kernels__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	s = xnnpack__threads_init(xnnpack);
	if (s != HIDP_OK) {
		free(xnnpack);
		return kernels__fail(diagnostic, s, "kernels",
		                     "this process has no place for a value per thread left");
	}
	kernels__init(&xnnpack->kernels, model, weights, weights_user_data);
	*xnnpack_out = xnnpack;
	return HIDP_OK;
}

void hidp_xnnpack_destroy(struct hidp_xnnpack *xnnpack)
{
	if (xnnpack == NULL)
		return;
	xnnpack__threads_clear(xnnpack);
	kernels__clear(&xnnpack->kernels);
	free(xnnpack);
}

const struct hidp_kernels *hidp_xnnpack_kernels(void)
{
	static const struct hidp_kernels kernels = {
		sizeof kernels,   HIDP_PLUGIN_ABI, "xnnpack",        kernels__supports,
		xnnpack__prepare, xnnpack__run,    xnnpack__release, xnnpack__enter,
	};
	return &kernels;
}
