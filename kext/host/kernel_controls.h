/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kernel controls that kexts have registered, and the sockets on them. */
#ifndef KEXTHOST_KERNEL_CONTROLS_H
#define KEXTHOST_KERNEL_CONTROLS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "receive_buffers.h"

#define CONTROL_NAME_SIZE    96
#define CONTROL_PRIVILEGED   0x1
#define CONTROL_REG_ID_UNIT  0x2
#define CONTROL_REG_STREAM   0x4
#define CONTROL_REG_EXTENDED 0x8
#define CONTROL_SOCK_STREAM  1
#define CONTROL_SOCK_DGRAM   2

struct control_address {
	uint8_t length, family;
	uint16_t kind;
	uint32_t id, unit, reserved[5];
};
_Static_assert(sizeof(struct control_address) == 32, "sockaddr_ctl");

struct kernel_control;
struct mbuf;

struct control_callbacks {
	int (*connect)(struct kernel_control *control, struct control_address *address,
	               void **information);
	int (*disconnect)(struct kernel_control *control, uint32_t unit, void *information);
	int (*send)(struct kernel_control *control, uint32_t unit, void *information,
	            struct mbuf *packet, int flags);
	int (*set)(struct kernel_control *control, uint32_t unit, void *information, int option,
	           void *data, size_t length);
	int (*get)(struct kernel_control *control, uint32_t unit, void *information, int option,
	           void *data, size_t *length);
};

/* What a kext registers: struct kern_ctl_reg. */
struct control_registration {
	char name[CONTROL_NAME_SIZE];
	uint32_t id, unit, flags, send_size, receive_size;
	struct control_callbacks callbacks;
	/* Read where the flags say EXTENDED. */
	void (*received)(struct kernel_control *control, uint32_t unit, void *information,
	                 int flags);
};
_Static_assert(offsetof(struct control_registration, callbacks) == 120, "kern_ctl_reg");

/* A socket of a program's. */
struct control_socket {
	struct control_socket *next; /* of its control, under the lock of all controls */
	struct kernel_control *control;
	unsigned int users; /* threads of the kext's that put data into it, under the same lock */
	uint32_t unit;
	void *information;
	int type;
	struct open_file *file;

	pthread_mutex_t mutex; /* guards what follows */
	bool connecting, connected, ended;
	struct receive_buffer in;
	size_t send_max;
	uint64_t receive_timeout; /* nanoseconds, 0 for none */
	bool signalled;           /* there is a byte in the program's descriptor */
};

struct kernel_control {
	struct kernel_control *next;
	struct control_registration registration; /* a copy */
	uintptr_t site;
	struct control_socket *sockets;
};

/* All of these: 0, or an errno of Darwin's. */

int control_register(struct control_registration *registration, struct kernel_control **control,
                     uintptr_t site);
int control_deregister(struct kernel_control *control);

int control_find(const char *name, uint32_t *id);

/* Takes a unit of the control for the socket: any where it is 0. */
int control_attach(struct control_socket *socket, uint32_t id, uint32_t unit, bool privileged);

/* Gives it back, once no thread puts data into the socket any more. */
void control_detach(struct control_socket *socket);

/* For who puts data into it; NULL where the control or the unit is none. */
struct control_socket *control_get_socket(const struct kernel_control *control, uint32_t unit);
void control_put_socket(struct control_socket *socket);

#endif
