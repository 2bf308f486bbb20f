/* SPDX-License-Identifier: ISC
 *
 * folded_bpf - the file of --folded: a line for each stack, its frames and its microseconds, as flamegraph.pl reads them.
 */
#include <string.h>

#include "err.h"
#include "live_bpf.h"

void bsched_folded_open(struct bsched_session *s)
{
	if (s->live->folded)
		bt_check_output(bt_outfile_open(&s->folded_file, s->live->folded), s->live->folded, BT_EXIT_USAGE);
}

/* A comm is any bytes. */
static void add_comm(struct bt_buf *out, const char comm[TRACE_COMM])
{
	for (size_t i = 0; i < TRACE_COMM && comm[i]; i++)
		bt_buf_char(out, comm[i] == ';' ? ':' : (unsigned char)comm[i] < ' ' || comm[i] == 0x7f ? '?' : comm[i]);
	bt_buf_char(out, ';');
}

/* What was lost has its time too. */
void bsched_folded_add(struct bsched_session *s, const struct trace_key *key, uint64_t ns)
{
	const char *frames;

	if (!s->live->folded || !bsched_has_stack(key->what) || ns < 1000)
		return;
	frames = bsched_stack_name(s, key);
	if (s->live->keys & TRACE_KEY_COMM)
		add_comm(&s->folded, key->comm);
	bt_buf_printf(&s->folded, "%s %llu\n", frames && frames[0] ? frames : "[lost]", (unsigned long long)(ns / 1000));
}

bool bsched_folded_write(struct bt_tracetool *t)
{
	struct bsched_session *s = t->arg;
	int rc = bt_outfile_write(&s->folded_file, s->folded.data, s->folded.len);

	if (rc == 0)
		rc = bt_outfile_commit(&s->folded_file);
	if (rc < 0)
		bt_warn("%s: %s", s->live->folded, strerror(-rc));
	return rc == 0;
}

void bsched_folded_close(struct bsched_session *s)
{
	if (s->live->folded)
		bt_outfile_abort(&s->folded_file);
	bt_buf_free(&s->folded);
}
