/* SPDX-License-Identifier: MIT */
/* hidp keygen: the keys of a node. */
#include <string.h>

#include "nodes.h"

const char usage_keygen[] =
	"Usage: hidp keygen FILE [--force]\n"
	"       hidp keygen --public FILE\n"
	"\n"
	"Makes the keys of a node: the secret one goes to FILE, which nobody else can read,\n"
	"the public one to FILE.pub and to standard output. With --public, prints the public\n"
	"key that belongs to the secret one in FILE.\n"
	"\n"
	"  --force               replace files that are there\n"
	"  --public              make nothing\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong arguments.\n";

enum { OPT_FORCE = OPT_OWN, OPT_PUBLIC };

static const struct option long_options[] = {
	{"force", no_argument, NULL, OPT_FORCE},
	{"public", no_argument, NULL, OPT_PUBLIC},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool find_public_key(const char *path, char public_key[HIDP_ZMQ_KEY_SIZE])
{
	char secret_key[HIDP_ZMQ_KEY_SIZE];
	bool ok = read_secret_key(path, secret_key) &&
	          hidp_zmq_public_key(public_key, secret_key) == HIDP_OK;
	memset(secret_key, 0, sizeof secret_key);
	return ok;
}

int cmd_keygen(int argc, char **argv)
{
	char public_key[HIDP_ZMQ_KEY_SIZE];
	bool force = false, public = false;
	int option;
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case 'h':
			fputs(usage_keygen, stdout);
			return CLI_OK;
		case OPT_FORCE:
			force = true;
			break;
		case OPT_PUBLIC:
			public
			= true;
			break;
		default:
			fprintf(stderr, "Try '%s --help'.\n", argv[0]);
			return CLI_USAGE;
		}
	}
	if (argc - optind != 1)
		return complain_usage(argv[0], argc - optind < 1 ? "a file is wanted"
		                                                 : "too many arguments");
	const char *path = argv[optind];
	if (!(public ? find_public_key(path, public_key) : write_keys(path, force, public_key)))
		return CLI_FAILURE;
	puts(public_key);
	return CLI_OK;
}
