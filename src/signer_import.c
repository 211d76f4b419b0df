/* SPDX-License-Identifier: ISC */
/* What an earlier CA with an authority's key signed and revoked. */
#include "signer_crl.h"
#include "signer_ocsp.h"
#include "signer_revoke.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 200, DER_MAX = 32 * 1024 };

struct import_item {
    struct msg_import_item m;
    struct cert cert;           /* IMPORT_CERT, when it is not refused */
    uint32_t partition;         /* of that one */
    enum import_outcome judged; /* before the transaction */
    struct errs errs; /* IMPORT_REFUSED; IMPORT_NEW: a warning, or none */
    enum import_outcome outcome; /* in the end, */
    const char *why; /* refused there, or what came along; or NULL */
};

struct import_job {
    struct job job;
    const struct signer_authority *authority;
    bool dry;
    uint64_t crl_number;
    int64_t now;
    struct import_item items[ITEMS_MAX];
    size_t n;
    uint64_t revoked_end; /* behind the newest entry that the CRL is to have */
};

static void import_free(struct job *job)
{
    struct import_job *j = (struct import_job *)job;

    for (size_t i = 0; i < j->n; i++) {
        cert_free(&j->items[i].cert);
        msg_import_item_free(&j->items[i].m);
        errs_free(&j->items[i].errs);
    }
}

static void refuse(struct import_item *it, const char *why)
{
    errs_free(&it->errs);
    err_add(&it->errs, ERR_BAD_REQUEST, "%s", why);
    it->judged = IMPORT_REFUSED;
}

/* ---- inside the transaction */

/* About the authority that is imported to. */
static struct entry entry_of(const struct import_job *j, enum entry_type type)
{
    struct entry en = entry_by(&j->job.who.requester, type, j->now);

    en.authority = (char *)(uintptr_t)j->authority->name;
    return en;
}

/* As a request to revoke it would, on the day that it was; ALREADY makes the
 * item one that is known. */
static enum store_result set_revoked(struct signer *s, struct import_job *j,
                                     struct import_item *it, uint64_t leaf,
                                     const struct revoked_serial *was)
{
    AUTO(revoke)
    struct revoke v = {.reason = was->reason,
                       .renewals = -1,
                       .now = j->now,
                       .at = was->at,
                       .who = &j->job.who,
                       .job = &j->job,
                       .conn = s->writer,
                       .dry = j->dry};
    const enum store_result r = revoke_one(s, &v, leaf);

    if (v.n_also)
        it->why = "its key is compromised, so that every valid certificate "
                  "with it, and what was renewed from it, is revoked as well";
    if (!revoke_is_changed(&v))
        it->outcome = IMPORT_KNOWN;
    else if (!j->dry)
        j->revoked_end = v.last_entry + 1;
    return r;
}

static char *common_name(const struct cert *cert)
{
    AUTO(free)
    char *text = cert_name_text(cert->subject, cert->subject_len);

    return strncmp(text, "CN=", 3) == 0
               ? xstrndup(text + 3, strcspn(text + 3, ",+"))
               : NULL;
}

static enum store_result put_cert(struct signer *s, struct import_job *j,
                                  struct import_item *it, uint64_t *leaf)
{
    AUTO(free) char *cn = common_name(&it->cert);
    struct entry en = entry_of(j, ENTRY_IMPORTED);
    struct record rec = {
        .authority = (char *)(uintptr_t)j->authority->name,
        .profile = (char *)"",
        .requester = j->job.who.requester,
        .protocol = (char *)"import",
        .issued_at = it->cert.not_before,
        .serial = it->cert.serial,
        .crl_partition = it->partition,
        .der = it->m.der,
    };
    const struct cert_row row = {
        .record = &rec, .cert = &it->cert, .sha256 = en.object, .cn = cn};
    enum store_result r;

    en.serial = rec.serial;
    r = job_entry(s, &en, rec.der.data, rec.der.len, leaf);
    rec.leaf = *leaf;
    return r == STORE_OK ? store_cert_put(s->writer, &row) : r;
}

/* A serial that was revoked without its certificate, which has come now. */
static enum store_result inherit(struct signer *s, struct import_job *j,
                                 struct import_item *it, uint64_t leaf)
{
    AUTO(revoked_serial) struct revoked_serial was = {0};
    enum store_result r = store_serial_find(s->writer, j->authority->name,
                                            &it->cert.serial, &was);

    if (r != STORE_OK)
        return r == STORE_NONE ? STORE_OK : r;
    r = set_revoked(s, j, it, leaf, &was);
    return r == STORE_OK ? store_serial_remove(s->writer, was.entry) : r;
}

static enum store_result apply_cert(struct signer *s, struct import_job *j,
                                    struct import_item *it)
{
    const struct serial *serial = &it->cert.serial;
    AUTO(record) struct record old = {0};
    uint64_t leaf;
    enum store_result r =
        store_cert_by_serial(s->writer, j->authority->name, serial, &old);

    if (r == STORE_OK && (old.der.len != it->m.der.len ||
                          memcmp(old.der.data, it->m.der.data, old.der.len)))
        it->why = "another certificate of the authority has its serial number "
                  "already";
    if (r == STORE_OK)
        it->outcome = it->why ? IMPORT_REFUSED : IMPORT_KNOWN;
    if (r != STORE_NONE || j->dry)
        return r == STORE_NONE ? STORE_OK : r;
    r = put_cert(s, j, it, &leaf);
    return r == STORE_OK ? inherit(s, j, it, leaf) : r;
}

/* A serial without its certificate: what the row says becomes an entry, which
 * for a row that is there already only raises its reason. */
static enum store_result put_serial(struct signer *s, struct import_job *j,
                                    struct revoked_serial *row, bool raise)
{
    AUTO(buf) struct buf object = {0};
    struct entry en = entry_of(j, ENTRY_SERIAL);
    uint64_t entry = 0;
    enum store_result r;

    if (j->dry)
        return STORE_OK;
    ledger_serial(&object, row);
    en.serial = row->serial;
    r = job_entry(s, &en, object.data, object.len, &entry);
    j->revoked_end = entry + 1;
    crl_job_add(s, &j->job, row->authority, 0);
    if (r != STORE_OK)
        return r;
    if (raise) { /* nobody keeps an answer that says unknown */
        ocsp_note(&j->job, (size_t)(j->authority - s->authorities),
                  &row->serial);
        return store_serial_raise(s->writer, row->entry, row->reason);
    }
    row->entry = entry;
    return store_serial_put(s->writer, row);
}

/* The first date and reason stay, but for keyCompromise. */
static enum store_result apply_gone(struct signer *s, struct import_job *j,
                                    struct import_item *it,
                                    struct revoked_serial *said)
{
    AUTO(revoked_serial) struct revoked_serial was = {0};
    enum store_result r =
        store_serial_find(s->writer, said->authority, &said->serial, &was);

    if (r == STORE_NONE)
        return put_serial(s, j, said, false);
    if (r == STORE_OK && said->reason == REASON_KEY_COMPROMISE &&
        was.reason != said->reason) {
        was.reason = said->reason;
        return put_serial(s, j, &was, true);
    }
    it->outcome = IMPORT_KNOWN;
    return r;
}

static enum store_result apply_serial(struct signer *s, struct import_job *j,
                                      struct import_item *it)
{
    const struct msg_import_item *m = &it->m;
    struct revoked_serial said = {
        .authority = (char *)(uintptr_t)j->authority->name,
        .serial = m->serial,
        .at = m->at,
        .reason = m->reason,
        .not_after = m->not_after,
    };
    AUTO(record) struct record old = {0};
    enum store_result r =
        store_cert_by_serial(s->writer, said.authority, &said.serial, &old);

    if (m->kind == IMPORT_NAMED) {
        it->outcome = r == STORE_OK ? IMPORT_KNOWN : IMPORT_MISSING;
        return r == STORE_NONE ? STORE_OK : r;
    }
    if (r == STORE_OK)
        return set_revoked(s, j, it, old.leaf, &said);
    return r == STORE_NONE ? apply_gone(s, j, it, &said) : r;
}

static enum store_result apply_number(struct signer *s, struct import_job *j)
{
    struct entry en = entry_of(j, ENTRY_CRL_NUMBER);
    AUTO(buf) struct buf object = {0};
    const char *name = j->authority->name;
    uint64_t above, entry = 0;
    enum store_result r = ledger_crl_above(s->writer, name, &above);

    if (r != STORE_OK || j->dry || j->crl_number <= above)
        return r;
    ledger_crl_number(&object, name, j->crl_number);
    r = job_entry(s, &en, object.data, object.len, &entry);
    j->revoked_end = entry + 1;
    crl_job_add(s, &j->job, name, 0);
    return r == STORE_OK ? ledger_crl_above_put(s->writer, name, j->crl_number)
                         : r;
}

static enum store_result import_apply(struct signer *s, struct job *job)
{
    struct import_job *j = (struct import_job *)job;
    enum store_result r;

    j->revoked_end = 0;
    r = apply_number(s, j);
    for (size_t i = 0; i < j->n && r == STORE_OK; i++) {
        struct import_item *it = &j->items[i];

        it->outcome = it->judged;
        it->why = NULL;
        if (it->judged == IMPORT_NEW)
            r = it->m.kind == IMPORT_CERT ? apply_cert(s, j, it)
                                          : apply_serial(s, j, it);
    }
    return r == STORE_NONE ? STORE_REFUSED : r;
}

/* The caller frees it; NULL: there is nothing to say. */
static char *sentence_of(const struct import_item *it)
{
    const char *detail = it->errs.n ? it->errs.v[0].detail : NULL;

    if (it->why && detail)
        return xasprintf("%s; %s", detail, it->why);
    return xstrdup_null(it->why ? it->why : detail);
}

static void import_done(struct signer *s, struct job *job)
{
    struct import_job *j = (struct import_job *)job;

    msg_begin(&job->reply, MSG_IMPORTED, job->id, false);
    buf_u32(&job->reply, (uint32_t)j->n);
    for (size_t i = 0; i < j->n; i++) {
        const struct import_item *it = &j->items[i];
        AUTO(free) char *said = sentence_of(it);

        buf_u8(&job->reply, (uint8_t)it->outcome);
        buf_str(&job->reply, said);
    }
    if (!job->errs.n && j->revoked_end)
        crl_job_note(s, job, j->revoked_end);
    job_done(s, job);
}

static const struct job_kind import_kind = {
    .event = "import",
    .apply = import_apply,
    .done = import_done,
    .free = import_free,
};

/* ---- before */

/* The CRL that it names, when it is one of ours, as after a restore from an
 * older copy. */
static void choose_partition(struct worker *w, const struct signer_authority *a,
                             struct import_item *it, struct errs *e)
{
    const size_t i = (size_t)(a - w->s->authorities);
    struct der_tlv uri;
    const uint32_t named = crl_partition_of(&it->cert, a->name, &uri);

    if (named <= crl_partition_last(w->s, w->reader, i))
        it->partition = named;
    else
        err_add(e, ERR_BAD_REQUEST,
                "it names CRL partition %" PRIu32 ", which was never here: "
                "only the complete list will have it",
                named);
}

/* What is out there has to be revocable, though nothing like it is issued. */
static void warn(struct import_item *it, struct errs *e)
{
    AUTO(strs) struct strs all = {0};
    AUTO(free) char *text = NULL;

    cert_judge_odd(&it->cert, e);
    if (!e->n)
        return;
    for (size_t i = 0; i < e->n; i++)
        strs_add(&all, e->v[i].detail);
    text = strs_join(&all, "; ");
    err_add(&it->errs, ERR_BAD_REQUEST, "%s; it is taken as it is", text);
}

static void refuse_signature(struct import_item *it,
                             const struct signer_authority *a,
                             const struct errs *why)
{
    const char *key = key_refused(why);
    AUTO(free)
    char *text = key ? xasprintf("authority %s: %s", a->name, key)
                     : xstrdup("it is not signed with the authority's key");

    refuse(it, text);
}

static void judge_cert(struct worker *w, const struct signer_authority *a,
                       struct key_verifier *v, struct import_item *it)
{
    const struct buf *der = &it->m.der;
    struct cert *c = &it->cert;
    AUTO(errs) struct errs why = {0}, odd = {0};

    if (der->len == a->info->der.len &&
        memcmp(der->data, a->info->der.data, der->len) == 0) {
        it->judged = IMPORT_KNOWN; /* the authority itself */
        return;
    }
    it->judged = IMPORT_REFUSED;
    if (der->len > DER_MAX) {
        refuse(it, "it is larger than 32 KiB");
        return;
    }
    if (cert_parse_any(c, der->data, der->len, &it->errs) != 0)
        return;
    if (c->not_after < 0) {
        refuse(it, "it ended before 1970");
        return;
    }
    if (c->issuer_len != a->cert.subject_len ||
        memcmp(c->issuer, a->cert.subject, c->issuer_len) != 0) {
        refuse(it, "its issuer is another authority");
        return;
    }
    if (cert_verify(c, &a->cert.key, v, &why) != 0) {
        refuse_signature(it, a, &why);
        return;
    }
    it->judged = IMPORT_NEW;
    choose_partition(w, a, it, &odd);
    warn(it, &odd);
}

/* What a date stands for that cannot be one. */
static void judge_date(const struct import_job *j, struct import_item *it)
{
    struct msg_import_item *m = &it->m;
    char serial[2 * SERIAL_MAX + 1], when[TM_RFC3339_SIZE];

    if (m->kind != IMPORT_SERIAL)
        return;
    if (m->at > j->now) {
        serial_text(serial, &m->serial);
        tm_rfc3339(when, m->at);
        err_add(&it->errs, ERR_BAD_REQUEST,
                "the date of revocation of %s, %s, is in the future: it counts "
                "as revoked now",
                serial, when);
        m->at = j->now;
    }
    /* Zero stands for what is not revoked: 1970 begins a second later. */
    if (m->at == 0)
        m->at = 1;
}

static int get_items(struct import_job *j, struct rd *body,
                     const struct frame *f, struct errs *e)
{
    uint32_t n = rd_u32(body);

    if (n > ITEMS_MAX)
        body->failed = true;
    for (; j->n < n && !body->failed; j->n++) {
        struct msg_import_item *m = &j->items[j->n].m;

        msg_import_item_get(body, m);
        judge_date(j, &j->items[j->n]);
        /* On a list that is complete it would say: not revoked any more. */
        if (m->reason == REASON_REMOVE_FROM_CRL)
            m->reason = REASON_UNSPECIFIED;
    }
    return body_done(f, body, e);
}

int handle_import(struct worker *w, const struct frame *f,
                  const struct caller *c, struct rd *body, struct errs *e)
{
    AUTO(free) char *name = rd_str(body);
    AUTO(who) struct who who = {0};
    AUTO(key_verifier) struct key_verifier *v = key_verifier_new();
    struct import_job *j;

    if (auth_who(w, c, false, &who, e) != 0)
        return -1;
    j = job_new(sizeof(*j), &import_kind, w, f->id, &who);
    j->now = tm_now();
    j->job.about = xstrdup(name);
    j->dry = rd_u8(body);
    j->crl_number = rd_u64(body);
    j->authority = signer_authority_find(w->s, name);
    if (get_items(j, body, f, e) == 0 && !j->authority)
        err_add(e, ERR_NOT_FOUND, "there is no authority %s", name);
    else if (!e->n && !j->authority->key)
        err_add(e, ERR_KEY_NOT_ALLOWED,
                "the key of %s is not here: who has it keeps what it signed",
                name);
    else if (!e->n && j->crl_number > INT64_MAX / 2)
        err_add(e, ERR_BAD_REQUEST,
                "the CRL number is too large to go on from");
    for (size_t i = 0; i < j->n && !e->n; i++)
        if (j->items[i].m.kind == IMPORT_CERT)
            judge_cert(w, j->authority, v, &j->items[i]);
    if (!e->n && job_queue(w->s, &j->job, e) == 0)
        return 0;
    job_free(&j->job);
    return -1;
}
