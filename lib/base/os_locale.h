/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_OS_LOCALE_H
#define HIDP_BASE_OS_LOCALE_H

#include <stdbool.h>

/*
 * The locale of the calling thread. Functions of the C library and of Jansson read
 * and write numbers as it says, and Jansson aborts where the decimal point is
 * longer than one byte; so it is set aside while documents are parsed.
 */
struct hidp__locale {
	void *plain;
	void *before;
};

/* The thread's locale becomes "C", no other thread's does. false: no memory, nothing changed. */
bool hidp__locale_begin(struct hidp__locale *locale);
/* The thread gets back the locale that it had. */
void hidp__locale_end(struct hidp__locale *locale);

#endif
