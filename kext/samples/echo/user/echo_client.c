// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "echo_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef KEXTHOST

#include <client.h>

#define SYSPROTO_CONTROL 2
#define CALL(name)       kexthost_##name

static int open_socket(void)
{
	return kexthost_control_socket(SOCK_DGRAM);
}

static int connect_socket(int client)
{
	uint32_t id, unit = 0;

	return kexthost_control_id(client, ECHO_CONTROL, &id)
	           ? -1
	           : kexthost_control_connect(client, id, &unit);
}

#else /* macOS */

#include <sys/ioctl.h>
#include <sys/kern_control.h>
#include <sys/sys_domain.h>

#define CALL(name) name

static int open_socket(void)
{
	return socket(PF_SYSTEM, SOCK_DGRAM, SYSPROTO_CONTROL);
}

static int connect_socket(int client)
{
	struct ctl_info info = {.ctl_name = ECHO_CONTROL};
	struct sockaddr_ctl address = {
	    .sc_len = sizeof(address), .sc_family = AF_SYSTEM, .ss_sysaddr = AF_SYS_CONTROL};

	if (ioctl(client, CTLIOCGINFO, &info))
		return -1;
	address.sc_id = info.ctl_id;
	return connect(client, (const struct sockaddr *)&address, sizeof(address));
}

#endif

int echo_client_open(void)
{
	const int client = open_socket();

	if (client >= 0 && connect_socket(client)) {
		const int error = errno;

		echo_client_close(client);
		errno = error;
		return -1;
	}
	return client;
}

int echo_client_close(int client)
{
	return CALL(close)(client);
}

ssize_t echo_client_send(int client, const void *message, size_t length)
{
	return CALL(send)(client, message, length, 0);
}

ssize_t echo_client_receive(int client, void *answer, size_t size, bool wait)
{
	return CALL(recv)(client, answer, size, wait ? 0 : MSG_DONTWAIT);
}

int echo_client_poll(int client, int milliseconds)
{
	struct pollfd file = {.fd = client, .events = POLLIN};

	return CALL(poll)(&file, 1, milliseconds);
}

int echo_client_set(int client, enum echo_option option, const void *value, size_t length)
{
	return CALL(setsockopt)(client, SYSPROTO_CONTROL, option, value, (socklen_t)length);
}

int echo_client_get(int client, enum echo_option option, void *value, size_t *length)
{
	socklen_t size = (socklen_t)*length;
	const int result = CALL(getsockopt)(client, SYSPROTO_CONTROL, option, value, &size);

	*length = size;
	return result;
}
