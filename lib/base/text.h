/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_TEXT_H
#define HIDP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <hidp/status.h>

/*
 * Text for a caller's buffer: writes what fits, counts what is needed. Nothing
 * is allocated, so it cannot fail; a caller asks once with size 0 and again with
 * a buffer that is large enough.
 */
struct hidp__text {
	char *buffer;
	size_t size;   /* of buffer; 0: only count */
	size_t needed; /* bytes so far, without the NUL */
};

/* Begins a text; false if the arguments are wrong (no buffer, but a size). */
bool hidp__text_begin(struct hidp__text *text, char *buffer, size_t size);
void hidp__text_add(struct hidp__text *text, const char *bytes, size_t length);
void hidp__text_adds(struct hidp__text *text, const char *string);
__attribute__((format(printf, 2, 3))) void hidp__text_addf(struct hidp__text *text,
                                                           const char *format, ...);
/* Ends the text with a NUL and tells the length. */
hidp_status hidp__text_end(struct hidp__text *text, size_t *needed_out);

/* A duration for people: "1.234 s", "56.7 ms", "8.90 us"; bytes: "1.20 MB". Returns buffer. */
char *hidp__text_seconds(double seconds, char buffer[32]);
char *hidp__text_bytes(double bytes, char buffer[32]);

#endif
