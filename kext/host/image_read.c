// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* From hostile bytes to an image: nothing behind this file checks an offset into it again. */
#include <string.h>

#include "image.h"
#include "log.h"

#define PAGE           4096u
#define IMAGE_MAX      (256u << 20)
#define ZEROFILL       1u
#define FAT_SLICES_MAX 16u

struct reading {
	struct image *image;
	const char *identifier;
	bool has_symtab, has_dysymtab;
};

static osreturn_t refuse(const struct reading *reading, const char *text)
{
	log_line("kxld[%s]: %s", reading->identifier, text);
	return OSRETURN_LINK_ERROR;
}

static osreturn_t refuse_value(const struct reading *reading, const char *what, uint32_t value)
{
	log_line("kxld[%s]: The Mach-O file is malformed: %s: %u.", reading->identifier, what,
	         value);
	return OSRETURN_LINK_ERROR;
}

static osreturn_t refuse_truncated(const struct reading *reading)
{
	return refuse(reading, "The Mach-O file has been truncated. Make sure the Mach-O header "
	                       "structures are correct.");
}

static bool is_inside(const struct image *image, uint64_t offset, uint64_t count, uint64_t each)
{
	return offset <= image->file_size && count <= (image->file_size - offset) / each;
}

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* Of a fat file, the slice for this processor. */
static osreturn_t choose_slice(struct reading *reading)
{
	struct image *image = reading->image;
	uint32_t i, count, offset, size;

	count = big_endian(image->file + 4);
	for (i = 0; i < count && i < FAT_SLICES_MAX && is_inside(image, 8 + 20 * i, 1, 20); i++) {
		const uint8_t *slice = image->file + 8 + 20 * i;

		if (big_endian(slice) != MACHO_CPU_X86_64)
			continue;
		offset = big_endian(slice + 8);
		size = big_endian(slice + 12);
		if (!is_inside(image, offset, size, 1) || offset % 8)
			return refuse_truncated(reading);
		image->file += offset;
		image->file_size = size;
		return OSRETURN_SUCCESS;
	}
	log_line("Can't load kext %s - no code for architecture x86_64.", reading->identifier);
	return OSRETURN_ARCH_NOT_FOUND;
}

static osreturn_t check_header(struct reading *reading, struct macho_header *header)
{
	struct image *image = reading->image;
	osreturn_t result;

	if (!is_inside(image, 0, 1, sizeof(*header)))
		return refuse_truncated(reading);
	memcpy(header, image->file, sizeof(*header));
	if (header->magic == MACHO_FAT_MAGIC) {
		result = choose_slice(reading);
		if (result)
			return result;
		if (!is_inside(image, 0, 1, sizeof(*header)))
			return refuse_truncated(reading);
		memcpy(header, image->file, sizeof(*header));
	}
	if (header->magic != MACHO_MAGIC) {
		log_line("kxld[%s]: The Mach-O file is malformed: Invalid magic number: 0x%x.",
		         reading->identifier, header->magic);
		return OSRETURN_LINK_ERROR;
	}
	if (header->cpu != MACHO_CPU_X86_64) {
		log_line("Can't load kext %s - no code for architecture x86_64.",
		         reading->identifier);
		return OSRETURN_ARCH_NOT_FOUND;
	}
	if (header->file_type != MACHO_KEXT_BUNDLE) {
		log_line("kxld[%s]: The Mach-O filetype 0x%x is not supported on the target "
		         "architecture.",
		         reading->identifier, header->file_type);
		return OSRETURN_LINK_ERROR;
	}
	if (!is_inside(image, sizeof(*header), header->commands_size, 1))
		return refuse_truncated(reading);
	return OSRETURN_SUCCESS;
}

static osreturn_t add_section(struct reading *reading, const struct macho_segment *segment,
                              const uint8_t *bytes)
{
	static const uint32_t allowed = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 |
	                                1u << 6 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11 |
	                                1u << 14;
	struct image *image = reading->image;
	struct macho_section *section;
	uint32_t type;

	if (image->section_count == IMAGE_SECTIONS_MAX)
		return refuse(reading, "The Mach-O file is malformed: too many sections.");
	section = &image->sections[image->section_count++];
	memcpy(section, bytes, sizeof(*section));
	type = section->flags & 0xff;
	if (type > 31 || !(allowed >> type & 1) || (type == ZEROFILL && section->offset))
		return refuse_value(reading, "Invalid section type", type);
	if (memcmp(section->segment, segment->name, sizeof(segment->name)))
		return refuse(reading,
		              "The Mach-O file is malformed: a section names another segment "
		              "than its own.");
	if (section->address < segment->address ||
	    section->address - segment->address > segment->memory_size ||
	    section->size > segment->memory_size - (section->address - segment->address))
		return refuse(reading, "The Mach-O file is malformed: a section lies outside its "
		                       "segment.");
	if (section->alignment > 12 || section->address & ((1u << section->alignment) - 1))
		return refuse(reading,
		              "The Mach-O file is malformed: a section is not aligned as it "
		              "says.");
	return OSRETURN_SUCCESS;
}

/* Segments follow each other from 0 without a gap: kxld adds up their sizes for that of the image.
 */
static osreturn_t add_segment(struct reading *reading, const uint8_t *bytes, uint32_t size)
{
	struct image *image = reading->image;
	struct macho_segment *segment;
	osreturn_t result = OSRETURN_SUCCESS;
	uint32_t i;

	if (size < sizeof(*segment))
		return refuse_truncated(reading);
	if (image->segment_count == IMAGE_SEGMENTS_MAX)
		return refuse(reading, "The Mach-O file is malformed: too many segments.");
	segment = &image->segments[image->segment_count++];
	memcpy(segment, bytes, sizeof(*segment));
	if (segment->section_count > (size - sizeof(*segment)) / sizeof(struct macho_section) ||
	    !is_inside(image, segment->file_offset, segment->file_size, 1))
		return refuse_truncated(reading);
	if (segment->address != image->size || segment->memory_size < segment->file_size ||
	    segment->memory_size > IMAGE_MAX || image->size > IMAGE_MAX)
		return refuse(reading,
		              "The Mach-O file is malformed: its segments are not contiguous "
		              "from 0, or too large.");
	image->size += (segment->memory_size + PAGE - 1) & ~(size_t)(PAGE - 1);
	for (i = 0; !result && i < segment->section_count; i++)
		result = add_section(reading, segment,
		                     bytes + sizeof(*segment) + i * sizeof(struct macho_section));
	return result;
}

static osreturn_t set_symtab(struct reading *reading, const uint8_t *bytes, uint32_t size)
{
	struct image *image = reading->image;
	struct macho_symtab symtab;

	if (size < sizeof(symtab))
		return refuse_truncated(reading);
	memcpy(&symtab, bytes, sizeof(symtab));
	if (!is_inside(image, symtab.symbol_offset, symtab.symbol_count,
	               sizeof(struct macho_symbol)) ||
	    !is_inside(image, symtab.string_offset, symtab.string_size, 1) ||
	    symtab.symbol_offset % 8)
		return refuse_truncated(reading);
	image->symbols = (const struct macho_symbol *)(image->file + symtab.symbol_offset);
	image->symbol_count = symtab.symbol_count;
	image->strings = (const char *)image->file + symtab.string_offset;
	image->string_size = symtab.string_size;
	reading->has_symtab = true;
	return OSRETURN_SUCCESS;
}

static osreturn_t set_dysymtab(struct reading *reading, const uint8_t *bytes, uint32_t size)
{
	struct image *image = reading->image;
	struct macho_dysymtab *table = &image->relocations;

	if (size < sizeof(*table))
		return refuse_truncated(reading);
	memcpy(table, bytes, sizeof(*table));
	if (!is_inside(image, table->external_offset, table->external_count,
	               sizeof(struct macho_relocation)) ||
	    !is_inside(image, table->local_offset, table->local_count,
	               sizeof(struct macho_relocation)))
		return refuse_truncated(reading);
	reading->has_dysymtab = true;
	return OSRETURN_SUCCESS;
}

static osreturn_t take_command(struct reading *reading, const struct macho_command *command,
                               const uint8_t *bytes)
{
	struct image *image = reading->image;

	switch (command->command) {
	case MACHO_SEGMENT_64:
		return add_segment(reading, bytes, command->size);
	case MACHO_SYMTAB:
		return set_symtab(reading, bytes, command->size);
	case MACHO_DYSYMTAB:
		return set_dysymtab(reading, bytes, command->size);
	case MACHO_UUID:
		if (command->size < 24)
			return refuse_truncated(reading);
		memcpy(image->uuid, bytes + 8, sizeof(image->uuid));
		image->has_uuid = true;
		return OSRETURN_SUCCESS;
	case MACHO_CODE_SIGNATURE:
	case MACHO_SEGMENT_SPLIT_INFO:
	case MACHO_DYLD_INFO:
	case MACHO_DYLD_INFO_ONLY:
	case MACHO_VERSION_MIN_MACOSX:
	case MACHO_VERSION_MIN_IPHONEOS:
	case MACHO_VERSION_MIN_TVOS:
	case MACHO_VERSION_MIN_WATCHOS:
	case MACHO_FUNCTION_STARTS:
	case MACHO_DATA_IN_CODE:
	case MACHO_SOURCE_VERSION:
	case MACHO_DYLIB_CODE_SIGN_DRS:
	case MACHO_BUILD_VERSION:
	case MACHO_NOTE:
		return OSRETURN_SUCCESS;
	}
	return refuse_value(reading, "Invalid load command type in MH_KEXT_BUNDLE kext",
	                    command->command);
}

static osreturn_t read_commands(struct reading *reading, const struct macho_header *header)
{
	const uint8_t *at = reading->image->file + sizeof(*header);
	uint32_t left = header->commands_size, i;
	struct macho_command command;
	osreturn_t result;

	for (i = 0; i < header->command_count; i++) {
		if (left < sizeof(command))
			return refuse_truncated(reading);
		memcpy(&command, at, sizeof(command));
		if (command.size < sizeof(command) || command.size > left || command.size % 8)
			return refuse_truncated(reading);
		result = take_command(reading, &command, at);
		if (result)
			return result;
		at += command.size;
		left -= command.size;
	}
	return OSRETURN_SUCCESS;
}

static bool is_known_stab(uint8_t type)
{
	static const uint8_t stabs[] = {0x20, 0x22, 0x24, 0x26, 0x28, 0x2e, 0x3c, 0x40, 0x44,
	                                0x4e, 0x60, 0x64, 0x66, 0x80, 0x82, 0x84, 0xa0, 0xa2,
	                                0xa4, 0xc0, 0xc2, 0xe0, 0xe2, 0xe4, 0xe8};

	return memchr(stabs, type, sizeof(stabs)) != NULL;
}

static osreturn_t check_symbol(const struct reading *reading, const struct macho_symbol *symbol)
{
	const struct image *image = reading->image;

	if (symbol->name >= image->string_size && symbol->name)
		return refuse_truncated(reading);
	if (symbol->type & MACHO_STAB)
		return is_known_stab(symbol->type)
		           ? OSRETURN_SUCCESS
		           : refuse_value(reading, "Invalid N_STAB symbol type", symbol->type);
	switch (symbol->type & MACHO_TYPE) {
	case MACHO_UNDEFINED:
		if (symbol->value && symbol->type & MACHO_EXTERNAL)
			return refuse(reading,
			              "Common symbols are not supported in kernel extensions. "
			              "Use -fno-common to build your kext.");
		return OSRETURN_SUCCESS;
	case MACHO_ABSOLUTE:
		return OSRETURN_SUCCESS;
	case MACHO_DEFINED:
		if (!symbol->section || symbol->section > image->section_count ||
		    symbol->value > image->size)
			return refuse(reading,
			              "The Mach-O file is malformed: a symbol lies outside "
			              "the sections.");
		return OSRETURN_SUCCESS;
	}
	return refuse_value(reading, "Invalid symbol type", symbol->type);
}

osreturn_t image_read(struct image *image, const char *identifier, const uint8_t *file, size_t size)
{
	struct reading reading = {.image = image, .identifier = identifier};
	struct macho_header header;
	osreturn_t result;
	size_t i;

	memset(image, 0, sizeof(*image));
	image->file = file;
	image->file_size = size;
	result = check_header(&reading, &header);
	if (!result)
		result = read_commands(&reading, &header);
	if (result)
		return result;
	if (!image->segment_count || !reading.has_symtab || !reading.has_dysymtab)
		return refuse(&reading,
		              "The Mach-O file is malformed: a kext has segments, LC_SYMTAB "
		              "and LC_DYSYMTAB.");
	if (strncmp(image->segments[image->segment_count - 1].name, "__LINKEDIT", 16))
		return refuse(&reading, "The Mach-O file is malformed: __LINKEDIT is not its last "
		                        "segment.");
	/* So every name ends. Empty, there are none but the empty one at 0. */
	if (image->string_size && image->strings[image->string_size - 1])
		return refuse_truncated(&reading);
	for (i = 0; !result && i < image->symbol_count; i++)
		result = check_symbol(&reading, &image->symbols[i]);
	return result;
}
