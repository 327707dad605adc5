/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zmq_priv.h"

#define ZAP_DOMAIN "hidp"
#define ZAP_ENDPOINT "inproc://zeromq.zap.01"

/* Copies what the caller has; what is newer than this must be zero. */
static bool read_options(struct hidp_zmq_options *to, const struct hidp_zmq_options *from)
{
	const unsigned char *bytes = (const unsigned char *)from;
	if (from->struct_size < sizeof *to)
		return false;
	for (size_t i = sizeof *to; i < from->struct_size; i++)
		if (bytes[i] != 0)
			return false;
	*to = *from;
	return true;
}

static hidp_status check_options(const struct hidp_zmq_options *o,
                                 struct hidp_diagnostic *diagnostic)
{
	if ((o->flags & ~(uint32_t)HIDP_ZMQ_ALLOW_CLEAR) != 0 || o->reserved != 0)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ABI, "zmq", "flags 0x%x are unknown",
		                      (unsigned)o->flags);
	if (o->endpoint == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, "zmq", "endpoint is NULL");
	if (!hidp__zmq_is_bindable(o->endpoint))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, o->endpoint,
		                      "is neither tcp://ADDRESS:PORT nor ipc://PATH");
	if (o->node >= HIDP_CLUSTER_NODES_MAX)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_LIMIT, o->endpoint,
		                      "node %u is not below %u", (unsigned)o->node,
		                      HIDP_CLUSTER_NODES_MAX);
	if (o->io_threads > 64 || o->wait_ms > INT32_MAX || o->silence_ms > 86400000 ||
	    o->queue_length > INT32_MAX || o->message_max > HIDP_TRANSPORT_MESSAGE_MAX)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, o->endpoint,
		                      "an option is out of its range");
	if (o->secret_key == NULL && !(o->flags & HIDP_ZMQ_ALLOW_CLEAR) &&
	    !hidp__zmq_is_local(o->endpoint))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, o->endpoint,
		                      "can be reached from other machines, and there is no key");
	return HIDP_OK;
}

static hidp_status set_key(struct hidp_zmq *zmq, const char *secret_key,
                           struct hidp_diagnostic *diagnostic)
{
	if (secret_key == NULL)
		return HIDP_OK;
	hidp_status s = hidp_zmq_public_key(zmq->public_key, secret_key);
	if (s == HIDP_ERR_UNSUPPORTED)
		return hidp__zmq_fail(diagnostic, s, "zmq", "ZeroMQ was built without CURVE");
	if (s != HIDP_OK)
		return hidp__zmq_fail(diagnostic, s, "zmq",
		                      "secret key is not 40 characters of Z85");
	memcpy(zmq->secret_key, secret_key, sizeof zmq->secret_key);
	zmq->curve = true;
	return HIDP_OK;
}

static bool make_wake(int wake[2])
{
	if (pipe(wake) != 0) {
		wake[0] = wake[1] = -1;
		return false;
	}
	for (int i = 0; i < 2; i++)
		if (fcntl(wake[i], F_SETFD, FD_CLOEXEC) != 0 ||
		    fcntl(wake[i], F_SETFL, O_NONBLOCK) != 0)
			return false;
	return true;
}

/* Lives must differ, also from those of other nodes and before a restart of the machine. */
static bool draw_life(uint64_t *life_out)
{
	int file = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	ssize_t got = read(file, life_out, sizeof *life_out);
	close(file);
	return got == (ssize_t)sizeof *life_out;
}

static bool bind_zap(struct hidp_zmq *zmq)
{
	zmq->zap = zmq_socket(zmq->context, ZMQ_REP);
	return zmq->zap != NULL && hidp__zmq_set_int(zmq->zap, ZMQ_LINGER, 0) &&
	       zmq_bind(zmq->zap, ZAP_ENDPOINT) == 0;
}

static bool bind_pull(struct hidp_zmq *zmq, const char *endpoint)
{
	zmq->pull = zmq_socket(zmq->context, ZMQ_PULL);
	if (zmq->pull == NULL || !hidp__zmq_set_common(zmq, zmq->pull) ||
	    !hidp__zmq_set_int(zmq->pull, ZMQ_IPV6, hidp__zmq_is_ipv6(endpoint)))
		return false;
	if (zmq->curve &&
	    (!hidp__zmq_set_int(zmq->pull, ZMQ_CURVE_SERVER, 1) ||
	     zmq_setsockopt(zmq->pull, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0))
		return false;
	char bound[512];
	size_t size = sizeof bound;
	if (zmq_bind(zmq->pull, endpoint) != 0 ||
	    zmq_getsockopt(zmq->pull, ZMQ_LAST_ENDPOINT, bound, &size) != 0)
		return false;
	zmq->endpoint = strdup(bound);
	return zmq->endpoint != NULL;
}

static hidp_status start(struct hidp_zmq *zmq, const struct hidp_zmq_options *o,
                         struct hidp_diagnostic *diagnostic)
{
	if (!make_wake(zmq->wake) || !draw_life(&zmq->life))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_TRANSPORT, o->endpoint, "%s",
		                      strerror(errno));
	zmq->context = zmq_ctx_new();
	if (zmq->context == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_NOMEM, o->endpoint, "out of memory");
	zmq_ctx_set(zmq->context, ZMQ_IO_THREADS, o->io_threads > 0 ? (int)o->io_threads : 1);
	zmq_ctx_set(zmq->context, ZMQ_MAX_SOCKETS, 3 * (int)HIDP_CLUSTER_NODES_MAX + 2);
	if ((zmq->curve && !bind_zap(zmq)) || !bind_pull(zmq, o->endpoint))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_TRANSPORT, o->endpoint,
		                      "cannot be bound: %s", zmq_strerror(zmq_errno()));
	return HIDP_OK;
}

hidp_status hidp_zmq_new(const struct hidp_zmq_options *options, struct hidp_zmq **zmq_out,
                         struct hidp_diagnostic *diagnostic)
{
	struct hidp_zmq_options o;
	if (options == NULL || zmq_out == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ARGUMENT, "zmq", "an argument is NULL");
	if (!read_options(&o, options))
		return hidp__zmq_fail(diagnostic, HIDP_ERR_ABI, "zmq", "options of unknown size");
	hidp_status s = check_options(&o, diagnostic);
	if (s != HIDP_OK)
		return s;
	struct hidp_zmq *zmq = calloc(1, sizeof *zmq);
	if (zmq != NULL && pthread_mutex_init(&zmq->lent_lock, NULL) != 0) {
		free(zmq);
		zmq = NULL;
	}
	if (zmq != NULL && pthread_mutex_init(&zmq->lock, NULL) != 0) {
		pthread_mutex_destroy(&zmq->lent_lock);
		free(zmq);
		zmq = NULL;
	}
	if (zmq == NULL)
		return hidp__zmq_fail(diagnostic, HIDP_ERR_NOMEM, o.endpoint, "out of memory");
	zmq->node = o.node;
	zmq->allow_clear = (o.flags & HIDP_ZMQ_ALLOW_CLEAR) != 0;
	zmq->wait_ms = o.wait_ms > 0 ? o.wait_ms : 1000;
	zmq->silence_ms = o.silence_ms > 0 ? (int)o.silence_ms : 10000;
	zmq->queue_length = o.queue_length > 0 ? (int)o.queue_length : 256;
	zmq->message_max = o.message_max > 0 ? o.message_max : HIDP_TRANSPORT_MESSAGE_MAX;
	zmq->log = o.log;
	zmq->log_user_data = o.log_user_data;
	zmq->wake[0] = zmq->wake[1] = -1;
	s = set_key(zmq, o.secret_key, diagnostic);
	zmq->frame_max = zmq->curve ? FRAME_MAX_CURVE : FRAME_MAX_CLEAR;
	if (s == HIDP_OK)
		s = start(zmq, &o, diagnostic);
	if (s != HIDP_OK) {
		hidp_zmq_destroy(zmq);
		return s;
	}
	*zmq_out = zmq;
	return HIDP_OK;
}

const char *hidp_zmq_endpoint(const struct hidp_zmq *zmq)
{
	return zmq->endpoint;
}

hidp_status hidp_zmq_get_statistics(const struct hidp_zmq *zmq,
                                    struct hidp_zmq_statistics *statistics_out)
{
	if (zmq == NULL || statistics_out == NULL)
		return HIDP_ERR_ARGUMENT;
	if (statistics_out->struct_size != sizeof *statistics_out)
		return HIDP_ERR_ABI;
	*statistics_out = (struct hidp_zmq_statistics){
		.struct_size = sizeof *statistics_out,
		.messages_sent = atomic_load(&zmq->messages_sent),
		.bytes_sent = atomic_load(&zmq->bytes_sent),
		.messages_received = atomic_load(&zmq->messages_received),
		.bytes_received = atomic_load(&zmq->bytes_received),
		.messages_refused = atomic_load(&zmq->messages_refused),
		.keys_refused = atomic_load(&zmq->keys_refused),
	};
	return HIDP_OK;
}

void hidp_zmq_destroy(struct hidp_zmq *zmq)
{
	if (zmq == NULL)
		return;
	hidp_zmq_transport()->close(zmq);
	if (!zmq->stopped)
		hidp_zmq_transport()->stop(zmq);
	hidp__zmq_peers_free(zmq);
	hidp__zmq_inbox_free(&zmq->inbox);
	for (int i = 0; i < 2; i++)
		if (zmq->wake[i] >= 0)
			close(zmq->wake[i]);
	free(zmq->endpoint);
	pthread_mutex_destroy(&zmq->lock);
	pthread_mutex_destroy(&zmq->lent_lock);
	/* a secret should not outlive its use */
	volatile char *secret = zmq->secret_key;
	for (size_t i = 0; i < sizeof zmq->secret_key; i++)
		secret[i] = 0;
	free(zmq);
}
