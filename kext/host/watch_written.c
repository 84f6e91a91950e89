// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Descriptors written by: FP_WRITTEN, which is each descriptor's own and no opening's. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "watch_file.h"

#define BUCKETS     256
#define ENTRIES_MAX 65536 /* beyond it those of dead processes go */

struct entry {
	struct entry *next;
	pid_t process;
	int descriptor;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct entry *buckets[BUCKETS];
static unsigned int count;

/* The link to the entry, or to the NULL at the end. */
static struct entry **find(pid_t process, int descriptor)
{
	struct entry **link =
	    &buckets[((unsigned int)process * 31 + (unsigned int)descriptor) % BUCKETS];

	while (*link && ((*link)->process != process || (*link)->descriptor != descriptor))
		link = &(*link)->next;
	return link;
}

static void remove_at(struct entry **link)
{
	struct entry *entry = *link;

	*link = entry->next;
	free(entry);
	count--;
}

static void remove_dead(void)
{
	struct entry **link;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (link = &buckets[i]; *link;)
			if (kill((*link)->process, 0) && errno == ESRCH)
				remove_at(link);
			else
				link = &(*link)->next;
}

void written_note(pid_t process, int descriptor)
{
	struct entry **link, *entry;

	pthread_mutex_lock(&mutex);
	if (count >= ENTRIES_MAX)
		remove_dead();
	link = find(process, descriptor);
	entry = *link || count >= ENTRIES_MAX ? NULL : malloc(sizeof(*entry));
	if (entry) {
		*entry = (struct entry){.process = process, .descriptor = descriptor};
		*link = entry;
		count++;
	}
	pthread_mutex_unlock(&mutex);
}

bool written_has(pid_t process, int descriptor)
{
	bool has;

	pthread_mutex_lock(&mutex);
	has = *find(process, descriptor) != NULL;
	pthread_mutex_unlock(&mutex);
	return has;
}

void written_forget(pid_t process, int descriptor)
{
	struct entry **link;

	pthread_mutex_lock(&mutex);
	link = find(process, descriptor);
	if (*link)
		remove_at(link);
	pthread_mutex_unlock(&mutex);
}
