/* SPDX-License-Identifier: MIT */
/* hidp profile --link: how long messages to other nodes take. */
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

/* The links that are wanted, and the cluster with what they are like. */
struct links {
	const struct link_request *request;
	struct member *member;
	bool *wanted; /* [node] */
	struct hidp_cluster_builder *builder;
};

static bool want(struct links *l, const char *name, const struct peer *peers)
{
	const struct hidp_cluster *cluster = l->member->cluster;
	hidp_node_id node = HIDP_NODE_NONE;
	if (hidp_cluster_find(cluster, name, &node) == HIDP_OK) {
		l->wanted[node] = true;
		if (node == l->member->node)
			complain("--link %s: that is this node", name);
		else if (peers[node].endpoint == NULL)
			complain("--link %s: it is not in %s", name, l->request->peers);
		return node != l->member->node && peers[node].endpoint != NULL;
	}
	if (strcmp(name, "all") != 0) {
		complain_place(cluster, "link", name);
		return false;
	}
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++)
		l->wanted[n] |= n != l->member->node && peers[n].endpoint != NULL;
	return true;
}

static bool find_wanted(struct links *l)
{
	const uint32_t count = hidp_cluster_node_count(l->member->cluster);
	struct peer *peers = load_peers(l->request->peers, l->member->cluster);
	bool ok = peers != NULL;
	for (size_t i = 0; i < l->request->nodes.count && ok; i++)
		ok = want(l, l->request->nodes.items[i], peers);
	free_peers(peers, count);
	return ok;
}

/* One way; what the cluster says of the link besides stays. */
static hidp_status set_link(struct links *l, hidp_node_id from, hidp_node_id to, double latency_s,
                            double bandwidth_Bps)
{
	struct hidp_link_desc d = HIDP_LINK_DESC_INIT;
	struct hidp_node_desc ends[2] = {HIDP_NODE_DESC_INIT, HIDP_NODE_DESC_INIT};
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	if (hidp_cluster_link(l->member->cluster, from, to, &d) != HIDP_OK)
		d = (struct hidp_link_desc)HIDP_LINK_DESC_INIT;
	d.flags = 0;
	d.from = from;
	d.to = to;
	d.latency_s = latency_s;
	d.bandwidth_Bps = bandwidth_Bps;
	hidp_status s = hidp_cluster_builder_add_link(l->builder, &d, &said);
	if (s != HIDP_OK) {
		complain_status(l->request->cluster, s, &said);
		return s;
	}
	hidp_cluster_node(l->member->cluster, from, &ends[0]);
	hidp_cluster_node(l->member->cluster, to, &ends[1]);
	if (!l->request->quiet)
		printf("%s to %s: latency %.3f ms, %.2f MB/s\n", ends[0].name, ends[1].name,
		       1e3 * latency_s, 1e-6 * bandwidth_Bps);
	return HIDP_OK;
}

static bool measure(struct links *l, hidp_node_id node)
{
	struct hidp_link_times t = HIDP_LINK_TIMES_INIT;
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	hidp_status s =
		hidp_agent_measure_link(l->member->agent, node, l->request->time_s, &t, &said);
	if (s != HIDP_OK) {
		complain_status("link", s, &said);
		return false;
	}
	return set_link(l, l->member->node, node, t.latency_s, t.bandwidth_Bps) == HIDP_OK &&
	       set_link(l, node, l->member->node, t.latency_s, t.back_bandwidth_Bps) == HIDP_OK;
}

/* Writes the cluster; false after a message. */
static bool write_cluster(struct links *l)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_cluster *cluster = NULL;
	size_t size = 0;
	char *text = NULL;
	hidp_status s = hidp_cluster_builder_seal(l->builder, &cluster, &said);
	if (s == HIDP_OK)
		s = hidp_cluster_to_json(cluster, NULL, 0, &size);
	if (s == HIDP_OK && (text = malloc(size + 1)) == NULL)
		s = HIDP_ERR_NOMEM;
	if (s == HIDP_OK)
		s = hidp_cluster_to_json(cluster, text, size + 1, NULL);
	bool ok = s == HIDP_OK && write_file(l->request->profile, text, size);
	if (s != HIDP_OK)
		complain_status(l->request->cluster, s, &said);
	free(text);
	hidp_cluster_unref(cluster);
	return ok;
}

/* What could be measured is written even if something could not. */
static bool measure_all(struct links *l)
{
	bool ok = true, any = false;
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(l->member->cluster); n++) {
		if (!l->wanted[n])
			continue;
		bool measured = measure(l, n);
		ok &= measured;
		any |= measured;
	}
	if (any && l->request->profile != NULL)
		ok &= write_cluster(l);
	return ok;
}

int profile_links(const struct link_request *request)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct member_options options = {.cluster = request->cluster,
	                                 .boards = request->boards,
	                                 .node = request->node,
	                                 .peers = request->peers,
	                                 .key = request->key,
	                                 .listen = request->listen,
	                                 .allow_clear = request->allow_clear};
	struct member member;
	struct links l = {.request = request, .member = &member};
	bool ok = member_open(&member, &options);
	if (ok) {
		l.wanted = calloc(hidp_cluster_node_count(member.cluster), sizeof *l.wanted);
		ok = l.wanted != NULL &&
		     hidp_cluster_builder_from(member.cluster, &l.builder) == HIDP_OK;
		if (!ok)
			complain("out of memory");
	}
	ok = ok && find_wanted(&l);
	if (ok) {
		hidp_status s = hidp_agent_start(member.agent, &said);
		ok = s == HIDP_OK;
		if (!ok)
			complain_status(member.name, s, &said);
	}
	ok = ok && measure_all(&l);
	hidp_cluster_builder_destroy(l.builder);
	free(l.wanted);
	member_close(&member);
	return ok ? CLI_OK : CLI_FAILURE;
}
