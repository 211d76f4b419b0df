#!/bin/sh
# SPDX-License-Identifier: ISC
# An older copy in the ledger's place: what was revoked since is known from the
# list that was published, which is kept, and can be taken from it again.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"
serve
issue lost.internal
lost=$serial
stop
cp "$CA/ledger.db" "$T/older.db"
serve
want 200 - 'it is revoked' -X POST "$API/v1/certificates/$lost/revoke"
stop
rm -f "$CA"/ledger.db-*
cp "$T/older.db" "$CA/ledger.db"
cp "$CA/crl/issuing.crl" "$T/published.crl"

listed() {
    curl -sSf "$PUBLIC/crl/issuing.crl" |
        openssl crl -inform DER -noout -text | grep -qi "Serial Number: $lost"
}
serve
like 'the log says what to do' "$T/log" "level=warn .*$(printf %s \
    'lacks what the ledger does not know: pocketca import --authority ')issuing --crl "
stop
serve
ok 'the list is kept' cmp "$T/published.crl" "$CA/crl/issuing.crl.2"
command=$(sed -n 's/.*pocketca \(import [^"]*\)".*/\1/p' "$T/log" | head -n 1)
# shellcheck disable=SC2086
ok 'which is done' "$POCKETCA" $command
eventually 100 'then it is on the list' listed
ok 'as before' "$POCKETCA" audit
finish
