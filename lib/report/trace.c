/* SPDX-License-Identifier: MIT */
/*
 * A plan as Trace Event JSON. A process is a node, a thread one of its processors
 * or links; the first process shows the stages, the last ones the shared media.
 */
#include <hidp/report.h>
#include <math.h>
#include <stdio.h>

#include "report/report_priv.h"

#define REQUEST_PID 1u
#define NODE_PID(node) ((node) + 2u)

struct trace {
	struct hidp__text *text;
	const struct hidp__timeline *t;
	bool any; /* an event has been written: the next needs a comma */
};

static void begin_event(struct trace *tr, const char *phase, uint32_t pid, uint32_t tid)
{
	hidp__text_adds(tr->text, tr->any ? ",\n" : "\n");
	hidp__text_addf(tr->text, "{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u", phase, pid, tid);
	tr->any = true;
}

static void end_event(struct trace *tr)
{
	hidp__text_adds(tr->text, "}");
}

static void add_string(struct trace *tr, const char *key, const char *value)
{
	hidp__text_addf(tr->text, ",\"%s\":", key);
	hidp__text_add_json(tr->text, value);
}

/* JSON has no infinity: a time that cannot be is cut down to a year. */
static double finite_us(double seconds)
{
	const double most = 365.0 * 86400 * 1e6;
	double us = seconds * 1e6;
	return us < most ? us : most;
}

static void add_us(struct trace *tr, const char *key, double us)
{
	char number[32];
	hidp__text_addf(tr->text, ",\"%s\":%s", key, hidp__text_short(us, 3, number));
}

/* Ends are rounded, not durations, so that neighbours still touch and never overlap. */
static void add_times(struct trace *tr, double start_s, double end_s)
{
	double start = round(finite_us(start_s) * 1e3) / 1e3;
	double end = round(finite_us(end_s) * 1e3) / 1e3;
	add_us(tr, "ts", start);
	add_us(tr, "dur", end > start ? end - start : 0);
}

static void add_name(struct trace *tr, const char *kind, uint32_t pid, uint32_t tid,
                     const char *name)
{
	begin_event(tr, "M", pid, tid);
	add_string(tr, "name", kind);
	hidp__text_adds(tr->text, ",\"args\":{\"name\":");
	hidp__text_add_json(tr->text, name);
	hidp__text_adds(tr->text, "}");
	end_event(tr);
}

static void add_place(struct trace *tr, const char *kind, uint32_t pid, uint32_t tid)
{
	begin_event(tr, "M", pid, tid);
	add_string(tr, "name", kind);
	hidp__text_addf(tr->text, ",\"args\":{\"sort_index\":%u}", tid != 0 ? tid : pid);
	end_event(tr);
}

static uint32_t pid_of(const struct trace *tr, const struct hidp__lane *lane)
{
	if (lane->kind == HIDP__LANE_MEDIUM)
		return NODE_PID(tr->t->node_count);
	return NODE_PID(lane->node);
}

/* Readers want thread numbers that no other process has, not even as its own number. */
static uint32_t tid_of(const struct trace *tr, const struct hidp__lane *lane)
{
	return NODE_PID(tr->t->node_count) + 1 + (uint32_t)(lane - tr->t->lanes);
}

static void add_lane_names(struct trace *tr)
{
	const struct hidp__timeline *t = tr->t;
	char label[HIDP__LABEL_SIZE], name[HIDP__LABEL_SIZE - 16];
	uint32_t last_pid = 0;
	for (uint32_t l = 0; l < t->lane_count; l++) {
		const struct hidp__lane *lane = &t->lanes[l];
		uint32_t pid = pid_of(tr, lane), tid = tid_of(tr, lane);
		if (pid != last_pid) {
			add_name(tr, "process_name", pid, 0,
			         lane->kind == HIDP__LANE_MEDIUM
			                 ? "shared media"
			                 : hidp__report_node_name(t->cluster, lane->node));
			add_place(tr, "process_sort_index", pid, 0);
			last_pid = pid;
		}
		const char *thread = "sends";
		if (lane->kind == HIDP__LANE_PROCESSOR) {
			thread = hidp__report_processor_name(t->cluster, lane->node,
			                                     lane->processor);
		} else if (lane->kind == HIDP__LANE_MEDIUM) {
			thread = hidp_cluster_medium_name(t->cluster, lane->medium);
		} else if (lane->kind == HIDP__LANE_LINK) {
			hidp__text_fit(hidp__report_node_name(t->cluster, lane->to), HIDP_NAME_MAX,
			               name, sizeof name);
			snprintf(label, sizeof label, "to %s", name);
			thread = label;
		}
		add_name(tr, "thread_name", pid, tid, thread);
		add_place(tr, "thread_sort_index", pid, tid);
	}
}

static void add_stages(struct trace *tr)
{
	const struct hidp__timeline *t = tr->t;
	char label[HIDP__LABEL_SIZE];
	add_name(tr, "process_name", REQUEST_PID, 0, "request");
	add_place(tr, "process_sort_index", REQUEST_PID, 0);
	add_name(tr, "thread_name", REQUEST_PID, REQUEST_PID, "stages");
	for (uint32_t s = 0; s <= t->stage_count; s++) {
		bool delivery = s == t->stage_count;
		if (delivery && !(t->shares[s][0].arrival_s > 0))
			break;
		begin_event(tr, "X", REQUEST_PID, REQUEST_PID);
		add_times(tr, t->stage_start_s[s], t->stage_start_s[s + 1]);
		if (delivery) {
			add_string(tr, "name", "delivery");
			add_string(tr, "cat", "stage");
			end_event(tr);
			break;
		}
		struct hidp_stage_desc stage = hidp__report_stage(t->plan, s);
		struct hidp__layer_range layers = hidp__report_stage_layers(t->plan, s);
		snprintf(label, sizeof label, "stage %u, %s", s + 1,
		         hidp__report_stage_kind(stage.kind));
		add_string(tr, "name", label);
		add_string(tr, "cat", "stage");
		hidp__text_adds(tr->text, ",\"args\":{\"layers\":");
		hidp__text_add_json(tr->text, hidp__report_range(t->model, &layers, 128, label));
		hidp__text_addf(tr->text, ",\"layer_count\":%u,\"shares\":%u}", layers.count,
		                stage.share_count);
		end_event(tr);
	}
}

static void add_row_arguments(struct trace *tr, const struct hidp_task_info *task)
{
	hidp__text_addf(tr->text, ",\"row_begin\":%lld,\"row_end\":%lld",
	                (long long)task->row_begin, (long long)task->row_end);
}

static void add_compute(struct trace *tr, const struct hidp_task_info *task, uint32_t pid,
                        uint32_t tid)
{
	char label[HIDP__LABEL_SIZE];
	struct hidp__layer_range layers = hidp__report_task_layers(tr->t->plan, task);
	begin_event(tr, "X", pid, tid);
	add_times(tr, task->start_s, task->end_s);
	add_string(tr, "name", hidp__report_range(tr->t->model, &layers, 64, label));
	add_string(tr, "cat", "compute");
	hidp__text_addf(tr->text, ",\"args\":{\"stage\":%u,\"share\":%u,\"step\":%u,\"slice\":%u",
	                task->stage, task->share, task->step, task->slice);
	add_string(tr, "kind", hidp__report_step_kind(hidp__report_step(tr->t->plan, task).kind));
	add_string(tr, "first", hidp__report_layer_name(tr->t->model, layers.first));
	add_string(tr, "last", hidp__report_layer_name(tr->t->model, layers.last));
	hidp__text_addf(tr->text, ",\"layer_count\":%u", layers.count);
	add_row_arguments(tr, task);
	add_us(tr, "wait_us", finite_us(task->wait_s));
	hidp__text_adds(tr->text, "}");
	end_event(tr);
	if (!(task->wait_s > 0))
		return;
	/* within the task that was just written */
	begin_event(tr, "X", pid, tid);
	add_times(tr, task->start_s, fmin(task->start_s + task->wait_s, task->end_s));
	add_string(tr, "name", "hand-over, copies");
	add_string(tr, "cat", "wait");
	end_event(tr);
}

static void add_transfer(struct trace *tr, const struct hidp_task_info *task, uint32_t pid,
                         uint32_t tid)
{
	const struct hidp_cluster *cluster = tr->t->cluster;
	const char *layer = hidp__report_layer_name(tr->t->model, task->layer);
	char label[HIDP__LABEL_SIZE], from[64], to[64];
	begin_event(tr, "X", pid, tid);
	add_times(tr, task->start_s, task->end_s);
	snprintf(label, sizeof label, "%s to %s",
	         hidp__text_fit(hidp__report_node_name(cluster, task->node), 24, from, sizeof from),
	         hidp__text_fit(hidp__report_node_name(cluster, task->to), 24, to, sizeof to));
	add_string(tr, "name", label);
	add_string(tr, "cat", "transfer");
	hidp__text_addf(tr->text, ",\"args\":{\"stage\":%u,\"share\":%u", task->stage, task->share);
	add_string(tr, "layer", layer);
	hidp__text_addf(tr->text, ",\"bytes\":%llu", (unsigned long long)task->bytes);
	add_row_arguments(tr, task);
	add_us(tr, "arrival_us", finite_us(task->arrival_s));
	hidp__text_adds(tr->text, "}");
	end_event(tr);
}

/* The lane and task with which the share begins that waits for a message; NULL for the delivery. */
static const struct hidp_task_info *first_task(const struct hidp__timeline *t,
                                               const struct hidp_task_info *message,
                                               const struct hidp__lane **lane_out)
{
	for (uint32_t l = 0; l < t->lane_count; l++) {
		const struct hidp__lane *lane = &t->lanes[l];
		uint32_t low = 0, high = lane->count;
		if (lane->kind != HIDP__LANE_PROCESSOR)
			continue;
		while (low < high) { /* the first of this lane in the message's stage */
			uint32_t middle = low + (high - low) / 2;
			if (t->tasks[lane->first + middle].stage < message->stage)
				low = middle + 1;
			else
				high = middle;
		}
		const struct hidp_task_info *task = &t->tasks[lane->first + low];
		if (low < lane->count && task->stage == message->stage &&
		    task->share == message->share && task->step == 0) {
			*lane_out = lane;
			return task;
		}
	}
	return NULL;
}

/* An arrow from a message to the computing that waits for it. */
static void add_flow(struct trace *tr, const struct hidp_task_info *message, uint32_t pid,
                     uint32_t tid, uint32_t id)
{
	const struct hidp__lane *lane;
	const struct hidp_task_info *task = first_task(tr->t, message, &lane);
	if (task == NULL)
		return;
	begin_event(tr, "s", pid, tid);
	add_us(tr, "ts", finite_us(message->start_s));
	hidp__text_addf(tr->text, ",\"id\":%u,\"name\":\"needs\",\"cat\":\"flow\"", id);
	end_event(tr);
	begin_event(tr, "f", pid_of(tr, lane), tid_of(tr, lane));
	add_us(tr, "ts", finite_us(task->start_s));
	hidp__text_addf(tr->text, ",\"id\":%u,\"name\":\"needs\",\"cat\":\"flow\",\"bp\":\"e\"",
	                id);
	end_event(tr);
}

HIDP__SMALL static void write_trace(struct hidp__text *text, const struct hidp__timeline *t)
{
	struct trace tr = {text, t, false};
	uint32_t flow = 0;
	hidp__text_adds(text, "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"model\":");
	hidp__text_add_json(text, hidp_model_name(t->model));
	hidp__text_adds(text, "},\"traceEvents\":[");
	add_stages(&tr);
	add_lane_names(&tr);
	for (uint32_t l = 0; l < t->lane_count; l++) {
		const struct hidp__lane *lane = &t->lanes[l];
		uint32_t pid = pid_of(&tr, lane), tid = tid_of(&tr, lane);
		for (uint32_t i = 0; i < lane->count; i++) {
			const struct hidp_task_info *task = &t->tasks[lane->first + i];
			if (task->kind == HIDP_TASK_COMPUTE) {
				add_compute(&tr, task, pid, tid);
				continue;
			}
			add_transfer(&tr, task, pid, tid);
			add_flow(&tr, task, pid, tid, ++flow);
		}
	}
	hidp__text_adds(text, "\n]}\n");
}

hidp_status hidp_plan_to_trace(const struct hidp_plan *plan, char *buffer, size_t size,
                               size_t *needed_out)
{
	return hidp__report_write(plan, buffer, size, needed_out, write_trace);
}
