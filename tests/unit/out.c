/* SPDX-License-Identifier: ISC
 *
 * unit/out - the record stream: one write for each record, output files whole or not at all, options and tags.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "out.h"
#include "unit.h"

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	CHECK(fchmod(fd, mode) == 0);
	close(fd);
}

static const char *get_file(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? "(none)" : text;
}

/* Number of names in the test directory: a temporary name that stays behind is one too many. */
static int names(void)
{
	char command[160];
	FILE *f;
	int n = -1;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", dir);
	f = popen(command, "r");
	CHECK(f && fscanf(f, "%d", &n) == 1);
	if (f)
		pclose(f);
	return n;
}

static void clear_dir(void)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s/*", dir);
	CHECK(system(command) == 0);
}

static void test_new_file(void)
{
	struct bt_outfile f;

	umask(027);
	CHECK_EQ(bt_outfile_open(&f, in_dir("new")), 0);
	CHECK_EQ(bt_outfile_write(&f, "abc\n", 4), 0);
	CHECK_EQ(names(), 0);
	CHECK_EQ(bt_outfile_commit(&f), 0);
	CHECK_STR(get_file(in_dir("new")), "abc\n");
	CHECK_EQ(names(), 1);
	clear_dir();
}

static void test_replace(void)
{
	struct bt_outfile f;
	struct stat st;

	put_file(in_dir("old"), "old", 0604);
	CHECK(chown(in_dir("old"), geteuid() ? geteuid() : 12, getegid()) == 0);
	CHECK(symlink("old", in_dir("link")) == 0);
	CHECK_EQ(bt_outfile_open(&f, in_dir("link")), 0);
	CHECK_EQ(bt_outfile_write(&f, "new", 3), 0);
	CHECK_STR(get_file(in_dir("old")), "old");
	CHECK_EQ(bt_outfile_commit(&f), 0);
	CHECK_STR(get_file(in_dir("old")), "new");
	CHECK(lstat(in_dir("link"), &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat(in_dir("old"), &st) == 0 && (st.st_mode & 07777) == 0604);
	CHECK_EQ(st.st_uid, geteuid() ? geteuid() : 12);
	CHECK_EQ(names(), 2);
	clear_dir();
}

static void test_abort(void)
{
	struct bt_outfile f;

	put_file(in_dir("old"), "old", 0644);
	CHECK_EQ(bt_outfile_open(&f, in_dir("old")), 0);
	CHECK_EQ(bt_outfile_write(&f, "new", 3), 0);
	bt_outfile_abort(&f);
	CHECK_STR(get_file(in_dir("old")), "old");
	CHECK_EQ(names(), 1);
	clear_dir();
}

static void test_killed(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct bt_outfile f;

		bt_outfile_open(&f, in_dir("gone"));
		bt_outfile_write(&f, "x", 1);
		raise(SIGKILL);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK_EQ(names(), 0);
}

static void test_refusals(void)
{
	struct bt_outfile f;

	CHECK_EQ(bt_outfile_open(&f, dir), -EISDIR);
	CHECK_EQ(bt_outfile_open(&f, in_dir("no/such/dir")), -ENOENT);
	CHECK_EQ(bt_outfile_open(&f, ""), -ENOENT);
	put_file(in_dir("file"), "", 0644);
	CHECK_EQ(bt_outfile_open(&f, in_dir("file/below")), -ENOTDIR);
	clear_dir();
}

static void test_devices(void)
{
	struct bt_outfile f;
	int fd;

	CHECK_EQ(bt_outfile_open(&f, "/dev/full"), 0);
	CHECK_EQ(bt_outfile_write(&f, "x\n", 2), -ENOSPC);
	CHECK_EQ(bt_outfile_commit(&f), 0);
	CHECK(mkfifo(in_dir("fifo"), 0600) == 0);
	fd = open(in_dir("fifo"), O_RDWR);
	CHECK_EQ(bt_outfile_open(&f, in_dir("fifo")), 0);
	CHECK_EQ(bt_outfile_write(&f, "x\n", 2), 0);
	CHECK_EQ(bt_outfile_commit(&f), 0);
	CHECK_STR(get_file(in_dir("fifo")), "x\n");
	close(fd);
	clear_dir();
}

/* A file system of 64 KiB: the file keeps whole records and takes its place; only root can make one. */
static void test_disk_full(void)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	const char *text, *last;
	struct bt_out out;
	int rc = 0;

	if (mount("none", dir, "tmpfs", 0, "size=64k") < 0) {
		printf("# disk full: skipped, no mount here\n");
		return;
	}
	opts.path = in_dir("f");
	CHECK_EQ(bt_out_open(&out, &opts, "unit"), 0);
	for (int i = 0; i < 10000 && rc == 0; i++) {
		struct bt_rec r;

		bt_rec_init(&r, BT_KIND_MARK);
		rc = bt_out_rec(&out, &r);
	}
	CHECK_EQ(rc, -ENOSPC);
	CHECK_EQ(bt_out_warn(&out, "after", "nothing more is written"), -ENOSPC);
	CHECK_EQ(bt_out_close(&out), -ENOSPC);
	text = get_file(in_dir("f"));
	last = strrchr(text, '\n');
	CHECK(last && last[1] == '\0' && strlen(text) > 32768);
	CHECK_EQ(names(), 1);
	CHECK(umount(dir) == 0);
}

static struct bt_out_opts parsed;
static char parse_error[256];

static const struct bt_opt table[] = { BT_OPTS_OUT, BT_OPTS_COMMON, BT_OPTS_END };

static bool parse(int argc, char **argv)
{
	struct bt_opts o;
	int key;

	memset(&parsed, 0, sizeof(parsed));
	bt_opts_init(&o, table, argc, argv);
	while ((key = bt_opts_next(&o)) > 0)
		CHECK(bt_out_option(&parsed, &o, key) || key == 'h');
	memcpy(parse_error, o.error, sizeof(parse_error));
	return key == 0;
}

#define PARSE(...) parse(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *), (char *[]){ __VA_ARGS__, NULL })

static void test_options(void)
{
	CHECK(PARSE("unit"));
	CHECK_EQ(parsed.format, BT_FORMAT_AUTO);
	CHECK(PARSE("unit", "-f", "tsv", "-qv", "-o", "x", "--log", "json", "-T", "a=b=c", "-T", "e="));
	CHECK(parsed.format == BT_FORMAT_TSV && parsed.quiet && parsed.verbose);
	CHECK_STR(parsed.path, "x");
	CHECK_EQ(parsed.n_tags, 2);
	CHECK_STR(parsed.tag_names[0], "a");
	CHECK_STR(parsed.tag_values[0], "b=c");
	CHECK_STR(parsed.tag_values[1], "");
	CHECK(PARSE("unit", "-f", "text") && parsed.format == BT_FORMAT_TEXT);
	CHECK(PARSE("unit", "-f", "json") && parsed.format == BT_FORMAT_JSON);
	CHECK(!PARSE("unit", "-f", "md"));
	CHECK(!PARSE("unit", "-o", ""));
	CHECK(PARSE("unit", "-h"));
}

static void test_bad_tags(void)
{
	static const char *const bad[] = { "novalue", "=x", "1a=x", "a b=x", "\xc3\xa4=x",
					   "ts=1", "value=1", "p99=1", "taint=x", "n=1" };
	char big[512], *argv[40] = { "unit" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!PARSE("unit", "-T", (char *)bad[i]));
		CHECK(strncmp(parse_error, "-T, --tag: ", 11) == 0);
	}
	CHECK(!PARSE("unit", "-T", "a=1", "-T", "a=2"));
	memset(big, 'x', sizeof(big));
	memcpy(big, "k=", 2);
	big[2 + 256] = '\0';
	CHECK(PARSE("unit", "-T", big));
	big[2 + 256] = 'x';
	big[2 + 257] = '\0';
	CHECK(!PARSE("unit", "-T", big));
	memset(big, '\x01', 2 + 200); /* 200 bytes, 1200 in JSON */
	memcpy(big, "k=", 2);
	big[2 + 200] = '\0';
	CHECK(!PARSE("unit", "-T", big));
	for (int i = 0; i < 17; i++) {
		static char tags[17][8];

		snprintf(tags[i], sizeof(tags[i]), "t%d=1", i);
		argv[1 + 2 * i] = "-T";
		argv[2 + 2 * i] = tags[i];
	}
	CHECK(parse(33, argv) && parsed.n_tags == 16);
	CHECK(!parse(35, argv));
	CHECK(strstr(parse_error, "at most 16 tags"));
}

static void test_run(void)
{
	static const char *const bad[] = { "", "7f3a9c2", "7F3A9C21", "7f3a9c211", "7f3a9c21g", "7f3a9c2g" };
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	struct bt_out out;
	char first[9];

	setenv("BTOOLS_RUN", "7f3a9c21", 1);
	CHECK_EQ(bt_out_open(&out, &opts, "unit"), 0);
	CHECK_STR(out.source.run, "7f3a9c21");
	bt_out_close(&out);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("BTOOLS_RUN", bad[i], 1);
		bt_out_open(&out, &opts, "unit");
		CHECK(strcmp(out.source.run, bad[i]) != 0);
		CHECK_EQ(strspn(out.source.run, "0123456789abcdef"), 8);
		CHECK_EQ(out.source.run[8], '\0');
		bt_out_close(&out);
	}
	unsetenv("BTOOLS_RUN");
	bt_out_open(&out, &opts, "unit");
	memcpy(first, out.source.run, 9);
	bt_out_close(&out);
	bt_out_open(&out, &opts, "unit");
	CHECK(strcmp(out.source.run, first) != 0);
	bt_out_close(&out);
}

static void write_some(const char *path, enum bt_format format)
{
	struct bt_out_opts opts = { .format = format, .path = path };
	struct bt_out out;
	struct bt_rec r;

	CHECK_EQ(bt_out_open(&out, &opts, "unit"), 0);
	memcpy(out.source.host, "h", 2);
	memcpy(out.source.run, "00000000", 9);
	bt_rec_source_prepare(&out.source);
	bt_rec_init(&r, BT_KIND_RESULT);
	r.ts_us = 1000000;
	r.test = "t";
	bt_rec_value(&r, "rate", "op/s", BT_BETTER_HIGHER, 5);
	CHECK_EQ(bt_out_rec(&out, &r), 0);
	bt_rec_init(&r, BT_KIND_END);
	CHECK_EQ(bt_out_end(&out, "failed", 1500000000, 2), 0);
	CHECK_EQ(out.records, 2);
	CHECK_EQ(bt_out_close(&out), 0);
}

static void test_formats(void)
{
	const char *text;

	write_some(in_dir("f"), BT_FORMAT_AUTO);
	text = get_file(in_dir("f"));
	CHECK(strstr(text, "{\"v\":1,\"kind\":\"result\",\"ts\":1.000000,\"run\":\"00000000\",\"host\":\"h\",\"tool\":\"unit\",") == text);
	CHECK(strstr(text, "\"status\":\"failed\",\"records\":1,\"elapsed\":1.5,\"errors\":2}\n"));
	write_some(in_dir("f"), BT_FORMAT_TSV);
	text = get_file(in_dir("f"));
	CHECK(strncmp(text, BT_REC_TSV_HEADER "1.000000\tresult\t", sizeof(BT_REC_TSV_HEADER) + 15) == 0);
	CHECK(strstr(text, "\tend\t") && !strstr(text + 10, "ts\tkind"));
	write_some(in_dir("f"), BT_FORMAT_TEXT);
	text = get_file(in_dir("f"));
	CHECK(strncmp(text, "TEST ", 5) == 0 && strstr(text, "failed after 1.5 s: 1 records, 2 errors\n"));
	clear_dir();
}

static void test_refused(void)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	static char text[1024];
	struct bt_out out;
	struct bt_rec r;

	opts.path = in_dir("f");
	memset(text, 'x', sizeof(text));
	CHECK_EQ(bt_out_open(&out, &opts, "unit"), 0);
	bt_rec_init(&r, BT_KIND_MARK);
	for (int i = 0; i < 5; i++)
		bt_rec_text(&r, "k", text, sizeof(text));
	CHECK_EQ(bt_out_rec(&out, &r), -EMSGSIZE);
	CHECK_EQ(bt_out_end(&out, "ok", 0, 0), 0);
	CHECK_EQ(bt_out_close(&out), 0);
	CHECK(strstr(get_file(in_dir("f")), "\"records\":0,\"elapsed\":0,\"errors\":0,\"refused\":1}"));
	clear_dir();
}

struct drain {
	int fd;
	unsigned long lines, torn;
};

/* Reads like a slow consumer: in odd pieces. Every line must be one whole record. */
static void *drain(void *arg)
{
	struct drain *d = arg;
	static char buf[1 << 20];
	size_t len = 0;
	ssize_t n;

	while ((n = read(d->fd, buf + len, 3001)) > 0) {
		char *line = buf, *end;

		len += (size_t)n;
		for (; (end = memchr(line, '\n', len - (size_t)(line - buf))); line = end + 1) {
			d->lines++;
			d->torn += strncmp(line, "{\"v\":1,", 7) != 0 || end[-1] != '}' || end - line >= BT_REC_MAX;
		}
		len -= (size_t)(line - buf);
		memmove(buf, line, len);
	}
	d->torn += len > 0;
	return NULL;
}

static void produce(int fd, unsigned count, unsigned seed)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	static char text[1000];
	struct bt_out out;

	dup2(fd, STDOUT_FILENO);
	memset(text, 'x', sizeof(text));
	if (bt_out_open(&out, &opts, "unit") < 0)
		_exit(1);
	for (unsigned i = 0; i < count; i++) {
		struct bt_rec r;

		bt_rec_init(&r, BT_KIND_MARK);
		for (int k = 0; k < 3; k++)
			bt_rec_text(&r, "text", text, rand_r(&seed) % sizeof(text));
		if (bt_out_rec(&out, &r) < 0)
			_exit(1);
	}
	_exit(bt_out_close(&out) < 0);
}

/* Many processes, one pipe, blocking or not: no line is torn, none is missing. */
static void shared_pipe(int flags)
{
	enum { PRODUCERS = 50, RECORDS = 200 };
	struct drain d = { 0 };
	pthread_t thread;
	int fds[2], status;

	CHECK(pipe(fds) == 0);
	CHECK(fcntl(fds[1], F_SETFL, flags) == 0);
	d.fd = fds[0];
	fflush(stdout); /* or each child has a copy to write */
	for (unsigned i = 0; i < PRODUCERS; i++)
		if (fork() == 0)
			produce(fds[1], RECORDS, i + 1);
	close(fds[1]);
	CHECK(pthread_create(&thread, NULL, drain, &d) == 0);
	while (wait(&status) > 0)
		CHECK_EQ(status, 0);
	pthread_join(thread, NULL);
	CHECK_EQ(d.lines, PRODUCERS * RECORDS);
	CHECK_EQ(d.torn, 0);
	close(fds[0]);
}

static void test_shared_pipe(void)
{
	shared_pipe(0);
}

static void test_nonblocking_pipe(void)
{
	shared_pipe(O_NONBLOCK);
}

static void test_reader_gone(void)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	int fds[2], again[2], saved = dup(STDOUT_FILENO);
	struct bt_out out;
	int first, second;

	fflush(stdout);
	CHECK(pipe(fds) == 0);
	close(fds[0]);
	dup2(fds[1], STDOUT_FILENO);
	bt_out_open(&out, &opts, "unit");
	first = bt_out_warn(&out, "a", "b");
	CHECK(pipe(again) == 0);
	dup2(again[1], STDOUT_FILENO);
	second = bt_out_end(&out, "ok", 0, 0); /* could be written now, but after a gap */
	dup2(saved, STDOUT_FILENO);
	CHECK_EQ(first, -EPIPE);
	CHECK_EQ(second, -EPIPE);
	CHECK_EQ(out.records, 0);
	CHECK_EQ(bt_out_close(&out), -EPIPE);
	close(fds[1]);
	close(again[0]);
	close(again[1]);
	close(saved);
}

/* A pipe of packets keeps writes apart. */
static void test_held(void)
{
	struct bt_out_opts opts = { .format = BT_FORMAT_JSON };
	int fds[2], saved = dup(STDOUT_FILENO);
	char text[2 * BT_REC_MAX];
	unsigned lines = 0, writes = 0;
	struct bt_out out;
	ssize_t n;

	fflush(stdout);
	CHECK(pipe2(fds, O_DIRECT | O_NONBLOCK) == 0);
	dup2(fds[1], STDOUT_FILENO);
	bt_out_open(&out, &opts, "unit");
	bt_out_hold(&out);
	for (unsigned i = 0; i < 100; i++)
		bt_out_warn(&out, "a", "b");
	CHECK_EQ(bt_out_release(&out), 0);
	bt_out_warn(&out, "a", "b");
	dup2(saved, STDOUT_FILENO);
	CHECK_EQ(out.records, 101);
	CHECK_EQ(bt_out_close(&out), 0);
	close(fds[1]);
	while ((n = read(fds[0], text, sizeof(text))) > 0) {
		CHECK(n <= BT_REC_MAX && text[n - 1] == '\n');
		writes++;
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	}
	CHECK_EQ(lines, 101);
	CHECK(writes >= 3 && writes <= 10);
	close(fds[0]);
	close(saved);
}

static const struct unit_test tests[] = {
	{ "gives a new file its name when it is whole", test_new_file },
	{ "replaces a file behind a link, keeps mode and owner", test_replace },
	{ "leaves the old file alone when aborted", test_abort },
	{ "leaves nothing when killed", test_killed },
	{ "refuses what cannot be written", test_refusals },
	{ "writes devices and pipes directly", test_devices },
	{ "keeps whole records when the disk is full", test_disk_full },
	{ "takes its options", test_options },
	{ "refuses bad tags", test_bad_tags },
	{ "inherits or invents the run", test_run },
	{ "writes all formats", test_formats },
	{ "counts refused records", test_refused },
	{ "held records share writes of whole lines", test_held },
	{ "tears no line of a shared pipe", test_shared_pipe },
	{ "tears no line of a non-blocking pipe", test_nonblocking_pipe },
	{ "remembers that the reader has gone", test_reader_gone },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	char remove[96];
	int rc;

	signal(SIGPIPE, SIG_IGN);
	snprintf(dir, sizeof(dir), "/tmp/btools-unit-out-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	rc = unit_main(tests, argc, argv);
	snprintf(remove, sizeof(remove), "rm -rf %s", dir);
	return system(remove) != 0 || rc;
}
