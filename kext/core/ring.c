/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The numbers in the comments are those of the barrier pairs in ring.h. */
#include "ring.h"
#include "osq_device.h"

#define HEADER ((uint32_t)sizeof(struct osq_record_header))

static struct osq_record_header *header_at(const struct osq_ring *ring, uint32_t offset)
{
	return (struct osq_record_header *)(ring->buffer + offset);
}

/* `finished` is shared; the header's attribute hides from the compiler that it is aligned. */
static uint32_t *finished_of(struct osq_record_header *header)
{
	return (uint32_t *)((uint8_t *)header + offsetof(struct osq_record_header, finished));
}

int osq_ring_init(struct osq_ring *ring)
{
	osq_port_zero(ring, sizeof(*ring));
	return osq_port_lock_init(&ring->lock);
}

void osq_ring_exit(struct osq_ring *ring)
{
	osq_port_lock_exit(&ring->lock);
}

int osq_ring_open(struct osq_ring *ring, void *buffer, uint64_t size)
{
	osq_lock_state_t state;

	if (!buffer || size < OSQ_BUFFER_MIN || size > OSQ_BUFFER_MAX)
		return EINVAL;
	if (ring->buffer)
		return EBUSY;

	state = osq_port_lock(&ring->lock);
	ring->buffer = buffer;
	ring->size = (uint32_t)size & ~(uint32_t)(OSQ_RECORD_ALIGN - 1);
	ring->edge = 0;
	ring->tail_seen = 0;
	ring->dropped_told = 0;
	osq_port_store_relaxed(&ring->head, 0);
	osq_port_store_relaxed(&ring->tail, 0);
	osq_port_store_relaxed(&ring->waiting, 0);
	osq_port_store64_relaxed(&ring->dropped, 0);
	osq_port_store_relaxed(&ring->open, 1);
	osq_port_unlock(&ring->lock, state);
	return 0;
}

void osq_ring_close(struct osq_ring *ring)
{
	osq_lock_state_t state = osq_port_lock(&ring->lock);

	osq_port_store_relaxed(&ring->open, 0);
	osq_port_unlock(&ring->lock, state);
}

/* Where a record of `need` bytes can lie when all before `tail` is free, or ring->size. */
static uint32_t place(const struct osq_ring *ring, uint32_t need, uint32_t tail)
{
	uint32_t head = ring->head;

	if (head < tail)
		return need < tail - head ? head : ring->size;
	if (need <= ring->size - HEADER - head)
		return head;
	return need < tail ? 0 : ring->size;
}

/* Under the lock: as place, with as much room as there is now. */
static uint32_t find_room(struct osq_ring *ring, uint32_t need)
{
	uint32_t offset = place(ring, need, ring->tail_seen);

	if (offset == ring->size) {
		ring->tail_seen = osq_port_load_acquire(&ring->tail); /* (3) */
		offset = place(ring, need, ring->tail_seen);
	}
	return offset;
}

void *osq_ring_reserve(struct osq_ring *ring, int32_t event, size_t size)
{
	struct osq_record_header *header = NULL;
	uint32_t data = 0, offset, time, uptime;
	osq_lock_state_t state;
	bool fits;

	if (event <= 0)
		return NULL;
	fits = size <= OSQ_BUFFER_MAX;
	if (fits)
		data = ((uint32_t)size + OSQ_RECORD_ALIGN - 1) & ~(uint32_t)(OSQ_RECORD_ALIGN - 1);
	osq_port_seconds(&time, &uptime);

	state = osq_port_lock(&ring->lock);
	if (!ring->open)
		goto unlock;
	offset = fits ? find_room(ring, HEADER + data) : ring->size;
	if (offset == ring->size) {
		osq_port_store64_relaxed(&ring->dropped, ring->dropped + 1);
		goto unlock;
	}
	if (offset != ring->head) {
		header = header_at(ring, ring->head);
		header->event = OSQ_EVENT_WRAP;
		header->size = ring->size - HEADER - ring->head;
		osq_port_store_relaxed(finished_of(header), 1);
	}
	header = header_at(ring, offset);
	header->event = event;
	header->size = data;
	osq_port_store_relaxed(finished_of(header), 0);
	osq_port_store_release(&ring->head, offset + HEADER + data); /* (1) */
unlock:
	osq_port_unlock(&ring->lock, state);
	if (!header)
		return NULL;
	osq_port_prefetch_write((uint8_t *)header + HEADER + data + 4 * OSQ_CACHE_LINE);
	header->time = time;
	header->uptime = uptime;
	osq_port_pause_point();
	return header + 1;
}

bool osq_ring_commit(struct osq_ring *ring, void *data)
{
	struct osq_record_header *header = (struct osq_record_header *)data - 1;

	osq_port_pause_point();
	osq_port_exchange_full(finished_of(header), 1); /* (2), (4) */
	if (!osq_port_load_relaxed(&ring->waiting))     /* (4) */
		return false;
	return osq_port_exchange_full(&ring->waiting, 0) != 0;
}

/*
 * The record at or behind (where a filler lies) `offset`, and where it ends. NULL: its header is
 * not what reserve wrote. `head` must have been loaded by acquire (1), and differ from offset.
 */
static struct osq_record_header *record_at(const struct osq_ring *ring, uint32_t offset,
                                           uint32_t head, uint32_t *end)
{
	struct osq_record_header *header = header_at(ring, offset);
	uint32_t limit;
	uint64_t size;

	if (header->event == OSQ_EVENT_WRAP) {
		if (head >= offset)
			return NULL;
		offset = 0;
		header = header_at(ring, 0);
	}
	limit = offset < head ? head : ring->size - HEADER;
	/* Once: what was checked is what counts, whoever writes there meanwhile. */
	size = ((const volatile struct osq_record_header *)header)->size;
	if (limit - offset < HEADER || size > limit - offset - HEADER || size % OSQ_RECORD_ALIGN)
		return NULL;
	*end = offset + HEADER + (uint32_t)size;
	return header;
}

uint32_t osq_ring_busy(struct osq_ring *ring)
{
	uint32_t head = osq_port_load_acquire(&ring->head); /* (1) */
	uint32_t busy = 0, offset = ring->edge;

	if (!ring->buffer)
		return 0;
	while (offset != head) {
		struct osq_record_header *header = record_at(ring, offset, head, &offset);

		if (!header)
			return busy + 1;
		busy += !osq_port_load_acquire(finished_of(header)); /* (2) */
	}
	if (!busy && !osq_port_load_relaxed(&ring->open))
		ring->buffer = NULL;
	return busy;
}

int osq_ring_release(struct osq_ring *ring, uint64_t read_offset)
{
	uint32_t tail = ring->tail, edge = ring->edge;
	bool within;

	if (tail <= edge)
		within = read_offset >= tail && read_offset <= edge;
	else
		within = read_offset <= ring->size - HEADER &&
		         (read_offset >= tail || read_offset <= edge);
	if (!osq_port_load_relaxed(&ring->open) || !within || read_offset % OSQ_RECORD_ALIGN)
		return EINVAL;
	osq_port_store_release(&ring->tail, (uint32_t)read_offset); /* (3) */
	return 0;
}

bool osq_ring_arm(struct osq_ring *ring)
{
	struct osq_record_header *header;
	uint32_t head, end;

	osq_port_exchange_full(&ring->waiting, 1); /* (4) */
	if (!osq_port_load_relaxed(&ring->open) || ring->tail != ring->edge)
		return true;
	head = osq_port_load_acquire(&ring->head); /* (1) */
	if (head == ring->edge)
		return false;
	header = record_at(ring, ring->edge, head, &end);
	return !header || osq_port_load_acquire(finished_of(header)); /* (2), (4) */
}

int osq_ring_collect(struct osq_ring *ring, uint64_t *max_read_offset, int32_t *drops)
{
	uint32_t head, end, edge = ring->edge;
	uint64_t dropped;

	if (!osq_port_load_relaxed(&ring->open))
		return EINVAL;
	if (osq_port_load_relaxed(&ring->waiting))
		osq_port_store_relaxed(&ring->waiting, 0);
	dropped = osq_port_load64_relaxed(&ring->dropped);
	osq_port_linger();
	head = osq_port_load_acquire(&ring->head); /* (1) */
	while (edge != head) {
		struct osq_record_header *header = record_at(ring, edge, head, &end);

		if (!header)
			return EIO;
		if (!osq_port_load_acquire(finished_of(header))) /* (2) */
			break;
		edge = end;
	}
	ring->edge = edge;
	*max_read_offset = edge;
	dropped -= ring->dropped_told;
	ring->dropped_told += dropped;
	*drops = dropped <= INT32_MAX ? (int32_t)dropped : -1;
	return 0;
}
