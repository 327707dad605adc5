/* SPDX-License-Identifier: MIT */
#include <hidp/status.h>

const char *hidp_status_string(hidp_status status)
{
	switch (status) {
	case HIDP_OK:
		return "ok";
	case HIDP_ERR_NOMEM:
		return "out of memory";
	case HIDP_ERR_ARGUMENT:
		return "argument out of range";
	case HIDP_ERR_ABI:
		return "struct not understood by this version of the library";
	case HIDP_ERR_MODEL:
		return "invalid model";
	case HIDP_ERR_CLUSTER:
		return "invalid cluster";
	case HIDP_ERR_COST:
		return "invalid cost source";
	case HIDP_ERR_PLAN:
		return "invalid plan";
	case HIDP_ERR_INFEASIBLE:
		return "no plan meets the limits";
	case HIDP_ERR_SYNTAX:
		return "syntax error";
	case HIDP_ERR_LIMIT:
		return "limit exceeded";
	case HIDP_ERR_UNSUPPORTED:
		return "not supported by this build";
	case HIDP_ERR_CLOSED:
		return "closed";
	case HIDP_ERR_TRANSPORT:
		return "transport failed";
	case HIDP_ERR_TIMEOUT:
		return "timed out";
	case HIDP_ERR_CANCELLED:
		return "cancelled";
	case HIDP_ERR_BUSY:
		return "busy";
	default:
		return "unknown status";
	}
}
