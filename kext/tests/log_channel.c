// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The log channel: what a client gets, and that what it does not get is counted. The messages are
 * made by the kernel (the test build's TEST request), so that no system call stands between them.
 *
 *	log_channel [--threads 8] [--messages 5000]
 *
 * Other clients may be there, and the extension may say something of its own: the counts are each
 * client's, and a test looks at the texts that it asked for.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log_reader.h"
#include "ktap.h"
#include "options.h"

#define SOON 10000 /* milliseconds; only what fails takes them */

static uint64_t option_threads = 8;
static uint64_t option_messages = 5000; /* of each thread */

static bool say(struct log_reader *reader, struct osq_log_test test)
{
	return EXPECT(!osq_log_client_test(reader->client, &test), "%s", strerror(errno));
}

static bool is_said(const char *text, unsigned thread, unsigned long long number)
{
	unsigned found_thread;
	unsigned long long found_number;

	return sscanf(text, "%u %llu", &found_thread, &found_number) == 2 &&
	       found_thread == thread && found_number == number;
}

static bool open_all(struct log_reader *reader, int32_t level)
{
	if (!log_reader_open(reader, level))
		return false;
	log_reader_set_kernel_level(reader, OSQ_LOG_TRACE);
	return true;
}

static void close_all(struct log_reader *reader)
{
	log_reader_set_kernel_level(reader, OSQ_LOG_INFO);
	log_reader_close(reader);
}

static void five_levels(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader;
	int32_t level;

	REQUIRE(open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	for (level = OSQ_LOG_TRACE; level <= OSQ_LOG_ERROR; level++) {
		if (!say(&reader,
		         (struct osq_log_test){.threads = 1, .level = level, .messages = 1}) ||
		    !EXPECT(log_reader_next(&reader, &record, text, SOON), "no record"))
			break;
		EXPECT(record.level == level, "level %d came as %u", level, record.level);
		EXPECT(is_said(text, 0, 0), "the text is '%s'", text);
		EXPECT(!record.flags, "flags %x", record.flags);
	}
	close_all(&reader);
}

/* A client's own level, and then the extension's, below which nothing is made. */
static void levels_filter(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct osq_log_statistics before, after;
	struct log_reader reader;
	int32_t level;

	REQUIRE(open_all(&reader, OSQ_LOG_WARNING), "cannot begin");
	before = log_reader_statistics(&reader);
	for (level = OSQ_LOG_TRACE; level <= OSQ_LOG_ERROR; level++)
		say(&reader, (struct osq_log_test){.threads = 1, .level = level, .messages = 1});
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
	say(&reader, (struct osq_log_test){.threads = 1, .level = OSQ_LOG_WARNING, .messages = 5});
	after = log_reader_statistics(&reader);
	EXPECT(after.sent == before.sent, "messages below the extension's level were made");
	say(&reader, (struct osq_log_test){.threads = 1, .level = OSQ_LOG_ERROR, .messages = 1});
	EXPECT(log_reader_next(&reader, &record, text, SOON) && record.level == OSQ_LOG_ERROR,
	       "no error");
	close_all(&reader);
}

/* The process and the thread that asked: a kernel thread of the extension's makes the messages. */
static void says_who_and_when(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_statistics before, after;
	struct osq_log_record record;
	struct log_reader reader;

	REQUIRE(open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	before = log_reader_statistics(&reader);
	say(&reader, (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 1});
	after = log_reader_statistics(&reader);
	if (EXPECT(log_reader_next(&reader, &record, text, SOON), "no record")) {
		EXPECT(record.time >= before.time && record.time <= after.time,
		       "%llu is not between %llu and %llu", (unsigned long long)record.time,
		       (unsigned long long)before.time, (unsigned long long)after.time);
		EXPECT(record.pid != getpid(), "it is told as this process");
		EXPECT(record.tid, "no thread");
	}
	EXPECT(after.epoch - before.epoch < 3600u * 1000000000ull, "the clock jumps");
	close_all(&reader);
}

static void long_texts_are_cut(void)
{
	static const uint32_t lengths[] = {OSQ_LOG_TEXT_MAX - 1, OSQ_LOG_TEXT_MAX,
	                                   OSQ_LOG_TEXT_MAX + 1, 2 * OSQ_LOG_TEXT_MAX};
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader;
	size_t i;

	REQUIRE(open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const bool cut = lengths[i] > OSQ_LOG_TEXT_MAX;

		say(&reader,
		    (struct osq_log_test){
		        .threads = 1, .level = OSQ_LOG_INFO, .length = lengths[i], .messages = 1});
		if (!EXPECT(log_reader_next(&reader, &record, text, SOON), "no record"))
			break;
		EXPECT(record.text_length == (cut ? OSQ_LOG_TEXT_MAX : lengths[i]),
		       "%u bytes of %u", record.text_length, lengths[i]);
		EXPECT(!!(record.flags & OSQ_LOG_TRUNCATED) == cut, "flags %x", record.flags);
		EXPECT(text[record.text_length - 1] == '.', "it ends with '%c'",
		       text[record.text_length - 1]);
	}
	close_all(&reader);
}

/* Each gets all that it wants, whatever the other wants and does. */
static void two_clients(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct log_reader all, errors;
	struct osq_log_record record;
	unsigned long long i;

	REQUIRE(open_all(&all, OSQ_LOG_TRACE), "cannot begin");
	if (log_reader_open(&errors, OSQ_LOG_ERROR)) {
		say(&all,
		    (struct osq_log_test){.threads = 1, .level = OSQ_LOG_DEBUG, .messages = 9});
		say(&all,
		    (struct osq_log_test){.threads = 1, .level = OSQ_LOG_ERROR, .messages = 3});
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
	close_all(&all);
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

/* The numbers of one thread's messages, in their order, some of them missing. */
struct found {
	uint64_t next, count;
};

/* What the client got is what it says that it got, and with what it says was dropped it is all. */
static void expect_all_accounted(struct log_reader *reader, const struct found *found,
                                 uint64_t sent)
{
	const struct osq_log_statistics now = log_reader_statistics(reader);
	uint64_t got = 0, thread;

	for (thread = 0; thread < option_threads; thread++)
		got += found[thread].count;
	EXPECT(got + now.client_dropped == sent, "%llu came and %llu were dropped of %llu",
	       (unsigned long long)got, (unsigned long long)now.client_dropped,
	       (unsigned long long)sent);
	EXPECT(got == now.client_delivered, "%llu came of %llu", (unsigned long long)got,
	       (unsigned long long)now.client_delivered);
	EXPECT(now.sent == now.delivered + now.unwanted + now.system_log + now.lost,
	       "%llu sent, %llu delivered, %llu unwanted, %llu in the system log, %llu lost",
	       (unsigned long long)now.sent, (unsigned long long)now.delivered,
	       (unsigned long long)now.unwanted, (unsigned long long)now.system_log,
	       (unsigned long long)now.lost);
}

static bool count_one(struct found *found, const char *text)
{
	unsigned long long number;
	unsigned thread;

	if (sscanf(text, "%u %llu", &thread, &number) != 2 || thread >= option_threads)
		return false;
	EXPECT(number >= found[thread].next, "thread %u says %llu after %llu", thread, number,
	       (unsigned long long)found[thread].next);
	found[thread].next = number + 1;
	found[thread].count++;
	return true;
}

/* Until nothing comes any more: the messages were all sent before. */
static void read_all(struct log_reader *reader, struct found *found)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	const uint64_t all = log_reader_statistics(reader).client_delivered;
	uint64_t count = 0;

	while (count < all && log_reader_next(reader, &record, text, SOON)) {
		EXPECT(count_one(found, text), "'%s' is none of ours", text);
		count++;
	}
}

/* The kernel waits for nobody: it has said it all when the request returns. */
static void a_client_that_does_not_read(void)
{
	const uint64_t sent = option_threads * option_messages;
	struct found *found = calloc(option_threads, sizeof(*found));
	struct osq_log_statistics now;
	struct log_reader reader;

	REQUIRE(found && open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	say(&reader, (struct osq_log_test){.threads = (uint32_t)option_threads,
	                                   .level = OSQ_LOG_DEBUG,
	                                   .length = 400,
	                                   .messages = option_messages});
	now = log_reader_statistics(&reader);
	EXPECT(now.client_dropped, "it all fits: %llu messages", (unsigned long long)sent);
	read_all(&reader, found);
	expect_all_accounted(&reader, found, sent);
	ktap_figure("dropped", now.client_dropped);
	close_all(&reader);
	free(found);
}

struct flood {
	struct log_reader *reader;
	struct osq_log_test test;
	bool over;
};

static void *run_flood(void *data)
{
	struct flood *flood = data;

	if (osq_log_client_test(flood->reader->client, &flood->test))
		flood->test.nanoseconds = 0;
	__atomic_store_n(&flood->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Many threads speak while one reads. */
static void read_flood(uint32_t context, const char *figure)
{
	const uint64_t sent = option_threads * option_messages;
	struct found *found = calloc(option_threads, sizeof(*found));
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader;
	struct flood flood = {
	    .reader = &reader,
	    .test = {.threads = (uint32_t)option_threads,
	             .context = context,
	             .level = OSQ_LOG_DEBUG,
	             .messages = option_messages},
	};
	uint64_t count = 0;
	pthread_t thread;

	REQUIRE(found && open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	REQUIRE(!pthread_create(&thread, NULL, run_flood, &flood), "no thread");
	for (;;) {
		const bool over = __atomic_load_n(&flood.over, __ATOMIC_ACQUIRE);

		if (log_reader_next(&reader, &record, text, over ? 0 : 100)) {
			EXPECT(count_one(found, text), "'%s' is none of ours", text);
			if (context == OSQ_LOG_TEST_INTERRUPT)
				EXPECT(!record.pid && !record.tid, "an interrupt is process %d",
				       record.pid);
			if (!(++count % 1000))
				ktap_progress(count, sent);
		} else if (over && count == log_reader_statistics(&reader).client_delivered) {
			break;
		}
	}
	pthread_join(thread, NULL);
	EXPECT(flood.test.nanoseconds, "the flood failed");
	expect_all_accounted(&reader, found, sent);
	if (flood.test.nanoseconds)
		ktap_figure(figure, sent * 1000000000u / flood.test.nanoseconds);
	close_all(&reader);
	free(found);
}

static void a_flood(void)
{
	read_flood(OSQ_LOG_TEST_THREAD, "messages/s");
}

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
	if (open_all(&reader, OSQ_LOG_OFF)) {
		say(&reader,
		    (struct osq_log_test){
		        .threads = 1, .level = OSQ_LOG_INFO, .length = 300, .messages = 20});
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
		close_all(&reader);
	}
	osq_log_client_close(client);
}

#ifdef OSQ_LOG_IOCTL_CONNECT

static void from_interrupts(void)
{
	read_flood(OSQ_LOG_TEST_INTERRUPT, "interrupts/s");
}

static void under_a_spin_lock(void)
{
	read_flood(OSQ_LOG_TEST_LOCKED, "locked/s");
}

#else

static void from_interrupts(void)
{
	struct osq_log_test test = {
	    .threads = 1, .context = OSQ_LOG_TEST_INTERRUPT, .level = OSQ_LOG_INFO, .messages = 1};
	struct log_reader reader;

	if (log_reader_open(&reader, OSQ_LOG_OFF)) {
		EXPECT_ERRNO(osq_log_client_test(reader.client, &test), EOPNOTSUPP);
		log_reader_close(&reader);
	}
	if (!ktap_failed())
		ktap_skip("no message of an XNU extension's comes from an interrupt");
}

static void under_a_spin_lock(void)
{
	ktap_skip("a kernel control's buffer is behind a mutex, which nobody may take there");
}

#endif

/* Its records go with it, and nothing else does: who is there sees all, also what comes after. */
static void a_reader_that_is_killed(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;
	struct log_reader reader, other;
	unsigned long long i;
	char byte;
	int child, pipe_ends[2];

	REQUIRE(open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
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
	say(&reader, (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 50});
	EXPECT(read(pipe_ends[0], &byte, 1) == 1, "it read nothing");
	close(pipe_ends[0]);
	kill(child, SIGKILL);
	EXPECT(ktap_wait(child) == 128 + SIGKILL, "it ended otherwise");
	say(&reader, (struct osq_log_test){.threads = 1, .level = OSQ_LOG_INFO, .messages = 50});
	for (i = 0; i < 100; i++) {
		const unsigned long long number = i % 50;

		EXPECT(log_reader_next(&reader, &record, text, SOON) && is_said(text, 0, number),
		       "%llu is missing", i);
	}
	EXPECT(!reader.dropped, "%llu dropped", (unsigned long long)reader.dropped);
	close_all(&reader);
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

int main(int argc, char **argv)
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
	    {"a_client_that_does_not_read", a_client_that_does_not_read},
	    {"a_flood", a_flood},
	    {"from_interrupts", from_interrupts},
	    {"under_a_spin_lock", under_a_spin_lock},
	};
	const struct option_number options[] = {
	    {"--threads", &option_threads, 1, 64},
	    {"--messages", &option_messages, 1000, 1000000000},
	    {NULL, NULL, 0, 0},
	};

	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
