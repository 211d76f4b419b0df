#!/bin/sh
# SPDX-License-Identifier: ISC
# The CRL of an authority whose key is elsewhere is published at once, when it is
# right.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
export POCKETCA_CONF="$CA/pocketca.conf"
root_crl() { # NUMBER DAYS KEY CERTIFICATE [LINE OF THE INDEX]: $T/r.pem
    printf '%b' "${5:-}" >"$T/index"
    echo "$1" >"$T/number"
    printf '[ca]\ndefault_ca=r\n[r]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n' \
        "$T/index" "$T/number" >"$T/r.cnf"
    openssl ca -config "$T/r.cnf" -gencrl -crldays "$2" -keyfile "$3" \
        -cert "$4" -out "$T/r.pem" 2>"$T/openssl.err" ||
        { note "$T/openssl.err"; bail 'openssl ca -gencrl'; }
}
served() { # FILE: as DER, which is what is served?
    openssl crl -in "$1" -outform DER -out "$T/r.der"
    curl -sSf --max-time 20 "$PUBLIC/crl/root.crl" | cmp -s - "$T/r.der"
}
R="$CA/keys/root.key $CA/root.pem"
# shellcheck disable=SC2086
root_crl 0100 30 $R
ok 'one of the root' "$POCKETCA" crl import "$T/r.pem"
is 'is served' "$(served "$T/r.pem" && echo yes)" yes
want 200 - 'and the chain' "$PUBLIC/crl/chain.pem"
is 'has it' "$(grep -cF "$(sed -n 3p "$T/r.pem")" "$T/body")" 1
cp "$T/r.pem" "$T/first.pem"
exits 1 'once more' "$POCKETCA" crl import "$T/r.pem"
like 'its number did not rise' "$T/out" 'number 256 is not after 256'
# shellcheck disable=SC2086
root_crl 00FF 30 $R
exits 1 'a lower number' "$POCKETCA" crl import "$T/r.pem"
root_crl 0200 30 "$CA/keys/issuing.key" "$CA/issuing.pem"
exits 1 'of an authority whose key is here' "$POCKETCA" crl import "$T/r.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
    -keyout "$T/evil.key" -out "$T/evil.pem" -subj /CN=evil 2>/dev/null
root_crl 0200 30 "$T/evil.key" "$T/evil.pem"
exits 1 'of a stranger' "$POCKETCA" crl import "$T/r.pem"
# shellcheck disable=SC2086
root_crl 0200 30 $R
openssl crl -in "$T/r.pem" -outform DER | head -c -1 >"$T/cut"
exits 1 'cut' "$POCKETCA" crl import "$T/cut"
{
    cat "$T/cut"
    printf '\377'
} >"$T/flip"
exits 1 'with another signature' "$POCKETCA" crl import "$T/flip"
exits 1 'a certificate' "$POCKETCA" crl import "$CA/root.pem"
openssl ca -config "$T/r.cnf" -gencrl -crl_lastupdate 20200101000000Z \
    -crl_nextupdate 20200201000000Z -keyfile "$CA/keys/root.key" \
    -cert "$CA/root.pem" -out "$T/ended.pem" 2>"$T/openssl.err"
exits 1 'one that has ended' "$POCKETCA" crl import "$T/ended.pem"
like 'which says when' "$T/out" 'the CRL ended at 2020-02-01T00:00:00Z: a newer'
openssl ca -config "$T/r.cnf" -gencrl -crl_lastupdate 20400101000000Z \
    -crl_nextupdate 20400201000000Z -keyfile "$CA/keys/root.key" \
    -cert "$CA/root.pem" -out "$T/early.pem" 2>"$T/openssl.err"
exits 1 'one that begins later' "$POCKETCA" crl import "$T/early.pem"
like 'which says when too' "$T/out" 'the CRL begins at 2040-01-01T00:00:00Z'
exits 2 'no file' "$POCKETCA" crl import
is 'the first is served still' "$(served "$T/first.pem" && echo yes)" yes
openssl crl -in "$T/r.pem" -outform DER -out "$T/good.der"
ok 'a higher number, in DER' "$POCKETCA" crl import "$T/good.der"
is 'takes its place' "$(served "$T/r.pem" && echo yes)" yes
ok 'the audit knows of it' "$POCKETCA" audit

# What is for a CRL that is signed by the command changes nothing of the service's.
before=$(state)
for option in '--lifetime 1d' "--key $CA/keys/root.key" \
    "--passphrase-file $CA/admin.token"; do
    # shellcheck disable=SC2086
    exits 1 "${option%% *} is refused" "$POCKETCA" crl sign --authority issuing \
        $option
    like 'and is named' "$T/out" "${option%% *} is for a CRL that is signed by"
done
exits 2 'no lifetime is imported' "$POCKETCA" crl import --lifetime 1d "$T/r.pem"
is 'no list was made' "$(state)" "$before"

# Taken over while no list could be made, and the service ended before one was:
# the next service makes it, with a number above the one that was taken over.
take_over() { # NUMBER [--crl]: the index, or the CRL of it, that lists 0e01
    printf 'R\t350101000000Z\t260101000000Z,superseded\t0E01\tunknown\t/CN=h\n' \
        >"$T/index"
    echo "$1" >"$T/number"
    openssl ca -config "$T/r.cnf" -gencrl -crldays 30 -out "$T/i.pem" \
        -keyfile "$CA/keys/issuing.key" -cert "$CA/issuing.pem" \
        2>"$T/openssl.err" || bail 'openssl ca -gencrl'
    mkdir "$CA/crl/issuing.crl.new"
    set -- "$1" "${2:---authority issuing $T/index}"
    [ "$2" != --crl ] || set -- "$1" "--crl $T/i.pem"
    # shellcheck disable=SC2086
    no "number $1: the list cannot be made" "$POCKETCA" import $2
    stop
    rmdir "$CA/crl/issuing.crl.new"
    serve
}
list_is() { # NUMBER
    curl -sSf --max-time 20 "$PUBLIC/crl/issuing.crl" |
        openssl crl -inform DER -noout -text >"$T/text" 2>&1 &&
        grep -q 'Serial Number: 0E01$' "$T/text" &&
        [ "$(sed -n '/CRL Number/{n;s/ *//p}' "$T/text")" -gt "$((0x$1))" ]
}
take_over 0000 # what was revoked
eventually 100 'the next list has it' list_is 0000
take_over 0800 --crl # nothing but the number
eventually 100 'the next list is above it' list_is 0800

# An authority that the one above it has revoked.
issuing=$(openssl x509 -in "$CA/issuing.pem" -noout -serial | cut -d= -f2)
why='authority: issuing was revoked by root at 2026-01-01T00:00:00Z, keyCompromise'
why="$why: nobody accepts what it issues"
ended() { # WHAT
    want 503 - "$1" "$API/readyz"
    json 'which authority, since when, why' ".reasons == [\"$why\"]"
}
# shellcheck disable=SC2086
root_crl 0900 60 $R \
    "R\\t350101000000Z\\t260101000000Z,keyCompromise\\t$issuing\\tunknown\\t/CN=i\\n"
ok 'a list with the issuing authority' "$POCKETCA" crl import "$T/r.pem"
ended 'is known at once'
stop
serve
ended 'and after a restart'
ok 'it is in the log' grep -q "crl.*$why" "$T/log"
# shellcheck disable=SC2086
root_crl 0901 60 $R \
    "R\\t350101000000Z\\t260101000000Z\\t${issuing%??}\\tunknown\\t/CN=o\\n"
ok 'a list with another' "$POCKETCA" crl import "$T/r.pem"
want 200 - 'is nothing to tell' "$API/readyz"

# While the complete list is missing there is no chain without it.
stop
rm "$CA/crl/issuing.crl"
mkdir "$CA/crl/issuing.crl.new"
serve
for f in chain.pem issuing.crl nobody.crl; do
    want 503 signer-away "$f is for later" "$PUBLIC/crl/$f"
    like 'when to try again' "$T/head" '^[Rr]etry-[Aa]fter: [0-9]'
done
want 200 - 'what is there is given' "$PUBLIC/crl/root.crl"
rmdir "$CA/crl/issuing.crl.new"
chain() { curl -sSf -o "$T/chain" "$PUBLIC/crl/chain.pem"; }
eventually 200 'then there is a chain' chain
is 'of both' "$(grep -c 'BEGIN X509 CRL' "$T/chain")" 2
want 404 not-found 'and nobody has a list' "$PUBLIC/crl/nobody.crl"
finish
