/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where the bytes of a read or write go to or come from: uio_t. */
#ifndef KEXTHOST_UIOS_H
#define KEXTHOST_UIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	UIO_READ = 0, /* direction: to the memory that it describes */
	UIO_WRITE = 1,
	UIO_USERSPACE = 0, /* where that memory is */
	UIO_SYSSPACE = 2,
	UIO_USERSPACE32 = 5,
	UIO_USERSPACE64 = 8,
	UIO_SYSSPACE32 = 11,
};

struct uio_vector {
	uint64_t base, length;
};

struct uio {
	int64_t offset;
	int64_t left; /* bytes: uio_resid */
	int space, direction;
	unsigned int room, count; /* of the vectors */
	struct uio_vector *current;
	struct uio_vector vectors[];
};

/* For one piece of memory; `memory` has room for it, and for one vector. */
#define UIO_SIZE(vectors) (sizeof(struct uio) + (vectors) * sizeof(struct uio_vector))
void uio_init(struct uio *uio, unsigned int room, int64_t offset, int space, int direction);

/* False where there is no room. */
bool uio_add(struct uio *uio, uint64_t base, uint64_t length);

bool uio_is_user(const struct uio *uio);

/* Past what was moved. */
void uio_advance(struct uio *uio, uint64_t length);

/* Moves as much as there is, up to `length` bytes. 0, or Darwin's EFAULT. */
int uio_move(struct uio *uio, void *bytes, size_t length);

#endif
