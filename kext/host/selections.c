// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "selections.h"

#include <pthread.h>
#include <stdlib.h>

#include "wait.h"

struct selection_record {
	struct selection_record *next;     /* of all */
	struct selection_record *siblings; /* of the same selection */
	struct selection *selection;
	const void *selinfo;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct selection_record *all;

void selection_begin(struct selection *selection)
{
	*selection = (struct selection){0};
}

void selection_record(struct selection *selection, const void *selinfo)
{
	struct selection_record *record = calloc(1, sizeof(*record));

	if (!record)
		abort();
	record->selection = selection;
	record->selinfo = selinfo;
	pthread_mutex_lock(&mutex);
	record->next = all;
	all = record;
	record->siblings = selection->records;
	selection->records = record;
	pthread_mutex_unlock(&mutex);
}

/* Under the mutex. */
static void forget(struct selection *selection)
{
	struct selection_record **link = &all, *record;

	while (*link) {
		if ((*link)->selection == selection)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
	while ((record = selection->records)) {
		selection->records = record->siblings;
		free(record);
	}
	selection->woken = false;
}

int selection_wait(struct selection *selection, uint64_t deadline)
{
	int result = WAIT_AWAKENED;

	pthread_mutex_lock(&mutex);
	if (!selection->woken) {
		wait_assert(selection);
		pthread_mutex_unlock(&mutex);
		result = wait_block(deadline, true);
		pthread_mutex_lock(&mutex);
	}
	forget(selection);
	pthread_mutex_unlock(&mutex);
	return result;
}

void selection_end(struct selection *selection)
{
	pthread_mutex_lock(&mutex);
	forget(selection);
	pthread_mutex_unlock(&mutex);
}

void selections_wake(const void *selinfo)
{
	const struct selection_record *record;

	pthread_mutex_lock(&mutex);
	for (record = all; record; record = record->next) {
		if (record->selinfo != selinfo)
			continue;
		record->selection->woken = true;
		wait_wake(record->selection, false);
	}
	pthread_mutex_unlock(&mutex);
}

void selections_forget(const void *selinfo)
{
	struct selection_record *record;

	pthread_mutex_lock(&mutex);
	for (record = all; record; record = record->next)
		if (record->selinfo == selinfo)
			record->selinfo = NULL;
	pthread_mutex_unlock(&mutex);
}
