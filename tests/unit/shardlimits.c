/* SPDX-License-Identifier: ISC
 *
 * unit/shardlimits - the shards where things are tight or missing: one CPU, a ring of 8, a full completion queue, no
 * io_uring, a child of fork, signals.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "shardask.h"
#include "shardio.h"
#include "shardtest.h"

enum { COUNT = 1, ECHO };

static uint64_t got[2], disorder[2], echoed;
static _Atomic bool hold, holding;

static void handle(struct bt_shard *self, uint32_t from, const struct bt_msg *msgs, size_t n, void *arg)
{
	uint32_t me = bt_shard_index(self);

	(void)arg;
	for (size_t i = 0; i < n; i++) {
		disorder[me] += msgs[i].value != got[me]++;
		if (msgs[i].tag == ECHO)
			CHECK_EQ(bt_shard_send(self, from, COUNT, echoed++), 0);
	}
}

static void request(struct bt_shard *self, uint32_t id, uint32_t tag, uint64_t value, void *arg)
{
	(void)tag, (void)arg;
	CHECK_EQ(bt_shard_reply(self, id, 0, value + 1), 0);
}

static const struct bt_shard_ops ops = { .messages = handle, .request = request };

static struct bt_shards_opts opts_for(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = BT_SHARDS_OPTS(&ops);

	memset(got, 0, sizeof(got));
	memset(disorder, 0, sizeof(disorder));
	echoed = 0;
	o.guests = 1;
	o.backend = backend;
	return o;
}

static void read_done(struct bt_shard *self, struct bt_io *io)
{
	(void)self;
	*(uint64_t *)io->user = 1;
}

/* Through the ring, where there is one. */
static void read_own_file(struct bt_shard *s)
{
	uint64_t done = 0;
	struct bt_io io = { .done = read_done, .user = &done };
	int fd = open("/proc/self/exe", O_RDONLY), rc;
	struct bt_shard_file f;
	char head[4] = { 0 };

	CHECK_EQ(bt_shard_file_init(&f, fd), 0);
	f.inline_io = false;
	rc = bt_shard_read_at(s, &io, &f, head, sizeof(head), 0);
	CHECK(rc == 1 || (rc == 0 && turn_until(s, &done, 1)));
	CHECK(io.result == 4 && memcmp(head, "\177ELF", 4) == 0);
	close(fd);
}

/* Messages both ways, in flood and one by one, a request and a read: the set works. */
static void exercise(struct bt_shards *set, uint64_t n, uint64_t trips)
{
	struct bt_shard *s = attach_0(set);

	for (uint64_t i = 0; i < n; i++)
		CHECK_EQ(bt_shard_send_wait(s, 1, COUNT, i, LONG), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), LONG), 0);
	CHECK_EQ(got[1], n);
	for (uint64_t i = 0; i < trips; i++) {
		CHECK_EQ(bt_shard_send(s, 1, ECHO, n + i), 0);
		CHECK(turn_until(s, &got[0], i + 1));
	}
	CHECK_EQ(disorder[0] + disorder[1], 0);
	read_own_file(s);
	CHECK_EQ(bt_shard_detach(s), 0);
}

static void ask_once(struct bt_shards *set)
{
	uint64_t value = 0;
	uint32_t id;

	CHECK_EQ(bt_shards_ask(set, 1, 0, 41, BT_SHARD_FOREVER, &id), 0);
	CHECK_EQ(bt_shards_wait(set, id, LONG, NULL, &value), 0);
	CHECK_EQ(value, 42);
}

static void one_cpu(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards_effective e;
	struct bt_shards *set = open_set(&o);
	struct bt_shard_stats st;

	bt_shards_effective(set, &e);
	CHECK_EQ(e.spin_ns, 0);
	exercise(set, 3000, 50);
	ask_once(set);
	bt_shards_stats(set, &st);
	CHECK_EQ(st.spun_ns, 0);
	close_set(set);
}

static void on_one_cpu(void)
{
	cpu_set_t mask;

	CPU_ZERO(&mask);
	CPU_SET(sched_getcpu(), &mask);
	CHECK(sched_setaffinity(0, sizeof(mask), &mask) == 0);
	each_backend(one_cpu);
}

static void test_one_cpu(void)
{
	unit_forked(on_one_cpu);
}

static void small_ring(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards_effective e;
	struct bt_shards *set;

	o.ring_entries = 8;
	o.cq_entries = 8;
	o.capacity = 4096;
	set = open_set(&o);
	bt_shards_effective(set, &e);
	CHECK_EQ(e.sq_entries, backend == BT_SHARD_QUEUE ? 0 : 8);
	exercise(set, 20000, 50);
	ask_once(set);
	close_set(set);
}

static void test_small_ring(void)
{
	each_backend(small_ring);
}

static void wait_for_release(struct bt_shard *self, struct bt_task *task)
{
	(void)self, (void)task;
	atomic_store(&holding, true);
	while (atomic_load(&hold))
		usleep(100);
}

/* A receiver that does not look while its completion queue overflows: every message arrives, in order, and the overflow shows. */
static void test_full_cq(void)
{
	struct bt_shards_opts o = opts_for(BT_SHARD_RAW);
	struct bt_task task = { wait_for_release, NULL };
	struct bt_shard_stats st;
	struct bt_shards *set;
	struct bt_shard *s;

	if (!has_uring())
		return;
	o.ring_entries = 8;
	o.cq_entries = 16;
	set = open_set(&o);
	s = attach_0(set);
	atomic_store(&hold, true);
	atomic_store(&holding, false);
	CHECK_EQ(bt_shard_spawn(s, &task, BT_PLACE_PINNED, 1), 0);
	while (!atomic_load(&holding))
		usleep(100);
	for (uint64_t i = 0; i < 1000; i++)
		CHECK_EQ(bt_shard_send(s, 1, COUNT, i), 0);
	atomic_store(&hold, false);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), LONG), 0);
	CHECK_EQ(got[1], 1000);
	CHECK_EQ(disorder[1], 0);
	bt_shards_stats(set, &st);
	CHECK(st.cq_overflows > 0);
	close_set(set);
}

/* Every combination of set-up flags, SQPOLL included; what the kernel refuses is left out. */
static void test_flags(void)
{
	if (!has_uring())
		return;
	for (uint32_t flags = 0; flags < 32; flags++)
		for (int b = BT_SHARD_RAW; b <= (flags % 5 ? BT_SHARD_RAW : BT_SHARD_DOORBELL); b++) {
			struct bt_shards_opts o = opts_for((enum bt_shard_backend)b);
			struct bt_shards_effective e;
			struct bt_shards *set;
			unsigned before = unit_failures;

			o.ring_flags = flags;
			set = open_set(&o);
			bt_shards_effective(set, &e);
			CHECK_EQ(e.ring_flags & ~flags, 0);
			CHECK(!(e.ring_flags & BT_RING_SQPOLL) || !(e.ring_flags & (BT_RING_COOP | BT_RING_DEFER)));
			CHECK(!(e.ring_flags & BT_RING_DEFER) || e.ring_flags & BT_RING_SINGLE);
			exercise(set, 50, 10);
			ask_once(set);
			close_set(set);
			if (unit_failures > before)
				printf("# with flags %#x, backend %d\n", flags, b);
		}
}

/* From now on this system call fails with error, in this thread. */
static void forbid(unsigned call, int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void without_uring(int error)
{
	forbid(SYS_io_uring_setup, error);
	for (int b = BT_SHARD_AUTO; b <= BT_SHARD_QUEUE; b++)
		for (uint32_t guests = 1; guests <= 2; guests++) {
			struct bt_shards_opts o = opts_for((enum bt_shard_backend)b);
			struct bt_shards_effective e;
			struct bt_shards *set;

			o.guests = guests;
			CHECK_EQ(bt_shards_open(&set, &o), 0);
			bt_shards_effective(set, &e);
			CHECK_EQ(e.backend, BT_SHARD_QUEUE);
			CHECK_EQ(e.fallback, b == BT_SHARD_QUEUE ? 0 : -error);
			CHECK_EQ(e.ring_flags + e.sq_entries + e.cq_entries, 0);
			if (guests == 1) {
				exercise(set, 2000, 50);
				ask_once(set);
			}
			CHECK_EQ(bt_shards_close(set), 0);
		}
}

static void without_enosys(void)
{
	without_uring(ENOSYS);
}

static void without_eperm(void)
{
	without_uring(EPERM);
}

static void test_no_uring(void)
{
	unit_forked(without_enosys);
	unit_forked(without_eperm);
}

/* The ring takes no more, though there is room in the queue: a wait for room ends with its time all the same. */
static void without_submission(void)
{
	struct bt_shards_opts o = opts_for(BT_SHARD_RAW);
	static struct bt_shards *set;
	struct bt_shard *s;
	int rc;

	o.capacity = 64;
	o.ring_entries = 8;
	set = open_set(&o);
	s = attach_0(set);
	for (uint64_t i = 0; i < 2 * o.capacity; i++)
		CHECK_EQ(bt_shard_send_wait(s, 1, COUNT, i, LONG), 0);
	CHECK_EQ(bt_shard_ticket_wait(s, 1, bt_shard_ticket(s, 1), LONG), 0);
	forbid(SYS_io_uring_enter, EAGAIN);
	alarm(30);
	for (uint64_t i = 0; (rc = bt_shard_send(s, 1, COUNT, i)) == 0 && i < o.capacity; i++)
		;
	CHECK_EQ(rc, -EAGAIN);
	CHECK_EQ(bt_shard_send_wait(s, 1, COUNT, 0, 20000000), -ETIMEDOUT);
}

static void test_no_submission(void)
{
	if (has_uring())
		unit_forked(without_submission);
}

/* What a child may do with the set: nothing, and the parent does not notice. */
static int in_child(struct bt_shards *set)
{
	struct bt_shard *s = bt_shards_get(set, 0);
	struct bt_task task = { wait_for_release, NULL };
	uint32_t id;

	if (bt_shard_self() || bt_shard_send(s, 1, COUNT, 0) != -EXDEV || bt_shard_turn(s, BT_SHARD_FOREVER) != -EXDEV)
		return 1;
	if (bt_shards_ask(set, 1, 0, 0, BT_SHARD_FOREVER, &id) != -ECHILD || bt_shards_wait(set, 0, 0, NULL, NULL) != -ECHILD)
		return 2;
	if (bt_shards_spawn(set, &task, BT_PLACE_PINNED, 1) != -ECHILD || bt_shard_attach(set, 0) != -ECHILD)
		return 3;
	return bt_shards_stop(set) != -ECHILD || bt_shards_close(set) != -ECHILD ? 4 : 0;
}

static void fork_now(struct bt_shard *self, struct bt_task *task)
{
	int status = -1;
	pid_t pid = fork();

	(void)task;
	if (pid == 0)
		_exit(in_child(bt_shard_set(self)));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
}

static void forked(enum bt_shard_backend backend)
{
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set = open_set(&o);
	struct bt_shard *s = attach_0(set);
	struct bt_join join = BT_JOIN_INIT(s);
	struct bt_task tasks[2] = { { fork_now, &join }, { fork_now, &join } };
	int rc;

	CHECK_EQ(bt_shard_send_nowait(s, 1, COUNT, 0), 0); /* written and not delivered, and forked in the middle */
	for (uint64_t i = 0; i < 2; i++)
		CHECK_EQ(bt_shard_spawn(s, &tasks[i], BT_PLACE_PINNED, i), 0);
	do { /* the SIGCHLD of another thread's child is a signal as well */
		rc = bt_join_wait(s, &join, LONG);
	} while (rc == -EINTR);
	CHECK_EQ(rc, 0);
	fork_now(s, NULL);
	CHECK_EQ(bt_shard_detach(s), 0);
	CHECK_EQ(got[1], 1);
	got[1] = 0;
	exercise(set, 500, 50);
	ask_once(set);
	close_set(set);
}

static void test_fork(void)
{
	each_backend(forked);
}

static _Atomic unsigned signals, on_shard;

static void count_signal(int sig)
{
	(void)sig;
	atomic_fetch_add(&signals, 1);
	if (bt_shard_self() && bt_shard_index(bt_shard_self()) != 0)
		atomic_fetch_add(&on_shard, 1);
}

/* Signals all the time: they reach the guest's thread alone, and interrupt nothing but its waits. */
static void signalled(enum bt_shard_backend backend)
{
	struct itimerval often = { .it_value = { 0, 300 }, .it_interval = { 0, 300 } }, never = { 0 };
	struct sigaction action = { .sa_handler = count_signal }, before;
	struct bt_shards_opts o = opts_for(backend);
	struct bt_shards *set;
	struct bt_shard *s;

	o.spin_ns = 0;
	o.capacity = 16;
	set = open_set(&o);
	s = attach_0(set);
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	for (uint64_t i = 0; i < 300; i++) {
		int rc;

		do {
			rc = bt_shard_send_wait(s, 1, ECHO, i, LONG);
		} while (rc == -EINTR);
		CHECK_EQ(rc, 0);
		do {
			rc = bt_shard_ticket_wait(s, 1, i + 1, LONG);
		} while (rc == -EINTR);
		CHECK_EQ(rc, 0);
		while (got[0] <= i) {
			rc = bt_shard_turn(s, LONG);
			CHECK(rc >= 0 || rc == -EINTR);
		}
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	CHECK(got[1] == 300 && disorder[0] + disorder[1] == 0);
	CHECK_EQ(atomic_load(&on_shard), 0);
	close_set(set);
}

static void test_signals(void)
{
	each_backend(signalled);
	CHECK(atomic_load(&signals) > 0);
}

/* With a thread that submits a full ring of one entry has room again soon: no message is refused for that, nor for a signal that
 * comes while it is waited for. */
static void test_full_sq(void)
{
	struct bt_shards_opts o = opts_for(BT_SHARD_RAW);
	struct bt_shards *set;
	struct bt_shard *s;
	struct itimerval often = { { 0, 50 }, { 0, 50 } }, never = { 0 };
	uint32_t refused = 0;

	if (!has_uring())
		return;
	o.ring_flags |= BT_RING_SQPOLL;
	o.ring_entries = 1;
	o.capacity = 4096;
	o.spin_ns = 0;
	set = open_set(&o);
	s = attach_0(set);
	signal(SIGALRM, count_signal);
	setitimer(ITIMER_REAL, &often, NULL);
	for (uint64_t i = 0; i < o.capacity; i++)
		while (bt_shard_send(s, 1, COUNT, i) == -EAGAIN)
			refused++;
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK_EQ(refused, 0);
	close_set(set);
}

static const struct unit_test tests[] = {
	{ "one CPU: works, and does not spin", test_one_cpu },
	{ "a ring of 8", test_small_ring },
	{ "a full ring, and a thread that submits", test_full_sq },
	{ "a full completion queue", test_full_cq },
	{ "every combination of ring flags", test_flags },
	{ "no io_uring: the queue backend, and it says so", test_no_uring },
	{ "a ring that takes no more", test_no_submission },
	{ "a child of fork", test_fork },
	{ "signals", test_signals },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
