/* SPDX-License-Identifier: ISC
 *
 * unit/shardmodel - how shards sleep and wake each other (shard.h, shardbell.c), as programs of a small machine, and every order in which
 * these can run.
 *
 * The machine is x86's: each thread's stores wait in a buffer, first in first out, and reach the memory at any time later; the thread
 * itself sees them at once. A state in which nobody can go on while a program has not ended is a lost wake-up. The programs with a
 * fault show that such a state is found.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "unit.h"

enum var { TAIL_1, TAIL_2, HEAD_1, HEAD_2, STATE, WRITER_STATE, BELL, WRITER_BELL, WANT, VARS };
enum { AWAKE, SLEEPS };

enum op {
	STORE,    /* a = b, through the buffer */
	STORE_SC, /* the same, and wait until it is in memory */
	SWAP,     /* a = b, the old value of a to the register; the buffer is empty before */
	LOAD,     /* a to the register */
	TAKE,     /* a = the value of variable b, through the buffer */
	MEMBARRIER, /* empty the buffers of all */
	IF_REG,   /* the register is a: go to `to` */
	IF_SAME,  /* variables a and b are equal: go to `to` */
	GOTO,
	WAIT,     /* until a is not 0; then it is 0 */
	DONE,     /* may stay here for ever: nothing is left to do */
	END
};

struct ins {
	uint8_t op, a, b, to;
};

#define THREADS 3
#define BUFFER 2

struct machine {
	uint8_t mem[VARS], pc[THREADS], reg[THREADS], used[THREADS];
	struct { uint8_t var, value; } buffer[THREADS][BUFFER];
};

/* -- the machine -- */

static uint8_t load(const struct machine *m, int t, uint8_t var)
{
	for (int i = m->used[t]; i-- > 0;)
		if (m->buffer[t][i].var == var)
			return m->buffer[t][i].value;
	return m->mem[var];
}

static void drain(struct machine *m, int t)
{
	m->mem[m->buffer[t][0].var] = m->buffer[t][0].value;
	m->used[t]--;
	memmove(&m->buffer[t][0], &m->buffer[t][1], sizeof(m->buffer[t][0]) * (BUFFER - 1));
	memset(&m->buffer[t][m->used[t]], 0, sizeof(m->buffer[t][0]));
}

static void drain_all(struct machine *m, int t)
{
	while (m->used[t] > 0)
		drain(m, t);
}

static bool store(struct machine *m, int t, uint8_t var, uint8_t value)
{
	if (m->used[t] == BUFFER)
		return false;
	m->buffer[t][m->used[t]].var = var;
	m->buffer[t][m->used[t]++].value = value;
	return true;
}

/* One instruction of thread t. False: it cannot go on now. */
static bool step(struct machine *m, int t, const struct ins *program)
{
	const struct ins *i = &program[m->pc[t]];
	uint8_t next = (uint8_t)(m->pc[t] + 1);

	switch ((enum op)i->op) {
	case STORE:
		if (!store(m, t, i->a, i->b))
			return false;
		break;
	case TAKE:
		if (!store(m, t, i->a, load(m, t, i->b)))
			return false;
		break;
	case STORE_SC:
		drain_all(m, t);
		m->mem[i->a] = i->b;
		break;
	case SWAP:
		drain_all(m, t);
		m->reg[t] = m->mem[i->a];
		m->mem[i->a] = i->b;
		break;
	case LOAD:
		m->reg[t] = load(m, t, i->a);
		break;
	case MEMBARRIER:
		for (int k = 0; k < THREADS; k++)
			drain_all(m, k);
		break;
	case IF_REG:
		next = m->reg[t] == i->a ? i->to : next;
		break;
	case IF_SAME:
		next = load(m, t, i->a) == load(m, t, i->b) ? i->to : next;
		break;
	case GOTO:
		next = i->to;
		break;
	case WAIT:
		drain_all(m, t); /* a system call */
		if (!m->mem[i->a])
			return false;
		m->mem[i->a] = 0;
		break;
	case DONE:
	case END:
		return false;
	}
	m->pc[t] = next;
	return true;
}

/* -- all orders -- */

#define SEEN_MAX (1u << 18)
static struct machine seen[SEEN_MAX];
static bool used[SEEN_MAX];
static unsigned states, lost;
static bool (*is_good)(const struct machine *m);

static bool first_time(const struct machine *m)
{
	uint32_t hash = 2166136261;

	for (size_t i = 0; i < sizeof(*m); i++)
		hash = (hash ^ ((const uint8_t *)m)[i]) * 16777619;
	for (uint32_t i = hash;; i++) {
		i &= SEEN_MAX - 1;
		if (!used[i]) {
			used[i] = true;
			seen[i] = *m;
			return ++states < SEEN_MAX / 2;
		}
		if (memcmp(&seen[i], m, sizeof(*m)) == 0)
			return false;
	}
}

static void explore(const struct machine *m, const struct ins *const *programs)
{
	bool moved = false;

	if (!first_time(m))
		return;
	for (int t = 0; t < THREADS; t++) {
		struct machine next = *m;

		if (programs[t] && step(&next, t, programs[t])) {
			moved = true;
			explore(&next, programs);
		}
		if (m->used[t] > 0) {
			next = *m;
			drain(&next, t);
			moved = true;
			explore(&next, programs);
		}
	}
	if (!moved && !is_good(m))
		lost++;
}

/* The number of dead ends that are wrong. */
static unsigned explored(bool (*good)(const struct machine *m), const struct ins *a, const struct ins *b, const struct ins *c)
{
	const struct ins *const programs[THREADS] = { a, b, c };
	struct machine m = { .mem = { 0 } };

	memset(used, 0, sizeof(used));
	states = lost = 0;
	is_good = good;
	explore(&m, programs);
	CHECK(states > 50 && states < SEEN_MAX / 2);
	return lost;
}

/* -- messages: two senders with a queue each, one receiver -- */

/* A sender: make it visible (0), look at the state, take it and ring; twice. */
#define RING_1 { LOAD, STATE, 0, 0 }, { IF_REG, AWAKE, 0, 6 }, { SWAP, STATE, AWAKE, 0 }, { IF_REG, AWAKE, 0, 6 }, { STORE_SC, BELL, 1, 0 }
#define RING_2 { LOAD, STATE, 0, 0 }, { IF_REG, AWAKE, 0, 12 }, { SWAP, STATE, AWAKE, 0 }, { IF_REG, AWAKE, 0, 12 }, { STORE_SC, BELL, 1, 0 }
#define SENDER(how, tail) { { how, tail, 1, 0 }, RING_1, { how, tail, 2, 0 }, RING_2, { END, 0, 0, 0 } }

static const struct ins send_1[] = SENDER(STORE_SC, TAIL_1), send_2[] = SENDER(STORE_SC, TAIL_2);
static const struct ins lazy_1[] = SENDER(STORE, TAIL_1), lazy_2[] = SENDER(STORE, TAIL_2);

/* The receiver: handle what there is; write SLEEPS, look once more, wait for the bell. */
#define HANDLE { TAKE, HEAD_1, TAIL_1, 0 }, { TAKE, HEAD_2, TAIL_2, 0 }
#define RECEIVER(how, between) { HANDLE, { how, STATE, SLEEPS, 0 }, between, { IF_SAME, HEAD_1, TAIL_1, 6 }, { GOTO, 0, 0, 8 }, \
	{ IF_SAME, HEAD_2, TAIL_2, 9 }, { GOTO, 0, 0, 8 }, { GOTO, 0, 0, 10 }, { WAIT, BELL, 0, 0 }, { STORE_SC, STATE, AWAKE, 0 }, { GOTO, 0, 0, 0 } }
#define NOTHING { IF_REG, 255, 0, 0 }
#define BARRIER { MEMBARRIER, 0, 0, 0 }

static const struct ins receive[] = RECEIVER(STORE_SC, NOTHING), receive_lazy[] = RECEIVER(STORE_SC, BARRIER);
static const struct ins receive_weak[] = RECEIVER(STORE, NOTHING);
static const struct ins receive_blind[] = { HANDLE, { STORE_SC, STATE, SLEEPS, 0 }, { WAIT, BELL, 0, 0 }, { STORE_SC, STATE, AWAKE, 0 },
	{ GOTO, 0, 0, 0 } };

static bool all_handled(const struct machine *m)
{
	return m->mem[HEAD_1] == 2 && m->mem[HEAD_2] == 2;
}

static void test_messages(void)
{
	CHECK_EQ(explored(all_handled, send_1, send_2, receive), 0);
	CHECK_EQ(explored(all_handled, lazy_1, lazy_2, receive_lazy), 0);
}

static void test_messages_faulty(void)
{
	CHECK(explored(all_handled, lazy_1, lazy_2, receive) > 0);      /* senders without a barrier, and none for them */
	CHECK(explored(all_handled, send_1, send_2, receive_weak) > 0); /* the state still in the buffer at the last look */
	CHECK(explored(all_handled, send_1, send_2, receive_blind) > 0); /* no last look */
}

/* -- room and tickets: a writer waits until the reader has handled both messages -- */

/* The reader: handle one and look for the wish; at the end it goes to sleep, and looks again before. Of each wish it rings for one. */
#define ANSWER(to) { LOAD, WANT, 0, 0 }, { IF_REG, 0, 0, to }, { SWAP, WANT, 0, 0 }, { IF_REG, 0, 0, to }, \
	{ LOAD, WRITER_STATE, 0, 0 }, { IF_REG, AWAKE, 0, to }, { SWAP, WRITER_STATE, AWAKE, 0 }, { IF_REG, AWAKE, 0, to }, \
	{ STORE_SC, WRITER_BELL, 1, 0 }
static const struct ins read_all[] = { { STORE, HEAD_1, 1, 0 }, ANSWER(10), { STORE, HEAD_1, 2, 0 }, ANSWER(20),
	{ STORE_SC, STATE, SLEEPS, 0 }, ANSWER(30), { LOAD, WANT, 0, 0 }, { IF_REG, 0, 0, 33 }, { GOTO, 0, 0, 21 }, { DONE, 0, 0, 0 } };
static const struct ins read_and_go[] = { { STORE, HEAD_1, 1, 0 }, ANSWER(10), { STORE, HEAD_1, 2, 0 }, ANSWER(20), { DONE, 0, 0, 0 } };

/* The writer: SLEEPS first, then the wish, then the last look, for which a reader without barriers has one here. */
#define LAST_LOOK { MEMBARRIER, 0, 0, 0 }, { LOAD, HEAD_1, 0, 0 }, { IF_REG, 2, 0, 8 }, { WAIT, WRITER_BELL, 0, 0 }, \
	{ STORE_SC, WRITER_STATE, AWAKE, 0 }, { GOTO, 0, 0, 0 }, { END, 0, 0, 0 }

static const struct ins wait_for_head[] = { { STORE_SC, WRITER_STATE, SLEEPS, 0 }, { STORE_SC, WANT, 1, 0 }, LAST_LOOK };
static const struct ins wish_first[] = { { STORE_SC, WANT, 1, 0 }, { STORE_SC, WRITER_STATE, SLEEPS, 0 }, LAST_LOOK };
static const struct ins fenced_writer[] = { { STORE_SC, WRITER_STATE, SLEEPS, 0 }, { STORE_SC, WANT, 1, 0 }, { GOTO, 0, 0, 3 },
	{ LOAD, HEAD_1, 0, 0 }, { IF_REG, 2, 0, 8 }, { WAIT, WRITER_BELL, 0, 0 }, { STORE_SC, WRITER_STATE, AWAKE, 0 }, { GOTO, 0, 0, 0 },
	{ END, 0, 0, 0 } };

static bool writer_ended(const struct machine *m)
{
	return m->pc[0] == 8;
}

static void test_tickets(void)
{
	CHECK_EQ(explored(writer_ended, wait_for_head, read_all, NULL), 0);
	CHECK_EQ(explored(writer_ended, fenced_writer, read_all, NULL), 0);
}

static void test_tickets_faulty(void)
{
	CHECK(explored(writer_ended, wish_first, read_all, NULL) > 0);       /* the wish is taken while the writer is still awake */
	CHECK(explored(writer_ended, fenced_writer, read_and_go, NULL) > 0); /* the reader does not look again before it sleeps */
}

static const struct unit_test tests[] = {
	{ "messages: no order loses a wake-up", test_messages },
	{ "messages: each fault is found", test_messages_faulty },
	{ "tickets and room: no order loses a wake-up", test_tickets },
	{ "tickets and room: each fault is found", test_tickets_faulty },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
