/* SPDX-License-Identifier: ISC
 *
 * sha256 - tests against the vectors of FIPS 180-4 and RFC 4231, and in pieces of every size.
 */
#include "sha256.h"
#include "unit.h"

static const char *hex(const uint8_t bytes[BT_SHA256_BYTES])
{
	static char text[2 * BT_SHA256_BYTES + 1];

	for (unsigned i = 0; i < BT_SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

static const char *digest(const void *message, size_t len)
{
	uint8_t out[BT_SHA256_BYTES];
	struct bt_sha256 h;

	bt_sha256_init(&h);
	bt_sha256_add(&h, message, len);
	bt_sha256_end(&h, out);
	return hex(out);
}

static void test_known(void)
{
	static char million[1000000];

	memset(million, 'a', sizeof(million));
	CHECK_STR(digest("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(digest("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	CHECK_STR(digest(million, sizeof(million)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around two blocks, in two pieces and in one. */
static void test_pieces(void)
{
	uint8_t bytes[200], out[BT_SHA256_BYTES];
	char whole[2 * BT_SHA256_BYTES + 1];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		snprintf(whole, sizeof(whole), "%s", digest(bytes, len));
		for (size_t cut = 0; cut <= len; cut += 9) {
			struct bt_sha256 h;

			bt_sha256_init(&h);
			bt_sha256_add(&h, bytes, cut);
			bt_sha256_add(&h, bytes + cut, len - cut);
			bt_sha256_end(&h, out);
			CHECK_STR(hex(out), whole);
		}
	}
}

static void test_hmac(void)
{
	uint8_t key[131], out[BT_SHA256_BYTES];

	memset(key, 0x0b, 20);
	bt_sha256_hmac(key, 20, "Hi There", 8, out);
	CHECK_STR(hex(out), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	bt_sha256_hmac("Jefe", 4, "what do ya want for nothing?", 28, out);
	CHECK_STR(hex(out), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	bt_sha256_hmac(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, out);
	CHECK_STR(hex(out), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_equal(void)
{
	uint8_t a[BT_SHA256_BYTES] = { 1 }, b[BT_SHA256_BYTES] = { 1 };

	CHECK(bt_sha256_equal(a, b));
	for (unsigned i = 0; i < BT_SHA256_BYTES; i++) {
		b[i] ^= 0x80;
		CHECK(!bt_sha256_equal(a, b));
		b[i] ^= 0x80;
	}
}

static const struct unit_test tests[] = {
	{ "vectors of FIPS 180-4", test_known },
	{ "a message in pieces", test_pieces },
	{ "vectors of RFC 4231", test_hmac },
	{ "codes that differ anywhere differ", test_equal },
	{ NULL, NULL }
};

int main(int argc, char **argv)
{
	return unit_main(tests, argc, argv);
}
