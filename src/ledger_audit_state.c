/* SPDX-License-Identifier: ISC */
/* The audit of tokens, authorities, CRLs and profiles. */
#include "ledger_audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crl.h"

enum { TOKENS_PAGE = 100 };

/* ---- authorities, their CRLs, and the profiles */

static int add_authority(void *arg, const char *name, const char *parent,
                         const uint8_t *der, size_t len)
{
    struct audit *a = arg;
    struct audit_authority *t;

    (void)parent;
    a->authorities = xreallocarray(a->authorities, a->n_authorities + 1,
                                   sizeof(*a->authorities));
    t = &a->authorities[a->n_authorities++];
    *t = (struct audit_authority){.name = xstrdup(name),
                                  .number_entry = NO_ENTRY};
    digest_sum(DIGEST_SHA256, der, len, t->sha256);
    return 0;
}

static struct audit_crl *find_crl(struct audit *a, const char *scope)
{
    struct audit_crl *c;

    for (size_t i = 0; i < a->n_crls; i++)
        if (strcmp(a->crls[i].scope, scope) == 0)
            return &a->crls[i];
    a->crls = xreallocarray(a->crls, a->n_crls + 1, sizeof(*a->crls));
    c = &a->crls[a->n_crls++];
    *c = (struct audit_crl){.scope = xstrdup(scope), .entry = NO_ENTRY};
    return c;
}

/* The complete one and those of partitions. */
static enum store_result add_crls(struct audit *a, const char *authority)
{
    uint32_t last = 0;
    enum store_result r = store_crl_last(a->c, authority, &last);

    for (uint32_t n = 0; (r == STORE_OK || r == STORE_NONE) && n <= last; n++) {
        AUTO(free) char *scope = crl_scope(authority, n);
        struct crl_state state;

        r = store_crl_get(a->c, authority, n, &state);
        if (r == STORE_OK) {
            struct audit_crl *c = find_crl(a, scope);

            c->has = true;
            c->state = state;
        }
    }
    return r == STORE_NONE ? STORE_OK : r;
}

int audit_state_begin(struct audit *a)
{
    AUTO(buf) struct buf fact = {0};
    enum store_result r = store_authorities(a->c, add_authority, a);

    for (size_t i = 0; r == STORE_OK && i < a->n_authorities; i++) {
        struct audit_authority *t = &a->authorities[i];

        r = add_crls(a, t->name);
        if (r == STORE_OK)
            r = ledger_crl_above(a->c, t->name, &t->number);
    }
    if (audit_store(a, r) != 0 || audit_blocks_begin(a) != 0)
        return -1;
    r = store_fact_get(a->c, "profiles", &fact);
    a->has_profiles = r == STORE_OK && fact.len == sizeof(a->profiles);
    if (a->has_profiles)
        memcpy(a->profiles, fact.data, sizeof(a->profiles));
    a->profiles_entry = NO_ENTRY;
    return audit_store(a, r);
}

static struct audit_authority *
find_authority(struct audit *a, const struct entry *e, uint64_t index)
{
    /* Of an entry about a partition's CRL what is before the slash. */
    const size_t len = e->type == ENTRY_CRL ? strcspn(e->authority, "/")
                                            : strlen(e->authority);

    for (size_t i = 0; i < a->n_authorities; i++)
        if (strlen(a->authorities[i].name) == len &&
            strncmp(a->authorities[i].name, e->authority, len) == 0)
            return &a->authorities[i];
    audit_finding(a, index,
                  "the authority \"%s\" of entry %" PRIu64 " is missing",
                  e->authority, index);
    return NULL;
}

static void see_authority(struct audit *a, const struct entry *e,
                          uint64_t index)
{
    struct audit_authority *t = find_authority(a, e, index);

    if (!t)
        return;
    if (t->seen)
        audit_finding(a, index,
                      "entry %" PRIu64 " adds the authority %s once more",
                      index, t->name);
    else if (memcmp(t->sha256, e->object, HASH_LEN) != 0)
        audit_finding(a, index,
                      "the certificate of the authority %s is not that of "
                      "entry %" PRIu64,
                      t->name, index);
    t->seen = true;
}

static void see_crl(struct audit *a, const struct entry *e, uint64_t index)
{
    struct audit_crl *c;

    if (!find_authority(a, e, index))
        return;
    c = find_crl(a, e->authority);
    c->entry = index;
    memcpy(c->object, e->object, HASH_LEN);
}

static void see_crl_number(struct audit *a, const struct entry *e,
                           uint64_t index)
{
    struct audit_authority *t = find_authority(a, e, index);

    if (!t)
        return;
    t->number_entry = index;
    memcpy(t->number_object, e->object, HASH_LEN);
}

static void end_crl_number(struct audit *a, const struct audit_authority *t)
{
    AUTO(buf) struct buf object = {0};
    uint8_t hash[HASH_LEN];

    if (t->number_entry == NO_ENTRY && !t->number)
        return;
    ledger_crl_number(&object, t->name, t->number);
    digest_sum(DIGEST_SHA256, object.data, object.len, hash);
    if (t->number_entry == NO_ENTRY ||
        memcmp(hash, t->number_object, HASH_LEN) != 0)
        audit_finding(a, t->number_entry,
                      "the number that the CRLs of the authority \"%s\" are "
                      "above is not that of its newest entry",
                      t->name);
}

static void see_profiles(struct audit *a, const struct entry *e, uint64_t index)
{
    a->profiles_entry = index;
    memcpy(a->profiles_object, e->object, HASH_LEN);
}

static void end_authorities(struct audit *a)
{
    for (size_t i = 0; i < a->n_authorities; i++) {
        const struct audit_authority *t = &a->authorities[i];

        if (!t->seen)
            audit_finding(a, NO_ENTRY, "no entry added the authority \"%s\"",
                          t->name);
        end_crl_number(a, t);
    }
    for (size_t i = 0; i < a->n_crls; i++) {
        const struct audit_crl *c = &a->crls[i];
        const bool entry = c->entry != NO_ENTRY;

        if (entry != c->has ||
            (entry && memcmp(c->object, c->state.sha256, HASH_LEN) != 0))
            audit_finding(a, c->entry,
                          "the newest CRL of the authority \"%s\" is not that "
                          "of its newest entry",
                          c->scope);
    }
    if (a->has_profiles != (a->profiles_entry != NO_ENTRY) ||
        (a->has_profiles &&
         memcmp(a->profiles, a->profiles_object, HASH_LEN) != 0))
        audit_finding(a, a->profiles_entry,
                      "the profiles are not those of their newest entry");
}

/* ---- tokens */

static void objects_add(struct audit_objects *l, const struct entry *e,
                        uint64_t index, bool later)
{
    struct audit_object *o;

    l->v = xgrow(l->v, l->n, sizeof(*l->v));
    o = &l->v[l->n++];
    *o = (struct audit_object){.index = index, .time = e->time, .later = later};
    memcpy(o->object, e->object, HASH_LEN);
}

static int compare(const void *x, const void *y)
{
    const struct audit_object *a = x, *b = y;

    return memcmp(a->object, b->object, HASH_LEN);
}

static void objects_sort(struct audit_objects *l)
{
    if (l->n)
        qsort(l->v, l->n, sizeof(*l->v), compare);
}

static struct audit_object *objects_find(const struct audit_objects *l,
                                         const uint8_t object[HASH_LEN])
{
    struct audit_object key;

    memcpy(key.object, object, HASH_LEN);
    return l->n ? bsearch(&key, l->v, l->n, sizeof(key), compare) : NULL;
}

static struct audit_object *objects_find_text(const struct audit_objects *l,
                                              const char *text)
{
    uint8_t object[HASH_LEN];

    digest_sum(DIGEST_SHA256, text, strlen(text), object);
    return objects_find(l, object);
}

static void objects_unused(struct audit *a, const struct audit_objects *l,
                           const char *what)
{
    for (size_t i = 0; i < l->n; i++)
        if (!l->v[i].used && !l->v[i].later)
            audit_finding(a, l->v[i].index,
                          "entry %" PRIu64 " %s a token that is missing or was "
                          "changed",
                          l->v[i].index, what);
}

static void see_made(struct audit *a, const struct entry *e, uint64_t index)
{
    objects_add(&a->made, e, index, index >= a->head.size);
}

static void see_removed(struct audit *a, const struct entry *e, uint64_t index)
{
    objects_add(&a->removed, e, index, index >= a->head.size);
}

static const struct {
    void (*see)(struct audit *a, const struct entry *e, uint64_t index);
} seers[ENTRY__MAX] = {
    [ENTRY_TOKEN_MADE] = {see_made},
    [ENTRY_TOKEN_REMOVED] = {see_removed},
    [ENTRY_PROFILES] = {see_profiles},
    [ENTRY_AUTHORITY] = {see_authority},
    [ENTRY_CRL] = {see_crl},
    [ENTRY_CRL_NUMBER] = {see_crl_number},
    [ENTRY_KEY_BLOCKED] = {audit_block},
    [ENTRY_KEY_UNBLOCKED] = {audit_unblock},
};

void audit_state(struct audit *a)
{
    const struct audit_chunk *k = a->chunk;

    for (unsigned i = 0; i < k->n; i++)
        if (k->v[i].decoded && seers[k->v[i].e.type].see)
            seers[k->v[i].e.type].see(a, &k->v[i].e, k->first + i);
}

/* A token's row, without what nobody needs to judge it. */
struct row {
    char *id;
    uint8_t made[HASH_LEN];
    int64_t removed_at;
};
struct rows {
    struct row *v;
    size_t n;
};

static void rows_free(struct rows *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i].id);
    free(l->v);
}
AUTO_VALUE(rows, struct rows, rows_free)

static int add_row(void *arg, struct token *t)
{
    struct rows *l = arg;
    AUTO(buf) struct buf made = {0};

    l->v = xgrow(l->v, l->n, sizeof(*l->v));
    ledger_token(&made, t);
    l->v[l->n] =
        (struct row){.id = xstrdup(t->id), .removed_at = t->removed_at};
    digest_sum(DIGEST_SHA256, made.data, made.len, l->v[l->n++].made);
    return 0;
}

static int load_rows(struct audit *a, struct rows *l)
{
    size_t before;

    do {
        before = l->n;
        if (audit_store(a,
                        store_token_all(a->c, before ? l->v[before - 1].id : "",
                                        TOKENS_PAGE, add_row, l)) != 0)
            return -1;
    } while (l->n - before == TOKENS_PAGE);
    return 0;
}

struct tail {
    struct audit *a;
    uint64_t next;
};

static int add_tail(void *arg, uint64_t index, const uint8_t *p, size_t len)
{
    struct tail *t = arg;
    AUTO(entry) struct entry e = {0};

    t->next = index + 1;
    if (entry_decode(p, len, &e) != 0)
        return 0;
    if (e.type == ENTRY_TOKEN_MADE)
        see_made(t->a, &e, index);
    if (e.type == ENTRY_TOKEN_REMOVED)
        see_removed(t->a, &e, index);
    if (e.type == ENTRY_SERIAL)
        audit_raise(t->a, &e);
    return 0;
}

/* What was appended while the audit ran.  Read after the rows, so that every
 * row's entry is known. */
static int load_tail(struct audit *a)
{
    struct tail t = {a, a->head.size};
    uint64_t from;

    do {
        from = t.next;
        if (audit_store(
                a, store_entries(a->c, from, TILE_WIDTH, add_tail, &t)) != 0)
            return -1;
    } while (t.next - from == TILE_WIDTH);
    return 0;
}

static void check_removed(struct audit *a, const struct row *t)
{
    struct audit_object *o = objects_find_text(&a->removed, t->id);

    if (o)
        o->used = true;
    if (t->removed_at && (!o || o->time != t->removed_at))
        audit_finding(a, o ? o->index : NO_ENTRY,
                      "the token %s is removed, and no entry says so with "
                      "that date",
                      t->id);
    if (!t->removed_at && o && !o->later)
        audit_finding(a, o->index,
                      "entry %" PRIu64 " removes the token %s, which counts as "
                      "good",
                      o->index, t->id);
}

static void check_token(struct audit *a, const struct row *t)
{
    struct audit_object *o = objects_find(&a->made, t->made);

    if (!o || o->used)
        audit_finding(a, NO_ENTRY, "no entry made the token %s as it is",
                      t->id);
    if (o)
        o->used = true;
    check_removed(a, t);
    a->tokens++;
}

int audit_state_end(struct audit *a)
{
    AUTO(rows) struct rows l = {0};

    end_authorities(a);
    audit_blocks_end(a);
    if (load_rows(a, &l) != 0 || load_tail(a) != 0)
        return -1;
    audit_raises_end(a);
    objects_sort(&a->made);
    objects_sort(&a->removed);
    for (size_t i = 0; i < l.n; i++)
        check_token(a, &l.v[i]);
    objects_unused(a, &a->made, "made");
    objects_unused(a, &a->removed, "removed");
    return 0;
}

void audit_state_free(struct audit *a)
{
    for (size_t i = 0; i < a->n_authorities; i++)
        free(a->authorities[i].name);
    free(a->authorities);
    for (size_t i = 0; i < a->n_crls; i++)
        free(a->crls[i].scope);
    free(a->crls);
    for (size_t i = 0; i < a->n_blocks; i++)
        blocked_key_free(&a->blocks[i].key);
    free(a->blocks);
    free(a->raises);
    free(a->made.v);
    free(a->removed.v);
}
