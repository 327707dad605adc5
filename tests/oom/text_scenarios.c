/* SPDX-License-Identifier: MIT */
#include "scenario.h"

/* Each writer for both plans: with the whole text, and for its length alone. */
#define WRITER(name)                                                                               \
	static hidp_status name##_global(struct fixture *f)                                        \
	{                                                                                          \
		return hidp_plan_to_##name(f->plan, f->out->text, sizeof f->out->text,             \
		                           &f->out->needed);                                       \
	}                                                                                          \
	static hidp_status name##_local(struct fixture *f)                                         \
	{                                                                                          \
		return hidp_plan_to_##name(f->local, f->out->text, sizeof f->out->text,            \
		                           &f->out->needed);                                       \
	}                                                                                          \
	static hidp_status name##_length(struct fixture *f)                                        \
	{                                                                                          \
		return hidp_plan_to_##name(f->plan, NULL, 0, &f->out->needed);                     \
	}

#define SCENARIOS_OF(name, kind)                                                                   \
	{"hidp_plan_to_" #name, "over nodes", kind, name##_global, NULL, HIDP_OK, 0},              \
	        {"hidp_plan_to_" #name, "over processors", kind, name##_local, NULL, HIDP_OK, 0},  \
	{                                                                                          \
		"hidp_plan_to_" #name, "the length", kind, name##_length, NULL, HIDP_OK, 0         \
	}

WRITER(table)
WRITER(svg)
WRITER(trace)
WRITER(json)

static hidp_status from_json(struct fixture *f)
{
	const char *text = f->plan_json != NULL ? f->plan_json : "{}";
	ACT_MAKING(hidp_plan, hidp_plan_from_json(f->context, text, strlen(text), &made,
	                                          &f->diagnostic));
}

static hidp_status from_broken_json(struct fixture *f)
{
	const char *text = f->plan_json != NULL ? f->plan_json : "{}";
	ACT_MAKING(hidp_plan, hidp_plan_from_json(f->context, text, strlen(text) / 2, &made,
	                                          &f->diagnostic));
}

static void release_plan(struct fixture *f)
{
	f->out->figures.struct_size = sizeof f->out->figures;
	(void)hidp_plan_get_figures(f->out->object, &f->out->figures);
	hidp_plan_unref(f->out->object);
}

const struct scenario text_scenarios[] = {
        SCENARIOS_OF(table, ALLOCATES),
        SCENARIOS_OF(svg, ALLOCATES),
        SCENARIOS_OF(trace, ALLOCATES),
        SCENARIOS_OF(json, JSON),
        {"hidp_plan_from_json", "", JSON, from_json, release_plan, HIDP_OK, FIXTURE_TEXTS},
        {"hidp_plan_from_json", "cut short", JSON, from_broken_json, NULL, HIDP_ERR_SYNTAX,
         FIXTURE_TEXTS},
        {0},
};
