/* SPDX-License-Identifier: MIT */
/*
 * Computes a network of the zoo with the reference kernels:
 *
 *     dump NETWORK SIZE
 *
 * SIZE is the height of images, or the number of tokens; 0: the network's own. Into the current
 * directory go weights, input and output as raw floats, and index.txt, which says of every
 * array "name role offset dimensions ...", offsets and names being those of the file
 * data.bin and of the parts. Input and output are NHWC, dimensions batch, rows, width, channels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hidp-reference.h>

#include "random_instance.h"
#include "run_programs.h"
#include "zoo.h"

#define SEED 1
#define INPUT_SEED 2

struct dump {
	FILE *data, *index;
	uint64_t offset; /* elements written so far */
};

static void finish(bool good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

static void write_array(struct dump *d, const char *name, const char *role, const int64_t *dims,
                        unsigned dim_count, const float *values)
{
	size_t count = 1;
	fprintf(d->index, "%s %s %llu", name, role, (unsigned long long)d->offset);
	for (unsigned i = 0; i < dim_count; i++) {
		fprintf(d->index, " %lld", (long long)dims[i]);
		count *= (size_t)dims[i];
	}
	fprintf(d->index, "\n");
	finish(fwrite(values, sizeof *values, count, d->data) == count, "data.bin");
	d->offset += count;
}

static void write_tensor(struct dump *d, const char *role, const struct hidp_layer_info *info,
                         const float *values)
{
	const struct hidp_shape *s = &info->shape;
	const int64_t dims[4] = {s->batch, s->rows, s->width, s->channels};
	write_array(d, info->name, role, dims, 4, values);
}

static void write_weights(struct dump *d, const struct hidp_model *model,
                          struct zoo_weights *weights)
{
	static const char *const roles[] = {"", "weight", "bias", "scale", "shift", "constant"};
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(model, l, &info);
		for (uint32_t p = 0; p < info.part_count; p++) {
			struct zoo_array arrays[ZOO_ARRAYS_MAX];
			struct hidp_layer_desc desc = HIDP_LAYER_DESC_INIT;
			size_t count = 0, elements;
			const void *values;
			(void)hidp_model_part(model, l, p, &desc);
			support_must(zoo_arrays(model, l, p, arrays, &count), NULL, "arrays");
			for (size_t i = 0; i < count; i++) {
				support_must(zoo_weights_table()->get(weights, l, p, arrays[i].role,
				                                      &values, &elements),
				             NULL, "weights");
				write_array(d, desc.name, roles[arrays[i].role], arrays[i].dims,
				            arrays[i].dim_count, values);
			}
		}
	}
}

/* Room for input and output; the input is filled at random, with variance 1. */
static float **make_tensors(const struct hidp_model *model)
{
	const uint32_t count = hidp_model_layer_count(model);
	struct rng rng;
	float **tensors = calloc(count, sizeof *tensors);
	rng_seed(&rng, INPUT_SEED);
	for (hidp_layer_id l = 0; l < count; l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(model, l, &info);
		const size_t elements = info.output_bytes / sizeof **tensors;
		if (info.op != HIDP_OP_INPUT && (info.flags & HIDP_LAYER_OUTPUT) == 0)
			continue;
		tensors[l] = calloc(elements, sizeof **tensors);
		for (size_t i = 0; i < elements && info.op == HIDP_OP_INPUT; i++)
			tensors[l][i] = (float)((2 * rng_real(&rng) - 1) * 1.7320508);
	}
	return tensors;
}

static void compute(const struct hidp_model *model, const struct hidp_cluster *cluster,
                    struct zoo_weights *weights, float **tensors)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_reference *reference;
	struct hidp_plan *plan;
	struct runner *runner;
	support_must(hidp_reference_new(model, zoo_weights_table(), weights, &reference, &d), &d,
	             "kernels");
	support_must(runner_whole_plan(model, cluster, &plan, &d), &d, "plan");
	support_must(runner_new(plan, 0, hidp_reference_kernels(), reference, &runner, &d), &d,
	             "tasks");
	support_must(runner_run(runner, tensors, 0, &d), &d, "run");
	runner_free(runner);
	hidp_plan_unref(plan);
	hidp_reference_destroy(reference);
}

static void write_all(const struct hidp_model *model, struct zoo_weights *weights, float **tensors)
{
	struct dump d = {fopen("data.bin", "wb"), fopen("index.txt", "w"), 0};
	finish(d.data != NULL && d.index != NULL, "data.bin, index.txt");
	write_weights(&d, model, weights);
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		(void)hidp_model_layer(model, l, &info);
		if (tensors[l] != NULL)
			write_tensor(&d, info.op == HIDP_OP_INPUT ? "input" : "output", &info,
			             tensors[l]);
		free(tensors[l]);
	}
	finish(fclose(d.data) == 0, "data.bin");
	finish(fclose(d.index) == 0, "index.txt");
}

int main(int argc, char **argv)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct zoo_options options = {0};
	struct zoo_weights *weights;
	struct hidp_context *context;
	struct hidp_cluster *cluster;
	struct hidp_model *model;
	if (argc != 3) {
		fprintf(stderr, "usage: dump NETWORK SIZE\n");
		return 2;
	}
	options.image = options.tokens = strtoll(argv[2], NULL, 10);
	support_must(hidp_context_new(NULL, &context), NULL, "context");
	support_must(zoo_build(context, argv[1], &options, &model, &d), &d, "network");
	support_must(hidp_cluster_from_string(context, "cpu:10", &cluster, &d), &d, "cluster");
	support_must(zoo_weights_new(model, SEED, &weights), NULL, "weights");
	float **tensors = make_tensors(model);
	compute(model, cluster, weights, tensors);
	write_all(model, weights, tensors);
	free(tensors);
	zoo_weights_destroy(weights);
	hidp_model_unref(model);
	hidp_cluster_unref(cluster);
	hidp_context_unref(context);
	return 0;
}
