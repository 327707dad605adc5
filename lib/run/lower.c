/* SPDX-License-Identifier: MIT */
/*
 * Lowers a plan to the programs of one node: which tensors it holds, which tasks there
 * are and what they read and write. What waits for what follows from that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/diagnostic.h"
#include "plan/evaluate_priv.h"
#include "run/programs_priv.h"

#define NO_BUFFER HIDP_BUFFER_NONE
#define NO_STAGE UINT32_MAX

struct lowering {
	struct hidp_programs *programs;
	const struct hidp_model *model;
	const struct hidp__decisions *decisions;
	const struct hidp__request *request;
	struct hidp__arena *keep;    /* what stays */
	struct hidp__arena *scratch; /* what does not */
	uint32_t *choice;            /* [stage] share of a replica stage */
	struct hidp__messages messages;
	/* of layers that the node computes a row of */
	uint32_t *stage_of, *step_of; /* [layer]; NO_STAGE */
	/* the buffer that all tasks share of a tensor */
	struct hidp__span *held; /* [layer] rows */
	uint32_t *common;        /* [layer] buffer; NO_BUFFER */
	uint32_t *own; /* [layer] the slice's own buffer while a task is made; NO_BUFFER */
	uint32_t time;
	size_t task_capacity, buffer_capacity, access_capacity;
	struct hidp__accesses *accesses; /* [buffer] */
	struct hidp__waits waits;
};

static const struct hidp__layer *layer_of(const struct lowering *w, hidp_layer_id l)
{
	return &w->model->layers[l];
}

static struct hidp__span all_channels(const struct hidp__layer *layer)
{
	return (struct hidp__span){0, layer->shape.channels};
}

/* The share of a stage that the node has on this route, or NULL. */
static const struct hidp__share *share_here(const struct lowering *w, uint32_t stage,
                                            uint32_t *number)
{
	const struct hidp__stage *s = &w->decisions->stages[stage];
	for (uint32_t k = 0; k < s->share_count; k++) {
		if (s->shares[k].node != w->programs->node)
			continue;
		if (s->kind == HIDP_STAGE_REPLICA && w->choice[stage] != k)
			continue;
		*number = k;
		return &s->shares[k];
	}
	return NULL;
}

/* Do the slices of a step compute rows of its i-th layer twice? */
static bool overlaps(const struct hidp__step *step, const struct hidp__step_rows *rows, uint32_t i)
{
	struct hidp__span before = {0, 0};
	if (step->kind != HIDP_STEP_ROWS)
		return false;
	for (uint32_t k = 0; k < step->slice_count; k++) {
		struct hidp__span own = rows->rows[(size_t)k * rows->layer_count + i];
		if (!hidp__span_empty(hidp__span_meet(before, own)))
			return true;
		before = hidp__span_hull(before, own);
	}
	return false;
}

/* Is a layer of a step read by anyone but the step itself: other steps, nodes, the host? */
static bool leaves_step(const struct lowering *w, hidp_layer_id l)
{
	const struct hidp__layer *layer = layer_of(w, l);
	if (layer->is_output)
		return true;
	for (uint32_t c = 0; c < layer->consumer_count; c++)
		if (w->stage_of[layer->consumers[c]] != w->stage_of[l] ||
		    w->step_of[layer->consumers[c]] != w->step_of[l])
			return true;
	return false;
}

static void hold(struct lowering *w, hidp_layer_id l, struct hidp__span rows)
{
	w->held[l] = hidp__span_hull(w->held[l], rows);
}

static hidp_status new_buffer(struct lowering *w, hidp_layer_id l, struct hidp__span rows,
                              uint32_t *buffer)
{
	struct hidp_programs *p = w->programs;
	uint64_t bytes;
	if (!hidp__arena_room(w->keep, (void **)&p->buffers, p->buffer_count, &w->buffer_capacity,
	                      sizeof *p->buffers) ||
	    !hidp__arena_room(w->scratch, (void **)&w->accesses, p->buffer_count,
	                      &w->access_capacity, sizeof *w->accesses))
		return HIDP_ERR_NOMEM;
	if (__builtin_mul_overflow((uint64_t)hidp__span_length(rows),
	                           (uint64_t)layer_of(w, l)->row_bytes, &bytes))
		return HIDP_ERR_LIMIT;
	p->buffers[p->buffer_count] =
		(struct hidp__buffer){.layer = l, .rows = rows, .bytes = bytes};
	w->accesses[p->buffer_count] = (struct hidp__accesses){.count = 0};
	*buffer = p->buffer_count++;
	return HIDP_OK;
}

/* Notes that a task reads or writes a buffer, and waits for those whose use is in the way. */
static bool use(struct lowering *w, uint32_t task, uint32_t call, uint32_t buffer, bool writes,
                struct hidp__span rows, struct hidp__span channels)
{
	struct hidp__accesses *a = &w->accesses[buffer];
	for (size_t i = 0; i < a->count; i++) {
		const struct hidp__access *b = &a->items[i];
		if (b->task == HIDP_TASK_NONE || task == HIDP_TASK_NONE || b->task == task)
			continue;
		if ((!writes && !b->writes) || hidp__span_empty(hidp__span_meet(b->rows, rows)) ||
		    hidp__span_empty(hidp__span_meet(b->channels, channels)))
			continue;
		if (!hidp__arena_room(w->scratch, (void **)&w->waits.items, w->waits.count,
		                      &w->waits.capacity, sizeof *w->waits.items))
			return false;
		w->waits.items[w->waits.count++] = (struct hidp__wait){task, b->task};
	}
	if (!hidp__arena_room(w->scratch, (void **)&a->items, a->count, &a->capacity,
	                      sizeof *a->items))
		return false;
	a->items[a->count++] = (struct hidp__access){task, w->time, call, writes, rows, channels};
	return true;
}

static bool new_task(struct lowering *w, const struct hidp__program_task *task, uint32_t *number)
{
	struct hidp_programs *p = w->programs;
	if (!hidp__arena_room(w->keep, (void **)&p->tasks, p->task_count, &w->task_capacity,
	                      sizeof *p->tasks))
		return false;
	*number = p->task_count;
	p->tasks[p->task_count++] = *task;
	return true;
}

/* The messages of a stage that the node sends or receives. */
static hidp_status lower_messages(struct lowering *w, uint32_t stage)
{
	hidp_node_id node = w->programs->node;
	for (size_t i = 0; i < w->messages.count; i++) {
		const struct hidp__message *m = &w->messages.list[i];
		uint32_t number;
		if (m->stage != stage || (m->from != node && m->to != node))
			continue;
		bool sends = m->from == node;
		struct hidp__span *parts = hidp__arena_alloc(w->keep, m->part_count, sizeof *parts);
		if (parts == NULL)
			return HIDP_ERR_NOMEM;
		memcpy(parts, m->parts, m->part_count * sizeof *parts);
		const struct hidp__program_task task = {
			.kind = sends ? HIDP_TASK_SEND : HIDP_TASK_RECEIVE,
			.processor = HIDP_PROCESSOR_NONE,
			.stage = stage,
			.share = m->share,
			.part_count = m->part_count,
			.parts = parts,
			.message = (uint32_t)i,
			.peer = sends ? m->to : m->from,
			.buffer = w->common[m->layer],
			.wire_dtype = m->wire_dtype,
			.bytes = m->bytes,
		};
		w->time++;
		if (!new_task(w, &task, &number))
			return HIDP_ERR_NOMEM;
		for (uint32_t k = 0; k < m->part_count; k++)
			if (!use(w, number, 0, task.buffer, !sends, parts[k],
			         all_channels(layer_of(w, m->layer))))
				return HIDP_ERR_NOMEM;
	}
	return HIDP_OK;
}

/* The channels of an input that some channels of the output need. */
static struct hidp__span input_channels(const struct lowering *w, const struct hidp__layer *layer,
                                        const struct hidp__input *input, struct hidp__span channels)
{
	const struct hidp__layer *in = layer_of(w, input->layer);
	if (input->own_channels && in->shape.channels == layer->shape.channels)
		return channels;
	return all_channels(in);
}

/* One layer of a slice: the buffers of its operands, and what it does to them. */
static hidp_status lower_call(struct lowering *w, uint32_t task, hidp_layer_id l,
                              struct hidp__span rows, struct hidp__span channels)
{
	const struct hidp__layer *layer = layer_of(w, l);
	struct hidp__program_task *t = &w->programs->tasks[task];
	uint32_t number = t->call_count++;
	uint32_t output = w->own[l] != NO_BUFFER ? w->own[l] : w->common[l];
	uint32_t *operands =
		hidp__arena_alloc(w->keep, (size_t)layer->input_count + 1, sizeof *operands);
	if (operands == NULL)
		return HIDP_ERR_NOMEM;
	t->calls[number] = (struct hidp__call){l, rows, channels, operands};
	for (uint32_t i = 0; i < layer->input_count; i++) {
		const struct hidp__input *in = &layer->inputs[i];
		struct hidp__span need =
			hidp__rule_need(&in->rule, layer_of(w, in->layer)->shape.rows, rows);
		operands[i] = NO_BUFFER;
		if (hidp__span_empty(need))
			continue;
		operands[i] =
			w->own[in->layer] != NO_BUFFER ? w->own[in->layer] : w->common[in->layer];
		if (!use(w, task, number, operands[i], false, need,
		         input_channels(w, layer, in, channels)))
			return HIDP_ERR_NOMEM;
	}
	operands[layer->input_count] = output;
	return use(w, task, number, output, true, rows, channels) ? HIDP_OK : HIDP_ERR_NOMEM;
}

/* Rows that a slice computed in a buffer of its own and that others want: to the common one. */
static hidp_status lower_copies(struct lowering *w, uint32_t task, const struct hidp__share *share,
                                const struct hidp__step *step, const struct hidp__step_rows *rows,
                                uint32_t slice)
{
	struct hidp__program_task *t = &w->programs->tasks[task];
	for (uint32_t i = 0; i < step->layer_count; i++) {
		hidp_layer_id l = share->layers[step->first + i];
		if (w->own[l] == NO_BUFFER || w->common[l] == NO_BUFFER)
			continue;
		/* what the slices before it computed is theirs to copy */
		struct hidp__span mine = rows->rows[(size_t)slice * rows->layer_count + i];
		struct hidp__span before = {0, 0};
		for (uint32_t k = 0; k < slice; k++)
			before = hidp__span_hull(before,
			                         rows->rows[(size_t)k * rows->layer_count + i]);
		if (!hidp__span_empty(before) && mine.begin < before.end)
			mine.begin = before.end;
		if (hidp__span_empty(mine))
			continue;
		struct hidp__span channels = all_channels(layer_of(w, l));
		t->copies[t->copy_count++] = (struct hidp__copy){w->own[l], w->common[l], mine};
		if (!use(w, task, t->call_count, w->own[l], false, mine, channels) ||
		    !use(w, task, t->call_count, w->common[l], true, mine, channels))
			return HIDP_ERR_NOMEM;
	}
	return HIDP_OK;
}

static hidp_status lower_slice(struct lowering *w, const struct hidp__program_task *like,
                               const struct hidp__share *share, const struct hidp__step *step,
                               const struct hidp__step_rows *rows)
{
	const struct hidp__slice *slice = &step->slices[like->slice];
	const struct hidp__span *own_rows = rows->rows + (size_t)like->slice * rows->layer_count;
	struct hidp__program_task task = *like;
	hidp_status s = HIDP_OK;
	uint32_t number, computed = 0;
	for (uint32_t i = 0; i < step->layer_count; i++)
		computed += !hidp__span_empty(own_rows[i]);
	if (computed == 0)
		return HIDP_OK;
	task.processor = slice->processor;
	task.calls = hidp__arena_alloc(w->keep, computed, sizeof *task.calls);
	task.copies = hidp__arena_alloc(w->keep, computed, sizeof *task.copies);
	if (task.calls == NULL || task.copies == NULL || !new_task(w, &task, &number))
		return HIDP_ERR_NOMEM;
	for (uint32_t i = 0; i < step->layer_count && s == HIDP_OK; i++) {
		hidp_layer_id l = share->layers[step->first + i];
		const struct hidp__layer *layer = layer_of(w, l);
		struct hidp__span channels = all_channels(layer);
		if (hidp__span_empty(own_rows[i]))
			continue;
		if (step->kind == HIDP_STEP_CHANNELS)
			channels = (struct hidp__span){slice->range.begin * layer->channel_grain,
			                               slice->range.end * layer->channel_grain};
		if (overlaps(step, rows, i))
			s = new_buffer(w, l, own_rows[i], &w->own[l]);
		if (s == HIDP_OK)
			s = lower_call(w, number, l, own_rows[i], channels);
	}
	if (s == HIDP_OK)
		s = lower_copies(w, number, share, step, rows, like->slice);
	for (uint32_t i = 0; i < step->layer_count; i++)
		w->own[share->layers[step->first + i]] = NO_BUFFER;
	return s;
}

/* What the node computes of a stage. */
static hidp_status lower_share(struct lowering *w, uint32_t stage)
{
	struct hidp__program_task like = {.kind = HIDP_TASK_COMPUTE,
	                                  .stage = stage,
	                                  .message = HIDP_MESSAGE_NONE,
	                                  .peer = HIDP_NODE_NONE};
	const struct hidp__share *share = share_here(w, stage, &like.share);
	hidp_status s = HIDP_OK;
	if (share == NULL)
		return HIDP_OK;
	for (like.step = 0; like.step < share->step_count; like.step++) {
		const struct hidp__step *step = &share->steps[like.step];
		struct hidp__step_rows rows;
		if (!hidp__step_rows(w->model, share, step, &rows, w->scratch))
			return HIDP_ERR_NOMEM;
		w->time++;
		for (like.slice = 0; like.slice < step->slice_count && s == HIDP_OK; like.slice++)
			s = lower_slice(w, &like, share, step, &rows);
	}
	return s;
}

/* Where the node's layers are computed, and which rows of all tensors it holds. */
static hidp_status survey(struct lowering *w)
{
	for (hidp_layer_id l = 0; l < w->model->layer_count; l++) {
		w->stage_of[l] = w->step_of[l] = NO_STAGE;
		w->common[l] = w->own[l] = NO_BUFFER;
		w->held[l] = (struct hidp__span){0, 0};
	}
	for (uint32_t s = 0; s < w->decisions->stage_count; s++) {
		uint32_t number;
		const struct hidp__share *share = share_here(w, s, &number);
		for (uint32_t t = 0; share != NULL && t < share->step_count; t++) {
			const struct hidp__step *step = &share->steps[t];
			for (uint32_t i = 0; i < step->layer_count; i++) {
				w->stage_of[share->layers[step->first + i]] = s;
				w->step_of[share->layers[step->first + i]] = t;
			}
		}
	}
	for (uint32_t s = 0; s < w->decisions->stage_count; s++) {
		uint32_t number;
		const struct hidp__share *share = share_here(w, s, &number);
		for (uint32_t t = 0; share != NULL && t < share->step_count; t++) {
			const struct hidp__step *step = &share->steps[t];
			struct hidp__step_rows rows;
			if (!hidp__step_rows(w->model, share, step, &rows, w->scratch))
				return HIDP_ERR_NOMEM;
			for (uint32_t i = 0; i < step->layer_count; i++) {
				hidp_layer_id l = share->layers[step->first + i];
				if (!overlaps(step, &rows, i) || leaves_step(w, l))
					hold(w, l, share->comp[step->first + i]);
			}
		}
	}
	for (size_t i = 0; i < w->messages.count; i++) {
		const struct hidp__message *m = &w->messages.list[i];
		if (m->to != w->programs->node)
			continue;
		for (uint32_t k = 0; k < m->part_count; k++)
			hold(w, m->layer, m->parts[k]);
	}
	return HIDP_OK;
}

/* One buffer per tensor that the node holds; the host fills those of the model inputs. */
static hidp_status lower_buffers(struct lowering *w)
{
	hidp_status s = HIDP_OK;
	for (hidp_layer_id l = 0; l < w->model->layer_count && s == HIDP_OK; l++) {
		const struct hidp__layer *layer = layer_of(w, l);
		struct hidp__span all = {0, layer->shape.rows};
		bool is_input =
			layer->op == HIDP_OP_INPUT && w->request->input_node == w->programs->node;
		if (is_input)
			hold(w, l, all);
		if (hidp__span_empty(w->held[l]))
			continue;
		s = new_buffer(w, l, w->held[l], &w->common[l]);
		if (s != HIDP_OK || !is_input)
			continue;
		w->programs->buffers[w->common[l]].flags |= HIDP_BUFFER_INPUT;
		if (!use(w, HIDP_TASK_NONE, 0, w->common[l], true, all, all_channels(layer)))
			s = HIDP_ERR_NOMEM;
	}
	return s;
}

/* The host reads the model outputs when all tasks are done. */
static hidp_status lower_outputs(struct lowering *w)
{
	w->time++;
	if (w->request->output_node != w->programs->node)
		return HIDP_OK;
	for (hidp_layer_id l = 0; l < w->model->layer_count; l++) {
		const struct hidp__layer *layer = layer_of(w, l);
		if (!layer->is_output)
			continue;
		w->programs->buffers[w->common[l]].flags |= HIDP_BUFFER_OUTPUT;
		if (!use(w, HIDP_TASK_NONE, 0, w->common[l], false,
		         (struct hidp__span){0, layer->shape.rows}, all_channels(layer)))
			return HIDP_ERR_NOMEM;
	}
	return HIDP_OK;
}

static int compare_waits(const void *a, const void *b)
{
	const struct hidp__wait *x = a, *y = b;
	if (x->after != y->after)
		return x->after < y->after ? -1 : 1;
	return x->before < y->before ? -1 : x->before > y->before;
}

/* Sorts the pairs into lists, one per task and direction. */
static hidp_status list_waits(struct lowering *w)
{
	struct hidp_programs *p = w->programs;
	size_t count = 0;
	if (w->waits.count != 0)
		qsort(w->waits.items, w->waits.count, sizeof *w->waits.items, compare_waits);
	for (size_t i = 0; i < w->waits.count; i++) {
		const struct hidp__wait *x = &w->waits.items[i];
		if (count != 0 && compare_waits(x, &w->waits.items[count - 1]) == 0)
			continue;
		w->waits.items[count++] = *x;
		p->tasks[x->after].dependency_count++;
		p->tasks[x->before].dependent_count++;
	}
	for (uint32_t i = 0; i < p->task_count; i++) {
		struct hidp__program_task *t = &p->tasks[i];
		t->dependencies = hidp__arena_alloc(w->keep, (size_t)t->dependency_count + 1,
		                                    sizeof *t->dependencies);
		t->dependents = hidp__arena_alloc(w->keep, (size_t)t->dependent_count + 1,
		                                  sizeof *t->dependents);
		if (t->dependencies == NULL || t->dependents == NULL)
			return HIDP_ERR_NOMEM;
		t->dependency_count = t->dependent_count = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct hidp__wait x = w->waits.items[i];
		struct hidp__program_task *after = &p->tasks[x.after],
					  *before = &p->tasks[x.before];
		after->dependencies[after->dependency_count++] = x.before;
		before->dependents[before->dependent_count++] = x.after;
	}
	return HIDP_OK;
}

/* Threads the tasks of each program together. */
static hidp_status list_programs(struct lowering *w)
{
	struct hidp_programs *p = w->programs;
	p->processor_count = w->programs->plan->cluster->nodes[p->node].processor_count;
	p->first_task =
		hidp__arena_alloc(w->keep, (size_t)p->processor_count + 2, sizeof *p->first_task);
	if (p->first_task == NULL)
		return HIDP_ERR_NOMEM;
	for (uint32_t i = 0; i < p->processor_count + 2; i++)
		p->first_task[i] = HIDP_TASK_NONE;
	for (uint32_t i = p->task_count; i-- > 0;) {
		struct hidp__program_task *t = &p->tasks[i];
		uint32_t program = t->kind == HIDP_TASK_COMPUTE ? t->processor
		                   : t->kind == HIDP_TASK_SEND  ? p->processor_count
		                                                : p->processor_count + 1;
		t->next = p->first_task[program];
		p->first_task[program] = i;
	}
	return HIDP_OK;
}

/* The shares of replica stages on a route; the last of these stages changes quickest. */
static void choose(struct lowering *w)
{
	uint32_t rest = w->programs->route;
	for (uint32_t s = w->decisions->stage_count; s-- > 0;) {
		const struct hidp__stage *stage = &w->decisions->stages[s];
		w->choice[s] = 0;
		if (stage->kind != HIDP_STAGE_REPLICA)
			continue;
		w->choice[s] = rest % stage->share_count;
		rest /= stage->share_count;
	}
}

static bool begin(struct lowering *w)
{
	uint32_t layers = w->model->layer_count, shares = 1;
	struct hidp__arena *a = w->scratch;
	for (uint32_t s = 0; s < w->decisions->stage_count; s++)
		if (w->decisions->stages[s].share_count > shares)
			shares = w->decisions->stages[s].share_count;
	w->choice = hidp__arena_alloc(a, (size_t)w->decisions->stage_count, sizeof *w->choice);
	w->messages.keep = true;
	w->messages.start_s = hidp__arena_calloc(a, shares, sizeof *w->messages.start_s);
	w->stage_of = hidp__arena_alloc(a, layers, sizeof *w->stage_of);
	w->step_of = hidp__arena_alloc(a, layers, sizeof *w->step_of);
	w->held = hidp__arena_alloc(a, layers, sizeof *w->held);
	w->common = hidp__arena_alloc(a, layers, sizeof *w->common);
	w->own = hidp__arena_alloc(a, layers, sizeof *w->own);
	return w->choice != NULL && w->messages.start_s != NULL && w->stage_of != NULL &&
	       w->step_of != NULL && w->held != NULL && w->common != NULL && w->own != NULL;
}

static hidp_status lower(struct lowering *w)
{
	const struct hidp_plan *plan = w->programs->plan;
	const struct hidp__problem problem = {plan->model, plan->cluster, plan->cost,
	                                      &plan->request};
	if (!begin(w))
		return HIDP_ERR_NOMEM;
	choose(w);
	hidp_status s = hidp__evaluate_messages(&problem, w->decisions, true, w->choice,
	                                        &w->messages, w->scratch);
	if (s == HIDP_OK)
		s = survey(w);
	if (s == HIDP_OK)
		s = lower_buffers(w);
	for (uint32_t i = 0; i < w->decisions->stage_count && s == HIDP_OK; i++) {
		s = lower_messages(w, i);
		if (s == HIDP_OK)
			s = lower_share(w, i);
	}
	if (s == HIDP_OK)
		s = lower_messages(w, w->decisions->stage_count);
	if (s == HIDP_OK)
		s = lower_outputs(w);
	if (s == HIDP_OK)
		s = hidp__buffers_place(w->programs, w->accesses, &w->waits, w->scratch);
	if (s == HIDP_OK)
		s = list_waits(w);
	if (s == HIDP_OK)
		s = list_programs(w);
	w->programs->message_count = (uint32_t)w->messages.count;
	return s;
}

hidp_status hidp__lower(struct hidp_programs *programs, struct hidp__arena *scratch,
                        struct hidp_diagnostic *diagnostic)
{
	struct lowering w = {
		.programs = programs,
		.model = programs->plan->model,
		.decisions = &programs->plan->decisions,
		.request = &programs->plan->request,
		.keep = &programs->arena,
		.scratch = scratch,
	};
	hidp_status s = lower(&w);
	if (s == HIDP_ERR_NOMEM)
		return hidp__fail(diagnostic, s, NULL, "out of memory");
	if (s == HIDP_ERR_LIMIT)
		return hidp__fail(diagnostic, s,
		                  programs->plan->cluster->nodes[programs->node].desc.name,
		                  "its tensors do not fit into any memory");
	return s;
}
