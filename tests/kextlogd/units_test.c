// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The files by which launchd and systemd run the daemon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "tests.h"

/* Its exit status; 127: there is no such program. */
static int shell(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void the_plist_is_one(void)
{
	int status = shell("command -v xmllint >/dev/null || exit 127; xmllint --noout --nonet "
	                   "--nowarning --novalid " UNITS "/*.plist 1>&2");

	if (status == 127)
		status = shell("command -v python3 >/dev/null || exit 127; python3 -c 'import "
		               "glob, plistlib, sys\n"
		               "for name in glob.glob(\"" UNITS "/*.plist\"):\n"
		               "    with open(name, \"rb\") as file: plistlib.load(file)' 1>&2");
	if (status == 127)
		ktap_skip("neither xmllint nor python3 is here to read it");
	else
		EXPECT(status == 0, "status %d, see above", status);
}

/* The program that it names need not be installed here: it is another in the copy. */
static void the_service_is_one(void)
{
	struct folder folder = folder_make();
	char command[PATH_MAX];
	char *told;
	int status;

	if (shell("systemd-analyze --version >/dev/null 2>&1")) {
		ktap_skip("there is no systemd-analyze here");
	} else {
		snprintf(command, sizeof(command),
		         "sed 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' '" UNITS
		         "/kextlogd.service' >'%s/kextlogd.service' && "
		         "systemd-analyze verify --man=no '%s/kextlogd.service' >'%s/told' 2>&1",
		         folder.path, folder.path, folder.path);
		status = shell(command);
		told = file_text(folder_path(&folder, "told"));
		/* It ends well also where it warns; of this machine's other units, too. */
		EXPECT(status == 0 && !strstr(told, "kextlogd"), "status %d: %s", status, told);
		free(told);
	}
	folder_remove(&folder);
}

const struct ktap_test units_tests[] = {
    {"has a property list for launchd", the_plist_is_one},
    {"has a unit for systemd", the_service_is_one},
    {NULL, NULL},
};
