// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Floods of messages from many threads, from interrupts and under locks: each one comes or is
 * counted, and the kernel waits for nobody. It makes them itself (the test build's TEST request),
 * so that no system call stands between them.
 *
 *	log_flood [--threads 8] [--messages 5000]
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "log_reader.h"
#include "options.h"

#define SOON 10000 /* milliseconds; only what fails takes them */

static uint64_t option_threads = 8;
static uint64_t option_messages = 5000; /* of each thread */

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

/* Whether one came in so many milliseconds. */
static bool read_one(struct log_reader *reader, struct found *found, uint32_t context,
                     int milliseconds)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct osq_log_record record;

	if (!log_reader_next(reader, &record, text, milliseconds))
		return false;
	EXPECT(count_one(found, text), "'%s' is none of ours", text);
	if (context == OSQ_LOG_TEST_INTERRUPT)
		EXPECT(!record.pid && !record.tid, "an interrupt is process %d", record.pid);
	return true;
}

/*
 * All were sent, and `count` of them have come: what else was delivered, and no more than that. One
 * that is missing costs a moment, not the test's time: expect_all_accounted() tells the numbers.
 */
static void read_rest(struct log_reader *reader, struct found *found, uint32_t context,
                      uint64_t count)
{
	const uint64_t all = log_reader_statistics(reader).client_delivered;

	while (count < all && read_one(reader, found, context, SOON))
		count++;
	EXPECT(!read_one(reader, found, context, 0), "more came than the %llu delivered",
	       (unsigned long long)all);
}

/* The kernel waits for nobody: it has said it all when the request returns. */
static void a_client_that_does_not_read(void)
{
	const uint64_t sent = option_threads * option_messages;
	struct found *found = calloc(option_threads, sizeof(*found));
	struct osq_log_statistics now;
	struct log_reader reader;

	REQUIRE(found && log_reader_open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	log_reader_say(&reader, (struct osq_log_test){.threads = (uint32_t)option_threads,
	                                              .level = OSQ_LOG_DEBUG,
	                                              .length = 400,
	                                              .messages = option_messages});
	now = log_reader_statistics(&reader);
	EXPECT(now.client_dropped, "it all fits: %llu messages", (unsigned long long)sent);
	read_rest(&reader, found, OSQ_LOG_TEST_THREAD, 0);
	expect_all_accounted(&reader, found, sent);
	ktap_figure("dropped", now.client_dropped);
	log_reader_close_all(&reader);
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

	REQUIRE(found && log_reader_open_all(&reader, OSQ_LOG_TRACE), "cannot begin");
	REQUIRE(!pthread_create(&thread, NULL, run_flood, &flood), "no thread");
	while (!__atomic_load_n(&flood.over, __ATOMIC_ACQUIRE)) {
		if (read_one(&reader, found, context, 100) && !(++count % 1000))
			ktap_progress(count, sent);
	}
	pthread_join(thread, NULL);
	EXPECT(flood.test.nanoseconds, "the flood failed");
	read_rest(&reader, found, context, count);
	expect_all_accounted(&reader, found, sent);
	if (flood.test.nanoseconds)
		ktap_figure(figure, sent * 1000000000u / flood.test.nanoseconds);
	log_reader_close_all(&reader);
	free(found);
}

static void a_flood(void)
{
	read_flood(OSQ_LOG_TEST_THREAD, "messages/s");
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

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
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
