/* SPDX-License-Identifier: ISC
 *
 * base64 - bytes as text (RFC 4648, section 4): the standard alphabet, padded, no line breaks.
 */
#ifndef BT_BASE64_H
#define BT_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* bt_base64_encode - write len bytes as (len + 2) / 3 * 4 characters, no NUL. Returns their number. */
size_t bt_base64_encode(char *out, const uint8_t *in, size_t len);

/* bt_base64_decode - read len characters into out, which has room for len / 4 * 3 bytes. Returns the number of bytes, or
 * -EINVAL for anything but whole groups of four with padding only at the end and no bits set behind the last byte. Also
 * for no text at all. */
int bt_base64_decode(uint8_t *out, const char *text, size_t len);

#endif
