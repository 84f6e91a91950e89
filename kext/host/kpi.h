/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What the host offers to a kext: each symbol with the KPI that exports it. */
#ifndef KEXTHOST_KPI_H
#define KEXTHOST_KPI_H

#include <stddef.h>

enum kpi {
	KPI_BSD = 1 << 0,
	KPI_DSEP = 1 << 1,
	KPI_IOKIT = 1 << 2,
	KPI_LIBKERN = 1 << 3,
	KPI_MACH = 1 << 4,
	KPI_UNSUPPORTED = 1 << 5,
};
#define KPI_COUNT 6

struct kpi_symbol {
	const char *name; /* as Mach-O has it */
	enum kpi kpi;
	const void *address;
};

/* Ends in a symbol without a name. One table for each of the kpi_*.c files. */
extern const struct kpi_symbol kpi_kernel_control[], kpi_mbuf[], kpi_uio[], kpi_sysctl[],
    kpi_lock_sleep[], kpi_os_log[], kpi_signals[], kpi_atomic[], kpi_clock[], kpi_device[],
    kpi_iokit[], kpi_iolocks[], kpi_threads[], kpi_thread_calls[], kpi_kauth[], kpi_locks[],
    kpi_log[], kpi_memory[], kpi_policy[], kpi_process[], kpi_runtime[], kpi_rw_locks[],
    kpi_sleep[], kpi_socket[], kpi_string[], kpi_user[], kpi_vnode[];

extern const struct kpi_symbol *const kpi_tables[];

/* The functions are named as the kernel's are, behind a prefix that keeps them from libc's. */
#define KPI_FUNCTION(kpi, name)                                                                    \
	{                                                                                          \
		"_" #name, kpi, (const void *)kernel_##name                                        \
	}
#define KPI_VARIABLE(kpi, name)                                                                    \
	{                                                                                          \
		"_" #name, kpi, &kernel_##name                                                     \
	}

/*
 * The kernel's own components have the first load tags, in an order that depends on the release;
 * two of them no kext of ours is ever linked against.
 */
unsigned int kpi_component_count(void);
const char *kpi_component(unsigned int tag);
unsigned int kpi_tag(enum kpi kpi);

/* One of the KPIs in `allowed` has to have it. */
const void *kpi_find(const char *name, unsigned int allowed);

/* 0 for a bundle identifier that names none. */
enum kpi kpi_of_bundle(const char *identifier);
const char *kpi_bundle_of(enum kpi kpi);

/* What the kernel tells of itself, as release_running has it. */
void kpi_runtime_init(void);

/* One line a symbol: its name, a tab, its bundle. */
void kpi_print(void);

/* Each KPI has the kernel's version; this is the oldest that it is compatible with. */
const char *kpi_compatible_version(enum kpi kpi);

#endif
