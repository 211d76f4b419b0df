/* SPDX-License-Identifier: ISC */
/* The rules of a profile that end up in certificates, from the texts of the
 * configuration to DER. */
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "lint.h"
#include "oid.h"
#include "pem.h"
#include "profile.h"
#include "uri.h"

/* ---- usage ---- */

static const struct purpose {
    const char *text;
    const char *oid;
    size_t oid_len;
    unsigned eku;
} purposes[] = {
    {"server", OID(KP_SERVER), EKU_SERVER},
    {"client", OID(KP_CLIENT), EKU_CLIENT},
    {"ocsp", OID(KP_OCSP), EKU_OCSP},
    {"email", OID(KP_EMAIL), EKU_EMAIL},
    {"code-signing", OID(KP_CODE), EKU_CODE},
    {"time-stamping", OID(KP_TIME), EKU_TIME},
};
enum { PURPOSES = COUNT(purposes) };

static const struct purpose *purpose_find(const char *text,
                                          const struct buf *oid)
{
    for (size_t i = 0; i < PURPOSES; i++)
        if (strcmp(purposes[i].text, text) == 0 ||
            (oid->len == purposes[i].oid_len &&
             memcmp(purposes[i].oid, oid->data, oid->len) == 0))
            return &purposes[i];
    return NULL;
}

static int add_purpose(struct profile *p, const struct purpose *known,
                       const char *text, const struct buf *oid, struct errs *e)
{
    if (known)
        text = known->text;
    if (strs_has(&p->usage, text))
        return err_add(e, ERR_BAD_ARGUMENT, "\"%s\" is there twice", text);
    strs_add(&p->usage, text);
    if (known)
        p->eku |= known->eku;
    else
        der_put_oid(&p->eku_other, oid->data, oid->len);
    return 0;
}

int profile_usage(struct profile *p, const char *text, struct errs *e)
{
    AUTO(buf) struct buf oid = {0};
    const struct purpose *known;

    if (strcmp(text, "mutual") == 0)
        return profile_usage(p, "server", e) | profile_usage(p, "client", e);
    if (strcmp(text, "intermediate") == 0) {
        p->ca = true;
        strs_add(&p->usage, text);
        return 0;
    }
    der_oid_parse(&oid, text);
    known = purpose_find(text, &oid);
    if (!known && oid.len == 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "\"%s\" is none of server, client, mutual, email, "
                       "code-signing, time-stamping, ocsp, intermediate, and "
                       "no OID as in 1.3.6.1.5.5.7.3.4",
                       text);
    if (oid.len == sizeof(OID_KP_ANY) - 1 && memcmp(oid.data, OID(KP_ANY)) == 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "anyExtendedKeyUsage is every power at once, and never "
                       "certified");
    return add_purpose(p, known, text, &oid, e);
}

/* ---- subject ---- */

static bool is_mail(const char *text)
{
    AUTO(errs) struct errs e = {0};
    AUTO(name) struct name n = {0};

    return name_parse_kind(&n, NAME_EMAIL, text, strlen(text), &e) == 0;
}

int profile_subject(struct profile *p, const char *text, struct errs *e)
{
    const char *eq = strchrnul(text, '=');
    const enum subject_field f = subject_field_parse(text, (size_t)(eq - text));
    const unsigned bit = 1U << f;
    const char *rule;

    if (f == SUBJECT__MAX)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "\"%s\": the fields are c, st, l, o, ou, cn, "
                       "serial-number and email; \"o\" is taken from the "
                       "request, \"o=Example\" is fixed",
                       text);
    if (p->fixed.v[f] || p->taken & bit || (f == SUBJECT_CN && p->no_cn))
        return err_add(e, ERR_BAD_ARGUMENT, "\"%s\": %s is there twice", text,
                       subject_field_text(f));
    if (!*eq) {
        p->taken |= bit;
        return 0;
    }
    if (f == SUBJECT_CN && !eq[1]) {
        p->no_cn = true;
        return 0;
    }
    rule = subject_rule(f, eq + 1);
    if (!rule && f == SUBJECT_EMAIL && !is_mail(eq + 1))
        rule = "is no mail address";
    if (rule)
        return err_add(e, ERR_BAD_ARGUMENT, "\"%s\": the value %s", text, rule);
    subject_set(&p->fixed, f, xstrdup(eq + 1));
    return 0;
}

/* ---- extensions ---- */

/* The address of a certification practice statement, as it is written. */
static bool is_cps(const char *text)
{
    AUTO(free) char *normal = NULL;

    return (strncmp(text, "http://", 7) == 0 ||
            strncmp(text, "https://", 8) == 0) &&
           !uri_normal(&normal, text, strlen(text));
}

/* "1.2.3.4 https://example.org/cps": a PolicyInformation (RFC 5280 section
 * 4.2.1.4) at the end of `out`. */
static int put_policy(struct buf *out, const char *text)
{
    AUTO(free) char *id = xstrndup(text, strcspn(text, " "));
    const char *cps = text + strlen(id) + strspn(text + strlen(id), " ");
    AUTO(buf) struct buf oid = {0};
    size_t info, all, one;

    if (der_oid_parse(&oid, id) != 0 || (*cps && !is_cps(cps)))
        return -1;
    info = der_open(out, DER_SEQUENCE);
    der_put_oid(out, oid.data, oid.len);
    if (*cps) {
        all = der_open(out, DER_SEQUENCE);
        one = der_open(out, DER_SEQUENCE);
        der_put_oid(out, OID(QT_CPS));
        der_put(out, DER_IA5_STRING, cps, strlen(cps));
        der_close(out, one);
        der_close(out, all);
    }
    der_close(out, info);
    return 0;
}

int profile_policy(struct profile *p, const char *text, struct errs *e)
{
    AUTO(buf) struct buf der = {0};
    const size_t len = strcspn(text, " ");

    if (put_policy(&der, text) != 0)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "\"%s\" is no policy; write an OID, and the URL of its "
                       "practice statement behind it, if there is one: "
                       "\"1.2.3.4 https://example.org/cps\"",
                       text);
    for (size_t i = 0; i < p->policies.n; i++)
        if (strcspn(p->policies.v[i], " ") == len &&
            strncmp(p->policies.v[i], text, len) == 0)
            return err_add(e, ERR_BAD_ARGUMENT, "\"%.*s\" is there twice",
                           (int)len, text);
    strs_add(&p->policies, text);
    return 0;
}

/* What we write ourselves, from other rules. */
static const struct {
    const char *oid;
    size_t len;
    const char *rule;
} ours[] = {
    {OID(CE_SKI), "every certificate has it"},
    {OID(CE_AKI), "every certificate has it"},
    {OID(CE_KEY_USAGE), "usage and the key decide it"},
    {OID(CE_EKU), "usage decides it"},
    {OID(CE_BASIC), "usage decides it"},
    {OID(CE_SAN), "names decide it"},
    {OID(CE_NAME_CONSTRAINTS), "only `init` writes it"},
    {OID(CE_CDP), "cdp decides it"},
    {OID(PE_AIA), "aia decides it"},
    {OID(CE_POLICIES), "policies decide it"},
    {OID(PE_TLS_FEATURE), "must-staple decides it"},
    {OID(OCSP_NOCHECK), "usage decides it"},
};

struct extension {
    struct buf oid, value;
    bool critical;
};

static void extension_free(struct extension *x)
{
    buf_free(&x->oid);
    buf_free(&x->value);
}
AUTO_VALUE(extension, struct extension, extension_free)

/* "hex:0500" or "base64:BQA="; NULL, or what is wrong. */
static const char *read_value(const char *text, struct buf *value)
{
    size_t len = strlen(text);

    if (strncmp(text, "base64:", 7) == 0)
        return base64_decode(value, text + 7, len - 7) == 0
                   ? NULL
                   : "has something that is no base64 behind base64:";
    if (strncmp(text, "hex:", 4) != 0)
        return "has no hex: or base64: and DER behind the OID";
    len -= 4;
    if (hex_decode(buf_extend(value, len / 2), len / 2, text + 4, len) * 2 !=
        (int)len)
        return "has something that is no hexadecimal behind hex:";
    return NULL;
}

static bool is_oid(const struct buf *b, const char *oid, size_t len)
{
    return b->len == len && memcmp(b->data, oid, len) == 0;
}

/* Reads "OID [critical] hex:DER"; NULL, or what is wrong. */
static const char *read_extension(const char *text, struct extension *x)
{
    static const char critical[] = "critical ";
    const size_t id_len = strcspn(text, " ");
    AUTO(free) char *id = xstrndup(text, id_len);
    const char *rest = text + id_len + strspn(text + id_len, " "), *wrong;

    if (der_oid_parse(&x->oid, id) != 0)
        return "does not begin with an OID";
    x->critical = strncmp(rest, critical, strlen(critical)) == 0;
    if (x->critical)
        rest += strlen(critical) + strspn(rest + strlen(critical), " ");
    wrong = read_value(rest, &x->value);
    if (wrong)
        return wrong;
    if (der_check(x->value.data, x->value.len) != 0)
        return "has a value that is not one element in DER";
    for (size_t i = 0; i < COUNT(ours); i++)
        if (is_oid(&x->oid, ours[i].oid, ours[i].len))
            return ours[i].rule;
    return NULL;
}

/* The same extension has the same text, however its value was given. */
static char *extension_text(const struct extension *x, const char *text)
{
    AUTO(free) char *hex = xmalloc(2 * x->value.len + 1);

    hex_encode(hex, x->value.data, x->value.len);
    return xasprintf("%.*s%s hex:%s", (int)strcspn(text, " "), text,
                     x->critical ? " critical" : "", hex);
}

int profile_extension(struct profile *p, const char *text, struct errs *e)
{
    AUTO(extension) struct extension x = {0};
    const char *rule = read_extension(text, &x);
    const size_t len = strcspn(text, " ");

    for (size_t i = 0; i < p->extensions.n && !rule; i++)
        if (strcspn(p->extensions.v[i], " ") == len &&
            strncmp(p->extensions.v[i], text, len) == 0)
            rule = "is there twice";
    if (rule)
        return err_add(e, ERR_BAD_ARGUMENT, "\"%.200s\": %s", text, rule);
    strs_add_own(&p->extensions, extension_text(&x, text));
    cert_ext_put(&p->extra, x.critical, x.oid.data, x.oid.len, &x.value);
    return 0;
}

/* The lints of a certificate that has little but the extension; NULL, or what
 * the reader says of it. */
static char *lint_with(const struct profile *p, const struct buf *extra,
                       struct lint_findings *found)
{
    /* The base point of Ed25519 (RFC 8032 section 5.1). */
    static const uint8_t spki[] =
        "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00Xfffffffffffffff"
        "ffffffffffffffff";
    static const uint8_t aki[SKI_LEN];
    const struct cert_spec spec = {.serial = {.len = 1, .v = {1}},
                                   .cn = "x",
                                   .spki = spki,
                                   .spki_len = sizeof(spki) - 1,
                                   .ca = p->ca,
                                   .path_len = -1,
                                   .ku = KU_DIGITAL_SIGNATURE,
                                   .aki = aki,
                                   .extra = extra,
                                   .alg = SIG_ED25519};
    AUTO(buf) struct buf tbs = {0};
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert c = {0};

    cert_write_tbs(&tbs, &spec);
    if (cert_parse_tbs(&c, tbs.data, tbs.len, &e) != 0)
        return xstrdup(e.v[0].detail);
    lint_run(&c, NULL, found);
    return NULL;
}

static bool has_finding(const struct lint_findings *l, const struct lint *one)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i] == one)
            return true;
    return false;
}

char *profile_extension_fault(const struct profile *p, size_t nth)
{
    AUTO(extension) struct extension x = {0};
    AUTO(buf) struct buf extra = {0};
    struct lint_findings with = {0}, without = {0};
    char *fault = NULL;

    read_extension(p->extensions.v[nth], &x);
    cert_ext_put(&extra, x.critical, x.oid.data, x.oid.len, &x.value);
    lint_with(p, NULL, &without); /* which can be read */
    fault = lint_with(p, &extra, &with);
    for (size_t i = 0; i < with.n && !fault; i++)
        if (with.v[i]->severity == LINT_ERROR &&
            !has_finding(&without, with.v[i]))
            fault = lint_text(with.v[i]);
    return fault;
}

void profile_compile(struct profile *p)
{
    /* TLS feature (RFC 7633): SEQUENCE { status_request (5) }; nocheck
     * (RFC 6960 section 4.2.2.2.1): NULL. */
    static const uint8_t staple[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    static const uint8_t null[] = {0x05, 0x00};
    const struct buf staple_value = {(uint8_t *)staple, sizeof(staple), 0};
    const struct buf null_value = {(uint8_t *)null, sizeof(null), 0};
    AUTO(buf) struct buf policies = {0};
    size_t seq;

    if (p->policies.n) {
        seq = der_open(&policies, DER_SEQUENCE);
        for (size_t i = 0; i < p->policies.n; i++)
            put_policy(&policies, p->policies.v[i]);
        der_close(&policies, seq);
        cert_ext_put(&p->extra, false, OID(CE_POLICIES), &policies);
    }
    if (p->must_staple)
        cert_ext_put(&p->extra, false, OID(PE_TLS_FEATURE), &staple_value);
    if (p->eku & EKU_OCSP)
        cert_ext_put(&p->extra, false, OID(OCSP_NOCHECK), &null_value);
}
