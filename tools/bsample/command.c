/* SPDX-License-Identifier: ISC
 *
 * command - the COMMAND that is sampled.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "command.h"
#include "err.h"
#include "sig.h"

#define LOOK_MS 200

/* Eight hexadecimal digits, as out takes them from the environment: the same for us and for it. */
static void name_run(void)
{
	const char *run = getenv("BTOOLS_RUN");
	char fresh[16];
	uint32_t bits = 0;

	if (run && strlen(run) == 8 && strspn(run, "0123456789abcdefABCDEF") == 8)
		return;
	if (getrandom(&bits, sizeof(bits), 0) < 0)
		return;
	snprintf(fresh, sizeof(fresh), "%08x", bits);
	setenv("BTOOLS_RUN", fresh, 1);
}

void command_start(struct bsample *s)
{
	int rc;

	if (!s->command)
		return;
	name_run();
	rc = bt_child_start(&s->child, s->command, !s->out_opts.path);
	if (rc == 0 && s->child.pidfd >= 0)
		rc = bt_control_add(&s->control, s->child.pidfd);
	if (rc != 0)
		bt_die(rc == -ENOENT ? 127 : 126, "%s: %s", s->command[0], strerror(-rc));
}

void command_release(struct bsample *s)
{
	int rc = s->command ? bt_child_release(&s->child) : 0;

	if (rc != 0)
		bt_warn("%s: %s", s->command[0], strerror(-rc));
}

bool command_ended(struct bsample *s)
{
	return s->command && bt_child_ended(&s->child);
}

/* The command may take its time with a signal. A second one of the same kind kills us, and the command with us. */
static void pass_on(struct bt_child *c, int sig)
{
	struct pollfd ended = { .fd = c->pidfd, .events = POLLIN };

	bt_child_kill(c, sig);
	while (!bt_child_ended(c))
		poll(&ended, 1, LOOK_MS);
}

int command_leave(struct bsample *s, int sig)
{
	bool runs = s->command && !s->load.dry_run;
	int status = 0;

	if (runs && !sig) {
		status = bt_child_wait(&s->child);
		sig = status == -EINTR ? bt_sig_caught() : 0;
	}
	if (runs && sig)
		pass_on(&s->child, sig);
	bt_child_close(&s->child);
	return sig ? -sig : status;
}
