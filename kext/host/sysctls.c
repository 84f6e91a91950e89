// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "sysctls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "darwin.h"
#include "kext.h"
#include "leftovers.h"
#include "panic.h"
#include "process.h"

#define VERSION    1
#define AUTO       (-1)
#define FIRST_AUTO 100
#define NAME_MAX   12 /* parts */
#define OLD_SIZE   64 /* of an object without the newer members */

/* Every object that a kext has registered. */
struct registration {
	struct registration *next;
	struct sysctl_object *object; /* the kext's, or a copy of an old one */
	const void *original;
	char name[64];
	uintptr_t site;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct registration *registrations;

static void insert(struct sysctl_object *object)
{
	struct sysctl_object **link;

	if (object->number == AUTO)
		object->number = FIRST_AUTO;
	for (link = &object->parent->first; *link; link = &(*link)->next) {
		if ((*link)->number > object->number)
			break;
		if ((*link)->number == object->number && object->number >= FIRST_AUTO)
			object->number++;
	}
	object->next = *link;
	*link = object;
}

static struct registration **find(const void *original)
{
	struct registration **link = &registrations;

	while (*link && (*link)->original != original)
		link = &(*link)->next;
	return link;
}

void sysctl_register(struct sysctl_object *object, uintptr_t site)
{
	struct registration *registration;
	const bool old = !(object->kind & SYSCTL_OID2);

	if (!old && object->version != VERSION)
		return;
	if (object->number < AUTO)
		panic("trying to register a sysctl with a negative number: %d", object->number);
	registration = calloc(1, sizeof(*registration));
	if (!registration)
		abort();
	registration->original = registration->object = object;
	registration->site = site;
	strncpy(registration->name, object->name, sizeof(registration->name) - 1);
	if (old) {
		registration->object = calloc(1, sizeof(*object));
		if (!registration->object)
			abort();
		memcpy(registration->object, object, OLD_SIZE);
	}
	registration->object->references = 0;
	pthread_mutex_lock(&mutex);
	if (*find(object))
		panic("sysctl %s is registered already", object->name);
	insert(registration->object);
	registration->next = registrations;
	registrations = registration;
	pthread_mutex_unlock(&mutex);
}

void sysctl_unregister(struct sysctl_object *object)
{
	struct registration **link, *registration;
	struct sysctl_object **place;

	pthread_mutex_lock(&mutex);
	link = find(object);
	registration = *link;
	if (registration) {
		*link = registration->next;
		object = registration->object;
		for (place = &object->parent->first; *place && *place != object;
		     place = &(*place)->next)
			;
		if (*place)
			*place = object->next;
		while (object->references)
			pthread_cond_wait(&changed, &mutex);
	}
	pthread_mutex_unlock(&mutex);
	if (registration && object != registration->original)
		free(object);
	free(registration);
}

/* The part of a name up to the next dot. */
static bool has_name(const struct sysctl_object *object, const char *part, size_t length)
{
	return strlen(object->name) == length && !memcmp(object->name, part, length);
}

/* Under the mutex. NULL where there is none. */
static struct sysctl_object *look_up(const char *name)
{
	struct sysctl_object *object = NULL;
	const struct sysctl_list *list = &sysctl_root;
	unsigned int parts;

	for (parts = 0; list && parts < NAME_MAX; parts++) {
		const size_t length = strcspn(name, ".");

		for (object = list->first; object && !has_name(object, name, length);
		     object = object->next)
			;
		if (!object || !name[length] || !name[length + 1])
			return object;
		list = (object->kind & SYSCTL_KIND) == SYSCTL_NODE ? object->argument : NULL;
		name += length + 1;
	}
	return NULL;
}

static int check(const struct sysctl_object *object, const struct sysctl_request *request)
{
	if ((object->kind & SYSCTL_KIND) == SYSCTL_NODE && !object->handler)
		return DARWIN_EISDIR;
	if (!object->handler)
		return DARWIN_EINVAL;
	if (request->new && (!(object->kind & SYSCTL_WRITE) || (!(object->kind & SYSCTL_ANYBODY) &&
	                                                        request->process->credential->uid)))
		return DARWIN_EPERM;
	return 0;
}

int sysctl_call(const char *name, struct sysctl_request *request, struct sysctl_kind *kind)
{
	struct sysctl_object *object;
	struct kext_call call;
	int error = DARWIN_ENOENT;

	pthread_mutex_lock(&mutex);
	object = look_up(name);
	if (object) {
		kind->kind = object->kind;
		snprintf(kind->format, sizeof(kind->format), "%s",
		         object->format ? object->format : "");
		error = check(object, request);
	}
	if (!error)
		object->references++;
	pthread_mutex_unlock(&mutex);
	if (error)
		return error;
	KEXT_CALL_BEGIN(&call, object->handler);
	error = object->handler(object, object->argument, object->second, request);
	kext_call_end(&call);
	pthread_mutex_lock(&mutex);
	object->references--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	return error;
}

static void print_names(FILE *out, const char *before, const struct sysctl_object *object,
                        unsigned int depth)
{
	char name[512];

	snprintf(name, sizeof(name), "%s%s%s", before, *before ? "." : "", object->name);
	if ((object->kind & SYSCTL_KIND) != SYSCTL_NODE) {
		if (!(object->kind & SYSCTL_MASKED))
			fprintf(out, "%s\n", name);
		return;
	}
	if (!object->argument || depth == NAME_MAX)
		return;
	for (object = ((struct sysctl_list *)object->argument)->first; object;
	     object = object->next)
		print_names(out, name, object, depth + 1);
}

char *sysctl_names(const char *below)
{
	const struct sysctl_object root = {
	    .name = "", .kind = SYSCTL_NODE, .argument = &sysctl_root};
	const char *last = strrchr(below, '.');
	const struct sysctl_object *object;
	char *text = NULL, before[512];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	snprintf(before, sizeof(before), "%.*s", last ? (int)(last - below) : 0, below);
	pthread_mutex_lock(&mutex);
	object = *below ? look_up(below) : &root;
	if (object)
		print_names(out, before, object, 0);
	pthread_mutex_unlock(&mutex);
	fclose(out);
	return text;
}

void sysctls_tell_left(const struct kext *kext)
{
	const struct registration *registration;

	pthread_mutex_lock(&mutex);
	for (registration = registrations; registration; registration = registration->next)
		if (kext_at(registration->site) == kext)
			leftovers_tell(registration->site, "the sysctl %s", registration->name);
	pthread_mutex_unlock(&mutex);
}
