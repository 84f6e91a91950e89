// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "image.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "log.h"

#define PAGE      4096u
#define STUB_SIZE 16u

static size_t round_to_page(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

osreturn_t image_map(struct image *image)
{
	const size_t stubs = round_to_page(image->symbol_count * STUB_SIZE);
	size_t i;
	void *memory;

	memory = mmap(NULL, image->size + stubs, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return OSRETURN_NO_MEMORY;
	image->base = memory;
	image->stubs = image->base + image->size;
	image->stubs_size = stubs;
	for (i = 0; i < image->segment_count; i++)
		memcpy(image->base + image->segments[i].address,
		       image->file + image->segments[i].file_offset, image->segments[i].file_size);
	return OSRETURN_SUCCESS;
}

/* __TEXT is for running, __LINKEDIT is dropped, all others are for writing. */
static int protection_of(const struct macho_segment *segment)
{
	if (!strncmp(segment->name, "__TEXT", sizeof(segment->name)))
		return PROT_READ | PROT_EXEC;
	if (!strncmp(segment->name, "__LINKEDIT", sizeof(segment->name)))
		return PROT_NONE;
	return PROT_READ | PROT_WRITE;
}

osreturn_t image_protect(struct image *image)
{
	size_t i;

	for (i = 0; i < image->segment_count; i++) {
		const struct macho_segment *segment = &image->segments[i];

		if (segment->memory_size &&
		    mprotect(image->base + segment->address, round_to_page(segment->memory_size),
		             protection_of(segment)))
			return OSRETURN_NO_MEMORY;
	}
	if (image->stubs_size && mprotect(image->stubs, image->stubs_size, PROT_READ | PROT_EXEC))
		return OSRETURN_NO_MEMORY;
	return OSRETURN_SUCCESS;
}

void image_retire(struct image *image)
{
	if (image->base)
		mmap(image->base, image->size + image->stubs_size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

void image_close(struct image *image)
{
	if (image->base)
		munmap(image->base, image->size + image->stubs_size);
	image->base = NULL;
}

const char *image_symbol_name(const struct image *image, const struct macho_symbol *symbol)
{
	return symbol->name < image->string_size ? image->strings + symbol->name : "";
}

const struct macho_segment *image_segment_at(const struct image *image, uint64_t address,
                                             size_t size)
{
	size_t i;

	for (i = 0; i < image->segment_count; i++) {
		const struct macho_segment *segment = &image->segments[i];

		if (address >= segment->address && segment->file_size >= size &&
		    address - segment->address <= segment->file_size - size)
			return segment;
	}
	return NULL;
}

bool image_contains(const struct image *image, uintptr_t address)
{
	return image->base && address - (uintptr_t)image->base < image->size;
}

bool image_is_code(const struct image *image, uintptr_t address)
{
	const struct macho_segment *segment;

	if (!image_contains(image, address))
		return false;
	segment = image_segment_at(image, address - (uintptr_t)image->base, 1);
	return segment && protection_of(segment) & PROT_EXEC;
}

const char *image_symbol_before(const struct image *image, uintptr_t address, size_t *offset)
{
	const uint64_t unslid = address - (uintptr_t)image->base;
	const struct macho_symbol *best = NULL;
	size_t i;

	for (i = 0; i < image->symbol_count; i++) {
		const struct macho_symbol *symbol = &image->symbols[i];

		if (symbol->type & MACHO_STAB || (symbol->type & MACHO_TYPE) != MACHO_DEFINED)
			continue;
		if (symbol->value <= unslid && (!best || symbol->value > best->value))
			best = symbol;
	}
	if (!best)
		return NULL;
	*offset = unslid - best->value;
	return image_symbol_name(image, best);
}

void image_uuid_text(const struct image *image, char text[37])
{
	const uint8_t *u = image->uuid;

	if (!image->has_uuid) {
		strcpy(text, "no UUID");
		return;
	}
	sprintf(text, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", u[0],
	        u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
	        u[14], u[15]);
}
