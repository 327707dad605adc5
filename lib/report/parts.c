/* SPDX-License-Identifier: MIT */
/* What the cost of stages is made of: which resource it is that they wait for, or that they use up.
 */
#include <math.h>

#include "report/explain_priv.h"

struct sums {
	const struct hidp__timeline *t;
	uint32_t first, end;                          /* stages; the delivery is the last of all */
	double *lane;                                 /* [lane_count] */
	double *handover, *idle, *transmit, *receive; /* [node_count] */
};

static bool sums_make(struct sums *sums, const struct hidp__timeline *t, uint32_t first,
		      uint32_t count, struct hidp__arena *arena)
{
	double *values = hidp__arena_calloc(
		arena, (size_t)t->lane_count + 4 * (size_t)t->node_count, sizeof *values);
	if (values == NULL)
		return false;
	*sums = (struct sums){.t = t, .first = first, .end = first + count, .lane = values};
	sums->handover = values + t->lane_count;
	sums->idle = sums->handover + t->node_count;
	sums->transmit = sums->idle + t->node_count;
	sums->receive = sums->transmit + t->node_count;
	return true;
}

static struct hidp_processor_desc processor_of(const struct hidp__timeline *t, hidp_node_id node,
					       hidp_processor_id processor)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	hidp_cluster_processor(t->cluster, node, processor, &d);
	return d;
}

static struct hidp_node_desc node_of(const struct hidp__timeline *t, hidp_node_id node)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	hidp_cluster_node(t->cluster, node, &d);
	return d;
}

hidp_objective hidp__report_basis(const struct hidp__timeline *t)
{
	const struct hidp_plan_options *o = &t->options;
	double latency = o->latency_weight * t->figures.latency_s;
	double period = o->period_weight * t->figures.period_s;
	double energy = o->energy_weight * t->figures.energy_j;
	if (o->objective != HIDP_OBJECTIVE_WEIGHTED)
		return o->objective;
	if (latency >= period && latency >= energy)
		return HIDP_OBJECTIVE_LATENCY;
	return period >= energy ? HIDP_OBJECTIVE_PERIOD : HIDP_OBJECTIVE_ENERGY;
}

/*
 * Time. A stage ends with its last share: that one waits for its last message, then
 * its steps follow each other, each as long as its longest slice.
 */
struct critical {
	uint32_t share;
	hidp_node_id node;
	double start_s, end_s; /* of its computing */
	double arrival_s;      /* of the message that it waits for */
	uint32_t lane;         /* of that message; UINT32_MAX: none */
	uint32_t first_step;   /* place of its steps in the list of all */
};

struct longest {
	double duration_s, wait_s;
	uint32_t lane;
};

static struct critical last_share(const struct hidp__timeline *t, uint32_t stage)
{
	const struct hidp__share_times *shares = t->shares[stage];
	struct critical c = {.node = HIDP_NODE_NONE, .lane = UINT32_MAX, .arrival_s = -1};
	c.start_s = c.end_s = t->stage_start_s[stage];
	if (stage == t->stage_count) {
		c.start_s = c.end_s = t->stage_start_s[stage + 1];
		return c;
	}
	uint32_t count = hidp__report_stage(t->plan, stage).share_count;
	for (uint32_t k = 0; k < count; k++) {
		if (shares[k].end_s < shares[k].start_s || shares[k].end_s < c.end_s)
			continue; /* without tasks, or not the last */
		if (c.node != HIDP_NODE_NONE && !(shares[k].end_s > c.end_s))
			continue;
		c.share = k;
		c.node = hidp__report_share(t->plan, stage, k).node;
		c.start_s = shares[k].start_s;
		c.end_s = shares[k].end_s;
	}
	return c;
}

static void look_at_task(struct critical *c, struct longest *steps,
			 const struct hidp_task_info *task, uint32_t lane)
{
	double duration = task->end_s - task->start_s;
	if (task->kind == HIDP_TASK_TRANSFER) {
		bool here = c->node == HIDP_NODE_NONE || task->to == c->node;
		if (here && task->arrival_s <= c->start_s && task->arrival_s > c->arrival_s) {
			c->arrival_s = task->arrival_s;
			c->lane = lane;
		}
	} else if (task->share == c->share) {
		struct longest *step = &steps[c->first_step + task->step];
		if (duration > step->duration_s)
			*step = (struct longest){duration, task->wait_s, lane};
	}
}

static bool add_times(struct sums *sums, struct hidp__arena *arena)
{
	const struct hidp__timeline *t = sums->t;
	uint32_t steps = 0;
	struct critical *stages =
		hidp__arena_alloc(arena, (size_t)(sums->end - sums->first) + 1, sizeof *stages);
	if (stages == NULL)
		return false;
	for (uint32_t s = sums->first; s < sums->end; s++) {
		struct critical *c = &stages[s - sums->first];
		*c = last_share(t, s);
		c->first_step = steps;
		if (c->node != HIDP_NODE_NONE)
			steps += hidp__report_share(t->plan, s, c->share).step_count;
	}
	struct longest *longest = hidp__arena_calloc(arena, (size_t)steps + 1, sizeof *longest);
	if (longest == NULL)
		return false;
	for (uint32_t l = 0; l < t->lane_count; l++) {
		for (uint32_t i = 0; i < t->lanes[l].count; i++) {
			const struct hidp_task_info *task = &t->tasks[t->lanes[l].first + i];
			if (task->stage >= sums->first && task->stage < sums->end)
				look_at_task(&stages[task->stage - sums->first], longest, task, l);
		}
	}
	for (uint32_t s = sums->first; s < sums->end; s++) {
		const struct critical *c = &stages[s - sums->first];
		if (c->lane != UINT32_MAX)
			sums->lane[c->lane] += c->start_s - t->stage_start_s[s];
		if (c->node != HIDP_NODE_NONE)
			sums->handover[c->node] += t->stage_start_s[s + 1] - c->end_s;
	}
	for (uint32_t i = 0; i < steps; i++) {
		if (!(longest[i].duration_s > 0))
			continue;
		sums->lane[longest[i].lane] += longest[i].duration_s - longest[i].wait_s;
		sums->handover[t->lanes[longest[i].lane].node] += longest[i].wait_s;
	}
	return true;
}

/* Part of the requests for which a task is carried out. */
static double weight_of(const struct hidp__timeline *t, const struct hidp_task_info *task)
{
	if (task->stage >= t->stage_count ||
	    hidp__report_stage(t->plan, task->stage).kind != HIDP_STAGE_REPLICA)
		return 1;
	return hidp__report_share(t->plan, task->stage, task->share).fraction;
}

static void add_loads(struct sums *sums, bool energy)
{
	const struct hidp__timeline *t = sums->t;
	for (uint32_t l = 0; l < t->lane_count; l++) {
		const struct hidp__lane *lane = &t->lanes[l];
		for (uint32_t i = 0; i < lane->count; i++) {
			const struct hidp_task_info *task = &t->tasks[lane->first + i];
			double duration = (task->end_s - task->start_s) * weight_of(t, task);
			if (task->stage < sums->first || task->stage >= sums->end)
				continue;
			if (!energy) {
				sums->lane[l] += duration;
			} else if (task->kind == HIDP_TASK_COMPUTE) {
				sums->lane[l] +=
					duration *
					processor_of(t, task->node, task->processor).power_active_w;
			} else {
				sums->transmit[task->node] +=
					duration * node_of(t, task->node).power_transmit_w;
				sums->receive[task->to] +=
					duration * node_of(t, task->to).power_receive_w;
			}
		}
	}
	if (!energy || t->stream)
		return;
	double elapsed = t->stage_start_s[sums->end] - t->stage_start_s[sums->first];
	for (uint32_t n = 0; n < t->node_count; n++)
		if (t->node_used[n])
			sums->idle[n] = node_of(t, n).power_idle_w * elapsed;
}

/* Adds what is above 0 in its place: the largest first, equals in the order in which they come. */
static void collect(struct hidp__parts *parts, enum hidp__part_kind kind, const double *values,
		    uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!(values[i] > 0))
			continue;
		uint32_t at = parts->count++;
		for (; at != 0 && parts->parts[at - 1].value < values[i]; at--)
			parts->parts[at] = parts->parts[at - 1];
		parts->parts[at] = (struct hidp__part){kind, i, values[i]};
	}
}

static bool make_parts(const struct sums *sums, double total, struct hidp__parts *parts,
		       struct hidp__arena *arena)
{
	const struct hidp__timeline *t = sums->t;
	size_t most = (size_t)t->lane_count + 4 * (size_t)t->node_count;
	*parts = (struct hidp__parts){.total = total};
	parts->parts = hidp__arena_alloc(arena, most + 1, sizeof *parts->parts);
	if (parts->parts == NULL)
		return false;
	collect(parts, HIDP__PART_LANE, sums->lane, t->lane_count);
	collect(parts, HIDP__PART_HANDOVER, sums->handover, t->node_count);
	collect(parts, HIDP__PART_IDLE, sums->idle, t->node_count);
	collect(parts, HIDP__PART_TRANSMIT, sums->transmit, t->node_count);
	collect(parts, HIDP__PART_RECEIVE, sums->receive, t->node_count);
	return true;
}

bool hidp__report_parts(const struct hidp__timeline *t, uint32_t first, uint32_t count,
			struct hidp__parts *parts, struct hidp__arena *arena)
{
	hidp_objective basis = hidp__report_basis(t);
	struct sums sums;
	double total = 0;
	if (!sums_make(&sums, t, first, count, arena))
		return false;
	if (basis == HIDP_OBJECTIVE_LATENCY) {
		if (!add_times(&sums, arena))
			return false;
		total = t->stage_start_s[first + count] - t->stage_start_s[first];
	} else {
		add_loads(&sums, basis == HIDP_OBJECTIVE_ENERGY);
	}
	if (!make_parts(&sums, total, parts, arena))
		return false;
	for (uint32_t i = 0; i < parts->count && basis == HIDP_OBJECTIVE_ENERGY; i++)
		parts->total += parts->parts[i].value;
	if (basis == HIDP_OBJECTIVE_PERIOD)
		parts->total = t->figures.period_s;
	return true;
}

/* From the evaluator's sums, which know all routes. */
static void add_all_loads(struct sums *sums, bool energy)
{
	const struct hidp__timeline *t = sums->t;
	for (uint32_t l = 0; l < t->lane_count; l++) {
		const struct hidp__lane *lane = &t->lanes[l];
		if (lane->kind == HIDP__LANE_PROCESSOR)
			sums->lane[l] = energy ? lane->busy_s *
							 processor_of(t, lane->node, lane->processor)
								 .power_active_w
					       : lane->load_s;
		else if (lane->kind == HIDP__LANE_MEDIUM && !energy)
			sums->lane[l] = lane->busy_s;
	}
	for (uint32_t n = 0; n < t->node_count; n++) {
		struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
		struct hidp_node_desc desc = node_of(t, n);
		hidp_plan_get_node_figures(t->plan, n, &f);
		/* transfers that are work are in the loads of processors, those of hubs are free */
		if (!energy && desc.flags & (HIDP_NODE_TRANSFERS_ARE_WORK | HIDP_NODE_HUB))
			continue;
		sums->transmit[n] = f.transmit_s * (energy ? desc.power_transmit_w : 1);
		sums->receive[n] = f.receive_s * (energy ? desc.power_receive_w : 1);
		if (energy)
			sums->idle[n] = f.energy_j - sums->transmit[n] - sums->receive[n];
	}
	for (uint32_t l = 0; l < t->lane_count && energy; l++)
		if (t->lanes[l].kind == HIDP__LANE_PROCESSOR)
			sums->idle[t->lanes[l].node] -= sums->lane[l];
	/* what is left over of a difference is no idle power */
	for (uint32_t n = 0; n < t->node_count; n++)
		if (!(sums->idle[n] > 1e-9 * t->figures.energy_j))
			sums->idle[n] = 0;
}

bool hidp__report_all_parts(const struct hidp__timeline *t, struct hidp__parts *parts,
			    struct hidp__arena *arena)
{
	hidp_objective basis = hidp__report_basis(t);
	struct sums sums;
	if (basis == HIDP_OBJECTIVE_LATENCY)
		return hidp__report_parts(t, 0, t->stage_count + 1, parts, arena);
	if (!sums_make(&sums, t, 0, t->stage_count + 1, arena))
		return false;
	add_all_loads(&sums, basis == HIDP_OBJECTIVE_ENERGY);
	return make_parts(
		&sums, basis == HIDP_OBJECTIVE_ENERGY ? t->figures.energy_j : t->figures.period_s,
		parts, arena);
}
