/* SPDX-License-Identifier: MIT */
/*
 * What hidp-zmq adds to ZeroMQ: round trips between two processes over loopback, once through
 * the transport and once with a pair of plain sockets and nothing else, taking turns.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include <hidp-zmq.h>

#define TURNS 20

struct keys {
	char public_key[HIDP_ZMQ_KEY_SIZE];
	char secret_key[HIDP_ZMQ_KEY_SIZE];
};

struct setting {
	bool curve;
	size_t size;
	unsigned rounds; /* in each turn */
};

/* One side of both ways. */
struct side {
	const struct setting *setting;
	unsigned char *payload;
	/* plain */
	void *context;
	void *push;
	void *pull;
	/* transport */
	struct hidp_zmq *zmq;
	hidp_node_id other;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned arrived;
	atomic_uint sent;
	bool echoes;
};

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static void done(void *done_data, hidp_status status)
{
	(void)status;
	atomic_fetch_add((atomic_uint *)done_data, 1);
}

/* As a session sends: a small head and the rows of a tensor where they are. */
static void transport_send(struct side *side)
{
	static const char head[32];
	const struct hidp_segment segments[] = {{head, sizeof head},
	                                        {side->payload, side->setting->size}};
	if (hidp_zmq_transport()->send(side->zmq, side->other, segments, 2, done, &side->sent) !=
	    HIDP_OK)
		fail("send");
}

static void receive(void *receiver, hidp_node_id from, const struct hidp_segment *segments,
                    size_t count)
{
	struct side *side = receiver;
	size_t size = 0;
	(void)from;
	for (size_t i = 0; i < count; i++)
		size += segments[i].size;
	if (size != side->setting->size + 32)
		fail("size");
	if (side->echoes) {
		transport_send(side);
		return;
	}
	pthread_mutex_lock(&side->lock);
	side->arrived++;
	pthread_cond_signal(&side->changed);
	pthread_mutex_unlock(&side->lock);
}

static void transport_round(struct side *side)
{
	pthread_mutex_lock(&side->lock);
	unsigned before = side->arrived;
	pthread_mutex_unlock(&side->lock);
	transport_send(side);
	pthread_mutex_lock(&side->lock);
	while (side->arrived == before)
		pthread_cond_wait(&side->changed, &side->lock);
	pthread_mutex_unlock(&side->lock);
}

static void keep(void *data, void *hint)
{
	(void)data;
	(void)hint;
}

/* The same head and bytes, with nothing around them. */
static void plain_send(struct side *side)
{
	static const char head[32];
	zmq_msg_t message;
	if (zmq_send(side->push, head, sizeof head, ZMQ_SNDMORE) < 0 ||
	    zmq_msg_init_data(&message, side->payload, side->setting->size, keep, NULL) != 0 ||
	    zmq_msg_send(&message, side->push, 0) < 0)
		fail("zmq_send");
}

static bool plain_receive(struct side *side)
{
	zmq_msg_t message;
	for (int part = 0; part < 2; part++) {
		zmq_msg_init(&message);
		if (zmq_msg_recv(&message, side->pull, 0) < 0)
			return false;
		if (part == 1 && zmq_msg_size(&message) != side->setting->size)
			fail("size");
		zmq_msg_close(&message);
	}
	return true;
}

static void plain_round(struct side *side)
{
	plain_send(side);
	if (!plain_receive(side))
		fail("zmq_recv");
}

static void *plain_bind(struct side *side, const struct keys *own, char endpoint[64])
{
	int one = 1, linger = 0;
	size_t size = 64;
	side->pull = zmq_socket(side->context, ZMQ_PULL);
	zmq_setsockopt(side->pull, ZMQ_LINGER, &linger, sizeof linger);
	if (side->setting->curve) {
		zmq_setsockopt(side->pull, ZMQ_CURVE_SERVER, &one, sizeof one);
		zmq_setsockopt(side->pull, ZMQ_CURVE_SECRETKEY, own->secret_key, HIDP_ZMQ_KEY_SIZE);
	}
	if (zmq_bind(side->pull, "tcp://127.0.0.1:*") != 0 ||
	    zmq_getsockopt(side->pull, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
		fail("zmq_bind");
	return side->pull;
}

static void plain_connect(struct side *side, const struct keys *own, const char *other_key,
                          const char *endpoint)
{
	int linger = 0;
	side->push = zmq_socket(side->context, ZMQ_PUSH);
	zmq_setsockopt(side->push, ZMQ_LINGER, &linger, sizeof linger);
	if (side->setting->curve) {
		zmq_setsockopt(side->push, ZMQ_CURVE_PUBLICKEY, own->public_key, HIDP_ZMQ_KEY_SIZE);
		zmq_setsockopt(side->push, ZMQ_CURVE_SECRETKEY, own->secret_key, HIDP_ZMQ_KEY_SIZE);
		zmq_setsockopt(side->push, ZMQ_CURVE_SERVERKEY, other_key, HIDP_ZMQ_KEY_SIZE);
	}
	if (zmq_connect(side->push, endpoint) != 0)
		fail("zmq_connect");
}

/* Makes both ways of this side; endpoints and keys of the other come through pipes. */
static void side_make(struct side *side, const struct setting *setting, hidp_node_id node,
                      int in, int out)
{
	struct {
		char plain[64], transport[64], key[HIDP_ZMQ_KEY_SIZE];
	} mine, theirs;
	struct keys own;
	memset(side, 0, sizeof *side);
	memset(&mine, 0, sizeof mine);
	side->setting = setting;
	side->echoes = node == 1;
	side->other = 1 - node;
	side->payload = calloc(1, setting->size);
	pthread_mutex_init(&side->lock, NULL);
	pthread_cond_init(&side->changed, NULL);
	if (hidp_zmq_keygen(own.public_key, own.secret_key) != HIDP_OK)
		fail("keygen");
	side->context = zmq_ctx_new();
	plain_bind(side, &own, mine.plain);
	struct hidp_zmq_options options = HIDP_ZMQ_OPTIONS_INIT;
	options.node = node;
	options.endpoint = "tcp://127.0.0.1:*";
	options.secret_key = setting->curve ? own.secret_key : NULL;
	options.wait_ms = 20000;
	if (hidp_zmq_new(&options, &side->zmq, NULL) != HIDP_OK)
		fail("hidp_zmq_new");
	snprintf(mine.transport, sizeof mine.transport, "%s", hidp_zmq_endpoint(side->zmq));
	memcpy(mine.key, own.public_key, sizeof mine.key);
	if (write(out, &mine, sizeof mine) != sizeof mine ||
	    read(in, &theirs, sizeof theirs) != sizeof theirs)
		fail("pipe");
	plain_connect(side, &own, theirs.key, theirs.plain);
	if (hidp_zmq_add_peer(side->zmq, 1 - node, theirs.transport,
	                      setting->curve ? theirs.key : NULL, NULL) != HIDP_OK ||
	    hidp_zmq_transport()->open(side->zmq, receive, side, NULL) != HIDP_OK)
		fail("open");
}

static void side_end(struct side *side)
{
	hidp_zmq_destroy(side->zmq);
	zmq_close(side->push);
	zmq_close(side->pull);
	zmq_ctx_term(side->context);
	free(side->payload);
}

/* The other process: answers both ways until it is ended. */
static void echo_process(const struct setting *setting, int in, int out)
{
	struct side side;
	side_make(&side, setting, 1, in, out);
	while (plain_receive(&side))
		plain_send(&side);
	_exit(0);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}


static void measure(const struct setting *setting)
{
	int there[2], back[2];
	if (pipe(there) != 0 || pipe(back) != 0)
		fail("pipe");
	pid_t child = fork();
	if (child == 0)
		echo_process(setting, there[0], back[1]);
	struct side side;
	side_make(&side, setting, 0, back[0], there[1]);
	size_t count = (size_t)TURNS * setting->rounds;
	double *plain = calloc(count, sizeof *plain), *transport = calloc(count, sizeof *transport);
	for (unsigned i = 0; i < setting->rounds; i++) { /* warm both up */
		plain_round(&side);
		transport_round(&side);
	}
	for (unsigned turn = 0; turn < TURNS; turn++) {
		for (unsigned i = 0; i < setting->rounds; i++) {
			double begin = now_us();
			plain_round(&side);
			plain[turn * setting->rounds + i] = now_us() - begin;
		}
		for (unsigned i = 0; i < setting->rounds; i++) {
			double begin = now_us();
			transport_round(&side);
			transport[turn * setting->rounds + i] = now_us() - begin;
		}
	}
	qsort(plain, count, sizeof *plain, compare);
	qsort(transport, count, sizeof *transport, compare);
	/* the tenth part, of which little was disturbed by others, and the median */
	printf("%s\t%zu\t%zu", setting->curve ? "curve" : "clear", setting->size, count);
	for (size_t i = count / 10; i <= count / 2; i += count / 2 - count / 10) {
		double p = plain[i], t = transport[i];
		/* a round is two messages */
		printf("\t%.1f\t%.1f\t%.1f\t%.3f", p, t, (t - p) / 2, t / p);
	}
	printf("\n");
	fflush(stdout);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	side_end(&side);
	free(plain);
	free(transport);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned part = argc > 1 && strcmp(argv[1], "--quick") == 0 ? 20 : 1;
	printf("way\tbytes\trounds\tplain_low_us\ttransport_low_us\textra_low_us_per_message\t"
	       "ratio_low\tplain_us\ttransport_us\textra_us_per_message\tratio\n");
	for (int curve = 0; curve < 2; curve++) {
		const struct setting settings[] = {{curve, 64, 500 / part},
		                                   {curve, 64 << 10, 200 / part},
		                                   {curve, 1 << 20, 40 / part}};
		for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
			measure(&settings[i]);
	}
	return 0;
}
