/* SPDX-License-Identifier: MIT */
/* A link: messages to a node that answers each of them with its number. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"

#define BYTES ((size_t)4 << 20)
#define ROUNDS 15
/* Between tries to reach the node at all. */
#define KNOCK_S 0.05

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static hidp_status fail(struct hidp_diagnostic *said, hidp_status status, const char *message)
{
	if (said != NULL) {
		said->status = status;
		snprintf(said->subject, sizeof said->subject, "link");
		snprintf(said->message, sizeof said->message, "%s", message);
	}
	return status;
}

/* The number of a message: its first bytes. false: it has none. */
static bool number_of(const struct hidp_segment *segments, size_t count, uint64_t *out)
{
	unsigned char *to = (unsigned char *)out;
	size_t have = 0;
	for (size_t i = 0; i < count && have < sizeof *out; i++) {
		size_t n = segments[i].size < sizeof *out - have ? segments[i].size
		                                                 : sizeof *out - have;
		if (n != 0)
			memcpy(to + have, segments[i].data, n);
		have += n;
	}
	return have == sizeof *out;
}

/* ---- the far end ---- */

struct link_echo {
	const struct hidp_transport *transport;
	void *data;
};

/* A message is off: its number was made for it alone. */
static void gone(void *number, hidp_status status)
{
	(void)status;
	free(number);
}

static void answer(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                   size_t count)
{
	struct link_echo *echo = receiver;
	uint64_t *number = malloc(sizeof *number);
	if (number == NULL)
		return;
	if (!number_of(segments, count, number)) {
		free(number);
		return;
	}
	const struct hidp_segment segment = {number, sizeof *number};
	if (echo->transport->send(echo->data, from, &segment, 1, gone, number) != HIDP_OK)
		free(number);
}

hidp_status link_echo_new(const struct hidp_transport *transport, void *transport_data,
                          struct link_echo **echo_out, struct hidp_diagnostic *diagnostic)
{
	struct link_echo *echo = malloc(sizeof *echo);
	if (echo == NULL)
		return fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	*echo = (struct link_echo){transport, transport_data};
	hidp_status s = transport->open(transport_data, answer, echo, diagnostic);
	if (s != HIDP_OK) {
		free(echo);
		return s;
	}
	*echo_out = echo;
	return HIDP_OK;
}

void link_echo_destroy(struct link_echo *echo)
{
	if (echo == NULL)
		return;
	echo->transport->close(echo->data);
	echo->transport->stop(echo->data);
	free(echo);
}

/* ---- the near end ---- */

struct asking {
	const struct hidp_transport *transport;
	void *data;
	hidp_node_id to;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	uint64_t sent, got; /* numbers: of the last question, of the last answer */
	char *body;         /* what large messages are made of; never changes */
};

static void take_answer(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                        size_t count)
{
	struct asking *a = receiver;
	uint64_t number;
	if (from != a->to || !number_of(segments, count, &number))
		return;
	pthread_mutex_lock(&a->mutex);
	a->got = number;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

/* With the mutex locked; false: the time is over. */
static bool wait_until(struct asking *a, double end_s)
{
	double rest = end_s - now();
	struct timespec until;
	if (rest <= 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &until);
	double ns = (double)until.tv_nsec + fmod(rest, 1) * 1e9;
	until.tv_sec += (time_t)rest + (ns >= 1e9);
	until.tv_nsec = (long)(ns >= 1e9 ? ns - 1e9 : ns);
	pthread_cond_timedwait(&a->changed, &a->mutex, &until);
	return true;
}

/* Sends so many bytes after the number; *took_out until the answer came. */
static hidp_status ask(struct asking *a, size_t bytes, double timeout_s, double *took_out)
{
	uint64_t number = ++a->sent, *head = malloc(sizeof *head);
	if (head == NULL)
		return HIDP_ERR_NOMEM;
	*head = number;
	const struct hidp_segment segments[2] = {{head, sizeof *head}, {a->body, bytes}};
	double start = now();
	hidp_status s =
		a->transport->send(a->data, a->to, segments, bytes != 0 ? 2 : 1, gone, head);
	if (s != HIDP_OK)
		free(head);
	pthread_mutex_lock(&a->mutex);
	while (s == HIDP_OK && a->got != number)
		if (!wait_until(a, start + timeout_s))
			s = HIDP_ERR_TIMEOUT;
	pthread_mutex_unlock(&a->mutex);
	*took_out = now() - start;
	return s;
}

/* Until the first answer: connections take their time, and what was sent before them is lost. */
static hidp_status knock(struct asking *a, double timeout_s)
{
	double start = now(), took;
	hidp_status s;
	do {
		s = ask(a, 0, KNOCK_S, &took);
		if (s == HIDP_ERR_TRANSPORT && took < KNOCK_S) {
			const struct timespec pause = {0, (long)((KNOCK_S - took) * 1e9)};
			nanosleep(&pause, NULL);
		}
	} while ((s == HIDP_ERR_TIMEOUT || s == HIDP_ERR_TRANSPORT) && now() - start < timeout_s);
	return s;
}

static hidp_status measure(struct asking *a, size_t bytes, uint32_t rounds, double timeout_s,
                           struct link_times *out)
{
	double *small = calloc(rounds, sizeof *small), *large = calloc(rounds, sizeof *large);
	hidp_status s = small != NULL && large != NULL ? knock(a, timeout_s) : HIDP_ERR_NOMEM;
	double warm_up;
	if (s == HIDP_OK)
		s = ask(a, bytes, timeout_s, &warm_up);
	for (uint32_t i = 0; i < rounds && s == HIDP_OK; i++) {
		s = ask(a, 0, timeout_s, &small[i]);
		if (s == HIDP_OK)
			s = ask(a, bytes, timeout_s, &large[i]);
	}
	if (s == HIDP_OK) {
		/* both have the same way back, and the same start */
		double there_and_back = spread_of(small, rounds).median;
		double more = spread_of(large, rounds).median - there_and_back;
		out->latency_s = there_and_back / 2;
		out->bandwidth_Bps = more > 0 ? (double)bytes / more : INFINITY;
	}
	free(small);
	free(large);
	return s;
}

hidp_status measure_link(const struct hidp_transport *transport, void *transport_data,
                         hidp_node_id to, size_t bytes, uint32_t rounds, double timeout_s,
                         struct link_times *times_out, struct hidp_diagnostic *diagnostic)
{
	struct asking a = {.transport = transport, .data = transport_data, .to = to};
	pthread_condattr_t monotonic;
	bytes = bytes != 0 ? bytes : BYTES;
	a.body = calloc(1, bytes);
	if (a.body == NULL)
		return fail(diagnostic, HIDP_ERR_NOMEM, "out of memory");
	pthread_mutex_init(&a.mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a.changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	hidp_status s = transport->open(transport_data, take_answer, &a, diagnostic);
	if (s == HIDP_OK) {
		s = measure(&a, bytes, rounds != 0 ? rounds : ROUNDS, timeout_s, times_out);
		if (s != HIDP_OK)
			fail(diagnostic, s,
			     s == HIDP_ERR_TIMEOUT ? "the node does not answer"
			                           : "messages could not be sent");
		transport->close(transport_data);
		transport->stop(transport_data);
	}
	pthread_cond_destroy(&a.changed);
	pthread_mutex_destroy(&a.mutex);
	free(a.body);
	return s;
}
