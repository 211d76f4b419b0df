/* SPDX-License-Identifier: ISC */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "tm.h"

static int fill_lifetime(struct msg_issue *m, const char *text, struct errs *e)
{
    if (!text || tm_parse_span(text, &m->span.lifetime) == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "lifetime \"%s\" is not a number and one of s, m, h, d, y "
                   "(90d)",
                   text);
}

static int fill_not_before(struct msg_issue *m, const char *text,
                           struct errs *e)
{
    if (!text || (tm_parse_rfc3339(text, &m->span.not_before) == 0 &&
                  m->span.not_before > 0))
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "not_before \"%s\" is no time as in 2026-01-31T12:00:00Z",
                   text);
}

static int fill_note(struct msg_issue *m, const char *text, struct errs *e)
{
    if (text && strlen(text) > REQUEST_NOTE_MAX)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "the note has %zu octets, at most %d are kept",
                       strlen(text), REQUEST_NOTE_MAX);
    m->note = xstrdup_null(text);
    return 0;
}

static int fill_replaces(struct msg_issue *m, const char *text, struct errs *e)
{
    if (!text || serial_parse(&m->replaces, text) == 0)
        return 0;
    return err_add(e, ERR_BAD_ARGUMENT,
                   "replaces \"%s\" is not a serial number in hexadecimal",
                   text);
}

/* The full list that was asked for; *given says whether there was one. */
static int asked_names(struct names *out, const struct request_args *a,
                       bool *given, struct errs *e)
{
    int rc = 0;

    *given = a->names || a->name_list;
    if (a->names && *a->names)
        return names_parse(out, a->names, e);
    for (size_t i = 0; a->name_list && i < a->name_list->n; i++) {
        const char *text = a->name_list->v[i];
        struct name n = {0};

        if (name_parse(&n, text, strlen(text), e) < 0)
            rc = -1;
        else
            names_add(out, &n);
    }
    return rc;
}

static int fill_names(struct msg_issue *m, const struct csr *csr,
                      const struct request_args *a, struct errs *e)
{
    AUTO(names) struct names asked = {0};
    int rc = asked_names(&asked, a, &m->listed, e);

    if (m->listed && asked.n == 0 && rc == 0)
        rc = err_add(e, ERR_NO_NAMES,
                     "names is empty; give names=web.internal, or leave it "
                     "out for those of the CSR");
    if (!csr)
        return rc;
    if (!m->listed)
        strs_copy(&m->odd_san, &csr->odd_san);
    names_copy(&m->names, m->listed ? &asked : &csr->san);
    subject_copy(&m->subject, &csr->subject);
    m->partial = m->listed ? rc != 0 : csr->partial;
    return rc;
}

/* Empty is no default: somebody's variable was not set. */
static int fill_profile(struct msg_issue *m, const char *profile,
                        struct errs *e)
{
    if (profile && !*profile)
        return err_add(e, ERR_BAD_ARGUMENT,
                       "profile is empty; name one, or leave it out for the "
                       "first");
    m->profile = xstrdup_null(profile);
    return 0;
}

int request_fill(struct msg_issue *m, const struct csr *csr,
                 const struct request_args *a, struct errs *e)
{
    int rc = fill_lifetime(m, a->lifetime, e);

    rc |= fill_not_before(m, a->not_before, e);
    rc |= fill_note(m, a->note, e);
    rc |= fill_replaces(m, a->replaces, e);
    rc |= fill_profile(m, a->profile, e);
    if (csr) {
        buf_put(&m->spki, csr->key.spki, csr->key.spki_len);
        m->power = csr->power;
        m->critical = xstrdup_null(csr->critical);
        strs_copy(&m->warnings, &csr->warnings);
    }
    rc |= fill_names(m, csr, a, e);
    return rc ? -1 : 0;
}

/* Absent and empty differ: one octet says which. */
static void hash_text(struct buf *b, const char *s)
{
    buf_u8(b, s != NULL);
    buf_str(b, s);
}

void request_hash(uint8_t out[32], const void *csr, size_t len,
                  const struct request_args *a, const struct serial *renews)
{
    AUTO(buf) struct buf b = {0};

    buf_blob(&b, csr, len);
    hash_text(&b, a->profile);
    hash_text(&b, a->lifetime);
    hash_text(&b, a->not_before);
    hash_text(&b, a->note);
    hash_text(&b, a->replaces);
    hash_text(&b, a->names);
    buf_u32(&b, a->name_list ? (uint32_t)a->name_list->n + 1 : 0);
    for (size_t i = 0; a->name_list && i < a->name_list->n; i++)
        buf_str(&b, a->name_list->v[i]);
    buf_blob(&b, renews ? renews->v : NULL, renews ? renews->len : 0);
    digest_sum(DIGEST_SHA256, b.data, b.len, out);
}
