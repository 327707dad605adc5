/* SPDX-License-Identifier: MIT */
/* Nodes and their attributes. */
#include <stdio.h>
#include <string.h>

#include "read.h"

/* Far more than any op has; they are looked for one by one. */
#define ATTRIBUTE_MAX 256u

/* The file's own name for a node, or what there is instead, before all names are known. */
static const char *called(const Onnx__NodeProto *source)
{
	if (source->name != NULL && source->name[0] != '\0')
		return source->name;
	return source->n_output > 0 && source->output[0][0] != '\0' ? source->output[0] : "?";
}

#define FAIL(reading, node, status, ...)                                                           \
	hidp_onnx__fail_node((reading)->graph, node, status, __VA_ARGS__)

static hidp_status read_strings(struct graph *graph, const Onnx__AttributeProto *source,
                                struct attribute *attribute)
{
	char **strings = hidp_onnx__take(graph->pool, source->n_strings, sizeof *strings);
	if (strings == NULL)
		return hidp_onnx__no_memory(graph);
	for (size_t i = 0; i < source->n_strings; i++) {
		const ProtobufCBinaryData *s = &source->strings[i];
		strings[i] = hidp_onnx__copy_text(graph->pool, (const char *)s->data, s->len);
		if (strings[i] == NULL)
			return hidp_onnx__no_memory(graph);
	}
	attribute->strings = (const char *const *)strings;
	attribute->count = source->n_strings;
	return HIDP_OK;
}

static hidp_status read_attribute_tensor(struct reading *reading, const struct node *node,
                                         const Onnx__AttributeProto *source,
                                         struct attribute *attribute)
{
	char subject[128];
	if (source->t == NULL)
		return FAIL(reading, node, HIDP_ERR_MODEL, "attribute %.60s holds no tensor",
		            source->name);
	snprintf(subject, sizeof subject, "node %.70s, attribute %.30s", node->name, source->name);
	return hidp_onnx__read_tensor(reading, source->t, subject, &attribute->tensor);
}

/* Files of IR version 1 do not say which field is used. */
static int type_of(const Onnx__AttributeProto *source)
{
	if (source->has_type && source->type != 0)
		return source->type;
	return source->has_f           ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
	       : source->has_i         ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
	       : source->has_s         ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
	       : source->t != NULL     ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
	       : source->n_floats > 0  ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
	       : source->n_ints > 0    ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
	       : source->n_strings > 0 ? ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
	                               : ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static hidp_status read_attribute(struct reading *reading, const struct node *node,
                                  const Onnx__AttributeProto *source, struct attribute *attribute)
{
	attribute->name = source->name;
	switch (type_of(source)) {
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
		attribute->kind = ATTRIBUTE_FLOAT;
		attribute->f = (double)source->f;
		return HIDP_OK;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
		attribute->kind = ATTRIBUTE_INT;
		attribute->i = source->i;
		return HIDP_OK;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
		attribute->kind = ATTRIBUTE_STRING;
		attribute->s = hidp_onnx__copy_text(reading->graph->pool,
		                                    (const char *)source->s.data, source->s.len);
		return attribute->s != NULL ? HIDP_OK : hidp_onnx__no_memory(reading->graph);
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
		attribute->kind = ATTRIBUTE_TENSOR;
		return read_attribute_tensor(reading, node, source, attribute);
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
		attribute->kind = ATTRIBUTE_FLOATS;
		attribute->floats = source->floats;
		attribute->count = source->n_floats;
		return HIDP_OK;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
		attribute->kind = ATTRIBUTE_INTS;
		attribute->ints = source->ints;
		attribute->count = source->n_ints;
		return HIDP_OK;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
		attribute->kind = ATTRIBUTE_STRINGS;
		return read_strings(reading->graph, source, attribute);
	default:
		attribute->kind = ATTRIBUTE_OTHER;
		return HIDP_OK;
	}
}

static hidp_status read_attributes(struct reading *reading, const Onnx__NodeProto *source,
                                   struct node *node)
{
	struct graph *graph = reading->graph;
	if (source->n_attribute > ATTRIBUTE_MAX)
		return FAIL(reading, node, HIDP_ERR_LIMIT, "it has %zu attributes, more than %u",
		            source->n_attribute, ATTRIBUTE_MAX);
	node->attributes =
		hidp_onnx__take(graph->pool, source->n_attribute, sizeof *node->attributes);
	if (node->attributes == NULL)
		return hidp_onnx__no_memory(graph);
	for (size_t i = 0; i < source->n_attribute; i++) {
		const Onnx__AttributeProto *a = source->attribute[i];
		if (a->name == NULL || a->name[0] == '\0')
			return FAIL(reading, node, HIDP_ERR_MODEL, "attribute %zu has no name", i);
		if (a->ref_attr_name != NULL && a->ref_attr_name[0] != '\0')
			return FAIL(reading, node, HIDP_ERR_MODEL,
			            "attribute %.60s is that of a function, and this is none",
			            a->name);
		if (hidp_onnx__attribute(node, a->name) != NULL)
			return FAIL(reading, node, HIDP_ERR_MODEL, "attribute %.60s is there twice",
			            a->name);
		hidp_status status =
			read_attribute(reading, node, a, &node->attributes[node->attribute_count]);
		if (status != HIDP_OK)
			return status;
		node->attribute_count++;
	}
	return HIDP_OK;
}

static hidp_status read_outputs(struct reading *reading, const Onnx__NodeProto *source,
                                struct node *node)
{
	struct graph *graph = reading->graph;
	node->outputs = hidp_onnx__take(graph->pool, source->n_output, sizeof(struct value *));
	if (node->outputs == NULL)
		return hidp_onnx__no_memory(graph);
	node->output_count = (uint32_t)source->n_output;
	for (uint32_t i = 0; i < node->output_count; i++) {
		const char *name = source->output[i];
		if (name[0] == '\0')
			continue;
		struct value *value = hidp_onnx__value(graph, name, ELEMENT_NONE, NULL);
		if (value == NULL)
			return hidp_onnx__no_memory(graph);
		value->producer = node;
		node->outputs[i] = value;
		bool added = false;
		hidp_status status =
			hidp_onnx__names_add(graph, &reading->values, name, value, &added);
		if (status != HIDP_OK)
			return status;
		if (!added)
			return FAIL(reading, node, HIDP_ERR_MODEL,
			            "its output %.150s is made elsewhere, too", name);
	}
	return HIDP_OK;
}

/* The domain as the graph has it, and the version of its opset. */
static hidp_status read_domain(struct reading *reading, const Onnx__NodeProto *source,
                               struct node *node)
{
	const char *domain = source->domain != NULL ? source->domain : "";
	if (strcmp(domain, "ai.onnx") == 0)
		domain = "";
	const int64_t *version = hidp_onnx__names_find(&reading->domains, domain);
	/* what other domains mean is not known anyway */
	node->opset = version != NULL ? *version : 1;
	/* "hidp" is what match.c makes, and whose word is taken */
	node->domain = strcmp(domain, "hidp") == 0 ? "hidp (of the file)" : domain;
	if (reading->model->n_functions == 0)
		return HIDP_OK;
	const char *key = hidp_onnx__print(reading->graph->pool, "%s.%s", domain, node->op);
	if (key == NULL)
		return hidp_onnx__no_memory(reading->graph);
	if (hidp_onnx__names_find(&reading->functions, key) != NULL)
		return FAIL(reading, node, HIDP_ERR_UNSUPPORTED,
		            "it is a function of the model itself");
	return HIDP_OK;
}

hidp_status hidp_onnx__read_node(struct reading *reading, const Onnx__NodeProto *source,
                                 struct node *node)
{
	struct graph *graph = reading->graph;
	node->name = called(source);
	node->op = source->op_type != NULL ? source->op_type : "";
	node->domain = "";
	if (source->n_input > UINT32_MAX || source->n_output > UINT32_MAX)
		return FAIL(reading, node, HIDP_ERR_LIMIT, "it has too many inputs or outputs");
	if (node->op[0] == '\0')
		return FAIL(reading, node, HIDP_ERR_MODEL, "it has no operator");
	node->inputs = hidp_onnx__take(graph->pool, source->n_input, sizeof(struct value *));
	if (node->inputs == NULL)
		return hidp_onnx__no_memory(graph);
	node->input_count = (uint32_t)source->n_input;
	hidp_status status = read_domain(reading, source, node);
	if (status == HIDP_OK)
		status = read_attributes(reading, source, node);
	if (status == HIDP_OK)
		status = read_outputs(reading, source, node);
	node->name = source->name != NULL ? source->name : "";
	return status;
}

/* The op with a number that no other node has. The number only grows: many nodes of one name do
 * not take long. */
static hidp_status make_name(struct graph *graph, struct names *names, struct node *node,
                             uint32_t *number)
{
	const char *stem = node->name[0] != '\0' ? node->name : node->op;
	bool added = false;
	while (!added) {
		const char *name = hidp_onnx__print(graph->pool, "%s_%u", stem, ++*number);
		if (name == NULL)
			return hidp_onnx__no_memory(graph);
		hidp_status status = hidp_onnx__names_add(graph, names, name, node, &added);
		if (status != HIDP_OK)
			return status;
		if (added)
			node->name = name;
	}
	return HIDP_OK;
}

hidp_status hidp_onnx__name_nodes(struct graph *graph)
{
	struct names names;
	hidp_status status = hidp_onnx__names_init(graph, &names, graph->node_count);
	/* names of the file come first */
	for (uint32_t i = 0; i < graph->node_count && status == HIDP_OK; i++) {
		bool added = false;
		if (graph->nodes[i]->name[0] != '\0')
			status = hidp_onnx__names_add(graph, &names, graph->nodes[i]->name,
			                              graph->nodes[i], &added);
	}
	uint32_t number = 0;
	for (uint32_t i = 0; i < graph->node_count && status == HIDP_OK; i++) {
		struct node *node = graph->nodes[i];
		if (node->name[0] == '\0' || hidp_onnx__names_find(&names, node->name) != node)
			status = make_name(graph, &names, node, &number);
	}
	return status;
}
