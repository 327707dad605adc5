/* SPDX-License-Identifier: MIT */
/*
 * A request on this node. Every task counts what it waits for; who finishes a task counts
 * down those that depend on it, and tells whoever is to carry out what has become ready.
 */
#include <string.h>

#include "run/session_priv.h"

void hidp__slot_begin(struct hidp__slot *slot, uint64_t request, uint32_t route,
                      const void *const *inputs)
{
	struct hidp_session *session = slot->session;
	const struct hidp_programs *p = session->routes[route].programs;
	slot->state = HIDP__SLOT_ACTIVE;
	slot->route = route;
	slot->begin_s = hidp__clock();
	atomic_store(&slot->request, request);
	atomic_store(&slot->status, HIDP_OK);
	atomic_store(&slot->cancelled, false);
	atomic_store(&slot->taken, false);
	atomic_store(&slot->send_wanted, 0);
	slot->send_next = p->first_task[p->processor_count];
	for (uint32_t t = 0; t < p->task_count; t++) {
		bool receives = p->tasks[t].kind == HIDP_TASK_RECEIVE;
		atomic_store_explicit(&slot->pending[t], p->tasks[t].dependency_count + receives,
		                      memory_order_relaxed);
		atomic_store_explicit(&slot->arrived[t], false, memory_order_relaxed);
		atomic_store_explicit(&slot->sendings[t].is_off, false, memory_order_relaxed);
	}
	for (uint32_t i = 0; inputs != NULL && i < p->buffer_count; i++) {
		const struct hidp__buffer *b = &p->buffers[i];
		for (uint32_t k = 0; k < session->input_count; k++)
			if ((b->flags & HIDP_BUFFER_INPUT) != 0 && b->layer == session->inputs[k])
				memcpy(slot->block + b->offset, inputs[k], (size_t)b->bytes);
	}
	/* one more for who begins it, and at an input node for who takes the result elsewhere */
	atomic_store(&slot->left, p->task_count + 1 + (session->is_input && !session->is_output));
	/* from here on workers see it */
	for (uint32_t k = 0; k < p->processor_count; k++)
		atomic_store_explicit(&slot->next[k], p->first_task[k], memory_order_release);
}

void hidp__slot_go(struct hidp__slot *slot)
{
	struct hidp_session *session = slot->session;
	const struct hidp_programs *p = hidp__slot_route(slot)->programs;
	for (uint32_t k = 0; k < session->processor_count; k++)
		if (p->first_task[k] != HIDP_TASK_NONE)
			hidp__event_tell(&session->workers[k].event);
	hidp__post_send(slot);
	hidp__slot_leave(slot);
}

bool hidp__slot_enter(struct hidp__slot *slot)
{
	unsigned left = atomic_load(&slot->left);
	while (left != 0)
		if (atomic_compare_exchange_weak(&slot->left, &left, left + 1))
			return true;
	return false;
}

/* All is done here: the host is told, or the slot takes the next request. */
static void over(struct hidp__slot *slot)
{
	struct hidp_session *session = slot->session;
	atomic_fetch_add(&session->requests, 1);
	if (atomic_load(&slot->status) != HIDP_OK)
		atomic_fetch_add(&session->failed, 1);
	if (!session->is_output) {
		hidp__slot_release(slot);
		return;
	}
	hidp__mutex_lock(&slot->mutex);
	slot->state = HIDP__SLOT_DONE;
	hidp__mutex_unlock(&slot->mutex);
	hidp__event_tell(&slot->done);
}

void hidp__slot_leave(struct hidp__slot *slot)
{
	if (atomic_fetch_sub(&slot->left, 1) == 1)
		over(slot);
}

void hidp__slot_release(struct hidp__slot *slot)
{
	hidp__mutex_lock(&slot->mutex);
	slot->state = HIDP__SLOT_FREE;
	atomic_store(&slot->request, atomic_load(&slot->request) + slot->session->slot_count);
	bool more = slot->held != NULL;
	hidp__mutex_unlock(&slot->mutex);
	if (more)
		hidp__post_take_held(slot);
}

void hidp__slot_complete(struct hidp__slot *slot, uint32_t task)
{
	struct hidp_session *session = slot->session;
	const struct hidp__program_task *t = hidp__slot_task(slot, task);
	bool sends = t->kind == HIDP_TASK_SEND;
	for (uint32_t i = 0; i < t->dependent_count; i++) {
		uint32_t d = t->dependents[i];
		if (atomic_fetch_sub(&slot->pending[d], 1) != 1)
			continue;
		const struct hidp__program_task *ready = hidp__slot_task(slot, d);
		if (ready->kind == HIDP_TASK_COMPUTE)
			hidp__event_tell(&session->workers[ready->processor].event);
		else if (ready->kind == HIDP_TASK_RECEIVE)
			hidp__post_unpack(slot, d);
		else
			sends = true;
	}
	if (sends)
		hidp__post_send(slot);
	hidp__slot_leave(slot);
}

void hidp__slot_fail(struct hidp__slot *slot, hidp_status status, bool tell)
{
	struct hidp_session *session = slot->session;
	struct hidp__route_work *route = hidp__slot_route(slot);
	int none = HIDP_OK;
	if (!atomic_compare_exchange_strong(&slot->status, &none, status))
		return;
	atomic_store(&slot->cancelled, true);
	const struct hidp__wire_header header = {.type = HIDP__WIRE_CANCEL,
	                                         .plan_id = session->plan_id,
	                                         .request = atomic_load(&slot->request),
	                                         .route = slot->route,
	                                         .status = status};
	for (uint32_t i = 0; tell && i < route->peer_count; i++)
		hidp__post_note(session, route->peers[i], &header);
	const struct hidp_programs *p = route->programs;
	for (uint32_t t = p->first_task[p->processor_count + 1]; t != HIDP_TASK_NONE;
	     t = p->tasks[t].next)
		if (!atomic_exchange(&slot->arrived[t], true))
			hidp__post_forgo(slot, t);
	if (session->is_input && !session->is_output)
		hidp__slot_taken(slot);
}

void hidp__slot_taken(struct hidp__slot *slot)
{
	if (!atomic_exchange(&slot->taken, true))
		hidp__slot_leave(slot);
}

void hidp__slot_time(struct hidp__slot *slot, uint32_t task, double begin_s, double end_s)
{
	struct hidp_session *session = slot->session;
	struct hidp_task_statistics *t = &hidp__slot_route(slot)->times[task];
	double took = end_s - begin_s;
	hidp__mutex_lock(&session->times_mutex);
	t->total_s += took;
	if (t->count == 0 || took < t->least_s)
		t->least_s = took;
	if (took > t->most_s)
		t->most_s = took;
	t->count++;
	t->last_begin_s = begin_s - slot->begin_s;
	t->last_end_s = end_s - slot->begin_s;
	hidp__mutex_unlock(&session->times_mutex);
}
