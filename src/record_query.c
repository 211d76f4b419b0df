/* SPDX-License-Identifier: ISC */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "tm.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, TEXT_MAX = 256 };

static const char *const status_names[] = {
    [STATUS_ANY] = "any",
    [STATUS_VALID] = "valid",
    [STATUS_REVOKED] = "revoked",
    [STATUS_EXPIRED] = "expired",
};

const char *status_text(enum query_status s)
{
    return status_names[s];
}

void query_init(struct query *q)
{
    *q = (struct query){.replaced = -1, .limit = LIMIT_DEFAULT};
}

void query_free(struct query *q)
{
    if (q->has_pattern)
        pattern_free(&q->name);
    free(q->covers);
    free(q->profile);
    free(q->authority);
    free(q->requester);
    *q = (struct query){0};
}

typedef int set_fn(struct query *q, size_t member, const char *key,
                   const char *value, struct errs *e);

static int bad(struct errs *e, const char *key, const char *value,
               const char *rule)
{
    return err_add(e, ERR_BAD_ARGUMENT, "%s=%s: %s", key, value, rule);
}

static int set_name(struct query *q, size_t member, const char *key,
                    const char *value, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    struct pattern p = {0};

    (void)member;
    if (pattern_parse(&p, value, &why) != 0)
        return bad(e, key, value,
                   why.n ? why.v[0].detail : "this is not a pattern");
    if (q->has_pattern)
        pattern_free(&q->name);
    q->name = p;
    q->has_pattern = true;
    return 0;
}

static int set_covers(struct query *q, size_t member, const char *key,
                      const char *value, struct errs *e)
{
    AUTO(errs) struct errs why = {0};
    AUTO(name) struct name n = {0};

    (void)member;
    if (name_parse(&n, value, strlen(value), &why) != 0)
        return bad(e, key, value,
                   why.n ? why.v[0].detail : "this is not a DNS name");
    if (n.kind != NAME_DNS || n.wildcard)
        return bad(e, key, value, "a DNS name without wildcard is wanted");
    free(q->covers);
    q->covers = take_ptr(n.value);
    return 0;
}

static int set_text(struct query *q, size_t member, const char *key,
                    const char *value, struct errs *e)
{
    char **to = (char **)((char *)q + member);

    if (!*value || strlen(value) > TEXT_MAX)
        return bad(e, key, value, "1 to 256 octets are wanted");
    free(*to);
    *to = xstrdup(value);
    return 0;
}

static int set_time(struct query *q, size_t member, const char *key,
                    const char *value, struct errs *e)
{
    int64_t t, *to = (int64_t *)((char *)q + member);

    if (tm_parse_rfc3339(value, &t) != 0)
        return bad(e, key, value,
                   "a time such as 2026-11-23T09:25:53Z is wanted");
    /* 0 stands for "not set"; a bound at the epoch's first second bounds the
     * same rows as one at its second. */
    t = t ? t : 1;
    /* expires_within may have set the same bound: the narrower one holds. */
    if (*to && (*to > t) == (strstr(key, "_after") != NULL))
        return 0;
    *to = t;
    return 0;
}

static int set_within(struct query *q, size_t member, const char *key,
                      const char *value, struct errs *e)
{
    int64_t span, now = tm_now();

    (void)member;
    if (tm_parse_span(value, &span) != 0)
        return bad(e, key, value, "a span such as 14d or 12h is wanted");
    if (q->expires_after < now)
        q->expires_after = now;
    if (!q->expires_before || q->expires_before > now + span)
        q->expires_before = now + span;
    return 0;
}

static int set_status(struct query *q, size_t member, const char *key,
                      const char *value, struct errs *e)
{
    (void)member;
    for (int s = STATUS_VALID; s <= STATUS_EXPIRED; s++)
        if (strcmp(value, status_names[s]) == 0) {
            q->status = (enum query_status)s;
            return 0;
        }
    return bad(e, key, value, "one of valid, revoked, expired is wanted");
}

static int set_replaced(struct query *q, size_t member, const char *key,
                        const char *value, struct errs *e)
{
    (void)member;
    if (strcmp(value, "true") == 0)
        q->replaced = 1;
    else if (strcmp(value, "false") == 0)
        q->replaced = 0;
    else
        return bad(e, key, value, "true or false is wanted");
    return 0;
}

static int set_sha256(struct query *q, size_t member, const char *key,
                      const char *value, struct errs *e)
{
    uint8_t *to = (uint8_t *)q + member, raw[32];
    char text[65];
    size_t n = 0;

    /* As openssl prints fingerprints, too: colons between the octets. */
    for (const char *s = value; *s; s++)
        if (*s != ':' && n < sizeof(text))
            text[n++] = *s;
    if (n != 64 || hex_decode(raw, sizeof(raw), text, n) != 32)
        return bad(e, key, value, "64 hexadecimal digits are wanted");
    memcpy(to, raw, sizeof(raw));
    if (to == q->sha256)
        q->has_sha256 = true;
    else
        q->has_key_sha256 = true;
    return 0;
}

static int set_order(struct query *q, size_t member, const char *key,
                     const char *value, struct errs *e)
{
    (void)member;
    if (strcmp(value, "issued") == 0)
        q->by_expiry = false;
    else if (strcmp(value, "expiry") == 0)
        q->by_expiry = true;
    else
        return bad(e, key, value, "issued or expiry is wanted");
    return 0;
}

static int set_limit(struct query *q, size_t member, const char *key,
                     const char *value, struct errs *e)
{
    unsigned n = 0;
    size_t len = strspn(value, "0123456789");

    (void)member;
    if (len && len <= 4 && !value[len])
        n = (unsigned)strtoul(value, NULL, 10);
    if (n < 1 || n > LIMIT_MAX)
        return bad(e, key, value, "a number from 1 to 1000 is wanted");
    q->limit = n;
    return 0;
}

enum { CURSOR_LEN = 17 }; /* order, time, leaf */

static int set_cursor(struct query *q, size_t member, const char *key,
                      const char *value, struct errs *e)
{
    uint8_t raw[CURSOR_LEN] = {0}, order;
    struct rd r = rd_of(raw, sizeof(raw));

    (void)member;
    if (hex_decode(raw, sizeof(raw), value, strlen(value)) != CURSOR_LEN ||
        raw[0] > 1)
        return bad(e, key, value,
                   "the value of next in an earlier answer is wanted");
    order = rd_u8(&r);
    q->has_cursor = true;
    q->cursor_by_expiry = order;
    q->cursor_time = rd_i64(&r);
    q->cursor_leaf = rd_u64(&r);
    return 0;
}

static const struct {
    const char *key;
    set_fn *set;
    size_t member;
} arguments[] = {
#define AT(m) offsetof(struct query, m)
    {"name", set_name, 0},
    {"covers", set_covers, 0},
    {"status", set_status, 0},
    {"replaced", set_replaced, 0},
    {"profile", set_text, AT(profile)},
    {"authority", set_text, AT(authority)},
    {"requester", set_text, AT(requester)},
    {"key_sha256", set_sha256, AT(key_sha256)},
    {"sha256", set_sha256, AT(sha256)},
    {"issued_after", set_time, AT(issued_after)},
    {"issued_before", set_time, AT(issued_before)},
    {"expires_after", set_time, AT(expires_after)},
    {"expires_before", set_time, AT(expires_before)},
    {"expires_within", set_within, 0},
    {"order", set_order, 0},
    {"limit", set_limit, 0},
    {"cursor", set_cursor, 0},
#undef AT
};

static int no_such(const char *key, struct errs *e)
{
    AUTO(buf) struct buf all = {0};

    for (size_t i = 0; i < COUNT(arguments); i++)
        buf_printf(&all, "%s%s", i ? ", " : "", arguments[i].key);
    return err_add(e, ERR_BAD_ARGUMENT,
                   "%s: there is no such argument; the list has %.*s", key,
                   (int)all.len, (const char *)all.data);
}

int query_set(struct query *q, const char *key, const char *value,
              struct errs *e)
{
    for (size_t i = 0; i < COUNT(arguments); i++)
        if (strcmp(arguments[i].key, key) == 0)
            return arguments[i].set(q, arguments[i].member, key, value, e);
    return no_such(key, e);
}

int query_check(const struct query *q, struct errs *e)
{
    if (q->has_cursor && q->cursor_by_expiry != q->by_expiry)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "cursor: it belongs to a list in order=%s, and this "
                       "one is in order=%s",
                       q->cursor_by_expiry ? "expiry" : "issued",
                       q->by_expiry ? "expiry" : "issued");
    return 0;
}

bool query_narrows(const struct query *q)
{
    return q->has_pattern || q->covers || q->profile || q->authority ||
           q->requester || q->has_key_sha256 || q->has_sha256 ||
           q->issued_after || q->issued_before || q->expires_after ||
           q->expires_before;
}

enum {
    HAS_PATTERN = 1 << 0,
    HAS_KEY = 1 << 1,
    HAS_SHA256 = 1 << 2,
    HAS_CURSOR = 1 << 3,
    BY_EXPIRY = 1 << 4,
    CURSOR_BY_EXPIRY = 1 << 5,
    FLAGS_ALL = (1 << 6) - 1,
};

void query_put(struct buf *b, const struct query *q)
{
    AUTO(free) char *name = q->has_pattern ? pattern_text(&q->name) : NULL;

    buf_u8(b, (uint8_t)((q->has_pattern ? HAS_PATTERN : 0) |
                        (q->has_key_sha256 ? HAS_KEY : 0) |
                        (q->has_sha256 ? HAS_SHA256 : 0) |
                        (q->has_cursor ? HAS_CURSOR : 0) |
                        (q->by_expiry ? BY_EXPIRY : 0) |
                        (q->cursor_by_expiry ? CURSOR_BY_EXPIRY : 0)));
    buf_str(b, name);
    buf_str(b, q->covers);
    buf_u8(b, (uint8_t)q->status);
    buf_u8(b, (uint8_t)(q->replaced + 1));
    buf_str(b, q->profile);
    buf_str(b, q->authority);
    buf_str(b, q->requester);
    buf_put(b, q->key_sha256, sizeof(q->key_sha256));
    buf_put(b, q->sha256, sizeof(q->sha256));
    buf_i64(b, q->issued_after);
    buf_i64(b, q->issued_before);
    buf_i64(b, q->expires_after);
    buf_i64(b, q->expires_before);
    buf_u32(b, q->limit);
    buf_i64(b, q->cursor_time);
    buf_u64(b, q->cursor_leaf);
}

static void pattern_get(struct rd *rd, struct query *q, bool has)
{
    AUTO(errs) struct errs e = {0};
    AUTO(free) char *text = rd_str_null(rd);

    if (rd->failed || !has != !text) {
        rd->failed = true;
        return;
    }
    if (has && pattern_parse(&q->name, text, &e) != 0)
        rd->failed = true;
    else
        q->has_pattern = has;
}

void query_get(struct rd *rd, struct query *q)
{
    uint8_t flags = rd_u8(rd), status, replaced;

    query_init(q);
    pattern_get(rd, q, flags & HAS_PATTERN);
    q->has_key_sha256 = flags & HAS_KEY;
    q->has_sha256 = flags & HAS_SHA256;
    q->has_cursor = flags & HAS_CURSOR;
    q->by_expiry = flags & BY_EXPIRY;
    q->cursor_by_expiry = flags & CURSOR_BY_EXPIRY;
    q->covers = rd_str_null(rd);
    status = rd_u8(rd);
    replaced = rd_u8(rd);
    q->profile = rd_str_null(rd);
    q->authority = rd_str_null(rd);
    q->requester = rd_str_null(rd);
    rd_bytes(rd, q->key_sha256, sizeof(q->key_sha256));
    rd_bytes(rd, q->sha256, sizeof(q->sha256));
    q->issued_after = rd_i64(rd);
    q->issued_before = rd_i64(rd);
    q->expires_after = rd_i64(rd);
    q->expires_before = rd_i64(rd);
    q->limit = rd_u32(rd);
    q->cursor_time = rd_i64(rd);
    q->cursor_leaf = rd_u64(rd);
    if (flags > FLAGS_ALL || status > STATUS_EXPIRED || replaced > 2 ||
        q->limit < 1 || q->limit > LIMIT_MAX)
        rd->failed = true;
    if (rd->failed)
        return;
    q->status = (enum query_status)status;
    q->replaced = (int)replaced - 1;
}

void query_go_on(struct query *q, int64_t not_after, uint64_t leaf)
{
    q->has_cursor = true;
    q->cursor_by_expiry = q->by_expiry;
    q->cursor_time = q->by_expiry ? not_after : 0;
    q->cursor_leaf = leaf;
}

char *query_cursor(const struct query *q, int64_t not_after, uint64_t leaf)
{
    AUTO(buf) struct buf raw = {0};
    char *text = xmalloc(2 * CURSOR_LEN + 1);

    buf_u8(&raw, q->by_expiry);
    buf_i64(&raw, q->by_expiry ? not_after : 0);
    buf_u64(&raw, leaf);
    hex_encode(text, raw.data, raw.len);
    return text;
}
