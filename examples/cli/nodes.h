/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_NODES_H
#define HIDP_CLI_NODES_H

/* What the commands share that carry plans out: keygen, node, run. */

#include <hidp-zmq.h>
#include <hidp/plugin/kernels.h>

#include "models.h"

/* keys.c: a key file is one line, the key as text. false after a message. */
bool write_keys(const char *path, bool force, char public_key[HIDP_ZMQ_KEY_SIZE]);
/* A secret key; a file that others may read is refused. */
bool read_secret_key(const char *path, char key[HIDP_ZMQ_KEY_SIZE]);

/* peers.c: the address book (doc/formats/peers.md). */
struct peer {
	char *endpoint;   /* NULL: not listed */
	char *public_key; /* NULL: none */
};

/* [node of the cluster]; NULL after a message. Free it with free_peers(). */
struct peer *load_peers(const char *path, const struct hidp_cluster *cluster);
void free_peers(struct peer *peers, uint32_t count);

/* watch.c: kernels for a model, slowed down if asked to, that remember when they ran. */
struct watch;

/* Are there kernels of that name? false after a message. */
bool watch_knows(const char *name);
/*
 * Kernels by name (NULL: the best) for a model, which must outlive them. With `slow` above 1,
 * every task takes so many times as long: the rest is spent asleep. NULL after a message.
 */
struct watch *watch_new(const struct loaded_model *model, const char *name, double slow);
void watch_free(struct watch *watch);
/* The table; its user_data is the watch. */
const struct hidp_kernels *watch_kernels(const struct watch *watch);
/* When each task of the last plan ran last (doc/formats/times.md); false after a message. */
bool watch_write_times(struct watch *watch, const char *path, const char *node, double begin_s,
                       double end_s);

/* member.c: this machine as a member of a cluster. */
struct member_options {
	const char *cluster, *boards, *node, *listen, *peers, *key, *kernels, *cores;
	struct model_request model; /* its name is not read */
	struct list models;
	double slow, silence_s, ready_s;
	uint32_t slots;
	bool unpinned, allow_clear, verbose;
};

#define MEMBER_OPTIONS                                                                             \
	{"node", required_argument, NULL, OPT_NODE},                                               \
		{"peers", required_argument, NULL, OPT_PEERS},                                     \
		{"key", required_argument, NULL, OPT_KEY},                                         \
		{"listen", required_argument, NULL, OPT_LISTEN},                                   \
		{"allow-clear", no_argument, NULL, OPT_ALLOW_CLEAR},                               \
		{"kernels", required_argument, NULL, OPT_KERNELS},                                 \
		{"seed", required_argument, NULL, OPT_SEED},                                       \
		{"slow", required_argument, NULL, OPT_SLOW},                                       \
		{"cores", required_argument, NULL, OPT_CORES},                                     \
		{"unpinned", no_argument, NULL, OPT_UNPINNED},                                     \
		{"silence", required_argument, NULL, OPT_SILENCE},                                 \
		{"ready", required_argument, NULL, OPT_READY},                                     \
		{"slots", required_argument, NULL, OPT_SLOTS},                                     \
		{"dtype", required_argument, NULL, OPT_DTYPE},                                     \
		MODEL_SIZE_OPTIONS,                                                                \
		{"boards", required_argument, NULL, OPT_BOARDS},                                   \
		{"verbose", no_argument, NULL, 'v'},                                               \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}

enum {
	OPT_NODE = OPT_OWN,
	OPT_PEERS,
	OPT_KEY,
	OPT_LISTEN,
	OPT_ALLOW_CLEAR,
	OPT_KERNELS,
	OPT_SEED,
	OPT_SLOW,
	OPT_CORES,
	OPT_UNPINNED,
	OPT_SILENCE,
	OPT_READY,
	OPT_SLOTS,
	OPT_DTYPE,
	OPT_MEMBER_OWN /* the first that a command may use for itself */
};

#define USAGE_MEMBER                                                                               \
	"Who this is:\n"                                                                           \
	"  --node NODE           which node of the cluster\n"                                      \
	"  --peers FILE          the address book: endpoints and public keys of all nodes\n"       \
	"  --key FILE            own secret key, from 'hidp keygen'\n"                             \
	"  --listen ENDPOINT     where the others connect to, tcp://ADDRESS:PORT; default: what\n" \
	"                        the address book says of this node\n"                             \
	"  --allow-clear         without keys also where others can listen\n"                      \
	"\n"                                                                                       \
	"How it computes:\n"                                                                       \
	"  --kernels WHICH       onednn, xnnpack or reference; default: the best that was built\n" \
	"  --seed N              of the pseudo-random weights of all but ONNX files\n"             \
	"  --slow FACTOR         be so many times slower than this machine is\n"                   \
	"  --cores LIST          keep the whole process to these cores, such as 0,2-3\n"           \
	"  --unpinned            do not keep processors to the cores of their profile\n"           \
	"  --slots N             requests under way at once\n"                                     \
	"  --silence TIME        a node that is not heard for so long is lost; default: 500ms\n"   \
	"  --ready TIME          how long nodes may take to get ready; default: 60s\n"             \
	"  -v, --verbose         say what is going on, on standard error\n"                        \
	"\n"                                                                                       \
	"The model (the same on all nodes):\n"                                                     \
	"  --dtype TYPE, --batch N, --dim NAME=N, --image N, --tokens N   as for 'hidp plan'\n"    \
	"\n"                                                                                       \
	"  --boards DIR          folder of board profiles\n"

/* Takes an option of MEMBER_OPTIONS; false: it is none, or its value is wrong. */
bool take_member_option(struct member_options *options, int option, const char *value);

struct member {
	struct hidp_context *context;
	struct hidp_cluster *cluster;
	hidp_node_id node;
	const char *name;
	struct hidp_zmq *zmq;
	struct hidp_agent *agent;
	struct loaded_model *models; /* [model_count] */
	struct watch **watches;      /* likewise */
	size_t model_count;
	bool verbose;
};

/* Everything but hidp_agent_start(). false after a message; close it anyway. */
bool member_open(struct member *member, const struct member_options *options);
void member_close(struct member *member);

/* Seconds on the clock that times are measured with. */
double now_s(void);

#endif
