/* SPDX-License-Identifier: ISC */
/* The audit of what a signer really wrote: certificates, revocations, tokens,
 * authorities, CRLs, profiles.  Each edit of the file is found. */
#include "ca.h"

#include "client.h"
#include "key.h"
#include "unit.h"

#include "audit_edits.h"
#include "ledger_edit.h"

/* A signer's ledger: three certificates, the first revoked
 * and then again for another reason, the third once, and two tokens, one of
 * them removed; of an earlier CA a fourth, whose serial was revoked before the
 * certificate came, two serials without a certificate, of which one came to be
 * known as of a lost key, and its CRL number. */
struct scene {
    struct ca ca;
    char path[160], base[170];
    EVP_PKEY *key;
    uint64_t leaf[4];
    char token[2][TOKEN_ID_LEN + 1];
    struct caller admin;
};

static void copy(const char *from, const char *to)
{
    AUTO(free) char *line = xasprintf("cp '%s' '%s'", from, to);

    ck_assert_int_eq(system(line), 0);
}

/* Everything in the one file, nothing in the log. */
static void settle(const char *path)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_wal_checkpoint_v2(
                         db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

/* Back to what the signer wrote. */
static void scene_restore(struct scene *s)
{
    static const char *const logs[] = {"-wal", "-shm"};

    for (int i = 0; i < 2; i++) {
        AUTO(free) char *path = xasprintf("%s%s", s->path, logs[i]);

        unlink(path);
    }
    copy(s->base, s->path);
}

static void scene_free(struct scene *s)
{
    ca_stop(&s->ca);
    scene_restore(s); /* ca_free() audits */
    EVP_PKEY_free(s->key);
    caller_free(&s->admin);
    ca_free(&s->ca);
}
AUTO_VALUE(scene, struct scene, scene_free)

static void issue(struct scene *s, const struct caller *who, int i,
                  const char *names, struct record *out)
{
    AUTO(errs) struct errs e = {0};
    AUTO(evp_pkey) EVP_PKEY *key = key_generate("ec:P-256", &e);
    AUTO(buf) struct buf spki = {0};
    const struct ca_want w = {.names = names, .spki = &spki};

    key_spki(key, &spki);
    ck_assert_int_eq(ca_issue(&s->ca, who, &w, out, NULL), ERR_NONE);
    s->leaf[i] = out->leaf;
}

static void set_revoked(struct scene *s, const struct caller *who,
                        const struct record *r, int reason)
{
    AUTO(record) struct record out = {0};

    ck_assert_int_eq(ca_revoke(&s->ca, who, &r->serial, reason, 0, &out, NULL),
                     ERR_NONE);
}

static void tokens(struct scene *s, const struct caller *admin)
{
    for (int i = 0; i < 2; i++) {
        AUTO(free) char *label = xasprintf("label-%d", i);
        const struct token t = {.label = label, .roles = ROLE_ISSUE};
        struct caller made;

        ck_assert_int_eq(ca_token(&s->ca, admin, &t, &made), ERR_NONE);
        snprintf(s->token[i], sizeof(s->token[i]), "%.*s", TOKEN_ID_LEN,
                 made.token + 4);
        caller_free(&made);
    }
}

static void remove_token(struct scene *s, const struct caller *admin,
                         const char *id)
{
    struct frame f;

    buf_str(ca_begin(&s->ca, MSG_TOKEN_REMOVE, admin), id);
    ca_ask(&s->ca, &f);
    ck_assert_int_eq(f.type, MSG_DONE);
}

/* Two keys, the first one's block taken back, by a command. */
static void blocks(struct scene *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = client_open(s->ca.conf, &e);
    struct frame f;

    ck_assert_ptr_nonnull(c);
    for (int i = 0; i < 3; i++) {
        const bool remove = i == 1;
        struct buf *b = client_begin(c, remove ? MSG_UNBLOCK : MSG_BLOCK);

        memset(buf_extend(b, 32), i == 2 ? 'y' : 'x', 32);
        if (!remove)
            buf_str(b, "found");
        ck_assert_int_eq(client_call(c, MSG_DONE, &f, &e), 0);
    }
}

/* Signed by the issuing authority's key, and not by the signer. */
static void earlier(struct scene *s, const struct serial *serial,
                    struct buf *out)
{
    AUTO(errs) struct errs e = {0};
    AUTO(cert) struct cert ca = {0};
    AUTO(names) struct names names = {0};
    AUTO(party) struct party issuing = {0};
    AUTO(party) struct party own = {0};
    struct cert_spec spec;

    party_make(&own, "ec:P-256");
    issuing.key = key_load("file:keys/issuing.key", s->ca.dir, NULL, &e);
    ck_assert_ptr_nonnull(issuing.key);
    issuing.signer = key_signer_new(issuing.key);
    ck_assert_int_eq(cert_parse(&ca, s->ca.issuing.data, s->ca.issuing.len, &e),
                     0);
    ck_assert_int_eq(names_parse(&names, "d.internal", &e), 0);
    spec = root_spec(&own);
    spec.serial = *serial;
    spec.ca = false;
    spec.ku = KU_DIGITAL_SIGNATURE;
    spec.eku = EKU_SERVER;
    spec.cn = "d.internal";
    spec.names = &names;
    spec.issuer = ca.subject;
    spec.issuer_len = ca.subject_len;
    spec.aki = ca.ski;
    spec.alg = key_signer_alg(issuing.signer);
    cert_make(out, &spec, &issuing);
}

/* One IMPORT of one item, which is new. */
static void import(struct client *c, const struct msg_import_item *m)
{
    AUTO(errs) struct errs e = {0};
    struct buf *b = client_begin(c, MSG_IMPORT);
    struct frame f;

    buf_str(b, "issuing");
    buf_u8(b, false);
    buf_u64(b, 77);
    buf_u32(b, 1);
    msg_import_item_put(b, m);
    ck_assert_int_eq(client_call(c, MSG_IMPORTED, &f, &e), 0);
    ck_assert_uint_eq(rd_u32(&f.body), 1);
    ck_assert_uint_eq(rd_u8(&f.body), IMPORT_NEW);
}

/* What an earlier CA left, by a command. */
static void imports(struct scene *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(client) struct client *c = client_open(s->ca.conf, &e);
    const struct msg_import_item serial = {
        .kind = IMPORT_SERIAL,
        .serial = {.v = {0x42, 0x42}, .len = 2},
        .at = DAY_ONE,
        .not_after = DAY_ONE + TM_DAY,
        .reason = REASON_SUPERSEDED,
    };
    struct msg_import_item m = serial;

    ck_assert_ptr_nonnull(c);
    import(c, &m);
    m.serial.v[1] = 0x43;
    import(c, &m);
    earlier(s, &m.serial, &m.der);
    m.kind = IMPORT_CERT;
    import(c, &m);
    buf_free(&m.der);
    m = serial;
    m.serial.v[1] = m.serial.v[0] = 0x44;
    import(c, &m);
    m.reason = REASON_KEY_COMPROMISE;
    m.at += TM_DAY;
    import(c, &m);
}

/* The entry that brought the fourth certificate. */
static uint64_t imported_leaf(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    uint64_t leaf;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db,
                       "SELECT leaf FROM certificates WHERE protocol = "
                       "'import'",
                       -1, &st, NULL);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    leaf = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return leaf;
}

static void scene_make(struct scene *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record a = {0}, b = {0}, c = {0};

    *s = (struct scene){0};
    s->admin = ca_up(&s->ca);
    issue(s, &s->admin, 0, "a.internal,10.1.2.3", &a);
    issue(s, &s->admin, 1, "b.internal", &b);
    issue(s, &s->admin, 2, "c.internal,x.c.internal", &c);
    set_revoked(s, &s->admin, &a, REASON_SUPERSEDED);
    set_revoked(s, &s->admin, &a, REASON_KEY_COMPROMISE);
    set_revoked(s, &s->admin, &c, REASON_SUPERSEDED);
    tokens(s, &s->admin);
    remove_token(s, &s->admin, s->token[1]);
    ca_stop(&s->ca);
    blocks(s);
    imports(s);
    ca_path(&s->ca, s->path, "ledger.db");
    snprintf(s->base, sizeof(s->base), "%s.base", s->path);
    s->key = key_load(s->ca.conf->ledger_key, s->ca.conf->data, NULL, &e);
    ck_assert_ptr_nonnull(s->key);
    settle(s->path);
    s->leaf[3] = imported_leaf(s->path);
    copy(s->path, s->base);
}

START_TEST(what_a_signer_wrote_fits)
{
    AUTO(scene) struct scene s;
    AUTO(said) struct said said = {0};
    AUTO(free) char *why = NULL;

    scene_make(&s);
    ck_assert_msg(db_audit(s.path, s.key, &said, &why) == 0, "%s", why);
    ck_assert_uint_eq(said.lines, 1);
    buf_putc(&said.text, 0);
    ck_assert_ptr_nonnull(
        strstr((char *)said.text.data, "4 certificates and 3 tokens fit"));
}
END_TEST

/* While a signer has it open, after a start over what is there. */
START_TEST(a_running_signer_is_audited)
{
    AUTO(scene) struct scene s;

    scene_make(&s);
    ca_start(&s.ca);
    expect_fits(s.path, s.key);
}
END_TEST

/* A token that is made and one that is removed while the audit runs: it waits
 * in say(), which something else gives a reason to call. */
struct meanwhile {
    struct scene *s;
    unsigned lines;
};

static void work_meanwhile(void *arg, const char *line)
{
    struct meanwhile *m = arg;
    const struct token t = {.label = (char *)"new", .roles = ROLE_READ};

    (void)line;
    if (m->lines++)
        return;
    ck_assert_int_eq(ca_token(&m->s->ca, &m->s->admin, &t, NULL), ERR_NONE);
    remove_token(m->s, &m->s->admin, m->s->token[0]);
}

START_TEST(tokens_may_change_meanwhile)
{
    AUTO(scene) struct scene s;
    AUTO(errs) struct errs e = {0};
    struct meanwhile m = {.s = &s};
    struct store_conn *c;

    scene_make(&s);
    ca_start(&s.ca);
    db_edit(s.path, "DELETE FROM facts WHERE key = 'profiles'");
    c = store_conn_open(s.ca.s->store, false, &e);
    ck_assert_ptr_nonnull(c);
    ck_assert_int_ne(ledger_audit(c, s.key, work_meanwhile, &m, &e), 0);
    ck_assert_uint_eq(m.lines, 1);
    ck_assert_ptr_nonnull(strstr(e.v[0].detail, "(1 found)"));
    store_conn_close(c);
}
END_TEST

static char *fill_in(const struct scene *s, const char *text)
{
    struct buf b = {0};

    for (; *text; text++) {
        if (*text != '@')
            buf_putc(&b, (uint8_t)*text);
        else if (*++text >= 'T')
            buf_puts(&b, s->token[*text - 'T']);
        else
            buf_printf(&b, "%llu", (unsigned long long)s->leaf[*text - 'A']);
    }
    return buf_take_str(&b);
}

START_TEST(an_edit_is_found)
{
    AUTO(scene) struct scene s;

    scene_make(&s);
    for (size_t i = 0; i < COUNT(edits); i++) {
        AUTO(free) char *sql = fill_in(&s, edits[i].sql);
        AUTO(free) char *says = fill_in(&s, edits[i].says);
        AUTO(said) struct said said = {0};
        AUTO(free) char *why = NULL;

        scene_restore(&s);
        expect_fits(s.path, s.key);
        db_edit(s.path, "%s", sql);
        ck_assert_msg(db_audit(s.path, s.key, &said, &why) != 0,
                      "not found: %s", sql);
        buf_putc(&said.text, 0);
        ck_assert_msg(strstr((char *)said.text.data, says) != NULL,
                      "%s\nsaid: %swanted: %s", sql, (char *)said.text.data,
                      says);
    }
}
END_TEST

static void flip(const char *path, uint64_t leaf, int at)
{
    sqlite3 *db = NULL;
    sqlite3_blob *b = NULL;
    uint8_t c;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_blob_open(db, "main", "certificates", "der",
                                       (int64_t)leaf, 1, &b),
                     SQLITE_OK);
    if (at < 0)
        at += sqlite3_blob_bytes(b);
    ck_assert_int_eq(sqlite3_blob_read(b, &c, 1, at), SQLITE_OK);
    c ^= 1;
    ck_assert_int_eq(sqlite3_blob_write(b, &c, 1, at), SQLITE_OK);
    ck_assert_int_eq(sqlite3_blob_close(b), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(one_bit_of_a_certificate_is_found)
{
    static const int places[] = {0, 1, 50, 200, -1};
    AUTO(scene) struct scene s;
    AUTO(free) char *says = NULL;

    scene_make(&s);
    says = xasprintf("first: the certificate of entry %llu is not the one "
                     "that was issued",
                     (unsigned long long)s.leaf[1]);
    for (size_t i = 0; i < COUNT(places); i++) {
        flip(s.path, s.leaf[1], places[i]);
        expect_misfit(s.path, s.key, says);
        flip(s.path, s.leaf[1], places[i]);
    }
    expect_fits(s.path, s.key);
}
END_TEST

/* What was quoted from an edited file reaches the terminal escaped. */
START_TEST(no_control_characters_are_said)
{
    AUTO(scene) struct scene s;
    AUTO(said) struct said said = {0};
    AUTO(free) char *why = NULL;

    scene_make(&s);
    db_edit(s.path, "UPDATE authorities SET name = 'x' || char(27) || '[2J'"
                    "|| char(10) WHERE name = 'issuing'");
    ck_assert_int_ne(db_audit(s.path, s.key, &said, &why), 0);
    ck_assert_ptr_nonnull(memmem(said.text.data, said.text.len, "x\\x1b", 5));
    ck_assert_ptr_null(memchr(said.text.data, 27, said.text.len));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_a_signer_wrote_fits,          a_running_signer_is_audited,
        tokens_may_change_meanwhile,       an_edit_is_found,
        one_bit_of_a_certificate_is_found, no_control_characters_are_said,
    };

    return unit_run("audit", tests, COUNT(tests));
}
