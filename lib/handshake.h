/* SPDX-License-Identifier: ISC
 *
 * handshake - what the two ends of a network test say to each other before, during and after it: framed, typed, bounded
 * messages, made and read without I/O.
 *
 * A frame is a head of 12 bytes and a body; all integers are little-endian:
 *
 *	"bnet" | version, 2 bytes | type, 1 byte | 0 | length of the body, 4 bytes | body
 *
 * The body of each type has one fixed length in a version, and each number in it a range. A reader judges a frame as its bytes
 * arrive: what is no frame is seen at the first wrong byte, and no length that was not promised is ever waited for.
 *
 * A control connection goes
 *
 *	client: HELLO (nonce)                   server: HELLO (nonce, whether it wants a token)
 *	client: REQUEST (proof, job)            server: ACCEPT (proof, cookie) or FAIL (why)
 *	client: ASK, any number of times        server: COUNTS, or FAIL
 *
 * and the server may send FAIL at any time, after which it closes. Each flow of a test is a connection of its own (or a UDP socket)
 * that begins with JOIN. A proof is the HMAC-SHA256, under the token that both ends know, of a word for the role, both nonces and
 * the rest of the body. So the token never travels, and what was overheard is of no use later. Nothing is encrypted.
 */
#ifndef BT_HANDSHAKE_H
#define BT_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netjob.h"
#include "sha256.h"

#define BT_HS_VERSION 1
#define BT_HS_HEAD 12
#define BT_HS_MAX 512 /* bytes of the longest frame, head included */
#define BT_HS_NONCE 16

enum bt_hs_type { BT_HS_HELLO = 1, BT_HS_REQUEST, BT_HS_ACCEPT, BT_HS_FAIL, BT_HS_JOIN, BT_HS_ASK, BT_HS_COUNTS, BT_HS_TYPES };

/* What a reader expects, as a set. */
#define BT_HS_BIT(type) (1u << (type))

struct bt_hs_hello {
	uint8_t nonce[BT_HS_NONCE];
	bool wants_token; /* of the server */
};

struct bt_hs_request {
	uint8_t proof[BT_SHA256_BYTES];
	struct bt_net_job job;
};

struct bt_hs_accept {
	uint8_t proof[BT_SHA256_BYTES];
	uint8_t cookie[BT_NET_COOKIE_BYTES]; /* names the session in JOIN */
};

struct bt_hs_fail {
	uint16_t code;  /* a number whose meaning belongs to the tool */
	uint16_t error; /* errno behind it, or 0 */
};

/* The frame has BT_NET_JOIN_BYTES. */
struct bt_hs_join {
	uint8_t cookie[BT_NET_COOKIE_BYTES];
	uint16_t worker, flow; /* from 0 */
};

struct bt_hs_ask {
	uint8_t what; /* a number whose meaning belongs to the tool; COUNTS repeats it */
};

struct bt_hs_counts {
	uint8_t what;
	bool done; /* what was asked for has come about; else it is under way, and may be asked for again */
	struct bt_net_counts counts;
};

struct bt_hs_message {
	enum bt_hs_type type;
	union {
		struct bt_hs_hello hello;
		struct bt_hs_request request;
		struct bt_hs_accept accept;
		struct bt_hs_fail fail;
		struct bt_hs_join join;
		struct bt_hs_ask ask;
		struct bt_hs_counts counts;
	};
};

/* bt_hs_encode - the frame of a message. Returns its length, or -ERANGE for a value that no reader would take. */
int bt_hs_encode(const struct bt_hs_message *m, uint8_t out[BT_HS_MAX]);

/* bt_hs_decode - the frame at the start of len bytes, if its type is in expected (a set of BT_HS_BIT). Returns the bytes it takes
 * with *m filled, its text NUL-terminated printable ASCII; 0 when it goes on beyond len and nothing is wrong so far; else
 *	-EBADMSG          no frame at all
 *	-EPROTONOSUPPORT  of another version
 *	-ENOMSG           of a type that is unknown or not expected now
 *	-EMSGSIZE         longer than its type is
 *	-ENODATA          shorter than its type is
 *	-EPROTO           a value out of its range
 * More of the same stream cannot be read after an error. */
int bt_hs_decode(const uint8_t *bytes, size_t len, unsigned expected, struct bt_hs_message *m);

/* bt_hs_missing - how many bytes more the frame that begins with these len bytes needs at least, when bt_hs_decode finds nothing
 * wrong with them; until its head is there, the rest of the head. So a reader takes no byte of what follows. */
size_t bt_hs_missing(const uint8_t *bytes, size_t len);

/* The secret that both ends know; bytes NULL: none. */
struct bt_hs_token {
	const uint8_t *bytes;
	size_t len;
};

/* bt_hs_prove - fill in the proof of a REQUEST or ACCEPT whose other fields are set; without a token with zeros. */
void bt_hs_prove(struct bt_hs_message *m, struct bt_hs_token token, const uint8_t client_nonce[BT_HS_NONCE],
		 const uint8_t server_nonce[BT_HS_NONCE]);

/* bt_hs_proven - whether the proof in m is the right one, found out in a time that does not tell how wrong it is. Without a token
 * it always is. */
bool bt_hs_proven(const struct bt_hs_message *m, struct bt_hs_token token, const uint8_t client_nonce[BT_HS_NONCE],
		  const uint8_t server_nonce[BT_HS_NONCE]);

#endif
