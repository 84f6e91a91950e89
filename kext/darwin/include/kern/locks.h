/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_LOCKS_H
#define OSQ_KPI_LOCKS_H

/* Opaque: their sizes differ from kernel to kernel, so they live in the kernel's memory. */
typedef struct _lck_grp_ lck_grp_t;
typedef struct _lck_grp_attr_ lck_grp_attr_t;
typedef struct _lck_attr_ lck_attr_t;
typedef struct _lck_mtx_ lck_mtx_t;
typedef struct _lck_rw_ lck_rw_t;
typedef struct _lck_spin_ lck_spin_t;

lck_grp_t *lck_grp_alloc_init(const char *name, lck_grp_attr_t *attributes);
void lck_grp_free(lck_grp_t *group);

lck_mtx_t *lck_mtx_alloc_init(lck_grp_t *group, lck_attr_t *attributes);
void lck_mtx_free(lck_mtx_t *mutex, lck_grp_t *group);
void lck_mtx_lock(lck_mtx_t *mutex);
void lck_mtx_unlock(lck_mtx_t *mutex);

lck_rw_t *lck_rw_alloc_init(lck_grp_t *group, lck_attr_t *attributes);
void lck_rw_free(lck_rw_t *lock, lck_grp_t *group);
void lck_rw_lock_shared(lck_rw_t *lock);
void lck_rw_unlock_shared(lck_rw_t *lock);
void lck_rw_lock_exclusive(lck_rw_t *lock);
void lck_rw_unlock_exclusive(lck_rw_t *lock);

lck_spin_t *lck_spin_alloc_init(lck_grp_t *group, lck_attr_t *attributes);
void lck_spin_free(lck_spin_t *lock, lck_grp_t *group);
void lck_spin_lock(lck_spin_t *lock);
void lck_spin_unlock(lck_spin_t *lock);

#endif
