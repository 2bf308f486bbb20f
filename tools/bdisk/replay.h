/* SPDX-License-Identifier: ISC
 *
 * replay - what the parts of the test `replay` share.
 *
 * The way through: replay.c takes the options; replay_input.c reads the recording into a plan (ioevent.h, ioplan.h);
 * replay_files.c makes the files and lays out what will be read; replay_run.c does the calls, a thread for each worker;
 * replay_records.c says what came of it.
 */
#ifndef BDISK_REPLAY_H
#define BDISK_REPLAY_H

#include <pthread.h>

#include "badlines.h"
#include "bdisk.h"
#include "confine.h"
#include "intern.h"
#include "ioplan.h"

#define REPLAY_ID "replay.1"
#define REPLAY_WORKERS 64   /* by default, at most */
#define REPLAY_SHOWN 1000   /* differences shown one by one with -v */
#define REPLAY_KINDS 128    /* of differences told apart by a worker */
#define REPLAY_MAPS 32

/* How a call came out otherwise than in the recording. */
enum replay_how { REPLAY_SAME, REPLAY_FAILED, REPLAY_SUCCEEDED, REPLAY_ERRNO, REPLAY_BYTES };

struct replay_difference {
	uint8_t call, how;
	uint16_t here, recorded; /* error numbers */
	uint64_t count;
};

struct replay_shown {
	uint32_t op;
	enum replay_how how;
	int64_t ret;
	int64_t ts_us;
};

struct replay;

struct replay_worker {
	struct replay *replay;
	uint32_t index;
	pthread_t thread;
	char *buffer;                /* for reading */
	struct bt_hist lat[BT_IO_CALLS], recorded[BT_IO_CALLS], late;
	uint64_t calls[BT_IO_CALLS], read_bytes, written_bytes;
	uint64_t last_ns;            /* end of its last call */
	struct replay_difference differs[REPLAY_KINDS];
	unsigned n_differs;
};

struct replay {
	struct bdisk *b;
	struct bt_ioplan plan;
	/* the input */
	struct bt_intern files, threads; /* names: with the kind before them, 'p' a path as mapped or 'i' another */
	uint64_t skipped[BT_IO_SKIPS], others; /* others: records of other kinds */
	struct bt_badlines bad;
	uint64_t lost;               /* events that the recorder says it lost */
	uint64_t truncated;          /* streams without end */
	/* the files */
	int *fds;
	uint64_t bytes;              /* all of them, at most */
	unsigned taint;
	/* the run */
	const char *data;            /* to be written */
	size_t data_bytes;
	struct replay_worker *workers;
	pthread_mutex_t lock;
	pthread_cond_t wake;         /* stop */
	pthread_cond_t moved;        /* stop, or frontier has moved */
	atomic_bool stop;            /* set under lock */
	uint32_t finished, frontier; /* under lock: workers that are done; calls of the order of ends that are */
	bool *done;                  /* by rank; under lock */
	int done_fd;                 /* an eventfd that the last worker writes */
	uint64_t start_ns;
	struct replay_shown *shown;  /* under lock */
	unsigned n_shown;
};

/* What the options say. */
extern struct replay_opts {
	double speed;
	bool fast, global;
	struct bt_confine_map maps[REPLAY_MAPS];
	size_t n_maps;
} replay_opts;

extern const char *const replay_metrics[];

/* replay_read - the whole input into r->plan, in order of arrival. Says what is wrong with lines; ends the program when there
 * is nothing to replay, or too much. */
void replay_read(struct replay *r);

/* replay_files_check - end the program if there is no room, or a file is in the way. replay_files_open - make them. Says what
 * is wrong; 0 or -errno. replay_files_reset - as they are to be before a run: laid out, and in the page cache or not. 0 or
 * -errno, said. */
void replay_files_check(struct replay *r);
int replay_files_open(struct replay *r);
int replay_files_reset(struct replay *r);

/* replay_file_name - for people and --dir. */
const char *replay_file_name(const struct replay *r, uint32_t file);

/* replay_run - one repetition; emits its records. 0 or -errno, said. */
int replay_run(struct replay *r);

/* replay_worker_free - the histograms of a worker. */
void replay_worker_free(struct replay_worker *w);

/* replay_meta - the hook. replay_report - all records of a repetition, whose last call ended at end_ns. */
void replay_meta(struct bt_loadtool *t, struct bt_rec *rec);
void replay_report(struct replay *r, uint64_t end_ns);

/* replay_warnings - what is doubtful about the recording, as records. */
void replay_warnings(struct replay *r);

/* replay_of - from the hooks' argument. */
struct replay *replay_of(struct bt_loadtool *t);

#endif
