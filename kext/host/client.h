/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Devices and kernel controls of kexthost's, for programs, with this system's errno. Each thread is
 * a thread of its own there. The host is found at the path that kexthost_use was given, else in
 * KEXTHOST_SOCKET, else where the Darwin guest has it.
 */
#ifndef KEXTHOST_CLIENT_H
#define KEXTHOST_CLIENT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "kexthost_protocol.h"

#define KEXTHOST_DEFAULT_PATH "/var/run/kexthost.socket"

/* The path must last. */
void kexthost_use(const char *socket_path);

/* `name` is below /dev, or has that before it. `flags` of open(2). A descriptor, or -1. */
int kexthost_open(const char *name, int flags);

/* `request` as Darwin encodes it. 0, or -1. Memory that it maps is mapped when it returns. */
int kexthost_ioctl(int descriptor, unsigned long request, void *argument);

/* As dup(2). -1 where there is no room to remember it. */
int kexthost_dup(int descriptor);

/* Returns when the device is closed, where this was the last copy of the descriptor. 0, or -1. */
int kexthost_close(int descriptor);

/* As read(2), write(2) and poll(2), the last one also with descriptors that are no devices. */
ssize_t kexthost_read(int descriptor, void *to, size_t size);
ssize_t kexthost_write(int descriptor, const void *from, size_t size);
int kexthost_poll(struct pollfd *files, nfds_t count, int timeout);

/*
 * Kernel controls. The socket is one of PF_SYSTEM and SYSPROTO_CONTROL; its type is SOCK_DGRAM or
 * SOCK_STREAM. poll(2) itself says as well when there is something to receive. kexthost_close,
 * kexthost_dup and kexthost_poll are for these, too.
 */
int kexthost_control_socket(int type);

/* CTLIOCGINFO: the id of the control with that name. 0, or -1. */
int kexthost_control_id(int descriptor, const char *name, uint32_t *id);

/* `unit`: any where it is 0, and says then which. 0, or -1. */
int kexthost_control_connect(int descriptor, uint32_t id, uint32_t *unit);

/* As send(2) and recv(2), with MSG_DONTWAIT and MSG_PEEK. */
ssize_t kexthost_send(int descriptor, const void *from, size_t size, int flags);
ssize_t kexthost_recv(int descriptor, void *to, size_t size, int flags);

/* As recvmsg(2): `flags` says then MSG_EOR, MSG_TRUNC. */
ssize_t kexthost_receive(int descriptor, void *to, size_t size, int *flags);

/* The control's own options are of the level 2 (SYSPROTO_CONTROL). Of SOL_SOCKET: SO_SNDBUF,
   SO_RCVBUF, SO_RCVTIMEO. */
int kexthost_setsockopt(int descriptor, int level, int option, const void *value, socklen_t length);
int kexthost_getsockopt(int descriptor, int level, int option, void *value, socklen_t *length);

/*
 * Objects of sysctl's, by name. What `object` points to is valid until the calling thread's next
 * request. 0, or -1.
 */
struct kexthost_sysctl {
	uint32_t kind;      /* CTLTYPE_*, CTLFLAG_* */
	const char *format; /* "I", "QU", "A" ... */
	const void *value;
	size_t length;
};
int kexthost_sysctl_get(const char *name, struct kexthost_sysctl *object);
int kexthost_sysctl_set(const char *name, const void *value, size_t length);

/* As sysctl(8) prints it: a number, a text, or else hexadecimal. */
void kexthost_sysctl_text(const struct kexthost_sysctl *object, char *text, size_t size);

/* EINVAL also for a text that is no number where one is wanted. */
int kexthost_sysctl_set_text(const char *name, uint32_t kind, const char *text);

/*
 * Any other request. False where the host is gone. `data` of the reply is valid until the calling
 * thread's next request, and a NUL follows it; a descriptor that came with it is -1 or the
 * caller's.
 */
struct kexthost_answer {
	struct kexthost_header header;
	const char *data;
	int descriptor;
};
_Bool kexthost_request(const struct kexthost_header *request, const void *data, size_t length,
                       struct kexthost_answer *answer);

/* This system's errno for one of Darwin's. */
int kexthost_errno(uint32_t darwins);

#endif
