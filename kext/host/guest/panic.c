// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 *     darwin-panic [KERNEL]
 *
 * After the kernel's end: tells the hypervisor, then waits for a debugger as the boot-args ask, or
 * returns when the machine is to start again. KERNEL is the process of one that has panicked and
 * serves a debugger itself: the machine stands still but for that, and this returns.
 */
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "nvram.h"
#include "sip.h"
#include "system.h"

#define PANIC_PORT    0x505 /* of QEMU's pvpanic */
#define PANICKED      1
#define REBOOT_ALWAYS 0x100000
#define INTERFACE     "eth0"

/* A machine without a kernel says nothing more, not even that connections end. */
static void silence_network(void)
{
	struct ifreq request = {.ifr_name = INTERFACE};
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!ioctl(descriptor, SIOCGIFFLAGS, &request)) {
		request.ifr_flags &= ~IFF_UP;
		ioctl(descriptor, SIOCSIFFLAGS, &request);
	}
	close(descriptor);
}

static void tell_hypervisor(void)
{
	tcdrain(STDOUT_FILENO);
	if (ioperm(PANIC_PORT, 1, 1))
		perror("the hypervisor is not told of the panic");
	else
		outb(PANICKED, PANIC_PORT);
}

static bool waits_for_debugger(void)
{
	const struct system_path nvram = system_path(SYSTEM_BOOTED_NVRAM);
	char value[32] = "", *arguments;
	bool present;
	size_t length;

	arguments = nvram_get(nvram.text, "boot-args", &length);
	present = arguments && nvram_boot_argument(arguments, "debug", value, sizeof(value));
	free(arguments);
	return present && sip_allows_debugger() && !(strtoul(value, NULL, 0) & REBOOT_ALWAYS);
}

static void print_address(void)
{
	struct ifreq request = {.ifr_name = INTERFACE};
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const unsigned char *octets = (const unsigned char *)request.ifr_hwaddr.sa_data;

	if (!ioctl(descriptor, SIOCGIFHWADDR, &request))
		printf("ethernet MAC address: %02x:%02x:%02x:%02x:%02x:%02x\n", octets[0],
		       octets[1], octets[2], octets[3], octets[4], octets[5]);
	close(descriptor);
}

int command_panic(int count, char **arguments)
{
	const pid_t kernel = count > 1 ? atoi(arguments[1]) : 0;

	silence_network();
	kill(-1, SIGSTOP);
	if (kernel > 0)
		kill(kernel, SIGCONT);
	tell_hypervisor();
	if (kernel > 0)
		return 0;
	if (!waits_for_debugger()) {
		kill(-1, SIGCONT);
		return 0;
	}
	print_address();
	puts("\nWaiting for remote debugger connection.");
	fflush(stdout);
	for (;;)
		pause();
}
