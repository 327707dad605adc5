/* SPDX-License-Identifier: MIT */
/* A busy neighbour. */
#include "disturb.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "ready.h"

#define PERIOD_NS 10000000

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

__attribute__((noreturn)) static void be_busy(double part)
{
	const int64_t busy_ns = (int64_t)(part * PERIOD_NS);
	int64_t next = clock_ns(CLOCK_MONOTONIC);
	for (;;) {
		int64_t had = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - had < busy_ns)
			;
		next += PERIOD_NS;
		int64_t now = clock_ns(CLOCK_MONOTONIC);
		if (next < now)
			next = now; /* what it did not get is lost */
		struct timespec until = {next / 1000000000, next % 1000000000};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
}

void disturb_begin(struct disturbance *disturbance, uint32_t core, double part)
{
	const pid_t parent = getpid();
	disturbance->process = 0;
	if (part <= 0)
		return;
	pid_t child = fork();
	if (child < 0)
		bench_fail("no process to disturb with");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		ready_pin(core);
		be_busy(part);
	}
	disturbance->process = child;
}

void disturb_end(struct disturbance *disturbance)
{
	if (disturbance->process == 0)
		return;
	kill(disturbance->process, SIGKILL);
	waitpid(disturbance->process, NULL, 0);
	disturbance->process = 0;
}
