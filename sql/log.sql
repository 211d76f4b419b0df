-- SPDX-License-Identifier: ISC
-- The transparency log.

-- name: entry_put
INSERT INTO entries (idx, entry) VALUES (?1, ?2);

-- name: entry_range
SELECT idx, entry FROM entries WHERE idx >= ?1 AND idx < ?2 ORDER BY idx;

-- name: tile_put
INSERT INTO tiles (id, root, hashes) VALUES (?1, ?2, ?3);

-- name: tile_range
SELECT id, root, hashes FROM tiles WHERE id >= ?1 AND id < ?2 ORDER BY id;

-- VALUES: what is selected from the table itself goes through a temporary one.

-- name: head_put
INSERT INTO heads (hour, size, time, root, sig)
  VALUES (max(?1, coalesce((SELECT max(hour) FROM heads), 0)), ?2, ?3, ?4, ?5)
  ON CONFLICT (hour) DO UPDATE SET size = excluded.size, time = excluded.time,
    root = excluded.root, sig = excluded.sig;

-- name: head_last
SELECT size, time, root, sig FROM heads ORDER BY hour DESC LIMIT 1;

-- name: head_range
SELECT hour, size, time, root, sig FROM heads WHERE hour > ?1
  ORDER BY hour LIMIT 256;
