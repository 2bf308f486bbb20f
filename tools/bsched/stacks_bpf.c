/* SPDX-License-Identifier: ISC
 *
 * stacks_bpf - the stacks that left a CPU: read and named while their processes still live.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "live_bpf.h"

#define OWN_FRAMES 10u
#define SYMBOL 128u /* bytes of a name; longer ones are cut */

int bsched_stacks_open(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;
	char name[SYMBOL];

	s->symbols = bt_symbols_open(&t->src);
	if (!s->symbols)
		return -ENOMEM;
	/* The kernel's own names are hidden from whoever has given up privilege, so they are read now; the names of others' programs
	 * are to be had with this one only. */
	if (s->live->stack & BSCHED_KERNEL_STACK)
		bt_symbols_kernel(s->symbols, 0, name, sizeof(name));
	if (s->live->stack & BSCHED_USER_STACK)
		t->tracer.keep_caps = 1ull << BT_CAP_SYS_PTRACE;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct bsched_readable *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct bsched_readable *find(const struct bsched_session *s, uint64_t id)
{
	struct bsched_readable key = { id, NULL };

	return s->n_stacks ? bsearch(&key, s->stacks, s->n_stacks, sizeof(key), by_id) : NULL;
}

static void add_frame(struct bt_buf *out, const char *name)
{
	if (out->len > 0)
		bt_buf_char(out, ';');
	for (; *name; name++)
		bt_buf_char(out, *name == ';' ? ':' : (unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
}

/* The innermost kernel frames are those of the tracing itself: the tracepoint, what calls BPF, the programs. */
static unsigned own_frames(struct bsched_session *s, const struct bsched_stack *stack)
{
	static const char *const prefixes[] = { "bpf_", "__bpf_", "__traceiter_", "trace_call_bpf", "perf_trace_" };
	unsigned own = 0;
	char name[SYMBOL];

	for (unsigned i = 0; i < stack->n_kernel && i < OWN_FRAMES; i++) {
		bt_symbols_kernel(s->symbols, stack->kernel[i], name, sizeof(name));
		for (size_t k = 0; k < sizeof(prefixes) / sizeof(prefixes[0]); k++)
			if (strncmp(name, prefixes[k], strlen(prefixes[k])) == 0)
				own = i + 1;
	}
	return own;
}

/* Outermost first: user, then kernel. */
static char *name_frames(struct bsched_session *s, const struct bsched_stack *stack)
{
	unsigned own = own_frames(s, stack);
	struct bt_buf out = BT_BUF_INIT;
	char name[SYMBOL], *text;

	for (unsigned i = stack->n_user; i-- > 0;) {
		bt_symbols_user(s->symbols, stack->tgid, stack->user[i], name, sizeof(name));
		add_frame(&out, name);
	}
	for (unsigned i = stack->n_kernel; i-- > own;) {
		bt_symbols_kernel(s->symbols, stack->kernel[i], name, sizeof(name));
		add_frame(&out, name);
	}
	text = strdup(bt_buf_cstr(&out));
	bt_buf_free(&out);
	return text;
}

static void add_stack(struct bsched_session *s, uint64_t id, const struct bsched_stack *stack)
{
	struct bsched_readable *grown;

	if (stack->n_kernel > BSCHED_FRAMES || stack->n_user > BSCHED_FRAMES)
		return;
	if (s->n_stacks == s->cap_stacks) {
		size_t cap = s->cap_stacks ? s->cap_stacks * 2 : 256;

		grown = reallocarray(s->stacks, cap, sizeof(*grown));
		if (!grown)
			return;
		s->stacks = grown;
		s->cap_stacks = cap;
	}
	s->stacks[s->n_stacks].id = id;
	s->stacks[s->n_stacks].frames = name_frames(s, stack);
	s->n_stacks += s->stacks[s->n_stacks].frames != NULL;
}

/* Stacks are only ever added to the map. New ones are sorted in after the walk, which asks for old ones only. */
void bsched_stacks_read(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;
	uint64_t id = 0, next, kept = *(const volatile uint64_t *)&s->skel->bss->bsched_lost.kept;
	int fd = bpf_map__fd(s->skel->maps.stacks);
	size_t known = s->n_stacks;
	struct bsched_stack stack;

	if (kept == s->kept)
		return;
	s->kept = kept;
	for (bool first = true; bpf_map_get_next_key(fd, first ? NULL : &id, &next) == 0; first = false) {
		size_t n = s->n_stacks;
		bool old;

		id = next;
		s->n_stacks = known;
		old = find(s, id);
		s->n_stacks = n;
		if (!old && bpf_map_lookup_elem(fd, &id, &stack) == 0)
			add_stack(s, id, &stack);
	}
	if (s->n_stacks > known)
		qsort(s->stacks, s->n_stacks, sizeof(*s->stacks), by_id);
}

const char *bsched_stack_name(const struct bsched_session *s, const struct trace_key *key)
{
	struct bsched_readable *stack;
	uint64_t id;

	memcpy(&id, key->other_comm, sizeof(id));
	stack = id ? find(s, id) : NULL;
	return stack ? stack->frames : NULL;
}

/* What matters most is where the task waits: the end. */
void bsched_stack_record(const struct bsched_session *s, struct bt_rec *r, const struct trace_key *key,
			 char room[BSCHED_SHOWN + 8])
{
	const char *frames = bsched_has_stack(key->what) ? bsched_stack_name(s, key) : NULL;
	size_t len = frames ? strlen(frames) : 0;

	if (!frames)
		return;
	if (len > BSCHED_SHOWN) {
		snprintf(room, BSCHED_SHOWN + 8, "...%s", strchrnul(frames + len - BSCHED_SHOWN, ';'));
		frames = room;
	}
	bt_rec_str(r, "stack", frames);
}

void bsched_stacks_close(struct bsched_session *s)
{
	for (size_t i = 0; i < s->n_stacks; i++)
		free(s->stacks[i].frames);
	free(s->stacks);
	s->stacks = NULL;
	s->n_stacks = s->cap_stacks = 0;
	bt_symbols_close(s->symbols);
}
