/* SPDX-License-Identifier: ISC
 *
 * shardwc - a host program of the shards in lib/: counts the lines and bytes of files, as wc -lc does, many at a time.
 *
 * main is no shard. It asks one for each file and prints the answers in order; when the shards take no more it waits for the oldest
 * answer first. A shard reads its files through its own ring, a block at a time, and has many of them open at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "opt.h"
#include "shard.h"
#include "shardask.h"
#include "shardio.h"

#define BLOCK 65536
#define FILES_OPEN 64 /* at once, in all */

/* One file, from the request to the answer: the shard's in between. */
struct job {
	struct bt_io io; /* first: what io_done gets */
	struct bt_shard_file file;
	uint32_t id;
	uint64_t lines, bytes;
	char block[BLOCK];
};

struct shardwc {
	uint64_t shards;
	int backend;
	bool verbose;
	struct bt_shards *set;
	char **paths;
	size_t n_paths;
	struct job *jobs; /* of file i: jobs[i % FILES_OPEN] */
};

static const char *const backends[] = { "auto", "raw", "doorbell", "queue", NULL };

static const struct bt_opt options[] = {
	{ 'E', "engine", "NAME", "how the shards are reached: auto, raw, doorbell or queue (default auto)" },
	{ 't', "threads", "N", "number of shards (default 2)" },
	BT_OPTS_COMMON,
	BT_OPTS_END
};

static const struct bt_tool tool = {
	.name = "shardwc",
	.synopsis = "[options] FILE ...",
	.purpose = "Counts the lines and bytes of files, as wc -lc, in shards.",
	.options = options,
	.examples = "  shardwc *.c\n",
};

/* -- in the shards -- */

static void answer(struct bt_shard *self, struct job *job, int status)
{
	close(job->file.fd);
	bt_shard_reply(self, job->id, status, job->lines);
}

static void count(struct job *job)
{
	const char *at = job->block, *end = job->block + job->io.result;

	for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		job->lines++;
	job->bytes += (uint64_t)job->io.result;
}

/* Reads on until a block has to be waited for, or there is none any more. What is cached comes at once. */
static void read_on(struct bt_shard *self, struct job *job)
{
	int rc;

	while ((rc = bt_shard_read_at(self, &job->io, &job->file, job->block, BLOCK, job->bytes)) == 1 && job->io.result > 0)
		count(job);
	if (rc != 0)
		answer(self, job, rc < 0 ? rc : job->io.result);
}

static void read_done(struct bt_shard *self, struct bt_io *io)
{
	struct job *job = (struct job *)io;

	if (io->result > 0) {
		count(job);
		read_on(self, job);
	} else {
		answer(self, job, io->result);
	}
}

static void on_request(struct bt_shard *self, uint32_t id, uint32_t tag, uint64_t value, void *arg)
{
	struct shardwc *w = arg;
	struct job *job = &w->jobs[value % FILES_OPEN];
	int fd = open(w->paths[value], O_RDONLY | O_CLOEXEC);

	(void)tag;
	*job = (struct job){ .io = { .done = read_done }, .id = id };
	if (fd < 0 || bt_shard_file_init(&job->file, fd) < 0)
		bt_shard_reply(self, id, -errno, 0);
	else
		read_on(self, job);
}

static void on_messages(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	(void)self, (void)from, (void)msgs, (void)n, (void)arg; /* the shards have nothing to tell each other here */
}

static const struct bt_shard_ops ops = { .messages = on_messages, .request = on_request };

/* -- in main -- */

static void parse(struct shardwc *w, int argc, char **argv)
{
	struct bt_opts o;
	int key;

	bt_opts_init(&o, options, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		switch (key) {
		case 'E':
			bt_opts_choice(&o, backends, &w->backend);
			break;
		case 't':
			bt_opts_u64(&o, 1, BT_SHARDS_MAX, &w->shards);
			break;
		case 'v':
			w->verbose = true;
			break;
		case 'h':
			bt_show_help(&tool);
		case 'V':
			bt_show_version(&tool);
		}
	if (key < 0)
		bt_die_usage(o.error);
	w->paths = argv + o.first;
	w->n_paths = (size_t)(argc - o.first);
}

static void open_shards(struct shardwc *w)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	struct bt_shards_effective e;
	char flags[BT_RING_NAMES];
	int rc;

	o.n = (uint32_t)w->shards;
	o.asks = FILES_OPEN;
	o.arg = w;
	o.backend = (enum bt_shard_backend)w->backend;
	w->jobs = calloc(FILES_OPEN, sizeof(*w->jobs));
	rc = w->jobs ? bt_shards_open(&w->set, &o) : -ENOMEM;
	if (rc < 0)
		bt_die(BT_EXIT_UNABLE, "the shards cannot be started: %s", strerror(-rc));
	bt_shards_effective(w->set, &e);
	if (w->verbose)
		bt_note("%s, ring %s%s%s", bt_shard_backend_name(e.backend), bt_shard_ring_flags(e.ring_flags, flags),
			e.fallback ? ", since io_uring says: " : "", e.fallback ? strerror(-e.fallback) : "");
}

/* Waits for the answer about file i and prints it. Returns false when the file could not be read. */
static bool print(struct shardwc *w, size_t i, uint32_t id)
{
	uint64_t lines;
	int status, rc;

	do {
		rc = bt_shards_wait(w->set, id, BT_SHARD_FOREVER, &status, &lines);
	} while (rc == -EINTR);
	if (rc == 0 && status == 0)
		printf("%" PRIu64 " %" PRIu64 " %s\n", lines, w->jobs[i % FILES_OPEN].bytes, w->paths[i]);
	else
		bt_warn("%s: %s", w->paths[i], strerror(rc ? -rc : -status));
	return rc == 0 && status == 0;
}

/* Asks for all files in turn. Returns how many could not be read. */
static size_t count_all(struct shardwc *w)
{
	size_t asked = 0, printed = 0, bad = 0;
	uint32_t ids[FILES_OPEN];

	while (printed < w->n_paths) {
		int rc = -EAGAIN;

		if (asked < w->n_paths && asked - printed < FILES_OPEN)
			rc = bt_shards_ask(w->set, (uint32_t)(asked % w->shards), 0, asked, BT_SHARD_FOREVER, &ids[asked % FILES_OPEN]);
		if (rc < 0 && rc != -EAGAIN)
			bt_die(BT_EXIT_TROUBLE, "the shards take no request: %s", strerror(-rc));
		if (rc == 0) {
			asked++;
		} else { /* they have enough to do, or all of it */
			bad += !print(w, printed, ids[printed % FILES_OPEN]);
			printed++;
		}
	}
	return bad;
}

int main(int argc, char **argv)
{
	struct shardwc w = { .shards = 2 };
	size_t bad;

	bt_err_init(tool.name);
	parse(&w, argc, argv);
	open_shards(&w);
	bad = count_all(&w);
	bt_shards_close(w.set);
	free(w.jobs);
	if (fflush(stdout) != 0)
		bt_die(BT_EXIT_TROUBLE, "standard output: %s", strerror(errno));
	return bad > 0;
}
