/* SPDX-License-Identifier: MIT */
/* What a session has done, and how far it is. */
#include "base/abi.h"
#include "run/session_priv.h"

hidp_status hidp_session_get_statistics(const struct hidp_session *session,
                                        struct hidp_session_statistics *statistics_out)
{
	if (session == NULL || statistics_out == NULL)
		return HIDP_ERR_ARGUMENT;
	const struct hidp_session_statistics statistics = {
		.struct_size = sizeof statistics,
		.requests = atomic_load(&session->requests),
		.failed = atomic_load(&session->failed),
		.messages_sent = atomic_load(&session->sent),
		.messages_received = atomic_load(&session->received),
		.messages_refused = atomic_load(&session->refused),
		.messages_held = atomic_load(&session->held),
		.memory_bytes = session->memory_bytes,
	};
	return hidp__abi_write(statistics_out, sizeof statistics, &statistics, sizeof statistics);
}

const struct hidp_programs *hidp_session_programs(const struct hidp_session *session,
                                                  uint32_t route)
{
	if (session == NULL || route >= session->route_count)
		return NULL;
	return session->routes[route].programs;
}

hidp_status hidp_session_get_task_statistics(const struct hidp_session *session, uint32_t route,
                                             uint32_t task,
                                             struct hidp_task_statistics *statistics_out)
{
	if (session == NULL || statistics_out == NULL || route >= session->route_count ||
	    task >= session->routes[route].programs->task_count)
		return HIDP_ERR_ARGUMENT;
	/* the lock is no part of what the session means */
	struct hidp__mutex *mutex = (struct hidp__mutex *)(uintptr_t)&session->times_mutex;
	hidp__mutex_lock(mutex);
	struct hidp_task_statistics statistics = session->routes[route].times[task];
	hidp__mutex_unlock(mutex);
	statistics.struct_size = sizeof statistics;
	return hidp__abi_write(statistics_out, sizeof statistics, &statistics, sizeof statistics);
}

hidp_status hidp_session_get_progress(struct hidp_session *session, uint64_t request,
                                      struct hidp_session_progress *progress_out)
{
	struct hidp_session_progress p = HIDP_SESSION_PROGRESS_INIT;
	if (session == NULL || progress_out == NULL || session->slots == NULL ||
	    atomic_load(&session->state) == HIDP__SESSION_NEW)
		return HIDP_ERR_ARGUMENT;
	struct hidp__slot *slot = &session->slots[request % session->slot_count];
	hidp__mutex_lock(&slot->mutex);
	bool current = slot->state != HIDP__SLOT_FREE && atomic_load(&slot->request) == request;
	if (current) {
		/* who looks after the slot is among those that are left */
		uint32_t left = atomic_load(&slot->left);
		p.route = slot->route;
		p.task_count = hidp__slot_route(slot)->programs->task_count;
		p.tasks_done = left < p.task_count ? p.task_count - left : 0;
		p.elapsed_s = hidp__clock() - slot->begin_s;
	}
	hidp__mutex_unlock(&slot->mutex);
	return current ? hidp__abi_write(progress_out, sizeof p, &p, sizeof p) : HIDP_ERR_ARGUMENT;
}
