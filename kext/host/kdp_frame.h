/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Frames of Ethernet in a line of bytes that may carry a console's text as well:
 *
 *     FA, CRC-32 of the frame (4 bytes, little-endian), FA, the frame, FB
 *
 * In the CRC and the frame FA, FB, FE and the line feed stand as FE and their complement.
 */
#ifndef KEXTHOST_KDP_FRAME_H
#define KEXTHOST_KDP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KDP_FRAME_MAX   1518
#define KDP_FRAME_BYTES (3 + 2 * (4 + KDP_FRAME_MAX)) /* that it takes at most */

/* Begins as zeros. */
struct kdp_frame_reader {
	enum { KDP_FRAME_OUTSIDE, KDP_FRAME_INSIDE, KDP_FRAME_ESCAPED } state;
	bool has_sum;
	uint32_t sum;
	size_t length;
	uint8_t frame[KDP_FRAME_MAX];
};

/* Takes the line's next byte: the length of the frame that it ends, or 0. One of the wrong CRC
 * counts as none; the CRC may be missing. */
size_t kdp_frame_read(struct kdp_frame_reader *reader, uint8_t byte);

/* How many bytes it takes. */
size_t kdp_frame_write(const uint8_t *frame, size_t length, uint8_t bytes[KDP_FRAME_BYTES]);

#endif
