/* SPDX-License-Identifier: ISC */
/* What somebody with an editor could do to a ledger, and what the audit says of
 * it. */
#ifndef POCKETCA_AUDIT_EDITS_H
#define POCKETCA_AUDIT_EDITS_H

/* @A, @B, @C, @D: the leaves; @T, @U: the tokens, the second was removed. */
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
     "key_sha256, idem_scope, idem_key, idem_hash, protocol, "
     "crl_partition, cn, note, "
     "warnings, der FROM certificates WHERE leaf = @B",
     "certificate of entry -5, which is not in the ledger"},
    {"INSERT INTO certificates SELECT 0, authority, x'4101', fp, key, "
     "not_after, issued_at, profile, requester, replaces, detached, "
     "replaced_by, revoked_at, reason, revoked_first, revoked_entry, sha256, "
     "key_sha256, idem_scope, idem_key, idem_hash, protocol, "
     "crl_partition, cn, note, "
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
    {"UPDATE certificates SET crl_partition = 7 WHERE leaf = @B",
     "entry @B is stored with another CRL partition than it names"},
    {"UPDATE certificates SET sha256 = zeroblob(32) WHERE leaf = @B",
     "entry @B is stored with another fingerprint"},
    {"UPDATE certificates SET key_sha256 = zeroblob(32) WHERE leaf = @B",
     "entry @B is stored with another key"},
    {"UPDATE certificates SET key = key + 1 WHERE leaf = @B",
     "entry @B is stored with another key"},
    /* what it is found by, while that waits and in the table */
    {"DELETE FROM recent WHERE leaf = @B", "is not found by its name dns:b"},
    {"UPDATE recent SET leaf = leaf + 100 WHERE leaf = @B",
     "is not found by its name dns:b"},
    {"UPDATE recent SET postings = zeroblob(7) WHERE leaf = @B",
     "is not found by its name dns:b"},
    {"UPDATE recent SET postings = CAST(substr(postings, 1, 32) AS BLOB) "
     "WHERE leaf = @B",
     "is not found by its name dns:b"},
    {"UPDATE recent SET postings = CAST(substr(postings, 17) AS BLOB) WHERE "
     "leaf = @B",
     "entry @B is not found by its fingerprint"},
    {"UPDATE recent SET postings = CAST(substr(postings, 1, 16) || "
     "substr(postings, 33) AS BLOB) WHERE leaf = @B",
     "entry @B is not found by its fingerprint, or not by its key"},
    {"UPDATE recent SET postings = CAST(postings || x'000001000000000161' AS "
     "BLOB) WHERE leaf = @B",
     "the indices of names and digests have"},
    {"INSERT INTO postings VALUES (257, x'61', @B)",
     "the indices of names and digests have"},
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
     "'root'), 0, number, this_update, next_update, snapshot, sha256 FROM crls",
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
    /* of an earlier CA: certificates */
    {"UPDATE certificates SET crl_partition = 7 WHERE leaf = @D",
     "entry @D is stored with another CRL partition than it names"},
    {"DELETE FROM certificates WHERE leaf = @D",
     "the certificate of entry @D is missing"},
    {"UPDATE certificates SET issued_at = issued_at - 1 WHERE leaf = @D",
     "entry @D is stored with another date of issue"},
    {"UPDATE certificates SET not_after = not_after + 1 WHERE leaf = @D",
     "entry @D is stored with another end"},
    {"UPDATE certificates SET serial = x'4102' WHERE leaf = @D",
     "entry @D is stored with another serial number"},
    {"UPDATE certificates SET authority = (SELECT id FROM authorities WHERE "
     "name = 'root') WHERE leaf = @D",
     "entry @D is stored with another authority"},
    {"UPDATE certificates SET key_sha256 = zeroblob(32) WHERE leaf = @D",
     "entry @D is stored with another key"},
    {"UPDATE certificates SET der = (SELECT der FROM certificates WHERE leaf "
     "= @B) WHERE leaf = @D",
     "the certificate of entry @D is not the one that was issued"},
    {"DELETE FROM recent WHERE leaf = @D", "is not found by its name dns:d"},
    {"UPDATE certificates SET revoked_at = NULL, reason = NULL, revoked_first "
     "= NULL, revoked_entry = NULL WHERE leaf = @D",
     "revokes the serial number 4243, which counts as good"},
    {"UPDATE certificates SET revoked_at = revoked_at + 1 WHERE leaf = @D",
     "the certificate of entry @D is revoked, and no entry says so"},
    /* serials */
    {"UPDATE revoked_serials SET reason = 4 WHERE serial = x'4444'",
     "revokes the serial number 4444, which counts as good"},
    {"UPDATE revoked_serials SET reason = 2 WHERE serial = x'4444'",
     "the serial number 4444 is revoked, and entry"},
    {"UPDATE revoked_serials SET revoked_at = revoked_at + 1 WHERE serial = "
     "x'4444'",
     "the serial number 4444 is revoked, and entry"},
    {"UPDATE OR REPLACE revoked_serials SET entry = (SELECT entry FROM "
     "revoked_serials WHERE serial = x'4242') WHERE serial = x'4444'",
     "the serial number 4444 is revoked, and entry"},
    {"DELETE FROM revoked_serials WHERE serial = x'4444'",
     "revokes the serial number 4444, which counts as good"},
    {"DELETE FROM revoked_serials WHERE serial = x'4242'",
     "revokes the serial number 4242, which counts as good"},
    {"UPDATE revoked_serials SET reason = 1 WHERE serial = x'4242'",
     "the serial number 4242 is revoked, and entry"},
    {"UPDATE revoked_serials SET revoked_at = revoked_at + 1 WHERE serial = "
     "x'4242'",
     "the serial number 4242 is revoked, and entry"},
    {"UPDATE revoked_serials SET not_after = not_after - 1 WHERE serial = "
     "x'4242'",
     "the serial number 4242 is revoked, and entry"},
    {"UPDATE revoked_serials SET serial = x'4299' WHERE serial = "
     "x'4242'",
     "the serial number 4299 is revoked, and entry"},
    {"UPDATE revoked_serials SET authority = (SELECT id FROM authorities "
     "WHERE name = 'root') WHERE serial = x'4242'",
     "the serial number 4242 is revoked, and entry"},
    {"UPDATE revoked_serials SET entry = entry - 1 WHERE serial = x'4242'",
     "revokes the serial number 4242, which counts as good"},
    {"UPDATE revoked_serials SET entry = entry + 1000 WHERE serial = x'4242'",
     "revokes the serial number 4242, which counts as good"},
    {"INSERT INTO revoked_serials SELECT 3, authority, x'4299', revoked_at, "
     "reason, not_after FROM revoked_serials WHERE serial = "
     "x'4242'",
     "the serial number 4299 is revoked, and entry 3 does not say so"},
    {"INSERT INTO revoked_serials SELECT -5, authority, x'4299', revoked_at, "
     "reason, not_after FROM revoked_serials WHERE serial = "
     "x'4242'",
     "a serial number is revoked by entry -5, which is not in the ledger"},
    {"INSERT INTO revoked_serials SELECT 999999, authority, x'4299', "
     "revoked_at, reason, not_after FROM revoked_serials WHERE serial = "
     "x'4242'",
     "a serial number is revoked by entry 999999, which is not in the ledger"},
    /* the number that CRLs are above */
    {"UPDATE facts SET value = x'0000000000000001' WHERE key = 'crl-number "
     "issuing'",
     "the authority \"issuing\" are above is not that of its newest entry"},
    {"UPDATE facts SET value = x'000000000000004e' WHERE key = 'crl-number "
     "issuing'",
     "the authority \"issuing\" are above is not that of its newest entry"},
    {"UPDATE facts SET value = x'' WHERE key = 'crl-number issuing'",
     "the authority \"issuing\" are above is not that of its newest entry"},
    {"DELETE FROM facts WHERE key = 'crl-number issuing'",
     "the authority \"issuing\" are above is not that of its newest entry"},
    {"INSERT INTO facts VALUES ('crl-number root', x'000000000000004d')",
     "the authority \"root\" are above is not that of its newest entry"},
    {"INSERT INTO blocked_keys SELECT -3, zeroblob(32), blocked_at, note, NULL "
     "FROM blocked_keys WHERE removed IS NULL",
     "is blocked, and entry -3 does not say so"},
    {"INSERT INTO blocked_keys SELECT 999999, zeroblob(32), blocked_at, note, "
     "NULL FROM blocked_keys WHERE removed IS NULL",
     "is blocked, and entry 999999 does not say so"},
    {"UPDATE facts SET value = zeroblob(32) WHERE key = 'profiles'",
     "the profiles are not those"},
    {"DELETE FROM facts WHERE key = 'profiles'", "the profiles are not those"},
};

#endif
