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
#include "log_keeper.h"
#include "log_reader.h"
#include "options.h"

#define THREADS 4

static uint64_t option_messages = 20000;

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
	unlink(KEEPER_FILE);
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
	unlink(KEEPER_FILE);
}

/* Whoever is killed and started again says how much it missed, or was told. */
static void a_daemon_that_is_killed(void)
{
	struct log_reader reader;
	struct stored stored;
	int daemon;

	REQUIRE(begin(&reader), "cannot begin");
	daemon = keeper_start();
	if (keeper_wait_for_connection(1)) {
		say(&reader, flood());
		kill(daemon, SIGKILL);
		EXPECT(ktap_wait(daemon) == 128 + SIGKILL, "it ended otherwise");
		daemon = keeper_start();
		keeper_wait_for_connection(2);
		say(&reader,
		    (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 10});
	}
	keeper_end(daemon);
	stored = keeper_read();
	EXPECT(stored.messages >= 10, "%llu messages", (unsigned long long)stored.messages);
	end(&reader);
}

/* It lets the extension go, and finds it again. */
static void an_extension_that_comes_again(void)
{
	struct log_reader reader;
	struct stored stored;
	uint64_t before, sent;
	unsigned i;
	int daemon;

	REQUIRE(begin(&reader), "cannot begin");
	daemon = keeper_start();
	for (i = 1; i <= 3 && keeper_wait_for_connection(i); i++) {
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
	keeper_end(daemon);
	stored = keeper_read();
	EXPECT(stored.disconnected >= 3, "%u ends", stored.disconnected);
	keeper_expect_all_accounted(&stored);
	end(&reader);
}

/* Whether a Linux module goes under a reader that is stopped; an XNU extension stays. */
#ifdef OSQ_LOG_IOCTL_CONNECT
#define GOES true
#else
#define GOES false
#endif

/* It takes nothing, until long after the extension would have gone: nothing is missing all the
 * same. */
static void a_daemon_that_is_stopped(void)
{
	struct log_reader reader;
	struct stored stored;
	int daemon;

	REQUIRE(begin(&reader), "cannot begin");
	daemon = keeper_start();
	if (keeper_wait_for_connection(1)) {
		kill(daemon, SIGSTOP);
		say(&reader, (struct osq_log_test){.threads = THREADS,
		                                   .level = OSQ_LOG_DEBUG,
		                                   .length = 400,
		                                   .messages = option_messages / THREADS});
		log_reader_close(&reader);
		EXPECT(extension_unload() == GOES, "it does not do what it should");
		kill(daemon, SIGCONT);
		if (!GOES)
			extension_must_unload();
	}
	keeper_end(daemon);
	stored = keeper_read();
	EXPECT(stored.disconnected == 1 && stored.dropped && !stored.others,
	       "%u ends, %llu dropped", stored.disconnected, (unsigned long long)stored.dropped);
	EXPECT(stored.sent > option_messages, "%llu sent", (unsigned long long)stored.sent);
	keeper_expect_all_accounted(&stored);
	ktap_figure("stopped-stored", stored.messages);
	ktap_figure("stopped-dropped", stored.dropped);
	unlink(KEEPER_FILE);
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
	daemon = keeper_start();
	if (keeper_wait_for_connection(1)) {
		start = now();
		say(&reader, one_thread());
		keeper_end(daemon);
		start = now() - start;
		ktap_figure("channel-lines/s", keeper_read().messages * 1000000000u / start);
	} else {
		keeper_end(daemon);
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
	FILE *file = fopen(KEEPER_FILE, "w");
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
	FILE *file = fopen(KEEPER_FILE, "r");
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

#define MOST_OF_A_DAEMON 20000u /* that is slow */

static int start_program(const char *const *arguments)
{
	const int child = ktap_fork();

	if (!child) {
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	return child;
}

static void end_program(int child)
{
	kill(child, SIGKILL);
	(void)ktap_wait(child);
}

/* Each line is looked at once: whoever writes them needs the processors. */
static bool has_new_line_with(const char *word, long *at)
{
	FILE *file = fopen(KEEPER_FILE, "r");
	static char line[16384];
	bool found = false;

	if (!file)
		return false;
	(void)fseek(file, *at, SEEK_SET);
	while (!found && fgets(line, sizeof(line), file) && strchr(line, '\n')) {
		*at += (long)strlen(line);
		found = strstr(line, word);
	}
	fclose(file);
	return found;
}

static bool wait_for_line_with(const char *word)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	const uint64_t end = now() + 90 * UINT64_C(1000000000);
	bool found = false;
	long at = 0;

	while (!(found = has_new_line_with(word, &at)) && now() < end)
		nanosleep(&pause, NULL);
	return EXPECT(found, "'%s' never came", word);
}

/* What people get of it: a daemon that reads the kernel's log, and another that keeps that. */
static void what_a_log_daemon_stores(void)
{
	static const char *const keeper[] = {"syslogd", "-n", "-O", KEEPER_FILE, NULL};
	static const char *const reader_of_all[] = {"klogd", "-n", NULL};
	struct osq_log_test test = one_thread();
	struct log_reader reader;
	int syslogd, klogd;
	uint64_t start;

	if (system(
	        "exec >/dev/null; [ ! -e /dev/log ] && command -v klogd && command -v syslogd") !=
	    0) {
		ktap_skip("there is a log daemon already, or no klogd and syslogd");
		return;
	}
	REQUIRE(begin(&reader), "cannot begin");
	if (test.messages > MOST_OF_A_DAEMON)
		test.messages = MOST_OF_A_DAEMON;
	test.context = OSQ_LOG_TEST_SYSTEM_LOG;
	syslogd = start_program(keeper);
	wait_for_line_with("started");
	klogd = start_program(reader_of_all);
	wait_for_line_with("klogd");
	start = now();
	say(&reader, test);
	EXPECT(write_last_words(), "%s", strerror(errno));
	wait_for_line_with(LAST_WORDS);
	start = now() - start;
	end_program(klogd);
	end_program(syslogd);
	unlink("/dev/log");
	ktap_figure("log-daemon-lines/s", count_lines_with("] 0 ") * 1000000000u / start);
	end(&reader);
}

#else

static void what_the_system_log_stores(void)
{
	ktap_skip("what an extension prints is in the system log's file at once here");
}

static void what_a_log_daemon_stores(void)
{
	ktap_skip("it is a part of the system's here");
}

#endif

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"a_daemon_that_is_killed", a_daemon_that_is_killed},
	    {"a_daemon_that_is_stopped", a_daemon_that_is_stopped},
	    {"an_extension_that_comes_again", an_extension_that_comes_again},
	    {"what_a_message_costs", what_a_message_costs},
	    {"what_the_channel_stores", what_the_channel_stores},
	    {"what_the_system_log_stores", what_the_system_log_stores},
	    {"what_a_log_daemon_stores", what_a_log_daemon_stores},
	};
	const struct option_number options[] = {
	    {"--messages", &option_messages, THREADS, 100000000},
	    {NULL, NULL, 0, 0},
	};
	keeper_init(argv[0]);
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
