/* SPDX-License-Identifier: ISC
 *
 * floor - attaches empty BPF programs, so that benchmarks know what tracing costs before a tracer does anything.
 *
 * usage: floor [-s] [-p] PROGRAM ... [-- COMMAND ...]
 *
 * PROGRAM is enter or exit (of system calls), switch, waking, wakeup or wakeup_new. They stay attached until stdin ends, a
 * signal comes, or COMMAND has ended, whose exit status is passed on. With -s the kernel keeps the run statistics of all BPF
 * programs meanwhile; they end with this process, however it ends. With -p the programs are printed at the end, one a line:
 * name, nanoseconds in it, runs.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "opt.h"
#include "sig.h"
#include "floor.skel.h"

#define PREFIX "empty_"

static const struct bt_opt options[] = {
	{ 'p', "print", NULL, "print time and runs of the programs at the end" },
	{ 's', "stats", NULL, "keep the run statistics of BPF programs" },
	BT_OPTS_END
};

struct floor {
	bool print, stats;
	char **programs;
	int n_programs;
	char **command; /* NULL: until stdin ends */
	struct floor_bpf *bpf;
};

static void parse(struct floor *f, int argc, char **argv)
{
	struct bt_opts o;
	int key, options_argc = 1;

	while (options_argc < argc && strcmp(argv[options_argc], "--") != 0)
		options_argc++;
	f->command = options_argc + 1 < argc ? argv + options_argc + 1 : NULL;
	bt_opts_init(&o, options, options_argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		*(key == 'p' ? &f->print : &f->stats) = true;
	if (key < 0)
		bt_die_usage(o.error);
	f->programs = argv + o.first;
	f->n_programs = options_argc - o.first;
	if (f->n_programs == 0)
		bt_die_usage("usage: floor [-s] [-p] PROGRAM ... [-- COMMAND ...]");
}

static struct bpf_program *find(struct floor *f, const char *name)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, f->bpf->obj)
		if (strcmp(bpf_program__name(program) + sizeof(PREFIX) - 1, name) == 0)
			return program;
	bt_die(BT_EXIT_USAGE, "no program %s: there are enter, exit, switch, waking, wakeup and wakeup_new", name);
}

/* What libbpf has to say comes out where an error follows from it. */
static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* Only the programs asked for are loaded, so that each one's cost is known alone. */
static void attach(struct floor *f)
{
	struct bpf_program *program;
	int rc;

	libbpf_set_print(silent);
	f->bpf = floor_bpf__open();
	if (!f->bpf)
		bt_die(BT_EXIT_TROUBLE, "the BPF object cannot be opened: %s", strerror(errno));
	bpf_object__for_each_program(program, f->bpf->obj)
		bpf_program__set_autoload(program, false);
	for (int i = 0; i < f->n_programs; i++)
		bpf_program__set_autoload(find(f, f->programs[i]), true);
	rc = floor_bpf__load(f->bpf);
	if (rc == 0)
		rc = floor_bpf__attach(f->bpf);
	if (rc < 0)
		bt_die(BT_EXIT_UNABLE, "the BPF programs cannot be attached: %s (needs root and the BTF of the kernel)", strerror(-rc));
	if (f->stats && bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		bt_die(BT_EXIT_UNABLE, "no run statistics of BPF programs: %s (needs root and Linux 5.8)", strerror(errno));
}

/* Its exit status, as a shell has it. */
static int run_command(char **command)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execvp(command[0], command);
		bt_warn("%s: %s", command[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		bt_die(BT_EXIT_TROUBLE, "%s: %s", command[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for_end(void)
{
	char bytes[256];

	while (bt_sig_wait(STDIN_FILENO) == 0 && read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		;
	return BT_EXIT_OK;
}

static void print(const struct floor *f)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, f->bpf->obj) {
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (bpf_program__fd(program) >= 0 && bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len) == 0)
			printf("%s %" PRIu64 " %" PRIu64 "\n", bpf_program__name(program), (uint64_t)info.run_time_ns, (uint64_t)info.run_cnt);
	}
}

int main(int argc, char **argv)
{
	struct floor f = { 0 };
	int status;

	bt_err_init("floor");
	parse(&f, argc, argv);
	if (!f.command)
		bt_sig_init();
	attach(&f);
	status = f.command ? run_command(f.command) : wait_for_end();
	if (f.print)
		print(&f);
	floor_bpf__destroy(f.bpf);
	return fflush(stdout) != 0 ? BT_EXIT_TROUBLE : status;
}
