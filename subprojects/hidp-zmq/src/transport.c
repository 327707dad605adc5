/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "zmq_priv.h"

/* Messages that are taken before it is looked who wants to come in. */
#define MESSAGES_AT_ONCE 64

static void *run(void *user_data)
{
	struct hidp_zmq *zmq = user_data;
	zmq_pollitem_t items[] = {{NULL, zmq->wake[0], ZMQ_POLLIN, 0},
	                          {zmq->pull, 0, ZMQ_POLLIN, 0},
	                          {zmq->zap, 0, ZMQ_POLLIN, 0}};
	int count = zmq->zap != NULL ? 3 : 2;
	int64_t upkeep_ms = hidp__zmq_now_ms();
	while (!atomic_load(&zmq->closed)) {
		if (hidp__zmq_now_ms() >= upkeep_ms) {
			hidp__zmq_peers_upkeep(zmq);
			upkeep_ms = hidp__zmq_now_ms() + UPKEEP_MS;
		}
		if (zmq_poll(items, count, UPKEEP_MS) < 0)
			continue; /* a signal */
		if (zmq->zap != NULL && (items[2].revents & ZMQ_POLLIN))
			hidp__zmq_zap_answer(zmq);
		if (!(items[1].revents & ZMQ_POLLIN))
			continue;
		for (int i = 0; i < MESSAGES_AT_ONCE && !atomic_load(&zmq->closed); i++)
			if (!hidp__zmq_receive(zmq))
				break;
	}
	return NULL;
}

static hidp_status transport_open(void *user_data, hidp_receive_fn receive, void *receiver,
                                  struct hidp_diagnostic *diagnostic)
{
	struct hidp_zmq *zmq = user_data;
	if (receive == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, "zmq", "receive is NULL");
	zmq->receive = receive;
	zmq->receiver = receiver;
	/* signals are for the threads of the program */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&zmq->thread, NULL, run, zmq);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_NOMEM, "zmq", "no thread: %s",
		                      strerror(error));
	zmq->has_thread = true;
	return HIDP_OK;
}

static void transport_close(void *user_data)
{
	struct hidp_zmq *zmq = user_data;
	if (atomic_exchange(&zmq->closed, true))
		return;
	/* never read: from now on nobody waits any more */
	while (zmq->wake[1] >= 0 && write(zmq->wake[1], "", 1) < 0 && errno == EINTR)
		;
}

static void close_socket(void **socket)
{
	if (*socket != NULL)
		zmq_close(*socket);
	*socket = NULL;
}

static void transport_stop(void *user_data)
{
	struct hidp_zmq *zmq = user_data;
	if (zmq->has_thread)
		pthread_join(zmq->thread, NULL);
	zmq->has_thread = false;
	hidp__zmq_peers_close(zmq);
	close_socket(&zmq->pull);
	close_socket(&zmq->zap);
	/* gives back all memory that messages refer to */
	while (zmq->context != NULL && zmq_ctx_term(zmq->context) != 0 && zmq_errno() == EINTR)
		;
	zmq->context = NULL;
	hidp__zmq_send_end(zmq);
	zmq->stopped = true;
}

static const struct hidp_transport transport = {
	.struct_size = sizeof(struct hidp_transport),
	.abi = HIDP_PLUGIN_ABI,
	.name = "zmq",
	.open = transport_open,
	.send = hidp__zmq_send,
	.close = transport_close,
	.stop = transport_stop,
};

const struct hidp_transport *hidp_zmq_transport(void)
{
	return &transport;
}
