/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef KEXTHOST_KDP_REQUESTS_H
#define KEXTHOST_KDP_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* x86_THREAD_STATE64: rax rbx rcx rdx rdi rsi rbp rsp r8 ... r15 rip rflags, then the rest. */
struct kdp_thread_state {
	uint64_t general[18], cs, fs, gs;
};
_Static_assert(sizeof(struct kdp_thread_state) == 168, "x86_THREAD_STATE64");

struct kdp_packet;
struct kdp_stop;

/* Before anything stops. `breakpoints`: whether the kernel sets them for the debugger. */
void kdp_requests_init(bool breakpoints);

void kdp_thread_state(const ucontext_t *context, struct kdp_thread_state *state);

/* The length that a request has at least; 0 for a number that none has. */
size_t kdp_request_size(uint8_t number);

/* Makes the reply over the request's header. */
void kdp_request_answer(const struct kdp_stop *stop, const struct kdp_packet *request,
                        struct kdp_packet *reply);

#endif
