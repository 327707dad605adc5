/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_FUZZ_H
#define HIDP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <hidp/hidp.h>

/*
 * What the fuzz targets share. A target reads an input as a document; what it could
 * read it writes, reads again and compares. Anything that should not be ends the
 * program, which is what libFuzzer and replay.c look for.
 */

/* The target's entry point, called by libFuzzer or by replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program with the place unless the condition holds. */
#define FUZZ_MUST(condition)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_stop(__FILE__, __LINE__, #condition);                                 \
	} while (0)

_Noreturn void fuzz_stop(const char *file, int line, const char *condition);

/*
 * A context whose allocator gives no more than FUZZ_MEMORY bytes in all, so that an
 * input cannot exhaust the machine. fuzz_end() checks that nothing is left of it.
 */
#define FUZZ_MEMORY ((size_t)256 << 20)
struct hidp_context *fuzz_begin(void);
void fuzz_end(struct hidp_context *context);

/* A call that failed must have said why, with a place if it was about the text. */
void fuzz_check_refusal(hidp_status status, const struct hidp_diagnostic *said);

/* Writes an object into a text of its own, NUL-terminated, to be freed. */
#define FUZZ_WRITE(function, object, text, length)                                                 \
	do {                                                                                       \
		FUZZ_MUST(function(object, NULL, 0, &(length)) == HIDP_OK);                        \
		(text) = malloc((length) + 1);                                                     \
		FUZZ_MUST((text) != NULL);                                                         \
		FUZZ_MUST(function(object, text, (length) + 1, NULL) == HIDP_OK);                  \
	} while (0)

#endif
