-- SPDX-License-Identifier: ISC

-- Postings: what certificates are found by.

-- name: recent_put
INSERT INTO recent (leaf, postings) VALUES (?1, ?2);

-- name: recent_all
SELECT leaf, postings FROM recent ORDER BY leaf;

-- name: recent_drop
DELETE FROM recent WHERE leaf <= ?1;

-- After a crash some are there already.

-- name: posting_put
INSERT OR IGNORE INTO postings (class, key, leaf) VALUES (?1, ?2, ?3);

-- name: posting_has
SELECT 1 FROM postings WHERE class = ?1 AND key = ?2 AND leaf = ?3;

-- For counting in chunks: (?1, ?2, ?3) is the last row of the one before.

-- name: posting_walk
SELECT class, key, leaf FROM postings WHERE (class, key, leaf) > (?1, ?2, ?3)
ORDER BY class, key, leaf LIMIT 4096;

-- name: posting_next_class
SELECT min(class) FROM postings WHERE class > ?1 AND class <= ?2;

-- From leaf ?3 on and before ?4, at most ?5.

-- name: posting_oldest
SELECT leaf FROM postings WHERE class = ?1 AND key = ?2 AND leaf >= ?3 AND
leaf < ?4 ORDER BY leaf LIMIT ?5;

-- name: posting_newest
SELECT leaf FROM postings WHERE class = ?1 AND key = ?2 AND leaf >= ?3 AND
leaf < ?4 ORDER BY leaf DESC LIMIT ?5;

-- In no useful order.

-- name: posting_between
SELECT leaf FROM postings WHERE class = ?1 AND key >= ?2 AND key < ?3 LIMIT
?4;

-- name: posting_of_class
SELECT leaf FROM postings WHERE class = ?1 LIMIT ?2;
