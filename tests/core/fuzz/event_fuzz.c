/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What publishers found out, of any length and content, as records; then these records with bytes
 * changed, as the reader library and the JSON writer take them.
 */
#include "event.h"
#include "fuzz.h"
#include "osq_reader.h"
#include "records.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define HEADER    sizeof(struct osq_record_header)
#define TEXT_MAX  6000 /* more than any room has */
#define TEXTS_MAX 4

struct fixture {
	struct fuzz_input input;
	uint8_t *texts[TEXTS_MAX];
	size_t count;
};

static const char *take_bytes(struct fixture *fixture, size_t *length)
{
	uint8_t *bytes = fuzz_take_bytes(&fixture->input, TEXT_MAX, length);

	fixture->texts[fixture->count++] = bytes;
	return (const char *)bytes;
}

/* Without a NUL among them; cut there. */
static struct osq_text take_text(struct fixture *fixture)
{
	struct osq_text text;

	text.bytes = take_bytes(fixture, &text.length);
	text.length = strnlen(text.bytes, text.length);
	return text;
}

/* The count is what somebody says, and need not be so. */
static struct osq_strings take_strings(struct fixture *fixture)
{
	struct osq_strings strings;

	strings.bytes = take_bytes(fixture, &strings.length);
	strings.count = (int32_t)fuzz_choose(&fixture->input, 4096);
	return strings;
}

/* Exactly as much memory as the record says it needs, behind a header. */
static struct osq_record_header *make_record(int32_t event, size_t size)
{
	struct osq_record_header *record = harness_buffer(HEADER + size);

	*record = (struct osq_record_header){.event = event, .finished = 1, .size = size};
	memset(record + 1, 0xDB, size);
	return record;
}

static struct osq_record_header *make_process(struct fixture *fixture)
{
	const struct osq_process process = {.path = take_text(fixture),
	                                    .argv = take_strings(fixture),
	                                    .envv = take_strings(fixture)};
	struct osq_record_header *record =
	    make_record(OSQ_EVENT_PROCESS, osq_process_size(&process));

	osq_process_fill(record + 1, &process);
	EXPECT(osq_record_process(record));
	return record;
}

static struct osq_record_header *make_file(struct fixture *fixture)
{
	const struct osq_file file = {.action = (int32_t)fuzz_take(&fixture->input, 4),
	                              .path = take_text(fixture)};
	struct osq_record_header *record = make_record(OSQ_EVENT_FILE, osq_file_size());

	osq_file_fill(record + 1, &file);
	EXPECT(osq_record_file(record));
	return record;
}

static struct osq_record_header *make_socket(struct fixture *fixture)
{
	struct osq_socket socket = {.action = (int32_t)fuzz_take(&fixture->input, 4),
	                            .family = fuzz_choose(&fixture->input, 2) ? 4 : 6,
	                            .path = take_text(fixture)};
	struct osq_record_header *record;

	for (size_t i = 0; i < sizeof(socket.remote.address); i++)
		socket.remote.address[i] = (uint8_t)fuzz_take(&fixture->input, 1);
	record = make_record(OSQ_EVENT_SOCKET, osq_socket_size(&socket));
	osq_socket_fill(record + 1, &socket);
	EXPECT(osq_record_socket(record));
	return record;
}

static struct osq_record_header *make_test(struct fixture *fixture)
{
	const int32_t event = fuzz_choose(&fixture->input, 2) ? OSQ_EVENT_TEST_0 : OSQ_EVENT_TEST_1;
	const uint32_t number = (uint32_t)fuzz_take(&fixture->input, 4);
	struct osq_record_header *record = make_record(event, osq_test_size(event));
	uint32_t read;

	osq_test_fill(record + 1, event, number);
	EXPECT(osq_record_test(record, &read) && read == number);
	return record;
}

/* Any bytes of it, but for the size: the ring's reader has seen to that. */
static void damage(struct fixture *fixture, struct osq_record_header *record)
{
	const uint64_t size = record->size;

	while (fixture->input.left) {
		uint64_t offset = fuzz_take(&fixture->input, 2) % (HEADER + size);

		((uint8_t *)record)[offset] = (uint8_t)fuzz_take(&fixture->input, 1);
	}
	record->size = size;
}

static struct osq_record_header *make(struct fixture *fixture)
{
	switch (fuzz_choose(&fixture->input, 4)) {
	case 0:
		return make_process(fixture);
	case 1:
		return make_file(fixture);
	case 2:
		return make_socket(fixture);
	default:
		return make_test(fixture);
	}
}

/* By components, the long way round. */
static bool is_under(struct osq_text path, struct osq_text prefix)
{
	while (prefix.length && prefix.bytes[prefix.length - 1] == '/')
		prefix.length--;
	return path.length >= prefix.length && !memcmp(path.bytes, prefix.bytes, prefix.length) &&
	       (path.length == prefix.length || path.bytes[prefix.length] == '/');
}

static void compare_paths(struct fixture *fixture)
{
	const struct osq_text path = take_text(fixture), prefix = take_text(fixture);

	EXPECT_EQUAL(osq_path_is_under(path.bytes, path.length, prefix.bytes, prefix.length),
	             is_under(path, prefix));
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	return !setlocale(LC_CTYPE, "C.UTF-8");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fixture fixture = {.input = {bytes, size}};
	struct osq_record_header *record;

	if (fuzz_choose(&fixture.input, 8)) {
		record = make(&fixture);
		records_use(record);
		damage(&fixture, record);
		records_use(record);
		free(record);
	} else {
		compare_paths(&fixture);
	}
	while (fixture.count)
		free(fixture.texts[--fixture.count]);
	return 0;
}
