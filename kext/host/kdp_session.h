/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_SESSION_H
#define KEXTHOST_KDP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "kdp_link.h"

/* Numbers of requests; the highest bit of a packet's first byte says that it is a reply. */
enum kdp_request {
	KDP_CONNECT,
	KDP_DISCONNECT,
	KDP_HOSTINFO,
	KDP_VERSION,
	KDP_MAXBYTES,
	KDP_READMEM,
	KDP_WRITEMEM,
	KDP_READREGS,
	KDP_WRITEREGS,
	KDP_SUSPEND = 11,
	KDP_RESUMECPUS,
	KDP_EXCEPTION,
	KDP_BREAKPOINT_SET = 15,
	KDP_BREAKPOINT_REMOVE,
	KDP_REGIONS,
	KDP_REATTACH,
	KDP_HOSTREBOOT,
	KDP_READMEM64,
	KDP_WRITEMEM64,
	KDP_BREAKPOINT64_SET,
	KDP_BREAKPOINT64_REMOVE,
	KDP_KERNELVERSION,
	KDP_REQUESTS = 32,
};
#define KDP_REPLY       0x80u
#define KDP_HEADER_SIZE 8

/* In a packet: its number (with KDP_REPLY), sequence, u16 length, u32 key; then the body. */
struct kdp_packet {
	size_t length;
	uint8_t bytes[KDP_PACKET_MAX];
};

/* What a stop is about, as KDP's EXCEPTION tells it. */
struct kdp_stop {
	ucontext_t *context; /* of the thread that stopped: changes go into it */
	uint32_t exception, code, subcode;
	bool is_final; /* of a kernel that will not run on */
};

enum kdp_end {
	KDP_RESUMED,
	KDP_REBOOTED,
};

/* Before anything stops. */
void kdp_session_init(const struct kdp_link *link);

/* Serves the debugger, or waits for one, until the kernel is to go on. */
enum kdp_end kdp_session_stop(const struct kdp_stop *stop);

/* Whether the last stop's debugger has let the kernel go on, which it does in a moment or already. */
bool kdp_session_resumes(void);

#endif
