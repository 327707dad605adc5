/* SPDX-License-Identifier: MIT */
/* The picture of a plan: headline, legend, axis. The bars are in svg_lanes.c. */
#include <hidp/report.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/svg_priv.h"

#define LEGEND_MAX 10u /* stages with a line of their own in the legend */
#define LEGEND_LINE 20
#define LEGEND_COLUMN 590
#define AXIS_HEIGHT 22
#define BAND_HEIGHT 20
#define NAMES_HEIGHT 18
#define FENCE_PX 24

/*
 * Eight light colours that people with any kind of colour blindness can tell
 * apart and that dark text can be read on (Paul Tol's "light" scheme).
 */
static const char style[] =
	"<style>"
	".hidp text{font-family:'Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',sans-serif;"
	"font-size:12px;fill:#222}"
	".hidp .h{font-size:20px;font-weight:bold}"
	".hidp .f{font-size:14px}"
	".hidp .n{font-size:13px;font-weight:bold}"
	".hidp .q{fill:#666}"
	".hidp .e{text-anchor:end}"
	".hidp .m{text-anchor:middle}"
	".hidp .b{font-size:11px;pointer-events:none}"
	".hidp .w{fill:#fff}"
	".hidp .hot{font-weight:bold;fill:#a50026}"
	".hidp .g{fill:#f3f4f6}"
	".hidp .u{fill:#d9dce1}"
	".hidp .l{stroke:#d0d3d9;stroke-width:1}"
	".hidp .d{stroke:#888;stroke-width:1;stroke-dasharray:3 3}"
	".hidp .t{fill:#41464f}"
	".hidp .a{stroke:#41464f;stroke-width:2;stroke-dasharray:2 2}"
	".hidp .i{fill:url(#hidp-idle)}"
	".hidp .v{fill:url(#hidp-wait);pointer-events:none}"
	".hidp .k{fill:#a50026}"
	".hidp .p{fill-opacity:.35}"
	".hidp .c0{fill:#77aadd}.hidp .c1{fill:#ee8866}.hidp .c2{fill:#44bb99}"
	".hidp .c3{fill:#eedd88}.hidp .c4{fill:#ffaabb}.hidp .c5{fill:#bbcc33}"
	".hidp .c6{fill:#99ddff}.hidp .c7{fill:#aaaa00}"
	"</style>"
	"<defs><pattern id=\"hidp-wait\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
	"patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#fff\" "
	"fill-opacity=\".45\"/><rect width=\"2\" height=\"5\" fill=\"#333\" fill-opacity=\".55\"/>"
	"</pattern><pattern id=\"hidp-idle\" width=\"6\" height=\"6\" "
	"patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\">"
	"<rect width=\"1.4\" height=\"6\" fill=\"#c3c7cf\"/></pattern></defs>\n";

void hidp__svg_attribute(struct hidp__picture *p, const char *name, double value)
{
	char number[32];
	hidp__text_addf(p->text, " %s=\"%s\"", name,
			hidp__text_short(isfinite(value) ? value : 0, 1, number));
}

void hidp__svg_rect(struct hidp__picture *p, const char *class_name, double x, double y,
		    double width, double height)
{
	hidp__text_addf(p->text, "<rect class=\"%s\"", class_name);
	hidp__svg_attribute(p, "x", x);
	hidp__svg_attribute(p, "y", y);
	hidp__svg_attribute(p, "width", width);
	hidp__svg_attribute(p, "height", height);
}

void hidp__svg_text(struct hidp__picture *p, const char *class_name, double x, double y,
		    const char *string)
{
	hidp__text_addf(p->text, "<text class=\"%s\"", class_name);
	hidp__svg_attribute(p, "x", x);
	hidp__svg_attribute(p, "y", y);
	hidp__text_adds(p->text, ">");
	hidp__text_add_xml(p->text, string);
	hidp__text_adds(p->text, "</text>\n");
}

double hidp__svg_x(const struct hidp__picture *p, double time_s)
{
	return HIDP__SVG_CHART_X + time_s * p->px_per_s;
}

const char *hidp__svg_colour(uint32_t number)
{
	static const char *const names[HIDP__SVG_COLOURS] = {"c0", "c1", "c2", "c3",
							     "c4", "c5", "c6", "c7"};
	return names[number % HIDP__SVG_COLOURS];
}

static void line(struct hidp__picture *p, const char *class_name, double x1, double y1, double x2,
		 double y2)
{
	hidp__text_addf(p->text, "<line class=\"%s\"", class_name);
	hidp__svg_attribute(p, "x1", x1);
	hidp__svg_attribute(p, "y1", y1);
	hidp__svg_attribute(p, "x2", x2);
	hidp__svg_attribute(p, "y2", y2);
	hidp__text_adds(p->text, "/>\n");
}

/* "a, b, c and 3 more", names that fit in a buffer of HIDP__LABEL_SIZE. */
struct names {
	char *buffer;
	uint32_t shown, more;
	size_t columns; /* still free */
};

static void add_name(struct names *names, const char *name)
{
	char fitted[128];
	hidp__text_fit(name, 24, fitted, sizeof fitted);
	size_t columns = hidp__text_columns(fitted) + 2;
	size_t used = strlen(names->buffer);
	if (names->more != 0 || (names->shown != 0 && columns > names->columns) ||
	    used + strlen(fitted) + 32 > HIDP__LABEL_SIZE) {
		names->more++;
		return;
	}
	snprintf(names->buffer + used, HIDP__LABEL_SIZE - used, "%s%s",
		 names->shown++ == 0 ? "" : ", ", fitted);
	names->columns -= columns < names->columns ? columns : names->columns;
}

static void end_names(struct names *names)
{
	size_t used = strlen(names->buffer);
	if (names->more != 0)
		snprintf(names->buffer + used, HIDP__LABEL_SIZE - used, " and %u more",
			 names->more);
}

static void add_headline(struct hidp__picture *p)
{
	const struct hidp__timeline *t = p->t;
	const struct hidp_plan_figures *f = &t->figures;
	char title[3 * HIDP__LABEL_SIZE], list[HIDP__LABEL_SIZE] = "", name[HIDP__LABEL_SIZE];
	struct names names = {.buffer = list, .columns = 60};
	for (uint32_t n = 0; n < t->node_count; n++)
		if (t->node_used[n])
			add_name(&names, hidp__report_node_name(t->cluster, n));
	end_names(&names);
	hidp__text_fit(hidp_model_name(t->model), 32, name, sizeof name);
	snprintf(title, sizeof title, "%s on %s", name, list);
	hidp__svg_text(p, "h", HIDP__SVG_MARGIN, 34, title);

	char a[32], b[32], c[32], rate[32], verdict[64];
	snprintf(title, sizeof title,
		 "latency %s \xc2\xb7 period %s (%s requests/s) \xc2\xb7 energy %s \xc2\xb7 ",
		 hidp__text_seconds(f->latency_s, a), hidp__text_seconds(f->period_s, b),
		 hidp__report_rate(f->period_s, rate), hidp__text_joules(f->energy_j, c));
	size_t used = strlen(title);
	snprintf(title + used, sizeof title - used,
		 "%s over links \xc2\xb7 planned for least %s%s: %s",
		 hidp__text_bytes((double)f->transfer_bytes, a),
		 hidp__report_objective(t->options.objective), t->stream ? " in a stream" : "",
		 hidp__report_verdict(f, verdict));
	hidp__svg_text(p, "f", HIDP__SVG_MARGIN, 58, title);
	p->y = 70;
}

static void add_chip(struct hidp__picture *p, const char *class_name, double x, double y)
{
	hidp__svg_rect(p, class_name, x, y, 14, 14);
	hidp__text_adds(p->text, " rx=\"2\"/>");
}

/* Last stage of the group that begins with this one, and what that group is and does. */
static uint32_t group_label(const struct hidp__picture *p, uint32_t first,
			    char label[3 * HIDP__LABEL_SIZE])
{
	const struct hidp__timeline *t = p->t;
	struct hidp_stage_desc stage = hidp__report_stage(t->plan, first);
	struct hidp__layer_range layers = hidp__report_stage_layers(t->plan, first);
	char range[HIDP__LABEL_SIZE], list[HIDP__LABEL_SIZE] = "", numbers[48];
	char time[32], percent[32];
	struct names names = {.buffer = list, .columns = t->group_count == 1 ? 90 : 26};
	uint32_t last = first;
	while (last + 1 < t->stage_count && t->stage_group[last + 1] == t->stage_group[first]) {
		struct hidp__layer_range more = hidp__report_stage_layers(t->plan, ++last);
		layers.last = more.last;
		layers.count += more.count;
	}
	double duration = t->stage_start_s[last + 1] - t->stage_start_s[first];
	for (uint32_t k = 0; k < stage.share_count; k++)
		add_name(&names, hidp__report_node_name(
					 t->cluster, hidp__report_share(t->plan, first, k).node));
	end_names(&names);
	snprintf(numbers, sizeof numbers, last == first ? "%u" : "%u to %u", first + 1, last + 1);
	snprintf(label, 3 * HIDP__LABEL_SIZE, "%s %s: %s (%u layer%s) on %s, %s, %s %%", numbers,
		 hidp__report_stage_kind(stage.kind),
		 hidp__report_range(t->model, &layers, 28, range), layers.count,
		 layers.count == 1 ? "" : "s", list, hidp__text_seconds(duration, time),
		 hidp__text_fixed(100 * duration / t->figures.latency_s, 0, percent));
	return last;
}

/* One line per group of stages: kind, layers, nodes, time. */
static void add_stage_legend(struct hidp__picture *p)
{
	const struct hidp__timeline *t = p->t;
	uint32_t shown = t->group_count <= LEGEND_MAX ? t->group_count : LEGEND_MAX - 1;
	for (uint32_t g = 0, s = 0; g < shown; g++, s++) {
		char label[3 * HIDP__LABEL_SIZE];
		double x = HIDP__SVG_MARGIN + (g % 2) * LEGEND_COLUMN;
		double y = p->y + (double)(g / 2) * LEGEND_LINE;
		s = group_label(p, s, label);
		if (!p->by_step_kind)
			add_chip(p, hidp__svg_colour(g), x, y);
		hidp__svg_text(p, "", x + (p->by_step_kind ? 0 : 20), y + 12, label);
	}
	if (shown < t->group_count) {
		char more[64];
		snprintf(more, sizeof more, "and %u more", t->group_count - shown);
		hidp__svg_text(p, "q", HIDP__SVG_MARGIN + (shown % 2) * LEGEND_COLUMN,
			       p->y + (double)(shown / 2) * LEGEND_LINE + 12, more);
		shown++;
	}
	p->y += (shown + 1) / 2 * LEGEND_LINE;
}

/* An entry of the key; returns where the next begins. */
static double add_key(struct hidp__picture *p, double x, const char *class_name, const char *over,
		      const char *label)
{
	add_chip(p, class_name, x, p->y);
	if (over != NULL)
		add_chip(p, over, x, p->y);
	hidp__svg_text(p, "q", x + 20, p->y + 12, label);
	return x + 20 + 6.4 * (double)strlen(label) + 18;
}

static void add_legend(struct hidp__picture *p)
{
	double x = HIDP__SVG_MARGIN;
	add_stage_legend(p);
	static const char *const kinds[] = {"", "one processor", "rows divided", "channels divided",
					    "branches"};
	for (hidp_step_kind k = HIDP_STEP_SINGLE; k <= HIDP_STEP_BRANCH; k++)
		if (p->has_step_kind[k])
			x = add_key(p, x, hidp__svg_colour(k - HIDP_STEP_SINGLE), NULL, kinds[k]);
	if (p->t->stream)
		x = add_key(p, x, "k", NULL, "period: time to the next request");
	if (p->has_waits)
		x = add_key(p, x, hidp__svg_colour(0), "v", "hand-over and copies");
	if (p->has_idle)
		x = add_key(p, x, "i", NULL, "waits for data");
	if (p->has_transfers)
		x = add_key(p, x, "t", NULL, "transfer");
	if (p->has_flight) {
		line(p, "a", x, p->y + 7, x + 14, p->y + 7);
		hidp__svg_text(p, "q", x + 20, p->y + 12, "link latency");
		x += 20 + 6.4 * 12 + 18;
	}
	if (p->has_merged) {
		add_chip(p, "c0 p", x, p->y);
		hidp__svg_rect(p, "c0", x, p->y + 6, 14, 8);
		hidp__text_adds(p->text, "/>");
		hidp__svg_text(p, "q", x + 20, p->y + 12,
			       "many short tasks: height is the part of the time that is busy");
		x += 20;
	}
	p->y += x > HIDP__SVG_MARGIN ? LEGEND_LINE + 6 : 6;
}

/* A step between ticks of 1, 2 or 5 times a power of ten: 5 to 10 ticks. */
static double tick_step(double range)
{
	double step = pow(10, floor(log10(range)));
	if (range / step < 2)
		return step / 5;
	return range / step < 5 ? step / 2 : step;
}

static void add_axis(struct hidp__picture *p, double lanes_top, double bottom)
{
	const struct hidp__timeline *t = p->t;
	double latency = t->figures.latency_s;
	double top = p->y + 14;
	p->y += AXIS_HEIGHT;
	if (!(latency > 0) || !isfinite(latency))
		return;
	double step = tick_step(latency);
	double scale = step >= 0.1 ? 1 : 1e3;
	const char *unit = step >= 0.1 ? "s" : "ms";
	if (step < 1e-4) {
		scale = 1e6;
		unit = "us";
	}
	for (int i = 0; i * step <= latency * 1.000001; i++) {
		char number[32], label[48];
		double x = hidp__svg_x(p, i * step);
		hidp__text_short(i * step * scale, 3, number);
		snprintf(label, sizeof label, i == 0 ? "%s %s" : "%s", number, unit);
		line(p, "l", x, top + 4, x, top + AXIS_HEIGHT - 14);
		line(p, "l", x, lanes_top, x, bottom);
		hidp__svg_text(p, "q m", x, top, label);
	}
}

/*
 * A box per stage above the lanes, and a line where each begins. After the last task of
 * a stage, processors with memory of their own may still have results to copy.
 */
static void add_band(struct hidp__picture *p, double lanes_top, double bottom)
{
	const struct hidp__timeline *t = p->t;
	hidp__svg_text(p, "q e", HIDP__SVG_CHART_X - 8, p->y + 13, "stage");
	hidp__svg_text(p, "q", HIDP__SVG_BUSY_X, p->y + 13, "busy");
	hidp__svg_text(p, "q e", HIDP__SVG_BUSY_X + HIDP__SVG_BUSY_WIDTH, p->y + 13,
		       t->stream ? "of period" : "of latency");
	for (uint32_t s = 0; s <= t->stage_count; s++) {
		double x = hidp__svg_x(p, t->stage_start_s[s]);
		double width = hidp__svg_x(p, t->stage_start_s[s + 1]) - x;
		bool delivery = s == t->stage_count;
		char label[64];
		if (!(width > 0))
			continue;
		if (delivery)
			snprintf(label, sizeof label, "delivery");
		else
			snprintf(label, sizeof label, width > 70 ? "%u %s" : "%u", s + 1,
				 hidp__report_stage_kind(hidp__report_stage(t->plan, s).kind));
		hidp__svg_rect(
			p, delivery || p->by_step_kind ? "u" : hidp__svg_colour(t->stage_group[s]),
			x, p->y, width > 3 ? width - 0.8 : width, BAND_HEIGHT - 3);
		hidp__text_adds(p->text, "/>");
		double copies = (t->stage_start_s[s + 1] - hidp__timeline_end(t, s)) * p->px_per_s;
		if (!delivery && copies >= 1) {
			hidp__svg_rect(p, "v", x + width - copies, p->y, copies, BAND_HEIGHT - 3);
			hidp__text_adds(p->text, "/>");
		}
		if (width > 8 + 6.4 * (double)strlen(label))
			hidp__svg_text(p, "b m", x + width / 2, p->y + 12, label);
		/* lines between stages alike only where they do not make a fence */
		bool new_group = s != 0 && (delivery || t->stage_group[s] != t->stage_group[s - 1]);
		if (s != 0 && (new_group ? width > 1 : width > FENCE_PX))
			line(p, "d", x, lanes_top, x, bottom);
	}
	p->y += BAND_HEIGHT;
}

/* In a stream, the next request begins before this one has ended. */
static void add_period(struct hidp__picture *p)
{
	double x = hidp__svg_x(p, 0), width = p->t->figures.period_s * p->px_per_s;
	double y = p->y + AXIS_HEIGHT - 4;
	if (!p->t->stream || !(width > 0))
		return;
	hidp__svg_rect(p, "k", x, y, fmin(width, HIDP__SVG_CHART_WIDTH), 3);
	hidp__text_adds(p->text, "/>\n");
}

#define NAMES_PX 40 /* one layer at most is named in so many pixels */
#define NAMES_MAX (HIDP__SVG_CHART_WIDTH / NAMES_PX + 1)

/* Below the stages, the names of layers where they begin, in the share that takes longest. */
static void add_layer_names(struct hidp__picture *p)
{
	const struct hidp__timeline *t = p->t;
	const struct hidp_task_info *named[NAMES_MAX] = {NULL};
	double free_from = 0;
	for (uint32_t i = 0; i < t->task_count && p->px_per_s > 0; i++) {
		const struct hidp_task_info *task = &t->tasks[i];
		const struct hidp__share_times *shares = t->shares[task->stage];
		double place = task->start_s * p->px_per_s / NAMES_PX;
		if (task->kind != HIDP_TASK_COMPUTE || !(place >= 0 && place < NAMES_MAX))
			continue;
		uint32_t count = hidp__report_stage(t->plan, task->stage).share_count;
		bool longest = true;
		for (uint32_t k = 0; k < count && longest; k++)
			longest = !(shares[k].end_s > shares[task->share].end_s);
		const struct hidp_task_info **slot = &named[(size_t)place];
		if (longest && (*slot == NULL || task->start_s < (*slot)->start_s))
			*slot = task;
	}
	hidp__svg_text(p, "q e", HIDP__SVG_CHART_X - 8, p->y + 10, "layers");
	for (size_t i = 0; i < NAMES_MAX; i++) {
		char name[HIDP__LABEL_SIZE];
		if (named[i] == NULL)
			continue;
		double x = hidp__svg_x(p, named[i]->start_s);
		hidp__text_fit(hidp__report_layer_name(t->model, named[i]->layer), 20, name,
			       sizeof name);
		double width = 5.6 * (double)hidp__text_columns(name);
		if (x < free_from || x + width > HIDP__SVG_CHART_X + HIDP__SVG_CHART_WIDTH)
			continue;
		line(p, "l", x, p->y - 2, x, p->y + 10);
		hidp__svg_text(p, "b q", x + 3, p->y + 9, name);
		free_from = x + width + 14;
	}
	p->y += NAMES_HEIGHT;
}

static void add_footer(struct hidp__picture *p)
{
	const struct hidp__timeline *t = p->t;
	char list[HIDP__LABEL_SIZE] = "", label[HIDP__LABEL_SIZE + 80];
	struct names names = {.buffer = list, .columns = 120};
	bool replicas = false;
	for (uint32_t s = 0; s < t->stage_count; s++)
		replicas |= hidp__report_stage(t->plan, s).kind == HIDP_STAGE_REPLICA;
	for (uint32_t n = 0; n < t->node_count; n++)
		if (!t->node_used[n])
			add_name(&names, hidp__report_node_name(t->cluster, n));
	end_names(&names);
	snprintf(label, sizeof label, "%s%s%s",
		 replicas ? "The timeline is that of a request on the slowest route. " : "",
		 list[0] != '\0' ? "Not used: " : "", list);
	if (label[0] != '\0')
		hidp__svg_text(p, "q", HIDP__SVG_MARGIN, p->y + 16, label);
	hidp__text_adds(p->text, "</svg>\n");
}

HIDP__SMALL static void write_svg(struct hidp__text *text, const struct hidp__timeline *t)
{
	struct hidp__picture p = {.text = text,
				  .t = t,
				  .by_step_kind = t->group_count == 1 ||
						  t->group_count > HIDP__SVG_COLOURS};
	double latency = t->figures.latency_s;
	if (latency > 0 && isfinite(latency))
		p.px_per_s = HIDP__SVG_CHART_WIDTH / latency;
	hidp__svg_survey(&p);
	uint32_t lines = t->group_count <= LEGEND_MAX ? t->group_count : LEGEND_MAX;
	double lanes = hidp__svg_lanes_height(&p);
	double height = 70 + (lines + 1) / 2 * LEGEND_LINE + LEGEND_LINE + 6 + AXIS_HEIGHT +
			BAND_HEIGHT + NAMES_HEIGHT + lanes + 30;
	hidp__text_addf(text,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hidp\" width=\"%d\" "
			"height=\"%.0f\" viewBox=\"0 0 %d %.0f\" role=\"img\">\n<title>",
			HIDP__SVG_WIDTH, height, HIDP__SVG_WIDTH, height);
	hidp__text_add_xml(text, hidp_model_name(t->model));
	hidp__text_adds(text, "</title>\n");
	hidp__text_adds(text, style);
	hidp__text_addf(text, "<rect width=\"%d\" height=\"%.0f\" fill=\"#fff\"/>\n",
			HIDP__SVG_WIDTH, height);
	add_headline(&p);
	add_legend(&p);
	double top = p.y;
	p.y += AXIS_HEIGHT + BAND_HEIGHT + NAMES_HEIGHT;
	double lanes_top = p.y, bottom = p.y + lanes;
	hidp__svg_backgrounds(&p);
	p.y = top;
	add_period(&p);
	add_axis(&p, lanes_top, bottom);
	add_band(&p, lanes_top, bottom);
	add_layer_names(&p);
	hidp__svg_lanes(&p);
	add_footer(&p);
}

hidp_status hidp_plan_to_svg(const struct hidp_plan *plan, char *buffer, size_t size,
			     size_t *needed_out)
{
	return hidp__report_write(plan, buffer, size, needed_out, write_svg);
}
