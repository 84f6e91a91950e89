// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The daemon as a client of an extension that comes, counts, asks and goes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "extension.h"
#include "json.h"
#include "tests.h"

static bool is_connected(const struct extension_state *state)
{
	return state->connected && state->has_asked;
}

static bool is_connected_again(const struct extension_state *state)
{
	return is_connected(state) && state->connections > 1;
}

static bool is_closed(const struct extension_state *state)
{
	return state->connections && !state->connected;
}

static void send_messages(struct extension *extension, uint64_t first, uint64_t last)
{
	struct stream stream = {0};

	for (uint64_t number = first; number <= last; number++)
		stream_message(&stream, number, "a message");
	extension_send(extension, &stream);
	stream_free(&stream);
}

static void expect_end(struct daemon *daemon, int expected)
{
	int status = daemon_wait(daemon);
	char *errors = file_text(daemon->errors);

	EXPECT(status == expected, "status %d, not %d: %.400s", status, expected, errors);
	free(errors);
}

static void stop(struct daemon *daemon)
{
	daemon_signal(daemon, SIGTERM);
	expect_end(daemon, 0);
}

#define CHANNEL(folder) folder_path(folder, "channel")

static void times_are_the_extensions(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct daemon daemon;

	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--format", "json", "--level", "debug", CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	EXPECT(extension_state(&extension).level == OSQ_LOG_DEBUG);
	send_messages(&extension, 13, 13);
	file_wait(daemon.output, "{\"sequence\":13,\"time\":\"2026-11-21T23:31:01.000000000Z\","
	                         "\"uptime\":13.000000000,");
	EXPECT(file_has(daemon.output, "\"time\":\"2026-11-21T23:31:00.000000000Z\","
	                               "\"uptime\":12.000000000,\"level\":\"debug\"}\n"));
	stop(&daemon);
	extension_unload(&extension);
	folder_remove(&folder);
}

/*
 * As after the machine slept: the extension's clock stood still. It shows with the next message, by
 * this machine's clocks; and in silence, when the extension is asked.
 */
static void dates_that_jump_are_followed(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct osq_log_statistics statistics;
	struct daemon daemon;

	extension_load(&extension, CHANNEL(&folder));
	setenv("KEXTLOGD_DATE", folder_path(&folder, "date"), 1);
	daemon = START(&folder, "--format", "json", CHANNEL(&folder));
	unsetenv("KEXTLOGD_DATE");
	EXTENSION_WAIT(&extension, is_connected);
	send_messages(&extension, 13, 13);
	file_wait(daemon.output, "{\"sequence\":13,\"time\":\"2026-11-21T23:31:01.");
	statistics = extension_state(&extension).statistics;
	statistics.epoch += UINT64_C(3600000000000);
	extension_set(&extension, &statistics);
	folder_write(&folder, "date", "3600\n");
	send_messages(&extension, 14, 14);
	file_wait(daemon.output, "{\"sequence\":14,\"time\":\"2026-11-22T00:31:02.");
	statistics.epoch += UINT64_C(3600000000000);
	statistics.client_dropped = 1; /* tells that it was asked */
	extension_set(&extension, &statistics);
	file_wait(daemon.output, "{\"dropped\":1,");
	send_messages(&extension, 15, 15);
	file_wait(daemon.output, "{\"sequence\":15,\"time\":\"2026-11-22T01:31:03.");
	stop(&daemon);
	extension_unload(&extension);
	folder_remove(&folder);
}

/* No record tells of them: neither while the stream is quiet, nor at its end. */
static void drops_without_a_record_are_told(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct osq_log_statistics statistics;
	struct daemon daemon;
	char *text;

	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--format", "json", CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	statistics = extension_state(&extension).statistics;
	send_messages(&extension, 1, 5);
	statistics.client_dropped = 3;
	extension_set(&extension, &statistics);
	file_wait(daemon.output, "{\"dropped\":3,\"total\":3,\"time\"");
	statistics.client_dropped = 43;
	extension_set(&extension, &statistics);
	send_messages(&extension, 6, 6);
	file_wait(daemon.output, "{\"dropped\":40,\"total\":43,\"time\"");
	statistics.client_dropped = 50;
	statistics.client_delivered = 6;
	extension_set(&extension, &statistics);
	stop(&daemon);
	text = file_text(daemon.output);
	EXPECT(json_sum(text, "dropped").sum == 50, "%s", text);
	EXPECT(json_sum(text, "sequence").lines == 6, "%s", text);
	EXPECT(strstr(text, "\"messages\":6,\"total\":50,\"delivered\":6,"), "%s", text);
	free(text);
	extension_unload(&extension);
	folder_remove(&folder);
}

static void what_was_lost_before_is_told(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct osq_log_statistics statistics;
	struct daemon daemon;

	extension_load(&extension, CHANNEL(&folder));
	statistics = extension_state(&extension).statistics;
	statistics.lost = 7;
	statistics.system_log = 11;
	extension_set(&extension, &statistics);
	daemon = START(&folder, "--format", "json", CHANNEL(&folder));
	file_wait(daemon.output, "{\"lost\":7,\"total\":7,\"system_log\":11,");
	/* What is lost from now on is what was dropped. */
	statistics.lost = 10;
	statistics.client_dropped = 3;
	extension_set(&extension, &statistics);
	stop(&daemon);
	EXPECT(file_count(daemon.output, "{\"lost\"") == 1);
	EXPECT(file_has(daemon.output, "{\"dropped\":3,\"total\":3,"));
	extension_unload(&extension);
	folder_remove(&folder);
}

static bool has_seen_three_end(const void *context)
{
	const struct daemon *daemon = context;

	return file_count(daemon->output, "\"reason\":\"the extension is gone\"") == 3;
}

static void survives_unload_and_reload(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct daemon daemon = START(&folder, "--format", "json", CHANNEL(&folder));
	char *text;

	/* It waits for the first one, too. */
	file_wait(daemon.errors, "waiting for ");
	for (uint64_t number = 1; number <= 3; number++) {
		extension_load(&extension, CHANNEL(&folder));
		EXTENSION_WAIT(&extension, is_connected);
		send_messages(&extension, number * 10, number * 10 + 4);
		extension_unload(&extension);
	}
	EXPECT(wait_until(has_seen_three_end, &daemon), "it did not see each end");
	stop(&daemon);
	text = file_text(daemon.output);
	EXPECT(json_sum(text, "sequence").lines == 15, "%s", text);
	EXPECT(json_sum(text, "connected").lines == 3 && json_sum(text, "disconnected").lines == 3);
	free(text);
	folder_remove(&folder);
}

/* What is written to the FIFO until nobody does so any more; to be freed. */
static char *read_to_end(int fifo)
{
	size_t length = 0, size = 64 << 20;
	char *text = malloc(size);
	ssize_t got;

	fcntl(fifo, F_SETFL, 0);
	while ((got = read(fifo, text + length, size - length - 1)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	return text;
}

enum { FLOOD = 200000, QUEUE = 8 << 20 };

/* More than the daemon keeps while its output takes nothing. */
static struct stream make_flood(void)
{
	struct stream stream = {0};

	for (uint64_t number = 1; number <= FLOOD; number++)
		stream_message(&stream, number, "a message that is as long as most of them are");
	EXPECT(stream.length > 2 * QUEUE, "all of it waits: %zu", stream.length);
	return stream;
}

static void expect_flood(const char *text)
{
	const struct json_sum lines = json_sum(text, "sequence");
	const struct json_sum unwritten = json_sum(text, "unwritten");

	EXPECT(lines.lines > 10000 && unwritten.sum > 10000 && lines.lines + unwritten.sum == FLOOD,
	       "%llu + %llu", (unsigned long long)lines.lines, (unsigned long long)unwritten.sum);
}

/* An extension that waits to be unloaded does not wait for our disk: nobody reads the output. */
static void closes_at_once_when_asked(void)
{
	const struct osq_log_record closing = {.flags = OSQ_LOG_CLOSING, .dropped = 2};
	struct folder folder = folder_make();
	struct extension extension;
	struct stream stream = {0};
	struct daemon daemon;
	char *text;
	int fifo, drained = 0;

	EXPECT(!mkfifo(folder_path(&folder, "fifo"), 0600));
	fifo = open(folder_path(&folder, "fifo"), O_RDONLY | O_NONBLOCK);
	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--format", "json", "--once", "--output",
	               folder_path(&folder, "fifo"), CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	send_messages(&extension, 1, 10000);
	stream_record(&stream, closing, "", 0);
	extension_send(&extension, &stream);
	EXTENSION_WAIT(&extension, is_closed);
	/* Now all of it, until the daemon has ended. */
	text = read_to_end(fifo);
	expect_end(&daemon, 0);
	drained = (int)json_sum(text, "sequence").lines;
	EXPECT(drained == 10000, "%d", drained);
	EXPECT(strstr(text, "{\"dropped\":2,\"total\":2,\"time\"") &&
	       strstr(text, "\"reason\":\"the extension is being unloaded\""));
	free(text);
	close(fifo);
	stream_free(&stream);
	extension_unload(&extension);
	folder_remove(&folder);
}

/*
 * While the output takes nothing, some MiB wait for it; what comes then is counted, so that the
 * extension can go. All of it is there in the end, or its count, and the extension's own account.
 */
static void an_output_that_takes_nothing_holds_up_nobody(void)
{
	struct osq_log_closing closing = {
	    .record = {.flags = OSQ_LOG_CLOSING, .dropped = 7},
	    .statistics = {.client_sent = FLOOD + 12,
	                   .client_delivered = FLOOD,
	                   .client_unwanted = 5,
	                   .client_dropped = 7},
	};
	struct folder folder = folder_make();
	struct extension extension;
	struct stream stream = make_flood();
	struct daemon daemon;
	char *text;
	int fifo;

	EXPECT(!mkfifo(folder_path(&folder, "fifo"), 0600));
	fifo = open(folder_path(&folder, "fifo"), O_RDONLY | O_NONBLOCK);
	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--format", "json", "--once", "--output",
	               folder_path(&folder, "fifo"), CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	stream_record(&stream, closing.record, &closing.statistics, sizeof(closing.statistics));
	extension_send(&extension, &stream);
	EXTENSION_WAIT(&extension, is_closed);
	text = read_to_end(fifo);
	expect_end(&daemon, 0);
	expect_flood(text);
	EXPECT(json_sum(text, "dropped").sum == 7);
	EXPECT(strstr(text, "\"messages\":200000,\"total\":7,\"delivered\":200000,"
	                    "\"unwanted\":5,\"sent\":200012}\n"),
	       "%s", strrchr(text, '{'));
	free(text);
	close(fifo);
	stream_free(&stream);
	extension_unload(&extension);
	folder_remove(&folder);
}

static bool has_pushed_once(const struct extension_state *state)
{
	return state->settings_pushed == 1;
}

static bool has_pushed_twice(const struct extension_state *state)
{
	return state->settings_pushed == 2;
}

static bool has_pushed_error(const struct extension_state *state)
{
	return has_pushed_twice(state) && state->level == OSQ_LOG_ERROR;
}

/* Nor does SIGHUP meanwhile: the file is opened anew when all that came before is written. */
static void sighup_holds_up_nobody(void)
{
	const struct osq_log_record closing = {.flags = OSQ_LOG_CLOSING};
	struct folder folder = folder_make();
	struct extension extension;
	struct stream stream = make_flood();
	struct daemon daemon;
	char *text;
	int fifo;

	folder_write(&folder, "conf", "kernel-level = debug\n");
	EXPECT(!mkfifo(folder_path(&folder, "fifo"), 0600));
	fifo = open(folder_path(&folder, "fifo"), O_RDONLY | O_NONBLOCK);
	extension_load(&extension, CHANNEL(&folder));
	daemon =
	    START(&folder, "--format", "json", "--once", "--config", folder_path(&folder, "conf"),
	          "--output", folder_path(&folder, "fifo"), CHANNEL(&folder));
	EXTENSION_WAIT(&extension, has_pushed_once);
	extension_send(&extension, &stream);
	EXPECT(!rename(folder_path(&folder, "fifo"), folder_path(&folder, "old")));
	daemon_signal(&daemon, SIGHUP);
	EXTENSION_WAIT(&extension, has_pushed_twice);
	stream.length = 0;
	stream_record(&stream, closing, "", 0);
	extension_send(&extension, &stream);
	EXTENSION_WAIT(&extension, is_closed);
	text = read_to_end(fifo);
	expect_end(&daemon, 0);
	expect_flood(text);
	EXPECT(!strstr(text, "{\"disconnected\"") &&
	       file_has(folder_path(&folder, "fifo"), "{\"disconnected\""));
	free(text);
	close(fifo);
	stream_free(&stream);
	extension_unload(&extension);
	folder_remove(&folder);
}

static bool has_pushed_again(const struct extension_state *state)
{
	return state->settings_pushed == 3;
}

/* What the configuration does not say stays as it is in the extension. */
static void settings_are_pushed(void)
{
	const struct osq_log_record closing = {.flags = OSQ_LOG_CLOSING};
	struct folder folder = folder_make();
	struct extension extension;
	struct stream stream = {0};
	struct extension_state state;
	struct daemon daemon;

	folder_write(&folder, "conf", "kernel-level = debug\nlevel = info\n");
	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--config", folder_path(&folder, "conf"), CHANNEL(&folder));
	EXTENSION_WAIT(&extension, has_pushed_once);
	state = extension_state(&extension);
	EXPECT(state.settings.level == OSQ_LOG_DEBUG && state.settings.system_log_rate == 100 &&
	           state.level == OSQ_LOG_INFO,
	       "%d %d %d", state.settings.level, state.settings.system_log_rate, state.level);
	folder_write(&folder, "conf", "system-log-rate = 7\nlevel = error\n");
	daemon_signal(&daemon, SIGHUP);
	EXTENSION_WAIT(&extension, has_pushed_error);
	state = extension_state(&extension);
	EXPECT(state.settings.level == OSQ_LOG_DEBUG && state.settings.system_log_rate == 7);
	/* And whenever it connects. */
	stream_record(&stream, closing, "", 0);
	extension_send(&extension, &stream);
	EXTENSION_WAIT(&extension, has_pushed_again);
	EXTENSION_WAIT(&extension, is_connected_again);
	EXPECT(extension_state(&extension).level == OSQ_LOG_ERROR);
	stop(&daemon);
	stream_free(&stream);
	extension_unload(&extension);
	folder_remove(&folder);
}

/* First it asks for nothing more; then it takes what was delivered until then. */
static void a_signal_leaves_nothing_behind(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct daemon daemon;
	char *text;

	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--format", "json", "--output", folder_path(&folder, "log"),
	               CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	send_messages(&extension, 1, 2000);
	stop(&daemon);
	EXPECT(extension_state(&extension).level == OSQ_LOG_OFF);
	text = file_text(folder_path(&folder, "log"));
	EXPECT(json_sum(text, "sequence").lines == 2000);
	EXPECT(strstr(text, "\"reason\":\"stopped\"") && strstr(text, "\"messages\":2000,"));
	free(text);
	extension_unload(&extension);
	folder_remove(&folder);
}

static bool has_left_requests_unanswered(const struct extension_state *state)
{
	return state->unanswered >= 2;
}

/*
 * A module that is being unloaded has no file any more, but sends still what it has: as much as a
 * pipe and its own buffer hold, and its account.
 */
static void a_signal_leaves_nothing_behind_of_an_extension_that_goes(void)
{
	enum { MESSAGES = 1800 };
	struct osq_log_closing closing = {
	    .record = {.flags = OSQ_LOG_CLOSING},
	    .statistics = {.client_sent = 10 + MESSAGES, .client_delivered = 10 + MESSAGES},
	};
	struct folder folder = folder_make();
	struct stream stream = {0};
	struct extension extension;
	struct daemon daemon;
	char message[901], *text;

	memset(message, '.', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	extension_load(&extension, CHANNEL(&folder));
	daemon = START(&folder, "--format", "json", "--output", folder_path(&folder, "log"),
	               CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	send_messages(&extension, 1, 10);
	file_wait(folder_path(&folder, "log"), "{\"sequence\":10,");
	pthread_mutex_lock(&extension.lock);
	extension.state.going = true;
	pthread_mutex_unlock(&extension.lock);
	daemon_signal(&daemon, SIGTERM);
	/* The level, and the statistics after all that has come was read. */
	EXTENSION_WAIT(&extension, has_left_requests_unanswered);
	for (uint64_t number = 1; number <= MESSAGES; number++)
		stream_message(&stream, 10 + number, message);
	EXPECT(stream.length > (1 << 20) + OSQ_LOG_BUFFER, "%zu", stream.length);
	stream_record(&stream, closing.record, &closing.statistics, sizeof(closing.statistics));
	extension_send(&extension, &stream);
	expect_end(&daemon, 0);
	text = file_text(folder_path(&folder, "log"));
	EXPECT(json_sum(text, "sequence").lines == 10 + MESSAGES, "%llu",
	       (unsigned long long)json_sum(text, "sequence").lines);
	EXPECT(strstr(text, "\"reason\":\"the extension is being unloaded\"") &&
	           strstr(text, "\"sent\":1810}\n"),
	       "%s", strrchr(text, '{'));
	free(text);
	stream_free(&stream);
	extension_unload(&extension);
	folder_remove(&folder);
}

static void once_ends_with_the_extension(void)
{
	struct folder folder = folder_make();
	struct extension extension;
	struct daemon daemon = START(&folder, "--once", CHANNEL(&folder));

	expect_end(&daemon, 1);
	EXPECT(file_has(daemon.errors, "No such file or directory; load the extension first"));
	daemon = START(&folder, "--once", "--wait", "10000", CHANNEL(&folder));
	file_wait(daemon.errors, "waiting for ");
	extension_load(&extension, CHANNEL(&folder));
	EXTENSION_WAIT(&extension, is_connected);
	send_messages(&extension, 1, 3);
	extension_unload(&extension);
	expect_end(&daemon, 0);
	EXPECT(file_has(daemon.output, " #3: a message\n"));
	folder_remove(&folder);
}

static void refusals_are_told(void)
{
	static const struct {
		int error;
		const char *expected;
	} cases[] = {
	    {EPERM, "only the superuser may read it; try sudo"},
	    {EINVAL, "that is no log channel"},
	};

	for (size_t i = 0; i < 2; i++) {
		struct folder folder = folder_make();
		struct extension extension;
		struct daemon daemon;

		extension_load(&extension, CHANNEL(&folder));
		pthread_mutex_lock(&extension.lock);
		extension.state.refusal = cases[i].error;
		pthread_mutex_unlock(&extension.lock);
		daemon = START(&folder, CHANNEL(&folder));
		expect_end(&daemon, 1);
		EXPECT(file_has(daemon.errors, cases[i].expected), "%s", cases[i].expected);
		extension_unload(&extension);
		folder_remove(&folder);
	}
}

const struct ktap_test extension_tests[] = {
    {"tells times by the extension's clock", times_are_the_extensions},
    {"follows dates that jump", dates_that_jump_are_followed},
    {"tells drops that no record tells", drops_without_a_record_are_told},
    {"tells what was lost before it connected", what_was_lost_before_is_told},
    {"survives unload and reload of the extension", survives_unload_and_reload},
    {"closes at once when the extension asks", closes_at_once_when_asked},
    {"reads on while the output takes nothing", an_output_that_takes_nothing_holds_up_nobody},
    {"reads on when SIGHUP comes while the output takes nothing", sighup_holds_up_nobody},
    {"pushes settings at each connection and on SIGHUP", settings_are_pushed},
    {"leaves nothing behind when a signal ends it", a_signal_leaves_nothing_behind},
    {"leaves nothing behind when a signal ends it while the extension goes",
     a_signal_leaves_nothing_behind_of_an_extension_that_goes},
    {"ends with the extension by --once", once_ends_with_the_extension},
    {"tells why it cannot connect", refusals_are_told},
    {NULL, NULL},
};
