/* SPDX-License-Identifier: ISC */
/*
 * pocketca whose clock is wrong: by as many seconds as the file $CLOCK says,
 * in decimal digits, at any time.  Linked with --wrap=tm_now.
 */
#include <stdio.h>
#include <stdlib.h>

#include <fcntl.h>
#include <sys/mman.h>

#include "tm.h"

enum { SIZE = 4096 };

int64_t __real_tm_now(void);
int64_t __wrap_tm_now(void);

static const char *text;

/* Before a sandbox shuts the file system. */
__attribute__((constructor)) static void map(void)
{
    const char *path = getenv("CLOCK");
    const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    text = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
    if (text == MAP_FAILED) {
        perror("clocked: CLOCK");
        exit(1);
    }
}

int64_t __wrap_tm_now(void)
{
    return __real_tm_now() + strtoll(text, NULL, 10);
}
