/* SPDX-License-Identifier: ISC
 *
 * bdisk - what the parts of bdisk share.
 *
 * The way through: main.c takes the options; target.c finds out where the I/O goes and what may be done there; layout.c
 * writes the file once; cache.c sees to what is in memory before a run and asks afterwards; work.c is what a worker does:
 * it chooses operations (walk.c), fills blocks (data.c), and hands them to an engine (sync.c, uring.c, mapped.c);
 * records.c says what came of it. replay stands alone: replay.h.
 *
 * A test's id ends in a version. Whoever changes what an operation does raises it, so that figures of different work never
 * meet in one group.
 */
#ifndef BDISK_H
#define BDISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blockdev.h"
#include "load.h"
#include "loadrec.h"
#include "rng.h"
#include "shuffle.h"
#include "zipf.h"

#define BDISK_TESTS 5
#define BDISK_SIZES 8              /* block sizes of a mix */
#define BDISK_BLOCK_MAX (64u << 20) /* -b */
#define BDISK_DEPTH_MAX 4096       /* -Q */
#define BDISK_SECTOR 512           /* what is stamped */
#define BDISK_PAGE 4096u           /* buffers are aligned to that: enough for direct I/O on any device */
#define BDISK_STEADY 5             /* intervals that must agree */
#define BDISK_OPTIONS (BT_OPT_TOOL + 32) /* above all keys of options */
#define BDISK_ERRNOS 256           /* error numbers told apart; 0: a transfer that came up short */

/* Options without a letter. */
enum bdisk_opt {
	OPT_MIX = BT_OPT_TOOL, OPT_DIST, OPT_NO_REPEAT, OPT_FSYNC, OPT_STEADY, OPT_DIR, OPT_FILE, OPT_CAPACITY, OPT_CACHE, OPT_SQPOLL,
	OPT_IOPOLL, OPT_DESTROY, OPT_DURABLE, OPT_LEDGER, OPT_CHECK, OPT_ORDER, OPT_SPEED, OPT_FAST, OPT_MAP,
};

enum bdisk_kind { BDISK_READ, BDISK_WRITE, BDISK_FSYNC };
enum bdisk_cache { BDISK_DIRECT, BDISK_WARM, BDISK_COLD, BDISK_BUFFERED }; /* the last: direct was asked for and not to be had */
enum bdisk_dist { BDISK_UNIFORM, BDISK_ZIPF, BDISK_PARETO };
enum bdisk_fsync { BDISK_FSYNC_NONE, BDISK_FSYNC_END, BDISK_FSYNC_EVERY };

struct bdisk;
struct bdisk_work;

struct bdisk_test {
	const char *name, *id, *help;
	bool random, reads, writes;
};

/* -b: one block size, or several with their shares. */
struct bdisk_sizes {
	char text[96]; /* "4096", or "4096:70,65536:30" */
	unsigned n;
	uint64_t bytes[BDISK_SIZES], least, most;
	uint64_t below[BDISK_SIZES]; /* chosen by a random number below that */
};

/* Where the I/O goes. */
struct bdisk_target {
	const char *dir, *file; /* file NULL: an unnamed file in dir */
	const char *kind;       /* "temp", "file", "device" */
	int fd;
	bool block;             /* a block device */
	bool fresh;             /* ours, to be laid out before the first test */
	bool unnamed;           /* gets the name file once it is laid out */
	uint64_t size, bytes;   /* there is; is used */
	uint32_t align;         /* of offsets and lengths */
	enum bdisk_cache cache; /* as it is, after all */
	bool blocks;            /* no I/O without the risk of blocking: bdisk_uring_blocks */
	bool blank;             /* parts of it were never written, so reads of them may ask no device */
	unsigned taint;
	struct bt_blockdev dev; /* name "": none, as for tmpfs */
	struct bt_mount mount;  /* fs "": unknown */
};

/* How requests get to the kernel. push starts the request of a slot or notes it; poll waits as reap in load.h does, sets
 * worker->now_ns and calls bdisk_landed for each request that is done. All return 0 (poll too) or -errno. */
struct bdisk_engine {
	const char *name;
	bool queue;  /* more than one request at a time */
	bool mapped; /* through the page cache alone */
	int (*init)(struct bdisk_work *w);
	void (*fini)(struct bdisk_work *w); /* also after a failed init */
	int (*push)(struct bdisk_work *w, uint32_t slot);
	int (*poll)(struct bdisk_work *w, uint64_t until_ns);
};

/* One test of this run. */
struct bdisk_job {
	const struct bdisk_test *test;
	struct bdisk *b;
	_Atomic uint64_t errors[BDISK_ERRNOS];    /* of this run, the warm-up included */
	_Atomic uint64_t done[2], done_bytes[2];  /* reads and writes, the same */
	char ring[96];                            /* how the ring was set up after all; "" for other engines */
	struct bt_blockstat stat_before;
	bool stat_known;
	uint64_t resident_before;                 /* bytes in the page cache when the run began */
	bool cached;                              /* reads were answered from it that should not have been */
};

struct bdisk_request {
	enum bdisk_kind kind;
	uint32_t bytes, got; /* of it, and transferred so far */
	uint64_t offset;
	char *data;
	uint64_t start_ns; /* fsync only: the engine's stamp is that of the write before */
};

/* Which block comes next. */
struct bdisk_walk {
	uint64_t base, bytes;  /* the worker's part of the file */
	uint64_t at;           /* sequential: the next offset within it; no repeat: the next place of the order */
	uint64_t round;
	struct bt_shuffle order; /* no repeat: of the blocks; skewed: of the ranks */
	struct bt_zipf zipf;
	double pareto;
	struct bt_rng rng;
};

struct bdisk_work {
	const struct bdisk *b;
	struct bdisk_job *job;
	struct bt_worker *worker;
	const struct bdisk_engine *engine;
	int fd;
	int n_landed;
	struct bdisk_walk walk;
	struct bdisk_request *requests; /* by slot */
	char *arena;                    /* all buffers */
	size_t arena_bytes, slot_bytes; /* the latter: of one slot, */
	size_t write_at;                /* and where in it the buffer for writing is */
	uint64_t writes, since_fsync;   /* writes begun; finished since the last fsync began */
	uint64_t stamp;                 /* of this worker's writes */
	unsigned failures;              /* in a row */
	uint64_t errors[BDISK_ERRNOS], done[2], done_bytes[2];
	void *state;                    /* the engine's */
};

/* --steady: the speed of the last intervals, oldest first. */
struct bdisk_steady {
	double iops[BDISK_STEADY];
	int n;
	bool settled;
	double mean; /* of them, once there are enough */
};

struct bdisk {
	struct bt_loadtool tool; /* first, so that its hooks find the rest */
	struct bdisk_sizes sizes;
	uint64_t depth, size, capacity; /* size 0: the default, or all of a file that is there */
	uint64_t mix;                   /* percent of reads in randrw */
	enum bdisk_dist dist;
	double dist_arg;
	char dist_text[32];
	enum bdisk_fsync fsync;
	uint64_t fsync_every;
	char fsync_text[24];
	int cache;
	bool cache_set, warmup_set, no_repeat, steady, sqpoll, iopoll, destroy;
	const struct bdisk_engine *engine;
	bool durable;                   /* verify only, as the next two */
	const char *ledger, *check;
	bool given[BDISK_OPTIONS];      /* by key */
	const char *input;              /* replay: what it reads */
	const char *alone;              /* "verify" or "replay" when that is the TEST chosen, else NULL */
	struct bdisk_target target;
	struct bdisk_job jobs[BDISK_TESTS];
	struct bt_load_job runs[BDISK_TESTS];
	struct bdisk_steady settling;   /* --steady: of this run */
};

extern const struct bdisk_test *const bdisk_tests[BDISK_TESTS];
extern const struct bdisk_engine bdisk_sync, bdisk_uring, bdisk_mapped;
extern const struct bt_load_ops bdisk_ops;

/* bdisk_target_open - find and open what the I/O goes to, and refuse what must not be done to it. write: some test writes.
 * Ends the program when it cannot be; writes nothing yet. */
void bdisk_target_open(struct bdisk *b, bool write);

/* bdisk_layout - write the file once, whole, unless it was there before. Says what is wrong. 0 or -errno. */
int bdisk_layout(struct bdisk *b);

/* bdisk_unwritten - whether bytes of the file fd are holes or unwritten extents, which no device is asked for. */
bool bdisk_unwritten(int fd, uint64_t bytes);

/* bdisk_cache_prepare - bring the page cache into the state that the target's cache mode asks for. 0 or -errno. */
int bdisk_cache_prepare(struct bdisk *b);

/* bdisk_cache_judge - after a run: sets job->cached, and says (warn) if a warm cache did not stay so. */
void bdisk_cache_judge(struct bdisk *b, struct bdisk_job *job);

/* bdisk_cache_resident - bytes of the target in the page cache now; UINT64_MAX when that cannot be told. */
uint64_t bdisk_cache_resident(const struct bdisk_target *t);

/* bdisk_data_fill - random bytes, the same for the same seed. */
void bdisk_data_fill(void *data, size_t bytes, uint64_t seed);

/* bdisk_data_stamp - make each sector of a block its own: its place, and a number that no other write has; the rest changes with
 * that number. data: random bytes or a block stamped before, aligned to 8 bytes. */
void bdisk_data_stamp(void *data, size_t bytes, uint64_t offset, uint64_t number);

/* bdisk_data_ours - whether every sector of a block at that place was written by bdisk. */
bool bdisk_data_ours(const void *data, size_t bytes, uint64_t offset);

/* bdisk_walk_init - the part of worker i of n. bdisk_walk_next - the offset of the next block of that size. */
void bdisk_walk_init(struct bdisk_work *w);
uint64_t bdisk_walk_next(struct bdisk_work *w, uint64_t bytes);

/* bdisk_part - how much of the file each of n workers has to itself: a multiple of the largest block. */
uint64_t bdisk_part(const struct bdisk *b, uint32_t n);

/* bdisk_landed - for the engines: a request is done, with res bytes or -errno. */
void bdisk_landed(struct bdisk_work *w, uint32_t slot, int64_t res);

/* bdisk_helpers - CPU time so far of the kernel's threads that work for this worker, ns. */
uint64_t bdisk_helpers(struct bt_worker *worker);

/* bdisk_uring_blocks - whether the file cannot be read without the risk of blocking, as far as the kernel knows. */
bool bdisk_uring_blocks(const struct bdisk *b);

/* bdisk_uring_polls - whether the device can be polled for completions: 0 or -errno of a read that tries. */
int bdisk_uring_polls(const struct bdisk *b);

/* bdisk_uring_check - end the program when io_uring cannot be used here. */
void bdisk_uring_check(void);

/* The hooks of struct bt_loadtool, and all metrics that are ever emitted. */
extern const char *const bdisk_metrics[];
void bdisk_meta(struct bt_loadtool *t, struct bt_rec *r);
void bdisk_prepare(struct bt_loadtool *t);
int bdisk_before(struct bt_loadtool *t);
void bdisk_describe(const struct bt_emit *e, struct bt_rec *r);
void bdisk_measures(const struct bt_emit *e);
void bdisk_wrong(const struct bt_emit *e);

/* bdisk_steady_add - one more interval. bdisk_steady_enough - the hook: whether the figures have become steady. */
void bdisk_steady_add(struct bdisk_steady *s, double iops);
bool bdisk_steady_enough(struct bt_loadtool *t);

/* bdisk_verify, bdisk_replay - the tests that stand alone: the whole rest of the program. Return the exit status. */
int bdisk_verify(struct bdisk *b);
int bdisk_replay(struct bdisk *b);

/* bdisk_replay_option - take one option if it is replay's alone; errors go to o->error. bdisk_replay_takes - whether replay knows
 * that option. */
bool bdisk_replay_option(struct bt_opts *o, int key);
bool bdisk_replay_takes(int key);

#endif
