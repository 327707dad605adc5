/* SPDX-License-Identifier: MIT */
#include <hidp/hidp.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

uint32_t hidp_version(void)
{
	return HIDP_VERSION;
}

const char *hidp_version_string(void)
{
	return TEXT(HIDP_VERSION_MAJOR) "." TEXT(HIDP_VERSION_MINOR) "." TEXT(HIDP_VERSION_PATCH);
}

bool hidp_feature_supported(hidp_feature feature, uint32_t value)
{
	switch (feature) {
	case HIDP_FEATURE_OP:
		return value >= HIDP_OP_INPUT && value <= HIDP_OP_EMBEDDING;
	case HIDP_FEATURE_OP_CLASS:
		return value < HIDP_CLASS_COUNT;
	case HIDP_FEATURE_DTYPE:
		return value <= HIDP_DTYPE_INT8;
	case HIDP_FEATURE_OBJECTIVE:
		return value <= HIDP_OBJECTIVE_WEIGHTED;
	case HIDP_FEATURE_STRATEGY:
		return value <= HIDP_STRATEGY_SINGLE;
	case HIDP_FEATURE_STAGE_KIND:
		return value >= HIDP_STAGE_SINGLE && value <= HIDP_STAGE_REPLICA;
	case HIDP_FEATURE_STEP_KIND:
		return value >= HIDP_STEP_SINGLE && value <= HIDP_STEP_BRANCH;
	case HIDP_FEATURE_COMPONENT:
		return value == HIDP_COMPONENT_JSON && HIDP_WITH_JSON;
	default:
		return false;
	}
}
