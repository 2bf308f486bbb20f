/* SPDX-License-Identifier: ISC
 *
 * bsample - what its parts share: what a group of figures is, the tables that hold them, and the state of a run.
 *
 * A group (cpu, disk, proc, ...) is a const struct bsample_group: its figures as an array of fields, and functions that open its
 * sources, and read them into a table, once a tick. A table has a row for each thing that the group knows (a disk, a process) and
 * in it a number for each field as the source has it. From two reads the table makes values; how they are shown (records, wide
 * lines, a table for people) is nobody's business here.
 *
 *	read (kernel -> rows)  ->  bsample_table_finish (rows -> values, pure)  ->  emit (values -> records)
 */
#ifndef BSAMPLE_H
#define BSAMPLE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "child.h"
#include "control.h"
#include "grid.h"
#include "hist.h"
#include "load.h"
#include "marks.h"
#include "out.h"
#include "proc.h"
#include "reread.h"
#include "src.h"

#define BSAMPLE_DIMS 4
#define BSAMPLE_ROOTS 64
#define BSAMPLE_NAMES 32 /* of --dev and --cgroup */
#define BSAMPLE_NONE UINT64_MAX /* a number that the source does not have */

struct bsample;
struct bsample_table;
struct bsample_row;

/* What becomes of the numbers of two reads, was and now, that lie dt apart. */
enum bsample_how {
	BSAMPLE_GAUGE,   /* now * scale; a gauge may be negative: it is stored as int64_t */
	BSAMPLE_RATE,    /* (now - was) * scale per second; a counter */
	BSAMPLE_SHARE,   /* (now - was) * scale / dt, scale in ns: a counter of time, the share of it in what passed */
	BSAMPLE_DERIVED, /* what derive() makes of the others, over the time between the reads; not read */
	BSAMPLE_DERIVED_GAUGE, /* the same, as of now */
};

/* The step of time in which a source counts. The core knows their lengths, shows them in -L, marks values whose span has fewer
 * than 10 of them with the taint "coarse" and warns at the start. */
enum bsample_quantum {
	BSAMPLE_EXACT,   /* no step that matters here */
	BSAMPLE_USER_HZ, /* 10 ms: the unit of /proc/stat and /proc/PID/stat */
	BSAMPLE_TICK,    /* of the kernel, CONFIG_HZ: lib/tick.h */
	BSAMPLE_TASK,    /* CPU time of tasks: one of these two, as their source has it */
	BSAMPLE_MS,      /* 1 ms */
	BSAMPLE_SECOND,  /* 1 s */
	BSAMPLE_QUANTA
};

/* How the values of all rows become the one of a line for people. */
enum bsample_fold { BSAMPLE_SUM, BSAMPLE_LARGEST };

/* One figure of a group. A record for each row that has it. */
struct bsample_field {
	const char *metric, *unit; /* NULL: the end of the array */
	const char *dim, *is;      /* a dimension that tells figures of one metric apart: "state", "user"; NULL: none */
	const char *dim2, *is2;    /* another one */
	enum bsample_how how;
	double scale;              /* base units in a step of the number */
	enum bt_better better;
	enum bsample_quantum quantum;
	bool hidden;               /* only what derive() makes others of */
	bool wraps;                /* a counter of 32 bits: one that goes from high to low has gone round */
	const char *column;        /* heading in the table for people, at most 7 characters; NULL: not shown there */
	enum bsample_fold fold;
	const char *help;          /* for -L; NULL: as the field before */
};

struct bsample_dim {
	const char *name; /* NULL: the end */
	bool number;      /* shown as a number where it is one */
};

/* One thing with figures. Only read() of its group writes to it, through the functions below. */
struct bsample_row {
	char *key;                /* its name in the table; any bytes */
	size_t key_len;
	char *dims[BSAMPLE_DIMS]; /* as in the group; NULL: absent; any bytes */
	size_t dim_len[BSAMPLE_DIMS];
	uint64_t read_ns, was_ns; /* when its numbers were read, now and before */
	bool seen, had;           /* in this pass; numbers of the last one are there */
	uint64_t mark;            /* the group's own, 0 in a new row */
	bool aside;               /* a part of another row or made of others: not in sums over rows */
	uint64_t *now, *was;      /* a number for each field; BSAMPLE_NONE: not known */
	double *value;            /* NaN: none */
	unsigned *taint;          /* enum bt_taint of each value */
};

struct bsample_group {
	const char *name, *help;
	const struct bsample_field *fields;
	struct bsample_dim dims[BSAMPLE_DIMS + 1];
	const char *const *also; /* metrics that emit() and finish() make besides, NULL at the end; NULL: none */
	bool usual;          /* sampled when no group is named */
	bool list;           /* people want a line for each row; else all rows fold into columns of the tick's line */
	/* open - find the sources and open them. Returns 0, or -errno; t->why says what is missing, one sentence without the group's
	 * name, also when only a part is and 0 is returned. t->state is the group's own. Called once; after a failure only close()
	 * follows. */
	int (*open)(struct bsample *s, struct bsample_table *t);
	/* read - a pass: bsample_row() for each thing there is now, and its numbers into row->now. Returns 0 or -errno when nothing could
	 * be read this time: then the tick has no records of the group, which is counted. No allocation but for new rows. */
	int (*read)(struct bsample *s, struct bsample_table *t);
	/* derive - fill the values of derived fields of a row from the others (was is complete only if row->had). NULL: none. */
	void (*derive)(const struct bsample_table *t, struct bsample_row *row);
	/* emit - further records of the tick, after those of the table. NULL: none. */
	void (*emit)(struct bsample *s, struct bsample_table *t);
	/* meta - keys of the meta record that say how the group works. Borrowed until close. NULL: none. */
	void (*meta)(const struct bsample *s, const struct bsample_table *t, struct bt_rec *r);
	/* finish - records at the end of the run (kind result). NULL: none. close: NULL: nothing to close. */
	void (*finish)(struct bsample *s, struct bsample_table *t);
	void (*close)(struct bsample_table *t);
};

/* A group at work. */
struct bsample_table {
	const struct bsample_group *group;
	unsigned n_fields;
	bool open;               /* its sources are there */
	bool wanted;             /* -m leaves some of it */
	bool fresh;              /* it was read in this tick */
	char why[160];           /* what is missing; "": nothing */
	uint64_t cadence_ns;     /* read it no more often than this, since it is slow; 0: every tick; set by open() of a group of gauges */
	void *state;
	struct bsample_row **rows;
	size_t n, cap, cursor;
	uint64_t read_ns;        /* for new numbers: when they were read, set by bsample_text() or the group */
	uint64_t last_ns;        /* when the last pass began */
	uint64_t clamped;        /* steps back of counters, each taken for no step */
	uint64_t failed;         /* passes without anything; rows that found no memory */
};

/* How far the table for people has come. */
struct bsample_page {
	unsigned lines;            /* under the last heading */
	unsigned block;            /* what that heads: 0 the tick's line, else 1 + the place of a table */
	bool headed;
};

/* A column of wide output: a figure of a row. */
struct bsample_column {
	unsigned table, field;
	char *key;
	size_t key_len;
};

struct bsample_wide {
	struct bsample_column *columns;
	size_t n;
	bool headed;
	struct bt_buf line, marks; /* marks: names since the last row */
};

/* Marks from other processes: at most one is read ahead. */
struct bsample_marks {
	struct bt_marks socket;
	char next[BT_MARKS_MAX];
	size_t next_len;           /* 0: none */
	int64_t next_us;           /* when it was sent, in time of records */
	bool empty;                /* nothing more was there when it was last looked at, in this tick or wait */
	uint64_t refused;          /* messages that were no marks */
};

/* One run. */
struct bsample {
	/* options */
	struct bt_load_opts load;  /* of these count -d, -i, -m, -n, -N */
	struct bt_out_opts out_opts;
	const char *roots[BSAMPLE_ROOTS]; /* --root: dumps of one machine, the first is the base of the second */
	unsigned n_roots;
	bool align;                /* ticks at whole multiples of the interval since 1970 */
	bool wide;                 /* --wide */
	bool by_cpu, by_node;      /* -k */
	const char *globs[BSAMPLE_NAMES];     /* --dev */
	bool globs_deny[BSAMPLE_NAMES];
	unsigned n_globs;
	const char *cgroups[BSAMPLE_NAMES];   /* --cgroup */
	unsigned n_cgroups;
	uint64_t depth;            /* of control groups below those */
	bool depth_set;
	struct proc_opts proc;
	int argc;
	char **argv, **command;

	/* the run */
	struct bt_src src;         /* root: "" or the dump of this tick */
	struct bsample_table *tables;
	unsigned n_tables;
	struct bt_out out;
	struct bt_control control;
	struct bt_child child;     /* the COMMAND */
	bool failed;               /* --wait: nothing came */
	struct tasks *tasks;       /* what the groups proc and thread share */
	struct bt_grid grid;
	uint64_t dump_ns;          /* bsample_now() of the dump */
	int64_t wall_us;           /* Unix time less bsample_now(), in microseconds */
	uint64_t quantum_ns[BSAMPLE_QUANTA];
	uint64_t start_ns, tick_ns, last_ns; /* of the run; when this tick and the last one began */
	uint64_t ticks, missed;    /* so far */
	uint64_t missed_now;       /* between this tick and the last */
	uint64_t late_ns;          /* of this tick */
	struct bt_hist late;
	int64_t last_us;           /* ts of the last sample or mark */
	struct bsample_marks marks;
	struct bsample_page page;
	struct bsample_wide rows;
	uint64_t cpu_ns, last_cpu_ns, first_cpu_ns; /* CPU time of this process when this tick, the last and the first one began */
};

/* bsample_groups - all there are, by name; bsample_group_count of them. */
extern const struct bsample_group *const bsample_groups[];
extern const unsigned bsample_group_count;

/* bsample_live - whether it is this machine and not a dump. bsample_now - its time: CLOCK_MONOTONIC, or the uptime of the dump. */
static inline bool bsample_live(const struct bsample *s)
{
	return s->n_roots == 0;
}
uint64_t bsample_now(const struct bsample *s);

/* bsample_time - Unix time in microseconds, as in records, of an instant of bsample_now(). */
static inline int64_t bsample_time(const struct bsample *s, uint64_t ns)
{
	return s->wall_us + (int64_t)(ns / 1000);
}

/* bsample_text - the file as it is now, valid until it is read again; sets t->read_ns. NULL with errno set when it cannot be
 * read. */
const char *bsample_text(const struct bsample *s, struct bsample_table *t, struct bt_reread *f);

/* bsample_row - the row of that name for this pass, new if need be; its numbers are BSAMPLE_NONE, its read_ns is t->read_ns. Fast
 * when rows come in the same order in every pass. NULL without memory, which is counted. */
struct bsample_row *bsample_row(struct bsample_table *t, const char *key, size_t len);

/* bsample_row_dim - set or change a dimension (copied). len 0: absent. */
void bsample_row_dim(struct bsample_row *row, unsigned which, const char *text, size_t len);

/* bsample_table_begin, bsample_table_finish - around a pass of read(). finish drops the rows that were not seen and computes the
 * values. quantum_ns: by enum bsample_quantum. */
int bsample_table_init(struct bsample_table *t, const struct bsample_group *group);
void bsample_table_begin(struct bsample_table *t);
void bsample_table_finish(struct bsample_table *t, const uint64_t quantum_ns[BSAMPLE_QUANTA]);
void bsample_table_free(struct bsample_table *t);

/* bsample_step - by how much field i of a row has grown since the last pass, in steps of the source; BSAMPLE_NONE when that is not
 * known. For derive(). */
uint64_t bsample_step(const struct bsample_table *t, const struct bsample_row *row, unsigned i);

/* bsample_is_gauge - whether the figure is of an instant, not of the time between two reads. */
bool bsample_is_gauge(const struct bsample_field *f);

/* bsample_u64 - the decimal number at *p, after blanks; moves *p behind it. False, and *p behind the blanks, when there is none; a
 * number beyond 64 bits is BSAMPLE_NONE. bsample_line - *p to the start of the next line, or NULL. */
bool bsample_u64(const char **p, uint64_t *out);
const char *bsample_line(const char *p);

/* bsample_dev_wanted - whether --dev lets a device of that name pass. usual: what to do without --dev. */
bool bsample_dev_wanted(const struct bsample *s, const char *name, bool usual);

/* bsample_start - a record of this tick about what was read at read_ns and covers dur_ns. bsample_emit - write it, if -m wants its
 * metric. bsample_emit_row: the records of a row of values, for groups that keep rows of their own. */
void bsample_start(const struct bsample *s, struct bt_rec *r, enum bt_kind kind, const char *test, uint64_t read_ns,
		   uint64_t dur_ns);
void bsample_emit(struct bsample *s, struct bt_rec *r);
void bsample_emit_row(struct bsample *s, const struct bsample_table *t, const struct bsample_row *row);

/* bsample_list - answer -L and exit. bsample_check_metrics - end the program if -m names a metric that does not exist. */
_Noreturn void bsample_list(void);
void bsample_check_metrics(const struct bsample *s);

/* bsample_run - everything after the options: opens, ticks, ends. Returns the exit status; dies of a signal caught. */
int bsample_run(struct bsample *s);

/* bsample_open_groups - open them; ends the program when none can be read. bsample_say_doubts - settle the quanta, and warn of
 * what is missing and of steps too long for the interval. */
void bsample_open_groups(struct bsample *s);
void bsample_say_doubts(struct bsample *s);

/* bsample_take_dump - from now on read that one. Returns 0, or -errno when it has no time. bsample_name_dump - records are of its
 * time and host. */
int bsample_take_dump(struct bsample *s, unsigned which);
void bsample_name_dump(struct bsample *s);

/* bsample_read_all - a pass of every group that is due. bsample_show - emit what the tick has; bsample_meta, bsample_results: the
 * first record, and those before the last. */
void bsample_read_all(struct bsample *s);
void bsample_show(struct bsample *s);
void bsample_meta(struct bsample *s);
void bsample_results(struct bsample *s);
uint64_t bsample_own_cpu_ns(void);

/* bsample_write - a record goes out as it stands, unless the shape of the output has no place for its kind. */
void bsample_write(struct bsample *s, struct bt_rec *r);

/* bsample_mark_main - the command "mark NAME [KEY=VALUE ...]": sends a mark to whoever samples, returns the exit status.
 * bsample_marks_until - emit the marks that were sent up to that time of records; known are those that were there when
 * bsample_marks_look was called last. bsample_mark_now: one of our own. */
int bsample_mark_main(char **words, int count);
void bsample_marks_look(struct bsample *s);
void bsample_marks_until(struct bsample *s, int64_t ts_us);
void bsample_mark_now(struct bsample *s, const char *name);

/* The tick in other shapes than records: a row of tsv (wide.c), lines for people (text.c). */
void bsample_wide(struct bsample *s);
void bsample_wide_mark(struct bsample *s, const char *name);
void bsample_wide_free(struct bsample *s);
void bsample_text_tick(struct bsample *s);
void bsample_text_end(struct bsample *s);

/* bsample_warn - a warn record and the same on stderr. */
void bsample_warn(struct bsample *s, const char *code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
