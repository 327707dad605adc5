/* SPDX-License-Identifier: MIT */
/* The entries of the library: from a file to a model, and tensors in and out of it. */
#include "onnx.h"

#include <stdlib.h>
#include <string.h>

#define NODE_MAX 1000000u
#define TENSOR_BYTES_MAX ((uint64_t)1 << 30)

/* All that the import may take, beside the file: generous, and less than a machine has. */
static size_t pool_limit(size_t file_bytes, uint64_t tensor_bytes)
{
	uint64_t limit = (uint64_t)file_bytes * 64 + 4 * tensor_bytes + ((uint64_t)256 << 20);
	return limit > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)limit;
}

/* Describes the layers to the library and lets it judge them. */
static hidp_status build(struct hidp_onnx *onnx, struct hidp_context *context,
                         const struct lowering *lw)
{
	struct hidp_model_options options = HIDP_MODEL_OPTIONS_INIT;
	struct hidp_model_builder *builder = NULL;
	struct hidp_diagnostic *d = lw->graph->diagnostic;
	char name[HIDP_NAME_MAX + 1];
	size_t length = strlen(lw->graph->name);
	length = length > HIDP_NAME_MAX ? HIDP_NAME_MAX : length;
	memcpy(name, lw->graph->name, length);
	name[length] = '\0';
	options.flags = lw->graph->options->model_flags;
	options.name = name[0] != '\0' ? name : NULL;
	hidp_status s = hidp_model_builder_new(context, &options, &builder);
	for (uint32_t i = 0; i < lw->count && s == HIDP_OK; i++)
		s = hidp_model_builder_add(builder, &lw->layers[i].desc, NULL, d);
	if (s == HIDP_OK)
		s = hidp_model_builder_seal(builder, &onnx->model, d);
	hidp_model_builder_destroy(builder);
	return s;
}

static hidp_status find_port(const struct hidp_onnx *onnx, const struct lowering *lw,
                             const struct value *value, struct port *port)
{
	const struct operand *operand = &lw->operands[value->id];
	struct hidp_onnx_tensor *info = &port->info;
	*info = (struct hidp_onnx_tensor)HIDP_ONNX_TENSOR_INIT;
	info->name = value->name;
	info->layer = HIDP_LAYER_NONE;
	info->type = value->type;
	info->rank = (uint32_t)value->dims.rank;
	info->count = (size_t)hidp_onnx__count(&value->dims);
	memcpy(info->dims, value->dims.size, sizeof info->dims);
	port->constant = value->constant;
	port->layout = operand->layout;
	if (value->constant != NULL || operand->layer == HIDP_LAYER_NONE)
		return HIDP_OK;
	hidp_status s = hidp_model_find(onnx->model, lw->layers[operand->layer].desc.name,
	                                &info->layer);
	struct hidp_layer_info layer = HIDP_LAYER_INFO_INIT;
	if (s == HIDP_OK)
		s = hidp_model_layer(onnx->model, info->layer, &layer);
	const struct hidp_shape shape = hidp_onnx__shape(&operand->layout, &value->dims);
	if (s == HIDP_OK &&
	    (layer.shape.batch != shape.batch || layer.shape.channels != shape.channels ||
	     layer.shape.rows != shape.rows || layer.shape.width != shape.width))
		return hidp_onnx__fail(lw->graph, value->name, HIDP_ERR_MODEL,
		                       "the layer has another shape than the file's tensor");
	return s;
}

static hidp_status find_ports(struct hidp_onnx *onnx, const struct lowering *lw)
{
	struct graph *graph = lw->graph;
	hidp_status s = HIDP_OK;
	onnx->inputs = hidp_onnx__take(&onnx->pool, graph->input_count + 1u, sizeof *onnx->inputs);
	onnx->outputs =
	        hidp_onnx__take(&onnx->pool, graph->output_count + 1u, sizeof *onnx->outputs);
	if (onnx->inputs == NULL || onnx->outputs == NULL ||
	    !hidp_onnx__sources(&onnx->sources, lw->layers, lw->count, &onnx->pool))
		return hidp_onnx__no_memory(graph);
	for (uint32_t i = 0; i < graph->input_count && s == HIDP_OK; i++)
		s = find_port(onnx, lw, graph->inputs[i], &onnx->inputs[onnx->input_count++]);
	for (uint32_t i = 0; i < graph->output_count && s == HIDP_OK; i++)
		s = find_port(onnx, lw, graph->outputs[i], &onnx->outputs[onnx->output_count++]);
	return s;
}

/* A graph all of whose outputs are constant needs no model. */
static bool computes_something(const struct graph *graph)
{
	for (uint32_t i = 0; i < graph->output_count; i++)
		if (graph->outputs[i]->constant == NULL)
			return true;
	return false;
}

static hidp_status import(struct hidp_onnx *onnx, struct hidp_context *context, struct graph *graph,
                          const void *data, size_t size, const char *folder)
{
	struct lowering lw = {.graph = graph};
	hidp_status s = hidp_onnx__read_graph(graph, &onnx->files, data, size, folder);
	if (s == HIDP_OK)
		s = hidp_onnx__infer(graph);
	if (s == HIDP_OK)
		s = hidp_onnx__match(graph);
	if (s == HIDP_OK)
		s = hidp_onnx__lower(&lw);
	if (s == HIDP_OK && computes_something(graph))
		s = build(onnx, context, &lw);
	return s != HIDP_OK ? s : find_ports(onnx, &lw);
}

static hidp_status check_options(const struct hidp_onnx_options *given,
                                 struct hidp_onnx_options *options)
{
	*options = (struct hidp_onnx_options)HIDP_ONNX_OPTIONS_INIT;
	if (given != NULL) {
		if (given->struct_size < sizeof *given)
			return HIDP_ERR_ABI;
		*options = *given;
	}
	if ((options->dim_count > 0 && options->dims == NULL) || options->batch < 0 ||
	    options->batch > INT32_MAX)
		return HIDP_ERR_ARGUMENT;
	if (options->batch == 0)
		options->batch = 1;
	if (options->node_max == 0)
		options->node_max = NODE_MAX;
	if (options->tensor_bytes_max == 0)
		options->tensor_bytes_max = TENSOR_BYTES_MAX;
	return HIDP_OK;
}

static struct hidp_onnx *new_onnx(void)
{
	struct hidp_onnx *onnx = calloc(1, sizeof *onnx);
	return onnx;
}

/* Either a path or data. */
static hidp_status read_from(struct hidp_context *context, const char *path, const void *data,
                             size_t size, const char *folder,
                             const struct hidp_onnx_options *given, struct hidp_onnx **onnx_out,
                             struct hidp_diagnostic *diagnostic)
{
	struct hidp_onnx_options options;
	hidp_status s = check_options(given, &options);
	if (s != HIDP_OK)
		return s;
	struct hidp_onnx *onnx = new_onnx();
	struct graph graph = {.options = &options, .diagnostic = diagnostic};
	if (onnx == NULL)
		return hidp_onnx__no_memory(&graph);
	graph.pool = &onnx->pool;
	/* for messages about the file, until its size is known */
	hidp_onnx__pool_init(&onnx->pool, (size_t)1 << 20);
	if (path != NULL)
		s = hidp_onnx__map_file(&graph, &onnx->files, path, &data, &size);
	if (s == HIDP_OK) {
		onnx->pool.left = pool_limit(size, options.tensor_bytes_max);
		s = import(onnx, context, &graph, data, size, folder);
	}
	if (s != HIDP_OK) {
		hidp_onnx_destroy(onnx);
		return s;
	}
	*onnx_out = onnx;
	return HIDP_OK;
}

hidp_status hidp_onnx_open(struct hidp_context *context, const char *path,
                           const struct hidp_onnx_options *options, struct hidp_onnx **onnx_out,
                           struct hidp_diagnostic *diagnostic)
{
	if (context == NULL || path == NULL || onnx_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const char *slash = strrchr(path, '/');
	size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char *folder = malloc(length + 2);
	if (folder == NULL)
		return HIDP_ERR_NOMEM;
	memcpy(folder, path, length);
	folder[length] = '\0';
	if (slash == NULL)
		memcpy(folder, ".", 2);
	hidp_status s = read_from(context, path, NULL, 0, folder, options, onnx_out, diagnostic);
	free(folder);
	return s;
}

hidp_status hidp_onnx_read(struct hidp_context *context, const void *data, size_t size,
                           const char *folder, const struct hidp_onnx_options *options,
                           struct hidp_onnx **onnx_out, struct hidp_diagnostic *diagnostic)
{
	if (context == NULL || (data == NULL && size > 0) || onnx_out == NULL)
		return HIDP_ERR_ARGUMENT;
	return read_from(context, NULL, data, size, folder, options, onnx_out, diagnostic);
}

void hidp_onnx_destroy(struct hidp_onnx *onnx)
{
	if (onnx == NULL)
		return;
	hidp_model_unref(onnx->model);
	hidp_onnx__sources_free(&onnx->sources);
	hidp_onnx__files_free(&onnx->files);
	hidp_onnx__pool_free(&onnx->pool);
	free(onnx);
}

struct hidp_model *hidp_onnx_model(const struct hidp_onnx *onnx)
{
	return onnx->model;
}

uint32_t hidp_onnx_input_count(const struct hidp_onnx *onnx)
{
	return onnx->input_count;
}

uint32_t hidp_onnx_output_count(const struct hidp_onnx *onnx)
{
	return onnx->output_count;
}

static hidp_status describe(const struct port *ports, uint32_t count, uint32_t index,
                            struct hidp_onnx_tensor *out)
{
	if (index >= count || out == NULL)
		return HIDP_ERR_ARGUMENT;
	if (out->struct_size < sizeof *out)
		return HIDP_ERR_ABI;
	uint32_t size = out->struct_size;
	*out = ports[index].info;
	out->struct_size = size;
	return HIDP_OK;
}

hidp_status hidp_onnx_input(const struct hidp_onnx *onnx, uint32_t index,
                            struct hidp_onnx_tensor *tensor_out)
{
	return describe(onnx->inputs, onnx->input_count, index, tensor_out);
}

hidp_status hidp_onnx_output(const struct hidp_onnx *onnx, uint32_t index,
                             struct hidp_onnx_tensor *tensor_out)
{
	return describe(onnx->outputs, onnx->output_count, index, tensor_out);
}

/*
 * Two axes, the last of a layer: `size` elements each, `step` apart in the file. The longer one is
 * the inner loop, as images have few channels.
 */
static void reorder_last(const float *from, float *to, const int64_t size[2],
                         const int64_t step[2], bool to_layer)
{
	const int64_t layer_step[2] = {size[1], 1};
	const int outer = size[0] > size[1] ? 1 : 0, inner = 1 - outer;
	for (int64_t i = 0; i < size[outer]; i++) {
		const float *f = from + i * (to_layer ? step[outer] : layer_step[outer]);
		float *t = to + i * (to_layer ? layer_step[outer] : step[outer]);
		const int64_t f_step = to_layer ? step[inner] : layer_step[inner];
		const int64_t t_step = to_layer ? layer_step[inner] : step[inner];
		for (int64_t k = 0; k < size[inner]; k++)
			t[k * t_step] = f[k * f_step];
	}
}

/* Takes all elements in the layer's order: `at` is a place in the file's. */
static void reorder(const struct port *port, const float *from, float *to, bool to_layer)
{
	const struct layout *l = &port->layout;
	const int others = l->count > 2 ? l->count - 2 : 0;
	int64_t stride[HIDP_ONNX_RANK_MAX], index[HIDP_ONNX_RANK_MAX] = {0}, at = 0, next = 1;
	int64_t size[2] = {1, 1}, step[2] = {0, 0};
	for (int i = (int)port->info.rank - 1; i >= 0; i--) {
		stride[i] = next;
		next *= port->info.dims[i];
	}
	for (int k = l->count - 1, i = 1; k >= others; k--, i--) {
		size[i] = port->info.dims[l->axis[k]];
		step[i] = stride[l->axis[k]];
	}
	const size_t block = (size_t)(size[0] * size[1]);
	for (size_t i = 0; i < port->info.count; i += block) {
		reorder_last(to_layer ? from + at : from + i, to_layer ? to + i : to + at, size,
		             step, to_layer);
		for (int k = others - 1; k >= 0; k--) {
			int axis = l->axis[k];
			at += stride[axis];
			if (++index[k] < port->info.dims[axis])
				break;
			at -= stride[axis] * port->info.dims[axis];
			index[k] = 0;
		}
	}
}

hidp_status hidp_onnx_to_layer(const struct hidp_onnx *onnx, uint32_t index, const float *elements,
                               float *tensor)
{
	if (index >= onnx->input_count || onnx->inputs[index].info.layer == HIDP_LAYER_NONE)
		return HIDP_ERR_ARGUMENT;
	reorder(&onnx->inputs[index], elements, tensor, true);
	return HIDP_OK;
}

hidp_status hidp_onnx_from_layer(const struct hidp_onnx *onnx, uint32_t index, const float *tensor,
                                 float *elements)
{
	if (index >= onnx->output_count)
		return HIDP_ERR_ARGUMENT;
	const struct port *port = &onnx->outputs[index];
	if (port->constant != NULL && port->constant->data == NULL)
		return HIDP_ERR_ARGUMENT;
	if (port->constant != NULL)
		hidp_onnx__floats(port->constant, 0, port->constant->count, elements);
	else
		reorder(port, tensor, elements, false);
	return HIDP_OK;
}
