/* SPDX-License-Identifier: ISC */
#include "cmd_import_spool.h"

int spool_open(struct spool *s)
{
    s->certs = tmpfile();
    s->serials = tmpfile();
    return s->certs && s->serials ? 0 : -1;
}

void spool_close(struct spool *s)
{
    if (s->certs)
        fclose(s->certs);
    if (s->serials)
        fclose(s->serials);
    *s = (struct spool){0};
}

int spool_put(struct spool *s, const char *source,
              const struct msg_import_item *m)
{
    FILE *f = m->kind == IMPORT_CERT ? s->certs : s->serials;
    AUTO(buf) struct buf b = {0}, head = {0};

    buf_str(&b, source);
    msg_import_item_put(&b, m);
    buf_u32(&head, (uint32_t)b.len);
    return fwrite(head.data, 1, head.len, f) == head.len &&
                   fwrite(b.data, 1, b.len, f) == b.len
               ? 0
               : -1;
}

void spool_rewind(struct spool *s)
{
    rewind(s->certs);
    rewind(s->serials);
}

static bool next_of(FILE *f, struct buf *item)
{
    uint8_t head[4];
    struct rd rd;
    uint32_t len;

    buf_reset(item);
    if (fread(head, 1, sizeof(head), f) != sizeof(head))
        return false;
    rd = rd_of(head, sizeof(head));
    len = rd_u32(&rd);
    return fread(buf_extend(item, len), 1, len, f) == len;
}

bool spool_next(struct spool *s, struct buf *item)
{
    return next_of(s->certs, item) || next_of(s->serials, item);
}
