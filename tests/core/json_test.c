/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Bytes of any kind as JSON, and whole records as lines. */
#include "event.h"
#include "harness.h"
#include "osq_json.h"

#include <stdlib.h>
#include <string.h>

static void check_string(const char *bytes, size_t length, bool exact, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool was_exact = osq_json_string(out, bytes, length);

	fclose(out);
	if (strcmp(text, expected) || was_exact != exact)
		harness_fail(__FILE__, __LINE__, "expected %s (%d), but got %s (%d)", expected,
		             exact, text, was_exact);
	free(text);
}

/* Without its NUL, for a literal may have NULs within. */
#define STRING(literal, exact, expected) check_string(literal, sizeof(literal) - 1, exact, expected)

static void test_plain(void)
{
	STRING("", true, "\"\"");
	STRING("/bin/ls", true, "\"/bin/ls\"");
	STRING("a \"b\" \\c", true, "\"a \\\"b\\\" \\\\c\"");
}

static void test_controls(void)
{
	STRING("\b\t\n\f\r", true, "\"\\b\\t\\n\\f\\r\"");
	STRING("\x01\x0b\x1b\x1f\x7f", true, "\"\\u0001\\u000b\\u001b\\u001f\\u007f\"");
	STRING("a\0b", true, "\"a\\u0000b\"");
	STRING("\xC2\x80\xC2\x9B[2J\xC2\x9F", true, "\"\\u0080\\u009b[2J\\u009f\"");
	STRING("\xC2\xA0", true, "\"\xC2\xA0\"");
}

static void test_unicode(void)
{
	STRING("\xC3\xA9", true, "\"\xC3\xA9\"");
	STRING("\xE2\x82\xAC", true, "\"\xE2\x82\xAC\"");
	STRING("\xF0\x9F\x90\xA7", true, "\"\xF0\x9F\x90\xA7\"");
	STRING("\xF4\x8F\xBF\xBF", true, "\"\xF4\x8F\xBF\xBF\"");
	STRING("\xED\x9F\xBF\xEE\x80\x80", true, "\"\xED\x9F\xBF\xEE\x80\x80\"");
}

static void test_invalid(void)
{
	STRING("\xFF", false, "\"\\ufffd\"");
	STRING("a\x80z", false, "\"a\\ufffdz\"");
	STRING("\xC3", false, "\"\\ufffd\"");                                  /* cut off */
	STRING("\xE2\x82", false, "\"\\ufffd\\ufffd\"");                       /* cut off */
	STRING("\xC3(", false, "\"\\ufffd(\"");                                /* no continuation */
	STRING("\xC0\xAF", false, "\"\\ufffd\\ufffd\"");                       /* overlong */
	STRING("\xE0\x80\xAF", false, "\"\\ufffd\\ufffd\\ufffd\"");            /* overlong */
	STRING("\xED\xA0\x80", false, "\"\\ufffd\\ufffd\\ufffd\"");            /* a surrogate */
	STRING("\xF4\x90\x80\x80", false, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* above 10FFFF */
	STRING("\xF0\x80\x80\xAF", false, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); /* overlong */
}

/* Every byte by itself: ends up in quotes, with no raw control and no raw byte above 7F. */
static void test_every_byte(void)
{
	for (int byte = 0; byte < 256; byte++) {
		char in = (char)byte, *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		EXPECT_EQUAL(osq_json_string(out, &in, 1), byte < 0x80);
		fclose(out);
		EXPECT(size >= 3 && text[0] == '"' && text[size - 1] == '"');
		for (size_t i = 0; i < size; i++)
			EXPECT(text[i] >= 0x20 && text[i] < 0x7F);
		free(text);
	}
}

static void check_record(int32_t event, const void *data, size_t size, const char *expected)
{
	struct osq_record_header *record = harness_buffer(sizeof(*record) + size);
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	*record = (struct osq_record_header){event, 1, size, 1500000000, 42};
	memcpy(record + 1, data, size);
	osq_json_record(out, record);
	fclose(out);
	if (strcmp(text, expected))
		harness_fail(__FILE__, __LINE__, "expected %s but got %s", expected, text);
	free(text);
	free(record);
}

#define TIMES "{\"time\":1500000000,\"uptime\":42,"

static void test_process_line(void)
{
	struct osq_process process = {.identity = {1, 2, 3, 4, 5, 6},
	                              .file = {7, 8, 9, 10, 11, 12, -1},
	                              .path = {"/tmp/\xFF", 6},
	                              .argv = {"a\0\xFE\0", 4, 3},
	                              .envv = {NULL, 0, 0}};
	size_t size = osq_process_size(&process);
	void *data = harness_buffer(size);

	osq_process_fill(data, &process);
	check_record(OSQ_EVENT_PROCESS, data, size,
	             TIMES "\"event\":\"process\",\"pid\":1,\"ppid\":2,\"uid\":3,\"euid\":4,"
	                   "\"gid\":5,\"egid\":6,\"path\":\"/tmp/\\ufffd\","
	                   "\"path_hex\":\"2f746d702fff\",\"mode\":-1,\"owner_uid\":7,"
	                   "\"owner_gid\":8,\"create_time\":9,\"access_time\":10,"
	                   "\"modify_time\":11,\"change_time\":12,\"argc\":3,"
	                   "\"argv\":[\"a\",\"\\ufffd\"],\"argv_hex\":[\"61\",\"fe\"],"
	                   "\"envc\":0,\"envv\":[]}\n");
	free(data);
}

static void test_file_line(void)
{
	struct osq_file file = {.action = OSQ_FILE_OPEN, .path = {"/a\"b", 4}};
	void *data = harness_buffer(osq_file_size());

	osq_file_fill(data, &file);
	check_record(OSQ_EVENT_FILE, data, osq_file_size(),
	             TIMES "\"event\":\"file\",\"action\":\"open\",\"pid\":0,\"ppid\":0,"
	                   "\"uid\":0,\"euid\":0,\"gid\":0,\"egid\":0,\"path\":\"/a\\\"b\","
	                   "\"mode\":0,\"owner_uid\":0,\"owner_gid\":0,\"create_time\":0,"
	                   "\"access_time\":0,\"modify_time\":0,\"change_time\":0}\n");
	free(data);
}

static void test_socket_lines(void)
{
	struct osq_socket socket = {.action = OSQ_SOCKET_CONNECT,
	                            .result = 115,
	                            .family = 4,
	                            .type = 1,
	                            .protocol = 6,
	                            .local = {{127, 0, 0, 1}, 1},
	                            .remote = {{192, 0, 2, 7}, 65535},
	                            .path = {"/bin/nc", 7}};
	size_t size = osq_socket_size(&socket);
	void *data = harness_buffer(size);

	osq_socket_fill(data, &socket);
	check_record(OSQ_EVENT_SOCKET, data, size,
	             TIMES "\"event\":\"socket\",\"action\":\"connect\",\"result\":115,"
	                   "\"pid\":0,\"ppid\":0,\"uid\":0,\"euid\":0,\"gid\":0,\"egid\":0,"
	                   "\"family\":4,\"type\":1,\"protocol\":6,"
	                   "\"local_address\":\"127.0.0.1\",\"local_port\":1,"
	                   "\"remote_address\":\"192.0.2.7\",\"remote_port\":65535,"
	                   "\"scope\":0,\"path\":\"/bin/nc\"}\n");
	free(data);

	socket = (struct osq_socket){.action = 9, .family = 6, .local = {{[15] = 1}, 80}};
	size = osq_socket_size(&socket);
	data = harness_buffer(size);
	osq_socket_fill(data, &socket);
	check_record(OSQ_EVENT_SOCKET, data, size,
	             TIMES "\"event\":\"socket\",\"action\":9,\"result\":0,"
	                   "\"pid\":0,\"ppid\":0,\"uid\":0,\"euid\":0,\"gid\":0,\"egid\":0,"
	                   "\"family\":6,\"type\":0,\"protocol\":0,"
	                   "\"local_address\":\"::1\",\"local_port\":80,"
	                   "\"remote_address\":\"::\",\"remote_port\":0,\"scope\":0}\n");
	free(data);
}

static void test_other_lines(void)
{
	char data[64] = "";
	struct osq_test_event_1 test;

	check_record(77, data, 8,
	             TIMES "\"event\":77,\"error\":\"unknown or damaged record of 8 "
	                   "bytes\"}\n");
	check_record(OSQ_EVENT_PROCESS, data, 64,
	             TIMES "\"event\":\"process\",\"error\":\"unknown or damaged record of 64 "
	                   "bytes\"}\n");
	osq_test_fill(&test, OSQ_EVENT_TEST_1, 12);
	check_record(OSQ_EVENT_TEST_1, &test, sizeof(test),
	             TIMES "\"event\":\"test_1\",\"number\":12}\n");
}

const struct test json_tests[] = {
    {"json: plain text, quotes and backslashes", test_plain},
    {"json: control characters", test_controls},
    {"json: UTF-8 goes through", test_unicode},
    {"json: what is no UTF-8 is replaced", test_invalid},
    {"json: every byte by itself", test_every_byte},
    {"json: a process as a line", test_process_line},
    {"json: a file as a line", test_file_line},
    {"json: sockets as lines", test_socket_lines},
    {"json: unknown, damaged and test records", test_other_lines},
    {NULL, NULL},
};
