// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "osq_handle.h"

#ifdef KEXTHOST

#include <client.h>

int osq_handle_open(int flags)
{
	return kexthost_open(OSQ_DEVICE_PATH, flags);
}

int osq_handle_request(int handle, unsigned long request, void *argument)
{
	return kexthost_ioctl(handle, request, argument);
}

int osq_handle_close(int handle)
{
	return kexthost_close(handle);
}

#else /* macOS and Linux */

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int osq_handle_open(int flags)
{
	return open(OSQ_DEVICE_PATH, flags);
}

int osq_handle_request(int handle, unsigned long request, void *argument)
{
	return ioctl(handle, request, argument);
}

int osq_handle_close(int handle)
{
	return close(handle);
}

#endif
