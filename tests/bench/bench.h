/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_BENCH_H
#define HIDP_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hidp/hidp.h>

/*
 * What the benchmarks share. They use the public interface alone, one thread, and
 * never fail because something took long; what is wrong ends the program.
 */

enum { BENCH_PEERS_MAX = 2 };

/* How a benchmark was called; main() fills it in through bench_start(). */
struct bench {
	const char *name;
	const char *tsv_path; /* NULL: none */
	const char *only;     /* NULL: all cases */
	const char *kernels;  /* NULL: the first that were built */
	uint32_t peer_count;  /* other programs for the same problems, to be run as well */
	const char *peers[BENCH_PEERS_MAX];
	const char *files;    /* what to read, NULL: nothing */
	double disturb;       /* part of a core that another process takes, 0: none */
	bool quick;           /* few repetitions of few cases: does the benchmark itself work? */
	bool cpu_time;        /* the thread's clock in place of the wall's */
	uint32_t repeats;     /* wanted of every measurement */
	double budget_s;      /* a measurement that takes longer ends, with MIN_REPEATS or more */
	struct hidp_context *context; /* counts, see bench_memory */
};

/* Reads the command line and makes the context; ends the program if asked to or on nonsense. */
void bench_start(struct bench *bench, const char *name, int argc, char **argv);
/* Checks that nothing is left in the context. Returns main()'s status. */
int bench_end(struct bench *bench);

/* Whether the command line wants a case: all words of `only` stand in its description. */
bool bench_wanted(const struct bench *bench, const char *description);

/* Ends the program with a message. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *format, ...);
/* Ends the program if a call has failed. */
void bench_must(hidp_status status, const struct hidp_diagnostic *said, const char *what);

/* ---- memory: what the context's allocator has counted ---- */

struct bench_memory {
	uint64_t calls;      /* allocations so far */
	size_t now_bytes;    /* held at present */
	size_t peak_bytes;   /* largest value of now_bytes since bench_memory_mark() */
	size_t marked_bytes; /* held at that time */
};

struct bench_memory bench_memory(void);
/* The peak starts again from what is held now. */
void bench_memory_mark(void);

/* ---- time ---- */

/* Of a sample: quartiles by linear interpolation. */
struct bench_spread {
	double median, low, high; /* second, first and third quartile */
	uint32_t count;
};

enum { BENCH_REPEATS_MAX = 1000, BENCH_REPEATS_MIN = 5 };

struct bench_sample {
	double values[BENCH_REPEATS_MAX];
	uint32_t count;
	double began_s; /* when the first value was wanted */
};

double bench_now(const struct bench *bench);
/* Begins a sample. */
void bench_sample_begin(const struct bench *bench, struct bench_sample *sample);
/* Whether another value is wanted. */
bool bench_sample_more(const struct bench *bench, const struct bench_sample *sample);
void bench_sample_add(struct bench_sample *sample, double value);
struct bench_spread bench_sample_spread(struct bench_sample *sample);

/* ---- planning ---- */

/* What planning a case gave and took. */
struct bench_result {
	bool feasible; /* if not, nothing else is filled in */
	struct bench_spread time_s;
	struct hidp_plan_figures figures;
	uint64_t calls;    /* of the allocator, per plan */
	size_t peak_bytes; /* at most held while planning, beside model and cluster */
	size_t total_bytes; /* the same with model and cluster, as far as this context holds them */
};

/*
 * Plans, at first once to warm up, then as often as is wanted. Every plan must pass
 * the verifier, have a bound no larger than its objective, and be the same each time.
 */
void bench_plan(const struct bench *bench, const struct hidp_model *model,
                const struct hidp_cluster *cluster, const struct hidp_plan_options *options,
                struct bench_result *result_out);

/* A valid plan, or NULL if there is none within the limits. */
struct hidp_plan *bench_plan_once(const struct hidp_model *model,
                                  const struct hidp_cluster *cluster,
                                  const struct hidp_plan_options *options);
struct hidp_plan_figures bench_figures(const struct hidp_plan *plan);
/* Same decisions, same figures, bit by bit; only search effort may differ. */
bool bench_same_plans(const struct hidp_plan *a, const struct hidp_plan *b);

/* ---- problems ---- */

extern const char *const bench_objectives[3]; /* names by hidp_objective */
/* The networks of the paper, names of the zoo. */
enum { BENCH_NETWORKS = 4 };
extern const char *const bench_networks[BENCH_NETWORKS];

struct hidp_model *bench_network(struct hidp_context *context, const char *name);
#ifdef BENCH_BOARDS
/* A cluster of examples/boards/, for example "paper_wifi". */
struct hidp_cluster *bench_boards(struct hidp_context *context, const char *name);
/* A cluster document that may name profiles of examples/boards/. */
struct hidp_cluster *bench_cluster(struct hidp_context *context, const char *text, size_t length);
#endif

/* Made-up networks of any depth, with as many sealed layers as asked for. */
enum bench_shape {
	BENCH_CHAIN,    /* convolutions, one after another */
	BENCH_RESIDUAL, /* bottlenecks of three convolutions and an addition */
	BENCH_BRANCHES, /* modules of three branches and a concatenation */
	BENCH_SHAPES
};
extern const char *const bench_shapes[BENCH_SHAPES];

struct hidp_model *bench_deep_model(struct hidp_context *context, enum bench_shape shape,
                                    uint32_t layers);
/*
 * Unequal nodes of unequal processors, all different, on a LAN or (`shared`) all on
 * one medium. Node i of a smaller cluster is node i of a larger one.
 */
struct hidp_cluster *bench_wide_cluster(struct hidp_context *context, uint32_t nodes,
                                        uint32_t processors, bool shared);

/* ---- results: a table on the terminal and tab-separated values in a file ---- */

struct bench_column {
	const char *name;   /* in the file, SI units; one word */
	const char *title;  /* in the table; NULL: the column is in the file alone */
	int width;          /* in the table; negative: to the left */
	int decimals;       /* in the table */
	double scale;       /* value in the table per value in the file */
};

struct bench_table;

/* Columns are not copied. `title` is above the table. */
struct bench_table *bench_table_new(const struct bench *bench, const char *title,
                                    const struct bench_column *columns, size_t count);
/* Cells from left to right, row after row. NAN: there is none. */
void bench_text(struct bench_table *table, const char *text);
void bench_number(struct bench_table *table, double value);
/* Three columns: median, first and third quartile. */
void bench_spread(struct bench_table *table, struct bench_spread spread);
void bench_table_end(struct bench_table *table);

#endif
