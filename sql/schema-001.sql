-- SPDX-License-Identifier: ISC

-- The first schema; doc/LEDGER.md explains it.  A step is never edited once it
-- was released: the next one gets the next number.

-- The transparency log: what happened, the Merkle tree over it, signed heads.
CREATE TABLE entries ( idx INTEGER PRIMARY KEY, entry BLOB NOT NULL )
STRICT;

-- id: level * 2^48 + index of the tile in its level.  root comes before hashes,
-- so that reading roots touches no overflow page.
CREATE TABLE tiles ( id INTEGER PRIMARY KEY, root BLOB NOT NULL CHECK
(length(root) = 32), hashes BLOB NOT NULL CHECK (length(hashes) = 8192) )
STRICT;

-- One head an hour: the newest takes the place of the one before.
CREATE TABLE heads ( hour INTEGER PRIMARY KEY, size INTEGER NOT NULL, time
INTEGER NOT NULL, root BLOB NOT NULL CHECK (length(root) = 32), sig BLOB
NOT NULL CHECK (length(sig) = 64) ) STRICT;

CREATE TABLE authorities ( id INTEGER PRIMARY KEY, name TEXT NOT NULL
UNIQUE, parent TEXT, der BLOB NOT NULL ) STRICT;

-- The newest CRL of each authority, complete (0) and of each partition:
-- `snapshot`, entries before it are in it.
CREATE TABLE crls ( authority INTEGER NOT NULL REFERENCES authorities (id),
crl_partition INTEGER NOT NULL, number INTEGER NOT NULL, this_update
INTEGER NOT NULL, next_update INTEGER NOT NULL, snapshot INTEGER NOT NULL,
sha256 BLOB NOT NULL CHECK (length(sha256) = 32), PRIMARY KEY (authority,
crl_partition) ) STRICT, WITHOUT ROWID;

-- Small tables, so that a certificate's row and its indices hold numbers.
CREATE TABLE profiles ( id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE )
STRICT;

CREATE TABLE requesters ( id INTEGER PRIMARY KEY, type INTEGER NOT NULL,
ident TEXT NOT NULL, label TEXT NOT NULL, UNIQUE (ident, type, label) )
STRICT;

CREATE INDEX requester_label ON requesters (label);

-- leaf: the index of the entry that issued it.  fp and key are the first eight
-- octets of the digests behind them: an index over whole digests would be three
-- times as large.  detached: it names what it replaces, but was not renewed
-- from it, and does not share its fate.  revoked_first: the entry that put it
-- on the CRL, whatever was said of it later.  crl_partition: whose CRL its
-- distribution point names, 0 the complete one.  der is last: what searches read
-- does not lie behind it on overflow pages.
CREATE TABLE certificates ( leaf INTEGER PRIMARY KEY, authority INTEGER NOT
NULL REFERENCES authorities (id), serial BLOB NOT NULL, fp INTEGER NOT
NULL, key INTEGER NOT NULL, not_after INTEGER NOT NULL, issued_at INTEGER
NOT NULL, profile INTEGER NOT NULL REFERENCES profiles (id), requester
INTEGER NOT NULL REFERENCES requesters (id), replaces INTEGER REFERENCES
certificates (leaf), detached INTEGER NOT NULL, replaced_by INTEGER,
revoked_at INTEGER, reason INTEGER, revoked_first INTEGER, revoked_entry
INTEGER, sha256 BLOB NOT NULL CHECK (length(sha256) = 32), key_sha256 BLOB
NOT NULL CHECK (length(key_sha256) = 32), idem_scope TEXT, idem_key TEXT,
idem_hash BLOB, protocol TEXT NOT NULL, crl_partition INTEGER NOT NULL, cn TEXT, note TEXT, warnings BLOB,
der BLOB NOT NULL ) STRICT;

CREATE UNIQUE INDEX cert_serial ON certificates (serial, authority);

CREATE INDEX cert_fp ON certificates (fp);

CREATE INDEX cert_key ON certificates (key);

CREATE INDEX cert_not_after ON certificates (not_after);

CREATE INDEX cert_profile ON certificates (profile);

CREATE INDEX cert_requester ON certificates (requester);

CREATE INDEX cert_replaces ON certificates (replaces) WHERE replaces IS NOT
NULL;

CREATE UNIQUE INDEX cert_idem ON certificates (idem_scope, idem_key) WHERE
idem_key IS NOT NULL;

CREATE INDEX cert_authority ON certificates (authority);

CREATE INDEX cert_replaced ON certificates (leaf) WHERE replaced_by IS NOT
NULL;

CREATE INDEX cert_revoked ON certificates (leaf) WHERE revoked_at IS NOT
NULL;

-- Covers what a CRL needs, so that building one reads this index alone.
CREATE INDEX cert_crl ON certificates (authority, crl_partition, leaf,
not_after, revoked_first, serial, revoked_at, reason) WHERE revoked_at IS
NOT NULL;

-- How full a partition is, and when the last of it ends.
CREATE INDEX cert_partition ON certificates (authority, crl_partition,
not_after) WHERE crl_partition > 0;

-- Asked before every issue: keys that were revoked for keyCompromise.
CREATE INDEX cert_compromised ON certificates (key) WHERE reason = 1;

-- Serials that an earlier CA of the authority revoked, and whose certificates
-- are not here.  entry: the one that says so; not_after: until then it stays on
-- the CRL, the end of time when nobody knows.
CREATE TABLE revoked_serials ( entry INTEGER PRIMARY KEY, authority INTEGER
NOT NULL REFERENCES authorities (id), serial BLOB NOT NULL, revoked_at
INTEGER NOT NULL, reason INTEGER NOT NULL, not_after INTEGER NOT NULL,
UNIQUE (authority, serial) ) STRICT;

CREATE INDEX serial_crl ON revoked_serials (authority, entry, not_after);

-- Keys that were blocked by name.  entry: the one that says so; removed: the
-- one that took it back.
CREATE TABLE blocked_keys ( entry INTEGER PRIMARY KEY, key_sha256 BLOB NOT
NULL CHECK (length(key_sha256) = 32), blocked_at INTEGER NOT NULL, note
TEXT, removed INTEGER ) STRICT;

CREATE UNIQUE INDEX blocked_key ON blocked_keys (key_sha256) WHERE removed
IS NULL;

-- The name index.  class: the kind and, for DNS names, the number of labels,
-- for addresses that of octets; key begins with what a search has fixed: DNS
-- names and mail addresses from their last octet to their first.
CREATE TABLE names ( class INTEGER NOT NULL, key BLOB NOT NULL, leaf
INTEGER NOT NULL, PRIMARY KEY (class, key, leaf) ) STRICT, WITHOUT ROWID;

-- Tallies, so that counting and finding a date read few rows.  hours: of
-- certificates by the hour in which they end; days: leaves by day of issue.
CREATE TABLE hours ( hour INTEGER PRIMARY KEY, total INTEGER NOT NULL,
revoked INTEGER NOT NULL, open INTEGER NOT NULL ) STRICT;

CREATE TABLE days ( day INTEGER PRIMARY KEY, first_leaf INTEGER NOT NULL,
last_leaf INTEGER NOT NULL ) STRICT;

-- profiles, names: lists as the frames write them.  A removed token stays, for
-- its label; only among those that are there a label is unique.
CREATE TABLE tokens ( id TEXT PRIMARY KEY, label TEXT NOT NULL, roles
INTEGER NOT NULL, profiles BLOB NOT NULL, names BLOB NOT NULL, wildcards
INTEGER NOT NULL, max_uses INTEGER NOT NULL, uses INTEGER NOT NULL,
created_at INTEGER NOT NULL, not_after INTEGER NOT NULL, last_used INTEGER
NOT NULL, creator_type INTEGER NOT NULL, creator_id TEXT NOT NULL,
creator_label TEXT, removed_at INTEGER NOT NULL, secret_sha256 BLOB NOT
NULL CHECK (length(secret_sha256) = 32) ) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX token_label ON tokens (label) WHERE removed_at = 0;

CREATE INDEX token_live ON tokens (id) WHERE removed_at = 0;

-- Small facts by name: the hash of the profiles, and the like.
CREATE TABLE facts ( key TEXT PRIMARY KEY, value BLOB NOT NULL ) STRICT,
WITHOUT ROWID;
