-- SPDX-License-Identifier: ISC

-- What a certificate is found by, of any kind, is a posting: its names, and the
-- first eight octets of its digest (class 16384) and of its key's (16385).
ALTER TABLE names RENAME TO postings;

INSERT INTO postings (class, key, leaf) SELECT 16384, substr(sha256, 1, 8),
leaf FROM certificates ORDER BY 2, 3;

INSERT INTO postings (class, key, leaf) SELECT 16385, substr(key_sha256, 1,
8), leaf FROM certificates ORDER BY 2, 3;

DROP INDEX cert_fp;

DROP INDEX cert_key;

-- certificates.fp stays, and is 0 in new rows: to drop it would write every
-- row again, and SQLite would keep all of them in memory until it is done.

-- The newest certificates' postings, a row each, until they are many and go
-- into that table together: each u32 class, u32 length, key.
CREATE TABLE recent ( leaf INTEGER PRIMARY KEY, postings BLOB NOT NULL )
STRICT;
