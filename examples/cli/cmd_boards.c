/* SPDX-License-Identifier: MIT */
/* hidp boards: the board profiles and clusters that come with the library. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char usage_boards[] = "Usage: hidp boards [NAME] [option]...\n"
			    "\n"
			    "Lists the boards and clusters that can be planned for by name, or\n"
			    "what is known of one of them.\n"
			    "\n"
			    "  --boards DIR          folder of board profiles\n";

static const struct option long_options[] = {
	{"boards", required_argument, NULL, OPT_BOARDS},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char *const class_words[HIDP_CLASS_COUNT] = {
	"none", "conv3x3", "conv", "depthwise", "gemm", "dense", "elementwise", "custom"};

static struct hidp_node_desc node_desc(const struct hidp_cluster *cluster, hidp_node_id node)
{
	struct hidp_node_desc desc = HIDP_NODE_DESC_INIT;
	hidp_cluster_node(cluster, node, &desc);
	return desc;
}

static struct hidp_processor_desc processor_desc(const struct hidp_cluster *cluster,
                                                 hidp_node_id node, hidp_processor_id processor)
{
	struct hidp_processor_desc desc = HIDP_PROCESSOR_DESC_INIT;
	hidp_cluster_processor(cluster, node, processor, &desc);
	return desc;
}

/* "1.22 T" FLOP/s, or that it takes no time, or that the class cannot run. */
static const char *rate(const struct hidp_processor_desc *d, hidp_op_class c, char buffer[32])
{
	if (d->rate_flops[c] > 0)
		return short_count(d->rate_flops[c], buffer);
	return d->bandwidth_Bps[c] > 0 ? "-" : "cannot";
}

void print_node(const struct hidp_cluster *cluster, hidp_node_id node)
{
	struct hidp_node_desc n = node_desc(cluster, node);
	char a[32], b[32];
	printf("%s\n", n.name);
	if (n.memory_bytes != 0)
		printf("  memory        %sB\n", short_count((double)n.memory_bytes, a));
	if (n.memory_bandwidth_Bps > 0)
		printf("  bandwidth     %sB/s\n", short_count(n.memory_bandwidth_Bps, a));
	if (n.nic_bandwidth_Bps > 0)
		printf("  network       %sB/s\n", short_count(n.nic_bandwidth_Bps, a));
	printf("  hand-over     %g us\n", n.sync_s * 1e6);
	printf("  power         %g W idle, %g W sending, %g W receiving\n", n.power_idle_w,
	       n.power_transmit_w, n.power_receive_w);
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(cluster, node); p++) {
		struct hidp_processor_desc d = processor_desc(cluster, node, p);
		printf("  %s: %g us per layer, %g W", d.name, d.overhead_s * 1e6, d.power_active_w);
		if (d.core_count != 0)
			printf(", %u core%s", d.core_count, d.core_count == 1 ? "" : "s");
		if (d.copy_bandwidth_Bps > 0)
			printf(", own memory reached at %sB/s",
			       short_count(d.copy_bandwidth_Bps, a));
		if (d.load > 0)
			printf(", load %g", d.load);
		printf("\n    %-12s %10s %10s\n", "", "FLOP/s", "B/s");
		for (hidp_op_class c = HIDP_CLASS_CONV3X3; c < HIDP_CLASS_COUNT; c++)
			printf("    %-12s %10s %10s\n", class_words[c], rate(&d, c, a),
			       d.bandwidth_Bps[c] > 0 ? short_count(d.bandwidth_Bps[c], b) : "-");
	}
}

static void print_links(const struct hidp_cluster *cluster)
{
	uint32_t count = hidp_cluster_node_count(cluster);
	char a[32];
	for (hidp_node_id from = 0; from < count; from++) {
		for (hidp_node_id to = 0; to < count; to++) {
			struct hidp_link_desc link = HIDP_LINK_DESC_INIT;
			if (hidp_cluster_link(cluster, from, to, &link) != HIDP_OK)
				continue;
			printf("%s to %s: %sB/s, %g ms", node_desc(cluster, from).name,
			       node_desc(cluster, to).name, short_count(link.bandwidth_Bps, a),
			       link.latency_s * 1e3);
			if (link.medium != HIDP_MEDIUM_NONE)
				printf(", over %s", hidp_cluster_medium_name(cluster, link.medium));
			printf("\n");
		}
	}
}

static int show(struct hidp_context *context, const char *name, const char *boards)
{
	struct hidp_cluster *cluster = load_cluster(context, name, boards);
	if (cluster == NULL)
		return CLI_FAILURE;
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++)
		print_node(cluster, n);
	print_links(cluster);
	hidp_cluster_unref(cluster);
	return CLI_OK;
}

/* The names of a folder's documents, sorted. */
struct names {
	char **items;
	size_t count, capacity;
};

static bool add_name(struct names *names, const char *name, size_t length)
{
	if (names->count == names->capacity) {
		size_t wanted = names->capacity == 0 ? 32 : names->capacity * 2;
		char **items = realloc(names->items, wanted * sizeof *items);
		if (items == NULL)
			return false;
		names->items = items;
		names->capacity = wanted;
	}
	char *copy = malloc(length + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, name, length);
	copy[length] = '\0';
	names->items[names->count++] = copy;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* false: there is no such folder, or no memory. */
static bool read_folder(const char *folder, struct names *names)
{
	DIR *directory = opendir(folder);
	if (directory == NULL)
		return false;
	bool ok = true;
	for (struct dirent *e; ok && (e = readdir(directory)) != NULL;) {
		size_t length = strlen(e->d_name);
		if (length > 5 && strcmp(e->d_name + length - 5, ".json") == 0)
			ok = add_name(names, e->d_name, length - 5);
	}
	closedir(directory);
	if (names->count != 0)
		qsort(names->items, names->count, sizeof *names->items, compare);
	return ok;
}

static void print_board(const struct hidp_cluster *cluster, const char *name)
{
	struct hidp_node_desc n = node_desc(cluster, 0);
	char a[32];
	printf("%-22s %7sB %5.1f W ", name, short_count((double)n.memory_bytes, a), n.power_idle_w);
	for (hidp_processor_id p = 0; p < hidp_cluster_processor_count(cluster, 0); p++) {
		struct hidp_processor_desc d = processor_desc(cluster, 0, p);
		printf("%s %s %s", p == 0 ? "" : ",", d.name, rate(&d, HIDP_CLASS_CONV, a));
	}
	printf("\n");
}

static void print_cluster(const struct hidp_cluster *cluster, const char *name)
{
	printf("%-22s", name);
	for (hidp_node_id n = 0; n < hidp_cluster_node_count(cluster); n++)
		printf("%s %s", n == 0 ? "" : ",", node_desc(cluster, n).name);
	printf("\n");
}

/* A line for each of the boards, or of the clusters; false if one of them cannot be read. */
static bool print_lines(struct hidp_context *context, const struct names *names, const char *folder,
                        bool clusters)
{
	bool ok = true;
	for (size_t i = 0; i < names->count; i++) {
		struct hidp_cluster *cluster = load_cluster(context, names->items[i], folder);
		if (cluster == NULL)
			ok = false;
		else if (clusters && hidp_cluster_node_count(cluster) > 1)
			print_cluster(cluster, names->items[i]);
		else if (!clusters && hidp_cluster_node_count(cluster) == 1)
			print_board(cluster, names->items[i]);
		hidp_cluster_unref(cluster);
	}
	return ok;
}

static int list(struct hidp_context *context, const char *boards)
{
	const char *folders[4];
	struct names names = {.items = NULL};
	const char *const *folder = board_folders(boards, folders);
	bool ok;
	while (*folder != NULL && !read_folder(*folder, &names))
		folder++;
	if (*folder == NULL) {
		complain("%s: %s", folders[0], strerror(errno));
		ok = false;
	} else {
		printf("%-22s %8s %7s  %s\n", "board", "memory", "idle",
		       "processors, FLOP/s in convolutions");
		ok = print_lines(context, &names, *folder, false);
		printf("\n%-22s %s\n", "cluster", "nodes");
		if (ok)
			ok = print_lines(context, &names, *folder, true);
	}
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
	return ok ? CLI_OK : CLI_FAILURE;
}

int cmd_boards(int argc, char **argv)
{
	struct hidp_context *context;
	const char *boards = NULL;
	int option;
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage_boards, stdout);
			return CLI_OK;
		}
		if (option == '?') {
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
		boards = optarg;
	}
	if (argc - optind > 1)
		return complain_usage(argv[0], "too many arguments");
	if (hidp_context_new(NULL, &context) != HIDP_OK) {
		complain("out of memory");
		return CLI_FAILURE;
	}
	int rc = argc - optind == 1 ? show(context, argv[optind], boards) : list(context, boards);
	hidp_context_unref(context);
	return rc;
}
