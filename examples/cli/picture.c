/* SPDX-License-Identifier: MIT */
/* Predicted and measured, one row below the other, on one axis. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

#define WIDTH 1200
#define MARGIN 20
#define CHART_X 230.0
#define CHART_WIDTH 930.0
#define TOP 84
#define ROW 20
#define BAR 16
#define GAP 12
#define COLOURS 8

/* Paul Tol's "light" scheme, as in the pictures of plans. */
static const char style[] =
	"<style>text{font-family:'Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',"
	"sans-serif;font-size:12px;fill:#222}.h{font-size:20px;font-weight:bold}"
	".n{font-size:13px;font-weight:bold}.q{fill:#666}.e{text-anchor:end}"
	".m{text-anchor:middle}.g{fill:#f3f4f6}.l{stroke:#d0d3d9;stroke-width:1}"
	".d{stroke:#a50026;stroke-width:1;stroke-dasharray:3 3}"
	".c0{fill:#77aadd}.c1{fill:#ee8866}.c2{fill:#44bb99}.c3{fill:#eedd88}"
	".c4{fill:#ffaabb}.c5{fill:#bbcc33}.c6{fill:#99ddff}.c7{fill:#aaaa00}</style>\n";

struct drawing {
	FILE *to;
	double px_per_s, y;
};

static void add_xml(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '&':
			fputs("&amp;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc(*text, to);
		}
	}
}

static void add_text(struct drawing *d, const char *class_name, double x, double y,
                     const char *text)
{
	fprintf(d->to, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class_name, x, y);
	add_xml(d->to, text);
	fputs("</text>\n", d->to);
}

static bool is_on(const struct bar *bar, hidp_node_id node, hidp_processor_id processor)
{
	return bar->node == node && bar->processor == processor;
}

static double busy_s(const struct bars *bars, hidp_node_id node, hidp_processor_id processor)
{
	double sum = 0;
	for (size_t i = 0; i < bars->count; i++)
		if (is_on(&bars->items[i], node, processor))
			sum += bars->items[i].end_s - bars->items[i].begin_s;
	return sum;
}

static void add_row(struct drawing *d, const struct bars *bars, hidp_node_id node,
                    hidp_processor_id processor, const char *what)
{
	char text[64];
	snprintf(text, sizeof text, "%s, busy %.1f ms", what, 1e3 * busy_s(bars, node, processor));
	add_text(d, "q e", CHART_X - 8, d->y + 13, text);
	for (size_t i = 0; i < bars->count; i++) {
		const struct bar *bar = &bars->items[i];
		if (!is_on(bar, node, processor))
			continue;
		double width = (bar->end_s - bar->begin_s) * d->px_per_s;
		fprintf(d->to,
		        "<rect class=\"c%u\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" "
		        "height=\"%d\"><title>%s: stage %u, step %u: %.3f ms, from %.3f to "
		        "%.3f ms</title></rect>\n",
		        bar->stage % COLOURS, CHART_X + bar->begin_s * d->px_per_s, d->y + 2,
		        fmax(width - 0.3, 0.3), BAR, what, bar->stage + 1, bar->step + 1,
		        1e3 * (bar->end_s - bar->begin_s), 1e3 * bar->begin_s, 1e3 * bar->end_s);
	}
	d->y += ROW;
}

static bool takes_part(const struct comparison *c, hidp_node_id node, hidp_processor_id processor)
{
	return busy_s(&c->predicted, node, processor) > 0 ||
	       busy_s(&c->measured, node, processor) > 0;
}

static void add_processor(struct drawing *d, const struct comparison *c, hidp_node_id node,
                          hidp_processor_id processor)
{
	struct hidp_node_desc n = HIDP_NODE_DESC_INIT;
	struct hidp_processor_desc p = HIDP_PROCESSOR_DESC_INIT;
	char label[2 * HIDP_NAME_MAX + 4];
	hidp_cluster_node(c->cluster, node, &n);
	hidp_cluster_processor(c->cluster, node, processor, &p);
	snprintf(label, sizeof label, "%s / %s", n.name, p.name);
	fprintf(d->to,
	        "<rect class=\"g\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n",
	        MARGIN, d->y, WIDTH - 2 * MARGIN, 3 * ROW);
	add_text(d, "n", MARGIN + 8, d->y + 14, label);
	d->y += ROW - 4;
	add_row(d, &c->predicted, node, processor, "predicted");
	add_row(d, &c->measured, node, processor, "measured");
	d->y += 4 + GAP;
}

/* 1, 2 or 5 times a power of ten: about eight of them fit. */
static double tick_s(double total_s)
{
	double tick = pow(10, floor(log10(total_s / 8)));
	return total_s / tick > 40 ? 5 * tick : total_s / tick > 16 ? 2 * tick : tick;
}

static void add_axis(struct drawing *d, double total_s, double bottom)
{
	double tick = tick_s(total_s);
	char text[32];
	for (int i = 0; i * tick <= total_s; i++) {
		double x = CHART_X + i * tick * d->px_per_s;
		fprintf(d->to,
		        "<line class=\"l\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x,
		        TOP - 6, x, bottom);
		snprintf(text, sizeof text, "%.4g ms", 1e3 * i * tick);
		add_text(d, "q m", x, TOP - 12, text);
	}
}

static void add_end(struct drawing *d, double time_s, double bottom, double dy, const char *what)
{
	double x = CHART_X + time_s * d->px_per_s;
	char text[64];
	fprintf(d->to, "<line class=\"d\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x,
	        TOP - 6, x, bottom);
	snprintf(text, sizeof text, "%s: %.2f ms", what, 1e3 * time_s);
	add_text(d, "q e", x, bottom + dy, text);
}

static uint32_t count_processors(const struct comparison *c)
{
	uint32_t count = 0;
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(c->cluster); n++)
		for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(c->cluster, n); p++)
			count += takes_part(c, n, p);
	return count;
}

char *draw_comparison(const struct comparison *c, size_t *length_out)
{
	char *text = NULL, title[HIDP_NAME_MAX + 96];
	double total_s = fmax(c->predicted.end_s, c->measured.end_s);
	double bottom = TOP + count_processors(c) * (3.0 * ROW + GAP);
	struct drawing d = {.to = open_memstream(&text, length_out), .y = TOP};
	if (d.to == NULL)
		return NULL;
	total_s = total_s > 0 ? total_s : 1;
	d.px_per_s = CHART_WIDTH / total_s;
	fprintf(d.to,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" "
	        "width=\"%d\" height=\"%.0f\">\n%s<rect width=\"100%%\" height=\"100%%\" "
	        "fill=\"#fff\"/>\n",
	        WIDTH, bottom + 44, WIDTH, bottom + 44, style);
	snprintf(title, sizeof title, "%s: predicted %.2f ms, measured %.2f ms",
	         hidp_model_name(hidp_plan_model(c->plan)), 1e3 * c->predicted.end_s,
	         1e3 * c->measured.end_s);
	add_text(&d, "h", MARGIN, 34, title);
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(c->cluster); n++)
		for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(c->cluster, n); p++)
			if (takes_part(c, n, p))
				add_processor(&d, c, n, p);
	add_axis(&d, total_s, bottom);
	add_end(&d, c->predicted.end_s, bottom, 14, "predicted");
	add_end(&d, c->measured.end_s, bottom, 30, "measured");
	fputs("</svg>\n", d.to);
	if (fclose(d.to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
