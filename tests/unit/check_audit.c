/* SPDX-License-Identifier: ISC */
/* The audit of what a signer really wrote: certificates, revocations, tokens,
 * authorities, CRLs, profiles.  Each edit of the file is found. */
#include "ca.h"

#include "client.h"
#include "key.h"
#include "unit.h"

#include "ledger_edit.h"

/* A signer's ledger: three certificates, the first revoked
 * and then again for another reason, the third once, and two tokens, one of
 * them removed. */
struct scene {
    struct ca ca;
    char path[160], base[170];
    EVP_PKEY *key;
    uint64_t leaf[3];
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

static void scene_make(struct scene *s)
{
    AUTO(errs) struct errs e = {0};
    AUTO(record) struct record a = {0}, b = {0}, c = {0};

    *s = (struct scene){0};
    ca_make(&s->ca);
    ca_start(&s->ca);
    s->admin = ca_admin(&s->ca);
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
    ca_path(&s->ca, s->path, "ledger.db");
    snprintf(s->base, sizeof(s->base), "%s.base", s->path);
    s->key = key_load(s->ca.conf->ledger_key, s->ca.conf->data, NULL, &e);
    ck_assert_ptr_nonnull(s->key);
    settle(s->path);
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
        strstr((char *)said.text.data, "3 certificates and 3 tokens fit"));
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

/* @A, @B, @C: the leaves; @T, @U: the tokens, the second was removed. */
struct edit {
    const char *sql, *says;
};

static const struct edit edits[] = {
    /* certificates */
    {"DELETE FROM certificates WHERE leaf = @B",
     "the certificate of entry @B is missing"},
    {"UPDATE certificates SET leaf = leaf + 100 WHERE leaf = @B",
     "the certificate of entry @B is missing"},
    {"UPDATE certificates SET leaf = -5 WHERE leaf = @B",
     "the certificate of entry @B is missing"},
    {"INSERT INTO certificates SELECT -5, authority, x'4101', fp, key, "
     "not_after, issued_at, profile, requester, replaces, detached, "
     "replaced_by, revoked_at, reason, revoked_first, revoked_entry, sha256, "
     "key_sha256, idem_scope, idem_key, idem_hash, protocol, cn, note, "
     "warnings, der FROM certificates WHERE leaf = @B",
     "certificate of entry -5, which is not in the ledger"},
    {"INSERT INTO certificates SELECT 0, authority, x'4101', fp, key, "
     "not_after, issued_at, profile, requester, replaces, detached, "
     "replaced_by, revoked_at, reason, revoked_first, revoked_entry, sha256, "
     "key_sha256, idem_scope, idem_key, idem_hash, protocol, cn, note, "
     "warnings, der FROM certificates WHERE leaf = @B",
     "certificate of entry 0, which issued none"},
    {"UPDATE certificates SET serial = x'4102' WHERE leaf = @B",
     "entry @B is stored with another serial number"},
    {"UPDATE certificates SET authority = (SELECT id FROM authorities WHERE "
     "name = 'root') WHERE leaf = @B",
     "entry @B is stored with another authority"},
    {"UPDATE certificates SET issued_at = issued_at + 1 WHERE leaf = @B",
     "entry @B is stored with another date of issue"},
    {"UPDATE requesters SET ident = 'abcdefghijkl' WHERE id = (SELECT "
     "requester FROM certificates WHERE leaf = @B)",
     "is stored with another requester"},
    {"UPDATE certificates SET not_after = not_after + 1 WHERE leaf = @B",
     "entry @B is stored with another end"},
    {"UPDATE certificates SET sha256 = zeroblob(32) WHERE leaf = @B",
     "entry @B is stored with another fingerprint"},
    {"UPDATE certificates SET fp = fp + 1 WHERE leaf = @B",
     "entry @B is stored with another fingerprint"},
    {"UPDATE certificates SET key_sha256 = zeroblob(32) WHERE leaf = @B",
     "entry @B is stored with another key"},
    {"UPDATE certificates SET key = key + 1 WHERE leaf = @B",
     "entry @B is stored with another key"},
    {"DELETE FROM names WHERE leaf = @B", "is not found by its name dns:b"},
    {"UPDATE names SET leaf = @C WHERE leaf = @B",
     "is not found by its name dns:b"},
    {"INSERT INTO names SELECT class, CAST(key || 'a' AS BLOB), leaf FROM "
     "names WHERE "
     "leaf = @B",
     "the name index has"},
    /* revocations */
    {"UPDATE certificates SET revoked_at = NULL, reason = NULL, revoked_first "
     "= NULL, revoked_entry = NULL WHERE leaf = @A",
     "counts as good"},
    {"UPDATE certificates SET revoked_at = NULL WHERE leaf = @A",
     "counts as good"},
    {"UPDATE certificates SET reason = 4 WHERE leaf = @A",
     "the certificate of entry @A is revoked, and no entry says so"},
    {"UPDATE certificates SET revoked_at = revoked_at - 1 WHERE leaf = @A",
     "the certificate of entry @A is revoked, and no entry says so"},
    {"UPDATE certificates SET revoked_at = revoked_at + 1 WHERE leaf = @A",
     "the certificate of entry @A is revoked, and no entry says so"},
    {"UPDATE certificates SET revoked_entry = revoked_first, reason = 4 "
     "WHERE leaf = @A",
     "does not know of it"},
    {"UPDATE certificates SET revoked_first = revoked_entry WHERE leaf = "
     "@A",
     "does not know of it"},
    {"UPDATE certificates SET revoked_first = revoked_first - 1 WHERE leaf = "
     "@A",
     "was not revoked first by entry"},
    {"UPDATE certificates SET revoked_first = (SELECT revoked_first FROM "
     "certificates WHERE leaf = @A) WHERE leaf = @C",
     "the certificate of entry @C was not revoked first by entry"},
    {"UPDATE certificates SET revoked_at = 1, reason = 0, revoked_first = 7, "
     "revoked_entry = 7 WHERE leaf = @B",
     "the certificate of entry @B is revoked, and no entry says so"},
    {"UPDATE certificates SET (revoked_at, reason, revoked_first, "
     "revoked_entry) = (SELECT revoked_at, reason, revoked_first, "
     "revoked_entry FROM certificates WHERE leaf = @A) WHERE leaf = "
     "@B",
     "the certificate of entry @B is revoked, and no entry says so"},
    {"UPDATE certificates SET revoked_at = 1, reason = 0, revoked_first = "
     "999999, revoked_entry = 999999 WHERE leaf = @B",
     "the certificate of entry @B is revoked, and no entry says so"},
    {"UPDATE certificates SET revoked_at = 1, reason = 0, revoked_first = -1, "
     "revoked_entry = -1 WHERE leaf = @B",
     "the certificate of entry @B is revoked, and no entry says so"},
    /* tokens */
    {"INSERT INTO tokens SELECT 'aaaaaaaaaaaa', 'mine', roles, profiles, "
     "names, wildcards, max_uses, uses, created_at, not_after, last_used, "
     "creator_type, creator_id, creator_label, removed_at, secret_sha256 FROM "
     "tokens WHERE id = '@T'",
     "no entry made the token aaaaaaaaaaaa as it is"},
    {"INSERT INTO tokens SELECT 'aaaaaaaaaaaa', 'mine', roles, profiles, "
     "names, wildcards, max_uses, uses, created_at + 99999999, not_after, "
     "last_used, creator_type, creator_id, creator_label, removed_at, "
     "secret_sha256 FROM tokens WHERE id = '@T'",
     "no entry made the token aaaaaaaaaaaa as it is"},
    {"DELETE FROM tokens WHERE id = '@T'", "made a token that is missing"},
    {"DELETE FROM tokens WHERE id = '@U'", "made a token that is missing"},
    {"UPDATE tokens SET roles = 31 WHERE id = '@T'", "made a token that is"},
    {"UPDATE tokens SET label = 'x' WHERE id = '@T'", "made a token that is"},
    {"UPDATE tokens SET wildcards = 1 WHERE id = '@T'", "made a token that is"},
    {"UPDATE tokens SET max_uses = 1 WHERE id = '@T'", "made a token that is"},
    {"UPDATE tokens SET not_after = not_after + 1 WHERE id = '@T'",
     "made a token that is"},
    {"UPDATE tokens SET created_at = created_at + 1 WHERE id = '@T'",
     "made a token that is"},
    {"UPDATE tokens SET creator_id = 'x' WHERE id = '@T'",
     "made a token that is"},
    {"UPDATE tokens SET names = x'0000000100000005646e733a2a' WHERE id = "
     "'@T'",
     "made a token that is"},
    {"UPDATE tokens SET profiles = x'000000010000000178' WHERE id = '@T'",
     "made a token that is"},
    {"UPDATE tokens SET secret_sha256 = zeroblob(32) WHERE id = '@T'",
     "made a token that is"},
    {"UPDATE tokens SET removed_at = 0 WHERE id = '@U'",
     "removes the token @U, which counts as good"},
    {"UPDATE tokens SET removed_at = removed_at + 1 WHERE id = '@U'",
     "the token @U is removed, and no entry says so"},
    {"UPDATE tokens SET removed_at = 7 WHERE id = '@T'",
     "the token @T is removed, and no entry says so"},
    /* authorities, CRLs, profiles */
    {"UPDATE authorities SET der = x'3000' WHERE name = 'issuing'",
     "the certificate of the authority issuing is not that of entry"},
    {"UPDATE authorities SET name = 'other' WHERE name = 'issuing'",
     "the authority \"issuing\" of entry"},
    {"INSERT INTO authorities (name, der) SELECT 'mine', der FROM authorities "
     "WHERE name = 'issuing'",
     "no entry added the authority \"mine\""},
    {"UPDATE crls SET sha256 = zeroblob(32)",
     "the newest CRL of the authority \"issuing\" is not that"},
    {"DELETE FROM crls", "the newest CRL of the authority \"issuing\" is not"},
    {"INSERT INTO crls SELECT (SELECT id FROM authorities WHERE name = "
     "'root'), number, this_update, next_update, snapshot, sha256 FROM crls",
     "the newest CRL of the authority \"root\" is not that"},
    /* blocked keys */
    {"DELETE FROM blocked_keys WHERE removed IS NULL",
     "blocks a key that is not blocked"},
    {"UPDATE blocked_keys SET note = 'lost'", "that is not blocked, or other"},
    {"UPDATE blocked_keys SET blocked_at = blocked_at - 1",
     "that is not blocked, or other"},
    {"UPDATE blocked_keys SET key_sha256 = zeroblob(32) WHERE removed IS NULL",
     "that is not blocked, or other"},
    {"UPDATE blocked_keys SET removed = NULL",
     "takes the block of a key back, and the key does not know"},
    {"UPDATE blocked_keys SET removed = 5 WHERE removed IS NULL",
     "is not blocked any more, and entry 5 does not say so"},
    {"INSERT INTO blocked_keys SELECT 3, zeroblob(32), blocked_at, note, NULL "
     "FROM blocked_keys WHERE removed IS NULL",
     "is blocked, and entry 3 does not say so"},
    {"UPDATE facts SET value = zeroblob(32) WHERE key = 'profiles'",
     "the profiles are not those"},
    {"DELETE FROM facts WHERE key = 'profiles'", "the profiles are not those"},
};

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
    for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
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
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
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

    return unit_run("audit", tests, sizeof(tests) / sizeof(*tests));
}
