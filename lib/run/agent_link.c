/* SPDX-License-Identifier: MIT */
/* The link to another node: shouts of different sizes, and how long until their echo is here. */
#include "base/abi.h"
#include "base/diagnostic.h"
#include "run/agent_priv.h"

#define TIME_S 2.0
/* Between shouts until the first answer: what is sent before there is a connection is lost. */
#define KNOCK_S 0.05
/* No shout of those that follow takes so long, unless it is lost. */
#define LOST_S 10.0
#define BYTES_MIN ((uint32_t)64 << 10)
/* Large messages are as large as it takes for the link to be busy so long with them. */
#define LARGE_S 0.02
#define ROUNDS_MIN 3
#define ROUNDS_MAX 64

enum size { SMALL, THERE, BACK, SIZES };

/* Times of rounds, each with a shout of every size. */
struct sample {
	double s[SIZES][ROUNDS_MAX];
	uint32_t rounds;
	uint32_t bytes; /* of the large ones */
};

/*
 * Shouts so many bytes, for an echo of so many; *took_out until the echo was here, or that of
 * another shout from number *first on. NULL: of this one.
 */
static hidp_status shout(struct hidp_agent *agent, hidp_node_id to, uint32_t there, uint32_t back,
                         const uint64_t *first, double timeout_s, double *took_out)
{
	struct hidp__wire_header h = {.type = HIDP__WIRE_SHOUT, .route = back};
	double begin_s = hidp__clock(), answered_s = 0;
	hidp__mutex_lock(&agent->mutex);
	h.request = agent->shout.number + 1;
	agent->shout =
		(struct hidp__shout){to, h.request, first != NULL ? *first : h.request, back, 0};
	hidp__mutex_unlock(&agent->mutex);
	if (!hidp__agent_send_blank(agent, to, &h, there))
		return HIDP_ERR_TRANSPORT;
	while (atomic_load(&agent->state) == HIDP__SESSION_STARTED) {
		unsigned count = hidp__event_count(&agent->news);
		hidp__mutex_lock(&agent->mutex);
		answered_s = agent->shout.answered_s;
		hidp__mutex_unlock(&agent->mutex);
		*took_out = answered_s - begin_s;
		if (answered_s != 0)
			return HIDP_OK;
		if (hidp__clock() >= begin_s + timeout_s)
			return HIDP_ERR_TIMEOUT;
		hidp__event_wait(&agent->news, count, 0, begin_s + timeout_s);
	}
	return HIDP_ERR_CLOSED;
}

/* Shouts again and again until there is an answer. */
static hidp_status knock(struct hidp_agent *agent, hidp_node_id to, double time_s)
{
	double until_s = hidp__clock() + time_s, took_s;
	hidp__mutex_lock(&agent->mutex);
	const uint64_t first = agent->shout.number + 1;
	hidp__mutex_unlock(&agent->mutex);
	for (;;) {
		double again_s = hidp__clock() + KNOCK_S;
		hidp_status s = shout(agent, to, 0, 0, &first, KNOCK_S, &took_s);
		if (s == HIDP_OK || s == HIDP_ERR_CLOSED)
			return s;
		if (hidp__clock() >= until_s)
			return HIDP_ERR_TIMEOUT;
		/* a transport that knows that nobody is there does not take any time */
		while (hidp__clock() < again_s &&
		       hidp__event_wait(&agent->news, hidp__event_count(&agent->news), 0, again_s))
			;
	}
}

/* How large messages must be to tell how quick the link is. */
static hidp_status find_bytes(struct hidp_agent *agent, hidp_node_id to, struct sample *sample)
{
	double small_s, took_s;
	hidp_status s = shout(agent, to, 0, 0, NULL, LOST_S, &small_s);
	if (s != HIDP_OK)
		return s;
	for (sample->bytes = BYTES_MIN;; sample->bytes *= 4) {
		s = shout(agent, to, sample->bytes, sample->bytes, NULL, LOST_S, &took_s);
		if (s != HIDP_OK || took_s - small_s >= 2 * LARGE_S ||
		    sample->bytes >= HIDP__ECHO_BYTES_MAX)
			return s;
	}
}

static hidp_status run_rounds(struct hidp_agent *agent, hidp_node_id to, double time_s,
                              struct sample *sample)
{
	const uint32_t n = sample->bytes, there[SIZES] = {0, n, 0}, back[SIZES] = {0, 0, n};
	double until_s = hidp__clock() + time_s;
	while (sample->rounds < ROUNDS_MAX &&
	       (sample->rounds < ROUNDS_MIN || hidp__clock() < until_s)) {
		for (unsigned i = 0; i < SIZES; i++) {
			hidp_status s = shout(agent, to, there[i], back[i], NULL, LOST_S,
			                      &sample->s[i][sample->rounds]);
			if (s != HIDP_OK)
				return s;
		}
		sample->rounds++;
	}
	return HIDP_OK;
}

/* Sorts the values. */
static double median(double *values, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t k = i; k > 0 && values[k] < values[k - 1]; k--) {
			double v = values[k];
			values[k] = values[k - 1];
			values[k - 1] = v;
		}
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* What a large message takes longer than a small one; the rest of the way is the same. */
static double bandwidth(double bytes, double large_s, double small_s)
{
	return bytes / (large_s > small_s ? large_s - small_s : large_s);
}

hidp_status hidp_agent_measure_link(struct hidp_agent *agent, hidp_node_id node, double time_s,
                                    struct hidp_link_times *times_out,
                                    struct hidp_diagnostic *diagnostic)
{
	struct sample sample = {.rounds = 0};
	struct hidp_link_times t = HIDP_LINK_TIMES_INIT;
	if (agent == NULL || times_out == NULL)
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "agent or times_out is NULL");
	if (times_out->struct_size < sizeof t)
		return hidp__fail(diagnostic, HIDP_ERR_ABI, NULL, "times have the wrong size");
	if (node >= agent->node_count || node == agent->node || !(time_s >= 0 && time_s <= 1e9))
		return hidp__fail(diagnostic, HIDP_ERR_ARGUMENT, NULL,
		                  "there is no other node %u, or no such time", node);
	hidp_status s = hidp__agent_begin(agent, diagnostic);
	if (s != HIDP_OK)
		return s;
	time_s = time_s == 0 ? TIME_S : time_s;
	hidp__mutex_lock(&agent->link_mutex);
	s = knock(agent, node, time_s);
	if (s == HIDP_OK)
		s = find_bytes(agent, node, &sample);
	if (s == HIDP_OK)
		s = run_rounds(agent, node, time_s, &sample);
	hidp__mutex_unlock(&agent->link_mutex);
	hidp__agent_end(agent);
	if (s != HIDP_OK)
		return hidp__fail(diagnostic, s, agent->cluster->nodes[node].desc.name,
		                  s == HIDP_ERR_CLOSED    ? "the agent is closed"
		                  : s == HIDP_ERR_TIMEOUT ? "does not answer"
		                                          : "messages could not be sent");
	double small_s = median(sample.s[SMALL], sample.rounds);
	t.rounds = sample.rounds;
	t.bytes = sample.bytes;
	t.latency_s = small_s / 2;
	t.bandwidth_Bps = bandwidth(sample.bytes, median(sample.s[THERE], sample.rounds), small_s);
	t.back_bandwidth_Bps =
		bandwidth(sample.bytes, median(sample.s[BACK], sample.rounds), small_s);
	return hidp__abi_write(times_out, sizeof t, &t, sizeof t);
}
