/* SPDX-License-Identifier: ISC
 *
 * live_bpf - what the parts of the tracing tests share.
 */
#ifndef BSCHED_LIVE_BPF_H
#define BSCHED_LIVE_BPF_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bsched.h"
#include "bsched_shared.h"
#include "outfile.h"
#include "symbols.h"
#include "taskstate.h"
#include "tracerec.h"
#include "tracetool.h"

#include "bsched.skel.h"

/* A stack by its number, made readable while its process still lives. */
struct bsched_readable {
	uint64_t id;
	char *frames; /* outermost first, ';' between them */
};

struct bsched_session {
	const struct bsched_live *live;
	struct bsched_bpf *skel;
	struct bt_cgroupnames names;
	uint32_t tests; /* bits, 1 << BSCHED_RUNQ and so on */
	uint32_t pair_keys; /* of wake and preempt, which have keys without -k too */
	bool classic;       /* of those two only numbers are known */
	uint64_t matched;
	/* longest_bpf.c */
	struct ring_buffer *ring;
	/* stacks_bpf.c */
	struct bt_symbols *symbols;
	struct bsched_readable *stacks; /* sorted by id */
	size_t n_stacks, cap_stacks;
	uint64_t kept;                 /* in the map when it was read last */
	struct bt_buf folded;
	struct bt_outfile folded_file;
};

/* Names of `how` of each test, and of the states of a sleep. */
const char *bsched_how_name(uint32_t what);
const char *bsched_state_name(uint32_t state, char room[16]);

/* bsched_call_record - add syscall and abi of a sleep; nothing for 0. */
void bsched_call_record(struct bt_rec *r, uint32_t call, char room[16]);

/* longest_bpf.c: intervals of --min and more. */
int bsched_longest_open(struct bt_tracetool *t);
void bsched_longest_drain(struct bt_tracetool *t);
void bsched_longest_lost(struct bt_tracetool *t);

/* stacks_bpf.c. bsched_stacks_read - make new stacks readable. bsched_stack_name - the frames of a group, NULL when they were lost.
 * bsched_stack_record - add them, without the outermost ones when not all fit; room must outlive the record. */
#define BSCHED_SHOWN 1000u /* bytes of a stack in a record, which holds no string of more than BT_REC_TEXT */
int bsched_stacks_open(struct bt_tracetool *t);
void bsched_stacks_read(struct bt_tracetool *t);
void bsched_stack_record(const struct bsched_session *s, struct bt_rec *r, const struct trace_key *key,
			 char room[BSCHED_SHOWN + 8]);
const char *bsched_stack_name(const struct bsched_session *s, const struct trace_key *key);
void bsched_stacks_close(struct bsched_session *s);

/* folded_bpf.c: the file of --folded. bsched_folded_open - ends the program when it cannot be. bsched_folded_add - a line for
 * a group that is shown. bsched_folded_write - the last hook. bsched_folded_close - drops what was not written. */
void bsched_folded_open(struct bsched_session *s);
void bsched_folded_add(struct bsched_session *s, const struct trace_key *key, uint64_t ns);
bool bsched_folded_write(struct bt_tracetool *t);
void bsched_folded_close(struct bsched_session *s);

#endif
