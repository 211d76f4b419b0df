/* SPDX-License-Identifier: ISC */
#include "view_part.h"

static json_t *serial_of(const struct revocation *one)
{
    char text[2 * SERIAL_MAX + 1];

    serial_text(text, &one->serial);
    return json_string(text);
}

static json_t *refusals(const struct revocations *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].outcome == OUTCOME_REFUSED)
            view_append(a,
                        json_pack("{s:o, s:s}", "serial", serial_of(&l->v[i]),
                                  "detail", l->v[i].why));
    return a;
}

static json_t *revoked(const struct revocations *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].outcome != OUTCOME_ALREADY &&
            l->v[i].outcome != OUTCOME_REFUSED)
            view_append(a, serial_of(&l->v[i]));
    return a;
}

static void set_count(json_t *o, const char *name, size_t n)
{
    view_set(o, name, json_integer((json_int_t)n));
}

json_t *view_revocations(const struct revocations *l, json_t *first)
{
    const struct revocations_sum sum = revocations_sum(l);
    json_t *o = json_object();

    view_set(o, "dry_run", json_boolean(first != NULL));
    set_count(o, "matched", sum.matched);
    set_count(o, "valid", sum.valid);
    set_count(o, "expired", sum.expired);
    set_count(o, "changed", sum.changed);
    set_count(o, "already_revoked", sum.already);
    set_count(o, "refused", sum.refused);
    set_count(o, "renewals", sum.renewals);
    view_set(o, "refusals", refusals(l));
    if (first)
        view_set(o, "certificates", first);
    else
        view_set(o, "serials", revoked(l));
    view_set(o, "next", view_text(l->cursor));
    if (l->crl_pending)
        view_set(o, "crl", json_string("pending"));
    return o;
}
