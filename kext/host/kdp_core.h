/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_CORE_H
#define KEXTHOST_KDP_CORE_H

#include <stdbool.h>
#include <ucontext.h>

/* A Mach-O file of type MH_CORE: the kexts, the stack of the calling thread, and its registers as
 * they were in `context`. By kdp_transfer; false where that fails. */
bool kdp_core_send(const ucontext_t *context);

#endif
