/* SPDX-License-Identifier: ISC
 *
 * secret - a secret that two machines share.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret.h"

/* Of the open file, so that it cannot become another one in between. */
static int check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return -EACCES;
	return st.st_mode & 077 ? -EPERM : 0;
}

static int read_whole(struct bt_secret *s, int fd)
{
	uint8_t more;
	ssize_t n;

	while (s->len < sizeof(s->bytes) && (n = read(fd, s->bytes + s->len, sizeof(s->bytes) - s->len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		s->len += n > 0 ? (size_t)n : 0;
	}
	if (s->len == sizeof(s->bytes) && read(fd, &more, 1) != 0)
		return -EFBIG;
	if (s->len > 0 && s->bytes[s->len - 1] == '\n')
		s->len--;
	return s->len < BT_SECRET_MIN ? -ENODATA : 0;
}

int bt_secret_read(struct bt_secret *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc;

	s->len = 0;
	if (fd < 0)
		return -errno;
	rc = check_file(fd);
	if (rc == 0)
		rc = read_whole(s, fd);
	close(fd);
	if (rc < 0)
		bt_secret_wipe(s);
	return rc;
}

const char *bt_secret_error(int error)
{
	switch (error < 0 ? -error : error) {
	case EPERM: return "others may read or change it; chmod 600 closes it";
	case EACCES: return "it belongs to another user, or may not be read";
	case EINVAL: return "it is no regular file";
	case ENODATA: return "it has fewer than 16 bytes, so it could be guessed";
	case EFBIG: return "it has more than 1024 bytes";
	default: return strerror(error < 0 ? -error : error);
	}
}

void bt_secret_wipe(struct bt_secret *s)
{
	explicit_bzero(s, sizeof(*s));
}
