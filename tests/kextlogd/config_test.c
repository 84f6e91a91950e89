// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The configuration file: what it says, and what is refused in it. */
#include "kextlogd_config.h"

#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "tests.h"

static void reads_what_is_said(void)
{
	struct folder folder = folder_make();
	struct logd_config config;
	char message[1024] = "";

	folder_write(&folder, "conf",
	             "# all of it\n\n  kernel-level = debug # more\nsystem-log-rate=0\n"
	             "level\t=\tinfo\r\ndurable = off");
	EXPECT(!logd_config_read(folder_path(&folder, "conf"), &config, message, sizeof(message)),
	       "%s", message);
	EXPECT(config.kernel_level == OSQ_LOG_DEBUG && config.system_log_rate == 0 &&
	           config.level == OSQ_LOG_INFO && config.durable == OSQ_LOG_OFF,
	       "%d %d %d %d", config.kernel_level, config.system_log_rate, config.level,
	       config.durable);
	folder_write(&folder, "conf", "system-log-rate = 100000\n");
	EXPECT(!logd_config_read(folder_path(&folder, "conf"), &config, message, sizeof(message)));
	EXPECT(!config.kernel_level && config.system_log_rate == OSQ_LOG_RATE_MAX &&
	       !config.level && !config.durable);
	EXPECT(!logd_config_read(NULL, &config, message, sizeof(message)));
	EXPECT(config.system_log_rate == -1);
	folder_remove(&folder);
}

static void refuses_what_makes_no_sense(void)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"level = info\nlevle = info\n", ":2: there is no key \"levle\"; the keys are"},
	    {"level = loud\n", ":1: level cannot be \"loud\"; it wants one of trace"},
	    {"level = off\n", ":1: level cannot be \"off\""},
	    {"\n\nkernel-level =\n", ":3: kernel-level cannot be \"\""},
	    {"durable = 4\n", ":1: durable cannot be \"4\""},
	    {"system-log-rate = -1\n", ":1: system-log-rate cannot be \"-1\""},
	    {"system-log-rate = 100001\n", ":1: system-log-rate cannot be \"100001\""},
	    {"system-log-rate = 9 9\n", ":1: system-log-rate cannot be \"9 9\""},
	    {"level info\n", ":1: \"level info\" is no setting; write `key = value`"},
	    {"= info\n", ":1: there is no key \"\""},
	};
	struct logd_config config = {.level = 77};
	struct folder folder = folder_make();
	char message[1024], longest[2000];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		folder_write(&folder, "conf", cases[i].text);
		EXPECT(logd_config_read(folder_path(&folder, "conf"), &config, message,
		                        sizeof(message)),
		       "%s was taken", cases[i].text);
		EXPECT(!strncmp(message, folder.path, strlen(folder.path)) &&
		           strstr(message, cases[i].expected),
		       "%s", message);
	}
	memset(longest, '#', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	folder_write(&folder, "conf", longest);
	EXPECT(logd_config_read(folder_path(&folder, "conf"), &config, message, sizeof(message)) &&
	           strstr(message, ":1: the line is longer than"),
	       "%s", message);
	EXPECT(logd_config_read(folder_path(&folder, "none"), &config, message, sizeof(message)) &&
	           strstr(message, "No such file"),
	       "%s", message);
	EXPECT(config.level == 77, "it was changed");
	folder_remove(&folder);
}

const struct ktap_test config_tests[] = {
    {"reads what a configuration says", reads_what_is_said},
    {"refuses a configuration that makes no sense, with file and line",
     refuses_what_makes_no_sense},
    {NULL, NULL},
};
