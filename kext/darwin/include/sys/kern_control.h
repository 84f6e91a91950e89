/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Kernel controls: a kext's end of sockets of PF_SYSTEM and SYSPROTO_CONTROL. */
#ifndef OSQ_KPI_KERN_CONTROL_H
#define OSQ_KPI_KERN_CONTROL_H

#include <sys/kpi_mbuf.h>
#include <sys/types.h>

#define MAX_KCTL_NAME            96
#define CTL_FLAG_PRIVILEGED      0x1 /* for the superuser alone */
#define CTL_FLAG_REG_ID_UNIT     0x2 /* the kext has chosen ctl_id and ctl_unit */
#define CTL_FLAG_REG_SOCK_STREAM 0x4
#define CTL_DATA_NOWAKEUP        0x1
#define CTL_DATA_EOR             0x2 /* what follows is another record */

typedef void *kern_ctl_ref;

struct sockaddr_ctl {
	unsigned char sc_len;
	unsigned char sc_family;
	uint16_t ss_sysaddr;
	u_int32_t sc_id;
	u_int32_t sc_unit;
	u_int32_t sc_reserved[5];
};
_Static_assert(sizeof(struct sockaddr_ctl) == 32, "sockaddr_ctl");

typedef errno_t (*ctl_connect_func)(kern_ctl_ref reference, struct sockaddr_ctl *address,
                                    void **unitinfo);
typedef errno_t (*ctl_disconnect_func)(kern_ctl_ref reference, u_int32_t unit, void *unitinfo);

/* The packet is the callback's, also where it fails. */
typedef errno_t (*ctl_send_func)(kern_ctl_ref reference, u_int32_t unit, void *unitinfo,
                                 mbuf_t packet, int flags);

/* `data` is a copy of the program's, NULL where that is empty. */
typedef errno_t (*ctl_setopt_func)(kern_ctl_ref reference, u_int32_t unit, void *unitinfo,
                                   int option, void *data, size_t length);

/* `data` is NULL where only the length is wanted. */
typedef errno_t (*ctl_getopt_func)(kern_ctl_ref reference, u_int32_t unit, void *unitinfo,
                                   int option, void *data, size_t *length);

struct kern_ctl_reg {
	char ctl_name[MAX_KCTL_NAME];
	u_int32_t ctl_id;
	u_int32_t ctl_unit;
	u_int32_t ctl_flags;
	u_int32_t ctl_sendsize;
	u_int32_t ctl_recvsize;
	ctl_connect_func ctl_connect;
	ctl_disconnect_func ctl_disconnect;
	ctl_send_func ctl_send;
	ctl_setopt_func ctl_setopt;
	ctl_getopt_func ctl_getopt;
};
_Static_assert(sizeof(struct kern_ctl_reg) == 160, "kern_ctl_reg");
_Static_assert(offsetof(struct kern_ctl_reg, ctl_connect) == 120, "kern_ctl_reg");

/*
 * From macOS 10.13 on the kernel reads up to 192 bytes: what lies behind the structure must be
 * zero. EINVAL, ENOMEM, EEXIST.
 */
errno_t ctl_register(struct kern_ctl_reg *registration, kern_ctl_ref *reference);

/* EBUSY while there are clients, also within the callback that tells of the last one's end. */
errno_t ctl_deregister(kern_ctl_ref reference);

/* ENOBUFS where the client's buffer has no room; the packet is the caller's still then. */
errno_t ctl_enqueuedata(kern_ctl_ref reference, u_int32_t unit, void *data, size_t length,
                        u_int32_t flags);
errno_t ctl_enqueuembuf(kern_ctl_ref reference, u_int32_t unit, mbuf_t packet, u_int32_t flags);
errno_t ctl_getenqueuespace(kern_ctl_ref reference, u_int32_t unit, size_t *space);

#endif
