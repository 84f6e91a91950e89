/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where the characters of UTF-8 end (RFC 3629). */
#ifndef OSQ_UTF8_H
#define OSQ_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes the character at `bytes` has, or 0 where there is none. `length` is not 0. */
static inline size_t osq_utf8_length(const unsigned char *bytes, size_t length)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t point;
	size_t size;

	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xC2 || bytes[0] > 0xF4)
		return 0;
	size = bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
	if (size > length)
		return 0;
	point = bytes[0] & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3Fu);
	}
	if (point < smallest[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		return 0;
	return size;
}

#endif
