/* SPDX-License-Identifier: ISC */
/* The bodies of frames: put and get of each stand next to each other. */
#include "msg.h"

#include <stdlib.h>
#include <string.h>

#include "crl.h"
#include "tm.h"

static void blob_get(struct rd *r, struct buf *out)
{
    size_t len;
    const uint8_t *p = rd_blob(r, &len);

    buf_put(out, p, len);
}

void caller_free(struct caller *c)
{
    if (c->token)
        mem_wipe(c->token, strlen(c->token));
    free(c->token);
    free(c->request_id);
    free(c->address);
    *c = (struct caller){0};
}

void caller_put(struct buf *b, const struct caller *c)
{
    buf_u8(b, (uint8_t)c->evidence);
    if (c->evidence == EV_TOKEN)
        buf_str(b, c->token);
    if (c->evidence == EV_CERT)
        buf_put(b, c->cert, sizeof(c->cert));
    buf_str(b, c->request_id);
    buf_str(b, c->address);
}

void caller_get(struct rd *r, struct caller *c)
{
    uint8_t evidence = rd_u8(r);

    *c = (struct caller){0};
    if (evidence >= EV__MAX)
        r->failed = true;
    else
        c->evidence = (enum evidence)evidence;
    if (c->evidence == EV_TOKEN)
        c->token = rd_str(r);
    if (c->evidence == EV_CERT)
        rd_bytes(r, c->cert, sizeof(c->cert));
    c->request_id = rd_str_null(r);
    c->address = rd_str_null(r);
}

void msg_issue_free(struct msg_issue *m)
{
    free(m->profile);
    names_free(&m->names);
    subject_free(&m->subject);
    strs_free(&m->odd_san);
    strs_free(&m->warnings);
    free(m->critical);
    errs_free(&m->errs);
    buf_free(&m->spki);
    free(m->note);
    free(m->idem_key);
    free(m->protocol);
    *m = (struct msg_issue){0};
}

void msg_issue_put(struct buf *b, const struct msg_issue *m)
{
    buf_str(b, m->profile);
    names_put(b, &m->names);
    buf_u8(b, m->listed);
    subject_put(b, &m->subject);
    strs_put(b, &m->odd_san);
    strs_put(b, &m->warnings);
    buf_str(b, m->critical);
    buf_u32(b, m->power);
    errs_put(b, &m->errs);
    buf_u8(b, m->partial);
    buf_blob(b, m->spki.data, m->spki.len);
    buf_i64(b, m->span.lifetime);
    buf_i64(b, m->span.not_before);
    buf_str(b, m->note);
    serial_put(b, &m->replaces);
    serial_put(b, &m->renews);
    buf_str(b, m->idem_key);
    buf_put(b, m->idem_hash, sizeof(m->idem_hash));
    buf_str(b, m->protocol);
}

void msg_issue_get(struct rd *r, struct msg_issue *m)
{
    uint8_t listed, partial;

    *m = (struct msg_issue){0};
    m->profile = rd_str_null(r);
    names_get(r, &m->names);
    listed = rd_u8(r);
    m->listed = listed == 1;
    subject_get(r, &m->subject);
    strs_get(r, &m->odd_san);
    strs_get(r, &m->warnings);
    m->critical = rd_str_null(r);
    m->power = rd_u32(r);
    errs_get(r, &m->errs);
    partial = rd_u8(r);
    m->partial = partial == 1;
    blob_get(r, &m->spki);
    m->span.lifetime = rd_i64(r);
    m->span.not_before = rd_i64(r);
    m->note = rd_str_null(r);
    serial_get(r, &m->replaces);
    serial_get(r, &m->renews);
    m->idem_key = rd_str_null(r);
    rd_bytes(r, m->idem_hash, sizeof(m->idem_hash));
    m->protocol = rd_str(r);
    if (m->span.lifetime < 0 || m->span.not_before < 0 || listed > 1 ||
        partial > (m->errs.n > 0))
        r->failed = true;
}

void msg_explained_free(struct msg_explained *m)
{
    report_free(&m->report);
    free(m->profile);
    free(m->authority);
    buf_free(&m->tbs);
    *m = (struct msg_explained){0};
}

void msg_explained_put(struct buf *b, const struct msg_explained *m,
                       size_t first, size_t n)
{
    const bool last = first + n == m->report.n;

    report_put(b, &m->report, first, n);
    buf_str(b, last ? m->profile : NULL);
    buf_str(b, last ? m->authority : NULL);
    buf_blob(b, m->tbs.data, last ? m->tbs.len : 0);
}

void msg_explained_get(struct rd *r, struct msg_explained *m)
{
    report_get(r, &m->report);
    free(m->profile);
    m->profile = rd_str_null(r);
    free(m->authority);
    m->authority = rd_str_null(r);
    blob_get(r, &m->tbs);
}

enum { NOT_GIVEN = 0xff };

void msg_sign_ca_free(struct msg_sign_ca *m)
{
    free(m->authority);
    free(m->cn);
    buf_free(&m->spki);
    strs_free(&m->permitted);
    free(m->critical);
    strs_free(&m->warnings);
    *m = (struct msg_sign_ca){0};
}

void msg_sign_ca_put(struct buf *b, const struct msg_sign_ca *m)
{
    buf_str(b, m->authority);
    buf_str(b, m->cn);
    buf_blob(b, m->spki.data, m->spki.len);
    buf_i64(b, m->lifetime);
    buf_u8(b, m->path_len);
    strs_put(b, &m->permitted);
    buf_u32(b, m->power);
    buf_str(b, m->critical);
    strs_put(b, &m->warnings);
}

void msg_sign_ca_get(struct rd *r, struct msg_sign_ca *m)
{
    *m = (struct msg_sign_ca){0};
    m->authority = rd_str(r);
    m->cn = rd_str(r);
    blob_get(r, &m->spki);
    m->lifetime = rd_i64(r);
    m->path_len = rd_u8(r);
    strs_get(r, &m->permitted);
    m->power = rd_u32(r);
    m->critical = rd_str_null(r);
    strs_get(r, &m->warnings);
}

void msg_revoke_put(struct buf *b, const struct msg_revoke *m)
{
    serial_put(b, &m->serial);
    buf_u8(b, m->reason < 0 ? NOT_GIVEN : (uint8_t)m->reason);
    buf_u8(b, m->renewals < 0 ? NOT_GIVEN : (uint8_t)m->renewals);
    buf_u64(b, m->leaf);
}

void msg_revoke_get(struct rd *r, struct msg_revoke *m)
{
    uint8_t reason, renewals;

    *m = (struct msg_revoke){.reason = -1, .renewals = -1};
    serial_get(r, &m->serial);
    reason = rd_u8(r);
    renewals = rd_u8(r);
    m->leaf = rd_u64(r);
    if (reason != NOT_GIVEN)
        m->reason = reason;
    if (renewals != NOT_GIVEN)
        m->renewals = renewals;
    if (renewals > 1 && renewals != NOT_GIVEN)
        r->failed = true;
    if (m->reason >= 0 && !crl_reason_text(m->reason))
        r->failed = true;
}

void msg_revoked_free(struct msg_revoked *m)
{
    record_free(&m->record);
    free(m->also);
    *m = (struct msg_revoked){0};
}

void msg_revoked_put(struct buf *b, const struct msg_revoked *m)
{
    record_put(b, &m->record);
    buf_u8(b, m->crl_pending);
    buf_u32(b, (uint32_t)m->n);
    for (size_t i = 0; i < m->n; i++)
        serial_put(b, &m->also[i]);
}

void msg_revoked_get(struct rd *r, struct msg_revoked *m)
{
    uint8_t pending;
    uint32_t n;

    record_free(&m->record);
    record_get(r, &m->record);
    pending = rd_u8(r);
    m->crl_pending = pending;
    n = rd_u32(r);
    if (pending > 1 || n > MSG_MAX)
        r->failed = true;
    if (r->failed)
        return;
    m->also = xreallocarray(m->also, m->n + n + 1, sizeof(*m->also));
    for (uint32_t i = 0; i < n; i++)
        serial_get(r, &m->also[m->n++]);
}

void msg_hello_free(struct msg_hello *m)
{
    authority_infos_free(&m->authorities);
    buf_free(&m->ledger_key);
    strs_free(&m->warnings);
}

void msg_hello_put(struct buf *b, const struct msg_hello *m)
{
    authority_infos_put(b, &m->authorities);
    buf_blob(b, m->ledger_key.data, m->ledger_key.len);
    strs_put(b, &m->warnings);
}

void msg_hello_get(struct rd *r, struct msg_hello *m)
{
    *m = (struct msg_hello){0};
    authority_infos_get(r, &m->authorities);
    blob_get(r, &m->ledger_key);
    strs_get(r, &m->warnings);
}

void msg_what_put(struct buf *b, const struct msg_what *m)
{
    buf_u32(b, m->may);
    buf_u8(b, m->repeats);
}

void msg_what_get(struct rd *r, struct msg_what *m)
{
    uint8_t repeats;

    m->may = rd_u32(r);
    repeats = rd_u8(r);
    if (repeats > 1)
        r->failed = true;
    m->repeats = repeats == 1;
}

void msg_who_free(struct msg_who *m)
{
    token_free(&m->token);
    m->type = WHO_STOP;
}

void msg_who_put(struct buf *b, const struct msg_who *m)
{
    buf_u8(b, (uint8_t)m->type);
    token_put(b, &m->token);
}

void msg_who_get(struct rd *r, struct msg_who *m)
{
    uint8_t type = rd_u8(r);

    *m = (struct msg_who){0};
    token_get(r, &m->token);
    if (type <= WHO_STOP || type >= WHO__MAX)
        r->failed = true;
    else
        m->type = (enum who_type)type;
}

void msg_ready_free(struct msg_ready *m)
{
    strs_free(&m->reasons);
    strs_free(&m->warnings);
}

void msg_ready_put(struct buf *b, const struct msg_ready *m)
{
    buf_u8(b, m->ready);
    strs_put(b, &m->reasons);
    strs_put(b, &m->warnings);
}

void msg_ready_get(struct rd *r, struct msg_ready *m)
{
    uint8_t ready = rd_u8(r);

    *m = (struct msg_ready){.ready = ready};
    strs_get(r, &m->reasons);
    strs_get(r, &m->warnings);
    if (ready > 1)
        r->failed = true;
}

void msg_crl_file_free(struct msg_crl_file *m)
{
    free(m->name);
    m->name = NULL;
}

void msg_crl_file_put(struct buf *b, const struct msg_crl_file *m)
{
    buf_str(b, m->name);
    buf_u64(b, m->number);
    buf_u64(b, m->size);
    buf_i64(b, m->this_update);
    buf_i64(b, m->next_update);
    buf_put(b, m->sha256, sizeof(m->sha256));
}

void msg_crl_file_get(struct rd *r, struct msg_crl_file *m)
{
    *m = (struct msg_crl_file){0};
    m->name = rd_str(r);
    m->number = rd_u64(r);
    m->size = rd_u64(r);
    m->this_update = rd_i64(r);
    m->next_update = rd_i64(r);
    rd_bytes(r, m->sha256, sizeof(m->sha256));
}

void msg_ocsp_put(struct buf *b, const struct msg_ocsp *m)
{
    buf_u16(b, m->authority);
    buf_u8(b, (uint8_t)m->n);
    for (size_t i = 0; i < m->n; i++) {
        buf_u8(b, (uint8_t)m->digest[i]);
        serial_put(b, &m->serial[i]);
    }
    buf_blob(b, m->nonce, m->nonce_len);
}

void msg_ocsp_get(struct rd *r, struct msg_ocsp *m)
{
    *m = (struct msg_ocsp){.authority = rd_u16(r), .n = rd_u8(r)};
    if (m->n < 1 || m->n > OCSP_IDS_MAX) {
        r->failed = true;
        m->n = 0;
    }
    for (size_t i = 0; i < m->n; i++) {
        const uint8_t digest = rd_u8(r);

        if (digest >= OCSP_HASHES)
            r->failed = true;
        m->digest[i] = digest < OCSP_HASHES ? (enum digest)digest : DIGEST_SHA1;
        serial_get(r, &m->serial[i]);
        if (m->serial[i].len == 0)
            r->failed = true;
    }
    m->nonce = rd_blob(r, &m->nonce_len);
    if (m->nonce_len > OCSP_NONCE_MAX)
        r->failed = true;
}

void msg_ocsp_answer_put(struct buf *b, const struct msg_ocsp_answer *m)
{
    buf_u64(b, m->snapshot);
    buf_u8(b, m->error);
    buf_u8(b, m->keep);
    buf_i64(b, m->this_update);
    buf_i64(b, m->next_update);
    buf_blob(b, m->der.data, m->der.len);
}

void msg_ocsp_answer_get(struct rd *r, struct msg_ocsp_answer *m)
{
    *m = (struct msg_ocsp_answer){0};
    m->snapshot = rd_u64(r);
    m->error = rd_u8(r);
    m->keep = rd_u8(r);
    m->this_update = rd_i64(r);
    m->next_update = rd_i64(r);
    blob_get(r, &m->der);
}

void ocsp_change_put(struct buf *b, const struct ocsp_change *c)
{
    buf_u16(b, c->authority);
    serial_put(b, &c->serial);
}

void ocsp_change_get(struct rd *r, struct ocsp_change *c)
{
    c->authority = rd_u16(r);
    serial_get(r, &c->serial);
}

void msg_import_item_free(struct msg_import_item *m)
{
    buf_free(&m->der);
}

void msg_import_item_put(struct buf *b, const struct msg_import_item *m)
{
    buf_u8(b, (uint8_t)m->kind);
    if (m->kind == IMPORT_CERT) {
        buf_blob(b, m->der.data, m->der.len);
        return;
    }
    serial_put(b, &m->serial);
    buf_i64(b, m->at);
    buf_i64(b, m->not_after);
    buf_u8(b, (uint8_t)m->reason);
}

void msg_import_item_get(struct rd *r, struct msg_import_item *m)
{
    uint8_t kind = rd_u8(r);

    *m = (struct msg_import_item){.kind = (enum import_kind)kind};
    if (kind == IMPORT_CERT) {
        blob_get(r, &m->der);
        return;
    }
    serial_get(r, &m->serial);
    m->at = rd_i64(r);
    m->not_after = rd_i64(r);
    m->reason = rd_u8(r);
    if (kind < IMPORT_CERT || kind >= IMPORT__MAX || m->serial.len == 0 ||
        !crl_reason_text(m->reason) || m->at < 0 || m->at > TM_LAST)
        r->failed = true;
}
