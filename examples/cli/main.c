/* SPDX-License-Identifier: MIT */
/* The command `hidp`: planning from the shell, over the public interface alone. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct command {
	const char *name;
	const char *title; /* argv[0] of the command, for messages */
	const char *summary;
	const char *usage;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"plan", "hidp plan", "find the best plan for a model on a cluster", usage_plan, cmd_plan},
	{"evaluate", "hidp evaluate", "check a plan and say what it costs", usage_evaluate,
         cmd_evaluate},
	{"boards", "hidp boards", "list boards and clusters, or show one", usage_boards,
         cmd_boards},
	{"models", "hidp models", "list networks, or the layers of a model", usage_models,
         cmd_models},
	{"inspect", "hidp inspect", "show what is in a model", usage_inspect, cmd_inspect},
	{"profile", "hidp profile", "measure a model's layers on this machine", usage_profile,
         cmd_profile},
	{"keygen", "hidp keygen", "make the keys of a node", usage_keygen, cmd_keygen},
	{"node", "hidp node", "be a node of a cluster that carries out plans", usage_node,
         cmd_node},
	{"run", "hidp run", "lead requests on the nodes of a cluster", usage_run, cmd_run},
	{"timeline", "hidp timeline", "set measured times beside those of a plan",
         usage_timeline, cmd_timeline},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_usage(FILE *to)
{
	fputs("Usage: hidp COMMAND [argument]...\n"
	      "\n"
	      "Plans how one DNN inference is divided over unequal machines and processors, and\n"
	      "carries it out.\n"
	      "\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("  help       print this, or the help of a command\n"
	      "\n"
	      "Options: --help, --version. 'hidp help COMMAND' says more.\n",
	      to);
}

static int help(int argc, char **argv)
{
	if (argc > 2)
		return complain_usage("hidp", "too many arguments");
	if (argc < 2) {
		print_usage(stdout);
		return CLI_OK;
	}
	const struct command *command = find_command(argv[1]);
	if (command == NULL)
		return complain_usage("hidp", "there is no command %s", argv[1]);
	fputs(command->usage, stdout);
	return CLI_OK;
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("hidp %s\n", hidp_version_string());
		return CLI_OK;
	}
	if (strcmp(argv[1], "help") == 0)
		return help(argc - 1, argv + 1);
	const struct command *command = find_command(argv[1]);
	if (command == NULL)
		return complain_usage("hidp", "there is no %s %s",
		                      argv[1][0] == '-' ? "option" : "command", argv[1]);
	char title[32];
	snprintf(title, sizeof title, "%s", command->title);
	argv[1] = title; /* what getopt calls the program in its messages */
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	return finish_output(run(argc, argv));
}
