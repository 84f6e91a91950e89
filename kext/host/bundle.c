// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kext_version.h"
#include "log.h"

#define PLIST_MAX      (1u << 20)
#define EXECUTABLE_MAX (64u << 20)

static uint8_t *read_all(int descriptor, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	size_t done = 0;

	while (bytes && done < size) {
		ssize_t count = read(descriptor, bytes + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			free(bytes);
			return NULL;
		}
		done += (size_t)count;
	}
	if (bytes)
		bytes[size] = '\0';
	return bytes;
}

static uint8_t *read_file(const char *path, size_t limit, size_t *size)
{
	/* Not blocking: what is opened may be a fifo. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *bytes = NULL;
	struct stat status;

	if (descriptor < 0) {
		log_line("Can't read %s - %s.", path, strerror(errno));
		return NULL;
	}
	if (fstat(descriptor, &status) || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size > limit)
		log_line("Can't read %s - not a regular file, or too large.", path);
	else
		bytes = read_all(descriptor, *size = (size_t)status.st_size);
	close(descriptor);
	return bytes;
}

static osreturn_t read_names(struct bundle *bundle, const char *path)
{
	const char *identifier = plist_string(bundle->information, "CFBundleIdentifier");
	const char *version = plist_string(bundle->information, "CFBundleVersion");
	const char *compatible = plist_string(bundle->information, "OSBundleCompatibleVersion");

	if (!identifier || !*identifier) {
		log_line("CFBundleIdentifier missing/invalid type in kext %s.", path);
		return OSRETURN_VALIDATION;
	}
	if (strlen(identifier) >= sizeof(bundle->identifier)) {
		log_line("Kext %s has a CFBundleIdentifier over max length %zu.", identifier,
		         sizeof(bundle->identifier) - 1);
		return OSRETURN_VALIDATION;
	}
	strcpy(bundle->identifier, identifier);
	if (!version || kext_version_parse(version) < 0) {
		log_line("Kext %s has a missing or invalid CFBundleVersion.", identifier);
		return OSRETURN_VALIDATION;
	}
	strcpy(bundle->version, version);
	if (compatible && (kext_version_parse(compatible) < 0 ||
	                   kext_version_parse(compatible) > kext_version_parse(version))) {
		log_line("Kext %s has compatible version %s, version %s (must be <=).", identifier,
		         compatible, version);
		return OSRETURN_VALIDATION;
	}
	if (compatible)
		strcpy(bundle->compatible, compatible);
	return OSRETURN_SUCCESS;
}

static osreturn_t read_libraries(struct bundle *bundle)
{
	const struct plist *libraries = plist_find(bundle->information, "OSBundleLibraries_x86_64");

	if (!libraries)
		libraries = plist_find(bundle->information, "OSBundleLibraries");
	if (!libraries || libraries->kind != PLIST_DICTIONARY || !libraries->first) {
		log_line("Can't load kext %s - it has no library dependencies.",
		         bundle->identifier);
		return OSRETURN_ERROR;
	}
	bundle->libraries = libraries;
	return OSRETURN_SUCCESS;
}

static osreturn_t read_executable(struct bundle *bundle, const char *path)
{
	const char *name = plist_string(bundle->information, "CFBundleExecutable");
	char file[4096];

	if (!name || !*name || strchr(name, '/')) {
		log_line("Can't load kext %s - no executable is declared (CFBundleExecutable).",
		         bundle->identifier);
		return OSRETURN_VALIDATION;
	}
	if (snprintf(file, sizeof(file), "%s/Contents/MacOS/%s", path, name) >= (int)sizeof(file))
		return OSRETURN_VALIDATION;
	bundle->file = read_file(file, EXECUTABLE_MAX, &bundle->file_size);
	return bundle->file ? OSRETURN_SUCCESS : OSRETURN_VALIDATION;
}

osreturn_t bundle_open(struct bundle *bundle, const char *path)
{
	const char *error;
	osreturn_t result;
	char file[4096];
	size_t size;
	char *text;

	memset(bundle, 0, sizeof(*bundle));
	if (snprintf(file, sizeof(file), "%s/Contents/Info.plist", path) >= (int)sizeof(file))
		return OSRETURN_NOT_A_KEXT;
	text = (char *)read_file(file, PLIST_MAX, &size);
	if (!text)
		return OSRETURN_NOT_A_KEXT;
	bundle->information = plist_read(text, size, &error);
	free(text);
	if (!bundle->information || bundle->information->kind != PLIST_DICTIONARY) {
		log_line("Can't read %s - %s.", file, error ? error : "not a dictionary");
		return OSRETURN_NOT_A_KEXT;
	}
	result = read_names(bundle, path);
	if (!result)
		result = read_libraries(bundle);
	if (!result)
		result = read_executable(bundle, path);
	return result;
}

void bundle_close(struct bundle *bundle)
{
	plist_free(bundle->information);
	free(bundle->file);
	memset(bundle, 0, sizeof(*bundle));
}
