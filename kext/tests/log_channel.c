// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The log channel: who gets what. The messages are made by the kernel (the test build's TEST
 * request). Other clients may be there, and the extension may say something of its own: a test
 * looks at the texts that it asked for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log_reader.h"
#include "ktap.h"

#define SOON 10000 /* milliseconds; only what fails takes them */

static bool is_said(const char *text, unsigned thread, unsigned long long number)
{
	unsigned found_thread;
	unsigned long long found_number;

	return sscanf(text, "%u %llu", &found_thread, &found_number) == 2 &&
	       found_thread == thread && found_number == number;
}

static void five_levels(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader;
	int32_t level;

	REQUIRE(log_reader_open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	for (level = OSQ_LOG_TRACE; level <= OSQ_LOG_ERROR; level++) {
		if (!log_reader_say(
		        &reader,
		        (struct osq_log_test){.threads = 1, .level = level, .messages = 1}) ||
		    !EXPECT(log_reader_next(&reader, &record, text, SOON), "no record"))
			break;
		EXPECT(record.level == level, "level %d came as %u", level, record.level);
		EXPECT(is_said(text, 0, 0), "the text is '%s'", text);
		EXPECT(!record.flags, "flags %x", record.flags);
	}
	log_reader_close_all(&reader);
}

/* A client's own level, and then the extension's, below which nothing is made. */
static void levels_filter(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct osq_log_statistics before, after;
	struct log_reader reader;
	int32_t level;

	REQUIRE(log_reader_open_all(&reader, OSQ_LOG_WARNING), "cannot begin");
	before = log_reader_statistics(&reader);
	for (level = OSQ_LOG_TRACE; level <= OSQ_LOG_ERROR; level++)
		log_reader_say(&reader,
		               (struct osq_log_test){.threads = 1, .level = level, .messages = 1});
	EXPECT(log_reader_next(&reader, &record, text, SOON) && record.level == OSQ_LOG_WARNING,
	       "no warning");
	EXPECT(log_reader_next(&reader, &record, text, SOON) && record.level == OSQ_LOG_ERROR,
	       "no error");
	after = log_reader_statistics(&reader);
	EXPECT(after.client_unwanted - before.client_unwanted == 3, "%llu unwanted",
	       (unsigned long long)(after.client_unwanted - before.client_unwanted));

	EXPECT(!osq_log_client_set_level(reader.client, OSQ_LOG_TRACE), "%s", strerror(errno));
	log_reader_set_kernel_level(&reader, OSQ_LOG_ERROR);
	before = log_reader_statistics(&reader);
	log_reader_say(
	    &reader, (struct osq_log_test){.threads = 1, .level = OSQ_LOG_WARNING, .messages = 5});
	after = log_reader_statistics(&reader);
	EXPECT(after.sent == before.sent, "messages below the extension's level were made");
	log_reader_say(&reader,
	               (struct osq_log_test){.threads = 1, .level = OSQ_LOG_ERROR, .messages = 1});
	EXPECT(log_reader_next(&reader, &record, text, SOON) && record.level == OSQ_LOG_ERROR,
	       "no error");
	log_reader_close_all(&reader);
}

/* The process and the thread that asked: a kernel thread of the extension's makes the messages. */
static void says_who_and_when(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_statistics before, after;
	struct osq_log_record record;
	struct log_reader reader;

	REQUIRE(log_reader_open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	before = log_reader_statistics(&reader);
	log_reader_say(&reader,
	               (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 1});
	after = log_reader_statistics(&reader);
	if (EXPECT(log_reader_next(&reader, &record, text, SOON), "no record")) {
		EXPECT(record.time >= before.time && record.time <= after.time,
		       "%llu is not between %llu and %llu", (unsigned long long)record.time,
		       (unsigned long long)before.time, (unsigned long long)after.time);
		EXPECT(record.pid != getpid(), "it is told as this process");
		EXPECT(record.tid, "no thread");
	}
	EXPECT(after.epoch - before.epoch < 3600u * 1000000000ull, "the clock jumps");
	log_reader_close_all(&reader);
}

static void long_texts_are_cut(void)
{
	static const uint32_t lengths[] = {OSQ_LOG_TEXT_MAX - 1, OSQ_LOG_TEXT_MAX,
	                                   OSQ_LOG_TEXT_MAX + 1, 2 * OSQ_LOG_TEXT_MAX};
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader;
	size_t i;

	REQUIRE(log_reader_open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const bool cut = lengths[i] > OSQ_LOG_TEXT_MAX;

		log_reader_say(&reader, (struct osq_log_test){.threads = 1,
		                                              .level = OSQ_LOG_INFO,
		                                              .length = lengths[i],
		                                              .messages = 1});
		if (!EXPECT(log_reader_next(&reader, &record, text, SOON), "no record"))
			break;
		EXPECT(record.text_length == (cut ? OSQ_LOG_TEXT_MAX : lengths[i]),
		       "%u bytes of %u", record.text_length, lengths[i]);
		EXPECT(!!(record.flags & OSQ_LOG_TRUNCATED) == cut, "flags %x", record.flags);
		EXPECT(text[record.text_length - 1] == '.', "it ends with '%c'",
		       text[record.text_length - 1]);
	}
	log_reader_close_all(&reader);
}

/* Each gets all that it wants, whatever the other wants and does. */
static void two_clients(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct log_reader all, errors;
	struct osq_log_record record;
	unsigned long long i;

	REQUIRE(log_reader_open_all(&all, OSQ_LOG_TRACE), "cannot begin");
	if (log_reader_open(&errors, OSQ_LOG_ERROR)) {
		log_reader_say(&all, (struct osq_log_test){
		                         .threads = 1, .level = OSQ_LOG_DEBUG, .messages = 9});
		log_reader_say(&all, (struct osq_log_test){
		                         .threads = 1, .level = OSQ_LOG_ERROR, .messages = 3});
		for (i = 0; i < 12; i++)
			EXPECT(log_reader_next(&all, &record, text, SOON) &&
			           is_said(text, 0, i < 9 ? i : i - 9),
			       "the first one misses %llu", i);
		for (i = 0; i < 3; i++)
			EXPECT(log_reader_next(&errors, &record, text, SOON) && is_said(text, 0, i),
			       "the second one misses %llu", i);
		EXPECT(record.sequence == all.sequence, "the same message has two numbers");
	}
	log_reader_close(&errors);
	log_reader_close_all(&all);
}

static void a_client_too_many(void)
{
	struct log_reader readers[OSQ_LOG_CLIENTS_MAX];
	const struct osq_log_statistics none = {.time = 0};
	struct osq_log_statistics before = none;
	unsigned i, count = 0;

	REQUIRE(log_reader_open(&readers[count++], OSQ_LOG_OFF), "cannot begin");
	before = log_reader_statistics(&readers[0]);
	while (count < OSQ_LOG_CLIENTS_MAX + 1 - before.clients &&
	       log_reader_open(&readers[count], OSQ_LOG_OFF))
		count++;
	EXPECT(log_reader_statistics(&readers[0]).clients + 1 == before.clients + count,
	       "%u clients", log_reader_statistics(&readers[0]).clients);
	errno = 0;
	EXPECT(!osq_log_client_open(LOG_CHANNEL, OSQ_LOG_OFF) && errno == EBUSY, "%s",
	       strerror(errno));
	for (i = 1; i < count; i++)
		log_reader_close(&readers[i]);
	if (log_reader_open(&readers[1], OSQ_LOG_OFF))
		log_reader_close(&readers[1]);
	log_reader_close(&readers[0]);
}

static void nonsense_is_refused(void)
{
	struct osq_log_settings settings = {.level = 0}, wrong;
	struct log_reader reader;

	errno = 0;
	EXPECT(!osq_log_client_open(LOG_CHANNEL, 0) && errno == EINVAL, "%s", strerror(errno));
	EXPECT(!osq_log_client_open(LOG_CHANNEL, OSQ_LOG_OFF + 1) && errno == EINVAL, "%s",
	       strerror(errno));
	REQUIRE(log_reader_open(&reader, OSQ_LOG_OFF), "cannot begin");
	EXPECT_ERRNO(osq_log_client_set_level(reader.client, 0), EINVAL);
	EXPECT_ERRNO(osq_log_client_set_level(reader.client, OSQ_LOG_OFF + 1), EINVAL);
	EXPECT(!osq_log_client_get_settings(reader.client, &settings), "%s", strerror(errno));
	wrong = (struct osq_log_settings){.level = -1, .system_log_rate = 1};
	EXPECT_ERRNO(osq_log_client_set_settings(reader.client, &wrong), EINVAL);
	wrong = (struct osq_log_settings){.level = OSQ_LOG_INFO, .system_log_rate = -1};
	EXPECT_ERRNO(osq_log_client_set_settings(reader.client, &wrong), EINVAL);
	wrong.system_log_rate = OSQ_LOG_RATE_MAX + 1;
	EXPECT_ERRNO(osq_log_client_set_settings(reader.client, &wrong), EINVAL);
	EXPECT(!osq_log_client_get_settings(reader.client, &wrong), "%s", strerror(errno));
	EXPECT(!memcmp(&wrong, &settings, sizeof(wrong)), "the settings have changed");
	log_reader_close(&reader);
}

#ifdef OSQ_LOG_IOCTL_CONNECT

/* It is there, so that to wait for an extension would be in vain. */
static void a_file_that_is_no_channel(void)
{
	static const char *const files[] = {"/dev/null", "/proc/version", "/tmp"};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		errno = 0;
		EXPECT(!osq_log_client_open(files[i], OSQ_LOG_TRACE) && errno == ENOTTY, "%s: %s",
		       files[i], strerror(errno));
	}
	errno = 0;
	EXPECT(!osq_log_client_open("/proc/no_such_log", OSQ_LOG_TRACE) && errno == ENOENT, "%s",
	       strerror(errno));
}

#else

static void a_file_that_is_no_channel(void)
{
	ktap_skip("a kernel control has a name, and any other name may yet come");
}

#endif

/* A record for each read, and none of them cut. */
static void datagrams(void)
{
	struct osq_log_client *client = osq_log_client_open_datagrams(LOG_CHANNEL, OSQ_LOG_TRACE);
	char bytes[2 * OSQ_LOG_RECORD_MAX];
	struct osq_log_record record;
	struct log_reader reader;
	ssize_t length;
	int i;

	if (!client && errno == EOPNOTSUPP) {
		ktap_skip("a pipe has none");
		return;
	}
	REQUIRE(client, "%s", strerror(errno));
	if (log_reader_open_all(&reader, OSQ_LOG_OFF)) {
		log_reader_say(&reader, (struct osq_log_test){.threads = 1,
		                                              .level = OSQ_LOG_INFO,
		                                              .length = 300,
		                                              .messages = 20});
		for (i = 0; i < 20; i++) {
			REQUIRE(osq_log_client_wait(client, SOON) == 1, "record %d is missing", i);
			length = osq_log_client_read(client, bytes, sizeof(bytes));
			REQUIRE(length >= (ssize_t)sizeof(record), "%zd bytes", length);
			memcpy(&record, bytes, sizeof(record));
			EXPECT(record.size == length && record.text_length == 300,
			       "%u of %zd bytes", record.size, length);
		}
		EXPECT(osq_log_client_read(client, bytes, sizeof(bytes)) < 0 && errno == EAGAIN,
		       "there is more");
		log_reader_close_all(&reader);
	}
	osq_log_client_close(client);
}

/* Its records go with it, and nothing else does: who is there sees all, also what comes after. */
static void a_reader_that_is_killed(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader, other;
	unsigned long long i;
	char byte;
	int child, pipe_ends[2];

	REQUIRE(log_reader_open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	REQUIRE(!pipe(pipe_ends), "%s", strerror(errno));
	child = ktap_fork();
	if (!child) {
		if (log_reader_open(&other, OSQ_LOG_TRACE) && write(pipe_ends[1], "", 1) == 1 &&
		    osq_log_client_wait(other.client, SOON) == 1 &&
		    osq_log_client_read(other.client, text, sizeof(record) + 1) > 0 &&
		    write(pipe_ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(pipe_ends[1]);
	EXPECT(read(pipe_ends[0], &byte, 1) == 1, "it did not connect");
	log_reader_say(&reader,
	               (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 50});
	EXPECT(read(pipe_ends[0], &byte, 1) == 1, "it read nothing");
	close(pipe_ends[0]);
	kill(child, SIGKILL);
	EXPECT(ktap_wait(child) == 128 + SIGKILL, "it ended otherwise");
	log_reader_say(&reader,
	               (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 50});
	for (i = 0; i < 100; i++) {
		const unsigned long long number = i % 50;

		EXPECT(log_reader_next(&reader, &record, text, SOON) && is_said(text, 0, number),
		       "%llu is missing", i);
	}
	EXPECT(!reader.dropped, "%llu dropped", (unsigned long long)reader.dropped);
	log_reader_close_all(&reader);
}

/*
 * Who has closed is no client any more, at once: else what comes then would be left to its level,
 * or go to it, and be nowhere. Nobody connects or asks in between.
 */
static void a_client_that_goes(void)
{
	struct log_reader reader;
	uint64_t before, after;
	int32_t level;

	for (level = OSQ_LOG_TRACE; level <= OSQ_LOG_OFF && !ktap_failed(); level++) {
		REQUIRE(log_reader_open(&reader, level), "cannot begin");
		before = log_reader_count("clients");
		log_reader_close(&reader);
		after = log_reader_count("clients");
		EXPECT(after == before - 1, "%llu clients, and before %llu",
		       (unsigned long long)after, (unsigned long long)before);
	}
}

/* kexthost is another process, which may hear of a client's end only after that client's parent. */
#ifdef KEXTHOST
#define HEARD_AFTER 10000 /* milliseconds */
#else
#define HEARD_AFTER 0
#endif

/* When a parent knows, the kernel does; only a client that asks would hide that it does not. */
static void a_client_that_is_killed(void)
{
	struct log_reader reader;
	uint64_t before, after;
	int child, pipe_ends[2], i;
	char byte;

	REQUIRE(!pipe(pipe_ends), "%s", strerror(errno));
	child = ktap_fork();
	if (!child) {
		if (log_reader_open(&reader, OSQ_LOG_WARNING) && write(pipe_ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(pipe_ends[1]);
	EXPECT(read(pipe_ends[0], &byte, 1) == 1, "it did not connect");
	close(pipe_ends[0]);
	before = log_reader_count("clients");
	kill(child, SIGKILL);
	EXPECT(ktap_wait(child) == 128 + SIGKILL, "it ended otherwise");
	after = log_reader_count("clients");
	for (i = 0; i < HEARD_AFTER && after >= before && !ktap_failed(); i++) {
		usleep(1000);
		after = log_reader_count("clients");
	}
	EXPECT(after == before - 1, "%llu clients, and before %llu", (unsigned long long)after,
	       (unsigned long long)before);
}

static void become_a_user(void)
{
	if (setgid(65534) || setuid(65534))
		FAIL("cannot become a normal user: %s", strerror(errno));
}

static void a_user_gets_nothing(void)
{
	struct log_reader reader;
	int child;

	REQUIRE(log_reader_open(&reader, OSQ_LOG_OFF), "cannot begin");
	child = ktap_fork();
	if (!child) {
		become_a_user();
		errno = 0;
		EXPECT(!osq_log_client_open(LOG_CHANNEL, OSQ_LOG_TRACE) &&
		           (errno == EPERM || errno == EACCES),
		       "%s", strerror(errno));
		ktap_child_exit();
	}
	EXPECT(!ktap_wait(child), "the child failed");
	log_reader_close(&reader);
}

int main(void)
{
	static const struct ktap_test tests[] = {
	    {"five_levels", five_levels},
	    {"levels_filter", levels_filter},
	    {"says_who_and_when", says_who_and_when},
	    {"long_texts_are_cut", long_texts_are_cut},
	    {"two_clients", two_clients},
	    {"a_client_too_many", a_client_too_many},
	    {"nonsense_is_refused", nonsense_is_refused},
	    {"datagrams", datagrams},
	    {"a_user_gets_nothing", a_user_gets_nothing},
	    {"a_reader_that_is_killed", a_reader_that_is_killed},
	    {"a_file_that_is_no_channel", a_file_that_is_no_channel},
	    {"a_client_that_goes", a_client_that_goes},
	    {"a_client_that_is_killed", a_client_that_is_killed},
	};

	return KTAP_RUN(tests);
}
