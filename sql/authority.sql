-- SPDX-License-Identifier: ISC
-- Authorities, their CRLs, and small facts.

-- name: authority_put
INSERT INTO authorities (name, parent, der) VALUES (?1, ?2, ?3);

-- name: authority_next
SELECT id, name, parent, der FROM authorities WHERE id > ?1 ORDER BY id
  LIMIT 1;

-- name: crl_get
SELECT c.number, c.this_update, c.next_update, c.snapshot, c.sha256
  FROM authorities a JOIN crls c ON c.authority = a.id WHERE a.name = ?1 AND
  c.crl_partition = ?2;

-- name: crl_last
SELECT c.crl_partition FROM authorities a JOIN crls c ON c.authority = a.id
  WHERE a.name = ?1 ORDER BY c.crl_partition DESC LIMIT 1;

-- name: crl_put
INSERT INTO crls (authority, crl_partition, number, this_update,
    next_update, snapshot, sha256)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
  ON CONFLICT (authority, crl_partition) DO UPDATE SET number = excluded.number,
    this_update = excluded.this_update, next_update = excluded.next_update,
    snapshot = excluded.snapshot, sha256 = excluded.sha256;

-- name: fact_get
SELECT value FROM facts WHERE key = ?1;

-- name: fact_put
INSERT INTO facts (key, value) VALUES (?1, ?2)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value;
