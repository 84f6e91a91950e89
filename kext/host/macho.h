/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* As much of the Mach-O format as a kext has. Little-endian, x86_64. */
#ifndef KEXTHOST_MACHO_H
#define KEXTHOST_MACHO_H

#include <stdint.h>

#define MACHO_MAGIC       0xfeedfacfu
#define MACHO_FAT_MAGIC   0xbebafecau /* 0xcafebabe, big-endian */
#define MACHO_CPU_X86_64  0x01000007u
#define MACHO_KEXT_BUNDLE 11u

struct macho_header {
	uint32_t magic, cpu, cpu_subtype, file_type, command_count, commands_size, flags, reserved;
};

enum {
	MACHO_SYMTAB = 0x2,
	MACHO_DYSYMTAB = 0xb,
	MACHO_SEGMENT_64 = 0x19,
	MACHO_UUID = 0x1b,
	MACHO_CODE_SIGNATURE = 0x1d,
	MACHO_SEGMENT_SPLIT_INFO = 0x1e,
	MACHO_DYLD_INFO = 0x22,
	MACHO_VERSION_MIN_MACOSX = 0x24,
	MACHO_VERSION_MIN_IPHONEOS = 0x25,
	MACHO_FUNCTION_STARTS = 0x26,
	MACHO_DATA_IN_CODE = 0x29,
	MACHO_SOURCE_VERSION = 0x2a,
	MACHO_DYLIB_CODE_SIGN_DRS = 0x2b,
	MACHO_VERSION_MIN_TVOS = 0x2f,
	MACHO_VERSION_MIN_WATCHOS = 0x30,
	MACHO_NOTE = 0x31,
	MACHO_BUILD_VERSION = 0x32,
};
#define MACHO_DYLD_INFO_ONLY 0x80000022u

struct macho_command {
	uint32_t command, size;
};

struct macho_segment {
	uint32_t command, size;
	char name[16];
	uint64_t address, memory_size, file_offset, file_size;
	int32_t maximum_protection, protection;
	uint32_t section_count, flags;
};

struct macho_section {
	char name[16], segment[16];
	uint64_t address, size;
	uint32_t offset, alignment, relocation_offset, relocation_count, flags, reserved[3];
};

struct macho_symtab {
	uint32_t command, size, symbol_offset, symbol_count, string_offset, string_size;
};

struct macho_dysymtab {
	uint32_t command, size, others[14];
	uint32_t external_offset, external_count, local_offset, local_count;
};

struct macho_symbol {
	uint32_t name;
	uint8_t type, section;
	uint16_t description;
	uint64_t value;
};

#define MACHO_STAB      0xe0 /* any bit of these: for debuggers */
#define MACHO_PRIVATE   0x10
#define MACHO_TYPE      0x0e
#define MACHO_EXTERNAL  0x01
#define MACHO_UNDEFINED 0x0
#define MACHO_ABSOLUTE  0x2
#define MACHO_INDIRECT  0xa
#define MACHO_DEFINED   0xe
#define MACHO_WEAK      0x40 /* of the description */

struct macho_relocation {
	int32_t address;
	uint32_t symbol : 24, relative : 1, length : 2, external : 1, type : 4;
};

enum {
	MACHO_RELOCATION_UNSIGNED,
	MACHO_RELOCATION_SIGNED,
	MACHO_RELOCATION_BRANCH,
	MACHO_RELOCATION_GOT_LOAD,
	MACHO_RELOCATION_GOT,
	MACHO_RELOCATION_SUBTRACTOR,
	MACHO_RELOCATION_SIGNED_1,
	MACHO_RELOCATION_SIGNED_2,
	MACHO_RELOCATION_SIGNED_4,
};

_Static_assert(sizeof(struct macho_header) == 32, "mach_header_64");
_Static_assert(sizeof(struct macho_segment) == 72, "segment_command_64");
_Static_assert(sizeof(struct macho_section) == 80, "section_64");
_Static_assert(sizeof(struct macho_symtab) == 24, "symtab_command");
_Static_assert(sizeof(struct macho_dysymtab) == 80, "dysymtab_command");
_Static_assert(sizeof(struct macho_symbol) == 16, "nlist_64");
_Static_assert(sizeof(struct macho_relocation) == 8, "relocation_info");

#endif
