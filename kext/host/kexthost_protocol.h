/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a client says to kexthost, over a SOCK_SEQPACKET socket at the path given by --socket.
 *
 * A connection is one thread of the client's: requests on it are served one after the other, by a
 * thread of the host's that stands for it, as the process at the other end (SO_PEERCRED). Each
 * packet is a header and `length` bytes of data. The host answers each request with REPLY, and may
 * before that ask the client for something itself (MAP ... COPY_OUT), which the client answers with
 * REPLY as well.
 *
 * An open device is a real descriptor of the client's, made of a socket pair, and dup, fork, exec
 * and the end of a process treat it as any other: when its last copy is closed the host closes the
 * device. It carries no data. `handle` says to the host which one a request is about.
 */
#ifndef KEXTHOST_PROTOCOL_H
#define KEXTHOST_PROTOCOL_H

#include <stdint.h>

#define KEXTHOST_DATA_MAX    (64u << 10)

/* How the host ends after a panic; its report is in the folder for reports by then. */
#define KEXTHOST_EXIT_PANIC  33
#define KEXTHOST_EXIT_REBOOT 34 /* as its debugger wished */

enum kexthost_operation {
	KEXTHOST_REPLY, /* error: 0 or what went wrong; each request tells what else */

	/* error: an OSReturn. data of the reply: what the kernel logged. */
	KEXTHOST_LOAD,   /* data: path of the bundle */
	KEXTHOST_UNLOAD, /* data: identifier. value of the reply: how many things it left behind */
	KEXTHOST_LIST,   /* data of the reply: a line a kext, its fields between tabs: load tag,
	                    references, address and size in hex, identifier, version, UUID, and
	                    the load tags that it is linked against between spaces. The
	                    kernel's own components have no address */

	/* error: an errno of Darwin's, as in all that follow. */
	KEXTHOST_OPEN,  /* data: name below /dev; value: flags. Reply: handle, and the descriptor */
	KEXTHOST_IOCTL, /* handle; value: request, as Darwin encodes it; argument: the caller's own.
	                   data: what the argument points to, where the request says that it goes
	                   in; in the reply: what comes out */
	KEXTHOST_CLOSED, /* handle: a copy of the descriptor was closed. The reply comes when the
	                    device is closed, or at once when there are more copies */

	KEXTHOST_ATTEND, /* value: the caller's descriptor of the listener of a seccomp filter, or
	                    -1 to ask whether it may. The host watches what is under the filter */

	/* Events: the calling process is the one that does it. data: a path, NUL-terminated. */
	KEXTHOST_EXECUTE, /* value: pid of the child where it was spawned, or 0. More strings may
	                     follow: arguments and environment */
	KEXTHOST_FILE_OPENED,
	KEXTHOST_FILE_CLOSED, /* value: 1 when it was written to */

	/* data: struct kexthost_socket; the handle of the first one is in its reply. */
	KEXTHOST_SOCKET,
	KEXTHOST_BIND,    /* handle; local */
	KEXTHOST_CONNECT, /* handle; remote */
	KEXTHOST_ACCEPT,  /* handle of the listening one; local and remote. Reply: the new one's */
	KEXTHOST_SHUT,    /* handle */

	/* Of an open device. data: struct kexthost_transfer. value of the reply: bytes moved, which
	   may be some although there is an error */
	KEXTHOST_READ,
	KEXTHOST_WRITE,
	/* What of data, an array of struct kexthost_poll, is ready. value: nanoseconds to wait for
	   it, at most. The array comes back; value of the reply: how many are ready */
	KEXTHOST_POLL,

	/* A socket of PF_SYSTEM and SYSPROTO_CONTROL: a descriptor as that of a device. It has
	   something to read (one byte of no meaning) while it has data for its program. */
	KEXTHOST_CONTROL_OPEN,    /* value: type. Reply: handle, and the descriptor */
	KEXTHOST_CONTROL_FIND,    /* data: name. value of the reply: id */
	KEXTHOST_CONTROL_CONNECT, /* handle; value: id; argument: unit. value of the reply: unit */
	KEXTHOST_CONTROL_SEND,    /* handle; data: struct kexthost_transfer */
	KEXTHOST_CONTROL_RECEIVE, /* the same. value of the reply: bytes; argument: flags below */
	KEXTHOST_CONTROL_SET,     /* handle; data: struct kexthost_transfer */
	KEXTHOST_CONTROL_GET,     /* the same. value of the reply: the option's length */

	/* data: name, NUL, and a new value where `value` says so with KEXTHOST_SYSCTL_NEW.
	   argument: room for the old one, where it says KEXTHOST_SYSCTL_OLD. data of the reply:
	   format, NUL, old value; its value: the kind of the object (CTLTYPE_*, CTLFLAG_*); its
	   argument: length of the old value */
	KEXTHOST_SYSCTL,
	/* data: a name, or nothing. data of the reply: the names of it and all below, one a line */
	KEXTHOST_SYSCTL_NAMES,

	/* Interrupts the request whose `sequence` it has. There is no reply to it. */
	KEXTHOST_INTERRUPT = 64,

	/* From the host, during a request. error of the client's REPLY: an errno of Darwin's. */
	KEXTHOST_MAP = 128, /* value: length; argument: 1 when it may be written. With a descriptor.
	                       value of the reply: the address */
	KEXTHOST_UNMAP,     /* value: address; argument: length */
	KEXTHOST_COPY_IN,   /* value: address; argument: length. data of the reply */
	KEXTHOST_COPY_OUT,  /* value: address. data */
};

struct kexthost_header {
	uint32_t operation;
	uint32_t error;
	uint32_t sequence; /* the client's, back in the reply */
	uint32_t length;   /* of the data that follows */
	uint64_t handle;
	uint64_t value;
	uint64_t argument;
};
_Static_assert(sizeof(struct kexthost_header) == 40, "kexthost_header");

/* Memory of the caller's, and how it moves. */
struct kexthost_transfer {
	uint64_t address, length;
	uint32_t flags;        /* KEXTHOST_TRANSFER_* */
	int32_t level, option; /* of CONTROL_SET and CONTROL_GET */
	uint32_t padding;
};
_Static_assert(sizeof(struct kexthost_transfer) == 32, "kexthost_transfer");

#define KEXTHOST_TRANSFER_NO_WAIT   1u
#define KEXTHOST_TRANSFER_PEEK      2u

/* What a reply to CONTROL_RECEIVE says. */
#define KEXTHOST_RECEIVED_LAST      1u /* no data is left: take a byte off the descriptor */
#define KEXTHOST_RECEIVED_END       2u /* of a record */
#define KEXTHOST_RECEIVED_TRUNCATED 4u

struct kexthost_poll {
	uint64_t handle;
	uint32_t events, ready; /* KEXTHOST_READABLE ...; UNKNOWN is never asked for */
};
_Static_assert(sizeof(struct kexthost_poll) == 16, "kexthost_poll");

#define KEXTHOST_READABLE   1u /* FREAD, FWRITE */
#define KEXTHOST_WRITABLE   2u
#define KEXTHOST_UNKNOWN    4u

#define KEXTHOST_SYSCTL_OLD 1u
#define KEXTHOST_SYSCTL_NEW 2u

/* family 4 or 6; type and protocol as everywhere (SOCK_STREAM 1, SOCK_DGRAM 2). */
struct kexthost_endpoint {
	uint8_t address[16]; /* network byte order; IPv4: the first four */
	uint16_t port;       /* of the processor's byte order */
	uint16_t padding;
	uint32_t scope;
};
struct kexthost_socket {
	int32_t family, type, protocol;
	struct kexthost_endpoint local, remote;
};
_Static_assert(sizeof(struct kexthost_socket) == 60, "kexthost_socket");

/* Darwin's encoding of a request of ioctl. */
#define KEXTHOST_IOC_VOID       0x20000000u
#define KEXTHOST_IOC_OUT        0x40000000u
#define KEXTHOST_IOC_IN         0x80000000u
#define KEXTHOST_IOC_SIZE(code) ((uint32_t)(code) >> 16 & 0x1fffu)

#endif
