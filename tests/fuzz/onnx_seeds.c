/* SPDX-License-Identifier: MIT */
/*
 *     onnx-seeds TEXT FOLDER STAMP
 *
 * Makes ONNX files out of lines of text (tests/onnx/from_text.h), which are divided by empty lines.
 * They are written into a folder, and an empty file when all are there.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "from_text.h"

#define LINES_MAX 65536

static bool write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool done = file != NULL && fwrite(data, 1, size, file) == size;
	if (file != NULL && fclose(file) != 0)
		done = false;
	if (!done)
		perror(path);
	return done;
}

static bool write_seed(const char *folder, unsigned number, const char *text)
{
	char path[4096];
	struct bytes bytes = onnx_from_text(text);
	snprintf(path, sizeof path, "%s/%03u", folder, number);
	bool done = write_file(path, bytes.data, bytes.size);
	bytes_free(&bytes);
	return done;
}

int main(int argc, char **argv)
{
	static char lines[LINES_MAX];
	unsigned number = 0;
	FILE *text = argc == 4 ? fopen(argv[1], "r") : NULL;
	if (text == NULL) {
		fprintf(stderr, "usage: onnx-seeds TEXT FOLDER STAMP\n");
		return 2;
	}
	if (mkdir(argv[2], 0777) != 0 && errno != EEXIST) {
		perror(argv[2]);
		return 1;
	}
	bool done = true, more = true;
	while (done && more) {
		size_t used = 0;
		while ((more = fgets(lines + used, (int)(sizeof lines - used), text) != NULL) &&
		       lines[used] != '\n')
			used += strlen(lines + used);
		lines[used] = '\0';
		if (used > 0)
			done = write_seed(argv[2], number++, lines);
	}
	fclose(text);
	return done && write_file(argv[3], "", 0) ? 0 : 1;
}
