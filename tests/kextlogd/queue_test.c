// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Items of any size between two threads. */
#include "kextlogd_queue.h"

#include <pthread.h>
#include <string.h>

#include "tests.h"

#define RING  4096
#define ITEMS 100000

static size_t size_of(uint32_t number)
{
	return 4 + number * 7 % 500;
}

static void *produce(void *context)
{
	struct logd_queue *queue = context;

	for (uint32_t number = 0; number < ITEMS; number++) {
		unsigned char *payload;

		logd_queue_reserve(queue, LOGD_ITEM_ROOM(size_of(number)));
		payload = logd_queue_put(queue, LOGD_ITEM_RECORD, size_of(number));
		memset(payload, (int)number, size_of(number));
		memcpy(payload, &number, sizeof(number));
		/* Mostly several at once, but what waits for room is never behind what is hidden.
		 */
		if (number % 3 == 0)
			logd_queue_publish(queue);
		else if (number % 3 == 1)
			logd_queue_reserve(queue, 0);
		else
			logd_queue_publish(queue);
	}
	logd_queue_publish(queue);
	logd_queue_reserve(queue, LOGD_ITEM_ROOM(0));
	logd_queue_put(queue, LOGD_ITEM_END, 0);
	logd_queue_publish(queue);
	return NULL;
}

static void items_come_whole_and_in_order(void)
{
	struct logd_queue *queue = logd_queue_create(RING);
	uint32_t expected = 0;
	bool ended = false;
	pthread_t thread;

	REQUIRE(queue && !pthread_create(&thread, NULL, produce, queue));
	while (!ended) {
		size_t ready;
		const unsigned char *bytes = (const void *)logd_queue_take(queue, &ready);

		for (size_t at = 0; at < ready;) {
			const struct logd_item *item = (const void *)(bytes + at);
			uint32_t number;

			at += item->size;
			ended = item->kind == LOGD_ITEM_END;
			if (item->kind != LOGD_ITEM_RECORD)
				continue;
			memcpy(&number, item->payload, sizeof(number));
			if (number != expected ||
			    item->payload[size_of(number) - 1] !=
			        (size_of(number) == 4 ? (unsigned char)(number >> 24)
			                              : (unsigned char)number))
				FAIL("%u, not %u", number, expected);
			expected++;
		}
		logd_queue_release(queue, ready);
	}
	pthread_join(thread, NULL);
	EXPECT(expected == ITEMS, "%u of them", expected);
	logd_queue_destroy(queue);
}

const struct ktap_test queue_tests[] = {
    {"hands items over whole and in order", items_come_whole_and_in_order},
    {NULL, NULL},
};
