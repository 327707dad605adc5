/* SPDX-License-Identifier: MIT */
/* The documents of the tree: examples of the specification, golden files, boards. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "formats.h"
#include "same.h"

/* Does the text have this format? */
static bool is_a(const char *text, const char *format)
{
	char member[64];
	snprintf(member, sizeof member, "\"format\": \"%s\"", format);
	const char *first = strstr(text, "\"format\"");
	return first != NULL && strncmp(first, member, strlen(member)) == 0;
}

/* A profile by any name is the text that user_data points to. */
static hidp_status the_profile(void *user_data, const char *name, const char **text_out,
                               size_t *length_out)
{
	(void)name;
	*text_out = user_data;
	*length_out = strlen(user_data);
	return HIDP_OK;
}

/* A cluster of the node alone. */
static struct hidp_cluster *one_node(char *profile)
{
	static const char text[] = "{\"format\": \"hidp-cluster\", \"version\": 1, \"nodes\": "
	                           "[{\"profile\": \"it\"}]}";
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *c = NULL;
	hidp_status s = hidp_cluster_from_json(context, text, sizeof text - 1, the_profile, profile,
	                                       &c, &said);
	ck_assert_msg(s == HIDP_OK, "line %u column %u: [%s] %s", said.line, said.column,
	              said.subject, said.message);
	return c;
}

static void close_to(const json_t *object, const char *key, double is)
{
	double stated = json_number_value(json_object_get(object, key));
	ck_assert_msg(json_is_number(json_object_get(object, key)) &&
	                      fabs(is - stated) <= 1e-9 * fabs(stated),
	              "%s is %.17g, the document says %.17g", key, is, stated);
}

/* The figures that a document states are those that its plan has. */
static void check_figures(const char *text, const struct hidp_plan *plan)
{
	json_t *root = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(root);
	const json_t *figures = json_object_get(root, "figures"), *nodes, *media;
	struct hidp_plan_figures f = HIDP_PLAN_FIGURES_INIT;
	ck_assert_ptr_nonnull(figures);
	hidp_plan_get_figures(plan, &f);
	close_to(figures, "latency_s", f.latency_s);
	close_to(figures, "period_s", f.period_s);
	close_to(figures, "energy_j", f.energy_j);
	close_to(figures, "objective", f.objective);
	close_to(figures, "migration_s", f.migration_s);
	close_to(figures, "migration_bytes", (double)f.migration_bytes);
	close_to(figures, "transfer_bytes", (double)f.transfer_bytes);
	nodes = json_object_get(figures, "nodes");
	ck_assert_uint_eq(json_array_size(nodes), hidp_cluster_node_count(hidp_plan_cluster(plan)));
	for (hidp_node_id n = 0; n < json_array_size(nodes); n++) {
		const json_t *node = json_array_get(nodes, n);
		struct hidp_node_figures nf = HIDP_NODE_FIGURES_INIT;
		hidp_plan_get_node_figures(plan, n, &nf);
		close_to(node, "memory_bytes", (double)nf.memory_bytes);
		close_to(node, "weight_bytes", (double)nf.weight_bytes);
		close_to(node, "transmit_s", nf.transmit_s);
		close_to(node, "receive_s", nf.receive_s);
		close_to(node, "energy_j", nf.energy_j);
		const json_t *processors = json_object_get(node, "processors");
		for (hidp_processor_id p = 0; p < json_array_size(processors); p++) {
			struct hidp_processor_figures pf = HIDP_PROCESSOR_FIGURES_INIT;
			hidp_plan_get_processor_figures(plan, n, p, &pf);
			close_to(json_array_get(processors, p), "memory_bytes",
			         (double)pf.memory_bytes);
			close_to(json_array_get(processors, p), "busy_s", pf.busy_s);
		}
	}
	media = json_object_get(figures, "media");
	for (hidp_medium_id m = 0; m < json_array_size(media); m++) {
		double busy_s = -1;
		hidp_plan_get_medium_busy(plan, m, &busy_s);
		close_to(json_array_get(media, m), "busy_s", busy_s);
	}
	json_decref(root);
}

/* Examples of costs are for the examples of models and clusters, the golden ones for those. */
static char *read_other(const char *folder, const char *what)
{
	char path[128];
	snprintf(path, sizeof path,
	         strcmp(folder, "doc/formats") == 0 ? "%s/%s.md" : "%s/%s-v1.json", folder, what);
	char *text = formats_read(path, NULL), *begin = strstr(text, "\n```json\n");
	if (begin != NULL) {
		begin += strlen("\n```json\n");
		*strstr(begin, "\n```\n") = '\0';
		memmove(text, begin, strlen(begin) + 1);
	}
	return text;
}

static char *check_cost(const char *text, const char *folder, struct formats_profiles *profiles)
{
	char *model_text = read_other(folder, "model");
	char *cluster_text = read_other(folder, "cluster");
	struct hidp_model *m = formats_model(model_text, strlen(model_text));
	struct hidp_cluster *c = formats_cluster(cluster_text, strlen(cluster_text), profiles);
	struct hidp_cost *cost = formats_cost(m, c, text, strlen(text));
	char *written = formats_write_cost(m, c, cost);
	struct hidp_cost *again = formats_cost(m, c, written, strlen(written));
	same_costs(m, c, cost, again);
	hidp_cost_unref(cost);
	hidp_cost_unref(again);
	hidp_cluster_unref(c);
	hidp_model_unref(m);
	free(model_text);
	free(cluster_text);
	return written;
}

/* Reads a document of any format, writes it and reads that again. */
static void check_document(char *text, const char *folder, const char *profiles_folder)
{
	struct formats_profiles profiles = {.folder = profiles_folder};
	size_t length = strlen(text);
	char *written = NULL;
	if (is_a(text, "hidp-model")) {
		struct hidp_model *m = formats_model(text, length);
		written = formats_write_model(m);
		struct hidp_model *again = formats_model(written, strlen(written));
		same_models(m, again);
		hidp_model_unref(m);
		hidp_model_unref(again);
	} else if (is_a(text, "hidp-cluster") || is_a(text, "hidp-node")) {
		struct hidp_cluster *c = is_a(text, "hidp-node")
		                                 ? one_node(text)
		                                 : formats_cluster(text, length, &profiles);
		written = formats_write_cluster(c);
		struct hidp_cluster *again = formats_cluster(written, strlen(written), NULL);
		same_clusters(c, again);
		hidp_cluster_unref(c);
		hidp_cluster_unref(again);
	} else if (is_a(text, "hidp-cost")) {
		written = check_cost(text, folder, &profiles);
	} else {
		ck_assert(is_a(text, "hidp-plan"));
		struct hidp_plan *p = formats_plan(text, length);
		check_figures(text, p);
		written = formats_write_plan(p);
		struct hidp_plan *again = formats_plan(written, strlen(written));
		same_plans(p, again);
		hidp_plan_unref(p);
		hidp_plan_unref(again);
	}
	free(written);
	formats_profiles_free(&profiles);
}

static const struct {
	const char *page;
	size_t examples;
} pages[] = {
        {"doc/formats/model.md", 2},
        {"doc/formats/cluster.md", 2},
        {"doc/formats/cost.md", 1},
        {"doc/formats/plan.md", 1},
};

START_TEST(examples_of_the_specification_are_right)
{
	static const char begin[] = "\n```json\n", end[] = "\n```\n";
	char *page = formats_read(pages[_i].page, NULL), *at = page;
	size_t examples = 0;
	while ((at = strstr(at, begin)) != NULL) {
		at += strlen(begin);
		char *stop = strstr(at, end);
		ck_assert_ptr_nonnull(stop);
		*stop = '\0';
		check_document(at, "doc/formats", "examples/boards");
		at = stop + 1;
		examples++;
	}
	ck_assert_uint_eq(examples, pages[_i].examples);
	free(page);
}
END_TEST

/* The cluster strings of the specification, indented lines that have a '|' and no '='. */
START_TEST(the_cluster_string_of_the_specification_is_right)
{
	static const char example[] = "2*cpu:50,gpu:400; cpu:20 | lan 940M 0.25ms";
	char *page = formats_read("doc/formats/cluster.md", NULL);
	ck_assert_ptr_nonnull(strstr(page, example));
	ck_assert_int_eq(formats_try(FORMATS_STRING, example, strlen(example), NULL), HIDP_OK);
	free(page);
}
END_TEST

/* Documents as releases wrote them; they are never changed, and read for ever. */
static const char *const golden[] = {
        "tests/formats/golden/model-v1.json",
        "tests/formats/golden/cluster-v1.json",
        "tests/formats/golden/node-v1.json",
        "tests/formats/golden/cost-v1.json",
        "tests/formats/golden/plan-v1.json",
        "tests/formats/golden/plan-stream-v1.json",
};

START_TEST(golden_files_are_read)
{
	char *text = formats_read(golden[_i], NULL);
	check_document(text, "tests/formats/golden", "tests/formats/golden");
	free(text);
}
END_TEST

int main(void)
{
	TCase *tc = formats_case("documents");
	tcase_add_loop_test(tc, examples_of_the_specification_are_right, 0,
	                    sizeof pages / sizeof pages[0]);
	tcase_add_test(tc, the_cluster_string_of_the_specification_is_right);
	tcase_add_loop_test(tc, golden_files_are_read, 0, sizeof golden / sizeof golden[0]);
	return formats_run(tc);
}
