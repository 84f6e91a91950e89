/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef OSQ_KPI_PROC_H
#define OSQ_KPI_PROC_H

#include <kern/locks.h>
#include <sys/kernel_types.h>
#include <sys/time.h>

int proc_selfpid(void);
int proc_selfppid(void);
int proc_pid(proc_t process);
int proc_ppid(proc_t process);
int proc_suser(proc_t process); /* 0 for a superuser, else an errno */

/* 0 when woken; EINTR or ERESTART (negative) with PCATCH. No timeout where `timeout` is NULL. */
int msleep(void *channel, lck_mtx_t *mutex, int priority, const char *message,
           struct timespec *timeout);
void wakeup(void *channel);

#endif
