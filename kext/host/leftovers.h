/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What an unloaded kext has left behind. A Mac does not look: memory is lost, and whatever is still
 * registered gets a page fault when it is called the next time, as it does here.
 */
#ifndef KEXTHOST_LEFTOVERS_H
#define KEXTHOST_LEFTOVERS_H

#include <stdint.h>

struct kext;

/* Into the log and, where there is any, a file beside the panic reports. How many there are. */
unsigned int leftovers_report(struct kext *kext);

/* For those who look: one of them. Where it came from, or 0, is added as a place in the kext. */
void leftovers_tell(uintptr_t site, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each registry's own: tells what the kext has left there. */
void allocations_tell_left(const struct kext *kext);
void locks_tell_left(const struct kext *kext);
void devices_tell_left(const struct kext *kext);
void controls_tell_left(const struct kext *kext);
void sysctls_tell_left(const struct kext *kext);
void listeners_tell_left(const struct kext *kext);
void policies_tell_left(const struct kext *kext);
void filters_tell_left(const struct kext *kext);
void threads_tell_left(const struct kext *kext);
void thread_calls_tell_left(const struct kext *kext);

#endif
