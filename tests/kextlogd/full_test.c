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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "extension.h"
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

/* Files may not grow beyond this; the limit stands for a full disk. */
static void set_room(const struct daemon *daemon, rlim_t bytes)
{
	struct rlimit limit;

	EXPECT(!prlimit(daemon->pid, RLIMIT_FSIZE, NULL, &limit));
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	EXPECT(!prlimit(daemon->pid, RLIMIT_FSIZE, &limit, NULL));
}

static unsigned connections;

static bool has_connected(const struct extension_state *state)
{
	return state->connected && state->has_asked && state->connections == connections;
}

struct syncs {
	const char *path;
	unsigned count;
};

static bool has_synced_again(const void *context)
{
	const struct syncs *syncs = context;

	return file_count(syncs->path, "\n") > syncs->count;
}

/* Until what it has read is written, or counted: then it opens the file anew, and syncs it. */
static void wait_for_writer(const struct daemon *daemon, const char *path)
{
	const struct syncs syncs = {path, file_count(path, "\n")};

	daemon_signal(daemon, SIGHUP);
	EXPECT(wait_until(has_synced_again, &syncs), "it was not opened anew");
}

static void send_by_extension(struct extension *extension, uint64_t first, uint64_t last,
                              const struct osq_log_closing *closing)
{
	struct stream stream = {0};

	for (uint64_t number = first; number <= last; number++)
		stream_message(&stream, number, "a message");
	if (closing)
		stream_record(&stream, closing->record, &closing->statistics,
		              sizeof(closing->statistics));
	extension_send(extension, &stream);
	stream_free(&stream);
}

static uint64_t member(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at && at < strchr(line, '\n') ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* From a connection's first line to its last one, all that was sent is there, or its count. */
static void expect_accounts(const char *text, unsigned ends, uint64_t sent)
{
	uint64_t found = 0, all = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		if (!strncmp(line, "{\"connected\"", 12))
			found = 0;
		found += !strncmp(line, "{\"sequence\"", 11);
		found += member(line, "{\"dropped\":") + member(line, "{\"unwritten\":");
		if (strncmp(line, "{\"disconnected\"", 15))
			continue;
		all += member(line, "\"sent\":");
		EXPECT(found + member(line, "\"unwanted\":") == member(line, "\"sent\":"),
		       "%llu of: %.400s", (unsigned long long)found, line);
	}
	EXPECT(all == sent, "%llu, not %llu", (unsigned long long)all, (unsigned long long)sent);
	EXPECT(json_sum(text, "connected").lines == ends &&
	           json_sum(text, "disconnected").lines == ends,
	       "%s", text);
}

/* Of `ended` connections, all but the first one's beginning falls into the time of the full disk;
 * in that of another one, there is room again. */
static void connections_of_a_full_disk(unsigned ended)
{
	enum { MESSAGES = 20 };
	struct osq_log_statistics statistics;
	struct folder folder = folder_make();
	const char *log = folder_path(&folder, "log"), *syncs = folder_path(&folder, "syncs");
	struct extension extension;
	uint64_t sent = 0;
	struct daemon daemon;
	char *text;
	int status;

	extension_load(&extension, folder_path(&folder, "channel"));
	setenv("KEXTLOGD_SYNCS", syncs, 1);
	daemon = START(&folder, "--format", "json", "--output", log, extension.path);
	unsetenv("KEXTLOGD_SYNCS");
	for (connections = 1; connections <= ended; connections++) {
		const struct osq_log_closing closing = {
		    .record = {.flags = OSQ_LOG_CLOSING, .dropped = connections},
		    .statistics = {.client_sent = MESSAGES + connections + 1,
		                   .client_delivered = MESSAGES,
		                   .client_unwanted = 1,
		                   .client_dropped = connections},
		};

		EXTENSION_WAIT(&extension, has_connected);
		if (connections == 1) {
			send_by_extension(&extension, 1, MESSAGES / 2, NULL);
			file_wait(log, "{\"sequence\":10,");
			set_room(&daemon, (rlim_t)file_size(log));
		}
		send_by_extension(&extension, connections == 1 ? MESSAGES / 2 + 1 : 1, MESSAGES,
		                  &closing);
		sent += closing.statistics.client_sent;
	}
	EXTENSION_WAIT(&extension, has_connected);
	send_by_extension(&extension, 1, MESSAGES / 2, NULL);
	wait_for_writer(&daemon, syncs);
	EXPECT(file_count(log, "\n") == 1 + MESSAGES / 2, "the disk is not full");
	set_room(&daemon, RLIM_INFINITY);
	send_by_extension(&extension, MESSAGES / 2 + 1, MESSAGES, NULL);
	statistics = extension_state(&extension).statistics;
	statistics.client_sent = statistics.client_delivered = MESSAGES;
	sent += statistics.client_sent;
	extension_set(&extension, &statistics);
	daemon_signal(&daemon, SIGTERM);
	status = daemon_wait(&daemon);
	EXPECT(status == 0, "status %d", status);
	text = file_text(log);
	expect_accounts(text, 2, sent);
	free(text);
	extension_unload(&extension);
	folder_remove(&folder);
}

static void a_full_disk_at_a_connect(void)
{
	connections_of_a_full_disk(1);
}

static void a_full_disk_over_connections(void)
{
	connections_of_a_full_disk(4);
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
    {"counts for a connection what is its own, though the disk was full", a_full_disk_at_a_connect},
    {"tells connections of a full disk as one", a_full_disk_over_connections},
    {"fails where standard output is full", a_full_device},
    {"ends where nobody reads its output", a_closed_pipe},
    {NULL, NULL},
};
