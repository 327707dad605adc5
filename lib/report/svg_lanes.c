/* SPDX-License-Identifier: MIT */
/* The picture of a plan: lanes and their bars. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/svg_priv.h"

#define SMALL 5.0     /* narrower bars are merged with their neighbours */
#define CHARACTER 6.0 /* width of a character in a bar, reckoned generously */
#define GROUP_PADDING 4
#define GROUP_GAP 6

static const struct hidp_task_info *task_of(const struct hidp__picture *p,
					    const struct hidp__lane *lane, uint32_t i)
{
	return &p->t->tasks[lane->first + i];
}

static double width_of(const struct hidp__picture *p, const struct hidp_task_info *task)
{
	return (task->end_s - task->start_s) * p->px_per_s;
}

static uint32_t colour_of(const struct hidp__picture *p, const struct hidp_task_info *task)
{
	if (!p->by_step_kind)
		return p->t->stage_group[task->stage];
	return hidp__report_step(p->t->plan, task).kind - HIDP_STEP_SINGLE;
}

/* How many tasks from i on make one bar: one, or small ones that nearly touch. */
static uint32_t bar_length(const struct hidp__picture *p, const struct hidp__lane *lane, uint32_t i)
{
	const struct hidp_task_info *first = task_of(p, lane, i);
	uint32_t n = 1;
	if (!(width_of(p, first) < SMALL))
		return 1;
	while (i + n < lane->count) {
		const struct hidp_task_info *last = task_of(p, lane, i + n - 1);
		const struct hidp_task_info *next = task_of(p, lane, i + n);
		double so_far = (last->end_s - first->start_s) * p->px_per_s;
		if (!(width_of(p, next) < SMALL) ||
		    (next->start_s - last->end_s) * p->px_per_s >= SMALL)
			break;
		if (!p->by_step_kind && so_far >= SMALL / 2 && next->kind == HIDP_TASK_COMPUTE &&
		    colour_of(p, next) != colour_of(p, first))
			break;
		n++;
	}
	return n;
}

/* Tasks that share a bar. */
struct bar {
	uint32_t count;
	const struct hidp_task_info *first, *last;
	double x, width, y;
	double busy, waits; /* parts of the width, 0 to 1 */
	uint32_t colour;    /* of most of it */
};

static struct bar make_bar(const struct hidp__picture *p, const struct hidp__lane *lane, uint32_t i,
			   double y)
{
	struct bar bar = {.count = bar_length(p, lane, i), .first = task_of(p, lane, i), .y = y};
	double busy = 0, waits = 0, most = -1, colours[HIDP__SVG_COLOURS] = {0};
	bar.last = task_of(p, lane, i + bar.count - 1);
	for (uint32_t k = 0; k < bar.count; k++) {
		const struct hidp_task_info *task = task_of(p, lane, i + k);
		busy += task->end_s - task->start_s;
		waits += task->wait_s;
		if (task->kind == HIDP_TASK_COMPUTE) {
			uint32_t c = colour_of(p, task) % HIDP__SVG_COLOURS;
			colours[c] += task->end_s - task->start_s;
			if (colours[c] > most) {
				most = colours[c];
				bar.colour = c;
			}
		}
	}
	double extent = bar.last->end_s - bar.first->start_s;
	bar.x = hidp__svg_x(p, bar.first->start_s);
	bar.width = extent * p->px_per_s;
	bar.busy = extent > 0 ? fmin((busy - waits) / extent, 1) : 1;
	bar.waits = extent > 0 ? fmin(waits / extent, 1 - bar.busy) : 0;
	return bar;
}

/* "rows 0-83"; nothing if all rows. */
static void rows_label(const struct hidp__picture *p, const struct hidp_task_info *task,
		       char buffer[64])
{
	struct hidp__layer_range layers = {task->layer, task->layer, 1};
	if (task->kind == HIDP_TASK_COMPUTE)
		layers = hidp__report_task_layers(p->t->plan, task);
	buffer[0] = '\0';
	if (task->row_end - task->row_begin < hidp__report_layer_rows(p->t->model, layers.last))
		snprintf(buffer, 64, ", rows %lld-%lld", (long long)task->row_begin,
			 (long long)task->row_end - 1);
}

/* What a pointer over the bar is told. */
static void add_tooltip(struct hidp__picture *p, const struct bar *bar)
{
	const struct hidp_task_info *task = bar->first;
	char label[HIDP__LABEL_SIZE], rows[64], a[32], b[32], c[32];
	struct hidp__layer_range layers = {task->layer, bar->last->layer, 1};
	if (task->kind == HIDP_TASK_COMPUTE) {
		layers = hidp__report_task_layers(p->t->plan, task);
		layers.last = hidp__report_task_layers(p->t->plan, bar->last).last;
	}
	hidp__text_adds(p->text, "<title>");
	hidp__text_add_xml(p->text, hidp__report_range(p->t->model, &layers, 80, label));
	if (bar->count > 1)
		hidp__text_addf(p->text, "\n%u tasks", bar->count);
	else if (task->kind == HIDP_TASK_COMPUTE) {
		rows_label(p, task, rows);
		hidp__text_addf(p->text, "\nstage %u, %s step%s", task->stage + 1,
				hidp__report_step_kind(hidp__report_step(p->t->plan, task).kind),
				rows);
	} else {
		rows_label(p, task, rows);
		hidp__text_adds(p->text, "\nfrom ");
		hidp__text_add_xml(p->text, hidp__report_node_name(p->t->cluster, task->node));
		hidp__text_adds(p->text, " to ");
		hidp__text_add_xml(p->text, hidp__report_node_name(p->t->cluster, task->to));
		hidp__text_addf(p->text, ", %s%s", hidp__text_bytes((double)task->bytes, a), rows);
	}
	hidp__text_addf(p->text, "\n%s, from %s to %s",
			hidp__text_seconds(bar->last->end_s - task->start_s, c),
			hidp__text_seconds(task->start_s, a),
			hidp__text_seconds(bar->last->end_s, b));
	if (bar->waits > 0)
		hidp__text_addf(
			p->text, "\nhand-over and copies %s",
			hidp__text_seconds(bar->waits * (bar->last->end_s - task->start_s), a));
	if (task->kind == HIDP_TASK_TRANSFER && bar->count == 1)
		hidp__text_addf(p->text, "\nusable at %s", hidp__text_seconds(task->arrival_s, a));
	hidp__text_adds(p->text, "</title>");
}

/* Takes a label instead of the empty one if it fits. */
static void offer(char *label, size_t columns, const char *candidate)
{
	if (label[0] == '\0' && hidp__text_columns(candidate) <= columns)
		hidp__text_fit(candidate, columns, label, HIDP__LABEL_SIZE);
}

/* "52 % of rows", "25 % of channels"; nothing if the task computes all of its layers. */
static void part_label(const struct hidp__picture *p, const struct hidp_task_info *task,
		       hidp_layer_id last, char buffer[64])
{
	double part = (double)(task->row_end - task->row_begin) /
		      (double)hidp__report_layer_rows(p->t->model, last);
	const char *what = "rows";
	char number[32];
	if (hidp__report_step(p->t->plan, task).kind == HIDP_STEP_CHANNELS) {
		struct hidp_slice_desc slice = HIDP_SLICE_DESC_INIT;
		struct hidp_layer_info layer = HIDP_LAYER_INFO_INIT;
		hidp_plan_get_slice(p->t->plan, task->stage, task->share, task->step, task->slice,
				    &slice);
		hidp_model_layer(p->t->model, last, &layer);
		part *= (double)(slice.end - slice.begin) * (double)layer.channel_grain /
			(double)layer.shape.channels;
		what = "channels";
	}
	buffer[0] = '\0';
	if (part < 1)
		snprintf(buffer, 64, "%s %% of %s", hidp__text_fixed(100 * part, 0, number), what);
}

/* For computing: layers, and which part of them; if that is too long, what tells most. */
static void compute_label(const struct hidp__picture *p, const struct bar *bar, size_t columns,
			  char label[HIDP__LABEL_SIZE])
{
	const struct hidp_task_info *task = bar->first;
	struct hidp__layer_range layers = hidp__report_task_layers(p->t->plan, task);
	char range[HIDP__LABEL_SIZE], part[64] = "", both[HIDP__LABEL_SIZE + 80];
	layers.last = hidp__report_task_layers(p->t->plan, bar->last).last;
	hidp__report_range(p->t->model, &layers, 80, range);
	if (bar->count == 1)
		part_label(p, task, layers.last, part);
	if (part[0] != '\0') {
		size_t number = strcspn(part, "%") + 1;
		snprintf(both, sizeof both, "%s, %s", range, part);
		offer(label, columns, both);
		snprintf(both, sizeof both, "%s, %.*s", range, (int)number, part);
		offer(label, columns, both);
		offer(label, columns, part);
		part[number] = '\0';
		offer(label, columns, part);
		return;
	}
	offer(label, columns, range);
	if (columns >= (layers.first == layers.last ? 8 : 18))
		offer(label, columns, hidp__report_range(p->t->model, &layers, columns, range));
	if (bar->count == 1 && task->layer_count > 1) {
		snprintf(both, sizeof both, "%u layers", task->layer_count);
		offer(label, columns, both);
	}
}

static void transfer_label(const struct hidp__picture *p, const struct hidp__lane *lane,
			   const struct bar *bar, size_t columns, char label[HIDP__LABEL_SIZE])
{
	const struct hidp_task_info *task = bar->first;
	char from[100], to[100], bytes[32], both[256];
	if (bar->count > 1) {
		snprintf(both, sizeof both, "%u messages", bar->count);
		offer(label, columns, both);
		return;
	}
	hidp__text_fit(hidp__report_node_name(p->t->cluster, task->node), 24, from, sizeof from);
	hidp__text_fit(hidp__report_node_name(p->t->cluster, task->to), 24, to, sizeof to);
	hidp__text_bytes((double)task->bytes, bytes);
	if (lane->kind == HIDP__LANE_LINK)
		from[0] = to[0] = '\0';
	if (lane->kind == HIDP__LANE_MEDIUM) {
		snprintf(both, sizeof both, "%s \xe2\x86\x92 %s, %s", from, to, bytes);
		offer(label, columns, both);
		snprintf(both, sizeof both, "%s \xe2\x86\x92 %s", from, to);
		offer(label, columns, both);
	}
	if (to[0] != '\0') {
		snprintf(both, sizeof both, "\xe2\x86\x92 %s", to);
		offer(label, columns, both);
	}
	offer(label, columns, bytes);
}

static void add_label(struct hidp__picture *p, const struct hidp__lane *lane, const struct bar *bar)
{
	bool compute = bar->first->kind == HIDP_TASK_COMPUTE;
	double room = (bar->width - 6) / CHARACTER;
	char label[HIDP__LABEL_SIZE] = "";
	if (!(room >= 2))
		return;
	if (compute)
		compute_label(p, bar, (size_t)room, label);
	else
		transfer_label(p, lane, bar, (size_t)room, label);
	if (label[0] != '\0')
		hidp__svg_text(p, compute ? "b m" : "b w m", bar->x + bar->width / 2, bar->y + 13,
			       label);
}

static void add_bar(struct hidp__picture *p, const struct hidp__lane *lane, const struct bar *bar)
{
	bool transfer = bar->first->kind == HIDP_TASK_TRANSFER;
	const char *colour = transfer ? "t" : hidp__svg_colour(bar->colour);
	double height = HIDP__SVG_BAR;
	char pale[16];
	snprintf(pale, sizeof pale, "%s p", colour);
	if (bar->width < 0.05 && bar->waits == 0)
		return; /* reshapes and the like take no time */
	hidp__text_adds(p->text, "<g>");
	add_tooltip(p, bar);
	if (bar->count == 1) {
		/* a hair of white keeps neighbours apart */
		double gap = bar->width > 4 ? 0.6 : 0;
		hidp__svg_rect(p, colour, bar->x, bar->y, fmax(bar->width - gap, 0.5), height);
		hidp__text_adds(p->text, "/>");
		if (bar->waits * bar->width >= 1) {
			hidp__svg_rect(p, "v", bar->x, bar->y, bar->waits * bar->width, height);
			hidp__text_adds(p->text, "/>");
		}
	} else {
		double full = bar->busy * height, waits = bar->waits * height;
		hidp__svg_rect(p, pale, bar->x, bar->y, bar->width, height);
		hidp__text_adds(p->text, "/>");
		hidp__svg_rect(p, colour, bar->x, bar->y + height - full, bar->width, full);
		hidp__text_adds(p->text, "/>");
		if (waits >= 0.5) {
			hidp__svg_rect(p, "v", bar->x, bar->y + height - full - waits, bar->width,
				       waits);
			hidp__text_adds(p->text, "/>");
		}
	}
	hidp__text_adds(p->text, "</g>\n");
	add_label(p, lane, bar);
	double flight = (bar->first->arrival_s - bar->first->end_s) * p->px_per_s;
	if (transfer && bar->count == 1 && flight >= 2) {
		hidp__text_adds(p->text, "<line class=\"a\"");
		hidp__svg_attribute(p, "x1", bar->x + bar->width);
		hidp__svg_attribute(p, "y1", bar->y + height / 2);
		hidp__svg_attribute(p, "x2", bar->x + bar->width + flight);
		hidp__svg_attribute(p, "y2", bar->y + height / 2);
		hidp__text_adds(p->text, "/>\n");
	}
}

/* Where requests that the timeline does not show are computed instead. */
static void add_other_routes(struct hidp__picture *p, const struct hidp__lane *lane, double y)
{
	if (lane->kind != HIDP__LANE_PROCESSOR || !(lane->busy_s > 0))
		return;
	for (uint32_t s = 0; s < p->t->stage_count; s++) {
		struct hidp_stage_desc stage = hidp__report_stage(p->t->plan, s);
		for (uint32_t k = 0; k < stage.share_count; k++) {
			struct hidp_share_desc share = hidp__report_share(p->t->plan, s, k);
			char label[64], percent[32];
			if (stage.kind != HIDP_STAGE_REPLICA || share.node != lane->node ||
			    p->t->shares[s][k].end_s >= p->t->shares[s][k].start_s)
				continue;
			double x = hidp__svg_x(p, p->t->stage_start_s[s]);
			double width = hidp__svg_x(p, p->t->stage_start_s[s + 1]) - x;
			snprintf(label, sizeof label, "%s %% of the requests come here instead",
				 hidp__text_short(100 * share.fraction, 1, percent));
			hidp__svg_rect(p, "u", x, y, width, HIDP__SVG_BAR);
			hidp__text_adds(p->text, "/>\n");
			if ((double)strlen(label) * CHARACTER < width)
				hidp__svg_text(p, "b m", x + width / 2, y + 13, label);
		}
	}
}

static void lane_label(const struct hidp__picture *p, const struct hidp__lane *lane, size_t columns,
		       char *label, size_t size)
{
	char name[HIDP__LABEL_SIZE];
	const struct hidp_cluster *c = p->t->cluster;
	switch (lane->kind) {
	case HIDP__LANE_PROCESSOR:
		hidp__text_fit(hidp__report_processor_name(c, lane->node, lane->processor), columns,
			       label, size);
		return;
	case HIDP__LANE_LINK:
		hidp__text_fit(hidp__report_node_name(c, lane->to), columns - 2, name, sizeof name);
		snprintf(label, size, "\xe2\x86\x92 %s", name);
		return;
	case HIDP__LANE_SENDS:
		snprintf(label, size, "sends");
		return;
	case HIDP__LANE_MEDIUM:
		snprintf(label, size, "shared medium");
		return;
	}
}

/* At the right: how long the resource is busy, and the part of the time that this is. */
static void add_busy(struct hidp__picture *p, const struct hidp__lane *lane)
{
	const struct hidp_plan_figures *f = &p->t->figures;
	double whole = p->t->stream ? f->period_s : f->latency_s;
	double part = whole > 0 ? fmin(lane->busy_s / whole, 1) : 0;
	char label[80], time[32], percent[32];
	double load_s = lane->kind == HIDP__LANE_PROCESSOR ? lane->load_s : lane->busy_s;
	bool hot = p->t->stream && load_s >= 0.9995 * f->period_s && lane->busy_s > 0;
	if (!(lane->busy_s > 0)) {
		hidp__svg_text(p, "q", HIDP__SVG_BUSY_X, p->y + 14, "idle");
		return;
	}
	hidp__svg_rect(p, "u", HIDP__SVG_BUSY_X, p->y + HIDP__SVG_LANE - 6, HIDP__SVG_BUSY_WIDTH,
		       2);
	hidp__text_adds(p->text, "/>");
	hidp__svg_rect(p, "t", HIDP__SVG_BUSY_X, p->y + HIDP__SVG_LANE - 6,
		       HIDP__SVG_BUSY_WIDTH * part, 2);
	hidp__text_adds(p->text, "/>");
	hidp__svg_text(p, hot ? "hot" : "", HIDP__SVG_BUSY_X, p->y + 14,
		       hidp__text_seconds(lane->busy_s, time));
	snprintf(label, sizeof label, "%s %%", hidp__text_fixed(100 * part, 0, percent));
	hidp__svg_text(p, hot ? "e hot" : "e", HIDP__SVG_BUSY_X + HIDP__SVG_BUSY_WIDTH, p->y + 14,
		       label);
}

/* What stands on the left of a group: its name and, if it is a node, memory and energy below. */
#define LABEL_ROOM (HIDP__SVG_CHART_X - 8 - HIDP__SVG_MARGIN - 8 - 12)
#define NAME_COLUMNS 17 /* so many of a name are shown in any case, if it has them */
#define NAME_WIDTH 8    /* of a character, in pixels */
#define LABEL_WIDTH 7

static const char *group_name(const struct hidp__picture *p, const struct hidp__lane *lane)
{
	return lane->node != HIDP_NODE_NONE ? hidp__report_node_name(p->t->cluster, lane->node)
					    : hidp_cluster_medium_name(p->t->cluster, lane->medium);
}

static char *memory_label(const struct hidp__picture *p, hidp_node_id node, char buffer[80])
{
	struct hidp_node_figures f = HIDP_NODE_FIGURES_INIT;
	char bytes[32], joules[32];
	hidp_plan_get_node_figures(p->t->plan, node, &f);
	snprintf(buffer, 80, "%s, %s", hidp__text_bytes((double)f.memory_bytes, bytes),
		 hidp__text_joules(f.energy_j, joules));
	return buffer;
}

/* Characters that the label of a lane can have beside those. */
static size_t label_columns(const struct hidp__picture *p, const struct hidp__lane *lane,
			    uint32_t in_group)
{
	char memory[80];
	size_t taken = 0;
	if (in_group == 0) {
		taken = hidp__text_columns(group_name(p, lane));
		taken = (taken < NAME_COLUMNS ? taken : NAME_COLUMNS) * NAME_WIDTH;
	} else if (in_group == 1 && lane->node != HIDP_NODE_NONE) {
		taken = strlen(memory_label(p, lane->node, memory)) * 11 / 2;
	}
	return (LABEL_ROOM - taken) / LABEL_WIDTH;
}

/* While a share waits for rows from other nodes, its processors do. */
static double data_wait(const struct hidp__picture *p, const struct hidp__lane *lane, uint32_t i)
{
	const struct hidp_task_info *task = task_of(p, lane, i);
	if (lane->kind != HIDP__LANE_PROCESSOR ||
	    (i != 0 && task_of(p, lane, i - 1)->stage == task->stage))
		return 0;
	double wait =
		p->t->shares[task->stage][task->share].start_s - p->t->stage_start_s[task->stage];
	return wait * p->px_per_s >= SMALL ? wait : 0;
}

static void add_data_waits(struct hidp__picture *p, const struct hidp__lane *lane, double y)
{
	for (uint32_t i = 0; i < lane->count; i++) {
		double wait = data_wait(p, lane, i);
		if (!(wait > 0))
			continue;
		double x = hidp__svg_x(p, p->t->stage_start_s[task_of(p, lane, i)->stage]);
		hidp__svg_rect(p, "i", x, y + 4, wait * p->px_per_s - 1, HIDP__SVG_BAR - 8);
		hidp__text_adds(p->text, "/>\n");
	}
}

static void add_lane(struct hidp__picture *p, const struct hidp__lane *lane, uint32_t in_group)
{
	char label[HIDP__LABEL_SIZE + 8];
	double y = p->y + (HIDP__SVG_LANE - HIDP__SVG_BAR) / 2.0;
	lane_label(p, lane, label_columns(p, lane, in_group), label, sizeof label);
	hidp__svg_text(p, lane->busy_s > 0 ? "e" : "e q", HIDP__SVG_CHART_X - 8, y + 13, label);
	add_other_routes(p, lane, y);
	add_data_waits(p, lane, y);
	for (uint32_t i = 0; i < lane->count;) {
		struct bar bar = make_bar(p, lane, i, y);
		add_bar(p, lane, &bar);
		i += bar.count;
	}
	add_busy(p, lane);
	p->y += HIDP__SVG_LANE;
}

/* Lanes of one node or medium stand together. */
static uint32_t group_length(const struct hidp__timeline *t, uint32_t lane)
{
	uint32_t n = 1;
	while (lane + n < t->lane_count && t->lanes[lane + n].node == t->lanes[lane].node &&
	       t->lanes[lane].node != HIDP_NODE_NONE)
		n++;
	return n;
}

static void add_group_label(struct hidp__picture *p, const struct hidp__lane *lane, uint32_t lanes)
{
	char name[HIDP__LABEL_SIZE], label[HIDP__LABEL_SIZE + 8], memory[80];
	lane_label(p, lane, label_columns(p, lane, 0), label, sizeof label);
	size_t taken = hidp__text_columns(label) * LABEL_WIDTH;
	hidp__text_fit(group_name(p, lane),
		       (taken < LABEL_ROOM ? LABEL_ROOM - taken : 0) / NAME_WIDTH, name,
		       sizeof name);
	hidp__svg_text(p, "n", HIDP__SVG_MARGIN + 8, p->y + 16, name);
	if (lane->node != HIDP_NODE_NONE && lanes >= 2)
		hidp__svg_text(p, "b q", HIDP__SVG_MARGIN + 8, p->y + 34,
			       memory_label(p, lane->node, memory));
}

double hidp__svg_lanes_height(const struct hidp__picture *p)
{
	double height = 0;
	for (uint32_t l = 0; l < p->t->lane_count;) {
		uint32_t n = group_length(p->t, l);
		height += n * HIDP__SVG_LANE + 2 * GROUP_PADDING + GROUP_GAP;
		l += n;
	}
	return height;
}

void hidp__svg_backgrounds(struct hidp__picture *p)
{
	double y = p->y;
	for (uint32_t l = 0; l < p->t->lane_count;) {
		uint32_t n = group_length(p->t, l);
		double height = n * HIDP__SVG_LANE + 2 * GROUP_PADDING;
		hidp__svg_rect(p, "g", HIDP__SVG_MARGIN, y, HIDP__SVG_WIDTH - 2 * HIDP__SVG_MARGIN,
			       height);
		hidp__text_adds(p->text, " rx=\"4\"/>\n");
		y += height + GROUP_GAP;
		l += n;
	}
}

void hidp__svg_lanes(struct hidp__picture *p)
{
	for (uint32_t l = 0; l < p->t->lane_count;) {
		uint32_t n = group_length(p->t, l);
		p->y += GROUP_PADDING;
		add_group_label(p, &p->t->lanes[l], n);
		for (uint32_t i = 0; i < n; i++)
			add_lane(p, &p->t->lanes[l + i], i);
		p->y += GROUP_PADDING + GROUP_GAP;
		l += n;
	}
}

void hidp__svg_survey(struct hidp__picture *p)
{
	const struct hidp__timeline *t = p->t;
	for (uint32_t s = 0; s < t->stage_count; s++)
		p->has_waits |=
			(t->stage_start_s[s + 1] - hidp__timeline_end(t, s)) * p->px_per_s >= 1;
	for (uint32_t l = 0; l < p->t->lane_count; l++) {
		const struct hidp__lane *lane = &p->t->lanes[l];
		for (uint32_t i = 0; i < lane->count; i++)
			p->has_idle |= data_wait(p, lane, i) > 0;
		for (uint32_t i = 0; i < lane->count;) {
			struct bar bar = make_bar(p, lane, i, 0);
			const struct hidp_task_info *task = bar.first;
			bool transfer = task->kind == HIDP_TASK_TRANSFER;
			p->has_transfers |= transfer;
			p->has_merged |= bar.count > 1 && bar.width >= SMALL;
			p->has_waits |= bar.waits * bar.width >= 1;
			if (!transfer && p->by_step_kind)
				p->has_step_kind[bar.colour + HIDP_STEP_SINGLE] = true;
			p->has_flight |=
				transfer && (task->arrival_s - task->end_s) * p->px_per_s >= 2;
			i += bar.count;
		}
	}
}
