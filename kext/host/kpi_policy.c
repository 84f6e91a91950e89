// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The MAC framework, for executions. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "darwin.h"
#include "events.h"
#include "kext.h"
#include "kpi.h"
#include "leftovers.h"
#include "log.h"
#include "panic.h"
#include "wait.h"

#define POLICIES_MAX 16
#define NOT_LATE     1 /* MPC_LOADTIME_FLAG_* */
#define UNLOAD_OK    2
#define CALLER       (uintptr_t) __builtin_return_address(0)

struct credential;

/* mac_policy_ops as of Darwin 19: those that this kernel calls. */
struct functions {
	void *before_48[6];
	int (*check_label_update_execve)(struct credential *old, struct vnode *vnode,
	                                 int64_t offset, struct vnode *script, void *vnode_label,
	                                 void *script_label, void *exec_label,
	                                 struct process *process, void *attributes, size_t size);
	void *before_144[11];
	int (*label_update_execve)(struct credential *old, struct credential *new,
	                           struct process *process, struct vnode *vnode, int64_t offset,
	                           struct vnode *script, void *vnode_label, void *script_label,
	                           void *exec_label, uint32_t *flags, void *attributes, size_t size,
	                           int *disjoint);
	void *before_912[95];
	void (*destroy)(void *policy);
	void (*init)(void *policy);
	void (*init_bsd)(void *policy);
};
_Static_assert(offsetof(struct functions, label_update_execve) == 144, "mac_policy_ops");
_Static_assert(offsetof(struct functions, destroy) == 912, "mac_policy_ops");

/* mac_policy_conf; the kernel keeps the kext's own. */
struct policy {
	const char *name, *full_name;
	const char *const *label_names;
	unsigned int label_name_count;
	const struct functions *functions;
	int load_flags;
	int *label_slot;
	int runtime_flags;
	void *list, *data;
};
_Static_assert(sizeof(struct policy) == 80, "mac_policy_conf");

/* Read by whoever asks a policy; so unregistering waits for them, and they see it no more. */
static pthread_rwlock_t asking = PTHREAD_RWLOCK_INITIALIZER;
static struct policy *policies[POLICIES_MAX];
static uintptr_t sites[POLICIES_MAX];
static unsigned int registered; /* how many */

bool policies_exist(void)
{
	return __atomic_load_n(&registered, __ATOMIC_RELAXED) != 0;
}

static int find_place(const struct policy *policy, unsigned int *place)
{
	unsigned int i;

	*place = POLICIES_MAX;
	for (i = POLICIES_MAX; i-- > 0;) {
		if (!policies[i])
			*place = i;
		else if (!strcmp(policies[i]->name, policy->name))
			return DARWIN_EEXIST;
	}
	return *place == POLICIES_MAX ? DARWIN_ENOMEM : 0;
}

static void call_with(void (*function)(void *), struct policy *policy)
{
	struct kext_call call;

	if (!function)
		return;
	KEXT_CALL_BEGIN(&call, function);
	function(policy);
	kext_call_end(&call);
}

static int kernel_mac_policy_register(struct policy *policy, unsigned int *handle, void *unused)
{
	const uintptr_t site = CALLER;
	unsigned int place;
	int error;

	(void)unused;
	wait_check_may_sleep();
	if (!policy->name)
		panic("policy's name is not set\n");
	if (!policy->full_name)
		panic("policy's full name is not set\n");
	if (!policy->functions)
		panic("policy's OPs field is NULL\n");
	if (policy->load_flags & NOT_LATE) {
		log_line("Module %s does not support late loading.", policy->name);
		return DARWIN_EPERM;
	}
	pthread_rwlock_wrlock(&asking);
	error = find_place(policy, &place);
	if (!error) {
		policies[place] = policy;
		sites[place] = site;
		__atomic_add_fetch(&registered, 1, __ATOMIC_RELAXED);
		policy->runtime_flags |= 1;
		*handle = place;
		call_with(policy->functions->init, policy);
		call_with(policy->functions->init_bsd, policy);
		log_line("Security policy loaded: %s (%s)", policy->full_name, policy->name);
	}
	pthread_rwlock_unlock(&asking);
	return error;
}

static int kernel_mac_policy_unregister(unsigned int handle)
{
	struct policy *policy;
	int error = 0;

	wait_check_may_sleep();
	pthread_rwlock_wrlock(&asking);
	policy = handle < POLICIES_MAX ? policies[handle] : NULL;
	if (policy && !(policy->load_flags & UNLOAD_OK))
		error = DARWIN_EBUSY;
	if (policy && !error) {
		call_with(policy->functions->destroy, policy);
		policies[handle] = NULL;
		__atomic_sub_fetch(&registered, 1, __ATOMIC_RELAXED);
		policy->runtime_flags &= ~1;
		log_line("Security policy unload: %s (%s)", policy->full_name, policy->name);
	}
	pthread_rwlock_unlock(&asking);
	return error;
}

static int check(const struct functions *functions, struct credential *credential,
                 struct process *child, struct vnode *vnode)
{
	struct kext_call call;
	int changes;

	if (!functions->check_label_update_execve)
		return 0;
	KEXT_CALL_BEGIN(&call, functions->check_label_update_execve);
	changes = functions->check_label_update_execve(credential, vnode, 0, NULL, NULL, NULL, NULL,
	                                               child, NULL, 0);
	kext_call_end(&call);
	return changes;
}

static void update(const struct functions *functions, struct credential *credential,
                   struct process *child, struct vnode *vnode)
{
	struct kext_call call;
	uint32_t flags = 0;
	int disjoint = 0;

	if (!functions->label_update_execve)
		return;
	KEXT_CALL_BEGIN(&call, functions->label_update_execve);
	functions->label_update_execve(credential, child->credential, child, vnode, 0, NULL, NULL,
	                               NULL, NULL, &flags, NULL, 0, &disjoint);
	kext_call_end(&call);
}

/* All are told of the new credential where one of them wants it to change. */
void policies_tell_execution(struct credential *credential, struct process *child,
                             struct vnode *vnode)
{
	int changes = 0;
	size_t i;

	pthread_rwlock_rdlock(&asking);
	for (i = 0; i < POLICIES_MAX; i++)
		if (policies[i])
			changes |= check(policies[i]->functions, credential, child, vnode);
	for (i = 0; changes && i < POLICIES_MAX; i++)
		if (policies[i])
			update(policies[i]->functions, credential, child, vnode);
	pthread_rwlock_unlock(&asking);
}

void policies_tell_left(const struct kext *kext)
{
	size_t i;

	pthread_rwlock_rdlock(&asking);
	for (i = 0; i < POLICIES_MAX; i++)
		if (policies[i] && kext_at(sites[i]) == kext)
			leftovers_tell(sites[i], "a policy of the MAC framework");
	pthread_rwlock_unlock(&asking);
}

const struct kpi_symbol kpi_policy[] = {
    KPI_FUNCTION(KPI_DSEP, mac_policy_register),
    KPI_FUNCTION(KPI_DSEP, mac_policy_unregister),
    {0},
};
