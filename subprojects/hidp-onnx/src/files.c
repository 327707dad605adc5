/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAPPING_MAX 16384u /* well below what Linux allows a process */
#define COMPONENT_MAX 255u

struct mapping {
	dev_t device;
	ino_t inode;
	void *data; /* NULL: the file is empty */
	size_t size;
};

void hidp_onnx__files_free(struct files *files)
{
	for (uint32_t i = 0; i < files->count; i++)
		if (files->mappings[i].data != NULL)
			munmap(files->mappings[i].data, files->mappings[i].size);
	free(files->mappings);
	*files = (struct files){0};
}

static hidp_status make_room(const struct graph *graph, struct files *files, const char *subject)
{
	if (files->count < files->room)
		return HIDP_OK;
	if (files->count == MAPPING_MAX)
		return hidp_onnx__fail(graph, subject, HIDP_ERR_LIMIT,
		                       "the model is spread over more than %u files", MAPPING_MAX);
	uint32_t room = files->room < 8 ? 8 : 2 * files->room;
	struct mapping *mappings = realloc(files->mappings, room * sizeof *mappings);
	if (mappings == NULL)
		return hidp_onnx__no_memory(graph);
	files->mappings = mappings;
	files->room = room;
	return HIDP_OK;
}

/* Maps what is open, unless it is mapped already; the file is closed in any case. */
static hidp_status map(const struct graph *graph, struct files *files, const char *subject, int fd,
                       const struct mapping **mapping_out)
{
	struct stat st;
	hidp_status status = HIDP_OK;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return hidp_onnx__fail(graph, subject, HIDP_ERR_ARGUMENT, "no regular file");
	}
	*mapping_out = NULL;
	for (uint32_t i = 0; i < files->count && *mapping_out == NULL; i++)
		if (files->mappings[i].device == st.st_dev && files->mappings[i].inode == st.st_ino)
			*mapping_out = &files->mappings[i];
	if (*mapping_out != NULL) {
		close(fd);
		return HIDP_OK;
	}
	status = make_room(graph, files, subject);
	void *data = NULL;
	if (status == HIDP_OK && (uintmax_t)st.st_size > SIZE_MAX / 2)
		status = hidp_onnx__fail(graph, subject, HIDP_ERR_LIMIT, "it is too large");
	if (status == HIDP_OK && st.st_size > 0) {
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED)
			status = hidp_onnx__fail(graph, subject, HIDP_ERR_ARGUMENT,
			                         "it cannot be mapped: %s", strerror(errno));
	}
	close(fd);
	if (status != HIDP_OK)
		return status;
	files->mappings[files->count] = (struct mapping){
		.device = st.st_dev,
		.inode = st.st_ino,
		.data = data,
		.size = (size_t)st.st_size,
	};
	*mapping_out = &files->mappings[files->count++];
	return HIDP_OK;
}

static void give(const struct mapping *mapping, const void **data_out, size_t *size_out)
{
	*data_out = mapping->data != NULL ? mapping->data : "";
	*size_out = mapping->size;
}

hidp_status hidp_onnx__map_file(const struct graph *graph, struct files *files, const char *path,
                                const void **data_out, size_t *size_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return hidp_onnx__fail(graph, "file", HIDP_ERR_ARGUMENT,
		                       "%.200s cannot be opened: %s", path, strerror(errno));
	const struct mapping *mapping = NULL;
	hidp_status status = map(graph, files, "file", fd, &mapping);
	if (status == HIDP_OK)
		give(mapping, data_out, size_out);
	return status;
}

/* The next component of a path, without its slashes; 0: there is none. */
static size_t component(const char **path)
{
	*path += strspn(*path, "/");
	return strcspn(*path, "/");
}

static hidp_status refuse(const struct graph *graph, const char *subject, const char *location,
                          const char *reason)
{
	return hidp_onnx__fail(graph, subject, HIDP_ERR_MODEL,
	                       "its data is said to be in %.150s: %s", location, reason);
}

static hidp_status cannot(const struct graph *graph, const char *subject, const char *what,
                          int error)
{
	return hidp_onnx__fail(graph, subject, HIDP_ERR_ARGUMENT,
	                       "its data, %.150s, cannot be opened: %s", what, strerror(error));
}

/* A name in the folder that is open as `at`, and no link to elsewhere. */
static hidp_status step(const struct graph *graph, const char *subject, const char *location,
                        int at, const char *name, bool last, int *fd_out)
{
	/* opening a pipe would wait for its writer */
	int fd = openat(at, name,
	                O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (last ? O_NONBLOCK : O_DIRECTORY));
	*fd_out = fd;
	if (fd >= 0)
		return HIDP_OK;
	int error = errno;
	struct stat st;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return refuse(graph, subject, location, "a symbolic link is not followed");
	return cannot(graph, subject, location, error);
}

/* Goes down from an open folder, which it closes. */
static hidp_status open_below(const struct graph *graph, int at, const char *subject,
                              const char *location, int *fd_out)
{
	char name[COMPONENT_MAX + 1];
	const char *rest = location;
	hidp_status status = HIDP_OK;
	size_t length = component(&rest);
	if (location[0] == '/')
		status = refuse(graph, subject, location, "an absolute path is not followed");
	else if (length == 0)
		status = refuse(graph, subject, location, "that is no name of a file");
	while (status == HIDP_OK && length > 0) {
		if (length > COMPONENT_MAX) {
			status = refuse(graph, subject, location, "that is no name of a file");
			break;
		}
		memcpy(name, rest, length);
		name[length] = '\0';
		rest += length;
		length = component(&rest);
		if (strcmp(name, "..") == 0) {
			status = refuse(graph, subject, location,
			                "that is outside of the model's folder");
			break;
		}
		int next = -1;
		status = step(graph, subject, location, at, name, length == 0, &next);
		close(at);
		at = next;
	}
	if (status == HIDP_OK)
		*fd_out = at;
	else if (at >= 0)
		close(at);
	return status;
}

hidp_status hidp_onnx__map_external(const struct graph *graph, struct files *files,
                                    const char *subject, const char *folder, const char *location,
                                    const void **data_out, size_t *size_out)
{
	/* the user's own folder may be a link */
	int at = open(folder[0] != '\0' ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return cannot(graph, subject, folder, errno);
	int fd = -1;
	hidp_status status = open_below(graph, at, subject, location, &fd);
	const struct mapping *mapping = NULL;
	if (status == HIDP_OK)
		status = map(graph, files, subject, fd, &mapping);
	if (status == HIDP_OK)
		give(mapping, data_out, size_out);
	return status;
}
