// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "control_sockets.h"
#include "darwin.h"
#include "kernel_controls.h"
#include "kpi.h"
#include "mbufs.h"
#include "panic.h"
#include "wait.h"

#define CALLER (uintptr_t) __builtin_return_address(0)

static int kernel_ctl_register(struct control_registration *registration,
                               struct kernel_control **control)
{
	wait_check_may_sleep();
	return control_register(registration, control, CALLER);
}

static int kernel_ctl_deregister(struct kernel_control *control)
{
	wait_check_may_sleep();
	return control_deregister(control);
}

static int kernel_ctl_enqueuedata(const struct kernel_control *control, uint32_t unit,
                                  const void *data, size_t length, uint32_t flags)
{
	struct mbuf *packet;
	size_t space;
	int error;

	wait_check_may_sleep();
	/* The socket's buffer is the limit, also to what is copied. */
	error = control_space(control, unit, &space);
	if (error)
		return error;
	if (space < length)
		return DARWIN_ENOBUFS;
	packet = mbuf_make_filled(data, length, 0);
	if (!packet)
		return DARWIN_ENOMEM;
	error = control_enqueue(control, unit, packet, length, flags);
	if (error)
		mbuf_release_chain(packet);
	return error;
}

static int kernel_ctl_enqueuembuf(const struct kernel_control *control, uint32_t unit,
                                  struct mbuf *packet, uint32_t flags)
{
	wait_check_may_sleep();
	mbuf_check(packet);
	if (!(packet->flags & MBUF_FLAG_PKTHDR))
		panic("ctl_enqueuembuf: mbuf %p has no packet header", (void *)packet);
	return control_enqueue(control, unit, packet, packet->packet_length, flags);
}

static int kernel_ctl_getenqueuespace(const struct kernel_control *control, uint32_t unit,
                                      size_t *space)
{
	wait_check_may_sleep();
	return control_space(control, unit, space);
}

const struct kpi_symbol kpi_kernel_control[] = {
    KPI_FUNCTION(KPI_BSD, ctl_register),        KPI_FUNCTION(KPI_BSD, ctl_deregister),
    KPI_FUNCTION(KPI_BSD, ctl_enqueuedata),     KPI_FUNCTION(KPI_BSD, ctl_enqueuembuf),
    KPI_FUNCTION(KPI_BSD, ctl_getenqueuespace), {0},
};
