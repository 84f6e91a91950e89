// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kernel_controls.h"

#include <stdlib.h>
#include <string.h>

#include "darwin.h"
#include "kext.h"
#include "leftovers.h"

#define DEFAULT_SEND    2048
#define DEFAULT_RECEIVE 8192
#define UNITS_MAX       65536

/* Of the controls, of their lists of sockets, and of the sockets' users. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct kernel_control *controls;

static bool is_known(const struct kernel_control *control)
{
	const struct kernel_control *known;

	for (known = controls; known && known != control; known = known->next)
		;
	return known != NULL;
}

static struct kernel_control *find_name(const char *name)
{
	struct kernel_control *control;

	for (control = controls; control; control = control->next)
		if (!strcmp(control->registration.name, name))
			return control;
	return NULL;
}

/* One that has its id from the kernel has all units of it. */
static struct kernel_control *find_id(uint32_t id, uint32_t unit)
{
	struct kernel_control *control;

	for (control = controls; control; control = control->next)
		if (control->registration.id == id &&
		    (!(control->registration.flags & CONTROL_REG_ID_UNIT) ||
		     control->registration.unit == unit))
			return control;
	return NULL;
}

static bool has_id(uint32_t id)
{
	const struct kernel_control *control;

	for (control = controls; control && control->registration.id != id; control = control->next)
		;
	return control != NULL;
}

/* One more than the last one has, or the first that is free after it. */
static uint32_t next_id(const struct kernel_control *newest)
{
	uint32_t id = newest ? newest->registration.id + 1 : 1;

	while (!id || has_id(id))
		id++;
	return id;
}

int control_register(struct control_registration *registration, struct kernel_control **control,
                     uintptr_t site)
{
	struct kernel_control *made, **end;
	const struct kernel_control *newest = NULL;
	bool own_id;

	if (!registration || !control || !registration->callbacks.connect ||
	    !registration->name[0] || !memchr(registration->name, 0, CONTROL_NAME_SIZE))
		return DARWIN_EINVAL;
	own_id = registration->flags & CONTROL_REG_ID_UNIT;
	made = calloc(1, sizeof(*made));
	if (!made)
		return DARWIN_ENOMEM;
	pthread_mutex_lock(&mutex);
	if (own_id ? find_id(registration->id, registration->unit) != NULL
	           : find_name(registration->name) != NULL) {
		pthread_mutex_unlock(&mutex);
		free(made);
		return DARWIN_EEXIST;
	}
	for (end = &controls; *end; end = &(*end)->next)
		if (!((*end)->registration.flags & CONTROL_REG_ID_UNIT))
			newest = *end;
	if (!own_id)
		registration->id = next_id(newest);
	if (!registration->send_size)
		registration->send_size = DEFAULT_SEND;
	if (!registration->receive_size)
		registration->receive_size = DEFAULT_RECEIVE;
	/* No more of it than its flags say that there is. */
	memcpy(&made->registration, registration,
	       registration->flags & CONTROL_REG_EXTENDED
	           ? sizeof(made->registration)
	           : offsetof(struct control_registration, received));
	made->site = site;
	*end = made;
	pthread_mutex_unlock(&mutex);
	*control = made;
	return 0;
}

int control_deregister(struct kernel_control *control)
{
	struct kernel_control **link;
	int error = 0;

	pthread_mutex_lock(&mutex);
	if (!is_known(control))
		error = DARWIN_EINVAL;
	else if (control->sockets)
		error = DARWIN_EBUSY;
	if (!error) {
		for (link = &controls; *link != control; link = &(*link)->next)
			;
		*link = control->next;
	}
	pthread_mutex_unlock(&mutex);
	if (!error)
		free(control);
	return error;
}

int control_find(const char *name, uint32_t *id)
{
	const struct kernel_control *control;

	if (!*name || strlen(name) >= CONTROL_NAME_SIZE)
		return DARWIN_EINVAL;
	pthread_mutex_lock(&mutex);
	control = find_name(name);
	if (control)
		*id = control->registration.id;
	pthread_mutex_unlock(&mutex);
	return control ? 0 : DARWIN_ENOENT;
}

/* Sockets are in the order of their units. The place of a unit, or that of the first free one. */
static struct control_socket **find_place(struct kernel_control *control, uint32_t *unit)
{
	struct control_socket **link = &control->sockets;
	uint32_t free_unit = 1;

	while (*link && (*unit ? (*link)->unit < *unit : (*link)->unit == free_unit)) {
		free_unit = (*link)->unit + 1;
		link = &(*link)->next;
	}
	if (!*unit)
		*unit = free_unit;
	return link;
}

static int attach(struct control_socket *socket, uint32_t id, uint32_t unit, bool privileged)
{
	struct kernel_control *control = find_id(id, unit);
	struct control_socket **link;
	const bool any = !unit;
	uint32_t flags;

	if (!control)
		return DARWIN_ENOENT;
	flags = control->registration.flags;
	if ((socket->type == CONTROL_SOCK_STREAM) != !!(flags & CONTROL_REG_STREAM))
		return DARWIN_EPROTOTYPE;
	if (flags & CONTROL_PRIVILEGED && !privileged)
		return DARWIN_EPERM;
	link = find_place(control, &unit);
	if ((any && unit >= UNITS_MAX) || (*link && (*link)->unit == unit))
		return DARWIN_EBUSY;
	receive_buffer_limit(&socket->in, control->registration.receive_size);
	socket->send_max = control->registration.send_size;
	socket->unit = unit;
	socket->control = control;
	socket->next = *link;
	*link = socket;
	return 0;
}

int control_attach(struct control_socket *socket, uint32_t id, uint32_t unit, bool privileged)
{
	int error;

	pthread_mutex_lock(&mutex);
	error = attach(socket, id, unit, privileged);
	pthread_mutex_unlock(&mutex);
	return error;
}

void control_detach(struct control_socket *socket)
{
	struct control_socket **link;

	pthread_mutex_lock(&mutex);
	for (link = &socket->control->sockets; *link != socket; link = &(*link)->next)
		;
	*link = socket->next;
	while (socket->users)
		pthread_cond_wait(&changed, &mutex);
	socket->control = NULL;
	pthread_mutex_unlock(&mutex);
}

struct control_socket *control_get_socket(const struct kernel_control *control, uint32_t unit)
{
	struct control_socket *socket = NULL;

	pthread_mutex_lock(&mutex);
	if (is_known(control)) {
		for (socket = control->sockets; socket && socket->unit != unit;
		     socket = socket->next)
			;
		if (socket)
			socket->users++;
	}
	pthread_mutex_unlock(&mutex);
	return socket;
}

void control_put_socket(struct control_socket *socket)
{
	pthread_mutex_lock(&mutex);
	socket->users--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

void controls_tell_left(const struct kext *kext)
{
	const struct kernel_control *control;

	pthread_mutex_lock(&mutex);
	for (control = controls; control; control = control->next)
		if (kext_at(control->site) == kext)
			leftovers_tell(control->site, "the kernel control %s%s",
			               control->registration.name,
			               control->sockets ? ", with clients," : "");
	pthread_mutex_unlock(&mutex);
}
