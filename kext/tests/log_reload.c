// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * kextlogd when the extension goes and comes again, and when the daemon is killed. And figures:
 * what a message costs, and how many a second reach the disk, of this channel and the system log.
 *
 *	log_reload [--messages 20000]
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "extension.h"
#include "ktap.h"
#include "log_reader.h"
#include "options.h"

#define THREADS  4
#define FILE_ONE "/tmp/osq-log-reload.jsonl"
#define TRIES    3000 /* of 10 ms: only what fails takes them */

static uint64_t option_messages = 20000;
static char daemon_path[1024];

/* What the file says. */
struct stored {
	uint64_t messages; /* with a sequence above `after`, and in its order */
	uint64_t after, last;
	uint64_t dropped;
	unsigned connected, others;
};

static bool number_of(const char *line, const char *key, uint64_t *value)
{
	char pattern[64];
	const char *found;

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	found = strstr(line, pattern);
	if (!found)
		return false;
	*value = strtoull(found + strlen(pattern), NULL, 10);
	return true;
}

static void count_line(struct stored *stored, const char *line)
{
	uint64_t number;

	if (number_of(line, "sequence", &number)) {
		if (number <= stored->after)
			return;
		EXPECT(number > stored->last, "%llu stands behind %llu", (unsigned long long)number,
		       (unsigned long long)stored->last);
		stored->last = number;
		stored->messages++;
	} else if (number_of(line, "dropped", &number)) {
		stored->dropped += number;
	} else if (strstr(line, "\"connected\"")) {
		stored->connected++;
		stored->last = 0; /* it may be an extension that was loaded anew */
	} else if (!strstr(line, "\"disconnected\"") && !strstr(line, "\"lost\"") &&
	           !strstr(line, "\"system_log\"")) {
		stored->others++;
		ktap_say("another line: %s", line);
	}
}

/* Of messages after that one. */
static struct stored read_file(uint64_t after)
{
	struct stored stored = {.after = after};
	FILE *file = fopen(FILE_ONE, "r");
	static char line[16384];

	while (file && fgets(line, sizeof(line), file))
		count_line(&stored, line);
	if (file)
		fclose(file);
	return stored;
}

static int start_daemon(void)
{
	const int child = ktap_fork();

	if (!child) {
		execl(daemon_path, daemon_path, "--format", "json", "--level", "trace", "--output",
		      FILE_ONE, LOG_CHANNEL, (char *)NULL);
		_exit(127);
	}
	return child;
}

/* A moment: the daemon's next attempt, or its next look at what is there. */
static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	nanosleep(&pause, NULL);
}

static bool wait_for_connection(unsigned count)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		if (read_file(0).connected >= count)
			return true;
		pause_shortly();
	}
	return EXPECT(false, "the daemon has not connected %u times", count);
}

static void end_daemon(int child)
{
	int status;

	kill(child, SIGTERM);
	status = ktap_wait(child);
	EXPECT(status == 0, "the daemon ended with %d", status);
}

static uint64_t say(struct log_reader *reader, struct osq_log_test test)
{
	if (!EXPECT(!osq_log_client_test(reader->client, &test), "%s", strerror(errno)))
		return 0;
	return test.nanoseconds;
}

static struct osq_log_test flood(void)
{
	return (struct osq_log_test){
	    .threads = THREADS, .level = OSQ_LOG_DEBUG, .messages = option_messages / THREADS};
}

/* The extension is loaded, the reader there to ask it, and wants nothing itself. */
static bool begin(struct log_reader *reader)
{
	unlink(FILE_ONE);
	if (!EXPECT(extension_load(), "the extension does not load"))
		return false;
	if (!log_reader_open(reader, OSQ_LOG_OFF))
		return false;
	log_reader_set_kernel_level(reader, OSQ_LOG_TRACE);
	return true;
}

static void end(struct log_reader *reader)
{
	log_reader_close(reader);
	extension_must_unload();
	unlink(FILE_ONE);
}

/* Whoever is killed and started again says how much it missed, or was told. */
static void a_daemon_that_is_killed(void)
{
	struct log_reader reader;
	struct stored stored;
	int daemon;

	REQUIRE(begin(&reader), "cannot begin");
	daemon = start_daemon();
	if (wait_for_connection(1)) {
		say(&reader, flood());
		kill(daemon, SIGKILL);
		EXPECT(ktap_wait(daemon) == 128 + SIGKILL, "it ended otherwise");
		daemon = start_daemon();
		wait_for_connection(2);
		say(&reader,
		    (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 10});
	}
	end_daemon(daemon);
	stored = read_file(0);
	EXPECT(stored.messages >= 10, "%llu messages", (unsigned long long)stored.messages);
	end(&reader);
}

/* It lets the extension go, and finds it again. */
static void an_extension_that_comes_again(void)
{
	struct log_reader reader;
	uint64_t before, sent;
	unsigned i;
	int daemon;

	REQUIRE(begin(&reader), "cannot begin");
	daemon = start_daemon();
	for (i = 1; i <= 3 && wait_for_connection(i); i++) {
		before = log_reader_statistics(&reader).sent;
		say(&reader,
		    (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 100});
		sent = log_reader_statistics(&reader).sent;
		EXPECT(sent - before == 100, "%llu sent", (unsigned long long)(sent - before));
		log_reader_close(&reader);
		extension_must_unload();
		REQUIRE(extension_load(), "it does not load again");
		REQUIRE(log_reader_open(&reader, OSQ_LOG_OFF), "cannot go on");
	}
	end_daemon(daemon);
	end(&reader);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static struct osq_log_test one_thread(void)
{
	return (struct osq_log_test){
	    .threads = 1, .level = OSQ_LOG_DEBUG, .messages = option_messages};
}

/* A message that nobody makes, one that a client gets, and one of the system log's. */
static void what_a_message_costs(void)
{
	struct osq_log_test test = one_thread();
	struct log_reader reader;
	uint64_t time;

	REQUIRE(begin(&reader), "cannot begin");
	log_reader_set_kernel_level(&reader, OSQ_LOG_INFO);
	time = say(&reader, test);
	ktap_figure("disabled-ps", time * 1000 / option_messages);
	log_reader_set_kernel_level(&reader, OSQ_LOG_TRACE);
	EXPECT(!osq_log_client_set_level(reader.client, OSQ_LOG_TRACE), "%s", strerror(errno));
	time = say(&reader, test);
	ktap_figure("enabled-ns", time / option_messages);
	test.context = OSQ_LOG_TEST_SYSTEM_LOG;
	time = say(&reader, test);
	ktap_figure("system-log-ns", time / option_messages);
	end(&reader);
}

/* From the kernel to the disk, until the last line is there. */
static void what_the_channel_stores(void)
{
	struct log_reader reader;
	uint64_t start;
	int daemon;

	REQUIRE(begin(&reader), "cannot begin");
	daemon = start_daemon();
	if (wait_for_connection(1)) {
		start = now();
		say(&reader, one_thread());
		end_daemon(daemon);
		start = now() - start;
		ktap_figure("channel-lines/s", read_file(0).messages * 1000000000u / start);
	} else {
		end_daemon(daemon);
	}
	end(&reader);
}

#ifdef OSQ_LOG_IOCTL_CONNECT

#define LAST_WORDS "kextdev: the last line"

/* What a system's log daemon does, and no more: each record that the kernel gives becomes a line.
 */
static void keep_system_log(int ready)
{
	const int log = open("/dev/kmsg", O_RDONLY);
	FILE *file = fopen(FILE_ONE, "w");
	char record[8192];
	bool last = false;
	ssize_t length;

	if (log < 0 || !file || lseek(log, 0, SEEK_END) < 0 || write(ready, "", 1) != 1)
		_exit(1);
	while (!last) {
		length = read(log, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE) /* overtaken: some are lost */
			continue;
		if (length <= 0)
			_exit(1);
		record[length] = '\0';
		last = strstr(record, LAST_WORDS);
		fputs(record, file);
	}
	_exit(fclose(file) ? 1 : 0);
}

static bool write_last_words(void)
{
	const int log = open("/dev/kmsg", O_WRONLY);
	const bool done = log >= 0 && write(log, LAST_WORDS "\n", sizeof(LAST_WORDS)) > 0;

	close(log);
	return done;
}

static uint64_t count_lines_with(const char *word)
{
	FILE *file = fopen(FILE_ONE, "r");
	static char line[16384];
	uint64_t count = 0;

	while (file && fgets(line, sizeof(line), file))
		count += strstr(line, word) != NULL;
	if (file)
		fclose(file);
	return count;
}

/* The same of printk. What was overwritten before it could be read is in no line. */
static void what_the_system_log_stores(void)
{
	struct osq_log_test test = one_thread();
	struct log_reader reader;
	int child, ends[2];
	uint64_t start;
	char byte;

	REQUIRE(begin(&reader), "cannot begin");
	REQUIRE(!pipe(ends), "%s", strerror(errno));
	child = ktap_fork();
	if (!child)
		keep_system_log(ends[1]);
	close(ends[1]);
	EXPECT(read(ends[0], &byte, 1) == 1, "the log cannot be read");
	close(ends[0]);
	test.context = OSQ_LOG_TEST_SYSTEM_LOG;
	start = now();
	say(&reader, test);
	EXPECT(write_last_words(), "%s", strerror(errno));
	EXPECT(ktap_wait(child) == 0, "the log was not kept");
	start = now() - start;
	ktap_figure("system-log-lines/s", count_lines_with(";0 ") * 1000000000u / start);
	end(&reader);
}

#else

static void what_the_system_log_stores(void)
{
	ktap_skip("what an extension prints is in the system log's file at once here");
}

#endif

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"a_daemon_that_is_killed", a_daemon_that_is_killed},
	    {"an_extension_that_comes_again", an_extension_that_comes_again},
	    {"what_a_message_costs", what_a_message_costs},
	    {"what_the_channel_stores", what_the_channel_stores},
	    {"what_the_system_log_stores", what_the_system_log_stores},
	};
	const struct option_number options[] = {
	    {"--messages", &option_messages, THREADS, 100000000},
	    {NULL, NULL, 0, 0},
	};
	const char *slash = strrchr(argv[0], '/');

	snprintf(daemon_path, sizeof(daemon_path), "%.*skextlogd",
	         slash ? (int)(slash - argv[0]) + 1 : 0, argv[0]);
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
