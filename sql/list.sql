-- SPDX-License-Identifier: ISC

-- Lists.  A search takes its candidates from the index that promises fewest, or
-- walks in the order asked for, a window at a time; list_check then judges
-- each.  Nothing is assembled: an argument that was not given is NULL.

-- name: list_check
SELECT not_after, cn FROM certificates WHERE leaf = ?1 AND (?2 <> 1 OR
(revoked_at IS NULL AND not_after >= ?3)) AND (?2 <> 2 OR revoked_at IS NOT
NULL) AND (?2 <> 3 OR (revoked_at IS NULL AND not_after < ?3)) AND (?4 < 0
OR (replaced_by IS NOT NULL) = ?4) AND (?5 IS NULL OR profile = ?5) AND (?6
IS NULL OR authority = ?6) AND (?7 IS NULL OR requester IN ( SELECT id FROM
requesters WHERE ident = ?7 UNION ALL SELECT id FROM requesters WHERE label
= ?7)) AND (?8 IS NULL OR key_sha256 = ?8) AND (?9 IS NULL OR sha256 = ?9)
AND (?10 IS NULL OR issued_at >= ?10) AND (?11 IS NULL OR issued_at < ?11)
AND (?12 IS NULL OR not_after >= ?12) AND (?13 IS NULL OR not_after < ?13);

-- name: list_requesters
SELECT id FROM requesters WHERE ident = ?1 UNION SELECT id FROM requesters
WHERE label = ?1 LIMIT 2;

-- Leaves by time of issue, to within a day.

-- name: list_last_leaf
SELECT max(last_leaf) FROM days WHERE day <= ?1;

-- name: list_first_leaf
SELECT min(first_leaf) FROM days WHERE day >= ?1;

-- Sources in the order "issued": before ?1, from ?2 on, ?3 rows, newest first.

-- name: list_issued
SELECT leaf FROM certificates WHERE leaf < ?1 AND leaf >= ?2 ORDER BY leaf
DESC LIMIT ?3;

-- name: list_by_requester
SELECT leaf FROM certificates INDEXED BY cert_requester WHERE leaf < ?1 AND
leaf >= ?2 AND requester = ?4 ORDER BY leaf DESC LIMIT ?3;

-- name: list_by_profile
SELECT leaf FROM certificates INDEXED BY cert_profile WHERE leaf < ?1 AND
leaf >= ?2 AND profile = ?4 ORDER BY leaf DESC LIMIT ?3;

-- name: list_by_authority
SELECT leaf FROM certificates INDEXED BY cert_authority WHERE leaf < ?1 AND
leaf >= ?2 AND authority = ?4 ORDER BY leaf DESC LIMIT ?3;

-- name: list_by_replaced
SELECT leaf FROM certificates INDEXED BY cert_replaced WHERE leaf < ?1 AND
leaf >= ?2 AND replaced_by IS NOT NULL ORDER BY leaf DESC LIMIT ?3;

-- name: list_by_revoked
SELECT leaf FROM certificates INDEXED BY cert_revoked WHERE leaf < ?1 AND
leaf >= ?2 AND revoked_at IS NOT NULL ORDER BY leaf DESC LIMIT ?3;

-- Sources in no useful order: only good when they end before ?1 rows.

-- name: list_by_requesters
SELECT leaf FROM certificates INDEXED BY cert_requester WHERE requester IN
( SELECT id FROM requesters WHERE ident = ?2 UNION ALL SELECT id FROM
requesters WHERE label = ?2) LIMIT ?1;

-- name: list_by_end
SELECT leaf FROM certificates INDEXED BY cert_not_after WHERE not_after >=
?2 AND not_after < ?3 LIMIT ?1;

-- The order "expiry": what ends at ?1 behind leaf ?2, then what ends behind ?1
-- and before ?2.  Two statements, because one for both would walk over all that
-- end at ?1 to find its place among them.

-- name: list_expiry_at
SELECT leaf, not_after FROM certificates INDEXED BY cert_not_after WHERE
not_after = ?1 AND leaf > ?2 ORDER BY leaf LIMIT ?3;

-- name: list_expiry
SELECT leaf, not_after FROM certificates INDEXED BY cert_not_after WHERE
not_after > ?1 AND not_after < ?2 ORDER BY not_after, leaf LIMIT ?3;
