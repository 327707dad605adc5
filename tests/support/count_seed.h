/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_COUNT_SEED_H
#define HIDP_TESTS_COUNT_SEED_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads [--count N] [--seed N]; what is not given stays. false: told how it is called. */
static inline bool read_count_and_seed(int argc, char **argv, const char *name,
                                       unsigned long long *count, unsigned long long *seed)
{
	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && strcmp(argv[i], "--count") == 0) {
			*count = strtoull(argv[++i], NULL, 10);
		} else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
			*seed = strtoull(argv[++i], NULL, 10);
		} else {
			fprintf(stderr, "usage: %s [--count N] [--seed N]\n", name);
			return false;
		}
	}
	return true;
}

#endif
