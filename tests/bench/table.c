/* SPDX-License-Identifier: MIT */
/* Results as a table and as tab-separated values. */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

struct bench_table {
	FILE *tsv; /* NULL: none */
	const struct bench_column *columns;
	size_t count, at; /* columns, and the next cell's */
};

/* First line of a file that begins with `key`, from behind its colon. */
static void find_line(const char *path, const char *key, char *out, size_t size)
{
	char line[512];
	FILE *file = fopen(path, "r");
	snprintf(out, size, "unknown");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		char *colon = strchr(line, ':');
		if (strncmp(line, key, strlen(key)) != 0 || colon == NULL)
			continue;
		snprintf(out, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
		out[strcspn(out, "\n")] = '\0';
		break;
	}
	if (file != NULL)
		fclose(file);
}

/* Where and how: figures mean nothing without. */
static void say_machine(FILE *out, const struct bench *bench, const char *mark)
{
	char processor[128];
	struct utsname system;
	find_line("/proc/cpuinfo", "model name", processor, sizeof processor);
	if (uname(&system) != 0)
		memset(&system, 0, sizeof system);
	fprintf(out, "%slibhidp %d.%d.%d, %s, %s %s, %s\n", mark, HIDP_VERSION_MAJOR,
	        HIDP_VERSION_MINOR, HIDP_VERSION_PATCH, processor,
	        system.sysname, system.machine, BENCH_BUILD);
	fprintf(out, "%sone thread, %s; median, first and third quartile of %u repetitions%s\n",
	        mark, bench->cpu_time ? "time of its processor" : "time on the wall",
	        bench->repeats, bench->quick ? " (quick: figures mean little)" : "");
}

struct bench_table *bench_table_new(const struct bench *bench, const char *title,
                                    const struct bench_column *columns, size_t count)
{
	struct bench_table *t = calloc(1, sizeof *t);
	if (t == NULL)
		bench_fail("out of memory");
	*t = (struct bench_table){.columns = columns, .count = count};
	printf("\n%s\n", title);
	say_machine(stdout, bench, "");
	printf("\n");
	for (size_t i = 0; i < count; i++)
		if (columns[i].title != NULL)
			printf("%*s ", columns[i].width, columns[i].title);
	printf("\n");
	if (bench->tsv_path == NULL)
		return t;
	t->tsv = fopen(bench->tsv_path, "a");
	if (t->tsv == NULL)
		bench_fail("%s: %s", bench->tsv_path, strerror(errno));
	/* every table begins with lines of '#' and its columns' names */
	fprintf(t->tsv, "# %s: %s\n", bench->name, title);
	say_machine(t->tsv, bench, "# ");
	for (size_t i = 0; i < count; i++)
		fprintf(t->tsv, "%s%c", columns[i].name, i + 1 < count ? '\t' : '\n');
	return t;
}

static void end_cell(struct bench_table *t)
{
	bool last = ++t->at == t->count;
	if (t->tsv != NULL)
		fputc(last ? '\n' : '\t', t->tsv);
	if (!last)
		return;
	putchar('\n');
	fflush(stdout); /* rows can be seconds apart */
	t->at = 0;
}

void bench_text(struct bench_table *table, const char *text)
{
	const struct bench_column *c = &table->columns[table->at];
	if (c->title != NULL)
		printf("%*s ", c->width, text);
	if (table->tsv != NULL)
		fputs(text, table->tsv);
	end_cell(table);
}

void bench_number(struct bench_table *table, double value)
{
	const struct bench_column *c = &table->columns[table->at];
	if (isnan(value)) {
		bench_text(table, "-");
		return;
	}
	if (c->title != NULL)
		printf("%*.*f ", c->width, c->decimals, value * c->scale);
	if (table->tsv != NULL)
		fprintf(table->tsv, "%.9g", value);
	end_cell(table);
}

void bench_spread(struct bench_table *table, struct bench_spread spread)
{
	bool none = spread.count == 0;
	bench_number(table, none ? NAN : spread.median);
	bench_number(table, none ? NAN : spread.low);
	bench_number(table, none ? NAN : spread.high);
}

void bench_table_end(struct bench_table *table)
{
	if (table->tsv != NULL && fclose(table->tsv) != 0)
		bench_fail("the file could not be written");
	free(table);
}
