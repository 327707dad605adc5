/* SPDX-License-Identifier: MIT */
/*
 * Reading ONNX files: time, and memory. Chains of convolutions of any length are made here; --files
 * gives others, --peer ONNX Runtime, which reads the same. Every side is a process of its own, so
 * that what one leaves behind is not the other's.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hidp-onnx.h>

#include "from_text.h"
#include "onnx_files.h"
#include "ort.h"

static const struct bench_column columns[] = {
	{"network", "network", -20, 0, 0},
	{"file_bytes", "file MB", 8, 1, 1e-6},
	{"layers", "layers", 7, 0, 1},
	{"median_s", "import ms", 10, 2, 1e3},
	{"low_s", "low", 8, 2, 1e3},
	{"high_s", "high", 8, 2, 1e3},
	{"memory_bytes", "memory MB", 10, 1, 1e-6},
	{"memory_ratio", "/ file", 7, 3, 1},
	{"peer_median_s", "ORT ms", 9, 2, 1e3},
	{"peer_low_s", NULL, 0, 0, 0},
	{"peer_high_s", NULL, 0, 0, 0},
	{"peer_memory_bytes", "memory MB", 10, 1, 1e-6},
	{"ratio", "time / ORT", 10, 4, 1},
};

/* What a side found; the other process sends it through a pipe. */
struct import {
	struct bench_spread time_s;
	double memory_bytes; /* at most resident beyond what was before; NAN: not known */
	uint32_t layers;
};

/* ---- memory ---- */

/* A line of /proc/self/status in bytes, NAN without. */
static double resident(const char *which)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	double bytes = NAN;
	while (status != NULL && fgets(line, sizeof line, status) != NULL)
		if (strncmp(line, which, strlen(which)) == 0)
			bytes = 1024 * strtod(line + strlen(which), NULL);
	if (status != NULL)
		fclose(status);
	return bytes;
}

/* The most that was resident is from now on what is. */
static bool forget_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");
	return file != NULL && (fputs("5", file) >= 0) + (fclose(file) == 0) == 2;
}

/* ---- the sides ---- */

static uint32_t import_here(const struct bench *bench, struct ort *ort, const char *file)
{
	struct hidp_diagnostic d = HIDP_DIAGNOSTIC_INIT;
	struct hidp_onnx *onnx;
	(void)ort;
	bench_must(hidp_onnx_open(bench->context, file, NULL, &onnx, &d), &d, file);
	uint32_t layers = hidp_model_layer_count(hidp_onnx_model(onnx));
	hidp_onnx_destroy(onnx);
	return layers;
}

static uint32_t import_there(const struct bench *bench, struct ort *ort, const char *file)
{
	(void)bench;
	ort_load(ort, file);
	return 0;
}

typedef uint32_t (*import_fn)(const struct bench *bench, struct ort *ort, const char *file);

static struct import measure(const struct bench *bench, import_fn import, struct ort *ort,
                             const char *file)
{
	static struct bench_sample sample;
	struct import found = {.memory_bytes = NAN};
	bool counts = forget_peak();
	double before = resident("VmRSS:");
	found.layers = import(bench, ort, file);
	if (counts)
		found.memory_bytes = resident("VmHWM:") - before;
	bench_sample_begin(bench, &sample);
	while (bench_sample_more(bench, &sample)) {
		double began = bench_now(bench);
		import(bench, ort, file);
		bench_sample_add(&sample, bench_now(bench) - began);
	}
	found.time_s = bench_sample_spread(&sample);
	return found;
}

/* The peer's library is opened in its process alone. */
static void measure_and_tell(const struct bench *bench, const char *library, const char *file,
                             int pipe_end)
{
	struct ort *ort = library != NULL ? ort_open(library) : NULL;
	struct import found =
		measure(bench, library != NULL ? import_there : import_here, ort, file);
	ssize_t told = write(pipe_end, &found, sizeof found);
	_exit(told == (ssize_t)sizeof found ? 0 : 1);
}

static struct import in_process(const struct bench *bench, const char *library, const char *file)
{
	int ends[2], status;
	struct import found;
	fflush(NULL);
	if (pipe(ends) != 0)
		bench_fail("no pipe");
	pid_t child = fork();
	if (child < 0)
		bench_fail("no process");
	if (child == 0)
		measure_and_tell(bench, library, file, ends[1]);
	close(ends[1]);
	ssize_t got = read(ends[0], &found, sizeof found);
	close(ends[0]);
	if (waitpid(child, &status, 0) != child || status != 0 || got != (ssize_t)sizeof found)
		bench_fail("%s: it was not read", file);
	return found;
}

/* ---- cases ---- */

struct cases {
	const struct bench *bench;
	struct bench_table *table;
};

/* The file and those beside it that hold its weights. */
static double file_bytes(const char *file)
{
	struct stat s;
	if (stat(file, &s) != 0)
		bench_fail("%s: it cannot be read", file);
	return (double)s.st_size;
}

static void run_file(void *user_data, const char *name, const char *file)
{
	const struct cases *cases = user_data;
	const struct bench *bench = cases->bench;
	struct import here = in_process(bench, NULL, file);
	struct import there = {.time_s = {NAN, NAN, NAN, 0}, .memory_bytes = NAN};
	if (bench->peer_count > 0)
		there = in_process(bench, bench->peers[0], file);
	bench_text(cases->table, name);
	bench_number(cases->table, file_bytes(file));
	bench_number(cases->table, here.layers);
	bench_spread(cases->table, here.time_s);
	bench_number(cases->table, here.memory_bytes);
	bench_number(cases->table, here.memory_bytes / file_bytes(file));
	bench_spread(cases->table, there.time_s);
	bench_number(cases->table, there.memory_bytes);
	bench_number(cases->table, here.time_s.median / there.time_s.median);
}

static void add_text(struct bytes *text, const char *line)
{
	bytes_add(text, line, strlen(line));
}

/* Convolution, batch normalisation, activation, and an addition behind every second. */
static struct bytes chain(unsigned convolutions)
{
	struct bytes text = {0};
	char line[512];
	add_text(&text, "input x0 float 1x32x14x14\n");
	for (unsigned i = 0; i < convolutions; i++) {
		snprintf(line, sizeof line,
		         "const w%u float 32x32x3x3 = ramp\nconst s%u float 32 = 1\n"
		         "const b%u float 32 = 0\nconst m%u float 32 = 0.5\n"
		         "const v%u float 32 = 1\n"
		         "node Conv x%u,w%u -> c%u pads=[1,1,1,1]\n"
		         "node BatchNormalization c%u,s%u,b%u,m%u,v%u -> n%u\n",
		         i, i, i, i, i, i, i, i, i, i, i, i, i, i);
		add_text(&text, line);
		if (i % 2 == 1)
			snprintf(line, sizeof line,
			         "node Add n%u,x%u -> a%u\nnode Relu a%u -> x%u\n", i, i - 1, i,
			         i, i + 1);
		else
			snprintf(line, sizeof line, "node Relu n%u -> x%u\n", i, i + 1);
		add_text(&text, line);
	}
	snprintf(line, sizeof line, "output x%u\n", convolutions);
	bytes_add(&text, line, strlen(line) + 1);
	struct bytes file = onnx_from_text((const char *)text.data);
	bytes_free(&text);
	return file;
}

static void run_chain(struct cases *cases, unsigned convolutions)
{
	char name[64], path[] = "/tmp/hidp-bench-XXXXXX";
	snprintf(name, sizeof name, "chain of %u", convolutions);
	if (!bench_wanted(cases->bench, name))
		return;
	struct bytes file = chain(convolutions);
	int descriptor = mkstemp(path);
	FILE *to = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
	if (to == NULL || fwrite(file.data, 1, file.size, to) != file.size || fclose(to) != 0)
		bench_fail("%s: it cannot be written", path);
	bytes_free(&file);
	run_file(cases, name, path);
	unlink(path);
}

int main(int argc, char **argv)
{
	struct bench bench;
	bench_start(&bench, "import", argc, argv);
	struct bench_table *table = bench_table_new(&bench, "Reading ONNX files", columns,
	                                            sizeof columns / sizeof *columns);
	struct cases cases = {&bench, table};
	for (unsigned n = 10; n <= (bench.quick ? 100 : 1000); n *= bench.quick ? 3 : 10)
		run_chain(&cases, n);
	if (bench.files != NULL)
		onnx_files(&bench, run_file, &cases);
	bench_table_end(table);
	return bench_end(&bench);
}
