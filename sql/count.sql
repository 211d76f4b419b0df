-- SPDX-License-Identifier: ISC
-- Tallies, kept by the writer, and counting with them.

-- name: hour_add
INSERT INTO hours (hour, total, revoked, open) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (hour) DO UPDATE SET total = total + excluded.total,
    revoked = revoked + excluded.revoked, open = open + excluded.open;

-- name: day_add
INSERT INTO days (day, first_leaf, last_leaf) VALUES (?1, ?2, ?3)
  ON CONFLICT (day) DO UPDATE SET
    first_leaf = min(first_leaf, excluded.first_leaf),
    last_leaf = max(last_leaf, excluded.last_leaf);

-- Hours ?1 and later, before ?2.

-- name: hour_sum
SELECT coalesce(sum(total), 0), coalesce(sum(revoked), 0),
    coalesce(sum(open), 0)
  FROM hours WHERE hour >= ?1 AND hour < ?2;

-- Part of an hour: ends at ?1 or later, before ?2.

-- name: hour_part
SELECT count(*), count(revoked_at),
    coalesce(sum(revoked_at IS NULL AND replaced_by IS NULL), 0)
  FROM certificates INDEXED BY cert_not_after
  WHERE not_after >= ?1 AND not_after < ?2;
