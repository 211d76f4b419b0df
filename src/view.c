/* SPDX-License-Identifier: ISC */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "crl.h"
#include "digest.h"
#include "pem.h"
#include "tm.h"
#include "view_part.h"

/* A value that cannot be had is a fault of our own: jansson refuses only bad
 * UTF-8, which view_text() keeps from it, and no memory. */
void view_set(json_t *o, const char *key, json_t *value)
{
    if (!value || json_object_set_new_nocheck(o, key, value) != 0)
        abort();
}

void view_append(json_t *a, json_t *value)
{
    if (!value || json_array_append_new(a, value) != 0)
        abort();
}

/* Octets beyond ASCII become "?", as there is no telling what they were. */
static json_t *view_octets(const char *s)
{
    AUTO(free) char *copy = xstrdup(s);

    for (char *p = copy; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    return json_string(copy);
}

json_t *view_text(const char *s)
{
    json_t *j;

    if (!s)
        return json_null();
    j = json_string(s);
    return j ? j : view_octets(s);
}

static json_t *view_instant(int64_t t)
{
    char text[TM_RFC3339_SIZE];

    tm_rfc3339(text, t);
    return json_string(text);
}

/* 0: none. */
static json_t *view_time(int64_t t)
{
    return t ? view_instant(t) : json_null();
}

static json_t *view_serial(const struct serial *s)
{
    char text[2 * SERIAL_MAX + 1];

    if (!s->len)
        return json_null();
    serial_text(text, s);
    return json_string(text);
}

static json_t *view_hash(const uint8_t sha256[32])
{
    char text[65];

    hex_encode(text, sha256, 32);
    return json_string(text);
}

static json_t *view_strs(const struct strs *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++)
        view_append(a, view_text(l->v[i]));
    return a;
}

static json_t *view_names(const struct names *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++) {
        AUTO(free) char *text = name_text(&l->v[i]);

        view_append(a, view_text(text));
    }
    return a;
}

static json_t *view_requester(const struct requester *r)
{
    json_t *o = json_object();

    view_set(o, "type", view_text(who_type_text(r->type)));
    view_set(o, "id", view_text(r->id));
    view_set(o, "label", view_text(r->label));
    return o;
}

static json_t *view_key(const struct key_pub *k)
{
    json_t *o = json_object();
    uint8_t sha256[32];

    view_set(o, "type", json_string(key_type_text(k->type)));
    if (k->type == KEY_RSA)
        view_set(o, "bits", json_integer(k->bits));
    if (k->type == KEY_EC)
        view_set(o, "curve", json_string(key_curve_text(k->curve)));
    key_pub_sha256(k, sha256);
    view_set(o, "sha256", view_hash(sha256));
    return o;
}

enum query_status view_status(const struct record *r, const struct cert *c,
                              int64_t now)
{
    if (r->revoked_at)
        return STATUS_REVOKED;
    return now > c->not_after ? STATUS_EXPIRED : STATUS_VALID;
}

void view_cert(struct cert *out, const struct buf *der)
{
    AUTO(errs) struct errs e = {0};

    /* One of ours that cannot be read is shown without what it says; the
     * audit is who reports it. */
    if (cert_parse_any(out, der->data, der->len, &e) != 0)
        *out = (struct cert){0};
}

static void set_subject(json_t *o, const struct cert *c)
{
    AUTO(free) char *subject = NULL;

    if (c->subject)
        subject = cert_name_text(c->subject, c->subject_len);
    view_set(o, "subject", view_text(subject ? subject : ""));
}

static void set_validity(json_t *o, const struct cert *c)
{
    const bool is = c->subject; /* else there is no certificate */

    view_set(o, "not_before", is ? view_instant(c->not_before) : json_null());
    view_set(o, "not_after", is ? view_instant(c->not_after) : json_null());
}

static void set_key(json_t *o, const struct cert *c)
{
    view_set(o, "key", c->key.type ? view_key(&c->key) : json_null());
}

void view_contents(json_t *o, const struct cert *c)
{
    set_subject(o, c);
    view_set(o, "names", view_names(&c->names));
    set_validity(o, c);
    set_key(o, c);
}

static void set_sha256(json_t *o, const struct buf *der)
{
    uint8_t sha256[32];

    digest_sum(DIGEST_SHA256, der->data, der->len, sha256);
    view_set(o, "sha256", view_hash(sha256));
}

static void set_pem(json_t *o, const struct buf *der)
{
    AUTO(buf) struct buf pem = {0};

    pem_put(&pem, "CERTIFICATE", der->data, der->len);
    view_set(o, "pem", json_stringn_nocheck((char *)pem.data, pem.len));
}

static void set_chain(json_t *o, const struct record *r,
                      const struct authority_infos *authorities)
{
    AUTO(buf) struct buf pem = {0};

    authority_chain_pem(authorities, r->authority, &r->der, &pem);
    view_set(o, "chain_pem", json_stringn_nocheck((char *)pem.data, pem.len));
}

json_t *view_record(const struct record *r, int64_t now,
                    const struct authority_infos *authorities)
{
    AUTO(cert) struct cert c = {0};
    json_t *o = json_object();

    view_cert(&c, &r->der);
    view_set(o, "serial", view_serial(&r->serial));
    view_set(o, "status", json_string(status_text(view_status(r, &c, now))));
    set_subject(o, &c);
    view_set(o, "names", view_names(&c.names));
    view_set(o, "profile", *r->profile ? view_text(r->profile) : json_null());
    view_set(o, "authority", view_text(r->authority));
    set_validity(o, &c);
    view_set(o, "issued_at", view_instant(r->issued_at));
    view_set(o, "requester", view_requester(&r->requester));
    view_set(o, "protocol", view_text(r->protocol));
    view_set(o, "note", view_text(r->note));
    set_key(o, &c);
    set_sha256(o, &r->der);
    view_set(o, "replaces", view_serial(&r->replaces));
    view_set(o, "replaced_by", view_serial(&r->replaced_by));
    if (r->revoked_at) {
        view_set(o, "revoked_at", view_time(r->revoked_at));
        view_set(o, "reason", view_text(crl_reason_text(r->reason)));
    }
    if (r->warnings.n)
        view_set(o, "warnings", view_strs(&r->warnings));
    view_set(o, "leaf_index", json_integer((json_int_t)r->leaf));
    if (authorities) {
        set_pem(o, &r->der);
        set_chain(o, r, authorities);
    }
    return o;
}

json_t *view_revoked(const struct msg_revoked *m, int64_t now,
                     const struct authority_infos *authorities)
{
    json_t *object = view_record(&m->record, now, authorities);
    json_t *also = json_array();

    for (size_t i = 0; i < m->n; i++)
        view_append(also, view_serial(&m->also[i]));
    view_set(object, "also_revoked", also);
    if (m->crl_pending)
        view_set(object, "crl", json_string("pending"));
    return object;
}

static json_t *view_roles(unsigned roles)
{
    json_t *a = json_array();

    for (unsigned one = 1; one <= ROLE_ADMIN; one <<= 1)
        if (roles & one)
            view_append(a, json_string(role_text(one)));
    return a;
}

/* As patterns are always answered, however they were given. */
static json_t *view_patterns(const struct strs *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++) {
        AUTO(errs) struct errs e = {0};
        AUTO(free) char *text = NULL;
        AUTO(pattern) struct pattern p = {0};

        if (pattern_parse(&p, l->v[i], &e) == 0)
            text = pattern_text(&p);
        view_append(a, view_text(text ? text : l->v[i]));
    }
    return a;
}

/* A limit that is not there is null: an empty list would read as "nothing". */
json_t *view_token(const struct token *t)
{
    json_t *o = json_object();

    view_set(o, "id", view_text(t->id));
    view_set(o, "label", view_text(t->label));
    view_set(o, "roles", view_roles(t->roles));
    view_set(o, "profiles",
             t->profiles.n ? view_strs(&t->profiles) : json_null());
    view_set(o, "names", t->names.n ? view_patterns(&t->names) : json_null());
    view_set(o, "wildcards", json_boolean(t->wildcards));
    view_set(o, "uses", json_integer((json_int_t)t->uses));
    view_set(o, "max_uses",
             t->max_uses ? json_integer((json_int_t)t->max_uses) : json_null());
    view_set(o, "created_at", view_time(t->created_at));
    view_set(o, "not_after", view_time(t->not_after));
    view_set(o, "last_used", view_time(t->last_used));
    view_set(o, "creator",
             t->creator.type ? view_requester(&t->creator) : json_null());
    if (t->removed_at)
        view_set(o, "removed_at", view_time(t->removed_at));
    if (t->secret)
        view_set(o, "token", view_text(t->secret));
    return o;
}

json_t *view_authority(const struct authority_info *a)
{
    AUTO(cert) struct cert c = {0};
    json_t *o = json_object();

    view_cert(&c, &a->der);
    view_set(o, "name", view_text(a->name));
    set_subject(o, &c);
    set_validity(o, &c);
    set_sha256(o, &a->der);
    set_key(o, &c);
    set_pem(o, &a->der);
    return o;
}

json_t *view_errors(const struct errs *e)
{
    json_t *all = json_array();

    for (size_t i = 0; i < e->n; i++) {
        json_t *item = json_object();

        view_set(item, "code", json_string(err_code(e->v[i].code)));
        view_set(item, "detail", view_text(e->v[i].detail));
        if (e->v[i].name)
            view_set(item, "name", view_text(e->v[i].name));
        view_append(all, item);
    }
    return all;
}

json_t *view_problem(const struct errs *e)
{
    const struct err_item *first = errs_first(e);
    json_t *o = json_object();

    /* Where the codes are explained; a relative reference, as every link. */
    view_set(o, "type",
             json_sprintf("/v1/openapi.yaml#%s", err_code(first->code)));
    view_set(o, "title", json_string(err_title(first->code)));
    view_set(o, "status", json_integer(err_status(first->code)));
    view_set(o, "detail", view_text(first->detail));
    view_set(o, "code", json_string(err_code(first->code)));
    view_set(o, "errors", view_errors(e));
    return o;
}

static int print_chunk(const char *text, size_t len, void *arg)
{
    buf_put(arg, text, len);
    return 0;
}

void view_print(struct buf *b, json_t *object)
{
    if (json_dump_callback(object, print_chunk, b, JSON_INDENT(2)) != 0)
        abort();
    buf_putc(b, '\n');
    json_decref(object);
}
