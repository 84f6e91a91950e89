// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * A kernel control that sends back what it is sent. The kernel calls it on its clients' threads,
 * many at once, and holds no lock of its own meanwhile.
 */
#include <IOKit/IOLib.h>
#include <libkern/OSAtomic.h>
#include <mach/mach_types.h>
#include <string.h>
#include <sys/errno.h>
#include <sys/kern_control.h>

#include "echo.h"
#include "settings.h"

kern_return_t echo_start(kmod_info_t *info, void *data);
kern_return_t echo_stop(kmod_info_t *info, void *data);

static kern_ctl_ref control;
static struct echo_counters counters;

static void count(int64_t *counter, int64_t amount)
{
	OSAddAtomic64(amount, counter);
}

static errno_t echo_connect(kern_ctl_ref reference, struct sockaddr_ctl *address, void **unitinfo)
{
	(void)reference;
	(void)address;
	*unitinfo = NULL;
	count(&counters.clients, 1);
	return 0;
}

static errno_t echo_disconnect(kern_ctl_ref reference, u_int32_t unit, void *unitinfo)
{
	(void)reference;
	(void)unit;
	(void)unitinfo;
	count(&counters.clients, -1);
	return 0;
}

static void turn_upper(mbuf_t packet)
{
	for (; packet; packet = mbuf_next(packet)) {
		char *text = mbuf_data(packet);
		size_t i;

		for (i = 0; i < mbuf_len(packet); i++)
			if (text[i] >= 'a' && text[i] <= 'z')
				text[i] = (char)(text[i] - 'a' + 'A');
	}
}

/* Where it fails the packet is gone. */
static errno_t prepend(mbuf_t *packet, const struct echo_settings *settings)
{
	errno_t error = mbuf_prepend(packet, settings->prefix_length, MBUF_WAITOK);

	if (error)
		return error;
	error = mbuf_copyback(*packet, 0, settings->prefix_length, settings->prefix, MBUF_WAITOK);
	if (error)
		mbuf_freem(*packet);
	return error;
}

static errno_t echo_send(kern_ctl_ref reference, u_int32_t unit, void *unitinfo, mbuf_t packet,
                         int flags)
{
	const struct echo_settings settings = echo_settings_get();
	errno_t error;

	(void)unitinfo;
	(void)flags;
	count(&counters.messages, 1);
	count(&counters.bytes, (int64_t)mbuf_pkthdr_len(packet));
	if (settings.upper)
		turn_upper(packet);
	if (settings.prefix_length) {
		error = prepend(&packet, &settings);
		if (error)
			return error;
	}
	error = ctl_enqueuembuf(reference, unit, packet, CTL_DATA_EOR);
	if (error)
		mbuf_freem(packet);
	count(error ? &counters.dropped : &counters.answers, 1);
	return error;
}

static errno_t echo_setopt(kern_ctl_ref reference, u_int32_t unit, void *unitinfo, int option,
                           void *data, size_t length)
{
	(void)reference;
	(void)unit;
	(void)unitinfo;
	switch (option) {
	case ECHO_OPTION_UPPER:
		return echo_settings_set_upper(data, length);
	case ECHO_OPTION_PREFIX:
		return echo_settings_set_prefix(data, length);
	}
	return ENOPROTOOPT;
}

/* `room` has how much may be written to `data`, and then how much there is. */
static errno_t give(const void *value, size_t length, void *data, size_t *room)
{
	if (data && *room < length)
		return EINVAL;
	if (data)
		memcpy(data, value, length);
	*room = length;
	return 0;
}

static errno_t echo_getopt(kern_ctl_ref reference, u_int32_t unit, void *unitinfo, int option,
                           void *data, size_t *length)
{
	const struct echo_settings settings = echo_settings_get();
	const int32_t upper = settings.upper;

	(void)reference;
	(void)unit;
	(void)unitinfo;
	switch (option) {
	case ECHO_OPTION_UPPER:
		return give(&upper, sizeof(upper), data, length);
	case ECHO_OPTION_PREFIX:
		return give(settings.prefix, settings.prefix_length, data, length);
	case ECHO_OPTION_COUNTERS:
		return give(&counters, sizeof(counters), data, length);
	}
	return ENOPROTOOPT;
}

static errno_t register_control(void)
{
	/* Kernels read more than the structure has. */
	union {
		struct kern_ctl_reg registration;
		char room[512];
	} all;

	memset(&all, 0, sizeof(all));
	strlcpy(all.registration.ctl_name, ECHO_CONTROL, sizeof(all.registration.ctl_name));
	all.registration.ctl_flags = CTL_FLAG_PRIVILEGED;
	all.registration.ctl_sendsize = ECHO_MESSAGE_MAX;
	all.registration.ctl_recvsize = ECHO_BUFFER;
	all.registration.ctl_connect = echo_connect;
	all.registration.ctl_disconnect = echo_disconnect;
	all.registration.ctl_send = echo_send;
	all.registration.ctl_setopt = echo_setopt;
	all.registration.ctl_getopt = echo_getopt;
	return ctl_register(&all.registration, &control);
}

kern_return_t echo_start(kmod_info_t *info, void *data)
{
	errno_t error = echo_settings_init();

	(void)info;
	(void)data;
	if (error)
		return KERN_FAILURE;
	memset(&counters, 0, sizeof(counters));
	error = register_control();
	if (error) {
		IOLog("echo: no kernel control (%d)\n", error);
		echo_settings_exit();
		return KERN_FAILURE;
	}
	return KERN_SUCCESS;
}

/* Stays loaded while somebody is connected. Once the control is gone nobody is called any more. */
kern_return_t echo_stop(kmod_info_t *info, void *data)
{
	errno_t error = ctl_deregister(control);

	(void)info;
	(void)data;
	if (error) {
		IOLog("echo: still in use (%d)\n", error);
		return KERN_FAILURE;
	}
	echo_settings_exit();
	return KERN_SUCCESS;
}
