// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* A full disk: what could not be written is counted, exactly, and told when there is room again. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "json.h"
#include "tests.h"

static void send_messages(struct daemon *daemon, uint64_t first, uint64_t last)
{
	struct stream stream = {0};

	for (uint64_t number = first; number <= last; number++) {
		/* One in ten tells of a dropped one: those, too, must not be lost in silence. */
		const struct osq_log_record record = {
		    .level = OSQ_LOG_INFO,
		    .sequence = number,
		    .dropped = number / 10,
		};

		stream_record(&stream, record, "a message of some length", 24);
	}
	daemon_send(daemon, &stream);
	stream_free(&stream);
}

struct account {
	struct json_sum written, unwritten, dropped;
};

static struct account account_of(const char *path)
{
	char *text = file_text(path);
	struct account account = {
	    json_sum(text, "sequence"),
	    json_sum(text, "unwritten"),
	    json_sum(text, "dropped"),
	};

	free(text);
	return account;
}

static bool is_there(const void *path)
{
	return !access(path, F_OK);
}

/* The limit stands for a full disk; a new file has room again. */
static void a_file_that_may_not_grow(void)
{
	const struct circumstances circumstances = {.file_limit = 20000};
	struct folder folder = folder_make();
	const char *log = folder_path(&folder, "log"), *old = folder_path(&folder, "old");
	const char *arguments[] = {"--format", "json", "--output", log, "-", NULL};
	struct daemon daemon = daemon_start_in(&folder, arguments, &circumstances);
	struct account before, after;
	int status;

	send_messages(&daemon, 1, 180);
	file_wait(daemon.errors, "cannot write to ");
	rename(log, old);
	daemon_signal(&daemon, SIGHUP);
	EXPECT(wait_until(is_there, log), "it was not opened anew");
	send_messages(&daemon, 181, 200);
	status = daemon_wait(&daemon);
	EXPECT(status == 0, "status %d", status);
	before = account_of(old);
	after = account_of(log);
	EXPECT(before.written.lines > 50);
	EXPECT(file_size(old) <= 20000 && file_size(old) > 19000, "%lld", file_size(old));
	EXPECT(after.unwritten.lines == 1, "%llu", (unsigned long long)after.unwritten.lines);
	/* The last gap of the old one may have been large enough to tell of the first ones. */
	EXPECT(before.written.lines + before.unwritten.sum + after.written.lines +
	               after.unwritten.sum ==
	           200,
	       "%llu + %llu + %llu + %llu", (unsigned long long)before.written.lines,
	       (unsigned long long)before.unwritten.sum, (unsigned long long)after.written.lines,
	       (unsigned long long)after.unwritten.sum);
	EXPECT(before.dropped.sum + after.dropped.sum == 20, "%llu + %llu",
	       (unsigned long long)before.dropped.sum, (unsigned long long)after.dropped.sum);
	EXPECT(file_has(log, "\"reason\":\"File too large\""));
	EXPECT(file_count(daemon.errors, "cannot write to ") == 1);
	EXPECT(file_count(daemon.errors, " takes lines again; ") == 1);
	folder_remove(&folder);
}

/* In the child, in whose namespace the folder is a disk of 256 KiB. */
static void fill_a_disk(const struct folder *folder)
{
	const char *log = folder_path(folder, "log"), *ballast = folder_path(folder, "ballast");
	struct account account;
	struct daemon daemon;
	char block[4096] = {0};
	int fd, status;

	fd = open(ballast, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 40; i++)
		EXPECT(write(fd, block, sizeof(block)) == sizeof(block));
	close(fd);
	daemon = START(folder, "--format", "json", "--output", log, "-");
	/* What it says has its room already, for it is on that disk, too. */
	send_messages(&daemon, 1, 3);
	file_wait(log, "{\"sequence\":3,");
	fd = open(folder_path(folder, "stderr"), O_WRONLY);
	EXPECT(pwrite(fd, "\n", 1, 0) == 1);
	close(fd);
	send_messages(&daemon, 4, 700);
	file_wait(daemon.errors, "No space left on device");
	EXPECT(!unlink(ballast));
	send_messages(&daemon, 701, 800);
	status = daemon_wait(&daemon);
	EXPECT(status == 0, "status %d", status);
	account = account_of(log);
	EXPECT(account.unwritten.lines >= 1 && account.unwritten.sum > 0);
	EXPECT(account.written.lines + account.unwritten.sum == 800, "%llu + %llu",
	       (unsigned long long)account.written.lines,
	       (unsigned long long)account.unwritten.sum);
	EXPECT(account.dropped.sum == 80, "%llu", (unsigned long long)account.dropped.sum);
	EXPECT(file_has(log, "\"reason\":\"No space left on device\""));
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

/* Whoever may mount does so where nobody else sees it; others become a superuser that may. */
static bool enter_namespace(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1\n", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1\n", getegid());
	if (unshare(CLONE_NEWNS) &&
	    (unshare(CLONE_NEWUSER | CLONE_NEWNS) || !write_file("/proc/self/setgroups", "deny") ||
	     !write_file("/proc/self/uid_map", users) || !write_file("/proc/self/gid_map", groups)))
		return false;
	return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static void a_full_disk(void)
{
	static char reason[200];
	struct folder folder = folder_make();
	int pipes[2], child, status, error = 0;

	REQUIRE(!pipe(pipes));
	child = ktap_fork();
	if (!child) {
		close(pipes[0]);
		if (!enter_namespace() || mount("none", folder.path, "tmpfs", 0, "size=256k"))
			error = errno;
		if (write(pipes[1], &error, sizeof(error)) != sizeof(error))
			_exit(1);
		close(pipes[1]);
		if (!error)
			fill_a_disk(&folder);
		ktap_child_exit();
	}
	close(pipes[1]);
	if (read(pipes[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(pipes[0]);
	status = ktap_wait(child);
	EXPECT(status == 0, "see above; status %d", status);
	folder_remove(&folder);
	if (!error)
		return;
	snprintf(reason, sizeof(reason),
	         "no disk can be mounted here (%s); the file that may not grow is tested in its "
	         "place",
	         strerror(error));
	ktap_skip(reason);
}

/* Standard output may be full as well; that is told, as a failure. */
static void a_full_device(void)
{
	const struct circumstances circumstances = {.output_device = "/dev/full"};
	const char *arguments[] = {"--format", "json", "-", NULL};
	struct folder folder = folder_make();
	struct daemon daemon = daemon_start_in(&folder, arguments, &circumstances);

	send_messages(&daemon, 1, 123);
	EXPECT(daemon_wait(&daemon) == 1);
	EXPECT(file_count(daemon.errors, "cannot write to standard output: No space left") == 1);
	EXPECT(file_has(daemon.errors, "123 messages are not in standard output"));
	folder_remove(&folder);
}

/* Nobody can read it any more: it ends by itself, though its input does not. */
static void a_closed_pipe(void)
{
	struct folder folder = folder_make();
	const char *fifo = folder_path(&folder, "fifo");
	const struct circumstances circumstances = {.output_device = fifo};
	const char *arguments[] = {"--format", "json", "-", NULL};
	struct pollfd reader = {.events = POLLIN};
	struct daemon daemon;
	int status;

	REQUIRE(!mkfifo(fifo, 0600));
	reader.fd = open(fifo, O_RDONLY | O_NONBLOCK);
	daemon = daemon_start_in(&folder, arguments, &circumstances);
	EXPECT(poll(&reader, 1, DEADLINE_SECONDS * 1000) == 1, "it writes nothing");
	close(reader.fd);
	send_messages(&daemon, 1, 10);
	status = ktap_wait(daemon.pid);
	EXPECT(status == 1, "status %d", status);
	EXPECT(file_has(daemon.errors, "Broken pipe"));
	daemon_end_input(&daemon);
	folder_remove(&folder);
}

const struct ktap_test full_tests[] = {
    {"counts what a file has no room for", a_file_that_may_not_grow},
    {"counts what a full disk has no room for", a_full_disk},
    {"fails where standard output is full", a_full_device},
    {"ends where nobody reads its output", a_closed_pipe},
    {NULL, NULL},
};
