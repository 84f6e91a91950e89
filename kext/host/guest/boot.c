// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 *     darwin-boot RELEASE
 *
 * What a Mac does at each start before anybody logs in: its nvram is there, and a panic that it
 * tells of becomes a report.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "nvram.h"
#include "panic_report.h"
#include "release.h"
#include "system.h"

static bool write_version(const struct release *release)
{
	const struct system_path path = system_path(SYSTEM_VERSION);
	FILE *out = fopen(path.text, "w");

	if (!out) {
		perror(path.text);
		return false;
	}
	fprintf(out,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	        "<plist version=\"1.0\">\n<dict>\n"
	        "\t<key>ProductBuildVersion</key>\n\t<string>%s</string>\n"
	        "\t<key>ProductName</key>\n\t<string>%s</string>\n"
	        "\t<key>ProductUserVisibleVersion</key>\n\t<string>%s</string>\n"
	        "\t<key>ProductVersion</key>\n\t<string>%s</string>\n"
	        "</dict>\n</plist>\n",
	        release->build, release->product, release->version, release->version);
	return !fclose(out);
}

/* A machine for tests: SIP as `csrutil disable` leaves it, and a kernel that waits when it panics.
 */
static void set_defaults(const char *nvram, const struct release *release)
{
	const char *arguments = release->minor == 10 ? "keepsyms=1 debug=0x144 kext-dev-mode=1"
	                                             : "keepsyms=1 debug=0x144";

	if (!access(nvram, F_OK))
		return;
	nvram_set(nvram, "boot-args", arguments, strlen(arguments));
	if (release->minor >= 11)
		nvram_set(nvram, "csr-active-config", "\x77\0\0\0", 4);
}

static void report_panic(const char *nvram)
{
	size_t length;
	char *text = nvram_get(nvram, NVRAM_PANIC_INFO, &length);

	if (text && panic_report_write(system_path(SYSTEM_REPORTS).text, text, length))
		nvram_set(nvram, NVRAM_PANIC_INFO, NULL, 0);
	free(text);
}

int command_boot(int count, char **arguments)
{
	const struct release *release = count == 2 ? release_find(arguments[1]) : NULL;
	const struct system_path nvram = system_path(SYSTEM_NVRAM);

	if (!release) {
		fputs("usage: darwin-boot RELEASE (10.9 to 11)\n", stderr);
		return EXIT_USAGE;
	}
	if (!write_version(release))
		return EXIT_OS_ERROR;
	set_defaults(nvram.text, release);
	report_panic(nvram.text);
	return nvram_copy(nvram.text, system_path(SYSTEM_BOOTED_NVRAM).text) ? EXIT_OS_ERROR : 0;
}
