// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "connection.h"
#include "darwin.h"
#include "events.h"
#include "exchange.h"
#include "kext.h"
#include "log.h"
#include "thread.h"
#include "trap.h"
#include "watch.h"

static bool is_superuser(const struct exchange *exchange)
{
	return !exchange->connection->process->credential->uid;
}

static uint32_t serve_load(struct exchange *exchange)
{
	struct transcript transcript;
	osreturn_t result;

	log_transcript_begin(&transcript);
	if (!is_superuser(exchange)) {
		log_line("Attempt by non-root process to load a kext.");
		result = OSRETURN_NOT_PRIVILEGED;
	} else {
		result = kext_load(exchange->text);
	}
	log_transcript_end();
	exchange->data = exchange->allocated = transcript.text;
	exchange->length = transcript.length;
	return result;
}

static uint32_t serve_unload(struct exchange *exchange)
{
	struct transcript transcript;
	unsigned int left = 0;
	osreturn_t result;

	log_transcript_begin(&transcript);
	if (!is_superuser(exchange)) {
		log_line("Access Failure - must be root user.");
		result = OSRETURN_NOT_PRIVILEGED;
	} else {
		result = kext_unload(exchange->text, &left);
	}
	log_transcript_end();
	exchange->reply.value = left;
	exchange->data = exchange->allocated = transcript.text;
	exchange->length = transcript.length;
	return result;
}

static uint32_t serve_list(struct exchange *exchange)
{
	char *text = kext_list();

	if (!text)
		return OSRETURN_NO_MEMORY;
	exchange->data = exchange->allocated = text;
	exchange->length = strnlen(text, KEXTHOST_DATA_MAX);
	return OSRETURN_SUCCESS;
}

/* Only of who is as much as the host is: it looks into what it watches. */
static uint32_t serve_attendance(struct exchange *exchange)
{
	const struct process *process = exchange->connection->process;

	if (process->credential->uid != geteuid())
		return DARWIN_EPERM;
	return watch_begin(process->pid, (int)exchange->request.value) ? DARWIN_EINVAL : 0;
}

static uint32_t serve_execution(struct exchange *exchange)
{
	struct process *process = exchange->connection->process, *child = process;
	struct vnode vnode;

	if (!vnode_make(&vnode, exchange->text))
		return DARWIN_ENAMETOOLONG;
	if (exchange->request.value)
		child = process_find((pid_t)exchange->request.value);
	if (!child)
		return DARWIN_ENOENT;
	policies_tell_execution(process->credential, child, &vnode);
	listeners_tell(FILE_OPERATION_EXEC, child->credential, &vnode, 0);
	if (child != process)
		process_release(child);
	return 0;
}

static uint32_t serve_file(struct exchange *exchange, int action)
{
	struct vnode vnode;

	if (!vnode_make(&vnode, exchange->text))
		return DARWIN_ENAMETOOLONG;
	listeners_tell(
	    action, exchange->connection->process->credential, &vnode,
	    action == FILE_OPERATION_CLOSE && exchange->request.value ? FILE_CLOSE_MODIFIED : 0);
	return 0;
}

static uint32_t serve_socket(struct exchange *exchange)
{
	const struct kexthost_header *request = &exchange->request;
	struct kexthost_socket argument;

	if (request->operation == KEXTHOST_SHUT)
		return (uint32_t)socket_shut(request->handle);
	if (request->length != sizeof(argument))
		return DARWIN_EINVAL;
	memcpy(&argument, exchange->text, sizeof(argument));
	switch (request->operation) {
	case KEXTHOST_SOCKET:
		return (uint32_t)socket_make(&argument, true, &exchange->reply.handle);
	case KEXTHOST_BIND:
		return (uint32_t)socket_bind(request->handle, &argument.local);
	case KEXTHOST_CONNECT:
		return (uint32_t)socket_connect(request->handle, &argument.remote);
	}
	return (uint32_t)socket_accept(request->handle, &argument.local, &argument.remote,
	                               &exchange->reply.handle);
}

static uint32_t serve(struct exchange *exchange)
{
	const struct kexthost_header *request = &exchange->request;

	switch (request->operation) {
	case KEXTHOST_LOAD:
		return serve_load(exchange);
	case KEXTHOST_UNLOAD:
		return serve_unload(exchange);
	case KEXTHOST_LIST:
		return serve_list(exchange);
	case KEXTHOST_ATTEND:
		return serve_attendance(exchange);
	case KEXTHOST_EXECUTE:
		return serve_execution(exchange);
	case KEXTHOST_FILE_OPENED:
		return serve_file(exchange, FILE_OPERATION_OPEN);
	case KEXTHOST_FILE_CLOSED:
		return serve_file(exchange, FILE_OPERATION_CLOSE);
	case KEXTHOST_SOCKET:
	case KEXTHOST_BIND:
	case KEXTHOST_CONNECT:
	case KEXTHOST_ACCEPT:
	case KEXTHOST_SHUT:
		return serve_socket(exchange);
	}
	return serve_open_file(exchange);
}

/* What was unmapped for this process by others. */
static void unmap(struct connection *connection)
{
	struct kexthost_header question = {.operation = KEXTHOST_UNMAP};
	struct unmapping *unmapping;

	while ((unmapping = process_take_unmapping(connection->process))) {
		question.value = unmapping->address;
		question.argument = unmapping->length;
		free(unmapping);
		connection_ask(connection, &question, NULL, 0, -1);
	}
}

static bool serve_one(struct connection *connection)
{
	struct exchange exchange = {.connection = connection, .passed = -1};
	bool sent = false;

	exchange.request = connection->header;
	exchange.text = malloc(connection->header.length + 1);
	if (exchange.text) {
		memcpy(exchange.text, connection->data, connection->header.length + 1);
		exchange.reply.error = serve(&exchange);
		unmap(connection);
		sent = connection_reply(connection, &exchange.reply, exchange.data, exchange.length,
		                        exchange.passed);
	}
	if (exchange.passed >= 0)
		close(exchange.passed);
	free(exchange.text);
	free(exchange.allocated);
	return sent;
}

static void *serve_connection(void *data)
{
	struct connection *connection = data;
	struct thread *thread = thread_current();

	trap_init_thread();
	thread->process = connection->process;
	thread->connection = connection;
	while (connection_receive(connection) && serve_one(connection))
		;
	thread->connection = NULL;
	thread->process = &process_kernel;
	connection_destroy(connection);
	trap_exit_thread();
	return NULL;
}

int control_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listening;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listening < 0)
		return -1;
	unlink(path);
	/* Anybody may come, as to /dev: who may do what is for the kext and for us to say. */
	if (bind(listening, (const struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666) || listen(listening, SOMAXCONN)) {
		close(listening);
		return -1;
	}
	return listening;
}

_Noreturn void control_serve(int listening)
{
	struct connection *connection;
	pthread_attr_t detached;
	pthread_t thread;
	int descriptor;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		descriptor = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (descriptor < 0)
			continue;
		connection = connection_make(descriptor);
		if (connection && pthread_create(&thread, &detached, serve_connection, connection))
			connection_destroy(connection);
	}
}
