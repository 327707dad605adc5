/* SPDX-License-Identifier: MIT */
/* Files with keys. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nodes.h"

/* Nobody else can read it, not even for a moment. */
static bool write_key(const char *path, bool force, mode_t mode, const char *key)
{
	char line[HIDP_ZMQ_KEY_SIZE + 1];
	int length = snprintf(line, sizeof line, "%s\n", key);
	if (force)
		unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		complain("%s: %s%s", path, strerror(errno),
		         errno == EEXIST ? " (--force replaces it)" : "");
		return false;
	}
	bool ok = write(fd, line, (size_t)length) == length && fsync(fd) == 0;
	int error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (!ok) {
		complain("%s: %s", path, strerror(error));
		unlink(path);
	}
	return ok;
}

bool write_keys(const char *path, bool force, char public_key[HIDP_ZMQ_KEY_SIZE])
{
	char secret_key[HIDP_ZMQ_KEY_SIZE];
	char *public_path = malloc(strlen(path) + sizeof ".pub");
	hidp_status s =
		public_path == NULL ? HIDP_ERR_NOMEM : hidp_zmq_keygen(public_key, secret_key);
	bool ok = s == HIDP_OK;
	if (ok) {
		sprintf(public_path, "%s.pub", path);
		ok = write_key(path, force, 0600, secret_key);
		if (ok && !write_key(public_path, force, 0644, public_key)) {
			unlink(path); /* a pair, or nothing */
			ok = false;
		}
	} else {
		complain_status("keys", s, NULL);
	}
	memset(secret_key, 0, sizeof secret_key);
	free(public_path);
	return ok;
}

bool read_secret_key(const char *path, char key[HIDP_ZMQ_KEY_SIZE])
{
	char public_key[HIDP_ZMQ_KEY_SIZE];
	struct stat info;
	size_t length;
	if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) != 0) {
		complain("%s: others may read this secret key (mode %03o); chmod 600 it", path,
		         (unsigned)info.st_mode & 0777);
		return false;
	}
	char *text = read_file(path, &length);
	if (text == NULL)
		return false;
	text[strcspn(text, "\r\n")] = '\0';
	bool ok = strlen(text) == HIDP_ZMQ_KEY_SIZE - 1 &&
	          hidp_zmq_public_key(public_key, text) == HIDP_OK;
	if (ok)
		memcpy(key, text, HIDP_ZMQ_KEY_SIZE);
	else
		complain("%s: this is no secret key ('hidp keygen' makes one)", path);
	memset(text, 0, length);
	free(text);
	return ok;
}
