// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "panic_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The second of a second gets a number. */
static int create(const char *folder, const struct tm *time)
{
	char host[65] = "", date[32], path[4096];
	int descriptor = -1;
	unsigned int i;

	gethostname(host, sizeof(host) - 1);
	strftime(date, sizeof(date), "%Y-%m-%d-%H%M%S", time);
	for (i = 0; descriptor < 0 && i < 1000; i++) {
		if (i)
			snprintf(path, sizeof(path), "%s/Kernel_%s-%u_%s.panic", folder, date, i,
			         host);
		else
			snprintf(path, sizeof(path), "%s/Kernel_%s_%s.panic", folder, date, host);
		descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (descriptor < 0 && errno != EEXIST)
			break;
	}
	return descriptor;
}

bool panic_report_write(const char *folder, const char *text, size_t length)
{
	time_t now = time(NULL);
	char date[32];
	struct tm local;
	int descriptor;

	localtime_r(&now, &local);
	descriptor = create(folder, &local);
	if (descriptor < 0)
		return false;
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &local);
	dprintf(descriptor, "Anonymous UUID:       00000000-0000-0000-0000-000000000000\n\n%s\n\n",
	        date);
	dprintf(descriptor, "*** Panic Report ***\n%.*sEOF\nModel: kexthost\n", (int)length, text);
	fsync(descriptor);
	close(descriptor);
	return true;
}
