// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "nvram.h"
#include "release.h"
#include "sip.h"
#include "system.h"

#define NOT_FOUND      "(iokit/common) data was not found"
#define NOT_PERMITTED  "(iokit/common) not permitted"
#define NOT_PRIVILEGED "(iokit/common) not privileged"
#define NOT_SUPPORTED  "(iokit/common) unsupported function"
#define NO_SPACE       "(iokit/common) no space left on device"
#define GENERAL        "(iokit/common) general error"

static int tell_usage(const char *problem)
{
	fprintf(stderr,
	        "nvram: (usage: %s)\n"
	        "nvram [-x] [-p] [-f filename] [-d name] [-c] name[=value] ...\n"
	        "\t-x         use XML format for printing or reading variables\n"
	        "\t-p         print all firmware variables\n"
	        "\t-f         set firmware variables from a text file\n"
	        "\t-d         delete the named variable\n"
	        "\t-c         delete all variables\n"
	        "\tname=value set named variable\n"
	        "\tname       print variable\n"
	        "Arguments and options are executed in order.\n",
	        problem);
	return 1;
}

static void print(const char *name, const char *value, size_t length)
{
	size_t i;

	printf("%s\t", name);
	for (i = 0; i < length; i++)
		printf(isprint((unsigned char)value[i]) ? "%c" : "%%%02x", (unsigned char)value[i]);
	putchar('\n');
}

static int print_one(const char *name)
{
	size_t length;
	char *value = nvram_get(system_path(SYSTEM_NVRAM).text, name, &length);

	if (!value) {
		fprintf(stderr, "nvram: Error getting variable - '%s': %s\n", name, NOT_FOUND);
		return 1;
	}
	print(name, value, length);
	free(value);
	return 0;
}

/* Why this system lets nobody change a variable; NULL where it does. */
static const char *refusal(const char *name)
{
	const unsigned int minor = system_release()->minor;

	if (geteuid())
		return NOT_PRIVILEGED;
	if (!strcmp(name, NVRAM_PANIC_INFO))
		return NOT_SUPPORTED;
	if (sip_configuration() & SIP_UNRESTRICTED_NVRAM)
		return NULL;
	if (!strcmp(name, SIP_VARIABLE) || (minor >= 16 && !strcmp(name, "boot-args")))
		return NOT_PERMITTED;
	return NULL;
}

static const char *error_text(int error)
{
	return error == ENOENT ? NOT_FOUND : error == ENOSPC ? NO_SPACE : GENERAL;
}

/* With %xx for any byte; the text has room for itself. */
static size_t unescape(char *value)
{
	const char *text;
	char *to = value;

	for (text = value; *text; text++) {
		if (*text == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			const char digits[3] = {text[1], text[2]};

			*to++ = (char)strtoul(digits, NULL, 16);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	return (size_t)(to - value);
}

static int change(const char *verb, const char *name, const char *value, size_t length)
{
	const char *problem = refusal(name);
	int error;

	if (!problem) {
		error = nvram_set(system_path(SYSTEM_NVRAM).text, name, value, length);
		problem = error ? error_text(error) : NULL;
	}
	if (problem)
		fprintf(stderr, "nvram: Error %s variable - '%s': %s\n", verb, name, problem);
	return problem != NULL;
}

static int set(char *assignment)
{
	char *value = strchr(assignment, '=');
	size_t length;

	*value++ = '\0';
	length = unescape(value);
	return change("setting", assignment, value, length);
}

/* A line a variable: its name, blanks, its value. '#' starts a comment. */
static int set_from_file(const char *path)
{
	int result = 0;
	char *rest, *line, *value, *text;
	size_t size;

	text = file_read(path, NVRAM_SIZE_MAX, &size);
	if (!text) {
		fprintf(stderr, "nvram: Couldn't open file - '%s'\n", path);
		return 1;
	}
	for (rest = text; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		value = line + strcspn(line, " \t");
		if (*value)
			*value++ = '\0';
		value += strspn(value, " \t");
		size = unescape(value);
		result |= change("setting", line, value, size);
	}
	free(text);
	return result;
}

static void print_xml(const char *name, const char *value, size_t length)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	printf("\t<key>%s</key>\n\t<data>\n\t", name);
	for (i = 0; i < length; i += 3) {
		const size_t left = length - i;
		const unsigned int bits = (unsigned int)(unsigned char)value[i] << 16 |
		                          (left > 1 ? (unsigned char)value[i + 1] << 8 : 0) |
		                          (left > 2 ? (unsigned char)value[i + 2] : 0);

		printf("%c%c%c%c", digits[bits >> 18], digits[bits >> 12 & 63],
		       left > 1 ? digits[bits >> 6 & 63] : '=', left > 2 ? digits[bits & 63] : '=');
	}
	puts("\n\t</data>");
}

static void print_all(bool xml)
{
	const struct system_path path = system_path(SYSTEM_NVRAM);

	if (!xml) {
		nvram_each(path.text, print);
		return;
	}
	puts("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	     "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	     "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	     "<plist version=\"1.0\">\n<dict>");
	nvram_each(path.text, print_xml);
	puts("</dict>\n</plist>");
}

/* What no one may change stays. */
static void forget(const char *name, const char *value, size_t length)
{
	(void)value, (void)length;
	if (!refusal(name))
		nvram_set(system_path(SYSTEM_NVRAM).text, name, NULL, 0);
}

static int clear(void)
{
	if (geteuid()) {
		fprintf(stderr, "nvram: Error clearing variables: %s\n", NOT_PRIVILEGED);
		return 1;
	}
	nvram_each(system_path(SYSTEM_NVRAM).text, forget);
	return 0;
}

int command_nvram(int count, char **arguments)
{
	bool xml = false;
	int i, result = 0;

	if (count == 1)
		return tell_usage("no arguments");
	for (i = 1; i < count && !result; i++) {
		const char *word = arguments[i];
		const char option = *word == '-' && word[1] && !word[2] ? word[1] : '\0';

		if (option == 'x')
			xml = true;
		else if (option == 'p')
			print_all(xml);
		else if (option == 'c')
			result = clear();
		else if ((option == 'f' || option == 'd') && i + 1 == count)
			return tell_usage("missing name");
		else if (option == 'f')
			result = set_from_file(arguments[++i]);
		else if (option == 'd')
			result = change("deleting", arguments[++i], NULL, 0);
		else if (*word == '-')
			return tell_usage("no such option");
		else if (strchr(word, '='))
			result = set(arguments[i]);
		else
			result = print_one(word);
	}
	return result;
}
