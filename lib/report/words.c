/* SPDX-License-Identifier: MIT */
/* What the reports say in words, and getters by value. */
#include <stdio.h>
#include <string.h>

#include "report/report_priv.h"

struct hidp_stage_desc hidp__report_stage(const struct hidp_plan *plan, uint32_t stage)
{
	struct hidp_stage_desc d = HIDP_STAGE_DESC_INIT;
	hidp_plan_get_stage(plan, stage, &d);
	return d;
}

struct hidp_share_desc hidp__report_share(const struct hidp_plan *plan, uint32_t stage,
                                          uint32_t share)
{
	struct hidp_share_desc d = HIDP_SHARE_DESC_INIT;
	hidp_plan_get_share(plan, stage, share, &d);
	return d;
}

struct hidp_step_desc hidp__report_step(const struct hidp_plan *plan,
                                        const struct hidp_task_info *task)
{
	struct hidp_step_desc d = HIDP_STEP_DESC_INIT;
	hidp_plan_get_step(plan, task->stage, task->share, task->step, &d);
	return d;
}

const char *hidp__report_node_name(const struct hidp_cluster *cluster, hidp_node_id node)
{
	struct hidp_node_desc d = HIDP_NODE_DESC_INIT;
	return hidp_cluster_node(cluster, node, &d) == HIDP_OK ? d.name : "";
}

const char *hidp__report_processor_name(const struct hidp_cluster *cluster, hidp_node_id node,
                                        hidp_processor_id processor)
{
	struct hidp_processor_desc d = HIDP_PROCESSOR_DESC_INIT;
	return hidp_cluster_processor(cluster, node, processor, &d) == HIDP_OK ? d.name : "";
}

const char *hidp__report_layer_name(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info i = HIDP_LAYER_INFO_INIT;
	return hidp_model_layer(model, layer, &i) == HIDP_OK ? i.name : "";
}

int64_t hidp__report_layer_rows(const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info i = HIDP_LAYER_INFO_INIT;
	return hidp_model_layer(model, layer, &i) == HIDP_OK ? i.shape.rows : 0;
}

static const char *word(const char *const *words, size_t count, uint32_t value)
{
	return value < count ? words[value] : "?";
}

#define WORD(words, value) word(words, sizeof(words) / sizeof *(words), value)

const char *hidp__report_stage_kind(hidp_stage_kind kind)
{
	static const char *const words[] = {"?", "single", "split", "branch", "replica"};
	return WORD(words, kind);
}

const char *hidp__report_step_kind(hidp_step_kind kind)
{
	static const char *const words[] = {"?", "single", "rows", "channels", "branch"};
	return WORD(words, kind);
}

const char *hidp__report_objective(hidp_objective objective)
{
	static const char *const words[] = {"latency", "period", "energy", "weighted sum"};
	return WORD(words, objective);
}

struct hidp__layer_range hidp__report_task_layers(const struct hidp_plan *plan,
                                                  const struct hidp_task_info *task)
{
	struct hidp_slice_desc d = HIDP_SLICE_DESC_INIT;
	hidp_plan_get_slice(plan, task->stage, task->share, task->step, task->slice, &d);
	return (struct hidp__layer_range){d.layers[0], d.layers[d.layer_count - 1], d.layer_count};
}

struct hidp__layer_range hidp__report_stage_layers(const struct hidp_plan *plan, uint32_t stage)
{
	const struct hidp_stage_desc d = hidp__report_stage(plan, stage);
	const struct hidp_model *model = hidp_plan_model(plan);
	struct hidp__layer_range range = {d.first_layer, d.first_layer, 0};
	for (hidp_layer_id l = d.first_layer; l < d.first_layer + d.layer_count; l++) {
		struct hidp_layer_info i = HIDP_LAYER_INFO_INIT;
		hidp_model_layer(model, l, &i);
		if (i.op == HIDP_OP_INPUT)
			continue;
		if (range.count++ == 0)
			range.first = l;
		range.last = l;
	}
	return range;
}

char *hidp__report_range(const struct hidp_model *model, const struct hidp__layer_range *range,
                         size_t columns, char buffer[HIDP__LABEL_SIZE])
{
	const char *first = hidp__report_layer_name(model, range->first);
	const char *last = hidp__report_layer_name(model, range->last);
	size_t a = hidp__text_columns(first), b = hidp__text_columns(last);
	char name[HIDP__LABEL_SIZE / 2];
	if (range->first == range->last)
		return hidp__text_fit(first, columns, buffer, HIDP__LABEL_SIZE);
	/* 4 for " .. "; what one name does not need, the other may have */
	size_t room = columns > 6 ? columns - 4 : 2;
	size_t half = room / 2;
	if (a + b > room) {
		if (b > room - half)
			b = a <= half ? room - a : room - half;
		a = room - b;
	}
	hidp__text_fit(first, a, buffer, HIDP__LABEL_SIZE / 2 - 4);
	strcat(buffer, " .. ");
	return strcat(buffer, hidp__text_fit(last, b, name, sizeof name));
}

char *hidp__report_rate(double period_s, char buffer[32])
{
	double rate = period_s > 0 ? 1 / period_s : 0;
	int decimals = rate < 99.95 ? 1 : 0;
	if (rate < 9.995)
		decimals = 2;
	return hidp__text_fixed(rate, decimals, buffer);
}

char *hidp__report_verdict(const struct hidp_plan_figures *figures, char buffer[64])
{
	char percent[32];
	if (figures->flags & HIDP_FIGURES_PROVEN)
		return strcpy(buffer, "proven optimal");
	if (!(figures->lower_bound > 0))
		return strcpy(buffer, "no lower bound");
	/* rounded up: the claim must hold */
	double above = 1e3 * (figures->objective / figures->lower_bound - 1);
	double up = (double)(long long)(above < 1e12 ? above : 1e12);
	hidp__text_fixed((up < above ? up + 1 : up) / 10, 1, percent);
	snprintf(buffer, 64, "at most %s %% above the optimum", percent);
	return buffer;
}

hidp_status hidp__report_write(const struct hidp_plan *plan, char *buffer, size_t size,
                               size_t *needed_out, hidp__report_fn write)
{
	struct hidp__text text;
	struct hidp__timeline timeline;
	struct hidp__arena arena;
	if (plan == NULL || !hidp__text_begin(&text, buffer, size))
		return HIDP_ERR_ARGUMENT;
	hidp__arena_init(&arena, hidp__report_context(plan));
	bool ok = hidp__timeline_make(&timeline, plan, &arena);
	if (ok)
		write(&text, &timeline);
	hidp__arena_destroy(&arena);
	return ok ? hidp__text_end(&text, needed_out) : HIDP_ERR_NOMEM;
}
