// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "trap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "kdp.h"
#include "kdp_threads.h"
#include "panic.h"
#include "thread.h"

#define STACK_SIZE (128u << 10)

static const char *name_of(long long trap)
{
	static const char *const names[] = {
	    "divide error",        "debug trap",         "NMI",
	    "breakpoint",          "overflow",           "bounds check",
	    "invalid opcode",      "no coprocessor",     "double fault",
	    "coprocessor overrun", "invalid TSS",        "segment not present",
	    "stack bounds",        "general protection", "page fault",
	};

	return trap >= 0 && trap < (long long)(sizeof(names) / sizeof(names[0])) ? names[trap]
	                                                                         : "(reserved)";
}

static void on_signal(int number, siginfo_t *information, void *context)
{
	const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
	char message[1024];

	(void)information;
	if (number == SIGTRAP && kdp_trap(context))
		return;
	kdp_note_trapped(context);
#define REGISTER(name) (unsigned long long)registers[REG_##name]
	snprintf(message, sizeof(message),
	         "Kernel trap at 0x%016llx, type %lld=%s, registers:\n"
	         "CR0: 0x%016llx, CR2: 0x%016llx, CR3: 0x%016llx, CR4: 0x%016llx\n"
	         "RAX: 0x%016llx, RBX: 0x%016llx, RCX: 0x%016llx, RDX: 0x%016llx\n"
	         "RSP: 0x%016llx, RBP: 0x%016llx, RSI: 0x%016llx, RDI: 0x%016llx\n"
	         "R8:  0x%016llx, R9:  0x%016llx, R10: 0x%016llx, R11: 0x%016llx\n"
	         "R12: 0x%016llx, R13: 0x%016llx, R14: 0x%016llx, R15: 0x%016llx\n"
	         "RFL: 0x%016llx, RIP: 0x%016llx, CS:  0x%016llx, SS:  0x%016llx\n"
	         "Fault CR2: 0x%016llx, Error code: 0x%016llx, Fault CPU: 0x0, PL: %d, VF: 1\n",
	         REGISTER(RIP), (long long)registers[REG_TRAPNO], name_of(registers[REG_TRAPNO]),
	         0ull, REGISTER(CR2), 0ull, 0ull, REGISTER(RAX), REGISTER(RBX), REGISTER(RCX),
	         REGISTER(RDX), REGISTER(RSP), REGISTER(RBP), REGISTER(RSI), REGISTER(RDI),
	         REGISTER(R8), REGISTER(R9), REGISTER(R10), REGISTER(R11), REGISTER(R12),
	         REGISTER(R13), REGISTER(R14), REGISTER(R15), REGISTER(EFL), REGISTER(RIP),
	         REGISTER(CSGSFS) & 0xffff, 0ull, REGISTER(CR2), REGISTER(ERR),
	         thread_current()->preemption_level);
	panic_trapped((uintptr_t)registers[REG_RIP], (uintptr_t)registers[REG_RBP], message);
}

void trap_init(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void trap_init_thread(void)
{
	stack_t stack = {.ss_size = STACK_SIZE};

	thread_current();
	stack.ss_sp =
	    mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		abort();
	kdp_threads_enter();
}

void trap_exit_thread(void)
{
	stack_t stack = {.ss_flags = SS_DISABLE}, was;

	kdp_threads_leave();
	if (!sigaltstack(&stack, &was) && was.ss_sp)
		munmap(was.ss_sp, was.ss_size);
}
