// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "kext.h"
#include "kpi.h"
#include "leftovers.h"
#include "process.h"
#include "thread.h"
#include "wait.h"

#define LISTENERS_MAX 15 /* of a scope */
#define FILE_SCOPE    "com.apple.kauth.fileop"
#define CALLER        (uintptr_t) __builtin_return_address(0)

typedef int (*callback_t)(struct credential *credential, void *context, int action, uintptr_t,
                          uintptr_t, uintptr_t, uintptr_t);

struct listener {
	struct listener *next;
	char scope[64];
	callback_t callback;
	void *context;
	uintptr_t site;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct listener *listeners;

static struct listener *kernel_kauth_listen_scope(const char *scope, callback_t callback,
                                                  void *context)
{
	struct listener *listener = calloc(1, sizeof(*listener)), *other;
	unsigned int count = 0;

	wait_check_may_sleep();
	if (!listener)
		return NULL;
	strncpy(listener->scope, scope, sizeof(listener->scope) - 1);
	listener->callback = callback;
	listener->context = context;
	listener->site = CALLER;
	pthread_mutex_lock(&mutex);
	for (other = listeners; other; other = other->next)
		count += !strcmp(other->scope, listener->scope);
	if (count >= LISTENERS_MAX) {
		free(listener);
		listener = NULL;
	} else {
		listener->next = listeners;
		listeners = listener;
	}
	pthread_mutex_unlock(&mutex);
	return listener;
}

/* Waits for nobody. */
static void kernel_kauth_unlisten_scope(struct listener *listener)
{
	struct listener **link;

	wait_check_may_sleep();
	pthread_mutex_lock(&mutex);
	for (link = &listeners; *link && *link != listener; link = &(*link)->next)
		;
	if (*link)
		*link = listener->next;
	pthread_mutex_unlock(&mutex);
	free(listener);
}

bool listeners_exist(void)
{
	return __atomic_load_n(&listeners, __ATOMIC_RELAXED) != NULL;
}

/* The list is read, and then the callbacks are called: so one may begin after it was unlistened. */
void listeners_tell(int action, struct credential *credential, struct vnode *vnode, uintptr_t flags)
{
	struct listener told[LISTENERS_MAX];
	const struct listener *listener;
	struct kext_call call;
	size_t count = 0, i;

	pthread_mutex_lock(&mutex);
	for (listener = listeners; listener; listener = listener->next)
		if (!strcmp(listener->scope, FILE_SCOPE))
			told[count++] = *listener;
	pthread_mutex_unlock(&mutex);
	for (i = 0; i < count; i++) {
		KEXT_CALL_BEGIN(&call, told[i].callback);
		told[i].callback(credential, told[i].context, action, (uintptr_t)vnode,
		                 (uintptr_t)vnode->path, flags, 0);
		kext_call_end(&call);
	}
}

void listeners_tell_left(const struct kext *kext)
{
	const struct listener *listener;

	pthread_mutex_lock(&mutex);
	for (listener = listeners; listener; listener = listener->next)
		if (kext_at(listener->site) == kext)
			leftovers_tell(listener->site, "a kauth listener on %s", listener->scope);
	pthread_mutex_unlock(&mutex);
}

static struct credential *kernel_kauth_cred_get(void)
{
	return thread_current()->process->credential;
}

static struct credential *kernel_kauth_cred_get_with_ref(void)
{
	struct credential *credential = kernel_kauth_cred_get();

	credential_retain(credential);
	return credential;
}

static struct credential *kernel_kauth_cred_proc_ref(const struct process *process)
{
	credential_retain(process->credential);
	return process->credential;
}

static void kernel_kauth_cred_ref(struct credential *credential)
{
	credential_retain(credential);
}

static void kernel_kauth_cred_unref(struct credential **credential)
{
	credential_release(*credential);
	*credential = NULL;
}

#define GETTER(name, member)                                                                       \
	static uint32_t kernel_kauth_cred_##name(const struct credential *credential)              \
	{                                                                                          \
		return credential->member;                                                         \
	}
GETTER(getuid, uid)
GETTER(getruid, ruid)
GETTER(getsvuid, svuid)
GETTER(getgid, gid)
GETTER(getrgid, rgid)
GETTER(getsvgid, svgid)
#undef GETTER

static int kernel_kauth_cred_issuser(const struct credential *credential)
{
	return credential->uid == 0;
}

static int kernel_kauth_cred_ismember_gid(const struct credential *credential, uint32_t group,
                                          int *is_member)
{
	unsigned int i;

	*is_member = credential->gid == group;
	for (i = 0; i < credential->group_count; i++)
		*is_member |= credential->groups[i] == group;
	return 0;
}

static uint32_t kernel_kauth_getuid(void)
{
	return kernel_kauth_cred_get()->uid;
}

static uint32_t kernel_kauth_getgid(void)
{
	return kernel_kauth_cred_get()->gid;
}

static uint32_t kernel_kauth_getruid(void)
{
	return kernel_kauth_cred_get()->ruid;
}

const struct kpi_symbol kpi_kauth[] = {
    KPI_FUNCTION(KPI_BSD, kauth_listen_scope),
    KPI_FUNCTION(KPI_BSD, kauth_unlisten_scope),
    KPI_FUNCTION(KPI_BSD, kauth_cred_ismember_gid),
    KPI_FUNCTION(KPI_BSD, kauth_cred_get),
    KPI_FUNCTION(KPI_BSD, kauth_cred_get_with_ref),
    KPI_FUNCTION(KPI_BSD, kauth_cred_proc_ref),
    KPI_FUNCTION(KPI_BSD, kauth_cred_ref),
    KPI_FUNCTION(KPI_BSD, kauth_cred_unref),
    KPI_FUNCTION(KPI_BSD, kauth_cred_getuid),
    KPI_FUNCTION(KPI_BSD, kauth_cred_getruid),
    KPI_FUNCTION(KPI_BSD, kauth_cred_getsvuid),
    KPI_FUNCTION(KPI_BSD, kauth_cred_getgid),
    KPI_FUNCTION(KPI_BSD, kauth_cred_getrgid),
    KPI_FUNCTION(KPI_BSD, kauth_cred_getsvgid),
    KPI_FUNCTION(KPI_UNSUPPORTED, kauth_cred_issuser),
    KPI_FUNCTION(KPI_BSD, kauth_getuid),
    KPI_FUNCTION(KPI_BSD, kauth_getgid),
    KPI_FUNCTION(KPI_BSD, kauth_getruid),
    {0},
};
