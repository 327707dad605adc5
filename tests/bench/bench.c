/* SPDX-License-Identifier: MIT */
/* The command line, the counting allocator, the clock and samples. */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct bench_memory memory; /* of one thread */

static void *count_alloc(void *user_data, size_t size, size_t alignment)
{
	struct bench_memory *m = user_data;
	void *p = NULL;
	if (alignment <= _Alignof(max_align_t))
		p = malloc(size);
	else if (posix_memalign(&p, alignment, size) != 0)
		p = NULL;
	if (p == NULL)
		return NULL;
	m->calls++;
	m->now_bytes += size;
	if (m->now_bytes > m->peak_bytes)
		m->peak_bytes = m->now_bytes;
	return p;
}

static void count_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	struct bench_memory *m = user_data;
	(void)alignment;
	m->now_bytes -= size;
	free(pointer);
}

struct bench_memory bench_memory(void)
{
	return memory;
}

void bench_memory_mark(void)
{
	memory.marked_bytes = memory.now_bytes;
	memory.peak_bytes = memory.now_bytes;
}

void bench_fail(const char *format, ...)
{
	va_list args;
	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void bench_must(hidp_status status, const struct hidp_diagnostic *said, const char *what)
{
	if (status == HIDP_OK)
		return;
	bench_fail("%s: %s%s%s%s%s", what, hidp_status_string(status),
	           said != NULL && said->subject[0] != '\0' ? ": " : "",
	           said != NULL ? said->subject : "",
	           said != NULL && said->message[0] != '\0' ? ": " : "",
	           said != NULL ? said->message : "");
}

static void usage(FILE *out, const char *name)
{
	fprintf(out,
	        "usage: bench-%s [--quick] [--repeats N] [--budget SECONDS]\n"
	        "       [--only WORDS] [--cpu-time] [--kernels NAME] [--tsv FILE]\n"
	        "       [--peer PROGRAM] [--files PATH] [--disturb PART]\n"
	        "\n"
	        "  --quick       few repetitions of few cases, to see that it works\n"
	        "  --repeats N   repetitions of every measurement (30, at most %d)\n"
	        "  --budget S    end a measurement after so many seconds, but not before\n"
	        "                %d repetitions (10)\n"
	        "  --only WORDS  only cases that have all these words, for example 'vgg19 wifi'\n"
	        "  --cpu-time    measure processor time of the thread, not time on the wall:\n"
	        "                steadier on a machine that does other things too\n"
	        "  --kernels NAME  those it is about, where it knows several: onednn, xnnpack\n"
	        "  --tsv FILE    write tab-separated values as well\n"
	        "  --peer FILE   another program for the same problems, which runs as well where\n"
	        "                the benchmark knows one; at most %d times\n"
	        "  --files PATH  networks to read, where the benchmark reads any\n"
	        "  --disturb P   another process takes this part of a core, 0 to 1, where the\n"
	        "                benchmark is about that\n",
	        name, BENCH_REPEATS_MAX, BENCH_REPEATS_MIN, BENCH_PEERS_MAX);
}

/* A number that is an option's value; ends the program if it is none within the range. */
static double option_number(const char *option, const char *value, double low, double high)
{
	char *end = NULL;
	double number = value != NULL ? strtod(value, &end) : 0;
	if (value == NULL || end == value || *end != '\0' || !(number >= low && number <= high))
		bench_fail("%s wants a number from %g to %g", option, low, high);
	return number;
}

void bench_start(struct bench *bench, const char *name, int argc, char **argv)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	*bench = (struct bench){.name = name, .repeats = 30, .budget_s = 10};
	for (int i = 1; i < argc; i++) {
		const char *option = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		if (strcmp(option, "--help") == 0) {
			usage(stdout, name);
			exit(0);
		} else if (strcmp(option, "--quick") == 0) {
			bench->quick = true;
			bench->repeats = 3;
		} else if (strcmp(option, "--cpu-time") == 0) {
			bench->cpu_time = true;
		} else if (strcmp(option, "--repeats") == 0) {
			double repeats = option_number(option, value, 1, BENCH_REPEATS_MAX);
			bench->repeats = (uint32_t)repeats;
			i++;
		} else if (strcmp(option, "--budget") == 0) {
			bench->budget_s = option_number(option, value, 0, 1e6);
			i++;
		} else if (strcmp(option, "--only") == 0 && value != NULL) {
			bench->only = value;
			i++;
		} else if (strcmp(option, "--peer") == 0 && value != NULL &&
		           bench->peer_count < BENCH_PEERS_MAX) {
			bench->peers[bench->peer_count++] = value;
			i++;
		} else if (strcmp(option, "--kernels") == 0 && value != NULL) {
			bench->kernels = value;
			i++;
		} else if (strcmp(option, "--files") == 0 && value != NULL) {
			bench->files = value;
			i++;
		} else if (strcmp(option, "--disturb") == 0) {
			bench->disturb = option_number(option, value, 0, 0.99);
			i++;
		} else if (strcmp(option, "--tsv") == 0 && value != NULL) {
			bench->tsv_path = value;
			i++;
		} else {
			usage(stderr, name);
			exit(2);
		}
	}
	/* the file is written table by table */
	if (bench->tsv_path != NULL && remove(bench->tsv_path) != 0 && errno != ENOENT)
		bench_fail("%s: %s", bench->tsv_path, strerror(errno));
	options.alloc = count_alloc;
	options.free = count_free;
	options.alloc_user_data = &memory;
	bench_must(hidp_context_new(&options, &bench->context), NULL, "context");
}

bool bench_wanted(const struct bench *bench, const char *description)
{
	const char *at = bench->only != NULL ? bench->only : "";
	char word[64];
	int length;
	for (; sscanf(at, " %63s%n", word, &length) == 1; at += length)
		if (strstr(description, word) == NULL)
			return false;
	return true;
}

int bench_end(struct bench *bench)
{
	hidp_context_unref(bench->context);
	if (memory.now_bytes != 0)
		bench_fail("%zu bytes were not given back", memory.now_bytes);
	return fflush(stdout) == 0 ? 0 : 1;
}

double bench_now(const struct bench *bench)
{
	struct timespec t;
	clock_gettime(bench->cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bench_sample_begin(const struct bench *bench, struct bench_sample *sample)
{
	sample->count = 0;
	sample->began_s = bench_now(bench);
}

bool bench_sample_more(const struct bench *bench, const struct bench_sample *sample)
{
	uint32_t least = bench->repeats < BENCH_REPEATS_MIN ? bench->repeats : BENCH_REPEATS_MIN;
	if (sample->count < least)
		return true;
	return sample->count < bench->repeats &&
	       bench_now(bench) - sample->began_s < bench->budget_s;
}

void bench_sample_add(struct bench_sample *sample, double value)
{
	sample->values[sample->count++] = value;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double quantile(const struct bench_sample *sample, double q)
{
	double at = q * (sample->count - 1);
	uint32_t i = (uint32_t)at;
	uint32_t j = i + 1 < sample->count ? i + 1 : i;
	return sample->values[i] + (at - i) * (sample->values[j] - sample->values[i]);
}

struct bench_spread bench_sample_spread(struct bench_sample *sample)
{
	qsort(sample->values, sample->count, sizeof sample->values[0], compare);
	return (struct bench_spread){.median = quantile(sample, 0.5),
	                             .low = quantile(sample, 0.25),
	                             .high = quantile(sample, 0.75),
	                             .count = sample->count};
}
