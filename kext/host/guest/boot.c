// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 *     darwin-boot RELEASE [INTERFACE]
 *
 * What a Mac does at each start before anybody logs in: its nvram is there, and a panic that it
 * tells of becomes a report. INTERFACE is where the kernel of a new machine speaks KDP.
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
static void set_defaults(const char *nvram, const struct release *release, const char *interface)
{
	char arguments[128];
	int length;

	if (!access(nvram, F_OK))
		return;
	length = snprintf(arguments, sizeof(arguments), "keepsyms=1 debug=0x144%s%s%s",
	                  interface ? " kdp_match_name=" : "", interface ? interface : "",
	                  release->minor == 10 ? " kext-dev-mode=1" : "");
	nvram_set(nvram, "boot-args", arguments, (size_t)length);
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
	const struct release *release =
	    count == 2 || count == 3 ? release_find(arguments[1]) : NULL;
	const struct system_path nvram = system_path(SYSTEM_NVRAM);

	if (!release) {
		fputs("usage: darwin-boot RELEASE [INTERFACE] (10.9 to 11)\n", stderr);
		return EXIT_USAGE;
	}
	if (!write_version(release))
		return EXIT_OS_ERROR;
	set_defaults(nvram.text, release, count == 3 ? arguments[2] : NULL);
	report_panic(nvram.text);
	return nvram_copy(nvram.text, system_path(SYSTEM_BOOTED_NVRAM).text) ? EXIT_OS_ERROR : 0;
}
