/* SPDX-License-Identifier: MIT */
/* Inputs and outputs in files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npy.h"
#include "tensors.h"

/* The inputs or the outputs of a model, and the files that are given for them. */
struct wanted {
	const char *word, *option; /* "input", "--input" */
	struct port *ports;        /* [count] */
	const char **paths;        /* [count] NULL: none */
	uint32_t count;
};

static void complain_name(const struct wanted *w, const char *item)
{
	char names[512] = "";
	size_t used = 0;
	for (uint32_t i = 0; i < w->count; i++) {
		if (used + strlen(w->ports[i].name) + 32 > sizeof names) {
			snprintf(names + used, sizeof names - used, " and %u more", w->count - i);
			break;
		}
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
		                         i == 0 ? "" : ", ", w->ports[i].name);
	}
	complain("%s %s: the model has no such %s; it has %s", w->option, item, w->word, names);
}

/* Which one a "NAME=FILE" names; names may contain '=', so all are tried. count: none. */
static uint32_t find_name(const struct wanted *w, const char *item, const char **path_out)
{
	*path_out = item;
	for (const char *e = strchr(item, '='); e != NULL; e = strchr(e + 1, '=')) {
		size_t length = (size_t)(e - item);
		for (uint32_t i = 0; i < w->count; i++) {
			if (strncmp(w->ports[i].name, item, length) == 0 &&
			    w->ports[i].name[length] == '\0') {
				*path_out = e + 1;
				return i;
			}
		}
	}
	return w->count;
}

/* Does it look as if a name was meant? "./a=b" does not. */
static bool has_name(const char *item)
{
	const char *equals = strchr(item, '='), *slash = strchr(item, '/');
	return equals != NULL && (slash == NULL || equals < slash) && access(item, F_OK) != 0;
}

static bool assign_named(struct wanted *w, const struct list *files, const char **rest,
                         size_t *rest_count)
{
	*rest_count = 0;
	for (size_t i = 0; i < files->count; i++) {
		const char *item = files->items[i], *path;
		uint32_t which = find_name(w, item, &path);
		if (which == w->count && has_name(item)) {
			complain_name(w, item);
			return false;
		}
		if (which == w->count) {
			rest[(*rest_count)++] = item;
			continue;
		}
		if (w->paths[which] != NULL) {
			complain("%s %s: %s was given twice", w->option, item,
			         w->ports[which].name);
			return false;
		}
		w->paths[which] = path;
	}
	return true;
}

/* Files without names are for what has none yet, in order. */
static bool assign(struct wanted *w, const struct list *files, bool all)
{
	const char *rest[sizeof files->items / sizeof files->items[0]];
	size_t count = 0, used = 0;
	uint32_t missing = w->count;
	if (!assign_named(w, files, rest, &count))
		return false;
	for (uint32_t i = w->count; i-- > 0;)
		if (w->paths[i] == NULL && (w->ports[i].layer != HIDP_LAYER_NONE || !all))
			missing = i;
	if (count == 0 && (!all || missing == w->count))
		return true;
	if (count == 0) {
		complain("%s is missing for %s", w->option, w->ports[missing].name);
		return false;
	}
	for (uint32_t i = 0; i < w->count; i++) {
		if (w->paths[i] != NULL)
			continue;
		if (used < count)
			w->paths[i] = rest[used];
		used++;
	}
	if (used != count)
		complain("the model has %u %s%s, %s was given %zu times", w->count, w->word,
		         w->count == 1 ? "" : "s", w->option, files->count);
	return used == count;
}

static bool wanted_new(struct wanted *w, const struct loaded_model *loaded, bool outputs,
                       const struct list *files)
{
	*w = (struct wanted){.word = outputs ? "output" : "input",
	                     .option = outputs ? "--output" : "--input"};
	w->ports = list_ports(loaded, outputs, &w->count);
	w->paths = calloc(w->count + 1u, sizeof *w->paths);
	if (w->ports == NULL || w->paths == NULL) {
		if (w->ports != NULL)
			complain("out of memory");
		return false;
	}
	return assign(w, files, !outputs);
}

static void wanted_free(struct wanted *w)
{
	free(w->ports);
	free(w->paths);
}

/* The elements in a file, if their shape is that of the port; NULL after a message. */
static bool parse(const struct port *port, const char *path, const char *file, size_t length,
                  struct npy *npy)
{
	char wanted[320], shape[320];
	npy_shape(port->rank, port->dims, wanted);
	if (npy_is(file, length)) {
		if (!npy_parse(path, file, length, npy))
			return false;
		if (npy->rank == port->rank &&
		    memcmp(npy->dims, port->dims, port->rank * sizeof port->dims[0]) == 0)
			return true;
		complain("%s: its shape is %s, but input %s is %s", path,
		         npy_shape(npy->rank, npy->dims, shape), port->name, wanted);
		return false;
	}
	*npy = (struct npy){.type = port->type, .data = file, .bytes = length};
	if (port->type == NUMBER_OTHER)
		npy->type = NUMBER_FP32;
	if (length == port->count * number_bytes(npy->type))
		return true;
	complain("%s: input %s wants little-endian %s of shape %s, in this order: %zu bytes, not "
	         "%zu",
	         path, port->name, number_name(npy->type), wanted,
	         port->count * number_bytes(npy->type), length);
	return false;
}

static uint32_t find_tensor(const struct tensors *t, hidp_layer_id layer)
{
	uint32_t i = 0;
	while (i < t->count && t->layers[i] != layer)
		i++;
	return i;
}

static bool read_one(const struct tensors *inputs, const struct loaded_model *loaded,
                     const struct port *port, const char *path)
{
	uint32_t which = find_tensor(inputs, port->layer);
	struct npy npy;
	size_t length, at = 0;
	if (which < inputs->count && !tensors_are_fp32(inputs, which, loaded->model))
		return false;
	char *file = read_file(path, &length);
	float *elements = malloc((port->count + 1) * sizeof *elements);
	bool ok = file != NULL && elements != NULL && parse(port, path, file, length, &npy);
	if (elements == NULL)
		complain("out of memory");
	if (ok && !numbers_to_fp32(npy.type, npy.data, port->count, elements, &at)) {
		complain("%s: element %zu is a number that fp32 does not have", path, at);
		ok = false;
	}
	if (ok && which < inputs->count)
		port_to_layer(loaded, port, elements, inputs->data[which]);
	free(elements);
	free(file);
	return ok;
}

bool tensors_read(const struct tensors *inputs, const struct loaded_model *loaded,
                  const struct list *files)
{
	struct wanted w;
	bool ok = wanted_new(&w, loaded, false, files);
	for (uint32_t i = 0; i < w.count && ok; i++)
		if (w.paths[i] != NULL)
			ok = read_one(inputs, loaded, &w.ports[i], w.paths[i]);
	wanted_free(&w);
	return ok;
}

bool tensors_can_write(const struct loaded_model *loaded, const struct list *files)
{
	struct wanted w;
	bool ok = files->count == 0 || wanted_new(&w, loaded, true, files);
	if (files->count != 0)
		wanted_free(&w);
	return ok;
}

static bool write_one(const struct tensors *outputs, const struct loaded_model *loaded,
                      const struct port *port, const char *path)
{
	uint32_t which = find_tensor(outputs, port->layer);
	enum number type = port->type == NUMBER_OTHER ? NUMBER_FP32 : port->type;
	size_t length = 0;
	void *data = NULL;
	if (which < outputs->count && !tensors_are_fp32(outputs, which, loaded->model))
		return false;
	float *elements = malloc((port->count + 1) * sizeof *elements);
	if (elements == NULL) {
		complain("out of memory");
		return false;
	}
	char *file = npy_make(type, port->rank, port->dims, port->count, &data, &length);
	bool ok = file != NULL;
	if (ok) {
		port_from_layer(loaded, port, which < outputs->count ? outputs->data[which] : NULL,
		                elements);
		numbers_from_fp32(type, elements, port->count, data);
		ok = write_file(path, file, length);
	}
	free(file);
	free(elements);
	return ok;
}

bool tensors_write(const struct tensors *outputs, const struct loaded_model *loaded,
                   const struct list *files)
{
	struct wanted w;
	if (files->count == 0)
		return true;
	bool ok = wanted_new(&w, loaded, true, files);
	for (uint32_t i = 0; i < w.count && ok; i++)
		if (w.paths[i] != NULL)
			ok = write_one(outputs, loaded, &w.ports[i], w.paths[i]);
	wanted_free(&w);
	return ok;
}
