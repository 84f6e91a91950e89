// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "diagnostics.h"

#include <stdio.h>
#include <string.h>

#include "extension.h"
#include "release.h"
#include "system.h"

#define UNSIGNED_TEXT "-67062 0xFFFFFFFFFFFEFA0A"

static const char *heading_of(osreturn_t result)
{
	switch (result) {
	case OSRETURN_AUTHENTICATION:
		return "Authentication Failures: ";
	case OSRETURN_DEPENDENCIES:
		return "Dependency Resolution Failures: ";
	case OSRETURN_NOT_A_KEXT:
	case OSRETURN_VALIDATION:
	case OSRETURN_ARCH_NOT_FOUND:
		return "Validation Failures: ";
	}
	return NULL;
}

void diagnostics_print(const struct extension *extension, osreturn_t result, const char *said)
{
	const char *heading = heading_of(result), *indent = heading ? "    " : "", *end;

	fprintf(stderr, "Diagnostics for %s:\n", extension->path);
	if (heading)
		fprintf(stderr, "%s\n", heading);
	if (result == OSRETURN_AUTHENTICATION)
		fprintf(stderr,
		        "    File owner/permissions are incorrect (must be root:wheel, "
		        "nonwritable by group/other): \n        %s\n",
		        extension->path);
	for (; said && *said; said = end) {
		end = strchrnul(said, '\n');
		fprintf(stderr, "%s%.*s\n", indent, (int)(end - said), said);
		end += *end == '\n';
	}
	fputs("Code Signing Failure: not code signed\n", stderr);
}

void diagnostics_print_signature(const struct extension *extension)
{
	const unsigned int minor = system_release()->minor;
	char description[PATH_MAX + 512];

	if (minor >= 13) {
		extension_describe(extension, description, sizeof(description));
		fprintf(stderr, "Kext with invalid signatured (-67062) allowed: %s\n", description);
		return;
	}
	fprintf(stderr, "%s " UNSIGNED_TEXT " for kext \"%s\"\n",
	        minor >= 11   ? "kext signature failure override allowing invalid signature"
	        : minor == 10 ? "kext-dev-mode allowing invalid signature"
	                      : "WARNING - Invalid signature",
	        extension->path);
}
