// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What lines look like, whatever a message is. */
#include "kextlogd_lines.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "tests.h"

/* 2026-11-21T23:31:00Z, at 12 seconds of uptime. */
#define OFFSET ((1795303860 - 12) * INT64_C(1000000000))

static const struct osq_log_record plain = {
    .level = OSQ_LOG_WARNING,
    .pid = 812,
    .tid = 815,
    .time = UINT64_C(12123456789),
    .sequence = 1204,
};

static void expect_line(bool json, const struct osq_log_record *header, const char *text,
                        size_t length, const char *expected)
{
	struct logd_lines lines = {.json = json, .offset = OFFSET, .channel = "-"};
	struct osq_log_record record = *header;
	char line[LOGD_LINE_MAX];
	size_t size;

	record.text_length = (uint16_t)length;
	size = logd_lines_message(&lines, line, &record, text);
	EXPECT(size == strlen(expected) && !memcmp(line, expected, size), "got %.*s", (int)size,
	       line);
	if (json)
		EXPECT(json_is_object(line, size), "no JSON: %.*s", (int)size, line);
}

#define BEGIN                                                                                      \
	"{\"sequence\":1204,\"time\":\"2026-11-21T23:31:00.123456789Z\",\"uptime\":12.123456789,"
#define WHO   "\"level\":\"warning\",\"pid\":812,\"tid\":815,\"text\":"
#define PLAIN "2026-11-21T23:31:00.123456789Z warning 812/815 #1204: "

/* Without its NUL, for a text may have NULs within. */
#define EXPECT_JSON(text, expected)                                                                \
	expect_line(true, &plain, text, sizeof(text) - 1, BEGIN WHO expected "}\n")
#define EXPECT_PLAIN(text, expected)                                                               \
	expect_line(false, &plain, text, sizeof(text) - 1, PLAIN expected "\n")

static void json_of_any_bytes(void)
{
	EXPECT_JSON("no room", "\"no room\"");
	EXPECT_JSON("", "\"\"");
	EXPECT_JSON("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"");
	EXPECT_JSON("\b\t\n\v\f\r\x1b[2J\x7f\0.",
	            "\"\\b\\t\\n\\u000b\\f\\r\\u001b[2J\\u007f\\u0000.\"");
	EXPECT_JSON("\xC2\x9B[2J \xC2\xA0", "\"\\u009b[2J \xC2\xA0\"");
	EXPECT_JSON("\xE2\x82\xAC \xF0\x9F\x90\xA7", "\"\xE2\x82\xAC \xF0\x9F\x90\xA7\"");
	EXPECT_JSON("\xFF\xC3(\xE2\x82", "\"\\ufffd\\ufffd(\\ufffd\\ufffd\"");
}

static void text_of_any_bytes(void)
{
	EXPECT_PLAIN("no room", "no room");
	EXPECT_PLAIN("a\nb\tc", "a\\nb\\tc");
	EXPECT_PLAIN("\x1b]0;x\x07\r\0.\x7f", "\\x1b]0;x\\x07\\x0d\\x00.\\x7f");
	EXPECT_PLAIN("\xC2\x9B[2J \xC3\xA9 \x9B\xFF", "\\xc2\\x9b[2J \xC3\xA9 \\x9b\\xff");
}

static void members_of_a_record(void)
{
	struct osq_log_record record = {
	    .level = OSQ_LOG_TRACE,
	    .flags = OSQ_LOG_TRUNCATED,
	    .pid = INT32_MIN,
	    .tid = UINT64_MAX,
	    .time = 1,
	    .sequence = UINT64_MAX,
	};

	expect_line(
	    true, &record, "x", 1,
	    "{\"sequence\":18446744073709551615,\"time\":\"2026-11-21T23:30:48.000000001Z\","
	    "\"uptime\":0.000000001,\"level\":\"trace\",\"pid\":-2147483648,"
	    "\"tid\":18446744073709551615,\"text\":\"x\",\"truncated\":true}\n");
	expect_line(false, &record, "x", 1,
	            "2026-11-21T23:30:48.000000001Z trace -2147483648/18446744073709551615 "
	            "#18446744073709551615: x [truncated]\n");
}

static void times_that_make_no_sense(void)
{
	static const struct {
		int64_t offset;
		uint64_t time;
		const char *expected;
	} cases[] = {
	    {-5, 3, "1970-01-01T00:00:00.000000000Z "},
	    {-5, 6, "1970-01-01T00:00:00.000000001Z "},
	    {0, UINT64_MAX, "2554-07-21T23:34:33.709551615Z "},
	    {INT64_MAX, UINT64_MAX, "2554-07-21T23:34:33.709551615Z "},
	    {INT64_MIN, UINT64_MAX, "2262-04-11T23:47:16.854775807Z "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct logd_lines lines = {.offset = cases[i].offset, .channel = "-"};
		struct osq_log_record record = {.level = OSQ_LOG_INFO, .time = cases[i].time};
		char line[LOGD_LINE_MAX];

		logd_lines_message(&lines, line, &record, "");
		EXPECT(!strncmp(line, cases[i].expected, 31), "%.31s, not %s", line,
		       cases[i].expected);
	}
}

static void the_longest_line(void)
{
	struct logd_lines lines = {.json = true, .offset = OFFSET, .channel = "-"};
	struct osq_log_record record = plain;
	char text[UINT8_MAX + 1][OSQ_LOG_TEXT_MAX], line[LOGD_LINE_MAX];

	record.text_length = OSQ_LOG_TEXT_MAX;
	for (int byte = 0; byte <= UINT8_MAX; byte++) {
		memset(text[byte], byte, OSQ_LOG_TEXT_MAX);
		for (int json = 0; json < 2; json++) {
			size_t size;

			lines.json = json;
			size = logd_lines_message(&lines, line, &record, text[byte]);
			EXPECT(size <= sizeof(line) && line[size - 1] == '\n', "%zu bytes of %d",
			       size, byte);
			EXPECT(!json || json_is_object(line, size), "byte %d: no JSON", byte);
		}
	}
}

static void expect_note(const struct logd_note *note, const char *json, const char *text)
{
	struct logd_lines lines = {.json = true, .offset = OFFSET, .channel = "/dev/\"\x1b_log"};
	char line[LOGD_LINE_MAX];
	size_t size = logd_lines_note(&lines, line, note);

	EXPECT(size == strlen(json) && !memcmp(line, json, size), "got %.*s", (int)size, line);
	EXPECT(json_is_object(line, size), "no JSON: %.*s", (int)size, line);
	lines.json = false;
	size = logd_lines_note(&lines, line, note);
	EXPECT(size == strlen(text) && !memcmp(line, text, size), "got %.*s", (int)size, line);
}

#define TIMES  "\"time\":\"2026-11-21T23:31:00.000000000Z\",\"uptime\":12.000000000"
#define DAEMON "2026-11-21T23:31:00.000000000Z kextlogd: "

static void notes(void)
{
	const struct osq_log_statistics account = {
	    .client_sent = 61, .client_delivered = 18, .client_unwanted = 3, .client_dropped = 40};
	struct logd_note note = {.time = UINT64_C(12000000000), .count = 17, .total = 40};

	note.kind = LOGD_NOTE_DROPPED;
	note.other = 124;
	expect_note(&note, "{\"dropped\":17,\"total\":40,\"before\":124," TIMES "}\n",
	            DAEMON "17 messages dropped, 40 in all, before #124\n");
	note.other = 0;
	expect_note(&note, "{\"dropped\":17,\"total\":40," TIMES "}\n",
	            DAEMON "17 messages dropped, 40 in all\n");
	note.kind = LOGD_NOTE_LOST;
	note.other = 5;
	expect_note(&note, "{\"lost\":17,\"total\":40,\"system_log\":5," TIMES "}\n",
	            DAEMON "17 messages lost before, and in the system log alone 5\n");
	note.kind = LOGD_NOTE_DAMAGED;
	expect_note(&note, "{\"damaged\":17," TIMES "}\n", DAEMON "17 damaged bytes\n");
	note.kind = LOGD_NOTE_CONNECTED;
	note.level = OSQ_LOG_DEBUG;
	note.other = 0;
	expect_note(&note,
	            "{\"connected\":true,\"channel\":\"/dev/\\\"\\u001b_log\"," TIMES
	            ",\"level\":\"debug\"}\n",
	            DAEMON "connected to /dev/\"\\x1b_log, level debug\n");
	note.other = UINT64_C(11500000000);
	expect_note(&note,
	            "{\"connected\":true,\"channel\":\"/dev/\\\"\\u001b_log\"," TIMES
	            ",\"level\":\"debug\",\"loaded\":11.500000000}\n",
	            DAEMON "connected to /dev/\"\\x1b_log, level debug\n");
	note.kind = LOGD_NOTE_UNWRITTEN;
	note.reason = "No space left on device";
	expect_note(&note, "{\"unwritten\":17,\"reason\":\"No space left on device\"," TIMES "}\n",
	            DAEMON "17 messages could not be written: No space left on device\n");
	note.kind = LOGD_NOTE_DISCONNECTED;
	note.reason = "stopped";
	expect_note(&note,
	            "{\"disconnected\":true,\"channel\":\"/dev/\\\"\\u001b_log\","
	            "\"reason\":\"stopped\"," TIMES ",\"messages\":17,\"total\":40}\n",
	            DAEMON
	            "disconnected from /dev/\"\\x1b_log: stopped; 17 messages, and dropped 40\n");
	note.account = &account;
	expect_note(&note,
	            "{\"disconnected\":true,\"channel\":\"/dev/\\\"\\u001b_log\","
	            "\"reason\":\"stopped\"," TIMES ",\"messages\":17,\"total\":40,"
	            "\"delivered\":18,\"unwanted\":3,\"sent\":61}\n",
	            DAEMON
	            "disconnected from /dev/\"\\x1b_log: stopped; 17 messages, and dropped 40\n");
}

static void levels(void)
{
	static const char *const names[] = {"trace", "debug", "info", "warning", "error", "off"};

	for (int32_t level = OSQ_LOG_TRACE; level <= OSQ_LOG_OFF; level++) {
		EXPECT(logd_level_parse(names[level - 1]) == level, "%s", names[level - 1]);
		EXPECT(!strcmp(logd_level_name(level), names[level - 1]), "%d", level);
	}
	EXPECT(!logd_level_parse("") && !logd_level_parse("warn") && !logd_level_parse("Info"));
}

const struct ktap_test lines_tests[] = {
    {"writes any bytes as JSON", json_of_any_bytes},
    {"lets nothing of any bytes get through to a terminal", text_of_any_bytes},
    {"writes each member of a record", members_of_a_record},
    {"writes times that make no sense as dates all the same", times_that_make_no_sense},
    {"has room for the longest line", the_longest_line},
    {"writes each note in both formats", notes},
    {"knows levels by their names", levels},
    {NULL, NULL},
};
