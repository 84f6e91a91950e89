/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_SOCKETFILTER_H
#define OSQ_KPI_SOCKETFILTER_H

#include <sys/kernel_types.h>
#include <sys/socket.h>

#define SFLT_GLOBAL   0x01 /* attach to every socket that is made from now on */
#define SFLT_EXTENDED 0x04 /* sf_ext is filled in */

typedef u_int32_t sflt_handle;

typedef void (*sf_unregistered_func)(sflt_handle handle);
typedef errno_t (*sf_attach_func)(void **cookie, socket_t socket);
typedef void (*sf_detach_func)(void *cookie, socket_t socket);
typedef errno_t (*sf_connect_out_func)(void *cookie, socket_t socket, const struct sockaddr *to);
typedef errno_t (*sf_bind_func)(void *cookie, socket_t socket, const struct sockaddr *to);
typedef errno_t (*sf_accept_func)(void *cookie, socket_t listening, socket_t accepted,
                                  const struct sockaddr *local, const struct sockaddr *remote);

struct sflt_filter {
	sflt_handle sf_handle;
	int sf_flags;
	char *sf_name;
	sf_unregistered_func sf_unregistered;
	sf_attach_func sf_attach;
	sf_detach_func sf_detach;
	void *sf_notify;
	void *sf_getpeername;
	void *sf_getsockname;
	void *sf_data_in;
	void *sf_data_out;
	void *sf_connect_in;
	sf_connect_out_func sf_connect_out;
	sf_bind_func sf_bind;
	void *sf_setoption;
	void *sf_getoption;
	void *sf_listen;
	void *sf_ioctl;
	struct sflt_filter_ext {
		unsigned int sf_ext_len;
		sf_accept_func sf_ext_accept;
		void *sf_ext_rsvd[5];
	} sf_ext;
};
_Static_assert(sizeof(struct sflt_filter) == 192, "sflt_filter");
_Static_assert(offsetof(struct sflt_filter, sf_unregistered) == 16, "sflt_filter");
_Static_assert(offsetof(struct sflt_filter, sf_connect_out) == 88, "sflt_filter");
_Static_assert(offsetof(struct sflt_filter, sf_bind) == 96, "sflt_filter");
_Static_assert(offsetof(struct sflt_filter, sf_ext) == 136, "sflt_filter");
_Static_assert(sizeof(struct sflt_filter_ext) == 56, "sflt_filter_ext");
_Static_assert(offsetof(struct sflt_filter_ext, sf_ext_accept) == 8, "sflt_filter_ext");

errno_t sflt_register(const struct sflt_filter *filter, int domain, int type, int protocol);
errno_t sflt_unregister(sflt_handle handle);

#endif
