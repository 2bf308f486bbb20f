/* SPDX-License-Identifier: ISC
 *
 * slow - how much of a stress test to do: a thread sanitizer runs it fifty times slower.
 */
#ifndef SLOW_H
#define SLOW_H

#if defined(__SANITIZE_THREAD__)
#define SLOW(plain, checked) (checked)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SLOW(plain, checked) (checked)
#endif
#endif
#ifndef SLOW
#define SLOW(plain, checked) (plain)
#endif

#endif
