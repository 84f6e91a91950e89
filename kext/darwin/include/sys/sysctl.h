/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Values that sysctl(8) shows and sets. */
#ifndef OSQ_KPI_SYSCTL_H
#define OSQ_KPI_SYSCTL_H

#include <stddef.h>
#include <sys/types.h>

#define CTLTYPE_NODE       1
#define CTLTYPE_INT        2
#define CTLTYPE_QUAD       4
#define CTLFLAG_RD         0x80000000
#define CTLFLAG_WR         0x40000000
#define CTLFLAG_RW         (CTLFLAG_RD | CTLFLAG_WR)
#define CTLFLAG_LOCKED     0x00800000
#define CTLFLAG_OID2       0x00400000
#define OID_AUTO           (-1)
#define SYSCTL_OID_VERSION 1

struct sysctl_oid;
struct sysctl_oid_list {
	struct sysctl_oid *slh_first;
};

struct sysctl_req {
	struct proc *p;
	int lock;
	uint64_t oldptr;
	size_t oldlen;
	size_t oldidx;
	int (*oldfunc)(struct sysctl_req *request, const void *from, size_t length);
	uint64_t newptr;
	size_t newlen;
	size_t newidx;
	int (*newfunc)(struct sysctl_req *request, void *to, size_t length);
};
_Static_assert(sizeof(struct sysctl_req) == 80, "sysctl_req");
_Static_assert(offsetof(struct sysctl_req, newptr) == 48, "sysctl_req");

struct sysctl_oid {
	struct sysctl_oid_list *oid_parent;
	struct sysctl_oid *oid_link;
	int oid_number;
	int oid_kind;
	void *oid_arg1;
	int oid_arg2;
	const char *oid_name;
	int (*oid_handler)(struct sysctl_oid *object, void *arg1, int arg2,
	                   struct sysctl_req *request);
	const char *oid_fmt;
	const char *oid_descr;
	int oid_version;
	int oid_refcnt;
};
_Static_assert(sizeof(struct sysctl_oid) == 80, "sysctl_oid");
_Static_assert(offsetof(struct sysctl_oid, oid_handler) == 48, "sysctl_oid");

extern struct sysctl_oid_list sysctl__debug_children;

void sysctl_register_oid(struct sysctl_oid *object);

/* Returns when nobody is in its handler any more. */
void sysctl_unregister_oid(struct sysctl_oid *object);

/* To the program, and from it: 0 or an errno. A program that sets has a `newptr`. */
#define SYSCTL_OUT(request, from, length) ((request)->oldfunc)(request, from, length)
#define SYSCTL_IN(request, to, length)    ((request)->newfunc)(request, to, length)

#endif
