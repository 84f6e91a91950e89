/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a kext is linked against: OSBundleLibraries. */
#ifndef KEXTHOST_KEXT_LIBRARIES_H
#define KEXTHOST_KEXT_LIBRARIES_H

#include "osreturn.h"

struct kext;

/* Finds the KPIs and the loaded kexts that the bundle names, each in a version that suits it. */
osreturn_t kext_resolve_libraries(struct kext *kext);

/* While a kext is loaded its libraries stay. */
void kext_hold_libraries(struct kext *kext);
void kext_release_libraries(struct kext *kext);

/* What one of its libraries exports; NULL where none does. */
const void *kext_library_symbol(const struct kext *kext, const char *name);

#endif
