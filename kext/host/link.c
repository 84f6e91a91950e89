// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "link.h"

#include <stdlib.h>
#include <string.h>

#include "kext.h"
#include "kext_libraries.h"
#include "kpi.h"
#include "log.h"

#define STUB_SIZE 16

const char link_unresolved;

/* What its relocations need of each symbol. */
struct target {
	uint64_t address; /* where it is */
	uint64_t near;    /* where a call goes, within reach */
};

struct linking {
	struct image *image;
	const char *identifier;
	struct target *targets;
};

static bool is_undefined(const struct macho_symbol *symbol)
{
	return !(symbol->type & MACHO_STAB) && (symbol->type & MACHO_TYPE) == MACHO_UNDEFINED &&
	       symbol->type & MACHO_EXTERNAL;
}

static bool is_defined(const struct macho_symbol *symbol)
{
	return !(symbol->type & MACHO_STAB) && (symbol->type & MACHO_TYPE) == MACHO_DEFINED;
}

/* jmp *2(%rip), two bytes of nothing, and the address. */
static uint64_t write_stub(struct image *image, size_t index, uint64_t address)
{
	static const uint8_t jump[8] = {0xff, 0x25, 2, 0, 0, 0, 0xcc, 0xcc};
	uint8_t *stub = image->stubs + index * STUB_SIZE;

	memcpy(stub, jump, sizeof(jump));
	memcpy(stub + sizeof(jump), &address, sizeof(address));
	return (uintptr_t)stub;
}

static osreturn_t bind(struct linking *linking, const struct kext *kext)
{
	struct image *image = linking->image;
	bool weak = false, tests = false, missing = false;
	size_t i;

	for (i = 0; i < image->symbol_count; i++) {
		const struct macho_symbol *symbol = &image->symbols[i];
		const char *name = image_symbol_name(image, symbol);
		struct target *target = &linking->targets[i];
		const void *found;

		if (is_defined(symbol)) {
			target->address = target->near = (uintptr_t)image->base + symbol->value;
			continue;
		}
		if (!is_undefined(symbol)) {
			target->address = target->near = symbol->value;
			continue;
		}
		found = kpi_find(name, kext->kpis);
		if (!found)
			found = kext_library_symbol(kext, name);
		tests |= found == &link_unresolved;
		if (!found && symbol->description & MACHO_WEAK) {
			weak = true;
			found = &link_unresolved;
		}
		if (!found) {
			if (!missing)
				log_line(
				    "kxld[%s]: The following symbols are unresolved for this kext:",
				    linking->identifier);
			missing = true;
			log_line("kxld[%s]: \t%s", linking->identifier, name);
			continue;
		}
		target->address = (uintptr_t)found;
		target->near = write_stub(image, i, target->address);
	}
	if (missing)
		return OSRETURN_LINK_ERROR;
	if (weak && !tests) {
		log_line(
		    "kxld[%s]: This kext has weak references but does not test for them. Test for "
		    "weak references with OSKextSymbolIsResolved(). (found in "
		    "<libkern/OSKextLib.h>)",
		    linking->identifier);
		return OSRETURN_LINK_ERROR;
	}
	return OSRETURN_SUCCESS;
}

static osreturn_t refuse_overflow(const struct linking *linking)
{
	log_line("kxld[%s]: A relocation entry has overflowed. The kext may be too far from one of "
	         "its dependencies. Check your kext's load address.",
	         linking->identifier);
	return OSRETURN_LINK_ERROR;
}

static bool is_relative_type(unsigned int type)
{
	return type == MACHO_RELOCATION_BRANCH || type == MACHO_RELOCATION_SIGNED ||
	       type == MACHO_RELOCATION_SIGNED_1 || type == MACHO_RELOCATION_SIGNED_2 ||
	       type == MACHO_RELOCATION_SIGNED_4 || type == MACHO_RELOCATION_GOT ||
	       type == MACHO_RELOCATION_GOT_LOAD;
}

/* NULL where nothing of the file lies there. */
static uint8_t *place_of(const struct linking *linking, const struct macho_relocation *relocation)
{
	const uint64_t address = (uint32_t)relocation->address;

	if (!image_segment_at(linking->image, address, 1u << relocation->length))
		return NULL;
	return linking->image->base + address;
}

/* Of the index that a relocation names: NULL for one that nothing has. */
static bool target_of(const struct linking *linking, const struct macho_relocation *relocation,
                      struct target *target)
{
	const struct image *image = linking->image;

	if (relocation->external) {
		if (relocation->symbol >= image->symbol_count)
			return false;
		*target = linking->targets[relocation->symbol];
		return true;
	}
	/* The section's content moves by as much as everything does. */
	if (!relocation->symbol || relocation->symbol > image->section_count)
		return false;
	target->address = target->near = (uintptr_t)image->base;
	return true;
}

static osreturn_t apply_relative(const struct linking *linking,
                                 const struct macho_relocation *relocation, uint8_t *place,
                                 const struct target *target)
{
	int32_t stored;
	int64_t distance;

	if (relocation->type == MACHO_RELOCATION_GOT ||
	    relocation->type == MACHO_RELOCATION_GOT_LOAD)
		return refuse_overflow(linking);
	/* Within the image nothing has changed. */
	if (!relocation->external)
		return OSRETURN_SUCCESS;
	memcpy(&stored, place, sizeof(stored));
	distance = (int64_t)((relocation->type == MACHO_RELOCATION_BRANCH ? target->near
	                                                                  : target->address) -
	                     ((uintptr_t)place + 4)) +
	           stored;
	if (distance != (int32_t)distance)
		return refuse_overflow(linking);
	stored = (int32_t)distance;
	memcpy(place, &stored, sizeof(stored));
	return OSRETURN_SUCCESS;
}

static void add_to(uint8_t *place, uint64_t value)
{
	uint64_t stored;

	memcpy(&stored, place, sizeof(stored));
	stored += value;
	memcpy(place, &stored, sizeof(stored));
}

/* kxld says nothing about what it refuses here. */
static osreturn_t apply(const struct linking *linking, const struct macho_relocation *relocation,
                        const struct macho_relocation *next, bool *took_two)
{
	uint8_t *place = place_of(linking, relocation);
	struct target target, second;

	*took_two = false;
	if (!place || !target_of(linking, relocation, &target))
		return OSRETURN_LINK_ERROR;
	if (relocation->length == 2) {
		if (!is_relative_type(relocation->type) || !relocation->relative)
			return OSRETURN_LINK_ERROR;
		return apply_relative(linking, relocation, place, &target);
	}
	if (relocation->length != 3 || relocation->relative)
		return OSRETURN_LINK_ERROR;
	switch (relocation->type) {
	case MACHO_RELOCATION_UNSIGNED:
		add_to(place, target.address);
		return OSRETURN_SUCCESS;
	case MACHO_RELOCATION_SUBTRACTOR:
		if (!next || next->type != MACHO_RELOCATION_UNSIGNED || next->length != 3 ||
		    next->address != relocation->address || !target_of(linking, next, &second))
			return OSRETURN_LINK_ERROR;
		add_to(place, second.address - target.address);
		*took_two = true;
		return OSRETURN_SUCCESS;
	}
	return OSRETURN_LINK_ERROR;
}

static osreturn_t apply_table(const struct linking *linking, uint32_t offset, uint32_t count)
{
	const uint8_t *table = linking->image->file + offset;
	struct macho_relocation relocations[2];
	osreturn_t result = OSRETURN_SUCCESS;
	bool took_two;
	uint32_t i;

	for (i = 0; !result && i < count; i += 1u + took_two) {
		const bool last = i + 1 == count;

		memcpy(relocations, table + i * sizeof(relocations[0]),
		       last ? sizeof(relocations[0]) : sizeof(relocations));
		result = apply(linking, &relocations[0], last ? NULL : &relocations[1], &took_two);
	}
	return result;
}

void *link_find_kmod_info(const struct image *image)
{
	size_t i;

	for (i = 0; i < image->symbol_count; i++) {
		const struct macho_symbol *symbol = &image->symbols[i];

		if (is_defined(symbol) && !strcmp(image_symbol_name(image, symbol), "_kmod_info"))
			return image->base + symbol->value;
	}
	return NULL;
}

/* As kxld: what is undefined goes to the list of those. */
static bool mentions_kmod_info(const struct image *image)
{
	size_t i;

	for (i = 0; i < image->symbol_count; i++)
		if (is_undefined(&image->symbols[i]) &&
		    !strcmp(image_symbol_name(image, &image->symbols[i]), "_kmod_info"))
			return true;
	return link_find_kmod_info(image) != NULL;
}

osreturn_t link_image(struct kext *kext)
{
	const char *identifier = kext->bundle.identifier;
	struct image *image = &kext->image;
	struct linking linking = {.image = image, .identifier = identifier};
	osreturn_t result;

	if (!mentions_kmod_info(image)) {
		log_line("kxld[%s]: The kext is missing its kmod_info structure.", identifier);
		return OSRETURN_LINK_ERROR;
	}
	linking.targets = calloc(image->symbol_count + 1, sizeof(*linking.targets));
	if (!linking.targets)
		return OSRETURN_NO_MEMORY;
	result = bind(&linking, kext);
	if (!result)
		result = apply_table(&linking, image->relocations.external_offset,
		                     image->relocations.external_count);
	if (!result)
		result = apply_table(&linking, image->relocations.local_offset,
		                     image->relocations.local_count);
	free(linking.targets);
	return result;
}
