/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <hidp-zmq.h>

#include "transport.h"

/*
 * libzmq 4.3.4 now and then loses a frame of its own when a connection ends while it is written
 * to; that nothing of ours is lost with it is what is tested.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libzmq.so";
}

/* Nodes on loopback, in the clear and with CURVE. */

struct keys {
	char public_key[HIDP_ZMQ_KEY_SIZE];
	char secret_key[HIDP_ZMQ_KEY_SIZE];
};

static struct hidp_zmq *make_node(hidp_node_id node, const char *secret_key)
{
	struct hidp_zmq *zmq;
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_zmq_options options = HIDP_ZMQ_OPTIONS_INIT;
	options.node = node;
	options.endpoint = "tcp://127.0.0.1:*";
	options.secret_key = secret_key;
	options.wait_ms = 20000; /* a machine can be slow */
	if (hidp_zmq_new(&options, &zmq, &d) == HIDP_OK)
		return zmq;
	printf("# %s: %s\n", d.subject, d.message);
	return NULL;
}

static bool make(void *data, unsigned nodes, unsigned absent, struct transport_group *group)
{
	const bool *curve = data;
	struct keys keys[TRANSPORT_NODES_MAX];
	struct hidp_zmq *zmq[TRANSPORT_NODES_MAX];
	memset(group, 0, sizeof *group);
	for (unsigned n = 0; n < nodes; n++) {
		if (*curve && hidp_zmq_keygen(keys[n].public_key, keys[n].secret_key) != HIDP_OK)
			return false;
		zmq[n] = make_node(n, *curve ? keys[n].secret_key : NULL);
		if (zmq[n] == NULL)
			return false;
	}
	for (unsigned n = 0; n < nodes; n++)
		for (unsigned other = 0; other < nodes; other++)
			if (other != n &&
			    hidp_zmq_add_peer(zmq[n], other, hidp_zmq_endpoint(zmq[other]),
			                      *curve ? keys[other].public_key : NULL,
			                      NULL) != HIDP_OK)
				return false;
	group->nodes = nodes;
	group->local = nodes - absent;
	for (unsigned n = 0; n < group->local; n++)
		group->ends[n] = (struct transport_end){hidp_zmq_transport(), zmq[n], n};
	/* an absent node was there, and its port is free again */
	for (unsigned n = group->local; n < nodes; n++)
		hidp_zmq_destroy(zmq[n]);
	return true;
}

static void destroy(void *data, struct transport_group *group)
{
	(void)data;
	for (unsigned n = 0; n < group->local; n++)
		hidp_zmq_destroy(group->ends[n].user_data);
}

int main(int argc, char **argv)
{
	bool curve = argc > 1 && strcmp(argv[1], "curve") == 0;
	struct transport_factory factory = {
		.name = curve ? "zmq with CURVE" : "zmq in the clear",
		.make = make,
		.destroy = destroy,
		.data = &curve,
	};
	return transport_conformance(&factory);
}
