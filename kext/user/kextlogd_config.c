// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kextlogd_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kextlogd_lines.h"

static bool is_space(char byte)
{
	return isspace((unsigned char)byte);
}

/* Without the spaces around it. */
static char *trim(char *text)
{
	size_t length;

	while (is_space(*text))
		text++;
	length = strlen(text);
	while (length && is_space(text[length - 1]))
		text[--length] = '\0';
	return text;
}

static bool set_level(const char *value, bool with_off, int32_t *level)
{
	*level = logd_level_parse(value);
	return *level && (with_off || *level != OSQ_LOG_OFF);
}

static bool set_rate(const char *value, int32_t *rate)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 10);
	*rate = (int32_t)number;
	return isdigit((unsigned char)*value) && !*end && !errno && number <= OSQ_LOG_RATE_MAX;
}

#define LEVELS "trace, debug, info, warning, error"

/* NULL, or what the key wants instead. `known` tells whether there is such a key at all. */
static const char *set(struct logd_config *config, const char *key, const char *value, bool *known)
{
	*known = true;
	if (!strcmp(key, "kernel-level"))
		return set_level(value, true, &config->kernel_level) ? NULL : LEVELS " or off";
	if (!strcmp(key, "level"))
		return set_level(value, false, &config->level) ? NULL : "one of " LEVELS;
	if (!strcmp(key, "durable"))
		return set_level(value, true, &config->durable) ? NULL : LEVELS " or off";
	if (!strcmp(key, "system-log-rate"))
		return set_rate(value, &config->system_log_rate) ? NULL
		                                                 : "a number from 0 to 100000";
	*known = false;
	return NULL;
}
_Static_assert(OSQ_LOG_RATE_MAX == 100000, "told in words above");

/* False, with what is wrong in `problem`. */
static bool read_line(struct logd_config *config, char *line, char *problem, size_t size)
{
	char *key, *value, *equals;
	const char *wanted;
	bool known;

	line[strcspn(line, "#")] = '\0';
	key = trim(line);
	if (!*key)
		return true;
	equals = strchr(key, '=');
	if (!equals) {
		snprintf(problem, size, "\"%.60s\" is no setting; write `key = value`", key);
		return false;
	}
	*equals = '\0';
	key = trim(key);
	value = trim(equals + 1);
	wanted = set(config, key, value, &known);
	if (known && !wanted)
		return true;
	if (known)
		snprintf(problem, size, "%s cannot be \"%.60s\"; it wants %s", key, value, wanted);
	else
		snprintf(problem, size,
		         "there is no key \"%.60s\"; the keys are kernel-level, system-log-rate, "
		         "level and durable",
		         key);
	return false;
}

int logd_config_read(const char *path, struct logd_config *config, char *message, size_t size)
{
	struct logd_config read = {.system_log_rate = -1};
	char line[1024], problem[256] = "";
	unsigned number = 0;
	bool good = true;
	FILE *file;

	if (!path) {
		*config = read;
		return 0;
	}
	file = fopen(path, "r");
	if (!file) {
		snprintf(message, size, "cannot read the configuration %s: %s", path,
		         strerror(errno));
		return -1;
	}
	while (good && fgets(line, sizeof(line), file)) {
		number++;
		if (!strchr(line, '\n') && !feof(file)) {
			snprintf(problem, sizeof(problem), "the line is longer than %zu bytes",
			         sizeof(line) - 2);
			good = false;
		} else {
			good = read_line(&read, line, problem, sizeof(problem));
		}
	}
	if (ferror(file)) {
		snprintf(message, size, "cannot read the configuration %s: %s", path,
		         strerror(errno));
		good = false;
	} else if (!good) {
		snprintf(message, size, "%s:%u: %s", path, number, problem);
	}
	fclose(file);
	if (!good)
		return -1;
	*config = read;
	return 0;
}
