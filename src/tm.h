/* SPDX-License-Identifier: ISC */
/*
 * Time: seconds since 1970-01-01T00:00:00Z in int64_t, always UTC, never the
 * C library's time zone.  Years 1950, the first of UTCTime, to 9999.
 */
#ifndef POCKETCA_TM_H
#define POCKETCA_TM_H

#include <stddef.h>
#include <stdint.h>

#define TM_MINUTE INT64_C(60)
#define TM_HOUR INT64_C(3600)
#define TM_DAY INT64_C(86400)
/* 1950-01-01T00:00:00Z */
#define TM_FIRST INT64_C(-631152000)
/* 9999-12-31T23:59:59Z, "no well-defined end" of RFC 5280 section 4.1.2.5. */
#define TM_LAST INT64_C(253402300799)

struct tm_civil {
    int year, month, day, hour, minute, second; /* month and day from 1 */
};

int64_t tm_now(void);
/* Microseconds of the monotonic clock, for deadlines and latencies. */
int64_t tm_mono_us(void);
/* Microseconds of CPU that this thread has used. */
int64_t tm_work_us(void);
/* The same, up to ten milliseconds ago, for a fifth of the time. */
int64_t tm_mono_coarse_us(void);
/* Seconds of CLOCK_BOOTTIME, which no one sets. */
int64_t tm_boot(void);

void tm_to_civil(int64_t t, struct tm_civil *c);
/* -1 when a field is out of range (February 30). */
int tm_from_civil(const struct tm_civil *c, int64_t *t);

enum { TM_RFC3339_SIZE = 21, TM_HTTP_SIZE = 30 };
/* "2026-11-23T09:25:53Z" (RFC 3339); out has TM_RFC3339_SIZE octets. */
void tm_rfc3339(char *out, int64_t t);
/* "Mon, 23 Nov 2026 09:25:53 GMT" (RFC 9110 section 5.6.7). */
void tm_http(char *out, int64_t t);
/* RFC 3339 with Z or an offset, from 1970 on; fractions are cut; -1 when
 * malformed. */
int tm_parse_rfc3339(const char *s, int64_t *t);
/* IMF-fixdate only; -1 when malformed. */
int tm_parse_http(const char *s, int64_t *t);

/* "90d", "12h", "30m", "45s", "10y" (365 days each): one number and one unit,
 * more than zero, at most 100 years; -1 otherwise. */
int tm_parse_span(const char *s, int64_t *seconds);
/* The same the other way, in the largest unit that fits without a rest. */
void tm_print_span(char *out, size_t size, int64_t seconds);

#endif
