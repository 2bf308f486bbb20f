/* SPDX-License-Identifier: ISC
 *
 * bnet - what the parts of bnet share.
 *
 * The client: main.c takes the options; near.c opens a session with a server for each run (control.c speaks to it, where.c finds
 * it) and its data connections; work.c is a worker, tests.c and crr.c what it does in each test; records.c says what came of it.
 * The server: serve.c and ownserver.c start it; server.c, door.c, peer.c, udpdoor.c and session.c let clients in; far.c is a thread
 * that serves one worker of a client. Without a host the server is a thread of our own.
 * Both: end.c, udp.c, sockopt.c, tcpinfo.c; io.c moves the bytes through sync.c or uring.c; failure.c has what can go wrong.
 */
#ifndef BNET_H
#define BNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "load.h"
#include "loadrec.h"
#include "netaddr.h"
#include "netjob.h"

#define BNET_PORT 5211
#define BNET_PEERS_MAX 8 /* addresses of one name that are tried */

/* Why something failed: one word, one message, one exit status each. */
enum bnet_code {
	BNET_OK, BNET_REFUSED, BNET_UNREACHABLE, BNET_UNRESOLVED, BNET_TIMEOUT, BNET_RESET, BNET_VERSION, BNET_TOKEN, BNET_FULL,
	BNET_LIMIT, BNET_LOST, BNET_STALLED, BNET_RUBBISH, BNET_UNABLE, BNET_OTHER, BNET_TRUNCATED, BNET_OVERSIZED, BNET_UNEXPECTED,
	BNET_STOPPED, BNET_CODES
};

/* --- control.c: the client's half of the handshake, and what it asks during a run --- */

enum bnet_ask { BNET_READY, BNET_START, BNET_SNAP, BNET_FINISH };

struct bnet_link {
	int fd; /* -1: not open */
	uint8_t cookie[BT_NET_COOKIE_BYTES];
	uint64_t timeout_ns;
	const struct bt_netaddr *local; /* to connect from, and through which interface; NULL: any */
	const char *device;
};

/* bnet_link_open - connect to the server and agree on the job; all of *l but fd and cookie is set. token: of token_len bytes, or
 * NULL. Returns BNET_OK, or why not with nothing to close; *error then is the errno behind it, or 0. */
enum bnet_code bnet_link_open(struct bnet_link *l, const struct bt_netaddr *server, const struct bt_net_job *job,
			      const uint8_t *token, size_t token_len, int *error);

/* bnet_link_ask - ask and wait for the answer: for BNET_FINISH as long as anything still arrives at the server, otherwise until the
 * timeout. */
enum bnet_code bnet_link_ask(struct bnet_link *l, enum bnet_ask ask, struct bt_net_counts *answer, int *error);

/* bnet_patience - how much of the timeout may pass without a sign of life in a run. The rest is for finding out why, so that the
 * answer comes within the timeout. */
static inline uint64_t bnet_patience(uint64_t timeout_ns)
{
	return timeout_ns / 8 * 5;
}

/* bnet_link_why - what is behind *error, an errno of a data connection in the middle of a run: the server may have said why, or be
 * there and stall, or be gone. Asks it, and waits a quarter of the timeout at most. *error may become another one. */
enum bnet_code bnet_link_why(struct bnet_link *l, int *error);

void bnet_link_close(struct bnet_link *l);

/* bnet_watch_link - have the kernel end this TCP connection with ETIMEDOUT when the other end has acknowledged nothing for so long,
 * be it data or a question whether it is there. */
void bnet_watch_link(int fd, uint64_t timeout_ns);

/* bnet_link_gone - whether the other end of this connection leaves unacknowledged what it should acknowledge: it is out of reach,
 * not just idle. false for what is no TCP connection. */
bool bnet_link_gone(int fd);

/* bnet_bind - bind a socket that is to be connected to peer to an address (local) and an interface (device), each may be NULL. A
 * UNIX socket has none. what: the option that failed. 0 or -errno. */
int bnet_bind(int fd, const struct bt_netaddr *peer, const struct bt_netaddr *local, const char *device, const char **what);

/* bnet_join - the first bytes of a data connection. */
void bnet_join(uint8_t out[BT_NET_JOIN_BYTES], const struct bnet_link *l, uint32_t worker, uint32_t flow);

/* --- serve.c: the server --- */

struct bnet_server;

/* bnet_server_start - a server in a thread of its own for this process alone, at a free port of the loopback interface or, for
 * unix, at an abstract address. address: where it is. Returns NULL with *error set to -errno. bnet_server_stop - end all
 * sessions, join the thread. Takes NULL. */
struct bnet_server *bnet_server_start(const struct bt_clock *clock, enum bt_netaddr_family family, struct bt_netaddr *address,
				      int *error);
void bnet_server_stop(struct bnet_server *s);

/* --- failure.c --- */

/* bnet_code_of - what an errno of a socket call or of bt_hs_decode means. */
enum bnet_code bnet_code_of(int error);

/* bnet_code_midway - the same in the middle of a session: what worked before does not any more. */
enum bnet_code bnet_code_midway(int error);

/* bnet_code_word - the code in records. bnet_code_text - what it means, a sentence. bnet_code_status - exit status of the tool.
 * bnet_code_again - whether another try may help. All take any number, as it came from the other end. */
const char *bnet_code_word(enum bnet_code code);
const char *bnet_code_text(enum bnet_code code);
int bnet_code_status(enum bnet_code code);
bool bnet_code_again(enum bnet_code code);

/* --- far.c: a thread of the server that serves one worker of a client --- */

struct bnet_far;

/* bnet_far_new - worker: its index. notify_fd: an eventfd that is written when it is done; borrowed. Returns NULL with *error
 * set to -errno. */
struct bnet_far *bnet_far_new(const struct bt_net_job *job, uint32_t worker, const struct bt_clock *clock, int notify_fd,
			      int *error);

/* bnet_far_start - let its thread run. 0 or -errno. */
int bnet_far_start(struct bnet_far *f);

/* bnet_far_add - a data connection whose JOIN has been read; fd is the worker's from now on, also when this fails. Any thread.
 * 0 or -errno: -EEXIST when there is such a flow, -EINVAL when the job has none of that number. */
int bnet_far_add(struct bnet_far *f, int fd, uint32_t flow);

/* bnet_far_joined - flows that have been added. */
uint32_t bnet_far_joined(struct bnet_far *f);

/* bnet_far_finish - stop sending; receive until all that the client has sent has come, or nothing has come for a while. */
void bnet_far_finish(struct bnet_far *f);

/* bnet_far_done - whether it has. Any thread. */
bool bnet_far_done(struct bnet_far *f);

/* bnet_far_error - 0, or -errno of what ended its work before its time. */
int bnet_far_error(struct bnet_far *f);

/* bnet_far_counts - add what it has counted to *sum: at_ns is the latest, jitter the largest, the rest is added up. Any thread. */
void bnet_far_counts(struct bnet_far *f, struct bt_net_counts *sum);

/* bnet_far_free - stop at once, join its thread, close its connections. Takes NULL. */
void bnet_far_free(struct bnet_far *f);

#endif
