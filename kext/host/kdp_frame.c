// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_frame.h"

#define START      0xfa
#define END        0xfb
#define ESCAPE     0xfe
#define POLYNOMIAL 0xedb88320u

static uint32_t checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = UINT32_MAX;
	size_t i, bit;

	for (i = 0; i < length; i++) {
		sum ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? POLYNOMIAL : 0);
	}
	return ~sum;
}

/* What comes before the frame is its sum, or what is left of a frame that was cut. */
static void begin(struct kdp_frame_reader *reader)
{
	const uint8_t *b = reader->frame;

	reader->has_sum = reader->state != KDP_FRAME_OUTSIDE && reader->length == 4;
	if (reader->has_sum)
		reader->sum = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
		              (uint32_t)b[3] << 24;
	reader->state = KDP_FRAME_INSIDE;
	reader->length = 0;
}

static size_t end(struct kdp_frame_reader *reader)
{
	const bool inside = reader->state == KDP_FRAME_INSIDE;

	reader->state = KDP_FRAME_OUTSIDE;
	if (!inside || (reader->has_sum && checksum(reader->frame, reader->length) != reader->sum))
		return 0;
	return reader->length;
}

size_t kdp_frame_read(struct kdp_frame_reader *reader, uint8_t byte)
{
	switch (byte) {
	case START:
		begin(reader);
		return 0;
	case END:
		return end(reader);
	case ESCAPE:
		if (reader->state == KDP_FRAME_INSIDE)
			reader->state = KDP_FRAME_ESCAPED;
		return 0;
	}
	if (reader->state == KDP_FRAME_OUTSIDE)
		return 0;
	if (reader->length == KDP_FRAME_MAX) {
		reader->state = KDP_FRAME_OUTSIDE;
		return 0;
	}
	reader->frame[reader->length++] =
	    reader->state == KDP_FRAME_ESCAPED ? (uint8_t)~byte : byte;
	reader->state = KDP_FRAME_INSIDE;
	return 0;
}

static size_t put(uint8_t *bytes, uint8_t byte)
{
	if (byte != START && byte != END && byte != ESCAPE && byte != '\n') {
		bytes[0] = byte;
		return 1;
	}
	bytes[0] = ESCAPE;
	bytes[1] = (uint8_t)~byte;
	return 2;
}

size_t kdp_frame_write(const uint8_t *frame, size_t length, uint8_t bytes[KDP_FRAME_BYTES])
{
	const uint32_t sum = checksum(frame, length);
	size_t at = 0, i;

	bytes[at++] = START;
	for (i = 0; i < sizeof(sum); i++)
		at += put(bytes + at, (uint8_t)(sum >> 8 * i));
	bytes[at++] = START;
	for (i = 0; i < length; i++)
		at += put(bytes + at, frame[i]);
	bytes[at++] = END;
	return at;
}
