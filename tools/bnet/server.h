/* SPDX-License-Identifier: ISC
 *
 * server - the server of bnet, as serve.c runs it for the network and bnet_server_start for this process alone.
 *
 * One thread, the door, takes all connections in, shakes hands, and answers on the control connections: door.c lets them in,
 * peer.c keeps them, udpdoor.c has the datagrams, session.c what one client is to us, server.c the loop, ownserver.c that of our
 * own process.
 * The far workers of a session (far.c) move the data in threads of their own. So a client that is slow, silent or hostile costs the
 * others nothing: the door never waits for anybody, everyone has a deadline, and of all that can be asked for there is a limit.
 */
#ifndef BNET_SERVER_H
#define BNET_SERVER_H

#include <pthread.h>

#include "bnet.h"
#include "handshake.h"

#define BNET_LISTENERS_MAX 8

struct bnet_limits {
	uint32_t clients;      /* at once */
	uint32_t streams;      /* data connections of one client */
	uint64_t duration_ns;  /* of one client */
	uint64_t bytes;        /* of one client, both ways together; 0: any number */
	uint64_t handshake_ns; /* a client must have agreed on its job by then */
};

#define BNET_LIMITS_INIT { .clients = 1000, .streams = 1024, .duration_ns = 3600000000000u, .handshake_ns = 5000000000u }

/* What one client was to the server. All borrowed, valid during the call. */
struct bnet_visit {
	uint64_t number; /* from 1 */
	const char *peer;
	const struct bt_net_job *job;
	const struct bt_net_counts *counts;
	uint64_t elapsed_ns;
	enum bnet_code code; /* BNET_OK, or why it ended before it was done */
	int error;           /* errno behind it, or 0 */
};

struct bnet_server_opts {
	struct bt_netaddr where[BNET_LISTENERS_MAX];
	unsigned n_where;
	struct bnet_limits limits;
	struct bt_hs_token token; /* borrowed */
	bool signals;             /* a signal caught (sig.h) ends the loop; else bnet_server_stop does */
	uint64_t until_ns;        /* bt_clock_monotonic: the end of the loop; 0: none */
	uint64_t visits;          /* end when so many clients have been and gone; 0: never */
	/* May be NULL. In the thread of the server. */
	void (*over)(void *arg, const struct bnet_visit *v);                    /* a client has gone */
	void (*away)(void *arg, const char *peer, enum bnet_code code);         /* one was turned away in the handshake */
	void *arg;
	const bool *broken; /* the hooks can do no more: ends the loop; may be NULL */
};

/* bnet_server_new - listen. Fills the ports that o->where leaves open. Returns NULL with *error set to -errno and *which to the
 * address that could not be had. bnet_server_run - serve until stopped, then end all sessions. 0 or -errno. */
struct bnet_server *bnet_server_new(struct bnet_server_opts *o, const struct bt_clock *clock, int *error, unsigned *which);
int bnet_server_run(struct bnet_server *s);
void bnet_server_free(struct bnet_server *s);

/* --- inside the server --- */

/* What an event of epoll belongs to: the first member of each that has one. */
enum bnet_source { BNET_SOURCE_LISTENER, BNET_SOURCE_UDP, BNET_SOURCE_PEER, BNET_SOURCE_FAR, BNET_SOURCE_STOP };

struct bnet_listener {
	enum bnet_source source, udp_source;
	int fd, udp_fd; /* -1: none */
	struct bt_netaddr addr;
	uint64_t inode; /* of a socket in the file system */
};

enum bnet_peer_state {
	BNET_PEER_FIRST,   /* it has said nothing yet */
	BNET_PEER_HELLO,   /* it is to send its REQUEST */
	BNET_PEER_SESSION, /* the control connection of a session */
	BNET_PEER_LEAVING, /* has been told why; what it still sends is thrown away */
	BNET_PEER_GONE,    /* closed; freed after the events at hand */
};

/* A connection that is not, or not yet, one of data. */
struct bnet_peer {
	enum bnet_source source;
	enum bnet_peer_state state;
	int fd;
	bool watched; /* by epoll */
	uint64_t until_ns; /* bt_clock_monotonic */
	struct bnet_session *session;
	struct bt_netaddr addr;
	uint8_t client_nonce[BT_HS_NONCE], server_nonce[BT_HS_NONCE];
	uint8_t in[BT_HS_MAX];
	size_t have;
	struct bnet_peer *next, **link;
};

struct bnet_session {
	struct bnet_server *server;
	struct bnet_peer *control;
	uint64_t number, since_ns, until_ns;
	uint8_t cookie[BT_NET_COOKIE_BYTES];
	struct bt_net_job job;
	struct bnet_far **far; /* job.threads */
	int asked;             /* the enum bnet_ask to be answered, or -1 */
	uint64_t answer_by_ns;
	bool finishing, finished; /* FINISH has been asked for; has been answered: all is done */
	struct bnet_session *next, **link;
};

struct bnet_server {
	struct bnet_server_opts opts;
	struct bt_clock clock;
	struct bnet_listener listeners[BNET_LISTENERS_MAX];
	unsigned n_listeners;
	int epoll_fd, stop_fd, far_fd; /* the last two: eventfds; far workers write far_fd */
	enum bnet_source stop_source, far_source;
	bool paused;           /* out of descriptors: nobody is let in until the next tick */
	bool stopping;
	struct bnet_peer *peers, *gone;   /* peers: the youngest first */
	struct bnet_session *sessions;
	uint32_t n_strangers, n_sessions; /* strangers: peers without a session */
	uint32_t strangers_max;           /* when there are more, the one who has waited longest goes */
	uint64_t n_files, files_max;      /* descriptors that are promised to sessions, and how many there are for them */
	uint64_t n_workers;               /* threads of all sessions */
	uint64_t last_number, visited;
	pthread_t thread; /* of bnet_server_start */
};

/* server.c: have epoll watch fd for input; source is its owner's first member. 0 or -errno. */
int bnet_server_watch(struct bnet_server *s, int fd, enum bnet_source *source);

/* door.c */
void bnet_door_accept(struct bnet_server *s, struct bnet_listener *l);
void bnet_peer_input(struct bnet_server *s, struct bnet_peer *p);
void bnet_peer_tick(struct bnet_server *s, uint64_t now_ns);

/* peer.c: bnet_peer_add - one more, a stranger. bnet_peer_forget - its descriptor is another's from now on, or closed. */
void bnet_peer_add(struct bnet_server *s, struct bnet_peer *p);
void bnet_peer_forget(struct bnet_server *s, struct bnet_peer *p);
void bnet_peer_state(struct bnet_server *s, struct bnet_peer *p, enum bnet_peer_state state);

/* bnet_peer_is_stranger - it has no session. */
bool bnet_peer_is_stranger(const struct bnet_peer *p);

/* bnet_peer_send - one message, whole or not at all; a peer that does not read is closed. Returns whether it went. */
bool bnet_peer_send(struct bnet_server *s, struct bnet_peer *p, const struct bt_hs_message *m);

/* bnet_peer_dismiss - say why (BNET_OK: say nothing) and close. */
void bnet_peer_dismiss(struct bnet_server *s, struct bnet_peer *p, enum bnet_code code, int error);
void bnet_peer_close(struct bnet_server *s, struct bnet_peer *p);

/* bnet_peer_reap - free those that are gone. */
void bnet_peer_reap(struct bnet_server *s);

/* udpdoor.c: a socket for the datagrams that join; -1 for a UNIX address, or -errno. */
int bnet_udp_listen(const struct bt_netaddr *a);
void bnet_udp_input(struct bnet_server *s, struct bnet_listener *l);

/* session.c: bnet_session_new - the session of a job whose limits have been checked. Returns NULL with *error set to -errno. */
struct bnet_session *bnet_session_new(struct bnet_server *s, struct bnet_peer *control, const struct bt_net_job *job, int *error);

/* bnet_session_files - descriptors that a session with that job needs at most. */
uint64_t bnet_session_files(const struct bt_net_job *job);
struct bnet_session *bnet_session_find(struct bnet_server *s, const uint8_t cookie[BT_NET_COOKIE_BYTES]);

/* bnet_session_join - a data connection of it; takes fd. 0 or -errno; the session is over when it was an option of the socket. */
int bnet_session_join(struct bnet_session *z, const struct bt_hs_join *join, int fd);

/* bnet_session_ask - the client has asked. bnet_session_news - a far worker has something to say, of whichever session. */
void bnet_session_ask(struct bnet_session *z, const struct bt_hs_ask *ask);
void bnet_session_news(struct bnet_server *s);
void bnet_session_tick(struct bnet_server *s, uint64_t now_ns);

/* bnet_session_end - stop its workers, tell the client why unless code is BNET_OK, report, free. Its control connection is left to
 * the caller when keep. */
void bnet_session_end(struct bnet_session *z, enum bnet_code code, int error);

#endif
