// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "sip.h"

#include <stdlib.h>
#include <string.h>

#include "nvram.h"
#include "release.h"
#include "system.h"

uint32_t sip_configuration(void)
{
	uint32_t configuration = 0;
	size_t length = 0;
	char *value;

	if (system_release()->minor < SIP_FIRST_RELEASE)
		return ~0u;
	value = nvram_get(system_path(SYSTEM_BOOTED_NVRAM).text, SIP_VARIABLE, &length);
	if (value && length == sizeof(configuration))
		memcpy(&configuration, value, sizeof(configuration));
	free(value);
	return configuration;
}

/* 10.10 asked the boot-args instead. */
static bool is_developing(void)
{
	char *arguments, value[16] = "";
	size_t length;

	arguments = nvram_get(system_path(SYSTEM_BOOTED_NVRAM).text, "boot-args", &length);
	if (arguments)
		nvram_boot_argument(arguments, "kext-dev-mode", value, sizeof(value));
	free(arguments);
	return !strcmp(value, "1");
}

bool sip_allows_kexts(void)
{
	if (system_release()->minor == 10)
		return is_developing();
	return sip_configuration() & SIP_UNTRUSTED_KEXTS;
}

bool sip_allows_debugger(void)
{
	return sip_configuration() &
	       (SIP_KERNEL_DEBUGGER | SIP_UNTRUSTED_KEXTS | SIP_APPLE_INTERNAL);
}
