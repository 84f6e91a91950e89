/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The ring against a model that knows no arithmetic of rings: it keeps the records as pieces and
 * finds out by walking byte after byte whether the head would run into the tail. Random calls, one
 * thread; after each of them the ring's answer must be the model's.
 */
#include "harness.h"
#include "osq_device.h"
#include "ring.h"

#include <stdlib.h>

#define HEADER      ((uint32_t)sizeof(struct osq_record_header))
#define PIECES_MAX  1024
#define PENDING_MAX 48

struct piece {
	uint32_t start, end, id;
	bool filler, finished;
	uint8_t *data;
};

struct model {
	struct osq_ring ring;
	uint8_t *buffer;
	uint32_t size, head, tail, edge;
	struct piece pieces[PIECES_MAX]; /* from the edge to the head */
	uint32_t count;
	uint32_t dropped; /* since the last collect */
	uint32_t next_id;
	struct random random;
};

static uint8_t byte_of(uint32_t id, uint32_t index)
{
	return (uint8_t)(id * 131 + index * 7 + 1);
}

static bool passes_tail(const struct model *model, uint32_t from, uint32_t to)
{
	for (uint32_t p = from + 1; p <= to; p++)
		if (p == model->tail)
			return true;
	return false;
}

/* Where the record must come to lie, or size for nowhere. */
static uint32_t model_place(const struct model *model, size_t need)
{
	uint32_t head = model->head;

	if (need > model->size - HEADER)
		return model->size;
	if (head + need + HEADER <= model->size && !passes_tail(model, head, head + need))
		return head;
	if (!passes_tail(model, head, model->size) && model->tail != 0 &&
	    !passes_tail(model, 0, need))
		return 0;
	return model->size;
}

static void add_piece(struct model *model, struct piece piece)
{
	if (EXPECT(model->count < PIECES_MAX))
		model->pieces[model->count++] = piece;
}

static size_t any_size(struct model *model)
{
	struct random *random = &model->random;
	uint32_t near = random_below(random, 24);

	switch (random_below(random, 12)) {
	case 0:
		return 0;
	case 1:
		return SIZE_MAX - near;
	case 2:
		return UINT32_MAX - near;
	case 3:
		return OSQ_BUFFER_MAX - 4 + near;
	case 4: /* just about to the end of the buffer */
		return model->size - model->head - 2 * HEADER - 12 + near;
	case 5: /* just about up to the tail */
		return model->tail - model->head - HEADER - 12 + near;
	case 6: /* just about from 0 up to the tail */
		return model->tail - HEADER - 12 + near;
	case 7:
		return random_below(random, model->size);
	default:
		return random_below(random, 300);
	}
}

static void do_reserve(struct model *model)
{
	size_t size = any_size(model);
	size_t data_size = size > OSQ_BUFFER_MAX ? size : (size + 3) / 4 * 4;
	size_t need = size > OSQ_BUFFER_MAX ? SIZE_MAX : data_size + HEADER;
	uint32_t place = model_place(model, need);
	int32_t event = 1 + (int32_t)random_below(&model->random, 5);
	uint8_t *data = osq_ring_reserve(&model->ring, event, size);
	struct piece piece = {.start = place, .id = model->next_id++, .data = data};

	if (place == model->size) {
		EXPECT(!data);
		model->dropped++;
		return;
	}
	if (!EXPECT(data == model->buffer + place + HEADER))
		return;
	if (place != model->head)
		add_piece(model, (struct piece){.start = model->head,
		                                .end = model->size,
		                                .filler = true,
		                                .finished = true});
	piece.end = place + (uint32_t)need;
	for (uint32_t i = 0; i < data_size; i++)
		data[i] = byte_of(piece.id, i);
	add_piece(model, piece);
	model->head = piece.end;
}

static void do_commit(struct model *model)
{
	uint32_t pending[PIECES_MAX], count = 0;
	struct piece *piece;

	for (uint32_t i = 0; i < model->count; i++)
		if (!model->pieces[i].finished)
			pending[count++] = i;
	if (!count)
		return;
	piece = &model->pieces[pending[random_below(&model->random, count)]];
	EXPECT(!osq_ring_commit(&model->ring, piece->data)); /* nobody sleeps */
	piece->finished = true;
}

static void check_piece(const struct model *model, const struct piece *piece)
{
	const struct osq_record_header *header = (const void *)(model->buffer + piece->start);
	const uint8_t *data = (const void *)(header + 1);

	EXPECT_EQUAL(header->finished, 1);
	EXPECT_EQUAL(header->size, piece->end - piece->start - HEADER);
	if (piece->filler) {
		EXPECT_EQUAL(header->event, OSQ_EVENT_WRAP);
		return;
	}
	EXPECT(header->event > 0);
	EXPECT(header->time != 0);
	for (uint32_t i = 0; i < header->size; i++)
		if (!EXPECT_EQUAL(data[i], byte_of(piece->id, i)))
			break;
}

static void do_collect(struct model *model)
{
	uint32_t done = 0, passed;
	uint64_t edge = UINT64_MAX;
	int32_t drops = -2;

	/* A filler counts only together with the record behind it. */
	for (passed = 0; passed < model->count; passed++) {
		if (!model->pieces[passed].finished)
			break;
		check_piece(model, &model->pieces[passed]);
		if (!model->pieces[passed].filler)
			done = passed + 1;
	}
	if (done)
		model->edge = model->pieces[done - 1].end;
	model->count -= done;
	for (uint32_t i = 0; i < model->count; i++)
		model->pieces[i] = model->pieces[i + done];

	EXPECT_EQUAL(osq_ring_collect(&model->ring, &edge, &drops), 0);
	EXPECT_EQUAL(edge, model->edge);
	EXPECT_EQUAL(drops, model->dropped);
	model->dropped = 0;
}

static bool is_readable(const struct model *model, uint64_t offset)
{
	uint32_t p = model->tail;

	if (offset % OSQ_RECORD_ALIGN || offset > model->size - HEADER)
		return false;
	while (p != offset) {
		if (p == model->edge)
			return false;
		p = (p + 1) % model->size;
	}
	return true;
}

static void do_release(struct model *model)
{
	uint64_t offset = model->edge;
	int error;

	switch (random_below(&model->random, 4)) {
	case 0:
		offset = random_below(&model->random, model->size + 64);
		break;
	case 1:
		offset = model->edge + 8 - random_below(&model->random, 17);
		break;
	case 2:
		offset = random_next(&model->random);
		break;
	}
	error = is_readable(model, offset) ? 0 : EINVAL;
	if (EXPECT_EQUAL(osq_ring_release(&model->ring, offset), error) && !error)
		model->tail = (uint32_t)offset;
}

static void do_count_pending(struct model *model)
{
	uint32_t pending = 0;

	for (uint32_t i = 0; i < model->count; i++)
		pending += !model->pieces[i].finished;
	EXPECT_EQUAL(osq_ring_busy(&model->ring), pending);
}

static void run_model(uint32_t size, uint64_t stream)
{
	struct model *model = harness_buffer(sizeof(*model));

	model->random = harness_random(stream);
	model->size = size / 4 * 4;
	model->buffer = harness_buffer(size);
	EXPECT_EQUAL(osq_ring_init(&model->ring), 0);
	EXPECT_EQUAL(osq_ring_open(&model->ring, model->buffer, size), 0);
	for (uint32_t i = 0; i < 20000 && !harness_failed(); i++) {
		switch (random_below(&model->random, 8)) {
		case 0:
		case 1:
		case 2:
			do_reserve(model);
			break;
		case 3:
		case 4:
		case 5:
			do_commit(model);
			break;
		case 6:
			do_collect(model);
			do_release(model);
			break;
		default:
			do_release(model);
			do_count_pending(model);
		}
	}
	osq_ring_close(&model->ring);
	osq_ring_exit(&model->ring);
	free(model->buffer);
	free(model);
}

static void test_smallest(void)
{
	for (uint64_t i = 0; i < 4; i++)
		run_model(OSQ_BUFFER_MIN, i);
}

static void test_odd_sizes(void)
{
	for (uint32_t i = 0; i < 9; i++)
		run_model(OSQ_BUFFER_MIN + 1 + i, 100 + i);
	run_model(12345, 200);
	run_model(65536 + 20, 201);
}

/* Every size of data, long enough to go around at each of them. */
static void test_every_size(void)
{
	struct osq_ring ring;
	uint8_t *buffer = harness_buffer(OSQ_BUFFER_MIN);

	osq_ring_init(&ring);
	for (uint32_t size = 0; size <= (OSQ_BUFFER_MIN - HEADER) / 2 - HEADER; size++) {
		uint32_t rounds = 3 * OSQ_BUFFER_MIN / (size + HEADER) + 3;
		uint64_t offset = 0, limit = 0;
		int32_t drops;

		if (!EXPECT_EQUAL(osq_ring_open(&ring, buffer, OSQ_BUFFER_MIN), 0))
			break;
		for (uint32_t i = 0; i < rounds && !harness_failed(); i++) {
			const struct osq_record_header *header;
			uint8_t *data = osq_ring_reserve(&ring, 1, size);

			if (!EXPECT(data)) /* an empty ring has room for a half */
				break;
			for (uint32_t j = 0; j < size; j++)
				data[j] = byte_of(i, j);
			osq_ring_commit(&ring, data);
			EXPECT_EQUAL(osq_ring_collect(&ring, &limit, &drops), 0);
			header = (const void *)(buffer + offset);
			if (header->event == OSQ_EVENT_WRAP)
				header = (const void *)buffer;
			EXPECT_EQUAL(header->size, (size + 3) / 4 * 4);
			EXPECT((const uint8_t *)(header + 1) == data);
			for (uint32_t j = 0; j < size; j++)
				EXPECT_EQUAL(data[j], byte_of(i, j));
			EXPECT_EQUAL(limit, (uint64_t)(data - buffer) + header->size);
			EXPECT_EQUAL(osq_ring_release(&ring, offset = limit), 0);
		}
		osq_ring_close(&ring);
		EXPECT_EQUAL(osq_ring_busy(&ring), 0);
	}
	osq_ring_exit(&ring);
	free(buffer);
}

const struct test ring_model_tests[] = {
    {"ring: the smallest ring does what the model does", test_smallest},
    {"ring: rings of odd sizes do what the model does", test_odd_sizes},
    {"ring: records of every size go around", test_every_size},
    {NULL, NULL},
};
