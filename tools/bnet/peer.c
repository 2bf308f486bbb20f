/* SPDX-License-Identifier: ISC
 *
 * peer - the connections that are not of data: their list, their states, our last word to them.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define LEAVING_NS 1000000000u /* time for our last word to arrive */

void bnet_peer_add(struct bnet_server *s, struct bnet_peer *p)
{
	p->state = BNET_PEER_FIRST;
	s->n_strangers++;
	p->next = s->peers;
	p->link = &s->peers;
	if (p->next)
		p->next->link = &p->next;
	s->peers = p;
}

static void unlink_peer(struct bnet_peer *p)
{
	*p->link = p->next;
	if (p->next)
		p->next->link = p->link;
}

bool bnet_peer_is_stranger(const struct bnet_peer *p)
{
	return p->state == BNET_PEER_FIRST || p->state == BNET_PEER_HELLO || p->state == BNET_PEER_LEAVING;
}

void bnet_peer_state(struct bnet_server *s, struct bnet_peer *p, enum bnet_peer_state state)
{
	s->n_strangers -= bnet_peer_is_stranger(p);
	p->state = state;
	s->n_strangers += bnet_peer_is_stranger(p);
}

void bnet_peer_forget(struct bnet_server *s, struct bnet_peer *p)
{
	bnet_peer_state(s, p, BNET_PEER_GONE);
	unlink_peer(p);
	p->next = s->gone;
	s->gone = p;
}

void bnet_peer_close(struct bnet_server *s, struct bnet_peer *p)
{
	close(p->fd);
	bnet_peer_forget(s, p);
}

void bnet_peer_reap(struct bnet_server *s)
{
	while (s->gone) {
		struct bnet_peer *p = s->gone;

		s->gone = p->next;
		free(p);
	}
}

static bool send_whole(int fd, const struct bt_hs_message *m)
{
	uint8_t frame[BT_HS_MAX];
	int len = bt_hs_encode(m, frame);

	return len > 0 && send(fd, frame, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) == len;
}

bool bnet_peer_send(struct bnet_server *s, struct bnet_peer *p, const struct bt_hs_message *m)
{
	if (send_whole(p->fd, m))
		return true;
	if (p->session)
		bnet_session_end(p->session, BNET_STALLED, 0);
	else
		bnet_peer_close(s, p);
	return false;
}

/* A connection closed with input unread is reset, and our last word may be lost: so the other end hangs up first, if it does it
 * soon. */
void bnet_peer_dismiss(struct bnet_server *s, struct bnet_peer *p, enum bnet_code code, int error)
{
	struct bt_hs_message m = { .type = BT_HS_FAIL, .fail = { .code = (uint16_t)code, .error = (uint16_t)error } };

	if (code == BNET_OK || !send_whole(p->fd, &m) || shutdown(p->fd, SHUT_WR) < 0) {
		bnet_peer_close(s, p);
		return;
	}
	bnet_peer_state(s, p, BNET_PEER_LEAVING);
	p->until_ns = bt_clock_monotonic() + LEAVING_NS;
}
