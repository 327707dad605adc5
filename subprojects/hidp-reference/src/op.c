/* SPDX-License-Identifier: MIT */
#include "op.h"

const struct op *hidp_reference__op(hidp_op op)
{
	switch (op) {
	case HIDP_OP_CONV:
		return &hidp_reference__conv;
	case HIDP_OP_DENSE:
		return &hidp_reference__dense;
	case HIDP_OP_MATMUL:
		return &hidp_reference__matmul;
	case HIDP_OP_MAX_POOL:
	case HIDP_OP_AVERAGE_POOL:
		return &hidp_reference__pool;
	case HIDP_OP_GLOBAL_POOL:
		return &hidp_reference__global_pool;
	case HIDP_OP_ACTIVATION:
		return &hidp_reference__activation;
	case HIDP_OP_BINARY:
		return &hidp_reference__binary;
	case HIDP_OP_CONCAT:
		return &hidp_reference__concat;
	case HIDP_OP_SLICE:
		return &hidp_reference__slice;
	case HIDP_OP_PAD:
		return &hidp_reference__pad;
	case HIDP_OP_RESIZE:
		return &hidp_reference__resize;
	case HIDP_OP_BATCH_NORM:
		return &hidp_reference__batch_norm;
	case HIDP_OP_LAYER_NORM:
		return &hidp_reference__layer_norm;
	case HIDP_OP_SOFTMAX:
		return &hidp_reference__softmax;
	case HIDP_OP_ATTENTION:
		return &hidp_reference__attention;
	case HIDP_OP_RESHAPE:
	case HIDP_OP_FLATTEN:
		return &hidp_reference__reshape;
	case HIDP_OP_TRANSPOSE:
		return &hidp_reference__transpose;
	case HIDP_OP_EMBEDDING:
		return &hidp_reference__embedding;
	default:
		return NULL;
	}
}
