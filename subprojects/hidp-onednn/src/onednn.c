/* SPDX-License-Identifier: MIT */
/* The object that kernels work on, and their table. */
#include <stdlib.h>

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

hidp_status onednn__status(dnnl_status_t status)
{
	return status == dnnl_out_of_memory ? HIDP_ERR_NOMEM : HIDP_ERR_UNSUPPORTED;
}

hidp_status hidp_onednn_new(const struct hidp_model *model, const struct hidp_weights *weights,
                            void *weights_user_data, const struct hidp_onednn_options *options,
                            struct hidp_onednn **onednn_out, struct hidp_diagnostic *diagnostic)
{
	hidp_status s = kernels__check(model, weights, onednn_out, diagnostic);
	if (s == HIDP_OK)
		s = kernels__check_options(options, sizeof *options, HIDP_ONEDNN_NO_WINOGRAD,
		                           diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp_onednn *onednn = calloc(1, sizeof *onednn);
	if (onednn == NULL)
		return kernels__fail(diagnostic, HIDP_ERR_NOMEM, "kernels", "out of memory");
	dnnl_status_t status = dnnl_engine_create(&onednn->engine, dnnl_cpu, 0);
	if (status != dnnl_success) {
		free(onednn);
		return kernels__fail(diagnostic, onednn__status(status), "kernels",
		                     "oneDNN has no engine for this processor (status %d)",
		                     (int)status);
	}
	kernels__init(&onednn->kernels, model, weights, weights_user_data);
	onednn->flags = options != NULL ? options->flags : 0;
	*onednn_out = onednn;
	return HIDP_OK;
}

void hidp_onednn_destroy(struct hidp_onednn *onednn)
{
	if (onednn == NULL)
		return;
	dnnl_engine_destroy(onednn->engine);
	kernels__clear(&onednn->kernels);
	free(onednn);
}

size_t hidp_onednn_packed_bytes(const struct hidp_onednn *onednn)
{
	return onednn->packed_bytes;
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
		sizeof kernels,  HIDP_PLUGIN_ABI, "onednn",        kernels__supports,
		onednn__prepare, onednn__run,     onednn__release, enter,
	};
	return &kernels;
}
