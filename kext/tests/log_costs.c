// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Figures: what a message costs, and how many a second reach the disk, of the log channel and of
 * the system log.
 *
 *	log_costs [--messages 20000]
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "log_keeper.h"
#include "log_reader.h"
#include "options.h"

static uint64_t option_messages = 20000;

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

	REQUIRE(keeper_set_up(&reader), "cannot begin");
	log_reader_set_kernel_level(&reader, OSQ_LOG_INFO);
	time = log_reader_say(&reader, test);
	ktap_figure("disabled-ps", time * 1000 / option_messages);
	log_reader_set_kernel_level(&reader, OSQ_LOG_TRACE);
	EXPECT(!osq_log_client_set_level(reader.client, OSQ_LOG_TRACE), "%s", strerror(errno));
	time = log_reader_say(&reader, test);
	ktap_figure("enabled-ns", time / option_messages);
	test.context = OSQ_LOG_TEST_SYSTEM_LOG;
	time = log_reader_say(&reader, test);
	ktap_figure("system-log-ns", time / option_messages);
	keeper_tear_down(&reader);
}

/* From the kernel to the disk, until the last line is there. */
static void what_the_channel_stores(void)
{
	struct log_reader reader;
	uint64_t start;
	int daemon;

	REQUIRE(keeper_set_up(&reader), "cannot begin");
	daemon = keeper_start();
	if (keeper_wait_for_connection(1)) {
		start = now();
		log_reader_say(&reader, one_thread());
		keeper_end(daemon);
		start = now() - start;
		ktap_figure("channel-lines/s", keeper_read().messages * 1000000000u / start);
	} else {
		keeper_end(daemon);
	}
	keeper_tear_down(&reader);
}

#ifdef OSQ_LOG_IOCTL_CONNECT

#define FIRST_WORDS "kextdev: the first line"
#define LAST_WORDS  "kextdev: the last line"

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

/* A record is what one write gives, and is there for readers once it has its newline. */
static bool write_to_log(const char *words)
{
	const int log = open("/dev/kmsg", O_WRONLY);
	char line[64];
	const int length = snprintf(line, sizeof(line), "%s\n", words);
	const bool done = log >= 0 && write(log, line, (size_t)length) == length;

	close(log);
	return EXPECT(done, "%s", strerror(errno));
}

/* Of the file's lines from there on. */
static uint64_t count_lines_with(const char *word, long from)
{
	FILE *file = fopen(KEEPER_FILE, "r");
	static char line[16384];
	uint64_t count = 0;

	if (!file)
		return 0;
	(void)fseek(file, from, SEEK_SET);
	while (fgets(line, sizeof(line), file))
		count += strstr(line, word) != NULL;
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

	REQUIRE(keeper_set_up(&reader), "cannot begin");
	REQUIRE(!pipe(ends), "%s", strerror(errno));
	child = ktap_fork();
	if (!child)
		keep_system_log(ends[1]);
	close(ends[1]);
	EXPECT(read(ends[0], &byte, 1) == 1, "the log cannot be read");
	close(ends[0]);
	test.context = OSQ_LOG_TEST_SYSTEM_LOG;
	start = now();
	log_reader_say(&reader, test);
	if (!write_to_log(LAST_WORDS))
		kill(child, SIGKILL);
	EXPECT(ktap_wait(child) == 0, "the log was not kept");
	start = now() - start;
	ktap_figure("system-log-lines/s", count_lines_with(";0 ", 0) * 1000000000u / start);
	keeper_tear_down(&reader);
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

/* From there on; then that is behind the line. */
static bool wait_for_line_with(const char *word, long *at)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	const uint64_t end = now() + 90 * UINT64_C(1000000000);
	bool found = false;

	while (!(found = has_new_line_with(word, at)) && now() < end)
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
	long at = 0, first;
	uint64_t start;

	if (system(
	        "exec >/dev/null; [ ! -e /dev/log ] && command -v klogd && command -v syslogd") !=
	    0) {
		ktap_skip("there is a log daemon already, or no klogd and syslogd");
		return;
	}
	REQUIRE(keeper_set_up(&reader), "cannot begin");
	if (test.messages > MOST_OF_A_DAEMON)
		test.messages = MOST_OF_A_DAEMON;
	test.context = OSQ_LOG_TEST_SYSTEM_LOG;
	syslogd = start_program(keeper);
	wait_for_line_with("started", &at);
	klogd = start_program(reader_of_all);
	/* It begins with what the kernel's log has already. */
	write_to_log(FIRST_WORDS);
	wait_for_line_with(FIRST_WORDS, &at);
	first = at;
	start = now();
	log_reader_say(&reader, test);
	write_to_log(LAST_WORDS);
	wait_for_line_with(LAST_WORDS, &at);
	start = now() - start;
	end_program(klogd);
	end_program(syslogd);
	unlink("/dev/log");
	ktap_figure("log-daemon-lines/s", count_lines_with("] 0 ", first) * 1000000000u / start);
	keeper_tear_down(&reader);
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
	    {"what_a_message_costs", what_a_message_costs},
	    {"what_the_channel_stores", what_the_channel_stores},
	    {"what_the_system_log_stores", what_the_system_log_stores},
	    {"what_a_log_daemon_stores", what_a_log_daemon_stores},
	};
	const struct option_number options[] = {
	    {"--messages", &option_messages, 1, 100000000},
	    {NULL, NULL, 0, 0},
	};
	keeper_init(argv[0]);
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
