/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What tells the extension of events: kauth and MAC policies; and vnodes. */
#include "xnu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"

/*
 * kauth. A slot is read without a lock, so a callback may run, and even begin, after its listener
 * was taken back; what is in the slot stays for that.
 */
#define LISTENERS 15

static struct listener {
	bool listening;
	int (*callback)(void *credential, void *context, int action, uintptr_t argument0,
	                uintptr_t argument1, uintptr_t argument2, uintptr_t argument3);
	void *context;
} listeners[LISTENERS];

static pthread_mutex_t scope = PTHREAD_MUTEX_INITIALIZER;

void *kauth_listen_scope(const char *name, void *callback, void *context)
{
	struct listener *listener = listeners;

	EXPECT(!strcmp(name, "com.apple.kauth.fileop"));
	if (xnu_fails(XNU_NO_LISTENER))
		return NULL;
	pthread_mutex_lock(&scope);
	while (__atomic_load_n(&listener->listening, __ATOMIC_SEQ_CST))
		listener++;
	__atomic_store_n((void **)&listener->callback, callback, __ATOMIC_SEQ_CST);
	__atomic_store_n(&listener->context, context, __ATOMIC_SEQ_CST);
	__atomic_store_n(&listener->listening, true, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&scope);
	xnu_count(1);
	return listener;
}

void kauth_unlisten_scope(struct listener *listener)
{
	EXPECT(__atomic_exchange_n(&listener->listening, false, __ATOMIC_SEQ_CST));
	xnu_count(-1);
}

/* Credentials are numbers; user and group ids follow from them. */
static void tell(uintptr_t credential, int action, uintptr_t vnode, const char *path,
                 uintptr_t flags)
{
	size_t i;

	for (i = 0; i < LISTENERS; i++) {
		struct listener *listener = &listeners[i];
		int (*callback)(void *, void *, int, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

		if (!__atomic_load_n(&listener->listening, __ATOMIC_SEQ_CST))
			continue;
		callback = __atomic_load_n(&listener->callback, __ATOMIC_SEQ_CST);
		xnu_pause();
		xnu_enter_extension();
		callback((void *)credential, __atomic_load_n(&listener->context, __ATOMIC_SEQ_CST),
		         action, vnode, (uintptr_t)path, flags, 0);
		xnu_leave_extension();
	}
}

void xnu_file_operation(int action, uintptr_t vnode, const char *path, uintptr_t flags)
{
	if (action == XNU_RENAME) /* has two paths */
		tell(1, action, (uintptr_t)path, path, 0);
	else
		tell(1, action, vnode, path, flags);
}

void *kauth_cred_get(void)
{
	return (void *)1;
}

uint32_t kauth_cred_getuid(uintptr_t credential)
{
	return 100 + (uint32_t)credential;
}

uint32_t kauth_cred_getruid(uintptr_t credential)
{
	return 200 + (uint32_t)credential;
}

uint32_t kauth_cred_getgid(uintptr_t credential)
{
	return 300 + (uint32_t)credential;
}

uint32_t kauth_cred_getrgid(uintptr_t credential)
{
	return 400 + (uint32_t)credential;
}

/* MAC. Policies are taken back when nobody is in one of their functions. */
struct policy {
	const char *name, *full_name;
	void *labels;
	unsigned int label_count;
	void *const *functions;
	int flags;
};

static struct policy *policy;
static pthread_mutex_t policy_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t policy_free = PTHREAD_COND_INITIALIZER;
static int policy_busy;

int register_policy(struct policy *given, unsigned int *handle,
                    void *unused) __asm("_mac_policy_register");
int register_policy(struct policy *given, unsigned int *handle, void *unused)
{
	EXPECT(given->name && given->full_name && given->functions && given->flags == 2 && !unused);
	if (xnu_fails(XNU_NO_POLICY))
		return EEXIST;
	pthread_mutex_lock(&policy_lock);
	EXPECT(!policy);
	policy = given;
	*handle = 7;
	pthread_mutex_unlock(&policy_lock);
	xnu_count(1);
	return 0;
}

int unregister_policy(unsigned int handle) __asm("_mac_policy_unregister");
int unregister_policy(unsigned int handle)
{
	EXPECT_EQUAL(handle, 7);
	pthread_mutex_lock(&policy_lock);
	while (policy_busy)
		pthread_cond_wait(&policy_free, &policy_lock);
	policy = NULL;
	pthread_mutex_unlock(&policy_lock);
	xnu_count(-1);
	return 0;
}

int proc_pid(uintptr_t process)
{
	return (int)process;
}

int proc_ppid(uintptr_t process)
{
	return (int)process + 1;
}

static void ask_policy(uintptr_t child)
{
	const struct policy *asked;
	int (*check)(uintptr_t credential);
	int (*update)(uintptr_t old, uintptr_t new, uintptr_t process);

	pthread_mutex_lock(&policy_lock);
	asked = policy;
	policy_busy += asked != NULL;
	pthread_mutex_unlock(&policy_lock);
	if (!asked)
		return;
	memcpy(&check, &asked->functions[48 / 8], sizeof(check));
	memcpy(&update, &asked->functions[144 / 8], sizeof(update));
	xnu_enter_extension();
	EXPECT(check(1));
	EXPECT_EQUAL(update(1, 5, child), 0);
	xnu_leave_extension();
	pthread_mutex_lock(&policy_lock);
	policy_busy--;
	pthread_cond_broadcast(&policy_free);
	pthread_mutex_unlock(&policy_lock);
}

void xnu_spawn(int child, const char *path, bool fails)
{
	ask_policy((uintptr_t)child);
	xnu_pause();
	if (!fails)
		tell(5, XNU_EXEC, XNU_FILE, path, 0);
}

/* Vnodes */
int vnode_isreg(uintptr_t vnode)
{
	return vnode != XNU_DIRECTORY;
}

void *vfs_context_create(void *of)
{
	EXPECT(!of);
	xnu_count(1);
	return harness_buffer(1);
}

int vfs_context_rele(void *context)
{
	xnu_count(-1);
	free(context);
	return 0;
}

static pthread_mutex_t file_system = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t file_system_changed = PTHREAD_COND_INITIALIZER;
static bool holding, held;

static void set_holding(bool hold)
{
	pthread_mutex_lock(&file_system);
	holding = hold;
	held = false;
	pthread_cond_broadcast(&file_system_changed);
	pthread_mutex_unlock(&file_system);
}

void xnu_hold_attributes(void)
{
	set_holding(true);
}

void xnu_give_attributes(void)
{
	set_holding(false);
}

void xnu_wait_for_held(void)
{
	pthread_mutex_lock(&file_system);
	while (!held)
		pthread_cond_wait(&file_system_changed, &file_system);
	pthread_mutex_unlock(&file_system);
}

static void ask_file_system(void)
{
	pthread_mutex_lock(&file_system);
	held |= holding;
	pthread_cond_broadcast(&file_system_changed);
	while (holding)
		pthread_cond_wait(&file_system_changed, &file_system);
	pthread_mutex_unlock(&file_system);
}

/* Darwin 20's structure, 440 bytes long, all of it filled. */
int vnode_getattr(uintptr_t vnode, uint8_t *attributes, const void *context)
{
	const uint16_t mode = 0755;

	EXPECT(context);
	ask_file_system();
	if (vnode == XNU_STRANGE_FILE)
		return EIO;
	memcpy(attributes, attributes + 8, 8); /* what is wanted is supported */
	memset(attributes + 16, 0x11, 440 - 16);
	memcpy(attributes + 76, &mode, sizeof(mode));
	return 0;
}
