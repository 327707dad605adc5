/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "plan/plan_priv.h"
#include "report/report_priv.h"

/* The lane of each thing: its number + 1, or one of these. */
#define NONE 0
#define WANTED UINT32_MAX

struct places {
	uint32_t *processor;  /* [processor of the cluster] */
	uint32_t *first;      /* [node] its first processor among those of the cluster */
	uint32_t *link;       /* [from * nodes + to] */
	uint32_t *sends;      /* [node] */
	uint32_t *medium;     /* [medium] */
	uint32_t *link_count; /* [node] neighbours that it sends to, media apart */
};

static bool places_make(struct places *places, const struct hidp__timeline *t,
			struct hidp__arena *arena)
{
	size_t nodes = t->node_count;
	uint32_t processors = 0;
	uint32_t media = hidp_cluster_medium_count(t->cluster);
	places->first = hidp__arena_alloc(arena, nodes, sizeof(uint32_t));
	if (places->first == NULL)
		return false;
	for (uint32_t n = 0; n < nodes; n++) {
		places->first[n] = processors;
		processors += hidp_cluster_processor_count(t->cluster, n);
	}
	places->processor = hidp__arena_calloc(arena, processors, sizeof(uint32_t));
	places->link = hidp__arena_calloc(arena, nodes * nodes, sizeof(uint32_t));
	places->sends = hidp__arena_calloc(arena, nodes, sizeof(uint32_t));
	places->medium = hidp__arena_calloc(arena, (size_t)media + 1, sizeof(uint32_t));
	places->link_count = hidp__arena_calloc(arena, nodes, sizeof(uint32_t));
	return places->processor != NULL && places->link != NULL && places->sends != NULL &&
	       places->medium != NULL && places->link_count != NULL;
}

static struct hidp_task_info get_task(const struct hidp_plan *plan, uint32_t i)
{
	struct hidp_task_info task = HIDP_TASK_INFO_INIT;
	hidp_plan_get_task(plan, i, &task);
	return task;
}

/* The place in `places` of the lane that a task is on. */
static uint32_t *place_of(const struct places *places, const struct hidp__timeline *t,
			  const struct hidp_task_info *task)
{
	if (task->kind == HIDP_TASK_COMPUTE)
		return &places->processor[places->first[task->node] + task->processor];
	if (task->medium != HIDP_MEDIUM_NONE)
		return &places->medium[task->medium];
	if (places->link_count[task->node] > HIDP__LANE_LINKS_MAX)
		return &places->sends[task->node];
	return &places->link[(size_t)task->node * t->node_count + task->to];
}

/* Which nodes take part, which lanes are wanted. */
static void survey(struct hidp__timeline *t, const struct places *places)
{
	for (uint32_t s = 0; s < t->stage_count; s++) {
		uint32_t shares = hidp__report_stage(t->plan, s).share_count;
		for (uint32_t k = 0; k < shares; k++)
			t->node_used[hidp__report_share(t->plan, s, k).node] = true;
	}
	for (uint32_t i = 0; i < t->task_count; i++) {
		struct hidp_task_info task = get_task(t->plan, i);
		bool message = task.kind == HIDP_TASK_TRANSFER;
		uint32_t *place = place_of(places, t, &task);
		t->node_used[task.node] = true;
		if (message)
			t->node_used[task.to] = true;
		if (message && task.medium == HIDP_MEDIUM_NONE) {
			place = &places->link[(size_t)task.node * t->node_count + task.to];
			if (*place == NONE)
				places->link_count[task.node]++;
		}
		*place = WANTED;
	}
}

static void add_lane(struct hidp__timeline *t, uint32_t *place, struct hidp__lane lane)
{
	t->lanes[t->lane_count++] = lane;
	*place = t->lane_count;
}

/* What the processors of a node have to do for its messages, per request. */
static double transfer_work_s(const struct hidp__timeline *t, hidp_node_id node)
{
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	hidp_cluster_node(t->cluster, node, &desc);
	hidp_plan_get_node_figures(t->plan, node, &f);
	return desc.flags & HIDP_NODE_TRANSFERS_ARE_WORK ? f.transmit_s + f.receive_s : 0;
}

static void add_lanes_of(struct hidp__timeline *t, const struct places *places, hidp_node_id node)
{
	double work_s = transfer_work_s(t, node);
	uint32_t processors = hidp_cluster_processor_count(t->cluster, node);
	struct hidp__lane lane = {.node = node,
				  .to = HIDP_NODE_NONE,
				  .processor = HIDP_PROCESSOR_NONE,
				  .medium = HIDP_MEDIUM_NONE};
	for (uint32_t p = 0; p < processors; p++) {
		struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
		hidp_plan_get_processor_figures(t->plan, node, p, &f);
		uint32_t *place = &places->processor[places->first[node] + p];
		if (processors > HIDP__LANE_PROCESSORS_MAX && f.busy_s == 0 && *place == NONE)
			continue;
		lane.kind = HIDP__LANE_PROCESSOR;
		lane.processor = p;
		lane.busy_s = f.busy_s;
		lane.load_s = f.busy_s + work_s;
		add_lane(t, place, lane);
	}
	lane.processor = HIDP_PROCESSOR_NONE;
	lane.busy_s = lane.load_s = 0;
	if (places->link_count[node] > HIDP__LANE_LINKS_MAX) {
		struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
		hidp_plan_get_node_figures(t->plan, node, &f);
		lane.kind = HIDP__LANE_SENDS;
		lane.busy_s = f.transmit_s;
		add_lane(t, &places->sends[node], lane);
		return;
	}
	for (hidp_node_id to = 0; to < t->node_count; to++) {
		uint32_t *place = &places->link[(size_t)node * t->node_count + to];
		if (*place == NONE)
			continue;
		lane.kind = HIDP__LANE_LINK;
		lane.to = to;
		add_lane(t, place, lane);
	}
}

static bool add_lanes(struct hidp__timeline *t, const struct places *places,
		      struct hidp__arena *arena)
{
	size_t most = 0;
	for (uint32_t n = 0; n < t->node_count; n++) {
		if (!t->node_used[n])
			continue;
		uint32_t links = places->link_count[n];
		most += hidp_cluster_processor_count(t->cluster, n);
		most += links > HIDP__LANE_LINKS_MAX ? 1 : links;
	}
	uint32_t media = hidp_cluster_medium_count(t->cluster);
	t->lanes = hidp__arena_calloc(arena, most + media + 1, sizeof *t->lanes);
	if (t->lanes == NULL)
		return false;
	for (uint32_t n = 0; n < t->node_count; n++)
		if (t->node_used[n])
			add_lanes_of(t, places, n);
	for (uint32_t m = 0; m < media; m++) {
		double busy = 0;
		hidp_plan_get_medium_busy(t->plan, m, &busy);
		if (busy == 0 && places->medium[m] == NONE)
			continue; /* with replicas, it can be busy on another route */
		add_lane(t, &places->medium[m],
			 (struct hidp__lane){.kind = HIDP__LANE_MEDIUM,
					     .node = HIDP_NODE_NONE,
					     .to = HIDP_NODE_NONE,
					     .processor = HIDP_PROCESSOR_NONE,
					     .medium = m,
					     .busy_s = busy});
	}
	return true;
}

/* Sorts the tasks by lane. Those of one lane already follow each other in time. */
static bool sort_tasks(struct hidp__timeline *t, const struct places *places,
		       struct hidp__arena *arena)
{
	t->tasks = hidp__arena_alloc(arena, (size_t)t->task_count + 1, sizeof *t->tasks);
	if (t->tasks == NULL)
		return false;
	for (uint32_t i = 0; i < t->task_count; i++) {
		struct hidp_task_info task = get_task(t->plan, i);
		t->lanes[*place_of(places, t, &task) - 1].count++;
	}
	uint32_t at = 0;
	for (uint32_t l = 0; l < t->lane_count; l++) {
		t->lanes[l].first = at;
		at += t->lanes[l].count;
		t->lanes[l].count = 0;
	}
	for (uint32_t i = 0; i < t->task_count; i++) {
		struct hidp_task_info task = get_task(t->plan, i);
		struct hidp__lane *l = &t->lanes[*place_of(places, t, &task) - 1];
		t->tasks[l->first + l->count++] = task;
		if (l->kind == HIDP__LANE_LINK)
			l->busy_s += task.end_s - task.start_s;
	}
	return true;
}

/* A stage begins with its first task; without any, with the next. */
static void find_stages(struct hidp__timeline *t)
{
	uint32_t last = t->stage_count + 1;
	for (uint32_t s = 0; s <= last; s++)
		t->stage_start_s[s] = t->figures.latency_s;
	for (uint32_t i = 0; i < t->task_count; i++) {
		const struct hidp_task_info *task = &t->tasks[i];
		if (task->start_s < t->stage_start_s[task->stage])
			t->stage_start_s[task->stage] = task->start_s;
	}
	for (uint32_t s = last; s-- > 0;)
		if (t->stage_start_s[s] > t->stage_start_s[s + 1])
			t->stage_start_s[s] = t->stage_start_s[s + 1];
}

static bool find_shares(struct hidp__timeline *t, struct hidp__arena *arena)
{
	t->shares = hidp__arena_alloc(arena, (size_t)t->stage_count + 1, sizeof *t->shares);
	if (t->shares == NULL)
		return false;
	for (uint32_t s = 0; s <= t->stage_count; s++) {
		uint32_t count =
			s < t->stage_count ? hidp__report_stage(t->plan, s).share_count : 1;
		t->shares[s] = hidp__arena_alloc(arena, (size_t)count + 1, sizeof **t->shares);
		if (t->shares[s] == NULL)
			return false;
		for (uint32_t k = 0; k < count; k++)
			t->shares[s][k] = (struct hidp__share_times){INFINITY, -INFINITY, 0, 0};
	}
	for (uint32_t i = 0; i < t->task_count; i++) {
		const struct hidp_task_info *task = &t->tasks[i];
		struct hidp__share_times *share = &t->shares[task->stage][task->share];
		if (task->kind == HIDP_TASK_TRANSFER) {
			share->receive_bytes += task->bytes;
			share->arrival_s = fmax(share->arrival_s, task->arrival_s);
		} else {
			share->start_s = fmin(share->start_s, task->start_s);
			share->end_s = fmax(share->end_s, task->end_s);
		}
	}
	return true;
}

static bool find_groups(struct hidp__timeline *t, struct hidp__arena *arena)
{
	t->stage_group = hidp__arena_alloc(arena, t->stage_count, sizeof *t->stage_group);
	if (t->stage_group == NULL)
		return false;
	for (uint32_t s = 0; s < t->stage_count; t->group_count++)
		for (uint32_t n = hidp__report_like(t, s); n != 0; n--)
			t->stage_group[s++] = t->group_count;
	return true;
}

bool hidp__timeline_make(struct hidp__timeline *t, const struct hidp_plan *plan,
			 struct hidp__arena *arena)
{
	*t = (struct hidp__timeline){.plan = plan,
				     .model = hidp_plan_model(plan),
				     .cluster = hidp_plan_cluster(plan),
				     .figures = HIDP_PLAN_FIGURES_INIT,
				     .options = HIDP_PLAN_OPTIONS_INIT,
				     .stage_count = hidp_plan_stage_count(plan),
				     .task_count = hidp_plan_task_count(plan)};
	struct places places;
	t->node_count = hidp_cluster_node_count(t->cluster);
	hidp_plan_get_figures(plan, &t->figures);
	hidp_plan_get_options(plan, &t->options);
	t->stream = (t->options.flags & HIDP_PLAN_STREAM) != 0;
	t->node_used = hidp__arena_calloc(arena, t->node_count, sizeof *t->node_used);
	t->stage_start_s =
		hidp__arena_calloc(arena, (size_t)t->stage_count + 2, sizeof *t->stage_start_s);
	if (t->node_used == NULL || t->stage_start_s == NULL || !places_make(&places, t, arena))
		return false;
	survey(t, &places);
	if (!add_lanes(t, &places, arena) || !sort_tasks(t, &places, arena))
		return false;
	find_stages(t);
	return find_shares(t, arena) && find_groups(t, arena);
}

double hidp__timeline_end(const struct hidp__timeline *t, uint32_t stage)
{
	double end = t->stage_start_s[stage];
	if (stage == t->stage_count)
		return t->figures.latency_s;
	uint32_t count = hidp__report_stage(t->plan, stage).share_count;
	for (uint32_t k = 0; k < count; k++)
		end = fmax(end, t->shares[stage][k].end_s);
	return end;
}

struct hidp_context *hidp__report_context(const struct hidp_plan *plan)
{
	return plan->arena.ctx;
}
