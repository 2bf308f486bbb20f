/* SPDX-License-Identifier: ISC
 *
 * verify - what the parts of the test `verify` share.
 *
 * verify.c is the test: runs that write a generation and runs that read it; verifyopen.c finds out what there is and may be
 * done, and prepares the file; ledger.c keeps acknowledgements, in the head of the file and in the ledger; found.c collects
 * what is wrong and says it.
 *
 * The file: a head of two pages, each with an acknowledgement at its start and zeros, of which the one with the larger
 * sequence counts, and zeros up to the first block (bt_stampack_start); then the blocks, each with its stamps.
 */
#ifndef VERIFY_H
#define VERIFY_H

#include <pthread.h>

#include "bdisk.h"
#include "stamp.h"
#include "stampack.h"

/* What is found wrong: the ways of enum bt_stamp_how, in their order, and blocks that cannot be read or written. */
enum bdisk_how {
	BDISK_TORN, BDISK_STALE, BDISK_MISPLACED, BDISK_FLIPPED, BDISK_MISSING, BDISK_UNREADABLE, BDISK_UNWRITABLE, BDISK_HOWS
};

struct bdisk_found {
	uint64_t offset, blocks;       /* of the first block; how many alike follow each other */
	uint64_t generation, acked;    /* found there; acknowledged (0: none) */
	uint64_t oldest;               /* torn: of the oldest sector */
	uint64_t where;                /* flipped: offset of the first wrong byte; misplaced: where the block belongs */
	uint32_t wrong;                /* flipped: bytes; torn, misplaced: sectors */
	uint16_t places[BT_STAMP_PLACES];
	uint8_t how, bits;             /* enum bdisk_how */
	int16_t error;                 /* errno */
};

/* Safe to add to from several threads. */
struct bdisk_findings {
	pthread_mutex_t lock;
	struct bdisk_found *found;
	size_t n, cap;
	uint64_t counts[BDISK_HOWS];   /* also of those that were not kept */
	uint64_t errnos[2][BDISK_ERRNOS]; /* of reads and writes, the same */
	uint64_t dropped;
};

struct verify {
	struct bdisk *b;
	bool check, fresh;             /* --check; the file was made by us */
	uint64_t start, blocks, present; /* offset of the first block; blocks there should be, and that lie within the file whole */
	uint32_t bytes;                /* of a block */
	struct bt_stampack ack;        /* what is acknowledged */
	uint64_t generation;           /* being written */
	uint64_t damaged;              /* --check: records of the ledger that cannot be read */
	struct bt_shuffle order;       /* in which that, or the one under way when the writer ended, is written */
	struct bt_shuffle look;        /* in which blocks are read */
	int ledger_fd;                 /* -1: none */
	struct bdisk_findings findings; /* of this run */
	_Atomic uint64_t right, unwritten; /* blocks read that were as they should be; of them, not yet written in this run */
	_Atomic bool stuck;            /* writing cannot go on */
};

/* A run that writes, or one that reads. */
struct verify_job {
	struct verify *v;
	bool write;
};

/* verifyopen.c. bdisk_verify_open - settle the options, find what is there, refuse what must not be done. Ends the program when it
 * cannot be; writes nothing yet. bdisk_verify_begin - make the file ours. 0 or -errno; says what is wrong. */
void bdisk_verify_open(struct verify *v);
int bdisk_verify_begin(struct verify *v);

/* bdisk_verify_order - the order in which a generation of that run is written. */
void bdisk_verify_order(struct bt_shuffle *s, const struct bt_stampack *ack, uint64_t generation);

/* ledger.c. bdisk_head_find - the later acknowledgement in the head of the file of that name: 0, -ENOENT when there is none,
 * or -errno. */
int bdisk_head_find(const char *file, struct bt_stampack *ack);

/* bdisk_head_begin - a new head: of the acknowledgement, up to the first block. bdisk_head_write - replace the older copy.
 * bdisk_head_check - what is wrong with it. All: 0 or -errno. */
int bdisk_head_begin(int fd, struct bt_stampack *ack);
int bdisk_head_write(int fd, const struct bt_stampack *ack);
int bdisk_head_check(struct verify *v);

/* bdisk_ledger_open - for appending: the descriptor, or -errno, -EEXIST for a file of others. bdisk_ledger_append - and see to it
 * that it lasts. bdisk_ledger_find - what it acknowledges: of the run of *ack, or with known false of the last one. *damaged
 * counts records that cannot be read. 0, -ENOENT or -errno. */
int bdisk_ledger_open(const char *file);
int bdisk_ledger_append(int fd, const struct bt_stampack *ack);
int bdisk_ledger_find(const char *file, struct bt_stampack *ack, bool known, uint64_t *damaged);

/* found.c. bdisk_found_add - keep a copy, and count its blocks. bdisk_found_clear - forget all. bdisk_found_total - all counts.
 * bdisk_found_emit - the events, in the order of the file, and the errors by kind. */
void bdisk_found_add(struct bdisk_findings *l, const struct bdisk_found *f);
void bdisk_found_clear(struct bdisk_findings *l);
uint64_t bdisk_found_total(const struct bdisk_findings *l);
void bdisk_found_emit(const struct bt_emit *e, struct bdisk_findings *l);

#endif
