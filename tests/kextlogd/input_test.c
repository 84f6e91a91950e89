// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The daemon on a stream: what becomes of each record, and that nothing is lost in silence. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "json.h"
#include "tests.h"

/* Sends it all, and waits for the daemon to end well. Its standard output; to be freed. */
static char *run_stream(const struct folder *folder, struct stream *stream,
                        const char *const *arguments)
{
	struct daemon daemon = daemon_start(folder, arguments);
	int status;

	daemon_send(&daemon, stream);
	status = daemon_wait(&daemon);
	EXPECT(status == 0, "status %d", status);
	stream_free(stream);
	return file_text(daemon.output);
}
#define RUN(folder, stream, ...)                                                                   \
	run_stream(folder, stream, (const char *const[]){__VA_ARGS__, NULL})

static void a_line_for_each_message(void)
{
	struct folder folder = folder_make();
	struct stream stream = {0};
	char *text;

	stream_message(&stream, 1, "one");
	stream_message(&stream, 2, "two\n\x1b");
	text = RUN(&folder, &stream, "--format", "json", "-");
	EXPECT(!strncmp(text, "{\"connected\":true,\"channel\":\"-\",", 32), "%s", text);
	EXPECT(strstr(text, "\"uptime\":1.000000000,\"level\":\"info\",\"pid\":812,\"tid\":815,"
	                    "\"text\":\"one\"}\n{\"sequence\":2,"),
	       "%s", text);
	EXPECT(strstr(text, "\"text\":\"two\\n\\u001b\"}\n{\"disconnected\":true,"), "%s", text);
	EXPECT(strstr(text, "\"reason\":\"standard input ended\""), "%s", text);
	EXPECT(json_sum(text, "sequence").lines == 2);
	free(text);
	folder_remove(&folder);
}

static void text_format(void)
{
	struct folder folder = folder_make();
	struct stream stream = {0};
	char *text;

	stream_message(&stream, 1, "one\x1b[31m");
	text = RUN(&folder, &stream, "-");
	EXPECT(strstr(text, "Z kextlogd: connected to -, level trace\n"), "%s", text);
	EXPECT(strstr(text, "Z info 812/815 #1: one\\x1b[31m\n"), "%s", text);
	EXPECT(!strchr(text, '\x1b'), "an escape got through");
	free(text);
	folder_remove(&folder);
}

static void dropped_messages_are_told_before_the_next(void)
{
	struct osq_log_record record = {.level = OSQ_LOG_INFO, .sequence = 10, .dropped = 9};
	struct folder folder = folder_make();
	struct stream stream = {0};
	struct json_sum dropped;
	char *text;

	stream_record(&stream, record, "a", 1);
	record.sequence = 11; /* as many as before: no line */
	stream_record(&stream, record, "b", 1);
	record.sequence = 20;
	record.dropped = 17;
	record.flags = OSQ_LOG_DROPPED_BEFORE;
	stream_record(&stream, record, "c", 1);
	record.flags = OSQ_LOG_CLOSING;
	record.dropped = 20;
	stream_record(&stream, record, "", 0);
	stream_message(&stream, 99, "what follows the end");
	text = RUN(&folder, &stream, "--format", "json", "-");
	EXPECT(strstr(text, "\n{\"dropped\":9,\"total\":9,\"before\":10,"), "%s", text);
	EXPECT(strstr(text, "\"b\"}\n{\"dropped\":8,\"total\":17,\"before\":20,"), "%s", text);
	EXPECT(strstr(text, "\"c\"}\n{\"dropped\":3,\"total\":20,\"time\""), "%s", text);
	EXPECT(strstr(text, "\"messages\":3,\"total\":20}\n"), "%s", text);
	dropped = json_sum(text, "dropped");
	EXPECT(dropped.sum == 20 && dropped.lines == 3);
	EXPECT(json_sum(text, "sequence").lines == 3);
	free(text);
	folder_remove(&folder);
}

static void damage_is_counted(void)
{
	struct folder folder = folder_make();
	struct stream stream = {0};
	struct json_sum damaged;
	size_t length;
	char *text;

	stream_bytes(&stream, "garbage", 7);
	stream_message(&stream, 1, "one");
	stream_bytes(&stream, "OSQL and more", 13);
	length = stream.length;
	stream_message(&stream, 2, "two");
	stream.bytes[length + 8] = 9; /* no level */
	stream_message(&stream, 3, "three");
	stream_bytes(&stream, "OSQL", 4);
	text = RUN(&folder, &stream, "--format", "json", "-");
	damaged = json_sum(text, "damaged");
	EXPECT(damaged.lines == 3 && damaged.sum == 7 + 13 + 51 + 4, "%s", text);
	EXPECT(json_sum(text, "sequence").lines == 2, "%s", text);
	free(text);
	folder_remove(&folder);
}

static void only_what_is_wanted(void)
{
	struct osq_log_record record = {.sequence = 1};
	struct folder folder = folder_make();
	struct stream stream = {0};
	char *text;

	for (record.level = OSQ_LOG_TRACE; record.level <= OSQ_LOG_ERROR; record.level++)
		stream_record(&stream, record, "x", 1);
	text = RUN(&folder, &stream, "--format", "json", "--level", "warning", "-");
	EXPECT(json_sum(text, "sequence").lines == 2 &&
	           strstr(text, "\"level\":\"warning\",\"pid\"") &&
	           strstr(text, "\"level\":\"error\",\"pid\""),
	       "%s", text);
	free(text);
	folder_remove(&folder);
}

/* Many records in one stream, of all sizes, with damage in between: each comes, in order. */
static void a_flood(void)
{
	enum { MESSAGES = 40000 };
	struct folder folder = folder_make();
	struct stream stream = {0};
	char filler[OSQ_LOG_TEXT_MAX], *text;
	uint64_t next = 1, damaged = 0;

	memset(filler, '.', sizeof(filler));
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		const struct osq_log_record record = {.level = OSQ_LOG_INFO, .sequence = i};

		stream_record(&stream, record, filler, i % 37 * 5 + (i % 500 ? 0 : 700));
		if (i % 1000 == 0) {
			stream_bytes(&stream, filler, i / 1000);
			damaged += i / 1000;
		}
	}
	text = RUN(&folder, &stream, "--format", "json", "-");
	for (const char *line = text; line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (!strncmp(line, "{\"sequence\":", 12) && strtoull(line + 12, NULL, 10) == next)
			next++;
	EXPECT(next == MESSAGES + 1, "the order ends before %llu", (unsigned long long)next);
	EXPECT(json_sum(text, "sequence").lines == MESSAGES);
	EXPECT(json_sum(text, "damaged").sum == damaged);
	free(text);
	folder_remove(&folder);
}

/* What the pipe holds when the signal comes is written, though the pipe's end is open. */
static void a_signal_ends_it_after_all_is_written(void)
{
	static const int signals[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < 2; i++) {
		struct folder folder = folder_make();
		struct daemon daemon = START(&folder, "--format", "json", "-");
		struct stream stream = {0};
		char *text;
		int status;

		for (uint64_t number = 1; number <= 500; number++)
			stream_message(&stream, number, "x");
		file_wait(daemon.output, "connected");
		daemon_send(&daemon, &stream);
		daemon_signal(&daemon, signals[i]);
		status = ktap_wait(daemon.pid);
		EXPECT(status == 0, "status %d", status);
		daemon_end_input(&daemon);
		text = file_text(daemon.output);
		EXPECT(json_sum(text, "sequence").lines == 500, "%.500s", text);
		EXPECT(strstr(text,
		              "{\"disconnected\":true,\"channel\":\"-\",\"reason\":\"stopped\""));
		free(text);
		stream_free(&stream);
		folder_remove(&folder);
	}
}

static void wrong_options_are_refused(void)
{
	static const struct {
		const char *arguments[4], *expected;
	} cases[] = {
	    {{NULL}, "no channel is named"},
	    {{"-", "-"}, "there is one channel"},
	    {{"--format", "xml", "-"}, "--format cannot be \"xml\": it wants text or json"},
	    {{"--level", "off", "-"}, "--level cannot be \"off\""},
	    {{"--durable", "x", "-"}, "--durable cannot be \"x\""},
	    {{"--rotate-size", "5T", "-"}, "--rotate-size cannot be \"5T\""},
	    {{"--rotate-size", "0", "-"}, "--rotate-size cannot be \"0\""},
	    {{"--rotate-age", "-3", "-"}, "--rotate-age cannot be \"-3\""},
	    {{"--rotate-size", "99999999999G", "-"}, "--rotate-size cannot be"},
	    {{"--keep", "2", "-"}, "need --output"},
	    {{"--wait", "2", "-"}, "--wait needs --once"},
	    {{"--loud", "-"}, "--help"},
	    {{"--config", "/does/not/exist", "-"}, "cannot read the configuration"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct folder folder = folder_make();
		struct daemon daemon = daemon_start(&folder, cases[i].arguments);
		int status = daemon_wait(&daemon);

		EXPECT(status == 2, "case %zu: status %d", i, status);
		EXPECT(file_has(daemon.errors, cases[i].expected), "case %zu", i);
		folder_remove(&folder);
	}
}

static void help(void)
{
	struct folder folder = folder_make();
	struct daemon daemon = START(&folder, "--help");

	EXPECT(daemon_wait(&daemon) == 0);
	EXPECT(file_has(daemon.output, "Exit status: 0 ended as told; 1 "));
	folder_remove(&folder);
}

const struct ktap_test input_tests[] = {
    {"writes a line for each message", a_line_for_each_message},
    {"writes text", text_format},
    {"tells dropped messages before the next one", dropped_messages_are_told_before_the_next},
    {"counts damage, and goes on behind it", damage_is_counted},
    {"writes of a stream only what is wanted", only_what_is_wanted},
    {"writes all of a flood, in order", a_flood},
    {"writes all that was sent when a signal ends it", a_signal_ends_it_after_all_is_written},
    {"refuses wrong options", wrong_options_are_refused},
    {"tells its exit statuses by --help", help},
    {NULL, NULL},
};
