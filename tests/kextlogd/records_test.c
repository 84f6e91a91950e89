// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Records in bytes that are cut anywhere, and damaged. */
#include "kextlogd_records.h"

#include <stdlib.h>
#include <string.h>

#include "stream.h"
#include "tests.h"

static void expect_next(const struct stream *stream, size_t at, bool end, enum logd_found expected,
                        size_t expected_size)
{
	size_t length = stream->length - at, size = 12345;
	/* So large, and no larger: a sanitizer sees each byte beyond. */
	unsigned char *bytes = malloc(length);
	enum logd_found found;

	memcpy(bytes, stream->bytes + at, length);
	found = logd_records_next(bytes, length, end, &size);
	EXPECT(found == expected && size == expected_size, "at %zu: %d of %zu, not %d of %zu", at,
	       found, size, expected, expected_size);
	free(bytes);
}

static void whole_records(void)
{
	struct stream stream = {0};

	stream_message(&stream, 1, "one");
	stream_message(&stream, 2, "");
	expect_next(&stream, 0, false, LOGD_FOUND_RECORD, 51);
	expect_next(&stream, 51, false, LOGD_FOUND_RECORD, 48);
	expect_next(&stream, 51, true, LOGD_FOUND_RECORD, 48);
	EXPECT(logd_records_header(stream.bytes).sequence == 1);
	stream_free(&stream);
}

static void cut_records_are_parts_until_the_end(void)
{
	struct stream stream = {0};
	size_t whole;

	stream_message(&stream, 1, "a message");
	for (whole = stream.length; --stream.length;) {
		expect_next(&stream, 0, false, LOGD_FOUND_PART, 0);
		expect_next(&stream, 0, true, LOGD_FOUND_DAMAGE, stream.length);
	}
	stream.length = whole;
	stream_free(&stream);
}

static void damage_ends_where_a_record_begins(void)
{
	struct stream stream = {0};

	stream_bytes(&stream, "xSQL OOSQ garbage OSQO", 22);
	expect_next(&stream, 0, false, LOGD_FOUND_DAMAGE, 21);
	stream_message(&stream, 1, "one");
	expect_next(&stream, 0, false, LOGD_FOUND_DAMAGE, 22);
	expect_next(&stream, 22, false, LOGD_FOUND_RECORD, 51);
	stream_free(&stream);
}

/* One field of a good record is made bad: none is found there. */
static void impossible_headers_are_damage(void)
{
	static const struct {
		size_t offset;
		unsigned char value;
		bool fine;
	} changes[] = {
	    {0, 'o', false}, {4, 2, false}, {5, 1, false},   {6, 47, false}, {7, 4, false},
	    {8, 0, false},   {8, 6, false}, {8, 255, false}, {10, 4, false}, {11, 1, false},
	    {10, 2, true},   {9, 3, true},  {8, 5, true},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct stream stream = {0};

		stream_message(&stream, 1, "one");
		stream_message(&stream, 2, "two");
		stream.bytes[changes[i].offset] = changes[i].value;
		expect_next(&stream, 0, false,
		            changes[i].fine ? LOGD_FOUND_RECORD : LOGD_FOUND_DAMAGE, 51);
		stream_free(&stream);
	}
}

static void a_closing_record_needs_no_level(void)
{
	const struct osq_log_record closing = {.flags = OSQ_LOG_CLOSING, .dropped = 3};
	struct stream stream = {0};

	stream_record(&stream, closing, "", 0);
	expect_next(&stream, 0, false, LOGD_FOUND_RECORD, 48);
	stream_free(&stream);
}

static void the_largest_record(void)
{
	char text[OSQ_LOG_TEXT_MAX + 1];
	struct stream stream = {0};

	memset(text, 'O', sizeof(text));
	stream_record(&stream, (struct osq_log_record){.level = OSQ_LOG_INFO}, text,
	              OSQ_LOG_TEXT_MAX);
	expect_next(&stream, 0, false, LOGD_FOUND_RECORD, OSQ_LOG_RECORD_MAX);
	stream_free(&stream);
	stream_record(&stream, (struct osq_log_record){.level = OSQ_LOG_INFO}, text,
	              OSQ_LOG_TEXT_MAX + 1);
	expect_next(&stream, 0, true, LOGD_FOUND_DAMAGE, OSQ_LOG_RECORD_MAX + 1);
	stream_free(&stream);
}

const struct ktap_test records_tests[] = {
    {"whole records are found", whole_records},
    {"cut records are parts until the end", cut_records_are_parts_until_the_end},
    {"damage ends where a record begins", damage_ends_where_a_record_begins},
    {"impossible headers are damage", impossible_headers_are_damage},
    {"a closing record needs no level", a_closing_record_needs_no_level},
    {"the largest record is found, a larger one is damage", the_largest_record},
    {NULL, NULL},
};
