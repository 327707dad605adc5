/* SPDX-License-Identifier: MIT */
/* Commands of nodes, where they could not be built: better than not to know them. */
#include "cli.h"

#define ABSENT                                                                                     \
	"This hidp was built without it: that takes Jansson, ZeroMQ (the option zmq), and\n"       \
	"kernels (the options onednn, xnnpack and reference).\n"

const char usage_keygen[] = ABSENT;
const char usage_node[] = ABSENT;
const char usage_run[] = ABSENT;
const char usage_timeline[] = ABSENT;

static int absent(const char *title)
{
	complain("%s: this hidp was built without it, for want of Jansson, ZeroMQ or kernels",
	         title);
	return CLI_FAILURE;
}

int cmd_keygen(int argc, char **argv)
{
	(void)argc;
	return absent(argv[0]);
}

int cmd_node(int argc, char **argv)
{
	(void)argc;
	return absent(argv[0]);
}

int cmd_run(int argc, char **argv)
{
	(void)argc;
	return absent(argv[0]);
}

int cmd_timeline(int argc, char **argv)
{
	(void)argc;
	return absent(argv[0]);
}

int profile_links(const struct link_request *request)
{
	(void)request;
	return absent("hidp profile --link");
}
