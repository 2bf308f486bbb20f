/* SPDX-License-Identifier: GPL-2.0-only
 *
 * bsys_shared - what the BPF programs of bsys share with it.
 *
 * A group's `what` is the system call: its ABI (enum bt_abi) times BSYS_CALLS plus its number; a number beyond the table counts
 * as BSYS_CALLS - 1.
 */
#ifndef BPF_BSYS_SHARED_H
#define BPF_BSYS_SHARED_H

#include "trace.h"

#define BSYS_CALLS 512u
#define BSYS_ABIS 3u /* that one kernel can have: native, compat, x32 */

/* Flags of a call in the table of calls. */
enum {
	BSYS_WANTED = 1, /* -e */
	BSYS_BYTES = 2,  /* a result above 0 is a number of bytes moved */
	BSYS_LEAVES = 4, /* execve: where a command begins to be traced */
	BSYS_FD = 8,     /* its first argument is an open file */
	BSYS_PATH0 = 16, /* its first, second argument is a path */
	BSYS_PATH1 = 32,
	BSYS_OPENS = 64, /* its result is an open file */
	BSYS_CLOSES = 128, /* its first argument is no open file any more */
};

/* Words of trace_cell.extra. */
enum { BSYS_ERRORS, BSYS_BYTES_MOVED, BSYS_OFF_NS, BSYS_UNRETURNED, BSYS_ENTERED };

struct bsys_error {
	uint32_t slot, error;
};

/* Counters of --count-only without keys: those of a CPU are those of its stripe. One for each call of each ABI there is. */
#define BSYS_STRIPES 8u
#define BSYS_COUNTERS (5 * BSYS_CALLS)

/* Settings of bsys alone. */
struct bsys_conf {
	uint32_t all;          /* every call is wanted */
	uint32_t events;       /* emit every call */
	uint32_t sample;       /* of each task only every so many-th call; 0, 1: all */
	uint32_t burst;        /* at most so many events of a task in a second; 0: no limit */
	uint32_t wake_bytes;   /* of the ring that wake its reader */
	uint8_t calls[BSYS_ABIS * BSYS_CALLS]; /* flags, by the ABI's place in abi_of */
};

struct bsys_lost {
	uint64_t unmatched;  /* a return without an entry: the call was under way when tracing began */
	uint64_t errors;     /* no room for an errno of a group */
	uint64_t sampled;    /* events left out by sample, */
	uint64_t limited;    /* by burst */
	uint64_t unreturned; /* calls without an event: their tasks have ended in them */
};

#define BSYS_PATH 1024       /* bytes of a path as the kernel side gathers it */
#define BSYS_PATH_SHOWN 1000 /* of these so many fit a record together with what says that it was cut */

/* What path holds. */
enum {
	BSYS_PATH_NONE,
	BSYS_PATH_STRING, /* an argument: the string itself */
	BSYS_PATH_NAMES,  /* an open file: its name and those of its directories upwards, each with its NUL */
	BSYS_PATH_PSEUDO, /* an open file that is in no directory: its name, which may be empty */
};

/* The file that a call is about. */
struct bsys_file {
	uint64_t position;          /* of the file after the call */
	uint64_t ino;
	uint32_t dev;
	uint32_t mode;              /* st_mode; 0: the call has none, or it is of a kind without */
	uint32_t path_len;          /* bytes of path in use */
	uint8_t path_kind, path_whole;
	uint16_t unused;
	char path[BSYS_PATH];
};

/* One call, in the ring: without path[] where there is none. */
struct bsys_event {
	uint64_t ts_ns, lat_ns;     /* CLOCK_MONOTONIC at the return */
	int64_t ret;
	uint64_t args[6];
	uint32_t pid, tid, ns_pid, ns_tid;
	uint32_t what;
	char comm[TRACE_COMM];
	uint32_t unused;
	struct bsys_file file;
};

_Static_assert(sizeof(struct bsys_event) == 9 * 8 + 6 * 4 + TRACE_COMM + 4 * 8 + BSYS_PATH, "no holes");

#endif
