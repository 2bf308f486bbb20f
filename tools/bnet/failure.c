/* SPDX-License-Identifier: ISC
 *
 * failure - what can go wrong between two ends: for each one word, one message, one exit status, and whether another try may help.
 */
#include <errno.h>
#include <stddef.h>

#include "bnet.h"
#include "err.h"

static const struct {
	const char *word, *text;
	int status;
	bool again;
} codes[BNET_CODES] = {
	[BNET_OK] = { "ok", "nothing is wrong", BT_EXIT_OK, false },
	[BNET_REFUSED] = { "refused", "nobody listens there; 'bnet serve' starts a server", BT_EXIT_TROUBLE, true },
	[BNET_UNREACHABLE] = { "unreachable", "no way leads there", BT_EXIT_TROUBLE, true },
	[BNET_UNRESOLVED] = { "unresolved", "the name has no address", BT_EXIT_USAGE, true },
	[BNET_TIMEOUT] = { "timeout", "no answer in time; --timeout sets how long to wait", BT_EXIT_TROUBLE, true },
	[BNET_RESET] = { "reset", "the other end closed the connection", BT_EXIT_TROUBLE, true },
	[BNET_VERSION] = { "version", "the other end speaks another version of the protocol; both ends need the same bnet", BT_EXIT_USAGE,
			   false },
	[BNET_TOKEN] = { "token", "the tokens of the two ends differ; --token names the file", BT_EXIT_USAGE, false },
	[BNET_FULL] = { "full", "the server has as many clients as it takes", BT_EXIT_TROUBLE, true },
	[BNET_LIMIT] = { "limit", "more than the server allows a client", BT_EXIT_USAGE, false },
	[BNET_LOST] = { "lost", "the link or the other end is gone", BT_EXIT_TROUBLE, true },
	[BNET_STALLED] = { "stalled", "the other end is there but does nothing any more", BT_EXIT_TROUBLE, true },
	[BNET_RUBBISH] = { "rubbish", "what came is not what bnet sends", BT_EXIT_TROUBLE, false },
	[BNET_TRUNCATED] = { "truncated", "a message was cut short", BT_EXIT_TROUBLE, true },
	[BNET_OVERSIZED] = { "oversized", "a message is longer than its type is", BT_EXIT_TROUBLE, false },
	[BNET_UNEXPECTED] = { "unexpected", "a message of a type that has no place here", BT_EXIT_TROUBLE, false },
	[BNET_STOPPED] = { "stopped", "the server is being stopped", BT_EXIT_TROUBLE, true },
	[BNET_UNABLE] = { "unable", "not possible on one of the two machines", BT_EXIT_UNABLE, false },
	[BNET_OTHER] = { "other", "the system refused", BT_EXIT_TROUBLE, false },
};

enum bnet_code bnet_code_midway(int error)
{
	enum bnet_code code = bnet_code_of(error);

	return code == BNET_TIMEOUT || code == BNET_UNREACHABLE ? BNET_LOST : code;
}

const char *bnet_code_word(enum bnet_code code)
{
	return codes[code < BNET_CODES ? code : BNET_OTHER].word;
}

const char *bnet_code_text(enum bnet_code code)
{
	return codes[code < BNET_CODES ? code : BNET_OTHER].text;
}

int bnet_code_status(enum bnet_code code)
{
	return codes[code < BNET_CODES ? code : BNET_OTHER].status;
}

bool bnet_code_again(enum bnet_code code)
{
	return codes[code < BNET_CODES ? code : BNET_OTHER].again;
}

enum bnet_code bnet_code_of(int error)
{
	switch (error < 0 ? -error : error) {
	case 0:
		return BNET_OK;
	case ECONNREFUSED:
	case ENOENT: /* of a UNIX socket */
		return BNET_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EADDRNOTAVAIL:
	case EACCES: /* a firewall says no */
	case EPERM:
		return BNET_UNREACHABLE;
	case ETIMEDOUT:
		return BNET_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return BNET_RESET;
	case EPROTONOSUPPORT:
		return BNET_VERSION;
	case EBADMSG:
	case EPROTO:
		return BNET_RUBBISH;
	case ENODATA:
		return BNET_TRUNCATED;
	case EMSGSIZE:
		return BNET_OVERSIZED;
	case ENOMSG:
		return BNET_UNEXPECTED;
	case EMFILE:
	case ENFILE:
	case EAGAIN: /* no more threads */
	case EAFNOSUPPORT:
	case EOPNOTSUPP:
		return BNET_UNABLE;
	default:
		return BNET_OTHER;
	}
}
