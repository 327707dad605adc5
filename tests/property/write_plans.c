/* SPDX-License-Identifier: MIT */
/* Writes random plans as JSON into a directory: write_plans COUNT DIRECTORY. */
#include <stdio.h>
#include <stdlib.h>

#include "random_instance.h"

static void write_plan(const struct hidp_plan *plan, const char *directory, uint64_t number)
{
	char path[4096];
	size_t length;
	support_must(hidp_plan_to_json(plan, NULL, 0, &length), NULL, "JSON");
	char *text = malloc(length + 1);
	support_must(hidp_plan_to_json(plan, text, length + 1, &length), NULL, "JSON");
	snprintf(path, sizeof path, "%s/%06llu.json", directory, (unsigned long long)number);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(text, 1, length, file) != length || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
	free(text);
}

int main(int argc, char **argv)
{
	struct random_params params;
	struct hidp_context *context;
	if (argc != 3)
		return 2;
	uint64_t count = strtoull(argv[1], NULL, 10), seed = support_seed("write_plans", 20250101);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	for (uint64_t i = 0; i < count; i++) {
		struct random_instance instance;
		struct hidp_plan *plan;
		struct rng rng;
		random_params_init(&params);
		params.dag = i % 3 != 0;
		params.transfers = i % 2 == 0;
		params.groups = i % 5 < 2;
		params.buffers = i % 4 < 2;
		params.contiguous = i % 7 == 3;
		if (i % 10 == 9) { /* some are larger */
			params.layers_max = 40;
			params.nodes_max = 7;
			params.rows_max = 60;
		}
		random_instance_init(&instance, context, &params, seed + i);
		rng_seed(&rng, ~(seed + i));
		if (random_plan(&instance, &rng, &plan) == HIDP_OK) {
			write_plan(plan, argv[2], i);
			hidp_plan_unref(plan);
		}
		random_instance_destroy(&instance);
	}
	hidp_context_unref(context);
	return 0;
}
