/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/abi.h"
#include "base/diagnostic.h"
#include "plan/plan_priv.h"

void hidp_plan_options_init(struct hidp_plan_options *options, size_t struct_size)
{
	hidp__abi_init(options, struct_size);
}

static hidp_status check_numbers(const struct hidp_plan_options *o,
                                 const struct hidp_cluster *cluster, struct hidp_diagnostic *diag)
{
	const uint32_t known = HIDP_PLAN_STREAM | HIDP_PLAN_INPUT_AT | HIDP_PLAN_OUTPUT_AT |
	                       HIDP_PLAN_RESIDENT | HIDP_PLAN_CONTIGUOUS;
	if ((o->flags & ~known) != 0 || o->reserved != 0)
		return hidp__fail(diag, HIDP_ERR_ABI, "options", "flags 0x%x are unknown",
		                  o->flags);
	if (o->objective > HIDP_OBJECTIVE_WEIGHTED || o->strategy > HIDP_STRATEGY_SINGLE)
		return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
		                  "objective %u or strategy %u is unknown", o->objective,
		                  o->strategy);
	const struct {
		const char *name;
		double value;
	} figures[] = {
	        {"latency_weight", o->latency_weight},     {"period_weight", o->period_weight},
	        {"energy_weight", o->energy_weight},       {"latency_limit_s", o->latency_limit_s},
	        {"period_limit_s", o->period_limit_s},     {"energy_limit_j", o->energy_limit_j},
	        {"migration_weight", o->migration_weight},
	};
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		if (!isfinite(figures[i].value) || !(figures[i].value >= 0))
			return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
			                  "%s is negative or not finite", figures[i].name);
	if (o->leader >= cluster->node_count ||
	    ((o->flags & HIDP_PLAN_INPUT_AT) && o->input_node >= cluster->node_count) ||
	    ((o->flags & HIDP_PLAN_OUTPUT_AT) && o->output_node >= cluster->node_count))
		return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
		                  "leader, input or output node is not in the cluster");
	if ((o->pin_count != 0 && (o->pin_layers == NULL || o->pin_nodes == NULL)) ||
	    (o->excluded_count != 0 && o->excluded_nodes == NULL) ||
	    (o->resident_count != 0 && (o->resident_layers == NULL || o->resident_nodes == NULL)))
		return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options", "an array is NULL");
	return HIDP_OK;
}

/* A copy of an array in the arena; NULL stays NULL. false: no memory. */
static bool copy_array(const uint32_t **array, size_t count, struct hidp__arena *arena)
{
	if (*array == NULL || count == 0) {
		*array = NULL;
		return true;
	}
	uint32_t *copy = hidp__arena_alloc(arena, count, sizeof *copy);
	if (copy == NULL)
		return false;
	memcpy(copy, *array, count * sizeof *copy);
	*array = copy;
	return true;
}

static hidp_status read_pins(struct hidp__request *r, const struct hidp_model *model,
                             const struct hidp_cluster *cluster, struct hidp__arena *arena,
                             struct hidp_diagnostic *diag)
{
	const struct hidp_plan_options *o = &r->options;
	if (o->pin_count == 0)
		return HIDP_OK;
	r->pin_node = hidp__arena_alloc(arena, model->layer_count, sizeof *r->pin_node);
	r->pin_processor = hidp__arena_alloc(arena, model->layer_count, sizeof *r->pin_processor);
	if (r->pin_node == NULL || r->pin_processor == NULL)
		return hidp__fail(diag, HIDP_ERR_NOMEM, NULL, "out of memory");
	for (uint32_t l = 0; l < model->layer_count; l++) {
		r->pin_node[l] = HIDP_NODE_NONE;
		r->pin_processor[l] = HIDP_PROCESSOR_NONE;
	}
	for (size_t i = 0; i < o->pin_count; i++) {
		hidp_layer_id l = o->pin_layers[i];
		hidp_node_id n = o->pin_nodes[i];
		hidp_processor_id p =
		        o->pin_processors != NULL ? o->pin_processors[i] : HIDP_PROCESSOR_NONE;
		if (l >= model->layer_count || n >= cluster->node_count ||
		    (p != HIDP_PROCESSOR_NONE && p >= cluster->nodes[n].processor_count))
			return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
			                  "pin %zu names layer %u, node %u, processor %u: there is "
			                  "no such thing",
			                  i, l, n, p);
		if (r->pin_node[l] != HIDP_NODE_NONE &&
		    (r->pin_node[l] != n || r->pin_processor[l] != p))
			return hidp__fail(diag, HIDP_ERR_ARGUMENT, model->layers[l].name,
			                  "layer is pinned twice");
		r->pin_node[l] = n;
		r->pin_processor[l] = p;
	}
	return HIDP_OK;
}

static hidp_status read_exclusions(struct hidp__request *r, const struct hidp_cluster *cluster,
                                   struct hidp__arena *arena, struct hidp_diagnostic *diag)
{
	const struct hidp_plan_options *o = &r->options;
	r->excluded = hidp__arena_calloc(arena, cluster->processor_count, sizeof *r->excluded);
	if (r->excluded == NULL)
		return hidp__fail(diag, HIDP_ERR_NOMEM, NULL, "out of memory");
	for (uint32_t n = 0; n < cluster->node_count; n++) {
		const struct hidp__node *node = &cluster->nodes[n];
		for (uint32_t p = 0; p < node->processor_count; p++)
			r->excluded[node->first_processor + p] =
			        (node->desc.flags & HIDP_NODE_UNAVAILABLE) ||
			        node->processors[p].load >= 1;
	}
	for (size_t i = 0; i < o->excluded_count; i++) {
		hidp_node_id n = o->excluded_nodes[i];
		hidp_processor_id p = o->excluded_processors != NULL ? o->excluded_processors[i]
		                                                     : HIDP_PROCESSOR_NONE;
		if (n >= cluster->node_count ||
		    (p != HIDP_PROCESSOR_NONE && p >= cluster->nodes[n].processor_count))
			return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
			                  "exclusion %zu names node %u, processor %u: there is no "
			                  "such thing",
			                  i, n, p);
		const struct hidp__node *node = &cluster->nodes[n];
		for (uint32_t q = 0; q < node->processor_count; q++)
			if (p == HIDP_PROCESSOR_NONE || p == q)
				r->excluded[node->first_processor + q] = true;
	}
	return HIDP_OK;
}

/* Marks the weights that a plan has on its nodes as resident there. */
static void mark_previous(struct hidp__request *r, const struct hidp_plan *previous,
                          uint32_t layers)
{
	for (uint32_t s = 0; s < previous->decisions.stage_count; s++) {
		const struct hidp__stage *stage = &previous->decisions.stages[s];
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct hidp__share *share = &stage->shares[k];
			for (uint32_t i = 0; i < share->layer_count; i++)
				if (!hidp__span_empty(share->comp[i]))
					r->resident[(size_t)share->node * layers +
					            share->layers[i]] = true;
		}
	}
}

static hidp_status read_residency(struct hidp__request *r, const struct hidp_model *model,
                                  const struct hidp_cluster *cluster, struct hidp__arena *arena,
                                  struct hidp_diagnostic *diag)
{
	struct hidp_plan_options *o = &r->options;
	const struct hidp_plan *previous = o->previous;
	uint32_t layers = model->layer_count;
	o->previous = NULL;
	if (!(o->flags & HIDP_PLAN_RESIDENT)) {
		o->resident_layers = o->resident_nodes = NULL;
		o->resident_count = 0;
		return HIDP_OK;
	}
	if (previous != NULL && (previous->model->layer_count != layers ||
	                         previous->cluster->node_count != cluster->node_count))
		return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
		                  "the previous plan is for another model or cluster");
	r->resident = hidp__arena_calloc(arena, (size_t)layers * cluster->node_count,
	                                 sizeof *r->resident);
	if (r->resident == NULL)
		return hidp__fail(diag, HIDP_ERR_NOMEM, NULL, "out of memory");
	for (size_t i = 0; i < o->resident_count; i++) {
		if (o->resident_layers[i] >= layers ||
		    o->resident_nodes[i] >= cluster->node_count)
			return hidp__fail(diag, HIDP_ERR_ARGUMENT, "options",
			                  "residency %zu names layer %u, node %u: there is no "
			                  "such thing",
			                  i, o->resident_layers[i], o->resident_nodes[i]);
		r->resident[(size_t)o->resident_nodes[i] * layers + o->resident_layers[i]] = true;
	}
	if (previous != NULL)
		mark_previous(r, previous, layers);

	/* what was said in two ways becomes one list, in order and without repetition */
	size_t count = 0;
	for (size_t i = 0; i < (size_t)layers * cluster->node_count; i++)
		count += r->resident[i];
	uint32_t *in_layers = hidp__arena_alloc(arena, count + 1, sizeof *in_layers);
	uint32_t *in_nodes = hidp__arena_alloc(arena, count + 1, sizeof *in_nodes);
	if (in_layers == NULL || in_nodes == NULL)
		return hidp__fail(diag, HIDP_ERR_NOMEM, NULL, "out of memory");
	o->resident_count = 0;
	for (uint32_t n = 0; n < cluster->node_count; n++) {
		for (uint32_t l = 0; l < layers; l++) {
			if (!r->resident[(size_t)n * layers + l])
				continue;
			in_layers[o->resident_count] = l;
			in_nodes[o->resident_count++] = n;
		}
	}
	o->resident_layers = in_layers;
	o->resident_nodes = in_nodes;
	return HIDP_OK;
}

hidp_status hidp__request_read(struct hidp__request *request, const struct hidp_model *model,
                               const struct hidp_cluster *cluster,
                               const struct hidp_plan_options *options, struct hidp__arena *arena,
                               struct hidp_diagnostic *diagnostic)
{
	struct hidp__request r = {.options = HIDP_PLAN_OPTIONS_INIT};
	struct hidp_plan_options *o = &r.options;
	hidp_status s;
	if (options != NULL && (s = hidp__abi_read(o, sizeof *o, sizeof *o, options)) != HIDP_OK)
		return hidp__fail(diagnostic, s, "options", "plan options of unknown size");
	o->struct_size = sizeof *o;
	if ((s = check_numbers(o, cluster, diagnostic)) != HIDP_OK)
		return s;
	if (o->objective == HIDP_OBJECTIVE_PERIOD)
		o->flags |= HIDP_PLAN_STREAM;
	r.stream = (o->flags & HIDP_PLAN_STREAM) != 0;
	r.input_node = (o->flags & HIDP_PLAN_INPUT_AT) ? o->input_node : o->leader;
	r.output_node = (o->flags & HIDP_PLAN_OUTPUT_AT) ? o->output_node : o->leader;
	if (!copy_array(&o->pin_layers, o->pin_count, arena) ||
	    !copy_array(&o->pin_nodes, o->pin_count, arena) ||
	    !copy_array(&o->pin_processors, o->pin_count, arena) ||
	    !copy_array(&o->excluded_nodes, o->excluded_count, arena) ||
	    !copy_array(&o->excluded_processors, o->excluded_count, arena))
		return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
	if ((s = read_pins(&r, model, cluster, arena, diagnostic)) != HIDP_OK ||
	    (s = read_exclusions(&r, cluster, arena, diagnostic)) != HIDP_OK ||
	    (s = read_residency(&r, model, cluster, arena, diagnostic)) != HIDP_OK)
		return s;
	*request = r;
	return HIDP_OK;
}

double hidp__request_objective(const struct hidp__request *request, double latency_s,
                               double period_s, double energy_j, double migration_s)
{
	const struct hidp_plan_options *o = &request->options;
	double value = o->migration_weight * migration_s;
	switch (o->objective) {
	case HIDP_OBJECTIVE_LATENCY:
		return value + latency_s;
	case HIDP_OBJECTIVE_PERIOD:
		return value + period_s;
	case HIDP_OBJECTIVE_ENERGY:
		return value + energy_j;
	default:
		return value + o->latency_weight * latency_s + o->period_weight * period_s +
		       o->energy_weight * energy_j;
	}
}
