/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel exports few tracepoints by symbol, and all by name. */
#ifndef OSQ_TRACEPOINTS_H
#define OSQ_TRACEPOINTS_H

struct tracepoint;

/* NULL: the kernel itself (modules do not count) has none of that name. */
struct tracepoint *osq_tracepoint_find(const char *name);

#endif
