/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What kextutil says of a kext that it has tested. */
#ifndef GUEST_DIAGNOSTICS_H
#define GUEST_DIAGNOSTICS_H

#include "osreturn.h"

struct extension;

/* `said`: what the linker logged, or NULL. */
void diagnostics_print(const struct extension *extension, osreturn_t result, const char *said);

/* That nobody has signed it, where the system lets it be loaded all the same. */
void diagnostics_print_signature(const struct extension *extension);

#endif
