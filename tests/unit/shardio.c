/* SPDX-License-Identifier: ISC
 *
 * unit/shardio - files and sockets of a shard: data, errors, cancellation, whose they are.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "shardio.h"
#include "shardtest.h"

#define BLOCKS 64
#define BLOCK 4096u
#define WRONG 8

static uint64_t done;

static void landed(struct bt_shard *self, struct bt_io *io)
{
	(void)self, (void)io;
	done++;
}

static void none(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	(void)self, (void)from, (void)msgs, (void)n, (void)arg;
}

static const struct bt_shard_ops ops = { .messages = none };

static struct bt_shards *open_one(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);

	o.guests = 1;
	o.backend = backend;
	done = 0;
	return open_set(&o);
}

/* An operation that returned rc is over when it says so, or once done was called. */
static int32_t finish(struct bt_shard *s, struct bt_io *io, int rc)
{
	uint64_t before = done;

	CHECK(rc == 0 || rc == 1);
	if (rc == 0)
		CHECK(turn_until(s, &done, before + 1));
	return io->result;
}

static int temp_file(int flags)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | flags, 0600);
	static char block[BLOCK];

	CHECK(fd >= 0);
	for (int i = 0; i < BLOCKS; i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		CHECK(write(fd, block, sizeof(block)) == sizeof(block));
	}
	return fd;
}

static void files(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set);
	struct bt_io io = { .done = landed };
	struct bt_shard_stats st;
	struct bt_shard_file f;
	char buf[BLOCK];
	int fd = temp_file(0);

	CHECK_EQ(bt_shard_file_init(&f, -1), -EBADF);
	CHECK_EQ(bt_shard_file_init(&f, fd), 0);
	CHECK(f.inline_io);
	for (int round = 0; round < 2; round++, f.inline_io = false)
		for (uint32_t i = 0; i < BLOCKS; i++) {
			CHECK_EQ(finish(s, &io, bt_shard_read_at(s, &io, &f, buf, BLOCK, i * BLOCK)), BLOCK);
			CHECK(buf[0] == (char)('a' + i % 26) && buf[BLOCK - 1] == buf[0]);
		}
	bt_shards_stats(set, &st);
	CHECK_EQ(st.io_inline + st.io_completed, 2 * BLOCKS);
	CHECK(backend == BT_SHARD_QUEUE ? st.io_started == 0 : st.io_started >= BLOCKS);
	memset(buf, 'Z', sizeof(buf));
	CHECK_EQ(finish(s, &io, bt_shard_write_at(s, &io, &f, buf, 100, 3 * BLOCK + 10)), 100);
	f.inline_io = true;
	CHECK_EQ(finish(s, &io, bt_shard_write_at(s, &io, &f, buf, 100, 5 * BLOCK)), 100);
	CHECK(pread(fd, buf, 111, 3 * BLOCK) == 111 && buf[9] == 'd' && buf[10] == 'Z' && buf[109] == 'Z' && buf[110] == 'd');
	CHECK(pread(fd, buf, 101, 5 * BLOCK) == 101 && buf[0] == 'Z' && buf[99] == 'Z' && buf[100] == 'f');
	CHECK_EQ(finish(s, &io, bt_shard_read_at(s, &io, &f, buf, BLOCK, BLOCKS * BLOCK)), 0); /* the end */
	CHECK_EQ(finish(s, &io, bt_shard_read_at(s, &io, &f, buf, BLOCK, BLOCKS * BLOCK - 10)), 10);
	CHECK_EQ(bt_shard_read_at(s, &io, &f, buf, 0, 0), -EINVAL);
	CHECK_EQ(bt_shard_read_at(s, &io, &f, buf, BLOCK, UINT64_MAX), -EINVAL);
	close(fd);
	CHECK_EQ(finish(s, &io, bt_shard_read_at(s, &io, &f, buf, BLOCK, 0)), -EBADF);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.failed, 1);
	close_set(set);
}

static void test_files(void)
{
	each_backend(files);
}

/* Of a file whose second half is no longer in the page cache: a read of both halves is whole, as it would be by pread. */
static void half_cached(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set);
	struct bt_io io = { .done = landed };
	static char buf[BLOCKS * BLOCK];
	const off_t half = sizeof(buf) / 2;
	struct bt_shard_file f;
	int fd = temp_file(0);

	CHECK_EQ(bt_shard_file_init(&f, fd), 0);
	CHECK(fsync(fd) == 0);
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0); /* no reading ahead */
	CHECK_EQ(posix_fadvise(fd, half, half, POSIX_FADV_DONTNEED), 0);
	CHECK_EQ(finish(s, &io, bt_shard_read_at(s, &io, &f, buf, sizeof(buf), 0)), (int32_t)sizeof(buf));
	CHECK(buf[0] == 'a' && buf[sizeof(buf) - 1] == 'a' + (BLOCKS - 1) % 26);
	close(fd);
	close_set(set);
}

static void test_half_cached(void)
{
	each_backend(half_cached);
}

/* The kernel stops submitting at a request that it finds wrong at once: what was sent after such requests goes all the same. */
static void after_wrong(enum bt_shard_backend backend)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	static struct bt_io io[WRONG];
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);
	struct bt_shards *set;
	struct bt_shard *s;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t ticket;
	int looks = 0;

	if (backend == BT_SHARD_QUEUE) {
		close(fd);
		return; /* has no ring to submit to */
	}
	o.guests = 1;
	o.backend = backend;
	o.spin_ns = 0; /* so that the message, or its bell, needs the ring */
	done = 0;
	set = open_set(&o);
	s = attach_0(set);
	for (int i = 0; i < WRONG; i++) {
		io[i] = (struct bt_io){ .done = landed };
		CHECK_EQ(bt_shard_sock_connect(s, &io[i], fd, (struct sockaddr *)&to, 4096), 0); /* longer than any address */
	}
	CHECK_EQ(bt_shard_send(s, 1, 1, 1), 0);
	ticket = bt_shard_ticket(s, 1);
	while (!bt_shard_ticket_done(s, 1, ticket) && looks++ < 50000)
		usleep(100);
	CHECK(bt_shard_ticket_done(s, 1, ticket));
	CHECK(turn_until(s, &done, WRONG));
	CHECK_EQ(io[0].result, -EINVAL);
	CHECK_EQ(io[WRONG - 1].result, -EINVAL);
	close_set(set);
	close(fd);
}

static void test_after_wrong(void)
{
	each_backend(after_wrong);
}

/* A file that must be waited for: many at once through the ring, each with its own data. */
static void direct(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set);
	static struct bt_io io[BLOCKS];
	struct bt_shard_file f;
	char *data = aligned_alloc(BLOCK, (size_t)BLOCKS * BLOCK);
	int fd = temp_file(0), inline_done = 0;

	CHECK(fsync(fd) == 0);
	if (fcntl(fd, F_SETFL, O_DIRECT) < 0)
		printf("# no O_DIRECT in /tmp: read through the cache\n");
	CHECK_EQ(bt_shard_file_init(&f, fd), 0);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		int rc;

		io[i] = (struct bt_io){ .done = landed };
		rc = bt_shard_read_at(s, &io[i], &f, data + i * BLOCK, BLOCK, i * BLOCK);
		CHECK(rc == 0 || rc == 1);
		inline_done += rc;
		if (rc == 0)
			CHECK_EQ(bt_shard_read_at(s, &io[i], &f, data, BLOCK, 0), -EBUSY);
	}
	CHECK(turn_until(s, &done, (uint64_t)(BLOCKS - inline_done)));
	for (uint32_t i = 0; i < BLOCKS; i++)
		CHECK(io[i].result == BLOCK && data[i * BLOCK] == (char)('a' + i % 26));
	close(fd);
	free(data);
	close_set(set);
}

static void test_direct(void)
{
	each_backend(direct);
}

static void sockets(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct bt_io accepted = { .done = landed }, connected = { .done = landed }, in = { .done = landed }, out = { .done = landed };
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), server, rc[2];
	socklen_t len = sizeof(address);
	char sent[256], got[256];

	CHECK(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, 1) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
	rc[0] = bt_shard_sock_accept(s, &accepted, listener);
	rc[1] = bt_shard_sock_connect(s, &connected, client, (struct sockaddr *)&address, len);
	CHECK(turn_until(s, &done, (uint64_t)(2 - rc[0] - rc[1])));
	server = accepted.result;
	CHECK(server >= 0 && connected.result == 0);
	CHECK(fcntl(server, F_GETFD) & FD_CLOEXEC);
	for (int i = 0; i < 200; i++) {
		int received;

		memset(sent, i, sizeof(sent));
		received = bt_shard_sock_recv(s, &in, client, got, sizeof(got));
		CHECK_EQ(received, 0); /* there is nothing yet */
		CHECK_EQ(finish(s, &out, bt_shard_sock_send(s, &out, server, sent, sizeof(sent))), sizeof(sent));
		while (in.busy)
			CHECK(bt_shard_turn(s, LONG) >= 0);
		CHECK_EQ(in.result, sizeof(got));
		CHECK(memcmp(sent, got, sizeof(got)) == 0);
	}
	CHECK(shutdown(server, SHUT_RDWR) == 0);
	CHECK_EQ(finish(s, &in, bt_shard_sock_recv(s, &in, client, got, 1)), 0);
	CHECK_EQ(finish(s, &out, bt_shard_sock_send(s, &out, server, sent, 1)), -EPIPE); /* and no signal */
	close(listener);
	CHECK(close(server) == 0);
	close(client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(finish(s, &connected, bt_shard_sock_connect(s, &connected, client, (struct sockaddr *)&address, len)), -ECONNREFUSED);
	close(client);
	close_set(set);
}

static void test_sockets(void)
{
	each_backend(sockets);
}

/* Nothing ever comes: a cancellation, and a stop, end it; its memory is the caller's again. */
static void cancelled(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set);
	struct bt_io io[3] = { { .done = landed }, { .done = landed }, { .done = landed } };
	struct bt_shard_stats st;
	int pair[2];
	char buf[16];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK_EQ(bt_shard_io_cancel(s, &io[0]), -EALREADY);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(bt_shard_sock_recv(s, &io[i], pair[0], buf, sizeof(buf)), 0);
	CHECK_EQ(bt_shard_turn(s, 2000000), 0);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.pending_io, 3);
	CHECK_EQ(bt_shard_io_cancel(s, &io[1]), 0);
	CHECK(done == 0 && io[1].busy); /* not in the call itself */
	CHECK(turn_until(s, &done, 1));
	CHECK(io[1].result == -ECANCELED && io[0].busy && !io[1].busy && io[2].busy);
	CHECK_EQ(bt_shard_detach(s), 0);
	CHECK_EQ(done, 3);
	CHECK(io[0].result == -ECANCELED && io[2].result == -ECANCELED);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.failed, 0);
	close(pair[0]);
	close(pair[1]);
	close_set(set);
}

static void test_cancel(void)
{
	each_backend(cancelled);
}

/* The other shard's I/O is not ours to start or cancel; a doorbell wakes one that waits for its socket. */
static void foreign(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set), *other = bt_shards_get(set, 1);
	struct bt_io io = { .done = landed };
	struct bt_shard_file f = { .fd = 0 };
	struct bt_shard_stats st;
	char buf[16];

	CHECK_EQ(bt_shard_read_at(other, &io, &f, buf, 1, 0), -EXDEV);
	CHECK_EQ(bt_shard_write_at(other, &io, &f, buf, 1, 0), -EXDEV);
	CHECK_EQ(bt_shard_sock_recv(other, &io, 0, buf, 1), -EXDEV);
	CHECK_EQ(bt_shard_sock_send(other, &io, 0, buf, 1), -EXDEV);
	CHECK_EQ(bt_shard_sock_accept(other, &io, 0), -EXDEV);
	CHECK_EQ(bt_shard_io_cancel(other, &io), -EXDEV);
	bt_shard_stats(other, &st);
	CHECK_EQ(st.foreign, 6);
	CHECK_EQ(st.io_started, 0);
	CHECK_EQ(bt_shard_detach(s), 0);
	CHECK_EQ(bt_shard_read_at(s, &io, &f, buf, 1, 0), -EXDEV);
	close_set(set);
}

static void test_foreign(void)
{
	each_backend(foreign);
}

struct receiver {
	struct bt_task task;
	struct bt_io io;
	int fd;
	char buf[8];
	_Atomic uint32_t ran, over;
};

static void received(struct bt_shard *self, struct bt_io *io)
{
	(void)self;
	atomic_store(&((struct receiver *)io->user)->over, 1);
}

static void start_receiving(struct bt_shard *self, struct bt_task *task)
{
	struct receiver *r = (struct receiver *)task;

	r->io = (struct bt_io){ .done = received, .user = r };
	CHECK_EQ(bt_shard_sock_recv(self, &r->io, r->fd, r->buf, sizeof(r->buf)), 0);
	atomic_fetch_add(&r->ran, 1);
}

static void count_run(struct bt_shard *self, struct bt_task *task)
{
	(void)self;
	atomic_fetch_add(&((struct receiver *)task)->ran, 1);
}

/* A shard that sleeps with a socket open is woken by both: by a message from either side, and by the socket. */
static void both(enum bt_shard_backend backend)
{
	struct bt_shards *set = open_one(backend);
	struct bt_shard *s = attach_0(set);
	static struct receiver r;
	struct bt_join join = BT_JOIN_INIT(s);
	int pair[2];

	memset(&r, 0, sizeof(r));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	r.task = (struct bt_task){ start_receiving, &join };
	r.fd = pair[0];
	CHECK_EQ(bt_shard_spawn(s, &r.task, BT_PLACE_PINNED, 1), 0);
	CHECK_EQ(bt_join_wait(s, &join, LONG), 0);
	r.task.run = count_run;
	for (uint32_t i = 0; i < 20; i++) {
		CHECK_EQ(bt_shard_spawn(s, &r.task, BT_PLACE_PINNED, 1), 0);
		CHECK_EQ(bt_join_wait(s, &join, LONG), 0);
		usleep(500); /* so that it sleeps, mostly */
		r.task.join = NULL;
		CHECK_EQ(bt_shards_spawn(set, &r.task, BT_PLACE_PINNED, 1), 0);
		for (int k = 0; k < 100000 && atomic_load(&r.ran) < 3 + 2 * i; k++)
			usleep(100);
		CHECK_EQ(atomic_load(&r.ran), 3 + 2 * i);
		r.task.join = &join;
	}
	CHECK(write(pair[1], "12345678", 8) == 8);
	for (int k = 0; k < 100000 && !atomic_load(&r.over); k++)
		usleep(100);
	CHECK(atomic_load(&r.over) && memcmp(r.buf, "12345678", 8) == 0);
	close_set(set);
	close(pair[0]);
	close(pair[1]);
}

static void test_both(void)
{
	each_backend(both);
}

static const struct unit_test tests[] = {
	{ "cached files: data, end, errors", test_files },
	{ "half of it cached: the read is whole", test_half_cached },
	{ "sent after requests that the kernel finds wrong", test_after_wrong },
	{ "a direct file, many reads at once", test_direct },
	{ "sockets: connect, accept, send, receive", test_sockets },
	{ "cancellation, and a stop with I/O under way", test_cancel },
	{ "foreign submissions are refused and counted", test_foreign },
	{ "woken by messages and by a socket", test_both },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
