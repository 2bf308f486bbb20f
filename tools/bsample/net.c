/* SPDX-License-Identifier: ISC
 *
 * net - what went through the network interfaces of our namespace: /proc/net/dev.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "groups.h"

/* The columns, in their order. */
enum {
	RX_BYTES, RX_PACKETS, RX_ERRORS, RX_DROPS, RX_FIFO, RX_FRAME, RX_COMPRESSED, RX_MULTICAST,
	TX_BYTES, TX_PACKETS, TX_ERRORS, TX_DROPS, COLUMNS
};
enum { RX, RX_P, RX_E, RX_D, TX, TX_P, TX_E, TX_D };

#define ONE(name, per_s, dir, way, head, say) \
	{ .metric = name, .unit = per_s, .dim = "dir", .is = dir, .how = BSAMPLE_RATE, .scale = 1, .better = way, \
	  .column = head, .help = say }
#define SIDE(dir, head) \
	ONE("bw", "B/s", dir, BT_BETTER_NONE, head, "bytes, as the interface counts them"), \
	ONE("packets", "op/s", dir, BT_BETTER_NONE, NULL, "packets"), \
	ONE("bad", "op/s", dir, BT_BETTER_LOWER, NULL, "packets with errors"), \
	ONE("drops", "op/s", dir, BT_BETTER_LOWER, NULL, "packets dropped")

static const struct bsample_field fields[] = { SIDE("rx", "rx/s"), SIDE("tx", "tx/s"), { .metric = NULL } };

static int open_net(struct bsample *s, struct bsample_table *t)
{
	return bsample_open_file(s, t, "/proc/net/dev");
}

static void take_interface(const struct bsample *s, struct bsample_table *t, const char *name, size_t len, const char *p)
{
	static const unsigned columns[] = { RX_BYTES, RX_PACKETS, RX_ERRORS, RX_DROPS, TX_BYTES, TX_PACKETS, TX_ERRORS, TX_DROPS };
	uint64_t numbers[COLUMNS];
	struct bsample_row *row;
	char text[64];

	for (unsigned i = 0; i < COLUMNS; i++)
		if (!bsample_u64(&p, &numbers[i]))
			return;
	bt_src_copy(text, len + 1 < sizeof(text) ? len + 1 : sizeof(text), name);
	if (!bsample_dev_wanted(s, text, numbers[RX_PACKETS] + numbers[TX_PACKETS] > 0))
		return;
	row = bsample_row(t, name, len);
	if (!row)
		return;
	bsample_row_dim(row, 0, name, len);
	row->aside = strcmp(text, "lo") == 0;
	for (unsigned i = RX; i <= TX_D; i++)
		row->now[i] = numbers[columns[i]];
}

static int read_net(struct bsample *s, struct bsample_table *t)
{
	const char *line = bsample_text(s, t, t->state);
	int rc = line ? 0 : -errno;

	for (; line; line = bsample_line(line)) {
		const char *name = line + strspn(line, " ");
		size_t end = strcspn(name, "\n");
		/* Names of old kernels may hold colons; numbers hold none. */
		const char *colon = memrchr(name, ':', end);

		if (colon)
			take_interface(s, t, name, (size_t)(colon - name), colon + 1);
	}
	return rc;
}

const struct bsample_group bsample_net = {
	.name = "net", .help = "bytes and packets of network interfaces", .usual = true, .fields = fields, .dims = { { "iface", false } },
	.open = open_net, .read = read_net, .close = bsample_close_file,
};
