/* SPDX-License-Identifier: MIT */
/* Prints a report of one of the plans made by hand: show PLAN table|svg|trace|explain. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plans.h"

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	setlocale(LC_ALL, ""); /* a decimal comma in the environment must not show */
	hidp_status (*write)(const struct hidp_plan *, char *, size_t, size_t *) =
		hidp_plan_to_table;
	if (strcmp(argv[2], "svg") == 0)
		write = hidp_plan_to_svg;
	else if (strcmp(argv[2], "trace") == 0)
		write = hidp_plan_to_trace;
	else if (strcmp(argv[2], "explain") == 0)
		write = hidp_plan_explain;
	struct hidp_plan *plan = make_plan(argv[1]);
	size_t needed;
	if (plan == NULL || write(plan, NULL, 0, &needed) != HIDP_OK)
		return 1;
	char *text = malloc(needed + 1);
	if (text == NULL || write(plan, text, needed + 1, NULL) != HIDP_OK)
		return 1;
	int rc = fwrite(text, 1, needed, stdout) == needed && fflush(stdout) == 0 ? 0 : 1;
	free(text);
	hidp_plan_unref(plan);
	return rc;
}
