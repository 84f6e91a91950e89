// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/sip.h"
#include "kdp_datagrams.h"
#include "kdp_dump.h"
#include "kdp_memory.h"
#include "kdp_nmi.h"
#include "kdp_requests.h"
#include "kdp_serial.h"
#include "kdp_session.h"
#include "kdp_threads.h"
#include "kexthost_protocol.h"
#include "log.h"
#include "nvram.h"
#include "panic.h"
#include "release.h"

#define CARD           "en0"
#define SERIAL         "serial"
#define NMI            SIGUSR2
#define WAITS          "panicked\n"
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
	char value[32];

	if (!nvram || !sip_lets_it_be(nvram) ||
	    !nvram_boot_argument(panic_boot_arguments(), "debug", value, sizeof(value)))
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

static bool refuse(const char *what, int error)
{
	fprintf(stderr, "%s: no debugger listens there: %s\n", what, strerror(error));
	return false;
}

static int open_card(const char *card)
{
	struct sockaddr_in address;
	char host[INET_ADDRSTRLEN];
	int error;

	if (!read_address(card, &address))
		return EINVAL;
	error = kdp_datagrams_open(&address);
	if (error)
		return error;
	kdp_session_init(&kdp_datagrams);
	kdp_dump_init(&address.sin_addr, debug);
	address = kdp_datagrams_address();
	inet_ntop(AF_INET, &address.sin_addr, host, sizeof(host));
	log_line("kdp: " CARD " is %s:%u", host, ntohs(address.sin_port));
	return 0;
}

static int open_serial(const char *device)
{
	kdp_session_init(&kdp_serial);
	return kdp_serial_open(device);
}

static void listen_to_nmis(void)
{
	struct sigaction action = {.sa_sigaction = on_nmi,
	                           .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

	sigaction(NMI, &action, NULL);
}

bool kdp_init(const struct kdp_machine *machine, const char *nvram)
{
	char interface[32] = CARD;
	const char *opened;
	bool is_serial;
	int error;

	signal(NMI, SIG_IGN);
	debug = wanted(nvram);
	if (!debug)
		return true;
	nvram_boot_argument(panic_boot_arguments(), "kdp_match_name", interface, sizeof(interface));
	is_serial = !strcmp(interface, SERIAL);
	opened = is_serial ? machine->serial : machine->card;
	if (!opened || (!is_serial && strcmp(interface, CARD)))
		return true;
	error = is_serial ? open_serial(opened) : open_card(opened);
	if (error)
		return refuse(opened, error);
	listens = true;
	kdp_requests_init(!(debug & KDP_NO_BREAKPOINTS));
	kdp_threads_init();
	if (!(debug & KDP_NMI))
		return true;
	listen_to_nmis();
	error = machine->messages ? kdp_nmi_watch(machine->messages, NMI) : 0;
	return error ? refuse(machine->messages, error) : true;
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
	if (debug & KDP_REBOOT_ALWAYS)
		return;
	if (write(STDOUT_FILENO, WAITS, strlen(WAITS)) < 0)
		log_bare("kdp: nobody is told of the panic\n", 33);
	finish(kdp_session_stop(&stop));
}
