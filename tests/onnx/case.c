/* SPDX-License-Identifier: MIT */
#include "case.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random_instance.h"
#include "run_programs.h"

static char *path_in(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static bool read_array(struct onnx_case *c, struct array *array, const char *name,
                       const char *file)
{
	size_t length, ignored;
	char *path = path_in(c->folder, file);
	snprintf(array->name, sizeof array->name, "%s", name);
	array->file = read_file(path, &length);
	bool ok = array->file != NULL && npy_parse(path, array->file, length, &array->npy);
	if (ok) {
		array->count = array->npy.bytes / number_bytes(array->npy.type);
		array->values = malloc((array->count + 1) * sizeof *array->values);
		/* whole numbers that fp32 does not have are rounded */
		size_t from = 0, size = number_bytes(array->npy.type);
		while (from < array->count &&
		       !numbers_to_fp32(array->npy.type,
		                        (const char *)array->npy.data + from * size,
		                        array->count - from, array->values + from, &ignored))
			from += ignored + 1;
	}
	free(path);
	return ok;
}

static bool read_line(struct onnx_case *c, const char *word, const char *first, const char *second)
{
	double *number = strcmp(word, "bar") == 0        ? &c->bar
	                 : strcmp(word, "relative") == 0 ? &c->relative
	                 : strcmp(word, "absolute") == 0 ? &c->absolute
	                                                 : NULL;
	if (number != NULL) {
		*number = strtod(first, NULL);
		return true;
	}
	if (strcmp(word, "dim") == 0 && c->dim_count < CASE_DIMS_MAX) {
		char *name = c->dim_names[c->dim_count];
		snprintf(name, sizeof c->dim_names[0], "%s", first);
		c->dims[c->dim_count++] =
			(struct hidp_onnx_dim){name, strtoll(second, NULL, 10)};
		return true;
	}
	if (strcmp(word, "input") == 0 && c->input_count < CASE_ARRAYS_MAX)
		return read_array(c, &c->inputs[c->input_count++], first, second);
	if (strcmp(word, "output") == 0 && c->output_count < CASE_ARRAYS_MAX)
		return read_array(c, &c->outputs[c->output_count++], first, second);
	fprintf(stderr, "%s: %s %s is not understood\n", c->folder, word, first);
	return false;
}

bool case_read(struct onnx_case *c, const char *folder)
{
	char line[1024], word[16], first[256], second[256];
	*c = (struct onnx_case){.folder = folder};
	char *path = path_in(folder, "index.txt");
	FILE *file = fopen(path, "r");
	bool ok = file != NULL;
	if (!ok)
		perror(path);
	while (ok && fgets(line, sizeof line, file) != NULL) {
		second[0] = '\0';
		ok = sscanf(line, "%15s %255s %255s", word, first, second) >= 2 &&
		     read_line(c, word, first, second);
	}
	if (file != NULL)
		fclose(file);
	free(path);
	return ok;
}

static void free_arrays(struct array *arrays, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		free(arrays[i].file);
		free(arrays[i].values);
	}
}

void case_free(struct onnx_case *c)
{
	uint32_t layers = c->tensors != NULL ? hidp_model_layer_count(c->model) : 0;
	for (uint32_t l = 0; l < layers; l++)
		free(c->tensors[l]);
	free(c->tensors);
	hidp_onnx_destroy(c->onnx);
	free_arrays(c->inputs, c->input_count);
	free_arrays(c->outputs, c->output_count);
}

static hidp_status misfit(struct hidp_diagnostic *d, const char *name, const char *what,
                          const struct hidp_onnx_tensor *t, const struct array *a)
{
	char wanted[320], given[320];
	d->status = HIDP_ERR_ARGUMENT;
	snprintf(d->subject, sizeof d->subject, "%.100s", name);
	snprintf(d->message, sizeof d->message, "%s: %.90s in the model, %.90s in the file", what,
	         npy_shape(t->rank, t->dims, wanted), npy_shape(a->npy.rank, a->npy.dims, given));
	return d->status;
}

static bool same_shape(const struct hidp_onnx_tensor *t, const struct array *a)
{
	return t->rank == a->npy.rank &&
	       memcmp(t->dims, a->npy.dims, t->rank * sizeof t->dims[0]) == 0;
}

hidp_status case_open(struct onnx_case *c, struct hidp_context *context, struct hidp_diagnostic *d)
{
	struct hidp_onnx_options options = HIDP_ONNX_OPTIONS_INIT;
	options.dims = c->dims;
	options.dim_count = c->dim_count;
	char *path = path_in(c->folder, "model.onnx");
	hidp_status s = hidp_onnx_open(context, path, &options, &c->onnx, d);
	free(path);
	if (s != HIDP_OK)
		return s;
	struct hidp_model *model = c->model = hidp_onnx_model(c->onnx);
	if (model == NULL)
		return HIDP_OK;
	c->tensors = calloc(hidp_model_layer_count(model), sizeof *c->tensors);
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(model, l, &info);
		if (info.op == HIDP_OP_INPUT || (info.flags & HIDP_LAYER_OUTPUT) != 0)
			c->tensors[l] = calloc(1, (size_t)info.output_bytes + 1);
	}
	return HIDP_OK;
}

hidp_status case_give(struct onnx_case *c, struct hidp_diagnostic *d)
{
	struct hidp_onnx_tensor t = HIDP_ONNX_TENSOR_INIT;
	uint32_t count = hidp_onnx_input_count(c->onnx);
	for (uint32_t i = 0; i < count; i++) {
		hidp_onnx_input(c->onnx, i, &t);
		const struct array *a = &c->inputs[i];
		if (i >= c->input_count || strcmp(a->name, t.name) != 0 || !same_shape(&t, a))
			return misfit(d, t.name, "the input does not fit", &t, a);
		if (t.layer == HIDP_LAYER_NONE)
			continue;
		hidp_status s = hidp_onnx_to_layer(c->onnx, i, a->values, c->tensors[t.layer]);
		if (s != HIDP_OK)
			return misfit(d, t.name, "the input is not taken", &t, a);
	}
	return count == c->input_count ? HIDP_OK
	                               : misfit(d, t.name != NULL ? t.name : "model",
	                                        "inputs are missing after this", &t,
	                                        &c->inputs[0]);
}

hidp_status case_kernels(const struct onnx_case *c, const struct kernels_plugin *plugin,
                         void **object_out, struct hidp_diagnostic *d)
{
	const struct hidp_kernels *table = plugin->table();
	const struct hidp_model *model = c->model;
	void *object;
	hidp_status s = plugin->create(model, hidp_onnx_weights(), c->onnx, &object, d);
	for (hidp_layer_id l = 0; s == HIDP_OK && l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(model, l, &info);
		if (info.op != HIDP_OP_INPUT && table->supports != NULL)
			s = table->supports(object, model, l, d);
		if (s != HIDP_OK)
			plugin->destroy(object);
	}
	if (s != HIDP_OK)
		return s;
	if (table->enter != NULL)
		support_must(table->enter(object, 0), NULL, "enter");
	*object_out = object;
	return HIDP_OK;
}

hidp_status case_run(const struct onnx_case *c, const struct kernels_plugin *plugin, void *object,
                     const struct hidp_plan *plan, uint32_t route, struct hidp_diagnostic *d)
{
	struct runner *runner;
	const struct hidp_model *model = c->model;
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++) {
		struct hidp_layer_info info = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(model, l, &info);
		/* nothing of the run before may be left over */
		if (info.op != HIDP_OP_INPUT && c->tensors[l] != NULL)
			memset(c->tensors[l], 0xff, (size_t)info.output_bytes);
	}
	hidp_status s = runner_new(plan, route, plugin->table(), object, &runner, d);
	if (s != HIDP_OK)
		return s;
	s = runner_run(runner, c->tensors, RUNNER_CHECK, d);
	runner_free(runner);
	return s;
}

hidp_status case_whole_plan(const struct onnx_case *c, struct hidp_context *context,
                            struct hidp_plan **plan_out, struct hidp_diagnostic *d)
{
	struct hidp_cluster *cluster;
	hidp_status s = hidp_cluster_from_string(context, "cpu:10", &cluster, d);
	if (s == HIDP_OK)
		s = runner_whole_plan(c->model, cluster, plan_out, d);
	hidp_cluster_unref(cluster);
	return s;
}

hidp_status case_random_plan(const struct onnx_case *c, struct hidp_context *context,
                             uint64_t seed, struct hidp_plan **plan_out, uint32_t *route_out)
{
	struct random_params params;
	struct random_instance in = {.seed = seed,
	                             .context = context,
	                             .model = c->model,
	                             .options = HIDP_PLAN_OPTIONS_INIT};
	struct rng rng;
	random_params_init(&params);
	params.unequal = params.odd_links = false;
	rng_seed(&rng, seed);
	in.cluster = random_cluster(context, &params, &rng);
	if (rng_chance(&rng, 30))
		in.options.flags |= HIDP_PLAN_STREAM;
	hidp_status s = random_plan(&in, &rng, plan_out);
	if (s == HIDP_OK)
		*route_out = (uint32_t)rng_below(&rng, hidp_plan_route_count(*plan_out));
	hidp_cluster_unref(in.cluster);
	return s;
}

static double largest_of(const struct array *a)
{
	double largest = 0;
	for (size_t i = 0; i < a->count; i++)
		if (isfinite(a->values[i]))
			largest = fmax(largest, fabs((double)a->values[i]));
	return largest;
}

static double spread_of_array(const struct array *a, double largest)
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < a->count; i++)
		sum += (double)a->values[i] / (double)a->count;
	for (size_t i = 0; i < a->count; i++)
		squares += ((double)a->values[i] - sum) * ((double)a->values[i] - sum);
	return largest > 0 ? sqrt(squares / (double)a->count) / largest : 0;
}

static void compare_output(const struct onnx_case *c, uint32_t which, struct difference *d,
                           size_t *count)
{
	struct hidp_onnx_tensor t = HIDP_ONNX_TENSOR_INIT;
	const struct array *a = &c->outputs[which];
	hidp_onnx_output(c->onnx, which, &t);
	if (strcmp(a->name, t.name) != 0 || !same_shape(&t, a)) {
		char shape[320], wanted[320];
		d->within = false;
		snprintf(d->where, sizeof d->where, "output %.60s is %.200s, expected %.60s %.200s",
		         t.name, npy_shape(t.rank, t.dims, shape), a->name,
		         npy_shape(a->npy.rank, a->npy.dims, wanted));
		return;
	}
	double largest = largest_of(a);
	float *got = malloc((t.count + 1) * sizeof *got);
	hidp_onnx_from_layer(c->onnx, which,
	                     t.layer != HIDP_LAYER_NONE ? c->tensors[t.layer] : NULL, got);
	d->largest = fmax(d->largest, largest);
	d->spread = fmin(d->spread, spread_of_array(a, largest));
	for (size_t i = 0; i < t.count; i++) {
		double want = (double)a->values[i], off = fabs((double)got[i] - want);
		if ((double)got[i] == want || (isnan(got[i]) && isnan(want)))
			off = 0;
		if (!isfinite(off))
			off = INFINITY;
		double part = off == 0 ? 0 : off / largest;
		d->most = fmax(d->most, part);
		d->mean += part;
		double allowed = c->absolute + c->bar * largest;
		if (isfinite(want))
			allowed += c->relative * fabs(want);
		if (d->within && !(off <= allowed)) {
			d->within = false;
			snprintf(d->where, sizeof d->where, "output %.60s, element %zu is %.9g, expected %.9g",
			         t.name, i, (double)got[i], want);
		}
	}
	*count += t.count;
	free(got);
}

struct difference case_compare(const struct onnx_case *c)
{
	struct difference d = {.within = true, .spread = INFINITY};
	size_t count = 0;
	if (hidp_onnx_output_count(c->onnx) != c->output_count) {
		d.within = false;
		snprintf(d.where, sizeof d.where, "%u outputs, expected %u",
		         hidp_onnx_output_count(c->onnx), c->output_count);
		return d;
	}
	for (uint32_t i = 0; i < c->output_count; i++)
		compare_output(c, i, &d, &count);
	d.mean /= (double)(count != 0 ? count : 1);
	return d;
}
