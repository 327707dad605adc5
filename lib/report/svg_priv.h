/* SPDX-License-Identifier: MIT */
#ifndef HIDP_REPORT_SVG_PRIV_H
#define HIDP_REPORT_SVG_PRIV_H

#include "report/report_priv.h"

/* Where things are on the picture; in pixels at its natural size. */
#define HIDP__SVG_WIDTH 1200
#define HIDP__SVG_MARGIN 20
#define HIDP__SVG_CHART_X 262 /* time 0 */
#define HIDP__SVG_CHART_WIDTH 790
#define HIDP__SVG_BUSY_X (HIDP__SVG_CHART_X + HIDP__SVG_CHART_WIDTH + 12)
#define HIDP__SVG_BUSY_WIDTH 110
#define HIDP__SVG_LANE 24 /* height of a lane; its bars are smaller */
#define HIDP__SVG_BAR 18

/* Colours that a stage or a kind of step can have. */
#define HIDP__SVG_COLOURS 8u

struct hidp__picture {
	struct hidp__text *text;
	const struct hidp__timeline *t;
	double y; /* of what is drawn next */
	double px_per_s;
	bool by_step_kind; /* colours tell kinds of steps, not stages: there is one, or too many */
	/* what the key must explain */
	bool has_waits, has_idle, has_transfers, has_merged, has_flight, has_step_kind[5];
};

/* Attributes in pixels: ` name="value"`. */
HIDP__SMALL void hidp__svg_attribute(struct hidp__picture *p, const char *name, double value);
/* Begins `<rect class="..." x= y= width= height=`; the caller ends it. */
HIDP__SMALL void hidp__svg_rect(struct hidp__picture *p, const char *class_name, double x, double y,
                                double width, double height);
/* A line of text; `class_name` sets size, weight and anchor. */
HIDP__SMALL void hidp__svg_text(struct hidp__picture *p, const char *class_name, double x, double y,
                                const char *string);
HIDP__SMALL double hidp__svg_x(const struct hidp__picture *p, double time_s);
/* "c3": the class of a group of stages, or of a kind of step. */
HIDP__SMALL const char *hidp__svg_colour(uint32_t number);

/* Lanes of all nodes and media, from p->y on; what is behind them is drawn first. */
HIDP__SMALL double hidp__svg_lanes_height(const struct hidp__picture *p);
HIDP__SMALL void hidp__svg_backgrounds(struct hidp__picture *p);
HIDP__SMALL void hidp__svg_lanes(struct hidp__picture *p);
/* Finds out what the key must explain. */
HIDP__SMALL void hidp__svg_survey(struct hidp__picture *p);

#endif
