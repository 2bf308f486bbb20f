/* SPDX-License-Identifier: ISC
 *
 * live_bpf - what the parts of live tracing share.
 */
#ifndef BSYS_LIVE_BPF_H
#define BSYS_LIVE_BPF_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bsys.h"
#include "bsys_shared.h"
#include "tracerec.h"
#include "tracetool.h"

#include "bsys.skel.h"

/* How often a call of a group failed with an errno. */
struct bsys_failures {
	struct bsys_error key;
	uint64_t now, before; /* at this look, and at the last one */
};

struct bsys_session {
	const struct bsys_live *live;
	struct bsys_bpf *skel;
	struct bt_cgroupnames names;
	bool events;
	/* summary_bpf.c */
	struct bsys_failures *failures;
	size_t n_failures;
	uint64_t counted[BSYS_COUNTERS]; /* --count-only: at the last look */
	uint64_t matched;
	/* events_bpf.c */
	struct ring_buffer *ring;
};

/* The hooks of struct bt_tracetool, of trace and of events. */
void bsys_summary_show(struct bt_tracetool *t);
void bsys_summary_end(struct bt_tracetool *t);
void bsys_summary_close(struct bsys_session *s);
int bsys_events_open(struct bt_tracetool *t);
void bsys_events_drain(struct bt_tracetool *t);
void bsys_events_show(struct bt_tracetool *t);
void bsys_events_summary(struct bt_tracetool *t);
void bsys_events_close(struct bsys_session *s);

/* bsys_in_flight - emit what calls have been entered and not left, and their number. */
void bsys_in_flight(struct bt_tracetool *t);

#endif
