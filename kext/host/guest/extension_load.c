// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "extension.h"
#include "kernel.h"
#include "plist.h"

#define DEPTH_MAX 8

/* The kernel's own are always there. */
static bool is_kernel_component(const char *identifier)
{
	static const char prefix[] = "com.apple.";

	return !strncmp(identifier, prefix, sizeof(prefix) - 1);
}

static osreturn_t load(const struct extension *extension, const struct search *search, int depth,
                       struct kexthost_answer *answer);

/* What is nowhere is for the kernel to miss. */
static osreturn_t load_libraries(const struct extension *extension, const struct search *search,
                                 int depth, struct kexthost_answer *answer)
{
	struct plist *information = extension_information(extension);
	const struct plist *libraries = plist_find(information, "OSBundleLibraries_x86_64");
	const struct plist *library;
	osreturn_t result = OSRETURN_SUCCESS;
	struct extension found;

	if (!libraries)
		libraries = plist_find(information, "OSBundleLibraries");
	library = libraries && libraries->kind == PLIST_DICTIONARY ? libraries->first : NULL;
	for (; library && !result; library = library->next)
		if (!is_kernel_component(library->key) &&
		    !extension_find(&found, library->key, search))
			result = load(&found, search, depth + 1, answer);
	plist_free(information);
	return result;
}

static osreturn_t load(const struct extension *extension, const struct search *search, int depth,
                       struct kexthost_answer *answer)
{
	osreturn_t result =
	    depth < DEPTH_MAX ? extension_authenticate(extension, true) : OSRETURN_DEPENDENCIES;

	if (!result)
		result = extension_permit();
	if (!result)
		result = load_libraries(extension, search, depth, answer);
	if (!result && !kernel_ask(KEXTHOST_LOAD, extension->absolute, answer)) {
		answer->data = "";
		result = OSRETURN_ERROR;
	}
	return result ? result : answer->header.error;
}

osreturn_t extension_load(const struct extension *extension, const struct search *search,
                          struct kexthost_answer *answer)
{
	answer->data = "";
	return geteuid() ? OSRETURN_NOT_PRIVILEGED : load(extension, search, 0, answer);
}
