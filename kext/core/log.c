// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log.h"

#include "log_port.h"

#define DEFAULT_RATE 20
#define BURST        10 /* seconds' worth of lines */
#define SECOND       1000000000u

/* A message while it is made: its record as clients get it, and room for the formatter's NUL. */
struct message {
	struct osq_log_record record;
	char text[OSQ_LOG_TEXT_MAX + 1];
};
_Static_assert(sizeof(struct osq_log_record) + OSQ_LOG_TEXT_MAX == OSQ_LOG_RECORD_MAX,
               "OSQ_LOG_RECORD_MAX");

uint32_t osq_log_limit = OSQ_LOG_OFF;

/* All under the lock. */
static const char *name;
static struct osq_log_subscriber *subscribers[OSQ_LOG_CLIENTS_MAX];
static struct osq_log_statistics counts;
static int32_t rate;
static uint64_t allowance, allowance_time; /* nanoseconds' worth of lines; as of when */
static uint64_t lost_told;
static uint64_t loaded;

static const char *level_name(int32_t level)
{
	static const char *const names[] = {"trace", "debug", "info", "warning", "error"};

	return names[level - OSQ_LOG_TRACE];
}

static bool is_limit(int32_t level)
{
	return level >= OSQ_LOG_TRACE && level <= OSQ_LOG_OFF;
}

void osq_log_start(const char *extension)
{
	osq_log_lock_state_t state = osq_log_port_lock();

	name = extension;
	rate = DEFAULT_RATE;
	allowance = (uint64_t)BURST * SECOND;
	allowance_time = loaded = osq_log_port_time();
	lost_told = 0;
	osq_port_zero(&counts, sizeof(counts));
	osq_port_store_relaxed(&osq_log_limit, OSQ_LOG_INFO);
	osq_log_port_unlock(state);
}

/* The reason why it did not get the record: 0 where it did not want it. */
static int give(struct osq_log_subscriber *subscriber, struct osq_log_record *record, bool *given)
{
	int error;

	if (record->level < subscriber->level) {
		subscriber->unwanted++;
		return 0;
	}
	if (subscriber->closed) {
		subscriber->dropped++;
		return ENOBUFS;
	}
	record->dropped = subscriber->dropped;
	record->flags &= (uint8_t)~OSQ_LOG_DROPPED_BEFORE;
	if (subscriber->dropped != subscriber->told)
		record->flags |= OSQ_LOG_DROPPED_BEFORE;
	error = osq_log_port_put(subscriber, record);
	if (error) {
		subscriber->dropped++;
		return error;
	}
	subscriber->told = subscriber->dropped;
	subscriber->delivered++;
	*given = true;
	return 0;
}

/* Whether one more line may go to the system log. A line costs 1/rate of a second. */
static bool may_fall_back(uint64_t now)
{
	const uint64_t most = (uint64_t)BURST * SECOND;
	uint64_t price;

	if (!rate)
		return false;
	price = SECOND / (uint32_t)rate;
	if (now > allowance_time) {
		allowance = most - allowance > now - allowance_time
		                ? allowance + (now - allowance_time)
		                : most;
		allowance_time = now;
	}
	if (allowance < price)
		return false;
	allowance -= price;
	return true;
}

/* Whether the message is to go to the system log. */
static bool count_untaken(int reason, uint64_t now)
{
	if (!counts.clients)
		counts.no_client++;
	else if (reason == ENOBUFS)
		counts.full++;
	else if (reason)
		counts.no_memory++;
	else {
		counts.unwanted++;
		return false;
	}
	if (may_fall_back(now)) {
		counts.system_log++;
		return true;
	}
	counts.lost++;
	return false;
}

/* Under the lock. Whether it is to go to the system log. */
static bool deliver(struct osq_log_record *record)
{
	bool given = false;
	int reason = 0;
	unsigned i;

	record->sequence = ++counts.sent;
	record->time = osq_log_port_time();
	for (i = 0; i < OSQ_LOG_CLIENTS_MAX; i++) {
		if (subscribers[i]) {
			int error = give(subscribers[i], record, &given);

			if (error)
				reason = error;
		}
	}
	if (!given)
		return count_untaken(reason, record->time);
	counts.delivered++;
	return false;
}

static void tell_lost(uint64_t lost)
{
	if (lost)
		osq_log_port_system_log(OSQ_LOG_WARNING,
		                        "%s: %llu messages were lost: nobody read them, and they "
		                        "were too many for this log",
		                        name, (unsigned long long)lost);
}

/* A line stays one. */
static void fall_back(struct message *message, uint64_t lost)
{
	const struct osq_log_record *record = &message->record;
	unsigned i;

	for (i = 0; i < record->text_length; i++)
		if ((unsigned char)message->text[i] < ' ')
			message->text[i] = ' ';
	tell_lost(lost);
	osq_log_port_system_log(
	    record->level, "%s: %s %d/%llu #%llu: %.*s", name, level_name(record->level),
	    record->pid, (unsigned long long)record->tid, (unsigned long long)record->sequence,
	    (int)record->text_length, message->text);
}

void osq_log_message(int32_t level, const char *format, ...)
{
	struct message message;
	osq_log_lock_state_t state;
	uint64_t lost = 0;
	bool untaken;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = osq_log_port_format(message.text, sizeof(message.text), format, arguments);
	va_end(arguments);
	if (length < 0)
		length = 0;
	message.record = (struct osq_log_record){
	    .magic = OSQ_LOG_MAGIC,
	    .version = OSQ_LOG_VERSION,
	    .level = (uint8_t)level,
	    .flags = length > OSQ_LOG_TEXT_MAX ? OSQ_LOG_TRUNCATED : 0,
	    .text_length = (uint16_t)(length > OSQ_LOG_TEXT_MAX ? OSQ_LOG_TEXT_MAX : length),
	};
	message.record.size = (uint16_t)(sizeof(message.record) + message.record.text_length);
	osq_log_port_who(&message.record.pid, &message.record.tid);

	state = osq_log_port_lock();
	untaken = deliver(&message.record);
	if (untaken) {
		lost = counts.lost - lost_told;
		lost_told = counts.lost;
	}
	osq_log_port_unlock(state);

	if (untaken)
		fall_back(&message, lost);
	else
		osq_log_port_wake();
}

void osq_log_stop(void)
{
	osq_port_store_relaxed(&osq_log_limit, OSQ_LOG_OFF);
	tell_lost(counts.lost - lost_told);
	lost_told = counts.lost;
}

int osq_log_subscribe(struct osq_log_subscriber *subscriber, int32_t level)
{
	osq_log_lock_state_t state;
	int error = EBUSY;
	unsigned i;

	if (!is_limit(level))
		return EINVAL;
	*subscriber = (struct osq_log_subscriber){.level = level};
	state = osq_log_port_lock();
	for (i = 0; i < OSQ_LOG_CLIENTS_MAX && error; i++) {
		if (subscribers[i])
			continue;
		subscribers[i] = subscriber;
		subscriber->since = counts.sent;
		counts.clients++;
		error = 0;
	}
	osq_log_port_unlock(state);
	return error;
}

/* Under the lock. */
static void forget(const struct osq_log_subscriber *subscriber)
{
	unsigned i;

	for (i = 0; i < OSQ_LOG_CLIENTS_MAX; i++) {
		if (subscribers[i] != subscriber)
			continue;
		subscribers[i] = NULL;
		counts.clients--;
	}
}

void osq_log_unsubscribe(struct osq_log_subscriber *subscriber)
{
	osq_log_lock_state_t state = osq_log_port_lock();

	forget(subscriber);
	osq_log_port_unlock(state);
}

int osq_log_set_level(struct osq_log_subscriber *subscriber, int32_t level)
{
	osq_log_lock_state_t state;

	if (!is_limit(level))
		return EINVAL;
	state = osq_log_port_lock();
	subscriber->level = level;
	osq_log_port_unlock(state);
	return 0;
}

/* Under the lock. */
static void get_statistics(const struct osq_log_subscriber *subscriber,
                           struct osq_log_statistics *statistics)
{
	*statistics = counts;
	statistics->time = osq_log_port_time();
	statistics->epoch = osq_log_port_epoch();
	statistics->loaded = loaded;
	statistics->client_level = OSQ_LOG_OFF;
	if (subscriber) {
		statistics->client_sent = counts.sent - subscriber->since;
		statistics->client_delivered = subscriber->delivered;
		statistics->client_unwanted = subscriber->unwanted;
		statistics->client_dropped = subscriber->dropped;
		statistics->client_level = subscriber->level;
	}
}

void osq_log_get_statistics(const struct osq_log_subscriber *subscriber,
                            struct osq_log_statistics *statistics)
{
	osq_log_lock_state_t state = osq_log_port_lock();

	get_statistics(subscriber, statistics);
	osq_log_port_unlock(state);
}

/* Under the lock. */
static void make_closing(const struct osq_log_subscriber *subscriber,
                         struct osq_log_closing *closing)
{
	get_statistics(subscriber, &closing->statistics);
	closing->record = (struct osq_log_record){
	    .magic = OSQ_LOG_MAGIC,
	    .version = OSQ_LOG_VERSION,
	    .size = sizeof(*closing),
	    .level = OSQ_LOG_ERROR,
	    .flags = OSQ_LOG_CLOSING,
	    .text_length = sizeof(closing->statistics),
	    .time = closing->statistics.time,
	    .dropped = subscriber->dropped,
	};
	if (subscriber->dropped != subscriber->told)
		closing->record.flags |= OSQ_LOG_DROPPED_BEFORE;
}

bool osq_log_tell_closing(void)
{
	struct osq_log_closing closing;
	osq_log_lock_state_t state = osq_log_port_lock();
	bool all = true;
	unsigned i;

	for (i = 0; i < OSQ_LOG_CLIENTS_MAX; i++) {
		struct osq_log_subscriber *subscriber = subscribers[i];

		if (!subscriber || subscriber->closed)
			continue;
		make_closing(subscriber, &closing);
		subscriber->closed = !osq_log_port_put(subscriber, &closing.record);
		if (subscriber->closed)
			subscriber->told = subscriber->dropped;
		else
			all = false;
	}
	osq_log_port_unlock(state);
	osq_log_port_wake();
	return all;
}

void osq_log_stay_open(void)
{
	osq_log_lock_state_t state = osq_log_port_lock();
	unsigned i;

	for (i = 0; i < OSQ_LOG_CLIENTS_MAX; i++)
		if (subscribers[i])
			subscribers[i]->closed = false;
	osq_log_port_unlock(state);
}

void osq_log_close(struct osq_log_subscriber *subscriber, uint64_t left,
                   struct osq_log_closing *closing)
{
	osq_log_lock_state_t state = osq_log_port_lock();

	subscriber->delivered -= left;
	subscriber->dropped += left;
	make_closing(subscriber, closing);
	forget(subscriber);
	osq_log_port_unlock(state);
}

void osq_log_get_settings(struct osq_log_settings *settings)
{
	osq_log_lock_state_t state = osq_log_port_lock();

	settings->level = (int32_t)osq_port_load_relaxed(&osq_log_limit);
	settings->system_log_rate = rate;
	osq_log_port_unlock(state);
}

int osq_log_set_settings(const struct osq_log_settings *settings)
{
	osq_log_lock_state_t state;

	if (!is_limit(settings->level) || settings->system_log_rate < 0 ||
	    settings->system_log_rate > OSQ_LOG_RATE_MAX)
		return EINVAL;
	state = osq_log_port_lock();
	osq_port_store_relaxed(&osq_log_limit, (uint32_t)settings->level);
	rate = settings->system_log_rate;
	osq_log_port_unlock(state);
	return 0;
}
