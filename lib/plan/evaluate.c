/* SPDX-License-Identifier: MIT */
/* The one evaluator: what a plan costs, as doc/cost-model.md says it section by section. */
#include <math.h>
#include <string.h>

#include "base/diagnostic.h"
#include "plan/evaluate_priv.h"
#include "plan/needs.h"

/* Rows of a tensor that came to a node in the stage that is being walked. */
struct arrival {
	hidp_layer_id layer;
	hidp_node_id node;
	struct hidp__span rows;
	double time_s;
};

/* A tensor on a node that is kept for later: section 9. */
struct hold {
	hidp_layer_id layer;
	hidp_node_id node;
	uint32_t last_use; /* stage */
};

/* Where a layer behind the stages of a prefix is: anywhere. */
#define UNDECIDED UINT32_MAX

struct walk {
	const struct hidp__problem *problem;
	const struct hidp__decisions *decisions;
	struct hidp__arena *arena; /* scratch */
	struct hidp_diagnostic *diagnostic;
	struct hidp__needs needs;
	uint32_t layers, nodes, stages;
	uint32_t *stage_of; /* [layer]; model inputs: that of the stage they are in */
	uint32_t *share_of; /* [layer] in branch stages */
	uint32_t *choice;   /* [stage] share taken of a replica stage */
	double **share_set; /* [stage][share] working set; NULL: only messages are of interest */
	double *starts; /* [share] of the last stage: when it has all it needs; NULL: not asked */
	/* for one route */
	struct hidp__route *route;
	struct hidp__task_log *log;
	struct hidp__messages *messages; /* keeps them one by one; NULL: nobody asked */
	struct hidp__spans *present; /* [layer * nodes + node] */
	uint32_t *hold_of;           /* [layer * nodes + node] place in holds + 1 */
	struct hold *holds;
	size_t hold_count, hold_capacity;
	double *activations; /* [node] in this stage */
	double *memory;      /* [node] peak, or sum for streams */
	/* for one stage of it */
	uint32_t stage;
	double stage_start_s;
	double *out_free, *in_free, *medium_free;
	struct arrival *arrivals;
	size_t arrival_count, arrival_capacity;
};

static const struct hidp__layer *layer_of(const struct walk *w, hidp_layer_id l)
{
	return &w->problem->model->layers[l];
}

/* Is share k of the stage on the route? */
static bool on_route(const struct walk *w, uint32_t stage, uint32_t k)
{
	return w->decisions->stages[stage].kind != HIDP_STAGE_REPLICA || w->choice[stage] == k;
}

/* The share of a stage that is on a node, on this route; NULL if there is none. */
static const struct hidp__share *share_on(const struct walk *w, uint32_t stage, hidp_node_id node)
{
	const struct hidp__stage *s = &w->decisions->stages[stage];
	for (uint32_t k = 0; k < s->share_count; k++)
		if (s->shares[k].node == node && on_route(w, stage, k))
			return &s->shares[k];
	return NULL;
}

static bool share_has(const struct walk *w, uint32_t stage, const struct hidp__share *share,
                      hidp_layer_id l)
{
	const struct hidp__stage *s = &w->decisions->stages[stage];
	return s->kind != HIDP_STAGE_BRANCH || &s->shares[w->share_of[l]] == share;
}

/* The k-th owner of a tensor and its rows, in order of rows; false when there are no more. */
static bool owner(const struct walk *w, hidp_layer_id l, uint32_t *k, hidp_node_id *node,
                  struct hidp__span *rows)
{
	const struct hidp__layer *layer = layer_of(w, l);
	const struct hidp__stage *s = &w->decisions->stages[w->stage_of[l]];
	*rows = (struct hidp__span){0, layer->shape.rows};
	if (layer->op == HIDP_OP_INPUT) {
		*node = w->problem->request->input_node;
		return (*k)++ == 0;
	}
	if (s->kind == HIDP_STAGE_SPLIT) {
		if (*k >= s->share_count)
			return false;
		*node = s->shares[*k].node;
		*rows = hidp__own_rows(s->shares[*k].units, s->row_units, layer->shape.rows);
		(*k)++;
		return true;
	}
	uint32_t share = 0;
	if (s->kind == HIDP_STAGE_REPLICA)
		share = w->choice[w->stage_of[l]];
	else if (s->kind == HIDP_STAGE_BRANCH)
		share = w->share_of[l];
	*node = s->shares[share].node;
	return (*k)++ == 0;
}

static bool owns(const struct walk *w, hidp_layer_id l, hidp_node_id node)
{
	struct hidp__span rows;
	hidp_node_id n;
	for (uint32_t k = 0; owner(w, l, &k, &n, &rows);)
		if (n == node && !hidp__span_empty(rows))
			return true;
	return false;
}

/* Until which stage a node keeps its rows of a tensor. */
static uint32_t last_use(const struct walk *w, hidp_layer_id l, hidp_node_id node)
{
	const struct hidp__layer *layer = layer_of(w, l);
	bool wanted_here = layer->is_output && node == w->problem->request->output_node;
	bool is_hub = (w->problem->cluster->nodes[node].desc.flags & HIDP_NODE_HUB) != 0;
	if (is_hub || owns(w, l, node) || wanted_here)
		return layer->is_output ? w->stages : w->stage_of[layer->last_consumer];
	for (uint32_t c = layer->consumer_count; c-- > 0;) {
		uint32_t stage = w->stage_of[layer->consumers[c]];
		if (stage == UNDECIDED)
			return stage;
		const struct hidp__share *share = share_on(w, stage, node);
		if (share != NULL && share_has(w, stage, share, layer->consumers[c]))
			return stage;
	}
	return 0;
}

/* Makes rows present on a node, and keeps them as long as they are needed there. */
static bool put(struct walk *w, hidp_layer_id l, hidp_node_id node, struct hidp__span rows,
                bool computed)
{
	size_t at = (size_t)l * w->nodes + node;
	if (hidp__span_empty(rows))
		return true;
	if (!hidp__spans_add(&w->present[at], rows, w->arena))
		return false;
	uint32_t until = last_use(w, l, node);
	if (!computed && until < w->stage)
		until = w->stage;
	if (w->hold_of[at] != 0) {
		struct hold *h = &w->holds[w->hold_of[at] - 1];
		if (h->last_use < until)
			h->last_use = until;
		return true;
	}
	if (!hidp__arena_room(w->arena, (void **)&w->holds, w->hold_count, &w->hold_capacity,
	                      sizeof *w->holds))
		return false;
	w->holds[w->hold_count++] = (struct hold){l, node, until};
	w->hold_of[at] = (uint32_t)w->hold_count;
	return true;
}

/* Nodes give up what they have no more use for: it is neither held nor present any longer. */
static void forget(struct walk *w)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->hold_count; i++) {
		struct hold *h = &w->holds[i];
		size_t at = (size_t)h->layer * w->nodes + h->node;
		if (h->last_use < w->stage) {
			w->hold_of[at] = 0;
			w->present[at].count = 0;
			continue;
		}
		w->holds[kept] = *h;
		w->hold_of[at] = (uint32_t)++kept;
	}
	w->hold_count = kept;
}

/* Adds what every node holds in this stage. */
static void count_held(struct walk *w)
{
	for (size_t i = 0; i < w->hold_count; i++) {
		const struct hold *h = &w->holds[i];
		const struct hidp__layer *l = layer_of(w, h->layer);
		int64_t rows = hidp__spans_count(&w->present[(size_t)h->layer * w->nodes + h->node],
		                                 (struct hidp__span){0, l->shape.rows});
		w->activations[h->node] += (double)rows * (double)l->row_bytes;
	}
}

/* When the last of these rows came to the node in this stage; 0 if they were there before. */
static double arrival_of(const struct walk *w, hidp_layer_id l, hidp_node_id node,
                         struct hidp__span rows)
{
	double latest = 0;
	for (size_t i = 0; i < w->arrival_count; i++) {
		const struct arrival *a = &w->arrivals[i];
		if (a->layer == l && a->node == node && a->time_s > latest &&
		    !hidp__span_empty(hidp__span_meet(a->rows, rows)))
			latest = a->time_s;
	}
	return latest;
}

static double largest(double a, double b)
{
	return a > b ? a : b;
}

/* Sends rows[count] of a tensor over one link. */
static bool send(struct walk *w, hidp_layer_id l, const struct hidp__span *rows, uint32_t count,
                 hidp_node_id from, hidp_node_id to, uint32_t share)
{
	const struct hidp__link *link = hidp__link(w->problem->cluster, from, to);
	const struct hidp__layer *layer = layer_of(w, l);
	hidp_dtype dtype = link->wire_dtype != HIDP_DTYPE_DEFAULT ? link->wire_dtype : layer->dtype;
	int64_t n = 0;
	double start = largest(w->out_free[from], w->in_free[to]);
	if (link->medium != HIDP_MEDIUM_NONE)
		start = largest(start, w->medium_free[link->medium]);
	for (uint32_t i = 0; i < count; i++) {
		n += hidp__span_length(rows[i]);
		start = largest(start, arrival_of(w, l, from, rows[i]));
	}
	double size = (double)n * (double)layer->elements_per_row *
	              (double)hidp__dtype_bytes(dtype);
	double bytes = (double)n * (double)layer->row_bytes;
	double wire = size / link->bandwidth_Bps;
	double end = start + wire, arrival = end + link->latency_s;
	w->out_free[from] = w->in_free[to] = end;
	w->route->transmit_s[from] += wire;
	w->route->receive_s[to] += wire;
	w->route->takes_part[from] = w->route->takes_part[to] = true;
	w->route->transfer_bytes += size;
	w->activations[from] += bytes * w->problem->cluster->nodes[from].desc.send_buffers;
	w->activations[to] += bytes * w->problem->cluster->nodes[to].desc.receive_buffers;
	if (link->medium != HIDP_MEDIUM_NONE) {
		w->medium_free[link->medium] = end;
		w->route->medium_busy_s[link->medium] += wire;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!hidp__arena_room(w->arena, (void **)&w->arrivals, w->arrival_count,
		                      &w->arrival_capacity, sizeof *w->arrivals) ||
		    !put(w, l, to, rows[i], false))
			return false;
		w->arrivals[w->arrival_count++] = (struct arrival){l, to, rows[i], arrival};
	}
	if (w->messages != NULL) {
		struct hidp__messages *m = w->messages;
		if (!hidp__arena_room(w->arena, (void **)&m->list, m->count, &m->capacity,
		                      sizeof *m->list))
			return false;
		m->list[m->count++] = (struct hidp__message){
		        l, from, to, w->stage, share, dtype, count, rows, (uint64_t)size};
	}
	if (w->log == NULL)
		return true;
	struct hidp__task task = {
	        .kind = HIDP_TASK_TRANSFER,
	        .stage = w->stage,
	        .share = share,
	        .node = from,
	        .to = to,
	        .processor = HIDP_PROCESSOR_NONE,
	        .layer = l,
	        .medium = link->medium,
	        .rows = {rows[0].begin, rows[count - 1].end},
	        .start_s = w->stage_start_s + start,
	        .end_s = w->stage_start_s + end,
	        .arrival_s = w->stage_start_s + arrival,
	        .bytes = (uint64_t)size,
	};
	return hidp__task_add(w->log, &task);
}

/* Parts of a range that are missing in a set, as an array of the arena; false: no memory. */
static bool gaps_of(struct walk *w, const struct hidp__spans *set, struct hidp__span range,
                    struct hidp__span **gaps, uint32_t *count)
{
	struct hidp__span gap;
	*gaps = hidp__arena_alloc(w->arena, (size_t)set->count + 1, sizeof **gaps);
	*count = 0;
	if (*gaps == NULL)
		return false;
	for (int64_t at = range.begin; hidp__spans_next_gap(set, range, &at, &gap);)
		(*gaps)[(*count)++] = gap;
	return true;
}

/* Brings the missing rows of a tensor to a node, from their owners and hop by hop. */
static hidp_status bring(struct walk *w, hidp_layer_id l, struct hidp__span need, hidp_node_id to,
                         uint32_t share)
{
	const struct hidp__spans *here = &w->present[(size_t)l * w->nodes + to];
	hidp_node_id from;
	struct hidp__span own;
	if (hidp__spans_has(here, need))
		return HIDP_OK;
	for (uint32_t k = 0; owner(w, l, &k, &from, &own);) {
		struct hidp__span *wanted, *gaps;
		uint32_t wanted_count, count;
		own = hidp__span_meet(own, need);
		if (from == to || hidp__span_empty(own))
			continue;
		if (!gaps_of(w, here, own, &wanted, &wanted_count))
			return HIDP_ERR_NOMEM;
		while (wanted_count != 0 && from != to) {
			hidp_node_id hop = hidp__next_hop(w->problem->cluster, from, to);
			if (hop == HIDP_NODE_NONE)
				return hidp__fail(w->diagnostic, HIDP_ERR_PLAN,
				                  layer_of(w, l)->name,
				                  "its output is needed on node %s, which cannot "
				                  "be reached from node %s",
				                  w->problem->cluster->nodes[to].desc.name,
				                  w->problem->cluster->nodes[from].desc.name);
			const struct hidp__spans *there = &w->present[(size_t)l * w->nodes + hop];
			size_t most = (size_t)wanted_count * ((size_t)there->count + 1);
			struct hidp__span *carried =
			        hidp__arena_alloc(w->arena, most, sizeof *carried);
			uint32_t carried_count = 0;
			if (carried == NULL)
				return HIDP_ERR_NOMEM;
			for (uint32_t i = 0; i < wanted_count; i++) {
				if (!gaps_of(w, there, wanted[i], &gaps, &count))
					return HIDP_ERR_NOMEM;
				for (uint32_t g = 0; g < count; g++)
					carried[carried_count++] = gaps[g];
			}
			if (carried_count != 0 &&
			    !send(w, l, carried, carried_count, from, hop, share))
				return HIDP_ERR_NOMEM;
			from = hop;
		}
	}
	return HIDP_OK;
}

static void stage_begin(struct walk *w, uint32_t stage)
{
	w->stage = stage;
	w->stage_start_s = w->route->latency_s;
	w->arrival_count = 0;
	memset(w->out_free, 0, w->nodes * sizeof *w->out_free);
	memset(w->in_free, 0, w->nodes * sizeof *w->in_free);
	memset(w->medium_free, 0, w->problem->cluster->medium_count * sizeof *w->medium_free);
	memset(w->activations, 0, w->nodes * sizeof *w->activations);
	forget(w);
}

static void stage_end(struct walk *w, double duration_s)
{
	w->route->latency_s += duration_s;
	for (uint32_t n = 0; n < w->nodes; n++) {
		if (w->problem->request->stream)
			w->memory[n] += w->activations[n];
		else
			w->memory[n] = largest(w->memory[n], w->activations[n]);
	}
}

static hidp_status walk_stage(struct walk *w, uint32_t number)
{
	const struct hidp__stage *stage = &w->decisions->stages[number];
	const struct hidp_cluster *cluster = w->problem->cluster;
	double duration = 0;
	stage_begin(w, number);
	for (uint32_t k = 0; k < stage->share_count; k++) {
		const struct hidp__share *share = &stage->shares[k];
		double start = 0, took;
		if (!on_route(w, number, k))
			continue;
		w->route->takes_part[share->node] = true;
		hidp__needs_of(&w->needs, share->layers, share->comp, share->layer_count);
		for (uint32_t i = 0; i < w->needs.count; i++) {
			hidp_layer_id l = w->needs.list[i];
			hidp_status s = bring(w, l, w->needs.rows[l], share->node, k);
			if (s != HIDP_OK)
				return s;
			start = largest(start,
			                arrival_of(w, l, share->node, w->needs.rows[l]));
		}
		if (w->starts != NULL && number + 1 == w->stages)
			w->starts[k] = start;
		if (w->share_set == NULL)
			continue;
		const struct hidp__share *earlier =
		        number > 0 ? share_on(w, number - 1, share->node) : NULL;
		const struct hidp__step *before =
		        earlier != NULL ? &earlier->steps[earlier->step_count - 1] : NULL;
		if (!hidp__share_cost(w->problem, number, k, share, before,
		                      w->stage_start_s + start,
		                      w->route->busy_s +
		                              cluster->nodes[share->node].first_processor,
		                      &took, w->log, w->arena))
			return HIDP_ERR_NOMEM;
		duration = largest(duration, start + took);
		w->activations[share->node] += w->share_set[number][k];
	}
	count_held(w);
	for (uint32_t k = 0; k < stage->share_count; k++) {
		const struct hidp__share *share = &stage->shares[k];
		if (!on_route(w, number, k))
			continue;
		for (uint32_t i = 0; i < share->layer_count; i++) {
			hidp_layer_id l = share->layers[i];
			if (layer_of(w, l)->last_consumer < stage->first_layer + stage->layer_count)
				continue; /* nobody outside the stage reads it */
			if (!put(w, l, share->node, share->comp[i], true))
				return HIDP_ERR_NOMEM;
		}
	}
	stage_end(w, duration);
	return HIDP_OK;
}

/* Outputs go to where they are wanted. */
static hidp_status walk_delivery(struct walk *w)
{
	hidp_node_id to = w->problem->request->output_node;
	double duration = 0;
	stage_begin(w, w->stages);
	for (hidp_layer_id l = 0; l < w->layers; l++) {
		struct hidp__span all = {0, layer_of(w, l)->shape.rows};
		if (!layer_of(w, l)->is_output)
			continue;
		hidp_status s = bring(w, l, all, to, 0);
		if (s != HIDP_OK)
			return s;
		duration = largest(duration, arrival_of(w, l, to, all));
	}
	count_held(w);
	stage_end(w, duration);
	return HIDP_OK;
}

/* Before the first stage of a route: the model inputs lie where they come in. */
static hidp_status walk_begins(struct walk *w, struct hidp__route *route)
{
	const struct hidp_cluster *cluster = w->problem->cluster;
	size_t pairs = (size_t)w->layers * w->nodes;
	w->route = route;
	route->latency_s = route->transfer_bytes = 0;
	memset(route->busy_s, 0, cluster->processor_count * sizeof *route->busy_s);
	memset(route->transmit_s, 0, w->nodes * sizeof *route->transmit_s);
	memset(route->receive_s, 0, w->nodes * sizeof *route->receive_s);
	memset(route->medium_busy_s, 0, cluster->medium_count * sizeof *route->medium_busy_s);
	memset(w->present, 0, pairs * sizeof *w->present);
	memset(w->hold_of, 0, pairs * sizeof *w->hold_of);
	memset(w->memory, 0, w->nodes * sizeof *w->memory);
	w->holds = NULL;
	w->hold_count = 0;
	w->stage = 0;
	for (hidp_layer_id l = 0; l < w->layers; l++) {
		const struct hidp__layer *layer = layer_of(w, l);
		if (layer->op == HIDP_OP_INPUT &&
		    !put(w, l, w->problem->request->input_node,
		         (struct hidp__span){0, layer->shape.rows}, false))
			return HIDP_ERR_NOMEM;
	}
	return HIDP_OK;
}

static hidp_status walk_route(struct walk *w, struct hidp__route *route, struct hidp__task_log *log)
{
	w->log = log;
	hidp_status s = walk_begins(w, route);
	for (uint32_t i = 0; i < w->stages && s == HIDP_OK; i++)
		s = walk_stage(w, i);
	return s == HIDP_OK ? walk_delivery(w) : s;
}

/* The next combination of replicas; false after the last. */
static bool next_route(struct walk *w)
{
	for (uint32_t s = w->stages; s-- > 0;) {
		const struct hidp__stage *stage = &w->decisions->stages[s];
		if (stage->kind != HIDP_STAGE_REPLICA)
			continue;
		if (++w->choice[s] < stage->share_count)
			return true;
		w->choice[s] = 0;
	}
	return false;
}

static double route_weight(const struct walk *w)
{
	double weight = 1;
	for (uint32_t s = 0; s < w->stages; s++)
		if (w->decisions->stages[s].kind == HIDP_STAGE_REPLICA)
			weight *= w->decisions->stages[s].shares[w->choice[s]].fraction;
	return weight;
}

static void *zeros(struct hidp__arena *arena, size_t count, bool *ok)
{
	void *p = hidp__arena_calloc(arena, count + 1, sizeof(double));
	*ok = *ok && p != NULL;
	return p;
}

/*
 * What does not depend on routes: where layers are, weights and their migration,
 * working sets, memory of processors.
 */
static bool survey(struct walk *w, struct hidp__evaluation *e)
{
	const struct hidp_cluster *cluster = w->problem->cluster;
	const struct hidp__request *request = w->problem->request;
	bool ok = true;
	bool *computes =
	        hidp__arena_calloc(w->arena, (size_t)w->layers * w->nodes, sizeof *computes);
	double **fraction = zeros(w->arena, w->nodes, &ok); /* [node] -> [layer * processors + p] */
	double *need = zeros(w->arena, HIDP_NODE_PROCESSORS_MAX, &ok);
	if (!ok || computes == NULL)
		return false;
	for (uint32_t s = 0; s < w->stages; s++) {
		const struct hidp__stage *stage = &w->decisions->stages[s];
		w->share_set[s] = zeros(w->arena, stage->share_count, &ok);
		if (!ok)
			return false;
		for (uint32_t i = 0; i < stage->layer_count; i++)
			w->stage_of[stage->first_layer + i] = s;
		for (uint32_t k = 0; k < stage->share_count; k++) {
			const struct hidp__share *share = &stage->shares[k];
			const struct hidp__node *node = &cluster->nodes[share->node];
			uint32_t processors = node->processor_count;
			double **f = &fraction[share->node];
			if (*f == NULL)
				*f = zeros(w->arena, (size_t)w->layers * processors, &ok);
			if (!ok)
				return false;
			memset(need, 0, processors * sizeof *need);
			struct hidp__arena_mark mark = hidp__arena_here(w->arena);
			if (!hidp__share_memory(w->problem->model, share, processors,
			                        &w->share_set[s][k], need, *f, w->arena))
				return false;
			hidp__arena_back(w->arena, mark);
			for (uint32_t p = 0; p < processors; p++) {
				double *m = &e->processor_memory_bytes[node->first_processor + p];
				*m = request->stream ? *m + need[p] : largest(*m, need[p]);
			}
			for (uint32_t i = 0; i < share->layer_count; i++) {
				hidp_layer_id l = share->layers[i];
				size_t at = (size_t)share->node * w->layers + l;
				double bytes = (double)layer_of(w, l)->weight_bytes;
				w->share_of[l] = k;
				if (hidp__span_empty(share->comp[i]) || computes[at])
					continue;
				computes[at] = true;
				e->weight_bytes[share->node] += bytes;
				if (request->resident == NULL || request->resident[at] ||
				    bytes == 0)
					continue;
				e->migration_bytes += bytes;
				if (node->desc.load_bandwidth_Bps > 0)
					e->migration_s += bytes / node->desc.load_bandwidth_Bps;
			}
		}
	}
	for (uint32_t n = 0; n < w->nodes; n++) {
		const struct hidp__node *node = &cluster->nodes[n];
		if (fraction[n] == NULL)
			continue;
		for (uint32_t l = 0; l < w->layers; l++)
			for (uint32_t p = 0; p < node->processor_count; p++)
				e->processor_memory_bytes[node->first_processor + p] +=
				        ceil((double)layer_of(w, l)->weight_bytes *
				             fraction[n][(size_t)l * node->processor_count + p]);
	}
	return true;
}

static void add_weighted(double *to, const double *from, size_t count, double weight)
{
	for (size_t i = 0; i < count; i++)
		to[i] += weight * from[i];
}

void hidp__resource_loads(const struct hidp_cluster *cluster, const double *busy_s,
                          const double *transmit_s, const double *receive_s,
                          const double *medium_busy_s, double *loads)
{
	double *transmit = loads + cluster->processor_count;
	double *receive = transmit + cluster->node_count;
	for (hidp_node_id n = 0; n < cluster->node_count; n++) {
		const struct hidp__node *node = &cluster->nodes[n];
		bool is_work = (node->desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK) != 0;
		bool is_free = is_work || (node->desc.flags & HIDP_NODE_HUB) != 0;
		double work = is_work ? transmit_s[n] + receive_s[n] : 0;
		for (uint32_t p = 0; p < node->processor_count; p++)
			loads[node->first_processor + p] = busy_s[node->first_processor + p] + work;
		transmit[n] = is_free ? 0 : transmit_s[n];
		receive[n] = is_free ? 0 : receive_s[n];
	}
	for (hidp_medium_id m = 0; m < cluster->medium_count; m++)
		receive[cluster->node_count + m] = medium_busy_s[m];
}

static bool finish(const struct walk *w, struct hidp__evaluation *e, const bool *takes_part)
{
	const struct hidp_cluster *cluster = w->problem->cluster;
	size_t resources = hidp__resource_count(cluster);
	double *loads = hidp__arena_alloc(w->arena, resources, sizeof *loads);
	if (loads == NULL)
		return false;
	hidp__resource_loads(cluster, e->busy_s, e->transmit_s, e->receive_s, e->medium_busy_s,
	                     loads);
	e->period_s = 0;
	for (size_t r = 0; r < resources; r++)
		e->period_s = largest(e->period_s, loads[r]);

	double elapsed = w->problem->request->stream ? e->period_s : e->latency_s;
	e->energy_j = 0;
	for (uint32_t n = 0; n < w->nodes; n++) {
		const struct hidp__node *node = &cluster->nodes[n];
		double j = e->transmit_s[n] * node->desc.power_transmit_w +
		           e->receive_s[n] * node->desc.power_receive_w;
		for (uint32_t p = 0; p < node->processor_count; p++)
			j += e->busy_s[node->first_processor + p] *
			     node->processors[p].power_active_w;
		if (takes_part[n])
			j += node->desc.power_idle_w * elapsed;
		e->node_energy_j[n] = j;
		e->energy_j += j;
		e->memory_bytes[n] += e->weight_bytes[n];
	}
	e->objective = hidp__request_objective(w->problem->request, e->latency_s, e->period_s,
	                                       e->energy_j, e->migration_s);
	return true;
}

/* The results, in an arena that outlives the evaluation. */
static bool results_begin(struct hidp__evaluation *e, const struct hidp_cluster *cluster,
                          struct hidp__arena *arena)
{
	bool ok = true;
	*e = (struct hidp__evaluation){.latency_s = 0};
	e->memory_bytes = zeros(arena, cluster->node_count, &ok);
	e->weight_bytes = zeros(arena, cluster->node_count, &ok);
	e->transmit_s = zeros(arena, cluster->node_count, &ok);
	e->receive_s = zeros(arena, cluster->node_count, &ok);
	e->node_energy_j = zeros(arena, cluster->node_count, &ok);
	e->busy_s = zeros(arena, cluster->processor_count, &ok);
	e->processor_memory_bytes = zeros(arena, cluster->processor_count, &ok);
	e->medium_busy_s = zeros(arena, cluster->medium_count, &ok);
	return ok;
}

static bool walk_begin(struct walk *w, struct hidp__route *route,
                       const struct hidp_cluster *cluster)
{
	bool ok = hidp__needs_init(&w->needs, w->problem->model, w->arena);
	size_t pairs = (size_t)w->layers * w->nodes;
	*route = (struct hidp__route){.latency_s = 0};
	route->busy_s = zeros(w->arena, cluster->processor_count, &ok);
	route->transmit_s = zeros(w->arena, w->nodes, &ok);
	route->receive_s = zeros(w->arena, w->nodes, &ok);
	route->medium_busy_s = zeros(w->arena, cluster->medium_count, &ok);
	route->takes_part = zeros(w->arena, w->nodes, &ok);
	w->stage_of = zeros(w->arena, w->layers, &ok);
	w->share_of = zeros(w->arena, w->layers, &ok);
	w->choice = zeros(w->arena, w->stages, &ok);
	w->share_set = zeros(w->arena, w->stages, &ok);
	w->out_free = zeros(w->arena, w->nodes, &ok);
	w->in_free = zeros(w->arena, w->nodes, &ok);
	w->medium_free = zeros(w->arena, cluster->medium_count, &ok);
	w->activations = zeros(w->arena, w->nodes, &ok);
	w->memory = zeros(w->arena, w->nodes, &ok);
	w->present = hidp__arena_alloc(w->arena, pairs, sizeof *w->present);
	w->hold_of = hidp__arena_alloc(w->arena, pairs, sizeof *w->hold_of);
	return ok && w->present != NULL && w->hold_of != NULL;
}

/* Walks all routes and weighs them together; with tasks, the slowest is drawn. */
static hidp_status walk_all(struct walk *w, struct hidp__evaluation *e, bool with_tasks,
                            struct hidp__arena *arena)
{
	const struct hidp_cluster *cluster = w->problem->cluster;
	struct hidp__route route;
	struct hidp__task_log log = {.arena = w->arena};
	bool ok = true;
	uint32_t *slowest = zeros(w->arena, w->stages, &ok);
	if (!ok || !walk_begin(w, &route, cluster) || !survey(w, e))
		return HIDP_ERR_NOMEM;
	route.takes_part[w->problem->request->input_node] = true;
	route.takes_part[w->problem->request->output_node] = true;
	uint32_t routes = 0;
	bool with_replicas = false;
	for (uint32_t s = 0; s < w->stages; s++)
		with_replicas |= w->decisions->stages[s].kind == HIDP_STAGE_REPLICA;
	struct hidp__arena_mark mark = hidp__arena_here(w->arena);
	do {
		double weight = route_weight(w);
		/* not by the weight: a fraction may be so close to 1 that it is 1 */
		bool only = !with_replicas;
		w->hold_capacity = w->arrival_capacity = 0;
		if (!only)
			hidp__arena_back(w->arena, mark);
		hidp_status s = walk_route(w, &route, with_tasks && only ? &log : NULL);
		if (s != HIDP_OK)
			return s;
		if (routes++ == 0 || route.latency_s > e->latency_s) {
			e->latency_s = route.latency_s;
			memcpy(slowest, w->choice, w->stages * sizeof *slowest);
		}
		add_weighted(e->busy_s, route.busy_s, cluster->processor_count, weight);
		add_weighted(e->transmit_s, route.transmit_s, w->nodes, weight);
		add_weighted(e->receive_s, route.receive_s, w->nodes, weight);
		add_weighted(e->medium_busy_s, route.medium_busy_s, cluster->medium_count, weight);
		e->transfer_bytes += weight * route.transfer_bytes;
		for (uint32_t n = 0; n < w->nodes; n++)
			e->memory_bytes[n] = largest(e->memory_bytes[n], w->memory[n]);
	} while (next_route(w));
	if (with_tasks && routes > 1) {
		memcpy(w->choice, slowest, w->stages * sizeof *slowest);
		w->hold_capacity = w->arrival_capacity = 0;
		hidp_status s = walk_route(w, &route, &log);
		if (s != HIDP_OK)
			return s;
	}
	if (!finish(w, e, route.takes_part))
		return HIDP_ERR_NOMEM;
	if (log.count != 0) {
		e->tasks = hidp__arena_alloc(arena, log.count, sizeof *e->tasks);
		if (e->tasks == NULL)
			return HIDP_ERR_NOMEM;
		memcpy(e->tasks, log.tasks, log.count * sizeof *e->tasks);
		e->task_count = log.count;
	}
	return HIDP_OK;
}

hidp_status hidp__evaluate(const struct hidp__problem *problem,
                           const struct hidp__decisions *decisions, bool with_tasks,
                           struct hidp__evaluation *evaluation, struct hidp__arena *arena,
                           struct hidp__arena *scratch, struct hidp_diagnostic *diagnostic)
{
	struct walk w = {.problem = problem,
	                 .decisions = decisions,
	                 .arena = scratch,
	                 .diagnostic = diagnostic,
	                 .layers = problem->model->layer_count,
	                 .nodes = problem->cluster->node_count,
	                 .stages = decisions->stage_count};
	struct hidp__arena_mark mark = hidp__arena_here(scratch);
	struct hidp__evaluation e;
	hidp_status s = HIDP_ERR_NOMEM;
	if (results_begin(&e, problem->cluster, arena))
		s = walk_all(&w, &e, with_tasks, arena);
	hidp__arena_back(scratch, mark);
	if (s == HIDP_ERR_NOMEM)
		return hidp__fail(diagnostic, s, NULL, "out of memory");
	if (s == HIDP_OK)
		*evaluation = e;
	return s;
}

hidp_status hidp__evaluate_messages(const struct hidp__problem *problem,
                                    const struct hidp__decisions *decisions, bool complete,
                                    uint32_t *choice, struct hidp__messages *messages,
                                    struct hidp__arena *scratch)
{
	struct walk w = {.problem = problem,
	                 .decisions = decisions,
	                 .arena = scratch,
	                 .layers = problem->model->layer_count,
	                 .nodes = problem->cluster->node_count,
	                 .stages = decisions->stage_count};
	struct hidp__route *route = &messages->route;
	if (!walk_begin(&w, route, problem->cluster))
		return HIDP_ERR_NOMEM;
	w.share_set = NULL;
	w.starts = messages->start_s;
	w.messages = messages->keep ? messages : NULL;
	w.choice = choice;
	route->takes_part[problem->request->input_node] = true;
	route->takes_part[problem->request->output_node] = true;
	for (hidp_layer_id l = 0; l < w.layers; l++)
		w.stage_of[l] = UNDECIDED;
	for (uint32_t s = 0; s < w.stages; s++) {
		const struct hidp__stage *stage = &decisions->stages[s];
		for (uint32_t i = 0; i < stage->layer_count; i++)
			w.stage_of[stage->first_layer + i] = s;
		for (uint32_t k = 0; k < stage->share_count; k++)
			for (uint32_t i = 0; i < stage->shares[k].layer_count; i++)
				w.share_of[stage->shares[k].layers[i]] = k;
	}
	hidp_status status = walk_begins(&w, route);
	for (uint32_t i = 0; i < w.stages && status == HIDP_OK; i++)
		status = walk_stage(&w, i);
	if (status == HIDP_OK && complete) {
		double before = route->latency_s;
		status = walk_delivery(&w);
		messages->delivery_s = route->latency_s - before;
	}
	return status;
}
