/* SPDX-License-Identifier: ISC */
/*
 * libmicrohttpd and nothing behind it: what HTTP alone can carry on this
 * machine.  POST reads the whole body, GET has none; either way the answer is
 * 1100 octets, about the chain that a real one carries, or SIZE.
 *
 *   bare_mhd PORT [SIZE | CERT.pem KEY.pem]     until it is killed
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "die.h"

static char answer[16384];
static size_t size = 1100;

static enum MHD_Result handle(void *cls, struct MHD_Connection *c,
                              const char *url, const char *method,
                              const char *version, const char *body,
                              size_t *len, void **state)
{
    static int seen;

    (void)cls, (void)url, (void)method, (void)version, (void)body;
    if (!*state) {
        *state = &seen;
        return MHD_YES;
    }
    if (*len) {
        *len = 0;
        return MHD_YES;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(size, answer, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result ok = MHD_queue_response(c, MHD_HTTP_CREATED, r);
    MHD_destroy_response(r);
    return ok;
}

static char *slurp(const char *path)
{
    static char text[2][65536];
    static int used;
    char *p = text[used++];
    FILE *f = fopen(path, "r");

    if (!f)
        die(1, "%s: %s", path, strerror(errno));
    p[fread(p, 1, sizeof(text[0]) - 1, f)] = 0;
    fclose(f);
    return p;
}

int main(int argc, char **argv)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD;

    if (argc < 2 || argc > 4)
        die(2, "usage: bare_mhd PORT [SIZE | CERT.pem KEY.pem]");
    if (argc == 3)
        size = (size_t)atoi(argv[2]);
    if (size > sizeof(answer))
        die(2, "at most %zu octets", sizeof(answer));
    if (argc == 4) {
        flags |= MHD_USE_TLS;
        tls[0].ptr_value = slurp(argv[2]);
        tls[1].ptr_value = slurp(argv[3]);
    }
    memset(answer, 'a', sizeof(answer));
    struct MHD_Daemon *d = MHD_start_daemon(
        flags, (uint16_t)atoi(argv[1]), NULL, NULL, handle, NULL,
        MHD_OPTION_ARRAY, argc == 4 ? tls : &tls[2], MHD_OPTION_END);
    if (!d)
        die(1, "libmicrohttpd does not start on port %s", argv[1]);
    for (;;)
        pause();
}
