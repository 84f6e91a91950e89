// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_dump.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kdp_core.h"
#include "kdp_transfer.h"
#include "log.h"
#include "nvram.h"
#include "panic.h"
#include "release.h"
#include "wait.h"

#define DEFAULT_PORT 1069

static struct in_addr from;
static struct sockaddr_in server; /* no port: none */
static uint32_t debug;
static char name[KDP_TRANSFER_NAME_MAX + 1];

static void say(const char *line)
{
	log_bare(line, strlen(line));
	log_bare("\n", 1);
}

void kdp_dump_init(const struct in_addr *card, uint32_t bits)
{
	const char *arguments = panic_boot_arguments();
	char value[64];

	if (!nvram_boot_argument(arguments, "_panicd_ip", value, sizeof(value)) ||
	    inet_pton(AF_INET, value, &server.sin_addr) != 1)
		return;
	from = *card;
	debug = bits;
	server.sin_family = AF_INET;
	server.sin_port = htons(DEFAULT_PORT);
	if (nvram_boot_argument(arguments, "panicd_port", value, sizeof(value)))
		server.sin_port = htons((uint16_t)strtoul(value, NULL, 0));
	nvram_boot_argument(arguments, "_panicd_corename", name, sizeof(name));
}

static void make_name(const char *kind)
{
	char card[INET_ADDRSTRLEN];

	if (*name)
		return;
	inet_ntop(AF_INET, &from, card, sizeof(card));
	snprintf(name, sizeof(name), "%s-xnu-%s-%s-%08x", kind, release_running()->darwin, card,
	         (uint32_t)clock_uptime());
}

/* What fills its last packet is taken back. */
static bool send_log(const char *text, size_t length)
{
	return kdp_transfer_data(text, length) && kdp_transfer_seek(length);
}

void kdp_dump_send(const ucontext_t *context, const char *text, size_t length)
{
	const bool log = debug & KDP_DUMP_LOG;

	if (!server.sin_port || !(debug & (KDP_DUMP_ON_PANIC | KDP_DUMP_LOG)))
		return;
	make_name(log ? "paniclog" : "core");
	if (!kdp_transfer_begin(&from, &server, name)) {
		say("Cannot contact panic server, timing out.");
	} else if (!(log ? send_log(text, length) : kdp_core_send(context)) ||
	           !kdp_transfer_end()) {
		say("kdp: the panic server took no more");
	}
	kdp_transfer_close();
}
