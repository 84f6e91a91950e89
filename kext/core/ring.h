/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The ring: many producers in the kernel, one reader in a program, one shared buffer.
 *
 *         tail           edge                  head
 *          |              |                     |
 *   +------+--------------+---------------------+----------------+
 *   | free | finished:    | reserved: finished, | free           |
 *   |      | the reader's | half-written, ...   |                |
 *   +------+--------------+---------------------+----------------+
 *   0                                                         size
 *
 *   tail   everything before it came back from the reader              moved by osq_ring_release
 *   edge   the reader may read up to here: all before it is finished   moved by osq_ring_collect
 *   head   the next reservation                                        moved by osq_ring_reserve
 *
 * The three chase each other around the buffer; tail == head means empty, so the ring never fills
 * to the last byte. A record never wraps: where the rest is too short, a filler (event 0) takes
 * it and the record lies at offset 0. A record is only placed where room for one more header
 * remains behind it, so a filler always fits and no offset is ever nearer than a header to the
 * end. An empty ring takes any record (with its header) of up to half of size less one header; a
 * larger one depends on where the head happens to be. The edge stays before a filler until the
 * record behind it is finished, so the reader's limit never is an offset from which it would have
 * to guess.
 *
 * Producers never wait for the reader or for each other's data, and the reader waits for nobody:
 * - reserve holds the lock for the arithmetic and one header, commit takes none;
 * - what does not fit is dropped and counted, nothing is ever overwritten;
 * - a record that stays unfinished holds back the edge, not the producers.
 *
 * A lock, and not one compare-and-exchange on head: a record's header has to be seen as unfinished
 * by whoever sees the new head. Without a lock, the reader's side would have to clear all the
 * space that it frees, a second pass over every byte, to save a lock that is never held across
 * a copy.
 *
 * Trust: all state is in struct osq_ring, private to the kernel. The buffer is mapped for reading
 * only; collect checks the headers that it walks over against the private offsets all the same,
 * so that a port that fails at this loses records, but never leaves the buffer. What it cannot know
 * then is who is still in the buffer: busy may be right or not, and go on for ever.
 *
 * Barrier pairs, by number, as ring.c names them:
 *   (1) head      release in reserve       acquire in collect, arm, busy   headers are written
 *   (2) finished  release in commit        acquire in collect, arm, busy   data is written
 *   (3) tail      release in release       acquire in reserve              data has been read
 *   (4) finished then waiting, full in commit; waiting then finished, full in arm: of a producer
 *       that finishes and a reader that falls asleep, at least one sees the other
 */
#ifndef OSQ_RING_H
#define OSQ_RING_H

#include "port.h"

/*
 * Who writes a line often does not share it with one who reads it often: a reader that polls takes
 * from the producers the line of the head alone, not that of their lock.
 */
struct osq_ring {
	/* Set by open, constant until the next one. */
	uint8_t *buffer;
	uint32_t size; /* a multiple of OSQ_RECORD_ALIGN */

	/* The producers' own, under the lock. */
	osq_lock_t lock __attribute__((aligned(OSQ_CACHE_LINE)));
	uint32_t open;
	uint32_t tail_seen; /* a tail of the past: at worst there is more room than it says */

	/* Written by the producers under the lock, read by the reader. */
	uint32_t head __attribute__((aligned(OSQ_CACHE_LINE)));
	uint64_t dropped; /* since open */

	/* Written by the reader; producers load tail when tail_seen leaves too little room. */
	uint32_t tail __attribute__((aligned(OSQ_CACHE_LINE)));
	uint32_t edge;
	uint64_t dropped_told;

	/* Read by every commit, written when somebody falls asleep or wakes. */
	uint32_t waiting __attribute__((aligned(OSQ_CACHE_LINE)));
};

/*
 * Life: init, then open and close in turns, then exit. The structure outlives every producer
 * (it belongs to the module, not to a client): reserve may be called from init on and gets NULL
 * whenever the ring is not open.
 */

/* A closed ring. 0, or the port's error for want of a lock. */
int osq_ring_init(struct osq_ring *ring);

/* No producer may be in or come to a call any more: the caller unhooks them first. */
void osq_ring_exit(struct osq_ring *ring);

/*
 * Opens the ring on `size` zeroed bytes, aligned to 8. EINVAL: a size outside OSQ_BUFFER_MIN to
 * OSQ_BUFFER_MAX, or no buffer; EBUSY: is open, or busy has not returned 0 since it was closed.
 */
int osq_ring_open(struct osq_ring *ring, void *buffer, uint64_t size);

/* No reservation succeeds after this returns. Those made before may still be written to. */
void osq_ring_close(struct osq_ring *ring);

/*
 * How many reservations are not committed; walks the ring. When it returns 0 for a closed ring,
 * the last producer is out and the ring has forgotten the buffer: now it may be freed.
 */
uint32_t osq_ring_busy(struct osq_ring *ring);

/*
 * Producers: any number at once, wherever the port's lock may be taken.
 *
 * `size` bytes for an event, at a multiple of OSQ_RECORD_ALIGN (and of 8 as long as every size is
 * one); the record's size is `size` rounded up to OSQ_RECORD_ALIGN. The bytes hold whatever lay
 * there. NULL: dropped and counted for want of room, or the ring is not open, or the event is
 * not positive; the latter two are not counted.
 * Every reservation must be committed: there is no way to give one back.
 */
void *osq_ring_reserve(struct osq_ring *ring, int32_t event, size_t size);

/*
 * Hands a reservation to the reader; the caller must not touch it again. True: the reader sleeps
 * and nobody else was told; the caller must wake it.
 */
bool osq_ring_commit(struct osq_ring *ring, void *data);

/*
 * The reader: one call at a time, which the port sees to; open, close and busy count as such.
 *
 * A sync is release, then (if it may block) a wait for arm, then collect:
 *
 *	error = osq_ring_release(ring, args->read_offset);
 *	if (!error && args->options == OSQ_SYNC_BLOCK)
 *		error = wait_event_interruptible(queue, osq_ring_arm(ring));
 *	if (!error)
 *		error = osq_ring_collect(ring, &args->max_read_offset, &args->drops);
 */

/*
 * Everything before the offset is read: its room is free again. EINVAL: not open, or not within
 * what the last collect made readable. It is not checked that a record begins there: the offset
 * of a reader that lost its way confuses that reader, and nobody else.
 */
int osq_ring_release(struct osq_ring *ring, uint64_t read_offset);

/*
 * True: there is something to read, or the ring is closed. False: there is nothing, and the next
 * commit that makes something readable will return true. Made to be a wait's condition: enter the
 * wait queue, then call it.
 */
bool osq_ring_arm(struct osq_ring *ring);

/*
 * How far the reader may read, and how many records were dropped since the last collect that
 * succeeded (negative: more than can be told). EINVAL: not open. EIO: a header is not what was
 * written, somebody else writes to the buffer; what was readable before stays so.
 */
int osq_ring_collect(struct osq_ring *ring, uint64_t *max_read_offset, int32_t *drops);

#endif
