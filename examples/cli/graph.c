/* SPDX-License-Identifier: MIT */
/* A model as a graph for Graphviz. */
#include "graph.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "layers.h"

extern char **environ;

/* In quotation marks; what Graphviz would take for more than text is escaped. */
static void put_text(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', to);
		putc((unsigned char)*text < ' ' ? '?' : *text, to);
	}
}

static const char *colour(hidp_op_class class)
{
	static const char *const colours[HIDP_CLASS_COUNT] = {
		[HIDP_CLASS_NONE] = "#f2f2f2",      [HIDP_CLASS_CONV3X3] = "#9ec5e8",
		[HIDP_CLASS_CONV] = "#c6dcf0",      [HIDP_CLASS_DEPTHWISE] = "#cfe8d5",
		[HIDP_CLASS_GEMM] = "#f5d5a8",      [HIDP_CLASS_DENSE] = "#f9e6c8",
		[HIDP_CLASS_ELEMENTWISE] = "#ffffff", [HIDP_CLASS_CUSTOM] = "#f4b8b8",
	};
	return class < HIDP_CLASS_COUNT ? colours[class] : "#ffffff";
}

static void put_layer(FILE *to, const struct hidp_model *model, hidp_layer_id layer)
{
	struct hidp_layer_info info = layer_info(model, layer);
	char parts[128], dims[96], rows[128], count[32];
	fprintf(to, "  %u [label=\"", layer);
	put_text(to, info.name);
	fprintf(to, "\\n%s\\n%s", parts_text(model, layer, parts), dims_text(&info.shape, dims));
	if (info.flops > 0)
		fprintf(to, "\\n%s MACs", short_count(info.flops / 2, count));
	if (info.weight_bytes > 0)
		fprintf(to, ", %sB", short_count((double)info.weight_bytes, count));
	fprintf(to, "\", fillcolor=\"%s\"%s, tooltip=\"rows: %s\"];\n", colour(info.op_class),
	        info.op == HIDP_OP_INPUT || (info.flags & HIDP_LAYER_OUTPUT) != 0
	                ? ", shape=ellipse"
	                : "",
	        rows_text(model, layer, rows));
}

/* Thick where nothing else crosses: the layer before a cut point, or what it has left. */
static void put_edges(FILE *to, const struct hidp_model *model, hidp_layer_id layer,
                      const bool *cuts)
{
	uint32_t count = layer_info(model, layer).input_count;
	for (uint32_t i = 0; i < count; i++) {
		hidp_layer_id input;
		hidp_model_layer_input(model, layer, i, &input, NULL, NULL);
		fprintf(to, "  %u -> %u%s;\n", input, layer,
		        layer != 0 && cuts[layer - 1] && input < layer ? " [penwidth=3]" : "");
	}
}

char *model_to_dot(const struct hidp_model *model, size_t *length_out)
{
	char *text = NULL;
	bool *cuts = find_cuts(model);
	FILE *to = cuts != NULL ? open_memstream(&text, length_out) : NULL;
	if (to == NULL) {
		complain("out of memory");
		free(cuts);
		return NULL;
	}
	fputs("digraph \"", to);
	put_text(to, hidp_model_name(model));
	fputs("\" {\n"
	      "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=10];\n"
	      "  edge [color=\"#555555\"];\n",
	      to);
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++)
		put_layer(to, model, l);
	for (hidp_layer_id l = 0; l < hidp_model_layer_count(model); l++)
		put_edges(to, model, l, cuts);
	fputs("}\n", to);
	free(cuts);
	bool ok = !ferror(to);
	if (fclose(to) != 0 || !ok) {
		complain("out of memory");
		free(text);
		return NULL;
	}
	return text;
}

/* Starts "dot -Tsvg" between two files. 0, or why not. */
static int start_dot(int from, int to, pid_t *process_out)
{
	static char name[] = "dot", format[] = "-Tsvg";
	char *const arguments[] = {name, format, NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawnp(process_out, name, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static bool run_dot(FILE *from, FILE *to)
{
	pid_t process;
	int status = 0, error = start_dot(fileno(from), fileno(to), &process);
	while (error == 0 && waitpid(process, &status, 0) < 0 && errno == EINTR) {
	}
	/* 127: how some systems' posix_spawn() say that there is no such program */
	if (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		error = ENOENT;
	if (error != 0)
		complain("dot: %s: --svg needs Graphviz (the package graphviz); --dot writes the "
		         "graph for it",
		         strerror(error));
	else if (status != 0)
		complain("dot could not draw the graph");
	return error == 0 && status == 0;
}

bool write_svg(const char *path, const char *dot, size_t length)
{
	FILE *from = tmpfile(), *to = tmpfile();
	char *text = NULL;
	bool ok = from != NULL && to != NULL && fwrite(dot, 1, length, from) == length &&
	          fflush(from) == 0 && fseek(from, 0, SEEK_SET) == 0;
	if (!ok)
		complain("a temporary file: %s", strerror(errno));
	ok = ok && run_dot(from, to);
	long size = ok && fseek(to, 0, SEEK_END) == 0 ? ftell(to) : -1;
	if (ok && size >= 0) {
		text = malloc((size_t)size + 1);
		rewind(to);
		ok = text != NULL && fread(text, 1, (size_t)size, to) == (size_t)size;
		if (!ok)
			complain("a temporary file: %s", strerror(errno));
	}
	ok = ok && text != NULL && write_file(path, text, (size_t)size);
	free(text);
	if (from != NULL)
		fclose(from);
	if (to != NULL)
		fclose(to);
	return ok;
}
