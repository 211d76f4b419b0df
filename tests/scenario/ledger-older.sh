#!/bin/sh
# SPDX-License-Identifier: ISC
# An older copy in the ledger's place: what was revoked since is known from the
# list that was published.  It is kept, nobody is told `good` or given a list
# without it, and the service is not ready until it has been taken over.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"

listed() { # SERIAL [PARTITION]
    curl -sSf "$PUBLIC/crl/issuing${2:+/$2}.crl" |
        openssl crl -inform DER -noout -text >"$T/list" 2>&1
    grep -qi "Serial Number: $1" "$T/list"
}
ocsp() { # WHAT ERE SERIAL [OPTION…]
    o_what=$1 o_want=$2 o_serial=$3
    shift 3
    openssl ocsp "$@" -issuer "$CA/issuing.pem" -serial "0x$o_serial" \
        -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1
    like "$o_what" "$T/ocsp" "$o_want"
}
revoke() { # WHAT SERIAL [REASON]
    want 200 - "$1" -X POST "$API/v1/certificates/$2/revoke" \
        -d "reason=${3:-superseded}"
}
serials() { # ARGUMENTS of the list: those, sorted
    curl -sS --cacert "$CA/root.pem" --oauth2-bearer "$ADMIN" \
        "$API/v1/certificates?$1" | jq -r '.certificates[].serial' | sort
}
sorted() { printf '%s\n' "$@" | sort; }
ready() { curl -skf -o "$T/ready" "$API/readyz"; }
older() { # what is in place, is kept too, for the tests
    stop
    rm -f "$CA"/ledger.db-*
    cp "$T/older.db" "$CA/ledger.db"
    cp -r "$CA/crl" "$T/published"
}
# What holds as long as nobody has done anything about it.
lost_is_told() { # FILE [PARTITION]
    want 503 - 'it is not ready' "$API/readyz"
    json 'and says which list, and what to do' '.reasons | any(endswith(
        "lists 3 as revoked that the ledger, an older copy, does not: " +
        "pocketca import --authority issuing --crl '"$1"'"))'
    req "$API/metrics"
    like 'a gauge has how many' "$T/body" \
        '^pocketca_crl_lost\{authority="issuing"\} [36]$'
    ocsp 'of one that the ledger has' ': revoked' "$lost"
    like 'why' "$T/ocsp" 'Reason: superseded'
    ocsp 'with a nonce too' ': revoked' "$gone" -nonce
    ocsp 'without' ': revoked' "$gone" -no_nonce
    BEARER=
    want 401 certificate-revoked 'nor does it renew itself' \
        --cert "$T/$client.pem" --key "$T/$client.key" -X POST "$API/v1/renew"
    BEARER=$ADMIN
    want 200 - 'it is shown' "$API/v1/certificates/$lost"
    json 'as revoked, and why' \
        '.status == "revoked" and .reason == "superseded"'
    ok 'by the command too' "$POCKETCA" show "$lost"
    like 'so' "$T/out" '^status +revoked$'
    is 'in the list of all' "$(curl -sS --cacert "$CA/root.pem" \
        --oauth2-bearer "$ADMIN" "$API/v1/certificates" | jq -r \
        ".certificates[] | select(.serial == \"$lost\").status")" revoked
    is 'it is in that of the revoked' "$(serials 'status=revoked' |
        grep -cxE "$lost|$stolen")" 2
    is 'which has pages' "$(serials 'status=revoked&limit=1' | wc -l)" 1
    is 'and none that is valid' "$(serials 'status=revoked' |
        grep -cx "$valid")" 0
    is 'it is in none of the valid' "$(serials 'status=valid' |
        grep -cxE "$lost|$stolen")" 0
    is 'which has those that are' "$(serials 'status=valid' |
        grep -cx "$valid")" 1
    req -d "name=$client" "$API/v1/revocations"
    json 'what would be revoked says so' \
        '[.certificates[].status] == ["revoked"]'
    want 422 key-compromised 'a token does not renew what was stolen' \
        -X POST "$API/v1/certificates/$stolen/renew"
    want 422 key-compromised 'nor is its key certified again' \
        --data-binary @"$T/$thief.csr" "$API/v1/certificates"
    want 200 - 'nor would it be' \
        --data-binary @"$T/$thief.csr" "$API/v1/certificates?dry_run=true"
    json 'which is said' '.errors | any(.code == "key-compromised")'
    want 200 - 'a key that was superseded' \
        --data-binary @"$T/$client.csr" "$API/v1/certificates?dry_run=true"
    json 'is no stolen one' '.would_issue'
    want 201 - 'what was not lost is renewed' \
        -X POST "$API/v1/certificates/$valid/renew"
    ok 'the list has it' listed "$lost" "${2:-}"
    ok 'and the other' listed "$gone" "${2:-}"
    is 'each once' "$(sort "$T/list" | uniq -d | grep -c 'Serial Number')" 0
}

serve
client=lost.internal
issue $client
lost=$serial
thief=thief.internal
issue $thief
stolen=$serial
issue valid.internal
valid=$serial
issue mine.internal
mine=$serial
stop
cp "$CA/ledger.db" "$T/older.db"
serve
issue gone.internal
gone=$serial
revoke 'it is revoked' "$lost"
revoke 'so is one that the copy has not' "$gone"
revoke 'a key was stolen' "$stolen" keyCompromise
older
serve
like 'the log says what to do' "$T/log" "level=warn .*$(printf %s \
    'an older copy, does not: pocketca import --authority ')issuing --crl "
ok 'the list is kept' cmp "$T/published/issuing.crl" "$CA/crl/issuing.crl.4"
lost_is_told "$CA/crl/issuing.crl.4"
stop
serve
lost_is_told "$CA/crl/issuing.crl.4"
is 'the log says it once a start' \
    "$(grep -c 'pocketca import --authority' "$T/log")" 2
revoke 'others are revoked as ever' "$mine"
ok 'and are on the list' listed "$mine"
ok 'beside those' listed "$gone"
stop

# Once more: what is in place has them all.
rm -f "$CA"/ledger.db-*
cp "$T/older.db" "$CA/ledger.db"
serve
ocsp 'one that the copy does not know of' ': revoked' "$mine"
ocsp 'nor of this' ': revoked' "$lost"
ok 'it is listed' listed "$gone"
command=$(curl -sk "$API/readyz" | jq -r '.reasons[]' |
    sed -n 's/.*: pocketca \(import .*\)/\1/p')
# shellcheck disable=SC2086
ok 'the command is done' "$POCKETCA" $command
eventually 100 'then it is ready' ready
ok 'it is on the list' listed "$lost"
is 'once' "$(grep -ci "Serial Number: $lost" "$T/list")" 1
ocsp 'revoked for OCSP' ': revoked' "$lost"
ocsp 'as are others' ': revoked' "$gone"
is 'nothing is kept any more' "$(ls "$CA/crl" | grep -c 'crl\.[0-9]')" 0
stop
serve
ok 'so it stays' ready
ok 'as before' "$POCKETCA" audit

# One of those that were kept says nothing that can be believed: the alarm stays
# until somebody has seen to it.
unread() { # WHAT WHY
    want 503 - "$1: it is not ready" "$API/readyz"
    json 'and says why' '(.reasons | length == 1) and (.reasons[0] | test(
        "^crl: '"$kept"' was published, and what it lists is not known \\('"$2"'"))'
    req "$API/metrics"
    like 'a gauge has how many' "$T/body" \
        '^pocketca_crl_unread\{authority="issuing"\} 1$'
    like 'it is not ready' "$T/body" '^pocketca_ready 0$'
}
kept=$CA/crl/issuing.crl.1000
for round in once again; do
    stop
    [ $round = again ] || head -c -1 "$CA/crl/issuing.crl" >"$kept"
    serve
    unread "cut off, $round" '.*not DER'
done
stop
mkdir "$kept.d"
mv "$kept" "$kept.d/"
mv "$kept.d" "$kept"
serve
unread 'a directory' 'it is no regular file'
stop
rm -r "$kept"
serve
ok 'removed, it is' ready
req "$API/metrics"
like 'none' "$T/body" '^pocketca_crl_unread\{authority="issuing"\} 0$'

# A list with a number that the ledger has passed, of another life.
stop
cp "$CA/crl/issuing.crl" "$T/newest.crl"
rm -rf "$CA"/ledger.db-* "$CA"/crl/issuing*
cp "$T/older.db" "$CA/ledger.db"
serve
number() { # FILE
    printf %d "$(openssl crl -inform DER -in "$1" -noout -crlnumber |
        sed 's/.*=//')"
}
while [ "$(number "$CA/crl/issuing.crl")" -lt "$(number "$T/newest.crl")" ]; do
    issue other.internal
    revoke 'one more' "$serial"
done
stop
cp "$T/newest.crl" "$CA/crl/issuing.crl"
serve
kept=$(echo "$CA"/crl/issuing.crl.[0-9]*)
ok 'it is kept' cmp "$T/newest.crl" "$kept"
ocsp 'what it lists is revoked' ': revoked' "$lost"
eventually 100 'and listed' listed "$gone"
no 'until then it is not ready' ready
ok 'it is taken over' "$POCKETCA" import --crl "$kept"
eventually 100 'then it is' ready

# With partitions: the list that a certificate names goes on to have it, also
# when the ledger has got its serial number alone.
stop
sed -i 's/^authority issuing.*/&\n    crl-partition-size = 50/' \
    "$CA/pocketca.conf"
serve
client=lost2.internal
issue $client
lost=$serial
thief=thief2.internal
issue $thief
stolen=$serial
stop
cp "$CA/ledger.db" "$T/older.db"
serve
issue gone2.internal
gone=$serial
revoke 'it is revoked' "$lost"
revoke 'so is the other' "$gone"
revoke 'a key was stolen' "$stolen" keyCompromise
# so that both lists say more than the copy
eventually 200 'the complete list has it by and by' listed "$stolen"
rm -rf "$T/published"
older
serve
kept=$(echo "$CA"/crl/issuing/1.crl.[0-9]*)
ok 'the list of the partition is kept' cmp "$T/published/issuing/1.crl" "$kept"
lost_is_told "$kept" 1
# shellcheck disable=SC2086
ok 'it is taken over' "$POCKETCA" import --authority issuing --crl "$kept"
eventually 100 'then it is ready' ready
for round in before after; do
    ok "the list of the partition has both, $round a restart" listed "$lost" 1
    ok "$round: of which one is in no row of it" listed "$gone" 1
    ok "$round: so has the complete one" listed "$gone"
    ocsp "$round: OCSP says so" ': revoked' "$gone"
    is "$round: once each" \
        "$(sort "$T/list" | uniq -d | grep -c 'Serial Number')" 0
    stop
    serve
    ok "$round: ready" ready
done
ok 'as before' "$POCKETCA" audit
finish
