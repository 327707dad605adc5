/* SPDX-License-Identifier: MIT */
/* Messages of a session: rows that go out and come in, and notes about requests. */
#include <string.h>

#include "run/session_priv.h"

/* A part of a message in the block: some rows of one image. */
struct piece {
	uint8_t *data;
	size_t bytes;
};

/* The n-th piece of a task's rows: part by part, and image by image; false: there is none. */
static bool piece_of(struct hidp__slot *slot, const struct hidp__program_task *t, uint64_t n,
                     struct piece *piece)
{
	const struct hidp_programs *p = hidp__slot_route(slot)->programs;
	const struct hidp__buffer *b = &p->buffers[t->buffer];
	const struct hidp__layer *layer = &p->plan->model->layers[b->layer];
	uint64_t row = hidp__row_stride(layer), images = (uint64_t)layer->shape.batch;
	if (n / images >= t->part_count)
		return false;
	struct hidp__span rows = t->parts[n / images];
	uint64_t first = (n % images) * (uint64_t)hidp__span_length(b->rows) +
	                 (uint64_t)(rows.begin - b->rows.begin);
	piece->data = slot->block + b->offset + first * row;
	piece->bytes = (size_t)((uint64_t)hidp__span_length(rows) * row);
	return true;
}

static hidp_dtype dtype_of(struct hidp__slot *slot, const struct hidp__program_task *t)
{
	const struct hidp_programs *p = hidp__slot_route(slot)->programs;
	return p->plan->model->layers[p->buffers[t->buffer].layer].dtype;
}

static void sent(void *data, hidp_status status)
{
	struct hidp__sending *sending = data;
	struct hidp__slot *slot = sending->slot;
	struct hidp_session *session = slot->session;
	uint32_t task = sending->task;
	atomic_fetch_add(&session->inside, 1);
	if (status == HIDP_OK) {
		hidp__slot_time(slot, task, sending->begin_s, hidp__clock());
		atomic_fetch_add(&slot->session->sent, 1);
	} else {
		hidp__slot_fail(slot, status, true);
	}
	hidp__slot_complete(slot, task);
	/* with the last of them the session may be gone */
	atomic_fetch_sub(&session->inside, 1);
}

/* The rows of a message as one array, in the elements of the wire. */
static void stage(struct hidp__slot *slot, const struct hidp__program_task *t, uint8_t *staging)
{
	hidp_dtype dtype = dtype_of(slot, t);
	struct piece piece;
	for (uint64_t n = 0; piece_of(slot, t, n, &piece); n++) {
		size_t count = piece.bytes / (size_t)hidp__dtype_bytes(dtype);
		if (dtype == t->wire_dtype)
			memcpy(staging, piece.data, piece.bytes);
		else
			hidp__wire_convert(staging, t->wire_dtype, piece.data, dtype, count);
		staging += count * (size_t)hidp__dtype_bytes(t->wire_dtype);
	}
}

static void send(struct hidp__slot *slot, uint32_t task)
{
	struct hidp_session *session = slot->session;
	const struct hidp__program_task *t = hidp__slot_task(slot, task);
	struct hidp__sending *sending = &slot->sendings[task];
	struct hidp_segment segments[HIDP_TRANSPORT_SEGMENTS_MAX];
	size_t count = 1;
	if (atomic_load(&slot->cancelled)) {
		hidp__slot_complete(slot, task);
		return;
	}
	const struct hidp__wire_header header = {.type = HIDP__WIRE_ROWS,
	                                         .plan_id = session->plan_id,
	                                         .request = atomic_load(&slot->request),
	                                         .route = slot->route,
	                                         .message = t->message,
	                                         .bytes = t->bytes};
	hidp__wire_write(&header, sending->header);
	segments[0] = (struct hidp_segment){sending->header, sizeof sending->header};
	sending->begin_s = hidp__clock();
	atomic_store(&sending->is_off, true);
	if (hidp__slot_route(slot)->stages[task]) {
		stage(slot, t, sending->staging);
		segments[count++] = (struct hidp_segment){sending->staging, (size_t)t->bytes};
	} else {
		struct piece piece;
		for (uint64_t n = 0; piece_of(slot, t, n, &piece); n++)
			segments[count++] = (struct hidp_segment){piece.data, piece.bytes};
	}
	hidp_status s = session->transport->send(session->transport_data, t->peer, segments, count,
	                                         sent, sending);
	if (s != HIDP_OK) {
		hidp__slot_fail(slot, s == HIDP_ERR_CLOSED ? s : HIDP_ERR_TRANSPORT, true);
		hidp__slot_complete(slot, task);
	}
}

void hidp__post_send(struct hidp__slot *slot)
{
	/* one thread sends, also what becomes ready meanwhile and for others */
	if (atomic_fetch_add(&slot->send_wanted, 1) != 0)
		return;
	if (!hidp__slot_enter(slot))
		return; /* cannot be: who asks has not left */
	unsigned wanted;
	do {
		wanted = atomic_load(&slot->send_wanted);
		while (slot->send_next != HIDP_TASK_NONE &&
		       atomic_load(&slot->pending[slot->send_next]) == 0) {
			uint32_t task = slot->send_next;
			slot->send_next = hidp__slot_task(slot, task)->next;
			send(slot, task);
		}
	} while (!atomic_compare_exchange_strong(&slot->send_wanted, &wanted, 0));
	hidp__slot_leave(slot);
}

struct note {
	struct hidp_context *ctx;
	uint8_t header[HIDP__WIRE_HEADER];
};

static void note_sent(void *data, hidp_status status)
{
	struct note *note = data;
	(void)status;
	hidp__free(note->ctx, note);
}

void hidp__post_note(struct hidp_session *session, hidp_node_id to,
                     const struct hidp__wire_header *header)
{
	struct note *note;
	if (session->transport == NULL)
		return;
	/* who does not hear of it finds out by itself, later */
	note = hidp__alloc(session->ctx, sizeof *note);
	if (note == NULL)
		return;
	note->ctx = session->ctx;
	hidp__wire_write(header, note->header);
	const struct hidp_segment segment = {note->header, sizeof note->header};
	if (session->transport->send(session->transport_data, to, &segment, 1, note_sent, note) !=
	    HIDP_OK)
		note_sent(note, HIDP_OK);
}

/* Rows of a message into the block. */
static void unpack(struct hidp__slot *slot, uint32_t task, struct hidp__wire_reader *reader)
{
	const struct hidp__program_task *t = hidp__slot_task(slot, task);
	hidp_dtype dtype = dtype_of(slot, t);
	size_t element = (size_t)hidp__dtype_bytes(dtype);
	size_t wire_element = (size_t)hidp__dtype_bytes(t->wire_dtype);
	double begin_s = hidp__clock();
	struct piece piece;
	for (uint64_t n = 0; piece_of(slot, t, n, &piece); n++) {
		if (dtype == t->wire_dtype) {
			(void)hidp__wire_take(reader, piece.data, piece.bytes);
			continue;
		}
		uint8_t some[4096];
		for (size_t left = piece.bytes / element, now; left != 0; left -= now) {
			now = left < sizeof some / wire_element ? left : sizeof some / wire_element;
			(void)hidp__wire_take(reader, some, now * wire_element);
			hidp__wire_convert(piece.data, dtype, some, t->wire_dtype, now);
			piece.data += now * element;
		}
	}
	hidp__slot_time(slot, task, begin_s, hidp__clock());
	atomic_fetch_add(&slot->session->received, 1);
}

void hidp__post_unpack(struct hidp__slot *slot, uint32_t task)
{
	struct hidp__held *held = slot->waiting[task];
	slot->waiting[task] = NULL;
	if (held != NULL && !atomic_load(&slot->cancelled)) {
		const struct hidp_segment segment = {held->bytes, held->size};
		struct hidp__wire_reader reader = {&segment, 1, 0};
		unpack(slot, task, &reader);
	}
	hidp__free(slot->session->ctx, held);
	hidp__slot_complete(slot, task);
}

void hidp__post_forgo(struct hidp__slot *slot, uint32_t task)
{
	if (atomic_fetch_sub(&slot->pending[task], 1) == 1)
		hidp__post_unpack(slot, task);
}

/* A copy of a message that cannot be dealt with now; NULL: no memory. */
static struct hidp__held *keep(struct hidp_session *session, hidp_node_id from,
                               const struct hidp__wire_header *header,
                               struct hidp__wire_reader *reader)
{
	size_t size = (size_t)header->bytes;
	struct hidp__held *held = hidp__alloc(session->ctx, sizeof *held + size);
	if (held == NULL)
		return NULL;
	held->next = NULL;
	held->from = from;
	held->header = *header;
	held->size = size;
	(void)hidp__wire_take(reader, held->bytes, size);
	atomic_fetch_add(&session->held, 1);
	return held;
}

/* The message of a receive task, which nobody else has; the slot is kept by the task itself. */
static void arrive(struct hidp__slot *slot, uint32_t task, hidp_node_id from,
                   const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	if (atomic_load(&slot->pending[task]) == 1) {
		if (!atomic_load(&slot->cancelled))
			unpack(slot, task, reader);
	} else {
		slot->waiting[task] = keep(slot->session, from, header, reader);
		if (slot->waiting[task] == NULL)
			hidp__slot_fail(slot, HIDP_ERR_NOMEM, true);
	}
	hidp__post_forgo(slot, task);
}

/* What became of a message. */
enum fate { DEALT_WITH, REFUSED, TOO_LATE };

static enum fate hold(struct hidp__slot *slot, hidp_node_id from,
                      const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	struct hidp__held *held, **last = &slot->held;
	/* no request has more messages than tasks; whoever sends more means no good */
	if (slot->held_count > 2 * slot->session->task_max + 2)
		return REFUSED;
	held = keep(slot->session, from, header, reader);
	if (held == NULL)
		return REFUSED;
	while (*last != NULL)
		last = &(*last)->next;
	*last = held;
	slot->held_count++;
	return DEALT_WITH;
}

/* A message about a request, whose header makes sense; `task` receives it, if any does. */
static enum fate dispatch(struct hidp_session *session, hidp_node_id from,
                          const struct hidp__wire_header *header, struct hidp__wire_reader *reader,
                          uint32_t task)
{
	struct hidp__slot *slot = &session->slots[header->request % session->slot_count];
	bool begun = false, stale = false;
	enum fate fate = DEALT_WITH;
	hidp__mutex_lock(&slot->mutex);
	uint64_t current = atomic_load(&slot->request);
	if (header->request < current) {
		hidp__mutex_unlock(&slot->mutex);
		return TOO_LATE;
	}
	if (slot->state == HIDP__SLOT_FREE) {
		/* requests begin where the input is, and reach the others by messages */
		bool open = atomic_load(&session->state) == HIDP__SESSION_STARTED;
		if (session->is_input || !open) {
			hidp__mutex_unlock(&slot->mutex);
			return open ? REFUSED : TOO_LATE;
		}
		hidp__slot_begin(slot, header->request, header->route, NULL);
		begun = true;
	} else if (header->request > current) {
		/* a new request has the slot of one that is over elsewhere */
		fate = hold(slot, from, header, reader);
		stale = slot->state == HIDP__SLOT_ACTIVE && hidp__slot_enter(slot);
		hidp__mutex_unlock(&slot->mutex);
		if (stale) {
			hidp__slot_fail(slot, HIDP_ERR_CANCELLED, false);
			hidp__slot_leave(slot);
		}
		return fate;
	}
	bool entered = slot->route == header->route && hidp__slot_enter(slot);
	hidp__mutex_unlock(&slot->mutex);
	if (!entered)
		return TOO_LATE;
	if (begun)
		hidp__slot_go(slot);
	if (header->type == HIDP__WIRE_CANCEL)
		hidp__slot_fail(slot, header->status < 0 ? header->status : HIDP_ERR_CANCELLED,
		                false);
	else if (header->type == HIDP__WIRE_TAKEN)
		hidp__slot_taken(slot);
	else if (atomic_exchange(&slot->arrived[task], true))
		fate = atomic_load(&slot->cancelled) ? TOO_LATE : REFUSED;
	else
		arrive(slot, task, from, header, reader);
	hidp__slot_leave(slot);
	return fate;
}

/* No session lives to see this one; numbers behind it never run over. */
#define REQUEST_MAX ((uint64_t)1 << 62)

/* Checks what can be checked without the request. */
static enum fate judge(struct hidp_session *session, hidp_node_id from,
                       const struct hidp__wire_header *header, struct hidp__wire_reader *reader)
{
	const struct hidp__route_work *route;
	uint32_t task = HIDP_TASK_NONE;
	if (header->plan_id != session->plan_id || header->request > REQUEST_MAX ||
	    header->route >= session->route_count ||
	    header->bytes != hidp__wire_left(reader))
		return REFUSED;
	route = &session->routes[header->route];
	switch (header->type) {
	case HIDP__WIRE_ROWS:
		if (header->message >= route->programs->message_count)
			return REFUSED;
		task = route->receive_of[header->message];
		if (task == HIDP_TASK_NONE || route->programs->tasks[task].peer != from ||
		    route->programs->tasks[task].bytes != header->bytes)
			return REFUSED;
		break;
	case HIDP__WIRE_CANCEL:
		if (header->bytes != 0)
			return REFUSED;
		if (route->programs->task_count == 0)
			return TOO_LATE; /* a share may have no rows to compute */
		break;
	case HIDP__WIRE_TAKEN:
		if (header->bytes != 0 || !session->is_input || session->is_output ||
		    from != session->plan->request.output_node)
			return REFUSED;
		break;
	default:
		return REFUSED;
	}
	return dispatch(session, from, header, reader, task);
}

void hidp__post_receive(void *data, hidp_node_id from, const struct hidp_segment *segments,
                        size_t count)
{
	struct hidp_session *session = data;
	struct hidp__wire_reader reader = {segments, count, 0};
	struct hidp__wire_header header;
	uint8_t bytes[HIDP__WIRE_HEADER];
	enum fate fate = REFUSED;
	if (hidp__wire_take(&reader, bytes, sizeof bytes) && hidp__wire_read(&header, bytes))
		fate = judge(session, from, &header, &reader);
	if (fate != REFUSED)
		return;
	atomic_fetch_add(&session->refused, 1);
	if (hidp__logs(session->ctx, HIDP_LOG_WARNING))
		hidp__log(session->ctx, HIDP_LOG_WARNING, "session",
		          "a message from node %u is refused", from);
}

void hidp__post_take_held(struct hidp__slot *slot)
{
	hidp__mutex_lock(&slot->mutex);
	struct hidp__held *held = slot->held;
	slot->held = NULL;
	slot->held_count = 0;
	hidp__mutex_unlock(&slot->mutex);
	while (held != NULL) {
		struct hidp__held *next = held->next;
		const struct hidp_segment segment = {held->bytes, held->size};
		struct hidp__wire_reader reader = {&segment, 1, 0};
		if (judge(slot->session, held->from, &held->header, &reader) == REFUSED)
			atomic_fetch_add(&slot->session->refused, 1);
		hidp__free(slot->session->ctx, held);
		held = next;
	}
}
