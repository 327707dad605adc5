/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_size_t used; /* targets may have threads */

_Noreturn void fuzz_stop(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
	abort();
}

static void *limited_alloc(void *user_data, size_t size, size_t alignment)
{
	(void)user_data;
	(void)alignment;
	void *pointer = NULL;
	if (atomic_fetch_add(&used, size) + size <= FUZZ_MEMORY)
		pointer = malloc(size);
	if (pointer == NULL)
		atomic_fetch_sub(&used, size);
	return pointer;
}

static void limited_free(void *user_data, void *pointer, size_t size, size_t alignment)
{
	(void)user_data;
	(void)alignment;
	used -= size;
	free(pointer);
}

struct hidp_context *fuzz_begin(void)
{
	struct hidp_context_options options = HIDP_CONTEXT_OPTIONS_INIT;
	struct hidp_context *context = NULL;
	options.alloc = limited_alloc;
	options.free = limited_free;
	FUZZ_MUST(hidp_context_new(&options, &context) == HIDP_OK);
	return context;
}

void fuzz_end(struct hidp_context *context)
{
	hidp_context_unref(context);
	FUZZ_MUST(used == 0);
}

void fuzz_check_refusal(hidp_status status, const struct hidp_diagnostic *said)
{
	FUZZ_MUST(status < 0);
	FUZZ_MUST(said->status == status);
	FUZZ_MUST(said->message[0] != '\0');
	FUZZ_MUST((said->line == 0) == (said->column == 0));
	if (status == HIDP_ERR_SYNTAX)
		FUZZ_MUST(said->line != 0);
}
