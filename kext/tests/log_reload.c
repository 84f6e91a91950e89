// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * kextlogd when the extension goes and comes again, and when the daemon is killed or stopped.
 *
 *	log_reload [--messages 20000]
 */
#include <signal.h>
#include <unistd.h>

#include "extension.h"
#include "ktap.h"
#include "log_keeper.h"
#include "log_reader.h"
#include "options.h"

#define THREADS 4

static uint64_t option_messages = 20000;

/* Each text that long; 0 for as long as they are. */
static struct osq_log_test flood(uint32_t length)
{
	return (struct osq_log_test){.threads = THREADS,
	                             .level = OSQ_LOG_DEBUG,
	                             .length = length,
	                             .messages = option_messages / THREADS};
}

/* The next one keeps all that comes from its connection on. */
static void a_daemon_that_is_killed(void)
{
	struct log_reader reader;
	struct stored stored;
	int daemon;

	REQUIRE(keeper_set_up(&reader), "cannot begin");
	daemon = keeper_start();
	if (keeper_wait_for_connection(1)) {
		log_reader_say(&reader, flood(0));
		kill(daemon, SIGKILL);
		EXPECT(ktap_wait(daemon) == 128 + SIGKILL, "it ended otherwise");
		daemon = keeper_start();
		keeper_wait_for_connection(2);
		log_reader_say(&reader, (struct osq_log_test){
		                            .threads = 1, .level = OSQ_LOG_INFO, .messages = 10});
	}
	keeper_end(daemon);
	stored = keeper_read();
	EXPECT(stored.connected == 2 && stored.disconnected == 1, "%u connections, %u ends",
	       stored.connected, stored.disconnected);
	/* The one that was killed has told of no account. */
	EXPECT(stored.latest >= 10 && stored.latest == stored.sent,
	       "%llu stored of %llu since the second connection", (unsigned long long)stored.latest,
	       (unsigned long long)stored.sent);
	keeper_tear_down(&reader);
}

/* It lets the extension go, and finds it again. */
static void an_extension_that_comes_again(void)
{
	struct log_reader reader;
	struct stored stored;
	uint64_t before, sent;
	unsigned i;
	int daemon;

	REQUIRE(keeper_set_up(&reader), "cannot begin");
	daemon = keeper_start();
	for (i = 1; i <= 3 && keeper_wait_for_connection(i); i++) {
		before = log_reader_statistics(&reader).sent;
		log_reader_say(&reader, (struct osq_log_test){
		                            .threads = 1, .level = OSQ_LOG_INFO, .messages = 100});
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
	keeper_tear_down(&reader);
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

	REQUIRE(keeper_set_up(&reader), "cannot begin");
	daemon = keeper_start();
	if (keeper_wait_for_connection(1)) {
		kill(daemon, SIGSTOP);
		log_reader_say(&reader, flood(400));
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

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
	    {"a_daemon_that_is_killed", a_daemon_that_is_killed},
	    {"a_daemon_that_is_stopped", a_daemon_that_is_stopped},
	    {"an_extension_that_comes_again", an_extension_that_comes_again},
	};
	const struct option_number options[] = {
	    {"--messages", &option_messages, THREADS, 100000000},
	    {NULL, NULL, 0, 0},
	};
	keeper_init(argv[0]);
	options_read(argc, argv, options);
	return KTAP_RUN(tests);
}
