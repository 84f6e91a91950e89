// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "kdp_memory.h"
#include "kdp_requests.h"
#include "kdp_session.h"
#include "release.h"

#define DATA_MAX       1024 /* read or written at once */
#define VERSION        12
#define FEATURE_BP     1u /* the target sets breakpoints itself */
#define CPU_X86_64     0x01000007u
#define CPU_SUBTYPE    3u
#define THREAD_STATE64 4u
#define FLOAT_STATE64  5u
#define FLOAT_SIZE     524

/* x86_THREAD_STATE64. */
static const int registers[] = {
    REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RDI, REG_RSI, REG_RBP, REG_RSP, REG_R8,
    REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP, REG_EFL,
};
#define REGISTERS (sizeof(registers) / sizeof(registers[0]))

extern const Elf64_Ehdr __ehdr_start; /* the linker knows where the program begins */

static bool sets_breakpoints = true;
static char kernel_version[512];

/* What a linker puts into a program to tell it from all others. */
static void find_build(uintptr_t base, uint8_t uuid[16])
{
	const Elf64_Ehdr *program = (const Elf64_Ehdr *)base;
	const Elf64_Phdr *header = (const Elf64_Phdr *)(base + program->e_phoff);
	const Elf64_Phdr *end = header + program->e_phnum;
	const uintptr_t moved = program->e_type == ET_DYN ? base : 0;
	const Elf64_Nhdr *note;
	uintptr_t at;

	memset(uuid, 0, 16);
	for (; header < end; header++) {
		if (header->p_type != PT_NOTE)
			continue;
		for (at = moved + header->p_vaddr;
		     at + sizeof(*note) < moved + header->p_vaddr + header->p_memsz;
		     at +=
		     sizeof(*note) + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u)) {
			note = (const Elf64_Nhdr *)at;
			if (note->n_type == NT_GNU_BUILD_ID && note->n_descsz >= 16)
				memcpy(uuid, (const uint8_t *)(note + 1) + note->n_namesz, 16);
		}
	}
}

void kdp_requests_init(bool breakpoints)
{
	const uintptr_t base = (uintptr_t)&__ehdr_start;
	uint8_t u[16];
	char kernel[256];

	sets_breakpoints = breakpoints;
	find_build(base, u);
	release_kernel(release_running(), kernel, sizeof(kernel));
	snprintf(kernel_version, sizeof(kernel_version),
	         "%s; "
	         "UUID=%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X; "
	         "stext=0x%lx",
	         kernel, u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11],
	         u[12], u[13], u[14], u[15], base);
}

size_t kdp_request_size(uint8_t number)
{
	static const uint8_t sizes[KDP_REQUESTS] = {
	    [KDP_CONNECT] = 12,           [KDP_DISCONNECT] = 8,
	    [KDP_HOSTINFO] = 8,           [KDP_VERSION] = 8,
	    [KDP_MAXBYTES] = 8,           [KDP_READMEM] = 16,
	    [KDP_WRITEMEM] = 16,          [KDP_READREGS] = 16,
	    [KDP_WRITEREGS] = 16,         [KDP_SUSPEND] = 8,
	    [KDP_RESUMECPUS] = 12,        [KDP_BREAKPOINT_SET] = 12,
	    [KDP_BREAKPOINT_REMOVE] = 12, [KDP_REGIONS] = 8,
	    [KDP_REATTACH] = 10,          [KDP_HOSTREBOOT] = 8,
	    [KDP_READMEM64] = 20,         [KDP_WRITEMEM64] = 20,
	    [KDP_BREAKPOINT64_SET] = 16,  [KDP_BREAKPOINT64_REMOVE] = 16,
	    [KDP_KERNELVERSION] = 8,
	};

	return number < KDP_REQUESTS ? sizes[number] : 0;
}

static uint32_t word_at(const struct kdp_packet *packet, size_t offset)
{
	uint32_t word;

	memcpy(&word, packet->bytes + offset, sizeof(word));
	return word;
}

static uint64_t address_at(const struct kdp_packet *packet, bool wide)
{
	uint64_t address;

	if (!wide)
		return word_at(packet, 8);
	memcpy(&address, packet->bytes + 8, sizeof(address));
	return address;
}

static void add(struct kdp_packet *reply, const void *data, size_t size)
{
	memcpy(reply->bytes + reply->length, data, size);
	reply->length += size;
}

static void add_word(struct kdp_packet *reply, uint32_t word)
{
	add(reply, &word, sizeof(word));
}

static void read_memory(const struct kdp_packet *request, bool wide, struct kdp_packet *reply)
{
	const uint32_t size = word_at(request, wide ? 16 : 12);
	uint8_t data[DATA_MAX];
	size_t done;

	if (size > DATA_MAX) {
		add_word(reply, KDP_BAD_BYTE_COUNT);
		return;
	}
	done = kdp_memory_read(address_at(request, wide), data, size);
	add_word(reply, done == size ? KDP_NO_ERROR : KDP_BAD_ACCESS);
	add(reply, data, done);
}

static enum kdp_error write_memory(const struct kdp_packet *request, bool wide)
{
	const size_t start = wide ? 20 : 16;
	const uint32_t size = word_at(request, start - 4);

	if (size > DATA_MAX || size > request->length - start)
		return KDP_BAD_BYTE_COUNT;
	return kdp_memory_write(address_at(request, wide), request->bytes + start, size);
}

void kdp_thread_state(const ucontext_t *context, struct kdp_thread_state *state)
{
	const uint64_t segments = (uint64_t)context->uc_mcontext.gregs[REG_CSGSFS];
	size_t i;

	for (i = 0; i < REGISTERS; i++)
		state->general[i] = (uint64_t)context->uc_mcontext.gregs[registers[i]];
	state->cs = segments & 0xffff;
	state->gs = segments >> 16 & 0xffff;
	state->fs = segments >> 32 & 0xffff;
}

static void read_registers(const ucontext_t *context, uint32_t flavor, struct kdp_packet *reply)
{
	static const uint8_t nothing[FLOAT_SIZE];
	struct kdp_thread_state state;

	switch (flavor) {
	case THREAD_STATE64:
		kdp_thread_state(context, &state);
		add_word(reply, KDP_NO_ERROR);
		add(reply, &state, sizeof(state));
		break;
	case FLOAT_STATE64:
		add_word(reply, KDP_NO_ERROR);
		add(reply, nothing, sizeof(nothing));
		break;
	default:
		add_word(reply, KDP_BAD_FLAVOR);
	}
}

static enum kdp_error write_registers(ucontext_t *context, const struct kdp_packet *request)
{
	struct kdp_thread_state state;
	size_t i;

	switch (word_at(request, 12)) {
	case THREAD_STATE64:
		if (request->length < 16 + sizeof(state))
			return KDP_BAD_BYTE_COUNT;
		memcpy(&state, request->bytes + 16, sizeof(state));
		for (i = 0; i < REGISTERS; i++)
			context->uc_mcontext.gregs[registers[i]] = (greg_t)state.general[i];
		return KDP_NO_ERROR;
	case FLOAT_STATE64:
		return KDP_NO_ERROR;
	}
	return KDP_BAD_FLAVOR;
}

static void answer(const struct kdp_stop *stop, const struct kdp_packet *request,
                   struct kdp_packet *reply)
{
	const uint8_t number = request->bytes[0];
	unsigned int i;

	switch (number) {
	case KDP_HOSTINFO:
		add_word(reply, 1);
		add_word(reply, CPU_X86_64);
		add_word(reply, CPU_SUBTYPE);
		break;
	case KDP_VERSION:
		add_word(reply, VERSION);
		add_word(reply, sets_breakpoints ? FEATURE_BP : 0);
		add_word(reply, 0);
		add_word(reply, 0);
		break;
	case KDP_MAXBYTES:
		add_word(reply, DATA_MAX);
		break;
	case KDP_READMEM:
	case KDP_READMEM64:
		read_memory(request, number == KDP_READMEM64, reply);
		break;
	case KDP_WRITEMEM:
	case KDP_WRITEMEM64:
		add_word(reply, write_memory(request, number == KDP_WRITEMEM64));
		break;
	case KDP_READREGS:
		read_registers(stop->context, word_at(request, 12), reply);
		break;
	case KDP_WRITEREGS:
		add_word(reply, write_registers(stop->context, request));
		break;
	case KDP_BREAKPOINT_SET:
	case KDP_BREAKPOINT64_SET:
		add_word(reply,
		         kdp_breakpoint_set(address_at(request, number == KDP_BREAKPOINT64_SET)));
		break;
	case KDP_BREAKPOINT_REMOVE:
	case KDP_BREAKPOINT64_REMOVE:
		add_word(reply, kdp_breakpoint_remove(
		                    address_at(request, number == KDP_BREAKPOINT64_REMOVE)));
		break;
	case KDP_REGIONS:
		for (i = 0; i < 4; i++)
			add_word(reply, ((const uint32_t[]){1, 0, UINT32_MAX, 7})[i]);
		break;
	case KDP_KERNELVERSION:
		add(reply, kernel_version, strlen(kernel_version) + 1);
		break;
	}
}

void kdp_request_answer(const struct kdp_stop *stop, const struct kdp_packet *request,
                        struct kdp_packet *reply)
{
	uint16_t length;

	memcpy(reply->bytes, request->bytes, KDP_HEADER_SIZE);
	reply->bytes[0] |= KDP_REPLY;
	reply->length = KDP_HEADER_SIZE;
	answer(stop, request, reply);
	length = (uint16_t)reply->length;
	memcpy(reply->bytes + 2, &length, sizeof(length));
}
