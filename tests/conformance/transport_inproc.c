/* SPDX-License-Identifier: MIT */
#include "inproc_transport.h"
#include "transport.h"

static bool make(void *data, unsigned nodes, unsigned absent, struct transport_group *group)
{
	struct inproc_hub *hub = inproc_hub_new(nodes, 1);
	(void)data;
	group->nodes = nodes;
	group->local = nodes - absent;
	group->data = hub;
	for (unsigned n = 0; n < group->local; n++)
		group->ends[n] = (struct transport_end){inproc_transport(), inproc_node(hub, n), n};
	return true;
}

static void destroy(void *data, struct transport_group *group)
{
	(void)data;
	inproc_hub_destroy(group->data);
}

int main(void)
{
	static const struct transport_factory factory = {
		.name = "inproc", .make = make, .destroy = destroy};
	return transport_conformance(&factory);
}
