// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "extension.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ktap.h"
#include "osq_device.h"

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value) {
		ktap_say("Bail out! %s is not set: who runs this test must say how", name);
		exit(2);
	}
	return value;
}

static bool run(const char *command)
{
	fflush(stdout);
	return system(command) == 0;
}

bool extension_load(void)
{
	return run(variable("KEXTDEV_LOAD"));
}

bool extension_unload(void)
{
	return run(variable("KEXTDEV_UNLOAD"));
}

void extension_must_unload(void)
{
	EXPECT(extension_unload(), "the extension stays loaded");
}

#ifdef OSQ_LINUX
/* Has the file a line with the word? A file that is not there has none. */
static bool mentions(const char *path, const char *word)
{
	FILE *file = fopen(path, "r");
	char line[1024];
	bool found = false;

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, word))
			found = true;
	if (file)
		fclose(file);
	return found;
}

static bool is_in_kernel_lists(void)
{
	const char *module = variable("KEXTDEV_MODULE");

	return mentions("/proc/modules", module) || mentions("/proc/misc", module) ||
	       mentions("/proc/kallsyms", module) || mentions("/proc/vmallocinfo", module) ||
	       mentions("/sys/kernel/debug/kprobes/list", module);
}
#else
static bool is_in_kernel_lists(void)
{
	char command[1024];

	snprintf(command, sizeof(command), "kextstat -l -b '%.400s' | grep -qF '%.400s'",
	         variable("KEXTDEV_MODULE"), variable("KEXTDEV_MODULE"));
	return run(command);
}
#endif

bool extension_is_listed(void)
{
	struct stat status;

	return !stat(OSQ_DEVICE_PATH, &status) || is_in_kernel_lists();
}
