/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_BENCH_PEER_H
#define HIDP_TESTS_BENCH_PEER_H

#include <stddef.h>

struct bench_peer {
	double seconds;    /* of the processor; the least of several runs, if they are short */
	size_t peak_bytes; /* resident */
};

/*
 * Runs another program, its standard input from a file, or none, and its output to a file. Ends
 * this one if it fails.
 */
struct bench_peer bench_run_peer(const char *const *arguments, const char *input,
                                 const char *output);

#endif
