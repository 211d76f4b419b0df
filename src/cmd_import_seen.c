/* SPDX-License-Identifier: ISC */
#include "cmd_import_seen.h"

#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "digest.h"

enum { PRINT = 8, FIRST_SIZE = 1024 };

struct seen_row {
    struct serial serial; /* empty: the row is */
    bool cert, revoked;
    uint8_t print[PRINT]; /* of the certificate */
};

void seen_free(struct seen *s)
{
    free(s->v);
    *s = (struct seen){0};
}

/* FNV-1a: a hostile list of serials only makes its own dry run slow. */
static size_t slot(const struct seen *s, const struct serial *serial)
{
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < serial->len; i++)
        h = (h ^ serial->v[i]) * 0x100000001b3;
    return (size_t)(h ^ h >> 32) & (s->size - 1);
}

/* The row of the serial, or the empty one where it belongs. */
static struct seen_row *find(const struct seen *s, const struct serial *serial)
{
    size_t i = slot(s, serial);

    while (s->v[i].serial.len && !serial_equal(&s->v[i].serial, serial))
        i = (i + 1) & (s->size - 1);
    return &s->v[i];
}

static void grow(struct seen *s)
{
    struct seen bigger = {.size = s->size ? 2 * s->size : FIRST_SIZE,
                          .n = s->n};

    bigger.v = xcalloc(bigger.size, sizeof(*bigger.v));
    for (size_t i = 0; i < s->size; i++)
        if (s->v[i].serial.len)
            *find(&bigger, &s->v[i].serial) = s->v[i];
    free(s->v);
    *s = bigger;
}

static struct seen_row *row_of(struct seen *s, const struct serial *serial)
{
    struct seen_row *row;

    if (2 * s->n >= s->size)
        grow(s);
    row = find(s, serial);
    s->n += row->serial.len == 0;
    row->serial = *serial;
    return row;
}

static enum import_outcome see_cert(struct seen *s, const struct buf *der,
                                    const char **why)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};
    uint8_t sha256[32];
    struct seen_row *row;

    if (cert_parse_any(&c, der->data, der->len, &e) != 0)
        return IMPORT_NEW; /* the signer has read it */
    digest_sum(DIGEST_SHA256, der->data, der->len, sha256);
    row = row_of(s, &c.serial);
    if (row->cert && memcmp(row->print, sha256, PRINT) == 0)
        return IMPORT_KNOWN;
    if (row->cert) {
        *why = "another certificate of the authority has its serial number "
               "already";
        return IMPORT_REFUSED;
    }
    row->cert = true;
    memcpy(row->print, sha256, PRINT);
    return IMPORT_NEW;
}

enum import_outcome seen_outcome(struct seen *s,
                                 const struct msg_import_item *m,
                                 enum import_outcome said, const char **why)
{
    struct seen_row *row;

    if (m->kind == IMPORT_CERT)
        return said == IMPORT_NEW ? see_cert(s, &m->der, why) : said;
    if (m->kind == IMPORT_NAMED) {
        if (said != IMPORT_MISSING || !s->size)
            return said;
        row = find(s, &m->serial);
        return row->serial.len && row->cert ? IMPORT_KNOWN : said;
    }
    if (said != IMPORT_NEW)
        return said;
    row = row_of(s, &m->serial);
    said = row->revoked ? IMPORT_KNOWN : IMPORT_NEW;
    row->revoked = true;
    return said;
}
