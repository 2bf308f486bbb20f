/* SPDX-License-Identifier: ISC
 *
 * marks - unit tests of marks that other processes send.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "clock.h"
#include "fixture.h"
#include "marks.h"
#include "unit.h"

static void test_send(void)
{
	char dir[64], out[BT_MARKS_MAX], big[BT_MARKS_MAX + 1] = "";
	struct bt_marks one, two, other;
	int64_t before, ts = 0;

	setenv("BTOOLS_LOCK_DIR", fixture_dir(dir), 1);
	CHECK_EQ(bt_marks_send("00000001", "a", 2), 0);
	CHECK_EQ(bt_marks_send(NULL, "a", 2), 0);
	CHECK_EQ(bt_marks_listen(&one, "00000001"), 0);
	CHECK_EQ(bt_marks_listen(&two, "00000001"), 0);
	CHECK_EQ(bt_marks_take(&one, out, &ts), -EAGAIN);
	before = bt_clock_wall_us();
	CHECK_EQ(bt_marks_send("00000001", "a\0b=1", 6), 2);
	CHECK_EQ(bt_marks_take(&one, out, &ts), 6);
	CHECK_EQ(memcmp(out, "a\0b=1", 6), 0);
	CHECK(ts >= before && ts <= bt_clock_wall_us());
	CHECK_EQ(bt_marks_take(&two, out, &ts), 6);
	CHECK_EQ(bt_marks_send(NULL, "c", 2), 2);
	CHECK_EQ(bt_marks_send("00000002", "a", 2), 0);
	CHECK_EQ(bt_marks_listen(&other, "00000002"), 0);
	CHECK_EQ(bt_marks_send(NULL, "a", 2), -EMLINK);
	CHECK_EQ(bt_marks_send("00000002", big, sizeof(big)), -EMSGSIZE);
	CHECK_EQ(bt_marks_send("00000002", big, BT_MARKS_MAX), 1);
	CHECK_EQ(bt_marks_take(&other, out, &ts), BT_MARKS_MAX);
	bt_marks_close(&one);
	bt_marks_close(&one);
	CHECK_EQ(bt_marks_send("00000001", "a", 2), 1);
	bt_marks_close(&two);
	bt_marks_close(&other);
	CHECK_EQ(bt_marks_send(NULL, "a", 2), 0);
	fixture_remove(dir);
}

/* A listener that was killed leaves its name: senders and the next listener remove it. */
static void test_dead(void)
{
	char dir[64], path[160];
	struct bt_marks m, next;
	struct stat st;

	setenv("BTOOLS_LOCK_DIR", fixture_dir(dir), 1);
	CHECK_EQ(bt_marks_listen(&m, "0000000a"), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, m.name);
	CHECK_EQ(lstat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	m.name[0] = '\0'; /* so that it is not removed */
	bt_marks_close(&m);
	CHECK_EQ(lstat(path, &st), 0);
	CHECK_EQ(bt_marks_listen(&next, "0000000a"), 0);
	CHECK_EQ(lstat(path, &st), -1);
	CHECK_EQ(bt_marks_send("0000000a", "a", 2), 1);
	bt_marks_close(&next);
	fixture_remove(dir);
}

/* What is no socket of ours is left alone. */
static void test_strange(void)
{
	char dir[64];

	setenv("BTOOLS_LOCK_DIR", fixture_dir(dir), 1);
	fixture_text(dir, "/mark.0000000b.00000001", "a file");
	fixture_text(dir, "/mark.0000000b.1", "no name of ours");
	CHECK_EQ(bt_marks_send("0000000b", "a", 2), 0);
	CHECK_EQ(bt_marks_send(NULL, "a", 2), 0);
	fixture_remove(dir);
}

static const struct unit_test tests[] = {
	{ "sent to every listener of a run", test_send },
	{ "what a killed listener leaves", test_dead },
	{ "files and other names", test_strange },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
