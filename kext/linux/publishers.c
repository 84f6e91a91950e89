// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "publishers.h"

#include <linux/errno.h>
#include <linux/kernel.h>

#include "log.h"
#include "osq_device.h"

static const struct osq_publisher *const publishers[] = {
    &osq_process_publisher,
    &osq_file_publisher,
    &osq_socket_publisher,
};
static bool running[ARRAY_SIZE(publishers)];

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

/* Test events need no subscription, but are known. */
static bool is_test_event(int32_t event)
{
	return IS_ENABLED(OSQ_TEST_BUILD) &&
	       (event == OSQ_EVENT_TEST_0 || event == OSQ_EVENT_TEST_1);
}

int osq_publishers_subscribe(int32_t event, bool subscribe)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(publishers); i++)
		if (publishers[i]->event == event)
			return switch_publisher(i, subscribe);
	return is_test_event(event) ? 0 : -EINVAL;
}

void osq_publishers_stop(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(publishers); i++)
		if (running[i])
			switch_publisher(i, false);
}
