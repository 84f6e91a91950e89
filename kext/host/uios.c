// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "uios.h"

#include <string.h>

#include "user_memory.h"

void uio_init(struct uio *uio, unsigned int room, int64_t offset, int space, int direction)
{
	memset(uio, 0, UIO_SIZE(room));
	uio->offset = offset;
	uio->space = space;
	uio->direction = direction;
	uio->room = room;
	uio->current = uio->vectors;
}

bool uio_add(struct uio *uio, uint64_t base, uint64_t length)
{
	if (uio->count == uio->room)
		return false;
	uio->vectors[uio->count++] = (struct uio_vector){base, length};
	uio->left += (int64_t)length;
	return true;
}

bool uio_is_user(const struct uio *uio)
{
	return uio->space != UIO_SYSSPACE && uio->space != UIO_SYSSPACE32;
}

static bool has_current(const struct uio *uio)
{
	return uio->current < uio->vectors + uio->count;
}

void uio_advance(struct uio *uio, uint64_t length)
{
	uio->left -= (int64_t)length;
	uio->offset += (int64_t)length;
	while (has_current(uio)) {
		const uint64_t part = length < uio->current->length ? length : uio->current->length;

		uio->current->base += part;
		uio->current->length -= part;
		length -= part;
		if (uio->current->length)
			break;
		uio->current++;
	}
}

static int move_part(const struct uio *uio, void *bytes, size_t length)
{
	const uint64_t base = uio->current->base;

	if (uio_is_user(uio))
		return uio->direction == UIO_READ ? user_copy_out(bytes, base, length)
		                                  : user_copy_in(base, bytes, length);
	if (uio->direction == UIO_READ)
		memcpy((void *)(uintptr_t)base, bytes, length);
	else
		memcpy(bytes, (const void *)(uintptr_t)base, length);
	return 0;
}

int uio_move(struct uio *uio, void *bytes, size_t length)
{
	uint8_t *at = bytes;
	int error;

	while (length && uio->left > 0 && has_current(uio)) {
		uint64_t part = uio->current->length < length ? uio->current->length : length;

		if (part > (uint64_t)uio->left)
			part = (uint64_t)uio->left;
		error = part ? move_part(uio, at, part) : 0;
		if (error)
			return error;
		uio_advance(uio, part);
		at += part;
		length -= part;
	}
	return 0;
}
