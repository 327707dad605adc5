/* SPDX-License-Identifier: MIT */
/* Messages, numbers and files. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

void complain(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fflush(stdout);
	fputs("hidp: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

int complain_usage(const char *command, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s: ", command);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nTry '%s --help'.\n", command);
	va_end(args);
	return CLI_USAGE;
}

void complain_status(const char *place, hidp_status status, const struct hidp_diagnostic *said)
{
	char where[64] = "";
	bool detail = said != NULL && said->status == status && said->message[0] != '\0';
	if (detail && said->line != 0)
		snprintf(where, sizeof where, ":%u:%u", said->line, said->column);
	if (!detail)
		complain("%s: %s", place, hidp_status_string(status));
	else if (said->subject[0] == '\0' || strcmp(said->subject, "document") == 0)
		complain("%s%s: %s", place, where, said->message);
	else
		complain("%s%s: %s: %s", place, where, said->subject, said->message);
}

bool parse_number(const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*out);
}

/* A number and one of the units; without a unit it is in the first. */
static bool parse_quantity(const char *text, const char *const *units, const double *scales,
                           size_t count, double *out)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || !isfinite(value) || !(value >= 0))
		return false;
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(end, units[i]) == 0 || (i == 0 && *end == '\0')) {
			*out = value * scales[i];
			return true;
		}
	}
	return false;
}

bool parse_seconds(const char *text, double *out)
{
	static const char *const units[] = {"s", "ms", "us", "\xc2\xb5s"};
	static const double scales[] = {1, 1e-3, 1e-6, 1e-6};
	return parse_quantity(text, units, scales, 4, out);
}

bool parse_joules(const char *text, double *out)
{
	static const char *const units[] = {"J", "mJ", "uJ"};
	static const double scales[] = {1, 1e-3, 1e-6};
	return parse_quantity(text, units, scales, 3, out);
}

bool parse_list(const char *text, double *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *end;
		out[i] = strtod(text, &end);
		if (end == text || !isfinite(out[i]) || !(out[i] >= 0) ||
		    *end != (i + 1 < count ? ',' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

char *short_count(double value, char buffer[32])
{
	static const char *const units[] = {"", " k", " M", " G", " T"};
	size_t i = 0;
	while (value >= 999.5 && i < 4) {
		value /= 1000;
		i++;
	}
	int decimals = value < 99.95 ? 1 : 0;
	if (i == 0)
		decimals = 0;
	else if (value < 9.995)
		decimals = 2;
	snprintf(buffer, 32, "%.*f%s", decimals, value, units[i]);
	return buffer;
}

char *read_file(const char *path, size_t *length_out)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	FILE *file = standard ? stdin : fopen(path, "rb");
	size_t length = 0, capacity = 1 << 16;
	char *text = malloc(capacity);
	if (file == NULL || text == NULL) {
		complain("%s: %s", name, strerror(errno));
		if (file != NULL && !standard)
			fclose(file);
		free(text);
		return NULL;
	}
	for (;;) {
		length += fread(text + length, 1, capacity - length - 1, file);
		if (length + 1 < capacity)
			break;
		char *more = realloc(text, capacity * 2);
		if (more == NULL)
			break;
		text = more;
		capacity *= 2;
	}
	bool ok = !ferror(file) && feof(file);
	if (!ok)
		complain("%s: %s", name, strerror(errno));
	if (!standard)
		fclose(file);
	if (!ok) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*length_out = length;
	return text;
}

static bool write_all(FILE *file, const char *text, size_t length)
{
	return fwrite(text, 1, length, file) == length && fflush(file) == 0;
}

/* Into a file that can be written to, but not be replaced: a device, a pipe, a symbolic link. */
static bool write_through(const char *path, const char *text, size_t length)
{
	FILE *file = fopen(path, "wb");
	bool ok = file != NULL && write_all(file, text, length);
	int error = errno;
	if (file != NULL && fclose(file) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (!ok)
		complain("%s: %s", path, strerror(error));
	return ok;
}

bool write_file(const char *path, const char *text, size_t length)
{
	struct stat info;
	if (strcmp(path, "-") == 0) {
		fwrite(text, 1, length, stdout); /* finish_output() looks for errors */
		return true;
	}
	if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
		return write_through(path, text, length);
	char *temporary = malloc(strlen(path) + sizeof ".XXXXXX");
	if (temporary == NULL) {
		complain("%s: %s", path, strerror(errno));
		return false;
	}
	sprintf(temporary, "%s.XXXXXX", path);
	int fd = mkstemp(temporary);
	mode_t mask = umask(0);
	umask(mask);
	FILE *file = fd >= 0 && fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "wb") : NULL;
	bool ok = file != NULL && write_all(file, text, length) && fsync(fd) == 0;
	int error = errno;
	if (file != NULL ? fclose(file) != 0 : fd >= 0 && close(fd) != 0) {
		error = ok ? errno : error;
		ok = false;
	}
	if (ok && rename(temporary, path) != 0) {
		error = errno;
		ok = false;
	}
	if (!ok) {
		complain("%s: %s", path, strerror(error));
		if (fd >= 0)
			unlink(temporary);
	}
	free(temporary);
	return ok;
}

int finish_output(int exit_status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return exit_status;
	complain("standard output: %s", strerror(errno));
	return exit_status == CLI_OK ? CLI_FAILURE : exit_status;
}
