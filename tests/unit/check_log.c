/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/wait.h>

#include "log.h"
#include "unit.h"

static int saved_stderr, out[2];

static void divert(void)
{
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    saved_stderr = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(out[1], STDERR_FILENO), 0);
    log_open("front");
}

static size_t restore(char *text, size_t size)
{
    ssize_t n;

    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(out[1]);
    n = read(out[0], text, size - 1);
    close(out[0]);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    return (size_t)n;
}

START_TEST(one_event_is_one_line)
{
    struct log_line l;
    char text[4096];

    divert();
    log_begin(&l, LOG_INFO, "request");
    log_str(&l, "path", "/v1/\"x\"\n\x1b[0m=\xff level=error");
    log_str(&l, "none", NULL);
    log_str(&l, "empty", "");
    log_int(&l, "status", -5);
    log_fmt(&l, "us", "%d", 7);
    log_end(&l);
    restore(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " level=info proc=front event=request"));
    ck_assert_ptr_nonnull(
        strstr(text, " path=\"/v1/\\\"x\\\"\\x0a\\x1b[0m=\\xff level=error\""
                     " empty=\"\" status=-5 us=7\n"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert_ptr_null(strstr(text, "none"));
}
END_TEST

START_TEST(a_long_line_is_cut_and_ends)
{
    char text[4096], value[1000];
    struct log_line l;
    size_t n;

    memset(value, '"', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    divert();
    log_begin(&l, LOG_WARN, "x");
    for (int i = 0; i < 20; i++)
        log_str(&l, "v", value);
    log_end(&l);
    n = restore(text, sizeof(text));
    ck_assert_uint_le(n, sizeof(l.text));
    ck_assert_int_eq(text[n - 1], '\n');
}
END_TEST

START_TEST(a_full_pipe_does_not_block_and_is_counted)
{
    char text[1 << 17];
    struct log_line l;

    divert();
    fcntl(out[1], F_SETPIPE_SZ, 4096);
    for (int i = 0; i < 200; i++)
        log_msg(LOG_INFO, "fill", "%0200d", i);
    ck_assert_int_gt(read(out[0], text, sizeof(text)), 0);
    while (fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 &&
           read(out[0], text, sizeof(text)) > 0)
        ;
    fcntl(out[0], F_SETFL, 0);
    log_begin(&l, LOG_INFO, "after");
    log_end(&l);
    restore(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "event=after dropped="));
}
END_TEST

START_TEST(levels_below_are_left_out)
{
    char text[256];

    divert();
    log_set_level(LOG_WARN);
    log_msg(LOG_INFO, "quiet", "x");
    log_msg(LOG_WARN, "loud", "x");
    log_set_level(LOG_INFO);
    restore(text, sizeof(text));
    ck_assert_ptr_null(strstr(text, "quiet"));
    ck_assert_ptr_nonnull(strstr(text, "event=loud msg=x\n"));
}
END_TEST

START_TEST(lines_that_are_held_go_together)
{
    char text[PIPE_BUF + 1];
    struct log_line l;
    int waiting = -1;

    divert();
    log_hold();
    log_msg(LOG_INFO, "first", "x");
    log_msg(LOG_INFO, "second", "x");
    ck_assert_int_eq(ioctl(out[0], FIONREAD, &waiting), 0);
    ck_assert_int_eq(waiting, 0);
    /* What does not fit goes at once, what comes then is held. */
    for (int i = 0; i < 4; i++) {
        log_begin(&l, LOG_INFO, "long");
        for (int v = 0; v < 5; v++)
            log_fmt(&l, "v", "%0200d", i);
        log_end(&l);
    }
    ck_assert_int_eq(ioctl(out[0], FIONREAD, &waiting), 0);
    ck_assert_int_gt(waiting, 3 * 1000);
    ck_assert_int_le(waiting, PIPE_BUF);
    ck_assert_int_eq(read(out[0], text, sizeof(text) - 1), waiting);
    text[waiting] = '\0';
    ck_assert_ptr_nonnull(strstr(text, "event=first msg=x\n"));
    ck_assert_ptr_nonnull(strstr(strstr(text, "event=first"), "event=second"));
    log_let_go();
    log_msg(LOG_INFO, "after", "x");
    restore(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(strstr(text, "event=long"), "event=after"));
}
END_TEST

START_TEST(held_lines_that_are_lost_are_counted)
{
    char text[1 << 17];

    divert();
    fcntl(out[1], F_SETPIPE_SZ, 4096);
    log_msg(LOG_INFO, "fill", "%01000d", 1); /* the pipe is no longer empty */
    log_hold();
    for (int i = 0; i < 200; i++)
        log_msg(LOG_INFO, "held", "%d", i);
    log_let_go();
    ck_assert_int_gt(read(out[0], text, sizeof(text)), 0);
    log_msg(LOG_INFO, "after", "x");
    restore(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " dropped="));
    ck_assert_int_gt(atoi(strstr(text, " dropped=") + 9), 150);
    ck_assert_int_le(atoi(strstr(text, " dropped=") + 9), 200);
}
END_TEST

/* What was held is the story of the end. */
START_TEST(the_end_writes_what_is_held)
{
    char text[1024];
    int status;

    divert();
    if (fork() == 0) {
        log_hold();
        log_msg(LOG_INFO, "before", "x");
        log_fatal("end", "y");
    }
    wait(&status);
    restore(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "event=before"));
    ck_assert_ptr_nonnull(strstr(strstr(text, "event=before"), "event=end"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_event_is_one_line,
        a_long_line_is_cut_and_ends,
        a_full_pipe_does_not_block_and_is_counted,
        levels_below_are_left_out,
        lines_that_are_held_go_together,
        held_lines_that_are_lost_are_counted,
        the_end_writes_what_is_held,
    };

    return unit_run("log", tests, COUNT(tests));
}
