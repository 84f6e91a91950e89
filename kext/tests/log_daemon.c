// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * From the kernel to the disk: threads in the kernel log as fast as they can, kextlogd writes, and
 * in the end each message has its line or is counted as dropped. Its file is renamed all the while,
 * as logrotate does it.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"
#include "log_reader.h"
#include "options.h"

#define DEADLINE_SECONDS 60

static uint64_t option_threads = 8, option_messages = 5000, option_rounds = 2;
static char program[PATH_MAX], folder[64], log_file[80], old_file[80];

/* What the files said so far. */
struct account {
	uint64_t lines, dropped, last, disorder;
	uint64_t unwritten; /* as the disk was too slow */
	uint64_t outside;   /* lines of messages that are not among the sent ones: */
	uint64_t first_sent, last_sent;
	uint64_t told_messages, told_dropped; /* by the last line */
	bool connected, disconnected;
};

static uint64_t number_of(const char *line, const char *member)
{
	const char *found = strstr(line, member);

	return found ? strtoull(found + strlen(member), NULL, 10) : 0;
}

static void count_line(struct account *account, const char *line)
{
	if (!strncmp(line, "{\"sequence\":", 12)) {
		const uint64_t sequence = number_of(line, "{\"sequence\":");

		account->lines++;
		account->outside += sequence < account->first_sent || sequence > account->last_sent;
		account->disorder += sequence <= account->last;
		account->last = sequence;
	} else if (!strncmp(line, "{\"dropped\":", 11)) {
		account->dropped += number_of(line, "{\"dropped\":");
	} else if (!strncmp(line, "{\"unwritten\":", 13)) {
		account->unwritten += number_of(line, "{\"unwritten\":");
	} else if (!strncmp(line, "{\"connected\":", 13)) {
		EXPECT(!account->connected, "it connected twice");
		account->connected = true;
	} else if (!strncmp(line, "{\"disconnected\":", 16)) {
		account->disconnected = true;
		account->told_messages = number_of(line, "\"messages\":");
		account->told_dropped = number_of(line, "\"total\":");
	} else {
		/* What was lost before it connected. */
		EXPECT(!strncmp(line, "{\"lost\":", 8), "an unexpected line: %s", line);
	}
}

/* Counts a file's lines, and deletes it: a guest's disk is small. */
static void count_file(struct account *account, const char *path)
{
	static char line[16384];
	FILE *file = fopen(path, "r");

	REQUIRE(file, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		EXPECT(strlen(line) > 2 && !strcmp(line + strlen(line) - 2, "}\n"),
		       "half a line: %s", line);
		count_line(account, line);
	}
	fclose(file);
	unlink(path);
}

static bool has_line(void)
{
	struct stat status;

	return !stat(log_file, &status) && status.st_size > 0;
}

static bool is_there(void)
{
	return !access(log_file, F_OK);
}

static bool wait_until(bool (*is_so)(void))
{
	const time_t end = time(NULL) + DEADLINE_SECONDS;

	while (!is_so() && time(NULL) < end)
		usleep(10000);
	return is_so();
}

static int start_daemon(void)
{
	int child = ktap_fork();

	if (child)
		return child;
	execl(program, program, "--format", "json", "--output", log_file, LOG_CHANNEL,
	      (char *)NULL);
	FAIL("%s: %s", program, strerror(errno));
	ktap_child_exit();
}

static uint64_t now_microseconds(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_usec;
}

static void flood(struct log_reader *reader, int daemon, struct account *account)
{
	for (uint64_t round = 1; round <= option_rounds && !ktap_failed(); round++) {
		struct osq_log_test test = {
		    .threads = (uint32_t)option_threads,
		    .context = OSQ_LOG_TEST_THREAD,
		    .level = OSQ_LOG_DEBUG,
		    .messages = option_messages,
		};

		REQUIRE(!osq_log_client_test(reader->client, &test), "%s", strerror(errno));
		REQUIRE(!rename(log_file, old_file), "%s", strerror(errno));
		REQUIRE(!kill(daemon, SIGHUP), "%s", strerror(errno));
		REQUIRE(wait_until(is_there), "the daemon does not open its file anew");
		count_file(account, old_file);
		ktap_progress(round, option_rounds);
	}
}

static void every_message_is_in_the_file_or_counted(void)
{
	struct osq_log_statistics before, after;
	struct account account = {.last_sent = UINT64_MAX};
	struct log_reader reader;
	uint64_t begin, sent;
	int32_t level;
	int daemon;

	REQUIRE(log_reader_open(&reader, OSQ_LOG_OFF), "cannot begin");
	level = log_reader_set_kernel_level(&reader, OSQ_LOG_TRACE);
	daemon = start_daemon();
	EXPECT(wait_until(has_line), "the daemon does not connect");
	before = log_reader_statistics(&reader);
	account.first_sent = before.sent + 1;
	begin = now_microseconds();
	if (!ktap_failed())
		flood(&reader, daemon, &account);
	after = log_reader_statistics(&reader);
	kill(daemon, SIGTERM);
	EXPECT(ktap_wait(daemon) == 0, "the daemon failed");
	begin = now_microseconds() - begin;
	account.last_sent = after.sent;
	count_file(&account, log_file);
	log_reader_set_kernel_level(&reader, level);
	log_reader_close(&reader);

	sent = after.sent - before.sent;
	EXPECT(account.lines - account.outside + account.dropped + account.unwritten == sent,
	       "%" PRIu64 " lines, %" PRIu64 " dropped, %" PRIu64 " unwritten, but %" PRIu64
	       " sent",
	       account.lines - account.outside, account.dropped, account.unwritten, sent);
	EXPECT(sent >= option_rounds * option_threads * option_messages, "only %" PRIu64, sent);
	EXPECT(account.disconnected && account.told_messages == account.lines &&
	           account.told_dropped == account.dropped,
	       "it tells of %" PRIu64 " and %" PRIu64, account.told_messages, account.told_dropped);
	EXPECT(!account.disorder, "%" PRIu64 " lines are not in order", account.disorder);
	ktap_figure("dropped", account.dropped);
	if (account.unwritten)
		ktap_figure("unwritten", account.unwritten);
	ktap_figure("lines/s", account.lines * 1000000 / (begin ? begin : 1));
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"every_message_is_in_the_file_or_counted", every_message_is_in_the_file_or_counted},
	};
	const struct option_number options[] = {
	    {"--threads", &option_threads, 1, 64},
	    {"--messages", &option_messages, 1, 1000000000},
	    {"--rounds", &option_rounds, 1, 1000000},
	    {NULL, NULL, 0, 0},
	};
	int result;

	options_read(argc, argv, options);
	strcpy(folder, "/tmp/log-daemon-XXXXXX");
	if (!mkdtemp(folder)) {
		perror(folder);
		return 1;
	}
	snprintf(log_file, sizeof(log_file), "%s/log", folder);
	snprintf(old_file, sizeof(old_file), "%s/old", folder);
	/* It lies beside this program. */
	snprintf(program, sizeof(program), "%.3000s/kextlogd", dirname(argv[0]));
	result = KTAP_RUN(tests);
	unlink(log_file);
	unlink(old_file);
	rmdir(folder);
	return result;
}
