/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The loaded kexts as kextstat prints them. */
#ifndef KEXTHOST_KEXT_TABLE_H
#define KEXTHOST_KEXT_TABLE_H

#include <stdbool.h>

struct release;

struct kext_table {
	bool no_header, no_kernel, architecture;
	const char *only; /* a bundle identifier; NULL for all */
};

/* `rows`: what kexthost answers to KEXTHOST_LIST. To standard output. */
void kext_table_print(const char *rows, const struct kext_table *table,
                      const struct release *release);

#endif
