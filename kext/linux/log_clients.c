// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "log_clients.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "log_buffer.h"
#include "log_pipe.h"
#include "log_port.h"

/* Between two looks while there is traffic, and while pipes are full. */
#define PAUSE_MIN_MS 1
#define PAUSE_MAX_MS 100

/* At the end: so often, so long after one another, the pipes are tried without any success. */
#define LAST_TRIES   100
#define LAST_WAIT_MS 10

struct client {
	struct osq_log_subscriber subscriber;
	struct list_head list;
	struct osq_log_buffer buffer;
	struct file *pipe;
	struct wait_queue_entry watch; /* in the pipe's own queue */
	bool gone; /* nobody reads the pipe any more; under the channel's lock */
	uint32_t unit;
};

static DEFINE_MUTEX(mutex); /* guards the list; taken by the thread while it carries */
static LIST_HEAD(clients);
static uint32_t units;

static DEFINE_RAW_SPINLOCK(lock); /* the channel's */
static bool pending;              /* a buffer that was empty is so no more, or a client is gone */
static bool asleep;               /* the carrier, until it is woken; else it looks by itself */
static bool hurry;                /* it is to look at once */
static unsigned long rounds;      /* that it has made; under the mutex */
static struct task_struct *carrier;
static char chunk[OSQ_LOG_PIPE_CHUNK]; /* the carrier's alone */
static DECLARE_WAIT_QUEUE_HEAD(carrier_queue);
static DECLARE_WAIT_QUEUE_HEAD(rounds_queue);

osq_log_lock_state_t osq_log_port_lock(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	return flags;
}

void osq_log_port_unlock(osq_log_lock_state_t state)
{
	raw_spin_unlock_irqrestore(&lock, state);
}

static void wake_carrier(struct irq_work *work)
{
	wake_up(&carrier_queue);
}

static DEFINE_IRQ_WORK(wake_work, wake_carrier);

static bool is_empty(const struct osq_log_buffer *buffer)
{
	return buffer->put == READ_ONCE(buffer->taken);
}

int osq_log_port_put(struct osq_log_subscriber *subscriber, const struct osq_log_record *record)
{
	struct client *client = container_of(subscriber, struct client, subscriber);
	const bool was_empty = is_empty(&client->buffer);

	if (!osq_log_buffer_put(&client->buffer, record))
		return ENOBUFS;
	if (was_empty)
		WRITE_ONCE(pending, true);
	return 0;
}

/* Either the carrier sees here what is pending, or this sees that it is asleep. */
void osq_log_port_wake(void)
{
	if (!READ_ONCE(pending))
		return;
	smp_mb();
	if (READ_ONCE(asleep))
		irq_work_queue(&wake_work);
}

void osq_log_port_system_log(int32_t level, const char *format, ...)
{
	static const char *const levels[] = {KERN_DEBUG, KERN_DEBUG, KERN_INFO, KERN_WARNING,
	                                     KERN_ERR};
	struct va_format line = {.fmt = format};
	va_list arguments;

	va_start(arguments, format);
	line.va = &arguments;
	printk("%s%pV\n", levels[level - OSQ_LOG_TRACE], &line);
	va_end(arguments);
}

/*
 * Whether nothing is to be done. Under the lock: either the bytes are seen here that were put, or
 * who puts some sees the buffer empty, and wakes. Who goes wakes in any case.
 */
static bool is_done(const struct client *client)
{
	osq_log_lock_state_t state = osq_log_port_lock();
	const bool done = !client->gone && is_empty(&client->buffer);

	osq_log_port_unlock(state);
	return done;
}

/* Bytes carried, at most once the buffer, so that all clients get their turn; or an error. */
static int carry(struct client *client)
{
	uint32_t carried = 0;

	while (carried < OSQ_LOG_BUFFER) {
		const uint32_t count = osq_log_buffer_read(&client->buffer, chunk, sizeof(chunk));
		int error;

		if (!count)
			break;
		error = osq_log_pipe_write(client->pipe, chunk, count, false);
		if (error == -EAGAIN)
			break;
		if (error)
			return error;
		osq_log_buffer_take(&client->buffer, count);
		carried += count;
	}
	return (int)carried;
}

static void destroy(struct client *client)
{
	if (client->pipe)
		fput(client->pipe);
	vfree(client->buffer.bytes);
	kfree(client);
}

static void disconnect(struct client *client)
{
	osq_log_pipe_unwatch(client->pipe, &client->watch);
	osq_log_unsubscribe(&client->subscriber);
	list_del(&client->list);
	destroy(client);
}

/*
 * Whoever closes a pipe's last reading end comes here before that is done. From now on the client
 * takes no message: those that nobody else takes go to the system log. What it has is freed by the
 * carrier, for here nobody may sleep.
 */
static int notice_end(struct wait_queue_entry *watch, unsigned int mode, int flags, void *key)
{
	struct client *client = container_of(watch, struct client, watch);
	osq_log_lock_state_t state;

	if (!osq_log_pipe_is_dead(client->pipe))
		return 0;
	osq_log_unsubscribe(&client->subscriber);
	state = osq_log_port_lock();
	client->gone = true;
	WRITE_ONCE(pending, true);
	osq_log_port_unlock(state);
	osq_log_port_wake();
	return 0;
}

/* Whether something waits still; whether anything was carried. */
static bool carry_all(bool *progress)
{
	struct client *client, *next;
	bool waits = false;

	mutex_lock(&mutex);
	list_for_each_entry_safe(client, next, &clients, list)
	{
		const int carried = READ_ONCE(client->gone) ? -EPIPE : carry(client);

		if (carried < 0) {
			disconnect(client);
			continue;
		}
		if (carried)
			*progress = true;
		if (!is_done(client))
			waits = true;
	}
	WRITE_ONCE(rounds, rounds + 1);
	mutex_unlock(&mutex);
	wake_up_all(&rounds_queue);
	return waits;
}

/* What is left, as long as somebody reads. */
static void carry_last(void)
{
	bool progress = false;
	int tries = 0;

	while (carry_all(&progress) && tries < LAST_TRIES) {
		tries = progress ? 0 : tries + 1;
		progress = false;
		msleep(LAST_WAIT_MS);
	}
}

/* What its reader did not make room for is counted, in the last record that it gets. */
static void close_client(struct client *client)
{
	const uint32_t left = osq_log_buffer_count(&client->buffer);
	struct osq_log_closing closing;

	osq_log_close(&client->subscriber, left, &closing);
	if (left)
		osq_log_port_system_log(OSQ_LOG_WARNING,
		                        "osquery: %u messages were dropped: a reader of the log "
		                        "had no room for them when it ended",
		                        left);
	(void)osq_log_pipe_write(client->pipe, &closing, sizeof(closing), true);
}

/*
 * By the thread as well: a pipe without a reader signals who writes to it, and whoever unloads the
 * module is not to get that.
 */
static void close_all(void)
{
	struct client *client;

	carry_last();
	list_for_each_entry(client, &clients, list) close_client(client);
}

static void sleep_until_woken(void)
{
	WRITE_ONCE(asleep, true);
	smp_mb();
	wait_event_idle(carrier_queue,
	                READ_ONCE(pending) || READ_ONCE(hurry) || kthread_should_stop());
	WRITE_ONCE(asleep, false);
}

/*
 * A wake for each message would cost more than the message: while there is traffic the carrier
 * looks now and then. So it does at a full pipe, too: nobody tells when that has room again.
 */
static int carry_on(void *unused)
{
	unsigned int pause = PAUSE_MIN_MS;

	while (!kthread_should_stop()) {
		bool progress = false, waits;

		WRITE_ONCE(pending, false);
		WRITE_ONCE(hurry, false);
		waits = carry_all(&progress);
		if (!progress && !waits) {
			sleep_until_woken();
			continue;
		}
		pause = progress ? PAUSE_MIN_MS : min(2 * pause, (unsigned int)PAUSE_MAX_MS);
		wait_event_idle_timeout(carrier_queue, READ_ONCE(hurry) || kthread_should_stop(),
		                        msecs_to_jiffies(pause));
	}
	close_all();
	return 0;
}

/* A whole round: the one that runs may have passed a client already. */
static int wait_for_round(void)
{
	const unsigned long enough = READ_ONCE(rounds) + 2;

	while ((long)(enough - READ_ONCE(rounds)) > 0) {
		WRITE_ONCE(hurry, true);
		wake_up(&carrier_queue);
		if (wait_event_killable_timeout(rounds_queue,
		                                (long)(enough - READ_ONCE(rounds)) <= 0,
		                                msecs_to_jiffies(PAUSE_MIN_MS)) < 0)
			return -EINTR;
	}
	return 0;
}

int osq_log_clients_init(void)
{
	carrier = kthread_run(carry_on, NULL, "osquery_log");
	return PTR_ERR_OR_ZERO(carrier);
}

/* Nobody comes any more. */
void osq_log_clients_exit(void)
{
	struct client *client, *next;

	kthread_stop(carrier);
	list_for_each_entry_safe(client, next, &clients, list) disconnect(client);
	irq_work_sync(&wake_work);
}

static struct client *make(int pipe)
{
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);
	struct file *file;
	void *memory;

	if (!client)
		return ERR_PTR(-ENOMEM);
	memory = vmalloc(OSQ_LOG_BUFFER);
	if (!memory) {
		kfree(client);
		return ERR_PTR(-ENOMEM);
	}
	osq_log_buffer_init(&client->buffer, memory, OSQ_LOG_BUFFER);
	file = osq_log_pipe_open(pipe);
	if (IS_ERR(file)) {
		destroy(client);
		return ERR_CAST(file);
	}
	client->pipe = file;
	return client;
}

int osq_log_clients_connect(int pipe, int32_t level, uint32_t *unit)
{
	struct client *client = make(pipe);
	int error;

	if (IS_ERR(client))
		return PTR_ERR(client);
	mutex_lock(&mutex);
	error = osq_log_subscribe(&client->subscriber, level);
	if (error) {
		mutex_unlock(&mutex);
		destroy(client);
		return -error;
	}
	if (!++units)
		units = 1;
	client->unit = *unit = units;
	list_add_tail(&client->list, &clients);
	init_waitqueue_func_entry(&client->watch, notice_end);
	osq_log_pipe_watch(client->pipe, &client->watch);
	/* It may have ended before it was watched. */
	notice_end(&client->watch, 0, 0, NULL);
	mutex_unlock(&mutex);
	return 0;
}

static struct client *find(uint32_t unit)
{
	struct client *client;

	list_for_each_entry(client, &clients, list)
	{
		if (client->unit == unit && !READ_ONCE(client->gone))
			return client;
	}
	return NULL;
}

int osq_log_clients_set_level(uint32_t unit, int32_t level)
{
	struct client *client;
	int error = ENXIO;

	mutex_lock(&mutex);
	client = find(unit);
	if (client)
		error = osq_log_set_level(&client->subscriber, level);
	mutex_unlock(&mutex);
	return -error;
}

int osq_log_clients_statistics(uint32_t unit, struct osq_log_statistics *statistics)
{
	const struct client *client = NULL;
	int error = 0;

	mutex_lock(&mutex);
	if (unit)
		client = find(unit);
	if (unit && !client)
		error = -ENXIO;
	else
		osq_log_get_statistics(client ? &client->subscriber : NULL, statistics);
	mutex_unlock(&mutex);
	return error ? error : wait_for_round();
}
