/* SPDX-License-Identifier: ISC
 *
 * serve - `bnet serve`, and what a client and a server have in common on the command line: the token, and how long to try.
 */
#ifndef BNET_SERVE_H
#define BNET_SERVE_H

#include "backoff.h"
#include "loadtool.h"
#include "opt.h"
#include "secret.h"
#include "server.h"

/* Rows of the option table; the numbers begin at first. */
enum {
	BNET_OPT_MAX_BYTES, BNET_OPT_MAX_CLIENTS, BNET_OPT_MAX_DURATION, BNET_OPT_MAX_STREAMS, BNET_OPT_RETRY, BNET_OPT_TOKEN
};
#define BNET_OPTS_SERVE(first) \
	{ (first) + BNET_OPT_MAX_BYTES, "max-bytes", "SIZE", "serve: bytes of one client, both ways (default any number)" }, \
	{ (first) + BNET_OPT_MAX_CLIENTS, "max-clients", "N", "serve: clients at once (default 1000)" }, \
	{ (first) + BNET_OPT_MAX_DURATION, "max-duration", "TIME", "serve: longest run of a client (default 1h)" }, \
	{ (first) + BNET_OPT_MAX_STREAMS, "max-streams", "N", "serve: data connections of one client (default 1024)" }, \
	{ (first) + BNET_OPT_RETRY, "retry", "N", "try again up to N times in all when a try may help (default 0)" }, \
	{ (first) + BNET_OPT_TOKEN, "token", "FILE", "a secret that client and server share, from FILE" }

struct bnet_serve {
	struct bnet_limits limits;
	bool limited;        /* an option of serve alone was given */
	const char *token_path;
	struct bt_secret token;
	uint64_t retries;    /* allowed */
	uint64_t retried;    /* so far */
	struct bt_backoff backoff;
};

#define BNET_SERVE_INIT { .limits = BNET_LIMITS_INIT }

/* bnet_serve_option - take one option if it is ours. Returns whether it was; errors go to o->error. */
bool bnet_serve_option(struct bnet_serve *v, struct bt_opts *o, int first, int key);

/* bnet_serve_token - read the token if one was named; ends the program if it cannot be used. */
void bnet_serve_token(struct bnet_serve *v);

/* bnet_serve_again - whether to try again after that failure; waits first, unless a signal comes. */
bool bnet_serve_again(struct bnet_serve *v, enum bnet_code code);

/* bnet_serve_main - serve until a signal, the duration or the count ends it. where: n addresses, none: loopback. timeout_ns: of
 * handshakes. Returns the exit status. */
int bnet_serve_main(struct bnet_serve *v, struct bt_loadtool *t, uint64_t timeout_ns, char **where, int n);

/* --- inside: serverec.c --- */

struct bnet_service {
	struct bt_loadtool *tool;
	uint64_t second;           /* that said is of */
	uint32_t said[BNET_CODES]; /* warnings in it */
	uint64_t unsaid;           /* that were not, since the last time */
	bool broken;     /* nobody reads our records any more */
};

/* bnet_serverec_unsaid - a record of those that had none. */
void bnet_serverec_unsaid(struct bnet_service *v);
void bnet_serverec_meta(struct bt_loadtool *t, const struct bnet_server_opts *o);

/* The hooks of server.h; arg: struct bnet_service. */
void bnet_serverec_over(void *arg, const struct bnet_visit *v);
void bnet_serverec_away(void *arg, const char *peer, enum bnet_code code);

#endif
