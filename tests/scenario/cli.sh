#!/bin/sh
# SPDX-License-Identifier: ISC
# The command line, with the service running and without; exit codes.
. "${SOURCE:?}/tests/scenario/lib.sh"

exits 2 'no subcommand' "$POCKETCA"
exits 2 'an unknown one' "$POCKETCA" nope
exits 0 'help' "$POCKETCA" help
for c in init serve issue explain list show status renew revoke import block token crl check lint audit \
    version; do
    like "help names $c" "$T/out" "(^|[^a-z])$c([^a-z]|$)"
done
for c in init serve issue explain list show status renew revoke import block token crl check lint audit \
    version help; do
    ok "$c --help" "$POCKETCA" "$c" --help
    is "$c --help says so on stdout" "$(grep -ci usage "$T/out")" 1
    exits 2 "$c --nope" "$POCKETCA" "$c" --nope
    sed -n 1p "$T/out" >"$T/first"
    like "$c: which command said it" "$T/first" "pocketca"
done
ok 'version' "$POCKETCA" version
"$POCKETCA" version >"$T/version" 2>&1
for lib in pocketca openssl sqlite libmicrohttpd; do
    like "version names $lib" "$T/version" "^$lib [0-9]"
done

export POCKETCA_CONF="$T/none.conf"
no 'no configuration' "$POCKETCA" list
init
export POCKETCA_CONF="$CA/pocketca.conf"

life() { # offline|online: everything, either way
    w=$1
    csr "$w.internal"
    ok "$w: issue" "$POCKETCA" issue "$T/$w.internal.csr" --profile server
    "$POCKETCA" issue "$T/$w.internal.csr" --profile server >"$T/$w.pem" \
        2>"$T/err"
    is "$w: the chain is on stdout" "$(grep -c BEGIN "$T/$w.pem")" 2
    ok "$w: it verifies" openssl verify -CAfile "$CA/root.pem" \
        -untrusted "$T/$w.pem" "$T/$w.pem"
    serial=$(serial_of "$T/$w.pem")
    exits 1 "$w: refused" "$POCKETCA" issue "$T/$w.internal.csr" \
        --profile nope
    like "$w: with the reason" "$T/out" 'nope'
    exits 1 "$w: a file that is not there" "$POCKETCA" issue "$T/none.csr"
    exits 1 "$w: a private key" "$POCKETCA" issue "$T/$w.internal.key"
    exits 2 "$w: no file" "$POCKETCA" issue
    ok "$w: show" "$POCKETCA" show "$serial"
    like "$w: shows the name" "$T/out" "$w\.internal"
    "$POCKETCA" show --json "$serial" >"$T/body" 2>&1
    json "$w: show --json" ".serial == \"$serial\" and .status == \"valid\"
        and .requester.type == \"user\" and .protocol == \"cli\""
    for c in show renew revoke status "issue $T/$w.internal.csr --replaces" \
        "explain $T/$w.internal.csr --replaces"; do
        exits 1 "$w: ${c%% *} what is not there" "$POCKETCA" $c \
            00112233445566778899aabbccddeeff
    done
    "$POCKETCA" list --json >"$T/body" 2>&1
    json "$w: list --json" "[.certificates[] | .serial] |
        index(\"$serial\") != null"
    "$POCKETCA" list --json --name "*.internal" --expires-within 100d \
        --limit 1 >"$T/body" 2>&1
    json "$w: with arguments" '.certificates | length == 1'
    "$POCKETCA" list --csv >"$T/body"
    like "$w: list --csv" "$T/body" "$serial"
    ok "$w: list" "$POCKETCA" list
    like "$w: for people" "$T/out" "$w\.internal"
    exits 2 "$w: a bad argument" "$POCKETCA" list --status nope
    ok "$w: renew" "$POCKETCA" renew "$serial"
    ok "$w: revoke" "$POCKETCA" revoke "$serial" --reason superseded
    "$POCKETCA" show --json "$serial" >"$T/body" 2>&1
    json "$w: revoked" '.status == "revoked" and .reason == "superseded"'
    openssl crl -inform DER -in "$CA/crl/issuing.crl" -noout -text \
        >"$T/text" 2>&1
    ok "$w: on the CRL" grep -qi "$serial" "$T/text"
    exits 1 "$w: another reason is refused" "$POCKETCA" revoke "$serial" \
        --reason cessationOfOperation
    ok "$w: a token" "$POCKETCA" token make --label "$w" --role read
    "$POCKETCA" token make --label "$w-2" --role issue --role read \
        --name 'dns:*.a.internal' --uses 5 --lifetime 2d >"$T/token" 2>&1
    like "$w: is shown" "$T/token" 'pca_[a-z0-9]+_'
    exits 1 "$w: a label twice" "$POCKETCA" token make --label "$w" \
        --role read
    "$POCKETCA" token list --json >"$T/body" 2>&1
    json "$w: token list" "[.tokens[].label] | index(\"$w-2\") != null"
    id=$(jq -r ".tokens[] | select(.label == \"$w-2\").id" "$T/body")
    ok "$w: token remove" "$POCKETCA" token remove "$id"
    exits 1 "$w: twice" "$POCKETCA" token remove "$id"
    ok "$w: audit" "$POCKETCA" audit
    ok "$w: check" "$POCKETCA" check
    ok "$w: the root's CRL" "$POCKETCA" crl sign --authority root
    ok "$w: crl verifies" openssl crl -inform DER -in "$CA/crl/root.crl" \
        -noout -verify -CAfile "$CA/root.pem"
}
life offline
serve
life online
want 200 - 'HTTP sees what was made without the service' \
    "$API/v1/certificates?name=offline.internal"
json 'all of it' '.certificates | length == 3'
curl -sS "$PUBLIC/crl/root.crl" >"$T/r.crl"
ok "the service serves the root's new CRL" cmp "$T/r.crl" "$CA/crl/root.crl"
exits 3 'a second service is refused' timeout 20 "$POCKETCA" serve
like 'and why' "$T/out" "another service runs with this data directory: $CA/admin"
want 200 - 'the first one does not mind' "$API/readyz"
stop

# the service is there, and does not answer
serve
signer=$(pid_of signer)
kill -STOP "$signer"
exits 3 'a signer that does not answer is: try again' \
    timeout 30 "$POCKETCA" list
kill -CONT "$signer"
stop

# what a configuration may be
cp "$CA/pocketca.conf" "$T/good.conf"
bad() { # WHAT SED
    sed "$2" "$T/good.conf" >"$CA/bad.conf"
    cmp -s "$T/good.conf" "$CA/bad.conf" && bail "sed $2 changes nothing"
    exits 1 "check: $1" "$POCKETCA" check -c "$CA/bad.conf"
    like "$1: which file and line, or which value" "$T/out" 'bad\.conf|\.pem|\.key'
    no "serve: $1" timeout 20 "$POCKETCA" serve -c "$CA/bad.conf"
}
bad 'an unknown key' '$a nope = 1'
bad 'a bad lifetime' 's/lifetime *= *"90d"/lifetime = "soon"/'
bad 'an open brace' '$a profile x {'
bad 'a missing certificate' 's/issuing\.pem/none.pem/'
bad 'a root that another has issued' '$a root = "issuing.pem"'
like 'and says so' "$T/out" 'did not issue itself'
bad 'a key that does not fit' 's#keys/issuing\.key#keys/root.key#'
exits 1 'check: no file' "$POCKETCA" check -c "$CA/none.conf"
finish
