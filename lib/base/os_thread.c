/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* the cores that a thread may run on */
#endif
#include "base/os_thread.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

static void *run(void *data)
{
	struct hidp__thread *thread = data;
	thread->body(thread->argument);
	return NULL;
}

bool hidp__thread_start(struct hidp__thread *thread, void (*body)(void *), void *argument)
{
	sigset_t all, before;
	thread->body = body;
	thread->argument = argument;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	bool started = pthread_create(&thread->handle, NULL, run, thread) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void hidp__thread_join(struct hidp__thread *thread)
{
	pthread_join(thread->handle, NULL);
}

bool hidp__thread_pin(const uint32_t *cores, uint32_t count)
{
#ifdef __linux__
	cpu_set_t set;
	CPU_ZERO(&set);
	for (uint32_t i = 0; i < count; i++) {
		if (cores[i] >= CPU_SETSIZE)
			return false;
		CPU_SET(cores[i], &set);
	}
	return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
#else
	(void)cores;
	(void)count;
	return false;
#endif
}

bool hidp__mutex_init(struct hidp__mutex *mutex)
{
	return pthread_mutex_init(&mutex->handle, NULL) == 0;
}

void hidp__mutex_destroy(struct hidp__mutex *mutex)
{
	pthread_mutex_destroy(&mutex->handle);
}

void hidp__mutex_lock(struct hidp__mutex *mutex)
{
	pthread_mutex_lock(&mutex->handle);
}

void hidp__mutex_unlock(struct hidp__mutex *mutex)
{
	pthread_mutex_unlock(&mutex->handle);
}

bool hidp__event_init(struct hidp__event *event)
{
	pthread_condattr_t attributes;
	atomic_init(&event->count, 0);
	atomic_init(&event->sleepers, 0);
	if (pthread_mutex_init(&event->mutex, NULL) != 0)
		return false;
	if (pthread_condattr_init(&attributes) == 0) {
		bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		          pthread_cond_init(&event->condition, &attributes) == 0;
		pthread_condattr_destroy(&attributes);
		if (ok)
			return true;
	}
	pthread_mutex_destroy(&event->mutex);
	return false;
}

void hidp__event_destroy(struct hidp__event *event)
{
	pthread_cond_destroy(&event->condition);
	pthread_mutex_destroy(&event->mutex);
}

unsigned hidp__event_count(struct hidp__event *event)
{
	return atomic_load(&event->count);
}

void hidp__event_tell(struct hidp__event *event)
{
	/* both sides in one order: either the sleeper sees the count, or it is seen asleep */
	atomic_fetch_add(&event->count, 1);
	if (atomic_load(&event->sleepers) == 0)
		return;
	pthread_mutex_lock(&event->mutex);
	pthread_cond_broadcast(&event->condition);
	pthread_mutex_unlock(&event->mutex);
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ __volatile__("yield");
#endif
}

bool hidp__event_wait(struct hidp__event *event, unsigned count, double spin_s, double until_s)
{
	double end = spin_s > 0 ? hidp__clock() + spin_s : 0;
	for (bool more = spin_s > 0; more;) {
		for (int i = 0; i < 64; i++) {
			if (atomic_load_explicit(&event->count, memory_order_acquire) != count)
				return true;
			relax();
		}
		/* the thread that is waited for may want this core */
		sched_yield();
		more = hidp__clock() < end;
	}
	bool in_time = true;
	pthread_mutex_lock(&event->mutex);
	atomic_fetch_add(&event->sleepers, 1);
	while (in_time && atomic_load(&event->count) == count) {
		if (until_s == 0) {
			pthread_cond_wait(&event->condition, &event->mutex);
			continue;
		}
		struct timespec at;
		at.tv_sec = (time_t)floor(until_s);
		at.tv_nsec = (long)((until_s - floor(until_s)) * 1e9);
		in_time =
			pthread_cond_timedwait(&event->condition, &event->mutex, &at) != ETIMEDOUT;
	}
	atomic_fetch_sub(&event->sleepers, 1);
	in_time = atomic_load(&event->count) != count;
	pthread_mutex_unlock(&event->mutex);
	return in_time;
}

double hidp__clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double hidp__wall_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
