// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The log channel's end: what a client gets when the extension goes, who keeps it from going, and
 * clients that connect at that very moment.
 *
 *	log_unloading [--rounds 3]
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <fcntl.h>
#include <unistd.h>
#endif

#include "extension.h"
#include "ktap.h"
#include "log_reader.h"
#include "options.h"

#define SOON    10000
#define CALLERS 3

static uint64_t option_rounds = 3;

static bool begin(struct log_reader *reader, int32_t level)
{
	return EXPECT(extension_load(), "the extension does not load") &&
	       log_reader_open(reader, level);
}

static void expect_text(struct log_reader *reader, const char *start)
{
	char text[OSQ_LOG_TEXT_MAX + 1] = "";
	struct osq_log_record record;

	EXPECT(log_reader_next(reader, &record, text, SOON), "nothing came");
	EXPECT(!strncmp(text, start, strlen(start)), "'%s' came, not '%s'", text, start);
}

/* Reads until it is told that the channel ends; then it goes, as it should. */
struct reading {
	struct log_reader reader;
	bool ended;
};

static void *read_to_the_end(void *argument)
{
	struct reading *reading = argument;

	reading->ended = log_reader_end(&reading->reader, 2 * SOON);
	log_reader_close(&reading->reader);
	return NULL;
}

/* Last words come, too. */
static void a_reader_sees_the_end(void)
{
	struct reading reading = {.ended = false};
	pthread_t thread;

	REQUIRE(begin(&reading.reader, OSQ_LOG_WARNING), "cannot begin");
	if (EXPECT(!pthread_create(&thread, NULL, read_to_the_end, &reading), "no thread")) {
		extension_must_unload();
		pthread_join(thread, NULL);
		EXPECT(reading.ended, "no end came");
	}
	EXPECT(!extension_is_listed(), "something was left behind");
}

#ifdef OSQ_LOG_IOCTL_CONNECT

/* Has the extension make messages, whether anybody is connected or not. */
static bool say(struct osq_log_test test)
{
	const int file = open(LOG_CHANNEL, O_RDONLY | O_CLOEXEC);
	bool said;

	if (!EXPECT(file >= 0, "%s: %s", LOG_CHANNEL, strerror(errno)))
		return false;
	said = EXPECT(!ioctl(file, OSQ_LOG_IOCTL_TEST, &test), "%s", strerror(errno));
	close(file);
	return said;
}

/* Where a message is that came: with a client, or in the system's log. */
static uint64_t count_kept(void)
{
	return log_reader_count("delivered") + log_reader_count("system_log");
}

/*
 * What comes after a client has gone goes to the system's log, although it wanted nothing when it
 * went, and nobody has connected or asked since. Whoever else is connected by now takes errors.
 */
static void messages_after_a_client(void)
{
	const struct osq_log_test errors = {.threads = 1, .level = OSQ_LOG_ERROR, .messages = 20};
	struct log_reader reader;
	uint64_t before, after;

	REQUIRE(begin(&reader, OSQ_LOG_OFF), "cannot begin");
	log_reader_close(&reader);
	before = count_kept();
	if (say(errors)) {
		after = count_kept();
		EXPECT(after - before >= errors.messages, "%llu of %llu messages are anywhere",
		       (unsigned long long)(after - before), (unsigned long long)errors.messages);
	}
	extension_must_unload();
}

/* It has a pipe; what is in it stays, and then comes the end. */
static void a_client_that_does_not_read(void)
{
	struct log_reader reader;

	REQUIRE(begin(&reader, OSQ_LOG_INFO), "cannot begin");
	extension_must_unload();
	expect_text(&reader, "unloaded");
	EXPECT(log_reader_end(&reader, SOON), "no end came");
	log_reader_close(&reader);
	EXPECT(!extension_is_listed(), "something was left behind");
}

#else

static void messages_after_a_client(void)
{
	ktap_skip("only who is connected can have a kernel control make messages");
}

/* Nobody can be thrown out of a kernel control: the extension stays, and works. */
static void a_client_that_does_not_read(void)
{
	struct log_reader reader;

	REQUIRE(begin(&reader, OSQ_LOG_INFO), "cannot begin");
	EXPECT(!extension_unload(), "unloaded under a client");
	expect_text(&reader, "is being unloaded");
	EXPECT(log_reader_end(&reader, SOON), "it was not told to go");
	expect_text(&reader, "stays loaded: process ");
	log_reader_close(&reader);
	extension_must_unload();
	EXPECT(!extension_is_listed(), "something was left behind");
}

#endif

struct caller {
	pthread_t thread;
	const bool *over;
	bool misled; /* an extension that went was told as a file that is no channel */
};

/* Connects, reads and goes, as often as it can, whether the extension is there or not. */
static void *call(void *argument)
{
	struct caller *caller = argument;
	char bytes[4096];

	while (!__atomic_load_n(caller->over, __ATOMIC_ACQUIRE)) {
		struct osq_log_client *client = osq_log_client_open(LOG_CHANNEL, OSQ_LOG_TRACE);

		if (!client) {
			caller->misled |= errno == ENOTTY;
			continue;
		}
		if (osq_log_client_wait(client, 1) > 0)
			(void)osq_log_client_read(client, bytes, sizeof(bytes));
		osq_log_client_close(client);
	}
	return NULL;
}

static void cycle(uint64_t round)
{
	struct log_reader reader;
	int attempts = 0;

	REQUIRE(begin(&reader, OSQ_LOG_INFO), "round %llu", (unsigned long long)round);
	log_reader_close(&reader);
	/* Who has the device open for a moment, or is about to go, keeps it for that moment. */
	while (!extension_unload() && attempts < 200)
		attempts++;
	EXPECT(attempts < 200, "it cannot be unloaded, round %llu", (unsigned long long)round);
}

static void callers_at_any_moment(void)
{
	struct caller callers[CALLERS];
	bool over = false;
	uint64_t i;

	for (i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){.over = &over};
		REQUIRE(!pthread_create(&callers[i].thread, NULL, call, &callers[i]), "no thread");
	}
	for (i = 0; i < option_rounds && !ktap_failed(); i++)
		cycle(i);
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		EXPECT(!callers[i].misled, "an extension that has gone was taken for another file");
	}
	EXPECT(!extension_is_listed(), "something was left behind");
	ktap_figure("rounds", option_rounds);
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"a_reader_sees_the_end", a_reader_sees_the_end},
	    {"a_client_that_does_not_read", a_client_that_does_not_read},
	    {"messages_after_a_client", messages_after_a_client},
	    {"callers_at_any_moment", callers_at_any_moment},
	};
	const struct option_number options[] = {
	    {"--rounds", &option_rounds, 1, 100000},
	    {NULL, NULL, 0, 0},
	};

	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
