/* SPDX-License-Identifier: MIT */
/* The thread of a processor: runs what is ready, the oldest request first. */
#include <string.h>

#include "base/abi.h"
#include "run/session_priv.h"

/* The next task of the oldest request for which it is ready; false: there is none. */
static bool find(struct hidp__worker *w, struct hidp__slot **slot_out, uint32_t *task_out)
{
	struct hidp_session *session = w->session;
	uint64_t oldest = 0;
	bool found = false;
	for (uint32_t i = 0; i < session->slot_count; i++) {
		struct hidp__slot *slot = &session->slots[i];
		uint32_t task =
			atomic_load_explicit(&slot->next[w->processor], memory_order_acquire);
		if (task == HIDP_TASK_NONE || atomic_load(&slot->pending[task]) != 0)
			continue;
		uint64_t request = atomic_load(&slot->request);
		if (!found || request < oldest) {
			found = true;
			oldest = request;
			*slot_out = slot;
			*task_out = task;
		}
	}
	return found;
}

static bool has_work_left(const struct hidp__worker *w)
{
	for (uint32_t i = 0; i < w->session->slot_count; i++)
		if (atomic_load(&w->session->slots[i].next[w->processor]) != HIDP_TASK_NONE)
			return true;
	return false;
}

/* Rows from the slice's own buffer to the common one, image by image. */
static void copy(struct hidp__slot *slot, const struct hidp__copy *c)
{
	const struct hidp_programs *p = hidp__slot_route(slot)->programs;
	const struct hidp__buffer *from = &p->buffers[c->from], *to = &p->buffers[c->to];
	const struct hidp__layer *layer = &p->plan->model->layers[from->layer];
	uint64_t row = hidp__row_stride(layer);
	size_t bytes = (size_t)(row * (uint64_t)hidp__span_length(c->rows));
	for (int64_t i = 0; i < layer->shape.batch; i++) {
		uint64_t f = (uint64_t)(i * hidp__span_length(from->rows) + c->rows.begin -
		                        from->rows.begin);
		uint64_t t = (uint64_t)(i * hidp__span_length(to->rows) + c->rows.begin -
		                        to->rows.begin);
		memcpy(slot->block + to->offset + t * row, slot->block + from->offset + f * row,
		       bytes);
	}
}

static void run(struct hidp__worker *w, struct hidp__slot *slot, uint32_t task)
{
	const struct hidp__program_task *t = hidp__slot_task(slot, task);
	if (!atomic_load(&slot->cancelled)) {
		double begin_s = hidp__clock();
		hidp_status s =
			w->kernels->run(w->kernels_data, hidp__slot_route(slot)->prepared[task],
		                        slot->block, w->scratch);
		for (uint32_t i = 0; i < t->copy_count; i++)
			copy(slot, &t->copies[i]);
		hidp__slot_time(slot, task, begin_s, hidp__clock());
		if (s != HIDP_OK)
			hidp__slot_fail(slot, s, true);
	}
	/* before the slot can be over: then it may begin another request */
	atomic_store_explicit(&slot->next[w->processor], t->next, memory_order_release);
	hidp__slot_complete(slot, task);
}

void hidp__worker_run(void *worker)
{
	struct hidp__worker *w = worker;
	struct hidp_session *session = w->session;
	const struct hidp_processor_desc *desc =
		&session->plan->cluster->nodes[session->node].processors[w->processor];
	bool pinned = false;
	if ((session->flags & HIDP_SESSION_UNPINNED) == 0 && desc->core_count != 0) {
		pinned = hidp__thread_pin(desc->core_ids, desc->core_count);
		if (!pinned && hidp__logs(session->ctx, HIDP_LOG_WARNING))
			hidp__log(session->ctx, HIDP_LOG_WARNING, "session",
			          "processor %s: the cores of its profile are not there, its "
			          "worker runs on any",
			          desc->name);
	}
	hidp_status s = HIDP_OK;
	if (HIDP__HAS(w->kernels, enter))
		s = w->kernels->enter(w->kernels_data, pinned ? desc->core_count : 0);
	atomic_store(&w->entered, s);
	hidp__event_tell(&session->slots[0].done); /* hidp_session_start() waits there */
	while (s == HIDP_OK) {
		struct hidp__slot *slot;
		uint32_t task;
		unsigned count = hidp__event_count(&w->event);
		if (find(w, &slot, &task))
			run(w, slot, task);
		else if (atomic_load(&session->state) == HIDP__SESSION_CLOSED && !has_work_left(w))
			break;
		else
			hidp__event_wait(&w->event, count, session->spin_s, 0);
	}
}
