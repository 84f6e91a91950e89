// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The file: rotation, reopening, restarts, durability, and who may have it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "json.h"
#include "tests.h"

#define LOG(folder) folder_path(folder, "log")

static void send_messages(struct daemon *daemon, uint64_t first, uint64_t last, const char *text)
{
	struct stream stream = {0};

	for (uint64_t number = first; number <= last; number++)
		stream_message(&stream, number, text);
	daemon_send(daemon, &stream);
	stream_free(&stream);
}

static uint64_t messages_in(const char *path)
{
	char *text = file_text(path);
	uint64_t lines = json_sum(text, "sequence").lines;

	free(text);
	return lines;
}

static void expect_end(struct daemon *daemon, int expected)
{
	int status = daemon_wait(daemon);
	char *errors = file_text(daemon->errors);

	EXPECT(status == expected, "status %d, not %d: %.400s", status, expected, errors);
	free(errors);
}

static void rotates_by_size(void)
{
	struct folder folder = folder_make();
	struct daemon daemon = START(&folder, "--format", "json", "--output", LOG(&folder),
	                             "--rotate-size", "2K", "--keep", "3", "-");
	static const char *const names[] = {"log", "log.1", "log.2", "log.3"};
	uint64_t newest[4] = {0};

	send_messages(&daemon, 1, 100, "a message of some length");
	expect_end(&daemon, 0);
	for (int i = 0; i < 4; i++) {
		const char *path = folder_path(&folder, names[i]);
		char *text = file_text(path), *last = strstr(text, "{\"sequence\":");

		/* Each is as full as whole lines make it; messages_in() sees to whole ones. */
		EXPECT(file_size(path) <= 2048 && (!i || file_size(path) > 2048 - 200),
		       "%s has %lld", names[i], file_size(path));
		EXPECT(messages_in(path) > 5, "%s", names[i]);
		newest[i] = last ? strtoull(last + 12, NULL, 10) : 0;
		EXPECT(!i || newest[i] < newest[i - 1], "%s is not older", names[i]);
		free(text);
	}
	EXPECT(access(folder_path(&folder, "log.4"), F_OK), "a fifth one stays");
	folder_remove(&folder);
}

static void rotation_loses_nothing(void)
{
	struct folder folder = folder_make();
	struct daemon daemon = START(&folder, "--format", "json", "--output", LOG(&folder),
	                             "--rotate-size", "10K", "--keep", "100", "-");
	uint64_t messages = 0;
	char name[16] = "log";

	send_messages(&daemon, 1, 2000, "a message");
	expect_end(&daemon, 0);
	for (int age = 1; !access(folder_path(&folder, name), F_OK); age++) {
		messages += messages_in(folder_path(&folder, name));
		snprintf(name, sizeof(name), "log.%d", age);
	}
	EXPECT(messages == 2000, "%llu", (unsigned long long)messages);
	folder_remove(&folder);
}

/* A line larger than the limit gets a file of its own; with --keep 0 no old one stays. */
static void keeps_nothing_old(void)
{
	struct folder folder = folder_make();
	struct daemon daemon = START(&folder, "--format", "json", "--output", LOG(&folder),
	                             "--rotate-size", "10", "--keep", "0", "-");

	send_messages(&daemon, 1, 5, "a message");
	expect_end(&daemon, 0);
	EXPECT(access(folder_path(&folder, "log.1"), F_OK));
	EXPECT(file_count(LOG(&folder), "\n") == 1 && file_has(LOG(&folder), "disconnected"));
	folder_remove(&folder);
}

/* The age is that of the first line, also of one that was written before the daemon started. */
static void rotates_by_age(void)
{
	static const struct {
		const char *first, *limit;
		bool rotated;
	} cases[] = {
	    {"{\"sequence\":1,\"time\":\"2001-02-03T04:05:06.000000000Z\"}\n", "9000d", true},
	    {"2001-02-03T04:05:06.000000000Z kextlogd: connected\n", "9000d", true},
	    {"{\"sequence\":1,\"time\":\"2001-02-03T04:05:06.000000000Z\"}\n", "99999d", false},
	    {"a file that was written just now\n", "1h", false},
	    {"2001-02\n", "1h", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder folder = folder_make();
		struct daemon daemon;

		folder_write(&folder, "log", cases[i].first);
		daemon =
		    START(&folder, "--output", LOG(&folder), "--rotate-age", cases[i].limit, "-");
		send_messages(&daemon, 2, 2, "the next");
		expect_end(&daemon, 0);
		EXPECT(file_has(LOG(&folder), "the next"));
		EXPECT(file_has(folder_path(&folder, cases[i].rotated ? "log.1" : "log"),
		                cases[i].first),
		       "case %zu", i);
		EXPECT(access(folder_path(&folder, "log.1"), F_OK) == (cases[i].rotated ? 0 : -1),
		       "case %zu", i);
		folder_remove(&folder);
	}
}

/* What stands in the way of rotation is told once, and no line is lost. */
static void goes_on_where_it_cannot_rotate(void)
{
	struct folder folder = folder_make();
	struct daemon daemon;

	mkdir(folder_path(&folder, "log.1"), 0700);
	folder_write(&folder, "log.1/in-the-way", "");
	daemon = START(&folder, "--format", "json", "--output", LOG(&folder), "--rotate-size", "1K",
	               "--keep", "1", "-");
	send_messages(&daemon, 1, 100, "a message");
	expect_end(&daemon, 0);
	EXPECT(messages_in(LOG(&folder)) == 100);
	EXPECT(file_count(daemon.errors, "cannot rotate") == 1);
	unlink(folder_path(&folder, "log.1/in-the-way"));
	folder_remove(&folder);
}

/* Who deletes or renames the file need not tell: the next rotation makes it anew. */
static void rotation_makes_a_file_that_is_gone_anew(void)
{
	static const char *const keep[] = {"0", "3"};

	for (size_t i = 0; i < 2; i++) {
		struct folder folder = folder_make();
		struct daemon daemon = START(&folder, "--format", "json", "--output", LOG(&folder),
		                             "--rotate-size", "2K", "--keep", keep[i], "-");
		const char *gone = folder_path(&folder, "gone");

		send_messages(&daemon, 1, 5, "before");
		file_wait(LOG(&folder), "{\"sequence\":5,");
		EXPECT(!rename(LOG(&folder), gone));
		send_messages(&daemon, 6, 20, "after");
		expect_end(&daemon, 0);
		EXPECT(messages_in(gone) + messages_in(LOG(&folder)) == 20 &&
		           messages_in(LOG(&folder)) > 0,
		       "keep %s: %llu + %llu", keep[i], (unsigned long long)messages_in(gone),
		       (unsigned long long)messages_in(LOG(&folder)));
		EXPECT(file_size(gone) <= 2048, "it grew to %lld", file_size(gone));
		EXPECT(!file_has(daemon.errors, "cannot rotate"));
		folder_remove(&folder);
	}
}

static bool is_there(const void *path)
{
	return !access(path, F_OK);
}

/* As logrotate does it: rename, then SIGHUP. */
static void reopens_on_sighup(void)
{
	struct folder folder = folder_make();
	struct daemon daemon = START(&folder, "--format", "json", "--output", LOG(&folder), "-");

	send_messages(&daemon, 1, 10, "before");
	file_wait(LOG(&folder), "{\"sequence\":10,");
	rename(LOG(&folder), folder_path(&folder, "old"));
	send_messages(&daemon, 11, 20, "renamed");
	file_wait(folder_path(&folder, "old"), "{\"sequence\":20,");
	daemon_signal(&daemon, SIGHUP);
	EXPECT(wait_until(is_there, LOG(&folder)), "it was not opened anew");
	send_messages(&daemon, 21, 30, "after");
	expect_end(&daemon, 0);
	EXPECT(messages_in(folder_path(&folder, "old")) == 20);
	EXPECT(messages_in(LOG(&folder)) == 10);
	folder_remove(&folder);
}

struct sending {
	struct daemon *daemon;
	const struct stream *stream;
};

/* Sends it once more, as long as it is not taken. */
static bool has_taken(const void *context)
{
	const struct sending *sending = context;

	if (file_has(sending->daemon->output, "\"now\""))
		return true;
	daemon_send(sending->daemon, sending->stream);
	return false;
}

static void a_bad_configuration_is_told_and_the_old_one_stays(void)
{
	struct folder folder = folder_make();
	struct osq_log_record debug = {.level = OSQ_LOG_DEBUG, .sequence = 1};
	struct stream stream = {0};
	struct daemon daemon;

	folder_write(&folder, "conf", "level = info\n");
	daemon = START(&folder, "--format", "json", "--config", folder_path(&folder, "conf"), "-");
	file_wait(daemon.output, "\"level\":\"info\"");
	folder_write(&folder, "conf", "level = none\n");
	daemon_signal(&daemon, SIGHUP);
	file_wait(daemon.errors, "conf:1: level cannot be \"none\"");
	EXPECT(file_has(daemon.errors, "what was read before stays in force"));
	stream_record(&stream, debug, "no", 2);
	debug.level = OSQ_LOG_INFO;
	stream_record(&stream, debug, "yes", 3);
	daemon_send(&daemon, &stream);
	file_wait(daemon.output, "\"yes\"");
	folder_write(&folder, "conf", "level = debug\n");
	daemon_signal(&daemon, SIGHUP);
	stream.length = 0;
	/* Until it is in force. */
	debug.level = OSQ_LOG_DEBUG;
	stream_record(&stream, debug, "now", 3);
	EXPECT(wait_until(has_taken, &(struct sending){&daemon, &stream}), "it never was");
	expect_end(&daemon, 0);
	EXPECT(!file_has(daemon.output, "\"no\""));
	stream_free(&stream);
	folder_remove(&folder);
}

/* Killed in the middle of a line: that is ended, and can be told from whole ones. */
static void goes_on_after_it_was_killed(void)
{
	struct folder folder = folder_make();
	struct daemon daemon = START(&folder, "--format", "json", "--output", LOG(&folder), "-");
	FILE *file;
	char *text;

	send_messages(&daemon, 1, 10, "first");
	file_wait(LOG(&folder), "{\"sequence\":10,");
	daemon_signal(&daemon, SIGKILL);
	expect_end(&daemon, 128 + SIGKILL);
	EXPECT(!access(folder_path(&folder, "log.lock"), F_OK), "the lock went with it");
	file = fopen(LOG(&folder), "a");
	fputs("{\"sequence\":11,\"ti", file);
	fclose(file);
	daemon = START(&folder, "--format", "json", "--output", LOG(&folder), "-");
	send_messages(&daemon, 12, 20, "second");
	expect_end(&daemon, 0);
	text = file_text(LOG(&folder));
	EXPECT(strstr(text, "{\"sequence\":10,") &&
	           strstr(text, "\n{\"sequence\":11,\"ti\n{\"connected\"") &&
	           strstr(text, "\n{\"sequence\":20,"),
	       "%s", text);
	EXPECT(file_count(LOG(&folder), "\"text\":") == 19);
	free(text);
	folder_remove(&folder);
}

static void refuses_a_second_daemon(void)
{
	struct folder folder = folder_make();
	struct daemon first = START(&folder, "--output", LOG(&folder), "--rotate-size", "1K", "-");
	struct daemon second;
	char expected[64];

	/* Rotation does not open the door. */
	send_messages(&first, 1, 100, "a message");
	file_wait(LOG(&folder), "#100: ");
	snprintf(expected, sizeof(expected), "kextlogd with pid %d does so already", first.pid);
	second = START(&folder, "--output", LOG(&folder), "-");
	expect_end(&second, 1);
	EXPECT(file_has(second.errors, expected));
	EXPECT(file_has(second.errors, "end that one, or choose another file"));
	/* Nor does another name. */
	EXPECT(!symlink("log", folder_path(&folder, "alias")));
	second = START(&folder, "--output", folder_path(&folder, "alias"), "-");
	expect_end(&second, 1);
	expect_end(&first, 0);
	EXPECT(access(folder_path(&folder, "log.lock"), F_OK), "the lock stays behind");
	second = START(&folder, "--output", LOG(&folder), "-");
	expect_end(&second, 0);
	folder_remove(&folder);
}

static void files_are_the_users_alone(void)
{
	static const char *const names[] = {"log", "log.1", "log.lock"};
	struct folder folder = folder_make();
	mode_t before = umask(0);
	struct daemon daemon = START(&folder, "--output", LOG(&folder), "--rotate-size", "1K", "-");

	umask(before);
	send_messages(&daemon, 1, 30, "a message");
	file_wait(LOG(&folder), "#30: ");
	for (size_t i = 0; i < 3; i++) {
		struct stat status = {0};

		EXPECT(!stat(folder_path(&folder, names[i]), &status) &&
		           (status.st_mode & 07777) == 0600,
		       "%s has mode %o", names[i], status.st_mode);
	}
	expect_end(&daemon, 0);
	folder_remove(&folder);
}

static bool has_synced(const void *context)
{
	const struct folder *folder = context;
	long long size = file_size(folder_path(folder, "log"));
	char text[32];

	snprintf(text, sizeof(text), "%lld\n", size);
	return file_has(folder_path(folder, "syncs"), text);
}

/* Only a message as grave as --durable is synced at once; at the end, all are. */
static void syncs_what_has_to_be_durable(void)
{
	static const struct {
		const char *durable;
		uint8_t level;
		bool synced;
	} cases[] = {
	    {"warning", OSQ_LOG_INFO, false}, {"warning", OSQ_LOG_WARNING, true},
	    {"warning", OSQ_LOG_ERROR, true}, {"trace", OSQ_LOG_TRACE, true},
	    {"off", OSQ_LOG_ERROR, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct osq_log_record record = {.level = cases[i].level, .sequence = 1};
		struct folder folder = folder_make();
		struct stream stream = {0};
		struct daemon daemon;

		setenv("KEXTLOGD_SYNCS", folder_path(&folder, "syncs"), 1);
		daemon =
		    START(&folder, "--output", LOG(&folder), "--durable", cases[i].durable, "-");
		unsetenv("KEXTLOGD_SYNCS");
		stream_record(&stream, record, "one", 3);
		daemon_send(&daemon, &stream);
		file_wait(LOG(&folder), " #1: one\n");
		if (cases[i].synced)
			EXPECT(wait_until(has_synced, &folder), "case %zu: it was never synced", i);
		/* A second one, so that the first one's sync would have been by now. */
		stream.length = 0;
		record.sequence = 2;
		record.level = OSQ_LOG_TRACE;
		stream_record(&stream, record, "two", 3);
		daemon_send(&daemon, &stream);
		file_wait(LOG(&folder), " #2: two\n");
		if (!cases[i].synced)
			EXPECT(file_size(folder_path(&folder, "syncs")) < 0, "case %zu: synced", i);
		expect_end(&daemon, 0);
		EXPECT(has_synced(&folder), "case %zu: the end was not synced", i);
		stream_free(&stream);
		folder_remove(&folder);
	}
}

const struct ktap_test file_tests[] = {
    {"rotates by size, never in a line", rotates_by_size},
    {"loses nothing by rotation", rotation_loses_nothing},
    {"keeps no old file when told so, and lines larger than the limit", keeps_nothing_old},
    {"rotates by the first line's age", rotates_by_age},
    {"goes on where it cannot rotate", goes_on_where_it_cannot_rotate},
    {"makes a file that others took away anew when it rotates",
     rotation_makes_a_file_that_is_gone_anew},
    {"opens the file anew on SIGHUP", reopens_on_sighup},
    {"tells a bad configuration on SIGHUP and keeps the old one",
     a_bad_configuration_is_told_and_the_old_one_stays},
    {"goes on after it was killed in a line", goes_on_after_it_was_killed},
    {"refuses a second daemon on the file", refuses_a_second_daemon},
    {"makes files that are the user's alone", files_are_the_users_alone},
    {"syncs what has to be durable", syncs_what_has_to_be_durable},
    {NULL, NULL},
};
