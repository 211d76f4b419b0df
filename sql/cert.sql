-- SPDX-License-Identifier: ISC

-- Certificates.

-- name: authority_id
SELECT id FROM authorities WHERE name = ?1;

-- name: profile_id
SELECT id FROM profiles WHERE name = ?1;

-- name: profile_put
INSERT INTO profiles (name) VALUES (?1);

-- name: requester_id
SELECT id FROM requesters WHERE ident = ?1 AND type = ?2 AND label = ?3;

-- name: requester_put
INSERT INTO requesters (ident, type, label) VALUES (?1, ?2, ?3);

-- name: cert_put
INSERT INTO certificates (leaf, authority, serial, fp, key, not_after,
issued_at, profile, requester, replaces, detached, sha256, key_sha256,
idem_scope, idem_key, idem_hash, protocol, crl_partition, cn, note, warnings,
der) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
?15, ?16, ?17, ?18, ?19, ?20, ?21);

-- name: cert_replaced
UPDATE certificates SET replaced_by = ?2 WHERE leaf = ?1;

-- name: cert_state
SELECT not_after, revoked_at, replaced_by, key FROM certificates WHERE leaf
= ?1;

-- Once more changes date and reason; it stays on the CRL by its first entry.

-- name: cert_revoke
UPDATE certificates SET revoked_at = ?2, reason = ?3, revoked_entry = ?4,
revoked_first = coalesce(revoked_first, ?4) WHERE leaf = ?1;

-- By leaf (?1), or by serial number (?2) and authority (?3 or any): the newest,
-- when authorities gave the same one.  In one statement, since each takes a lock
-- of its own.

-- name: cert_get
SELECT c.leaf, a.name, p.name, r.type, r.ident, r.label, c.protocol,
c.note, c.issued_at, c.revoked_at, c.reason, c.serial, o.serial, n.serial,
c.warnings, c.der, c.crl_partition FROM certificates c JOIN authorities a ON a.id =
c.authority JOIN profiles p ON p.id = c.profile JOIN requesters r ON r.id =
c.requester LEFT JOIN certificates o ON o.leaf = c.replaces LEFT JOIN
certificates n ON n.leaf = c.replaced_by WHERE c.leaf = coalesce(?1, (SELECT
max(leaf) FROM certificates WHERE serial = ?2 AND (?3 IS NULL OR authority =
(SELECT id FROM authorities WHERE name = ?3))));

-- name: cert_columns
SELECT sha256, key_sha256, not_after, revoked_first, revoked_entry, key FROM
certificates WHERE leaf = ?1;

-- The newest, when authorities gave the same serial.

-- name: cert_by_serial
SELECT max(leaf) FROM certificates WHERE serial = ?1;

-- name: cert_by_serial_of
SELECT leaf FROM certificates WHERE serial = ?1 AND authority = ?2;

-- name: cert_status
SELECT coalesce(revoked_at, 0), coalesce(reason, 0) FROM certificates WHERE
serial = ?1 AND authority = (SELECT id FROM authorities WHERE name = ?2);

-- A posting has eight octets of the digest; the rest is compared in the row.

-- name: cert_is
SELECT 1 FROM certificates WHERE leaf = ?1 AND sha256 = ?2;

-- name: cert_has_key
SELECT 1 FROM certificates WHERE leaf = ?1 AND key_sha256 = ?2;

-- name: cert_is_valid
SELECT 1 FROM certificates WHERE leaf = ?1 AND not_after >= ?2 AND revoked_at
IS NULL;

-- name: cert_by_idem
SELECT leaf, idem_hash FROM certificates WHERE idem_scope = ?1 AND idem_key
= ?2;

-- name: cert_children
SELECT leaf FROM certificates WHERE replaces = ?1 AND detached = 0;

-- name: cert_parent
SELECT replaces FROM certificates WHERE leaf = ?1 AND detached = 0;

-- Revoked for it, or blocked by name.

-- name: key_compromised
SELECT revoked_at, 0 FROM certificates WHERE key = ?1 AND key_sha256 = ?2
AND reason = 1 UNION ALL SELECT blocked_at, 1 FROM blocked_keys WHERE
key_sha256 = ?2 AND removed IS NULL LIMIT 1;

-- All of them, once, when the ledger is opened.

-- name: key_bans
SELECT key, NULL FROM certificates INDEXED BY cert_compromised WHERE reason
= 1 UNION ALL SELECT NULL, key_sha256 FROM blocked_keys WHERE removed IS
NULL;

-- name: cert_compromised
SELECT 1 FROM certificates WHERE leaf = ?1 AND reason = 1;

-- UNION, not UNION ALL, in both: a circle in an edited file ends.  The first one
-- once, when the ledger is opened.

-- name: compromised_descendants
WITH RECURSIVE d (leaf) AS ( SELECT c.leaf FROM certificates p INDEXED BY
cert_compromised JOIN certificates c ON c.replaces = p.leaf WHERE p.reason =
1 AND c.detached = 0 UNION SELECT c.leaf FROM d JOIN certificates c ON
c.replaces = d.leaf WHERE c.detached = 0) SELECT leaf FROM d;

-- name: ancestor_compromised
WITH RECURSIVE up (leaf) AS ( SELECT ?1 UNION SELECT c.replaces FROM up
JOIN certificates c ON c.leaf = up.leaf WHERE c.replaces IS NOT NULL AND
c.detached = 0) SELECT 1 FROM up JOIN certificates c ON c.leaf = up.leaf
WHERE c.reason = 1 LIMIT 1;

-- INDEXED BY: should the plan ever change, preparing fails, and no CRL is
-- built by a walk over the table.

-- name: cert_revoked
SELECT leaf, serial, revoked_at, reason FROM certificates INDEXED BY
cert_crl WHERE authority = ?1 AND crl_partition = ?6 AND leaf > ?2 AND
not_after >= ?3 AND revoked_first < ?4 AND revoked_at IS NOT NULL ORDER BY
leaf LIMIT ?5;

-- name: partition_last
SELECT crl_partition FROM certificates INDEXED BY cert_partition WHERE
authority = ?1 AND crl_partition > 0 ORDER BY crl_partition DESC LIMIT 1;

-- name: partition_get
SELECT count(*), coalesce(max(not_after), 0), coalesce(max(leaf), 0) FROM
certificates INDEXED BY cert_partition WHERE authority = ?1 AND
crl_partition = ?2 AND crl_partition > 0;

-- name: cert_range
SELECT leaf FROM certificates WHERE leaf >= ?1 AND leaf < ?2 ORDER BY leaf
LIMIT ?3;
