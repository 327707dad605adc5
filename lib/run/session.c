/* SPDX-License-Identifier: MIT */
/* Sessions as the host sees them: made, started, fed, closed. */
#include "run/session_priv.h"

#include <string.h>

#include "base/abi.h"
#include "base/diagnostic.h"

#define SPIN_S 50e-6

static hidp_status no_memory(struct hidp_diagnostic *diagnostic)
{
	return hidp__fail(diagnostic, HIDP_ERR_NOMEM, NULL, "out of memory");
}

/* Zeroed, aligned as buffers are; *memory is what is to be freed. */
static void *alloc_block(struct hidp_context *ctx, uint64_t bytes, void **memory)
{
	if (bytes > SIZE_MAX / 2)
		return NULL;
	*memory = hidp__calloc(ctx, 1, (size_t)bytes + HIDP_BUFFER_ALIGNMENT);
	if (*memory == NULL)
		return NULL;
	uintptr_t at = (uintptr_t)*memory;
	return (uint8_t *)*memory + (HIDP_BUFFER_ALIGNMENT - at % HIDP_BUFFER_ALIGNMENT);
}

/* Model inputs and outputs, by rising layer. */
static bool list_ends(struct hidp_session *s)
{
	const struct hidp_model *model = s->plan->model;
	s->inputs = hidp__calloc(s->ctx, model->layer_count, sizeof *s->inputs);
	s->outputs = hidp__calloc(s->ctx, model->layer_count, sizeof *s->outputs);
	if (s->inputs == NULL || s->outputs == NULL)
		return false;
	for (hidp_layer_id l = 0; l < model->layer_count; l++) {
		if (model->layers[l].op == HIDP_OP_INPUT)
			s->inputs[s->input_count++] = l;
		if (model->layers[l].is_output)
			s->outputs[s->output_count++] = l;
	}
	return true;
}

/* The nodes that have something to do on a route, but for this one. */
static bool list_peers(struct hidp_session *s, uint32_t number)
{
	struct hidp__route_work *route = &s->routes[number];
	const struct hidp_plan *plan = s->plan;
	uint32_t nodes = plan->cluster->node_count, rest = number;
	bool *takes_part = hidp__calloc(s->ctx, nodes, sizeof *takes_part);
	route->peers = hidp__calloc(s->ctx, nodes, sizeof *route->peers);
	if (takes_part == NULL || route->peers == NULL) {
		hidp__free(s->ctx, takes_part);
		return false;
	}
	takes_part[plan->request.input_node] = takes_part[plan->request.output_node] = true;
	for (uint32_t i = plan->decisions.stage_count; i-- > 0;) {
		const struct hidp__stage *stage = &plan->decisions.stages[i];
		bool replica = stage->kind == HIDP_STAGE_REPLICA;
		for (uint32_t k = 0; k < stage->share_count; k++)
			if (!replica || rest % stage->share_count == k)
				takes_part[stage->shares[k].node] = true;
		if (replica)
			rest /= stage->share_count;
	}
	for (uint32_t n = 0; n < nodes; n++)
		if (takes_part[n] && n != s->node)
			route->peers[route->peer_count++] = n;
	hidp__free(s->ctx, takes_part);
	return true;
}

static hidp_status make_route(struct hidp_session *s, uint32_t number,
                              struct hidp_diagnostic *diagnostic)
{
	struct hidp__route_work *route = &s->routes[number];
	hidp_status status =
		hidp_programs_new(s->plan, number, s->node, &route->programs, diagnostic);
	if (status != HIDP_OK)
		return status;
	const struct hidp_programs *p = route->programs;
	(void)hidp_plan_get_route_fraction(s->plan, number, &route->fraction);
	route->prepared = hidp__calloc(s->ctx, (size_t)p->task_count + 1, sizeof *route->prepared);
	route->is_prepared =
		hidp__calloc(s->ctx, (size_t)p->task_count + 1, sizeof *route->is_prepared);
	route->stages = hidp__calloc(s->ctx, (size_t)p->task_count + 1, sizeof *route->stages);
	route->times = hidp__calloc(s->ctx, (size_t)p->task_count + 1, sizeof *route->times);
	route->receive_of =
		hidp__calloc(s->ctx, (size_t)p->message_count + 1, sizeof *route->receive_of);
	if (route->prepared == NULL || route->is_prepared == NULL || route->stages == NULL ||
	    route->times == NULL || route->receive_of == NULL || !list_peers(s, number))
		return no_memory(diagnostic);
	for (uint32_t m = 0; m < p->message_count; m++)
		route->receive_of[m] = HIDP_TASK_NONE;
	for (uint32_t t = 0; t < p->task_count; t++) {
		if (p->tasks[t].kind == HIDP_TASK_RECEIVE)
			route->receive_of[p->tasks[t].message] = t;
		if (p->tasks[t].kind == HIDP_TASK_COMPUTE)
			s->workers[p->tasks[t].processor].task_count++;
	}
	if (p->task_count > s->task_max)
		s->task_max = p->task_count;
	return HIDP_OK;
}

static hidp_status make(struct hidp_session *s, struct hidp_diagnostic *diagnostic)
{
	s->processor_count = s->plan->cluster->nodes[s->node].processor_count;
	s->workers = hidp__calloc(s->ctx, (size_t)s->processor_count + 1, sizeof *s->workers);
	s->routes = hidp__calloc(s->ctx, s->route_count, sizeof *s->routes);
	if (s->workers == NULL || s->routes == NULL || !list_ends(s))
		return no_memory(diagnostic);
	for (uint32_t k = 0; k < s->processor_count; k++) {
		s->workers[k].session = s;
		s->workers[k].processor = k;
	}
	for (uint32_t r = 0; r < s->route_count; r++) {
		hidp_status status = make_route(s, r, diagnostic);
		if (status != HIDP_OK)
			return status;
	}
	return HIDP_OK;
}

/* In a stream, so many that all nodes have something to do: each replica computes a request. */
static uint32_t default_slots(const struct hidp_plan *plan)
{
	uint32_t busy = 0;
	if (!plan->request.stream)
		return 1;
	for (uint32_t i = 0; i < plan->decisions.stage_count; i++) {
		const struct hidp__stage *stage = &plan->decisions.stages[i];
		busy += stage->kind == HIDP_STAGE_REPLICA ? stage->share_count : 1;
		if (busy >= HIDP_SESSION_SLOTS_MAX / 2)
			return HIDP_SESSION_SLOTS_MAX;
	}
	return 2 * busy;
}

hidp_status hidp_session_new(const struct hidp_plan *plan,
                             const struct hidp_session_options *options,
                             struct hidp_session **session_out, struct hidp_diagnostic *diagnostic)
{
	struct hidp_session_options o = HIDP_SESSION_OPTIONS_INIT;
	if (plan == NULL || session_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "plan or session_out is NULL");
	if (options != NULL) {
		hidp_status status = hidp__abi_read(&o, sizeof o, sizeof o, options);
		if (status != HIDP_OK)
			return hidp__fail(diagnostic, status, NULL, "options have the wrong size");
	}
	if ((o.flags & ~(uint32_t)HIDP_SESSION_UNPINNED) != 0)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, NULL, "unknown flags 0x%x", o.flags);
	if (o.node >= plan->cluster->node_count || o.slots > HIDP_SESSION_SLOTS_MAX ||
	    o.spin_s != o.spin_s)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no node %u, or the options are out of range", o.node);
	struct hidp_context *ctx = plan->arena.ctx;
	struct hidp_session *s = hidp__calloc(ctx, 1, sizeof *s);
	if (s == NULL)
		return no_memory(diagnostic);
	if (!hidp__mutex_init(&s->mutex)) {
		hidp__free(ctx, s);
		return no_memory(diagnostic);
	}
	if (!hidp__mutex_init(&s->times_mutex)) {
		hidp__mutex_destroy(&s->mutex);
		hidp__free(ctx, s);
		return no_memory(diagnostic);
	}
	s->ctx = hidp_context_ref(ctx);
	/* references are counted on const objects too */
	s->plan = hidp_plan_ref((struct hidp_plan *)(uintptr_t)plan);
	s->flags = o.flags;
	s->node = o.node;
	s->spin_s = o.spin_s == 0 ? SPIN_S : o.spin_s;
	s->plan_id = o.plan_id;
	s->is_input = plan->request.input_node == o.node;
	s->is_output = plan->request.output_node == o.node;
	s->route_count = hidp_plan_route_count(plan);
	s->slot_count = o.slots;
	if (o.slots == 0)
		s->slot_count = default_slots(plan);
	hidp_status status = make(s, diagnostic);
	if (status != HIDP_OK) {
		hidp_session_destroy(s);
		return status;
	}
	*session_out = s;
	return HIDP_OK;
}

bool hidp__kernels_fit(const struct hidp_kernels *kernels)
{
	return kernels->abi == HIDP_PLUGIN_ABI && HIDP__HAS(kernels, supports) &&
	       HIDP__HAS(kernels, prepare) && HIDP__HAS(kernels, run) &&
	       HIDP__HAS(kernels, release);
}

bool hidp__transport_fits(const struct hidp_transport *transport)
{
	return transport->abi == HIDP_PLUGIN_ABI && HIDP__HAS(transport, open) &&
	       HIDP__HAS(transport, send) && HIDP__HAS(transport, close) &&
	       HIDP__HAS(transport, stop);
}

hidp_status hidp_session_set_kernels(struct hidp_session *session, hidp_processor_id processor,
                                     const struct hidp_kernels *kernels, void *user_data)
{
	if (session == NULL || kernels == NULL ||
	    atomic_load(&session->state) != HIDP__SESSION_NEW ||
	    (processor != HIDP_PROCESSOR_NONE && processor >= session->processor_count))
		return HIDP_ERR_ARGUMENT;
	if (!hidp__kernels_fit(kernels))
		return HIDP_ERR_ABI;
	for (uint32_t k = 0; k < session->processor_count; k++) {
		struct hidp__worker *w = &session->workers[k];
		if (processor == k || (processor == HIDP_PROCESSOR_NONE && w->kernels == NULL)) {
			w->kernels = kernels;
			w->kernels_data = user_data;
		}
	}
	return HIDP_OK;
}

hidp_status hidp_session_set_transport(struct hidp_session *session,
                                       const struct hidp_transport *transport, void *user_data)
{
	if (session == NULL || transport == NULL ||
	    atomic_load(&session->state) != HIDP__SESSION_NEW)
		return HIDP_ERR_ARGUMENT;
	if (!hidp__transport_fits(transport))
		return HIDP_ERR_ABI;
	session->transport = transport;
	session->transport_data = user_data;
	return HIDP_OK;
}

static const char *processor_name(const struct hidp_session *s, uint32_t processor)
{
	return s->plan->cluster->nodes[s->node].processors[processor].name;
}

/* Kernels for every compute task. */
static hidp_status prepare_kernels(struct hidp_session *s, struct hidp__route_work *route,
                                   struct hidp_diagnostic *diagnostic)
{
	const struct hidp_programs *p = route->programs;
	for (uint32_t t = 0; t < p->task_count; t++) {
		const struct hidp__program_task *task = &p->tasks[t];
		size_t scratch = 0;
		if (task->kind != HIDP_TASK_COMPUTE)
			continue;
		struct hidp__worker *w = &s->workers[task->processor];
		if (w->kernels == NULL)
			return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT,
			                  processor_name(s, task->processor), "it has no kernels");
		for (uint32_t i = 0; i < task->call_count; i++) {
			hidp_status status = w->kernels->supports(w->kernels_data, s->plan->model,
			                                          task->calls[i].layer, diagnostic);
			if (status != HIDP_OK)
				return status;
		}
		hidp_status status = w->kernels->prepare(w->kernels_data, p, t, &route->prepared[t],
		                                         &scratch, diagnostic);
		if (status != HIDP_OK)
			return status;
		route->is_prepared[t] = true;
		if (scratch > w->scratch_bytes)
			w->scratch_bytes = scratch;
	}
	return HIDP_OK;
}

/* Can all messages go over the links as the cluster says, and as they lie? */
static hidp_status check_messages(const struct hidp_session *s, struct hidp__route_work *route,
                                  struct hidp_diagnostic *diagnostic)
{
	const struct hidp_programs *p = route->programs;
	for (uint32_t t = 0; t < p->task_count; t++) {
		const struct hidp__program_task *task = &p->tasks[t];
		const struct hidp__layer *layer;
		if (task->kind == HIDP_TASK_COMPUTE)
			continue;
		layer = &s->plan->model->layers[p->buffers[task->buffer].layer];
		if (s->transport == NULL)
			return hidp__fail(
				diagnostic, HIDP_ERR_ARGUMENT, layer->name,
				"its output goes from node to node, but there is no transport");
		if (!hidp__wire_converts(layer->dtype, task->wire_dtype))
			return hidp__fail(diagnostic, HIDP_ERR_UNSUPPORTED, layer->name,
			                  "its elements cannot be carried in the link's dtype");
		if (task->bytes > HIDP_TRANSPORT_MESSAGE_MAX - HIDP__WIRE_HEADER)
			return hidp__fail(diagnostic, HIDP_ERR_LIMIT, layer->name,
			                  "its rows make too large a message");
		uint64_t pieces = (uint64_t)task->part_count * (uint64_t)layer->shape.batch;
		route->stages[t] =
			task->kind == HIDP_TASK_SEND &&
			(layer->dtype != task->wire_dtype || pieces >= HIDP_TRANSPORT_SEGMENTS_MAX);
	}
	return HIDP_OK;
}

/* Arrays for rows that cannot go out as they lie; a task of any route may use the one of its
 * number. */
static bool make_staging(struct hidp_session *s, struct hidp__slot *slot, uint32_t task)
{
	uint64_t bytes = 0;
	for (uint32_t r = 0; r < s->route_count; r++) {
		const struct hidp_programs *p = s->routes[r].programs;
		if (task < p->task_count && s->routes[r].stages[task] &&
		    p->tasks[task].bytes > bytes)
			bytes = p->tasks[task].bytes;
	}
	if (bytes == 0)
		return true;
	slot->sendings[task].staging = hidp__alloc(s->ctx, (size_t)bytes);
	s->memory_bytes += bytes;
	return slot->sendings[task].staging != NULL;
}

static bool make_slot(struct hidp_session *s, uint32_t index)
{
	struct hidp__slot *slot = &s->slots[index];
	size_t tasks = (size_t)s->task_max + 1;
	uint64_t bytes = HIDP_BUFFER_ALIGNMENT;
	slot->session = s;
	atomic_init(&slot->request, index);
	atomic_init(&slot->left, 0);
	for (uint32_t r = 0; r < s->route_count; r++)
		if (s->routes[r].programs->memory_bytes > bytes)
			bytes = s->routes[r].programs->memory_bytes;
	slot->block = alloc_block(s->ctx, bytes, &slot->block_memory);
	slot->pending = hidp__calloc(s->ctx, tasks, sizeof *slot->pending);
	slot->arrived = hidp__calloc(s->ctx, tasks, sizeof *slot->arrived);
	slot->waiting = hidp__calloc(s->ctx, tasks, sizeof *slot->waiting);
	slot->sendings = hidp__calloc(s->ctx, tasks, sizeof *slot->sendings);
	slot->next = hidp__calloc(s->ctx, (size_t)s->processor_count + 1, sizeof *slot->next);
	if (slot->block == NULL || slot->pending == NULL || slot->arrived == NULL ||
	    slot->waiting == NULL || slot->sendings == NULL || slot->next == NULL)
		return false;
	s->memory_bytes += bytes;
	for (uint32_t t = 0; t < tasks; t++) {
		slot->sendings[t].slot = slot;
		slot->sendings[t].task = t;
		if (!make_staging(s, slot, t))
			return false;
	}
	for (uint32_t k = 0; k < s->processor_count; k++)
		atomic_init(&slot->next[k], HIDP_TASK_NONE);
	return true;
}

static bool make_slots(struct hidp_session *s)
{
	s->slots = hidp__calloc(s->ctx, s->slot_count, sizeof *s->slots);
	if (s->slots == NULL)
		return false;
	uint32_t count = s->slot_count;
	for (s->slot_count = 0; s->slot_count < count; s->slot_count++) {
		struct hidp__slot *slot = &s->slots[s->slot_count];
		if (!hidp__mutex_init(&slot->mutex))
			return false;
		if (!hidp__event_init(&slot->done)) {
			hidp__mutex_destroy(&slot->mutex);
			return false;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		if (!make_slot(s, i))
			return false;
	return true;
}

/* Threads for the processors that have tasks; returns when all of them have entered. */
static hidp_status start_workers(struct hidp_session *s, struct hidp_diagnostic *diagnostic)
{
	hidp_status status = HIDP_OK;
	for (uint32_t k = 0; k < s->processor_count; k++) {
		struct hidp__worker *w = &s->workers[k];
		if (w->task_count == 0)
			continue;
		atomic_init(&w->entered, HIDP__WORKER_ENTERING);
		if (w->scratch_bytes != 0) {
			w->scratch = alloc_block(s->ctx, w->scratch_bytes, &w->scratch_memory);
			s->memory_bytes += w->scratch_bytes;
		}
		if (w->scratch_bytes != 0 && w->scratch == NULL)
			return no_memory(diagnostic);
		w->runs = hidp__thread_start(&w->thread, hidp__worker_run, w);
		if (!w->runs)
			return hidp__fail(diagnostic, HIDP_ERR_NOMEM, processor_name(s, k),
			                  "its thread cannot be started");
	}
	for (uint32_t k = 0; k < s->processor_count; k++) {
		struct hidp__worker *w = &s->workers[k];
		unsigned count = hidp__event_count(&s->slots[0].done);
		while (w->runs && atomic_load(&w->entered) == HIDP__WORKER_ENTERING) {
			hidp__event_wait(&s->slots[0].done, count, 0, 0);
			count = hidp__event_count(&s->slots[0].done);
		}
		if (w->runs && atomic_load(&w->entered) != HIDP_OK && status == HIDP_OK)
			status = hidp__fail(diagnostic, atomic_load(&w->entered),
			                    processor_name(s, k),
			                    "its kernels do not run on a thread of its own");
	}
	return status;
}

hidp_status hidp_session_start(struct hidp_session *session, struct hidp_diagnostic *diagnostic)
{
	if (session == NULL || atomic_load(&session->state) != HIDP__SESSION_NEW ||
	    session->slots != NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no session, or it was started before");
	for (uint32_t r = 0; r < session->route_count; r++) {
		hidp_status s = check_messages(session, &session->routes[r], diagnostic);
		if (s == HIDP_OK)
			s = prepare_kernels(session, &session->routes[r], diagnostic);
		if (s != HIDP_OK)
			return s;
	}
	for (uint32_t k = 0; k < session->processor_count; k++) {
		struct hidp__worker *w = &session->workers[k];
		w->has_event = hidp__event_init(&w->event);
		if (!w->has_event)
			return no_memory(diagnostic);
	}
	if (!make_slots(session))
		return no_memory(diagnostic);
	hidp_status s = start_workers(session, diagnostic);
	if (s != HIDP_OK)
		return s;
	atomic_store(&session->state, HIDP__SESSION_STARTED);
	if (session->transport != NULL && !session->is_shared) {
		s = session->transport->open(session->transport_data, hidp__post_receive, session,
		                             diagnostic);
		if (s != HIDP_OK)
			return s;
		session->is_open = true;
	}
	return HIDP_OK;
}

/* The route of the next request: each gets its part, as evenly as can be. */
static uint32_t next_route(struct hidp_session *s)
{
	uint32_t best = 0;
	for (uint32_t r = 0; r < s->route_count; r++) {
		s->routes[r].credit += s->routes[r].fraction;
		if (s->routes[r].credit > s->routes[best].credit)
			best = r;
	}
	s->routes[best].credit -= 1;
	return best;
}

hidp_status hidp_session_submit(struct hidp_session *session, const void *const *inputs,
                                uint32_t input_count, uint64_t *request_out)
{
	if (session == NULL || request_out == NULL || !session->is_input ||
	    input_count != session->input_count || (inputs == NULL && input_count != 0))
		return HIDP_ERR_ARGUMENT;
	for (uint32_t i = 0; i < input_count; i++)
		if (inputs[i] == NULL)
			return HIDP_ERR_ARGUMENT;
	hidp__mutex_lock(&session->mutex);
	int state = atomic_load(&session->state);
	if (state != HIDP__SESSION_STARTED) {
		hidp__mutex_unlock(&session->mutex);
		return state == HIDP__SESSION_NEW ? HIDP_ERR_ARGUMENT : HIDP_ERR_CLOSED;
	}
	uint64_t request = session->next_request;
	struct hidp__slot *slot = &session->slots[request % session->slot_count];
	hidp__mutex_lock(&slot->mutex);
	bool begins = slot->state == HIDP__SLOT_FREE;
	if (begins) {
		session->next_request++;
		hidp__slot_begin(slot, request, next_route(session), inputs);
	}
	hidp__mutex_unlock(&slot->mutex);
	hidp__mutex_unlock(&session->mutex);
	if (!begins)
		return HIDP_ERR_BUSY;
	hidp__slot_go(slot);
	*request_out = request;
	return HIDP_OK;
}

/* The elements of the model outputs, out of the block. */
static void take_outputs(struct hidp__slot *slot, void *const *outputs, uint32_t count)
{
	struct hidp_session *session = slot->session;
	const struct hidp_programs *p = hidp__slot_route(slot)->programs;
	for (uint32_t i = 0; i < p->buffer_count; i++) {
		const struct hidp__buffer *b = &p->buffers[i];
		for (uint32_t k = 0; k < count; k++)
			if ((b->flags & HIDP_BUFFER_OUTPUT) != 0 &&
			    b->layer == session->outputs[k] && outputs[k] != NULL)
				memcpy(outputs[k], slot->block + b->offset, (size_t)b->bytes);
	}
}

hidp_status hidp_session_wait(struct hidp_session *session, uint64_t request, double timeout_s,
                              void *const *outputs, uint32_t output_count)
{
	if (session == NULL || !session->is_output ||
	    (output_count != 0 && (output_count != session->output_count || outputs == NULL)) ||
	    atomic_load(&session->state) == HIDP__SESSION_NEW || timeout_s != timeout_s)
		return HIDP_ERR_ARGUMENT;
	struct hidp__slot *slot = &session->slots[request % session->slot_count];
	double until_s = timeout_s > 0 ? hidp__clock() + timeout_s : 0;
	for (;;) {
		unsigned count = hidp__event_count(&slot->done);
		hidp__mutex_lock(&slot->mutex);
		uint64_t current = atomic_load(&slot->request);
		enum hidp__slot_state state = slot->state;
		/* seen with the mutex: no request begins once the session is not open */
		bool comes = (request == current && state != HIDP__SLOT_FREE) ||
		             atomic_load(&session->state) == HIDP__SESSION_STARTED;
		hidp__mutex_unlock(&slot->mutex);
		if (request < current)
			return HIDP_ERR_ARGUMENT;
		/* where requests are submitted, they have begun before they can be waited for */
		if (session->is_input && (state == HIDP__SLOT_FREE || request > current))
			return HIDP_ERR_ARGUMENT;
		if (request == current && state == HIDP__SLOT_DONE)
			break;
		if (!comes)
			return HIDP_ERR_CLOSED;
		if (timeout_s == 0 ||
		    (!hidp__event_wait(&slot->done, count, 0, until_s) && timeout_s > 0))
			return HIDP_ERR_TIMEOUT;
	}
	hidp_status status = atomic_load(&slot->status);
	if (status == HIDP_OK)
		take_outputs(slot, outputs, output_count);
	const struct hidp__wire_header taken = {.type = HIDP__WIRE_TAKEN,
	                                        .plan_id = session->plan_id,
	                                        .request = request,
	                                        .route = slot->route};
	hidp__slot_release(slot);
	if (!session->is_input)
		hidp__post_note(session, session->plan->request.input_node, &taken);
	return status;
}

hidp_status hidp_session_cancel(struct hidp_session *session, uint64_t request)
{
	if (session == NULL || atomic_load(&session->state) == HIDP__SESSION_NEW)
		return HIDP_ERR_ARGUMENT;
	struct hidp__slot *slot = &session->slots[request % session->slot_count];
	hidp__mutex_lock(&slot->mutex);
	bool is_current = slot->state != HIDP__SLOT_FREE && atomic_load(&slot->request) == request;
	bool entered = is_current && hidp__slot_enter(slot);
	hidp__mutex_unlock(&slot->mutex);
	if (entered) {
		hidp__slot_fail(slot, HIDP_ERR_CANCELLED, true);
		hidp__slot_leave(slot);
	}
	return is_current ? HIDP_OK : HIDP_ERR_ARGUMENT;
}

/* Requests under way end; who waits for one is told. The state lets no more of them begin. */
static void end_requests(struct hidp_session *session)
{
	for (uint32_t i = 0; i < session->slot_count; i++) {
		struct hidp__slot *slot = &session->slots[i];
		/* who has seen another state has begun when the mutex is free, and is found */
		hidp__mutex_lock(&slot->mutex);
		bool entered = hidp__slot_enter(slot);
		hidp__mutex_unlock(&slot->mutex);
		if (entered) {
			hidp__slot_fail(slot, HIDP_ERR_CLOSED, true);
			hidp__slot_leave(slot);
		}
	}
}

static void end_session(struct hidp_session *session)
{
	atomic_store(&session->state, HIDP__SESSION_RETIRED);
	end_requests(session);
	if (session->is_open) {
		session->transport->close(session->transport_data);
		session->transport->stop(session->transport_data);
	}
	/* not before: a worker that ended would leave its tasks of the last requests undone */
	atomic_store(&session->state, HIDP__SESSION_CLOSED);
	for (uint32_t k = 0; k < session->processor_count; k++) {
		if (!session->workers[k].runs)
			continue;
		hidp__event_tell(&session->workers[k].event);
		hidp__thread_join(&session->workers[k].thread);
		session->workers[k].runs = false;
	}
	for (uint32_t i = 0; i < session->slot_count; i++)
		hidp__event_tell(&session->slots[i].done);
}

void hidp_session_close(struct hidp_session *session)
{
	if (session == NULL || session->slots == NULL)
		return;
	/* who closes it as well waits until it is closed */
	hidp__mutex_lock(&session->mutex);
	if (atomic_load(&session->state) != HIDP__SESSION_CLOSED)
		end_session(session);
	hidp__mutex_unlock(&session->mutex);
}

void hidp__session_share(struct hidp_session *session, const struct hidp_transport *transport,
                         void *user_data)
{
	session->transport = transport;
	session->transport_data = user_data;
	session->is_shared = true;
}

void hidp__session_retire(struct hidp_session *session)
{
	hidp__mutex_lock(&session->mutex);
	int started = HIDP__SESSION_STARTED;
	/* workers still have to pass over tasks, so they are not told to end */
	atomic_compare_exchange_strong(&session->state, &started, HIDP__SESSION_RETIRED);
	hidp__mutex_unlock(&session->mutex);
	end_requests(session);
}

bool hidp__session_is_over(struct hidp_session *session)
{
	for (uint32_t i = 0; i < session->slot_count; i++)
		if (atomic_load(&session->slots[i].left) != 0)
			return false;
	return atomic_load(&session->inside) == 0;
}

uint32_t hidp__session_route(struct hidp_session *session, uint64_t request)
{
	struct hidp__slot *slot = &session->slots[request % session->slot_count];
	hidp__mutex_lock(&slot->mutex);
	bool current = slot->state != HIDP__SLOT_FREE && atomic_load(&slot->request) == request;
	uint32_t route = current ? slot->route : session->route_count;
	hidp__mutex_unlock(&slot->mutex);
	return route;
}

bool hidp__session_report(struct hidp_session *session, uint64_t request, uint8_t *sent,
                          uint8_t *received, bool *is_busy)
{
	struct hidp__slot *slot = &session->slots[request % session->slot_count];
	hidp__mutex_lock(&slot->mutex);
	bool entered = slot->state == HIDP__SLOT_ACTIVE && atomic_load(&slot->request) == request &&
	               hidp__slot_enter(slot);
	hidp__mutex_unlock(&slot->mutex);
	if (!entered)
		return false;
	const struct hidp_programs *p = hidp__slot_route(slot)->programs;
	memset(sent, 0, ((size_t)p->message_count + 7) / 8);
	memset(received, 0, ((size_t)p->message_count + 7) / 8);
	*is_busy = false;
	for (uint32_t t = 0; t < p->task_count; t++) {
		const struct hidp__program_task *task = &p->tasks[t];
		uint8_t bit = (uint8_t)(1u << (task->message % 8));
		if (task->kind == HIDP_TASK_SEND && atomic_load(&slot->sendings[t].is_off))
			sent[task->message / 8] |= bit;
		else if (task->kind == HIDP_TASK_RECEIVE && atomic_load(&slot->arrived[t]))
			received[task->message / 8] |= bit;
	}
	for (uint32_t k = 0; k < session->processor_count; k++) {
		uint32_t t = atomic_load(&slot->next[k]);
		*is_busy |= t != HIDP_TASK_NONE && atomic_load(&slot->pending[t]) == 0;
	}
	hidp__slot_leave(slot);
	return true;
}

static void destroy_slot(struct hidp__slot *slot)
{
	struct hidp_session *s = slot->session;
	if (s != NULL) {
		for (struct hidp__held *h = slot->held, *next; h != NULL; h = next) {
			next = h->next;
			hidp__free(s->ctx, h);
		}
		for (uint32_t t = 0; slot->sendings != NULL && t <= s->task_max; t++)
			hidp__free(s->ctx, slot->sendings[t].staging);
		hidp__free(s->ctx, slot->block_memory);
		hidp__free(s->ctx, slot->pending);
		hidp__free(s->ctx, slot->arrived);
		hidp__free(s->ctx, slot->waiting);
		hidp__free(s->ctx, slot->sendings);
		hidp__free(s->ctx, slot->next);
	}
	hidp__event_destroy(&slot->done);
	hidp__mutex_destroy(&slot->mutex);
}

static void destroy_route(struct hidp_session *s, struct hidp__route_work *route)
{
	const struct hidp_programs *p = route->programs;
	for (uint32_t t = 0; p != NULL && route->is_prepared != NULL && t < p->task_count; t++) {
		const struct hidp__worker *w;
		if (!route->is_prepared[t])
			continue;
		w = &s->workers[p->tasks[t].processor];
		w->kernels->release(w->kernels_data, route->prepared[t]);
	}
	hidp__free(s->ctx, route->prepared);
	hidp__free(s->ctx, route->is_prepared);
	hidp__free(s->ctx, route->stages);
	hidp__free(s->ctx, route->times);
	hidp__free(s->ctx, route->receive_of);
	hidp__free(s->ctx, route->peers);
	hidp_programs_unref(route->programs);
}

void hidp_session_destroy(struct hidp_session *session)
{
	if (session == NULL)
		return;
	struct hidp_context *ctx = session->ctx;
	hidp_session_close(session);
	for (uint32_t i = 0; session->slots != NULL && i < session->slot_count; i++)
		destroy_slot(&session->slots[i]);
	for (uint32_t k = 0; session->workers != NULL && k < session->processor_count; k++)
		if (session->workers[k].has_event)
			hidp__event_destroy(&session->workers[k].event);
	for (uint32_t r = 0; session->routes != NULL && r < session->route_count; r++)
		destroy_route(session, &session->routes[r]);
	for (uint32_t k = 0; session->workers != NULL && k < session->processor_count; k++)
		hidp__free(ctx, session->workers[k].scratch_memory);
	hidp__free(ctx, session->slots);
	hidp__free(ctx, session->workers);
	hidp__free(ctx, session->routes);
	hidp__free(ctx, session->inputs);
	hidp__free(ctx, session->outputs);
	hidp__mutex_destroy(&session->times_mutex);
	hidp__mutex_destroy(&session->mutex);
	hidp_plan_unref(session->plan);
	hidp__free(ctx, session);
	hidp_context_unref(ctx);
}
