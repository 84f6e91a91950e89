/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a kernel that panics sends to a server, by the protocol of kdumpd, as its boot-args say:
 * _panicd_ip=, panicd_port=, _panicd_corename= and the bits of debug= below.
 */
#ifndef KEXTHOST_KDP_DUMP_H
#define KEXTHOST_KDP_DUMP_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#define KDP_DUMP_ON_PANIC 0x400u
#define KDP_DUMP_LOG      0x2000u /* the panic's text, and not the memory */

/* Before anything panics. */
void kdp_dump_init(const struct in_addr *card, uint32_t debug);

/* While all threads stand still. Says on the console how it went. */
void kdp_dump_send(const ucontext_t *context, const char *text, size_t length);

#endif
