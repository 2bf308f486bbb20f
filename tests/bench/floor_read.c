/* SPDX-License-Identifier: ISC
 *
 * floor_read - random direct reads of 4 KiB through io_uring, with nothing measured but their number: what the kernel asks for
 * each of them, however they are timed. Prints "READS READS_PER_SECOND".
 *
 * usage: floor_read FILE DEPTH SECONDS
 *
 * Ring, buffers, file and batches are as bdisk's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "clock.h"
#include "err.h"
#include "rng.h"

#define BLOCK 4096u
#define BATCH 8
#define DEPTH_MAX 4096
#define CLOCK_EVERY 64 /* rounds */

struct bare {
	const char *path;
	int fd;
	uint64_t blocks, reads;
	unsigned depth;
	bool blocking; /* the file cannot be tried without blocking */
	char *arena;
	struct io_uring ring;
	struct bt_rng rng;
};

static void check(bool good, const char *what, int error)
{
	if (!good)
		bt_die(BT_EXIT_TROUBLE, "%s: %s", what, strerror(error));
}

static void open_file(struct bare *b)
{
	struct stat st;
	uint64_t size = 0;

	b->fd = open(b->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	check(b->fd >= 0 && fstat(b->fd, &st) == 0, b->path, errno);
	if (S_ISBLK(st.st_mode))
		check(ioctl(b->fd, BLKGETSIZE64, &size) == 0, b->path, errno);
	else
		size = (uint64_t)st.st_size;
	b->blocks = size / BLOCK;
	check(b->blocks > 0, b->path, EINVAL);
}

static void open_ring(struct bare *b)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	size_t bytes = (size_t)BLOCK * b->depth;
	struct iovec arena = { mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0), bytes };
	struct iovec one = { arena.iov_base, BLOCK };
	int rc;

	check(arena.iov_base != MAP_FAILED, "buffers", errno);
	b->arena = arena.iov_base;
	b->blocking = preadv2(b->fd, &one, 1, 0, RWF_NOWAIT) < 0 && errno == EOPNOTSUPP;
	rc = io_uring_queue_init_params(b->depth, &b->ring, &p);
	check(rc == 0, "io_uring", -rc);
	rc = io_uring_register_buffers(&b->ring, &arena, 1);
	check(rc == 0, "buffers", -rc);
	rc = io_uring_register_files(&b->ring, &b->fd, 1);
	check(rc == 0, "file", -rc);
	io_uring_register_ring_fd(&b->ring);
}

static void push(struct bare *b, uint64_t slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&b->ring);

	io_uring_prep_read_fixed(sqe, 0, b->arena + slot * BLOCK, BLOCK, bt_rng_below(&b->rng, b->blocks) * BLOCK, 0);
	sqe->flags |= IOSQE_FIXED_FILE | (b->blocking ? IOSQE_ASYNC : 0);
	sqe->user_data = slot;
	if (io_uring_sq_ready(&b->ring) >= BATCH)
		io_uring_submit(&b->ring);
}

/* What has come is counted, and goes out again. */
static void turn(struct bare *b)
{
	uint64_t slots[DEPTH_MAX];
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;
	int rc = io_uring_submit_and_wait(&b->ring, 1);

	check(rc >= 0 || rc == -EINTR, "io_uring_enter", -rc);
	io_uring_for_each_cqe(&b->ring, head, cqe) {
		check(cqe->res == (int)BLOCK, b->path, cqe->res < 0 ? -cqe->res : EIO);
		slots[n++] = cqe->user_data;
	}
	io_uring_cq_advance(&b->ring, n);
	b->reads += n;
	for (unsigned i = 0; i < n; i++)
		push(b, slots[i]);
}

static uint64_t run(struct bare *b, uint64_t ns)
{
	uint64_t start = bt_clock_monotonic(), now;

	for (uint64_t slot = 0; slot < b->depth; slot++)
		push(b, slot);
	do {
		for (int i = 0; i < CLOCK_EVERY; i++)
			turn(b);
		now = bt_clock_monotonic();
	} while (now - start < ns);
	return now - start;
}

int main(int argc, char **argv)
{
	struct bare b = { .path = argv[1] };
	double seconds;
	uint64_t ns;

	bt_err_init("floor_read");
	b.depth = argc == 4 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	seconds = argc == 4 ? strtod(argv[3], NULL) : -1;
	if (b.depth < 1 || b.depth > DEPTH_MAX || !(seconds >= 0 && seconds < 1e6))
		bt_die(BT_EXIT_USAGE, "usage: floor_read FILE DEPTH SECONDS");
	open_file(&b);
	open_ring(&b);
	bt_rng_seed(&b.rng, 1);
	ns = run(&b, (uint64_t)(seconds * 1e9));
	printf("%" PRIu64 " %.0f\n", b.reads, (double)b.reads * 1e9 / (double)ns);
	return 0;
}
