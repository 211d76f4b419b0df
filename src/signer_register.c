/* SPDX-License-Identifier: ISC */
/* At start: what the configuration has and the ledger not yet becomes an
 * entry.  Runs before any thread, on the writer itself. */
#include "signer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

static void put_patterns(struct buf *b, const char *key,
                         const struct patterns *l)
{
    for (size_t i = 0; i < l->n; i++) {
        AUTO(free) char *text = pattern_text(&l->v[i]);

        buf_printf(b, "%s %s\n", key, text);
    }
}

static void put_strs(struct buf *b, const char *key, const struct strs *l)
{
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s %s\n", key, l->v[i]);
}

static void put_subject(struct buf *b, const struct profile *p)
{
    for (int f = 0; f < SUBJECT__MAX; f++)
        if (p->fixed.v[f] || p->taken & 1U << f)
            buf_printf(b, "subject %s%s%s\n",
                       subject_field_text((enum subject_field)f),
                       p->fixed.v[f] ? "=" : "",
                       p->fixed.v[f] ? p->fixed.v[f] : "");
    if (p->no_cn)
        buf_puts(b, "subject cn=\n");
}

/* The profile sections in a form of their own: the same policy gives the same
 * octets, however the file is written. */
static void put_profile(struct buf *b, const struct profile *p)
{
    buf_printf(b, "profile %s\nauthority %s\n", p->name,
               p->authority ? p->authority : "");
    put_strs(b, "usage", &p->usage);
    put_patterns(b, "name", &p->names);
    put_patterns(b, "deny", &p->deny);
    put_subject(b, p);
    for (size_t i = 0; i < p->n_keys; i++)
        buf_printf(b, "key %d %d %d %d\n", (int)p->keys[i].type,
                   (int)p->keys[i].curve, p->keys[i].min, p->keys[i].max);
    buf_printf(b,
               "wildcards %d\nsingle-label %d\nlifetime %" PRId64 "\n"
               "max-lifetime %" PRId64 "\nmin-lifetime %" PRId64
               "\nnot-before %" PRId64 "\n"
               "max-names %u\nmin-names %u\npath-len %u\nrenew %d\nrekey %d\n"
               "must-staple %d\ncdp %d\naia %d\n",
               p->wildcards, p->single_label, p->lifetime, p->max_lifetime,
               p->min_lifetime, p->not_before, p->max_names, p->min_names,
               p->path_len, p->renew, p->rekey, p->must_staple, p->cdp, p->aia);
    put_strs(b, "policy", &p->policies);
    put_strs(b, "extension", &p->extensions);
}

static enum store_result register_profiles(struct signer *s)
{
    const struct requester service = {WHO_SERVICE, (char *)"service", NULL};
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf was = {0};
    uint8_t hash[32];
    struct entry en;
    enum store_result r;

    for (size_t i = 0; i < s->conf->profiles.n; i++)
        put_profile(&text, &s->conf->profiles.v[i]);
    digest_sum(DIGEST_SHA256, text.data, text.len, hash);
    r = store_fact_get(s->writer, "profiles", &was);
    if (r == STORE_OK && was.len == sizeof(hash) &&
        memcmp(was.data, hash, sizeof(hash)) == 0)
        return STORE_OK;
    if (r != STORE_OK && r != STORE_NONE)
        return r;
    r = store_fact_put(s->writer, "profiles", hash, sizeof(hash));
    if (r != STORE_OK)
        return r;
    en = entry_by(&service, ENTRY_PROFILES, tm_now());
    return job_entry(s, &en, text.data, text.len, NULL);
}

struct known {
    const struct authority_info *wanted;
    bool found, same;
};

static int compare(void *arg, const char *name, const char *parent,
                   const uint8_t *der, size_t len)
{
    struct known *k = arg;

    (void)parent;
    if (strcmp(name, k->wanted->name) != 0)
        return 0;
    k->found = true;
    k->same =
        len == k->wanted->der.len && memcmp(der, k->wanted->der.data, len) == 0;
    return 1;
}

static enum store_result register_authority(struct signer *s,
                                            const struct authority_info *a,
                                            struct errs *e)
{
    const struct requester service = {WHO_SERVICE, (char *)"service", NULL};
    struct known k = {.wanted = a};
    struct entry en;
    enum store_result r = store_authorities(s->writer, compare, &k);

    if (r != STORE_OK && r != STORE_NONE)
        return r;
    if (k.found && !k.same) {
        err_add(e, ERR_BAD_ARGUMENT,
                "the ledger knows authority %s with another certificate: a new "
                "one needs a name of its own",
                a->name);
        return STORE_OK;
    }
    if (k.found)
        return STORE_OK;
    /* A parent first: rows refer to it. */
    r = a->parent ? register_authority(
                        s, authority_infos_find(&s->infos, a->parent), e)
                  : STORE_OK;
    if (r == STORE_OK && e->n)
        return STORE_OK;
    if (r == STORE_OK)
        r = store_authority_put(s->writer, a->name, a->parent, &a->der);
    if (r != STORE_OK)
        return r;
    en = entry_by(&service, ENTRY_AUTHORITY, tm_now());
    en.authority = a->name;
    return job_entry(s, &en, a->der.data, a->der.len, NULL);
}

/* Those of earlier key generations: known from the ledger alone. */
static int add_known(void *arg, const char *name, const char *parent,
                     const uint8_t *der, size_t len)
{
    struct authority_infos *l = arg;
    struct authority_info *a;

    if (authority_infos_find(l, name))
        return 0;
    l->v = xreallocarray(l->v, l->n + 1, sizeof(*l->v));
    a = &l->v[l->n++];
    *a = (struct authority_info){.name = xstrdup(name),
                                 .parent = parent && *parent ? xstrdup(parent)
                                                             : NULL};
    buf_put(&a->der, der, len);
    return 0;
}

static enum store_result write_all(struct signer *s, struct errs *e)
{
    const uint64_t before = ledger_size(s->ledger);
    enum store_result r = STORE_OK;

    for (size_t i = 0; i < s->infos.n && r == STORE_OK && !e->n; i++)
        r = register_authority(s, &s->infos.v[i], e);
    if (r == STORE_OK && !e->n)
        r = register_profiles(s);
    if (r == STORE_OK && !e->n && ledger_size(s->ledger) != before)
        r = ledger_seal(s->ledger, tm_now());
    return r;
}

int signer_register(struct signer *s, struct errs *e)
{
    struct ledger_mark mark;
    enum store_result r = store_begin(s->writer);

    ledger_mark(s->ledger, &mark);
    if (r == STORE_OK)
        r = write_all(s, e);
    if (r == STORE_OK && !e->n) {
        r = store_commit(s->writer);
        if (r == STORE_OK)
            r = store_authorities(s->writer, add_known, &s->infos);
        if (r == STORE_OK || r == STORE_NONE)
            return 0;
    }
    if (!e->n)
        err_add(e, r == STORE_FULL ? ERR_STORAGE_FULL : ERR_STORAGE_ERROR,
                "the ledger cannot be written: %s",
                store_conn_error(s->writer));
    ledger_undo(s->ledger, &mark);
    store_rollback(s->writer);
    return -1;
}
