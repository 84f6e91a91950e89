/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kernel's debugger, over KDP 12 as XNU speaks it: on UDP or a serial line, while the kernel is
 * stopped and at no other time. A kernel stops by a panic, by int3 in a kext's code, by a single
 * step, by an NMI (SIGUSR2) and at its start, as far as the boot-arg debug= lets it.
 *
 *     kdp.c          when the kernel stops, and for how long
 *     kdp_session.c  the debugger's session: who is connected, what it asks, in which order
 *     kdp_requests.c what is answered
 *     kdp_memory.c   memory and breakpoints
 *     kdp_threads.c  all threads that may run a kext's code stand still
 *     kdp_link.h     how packets come and go: kdp_datagrams.c; kdp_serial.c with kdp_frame.c
 *     kdp_nmi.c      the NMIs of the machine below
 *     kdp_dump.c     a panic's memory, or its text, to a server: kdp_core.c, kdp_transfer.c
 */
#ifndef KEXTHOST_KDP_H
#define KEXTHOST_KDP_H

#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

/* Bits of the boot-arg debug= */
#define KDP_HALT           0x1u
#define KDP_NMI            0x4u
#define KDP_NO_BREAKPOINTS 0x80u
#define KDP_REBOOT_ALWAYS  0x100000u

#define KDP_PORT           41139

/* What the machine has; NULL for what it has not. */
struct kdp_machine {
	const char *card;     /* en0: an IPv4 address, and a port behind a colon where it is not
	                         KDP_PORT (0 for any that is free) */
	const char *serial;   /* the device of a serial line */
	const char *messages; /* of the system below: see kdp_nmi.h */
};

/*
 * The debugger is there only if the boot-args and SIP, in the nvram, let it be: debug= is not 0,
 * and kdp_match_name= is en0, or missing, or serial. Before the first thread. False where it ought
 * to be there and cannot, which standard error tells.
 */
bool kdp_init(const struct kdp_machine *machine, const char *nvram);

/* Stops here, where the boot-args ask for it. */
void kdp_start(void);

/* After a SIGTRAP: false where it is none of the debugger's. */
bool kdp_trap(ucontext_t *context);

/* From a trap that becomes a panic: what the debugger is to see. */
void kdp_note_trapped(ucontext_t *context);

/*
 * At the end of a panic: sends what the boot-args ask for to a server, says "panicked" on standard
 * output, and waits for a debugger. Returns when the machine is to end, at once where there is no
 * debugger. `text` is NUL-terminated.
 */
void kdp_panic(const char *text, size_t length);

#endif
