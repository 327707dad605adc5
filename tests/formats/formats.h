/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_FORMATS_H
#define HIDP_TESTS_FORMATS_H

#include <stddef.h>

#include <check.h>

#include <hidp/hidp.h>

/* What the tests of documents share. */

/* The context of a test; after it, nothing must be left of what it allocated. */
extern struct hidp_context *context;
/* A test case with that context. */
TCase *formats_case(const char *name);
/* Runs it as a suite of its own; the status to exit with. */
int formats_run(TCase *tc);

/* A file of the source tree, NUL-terminated; free() it. Ends the test if there is none. */
char *formats_read(const char *path, size_t *length_out);

/* Node profiles from a folder of the source tree, as a hidp_profile_fn; user_data is a struct formats_profiles. */
struct formats_profiles {
	const char *folder;
	char *texts[64];
	size_t count;
};
hidp_status formats_profile(void *user_data, const char *name, const char **text_out,
                            size_t *length_out);
void formats_profiles_free(struct formats_profiles *profiles);

/*
 * A document that must be refused. The first '@' in the text is no part of it: it
 * stands before the place that the diagnostic must name. Without one there must be
 * no place. `words` must be in the message.
 */
struct refusal {
	const char *text;
	hidp_status status;
	const char *subject;
	const char *words;
};

enum formats_kind { FORMATS_MODEL, FORMATS_CLUSTER, FORMATS_PLAN, FORMATS_COST, FORMATS_STRING };

/*
 * Costs are read for these: "net" of the layers "image", "conv" and "pool", on "box" with "cpu"
 * and "gpu", and "pi" with "cpu".
 */
struct hidp_model *formats_cost_model(void);
struct hidp_cluster *formats_cost_cluster(void);

/* Reads a document and throws the result away. */
hidp_status formats_try(enum formats_kind kind, const char *text, size_t length,
                        struct hidp_diagnostic *diagnostic);
void formats_refuse(enum formats_kind kind, const struct refusal *refusal);
/* Must be read; ends the test with the diagnostic if not. */
struct hidp_model *formats_model(const char *text, size_t length);
struct hidp_cluster *formats_cluster(const char *text, size_t length,
                                     struct formats_profiles *profiles);
struct hidp_plan *formats_plan(const char *text, size_t length);
struct hidp_cost *formats_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                               const char *text, size_t length);
/* Written; free() it. */
char *formats_write_model(const struct hidp_model *model);
char *formats_write_cluster(const struct hidp_cluster *cluster);
char *formats_write_plan(const struct hidp_plan *plan);
char *formats_write_cost(const struct hidp_model *model, const struct hidp_cluster *cluster,
                         const struct hidp_cost *cost);

#endif
