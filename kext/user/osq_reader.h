/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Reads events from /dev/osquery: opens the device, allocates the ring, walks over its records.
 *
 *	struct osq_reader reader;
 *
 *	if (osq_reader_open(&reader, 1 << 20, OSQ_VERSION_NORMAL) ||
 *	    osq_reader_subscribe(&reader, OSQ_EVENT_PROCESS, true))
 *		errx(1, "%s", reader.error);
 *	while (!osq_reader_sync(&reader, OSQ_SYNC_BLOCK))
 *		while ((record = osq_reader_next(&reader)))
 *			...
 *	osq_reader_close(&reader);
 *
 * Functions that return int return 0, or -1 with errno set and a sentence in reader.error.
 * A record is valid until the next sync. What the buffer says is checked before it is used: a
 * kernel that is broken, or no kernel of ours at all, ends in an error and not in a crash.
 * One thread at a time.
 */
#ifndef OSQ_READER_H
#define OSQ_READER_H

#include <stdbool.h>
#include "osq_device.h"

/* Fills in the outputs of a sync: 0, or -1 and errno. */
typedef int osq_sync_function(void *context, struct osq_sync_args *args);

struct osq_reader {
	int device; /* -1: none, the ring is somebody's memory */
	osq_sync_function *sync;
	void *context;
	const uint8_t *buffer;
	uint64_t size;
	uint64_t offset; /* of the next record */
	uint64_t limit;  /* read up to here */
	uint64_t drops;  /* since open, as far as the kernel could tell */
	bool drops_lost; /* there were more than the kernel could tell */
	bool broken;     /* the ring made no sense; nothing is read from it any more */
	char error[512];
};

/*
 * Opens the device and allocates a ring of `size` bytes. On error there is nothing to close.
 * EBUSY: another client is connected; EPERM, EACCES: not the superuser; ENOENT: the extension is
 * not loaded; EINVAL: the size, or the kernel is of another version (test build or not).
 */
int osq_reader_open(struct osq_reader *reader, uint64_t size, uint64_t version);

/* The same over a ring in this program's memory; `sync` stands for the kernel. */
void osq_reader_attach(struct osq_reader *reader, const void *buffer, uint64_t size,
                       osq_sync_function *sync, void *context);

void osq_reader_close(struct osq_reader *reader);

int osq_reader_subscribe(struct osq_reader *reader, int32_t event, bool subscribe);

/* Limits file events to what lies under these; see struct osq_prefix_args. */
int osq_reader_prefix(struct osq_reader *reader, const char *prefix, bool add);

/*
 * Gives back what next has walked over and asks for more. Blocks or not (OSQ_SYNC_...).
 * EINTR: a signal came. EBADMSG: the kernel's answer or the ring makes no sense.
 */
int osq_reader_sync(struct osq_reader *reader, int32_t options);

/* The next record, or NULL: sync. (A ring that makes no sense: NULL, and sync says EBADMSG.) */
const struct osq_record_header *osq_reader_next(struct osq_reader *reader);

/*
 * The data of a record, if it is of that kind and whole: large enough, every string ended, every
 * length within the record. NULL otherwise.
 */
const struct osq_process_event *osq_record_process(const struct osq_record_header *record);
const struct osq_file_event *osq_record_file(const struct osq_record_header *record);
const struct osq_socket_event *osq_record_socket(const struct osq_record_header *record);

/* The number of a test event, if its contents are those of that number; else false. */
bool osq_record_test(const struct osq_record_header *record, uint32_t *number);

#endif
