/* SPDX-License-Identifier: ISC */
/* What the name constraints of an authority permit a profile to allow. */
#include <stdlib.h>
#include <string.h>

#include "cert.h"
#include "der.h"
#include "mem.h"
#include "unit.h"

/* "dns:b" or "ip:HEX" as a GeneralSubtree. */
static void put_subtree(struct buf *b, const char *text)
{
    static const char *const kinds[] = {"email:", "dns:", "uri:", "ip:", "dn:"};
    static const uint8_t tags[] = {DER_CTX(1), DER_CTX(2), DER_CTX(6),
                                   DER_CTX(7), DER_CTX_CONS(4)};
    size_t seq = der_open(b, DER_SEQUENCE);

    for (size_t i = 0; i < sizeof(tags); i++) {
        const size_t n = strlen(kinds[i]);
        uint8_t net[32];
        int len;

        if (strncmp(text, kinds[i], n) != 0)
            continue;
        len = i == 3 ? hex_decode(net, sizeof(net), text + n, strlen(text + n))
                     : (int)strlen(text + n);
        ck_assert_int_ge(len, 0);
        der_put(b, tags[i], i == 3 ? (const void *)net : text + n, (size_t)len);
    }
    der_close(b, seq);
}

static void put_list(struct buf *b, uint8_t tag, const char *list)
{
    struct strs l = {0};
    size_t at;

    if (!*list)
        return;
    at = der_open(b, tag);
    strs_split(&l, list, ' ');
    for (size_t i = 0; i < l.n; i++)
        put_subtree(b, l.v[i]);
    strs_free(&l);
    der_close(b, at);
}

static void add_patterns(struct patterns *l, const char *list)
{
    AUTO(errs) struct errs e = {0};
    struct strs texts = {0};

    strs_split(&texts, list, ' ');
    for (size_t i = 0; i < texts.n; i++) {
        struct pattern p;

        ck_assert_int_eq(pattern_parse(&p, texts.v[i], &e), 0);
        patterns_add(l, &p);
    }
    strs_free(&texts);
}

#define ZERO128 "00000000000000000000000000000000"

START_TEST(permitting)
{
    static const struct {
        const char *permitted, *excluded, *pattern, *deny;
        bool permit;
    } cases[] = {
        {"", "", "dns:**", "", true},
        {"dns:a.b", "", "dns:a.b", "", true},
        {"dns:a.b", "", "dns:**.a.b", "", true},
        {"dns:a.b", "", "dns:*.a.b", "", true},
        {"dns:a.b", "", "dns:x.a.b", "", true},
        {"dns:A.b", "", "dns:**.x.a.b", "", true},
        {"dns:a.b", "", "dns:**.b", "", false},
        {"dns:a.b", "", "dns:*.b", "", false},
        {"dns:a.b", "", "dns:xa.b", "", false},
        {"dns:a.b", "", "dns:**.xa.b", "", false},
        {"dns:xa.b", "", "dns:**.a.b", "", false},
        {"dns:a.b", "", "dns:**", "", false},
        {"dns:a.b", "", "dns:b", "", false},
        {"dns:.a.b", "", "dns:a.b", "", false},
        {"dns:.a.b", "", "dns:**.a.b", "", true},
        {"dns:", "", "dns:**", "", true},
        {"dns:a.b dns:c.d", "", "dns:*.c.d", "", true},
        {"dns:a.b", "", "ip:**", "", true}, /* another kind is not bound */
        {"dn:x", "", "dns:**", "", true},
        {"dns:a.b", "", "cn:**", "", true},
        {"", "dns:bad.b", "dns:**.b", "", false},
        {"", "dns:bad.b", "dns:*.b", "", false},
        {"", "dns:x.bad.b", "dns:*.b", "", false},
        {"", "dns:bad.b", "dns:*.x.b", "", true},
        {"", "dns:bad.b", "dns:good.b", "", true},
        {"", "dns:bad.b", "dns:x.bad.b", "", false},
        {"", "dns:bad.b", "dns:**.b", "dns:bad.b dns:**.bad.b", true},
        {"", "dns:bad.b", "dns:**.b", "dns:**.bad.b", false},
        {"", "dns:bad.b", "dns:**.b", "dns:bad.b", false},
        {"", "dns:.bad.b", "dns:**.b", "dns:**.bad.b", true},
        {"", "dns:", "dns:**", "", false},
        {"dns:b", "dns:bad.b", "dns:x.b", "", true},
        {"email:b", "", "email:*@b", "", true},
        {"email:b", "", "email:*@x.b", "", false},
        {"email:.b", "", "email:*@x.b", "", true},
        {"email:.b", "", "email:*@b", "", false},
        {"email:x@b", "", "email:x@b", "", true},
        {"email:x@b", "", "email:*@b", "", false},
        {"email:x@b", "", "email:x@bc", "", false},
        {"", "email:x@b", "email:x@bc", "", true},
        {"email:b", "", "email:**", "", false},
        {"", "email:x@b", "email:*@b", "", false},
        {"", "email:x@b", "email:y@b", "", true},
        {"uri:td", "", "uri:spiffe://td/**", "", true},
        {"uri:td", "", "uri:spiffe://x.td/**", "", false},
        {"uri:.td", "", "uri:spiffe://x.td/**", "", true},
        {"uri:td", "", "uri:**", "", false},
        {"uri:", "", "uri:**", "", true},
        {"uri:", "", "uri:https://10.0.0.1/**", "", false},
        {"", "uri:td", "uri:https://10.0.0.1/**", "", false},
        {"", "uri:td", "uri:https://[fd00::1]/x", "", false},
        {"", "dns:td", "uri:https://10.0.0.1/**", "", true},
        {"ip:0a000000ff000000", "", "ip:10.1.0.0/16", "", true},
        {"ip:0a000000ff000000", "", "ip:10.0.0.0/8", "", true},
        {"ip:0a000000ff000000", "", "ip:0.0.0.0/0", "", false},
        {"ip:0a000000ff000000", "", "ip:11.0.0.1", "", false},
        {"ip:0a000000ff000000", "", "ip:fd00::1", "", false},
        {"ip:0a000000ff000000", "", "ip:**", "", false},
        /* every address is one of two families */
        {"ip:0000000000000000", "", "ip:**", "", false},
        {"ip:0000000000000000 ip:" ZERO128 ZERO128, "", "ip:**", "", true},
        {"", "ip:0000000000000000", "ip:**", "", false},
        {"", "ip:0000000000000000", "ip:**", "ip:0.0.0.0/0", true},
        {"", "ip:" ZERO128 ZERO128, "ip:**", "ip:0.0.0.0/0", false},
        {"", "ip:" ZERO128 ZERO128, "ip:**", "ip:::/0", true},
        {"", "ip:0a010000ffff0000", "ip:10.0.0.0/8", "ip:10.1.0.0/16", true},
        {"", "ip:0a010000ffff0000", "ip:10.0.0.0/8", "ip:10.1.0.0/17", false},
        {"", "ip:0a010000ffff0000", "ip:10.0.0.0/8",
         "ip:10.1.0.0/17 ip:10.1.128.0/17", true},
        {"", "ip:0a010000ffff0000", "ip:10.0.0.0/8", "", false},
        {"", "ip:0a010000ffff0000", "ip:10.2.0.0/16", "", true},
        {"ip:0a00", "", "ip:10.2.0.0/16", "", false},
        /* a subtree is about names of its own kind alone */
        {"dns:c email:b", "", "dns:b", "", false},
        {"dns:c uri:b", "", "dns:b", "", false},
        {"email:b", "", "dns:c", "", true},
        {"uri:b", "", "dns:c", "", true},
        {"dns:b", "", "email:*@c", "", true},
        {"dns:b", "", "uri:https://c/**", "", true},
        {"", "email:b", "dns:b", "", true},
        {"", "dns:b", "email:*@b", "", true},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(buf) struct buf der = {0};
        AUTO(patterns) struct patterns p = {0}, deny = {0};
        struct cert c = {0};
        size_t seq = der_open(&der, DER_SEQUENCE);

        put_list(&der, DER_CTX_CONS(0), cases[i].permitted);
        put_list(&der, DER_CTX_CONS(1), cases[i].excluded);
        der_close(&der, seq);
        if (*cases[i].permitted || *cases[i].excluded)
            c.ext[EXT_CONSTRAINTS] =
                (struct cert_ext){.value = der.data, .len = der.len};
        add_patterns(&p, cases[i].pattern);
        if (*cases[i].deny)
            add_patterns(&deny, cases[i].deny);
        ck_assert_msg(cert_constraints_permit(&c, &p.v[0], &deny) ==
                          cases[i].permit,
                      "case %zu: %s under permitted %s, excluded %s", i,
                      cases[i].pattern, cases[i].permitted, cases[i].excluded);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {permitting};

    return unit_run("constraints", tests, COUNT(tests));
}
