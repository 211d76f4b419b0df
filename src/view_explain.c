/* SPDX-License-Identifier: ISC */
/* What would become of a request. */
#include <stdlib.h>

#include "view_part.h"

static json_t *rules(const struct report *r)
{
    json_t *a = json_array();

    for (size_t i = 0; i < r->n; i++) {
        const struct report_line *l = &r->v[i];
        json_t *o = json_object();

        view_set(o, "result", json_string(report_result_text(l->result)));
        view_set(o, "rule", view_text(l->rule));
        view_set(o, "about", view_text(l->about));
        view_set(o, "detail", view_text(l->detail));
        view_append(a, o);
    }
    return a;
}

static json_t *extension(const struct der_tlv *oid, bool critical,
                         const struct der *value)
{
    const enum cert_ext_id id = cert_ext_of(oid);
    AUTO(free) char *hex = xmalloc(2 * value->n + 1);
    json_t *o = json_object();
    char text[64];

    der_oid_print(text, sizeof(text), oid->val, oid->len);
    hex_encode(hex, value->p, value->n);
    view_set(o, "name", json_string(id == EXT__MAX ? text : cert_ext_text(id)));
    view_set(o, "oid", json_string(text));
    view_set(o, "critical", json_boolean(critical));
    view_set(o, "value", json_string(hex));
    return o;
}

static json_t *extensions(const struct cert *c)
{
    struct der list = der_of(c->exts, c->exts_len), value;
    json_t *a = json_array();
    struct der_tlv oid;
    bool critical;

    while (!der_end(&list) &&
           cert_ext_next(&list, &oid, &critical, &value) == 0)
        view_append(a, extension(&oid, critical, &value));
    return a;
}

static json_t *certificate(const struct buf *tbs)
{
    AUTO(cert) struct cert c = {0};
    AUTO(errs) struct errs e = {0};
    json_t *o;

    if (tbs->len == 0 || cert_parse_tbs(&c, tbs->data, tbs->len, &e) != 0)
        return json_null();
    o = json_object();
    view_contents(o, &c);
    view_set(o, "extensions", extensions(&c));
    return o;
}

json_t *view_explained(const struct msg_explained *m)
{
    AUTO(errs) struct errs e = {0};
    json_t *o = json_object();

    report_errs(&m->report, &e);
    view_set(o, "would_issue", json_boolean(m->tbs.len > 0));
    view_set(o, "profile", view_text(m->profile));
    view_set(o, "authority", view_text(m->authority));
    view_set(o, "rules", rules(&m->report));
    view_set(o, "errors", view_errors(&e));
    view_set(o, "certificate", certificate(&m->tbs));
    return o;
}
