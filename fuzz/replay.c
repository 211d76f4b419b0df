/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target without a fuzzer: over every file of its seeds, over
 * every truncation of each, and over each with every octet changed.  Each
 * input lies in memory of exactly its length, so that the sanitizers see a
 * read beyond it.
 *
 * fuzz_X reads $srcdir/fuzz/seeds/X, or the directories that it is given.
 * With libFuzzer, after a build with --with-sanitizer=address,undefined and
 * CC=clang, without this file:
 *   clang -fsanitize=fuzzer,address,undefined -Isrc -o fuzz_X fuzz/fuzz_X.c \
 *       libpocketca.a -lcrypto -ljansson -lpthread
 *   ./fuzz_X fuzz/seeds/X
 * What it finds becomes a seed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);

enum { SEED_MAX = 1 << 20, OCTETS_CHANGED = 4096 };

/* What runs now, for the report of a crash. */
static char now[512];

static void crashed(int sig)
{
    (void)!write(STDERR_FILENO, now, strlen(now));
    signal(sig, SIG_DFL);
    raise(sig);
}

static void run(const uint8_t *p, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    if (len)
        memcpy(copy, p, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void mutate(struct buf *seed, const char *path)
{
    static const uint8_t with[] = {0x01, 0x20, 0x80, 0xff};
    size_t octets = seed->len < OCTETS_CHANGED ? seed->len : OCTETS_CHANGED;

    snprintf(now, sizeof(now), "%s as it is\n", path);
    run(seed->data, seed->len);
    for (size_t i = 0; i < octets; i++) {
        uint8_t was = seed->data[i];

        snprintf(now, sizeof(now), "%s cut to %zu octets\n", path, i);
        run(seed->data, i);
        snprintf(now, sizeof(now), "%s with octet %zu changed\n", path, i);
        for (size_t j = 0; j < sizeof(with); j++) {
            seed->data[i] = was ^ with[j];
            run(seed->data, seed->len);
        }
        seed->data[i] = 0;
        run(seed->data, seed->len);
        seed->data[i] = was;
    }
}

static int replay_file(const char *path)
{
    AUTO(file) FILE *f = fopen(path, "rb");
    AUTO(buf) struct buf seed = {0};
    size_t n;

    if (!f) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    buf_extend(&seed, SEED_MAX);
    n = fread(seed.data, 1, SEED_MAX, f);
    seed.len = n;
    mutate(&seed, path);
    return 0;
}

/* How many seeds were replayed; -1 when one could not be. */
static int replay_dir(const char *dir)
{
    struct dirent **list;
    int n = scandir(dir, &list, NULL, alphasort), seeds = 0;

    if (n < 0) {
        fprintf(stderr, "%s: %s\n", dir, strerror(errno));
        return -1;
    }
    for (int i = 0; i < n; i++) {
        AUTO(free) char *path = xasprintf("%s/%s", dir, list[i]->d_name);
        bool hidden = list[i]->d_name[0] == '.';

        free(list[i]);
        if (!hidden && seeds >= 0)
            seeds = replay_file(path) ? -1 : seeds + 1;
    }
    free(list);
    return seeds;
}

/* The X of a program fuzz_X, also when libtool or a path is before it. */
static const char *target_of(const char *program)
{
    const char *at = strrchr(program, '/');

    at = at ? at + 1 : program;
    return strncmp(at, "fuzz_", 5) == 0 ? at + 5 : at;
}

int main(int argc, char **argv)
{
    const char *srcdir = getenv("srcdir");
    AUTO(free)
    char *dir = xasprintf("%s/fuzz/seeds/%s", srcdir ? srcdir : ".",
                          target_of(argv[0]));
    int seeds = 0;

    signal(SIGABRT, crashed);
    signal(SIGSEGV, crashed);
    if (argc < 2)
        seeds = replay_dir(dir);
    for (int i = 1; i < argc && seeds >= 0; i++) {
        int n = replay_dir(argv[i]);

        seeds = n < 0 ? n : seeds + n;
    }
    if (seeds <= 0) {
        fprintf(stderr, "%s: no seeds\n", argv[0]);
        return 1;
    }
    printf("%d seeds\n", seeds);
    return 0;
}
