/* SPDX-License-Identifier: ISC */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>
#include <poll.h>

#include "tm.h"

enum { VALUE_MAX = 256, TAIL = 32 };

static const char *process_name;
static enum log_level level_max = LOG_INFO;
static atomic_uint dropped;

static const char *const level_names[] = {"", "error", "warn", "info", "debug"};

void log_open(const char *process)
{
    process_name = process;
}

void log_set_level(enum log_level max)
{
    level_max = max;
}

bool log_wants(enum log_level level)
{
    return level <= level_max;
}

static void append(struct log_line *l, const char *s, size_t len)
{
    size_t room = sizeof(l->text) - TAIL - l->len;

    if (len > room)
        len = room;
    memcpy(l->text + l->len, s, len);
    l->len += len;
}

static void append_escaped(struct log_line *l, const char *value)
{
    char hex[5];

    for (size_t i = 0; value[i] && i < VALUE_MAX; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c == '"' || c == '\\') {
            append(l, (char[]){'\\', (char)c}, 2);
        } else if (c >= 0x20 && c < 0x7f) {
            append(l, &value[i], 1);
        } else {
            snprintf(hex, sizeof(hex), "\\x%02x", c);
            append(l, hex, 4);
        }
    }
}

static bool is_plain(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++)
        if (*value <= 0x20 || *value >= 0x7f || *value == '"' ||
            *value == '=' || *value == '\\')
            return false;
    return true;
}

void log_str(struct log_line *l, const char *key, const char *value)
{
    if (!value)
        return;
    append(l, " ", 1);
    append(l, key, strlen(key));
    append(l, "=", 1);
    if (is_plain(value)) {
        append(l, value, strnlen(value, VALUE_MAX));
        return;
    }
    append(l, "\"", 1);
    append_escaped(l, value);
    append(l, "\"", 1);
}

void log_int(struct log_line *l, const char *key, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    log_str(l, key, text);
}

__attribute__((format(printf, 3, 0))) static void
log_vfmt(struct log_line *l, const char *key, const char *fmt, va_list ap)
{
    char text[2 * VALUE_MAX];

    vsnprintf(text, sizeof(text), fmt, ap);
    log_str(l, key, text);
}

void log_fmt(struct log_line *l, const char *key, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_vfmt(l, key, fmt, ap);
    va_end(ap);
}

void log_begin(struct log_line *l, enum log_level level, const char *event)
{
    char when[TM_RFC3339_SIZE];

    l->len = 0;
    l->level = level;
    if (!process_name)
        return;
    tm_rfc3339(when, tm_now());
    append(l, "time=", 5);
    append(l, when, strlen(when));
    log_str(l, "level", level_names[level]);
    log_str(l, "proc", process_name);
    log_str(l, "event", event);
}

/* What this thread gathers between log_hold() and log_let_go(). */
static _Thread_local struct {
    char text[PIPE_BUF];
    size_t len;
    unsigned lines; /* with those that were lost before them */
    bool on;
} held;

static void emit(const char *text, size_t len, unsigned lines)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    /* A pipe that is writable takes PIPE_BUF octets without blocking. */
    if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT) ||
        write(STDERR_FILENO, text, len) < 0)
        atomic_fetch_add(&dropped, lines);
}

static void emit_held(void)
{
    if (held.len)
        emit(held.text, held.len, held.lines);
    held.len = 0;
    held.lines = 0;
}

void log_hold(void)
{
    held.on = true;
}

void log_let_go(void)
{
    held.on = false;
    emit_held();
}

void log_end(struct log_line *l)
{
    unsigned lost;
    int n;

    if (!log_wants(l->level))
        return;
    lost = atomic_exchange(&dropped, 0);
    if (lost) {
        n = snprintf(l->text + l->len, TAIL, " dropped=%u", lost);
        l->len += (size_t)n;
    }
    l->text[l->len++] = '\n';
    if (!held.on) {
        emit(l->text, l->len, lost + 1);
        return;
    }
    if (held.len + l->len > sizeof(held.text))
        emit_held();
    memcpy(held.text + held.len, l->text, l->len);
    held.len += l->len;
    held.lines += lost + 1;
}

__attribute__((format(printf, 3, 0))) static void
message(enum log_level level, const char *event, const char *fmt, va_list ap)
{
    struct log_line l;

    log_begin(&l, level, event);
    if (process_name) {
        log_vfmt(&l, "msg", fmt, ap);
    } else {
        char text[1500];

        vsnprintf(text, sizeof(text), fmt, ap);
        append(&l, "pocketca: ", 10);
        append(&l, text, strlen(text));
    }
    log_end(&l);
}

void log_msg(enum log_level level, const char *event, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    message(level, event, fmt, ap);
    va_end(ap);
}

void log_fatal(const char *event, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    message(LOG_ERROR, event, fmt, ap);
    va_end(ap);
    emit_held();
    _exit(1);
}
