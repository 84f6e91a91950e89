// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_control.h"

#include <IOKit/IOLib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/errno.h>
#include <sys/kern_control.h>
#include <sys/proc.h>

#include "callbacks.h"
#include "locks.h"
#include "log.h"
#include "log_port.h"
#include "log_testing.h"

#define NAME          "com.facebook.security.osquery.log"
#define CLOSING_TRIES 100 /* of 10 ms each */
#define LINE_SIZE     1100

struct client {
	struct osq_log_subscriber subscriber;
	struct client *next;
	kern_ctl_ref control;
	u_int32_t unit;
	u_int32_t flags; /* with which its records are put */
	int pid;
};

static lck_mtx_t *lock; /* the channel's */

/*
 * Guards what follows, and that a client lives: before 10.15.1 the kernel ends one connection by a
 * thread while another one is in a callback of the same. So the pointer that callbacks are handed
 * is not used.
 */
static lck_mtx_t *mutex;
static struct client *clients;
static bool closing;

static kern_ctl_ref stream, datagrams;
static struct osq_callbacks callbacks;

osq_log_lock_state_t osq_log_port_lock(void)
{
	lck_mtx_lock(lock);
	return 0;
}

void osq_log_port_unlock(osq_log_lock_state_t state)
{
	(void)state;
	lck_mtx_unlock(lock);
}

int osq_log_port_put(struct osq_log_subscriber *subscriber, const struct osq_log_record *record)
{
	const struct client *client = (struct client *)subscriber;
	errno_t error = ctl_enqueuedata(client->control, client->unit, (void *)record, record->size,
	                                client->flags);

	return !error || error == ENOBUFS ? error : ENOMEM;
}

void osq_log_port_system_log(int32_t level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	(void)level;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	IOLog("%s\n", line);
}

/* The pointer to it, or the one behind the last. */
static struct client **find(kern_ctl_ref control, u_int32_t unit)
{
	struct client **link = &clients;

	while (*link && ((*link)->control != control || (*link)->unit != unit))
		link = &(*link)->next;
	return link;
}

static errno_t add(kern_ctl_ref control, u_int32_t unit, u_int32_t flags)
{
	struct client *client = IOMalloc(sizeof(*client));
	int error;

	if (!client)
		return ENOMEM;
	*client = (struct client){
	    .control = control, .unit = unit, .flags = flags, .pid = proc_selfpid()};
	lck_mtx_lock(mutex);
	error = closing ? ENXIO : osq_log_subscribe(&client->subscriber, OSQ_LOG_TRACE);
	if (!error) {
		client->next = clients;
		clients = client;
	}
	lck_mtx_unlock(mutex);
	if (error)
		IOFree(client, sizeof(*client));
	return error;
}

static errno_t on_connect_stream(kern_ctl_ref control, struct sockaddr_ctl *address, void **info)
{
	errno_t error;

	*info = NULL;
	osq_callbacks_enter(&callbacks);
	error = add(control, address->sc_unit, 0);
	osq_callbacks_leave(&callbacks);
	return error;
}

static errno_t on_connect_datagrams(kern_ctl_ref control, struct sockaddr_ctl *address, void **info)
{
	errno_t error;

	*info = NULL;
	osq_callbacks_enter(&callbacks);
	error = add(control, address->sc_unit, CTL_DATA_EOR);
	osq_callbacks_leave(&callbacks);
	return error;
}

/* Also for who was refused. */
static errno_t on_disconnect(kern_ctl_ref control, u_int32_t unit, void *info)
{
	struct client **link, *client;

	(void)info;
	osq_callbacks_enter(&callbacks);
	lck_mtx_lock(mutex);
	link = find(control, unit);
	client = *link;
	if (client) {
		*link = client->next;
		osq_log_unsubscribe(&client->subscriber);
		IOFree(client, sizeof(*client));
	}
	lck_mtx_unlock(mutex);
	osq_callbacks_leave(&callbacks);
	return 0;
}

static int set_level(kern_ctl_ref control, u_int32_t unit, int32_t level)
{
	struct client *client;
	int error = ENXIO;

	lck_mtx_lock(mutex);
	client = *find(control, unit);
	if (client)
		error = osq_log_set_level(&client->subscriber, level);
	lck_mtx_unlock(mutex);
	return error;
}

static errno_t set(kern_ctl_ref control, u_int32_t unit, int option, const void *data,
                   size_t length)
{
	struct osq_log_settings settings;
	int32_t level;

	switch (option) {
	case OSQ_LOG_OPTION_LEVEL:
		if (length != sizeof(level))
			return EINVAL;
		memcpy(&level, data, sizeof(level));
		return set_level(control, unit, level);
	case OSQ_LOG_OPTION_SETTINGS:
		if (length != sizeof(settings))
			return EINVAL;
		memcpy(&settings, data, sizeof(settings));
		return osq_log_set_settings(&settings);
	}
	return ENOPROTOOPT;
}

static errno_t on_set(kern_ctl_ref control, u_int32_t unit, void *info, int option, void *data,
                      size_t length)
{
	errno_t error;

	(void)info;
	osq_callbacks_enter(&callbacks);
	error = set(control, unit, option, data, length);
	osq_callbacks_leave(&callbacks);
	return error;
}

/* `room` has how much may be written to `data`, and then how much there is. */
static errno_t give(const void *value, size_t length, void *data, size_t *room)
{
	if (data && *room < length)
		return EINVAL;
	if (data)
		memcpy(data, value, length);
	*room = length;
	return 0;
}

static errno_t get_statistics(kern_ctl_ref control, u_int32_t unit, void *data, size_t *length)
{
	struct osq_log_statistics statistics;
	const struct client *client;

	lck_mtx_lock(mutex);
	client = *find(control, unit);
	osq_log_get_statistics(client ? &client->subscriber : NULL, &statistics);
	lck_mtx_unlock(mutex);
	return give(&statistics, sizeof(statistics), data, length);
}

static errno_t get(kern_ctl_ref control, u_int32_t unit, int option, void *data, size_t *length)
{
	struct osq_log_settings settings;
	struct client *client;
	int32_t level = OSQ_LOG_OFF;

	switch (option) {
	case OSQ_LOG_OPTION_LEVEL:
		lck_mtx_lock(mutex);
		client = *find(control, unit);
		if (client)
			level = client->subscriber.level;
		lck_mtx_unlock(mutex);
		return give(&level, sizeof(level), data, length);
	case OSQ_LOG_OPTION_SETTINGS:
		osq_log_get_settings(&settings);
		return give(&settings, sizeof(settings), data, length);
	case OSQ_LOG_OPTION_STATISTICS:
		return get_statistics(control, unit, data, length);
	case OSQ_LOG_OPTION_TEST:
		return osq_log_testing_run(data, length);
	}
	return ENOPROTOOPT;
}

static errno_t on_get(kern_ctl_ref control, u_int32_t unit, void *info, int option, void *data,
                      size_t *length)
{
	errno_t error;

	(void)info;
	osq_callbacks_enter(&callbacks);
	error = get(control, unit, option, data, length);
	osq_callbacks_leave(&callbacks);
	return error;
}

static errno_t make(const char *name, u_int32_t flags, ctl_connect_func on_connect,
                    kern_ctl_ref *control)
{
	/* Kernels read more than the structure has. */
	union {
		struct kern_ctl_reg registration;
		char room[512];
	} all;

	memset(&all, 0, sizeof(all));
	strlcpy(all.registration.ctl_name, name, sizeof(all.registration.ctl_name));
	all.registration.ctl_flags = CTL_FLAG_PRIVILEGED | flags;
	all.registration.ctl_recvsize = OSQ_LOG_BUFFER;
	all.registration.ctl_connect = on_connect;
	all.registration.ctl_disconnect = on_disconnect;
	all.registration.ctl_setopt = on_set;
	all.registration.ctl_getopt = on_get;
	return ctl_register(&all.registration, control);
}

static errno_t make_stream(void)
{
	return make(NAME ".stream", CTL_FLAG_REG_SOCK_STREAM, on_connect_stream, &stream);
}

static errno_t make_datagrams(void)
{
	return make(NAME, 0, on_connect_datagrams, &datagrams);
}

/* Whose one of them is; 0 when there are none. */
static int some_client(void)
{
	int pid;

	lck_mtx_lock(mutex);
	pid = clients ? clients->pid : 0;
	lck_mtx_unlock(mutex);
	return pid;
}

static void set_closing(bool is)
{
	lck_mtx_lock(mutex);
	closing = is;
	lck_mtx_unlock(mutex);
	if (!is)
		osq_log_stay_open();
}

/* The last client's end is told to us before the kernel has done with it. */
static int take_away(kern_ctl_ref control)
{
	int tries, error = EBUSY;

	for (tries = 0; tries < CLOSING_TRIES && error == EBUSY; tries++) {
		error = ctl_deregister(control);
		if (error == EBUSY)
			IOSleep(10);
	}
	return error;
}

int osq_log_control_init(void)
{
	int error = ENOMEM;

	clients = NULL;
	closing = true;
	lock = lck_mtx_alloc_init(osq_lock_group, NULL);
	if (!lock)
		return ENOMEM;
	mutex = lck_mtx_alloc_init(osq_lock_group, NULL);
	if (!mutex)
		goto no_mutex;
	osq_log_start("osquery");
	error = make_stream();
	if (error)
		goto no_stream;
	error = make_datagrams();
	if (error)
		goto no_datagrams;
	return 0;

no_datagrams:
	(void)take_away(stream);
	osq_callbacks_drain(&callbacks);
	osq_callbacks_settle();
no_stream:
	osq_log_stop();
	lck_mtx_free(mutex, osq_lock_group);
no_mutex:
	lck_mtx_free(lock, osq_lock_group);
	return error;
}

void osq_log_control_open(void)
{
	set_closing(false);
}

static int close_clients(void)
{
	int tries;

	for (tries = 0; tries < CLOSING_TRIES; tries++) {
		(void)osq_log_tell_closing(); /* who has had no room yet */
		if (!some_client())
			return 0;
		IOSleep(10);
	}
	return some_client() ? EBUSY : 0;
}

int osq_log_control_remove(void)
{
	set_closing(true);
	if (close_clients()) {
		const int pid = some_client();

		set_closing(false);
		osq_log_warning("stays loaded: process %d reads its log", pid);
		return EBUSY;
	}
	if (take_away(datagrams)) {
		set_closing(false);
		return EBUSY;
	}
	if (take_away(stream)) {
		if (make_datagrams())
			osq_log_error("no datagrams of the log any more");
		set_closing(false);
		return EBUSY;
	}
	osq_callbacks_drain(&callbacks);
	return 0;
}

void osq_log_control_exit(void)
{
	osq_log_stop();
	lck_mtx_free(mutex, osq_lock_group);
	lck_mtx_free(lock, osq_lock_group);
}
