/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * From what a publisher found out to the bytes of a record.
 *
 * For each kind: a structure of inputs, the size to reserve for it, and a fill which writes each
 * of these bytes. The inputs must not change between the two calls.
 *
 *	void *record = osq_ring_reserve(ring, OSQ_EVENT_PROCESS, osq_process_size(&process));
 *	if (record) {
 *		osq_process_fill(record, &process);
 *		wake = osq_ring_commit(ring, record);
 *	}
 */
#ifndef OSQ_EVENT_H
#define OSQ_EVENT_H

#include "port.h"
#include "osq_device.h"

/* Bytes without a NUL among them; need not be ended by one. NULL with length 0: not known. */
struct osq_text {
	const char *bytes;
	size_t length;
};

/* Strings, each ended by a NUL, one behind the other, as exec lays out arguments. */
struct osq_strings {
	const char *bytes; /* the first OSQ_VECTOR_MAX of them are read, no more */
	size_t length;     /* in all, with the NULs */
	int32_t count;     /* in all, as the process has them */
};

struct osq_identity {
	uint64_t pid;
	uint64_t ppid;
	uint64_t uid;
	uint64_t euid;
	uint64_t gid;
	uint64_t egid;
};

struct osq_attributes {
	uint64_t owner_uid;
	uint64_t owner_gid;
	uint64_t create_time; /* seconds since the epoch, 0 where unknown */
	uint64_t access_time;
	uint64_t modify_time;
	uint64_t change_time;
	int32_t mode; /* -1 where unknown */
};

struct osq_process {
	struct osq_identity identity;
	struct osq_attributes file;
	struct osq_text path; /* cut to OSQ_PATH_MAX - 1 bytes */
	struct osq_strings argv;
	struct osq_strings envv;
};

struct osq_file {
	int32_t action; /* OSQ_FILE_... */
	struct osq_identity identity;
	struct osq_attributes file;
	struct osq_text path;
};

struct osq_endpoint {
	uint8_t address[16]; /* network byte order; IPv4: the first 4 bytes, zeros behind */
	uint16_t port;       /* in the processor's byte order */
};

struct osq_socket {
	int32_t action; /* OSQ_SOCKET_... */
	int32_t result; /* 0 or a positive errno */
	struct osq_identity identity;
	int32_t family; /* 4 or 6 */
	int32_t type;
	int32_t protocol;
	uint32_t scope;
	struct osq_endpoint local;
	struct osq_endpoint remote;
	struct osq_text path;
};

size_t osq_process_size(const struct osq_process *process);
void osq_process_fill(void *record, const struct osq_process *process);

static inline size_t osq_file_size(void)
{
	return sizeof(struct osq_file_event);
}
void osq_file_fill(void *record, const struct osq_file *file);

size_t osq_socket_size(const struct osq_socket *socket);
void osq_socket_fill(void *record, const struct osq_socket *socket);

/* Test events; 0 where `event` is none of them. */
size_t osq_test_size(int32_t event);
void osq_test_fill(void *record, int32_t event, uint32_t number);

/* Is the path at or below the prefix, by whole components? Both absolute. "/" covers all. */
bool osq_path_is_under(const char *path, size_t path_length, const char *prefix,
                       size_t prefix_length);

#endif
