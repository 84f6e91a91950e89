// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/sip.h"
#include "kdp_dump.h"
#include "kdp_link.h"
#include "kdp_memory.h"
#include "kdp_requests.h"
#include "kdp_session.h"
#include "kdp_threads.h"
#include "kexthost_protocol.h"
#include "log.h"
#include "nvram.h"
#include "panic.h"
#include "release.h"

#define INTERFACE      "en0"
#define NMI            SIGUSR2
#define TRAP_INT3      3
#define EXC_BREAKPOINT 6
#define BELOW_STACK    1024 /* below the bytes that leaf functions use */
#define CODE_FAULT     3    /* EXC_I386_BPTFLT: an int3, a single step or a panic */

static uint32_t debug; /* 0: no debugger */
static bool listens;
static ucontext_t *trapped;

static bool sip_lets_it_be(const char *nvram)
{
	uint32_t configuration = 0;
	size_t length = 0;
	char *value;

	if (release_running()->minor < SIP_FIRST_RELEASE)
		return true;
	value = nvram_get(nvram, SIP_VARIABLE, &length);
	if (value && length == sizeof(configuration))
		memcpy(&configuration, value, sizeof(configuration));
	free(value);
	return configuration & (SIP_KERNEL_DEBUGGER | SIP_UNTRUSTED_KEXTS | SIP_APPLE_INTERNAL);
}

static uint32_t wanted(const char *nvram)
{
	const char *arguments = panic_boot_arguments();
	char value[32];

	if (!nvram || !sip_lets_it_be(nvram))
		return 0;
	if (nvram_boot_argument(arguments, "kdp_match_name", value, sizeof(value)) &&
	    strcmp(value, INTERFACE))
		return 0;
	if (!nvram_boot_argument(arguments, "debug", value, sizeof(value)))
		return 0;
	return (uint32_t)strtoul(value, NULL, 0);
}

static bool read_address(const char *text, struct sockaddr_in *address)
{
	char host[INET_ADDRSTRLEN], *end;
	const char *colon = strchrnul(text, ':');
	const size_t length = (size_t)(colon - text);
	unsigned long port = KDP_PORT;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (*colon) {
		port = strtoul(colon + 1, &end, 10);
		if (!colon[1] || *end || port > UINT16_MAX)
			return false;
	}
	*address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static void finish(enum kdp_end end)
{
	if (end == KDP_REBOOTED)
		_exit(KEXTHOST_EXIT_REBOOT);
}

static void stop_all(void)
{
	if (!kdp_threads_stop())
		log_bare("kdp: a thread does not stop\n", 28);
}

static void stop(ucontext_t *context)
{
	const struct kdp_stop stop = {
	    .context = context, .exception = EXC_BREAKPOINT, .code = CODE_FAULT};

	stop_all();
	finish(kdp_session_stop(&stop));
	kdp_threads_go();
}

static void on_nmi(int number, siginfo_t *information, void *context)
{
	const int error = errno;

	(void)number;
	(void)information;
	if (!kdp_threads_are_stopped())
		stop(context);
	errno = error;
}

int kdp_init(const char *address, const char *nvram)
{
	struct sigaction action = {.sa_sigaction = on_nmi,
	                           .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	struct sockaddr_in card;
	char host[INET_ADDRSTRLEN];
	int error;

	if (!read_address(address, &card))
		return EINVAL;
	debug = wanted(nvram);
	if (!debug)
		return 0;
	error = kdp_link_open(&card);
	if (error)
		return error;
	listens = true;
	kdp_requests_init(!(debug & KDP_NO_BREAKPOINTS));
	kdp_dump_init(&card.sin_addr, debug);
	kdp_threads_init();
	if (debug & KDP_NMI)
		sigaction(NMI, &action, NULL);
	card = kdp_link_address();
	inet_ntop(AF_INET, &card.sin_addr, host, sizeof(host));
	log_line("kdp: " INTERFACE " is %s:%u", host, ntohs(card.sin_port));
	return 0;
}

void kdp_start(void)
{
	ucontext_t context;

	if (!listens || !(debug & KDP_HALT) || getcontext(&context))
		return;
	stop(&context);
}

/* Another thread met the same int3 before, and the debugger has taken it away since. */
static bool is_gone(const ucontext_t *context)
{
	const greg_t *registers = context->uc_mcontext.gregs;
	uint8_t instruction;

	return registers[REG_TRAPNO] == TRAP_INT3 &&
	       kdp_memory_read((uint64_t)registers[REG_RIP] - 1, &instruction, 1) == 1 &&
	       instruction != KDP_INT3;
}

bool kdp_trap(ucontext_t *context)
{
	const struct kdp_stop stop = {
	    .context = context, .exception = EXC_BREAKPOINT, .code = CODE_FAULT};
	const int error = errno;

	if (!listens)
		return false;
	stop_all();
	if (is_gone(context))
		context->uc_mcontext.gregs[REG_RIP]--;
	else
		finish(kdp_session_stop(&stop));
	kdp_threads_go();
	errno = error;
	return true;
}

void kdp_note_trapped(ucontext_t *context)
{
	trapped = context;
}

/*
 * As a processor that traps leaves what the kernel does about it below what it interrupted; this
 * one's handlers have a stack of their own.
 */
static void leave_text(const char *text)
{
	kdp_memory_write((uint64_t)trapped->uc_mcontext.gregs[REG_RSP] - BELOW_STACK, &text,
	                 sizeof(text));
}

void kdp_panic(const char *text, size_t length)
{
	const char *volatile left = text; /* for who looks through this stack */
	ucontext_t here;
	struct kdp_stop stop = {
	    .context = trapped, .exception = EXC_BREAKPOINT, .code = CODE_FAULT, .is_final = true};

	if (!listens)
		return;
	if (trapped) {
		leave_text(left);
	} else {
		getcontext(&here);
		stop.context = &here;
	}
	stop_all();
	kdp_dump_send(stop.context, left, length);
	if (!(debug & KDP_REBOOT_ALWAYS))
		finish(kdp_session_stop(&stop));
}
