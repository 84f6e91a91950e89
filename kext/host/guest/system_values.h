/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What sysctl tells of the system itself; of kexts' own objects the kernel knows. */
#ifndef GUEST_SYSTEM_VALUES_H
#define GUEST_SYSTEM_VALUES_H

#include <stdbool.h>
#include <stddef.h>

struct system_value {
	char text[512];
};

bool system_value_find(const char *name, struct system_value *value);

/* The names at or below one, or all for "". At most `count` of them; how many there are. */
size_t system_values_below(const char *name, const char **names, size_t count);

#define SYSTEM_VALUES_MAX 64

#endif
