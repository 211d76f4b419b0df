-- SPDX-License-Identifier: ISC

-- Tokens.

-- name: token_put
INSERT INTO tokens (id, label, roles, profiles, names, wildcards, max_uses,
uses, created_at, not_after, last_used, creator_type, creator_id,
creator_label, removed_at, secret_sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6,
?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16);

-- name: token_get
SELECT id, label, roles, profiles, names, wildcards, max_uses, uses,
created_at, not_after, last_used, creator_type, creator_id, creator_label,
removed_at, secret_sha256 FROM tokens WHERE id = ?1;

-- The limit is judged by the same statement that counts: two uses at once
-- cannot both be the last.

-- name: token_use
UPDATE tokens SET uses = uses + ?3, last_used = max(last_used, ?2) WHERE id
= ?1 AND removed_at = 0 AND (max_uses = 0 OR uses + ?3 <= max_uses);

-- Times never go back, whatever the order of the jobs.

-- name: token_touch
UPDATE tokens SET last_used = max(last_used, ?2) WHERE id = ?1;

-- name: token_remove
UPDATE tokens SET removed_at = ?2 WHERE id = ?1 AND removed_at = 0;

-- name: token_label
SELECT 1 FROM tokens WHERE label = ?1 AND removed_at = 0;

-- name: token_list
SELECT id FROM tokens INDEXED BY token_live WHERE id > ?1 AND removed_at =
0 ORDER BY id LIMIT ?2;

-- name: token_all
SELECT id FROM tokens WHERE id > ?1 ORDER BY id LIMIT ?2;
