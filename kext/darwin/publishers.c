// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "publishers.h"

#include <stddef.h>
#include <sys/errno.h>

#include "log.h"
#include "osq_device.h"
#include "testing.h"

static const struct osq_publisher *const publishers[] = {
    &osq_process_publisher,
    &osq_file_publisher,
    &osq_socket_publisher,
};

#define COUNT (sizeof(publishers) / sizeof(publishers[0]))

static bool running[COUNT];

static int switch_publisher(size_t index, bool on)
{
	int error = 0;

	if (running[index] == on)
		return 0;
	if (on)
		error = publishers[index]->start();
	else
		publishers[index]->stop();
	if (error) {
		osq_log_warning("cannot tell of events %d (error %d)", publishers[index]->event,
		                error);
		return error;
	}
	running[index] = on;
	osq_log_debug("%s of events %d", on ? "tells" : "no longer tells",
	              publishers[index]->event);
	return 0;
}

int osq_publishers_subscribe(int32_t event, bool subscribe)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (publishers[i]->event == event)
			return switch_publisher(i, subscribe);
	return osq_testing_is_event(event) ? 0 : EINVAL;
}

void osq_publishers_stop(void)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		if (running[i])
			switch_publisher(i, false);
}
