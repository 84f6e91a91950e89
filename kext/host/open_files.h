/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What clients have open: devices, and sockets of kernel controls. Each is a descriptor of the
 * client's, one end of a socket pair; whatever happens to it there, the other end tells when its
 * last copy is gone.
 */
#ifndef KEXTHOST_OPEN_FILES_H
#define KEXTHOST_OPEN_FILES_H

#include <stdbool.h>
#include <stdint.h>

struct open_file;
struct selection;

struct open_file_kind {
	/* No copy of the descriptor is left, but requests may still be under way. May be NULL. */
	void (*end)(void *object);

	/* What of `events` (KEXTHOST_READABLE ...) is ready; else `selection` records who says so.
	 */
	uint32_t (*poll)(void *object, uint32_t events, struct selection *selection);

	/* Nobody uses it any more. Called as the process that opened it; frees the object. */
	void (*close)(void *object);
};

/* Watches for descriptors that end. 0 or an errno. */
int open_files_init(void);

/*
 * `descriptor` is for the client, and the caller's to close. `made` is valid as long as the object,
 * which may be closed before this returns. False for want of memory.
 */
bool open_file_make(const struct open_file_kind *kind, void *object, struct open_file **made,
                    uint64_t *handle, int *descriptor);

/* For a request; put when it is over. NULL where it is closed, or not of that kind: NULL for any.
 */
struct open_file *open_file_get(uint64_t handle, const struct open_file_kind *kind);
void open_file_put(struct open_file *file);
void *open_file_object(const struct open_file *file);
uint32_t open_file_poll(const struct open_file *file, uint32_t events, struct selection *selection);

/* One byte to read from the client's descriptor. */
void open_file_signal(const struct open_file *file);

/* Waits until it is closed, where no copy of the descriptor is left. */
void open_file_closed(uint64_t handle);

#endif
