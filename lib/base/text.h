/* SPDX-License-Identifier: MIT */
#ifndef HIDP_BASE_TEXT_H
#define HIDP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * Numbers with a decimal point, whatever the locale says: with 0 to 9 decimals
 * ("inf", "nan" where it is none), or shortened by the zeros at the end. The
 * others are for people: "1.23 s", "56.7 ms"; "1.20 MB"; "4.50 mJ". Return buffer.
 */
char *hidp__text_fixed(double value, int decimals, char buffer[32]);
char *hidp__text_short(double value, int decimals, char buffer[32]);
char *hidp__text_seconds(double seconds, char buffer[32]);
char *hidp__text_bytes(double bytes, char buffer[32]);
char *hidp__text_joules(double joules, char buffer[32]);

/*
 * Names come from the host and can hold anything. The next code point of a UTF-8
 * string, U+FFFD for a byte that is none; 0 at the end, which stays there.
 */
uint32_t hidp__utf8_next(const char **at);

/* Adds a string inside XML text or a quoted attribute; what XML forbids becomes U+FFFD. */
void hidp__text_add_xml(struct hidp__text *text, const char *string);
/* Adds a string with its quotes, as JSON. */
void hidp__text_add_json(struct hidp__text *text, const char *string);
/*
 * A string that is safe on a terminal (control characters become '?') and at most
 * `columns` code points long: what is too long loses its middle. At most `size`
 * bytes with the NUL; returns buffer.
 */
char *hidp__text_fit(const char *string, size_t columns, char *buffer, size_t size);
/* Code points of a string. */
size_t hidp__text_columns(const char *string);

#endif
