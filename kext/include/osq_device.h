/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The contract of /dev/osquery: requests, records, events.
 *
 * One header for the Linux module, the XNU extension and the programs of both systems.
 * The layouts are those that a daemon of osquery 1.x to 3.2 was built with; what is ours
 * (the socket event, the prefix request) is marked "extension" and takes new numbers only.
 */
#ifndef OSQ_DEVICE_H
#define OSQ_DEVICE_H

/* Programs for kexthost run on Linux and speak to an extension of Darwin's. */
#if defined(__linux__) && !defined(KEXTHOST)
#define OSQ_LINUX
#if defined(__KERNEL__)
#include <linux/ioctl.h>
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#endif
#define OSQ_IOW(number, type)  _IOW(0xFA, number, type)
#define OSQ_IOWR(number, type) _IOWR(0xFA, number, type)
#define OSQ_PATH_MAX           4096
#else /* Darwin's encoding, written out: a kext may be built without <sys/ioccom.h> */
#include <stddef.h>
#include <stdint.h>
#define OSQ_IOC(direction, number, type)                                                           \
	((unsigned long)(direction) | (unsigned long)sizeof(type) << 16 | 0xFAUL << 8 | (number))
#define OSQ_IOW(number, type)  OSQ_IOC(0x80000000UL, number, type)
#define OSQ_IOWR(number, type) OSQ_IOC(0xC0000000UL, number, type)
#define OSQ_PATH_MAX           1024
#endif

#ifdef __cplusplus
#define OSQ_ASSERT(condition) static_assert(condition, #condition)
#else
#define OSQ_ASSERT(condition) _Static_assert(condition, #condition)
#endif

/*
 * Records lie at multiples of 4 bytes, no more: test event 0 has 4100 bytes of data and its size
 * is reported exactly. Hence this attribute; padding is spelt out as members, so that each layout
 * is the natural one of a 64-bit system all the same.
 */
#define OSQ_LAYOUT         __attribute__((packed, aligned(4)))
#define OSQ_RECORD_ALIGN   4

#define OSQ_DEVICE_PATH    "/dev/osquery"

/* Kernel and daemon must agree exactly; a program may try both. */
#define OSQ_VERSION_NORMAL 4ULL
#define OSQ_VERSION_TEST   (OSQ_VERSION_NORMAL | 1ULL << 63)
#ifdef OSQ_TEST_BUILD
#define OSQ_VERSION OSQ_VERSION_TEST
#else
#define OSQ_VERSION OSQ_VERSION_NORMAL
#endif

#define OSQ_BUFFER_MIN (8u << 10)
#define OSQ_BUFFER_MAX (20u << 20)

/* Events */
enum {
	OSQ_EVENT_WRAP = 0, /* nothing more before the end of the buffer: go on at offset 0 */
	OSQ_EVENT_PROCESS = 1,
	OSQ_EVENT_FILE = 2,
	OSQ_EVENT_TEST_0 = 3, /* test builds only */
	OSQ_EVENT_TEST_1 = 4, /* test builds only */
	OSQ_EVENT_SOCKET = 5, /* extension */
	OSQ_EVENT_COUNT,
};

struct osq_record_header {
	int32_t event;
	int32_t finished; /* 1 once the data is complete; a reader within its limits sees 1 only */
	uint64_t size;    /* bytes of data that follow */
	uint32_t time;    /* seconds since the epoch */
	uint32_t uptime;  /* seconds since boot */
} OSQ_LAYOUT;
OSQ_ASSERT(sizeof(struct osq_record_header) == 24);

/*
 * A program was executed. Behind the fixed part lie arg_length bytes of arguments at argv_offset
 * and env_length bytes of environment at envv_offset, both counted from `strings`, then zeros up
 * to a multiple of 8. Each block holds argc (envc) strings, every one ended by a NUL. The process
 * had actual_argc (actual_envc) of them; where that is more, or the block has OSQ_VECTOR_MAX
 * bytes, the rest (and the end of the last string) was cut off. XNU tells neither arguments nor
 * environment: there both blocks are empty.
 */
#define OSQ_VECTOR_MAX 4096

struct osq_process_event {
	uint64_t pid;
	uint64_t ppid;
	uint64_t uid;
	uint64_t euid;
	uint64_t gid;
	uint64_t egid;
	uint64_t owner_uid;
	uint64_t owner_gid;
	uint64_t create_time; /* all times: seconds since the epoch, 0 where unknown */
	uint64_t access_time;
	uint64_t modify_time;
	uint64_t change_time;
	int32_t mode; /* -1 where unknown */
	char path[OSQ_PATH_MAX];
	uint32_t padding;
	uint64_t argv_offset;
	int32_t argc;
	int32_t actual_argc;
	uint64_t arg_length;
	uint64_t envv_offset;
	int32_t envc;
	int32_t actual_envc;
	uint64_t env_length;
	char strings[];
} OSQ_LAYOUT;
OSQ_ASSERT(offsetof(struct osq_process_event, mode) == 96);
OSQ_ASSERT(offsetof(struct osq_process_event, path) == 100);
OSQ_ASSERT(offsetof(struct osq_process_event, argv_offset) == 104 + OSQ_PATH_MAX);
OSQ_ASSERT(offsetof(struct osq_process_event, arg_length) == 120 + OSQ_PATH_MAX);
OSQ_ASSERT(offsetof(struct osq_process_event, env_length) == 144 + OSQ_PATH_MAX);
OSQ_ASSERT(sizeof(struct osq_process_event) == 152 + OSQ_PATH_MAX);

enum {
	OSQ_FILE_OPEN = 1,
	OSQ_FILE_CLOSE = 2,
	OSQ_FILE_CLOSE_MODIFIED = 4,
};

struct osq_file_event {
	int32_t action;
	uint32_t padding;
	uint64_t pid;
	uint64_t ppid;
	uint64_t uid;
	uint64_t euid;
	uint64_t gid;
	uint64_t egid;
	uint64_t owner_uid;
	uint64_t owner_gid;
	uint64_t create_time;
	uint64_t access_time;
	uint64_t modify_time;
	uint64_t change_time;
	int32_t mode;
	char path[OSQ_PATH_MAX];
	uint32_t padding_end;
} OSQ_LAYOUT;
OSQ_ASSERT(offsetof(struct osq_file_event, pid) == 8);
OSQ_ASSERT(offsetof(struct osq_file_event, mode) == 104);
OSQ_ASSERT(offsetof(struct osq_file_event, path) == 108);
OSQ_ASSERT(sizeof(struct osq_file_event) == 112 + OSQ_PATH_MAX);

/*
 * Extension. A socket was connected, bound, or a connection was accepted. Behind the fixed part
 * lie path_length bytes: the path of the process' executable with its NUL, then zeros up to a
 * multiple of 8; path_length is 0 where the path is not known.
 */
enum {
	OSQ_SOCKET_CONNECT = 1,
	OSQ_SOCKET_ACCEPT = 2,
	OSQ_SOCKET_BIND = 3,
};

struct osq_socket_event {
	int32_t action;
	int32_t result; /* 0, or the positive errno that the caller got (EINPROGRESS as well); -1
	                   where unknown: XNU asks before it connects or binds */
	uint64_t pid;
	uint64_t ppid;
	uint64_t uid;
	uint64_t euid;
	uint64_t gid;
	uint64_t egid;
	int32_t family;             /* 4 or 6: the systems' own numbers for IPv6 differ */
	int32_t type;               /* SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_RAW 3 */
	int32_t protocol;           /* IPPROTO_TCP 6, IPPROTO_UDP 17, ... */
	uint16_t local_port;        /* in the processor's byte order, 0 where unknown */
	uint16_t remote_port;       /* likewise; 0 in a bind */
	uint8_t local_address[16];  /* network byte order; IPv4: the first 4 bytes, zeros behind */
	uint8_t remote_address[16]; /* likewise; zeros in a bind */
	uint32_t scope;             /* IPv6: the interface of a link-local address, else 0 */
	uint32_t path_length;
	char path[];
} OSQ_LAYOUT;
OSQ_ASSERT(offsetof(struct osq_socket_event, pid) == 8);
OSQ_ASSERT(offsetof(struct osq_socket_event, family) == 56);
OSQ_ASSERT(offsetof(struct osq_socket_event, local_port) == 68);
OSQ_ASSERT(offsetof(struct osq_socket_event, local_address) == 72);
OSQ_ASSERT(offsetof(struct osq_socket_event, remote_address) == 88);
OSQ_ASSERT(sizeof(struct osq_socket_event) == 112);

/*
 * Test builds: what the TEST request produces. `number` names the descriptor that asked (counted
 * from 0 in the order of opening since the module was loaded, modulo 4096) and how many TEST
 * records it had made before (modulo 2^20; a dropped one counts). The text is the number in eight
 * hexadecimal digits over and over, and a NUL as its last byte.
 */
#define OSQ_TEST_NUMBER(descriptor, sequence)                                                      \
	(((uint32_t)(descriptor)&0xFFFu) << 20 | ((uint32_t)(sequence)&0xFFFFFu))
#define OSQ_TEST_DESCRIPTOR(number) ((uint32_t)(number) >> 20)
#define OSQ_TEST_SEQUENCE(number)   ((uint32_t)(number)&0xFFFFFu)

struct osq_test_event_0 {
	uint32_t number;
	char text[4096];
} OSQ_LAYOUT;
OSQ_ASSERT(sizeof(struct osq_test_event_0) == 4100);

struct osq_test_event_1 {
	uint32_t number;
	char text[33];
	uint8_t padding[3];
} OSQ_LAYOUT;
OSQ_ASSERT(sizeof(struct osq_test_event_1) == 40);

static inline char osq_test_byte(uint32_t number, uint32_t index)
{
	return "0123456789abcdef"[number >> (28 - index % 8 * 4) & 15];
}

/* Requests; the answer to an unknown one is ENOTTY, and nobody but the superuser gets any. */
struct osq_subscription_args {
	int32_t event;
	int32_t subscribe; /* 0 ends the subscription */
};
OSQ_ASSERT(sizeof(struct osq_subscription_args) == 8);

enum {
	OSQ_SYNC_BLOCK = 0,
	OSQ_SYNC_NO_BLOCK = 1,
};

/*
 * Gives the kernel everything before read_offset back and learns how far there is to read.
 * EINVAL: no buffer yet, unknown options, or an offset which is not within what could be read.
 * EINTR: a signal came while waiting; nothing was lost, drops stay counted.
 */
struct osq_sync_args {
	int32_t options;
	uint32_t padding;
	uint64_t read_offset;
	uint64_t max_read_offset; /* out */
	int32_t drops;            /* out: since the last sync; negative when that cannot be told */
	uint32_t padding_end;
};
OSQ_ASSERT(offsetof(struct osq_sync_args, read_offset) == 8);
OSQ_ASSERT(offsetof(struct osq_sync_args, drops) == 24);
OSQ_ASSERT(sizeof(struct osq_sync_args) == 32);

struct osq_allocate_args {
	uint64_t size; /* OSQ_BUFFER_MIN to OSQ_BUFFER_MAX */
	void *buffer;  /* out: where the ring is mapped, for reading only */
	uint64_t version;
};
OSQ_ASSERT(sizeof(struct osq_allocate_args) == 24);

/*
 * Extension. Limits file events to paths at or below the given ones, whole components only: /etc
 * covers /etc and /etc/passwd, not /etcetera. A client that has set none (as one that does not
 * know this request) gets the events of all files. The set belongs to the client and goes with it.
 * EINVAL: not absolute, not ended by a NUL, or an unknown flag; EEXIST: is in the set already;
 * ENOENT: to be removed, but not in the set; ENOSPC: OSQ_PREFIXES_MAX are in the set.
 */
#define OSQ_PREFIX_MAX   1024 /* bytes, with the NUL */
#define OSQ_PREFIXES_MAX 64

struct osq_prefix_args {
	int32_t add; /* 1 adds, 0 removes */
	char prefix[OSQ_PREFIX_MAX];
};
OSQ_ASSERT(sizeof(struct osq_prefix_args) == 1028);

#define OSQ_IOCTL_SUBSCRIPTION OSQ_IOW(1, struct osq_subscription_args)
#define OSQ_IOCTL_SYNC         OSQ_IOWR(2, struct osq_sync_args)
#define OSQ_IOCTL_ALLOCATE     OSQ_IOWR(3, struct osq_allocate_args)
#define OSQ_IOCTL_TEST         OSQ_IOW(4, int32_t) /* test builds only: the event to produce */
#define OSQ_IOCTL_PREFIX       OSQ_IOW(5, struct osq_prefix_args)

#endif
