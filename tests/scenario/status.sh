#!/bin/sh
# SPDX-License-Identifier: ISC
# What ledger, CRL and OCSP say of one certificate, from the addresses in it:
# agreed, for a moment not, not to be reached, and answered by an enemy.
. "${SOURCE:?}/tests/scenario/lib.sh"

# says WHAT EXIT VERDICT LEDGER CRL OCSP ARG…
says() {
    s_what=$1 s_exit=$2 s_want="$3 $4 $5 $6"
    shift 6
    "$POCKETCA" status "$@" --json >"$T/body" 2>"$T/err"
    s_got=$?
    is "$s_what" "$s_got $(jq -r '[.verdict, .ledger.says, .crl.says,
        .ocsp.says] | join(" ")' "$T/body" 2>&1)" "$s_exit $s_want"
}
detail() { # WHAT ledger|crl|ocsp ERE
    jq -r ".$2.detail // empty" "$T/body" >"$T/detail"
    like "$1" "$T/detail" "$3"
}

init
sed -i 's/^authority issuing {/authority issuing {\n  crl-wait = no/' \
    "$CA/pocketca.conf"
export POCKETCA_CONF="$CA/pocketca.conf"
serve
issue b.internal
other=$serial
issue a.internal
openssl x509 -in "$T/a.internal.pem" -outform DER -out "$T/a.der"

# ---- good, however it is given
for cert in "$serial" "$T/a.internal.pem" "$T/a.der"; do
    says "good: ${cert##*/}" 0 good good good good "$cert"
done
json 'the whole' ".serial == \"$serial\" and .ledger.url == null and
    .crl.url == \"$PUBLIC/crl/issuing.crl\" and .ocsp.url == \"$PUBLIC/ocsp\" and
    .crl.reason == null and .ocsp.next_update > .ocsp.this_update"
ok 'for people' "$POCKETCA" status "$serial"
like 'a line each' "$T/out" "^crl +good \\($PUBLIC/crl/issuing.crl, of 2"
like 'and the verdict' "$T/out" '^verdict +good: all that were asked agree'
says 'what everybody gets' 0 good good good good "$serial" --no-nonce
issuing=$(serial_of "$CA/issuing.pem")
says 'the issuing authority: no OCSP' 0 good good good none "$CA/issuing.pem"
says 'by its serial number' 0 good good good none "$issuing"
says 'the root: nobody revokes it' 0 good good none none "$CA/root.pem"
cp "$CA/crl/issuing.crl" "$T/before.crl"

# ---- without a ledger: another machine
away() { # ARG…: with no configuration (there is none in the default place)
    (
        unset POCKETCA_CONF
        exec "$POCKETCA" status "$@"
    )
}
if [ ! -e /etc/pocketca/pocketca.conf ]; then
    ok 'no ledger, the chain in the file' away "$T/a.internal.pem"
    like 'says that there is none' "$T/out" '^ledger +none: there is no config'
    exits 1 'no issuer' away "$T/a.der"
    like 'which is missing' "$T/out" 'give it with --issuer'
    ok 'given' away "$T/a.der" --issuer "$CA/issuing.pem"
    exits 1 'another' away "$T/a.der" --issuer "$CA/root.pem"
fi

# ---- revoked; the CRL does not know yet
mv "$CA/crl" "$CA/crl.away" # no CRL can be written
: >"$CA/crl"
want 200 - 'revoked' -d reason=superseded "$API/v1/certificates/$serial/revoke"
json 'the CRL is to come' '.crl == "pending"'
says 'they differ' 1 differ revoked good revoked "$serial"
json 'by whom, when, why' '.ledger.reason == "superseded" and
    .ocsp.reason == "superseded" and .ocsp.revoked_at == .ledger.revoked_at'
rm "$CA/crl"
mv "$CA/crl.away" "$CA/crl"
agreed() { "$POCKETCA" status "$serial" | grep -q '^verdict *revoked'; }
eventually 200 'once it is out all agree' agreed
says 'all agree: revoked' 4 revoked revoked revoked revoked "$serial"
json 'when and why' '[.ledger, .crl, .ocsp | .revoked_at, .reason] |
    unique | length == 2'
says 'the other is good' 0 good good good good "$other"

# ---- what is not a certificate of this ledger
exits 1 'no certificate' "$POCKETCA" status "$T/a.internal.csr"
like 'the reason' "$T/out" 'CERTIFICATE is expected|not a PEM'
exits 1 'rubbish' "$POCKETCA" status "$T/err"
exits 1 'an unknown serial number' "$POCKETCA" status 4123456789
exits 1 'no serial number' "$POCKETCA" status nonsense
exits 2 'nothing' "$POCKETCA" status
exits 2 'two' "$POCKETCA" status "$serial" "$other"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/x.key" -out "$T/x.pem" -subj /CN=Other \
    -addext 'crlDistributionPoints=URI:ldap://127.0.0.1/x' 2>/dev/null
says 'of somebody else, http nowhere' 1 unknown none none none "$T/x.pem"
detail 'the ledger says why' ledger 'no authority that it has'
detail 'the scheme too' crl 'not http://'

# ---- nobody answers
curl -sS "$PUBLIC/crl/issuing.crl" >"$T/now.crl"
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/b.internal.pem" -no_nonce \
    -respout "$T/b.ocsp" -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/out" 2>&1
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/b.internal.pem" \
    -respout "$T/nonce.ocsp" -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/out" 2>&1
ok 'stops' stop
says 'the ledger alone' 1 incomplete good failed failed "$other"
detail 'why: the CRL' crl 'could not be asked: '
detail 'why: OCSP' ocsp 'could not be asked: '

# ---- somebody else does
"$BUILD/tests/scenario/canned" "$public_port" "$T/get" "$T/post" >"$T/canned" &
CANNED=$!
trap 'kill $CANNED; cleanup' EXIT
eventually 100 'the enemy listens' grep -q ready "$T/canned"
http() { # FILE TYPE: as an answer
    printf 'HTTP/1.0 200 OK\r\nContent-Type: %s\r\n\r\n' "$2"
    cat "$1"
}
crl() { http "$1" application/pkix-crl >"$T/get"; }
ocsp() { http "$1" application/ocsp-response >"$T/post"; }
crl "$T/now.crl"
ocsp "$T/b.ocsp"
says 'replayed, and not asked for better' 0 good good good good "$other" \
    --no-nonce
says 'an answer without the nonce' 1 incomplete good good failed "$other"
detail 'is an old one' ocsp 'no nonce'
ocsp "$T/nonce.ocsp"
says 'with that of another' 1 incomplete good good failed "$other"
detail 'is told' ocsp 'another nonce'
says 'of another certificate' 1 incomplete revoked revoked failed "$serial" \
    --no-nonce
detail 'is told, too' ocsp 'about another certificate'
finish
