/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "fail.h"
#include "op.h"

static const char *role_name(hidp_weight_role role)
{
	switch (role) {
	case HIDP_WEIGHT_KERNEL:
		return "kernel";
	case HIDP_WEIGHT_BIAS:
		return "bias";
	case HIDP_WEIGHT_SCALE:
		return "scale";
	case HIDP_WEIGHT_SHIFT:
		return "shift";
	default:
		return "constant";
	}
}

hidp_status hidp_reference__lend(const struct source *source, hidp_weight_role role, int64_t count,
                                 const float **data_out)
{
	const void *data = NULL;
	size_t there = 0;
	hidp_status s = source->table->get(source->user_data, source->layer, source->part, role,
	                                   &data, &there);
	if (s == HIDP_ERR_NOMEM)
		return hidp_reference__fail(source->diagnostic, s, source->name,
		                            "no memory for its %s", role_name(role));
	if (s != HIDP_OK)
		return hidp_reference__fail(source->diagnostic, HIDP_ERR_MODEL, source->name,
		                            "there is no %s among the weights: %s", role_name(role),
		                            hidp_status_string(s));
	if ((uint64_t)there != (uint64_t)count || data == NULL)
		return hidp_reference__fail(source->diagnostic, HIDP_ERR_MODEL, source->name,
		                            "its %s has %zu elements, not %lld", role_name(role),
		                            data != NULL ? there : 0, (long long)count);
	if ((uintptr_t)data % sizeof **data_out != 0)
		return hidp_reference__fail(source->diagnostic, HIDP_ERR_MODEL, source->name,
		                            "its %s is not aligned", role_name(role));
	*data_out = data;
	return HIDP_OK;
}

hidp_status hidp_reference__pack(const struct source *source, struct part *part, int64_t count)
{
	if ((uint64_t)count <= SIZE_MAX / sizeof *part->packed)
		part->packed = calloc((size_t)count, sizeof *part->packed);
	if (part->packed == NULL)
		return hidp_reference__fail(source->diagnostic, HIDP_ERR_NOMEM, source->name,
		                            "no memory for %lld rearranged weights",
		                            (long long)count);
	return HIDP_OK;
}
