/* SPDX-License-Identifier: MIT */
/* Diagnostics. Names come from the file: what is no text in them is not passed on. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph.h"

static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
}

/* A character that was cut in two at the end of a full buffer goes. */
static void mend_end(char *text, size_t room)
{
	size_t length = strlen(text);
	if (length + 1 < room)
		return;
	size_t begin = length;
	while (begin > 0 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin > 0 && ((unsigned char)text[begin - 1] & 0x80) != 0) {
		unsigned char first = (unsigned char)text[begin - 1];
		size_t needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
		if (length - (begin - 1) < needed)
			text[begin - 1] = '\0';
	}
}

static hidp_status fill_in(struct hidp_diagnostic *d, hidp_status status, const char *format,
                           va_list args)
{
	d->status = status;
	d->line = d->column = 0;
	vsnprintf(d->message, sizeof d->message, format, args);
	make_printable(d->subject);
	mend_end(d->subject, sizeof d->subject);
	make_printable(d->message);
	mend_end(d->message, sizeof d->message);
	return status;
}

static struct hidp_diagnostic *diagnostic_of(const struct graph *graph)
{
	struct hidp_diagnostic *d = graph->diagnostic;
	return d == NULL || d->struct_size < sizeof *d ? NULL : d;
}

hidp_status hidp_onnx__fail_node(const struct graph *graph, const struct node *node,
                                 hidp_status status, const char *format, ...)
{
	struct hidp_diagnostic *d = diagnostic_of(graph);
	if (d == NULL)
		return status;
	/* a long name does not hide the op */
	snprintf(d->subject, sizeof d->subject, "node %.80s (%s%s%.30s)", node->name,
	         node->domain[0] == '\0' ? "" : node->domain, node->domain[0] == '\0' ? "" : ".",
	         node->op);
	va_list args;
	va_start(args, format);
	fill_in(d, status, format, args);
	va_end(args);
	return status;
}

hidp_status hidp_onnx__fail(const struct graph *graph, const char *subject, hidp_status status,
                            const char *format, ...)
{
	struct hidp_diagnostic *d = diagnostic_of(graph);
	if (d == NULL)
		return status;
	snprintf(d->subject, sizeof d->subject, "%s", subject);
	va_list args;
	va_start(args, format);
	fill_in(d, status, format, args);
	va_end(args);
	return status;
}

hidp_status hidp_onnx__no_memory(const struct graph *graph)
{
	if (graph->pool->left == 0)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_LIMIT,
		                       "more memory is needed to read it than the limits allow");
	return hidp_onnx__fail(graph, "file", HIDP_ERR_NOMEM, "out of memory");
}
