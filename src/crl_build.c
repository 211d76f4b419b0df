/* SPDX-License-Identifier: ISC */
/*
 * The lengths in a CRL's head are known only after its last entry and its
 * signature.  So the entries are written behind room for the head of a long
 * list, and the TBSCertList is signed where it lies.  A shorter list has a
 * shorter head, and all of it moves down to where the file begins.  Memory
 * stays flat, and the file needs no second one beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aside.h"
#include "crl.h"
#include "der.h"
#include "oid.h"

enum {
    CHUNK = 1 << 18,
    /* octets of entries from which on no length in the head gets longer */
    LONG_LIST = 1 << 24,
};

static int write_all(int fd, const uint8_t *p, size_t len, off_t at)
{
    while (len) {
        ssize_t n = pwrite(fd, p, len, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
        at += n;
    }
    return 0;
}

static int read_all(int fd, uint8_t *p, size_t len, off_t at)
{
    while (len) {
        ssize_t n = pread(fd, p, len, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
        at += n;
    }
    return 0;
}

/* What an entry has at most: SEQUENCE { INTEGER, GeneralizedTime, reason }. */
enum { ENTRY_MAX = 2 + 2 + 1 + SERIAL_MAX + 17 + 14 };

/* The encoded date of the entry before: who revokes many does it at once. */
struct date {
    int64_t at;
    struct buf der;
};

static void date_free(struct date *d)
{
    buf_free(&d->der);
}
AUTO_VALUE(date, struct date, date_free)

static const struct buf *date_of(struct date *d, int64_t at)
{
    if (d->der.len == 0 || d->at != at) {
        buf_reset(&d->der);
        der_put_time(&d->der, at);
        d->at = at;
    }
    return &d->der;
}

/* RFC 5280 section 5.1.2.6; a reason of unspecified is left out (5.3.1).  All
 * lengths are short, so that the octets are put as they stand: a list may have
 * a million of them. */
static void put_entry(struct buf *b, const struct crl_entry *entry,
                      struct date *date)
{
    static const uint8_t reason[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
                                     0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01};
    const struct serial *s = &entry->serial;
    const struct buf *when = date_of(date, entry->revoked_at);
    const size_t was = b->len;
    uint8_t *der = buf_extend(b, ENTRY_MAX), *p = der + 2;

    *p++ = DER_INTEGER;
    *p++ = (uint8_t)(s->len + (s->v[0] >> 7));
    if (s->v[0] & 0x80)
        *p++ = 0;
    memcpy(p, s->v, s->len);
    p += s->len;
    memcpy(p, when->data, when->len);
    p += when->len;
    if (entry->reason != REASON_UNSPECIFIED) {
        memcpy(p, reason, sizeof(reason));
        p += sizeof(reason);
        *p++ = (uint8_t)entry->reason;
    }
    der[0] = DER_SEQUENCE;
    der[1] = (uint8_t)(p - der - 2);
    b->len = was + (size_t)(p - der);
}

/* The entries on their way into the file: a part is written while the next one
 * is made. */
struct spool {
    int fd, error; /* errno of what went wrong */
    off_t at;      /* where the next part goes */
    size_t len;    /* of the parts before it */
    struct buf part;
    struct aside aside;
};

static void spool_free(struct spool *s)
{
    aside_wait(&s->aside);
    buf_free(&s->part);
}
AUTO_VALUE(spool, struct spool, spool_free)

/* Of a long list, which is not moved any more, the disk begins with what there
 * is: when fsync() has to write all of it, whoever commits meanwhile waits for
 * that. */
static void spool_run(void *arg)
{
    struct spool *s = arg;

    if (write_all(s->fd, s->part.data, s->part.len, s->at))
        s->error = errno;
    s->at += (off_t)s->part.len;
    s->len += s->part.len;
    if (s->len >= LONG_LIST)
        (void)sync_file_range(s->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int spool_wait(struct spool *s)
{
    aside_wait(&s->aside);
    errno = s->error;
    return s->error ? -1 : 0;
}

/* Takes what is in b, which is empty then. */
static int spool_out(struct spool *s, struct buf *b)
{
    const struct buf next = *b;

    if (spool_wait(s))
        return -1;
    *b = s->part;
    buf_reset(b);
    s->part = next;
    aside_begin(&s->aside, spool_run, s);
    return 0;
}

/* Entries from `at` on; how many, and *len octets. */
static int64_t spool(int fd, off_t at, crl_next_fn *next, void *arg,
                     size_t *len)
{
    AUTO(spool) struct spool s = {.fd = fd, .at = at};
    AUTO(buf) struct buf b = {0};
    AUTO(date) struct date date = {0};
    struct crl_entry entry;
    int64_t count = 0;
    int more;

    while ((more = next(arg, &entry)) == 1) {
        put_entry(&b, &entry, &date);
        count++;
        if (b.len >= CHUNK && spool_out(&s, &b))
            return -1;
    }
    if (more < 0 || spool_out(&s, &b) || spool_wait(&s))
        return -1;
    *len = s.len;
    return count;
}

void crl_put_idp(struct buf *b, const char *url)
{
    size_t seq = der_open(b, DER_SEQUENCE);
    size_t point = der_open(b, DER_CTX_CONS(0));
    size_t full = der_open(b, DER_CTX_CONS(0));

    der_put(b, DER_CTX(6), url, strlen(url));
    der_close(b, full);
    der_close(b, point);
    der_close(b, seq);
}

/* crlExtensions (section 5.2): authority key identifier, number, and what the
 * list covers when that is not everything. */
static void put_tail(struct buf *b, const struct crl_spec *spec)
{
    AUTO(buf) struct buf aki = {0}, number = {0}, idp = {0};
    size_t tagged = der_open(b, DER_CTX_CONS(0));
    size_t exts = der_open(b, DER_SEQUENCE), seq;
    uint8_t v[8];

    seq = der_open(&aki, DER_SEQUENCE);
    der_put(&aki, DER_CTX(0), spec->aki, SKI_LEN);
    der_close(&aki, seq);
    cert_ext_put(b, false, OID(CE_AKI), &aki);
    for (int i = 0; i < 8; i++)
        v[i] = (uint8_t)(spec->number >> (56 - 8 * i));
    der_put_uint(&number, v, sizeof(v));
    cert_ext_put(b, false, OID(CE_CRL_NUMBER), &number);
    if (spec->url) {
        crl_put_idp(&idp, spec->url);
        cert_ext_put(b, true, OID(CE_IDP), &idp);
    }
    der_close(b, exts);
    der_close(b, tagged);
}

/* What comes before the entries of the TBSCertList; tail is its end. */
static void put_tbs_head(struct buf *b, const struct crl_spec *spec,
                         enum sig_alg alg, size_t entries, size_t tail)
{
    AUTO(buf) struct buf fields = {0};

    der_put_int(&fields, 1); /* v2 */
    sig_alg_put(&fields, alg);
    buf_put(&fields, spec->issuer, spec->issuer_len);
    der_put_time(&fields, spec->this_update);
    der_put_time(&fields, spec->next_update);
    if (entries)
        der_put_head(&fields, DER_SEQUENCE, entries);
    der_put_head(b, DER_SEQUENCE, fields.len + entries + tail);
    buf_put(b, fields.data, fields.len);
}

/* Chunk by chunk, each let go again. */
static void sign_streamed(uint8_t *p, size_t from, size_t whole,
                          struct key_signer *s, struct buf *sig)
{
    key_sign_init(s);
    for (size_t at = 0, end; at < whole; at = end) {
        end = whole - at < CHUNK ? whole : at + CHUNK;
        key_sign_update(s, p + from, end - from);
        madvise(p + at, end - at, MADV_DONTNEED);
        from = end;
    }
    key_sign_final(s, sig);
}

/* The len octets at `from`, where they lie.  Ed25519 passes over them twice. */
static int sign_mapped(int fd, off_t from, size_t len, struct key_signer *s,
                       struct buf *sig)
{
    const size_t whole = (size_t)from + len;
    uint8_t *p = mmap(NULL, whole, PROT_READ, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        return -1;
    if (key_signer_streams(s))
        sign_streamed(p, (size_t)from, whole, s, sig);
    else
        key_sign(s, p + from, len, sig);
    munmap(p, whole);
    return 0;
}

/* Moves len octets down, from `from` to `to`. */
static int move_down(int fd, off_t to, off_t from, size_t len)
{
    AUTO(buf) struct buf chunk = {0};
    uint8_t *p = buf_extend(&chunk, CHUNK);

    for (size_t n; len; len -= n) {
        n = len < CHUNK ? len : CHUNK;
        if (read_all(fd, p, n, from) || write_all(fd, p, n, to))
            return -1;
        from += (off_t)n;
        to += (off_t)n;
    }
    return 0;
}

/* Signs the TBSCertList that lies at `from` and makes the whole of it. */
static int finish(int fd, off_t from, size_t len, struct key_signer *s)
{
    AUTO(buf) struct buf sig = {0}, head = {0}, end = {0};
    size_t whole;

    if (sign_mapped(fd, from, len, s, &sig) != 0)
        return -1;
    sig_alg_put(&end, key_signer_alg(s));
    der_put_bits(&end, sig.data, sig.len);
    der_put_head(&head, DER_SEQUENCE, len + end.len);
    whole = head.len + len + end.len;
    if (((off_t)head.len < from && move_down(fd, (off_t)head.len, from, len)) ||
        write_all(fd, head.data, head.len, 0) ||
        write_all(fd, end.data, end.len, (off_t)(head.len + len)))
        return -1;
    return ftruncate(fd, (off_t)whole);
}

/* Where the entries of a long list begin. */
static size_t head_room(const struct crl_spec *spec, enum sig_alg alg,
                        size_t tail)
{
    AUTO(buf) struct buf b = {0};

    der_put_head(&b, DER_SEQUENCE, LONG_LIST);
    put_tbs_head(&b, spec, alg, LONG_LIST, tail);
    return b.len;
}

int64_t crl_build(int fd, const struct crl_spec *spec, struct key_signer *s,
                  crl_next_fn *next, void *arg)
{
    AUTO(buf) struct buf head = {0}, tail = {0};
    const enum sig_alg alg = key_signer_alg(s);
    size_t entries, room;
    int64_t count;
    off_t from;

    put_tail(&tail, spec);
    room = head_room(spec, alg, tail.len);
    count = spool(fd, (off_t)room, next, arg, &entries);
    if (count < 0)
        return -1;
    put_tbs_head(&head, spec, alg, entries, tail.len);
    from = (off_t)(room - head.len);
    if (write_all(fd, head.data, head.len, from) ||
        write_all(fd, tail.data, tail.len, (off_t)(room + entries)) ||
        finish(fd, from, head.len + entries + tail.len, s))
        return -1;
    return count;
}
