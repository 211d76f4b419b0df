-- SPDX-License-Identifier: ISC
-- Transactions: prepared like all the rest, since each request has its own
-- savepoint.

-- name: begin_read
BEGIN;

-- name: begin_write
BEGIN IMMEDIATE;

-- name: save
SAVEPOINT job;

-- name: release
RELEASE job;

-- name: undo
ROLLBACK TO job;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;
