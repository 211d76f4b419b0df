/* SPDX-License-Identifier: ISC */
#include "cmd_import_spool.h"

#include <errno.h>

#include "crl.h"

int spool_open(struct spool *s)
{
    for (size_t i = 0; i < COUNT(s->files); i++)
        if (!(s->files[i] = tmpfile()))
            return -1;
    return 0;
}

void spool_close(struct spool *s)
{
    for (size_t i = 0; i < COUNT(s->files); i++)
        if (s->files[i])
            fclose(s->files[i]);
    *s = (struct spool){0};
}

static size_t turn_of(const struct msg_import_item *m)
{
    if (m->kind == IMPORT_SERIAL)
        return m->reason == REASON_KEY_COMPROMISE ? 0 : 1;
    return m->kind == IMPORT_CERT ? 2 : 3;
}

int spool_put(struct spool *s, const char *source,
              const struct msg_import_item *m)
{
    FILE *f = s->files[turn_of(m)];
    AUTO(buf) struct buf b = {0}, head = {0};

    buf_str(&b, source);
    msg_import_item_put(&b, m);
    buf_u32(&head, (uint32_t)b.len);
    return fwrite(head.data, 1, head.len, f) == head.len &&
                   fwrite(b.data, 1, b.len, f) == b.len
               ? 0
               : -1;
}

int spool_rewind(struct spool *s)
{
    /* What is still in a buffer may be what the disk has no room for. */
    for (size_t i = 0; i < COUNT(s->files); i++)
        if (fseek(s->files[i], 0, SEEK_SET) < 0)
            return -1;
    return 0;
}

static int next_of(FILE *f, struct buf *item)
{
    uint8_t head[4];
    size_t got = fread(head, 1, sizeof(head), f);
    struct rd rd = rd_of(head, sizeof(head));
    uint32_t len;

    if (got == 0 && feof(f))
        return 0;
    len = rd_u32(&rd);
    buf_reset(item);
    if (got == sizeof(head) && fread(buf_extend(item, len), 1, len, f) == len)
        return 1;
    if (!ferror(f))
        errno = EIO; /* cut */
    return -1;
}

int spool_next(struct spool *s, struct buf *item)
{
    int r = 0;

    for (size_t i = 0; i < COUNT(s->files) && r == 0; i++)
        r = next_of(s->files[i], item);
    return r;
}
