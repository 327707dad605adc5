/* SPDX-License-Identifier: MIT */
#ifndef HIDP_TESTS_DISTURB_H
#define HIDP_TESTS_DISTURB_H

#include <stdint.h>

/*
 * Another process that takes a part of a core's time, 0 to 1, in periods of 10 ms: in each it
 * computes until it has had its part, however long that takes, and sleeps for the rest. It ends
 * with this process.
 */
struct disturbance {
	int process; /* 0: none */
};

/* `part` 0: none. */
void disturb_begin(struct disturbance *disturbance, uint32_t core, double part);
void disturb_end(struct disturbance *disturbance);

#endif
