/* SPDX-License-Identifier: ISC
 *
 * spark - a row of small bars, one column for each value.
 */
#include "spark.h"

#define STEPS 8

static float largest(const float *values, size_t n)
{
	float max = 0;

	for (size_t i = 0; i < n; i++)
		if (values[i] > max)
			max = values[i];
	return max;
}

void bt_spark(struct bt_buf *b, const float *values, size_t n, bool utf8)
{
	static const char ascii[STEPS + 1] = " .:-=+*#";
	float max = largest(values, n);

	for (size_t i = 0; i < n; i++) {
		int step = 0; /* 1..STEPS */
		char block[] = "\xe2\x96\x80"; /* U+2580, the eighths follow it */

		/* The quotient is NaN for infinity by itself. */
		if (values[i] >= 0 && max > 0 && values[i] / max <= 1)
			step = 1 + (int)(values[i] / max * (STEPS - 1) + 0.5f);
		block[2] = (char)(0x80 + step);
		if (utf8 && step > 0)
			bt_buf_str(b, block);
		else
			bt_buf_char(b, step > 0 ? ascii[step - 1] : ' ');
	}
}
