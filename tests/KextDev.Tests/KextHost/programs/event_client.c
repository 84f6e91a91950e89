// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * event_client PATH PROCESS FILE SOCKET: subscribes to all three, says "ready", sleeps in the
 * kernel until it has read as many of each as it was told, checks them, and prints "done".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

#define KEXTHOST
#define OSQ_TEST_BUILD
#include "osq_device.h"

#define RING_SIZE (8u << 20)

static const char *path;
static struct stat status;
static long left[OSQ_EVENT_COUNT];

static void check(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "%s (errno %d)\n", what, errno);
	exit(1);
}

static void check_process(const struct osq_process_event *event)
{
	check(!strcmp(event->path, path), "path of a process");
	check(event->pid > 1 && event->ppid == (uint64_t)getppid(), "pid and ppid of a process");
	check(event->uid == getuid() && event->egid == getegid(), "ids of a process");
	check(event->modify_time == (uint64_t)status.st_mtime, "time of a file");
	check(event->mode == (int32_t)((status.st_mode & 07777) | 0100000), "mode of a file");
}

static void check_file(const struct osq_file_event *event)
{
	check(!strcmp(event->path, path), "path of a file");
	check(event->action == OSQ_FILE_CLOSE_MODIFIED, "action of a file");
	check(event->owner_uid == status.st_uid, "owner of a file");
}

static void check_socket(const struct osq_socket_event *event)
{
	static const uint8_t local[16] = {127, 0, 0, 1}, remote[16] = {10, 0, 0, 7};

	check(event->family == 4 && event->type == 1 && event->protocol == 6, "kind of a socket");
	check(event->local_port == 4711 && !memcmp(event->local_address, local, 16), "local");
	if (event->action == OSQ_SOCKET_BIND)
		return;
	check(event->remote_port == 80 && !memcmp(event->remote_address, remote, 16), "remote");
}

static void check_record(const struct osq_record_header *header)
{
	check(header->finished == 1, "finished");
	check(header->event > 0 && header->event < OSQ_EVENT_COUNT, "event");
	left[header->event]--;
	if (header->event == OSQ_EVENT_PROCESS)
		check_process((const void *)(header + 1));
	else if (header->event == OSQ_EVENT_FILE)
		check_file((const void *)(header + 1));
	else
		check_socket((const void *)(header + 1));
}

static void read_to(const uint8_t *ring, uint64_t *at, uint64_t end)
{
	while (*at != end) {
		const struct osq_record_header *header = (const void *)(ring + *at);

		if (RING_SIZE - *at < sizeof(*header) || header->event == OSQ_EVENT_WRAP) {
			*at = 0;
			continue;
		}
		check_record(header);
		*at += sizeof(*header) + header->size;
	}
}

static bool is_done(void)
{
	return left[OSQ_EVENT_PROCESS] <= 0 && left[OSQ_EVENT_FILE] <= 0 &&
	       left[OSQ_EVENT_SOCKET] <= 0;
}

int main(int count, char **arguments)
{
	static const int32_t kinds[] = {OSQ_EVENT_PROCESS, OSQ_EVENT_FILE, OSQ_EVENT_SOCKET};
	struct osq_allocate_args ring = {.size = RING_SIZE, .version = OSQ_VERSION_TEST};
	struct osq_sync_args sync = {.options = OSQ_SYNC_BLOCK};
	int descriptor;
	size_t i;

	check(count == 5, "usage: event_client PATH PROCESS FILE SOCKET");
	path = arguments[1];
	check(!stat(path, &status), "stat");
	descriptor = kexthost_open("/dev/osquery", O_RDWR);
	check(descriptor >= 0, "open");
	check(!kexthost_ioctl(descriptor, OSQ_IOCTL_ALLOCATE, &ring), "ALLOCATE");
	for (i = 0; i < 3; i++) {
		const struct osq_subscription_args args = {.event = kinds[i], .subscribe = 1};

		left[kinds[i]] = atol(arguments[2 + i]);
		check(!kexthost_ioctl(descriptor, OSQ_IOCTL_SUBSCRIPTION, (void *)&args),
		      "SUBSCRIPTION");
	}
	puts("ready");
	fflush(stdout);
	while (!is_done()) {
		check(!kexthost_ioctl(descriptor, OSQ_IOCTL_SYNC, &sync), "SYNC");
		check(!sync.drops, "an event was dropped");
		read_to(ring.buffer, &sync.read_offset, sync.max_read_offset);
	}
	check(!left[OSQ_EVENT_PROCESS] && !left[OSQ_EVENT_FILE] && !left[OSQ_EVENT_SOCKET],
	      "more events than there were");
	check(!kexthost_close(descriptor), "close");
	puts("done");
	return 0;
}
