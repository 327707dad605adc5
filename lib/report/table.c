/* SPDX-License-Identifier: MIT */
/* A plan as a table for a terminal, at most WIDTH columns wide where names and counts allow it. */
#include <hidp/report.h>
#include <stdio.h>
#include <string.h>

#include "report/report_priv.h"

#define WIDTH 100
#define NAME_COLUMNS 20  /* longest name of a node or processor */
#define LAYER_COLUMNS 48 /* longest "first .. last" */
#define GROUPS_SHOWN 4   /* ways in which the processors of a share work together */
#define NUMBER 8         /* columns of a time or of bytes */

struct table {
	struct hidp__text *text;
	const struct hidp__timeline *t;
	size_t pending; /* spaces owed; they are not written at the end of a line */
	size_t node, processor, part, layers; /* columns */
};

static void put(struct table *b, const char *string)
{
	if (string[0] == '\0')
		return;
	for (; b->pending != 0; b->pending--)
		hidp__text_adds(b->text, " ");
	hidp__text_adds(b->text, string);
}

static void end_line(struct table *b)
{
	b->pending = 0;
	hidp__text_adds(b->text, "\n");
}

/* Cells: the string and spaces behind it or before it, then a gap of two. */
static void left(struct table *b, const char *string, size_t width)
{
	size_t used = hidp__text_columns(string);
	put(b, string);
	b->pending += (used < width ? width - used : 0) + 2;
}

static void right(struct table *b, const char *string, size_t width)
{
	size_t used = hidp__text_columns(string);
	b->pending += used < width ? width - used : 0;
	put(b, string);
	b->pending += 2;
}

static void seconds(struct table *b, double s)
{
	char buffer[32];
	right(b, hidp__text_seconds(s, buffer), NUMBER);
}

static void percent(struct table *b, double part, double whole)
{
	char number[32], buffer[40];
	hidp__text_fixed(whole > 0 ? 100 * part / whole : 0, 0, number);
	snprintf(buffer, sizeof buffer, "%s %%", number);
	right(b, buffer, 5);
}

static const char *node_name(const struct table *b, hidp_node_id node, char *buffer)
{
	return hidp__text_fit(hidp__report_node_name(b->t->cluster, node), NAME_COLUMNS, buffer,
	                      HIDP__LABEL_SIZE);
}

static const char *processor_name(const struct table *b, hidp_node_id node, hidp_processor_id p,
                                  char *buffer)
{
	return hidp__text_fit(hidp__report_processor_name(b->t->cluster, node, p), NAME_COLUMNS,
	                      buffer, HIDP__LABEL_SIZE);
}

static void add_figure(struct table *b, hidp_objective which, const char *name, const char *value,
                       const char *more)
{
	const struct hidp__timeline *t = b->t;
	char verdict[64], bound[32];
	b->pending = 2;
	left(b, name, 8);
	put(b, value);
	put(b, more);
	if (t->options.objective == which) {
		put(b, "  (objective; ");
		put(b, hidp__report_verdict(&t->figures, verdict));
		if (!(t->figures.flags & HIDP_FIGURES_PROVEN) && t->figures.lower_bound > 0) {
			put(b, ", bound ");
			put(b, hidp__report_value(t, t->figures.lower_bound, bound));
		}
		put(b, ")");
	}
	end_line(b);
}

#define NO_OBJECTIVE UINT32_MAX

static void add_header(struct table *b)
{
	const struct hidp__timeline *t = b->t;
	const struct hidp_plan_figures *f = &t->figures;
	char value[HIDP__LABEL_SIZE], rate[64] = "";
	uint32_t used = 0;
	for (uint32_t n = 0; n < t->node_count; n++)
		used += t->node_used[n];
	put(b, hidp__text_fit(hidp_model_name(t->model), 50, value, sizeof value));
	hidp__text_addf(b->text, ", %u layers, on %u of %u node%s%s\n",
	                hidp_model_layer_count(t->model), used, t->node_count,
	                t->node_count == 1 ? "" : "s", t->stream ? ", for a stream" : "");
	add_figure(b, HIDP_OBJECTIVE_LATENCY, "latency", hidp__text_seconds(f->latency_s, value),
	           "");
	if (f->period_s > 0) {
		char number[32];
		snprintf(rate, sizeof rate, ", %s requests/s",
		         hidp__report_rate(f->period_s, number));
	}
	add_figure(b, HIDP_OBJECTIVE_PERIOD, "period", hidp__text_seconds(f->period_s, value),
	           rate);
	add_figure(b, HIDP_OBJECTIVE_ENERGY, "energy", hidp__text_joules(f->energy_j, value), "");
	if (t->options.objective == HIDP_OBJECTIVE_WEIGHTED)
		add_figure(b, HIDP_OBJECTIVE_WEIGHTED, "weighted",
		           hidp__report_value(t, f->objective, value), "");
	add_figure(b, NO_OBJECTIVE, "moved", hidp__text_bytes((double)f->transfer_bytes, value),
	           " over links");
	if (t->options.flags & HIDP_PLAN_RESIDENT) {
		char time[48];
		snprintf(time, sizeof time, " of weights, %s",
		         hidp__text_seconds(f->migration_s, rate));
		add_figure(b, NO_OBJECTIVE, "loaded",
		           hidp__text_bytes((double)f->migration_bytes, value), time);
	}
}

/* "gpu+cpu rows 12, gpu 8": who computes how many layers, and how they are divided. */
static void add_groups(struct table *b, uint32_t stage, uint32_t share)
{
	struct hidp__layer_group groups[GROUPS_SHOWN];
	uint32_t others;
	hidp_node_id node = hidp__report_share(b->t->plan, stage, share).node;
	uint32_t count = hidp__report_layer_groups(b->t, stage, 1, share, groups, GROUPS_SHOWN,
	                                           &others);
	char name[HIDP__LABEL_SIZE];
	for (uint32_t g = 0; g < count; g++) {
		uint32_t shown = 0, more = 0;
		put(b, g == 0 ? "" : ", ");
		for (uint32_t p = 0; p < 64; p++) {
			if (!(groups[g].processors >> p & 1))
				continue;
			if (shown == 4) {
				more++;
				continue;
			}
			put(b, shown++ == 0 ? "" : "+");
			put(b, processor_name(b, node, p, name));
		}
		if (more != 0)
			hidp__text_addf(b->text, "+%u more", more);
		if (groups[g].kind != HIDP_STEP_SINGLE)
			hidp__text_addf(b->text, " %s", hidp__report_step_kind(groups[g].kind));
		hidp__text_addf(b->text, " %u", groups[g].layers);
	}
	if (others != 0)
		hidp__text_addf(b->text, ", others %u", others);
}

static void widen(size_t *width, const char *string)
{
	size_t n = hidp__text_columns(string);
	if (*width < n)
		*width = n;
}

static void measure(struct table *b)
{
	const struct hidp__timeline *t = b->t;
	char name[HIDP__LABEL_SIZE], buffer[80];
	b->node = 4;
	b->processor = 9;
	b->part = 4;
	b->layers = 6;
	for (uint32_t n = 0; n < t->node_count; n++)
		if (t->node_used[n])
			widen(&b->node, node_name(b, n, name));
	for (uint32_t i = 0; i < t->lane_count; i++) {
		const struct hidp__lane *l = &t->lanes[i];
		if (l->kind == HIDP__LANE_PROCESSOR)
			widen(&b->processor, processor_name(b, l->node, l->processor, name));
	}
	for (uint32_t s = 0; s < t->stage_count; s++) {
		struct hidp_stage_desc stage = hidp__report_stage(t->plan, s);
		struct hidp__layer_range layers = hidp__report_stage_layers(t->plan, s);
		widen(&b->layers, hidp__report_range(t->model, &layers, LAYER_COLUMNS, name));
		for (uint32_t k = 0; k < stage.share_count; k++) {
			struct hidp_share_desc share = hidp__report_share(t->plan, s, k);
			widen(&b->part, hidp__report_part(&stage, &share, buffer));
		}
	}
}

static void add_share(struct table *b, uint32_t s, uint32_t k)
{
	struct hidp_stage_desc stage = hidp__report_stage(b->t->plan, s);
	struct hidp_share_desc share = hidp__report_share(b->t->plan, s, k);
	const struct hidp__share_times *times = &b->t->shares[s][k];
	char name[HIDP__LABEL_SIZE], buffer[80], bytes[32];
	b->pending = 4;
	left(b, node_name(b, share.node, name), b->node);
	left(b, hidp__report_part(&stage, &share, buffer), b->part);
	if (times->end_s < times->start_s)
		right(b, "*", NUMBER);
	else
		seconds(b, times->end_s - times->start_s);
	if (times->arrival_s > 0) {
		right(b, hidp__text_bytes((double)times->receive_bytes, bytes), NUMBER);
		seconds(b, times->arrival_s - b->t->stage_start_s[s]);
	} else {
		right(b, "-", NUMBER);
		right(b, "-", NUMBER);
	}
	struct hidp__text counting = {0};
	struct table dry = *b;
	dry.text = &counting;
	dry.pending = 0;
	add_groups(&dry, s, k);
	size_t before = 4 + b->node + 2 + b->part + 2 + 3 * (NUMBER + 2);
	if (before + counting.needed > WIDTH) {
		end_line(b);
		b->pending = 8;
	}
	add_groups(b, s, k);
	end_line(b);
}

static void add_span(struct table *b, double start_s, double end_s)
{
	seconds(b, start_s);
	seconds(b, end_s - start_s);
	percent(b, end_s - start_s, b->t->figures.latency_s);
	end_line(b);
}

static void add_stage(struct table *b, uint32_t s)
{
	const struct hidp__timeline *t = b->t;
	char label[HIDP__LABEL_SIZE], buffer[80];
	struct hidp_stage_desc stage = hidp__report_stage(t->plan, s);
	struct hidp__layer_range layers = hidp__report_stage_layers(t->plan, s);
	snprintf(buffer, sizeof buffer, "%u %s", s + 1, hidp__report_stage_kind(stage.kind));
	left(b, buffer, 10);
	left(b, hidp__report_range(t->model, &layers, LAYER_COLUMNS, label), b->layers);
	snprintf(buffer, sizeof buffer, "%u", layers.count);
	right(b, buffer, 5);
	add_span(b, t->stage_start_s[s], t->stage_start_s[s + 1]);
	for (uint32_t k = 0; k < stage.share_count; k++)
		add_share(b, s, k);
}

static void add_stages(struct table *b)
{
	const struct hidp__timeline *t = b->t;
	char bytes[32];
	bool off_route = false;
	end_line(b);
	left(b, "stage", 10);
	left(b, "layers", b->layers);
	put(b, "count     start      time  of latency");
	end_line(b);
	b->pending = 4;
	left(b, "node", b->node);
	left(b, "part", b->part);
	put(b, "computes  receives     until  processors and layers");
	end_line(b);
	for (uint32_t s = 0; s < t->stage_count; s++) {
		uint32_t shares = hidp__report_stage(t->plan, s).share_count;
		for (uint32_t k = 0; k < shares; k++)
			off_route |= t->shares[s][k].end_s < t->shares[s][k].start_s;
		add_stage(b, s);
	}
	const struct hidp__share_times *delivery = &t->shares[t->stage_count][0];
	if (delivery->arrival_s > 0) {
		left(b, "delivery", 10);
		left(b, hidp__text_bytes((double)delivery->receive_bytes, bytes), b->layers);
		right(b, "", 5);
		add_span(b, t->stage_start_s[t->stage_count], t->figures.latency_s);
	}
	if (off_route) {
		put(b, "* not on the slowest route, whose times these are");
		end_line(b);
	}
}

static void add_busy(struct table *b, const char *what, double busy_s)
{
	const struct hidp_plan_figures *f = &b->t->figures;
	left(b, what, b->processor);
	seconds(b, busy_s);
	percent(b, busy_s, b->t->stream ? f->period_s : f->latency_s);
	b->pending += 3; /* below "of latency" */
}

static void add_network(struct table *b, const char *name, const char *what, double busy_s)
{
	if (!(busy_s > 0))
		return;
	left(b, name, b->node);
	add_busy(b, what, busy_s);
	end_line(b);
}

/* Memory against its limit; 0: none. */
static void add_memory(struct table *b, uint64_t used, uint64_t limit)
{
	char buffer[80], a[32], c[32];
	hidp__text_bytes((double)used, a);
	if (limit != 0)
		snprintf(buffer, sizeof buffer, "%s of %s", a, hidp__text_bytes((double)limit, c));
	else
		snprintf(buffer, sizeof buffer, "%s", a);
	left(b, buffer, 18);
}

static void add_node(struct table *b, hidp_node_id n, uint32_t *lane)
{
	const struct hidp__timeline *t = b->t;
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	struct hidp_node_figures figures = HIDP_NODE_FIGURES_INIT;
	char name[HIDP__LABEL_SIZE], joules[32];
	hidp_cluster_node(t->cluster, n, &desc);
	hidp_plan_get_node_figures(t->plan, n, &figures);
	left(b, node_name(b, n, name), b->node + b->processor + 2 + NUMBER + 2 + 10);
	add_memory(b, figures.memory_bytes, desc.memory_bytes);
	right(b, hidp__text_joules(figures.energy_j, joules), NUMBER);
	end_line(b);
	for (; *lane < t->lane_count && t->lanes[*lane].node == n; ++*lane) {
		const struct hidp__lane *l = &t->lanes[*lane];
		if (l->kind != HIDP__LANE_PROCESSOR)
			continue;
		struct hidp_processor_desc processor = HIDP_PROCESSOR_DESC_INIT;
		struct hidp_processor_figures f = HIDP_PROCESSOR_FIGURES_INIT;
		hidp_cluster_processor(t->cluster, n, l->processor, &processor);
		hidp_plan_get_processor_figures(t->plan, n, l->processor, &f);
		left(b, "", b->node);
		add_busy(b, processor_name(b, n, l->processor, name), l->busy_s);
		add_memory(b, f.memory_bytes, processor.memory_bytes);
		end_line(b);
	}
	add_network(b, "", "sends", figures.transmit_s);
	add_network(b, "", "receives", figures.receive_s);
}

static void add_nodes(struct table *b)
{
	const struct hidp__timeline *t = b->t;
	uint32_t lane = 0;
	char name[HIDP__LABEL_SIZE];
	end_line(b);
	left(b, "node", b->node);
	left(b, "processor", b->processor);
	right(b, "busy", NUMBER);
	left(b, t->stream ? "of period" : "of latency", 10);
	left(b, "memory", 18);
	right(b, "energy", NUMBER);
	end_line(b);
	for (uint32_t n = 0; n < t->node_count; n++)
		if (t->node_used[n])
			add_node(b, n, &lane);
	for (; lane < t->lane_count; lane++) {
		const char *medium = hidp_cluster_medium_name(t->cluster, t->lanes[lane].medium);
		hidp__text_fit(medium, b->node, name, sizeof name);
		add_network(b, name, "medium", t->lanes[lane].busy_s);
	}
}

/* Names of the nodes that do nothing, as many as fit in a line or two. */
static void add_unused(struct table *b)
{
	size_t start = b->text->needed;
	uint32_t more = 0;
	bool any = false;
	char name[HIDP__LABEL_SIZE];
	for (uint32_t n = 0; n < b->t->node_count; n++) {
		if (b->t->node_used[n])
			continue;
		if (b->text->needed - start > WIDTH) {
			more++;
			continue;
		}
		put(b, any ? ", " : "\nnot used: ");
		put(b, node_name(b, n, name));
		any = true;
	}
	if (more != 0)
		hidp__text_addf(b->text, " and %u more", more);
	if (any)
		end_line(b);
}

HIDP__SMALL static void write_table(struct hidp__text *text, const struct hidp__timeline *timeline)
{
	struct table b = {.text = text, .t = timeline};
	measure(&b);
	add_header(&b);
	add_stages(&b);
	add_nodes(&b);
	add_unused(&b);
}

hidp_status hidp_plan_to_table(const struct hidp_plan *plan, char *buffer, size_t size,
                               size_t *needed_out)
{
	return hidp__report_write(plan, buffer, size, needed_out, write_table);
}
