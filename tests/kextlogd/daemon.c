// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"

struct folder folder_make(void)
{
	const char *parent = getenv("TMPDIR");
	struct folder folder;

	snprintf(folder.path, sizeof(folder.path), "%s/kextlogd-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(folder.path)) {
		perror(folder.path);
		exit(1);
	}
	return folder;
}

void folder_remove(struct folder *folder)
{
	DIR *entries = opendir(folder->path);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove(folder_path(folder, entry->d_name));
	if (entries)
		closedir(entries);
	EXPECT(!rmdir(folder->path), "cannot remove %s", folder->path);
}

const char *folder_path(const struct folder *folder, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];

	if (snprintf(path, PATH_MAX, "%s/%s", folder->path, name) >= PATH_MAX)
		abort();
	return path;
}

void folder_write(const struct folder *folder, const char *name, const char *text)
{
	FILE *file = fopen(folder_path(folder, name), "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		FAIL("cannot write %s: %s", name, strerror(errno));
}

/* In the child: the daemon, or exit status 127. */
__attribute__((noreturn)) static void run(const struct daemon *daemon, int input,
                                          const char *const *arguments,
                                          const struct circumstances *circumstances)
{
	const char *device = circumstances->output_device;
	const struct rlimit limit = {circumstances->file_limit, circumstances->file_limit};
	const char *argv[32] = {KEXTLOGD};
	int output, errors;

	for (size_t i = 0; arguments[i] && i < 30; i++)
		argv[i + 1] = arguments[i];
	output = open(device ? device : daemon->output, O_WRONLY | O_CREAT | O_APPEND, 0600);
	errors = open(daemon->errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(input, 0);
	dup2(output, 1);
	dup2(errors, 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (circumstances->file_limit)
		setrlimit(RLIMIT_FSIZE, &limit);
	execv(KEXTLOGD, (char *const *)argv);
	_exit(127);
}

struct daemon daemon_start_in(const struct folder *folder, const char *const *arguments,
                              const struct circumstances *circumstances)
{
	struct daemon daemon;
	int pipes[2];

	snprintf(daemon.output, PATH_MAX, "%s", folder_path(folder, "stdout"));
	snprintf(daemon.errors, PATH_MAX, "%s", folder_path(folder, "stderr"));
	if (pipe(pipes))
		abort();
	fcntl(pipes[1], F_SETFD, FD_CLOEXEC);
	daemon.pid = ktap_fork();
	if (!daemon.pid)
		run(&daemon, pipes[0], arguments, circumstances);
	close(pipes[0]);
	daemon.input = pipes[1];
	return daemon;
}

struct daemon daemon_start(const struct folder *folder, const char *const *arguments)
{
	return daemon_start_in(folder, arguments, &(struct circumstances){NULL, 0});
}

void daemon_send(struct daemon *daemon, const struct stream *stream)
{
	size_t sent = 0;

	while (sent < stream->length) {
		ssize_t part = write(daemon->input, stream->bytes + sent, stream->length - sent);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0) {
			FAIL("cannot send after %zu bytes: %s", sent, strerror(errno));
			return;
		}
		sent += (size_t)part;
	}
}

void daemon_end_input(struct daemon *daemon)
{
	if (daemon->input >= 0)
		close(daemon->input);
	daemon->input = -1;
}

void daemon_signal(const struct daemon *daemon, int signal)
{
	EXPECT(!kill(daemon->pid, signal), "no process %d", daemon->pid);
}

int daemon_wait(struct daemon *daemon)
{
	daemon_end_input(daemon);
	return ktap_wait(daemon->pid);
}

char *file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t length = 0, size = 1 << 16, got = 0;
	char *text = malloc(size);

	do {
		length += got;
		if (length + 1 == size)
			text = realloc(text, size *= 2);
		got = file ? fread(text + length, 1, size - length - 1, file) : 0;
	} while (got);
	text[length] = '\0';
	if (file)
		fclose(file);
	return text;
}

unsigned file_count(const char *path, const char *wanted)
{
	char *text = file_text(path);
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
		count++;
	free(text);
	return count;
}

bool file_has(const char *path, const char *text)
{
	return file_count(path, text) > 0;
}

struct expected {
	const char *path, *text;
};

static bool has_come(const void *context)
{
	const struct expected *expected = context;

	return file_has(expected->path, expected->text);
}

bool file_wait(const char *path, const char *text)
{
	const struct expected expected = {path, text};
	char *there;

	if (wait_until(has_come, &expected))
		return true;
	there = file_text(path);
	FAIL("%s never came in %s, which is: %.300s", text, path, there);
	free(there);
	return false;
}

long long file_size(const char *path)
{
	struct stat status;

	return stat(path, &status) ? -1 : (long long)status.st_size;
}

bool wait_until(bool (*is_so)(const void *context), const void *context)
{
	const struct timespec pause = {0, 5000000};
	time_t end = time(NULL) + DEADLINE_SECONDS;

	do {
		if (is_so(context))
			return true;
		nanosleep(&pause, NULL);
	} while (time(NULL) < end);
	return is_so(context);
}
