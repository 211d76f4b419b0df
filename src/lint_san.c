/* SPDX-License-Identifier: ISC */
/* Alternative names (RFC 5280 section 4.2.1.6, RFC 9525). */
#include <string.h>

#include "ascii.h"
#include "lint_part.h"
#include "oid.h"

static bool has_kind(const struct cert *c, enum name_kind k)
{
    for (size_t i = 0; i < c->names.n; i++)
        if (c->names.v[i].kind == k)
            return true;
    return false;
}

/* The entries of the extension, one at a time. */
static struct der san_list(const struct cert *c)
{
    struct der value = lint_ext(c, EXT_SAN), list = {0};

    if (!lint_has(c, EXT_SAN) || der_enter(&value, DER_SEQUENCE, &list))
        return (struct der){0};
    return list;
}

static bool san_missing(LINT_ARGS)
{
    return c->eku & EKU_SERVER && !lint_has(c, EXT_SAN);
}

/* The name of a service, as XMPP has it (RFC 4985). */
static bool is_srv(const struct der_tlv *t)
{
    struct der other = der_of(t->val, t->len);
    struct der_tlv oid;

    return t->tag == DER_CTX_CONS(0) && der_get_oid(&other, &oid) == 0 &&
           der_oid_is(&oid, OID(ON_DNS_SRV));
}

static bool has_srv(const struct cert *c)
{
    struct der list = san_list(c);
    struct der_tlv t;

    while (!der_end(&list) && der_next(&list, &t) == 0)
        if (is_srv(&t))
            return true;
    return false;
}

static bool server_without_host(LINT_ARGS)
{
    return c->eku & EKU_SERVER && lint_has(c, EXT_SAN) &&
           !has_kind(c, NAME_DNS) && !has_kind(c, NAME_IP) &&
           !has_kind(c, NAME_URI) && !has_srv(c);
}

static bool san_not_critical(LINT_ARGS)
{
    return c->subject_len == 2 && lint_has(c, EXT_SAN) &&
           !c->ext[EXT_SAN].critical;
}

static bool san_critical(LINT_ARGS)
{
    return c->subject_len > 2 && c->ext[EXT_SAN].critical;
}

static bool is_plain_kind(uint8_t tag)
{
    return tag == DER_CTX(1) || tag == DER_CTX(2) || tag == DER_CTX(6) ||
           tag == DER_CTX(7);
}

static bool san_twice(LINT_ARGS)
{
    struct der list = san_list(c);
    struct der_tlv t;
    size_t n = 0;

    while (!der_end(&list) && der_next(&list, &t) == 0)
        n += is_plain_kind(t.tag);
    return n > c->names.n && !c->odd_name.raw;
}

static bool server_odd_names(LINT_ARGS)
{
    struct der list = san_list(c);
    struct der_tlv t;

    while (c->eku & EKU_SERVER && !der_end(&list) && der_next(&list, &t) == 0)
        if (!is_plain_kind(t.tag))
            return true;
    return false;
}

static bool dns_capitals(LINT_ARGS)
{
    struct der list = san_list(c);
    struct der_tlv t;

    while (!der_end(&list) && der_next(&list, &t) == 0)
        for (size_t i = 0; t.tag == DER_CTX(2) && i < t.len; i++)
            if (ascii_is_upper(t.val[i]))
                return true;
    return false;
}

/* RFC 1122 section 3.2.1.3, RFC 4291 sections 2.5.2 and 2.7. */
static bool ip_is_nobody(const struct name *n)
{
    static const uint8_t none[16];

    if (memcmp(n->ip, none, n->ip_len) == 0 || n->ip[0] == 0xff)
        return true;
    return n->ip_len == 4 && n->ip[0] >= 0xe0 && n->ip[0] < 0xf0;
}

static bool ip_nobody(LINT_ARGS)
{
    for (size_t i = 0; i < c->names.n; i++)
        if (c->names.v[i].kind == NAME_IP && ip_is_nobody(&c->names.v[i]))
            return true;
    return false;
}

static bool email_without_mailbox(LINT_ARGS)
{
    return c->eku & EKU_EMAIL && !has_kind(c, NAME_EMAIL);
}

static bool wildcard_server_only(LINT_ARGS)
{
    for (size_t i = 0; i < c->names.n; i++)
        if (c->names.v[i].wildcard && c->eku && !(c->eku & EKU_SERVER))
            return true;
    return false;
}

static bool is_spiffe(const struct name *n)
{
    return n->kind == NAME_URI && strncmp(n->value, "spiffe://", 9) == 0;
}

/* SPIFFE-ID section 2: a trust domain of [a-z0-9._-] and segments of
 * [A-Za-z0-9._-], none empty. */
static bool spiffe_broken(const struct name *n)
{
    const char *p = n->value + strlen("spiffe://");

    for (; *p && *p != '/'; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", *p))
            return true;
    for (; *p; p++) {
        if (*p == '/' && (p[1] == '/' || !p[1]))
            return true;
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                    "0123456789._-/",
                    *p))
            return true;
    }
    return false;
}

static bool spiffe_form(LINT_ARGS)
{
    for (size_t i = 0; i < c->names.n; i++)
        if (is_spiffe(&c->names.v[i]) && spiffe_broken(&c->names.v[i]))
            return true;
    return false;
}

/* X.509-SVID section 2: who validates refuses more than one URI. */
static bool spiffe_many(LINT_ARGS)
{
    bool svid = false;
    size_t uris = 0;

    for (size_t i = 0; i < c->names.n; i++) {
        svid |= is_spiffe(&c->names.v[i]);
        uris += c->names.v[i].kind == NAME_URI;
    }
    return svid && uris > 1;
}

static const struct lint rows[] = {
    {"san_missing", LINT_ERROR, LINT_LEAF, "RFC 9525 2",
     "a server certificate has no alternative names", san_missing, NULL},
    {"server_without_host", LINT_ERROR, LINT_LEAF, "RFC 9525 4.1",
     "a server certificate has no DNS name, address, URI or name of a service",
     server_without_host, NULL},
    {"san_not_critical", LINT_ERROR, LINT_LEAF, "RFC 5280 4.2.1.6",
     "the subject is empty, and the alternative names are not critical",
     san_not_critical, NULL},
    {"san_critical", LINT_WARNING, LINT_ANY, "RFC 5280 4.2.1.6",
     "the alternative names are critical beside a subject", san_critical, NULL},
    {"san_twice", LINT_WARNING, LINT_ANY, "house rule",
     "an alternative name is there twice", san_twice, NULL},
    {"server_odd_names", LINT_WARNING, LINT_LEAF, "BR 7.1.2.7.12",
     "a server certificate has a kind of alternative name that no browser "
     "compares",
     server_odd_names, NULL},
    {"dns_capitals", LINT_WARNING, LINT_ANY, "house rule",
     "a DNS name has capital letters", dns_capitals, NULL},
    {"ip_nobody", LINT_WARNING, LINT_ANY, "RFC 6890 2.2.2",
     "an address is unspecified, broadcast or multicast", ip_nobody, NULL},
    {"email_without_mailbox", LINT_WARNING, LINT_LEAF, "RFC 8550 3",
     "a mail certificate has no mail address", email_without_mailbox, NULL},
    {"spiffe_form", LINT_ERROR, LINT_ANY, "SPIFFE-ID 2",
     "a SPIFFE ID has more than a trust domain and a path without empty "
     "segments",
     spiffe_form, NULL},
    {"spiffe_many", LINT_ERROR, LINT_LEAF, "X509-SVID 2",
     "there is another URI beside a SPIFFE ID", spiffe_many, NULL},
    {"wildcard_no_server", LINT_WARNING, LINT_LEAF, "RFC 9525 6.3",
     "a wildcard, which only names servers, in a certificate for none",
     wildcard_server_only, NULL},
};
LINT_TABLE(lint_san, rows);
