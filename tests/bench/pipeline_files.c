/* SPDX-License-Identifier: MIT */
#include "pipeline_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "yaml.h"

#define ELEMENT 4.0
#define MEBI 1048576.0

static json_t *load(const char *folder, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return bench_yaml_load(path);
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_number(value))
		bench_fail("pipeline problem: \"%s\" is not a number", key);
	return json_number_value(value);
}

/* One figure per layer; a list that is shorter is repeated. */
static void numbers(const json_t *object, const char *key, double scale, double *to, uint32_t count)
{
	const json_t *list = json_object_get(object, key);
	if (json_array_size(list) == 0)
		bench_fail("pipeline problem: \"%s\" is no list", key);
	for (uint32_t i = 0; i < count; i++)
		to[i] = scale * json_number_value(json_array_get(list, i % json_array_size(list)));
}

/* The times of a type for the model; NULL: it has none for this batch. */
static const json_t *profile_of(const json_t *type, const char *model)
{
	const json_t *profiles = json_object_get(json_object_get(type, "model_profiles"), model);
	for (size_t i = 0; i < json_array_size(profiles); i++)
		if (number(json_array_get(profiles, i), "batch_size") == PIPELINE_BATCH)
			return json_array_get(profiles, i);
	return NULL;
}

void pipeline_files_read(struct pipeline_problem *p, const char *folder, const char *model)
{
	json_t *models = load(folder, "models.yml"), *types = load(folder, "device_types.yml");
	json_t *devices = load(folder, "devices.yml");
	const json_t *layers = json_object_get(models, model), *value;
	const char *name;
	uint32_t type_count = 0, device_count = 0, layer_count;
	if (layers == NULL)
		bench_fail("%s: no model %s", folder, model);
	layer_count = (uint32_t)number(layers, "layers");
	json_object_foreach(devices, name, value) {
		if (profile_of(json_object_get(types, name), model) == NULL)
			continue;
		type_count += json_array_size(value) > 0;
		device_count += (uint32_t)json_array_size(value);
	}
	pipeline_problem_begin(p, layer_count, type_count, device_count);
	p->in_bytes = number(layers, "parameters_in") * ELEMENT * PIPELINE_BATCH;
	numbers(layers, "parameters_out", ELEMENT * PIPELINE_BATCH, p->out_bytes, layer_count);
	numbers(layers, "mem_MB", MEBI, p->mem_bytes, layer_count);
	for (uint32_t l = 0; l < layer_count; l++)
		p->mem_bytes[l] = round(p->mem_bytes[l]);
	uint32_t k = 0, d = 0;
	json_object_foreach(devices, name, value) {
		const json_t *type = json_object_get(types, name);
		const json_t *profile = profile_of(type, model);
		if (profile == NULL || json_array_size(value) == 0)
			continue;
		numbers(profile, "time_s", 1, p->seconds + (size_t)k * layer_count, layer_count);
		p->Bps[k] = number(type, "bw_Mbps") * MEBI / 8;
		p->limit[k] = number(type, "mem_MB") * MEBI;
		for (size_t i = 0; i < json_array_size(value); i++)
			p->type_of[d++] = k;
		k++;
	}
	json_decref(models);
	json_decref(types);
	json_decref(devices);
}

/* With that batch; nothing but reading is done for one that nobody has profiles of. */
static double time_peer(const char *peer, const char *folder, const char *model, int batch,
                        const char *output)
{
	char models[512], types[512], devices[512], requests[16];
	snprintf(models, sizeof models, "%s/models.yml", folder);
	snprintf(types, sizeof types, "%s/device_types.yml", folder);
	snprintf(devices, sizeof devices, "%s/devices.yml", folder);
	snprintf(requests, sizeof requests, "%d", batch);
	const char *arguments[] = {peer, "-m", model,     "-b", requests, "-M", models,
	                           "-T", types, "-D", devices, NULL};
	return bench_run_peer(arguments, NULL, output).seconds;
}

/* The type whose hosts have this name. */
static uint32_t type_of_host(const char *folder, const char *host)
{
	json_t *devices = load(folder, "devices.yml");
	const json_t *value;
	const char *name;
	uint32_t k = 0, found = UINT32_MAX;
	json_object_foreach(devices, name, value) {
		for (size_t i = 0; i < json_array_size(value); i++)
			if (strcmp(json_string_value(json_array_get(value, i)), host) == 0)
				found = k;
		k += json_array_size(value) > 0;
	}
	json_decref(devices);
	if (found == UINT32_MAX)
		bench_fail("the peer names a host %s, which there is not", host);
	return found;
}

/* Lines "- host: [first, last]", layers counted from 1. */
static double read_stages(const struct pipeline_problem *p, const char *folder, FILE *file)
{
	char host[128];
	uint32_t first, last, end = 0, before = 0;
	double period = 0;
	while (fscanf(file, " - %127[^:]: [%u, %u]", host, &first, &last) == 3) {
		uint32_t type = type_of_host(folder, host);
		double seconds = 0;
		if (first != end + 1 || last < first || last > p->layers)
			bench_fail("the peer's stages do not follow each other");
		for (uint32_t l = first - 1; l < last; l++)
			seconds += p->seconds[(size_t)type * p->layers + l];
		if (first > 1)
			period = fmax(period, pipeline_problem_send_s(p, before, type, end));
		period = fmax(period, seconds);
		before = type;
		end = last;
	}
	return end == p->layers ? period : INFINITY;
}

double pipeline_files_run_peer(const struct pipeline_problem *p, const char *peer,
                               const char *folder, const char *model, double *seconds)
{
	char output[] = "hidp-peer-XXXXXX";
	int made = mkstemp(output);
	if (made < 0)
		bench_fail("no file for the peer's output");
	double reading = time_peer(peer, folder, model, PIPELINE_BATCH + 1, output);
	*seconds = fmax(time_peer(peer, folder, model, PIPELINE_BATCH, output) - reading, 1e-6);
	FILE *file = fdopen(made, "r");
	double period = read_stages(p, folder, file);
	fclose(file);
	unlink(output);
	return period;
}
