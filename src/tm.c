/* SPDX-License-Identifier: ISC */
#include "tm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ascii.h"
#include "mem.h"

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr",
                                        "May", "Jun", "Jul", "Aug",
                                        "Sep", "Oct", "Nov", "Dec"};
/* Those of TM_FIRST and the days behind it. */
static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed",
                                     "Thu", "Fri", "Sat"};
enum { YEAR_FIRST = 1950, YEAR_LAST = 9999 };

static void clock_read(clockid_t id, struct timespec *ts)
{
    if (clock_gettime(id, ts) < 0)
        abort();
}

int64_t tm_now(void)
{
    struct timespec ts;

    clock_read(CLOCK_REALTIME, &ts);
    return ts.tv_sec;
}

static int64_t clock_us(clockid_t clock)
{
    struct timespec ts;

    clock_read(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t tm_mono_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

int64_t tm_work_us(void)
{
    return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t tm_mono_coarse_us(void)
{
    struct timespec ts;

    clock_read(CLOCK_MONOTONIC_COARSE, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t tm_boot(void)
{
    struct timespec ts;

    clock_read(CLOCK_BOOTTIME, &ts);
    return ts.tv_sec;
}

static int is_leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[m - 1] + (m == 2 && is_leap(y));
}

/* Days since TM_FIRST of the first day of year y. */
static int year_start(int y)
{
    y -= 1;
    return y * 365 + y / 4 - y / 100 + y / 400 - 711857;
}

/* Days of a year before the first one of month m. */
static int month_start(int y, int m)
{
    static const int before[] = {0,   31,  59,  90,  120, 151,
                                 181, 212, 243, 273, 304, 334};

    return before[m - 1] + (m > 2 && is_leap(y));
}

/* Seconds since TM_FIRST, in range. */
static int64_t since_first(int64_t t)
{
    return (t < TM_FIRST ? TM_FIRST : t > TM_LAST ? TM_LAST : t) - TM_FIRST;
}

void tm_to_civil(int64_t t, struct tm_civil *c)
{
    int days = (int)(since_first(t) / TM_DAY);
    int rest = (int)(since_first(t) % TM_DAY), year = YEAR_FIRST + days / 366;

    while (year_start(year + 1) <= days)
        year++;
    days -= year_start(year);
    c->year = year;
    c->month = days / 31 + 1;
    if (c->month < 12 && days >= month_start(year, c->month + 1))
        c->month++;
    c->day = days - month_start(year, c->month) + 1;
    c->hour = rest / 3600;
    c->minute = rest / 60 % 60;
    c->second = rest % 60;
}

int tm_from_civil(const struct tm_civil *c, int64_t *t)
{
    int64_t days;

    if (c->year < YEAR_FIRST || c->year > YEAR_LAST || c->month < 1 ||
        c->month > 12 || c->day < 1 || c->day > month_days(c->year, c->month) ||
        c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 ||
        c->second < 0 || c->second > 59)
        return -1;
    days = year_start(c->year) + month_start(c->year, c->month) + c->day - 1;
    *t = TM_FIRST + days * TM_DAY + c->hour * TM_HOUR + c->minute * TM_MINUTE +
         c->second;
    return 0;
}

static void put_two(char *out, int n)
{
    out[0] = (char)('0' + n / 10 % 10);
    out[1] = (char)('0' + n % 10);
}

/* By hand: it is in every line of the logs, and snprintf() was most of it. */
void tm_rfc3339(char *out, int64_t t)
{
    struct tm_civil c;

    memcpy(out, "0000-00-00T00:00:00Z", TM_RFC3339_SIZE);
    tm_to_civil(t, &c);
    put_two(out, c.year / 100);
    put_two(out + 2, c.year);
    put_two(out + 5, c.month);
    put_two(out + 8, c.day);
    put_two(out + 11, c.hour);
    put_two(out + 14, c.minute);
    put_two(out + 17, c.second);
}

void tm_http(char *out, int64_t t)
{
    struct tm_civil c;

    tm_to_civil(t, &c);
    snprintf(out, TM_HTTP_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             day_names[since_first(t) / TM_DAY % 7], (unsigned)c.day % 100,
             month_names[c.month - 1], (unsigned)c.year % 10000,
             (unsigned)c.hour % 100, (unsigned)c.minute % 100,
             (unsigned)c.second % 100);
}

/* Exactly n digits at *s, moved past. */
static int digits(const char **s, int n, int *out)
{
    int v = 0;

    for (int i = 0; i < n; i++, (*s)++) {
        if (!ascii_is_digit(**s))
            return -1;
        v = v * 10 + (**s - '0');
    }
    *out = v;
    return 0;
}

static int literal(const char **s, char c)
{
    if (**s != c)
        return -1;
    (*s)++;
    return 0;
}

static int parse_clock(const char **s, struct tm_civil *c)
{
    return digits(s, 2, &c->hour) || literal(s, ':') ||
                   digits(s, 2, &c->minute) || literal(s, ':') ||
                   digits(s, 2, &c->second)
               ? -1
               : 0;
}

static int parse_offset(const char **s, int64_t *offset)
{
    int hour, minute, sign = **s == '-' ? -1 : 1;

    *offset = 0;
    if (**s == 'Z' || **s == 'z')
        return literal(s, **s);
    if (**s != '+' && **s != '-')
        return -1;
    (*s)++;
    if (digits(s, 2, &hour) || literal(s, ':') || digits(s, 2, &minute) ||
        hour > 23 || minute > 59)
        return -1;
    *offset = sign * (hour * TM_HOUR + minute * TM_MINUTE);
    return 0;
}

int tm_parse_rfc3339(const char *s, int64_t *t)
{
    struct tm_civil c;
    int64_t local, offset;

    if (digits(&s, 4, &c.year) || literal(&s, '-') ||
        digits(&s, 2, &c.month) || literal(&s, '-') || digits(&s, 2, &c.day))
        return -1;
    if (*s != 'T' && *s != 't')
        return -1;
    s++;
    if (parse_clock(&s, &c))
        return -1;
    if (*s == '.') {
        size_t n = strspn(s + 1, "0123456789");

        if (n == 0)
            return -1;
        s += 1 + n;
    }
    if (parse_offset(&s, &offset) || *s || tm_from_civil(&c, &local) ||
        local < offset || local > TM_LAST + offset)
        return -1;
    *t = local - offset;
    return 0;
}

int tm_parse_http(const char *s, int64_t *t)
{
    struct tm_civil c = {0};

    if (strlen(s) != TM_HTTP_SIZE - 1 || s[3] != ',' || s[4] != ' ')
        return -1;
    s += 5;
    if (digits(&s, 2, &c.day) || literal(&s, ' '))
        return -1;
    for (int m = 0; m < 12; m++)
        if (strncmp(s, month_names[m], 3) == 0)
            c.month = m + 1;
    s += 3;
    if (literal(&s, ' ') || digits(&s, 4, &c.year) || literal(&s, ' ') ||
        parse_clock(&s, &c) || strcmp(s, " GMT") != 0)
        return -1;
    return tm_from_civil(&c, t);
}

static const struct {
    char unit;
    int64_t seconds;
} units[] = {{'y', 365 * TM_DAY}, {'d', TM_DAY}, {'h', TM_HOUR},
             {'m', TM_MINUTE},    {'s', 1}};

int tm_parse_span(const char *s, int64_t *seconds)
{
    size_t n = strspn(s, "0123456789");
    int64_t v;

    if (n == 0 || n > 10 || s[n] == '\0' || s[n + 1] != '\0')
        return -1;
    v = strtoll(s, NULL, 10);
    for (size_t i = 0; i < COUNT(units); i++)
        if (s[n] == units[i].unit) {
            if (v < 1 || v > 100 * 365 * TM_DAY / units[i].seconds)
                return -1;
            *seconds = v * units[i].seconds;
            return 0;
        }
    return -1;
}

void tm_print_span(char *out, size_t size, int64_t seconds)
{
    size_t i = 0;

    while (units[i].seconds > 1 && seconds % units[i].seconds)
        i++;
    snprintf(out, size, "%" PRId64 "%c", seconds / units[i].seconds,
             units[i].unit);
}
