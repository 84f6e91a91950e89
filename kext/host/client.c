// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "client.h"
#include "client_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* A thread's own. */
struct line {
	int descriptor;
	/* A child of fork gets a line of its own, and so does who became another user: the host
	   sees the one who dialled. */
	pid_t owner;
	uid_t user;
	gid_t group;
	uint32_t sequence;
	struct pollfd *beside; /* see kexthost_request_beside */
	nfds_t beside_count;
	char data[KEXTHOST_DATA_MAX + 1];
};

static const char *path;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

void kexthost_use(const char *socket_path)
{
	path = socket_path;
}

static void hang_up(void *data)
{
	struct line *line = data;

	close(line->descriptor);
	free(line);
}

static void make_key(void)
{
	pthread_key_create(&key, hang_up);
}

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *where = path ? path : getenv("KEXTHOST_SOCKET");
	int descriptor;

	if (!where)
		where = KEXTHOST_DEFAULT_PATH;
	if (strlen(where) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, where);
	/* A call of who is attended ends by any signal, if the host has not heard of it yet. */
	do
		descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	while (descriptor < 0 && errno == EINTR);
	while (descriptor >= 0 &&
	       connect(descriptor, (const struct sockaddr *)&address, sizeof(address))) {
		int error = errno;

		if (error == EINTR)
			continue;
		close(descriptor);
		errno = error;
		return -1;
	}
	return descriptor;
}

static struct line *line_of_thread(void)
{
	struct line *line;

	pthread_once(&once, make_key);
	line = pthread_getspecific(key);
	if (line && line->owner == getpid() && line->user == geteuid() && line->group == getegid())
		return line;
	if (line)
		hang_up(line);
	pthread_setspecific(key, NULL);
	line = malloc(sizeof(*line));
	if (!line)
		return NULL;
	line->owner = getpid();
	line->user = geteuid();
	line->group = getegid();
	line->sequence = 0;
	line->beside = NULL;
	line->descriptor = dial();
	if (line->descriptor < 0) {
		free(line);
		return NULL;
	}
	pthread_setspecific(key, line);
	return line;
}

/* EFAULT where `data` is nowhere, as ioctl would have it. */
static bool transmit(struct line *line, const struct kexthost_header *header, const void *data,
                     size_t length)
{
	struct kexthost_header packet = *header;
	struct iovec parts[2] = {
	    {.iov_base = &packet, .iov_len = sizeof(packet)},
	    {.iov_base = (void *)data, .iov_len = length},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent;

	packet.length = (uint32_t)length;
	packet.sequence = line->sequence;
	do
		sent = sendmsg(line->descriptor, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

static void interrupt(struct line *line)
{
	const struct kexthost_header header = {.operation = KEXTHOST_INTERRUPT};

	transmit(line, &header, NULL, 0);
}

/* What else is ready ends the request, as a signal does. */
static void watch(struct line *line)
{
	struct pollfd *files = line->beside;

	if (!files)
		return;
	line->beside = NULL;
	files[0] = (struct pollfd){.fd = line->descriptor, .events = POLLIN};
	if (poll(files, line->beside_count, -1) < 0 || !files[0].revents)
		interrupt(line);
}

static bool receive(struct line *line, struct kexthost_header *header, int *passed)
{
	struct iovec parts[2] = {
	    {.iov_base = header, .iov_len = sizeof(*header)},
	    {.iov_base = line->data, .iov_len = KEXTHOST_DATA_MAX},
	};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message;
	struct cmsghdr *rights;
	ssize_t length;

	watch(line);
	for (;;) {
		message = (struct msghdr){.msg_iov = parts,
		                          .msg_iovlen = 2,
		                          .msg_control = &control,
		                          .msg_controllen = sizeof(control)};
		length = recvmsg(line->descriptor, &message, MSG_CMSG_CLOEXEC);
		if (length >= 0 || errno != EINTR)
			break;
		interrupt(line);
	}
	if (length < (ssize_t)sizeof(*header) ||
	    header->length != (size_t)length - sizeof(*header)) {
		errno = ENXIO;
		return false;
	}
	line->data[header->length] = '\0';
	*passed = -1;
	rights = CMSG_FIRSTHDR(&message);
	if (rights && rights->cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(rights), sizeof(*passed));
	return true;
}

#define EFAULT_EVERYWHERE 14

/* Through the kernel, which says where there is no memory. */
bool kexthost_copy(void *ours, uint64_t theirs, size_t length, bool in)
{
	struct iovec local = {.iov_base = ours, .iov_len = length};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)theirs, .iov_len = length};
	ssize_t done = in ? process_vm_readv(getpid(), &local, 1, &remote, 1, 0)
	                  : process_vm_writev(getpid(), &local, 1, &remote, 1, 0);

	if (done < 0 && (errno == ENOSYS || errno == EPERM)) {
		memcpy(in ? ours : remote.iov_base, in ? remote.iov_base : ours, length);
		return true;
	}
	return done == (ssize_t)length;
}

/* Shared with no child. */
static void *map(int descriptor, size_t length, bool writable)
{
	void *memory =
	    mmap(NULL, length, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, descriptor, 0);

	if (memory != MAP_FAILED)
		madvise(memory, length, MADV_DONTFORK);
	return memory;
}

/* What the host asks before it answers. */
static bool serve(struct line *line, const struct kexthost_header *question, int passed)
{
	struct kexthost_header reply = {.operation = KEXTHOST_REPLY};
	size_t length = 0;
	void *memory;

	switch (question->operation) {
	case KEXTHOST_MAP:
		memory = map(passed, question->value, question->argument);
		reply.value = (uintptr_t)memory;
		reply.error = memory == MAP_FAILED ? ENOMEM : 0;
		break;
	case KEXTHOST_UNMAP:
		munmap((void *)(uintptr_t)question->value, question->argument);
		break;
	case KEXTHOST_COPY_IN:
		if (question->argument <= KEXTHOST_DATA_MAX &&
		    kexthost_copy(line->data, question->value, question->argument, true))
			length = question->argument;
		else
			reply.error = EFAULT_EVERYWHERE;
		break;
	case KEXTHOST_COPY_OUT:
		if (!kexthost_copy(line->data, question->value, question->length, false))
			reply.error = EFAULT_EVERYWHERE;
		break;
	default:
		errno = EPROTO;
		return false;
	}
	if (passed >= 0)
		close(passed);
	return transmit(line, &reply, line->data, length);
}

static bool exchange(struct line *line, const struct kexthost_header *request, const void *data,
                     size_t length, struct kexthost_answer *answer)
{
	line->sequence++;
	if (!transmit(line, request, data, length))
		return false;
	for (;;) {
		if (!receive(line, &answer->header, &answer->descriptor))
			return false;
		if (answer->header.operation == KEXTHOST_REPLY)
			break;
		if (!serve(line, &answer->header, answer->descriptor))
			return false;
	}
	answer->data = line->data;
	return true;
}

bool kexthost_request(const struct kexthost_header *request, const void *data, size_t length,
                      struct kexthost_answer *answer)
{
	struct line *line = line_of_thread();

	return line && exchange(line, request, data, length, answer);
}

bool kexthost_request_beside(const struct kexthost_header *request, const void *data, size_t length,
                             struct kexthost_answer *answer, struct pollfd *files, nfds_t count)
{
	struct line *line = line_of_thread();
	bool answered;

	if (!line)
		return false;
	line->beside = files;
	line->beside_count = count;
	answered = exchange(line, request, data, length, answer);
	line->beside = NULL;
	return answered;
}

int kexthost_errno(uint32_t darwins)
{
	static const struct {
		uint32_t darwins;
		int ours;
	} different[] = {
	    {11, EDEADLK},       {35, EAGAIN},       {36, EINPROGRESS},  {40, EMSGSIZE},
	    {41, EPROTOTYPE},    {42, ENOPROTOOPT},  {45, ENOTSUP},      {48, EADDRINUSE},
	    {49, EADDRNOTAVAIL}, {51, ENETUNREACH},  {53, ECONNABORTED}, {54, ECONNRESET},
	    {65, EHOSTUNREACH},  {55, ENOBUFS},      {56, EISCONN},      {57, ENOTCONN},
	    {60, ETIMEDOUT},     {61, ECONNREFUSED}, {63, ENAMETOOLONG}, {78, ENOSYS},
	    {84, EOVERFLOW},     {89, ECANCELED},    {102, EOPNOTSUPP},  {(uint32_t)-1, EINTR}};
	size_t i;

	for (i = 0; i < sizeof(different) / sizeof(different[0]); i++)
		if (different[i].darwins == darwins)
			return different[i].ours;
	return darwins < 35 ? (int)darwins : EIO;
}

int kexthost_succeed(uint32_t error)
{
	if (!error)
		return 0;
	errno = kexthost_errno(error);
	return -1;
}
