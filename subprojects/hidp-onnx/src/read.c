/* SPDX-License-Identifier: MIT */
/* The graph of a file: its values and nodes, checked, in order. */
#include <stdio.h>
#include <string.h>

#include "read.h"

/* Versions of ONNX's own ops that are read. */
#define OPSET_MIN 11
#define OPSET_MAX 20

/* protobuf-c takes its memory from the graph's pool, too. */
static void *take(void *pool, size_t size)
{
	return hidp_onnx__take(pool, size, 1);
}

static void give_back(void *pool, void *memory)
{
	(void)pool;
	(void)memory;
}

static hidp_status unpack(struct reading *reading)
{
	struct graph *graph = reading->graph;
	ProtobufCAllocator allocator = {take, give_back, graph->pool};
	size_t before = graph->pool->left;
	reading->model = onnx__model_proto__unpack(&allocator, reading->skeleton.size,
	                                           reading->skeleton.bytes);
	if (reading->model == NULL && before > 0 && graph->pool->left == 0)
		return hidp_onnx__no_memory(graph);
	if (reading->model == NULL)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_SYNTAX,
		                       "it is no ONNX file, or a damaged one");
	reading->source = reading->model->graph;
	if (reading->source == NULL)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_SYNTAX,
		                       "it is no ONNX file: there is no graph in it");
	return HIDP_OK;
}

static hidp_status read_opsets(struct reading *reading)
{
	struct graph *graph = reading->graph;
	const Onnx__ModelProto *model = reading->model;
	hidp_status status = hidp_onnx__names_init(graph, &reading->domains, model->n_opset_import);
	/* files from before there were opsets mean the first one */
	graph->opset = model->n_opset_import == 0 ? 1 : 0;
	for (size_t i = 0; i < model->n_opset_import && status == HIDP_OK; i++) {
		const Onnx__OperatorSetIdProto *opset = model->opset_import[i];
		const char *domain = opset->domain != NULL ? opset->domain : "";
		int64_t version = opset->has_version ? opset->version : 0;
		if (strcmp(domain, "ai.onnx") == 0)
			domain = "";
		if (domain[0] == '\0' && version > graph->opset)
			graph->opset = version;
		int64_t *known = hidp_onnx__names_find(&reading->domains, domain);
		bool added = false;
		if (known == NULL) {
			known = hidp_onnx__take(graph->pool, 1, sizeof *known);
			if (known == NULL)
				return hidp_onnx__no_memory(graph);
			status = hidp_onnx__names_add(graph, &reading->domains, domain, known,
			                              &added);
		}
		/* named twice, the highest counts */
		if (*known < version)
			*known = version;
	}
	if (status == HIDP_OK && graph->opset == 0)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_UNSUPPORTED,
		                       "it does not say which version of ONNX's operators it uses");
	if (status == HIDP_OK && (graph->opset < OPSET_MIN || graph->opset > OPSET_MAX))
		return hidp_onnx__fail(graph, "file", HIDP_ERR_UNSUPPORTED,
		                       "it uses opset %lld; opsets %d to %d are read",
		                       (long long)graph->opset, OPSET_MIN, OPSET_MAX);
	return status;
}

static hidp_status read_functions(struct reading *reading)
{
	struct graph *graph = reading->graph;
	const Onnx__ModelProto *model = reading->model;
	hidp_status status = hidp_onnx__names_init(graph, &reading->functions, model->n_functions);
	for (size_t i = 0; i < model->n_functions && status == HIDP_OK; i++) {
		Onnx__FunctionProto *function = model->functions[i];
		bool added = false;
		const char *key = hidp_onnx__print(graph->pool, "%s.%s",
		                                   function->domain != NULL ? function->domain : "",
		                                   function->name != NULL ? function->name : "");
		if (key == NULL)
			return hidp_onnx__no_memory(graph);
		status = hidp_onnx__names_add(graph, &reading->functions, key, function, &added);
	}
	return status;
}

static hidp_status duplicate(const struct reading *reading, const char *what, const char *name)
{
	return hidp_onnx__fail(reading->graph, what, HIDP_ERR_MODEL, "%.150s is there twice", name);
}

static hidp_status add_value(struct reading *reading, const char *what, struct value *value)
{
	bool added = false;
	if (value == NULL)
		return hidp_onnx__no_memory(reading->graph);
	hidp_status status =
		hidp_onnx__names_add(reading->graph, &reading->values, value->name, value, &added);
	return status == HIDP_OK && !added ? duplicate(reading, what, value->name) : status;
}

static hidp_status read_constant(struct reading *reading, const Onnx__TensorProto *source)
{
	struct graph *graph = reading->graph;
	char subject[128];
	const struct tensor *tensor = NULL;
	bool added = false;
	if (source->name == NULL || source->name[0] == '\0')
		return hidp_onnx__fail(graph, "file", HIDP_ERR_MODEL, "an initialiser has no name");
	snprintf(subject, sizeof subject, "tensor %s", source->name);
	hidp_status status = hidp_onnx__read_tensor(reading, source, subject, &tensor);
	if (status != HIDP_OK)
		return status;
	struct value *value = hidp_onnx__value(graph, source->name, tensor->type, &tensor->dims);
	status = add_value(reading, subject, value);
	if (status != HIDP_OK)
		return status;
	value->constant = tensor;
	value->stated = tensor->dims;
	value->stated_type = tensor->type;
	return hidp_onnx__names_add(graph, &reading->constants, value->name, value, &added);
}

static hidp_status read_constants(struct reading *reading)
{
	const Onnx__GraphProto *source = reading->source;
	hidp_status status =
		hidp_onnx__names_init(reading->graph, &reading->constants, source->n_initializer);
	if (status == HIDP_OK && source->n_sparse_initializer > 0) {
		const Onnx__TensorProto *values = source->sparse_initializer[0]->values;
		return hidp_onnx__fail(reading->graph, "file", HIDP_ERR_UNSUPPORTED,
		                       "initialiser %.150s is sparse",
		                       values != NULL && values->name != NULL ? values->name : "");
	}
	for (size_t i = 0; i < source->n_initializer && status == HIDP_OK; i++)
		status = read_constant(reading, source->initializer[i]);
	return status;
}

static hidp_status read_inputs(struct reading *reading)
{
	struct graph *graph = reading->graph;
	const Onnx__GraphProto *source = reading->source;
	graph->inputs = hidp_onnx__take(graph->pool, source->n_input, sizeof(struct value *));
	if (graph->inputs == NULL)
		return hidp_onnx__no_memory(graph);
	for (size_t i = 0; i < source->n_input; i++) {
		const char *name = source->input[i]->name;
		if (name == NULL || name[0] == '\0')
			return hidp_onnx__fail(graph, "file", HIDP_ERR_MODEL,
			                       "input %zu has no name", i);
		/* up to IR version 3 every initialiser was an input, too */
		if (hidp_onnx__names_find(&reading->constants, name) != NULL)
			continue;
		struct value *value = hidp_onnx__value(graph, name, ELEMENT_NONE, NULL);
		hidp_status status = add_value(reading, "input", value);
		if (status == HIDP_OK)
			status = hidp_onnx__read_input_type(reading, source->input[i], value);
		if (status != HIDP_OK)
			return status;
		graph->inputs[graph->input_count++] = value;
	}
	return HIDP_OK;
}

static hidp_status find_inputs(struct reading *reading, const Onnx__NodeProto *source,
                               struct node *node)
{
	for (uint32_t i = 0; i < node->input_count; i++) {
		const char *name = source->input[i];
		if (name[0] == '\0')
			continue;
		node->inputs[i] = hidp_onnx__names_find(&reading->values, name);
		if (node->inputs[i] == NULL)
			return hidp_onnx__fail_node(reading->graph, node, HIDP_ERR_MODEL,
			                            "nothing makes its input %.150s", name);
	}
	return HIDP_OK;
}

static hidp_status read_nodes(struct reading *reading)
{
	struct graph *graph = reading->graph;
	const Onnx__GraphProto *source = reading->source;
	struct node *nodes = hidp_onnx__take(graph->pool, source->n_node, sizeof *nodes);
	graph->nodes = hidp_onnx__take(graph->pool, source->n_node, sizeof(struct node *));
	if (nodes == NULL || graph->nodes == NULL)
		return hidp_onnx__no_memory(graph);
	hidp_status status = HIDP_OK;
	for (size_t i = 0; i < source->n_node && status == HIDP_OK; i++) {
		graph->nodes[graph->node_count++] = &nodes[i];
		status = hidp_onnx__read_node(reading, source->node[i], &nodes[i]);
	}
	if (status == HIDP_OK)
		status = hidp_onnx__name_nodes(graph);
	for (size_t i = 0; i < source->n_node && status == HIDP_OK; i++)
		status = find_inputs(reading, source->node[i], &nodes[i]);
	return status == HIDP_OK ? hidp_onnx__sort(graph) : status;
}

static void read_stated(struct reading *reading, const Onnx__ValueInfoProto *source)
{
	struct value *value =
		source->name != NULL ? hidp_onnx__names_find(&reading->values, source->name) : NULL;
	if (value != NULL && value->producer != NULL)
		hidp_onnx__read_stated(reading, source, value);
}

static hidp_status read_outputs(struct reading *reading)
{
	struct graph *graph = reading->graph;
	const Onnx__GraphProto *source = reading->source;
	if (source->n_output == 0)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_MODEL, "the graph has no outputs");
	graph->outputs = hidp_onnx__take(graph->pool, source->n_output, sizeof(struct value *));
	if (graph->outputs == NULL)
		return hidp_onnx__no_memory(graph);
	for (size_t i = 0; i < source->n_output; i++) {
		const char *name = source->output[i]->name != NULL ? source->output[i]->name : "";
		struct value *value = hidp_onnx__names_find(&reading->values, name);
		if (value == NULL)
			return hidp_onnx__fail(graph, "output", HIDP_ERR_MODEL,
			                       "nothing makes the output %.150s", name);
		read_stated(reading, source->output[i]);
		graph->outputs[graph->output_count++] = value;
	}
	return HIDP_OK;
}

/* Room in the table for every name, before they are known. */
static hidp_status init_values(struct reading *reading)
{
	const Onnx__GraphProto *source = reading->source;
	uint64_t count = (uint64_t)source->n_input + source->n_initializer;
	for (size_t i = 0; i < source->n_node; i++)
		count += source->node[i]->n_output;
	return hidp_onnx__names_init(reading->graph, &reading->values, count);
}

hidp_status hidp_onnx__read_graph(struct graph *graph, struct files *files, const void *data,
                                  size_t size, const char *folder)
{
	struct reading reading = {.graph = graph, .files = files, .folder = folder};
	hidp_status status = hidp_onnx__skeleton(graph, data, size, &reading.skeleton);
	if (status == HIDP_OK)
		status = unpack(&reading);
	if (status == HIDP_OK)
		status = read_opsets(&reading);
	if (status == HIDP_OK)
		status = read_functions(&reading);
	if (status == HIDP_OK)
		status = init_values(&reading);
	if (status == HIDP_OK)
		status = read_constants(&reading);
	if (status == HIDP_OK)
		status = hidp_onnx__bind_sizes(&reading);
	if (status == HIDP_OK)
		status = read_inputs(&reading);
	if (status == HIDP_OK)
		status = read_nodes(&reading);
	if (status != HIDP_OK)
		return status;
	graph->name = reading.source->name != NULL ? reading.source->name : "";
	for (size_t i = 0; i < reading.source->n_value_info; i++)
		read_stated(&reading, reading.source->value_info[i]);
	return read_outputs(&reading);
}
