/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The contract of an extension's log channel: what its messages look like to programs, and what
 * programs may ask. One header for Linux modules, XNU extensions and the programs of both.
 *
 * A client connects and reads a stream of records, each a struct osq_log_record with its text.
 *
 *   Linux    It makes a pipe, opens /proc/NAME_log, gives the pipe's writing end away by CONNECT
 * and closes both. The pipe is the channel: it may be polled, and its end is the end of the
 *            extension. So a client does not keep the module from being unloaded.
 *   XNU      A kernel control: NAME is a stream as well ("NAME.stream"), and for those who want a
 *            record for each recv(2) datagrams ("NAME"). What Linux asks by ioctl(2) are options of
 *            the level SYSPROTO_CONTROL here. A record with OSQ_LOG_CLOSING asks the client to
 *            close: the extension waits a moment for that before it refuses to be unloaded.
 *
 * Of every message that a client's level admits, the client gets the record or its count: `dropped`
 * of the next record, and of the statistics, tells how many it did not get since it connected. The
 * last record (OSQ_LOG_CLOSING) tells the extension's account of it all: there is always room for
 * that one, so that who reads to the end, however late, knows what it did not get.
 *
 * A message that finds no client (who has closed or was killed is none, from that moment), or no
 * room with those that want it, goes to the system log as a line
 *
 *   NAME: LEVEL PID/TID #SEQUENCE: TEXT          osquery: warning 812/815 #1204: no room
 *
 * so many in a second as the settings say (and ten times as many at once); what is beyond, is
 * counted as lost. Every message is in one of four counts:
 *
 *   sent == delivered + unwanted + system_log + lost
 */
#ifndef OSQ_LOG_H
#define OSQ_LOG_H

#if defined(__KERNEL__) && defined(__linux__)
#include <linux/types.h>
#else
#include <stdint.h>
#endif

enum {
	OSQ_LOG_TRACE = 1,
	OSQ_LOG_DEBUG = 2,
	OSQ_LOG_INFO = 3,
	OSQ_LOG_WARNING = 4,
	OSQ_LOG_ERROR = 5,
	OSQ_LOG_OFF = 6, /* as a limit only: admits nothing */
};

#define OSQ_LOG_MAGIC       0x4C51534Fu /* "OSQL" */
#define OSQ_LOG_VERSION     1
#define OSQ_LOG_TEXT_MAX    968 /* bytes; what is longer is cut */
#define OSQ_LOG_RECORD_MAX  1016
#define OSQ_LOG_CLIENTS_MAX 8
#define OSQ_LOG_BUFFER                                                                             \
	(512u << 10) /* bytes that wait in the kernel for a client that does not read */

/* Flags of a record. */
#define OSQ_LOG_DROPPED_BEFORE 1 /* `dropped` grew since the client's record before */
#define OSQ_LOG_TRUNCATED      2 /* the text was longer */
#define OSQ_LOG_CLOSING        4 /* the channel ends: a struct osq_log_closing */

/*
 * Little-endian, at any address in the stream. Records of one client come in the order of their
 * sequence; where numbers are missing, its level did not admit the messages, or they were dropped.
 */
struct osq_log_record {
	uint32_t magic;
	uint16_t version;
	uint16_t size; /* of it all, with the text; the next record follows at once */
	uint8_t level;
	uint8_t flags;
	uint16_t text_length; /* the text follows, without a NUL; any bytes */
	int32_t pid;          /* who was running; 0 in an interrupt */
	uint64_t tid;
	uint64_t time;     /* nanoseconds since boot, without the time that the machine slept */
	uint64_t sequence; /* of the extension's messages since it was loaded, from 1 */
	uint64_t dropped;  /* of this client's messages, since it connected, before this one */
};
_Static_assert(sizeof(struct osq_log_record) == 48, "osq_log_record");

/*
 * Since the extension was loaded; the client's since it connected:
 *
 *   client_sent == client_delivered + client_unwanted + client_dropped
 */
struct osq_log_statistics {
	uint64_t time;   /* now, as records tell it */
	uint64_t epoch;  /* the same moment in nanoseconds since 1970 */
	uint64_t loaded; /* when the extension was, as records tell it */
	uint64_t sent;
	uint64_t delivered; /* to at least one client */
	uint64_t unwanted;  /* by the level of every client */
	uint64_t system_log;
	uint64_t lost;
	uint64_t no_client, full,
	    no_memory; /* why nobody took what went to the system log or was lost */
	uint64_t client_sent, client_delivered, client_unwanted, client_dropped;
	uint32_t clients;
	int32_t client_level;
};
_Static_assert(sizeof(struct osq_log_statistics) == 128, "osq_log_statistics");

/* The last record: no sequence, and for a text what became of the messages until then. */
struct osq_log_closing {
	struct osq_log_record record;
	struct osq_log_statistics statistics;
};
_Static_assert(sizeof(struct osq_log_closing) == 176, "osq_log_closing");

/* Of the extension, the same for all clients. */
struct osq_log_settings {
	int32_t level;           /* what is below it is not even made */
	int32_t system_log_rate; /* lines in a second; 0: none goes there */
};
_Static_assert(sizeof(struct osq_log_settings) == 8, "osq_log_settings");
#define OSQ_LOG_RATE_MAX 100000

/* Options of a kernel control. EINVAL for a value that is none, ENOPROTOOPT for other options. */
enum {
	OSQ_LOG_OPTION_LEVEL = 1,      /* int32_t: this client's; at first OSQ_LOG_TRACE */
	OSQ_LOG_OPTION_SETTINGS = 2,   /* struct osq_log_settings */
	OSQ_LOG_OPTION_STATISTICS = 3, /* struct osq_log_statistics; can only be read */
	OSQ_LOG_OPTION_TEST = 4,       /* struct osq_log_test; is read, test builds only */
};

/* Requests to the Linux file; ENOTTY from one whose module has gone. A client is named by its unit:
 * ENXIO when it is gone. */
struct osq_log_connect {
	int32_t pipe; /* EINVAL where it is no pipe open for writing */
	int32_t level;
	uint32_t unit; /* the answer; EBUSY when there are OSQ_LOG_CLIENTS_MAX */
};

struct osq_log_unit {
	uint32_t unit;
	int32_t level;
};

struct osq_log_unit_statistics {
	uint64_t unit; /* 0: nobody's; the client's numbers are 0 */
	struct osq_log_statistics statistics;
};

/*
 * Messages by the kernel, for tests and measurements: `threads` threads log `messages` each, of
 * `length` bytes, numbered "T M" with the thread's number and the message's.
 */
struct osq_log_test {
	uint32_t threads; /* 1 to 64 */
	uint32_t context; /* below */
	int32_t level;
	uint32_t
	    length; /* of the text, filled up with '.'; 0: as it is. To twice OSQ_LOG_TEXT_MAX */
	uint64_t messages;
	uint64_t nanoseconds; /* the answer: from the first thread's start to the last one's end */
};
_Static_assert(sizeof(struct osq_log_test) == 32, "osq_log_test");

enum {
	OSQ_LOG_TEST_THREAD = 0,
	OSQ_LOG_TEST_INTERRUPT = 1, /* Linux: interrupts' own context; EOPNOTSUPP elsewhere */
	OSQ_LOG_TEST_LOCKED =
	    2, /* Linux: under a spin lock, interrupts off; EOPNOTSUPP elsewhere */
	OSQ_LOG_TEST_SYSTEM_LOG = 3, /* not through the channel: printk, printf */
};

#if defined(__linux__) && !defined(KEXTHOST)
#if defined(__KERNEL__)
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif
#define OSQ_LOG_IOCTL_CONNECT      _IOWR(0xFB, 1, struct osq_log_connect)
#define OSQ_LOG_IOCTL_LEVEL        _IOW(0xFB, 2, struct osq_log_unit)
#define OSQ_LOG_IOCTL_GET_SETTINGS _IOR(0xFB, 3, struct osq_log_settings)
#define OSQ_LOG_IOCTL_SET_SETTINGS _IOW(0xFB, 4, struct osq_log_settings)
#define OSQ_LOG_IOCTL_STATISTICS   _IOWR(0xFB, 5, struct osq_log_unit_statistics)
#define OSQ_LOG_IOCTL_TEST         _IOWR(0xFB, 6, struct osq_log_test)
#endif

#endif
