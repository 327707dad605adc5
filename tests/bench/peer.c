/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* wait4() */
#include "peer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* Runs of which the quickest counts, as long as all of them take no longer. */
#define RUNS 15
#define SECONDS 2.0

__attribute__((noreturn)) static void become(const char *const *arguments, const char *input,
                                             const char *output)
{
	union {
		const char *const *given;
		char *const *taken; /* execv() changes none of them */
	} list = {arguments};
	int in = open(input != NULL ? input : "/dev/null", O_RDONLY);
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int null = open("/dev/null", O_WRONLY);
	if (in >= 0 && out >= 0 && null >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
	    dup2(null, 2) == 2)
		execv(arguments[0], list.taken);
	_exit(127);
}

static struct bench_peer run_once(const char *const *arguments, const char *input,
                                  const char *output)
{
	struct rusage used;
	int status;
	pid_t child = fork();
	if (child == 0)
		become(arguments, input, output);
	if (child < 0 || wait4(child, &status, 0, &used) < 0)
		bench_fail("%s: cannot be run", arguments[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bench_fail("%s: failed", arguments[0]);
	double seconds = (double)used.ru_utime.tv_sec + 1e-6 * (double)used.ru_utime.tv_usec +
	                 (double)used.ru_stime.tv_sec + 1e-6 * (double)used.ru_stime.tv_usec;
	return (struct bench_peer){seconds, (size_t)used.ru_maxrss * 1024};
}

struct bench_peer bench_run_peer(const char *const *arguments, const char *input,
                                 const char *output)
{
	struct bench_peer best = run_once(arguments, input, output);
	double all = best.seconds;
	for (int i = 1; i < RUNS && all < SECONDS; i++) {
		struct bench_peer next = run_once(arguments, input, output);
		best = next.seconds < best.seconds ? next : best;
		all += next.seconds;
	}
	return best;
}
