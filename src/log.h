/* SPDX-License-Identifier: ISC */
/*
 * The log: one line of logfmt for each event on standard error, written with
 * a single write(2).  Values are quoted and every foreign octet is escaped.
 * A full pipe never blocks a process: lines are dropped and counted, and the
 * next line that gets through says how many (dropped=N).
 */
#ifndef POCKETCA_LOG_H
#define POCKETCA_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_STOP = 0, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* process: "supervisor", "front", "signer", or NULL for a command, whose
 * lines are "pocketca: text" for a person. */
void log_open(const char *process);
void log_set_level(enum log_level max);
/* Whether a line of this level is written. */
bool log_wants(enum log_level level);

/* A line in the making: log_begin(), a call for each pair, log_end(). */
struct log_line {
    char text[2048];
    size_t len;
    enum log_level level;
};

/* Starts a line: time, level, process and event are in it. */
void log_begin(struct log_line *l, enum log_level level, const char *event);
/* key=value; NULL values are left out; values are cut at 256 octets. */
void log_str(struct log_line *l, const char *key, const char *value);
void log_int(struct log_line *l, const char *key, int64_t value);
void log_fmt(struct log_line *l, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void log_end(struct log_line *l);
/* Between them the lines of this thread are gathered, and written together
 * when PIPE_BUF octets are full, at log_let_go() and before log_fatal() ends.
 */
void log_hold(void);
void log_let_go(void);

/* A line with one key, msg. */
void log_msg(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Logs at LOG_ERROR, then ends the process with _exit(1): a promise of our
 * own is broken and the supervisor starts afresh. */
_Noreturn void log_fatal(const char *event, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
