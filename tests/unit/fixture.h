/* SPDX-License-Identifier: ISC
 *
 * fixture - where the machines of tests/fixtures are, and throw-away ones made on the spot.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* fixture_path - tests/fixtures/machines/NAME, below $BT_FIXTURES or the current directory. Overwritten by the next call. */
static inline const char *fixture_path(const char *name)
{
	const char *base = getenv("BT_FIXTURES");
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/machines/%s", base ? base : "tests/fixtures", name);
	return path;
}

/* fixture_dir - a new empty directory; fixture_remove deletes it with all that is in it. */
static inline const char *fixture_dir(char path[64])
{
	memcpy(path, "/tmp/btools-unit.XXXXXX", 24);
	return mkdtemp(path);
}

static inline void fixture_remove(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command) != 0)
		printf("# cannot remove %s\n", dir);
}

/* fixture_file - write dir/path, making the directories on the way. */
static inline void fixture_file(const char *dir, const char *path, const char *text, size_t len)
{
	char full[PATH_MAX], *p;
	int fd;

	snprintf(full, sizeof(full), "%s%s", dir, path);
	for (p = strchr(full + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(full, 0777);
		*p = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		printf("# cannot write %s\n", full);
	close(fd);
}

static inline void fixture_text(const char *dir, const char *path, const char *text)
{
	fixture_file(dir, path, text, strlen(text));
}

#endif
