/* SPDX-License-Identifier: MIT */
#include "formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hidp_context *context;
static size_t blocks;

static void *count_alloc(void *user_data, size_t size, size_t alignment)
{
	(void)user_data;
	(void)alignment;
	blocks++;
	return malloc(size);
}

static void count_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	(void)user_data;
	(void)size;
	(void)alignment;
	blocks--;
	free(pointer);
}

static void set_up(void)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	options.alloc = count_alloc;
	options.free = count_free;
	blocks = 0;
	ck_assert_int_eq(hidp_context_new(&options, &context), HIDP_OK);
}

static void tear_down(void)
{
	hidp_context_unref(context);
	ck_assert_uint_eq(blocks, 0);
}

TCase *formats_case(const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	return tc;
}

int formats_run(TCase *tc)
{
	Suite *suite = suite_create("formats");
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

char *formats_read(const char *path, size_t *length_out)
{
	char name[1024];
	snprintf(name, sizeof name, "%s/%s", SOURCE_ROOT, path);
	FILE *file = fopen(name, "rb");
	ck_assert_msg(file != NULL, "%s cannot be opened", name);
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	ck_assert_int_ge(size, 0);
	rewind(file);
	char *text = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(fread(text, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	text[size] = '\0';
	if (length_out != NULL)
		*length_out = (size_t)size;
	return text;
}

hidp_status formats_profile(void *user_data, const char *name, const char **text_out,
                            size_t *length_out)
{
	struct formats_profiles *p = user_data;
	char path[512];
	snprintf(path, sizeof path, "%s/%s/%s.json", SOURCE_ROOT, p->folder, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return HIDP_ERR_ARGUMENT;
	fclose(file);
	ck_assert_uint_lt(p->count, sizeof p->texts / sizeof p->texts[0]);
	snprintf(path, sizeof path, "%s/%s.json", p->folder, name);
	*text_out = p->texts[p->count++] = formats_read(path, length_out);
	return HIDP_OK;
}

void formats_profiles_free(struct formats_profiles *profiles)
{
	while (profiles->count > 0)
		free(profiles->texts[--profiles->count]);
}

struct hidp_model *formats_cost_model(void)
{
	struct hidp_model_builder *builder;
	struct hidp_model *model = NULL;
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_layer_desc d = HIDP_LAYER_DESC_INIT;
	hidp_layer_id id;
	options.name = "net";
	ck_assert_int_eq(hidp_model_builder_new(context, &options, &builder), HIDP_OK);
	d.name = "image";
	d.op = HIDP_OP_INPUT;
	d.shape = (struct hidp_shape){1, 3, 8, 8};
	ck_assert_int_eq(hidp_model_builder_add(builder, &d, &id, NULL), HIDP_OK);
	hidp_layer_desc_init(&d, sizeof d);
	d.name = "conv";
	d.op = HIDP_OP_CONV;
	d.inputs = &id;
	d.input_count = 1;
	d.out_channels = 4;
	d.kernel[0] = d.kernel[1] = 1;
	ck_assert_int_eq(hidp_model_builder_add(builder, &d, &id, NULL), HIDP_OK);
	hidp_layer_desc_init(&d, sizeof d);
	d.name = "pool";
	d.op = HIDP_OP_MAX_POOL;
	d.inputs = &id;
	d.input_count = 1;
	d.kernel[0] = d.kernel[1] = 2;
	ck_assert_int_eq(hidp_model_builder_add(builder, &d, NULL, NULL), HIDP_OK);
	ck_assert_int_eq(hidp_model_builder_seal(builder, &model, NULL), HIDP_OK);
	hidp_model_builder_destroy(builder);
	return model;
}

struct hidp_cluster *formats_cost_cluster(void)
{
	static const struct {
		const char *node, *processors[3];
	} nodes[] = {{"box", {"cpu", "gpu"}}, {"pi", {"cpu"}}};
	struct hidp_cluster_builder *builder;
	struct hidp_cluster *cluster = NULL;
	ck_assert_int_eq(hidp_cluster_builder_new(context, &builder), HIDP_OK);
	for (hidp_node_id n = 0; n < 2; n++) {
		struct hidp_node_desc node = HIDP_NODE_DESC_INIT;
		node.name = nodes[n].node;
		ck_assert_int_eq(hidp_cluster_builder_add_node(builder, &node, NULL, NULL),
		                 HIDP_OK);
		for (const char *const *p = nodes[n].processors; *p != NULL; p++) {
			struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
			d.name = *p;
			d.rate_flops[HIDP_CLASS_CONV] = 1e9;
			d.rate_flops[HIDP_CLASS_ELEMENTWISE] = 1e9;
			ck_assert_int_eq(
			        hidp_cluster_builder_add_processor(builder, n, &d, NULL, NULL),
			        HIDP_OK);
		}
	}
	ck_assert_int_eq(hidp_cluster_builder_seal(builder, &cluster, NULL), HIDP_OK);
	hidp_cluster_builder_destroy(builder);
	return cluster;
}

/* Reads costs for the model and the cluster above. */
static hidp_status try_cost(const char *text, size_t length, struct hidp_cost **cost_out,
                            struct hidp_diagnostic *diagnostic)
{
	struct hidp_model *model = formats_cost_model();
	struct hidp_cluster *cluster = formats_cost_cluster();
	hidp_status s = hidp_cost_from_json(model, cluster, text, length, cost_out, diagnostic);
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
	return s;
}

hidp_status formats_try(enum formats_kind kind, const char *text, size_t length,
                        struct hidp_diagnostic *diagnostic)
{
	struct formats_profiles profiles = {.folder = "tests/formats/profiles"};
	struct hidp_model *model = NULL;
	struct hidp_cluster *cluster = NULL;
	struct hidp_plan *plan = NULL;
	struct hidp_cost *cost = NULL;
	hidp_status s = HIDP_ERR_ARGUMENT;
	/* no longer than it is, so that tools see a byte read behind it */
	char *exact = malloc(length + (length == 0));
	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, length);
	switch (kind) {
	case FORMATS_MODEL:
		s = hidp_model_from_json(context, exact, length, 0, &model, diagnostic);
		break;
	case FORMATS_CLUSTER:
		s = hidp_cluster_from_json(context, exact, length, formats_profile, &profiles,
		                           &cluster, diagnostic);
		break;
	case FORMATS_PLAN:
		s = hidp_plan_from_json(context, exact, length, &plan, diagnostic);
		break;
	case FORMATS_COST:
		s = try_cost(exact, length, &cost, diagnostic);
		break;
	case FORMATS_STRING:
		s = hidp_cluster_from_string(context, text, &cluster, diagnostic);
		break;
	}
	/* outputs are untouched on failure */
	ck_assert_int_eq(s == HIDP_OK,
	                 model != NULL || cluster != NULL || plan != NULL || cost != NULL);
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
	hidp_plan_unref(plan);
	hidp_cost_unref(cost);
	formats_profiles_free(&profiles);
	free(exact);
	return s;
}

void formats_refuse(enum formats_kind kind, const struct refusal *refusal)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	size_t length = strlen(refusal->text);
	char *text = malloc(length + 1);
	ck_assert_ptr_nonnull(text);
	memcpy(text, refusal->text, length + 1);
	unsigned line = 0, column = 0;
	char *mark = strchr(text, '@');
	if (mark != NULL) {
		memmove(mark, mark + 1, strlen(mark));
		length--;
		line = column = 1;
		for (const char *c = text; c < mark; c++) {
			if (*c == '\n') {
				line++;
				column = 1;
			} else if (((unsigned char)*c & 0xc0) != 0x80) {
				column++;
			}
		}
	}
	hidp_status s = formats_try(kind, text, length, &said);
	ck_assert_msg(s == refusal->status && said.status == s,
	              "status %d and %d, not %d: [%s] %s\n%.200s", s, said.status, refusal->status,
	              said.subject, said.message, text);
	ck_assert_msg(said.line == line && said.column == column,
	              "line %u column %u, not %u and %u: [%s] %s\n%.200s", said.line, said.column, line,
	              column, said.subject, said.message, text);
	ck_assert_msg(strcmp(said.subject, refusal->subject) == 0, "subject is \"%s\": %s\n%.200s",
	              said.subject, said.message, text);
	ck_assert_msg(strstr(said.message, refusal->words) != NULL, "message is \"%s\", without \"%s\"",
	              said.message, refusal->words);
	/* a diagnostic is not asked for */
	ck_assert_int_eq(formats_try(kind, text, length, NULL), refusal->status);
	free(text);
}

struct hidp_model *formats_model(const char *text, size_t length)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_model *model = NULL;
	hidp_status s = hidp_model_from_json(context, text, length, 0, &model, &said);
	ck_assert_msg(s == HIDP_OK, "line %u column %u: [%s] %s", said.line, said.column,
	              said.subject, said.message);
	return model;
}

struct hidp_cluster *formats_cluster(const char *text, size_t length,
                                     struct formats_profiles *profiles)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	hidp_status s = hidp_cluster_from_json(context, text, length,
	                                       profiles != NULL ? formats_profile : NULL, profiles,
	                                       &cluster, &said);
	ck_assert_msg(s == HIDP_OK, "line %u column %u: [%s] %s", said.line, said.column,
	              said.subject, said.message);
	return cluster;
}

struct hidp_plan *formats_plan(const char *text, size_t length)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_plan *plan = NULL;
	hidp_status s = hidp_plan_from_json(context, text, length, &plan, &said);
	ck_assert_msg(s == HIDP_OK, "line %u column %u: [%s] %s", said.line, said.column,
	              said.subject, said.message);
	return plan;
}

struct hidp_cost *formats_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                               const char *text, size_t length)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cost *cost = NULL;
	hidp_status s = hidp_cost_from_json(model, cluster, text, length, &cost, &said);
	ck_assert_msg(s == HIDP_OK, "line %u column %u: [%s] %s", said.line, said.column,
	              said.subject, said.message);
	return cost;
}

/* Room for the whole text, filled in; the counting call must have counted right. */
#define WRITE(function, ...)                                                                       \
	size_t needed = 0, again = 0;                                                              \
	ck_assert_int_eq(function(__VA_ARGS__, NULL, 0, &needed), HIDP_OK);                        \
	char *text = malloc(needed + 1);                                                           \
	ck_assert_ptr_nonnull(text);                                                               \
	ck_assert_int_eq(function(__VA_ARGS__, text, needed + 1, &again), HIDP_OK);                \
	ck_assert_uint_eq(again, needed);                                                          \
	ck_assert_uint_eq(strlen(text), needed);                                                   \
	return text

char *formats_write_model(const struct hidp_model *model)
{
	WRITE(hidp_model_to_json, model);
}

char *formats_write_cluster(const struct hidp_cluster *cluster)
{
	WRITE(hidp_cluster_to_json, cluster);
}

char *formats_write_plan(const struct hidp_plan *plan)
{
	WRITE(hidp_plan_to_json, plan);
}

char *formats_write_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                         const struct hidp_cost *cost)
{
	WRITE(hidp_cost_to_json, model, cluster, cost);
}
