// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "osq_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

uint64_t client_version(void)
{
	static const uint64_t versions[] = {OSQ_VERSION_NORMAL, OSQ_VERSION_TEST};
	struct osq_reader reader;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!osq_reader_open(&reader, OSQ_BUFFER_MIN, versions[i])) {
			osq_reader_close(&reader);
			return versions[i];
		}
		if (errno != EINVAL)
			break;
	}
	FAIL("%s", reader.error);
	return 0;
}

bool client_open(struct osq_reader *reader, uint64_t size)
{
	uint64_t version = client_version();

	return version && EXPECT(!osq_reader_open(reader, size, version), "%s", reader->error);
}

#ifdef __linux__
const char *client_program(void)
{
	static char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0) {
		ktap_say("Bail out! cannot read /proc/self/exe: %s", strerror(errno));
		exit(2);
	}
	path[length] = '\0';
	return path;
}
#else
#include <mach-o/dyld.h>
const char *client_program(void)
{
	static char path[PATH_MAX];
	char given[PATH_MAX];
	uint32_t size = sizeof(given);

	if (_NSGetExecutablePath(given, &size) || !realpath(given, path)) {
		ktap_say("Bail out! cannot tell this program's path");
		exit(2);
	}
	return path;
}
#endif

static bool find_process(struct osq_reader *reader, uint64_t pid)
{
	const struct osq_record_header *record;
	bool found = false;

	while ((record = osq_reader_next(reader))) {
		const struct osq_process_event *event = osq_record_process(record);

		found |= event && event->pid == pid;
	}
	return found;
}

bool client_sees_an_exec(struct osq_reader *reader)
{
	const char *program = client_program();
	bool found = false;
	int child, status;

	if (!EXPECT(!osq_reader_subscribe(reader, OSQ_EVENT_PROCESS, true), "%s", reader->error))
		return false;
	child = ktap_fork();
	if (!child) {
		execl(program, program, CLIENT_NOTHING, (char *)NULL);
		_exit(127);
	}
	status = ktap_wait(child);
	if (EXPECT(status == 0, "%s ended with %d", program, status) &&
	    EXPECT(!osq_reader_sync(reader, OSQ_SYNC_NO_BLOCK), "%s", reader->error))
		found =
		    EXPECT(find_process(reader, (uint64_t)child), "no event of process %d", child);
	EXPECT(!osq_reader_subscribe(reader, OSQ_EVENT_PROCESS, false), "%s", reader->error);
	return found;
}
