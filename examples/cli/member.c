/* SPDX-License-Identifier: MIT */
/* This machine as a member of a cluster: its keys, its address, its models, its agent. */
#define _GNU_SOURCE /* sched_setaffinity() */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes.h"

static bool parse_whole(const char *text, double least, double most, double *out)
{
	return parse_number(text, out) && *out >= least && *out <= most &&
	       *out == (double)(long long)*out;
}

static bool take_number_option(struct member_options *o, int option, const char *value)
{
	double number;
	switch (option) {
	case OPT_SEED:
		if (!parse_whole(value, 0, 9007199254740992.0, &number))
			return false;
		o->model.seed = (uint64_t)number;
		return true;
	case OPT_SLOTS:
		if (!parse_whole(value, 1, HIDP_SESSION_SLOTS_MAX, &number))
			return false;
		o->slots = (uint32_t)number;
		return true;
	case OPT_SLOW:
		return parse_number(value, &o->slow) && o->slow >= 1;
	case OPT_SILENCE:
		return parse_seconds(value, &o->silence_s) && o->silence_s > 0;
	case OPT_READY:
		return parse_seconds(value, &o->ready_s) && o->ready_s > 0;
	default:
		return take_model_size(&o->model, option, value);
	}
}

bool take_member_option(struct member_options *o, int option, const char *value)
{
	const char **text = option == OPT_NODE      ? &o->node
	                    : option == OPT_PEERS   ? &o->peers
	                    : option == OPT_KEY     ? &o->key
	                    : option == OPT_LISTEN  ? &o->listen
	                    : option == OPT_KERNELS ? &o->kernels
	                    : option == OPT_CORES   ? &o->cores
	                    : option == OPT_DTYPE   ? &o->model.dtype
	                    : option == OPT_BOARDS  ? &o->boards
	                                            : NULL;
	bool *flag = option == OPT_ALLOW_CLEAR ? &o->allow_clear
	             : option == OPT_UNPINNED  ? &o->unpinned
	             : option == 'v'           ? &o->verbose
	                                       : NULL;
	if (text != NULL)
		*text = value;
	if (flag != NULL)
		*flag = true;
	return text != NULL || flag != NULL || take_number_option(o, option, value);
}

/* "0,2-3": the process, and all threads that it starts, stay there. */
static bool keep_to_cores(const char *list)
{
	cpu_set_t set;
	const char *at = list;
	CPU_ZERO(&set);
	for (;;) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;
		bool ok = end != at && *at >= '0' && *at <= '9';
		if (ok && *end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
			ok = end != at && *at >= '0' && *at <= '9';
		}
		if (!ok || first > last || last >= CPU_SETSIZE || (*end != ',' && *end != '\0')) {
			complain("--cores %s: wanted numbers of cores such as 0,2-3", list);
			return false;
		}
		for (unsigned long core = first; core <= last; core++)
			CPU_SET(core, &set);
		if (*end == '\0')
			break;
		at = end + 1;
	}
	if (sched_setaffinity(0, sizeof set, &set) == 0)
		return true;
	complain("--cores %s: there are no such cores, or this process may not use them", list);
	return false;
}

static void log_line(void *user_data, hidp_log_level level, const char *component, const char *text)
{
	const struct member *m = user_data;
	(void)level;
	fprintf(stderr, "%.3f %s: %s: %s\n", now_s(), m->name != NULL ? m->name : "hidp", component,
	        text);
}

static void say_state(void *user_data, hidp_agent_state state, uint64_t plan_id, const char *text)
{
	static const char *const words[] = {"idle", "analyse", "explore", "offload",
	                                    "map",  "execute", "recover"};
	const struct member *m = user_data;
	fprintf(stderr, "%.3f %s: %s: plan %llx: %s\n", now_s(), m->name,
	        state < sizeof words / sizeof *words ? words[state] : "?",
	        (unsigned long long)plan_id, text);
}

static bool open_context(struct member *m)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	options.log = log_line;
	options.log_user_data = m;
	options.log_level = HIDP_LOG_WARNING;
	if (hidp_context_new(&options, &m->context) == HIDP_OK)
		return true;
	complain("out of memory");
	return false;
}

/* Without a name it is the first. */
static bool find_node(struct member *m, const char *name)
{
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	if (name != NULL && hidp_cluster_find(m->cluster, name, &m->node) != HIDP_OK) {
		complain_place(m->cluster, "node", name);
		return false;
	}
	hidp_cluster_node(m->cluster, m->node, &desc);
	m->name = desc.name;
	return true;
}

/* The address book must know this node by the key that it has. */
static bool check_own_key(const struct peer *own, const char *secret_key, const char *name)
{
	char public_key[HIDP_ZMQ_KEY_SIZE];
	if (own->public_key == NULL || secret_key == NULL ||
	    (hidp_zmq_public_key(public_key, secret_key) == HIDP_OK &&
	     strcmp(public_key, own->public_key) == 0))
		return true;
	complain("the address book has another key for %s than --key", name);
	return false;
}

static bool open_transport(struct member *m, const struct member_options *o,
                           const struct peer *peers)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_zmq_options options = HIDP_ZMQ_OPTIONS_INIT;
	char key[HIDP_ZMQ_KEY_SIZE];
	options.node = m->node;
	options.endpoint = o->listen != NULL  ? o->listen
	                   : o->peers == NULL ? "tcp://127.0.0.1:*"
	                                      : peers[m->node].endpoint;
	options.flags = o->allow_clear ? HIDP_ZMQ_ALLOW_CLEAR : 0;
	options.log = log_line;
	options.log_user_data = m;
	if (options.endpoint == NULL) {
		complain("%s: %s is not listed, and there is no --listen", o->peers, m->name);
		return false;
	}
	if (o->key != NULL && !read_secret_key(o->key, key))
		return false;
	options.secret_key = o->key != NULL ? key : NULL;
	bool ok = check_own_key(&peers[m->node], options.secret_key, m->name);
	hidp_status s = ok ? hidp_zmq_new(&options, &m->zmq, &said) : HIDP_OK;
	memset(key, 0, sizeof key);
	if (s != HIDP_OK)
		complain_status(options.endpoint, s, &said);
	for (hidp_node_id n = 0; ok && s == HIDP_OK && n < hidp_cluster_node_count(m->cluster);
	     n++) {
		if (n == m->node || peers[n].endpoint == NULL)
			continue;
		s = hidp_zmq_add_peer(m->zmq, n, peers[n].endpoint, peers[n].public_key, &said);
		if (s != HIDP_OK)
			complain_status(peers[n].endpoint, s, &said);
	}
	return ok && s == HIDP_OK;
}

static bool open_agent(struct member *m, const struct member_options *o)
{
	struct hidp_diagnostic said = HIDP_DIAGNOSTIC_INIT;
	struct hidp_agent_options options = HIDP_AGENT_OPTIONS_INIT;
	options.flags = o->unpinned ? HIDP_SESSION_UNPINNED : 0;
	options.node = m->node;
	options.slots = o->slots;
	options.silence_s = o->silence_s;
	options.ready_s = o->ready_s;
	options.on_state = o->verbose ? say_state : NULL;
	options.state_data = m;
	hidp_status s = hidp_agent_new(m->context, m->cluster, &options, &m->agent, &said);
	if (s == HIDP_OK)
		s = hidp_agent_set_transport(m->agent, hidp_zmq_transport(), m->zmq);
	if (s != HIDP_OK)
		complain_status("agent", s, &said);
	return s == HIDP_OK;
}

static bool load_models(struct member *m, const struct member_options *o)
{
	m->models = calloc(o->models.count + 1, sizeof *m->models);
	m->watches = calloc(o->models.count + 1, sizeof *m->watches);
	if (m->models == NULL || m->watches == NULL) {
		complain("out of memory");
		return false;
	}
	for (size_t i = 0; i < o->models.count; i++) {
		struct model_request request = o->model;
		request.name = o->models.items[i];
		m->model_count++;
		if (!load_model(m->context, &request, &m->models[i]))
			return false;
		m->watches[i] = watch_new(&m->models[i], o->kernels, o->slow != 0 ? o->slow : 1);
		if (m->watches[i] == NULL)
			return false;
		hidp_status s = hidp_agent_add_model(m->agent, m->models[i].model,
		                                     watch_kernels(m->watches[i]), m->watches[i]);
		if (s != HIDP_OK) {
			complain_status(request.name, s, NULL);
			return false;
		}
	}
	return true;
}

bool member_open(struct member *m, const struct member_options *o)
{
	*m = (struct member){.verbose = o->verbose};
	if (o->cores != NULL && !keep_to_cores(o->cores))
		return false;
	if (!open_context(m))
		return false;
	m->cluster = o->cluster != NULL ? load_cluster(m->context, o->cluster, o->boards)
	                                : this_machine(m->context, NULL, 0);
	if (m->cluster == NULL || !find_node(m, o->node))
		return false;
	/* without an address book it is alone */
	struct peer *peers = o->peers != NULL
	                             ? load_peers(o->peers, m->cluster)
	                             : calloc(hidp_cluster_node_count(m->cluster), sizeof *peers);
	bool ok = peers != NULL && open_transport(m, o, peers);
	free_peers(peers, hidp_cluster_node_count(m->cluster));
	return ok && open_agent(m, o) && load_models(m, o);
}

void member_close(struct member *m)
{
	hidp_agent_destroy(m->agent);
	hidp_zmq_destroy(m->zmq);
	for (size_t i = 0; i < m->model_count; i++) {
		watch_free(m->watches[i]);
		free_model(&m->models[i]);
	}
	free(m->watches);
	free(m->models);
	hidp_cluster_unref(m->cluster);
	hidp_context_unref(m->context);
	*m = (struct member){0};
}
