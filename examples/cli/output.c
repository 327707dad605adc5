/* SPDX-License-Identifier: MIT */
/* A plan, in every form that was asked for. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

bool take_output_option(struct outputs *outputs, int option, const char *value)
{
	switch (option) {
	case OPT_SVG:
		outputs->svg = value;
		return true;
	case OPT_TRACE:
		outputs->trace = value;
		return true;
	case OPT_JSON:
		outputs->json = value;
		return true;
	case OPT_EXPLAIN:
		outputs->explain = true;
		return true;
	case 'q':
		outputs->quiet = true;
		return true;
	default:
		return false;
	}
}

typedef hidp_status (*report_fn)(const struct hidp_plan *, char *, size_t, size_t *);

/* The text in a buffer of its own; NULL after a message. */
static char *make_report(const struct hidp_plan *plan, report_fn report, const char *what,
                         size_t *length_out)
{
	/* an explanation takes its time: it should not be made twice to learn its length */
	size_t size = 1 << 16, length = 0;
	char *text = malloc(size);
	hidp_status s = text != NULL ? report(plan, text, size, &length) : HIDP_ERR_NOMEM;
	if (s == HIDP_OK && length >= size) {
		free(text);
		size = length + 1;
		text = malloc(size);
		s = text != NULL ? report(plan, text, size, &length) : HIDP_ERR_NOMEM;
	}
	if (s != HIDP_OK) {
		complain_status(what, s, NULL);
		free(text);
		return NULL;
	}
	*length_out = length;
	return text;
}

/* The report goes to a file, or to standard output for "-"; nothing happens for NULL. */
static bool write_report(const struct hidp_plan *plan, report_fn report, const char *what,
                         const char *path)
{
	size_t length;
	if (path == NULL)
		return true;
	char *text = make_report(plan, report, what, &length);
	bool ok = text != NULL && write_file(path, text, length);
	free(text);
	return ok;
}

static bool standard(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

int write_outputs(const struct hidp_plan *plan, const struct outputs *outputs)
{
	bool taken = standard(outputs->svg) || standard(outputs->trace) || standard(outputs->json);
	bool ok = true;
	if (!outputs->quiet && !taken)
		ok &= write_report(plan, hidp_plan_to_table, "table", "-");
	if (outputs->explain && !taken) {
		if (!outputs->quiet)
			putchar('\n');
		ok &= write_report(plan, hidp_plan_explain, "explanation", "-");
	}
	ok &= write_report(plan, hidp_plan_to_svg, "picture", outputs->svg);
	ok &= write_report(plan, hidp_plan_to_trace, "trace", outputs->trace);
	ok &= write_report(plan, hidp_plan_to_json, "plan", outputs->json);
	return ok ? CLI_OK : CLI_FAILURE;
}
