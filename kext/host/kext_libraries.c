// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kext_libraries.h"

#include <stdbool.h>
#include <string.h>

#include "kext.h"
#include "kext_version.h"
#include "kpi.h"
#include "log.h"
#include "release.h"

static bool lies_within(int64_t version, const char *oldest, const char *newest)
{
	return *oldest && version >= kext_version_parse(oldest) &&
	       version <= kext_version_parse(newest);
}

static osreturn_t resolve_library(struct kext *kext, const struct plist *library)
{
	const char *identifier = kext->bundle.identifier;
	const int64_t wanted =
	    library->kind == PLIST_STRING ? kext_version_parse(library->text) : -1;
	const enum kpi kpi = kpi_of_bundle(library->key);
	struct kext *other = kpi ? NULL : kext_find(library->key);

	if (wanted < 0) {
		log_line("Kext %s - library kext %s has no valid version.", identifier,
		         library->key);
		return OSRETURN_DEPENDENCIES;
	}
	if (!strcmp(library->key, "com.apple.kpi.private")) {
		log_line("Kext %s - com.apple.kpi.private is for Apple's own kexts.", identifier);
		return OSRETURN_DEPENDENCIES;
	}
	if (!kpi && !other) {
		log_line("Kext %s - library kext %s not found.", identifier, library->key);
		return OSRETURN_DEPENDENCIES;
	}
	if (kpi ? !lies_within(wanted, kpi_compatible_version(kpi), release_running()->darwin)
	        : !lies_within(wanted, other->bundle.compatible, other->bundle.version)) {
		log_line("Kext %s - library kext %s not compatible with requested version %s.",
		         identifier, library->key, library->text);
		return OSRETURN_DEPENDENCIES;
	}
	if (other && kext->library_count == KEXT_LIBRARIES_MAX) {
		log_line("Kext %s - more than %d library kexts.", identifier, KEXT_LIBRARIES_MAX);
		return OSRETURN_DEPENDENCIES;
	}
	if (other)
		kext->libraries[kext->library_count++] = other;
	kext->kpis |= kpi;
	return OSRETURN_SUCCESS;
}

osreturn_t kext_resolve_libraries(struct kext *kext)
{
	const struct plist *library;
	osreturn_t result = OSRETURN_SUCCESS;

	for (library = kext->bundle.libraries->first; library && !result; library = library->next)
		result = resolve_library(kext, library);
	return result;
}

void kext_hold_libraries(struct kext *kext)
{
	size_t i;

	for (i = 0; i < kext->library_count; i++) {
		kext->references[i] =
		    (struct kmod_reference){kext->info->reference_list, kext->libraries[i]->info};
		kext->info->reference_list = &kext->references[i];
		kext->libraries[i]->info->reference_count++;
		kext->libraries[i]->users++;
	}
}

void kext_release_libraries(struct kext *kext)
{
	size_t i;

	for (i = 0; i < kext->library_count; i++) {
		kext->libraries[i]->info->reference_count--;
		kext->libraries[i]->users--;
	}
}

static const void *find_exported(const struct image *image, const char *name)
{
	size_t i;

	for (i = 0; i < image->symbol_count; i++) {
		const struct macho_symbol *symbol = &image->symbols[i];

		if (!(symbol->type & (MACHO_STAB | MACHO_PRIVATE)) &&
		    symbol->type & MACHO_EXTERNAL && (symbol->type & MACHO_TYPE) == MACHO_DEFINED &&
		    !strcmp(image_symbol_name(image, symbol), name))
			return image->base + symbol->value;
	}
	return NULL;
}

const void *kext_library_symbol(const struct kext *kext, const char *name)
{
	const void *found = NULL;
	size_t i;

	for (i = 0; i < kext->library_count && !found; i++)
		found = find_exported(&kext->libraries[i]->image, name);
	return found;
}
