-- SPDX-License-Identifier: ISC

-- Keys that are never certified again, and serials that are revoked without a
-- certificate.

-- name: block_put
INSERT INTO blocked_keys (entry, key_sha256, blocked_at, note) VALUES (?1, ?2,
?3, ?4);

-- name: block_remove
UPDATE blocked_keys SET removed = ?2 WHERE entry = ?1;

-- name: block_find
SELECT entry FROM blocked_keys WHERE key_sha256 = ?1 AND removed IS NULL;

-- name: block_next
SELECT entry, key_sha256, blocked_at, note, removed FROM blocked_keys WHERE
entry > ?1 ORDER BY entry LIMIT 1;

-- name: serial_put
INSERT INTO revoked_serials (entry, authority, serial, revoked_at, reason,
not_after) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: serial_raise
UPDATE revoked_serials SET reason = ?2 WHERE entry = ?1;

-- name: serial_remove
DELETE FROM revoked_serials WHERE entry = ?1;

-- name: serial_find
SELECT s.entry, a.name, s.serial, s.revoked_at, s.reason, s.not_after FROM
revoked_serials s JOIN authorities a ON a.id = s.authority WHERE s.authority
= ?1 AND s.serial = ?2;

-- name: serial_range
SELECT s.entry, a.name, s.serial, s.revoked_at, s.reason, s.not_after FROM
revoked_serials s JOIN authorities a ON a.id = s.authority WHERE s.entry >=
?1 AND s.entry < ?2 ORDER BY s.entry;

-- name: serial_revoked
SELECT entry, serial, revoked_at, reason FROM revoked_serials INDEXED BY
serial_crl WHERE authority = ?1 AND entry > ?2 AND entry < ?3 AND not_after
>= ?4 ORDER BY entry LIMIT ?5;
