/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_OS_THREAD_H
#define HIDP_BASE_OS_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A thread of the library; stays where it is while it runs. */
struct hidp__thread {
	pthread_t handle;
	void (*body)(void *);
	void *argument;
};

/* Starts a thread that runs body(argument). Signals stay with the host's threads. false: it cannot.
 */
bool hidp__thread_start(struct hidp__thread *thread, void (*body)(void *), void *argument);
/* Waits for its end. */
void hidp__thread_join(struct hidp__thread *thread);
/* Keeps the calling thread to these cores. false: there are no such cores, or it may not. */
bool hidp__thread_pin(const uint32_t *cores, uint32_t count);

/* Only one at a time, for moments. */
struct hidp__mutex {
	pthread_mutex_t handle;
};

bool hidp__mutex_init(struct hidp__mutex *mutex);
void hidp__mutex_destroy(struct hidp__mutex *mutex);
void hidp__mutex_lock(struct hidp__mutex *mutex);
void hidp__mutex_unlock(struct hidp__mutex *mutex);

/*
 * Something happened: some threads wait for it, others tell. A waiting thread takes the
 * count, looks whether there is anything to do, and if not waits for another count; so
 * nothing that was told after it looked is missed.
 */
struct hidp__event {
	atomic_uint count;
	atomic_uint sleepers;
	pthread_mutex_t mutex;
	pthread_cond_t condition;
};

bool hidp__event_init(struct hidp__event *event);
void hidp__event_destroy(struct hidp__event *event);
unsigned hidp__event_count(struct hidp__event *event);
void hidp__event_tell(struct hidp__event *event);
/*
 * Waits until the count is another one: for spin_s by looking, then asleep. until_s: on
 * hidp__clock(), 0: for ever. false: the time is over.
 */
bool hidp__event_wait(struct hidp__event *event, unsigned count, double spin_s, double until_s);

/* Seconds on a clock that never goes back; seconds since 1970. */
double hidp__clock(void);
double hidp__wall_clock(void);

#endif
