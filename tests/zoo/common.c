/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <check.h>

struct hidp_context *context;

void set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
}

void tear_down(void)
{
	hidp_context_unref(context);
}

struct hidp_model *build(const char *name, struct zoo_options options)
{
	struct hidp_model *model = NULL;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	hidp_status s = zoo_build(context, name, &options, &model, &d);
	ck_assert_msg(s == HIDP_OK, "%s: %s: %s", name, d.subject, d.message);
	return model;
}

struct hidp_layer_info info_of(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
	ck_assert_int_eq(hidp_model_layer(model, layer, &info), HIDP_OK);
	return info;
}

struct hidp_layer_desc part_of(const struct hidp_model *model, hidp_layer_id layer, uint32_t part)
{
	struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
	ck_assert_int_eq(hidp_model_part(model, layer, part, &desc), HIDP_OK);
	return desc;
}
