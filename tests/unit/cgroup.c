/* SPDX-License-Identifier: ISC
 *
 * cgroup - unit tests of what a directory is in a hierarchy of control groups. (Our own group: host.c.)
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mount.h>

#include "fixture.h"
#include "src.h"
#include "unit.h"

/* The code under test is compiled in, with a mountinfo of ours in the place of the kernel's. */
static const char *mountinfo; /* NULL: the kernel's */
static bool no_proc;

static char *test_text(const struct bt_src *src, size_t max, const char *path)
{
	if (no_proc)
		return NULL;
	return mountinfo ? strdup(mountinfo) : bt_src_text(src, max, "%s", path);
}

#define bt_src_text(src, max, path) test_text(src, max, path)
#include "../../lib/cgroup.c"
#undef bt_src_text

static char dir[64];

/* Look at dir/NAME with the lines of a mountinfo in which @ is dir and # its device. */
static int look(const char *name, const char *lines, struct bt_cgroup_at *at)
{
	char text[4096], path[PATH_MAX];
	struct stat st;
	size_t len = 0;
	int rc;

	stat(dir, &st);
	for (; *lines && len < sizeof(text) - 80; lines++) {
		if (*lines == '@')
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", dir);
		else if (*lines == '#')
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u:%u", major(st.st_dev), minor(st.st_dev));
		else
			text[len++] = *lines;
	}
	text[len] = '\0';
	mountinfo = text;
	snprintf(path, sizeof(path), "%s%s", dir, name);
	rc = bt_cgroup_at(path, at);
	mountinfo = NULL;
	return rc;
}

#define OTHERS "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 23 # / @/sys rw,relatime shared:7 - tmpfs tmpfs rw\n"

static void test_versions(void)
{
	static const struct {
		const char *lines, *controller;
		bool v2;
		int rc;
	} rows[] = {
		{ OTHERS "41 31 # / @ rw - cgroup2 cgroup2 rw,nsdelegate\n", "", true, 0 },
		{ OTHERS "32 31 # / @ rw,nosuid shared:9 master:1 - cgroup cgroup rw,cpu\n", "cpu", false, 0 },
		{ OTHERS "32 31 # / @ rw - cgroup cgroup rw,seclabel,clone_children,cpuacct,cpu\n", "cpu", false, 0 },
		{ OTHERS "32 31 # / @ rw - cgroup cgroup rw,xattr,release_agent=/usr/lib/x,name=memory,blkio\n", "blkio", false, 0 },
		{ OTHERS "32 31 # / @ rw - cgroup cgroup rw,cpus,devices2,pids,favordynmods\n", "pids", false, 0 },
		{ OTHERS "40 31 # / @ rw - cgroup cgroup rw,xattr,name=systemd\n", "", false, -ENOTSUP },
		{ OTHERS, "", false, -ENOENT },
		{ "", "", false, -ENOENT },
		{ "41 31 0:9999 / @ rw - cgroup2 cgroup2 rw\n", "", false, -ENOENT }, /* something else is mounted over it */
		{ "41 31 # / @/other rw - cgroup2 cgroup2 rw\n", "", false, -ENOENT },
		{ "41 31 # / @x rw - cgroup2 cgroup2 rw\n", "", false, -ENOENT },
		{ " - cgroup\n# @ - cgroup2\n1 2 3\n - cgroup - cgroup\n\n", "", false, -ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bt_cgroup_at at;

		CHECK_EQ(look("", rows[i].lines, &at), rows[i].rc);
		CHECK_EQ(at.v2, rows[i].v2);
		CHECK_STR(at.controller, rows[i].controller);
		if (rows[i].rc == 0)
			CHECK_STR(at.mount, dir);
	}
}

static void test_longest_mount(void)
{
	static const char v2[] = "41 31 # / @/c rw - cgroup2 cgroup2 rw\n", below[] = "50 41 # /a @/c/a rw - cgroup2 cgroup2 rw\n";
	char lines[512], want[128];
	struct bt_cgroup_at at;
	struct stat st;

	fixture_text(dir, "/c/a/b/tasks", "");
	for (int swapped = 0; swapped < 2; swapped++) {
		snprintf(lines, sizeof(lines), OTHERS "%s%s", swapped ? below : v2, swapped ? v2 : below);
		CHECK_EQ(look("/c/a/b", lines, &at), 0);
		snprintf(want, sizeof(want), "%s/c/a", dir);
		CHECK_STR(at.mount, want);
		CHECK(stat(want, &st) == 0 && at.id != st.st_ino);
		CHECK_EQ(look("/c", lines, &at), 0);
		snprintf(want, sizeof(want), "%s/c", dir);
		CHECK_STR(at.mount, want);
		CHECK(stat(want, &st) == 0 && at.id == st.st_ino);
	}
	CHECK_EQ(look("/c/a/../a/./", lines, &at), 0); /* as the kernel walks it */
	snprintf(want, sizeof(want), "%s/c/a", dir);
	CHECK_STR(at.mount, want);
}

static void test_names(void)
{
	char name[600] = "/", lines[700], want[700];
	struct bt_cgroup_at at;

	fixture_text(dir, "/with blank/x", "");
	CHECK_EQ(look("/with blank", OTHERS "41 31 # / @/with\\040blank rw - cgroup2 cgroup2 rw\n", &at), 0);
	snprintf(want, sizeof(want), "%s/with blank", dir);
	CHECK_STR(at.mount, want);
	memset(name + 1, 'x', 250);
	name[251] = '/';
	memset(name + 252, 'y', 250);
	memcpy(name + 502, "/x", 3);
	fixture_text(dir, name, "");
	name[502] = '\0';
	snprintf(lines, sizeof(lines), "41 31 # / @%s rw - cgroup2 cgroup2 rw\n", name);
	CHECK_EQ(look(name, lines, &at), strlen(dir) + strlen(name) < sizeof(at.mount) ? 0 : -ENAMETOOLONG);
}

static void test_errors(void)
{
	struct bt_cgroup_at at;

	CHECK_EQ(bt_cgroup_at("/no/such/dir", &at), -ENOENT);
	CHECK_EQ(bt_cgroup_at("", &at), -ENOENT);
	CHECK_EQ(bt_cgroup_at("/proc", &at), -ENOENT);
	CHECK_EQ(bt_cgroup_at(dir, &at), -ENOENT);
	no_proc = true;
	CHECK_EQ(bt_cgroup_at(dir, &at), -ENOENT);
	no_proc = false;
}

/* One real mount after the other at dir/real, in a namespace that ends with us. */
static int look_real(const char *type, const char *options, struct bt_cgroup_at *at)
{
	char path[80];
	struct stat st;
	int rc;

	snprintf(path, sizeof(path), "%s/real", dir);
	if (mount("none", path, type, 0, options) != 0) {
		printf("# %s %s: not mounted: %s\n", type, options, strerror(errno));
		return 1;
	}
	rc = bt_cgroup_at(path, at);
	CHECK(stat(path, &st) == 0 && at->id == st.st_ino);
	if (rc == 0)
		CHECK_STR(at->mount, path);
	umount(path);
	return rc;
}

static void real_mounts(void)
{
	struct bt_cgroup_at at;
	int rc;

	fixture_text(dir, "/real/x", "");
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		printf("# no mount namespace: %s\n", strerror(errno));
		return;
	}
	rc = look_real("cgroup2", "", &at);
	CHECK(rc == 1 || (rc == 0 && at.v2));
	rc = look_real("cgroup", "cpu", &at);
	CHECK(rc == 1 || (rc == 0 && !at.v2 && strcmp(at.controller, "cpu") == 0));
	rc = look_real("cgroup", "none,name=systemd", &at);
	CHECK(rc == 1 || rc == -ENOTSUP);
	rc = look_real("tmpfs", "", &at);
	CHECK(rc == 1 || rc == -ENOENT);
}

static void test_real(void)
{
	if (getuid() != 0) {
		printf("# not root: nothing is mounted\n");
		return;
	}
	unit_forked(real_mounts);
}

static const struct unit_test tests[] = {
	{ "tells versions and controllers apart", test_versions },
	{ "finds the mount that a path goes through", test_longest_mount },
	{ "takes all names, and refuses to cut one", test_names },
	{ "reports what is no control group", test_errors },
	{ "agrees with real mounts (root)", test_real },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	int rc;

	if (!fixture_dir(dir))
		return 1;
	rc = unit_main(tests, argc, argv);
	fixture_remove(dir);
	return rc;
}
