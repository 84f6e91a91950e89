// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <string.h>

#include "allocations.h"
#include "darwin.h"
#include "kpi.h"
#include "panic.h"
#include "process.h"
#include "selections.h"
#include "uios.h"
#include "wait.h"

#define CALLER      (uintptr_t) __builtin_return_address(0)
#define VECTORS_MAX 1024

static int kernel_uiomove(void *bytes, int length, struct uio *uio)
{
	wait_check_may_sleep();
	return length > 0 ? uio_move(uio, bytes, (size_t)length) : 0;
}

static int kernel_uiomove64(uint64_t address, int length, struct uio *uio)
{
	return kernel_uiomove((void *)(uintptr_t)address, length, uio);
}

static void check_kind(const char *function, int space, int direction)
{
	if (direction != UIO_READ && direction != UIO_WRITE)
		panic("%s - direction is bad", function);
	if (space != UIO_USERSPACE && space != UIO_SYSSPACE && space != UIO_USERSPACE32 &&
	    space != UIO_USERSPACE64 && space != UIO_SYSSPACE32)
		panic("%s - bad spacetype", function);
}

static struct uio *make(unsigned int room, uintptr_t site)
{
	return allocation_make(UIO_SIZE(room), 1, ALLOCATION_OBJECT, NULL, site);
}

static struct uio *kernel_uio_create(int room, int64_t offset, int space, int direction)
{
	struct uio *uio;

	check_kind("uio_create", space, direction);
	if (room < 0 || room > VECTORS_MAX)
		panic("uio_create - invalid size");
	uio = make((unsigned int)room, CALLER);
	if (uio)
		uio_init(uio, (unsigned int)room, offset, space, direction);
	return uio;
}

static void kernel_uio_reset(struct uio *uio, int64_t offset, int space, int direction)
{
	check_kind("uio_reset", space, direction);
	uio_init(uio, uio->room, offset, space, direction);
}

static struct uio *kernel_uio_duplicate(const struct uio *uio)
{
	struct uio *copy = make(uio->room, CALLER);

	if (!copy)
		return NULL;
	memcpy(copy, uio, UIO_SIZE(uio->room));
	copy->current = copy->vectors + (uio->current - uio->vectors);
	return copy;
}

static void kernel_uio_free(struct uio *uio)
{
	allocation_free(uio, ALLOCATION_SIZE_UNKNOWN, ALLOCATION_OBJECT, NULL);
}

static int kernel_uio_addiov(struct uio *uio, uint64_t base, uint64_t length)
{
	return uio_add(uio, base, length) ? 0 : -1;
}

static unsigned int count_left(const struct uio *uio)
{
	return (unsigned int)(uio->vectors + uio->count - uio->current);
}

static int kernel_uio_getiov(const struct uio *uio, int index, uint64_t *base, uint64_t *length)
{
	if (index < 0 || (unsigned int)index >= count_left(uio))
		return -1;
	if (base)
		*base = uio->current[index].base;
	if (length)
		*length = uio->current[index].length;
	return 0;
}

static int64_t kernel_uio_resid(const struct uio *uio)
{
	return uio->left;
}

static void kernel_uio_setresid(struct uio *uio, int64_t left)
{
	uio->left = left;
}

static int64_t kernel_uio_offset(const struct uio *uio)
{
	return uio->offset;
}

static void kernel_uio_setoffset(struct uio *uio, int64_t offset)
{
	uio->offset = offset;
}

static int kernel_uio_rw(const struct uio *uio)
{
	return uio->direction;
}

static void kernel_uio_setrw(struct uio *uio, int direction)
{
	check_kind("uio_setrw", UIO_SYSSPACE, direction);
	uio->direction = direction;
}

static int kernel_uio_isuserspace(const struct uio *uio)
{
	return uio_is_user(uio);
}

static int kernel_uio_iovcnt(const struct uio *uio)
{
	return (int)count_left(uio);
}

static uint64_t kernel_uio_curriovbase(const struct uio *uio)
{
	return count_left(uio) ? uio->current->base : 0;
}

static uint64_t kernel_uio_curriovlen(const struct uio *uio)
{
	return count_left(uio) ? uio->current->length : 0;
}

static void kernel_uio_update(struct uio *uio, uint64_t length)
{
	uio_advance(uio, length);
}

/* `selection` is what d_select was given: NULL where nobody waits. */
static void kernel_selrecord(struct process *process, const void *selinfo,
                             struct selection *selection)
{
	(void)process;
	if (selection)
		selection_record(selection, selinfo);
}

static void kernel_selwakeup(const void *selinfo)
{
	selections_wake(selinfo);
}

static void kernel_selthreadclear(const void *selinfo)
{
	selections_forget(selinfo);
}

const struct kpi_symbol kpi_uio[] = {
    KPI_FUNCTION(KPI_BSD, uiomove),
    KPI_FUNCTION(KPI_BSD, uiomove64),
    KPI_FUNCTION(KPI_BSD, uio_create),
    KPI_FUNCTION(KPI_BSD, uio_reset),
    KPI_FUNCTION(KPI_BSD, uio_duplicate),
    KPI_FUNCTION(KPI_BSD, uio_free),
    KPI_FUNCTION(KPI_BSD, uio_addiov),
    KPI_FUNCTION(KPI_BSD, uio_getiov),
    KPI_FUNCTION(KPI_BSD, uio_resid),
    KPI_FUNCTION(KPI_BSD, uio_setresid),
    KPI_FUNCTION(KPI_BSD, uio_offset),
    KPI_FUNCTION(KPI_BSD, uio_setoffset),
    KPI_FUNCTION(KPI_BSD, uio_rw),
    KPI_FUNCTION(KPI_BSD, uio_setrw),
    KPI_FUNCTION(KPI_BSD, uio_isuserspace),
    KPI_FUNCTION(KPI_BSD, uio_iovcnt),
    KPI_FUNCTION(KPI_BSD, uio_curriovbase),
    KPI_FUNCTION(KPI_BSD, uio_curriovlen),
    KPI_FUNCTION(KPI_BSD, uio_update),
    KPI_FUNCTION(KPI_BSD, selrecord),
    KPI_FUNCTION(KPI_BSD, selwakeup),
    KPI_FUNCTION(KPI_BSD, selthreadclear),
    {0},
};
