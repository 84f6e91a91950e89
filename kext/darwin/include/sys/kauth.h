/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_KAUTH_H
#define OSQ_KPI_KAUTH_H

#include <sys/kernel_types.h>

typedef struct kauth_listener *kauth_listener_t;
typedef int kauth_action_t;
typedef int (*kauth_scope_callback_t)(kauth_cred_t credential, void *context, kauth_action_t action,
                                      uintptr_t argument0, uintptr_t argument1, uintptr_t argument2,
                                      uintptr_t argument3);

#define KAUTH_RESULT_DEFER          3

#define KAUTH_SCOPE_FILEOP          "com.apple.kauth.fileop"
#define KAUTH_FILEOP_OPEN           1 /* vnode, path */
#define KAUTH_FILEOP_CLOSE          2 /* vnode, path, flags */
#define KAUTH_FILEOP_CLOSE_MODIFIED (1 << 1)
#define KAUTH_FILEOP_EXEC           6 /* vnode, path */

kauth_listener_t kauth_listen_scope(const char *scope, kauth_scope_callback_t callback,
                                    void *context);
void kauth_unlisten_scope(kauth_listener_t listener);

kauth_cred_t kauth_cred_get(void);                /* of the calling thread, without a reference */
uid_t kauth_cred_getuid(kauth_cred_t credential); /* effective */
uid_t kauth_cred_getruid(kauth_cred_t credential);
gid_t kauth_cred_getgid(kauth_cred_t credential); /* effective */
gid_t kauth_cred_getrgid(kauth_cred_t credential);

#endif
