/* SPDX-License-Identifier: ISC */
/* The postings of names: each under a key that begins with what a search
 * fixes. */
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
