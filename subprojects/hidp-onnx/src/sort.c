/* SPDX-License-Identifier: MIT */
/* The order of the nodes. Files should be sorted, but not all are. */
#include <string.h>

#include "read.h"

/* By the node's place in the file. */
struct order {
	uint32_t *waiting;   /* inputs that are not made yet */
	uint32_t *first;     /* [count + 1] where its readers begin in `readers` */
	uint32_t *readers;   /* an entry for each input that a node makes */
	struct node **nodes; /* in the order found */
	uint32_t found;
};

/* Where each value's producer stands; UINT32_MAX: it has none. */
static uint32_t *places_of(struct graph *graph)
{
	uint32_t *place = hidp_onnx__take(graph->pool, graph->value_count, sizeof *place);
	if (place == NULL)
		return NULL;
	memset(place, 0xff, graph->value_count * sizeof *place);
	for (uint32_t i = 0; i < graph->node_count; i++)
		for (uint32_t k = 0; k < graph->nodes[i]->output_count; k++)
			if (graph->nodes[i]->outputs[k] != NULL)
				place[graph->nodes[i]->outputs[k]->id] = i;
	return place;
}

static bool is_sorted(const struct graph *graph, const uint32_t *place)
{
	for (uint32_t i = 0; i < graph->node_count; i++)
		for (uint32_t k = 0; k < graph->nodes[i]->input_count; k++) {
			const struct value *input = graph->nodes[i]->inputs[k];
			if (input != NULL && place[input->id] != UINT32_MAX &&
			    place[input->id] >= i)
				return false;
		}
	return true;
}

/* Fills in who waits for whom. */
static bool prepare(struct graph *graph, const uint32_t *place, struct order *order)
{
	uint32_t count = graph->node_count;
	order->waiting = hidp_onnx__take(graph->pool, count, sizeof *order->waiting);
	order->first = hidp_onnx__take(graph->pool, (size_t)count + 2, sizeof *order->first);
	order->nodes = hidp_onnx__take(graph->pool, count, sizeof(struct node *));
	if (order->waiting == NULL || order->first == NULL || order->nodes == NULL)
		return false;
	uint64_t edges = 0;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < graph->nodes[i]->input_count; k++) {
			const struct value *input = graph->nodes[i]->inputs[k];
			if (input == NULL || place[input->id] == UINT32_MAX)
				continue;
			order->waiting[i]++;
			order->first[place[input->id] + 2]++;
			edges++;
		}
	if (edges > UINT32_MAX)
		return false;
	order->readers = hidp_onnx__take(graph->pool, (size_t)edges, sizeof *order->readers);
	if (order->readers == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++)
		order->first[i + 2] += order->first[i + 1];
	/* first[i + 1] moves from where the readers of i begin to where they end */
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < graph->nodes[i]->input_count; k++) {
			const struct value *input = graph->nodes[i]->inputs[k];
			if (input != NULL && place[input->id] != UINT32_MAX)
				order->readers[order->first[place[input->id] + 1]++] = i;
		}
	return true;
}

/* Node number i is next; those that waited for it alone follow later. */
static void find(const struct graph *graph, struct order *order, uint32_t *queue, uint32_t i)
{
	queue[order->found] = i;
	order->nodes[order->found++] = graph->nodes[i];
}

/* A node on a cycle: walking back from one that waits, along what waits, comes to one twice. */
static const struct node *on_cycle(const struct graph *graph, const uint32_t *place,
                                   struct order *order)
{
	const uint32_t seen = UINT32_MAX;
	uint32_t i = 0;
	while (order->waiting[i] == 0)
		i++;
	while (order->waiting[i] != seen) {
		const struct node *node = graph->nodes[i];
		order->waiting[i] = seen;
		for (uint32_t k = 0; k < node->input_count; k++) {
			const struct value *input = node->inputs[k];
			uint32_t from = input != NULL ? place[input->id] : UINT32_MAX;
			if (from != UINT32_MAX && order->waiting[from] > 0) {
				i = from;
				break;
			}
		}
	}
	return graph->nodes[i];
}

hidp_status hidp_onnx__sort(struct graph *graph)
{
	uint32_t *place = places_of(graph);
	struct order order = {0};
	if (place == NULL)
		return hidp_onnx__no_memory(graph);
	if (is_sorted(graph, place))
		return HIDP_OK;
	uint32_t *queue = hidp_onnx__take(graph->pool, graph->node_count, sizeof *queue);
	if (queue == NULL || !prepare(graph, place, &order))
		return hidp_onnx__no_memory(graph);
	for (uint32_t i = 0; i < graph->node_count; i++)
		if (order.waiting[i] == 0)
			find(graph, &order, queue, i);
	for (uint32_t done = 0; done < order.found; done++)
		for (uint32_t k = order.first[queue[done]]; k < order.first[queue[done] + 1]; k++)
			if (--order.waiting[order.readers[k]] == 0)
				find(graph, &order, queue, order.readers[k]);
	if (order.found < graph->node_count)
		return hidp_onnx__fail_node(graph, on_cycle(graph, place, &order), HIDP_ERR_MODEL,
		                            "it needs its own result");
	graph->nodes = order.nodes;
	return HIDP_OK;
}
