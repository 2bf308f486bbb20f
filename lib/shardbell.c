/* SPDX-License-Identifier: ISC
 *
 * shardbell - sleeping and waking: see shard.h for why no wake-up is lost.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shard_private.h"

#define LOOKS 16 /* looks for work between two looks at the clock */

/* Where the partner may need this very CPU it gets it. */
static inline void relax(const struct bt_shard *s)
{
	if (!s->alone) {
		sched_yield();
		return;
	}
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void bt_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns, int *rc)
{
	struct timespec ts = { .tv_sec = (time_t)(timeout_ns / 1000000000u), .tv_nsec = (long)(timeout_ns % 1000000000u) };

	*rc = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout_ns == BT_SHARD_FOREVER ? NULL : &ts, NULL, 0) < 0 ? -errno : 0;
}

void bt_futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void write_bell(struct bt_shard *to)
{
	uint64_t one = 1;

	/* It fails only when it would overflow, and then the bell rings already. */
	if (write(to->bell_fd, &one, sizeof(one)) < 0)
		return;
}

/* A process with threads waits some 10 ms for this, one without not at all: so it is done before main. */
__attribute__((constructor)) static void register_barrier(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

/* Sets that spin send far more often than they sleep. Fails where there is no membarrier (before 4.14), or a filter forbids it. */
bool bt_bell_can_be_lazy(uint64_t spin_ns)
{
	return spin_ns > 0 && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/* Between the state and the last look; with lazy senders, for them as well. */
static void full_barrier(const struct bt_shards *set)
{
	if (set->lazy)
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

void bt_shard_ring_bell(struct bt_shard *by, struct bt_shard *to)
{
	uint32_t state = atomic_load_explicit(&to->state, memory_order_seq_cst);

	if (__builtin_expect(state == BT_AWAKE, 1))
		return;
	state = atomic_exchange_explicit(&to->state, BT_AWAKE, memory_order_seq_cst);
	if (state == BT_AWAKE)
		return;
	if (by)
		BT_BUMP(by->count.doorbells, 1);
	else
		atomic_fetch_add_explicit(&to->set->doorbells, 1, memory_order_relaxed);
	if (state == BT_SLEEPS_FUTEX)
		bt_futex_wake(&to->state);
	else if (state == BT_SLEEPS_POLL || !by || !by->ring.open || bt_ring_put_bell(by, to) < 0)
		write_bell(to);
}

/* Spins for the budget. Returns true when there is work. */
static bool spin(struct bt_shard *s, uint64_t start_ns, uint64_t until_ns)
{
	uint64_t budget = bt_idle_budget(&s->idle, start_ns), now = start_ns, last = start_ns;
	bool found = false;

	while (!found && now - start_ns < budget && now < until_ns) {
		for (unsigned i = 0; i < LOOKS && !(found = bt_shard_glimpse(s)); i++)
			relax(s);
		found = found || (!s->ring.open && bt_io_ready(s));
		now = bt_shards_now(s->set);
		if (now - last > BT_IDLE_BUSY_NS && s->idle.adaptive) {
			bt_idle_disturbed(&s->idle, now);
			break;
		}
		last = now;
	}
	BT_BUMP(s->count.spun_ns, now - start_ns);
	return found;
}

static int sleep_now(struct bt_shard *s, enum bt_shard_state how, uint64_t until_ns)
{
	uint64_t now = bt_shards_now(s->set);
	uint64_t left = until_ns == BT_SHARD_FOREVER ? until_ns : until_ns > now ? until_ns - now : 0;
	int rc = 0;

	BT_BUMP(s->count.sleeps, 1);
	if (how == BT_SLEEPS_RING)
		rc = bt_ring_wait(s, left);
	else if (how == BT_SLEEPS_POLL)
		rc = bt_io_sleep(s, left);
	else
		bt_futex_wait(&s->state, how, left, &rc);
	return rc == -EINTR ? rc : 0;
}

/* Writes SLEEPS, looks once more, and sleeps. */
static int doze(struct bt_shard *s, uint64_t until_ns)
{
	enum bt_shard_state how = s->ring.open ? BT_SLEEPS_RING : s->pending_io ? BT_SLEEPS_POLL : BT_SLEEPS_FUTEX;
	int rc = 0;

	if (s->ring.open && !s->ring.event_armed && !bt_ring_arm_event(s))
		return 0; /* those without a ring could not wake it */
	atomic_fetch_add_explicit(&s->set->sleepers, 1, memory_order_seq_cst);
	atomic_store_explicit(&s->state, how, memory_order_seq_cst);
	if (s->ticket_of) /* after the state: whoever takes this away finds that one */
		atomic_store_explicit(&s->ticket_of->want, 1, memory_order_seq_cst);
	full_barrier(s->set);
	if (!bt_shard_has_work(s))
		rc = sleep_now(s, how, until_ns);
	atomic_store_explicit(&s->state, BT_AWAKE, memory_order_seq_cst);
	atomic_fetch_sub_explicit(&s->set->sleepers, 1, memory_order_relaxed);
	return rc;
}

/* A few looks without the clock: most answers of a partner that spins come that soon. */
static bool look(struct bt_shard *s)
{
	for (unsigned i = 0; i < LOOKS && s->idle.most_ns > 0; i++) {
		if (bt_shard_glimpse(s)) {
			bt_idle_undisturbed(&s->idle);
			bt_idle_learn(&s->idle, 0);
			return true;
		}
		relax(s);
	}
	return false;
}

int bt_shard_idle(struct bt_shard *s, uint64_t until_ns)
{
	uint64_t start;
	int rc = 0;

	if (look(s))
		return 0;
	start = bt_shards_now(s->set);
	if (spin(s, start, until_ns))
		bt_idle_undisturbed(&s->idle);
	else if (start < until_ns)
		rc = doze(s, until_ns);
	bt_idle_learn(&s->idle, bt_shards_now(s->set) - start);
	return rc;
}
