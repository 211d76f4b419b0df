/* SPDX-License-Identifier: ISC */
/* The authorities' certificates and what profiles allow. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front_handle.h"
#include "pem.h"
#include "tm.h"
#include "view.h"

/* ---- certificates ---- */

static json_t *ledger_key(const struct front *f)
{
    AUTO(buf) struct buf pem = {0};

    pem_put(&pem, "PUBLIC KEY", f->hello.ledger_key.data,
            f->hello.ledger_key.len);
    return json_stringn((const char *)pem.data, pem.len);
}

void front_authorities(struct req *r)
{
    const struct authority_infos *l = &r->front->hello.authorities;
    json_t *a;

    if (front_query_none(r) != 0)
        return;
    a = json_array();
    for (size_t i = 0; i < l->n; i++) {
        json_t *o = view_authority(&l->v[i]);

        /* Whose issues the ledger has. */
        if (l->v[i].has_key)
            json_object_set_new(o, "ledger_key", ledger_key(r->front));
        json_array_append_new(a, o);
    }
    front_reply_json(r, 200, json_pack("{s:o, s:n}", "authorities", a, "next"));
}

/* NULL when the request is answered with 404. */
/* "root" is the root, also where it issues by itself under a name of its own.
 */
static const struct authority_info *find(const struct authority_infos *l,
                                         const char *name)
{
    const struct authority_info *a = authority_infos_find(l, name);

    for (size_t i = 0; !a && strcmp(name, "root") == 0 && i < l->n; i++)
        if (!l->v[i].parent)
            a = &l->v[i];
    return a;
}

static const struct authority_info *authority(struct req *r, const char *name)
{
    const struct authority_info *a = find(&r->front->hello.authorities, name);

    if (front_query_none(r) != 0)
        return NULL;
    if (!a)
        front_refuse(r, ERR_NOT_FOUND, "there is no authority %.100s", name);
    return a;
}

static void reply_pem(struct req *r, const struct authority_info *a,
                      const char *type)
{
    AUTO(buf) struct buf out = {0};

    pem_put(&out, "CERTIFICATE", a->der.data, a->der.len);
    front_reply(r, 200, type, &out);
}

void front_ca_pem(struct req *r)
{
    const struct authority_info *a = authority(r, r->part);

    if (a)
        reply_pem(r, a, TYPE_CHAIN);
}

void front_ca_der(struct req *r)
{
    const struct authority_info *a = authority(r, r->part);

    if (a)
        front_reply_lent(r, 200, TYPE_DER, a->der.data, a->der.len);
}

/* What browsers and phones offer to install. */
void front_ca_root_crt(struct req *r)
{
    const struct authority_info *a = authority(r, "root");

    if (a)
        reply_pem(r, a, "application/x-x509-ca-cert");
}

/* Those that issue first, then the roots. */
void front_ca_chain(struct req *r)
{
    const struct authority_infos *l = &r->front->hello.authorities;
    AUTO(buf) struct buf out = {0};

    if (front_query_none(r) != 0)
        return;
    for (int roots = 0; roots <= 1; roots++)
        for (size_t i = 0; i < l->n; i++)
            if ((l->v[i].parent == NULL) == roots)
                pem_put(&out, "CERTIFICATE", l->v[i].der.data, l->v[i].der.len);
    front_reply(r, 200, TYPE_CHAIN, &out);
}

/* ---- profiles ---- */

static json_t *profile(const struct conf *c, const struct profile *p,
                       const struct limits *l)
{
    json_t *o = view_profile(p, l);

    if (!p->authority && c->n_authorities)
        json_object_set_new(o, "authority",
                            json_string(c->authorities[0].name));
    return o;
}

static void profiles(struct req *r)
{
    const struct conf *c = r->front->conf;
    AUTO(errs) struct errs e = {0};
    AUTO(msg_who) struct msg_who who = {0};
    AUTO(limits) struct limits l = {0};
    struct rd *body = front_answer(r, MSG_CALLER);
    json_t *a = json_array();

    msg_who_get(body, &who);
    front_answer_done(r, body);
    if (who.type == WHO_TOKEN && token_limits(&who.token, &l, &e) != 0)
        body->failed = true;
    front_answer_done(r, body);
    for (size_t i = 0; i < c->profiles.n; i++) {
        const struct profile *p = &c->profiles.v[i];

        if (l.profiles.n == 0 || strs_has(&l.profiles, p->name))
            json_array_append_new(a, profile(c, p, l.limited ? &l : NULL));
    }
    front_reply_json(r, 200, json_pack("{s:o}", "profiles", a));
}

void front_profiles(struct req *r)
{
    if (front_query_none(r) != 0)
        return;
    front_ask_who(r, profiles);
}
