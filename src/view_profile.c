/* SPDX-License-Identifier: ISC */
/* What a profile allows to somebody. */
#include <stdlib.h>

#include "tm.h"
#include "view.h"

static json_t *texts(const struct strs *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(a, json_string(l->v[i]));
    return a;
}

/* {"o": "Example", "cn": true}: fixed, or taken from the request. */
static json_t *subject_members(const struct profile *p)
{
    json_t *o = json_object();

    for (int f = 0; f < SUBJECT__MAX; f++) {
        const char *key = subject_field_text((enum subject_field)f);

        if (p->fixed.v[f])
            json_object_set_new(o, key, json_string(p->fixed.v[f]));
        else if (p->taken & 1U << f)
            json_object_set_new(o, key, json_true());
    }
    if (p->no_cn)
        json_object_set_new(o, "cn", json_false());
    return o;
}

static json_t *key_rule_text(const struct key_rule *r)
{
    if (r->type == KEY_EC)
        return json_sprintf("ec:%s", key_curve_text(r->curve));
    if (r->type != KEY_RSA)
        return json_string(key_type_text(r->type));
    if (r->min == r->max)
        return json_sprintf("rsa:%d", r->min);
    return json_sprintf("rsa:%d-%d", r->min, r->max);
}

static json_t *profile_keys(const struct profile *p)
{
    json_t *a = json_array();

    for (size_t i = 0; i < p->n_keys; i++)
        json_array_append_new(a, key_rule_text(&p->keys[i]));
    return a;
}

static void add_pattern(json_t *a, const struct pattern *p)
{
    AUTO(free) char *text = pattern_text(p);

    json_array_append_new(a, json_string(text));
}

/* Two patterns are disjoint or one is within the other: the names that both
 * lists allow are those of the inner ones. */
static json_t *profile_names(const struct profile *p, const struct limits *l)
{
    json_t *a = json_array();

    for (size_t i = 0; i < p->names.n; i++) {
        const struct pattern *have = &p->names.v[i];

        if (!l || l->names.n == 0) {
            add_pattern(a, have);
            continue;
        }
        for (size_t k = 0; k < l->names.n; k++)
            if (pattern_within(have, &l->names.v[k]))
                add_pattern(a, have);
            else if (pattern_within(&l->names.v[k], have))
                add_pattern(a, &l->names.v[k]);
    }
    return a;
}

static json_t *profile_deny(const struct profile *p)
{
    json_t *a = json_array();

    for (size_t i = 0; i < p->deny.n; i++)
        add_pattern(a, &p->deny.v[i]);
    return a;
}

/* null: none. */
static json_t *span(int64_t seconds)
{
    char text[32];

    if (!seconds)
        return json_null();

    tm_print_span(text, sizeof(text), seconds);
    return json_string(text);
}

json_t *view_profile(const struct profile *p, const struct limits *l)
{
    const bool wildcards = p->wildcards && (!l || !l->limited || l->wildcards);
    const struct {
        const char *key;
        json_t *value;
    } members[] = {
        {"name", json_string(p->name)},
        {"authority", p->authority ? json_string(p->authority) : json_null()},
        {"usage", texts(&p->usage)},
        {"path_len", p->ca ? json_integer(p->path_len) : json_null()},
        {"names", profile_names(p, l)},
        {"deny", profile_deny(p)},
        {"wildcards", json_boolean(wildcards)},
        {"single_label", json_boolean(p->single_label)},
        {"subject", subject_members(p)},
        {"keys", profile_keys(p)},
        {"lifetime", span(p->lifetime)},
        {"max_lifetime", span(p->max_lifetime)},
        {"min_lifetime", span(p->min_lifetime)},
        {"not_before", span(p->not_before)},
        {"max_names", json_integer(p->max_names)},
        {"min_names",
         json_integer(p->min_names ? p->min_names : p->names.n > 0)},
        {"renew", json_boolean(p->renew)},
        {"rekey", json_boolean(p->rekey)},
        {"policies", texts(&p->policies)},
        {"must_staple", json_boolean(p->must_staple)},
        {"cdp", json_boolean(p->cdp)},
        {"aia", json_boolean(p->aia)},
        {"extensions", texts(&p->extensions)},
    };
    json_t *o = json_object();

    for (size_t i = 0; i < COUNT(members); i++)
        if (json_object_set_new(o, members[i].key, members[i].value) != 0)
            abort();
    return o;
}
