/* SPDX-License-Identifier: MIT */
#include "model_help.h"

#include <string.h>

struct hidp_context *context;
struct hidp_model_builder *builder;
struct hidp_diagnostic said;

void model_set_up(void)
{
	ck_assert_int_eq(hidp_context_new(NULL, &context), HIDP_OK);
	builder = NULL;
	begin(NULL);
}

void model_tear_down(void)
{
	hidp_model_builder_destroy(builder);
	hidp_context_unref(context);
}

void begin(const struct hidp_model_options *options)
{
	hidp_model_builder_destroy(builder);
	builder = NULL;
	ck_assert_int_eq(hidp_model_builder_new(context, options, &builder), HIDP_OK);
}

hidp_layer_id add(const struct hidp_layer_desc *desc)
{
	hidp_layer_id id = HIDP_LAYER_NONE;
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_model_builder_add(builder, desc, &id, &said);
	ck_assert_msg(s == HIDP_OK, "%s: %s", said.subject, said.message);
	return id;
}

hidp_layer_id add_input(int64_t batch, int64_t channels, int64_t rows, int64_t width)
{
	return add(LAYER(.op = HIDP_OP_INPUT, .shape = {batch, channels, rows, width}));
}

struct hidp_model *seal(void)
{
	struct hidp_model *model = NULL;
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_model_builder_seal(builder, &model, &said);
	ck_assert_msg(s == HIDP_OK, "%s: %s", said.subject, said.message);
	ck_assert_ptr_nonnull(model);
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

hidp_layer_id find(const struct hidp_model *model, const char *name, uint32_t *part)
{
	hidp_layer_id layer = HIDP_LAYER_NONE;
	ck_assert_msg(hidp_model_find(model, name, &layer) == HIDP_OK, "no layer %s", name);
	uint32_t p = 0, count = info_of(model, layer).part_count;
	while (p < count && strcmp(part_of(model, layer, p).name, name) != 0)
		p++;
	ck_assert_msg(p < count, "%s is not in its layer", name);
	if (part != NULL)
		*part = p;
	return layer;
}

static void check_said(hidp_status status, const char *subject, const char *words)
{
	ck_assert_int_eq(said.status, status);
	ck_assert_str_eq(said.subject, subject);
	ck_assert_msg(strstr(said.message, words) != NULL, "%s: \"%s\" lacks \"%s\"", said.subject,
	              said.message, words);
}

void refuse_add(const struct hidp_layer_desc *desc, hidp_status status, const char *subject,
                const char *words)
{
	hidp_layer_id id = 12345;
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_model_builder_add(builder, desc, &id, &said);
	ck_assert_msg(s == status, "status %d, not %d (%s)", s, status, words);
	ck_assert_uint_eq(id, 12345);
	check_said(status, subject, words);
	ck_assert_int_eq(hidp_model_builder_add(builder, desc, NULL, NULL), status);
}

void refuse_seal(hidp_status status, const char *subject, const char *words)
{
	struct hidp_model *model = NULL;
	said = (struct hidp_diagnostic)HIDP_DIAGNOSTIC_INIT;
	hidp_status s = hidp_model_builder_seal(builder, &model, &said);
	ck_assert_msg(s == status, "status %d, not %d (%s)", s, status, words);
	ck_assert_ptr_null(model);
	check_said(status, subject, words);
	ck_assert_int_eq(hidp_model_builder_seal(builder, &model, NULL), status);
	ck_assert_ptr_null(model);
}

uint64_t random_state;

int64_t random_below(int64_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((random_state >> 33) % (uint64_t)n);
}
