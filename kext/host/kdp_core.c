// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_core.h"

#include <string.h>

#include "kdp_memory.h"
#include "kdp_requests.h"
#include "kdp_transfer.h"
#include "kext.h"
#include "thread.h"

#define REGIONS_MAX    256
#define STACK_MAX      (256u << 10)
#define PAGE           4096u
#define UNREADABLE     'X'

#define MAGIC_64       0xfeedfacfu
#define CPU_X86_64     0x01000007u
#define CPU_SUBTYPE    3u
#define FILE_CORE      4u
#define LC_THREAD      4u
#define LC_SEGMENT_64  0x19u
#define THREAD_STATE64 4u
#define PROTECTION_ALL 7u

struct header {
	uint32_t magic, cpu, subtype, type, commands, commands_size, flags, reserved;
};
struct segment {
	uint32_t command, size;
	char name[16];
	uint64_t address, memory_size, file_offset, file_size;
	uint32_t most, first, sections, flags;
};
_Static_assert(sizeof(struct segment) == 72, "segment_command_64");
struct thread_command {
	uint32_t command, size, flavor, words;
	struct kdp_thread_state state;
};

/* Not on the stack of a thread that panicked. */
static struct segment segments[REGIONS_MAX];
static uint32_t count;

static void add_region(uint64_t address, uint64_t size)
{
	if (count == REGIONS_MAX || !size)
		return;
	segments[count++] = (struct segment){.command = LC_SEGMENT_64,
	                                     .size = sizeof(struct segment),
	                                     .address = address,
	                                     .memory_size = size,
	                                     .file_size = size,
	                                     .most = PROTECTION_ALL,
	                                     .first = PROTECTION_ALL};
}

static void add_kexts(void)
{
	const struct kext *kext;
	size_t i;

	for (kext = kext_first(); kext; kext = kext->next)
		for (i = 0; !kext->gone && i < kext->image.segment_count; i++) {
			const struct macho_segment *segment = &kext->image.segments[i];

			if (strncmp(segment->name, "__LINKEDIT", sizeof(segment->name)))
				add_region((uintptr_t)kext->image.base + segment->address,
				           segment->memory_size);
		}
}

/* From what the processor may have pushed, to the stack's end. */
static void add_stack(uint64_t pointer)
{
	const struct thread *thread = thread_current();
	const uint64_t start = (pointer - PAGE) & ~(uint64_t)(PAGE - 1);
	uint64_t end = thread->stack_high;

	if (pointer < thread->stack_low || pointer >= end)
		return;
	if (end - start > STACK_MAX)
		end = start + STACK_MAX;
	add_region(start, end - start);
}

static bool send_region(const struct segment *segment)
{
	uint8_t page[PAGE];
	uint64_t done, part;

	for (done = 0; done < segment->file_size; done += part) {
		part = segment->file_size - done < PAGE ? segment->file_size - done : PAGE;
		memset(page, UNREADABLE, sizeof(page));
		kdp_memory_read(segment->address + done, page, part);
		if (!kdp_transfer_seek(segment->file_offset + done) ||
		    !kdp_transfer_data(page, part))
			return false;
	}
	return true;
}

bool kdp_core_send(const ucontext_t *context)
{
	static uint8_t
	    start[sizeof(struct header) + sizeof(segments) + sizeof(struct thread_command)];
	struct thread_command thread = {.command = LC_THREAD,
	                                .size = sizeof(thread),
	                                .flavor = THREAD_STATE64,
	                                .words = sizeof(thread.state) / 4};
	struct header header = {
	    .magic = MAGIC_64, .cpu = CPU_X86_64, .subtype = CPU_SUBTYPE, .type = FILE_CORE};
	uint64_t offset;
	size_t size;
	uint32_t i;

	count = 0;
	kdp_thread_state(context, &thread.state);
	add_stack(thread.state.general[7]);
	add_kexts();
	header.commands = count + 1;
	header.commands_size = count * (uint32_t)sizeof(segments[0]) + (uint32_t)sizeof(thread);
	size = sizeof(header) + header.commands_size;
	for (offset = (size + PAGE - 1) & ~(uint64_t)(PAGE - 1), i = 0; i < count; i++) {
		segments[i].file_offset = offset;
		offset += segments[i].file_size;
	}
	memcpy(start, &header, sizeof(header));
	memcpy(start + sizeof(header), segments, count * sizeof(segments[0]));
	memcpy(start + size - sizeof(thread), &thread, sizeof(thread));
	if (!kdp_transfer_data(start, size))
		return false;
	for (i = 0; i < count; i++)
		if (!send_region(&segments[i]))
			return false;
	return true;
}
