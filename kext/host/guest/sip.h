/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* System Integrity Protection: what nvram's csr-active-config allows (bsd/sys/csr.h). */
#ifndef GUEST_SIP_H
#define GUEST_SIP_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SIP_UNTRUSTED_KEXTS = 0x1,
	SIP_UNRESTRICTED_FS = 0x2,
	SIP_TASK_FOR_PID = 0x4,
	SIP_KERNEL_DEBUGGER = 0x8,
	SIP_APPLE_INTERNAL = 0x10,
	SIP_UNRESTRICTED_DTRACE = 0x20,
	SIP_UNRESTRICTED_NVRAM = 0x40,
	SIP_ANY_RECOVERY_OS = 0x100,
	SIP_UNAUTHENTICATED_ROOT = 0x800,
};

#define SIP_VARIABLE      "csr-active-config"
#define SIP_FIRST_RELEASE 11

/* What is allowed; everything before 10.11. */
uint32_t sip_configuration(void);

/* Unsigned kexts, as any kext of this system's is. */
bool sip_allows_kexts(void);
bool sip_allows_debugger(void);

#endif
