/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A kext's executable: read and checked as kxld does, then laid out in memory.
 *
 *      base                                                  base + size
 *      | __TEXT        | __DATA            | __LINKEDIT (gone) | stubs, one an import |
 *
 * A kernel lies within 2 GiB of its kexts, and they call it directly. This process may lie
 * anywhere: a call of an import reaches a stub behind the image, which jumps on.
 */
#ifndef KEXTHOST_IMAGE_H
#define KEXTHOST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macho.h"
#include "osreturn.h"

#define IMAGE_SEGMENTS_MAX 16
#define IMAGE_SECTIONS_MAX 255

struct image {
	const uint8_t *file; /* the x86_64 slice; the bundle's */
	size_t file_size;

	struct macho_segment segments[IMAGE_SEGMENTS_MAX];
	size_t segment_count;
	struct macho_section sections[IMAGE_SECTIONS_MAX];
	size_t section_count;
	const struct macho_symbol *symbols;
	size_t symbol_count;
	const char *strings; /* ends in a NUL: see image_name */
	size_t string_size;
	struct macho_dysymtab relocations;
	bool has_uuid;
	uint8_t uuid[16];

	uint8_t *base;
	size_t size; /* of the segments */
	uint8_t *stubs;
	size_t stubs_size;
};

/* The log tells why it fails, where kxld tells. image_close takes what a failure has left. */
osreturn_t image_read(struct image *image, const char *identifier, const uint8_t *file,
                      size_t size);

/* Writable everywhere, at an address that the segments' contents do not know yet. */
osreturn_t image_map(struct image *image);

/* To the protections that kxld gives them, once everything is relocated. */
osreturn_t image_protect(struct image *image);

/* Keeps the addresses: whoever comes back to code that is gone gets a page fault. */
void image_retire(struct image *image);
void image_close(struct image *image);

const char *image_symbol_name(const struct image *image, const struct macho_symbol *symbol);

/* The segment that has `size` bytes from an unslid address in the file; NULL where none has. */
const struct macho_segment *image_segment_at(const struct image *image, uint64_t address,
                                             size_t size);

bool image_contains(const struct image *image, uintptr_t address);
bool image_is_code(const struct image *image, uintptr_t address);

/* The defined symbol at or before an address of the image; NULL where there is none. */
const char *image_symbol_before(const struct image *image, uintptr_t address, size_t *offset);

/* "2E1D…": 36 characters and a NUL, or "no UUID". */
void image_uuid_text(const struct image *image, char text[37]);

#endif
