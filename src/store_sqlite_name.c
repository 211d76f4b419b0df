/* SPDX-License-Identifier: ISC */
/*
 * The name index: one row for each name of a certificate, under a key that
 * begins with what a search fixes.
 */
#include "store_sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "pattern.h"

static unsigned labels(const char *name)
{
    unsigned n = 1;

    for (; *name; name++)
        n += *name == '.';
    return n;
}

static int64_t class_of(enum name_kind kind, unsigned labels)
{
    return (int64_t)kind * SQ_CLASS_KIND + labels;
}

static void put_reversed(struct buf *key, const char *s)
{
    for (size_t n = strlen(s); n > 0; n--)
        buf_putc(key, (uint8_t)s[n - 1]);
}

int64_t sq_name_key(const struct name *n, struct buf *key)
{
    switch (n->kind) {
    case NAME_DNS:
        put_reversed(key, n->value);
        return class_of(NAME_DNS, labels(n->value));
    case NAME_IP:
        buf_put(key, n->ip, n->ip_len);
        return class_of(NAME_IP, n->ip_len);
    case NAME_EMAIL:
        put_reversed(key, n->value);
        break;
    case NAME_URI:
    case NAME_CN:
        buf_puts(key, n->value);
        break;
    default:
        abort();
    }
    return class_of(n->kind, 0);
}

void sq_name_range_free(struct sq_name_range *r)
{
    buf_free(&r->from);
    buf_free(&r->to);
}

/* The first key behind all that begin with `from`. */
static void end_prefix(struct sq_name_range *r)
{
    buf_put(&r->to, r->from.data, r->from.len);
    while (r->to.len && r->to.data[r->to.len - 1] == 0xff)
        r->to.len--;
    if (r->to.len)
        r->to.data[r->to.len - 1]++;
}

static void exact(const struct pattern *p, struct sq_name_range *r)
{
    const struct name n = {.kind = p->kind, .value = p->value};

    r->first = r->last = sq_name_key(&n, &r->from);
    buf_put(&r->to, r->from.data, r->from.len);
    buf_putc(&r->to, 0);
}

/* Names below a domain, or mailboxes at it. */
static void below(const struct pattern *p, struct sq_name_range *r)
{
    unsigned n = labels(p->value);

    put_reversed(&r->from, p->value);
    buf_putc(&r->from, p->kind == NAME_EMAIL ? '@' : '.');
    end_prefix(r);
    if (p->kind == NAME_EMAIL) {
        r->first = r->last = class_of(NAME_EMAIL, 0);
        return;
    }
    r->first = class_of(NAME_DNS, n + 1);
    r->last = p->how == PATTERN_ONE ? r->first
                                    : class_of(NAME_DNS, SQ_CLASS_KIND - 1);
}

static void net(const struct pattern *p, struct sq_name_range *r)
{
    uint8_t last[16];
    unsigned bits = p->ip_len * 8U;

    memcpy(last, p->ip, p->ip_len);
    for (unsigned i = p->prefix; i < bits; i++)
        last[i / 8] |= (uint8_t)(0x80 >> i % 8);
    r->first = r->last = class_of(NAME_IP, p->ip_len);
    buf_put(&r->from, p->ip, p->ip_len);
    buf_put(&r->to, last, p->ip_len);
    buf_putc(&r->to, 0);
}

void sq_name_range(const struct pattern *p, struct sq_name_range *out)
{
    *out = (struct sq_name_range){0};
    switch (p->how) {
    case PATTERN_EXACT:
        exact(p, out);
        break;
    case PATTERN_ONE:
    case PATTERN_SUFFIX:
        below(p, out);
        break;
    case PATTERN_PREFIX:
        out->first = out->last = class_of(p->kind, 0);
        buf_puts(&out->from, p->value);
        end_prefix(out);
        if (p->kind != NAME_CN)
            buf_putc(&out->from, 0); /* longer than the prefix itself */
        break;
    case PATTERN_NET:
        net(p, out);
        break;
    case PATTERN_ALL:
        out->first = class_of(p->kind, 0);
        out->last = class_of(p->kind, SQ_CLASS_KIND - 1);
        break;
    default:
        abort();
    }
}

static enum store_result put(struct sq_conn *c, const struct name *n,
                             uint64_t leaf, struct buf *key)
{
    int64_t class;

    buf_reset(key);
    class = sq_name_key(n, key);
    return sq_do(c, SQL_NAME_PUT, "ibi", class, key->data, key->len,
                 (int64_t)leaf);
}

enum store_result sq_names_put(struct sq_conn *c, const struct cert *cert,
                               const struct names *more, uint64_t leaf)
{
    enum store_result r = STORE_OK;
    AUTO(buf) struct buf key = {0};

    for (size_t i = 0; i < cert->names.n && r == STORE_OK; i++)
        r = put(c, &cert->names.v[i], leaf, &key);
    for (size_t i = 0; i < more->n && r == STORE_OK; i++)
        r = put(c, &more->v[i], leaf, &key);
    return r;
}

enum store_result sq_name_has(struct store_conn *base, const struct name *n,
                              uint64_t leaf)
{
    struct sq_conn *c = sq_of(base);
    AUTO(buf) struct buf key = {0};
    int64_t class = sq_name_key(n, &key);
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_NAME_HAS, "ibi", class, key.data, key.len,
                               (int64_t)leaf);

    return sq_next(c, st);
}

struct walk {
    int64_t class;
    struct buf key;
    int64_t leaf;
};

/* Goes one chunk on; STORE_NONE at the end. */
static enum store_result walk_on(struct sq_conn *c, struct walk *w,
                                 uint64_t end, uint64_t *n)
{
    AUTO(buf) struct buf key = w->key;
    AUTO(stmt)
    sqlite3_stmt *st = sq_bind(c, SQL_NAME_WALK, "ibi", w->class,
                               key.len ? key.data : NULL, key.len, w->leaf);
    enum store_result r;
    bool any = false;

    w->key = (struct buf){0};
    while ((r = sq_next(c, st)) == STORE_OK) {
        any = true;
        w->class = sqlite3_column_int64(st, 0);
        buf_reset(&w->key);
        sq_blob(st, 1, &w->key);
        w->leaf = sqlite3_column_int64(st, 2);
        *n += (uint64_t)w->leaf < end;
    }
    return r == STORE_NONE && any ? STORE_OK : r;
}

enum store_result sq_name_count(struct store_conn *base, uint64_t end,
                                uint64_t *n)
{
    struct walk w = {0};
    enum store_result r;

    *n = 0;
    /* Before every key; a NULL would compare as neither. */
    buf_putc(&w.key, 0);
    do
        r = walk_on(sq_of(base), &w, end, n);
    while (r == STORE_OK);
    buf_free(&w.key);
    return r == STORE_NONE ? STORE_OK : r;
}
