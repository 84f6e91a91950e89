// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The one command for kexts from 11 on. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "extension.h"
#include "kernel.h"
#include "kext_table.h"
#include "release.h"
#include "system.h"

enum {
	CODE_NOT_APPROVED = 27,
	CODE_FAILED = 71,
};

static int tell_usage(void)
{
	fputs("OVERVIEW: Manage kernel extensions and kext collections\n\n"
	      "USAGE: kmutil <subcommand>\n\n"
	      "SUBCOMMANDS:\n"
	      "  load                    Load one or more extensions.\n"
	      "  unload                  Unload kernel extensions.\n"
	      "  showloaded              Display currently loaded kernel extensions.\n",
	      stderr);
	return EXIT_USAGE;
}

static int fail(const char *message)
{
	fprintf(stderr,
	        "Error Domain=KMErrorDomain Code=%d \"%s\" UserInfo={NSLocalizedDescription=%s}\n",
	        CODE_FAILED, message, message);
	return CODE_FAILED;
}

static int fail_of_kernel(osreturn_t result)
{
	char message[256];

	snprintf(message, sizeof(message), "Kernel request failed: %s (%d)", osreturn_text(result),
	         (int)result);
	return fail(message);
}

static int fail_of_bundle(const char *path)
{
	char message[PATH_MAX + 128];

	if (access(path, F_OK)) {
		fputs("Error Domain=NSPOSIXErrorDomain Code=2 \"No such file or directory\"\n",
		      stderr);
		return CODE_FAILED;
	}
	snprintf(message, sizeof(message), "Could not find: No bundle was found at %s", path);
	return fail(message);
}

/* Staging copies it first, and wants root to own what it copies. */
static int fail_of_owner(const struct extension *extension)
{
	char message[2 * PATH_MAX];
	struct stat status = {0};

	stat(extension->absolute, &status);
	snprintf(message, sizeof(message),
	         "Filesystem error: Invalid ownership (%u:%u) should be (0:0) on "
	         "/private/var/db/KernelExtensionManagement/Staging/%s",
	         status.st_uid, status.st_gid, strrchr(extension->absolute, '/') + 1);
	return fail(message);
}

static int load(const char *name, bool is_identifier)
{
	const struct search search = {0};
	struct kexthost_answer answer;
	struct extension extension;
	char message[512];
	osreturn_t result;

	if (is_identifier && extension_find(&extension, name, &search)) {
		snprintf(message, sizeof(message), "Could not find: No extension has identifier %s",
		         name);
		return fail(message);
	}
	if (!is_identifier && (extension_open(&extension, name) || !*extension.identifier))
		return fail_of_bundle(name);
	if (geteuid()) {
		fputs("Must be run as root.\n", stderr);
		return EXIT_NOT_PERMITTED;
	}
	if (extension_authenticate(&extension, false))
		return fail_of_owner(&extension);
	if (extension_permit()) {
		fprintf(stderr,
		        "Extension with identifiers %s not approved to load. Please approve using "
		        "System Preferences.\n",
		        extension.identifier);
		return CODE_NOT_APPROVED;
	}
	result = extension_load(&extension, &search, &answer);
	return result ? fail_of_kernel(result) : 0;
}

static int unload(const char *name, bool is_identifier)
{
	struct kexthost_answer answer;
	struct extension extension;

	if (!is_identifier) {
		if (extension_open(&extension, name) || !*extension.identifier)
			return fail_of_bundle(name);
		name = extension.identifier;
	}
	if (geteuid()) {
		fputs("Must be run as root.\n", stderr);
		return EXIT_NOT_PERMITTED;
	}
	if (!kernel_ask(KEXTHOST_UNLOAD, name, &answer))
		return EXIT_NO_HOST;
	if (!answer.header.error)
		return 0;
	kernel_print_log(&answer);
	return fail_of_kernel(answer.header.error);
}

/* -p and -b say what; every other word of it is refused. */
static int for_each(int count, char **arguments, int (*act)(const char *, bool))
{
	int i, result = 0, failure;

	if (count < 3)
		return tell_usage();
	for (i = 1; i < count; i += 2) {
		const bool is_path =
		    !strcmp(arguments[i], "-p") || !strcmp(arguments[i], "--bundle-path");
		const bool is_identifier =
		    !strcmp(arguments[i], "-b") || !strcmp(arguments[i], "--bundle-identifier");

		if ((!is_path && !is_identifier) || i + 1 == count)
			return tell_usage();
		failure = act(arguments[i + 1], is_identifier);
		result = failure ? failure : result;
	}
	return result;
}

static int show_loaded(int count, char **arguments)
{
	struct kext_table table = {0};
	struct kexthost_answer answer;
	int i;

	for (i = 1; i < count; i++) {
		const bool last = i + 1 == count;

		if (!strcmp(arguments[i], "--list-only"))
			table.no_header = true;
		else if (!strcmp(arguments[i], "--no-kernel-components"))
			table.no_kernel = true;
		else if (!strcmp(arguments[i], "--show-mach-headers") ||
		         !strcmp(arguments[i], "--arch-info"))
			table.architecture = true;
		else if ((!strcmp(arguments[i], "--bundle-identifier") ||
		          !strcmp(arguments[i], "-b")) &&
		         !last)
			table.only = arguments[++i];
		else
			return tell_usage();
	}
	if (!kernel_ask(KEXTHOST_LIST, NULL, &answer))
		return EXIT_NO_HOST;
	fputs("No variant specified, falling back to release\n", stderr);
	kext_table_print(answer.data, &table, system_release());
	return 0;
}

int command_kmutil(int count, char **arguments)
{
	if (count > 1 && !strcmp(arguments[1], "load"))
		return for_each(count - 1, arguments + 1, load);
	if (count > 1 && !strcmp(arguments[1], "unload"))
		return for_each(count - 1, arguments + 1, unload);
	if (count > 1 && !strcmp(arguments[1], "showloaded"))
		return show_loaded(count - 1, arguments + 1);
	return tell_usage();
}
