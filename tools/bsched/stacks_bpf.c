/* SPDX-License-Identifier: ISC
 *
 * stacks_bpf - the stacks that left a CPU: read while their processes still live, named, and folded for flame graphs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "err.h"
#include "live_bpf.h"
#include "outfile.h"

#define BATCH 32u
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
		bt_buf_char(out, *name == ';' ? ':' : *name);
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
	int fd = bpf_map__fd(s->skel->maps.stacks);
	size_t known = s->n_stacks;
	struct bsched_stack stack;
	uint64_t id = 0, next;

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

const char *bsched_stack_name(const struct bsched_session *s, const char bytes[8])
{
	struct bsched_readable *stack;
	uint64_t id;

	memcpy(&id, bytes, sizeof(id));
	stack = id ? find(s, id) : NULL;
	return stack ? stack->frames : NULL;
}

/* One line: comm;frames microseconds, as flamegraph.pl reads it. */
void bsched_stacks_fold(struct bsched_session *s, const struct trace_key *key, uint64_t ns)
{
	const char *frames = s->live->folded ? bsched_stack_name(s, key->other_comm) : NULL;

	if (!frames || ns < 1000)
		return;
	if (s->live->keys & TRACE_KEY_COMM)
		bt_buf_printf(&s->folded, "%.*s;", (int)strnlen(key->comm, TRACE_COMM), key->comm);
	bt_buf_printf(&s->folded, "%s %llu\n", frames, (unsigned long long)(ns / 1000));
}

void bsched_stacks_write(struct bsched_session *s)
{
	struct bt_outfile file;
	int rc;

	if (!s->live->folded)
		return;
	rc = bt_outfile_open(&file, s->live->folded);
	if (rc == 0) {
		rc = bt_outfile_write(&file, s->folded.data, s->folded.len);
		if (rc == 0)
			rc = bt_outfile_commit(&file);
		else
			bt_outfile_abort(&file);
	}
	if (rc < 0)
		bt_die(BT_EXIT_TROUBLE, "%s: %s", s->live->folded, strerror(-rc));
}

void bsched_stacks_close(struct bsched_session *s)
{
	for (size_t i = 0; i < s->n_stacks; i++)
		free(s->stacks[i].frames);
	free(s->stacks);
	s->stacks = NULL;
	s->n_stacks = s->cap_stacks = 0;
	bt_symbols_close(s->symbols);
	bt_buf_free(&s->folded);
}
