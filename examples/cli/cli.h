/* SPDX-License-Identifier: MIT */
#ifndef HIDP_CLI_H
#define HIDP_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <hidp/hidp.h>

/* What the command returns to the shell. */
enum {
	CLI_OK = 0,
	CLI_FAILURE = 1, /* infeasible, a bad file, a full disk */
	CLI_USAGE = 2    /* wrong arguments */
};

/* Commands: argv[0] is "hidp plan" and the like. */
int cmd_plan(int argc, char **argv);
int cmd_evaluate(int argc, char **argv);
int cmd_boards(int argc, char **argv);
int cmd_models(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_node(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_timeline(int argc, char **argv);

extern const char usage_plan[], usage_evaluate[], usage_boards[], usage_models[];
extern const char usage_inspect[], usage_profile[];
extern const char usage_keygen[], usage_node[], usage_run[], usage_timeline[];

/* common.c: messages on stderr, "hidp: ..." and a newline. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);
/* The same for wrong arguments, with a hint at the help; returns CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int complain_usage(const char *command, const char *format,
                                                         ...);
/* What the library said about `place`: "hidp: place:12:7: layer conv1: stride is 0". */
void complain_status(const char *place, hidp_status status, const struct hidp_diagnostic *said);

/* "0.4"; "50ms", "2 s", "1.5us" in seconds; "200mJ" in joules. false: it is none. */
bool parse_number(const char *text, double *out);
bool parse_seconds(const char *text, double *out);
bool parse_joules(const char *text, double *out);
/* "1,0,0.5": so many numbers, none of them negative. */
bool parse_list(const char *text, double *out, size_t count);

/* "1.23 G", "4.50 M": a count with three digits. Returns buffer. */
char *short_count(double value, char buffer[32]);

/* A whole file, or standard input for "-"; NUL-terminated; NULL after a message. Free it. */
char *read_file(const char *path, size_t *length_out);
/*
 * Writes a whole file, or standard output for "-". The file is either written
 * completely or left as it was. false after a message.
 */
bool write_file(const char *path, const char *text, size_t length);
/* Flushes standard output; the exit status, CLI_FAILURE if anything was lost. */
int finish_output(int exit_status);

/* options.c: arguments that are kept until the model and the cluster are there to look them up in. */
struct list {
	const char *items[256];
	size_t count;
};

bool list_add(struct list *list, const char *item);

/* clusters.c */
/* A file, "-", the name of a board or of a cluster of boards, or a line of text. */
struct hidp_cluster *load_cluster(struct hidp_context *context, const char *name,
                                  const char *boards);
/* The folders in which boards are looked for, the first first; NULL at the end. */
const char *const *board_folders(const char *boards, const char *folders[4]);
/* "hidp-node" or "hidp-cluster" if the text is such a document; else NULL. */
const char *document_format(const char *text);

/*
 * machine.c: this machine, one node with rates that are typical and not measured; of which cores a
 * processor is made is one of hidp_hwloc_granularity_value. name NULL: that of the host.
 */
struct hidp_cluster *this_machine(struct hidp_context *context, const char *name,
                                  uint32_t granularity);

/* cmd_boards.c: what is known of a node, over several lines. */
void print_node(const struct hidp_cluster *cluster, hidp_node_id node);

/* options.c: objectives and strategies by name; false: there is none of that name. */
bool find_objective(const char *text, uint32_t *out);
bool find_strategy(const char *text, uint32_t *out);
/* "NODE" or "NODE/PROCESSOR"; without one, the processor is HIDP_PROCESSOR_NONE. */
bool find_place(const struct hidp_cluster *cluster, const char *text, hidp_node_id *node_out,
                hidp_processor_id *processor_out);
/* Says that there is no such place, and which nodes there are. */
void complain_place(const struct hidp_cluster *cluster, const char *option, const char *item);
/* Applies "NODE[/PROCESSOR]=LOAD" to a cluster, which is replaced; false after a message. */
bool apply_loads(struct hidp_cluster **cluster, const char *const *loads, size_t count);

/*
 * costs.c: the measured times of "FILE" or "NODE=FILE", one after another; *cost_out is NULL if
 * there are none. false after a message.
 */
bool load_costs(const struct hidp_model *model, const struct hidp_cluster *cluster,
                const struct list *files, struct hidp_cost **cost_out);

/* links.c: links that are to be measured. */
struct link_request {
	struct list nodes; /* to which; "all": to all in the address book */
	const char *cluster, *boards, *node, *peers, *key, *listen;
	const char *profile; /* where the cluster goes with them, or NULL */
	bool allow_clear, quiet;
	double time_s; /* for each; 0: the default */
};

/* Measures and prints them; what the command returns. */
int profile_links(const struct link_request *request);

/* output.c: where a plan goes. */
struct outputs {
	const char *svg, *trace, *json; /* files, "-" or NULL */
	bool quiet, explain;
};

#define OUTPUT_OPTIONS                                                                             \
	{"svg", required_argument, NULL, OPT_SVG}, {"trace", required_argument, NULL, OPT_TRACE},  \
		{"json", required_argument, NULL, OPT_JSON},                                       \
		{"explain", no_argument, NULL, OPT_EXPLAIN}, {"quiet", no_argument, NULL, 'q'},    \
		{"boards", required_argument, NULL, OPT_BOARDS},                                   \
	{                                                                                          \
		"help", no_argument, NULL, 'h'                                                     \
	}

enum {
	OPT_SVG = 1000,
	OPT_TRACE,
	OPT_JSON,
	OPT_EXPLAIN,
	OPT_BOARDS,
	OPT_BATCH, /* these four: MODEL_SIZE_OPTIONS */
	OPT_DIM,
	OPT_IMAGE,
	OPT_TOKENS,
	OPT_OWN /* the first that a command may use for itself */
};

#define USAGE_OUTPUTS                                                                              \
	"Output (the table goes to standard output unless another report does):\n"                 \
	"  --svg FILE            the timeline as a picture\n"                                      \
	"  --trace FILE          the timeline for Perfetto or chrome://tracing\n"                  \
	"  --json FILE           the plan, for 'hidp evaluate' and programs\n"                     \
	"  --explain             why this plan: alternatives and what they would cost\n"           \
	"  -q, --quiet           no table\n"

/* Takes an option of OUTPUT_OPTIONS; false if it is none. */
bool take_output_option(struct outputs *outputs, int option, const char *value);
/* Writes everything that was asked for; the exit status. */
int write_outputs(const struct hidp_plan *plan, const struct outputs *outputs);

#endif
