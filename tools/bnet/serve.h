/* SPDX-License-Identifier: ISC
 *
 * serve - `bnet serve`: its options and its records.
 */
#ifndef BNET_SERVE_H
#define BNET_SERVE_H

#include "bnet.h"
#include "server.h"

enum { OPT_MAX_BYTES = OPT_SERVE, OPT_MAX_CLIENTS, OPT_MAX_DURATION, OPT_MAX_STREAMS };

/* Their rows in the table of options. */
#define BNET_OPTS_SERVE \
	{ OPT_MAX_BYTES, "max-bytes", "SIZE", "serve: bytes of one client, both ways (default: any number)" }, \
	{ OPT_MAX_CLIENTS, "max-clients", "N", "serve: clients at once (default 1000)" }, \
	{ OPT_MAX_DURATION, "max-duration", "TIME", "serve: longest run of a client (default 1h)" }, \
	{ OPT_MAX_STREAMS, "max-streams", "N", "serve: data connections of one client (default 1024)" }

/* Who writes the records. */
struct bnet_service {
	struct bt_loadtool *tool;
	uint64_t second; /* that said is of */
	uint32_t said;   /* warnings in it */
	uint64_t unsaid; /* that were not, since the last one */
	bool broken;     /* nobody reads our records any more */
};

/* bnet_serverec_unsaid - a record of those that had none. */
void bnet_serverec_unsaid(struct bnet_service *v);
void bnet_serverec_meta(struct bt_loadtool *t, const struct bnet_server_opts *o);

/* The hooks of server.h; arg: struct bnet_service. */
void bnet_serverec_over(void *arg, const struct bnet_visit *v);
void bnet_serverec_away(void *arg, const char *peer, enum bnet_code code);

#endif
