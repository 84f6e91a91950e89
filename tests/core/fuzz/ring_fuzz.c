/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The ring and its reader, while somebody writes anything to the shared buffer: nothing leaves the
 * buffer, nothing goes on for ever. As long as nobody does, nothing is lost either.
 */
#include "fuzz.h"
#include "osq_reader.h"
#include "records.h"
#include "ring.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define HEADER  ((uint32_t)sizeof(struct osq_record_header))
#define PENDING 8

struct pending {
	uint8_t *data;
	size_t size;
	uint8_t filled; /* with this */
};

struct fixture {
	struct fuzz_input input;
	struct osq_ring ring;
	uint8_t *buffer;
	uint32_t size;
	struct pending pending[PENDING];
	uint64_t limit; /* of the last collect */
	bool open, damaged;
	uint32_t reserved, committed, read; /* since the ring was opened */
	struct osq_reader reader;
};

static void expect_within(const struct fixture *fixture, const void *memory, size_t size)
{
	const uint8_t *bytes = memory;

	EXPECT(bytes >= fixture->buffer && bytes + size <= fixture->buffer + fixture->size);
	EXPECT((bytes - fixture->buffer) % OSQ_RECORD_ALIGN == 0);
}

static int collect(struct fixture *fixture)
{
	int32_t drops;
	int error = osq_ring_collect(&fixture->ring, &fixture->limit, &drops);

	EXPECT_EQUAL(error, !fixture->open ? EINVAL : fixture->damaged ? error : 0);
	EXPECT(error == 0 || error == EINVAL || error == EIO);
	EXPECT(fixture->limit <= fixture->size - HEADER && fixture->limit % OSQ_RECORD_ALIGN == 0);
	return error;
}

/* What the reader's requests get. */
static int sync_ring(void *context, struct osq_sync_args *args)
{
	struct fixture *fixture = context;

	errno = osq_ring_release(&fixture->ring, args->read_offset);
	if (!errno)
		errno = collect(fixture);
	args->max_read_offset = fixture->limit;
	return errno ? -1 : 0;
}

/* Of a damaged buffer nobody can tell who is still in it; this one can. */
static bool has_pending(const struct fixture *fixture)
{
	for (size_t i = 0; i < PENDING; i++)
		if (fixture->pending[i].data)
			return true;
	return false;
}

static void open_ring(struct fixture *fixture)
{
	if (fixture->open || has_pending(fixture) || osq_ring_busy(&fixture->ring))
		return;
	memset(fixture->buffer, 0, fixture->size);
	EXPECT_EQUAL(osq_ring_open(&fixture->ring, fixture->buffer, fixture->size), 0);
	osq_reader_attach(&fixture->reader, fixture->buffer, fixture->size, sync_ring, fixture);
	fixture->open = true;
	fixture->damaged = false;
	fixture->limit = fixture->reserved = fixture->committed = fixture->read = 0;
}

static void reserve(struct fixture *fixture)
{
	struct pending *pending = &fixture->pending[fuzz_choose(&fixture->input, PENDING)];
	int32_t event = (int32_t)fuzz_choose(&fixture->input, OSQ_EVENT_COUNT + 1) - 1;
	uint64_t size = fuzz_take_size(&fixture->input);

	if (pending->data)
		return;
	pending->data = osq_ring_reserve(&fixture->ring, event, size);
	if (!pending->data)
		return;
	EXPECT(fixture->open && event > 0);
	expect_within(fixture, pending->data, size);
	pending->size = size;
	pending->filled = (uint8_t)fixture->reserved++;
	memset(pending->data, pending->filled, size);
}

static void commit(struct fixture *fixture, struct pending *pending)
{
	if (!pending->data)
		return;
	for (size_t i = 0; i < pending->size && !fixture->damaged; i++)
		EXPECT_EQUAL(pending->data[i], pending->filled);
	osq_ring_commit(&fixture->ring, pending->data);
	pending->data = NULL;
	fixture->committed++;
}

/* Where the next record is read, or one is being written, or anywhere. */
static uint32_t choose_header(struct fixture *fixture)
{
	const struct pending *pending = &fixture->pending[fuzz_choose(&fixture->input, PENDING)];
	uint64_t offset = fuzz_take(&fixture->input, 2);

	if (offset % 4 == 0)
		return (uint32_t)(offset % (fixture->size - HEADER));
	if (offset % 4 == 1 && pending->data)
		return (uint32_t)(pending->data - fixture->buffer) - HEADER;
	offset = offset % 4 == 2 ? fixture->limit : fixture->reader.offset;
	return (uint32_t)(offset <= fixture->size - HEADER ? offset : 0);
}

/* A header's members, as whoever can write to the buffer would. */
static void damage(struct fixture *fixture)
{
	uint32_t offset = choose_header(fixture);
	struct osq_record_header header;

	memcpy(&header, fixture->buffer + offset, HEADER);
	switch (fuzz_choose(&fixture->input, 4)) {
	case 0:
		header.event = (int32_t)fuzz_choose(&fixture->input, 4) - 1;
		break;
	case 1:
		header.finished ^= 1;
		break;
	case 2:
		header.size = fuzz_take_size(&fixture->input);
		break;
	default:
		memset(&header, (int)fuzz_take(&fixture->input, 1), sizeof(header));
	}
	memcpy(fixture->buffer + offset, &header, HEADER);
	fixture->damaged = true;
}

static void read_all(struct fixture *fixture)
{
	const struct osq_record_header *record;
	uint32_t steps = 0;

	if (osq_reader_sync(&fixture->reader, OSQ_SYNC_NO_BLOCK))
		EXPECT(fixture->damaged || !fixture->open || errno == EINVAL);
	while ((record = osq_reader_next(&fixture->reader))) {
		expect_within(fixture, record, HEADER);
		expect_within(fixture, record + 1, record->size);
		records_use(record);
		EXPECT(steps++ <= fixture->size / HEADER);
		fixture->read++;
	}
	EXPECT(fixture->damaged || fixture->read <= fixture->reserved);
}

static void release(struct fixture *fixture)
{
	uint64_t offset = fuzz_take_size(&fixture->input);
	int error = osq_ring_release(&fixture->ring, offset);

	EXPECT(error == EINVAL || (offset <= fixture->size - HEADER && !error));
	/* The reader has lost its way, by its own fault. */
	fixture->damaged |= !error;
}

static void step(struct fixture *fixture)
{
	switch (fuzz_choose(&fixture->input, 16)) {
	case 0 ... 4:
		reserve(fixture);
		break;
	case 5 ... 7:
		commit(fixture, &fixture->pending[fuzz_choose(&fixture->input, PENDING)]);
		break;
	case 8:
		collect(fixture);
		break;
	case 9:
		release(fixture);
		break;
	case 10:
		osq_ring_arm(&fixture->ring);
		break;
	case 11:
		EXPECT(osq_ring_busy(&fixture->ring) <= fixture->size / HEADER + 1);
		break;
	case 12:
		damage(fixture);
		break;
	case 13:
		osq_ring_close(&fixture->ring);
		fixture->open = false;
		break;
	case 14:
		open_ring(fixture);
		break;
	default:
		read_all(fixture);
	}
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	return !setlocale(LC_CTYPE, "C.UTF-8");
}

/* Nobody is in it any more: then it is empty, and can be used anew, unless it was damaged. */
static void end(struct fixture *fixture)
{
	for (size_t i = 0; i < PENDING; i++)
		commit(fixture, &fixture->pending[i]);
	if (fixture->open && !fixture->damaged) {
		read_all(fixture);
		EXPECT_EQUAL(fixture->read, fixture->committed);
	}
	osq_ring_close(&fixture->ring);
	EXPECT(!osq_ring_busy(&fixture->ring) || fixture->damaged);
	osq_ring_exit(&fixture->ring);
	free(fixture->buffer);
	free(fixture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fixture *fixture = harness_buffer(sizeof(*fixture));

	fixture->input = (struct fuzz_input){bytes, size};
	fixture->size = OSQ_BUFFER_MIN + 4 * fuzz_choose(&fixture->input, 256);
	fixture->buffer = harness_buffer(fixture->size);
	osq_ring_init(&fixture->ring);
	open_ring(fixture);
	while (fixture->input.left)
		step(fixture);
	end(fixture);
	return 0;
}
