/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the processor refuses is a kernel trap: a panic with the registers. */
#ifndef KEXTHOST_TRAP_H
#define KEXTHOST_TRAP_H

void trap_init(void);

/* On a stack of its own, so that one that has overflowed can be told, too. For each thread. */
void trap_init_thread(void);
void trap_exit_thread(void);

#endif
