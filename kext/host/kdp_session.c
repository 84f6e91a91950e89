// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "kdp_session.h"

#include <stdatomic.h>
#include <string.h>

#include "kdp_memory.h"
#include "kdp_requests.h"
#include "log.h"

#define EXCEPTION_SIZE  28
#define EXCEPTION_TRIES 101
#define EXCEPTION_POLLS 50
#define POLL_TIME       3 /* milliseconds */

static struct session {
	bool connected;
	struct kdp_peer debugger; /* its port is the one for replies, when connected */
	in_port_t stop_port;      /* as it stood in the packet: of the network's byte order */
	uint8_t connect_sequence, expected, stop_sequence;
	uint32_t key;
	struct kdp_packet reply; /* the last one */
} session;

static const struct kdp_link *link;
static atomic_bool resumes;

bool kdp_session_resumes(void)
{
	return resumes;
}

void kdp_session_init(const struct kdp_link *used)
{
	link = used;
}

/* Nothing here may take a lock that a thread which stands still may have. */
static void say(const char *line)
{
	log_bare(line, strlen(line));
	log_bare("\n", 1);
}

static uint8_t number_of(const struct kdp_packet *packet)
{
	return packet->bytes[0] & 0x7f;
}

static uint8_t sequence_of(const struct kdp_packet *packet)
{
	return packet->bytes[1];
}

static uint32_t key_of(const struct kdp_packet *packet)
{
	uint32_t key;

	memcpy(&key, packet->bytes + 4, sizeof(key));
	return key;
}

static in_port_t port_at(const struct kdp_packet *packet, size_t offset)
{
	in_port_t port;

	memcpy(&port, packet->bytes + offset, sizeof(port));
	return port;
}

static bool is_request(const struct kdp_packet *packet)
{
	uint16_t length;
	size_t least;

	if (packet->length < KDP_HEADER_SIZE || packet->bytes[0] & KDP_REPLY)
		return false;
	memcpy(&length, packet->bytes + 2, sizeof(length));
	least = kdp_request_size(number_of(packet));
	return least && length == packet->length && length >= least;
}

static void send_to_port(const struct kdp_packet *packet, in_port_t port)
{
	struct kdp_peer to = session.debugger;

	to.address.sin_port = port;
	link->send(&to, packet->bytes, packet->length);
}

static void send_reply(const struct kdp_packet *reply)
{
	send_to_port(reply, session.debugger.address.sin_port);
}

static void make_reply(const struct kdp_packet *request, struct kdp_packet *reply, uint32_t error,
                       size_t length)
{
	memcpy(reply->bytes, request->bytes, KDP_HEADER_SIZE);
	reply->bytes[0] |= KDP_REPLY;
	reply->bytes[2] = (uint8_t)length;
	reply->bytes[3] = 0;
	memcpy(reply->bytes + KDP_HEADER_SIZE, &error, sizeof(error));
	reply->length = length;
}

static void forget(void)
{
	kdp_breakpoints_remove();
	memset(&session, 0, sizeof(session));
}

/* A repetition of the words that began the session is no second session. */
static void connect_again(const struct kdp_packet *request)
{
	struct kdp_packet reply;

	if (sequence_of(request) == session.connect_sequence && key_of(request) == session.key &&
	    port_at(request, 8) == session.debugger.address.sin_port &&
	    port_at(request, 10) == session.stop_port) {
		make_reply(request, &session.reply, KDP_NO_ERROR, 12);
		session.expected = (uint8_t)(sequence_of(request) + 1);
		send_reply(&session.reply);
		return;
	}
	make_reply(request, &reply, KDP_ALREADY_CONNECTED, 12);
	send_to_port(&reply, port_at(request, 8));
}

static void begin(const struct kdp_packet *request)
{
	session.connected = true;
	session.debugger.address.sin_port = port_at(request, 8);
	session.stop_port = port_at(request, 10);
	session.connect_sequence = sequence_of(request);
	session.key = key_of(request);
	session.expected = (uint8_t)(sequence_of(request) + 1);
	session.stop_sequence = 0;
	make_reply(request, &session.reply, KDP_NO_ERROR, 12);
	send_reply(&session.reply);
	say("Connected to remote debugger.");
}

/* The one that is connected goes, and whoever asked for that may connect. */
static void reattach(const struct kdp_packet *request, const struct kdp_peer *from)
{
	struct kdp_packet reply;

	forget();
	session.debugger = *from;
	make_reply(request, &reply, 0, KDP_HEADER_SIZE);
	send_to_port(&reply, port_at(request, 8));
}

static enum kdp_end wait_for_debugger(void)
{
	struct kdp_packet request;
	struct kdp_peer from;

	log_bare(link->introduction, strlen(link->introduction));
	say("\nWaiting for remote debugger connection.");
	for (;;) {
		request.length = (size_t)link->receive(request.bytes, &from, -1);
		if (!is_request(&request))
			continue;
		if (number_of(&request) == KDP_HOSTREBOOT)
			return KDP_REBOOTED;
		if (sequence_of(&request))
			continue;
		if (number_of(&request) == KDP_REATTACH)
			reattach(&request, &from);
		if (number_of(&request) != KDP_CONNECT)
			continue;
		session.debugger = from;
		begin(&request);
		return KDP_RESUMED;
	}
}

static void make_exception(struct kdp_packet *packet, const struct kdp_stop *stop)
{
	const uint32_t body[5] = {1, 0, stop->exception, stop->code, stop->subcode};

	memset(packet->bytes, 0, KDP_HEADER_SIZE);
	packet->bytes[0] = KDP_EXCEPTION;
	packet->bytes[1] = session.stop_sequence;
	packet->bytes[2] = EXCEPTION_SIZE;
	memcpy(packet->bytes + KDP_HEADER_SIZE, body, sizeof(body));
	packet->length = EXCEPTION_SIZE;
}

static bool is_acknowledgement(const struct kdp_packet *packet)
{
	return packet->length >= KDP_HEADER_SIZE &&
	       packet->bytes[0] == (KDP_EXCEPTION | KDP_REPLY) &&
	       sequence_of(packet) == session.stop_sequence;
}

/* Until it is acknowledged: false where it never is, and the session is over. */
static bool tell_stop(const struct kdp_stop *stop)
{
	struct kdp_packet exception, answer;
	struct kdp_peer from;
	unsigned int tries, polls;
	ssize_t length;

	make_exception(&exception, stop);
	for (tries = 0; tries < EXCEPTION_TRIES; tries++) {
		send_to_port(&exception, session.stop_port);
		for (polls = 0; polls < EXCEPTION_POLLS; polls++) {
			length = link->receive(answer.bytes, &from, POLL_TIME);
			if (length < 0)
				continue;
			answer.length = (size_t)length;
			if (!is_acknowledgement(&answer))
				continue;
			session.stop_sequence++;
			return true;
		}
	}
	say("kdp: exception ack timeout");
	forget();
	return false;
}

enum turn {
	GO_ON,
	RESUME,
	DISCONNECT,
	WAIT_AGAIN,
	REBOOT,
};

static enum turn execute(const struct kdp_stop *stop, const struct kdp_packet *request)
{
	enum turn turn = GO_ON;

	if (number_of(request) == KDP_HOSTREBOOT)
		return REBOOT;
	kdp_request_answer(stop, request, &session.reply);
	session.expected++;
	switch (number_of(request)) {
	case KDP_RESUMECPUS:
		turn = RESUME;
		break;
	case KDP_DISCONNECT:
		turn = DISCONNECT;
		break;
	}
	/* Before the debugger knows: it may want to stop the kernel again at once. */
	resumes = turn != GO_ON && !stop->is_final;
	send_reply(&session.reply);
	return turn;
}

static enum turn serve(const struct kdp_stop *stop, const struct kdp_packet *request,
                       const struct kdp_peer *from)
{
	if (number_of(request) == KDP_REATTACH) {
		reattach(request, from);
		return WAIT_AGAIN;
	}
	/* As in C: of 255 a repetition is never known. */
	if (sequence_of(request) == session.expected - 1 && session.reply.length) {
		send_reply(&session.reply);
		return GO_ON;
	}
	if (number_of(request) == KDP_CONNECT) {
		connect_again(request);
		return GO_ON;
	}
	return sequence_of(request) == session.expected ? execute(stop, request) : GO_ON;
}

static enum turn serve_all(const struct kdp_stop *stop)
{
	struct kdp_packet request;
	struct kdp_peer from;
	enum turn turn;

	do {
		request.length = (size_t)link->receive(request.bytes, &from, -1);
		turn = is_request(&request) ? serve(stop, &request, &from) : GO_ON;
	} while (turn == GO_ON);
	return turn;
}

enum kdp_end kdp_session_stop(const struct kdp_stop *stop)
{
	resumes = false;
	link->drain();
	if (session.connected && !tell_stop(stop) && !stop->is_final)
		return KDP_RESUMED;
	for (;;) {
		if (!session.connected && wait_for_debugger() == KDP_REBOOTED)
			return KDP_REBOOTED;
		switch (serve_all(stop)) {
		case REBOOT:
			return KDP_REBOOTED;
		case RESUME:
			if (!stop->is_final)
				return KDP_RESUMED;
			forget();
			break;
		case DISCONNECT:
			forget();
			say("Remote debugger disconnected.");
			if (!stop->is_final)
				return KDP_RESUMED;
			break;
		case GO_ON:
		case WAIT_AGAIN:
			break;
		}
	}
}
