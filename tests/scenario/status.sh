#!/bin/sh
# SPDX-License-Identifier: ISC
# What ledger, CRL and OCSP say of one certificate, from the addresses in it:
# agreed, for a moment not, not to be reached, and answered by an enemy.
. "${SOURCE:?}/tests/scenario/lib.sh"

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
exits 1 'a wrong issuer, though the ledger knows the right one' \
    "$POCKETCA" status "$serial" --issuer "$CA/root.pem"
like 'which it is' "$T/out" "--issuer $CA/root.pem: no certificate in it issued"
says 'the right one, among others' 0 good good good good "$serial" \
    --issuer "$CA/chain.pem"
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
exits 2 'no serial number' "$POCKETCA" status nonsense
exits 2 'nothing' "$POCKETCA" status
exits 2 'two' "$POCKETCA" status "$serial" "$other"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$T/x.key" -out "$T/x.pem" -subj /CN=Other \
    -addext 'crlDistributionPoints=URI:ldap://127.0.0.1/x' \
    -addext 'authorityInfoAccess=OCSP;URI:https://127.0.0.1/' 2>/dev/null
says 'of somebody else, http nowhere' 1 unknown none none none "$T/x.pem"
detail 'the ledger says why' ledger 'no authority that it has'
detail 'the scheme too' crl 'not http://'
detail 'of the responder too' ocsp 'not http://'

# ---- nobody answers
curl -sS "$PUBLIC/crl/issuing.crl" >"$T/now.crl"
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/b.internal.pem" -no_nonce \
    -respout "$T/b.ocsp" -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/out" 2>&1
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/b.internal.pem" \
    -respout "$T/nonce.ocsp" -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/out" 2>&1
stop
is 'stops' $? 0
says 'the ledger alone' 1 incomplete good failed failed "$other"
detail 'why: the CRL' crl 'could not be asked: .*refused'
detail 'why: OCSP' ocsp 'could not be asked: .*refused'

# ---- somebody else does
enemy
crl() { http_answer "$1" application/pkix-crl >"$T/get"; }
ocsp() { http_answer "$1" application/ocsp-response >"$T/post"; }
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
refused() { # WHAT GOT-OF crl|ocsp ERE: the other is good all the same
    if [ "$2" = crl ]; then
        says "$1" 1 incomplete good failed good "$other" --no-nonce
    else
        says "$1" 1 incomplete good good failed "$other" --no-nonce
    fi
    detail "$1: why" "$2" "$3"
}

# OCSP answers
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/b.internal.pem" -no_nonce \
    -reqout "$T/b.req" >"$T/out" 2>&1
printf 'V\t491231000000Z\t\t%s\tunknown\t/CN=b\n' \
    "$(echo "$other" | tr a-f A-F)" >"$T/index.txt"
answered_by() { # CERT KEY: good, by openssl
    openssl ocsp -index "$T/index.txt" -CA "$CA/issuing.pem" -rsigner "$1" \
        -rkey "$2" -reqin "$T/b.req" -respout "$T/r.ocsp" -ndays 1 \
        >"$T/out" 2>&1
    ocsp "$T/r.ocsp"
}
answered_by "$CA/issuing.pem" "$CA/keys/issuing.key"
says 'signed by the issuer itself' 0 good good good good "$other" --no-nonce
answered_by "$T/x.pem" "$T/x.key"
refused 'signed by somebody' ocsp 'signed neither'
answered_by "$T/b.internal.pem" "$T/b.internal.key"
refused 'by the certificate itself, which is no responder' ocsp 'signed neither'
sed 's/^V/R/; s/Z\t\t/Z\t200101000000Z,keyCompromise\t/' "$T/index.txt" >"$T/i"
mv "$T/i" "$T/index.txt"
answered_by "$CA/issuing.pem" "$CA/keys/issuing.key"
says 'it says revoked, falsely' 1 differ good good revoked "$other" --no-nonce
printf '\060\003\012\001\003' >"$T/r.ocsp"
ocsp "$T/r.ocsp"
refused 'try later' ocsp 'trylater'
http_answer "$T/b.ocsp" text/html >"$T/post"
refused 'another type' ocsp 'content.type'
ocsp "$T/b.ocsp"
head -c 300 "$T/post" >"$T/cut" && mv "$T/cut" "$T/post"
refused 'cut short' ocsp 'could not be asked'
printf 'HTTP/1.0 404 Not Found\r\n\r\n' >"$T/post"
refused 'not found' ocsp '404'
ocsp "$T/b.ocsp"

# CRLs
made() { # FROM UNTIL: by the issuing key, between these
    printf '%s\n' '[ca]' 'default_ca = x' '[x]' "database = $T/none.txt" \
        "crlnumber = $T/crlnumber" 'default_md = sha256' \
        'crl_extensions = e' '[e]' 'authorityKeyIdentifier = keyid' >"$T/ca.conf"
    : >"$T/none.txt"
    echo 99 >"$T/crlnumber"
    openssl ca -gencrl -config "$T/ca.conf" -cert "$CA/issuing.pem" \
        -keyfile "$CA/keys/issuing.key" -crl_lastupdate "$1" \
        -crl_nextupdate "$2" -out "$T/made.pem" >"$T/out" 2>&1 &&
        openssl crl -in "$T/made.pem" -outform DER -out "$T/made.crl"
    crl "$T/made.crl"
}
made 20200101000000Z 20490101000000Z
says 'one that openssl made' 0 good good good good "$other" --no-nonce
made 20200101000000Z 20200201000000Z
refused 'it ended' crl 'ended at 2020-02-01'
made 20480101000000Z 20490101000000Z
refused 'it has not begun' crl 'begins only at 2048'
crl "$CA/crl/root.crl"
refused 'of another issuer' crl 'issuer is not authority CN=Test'
head -c $(($(wc -c <"$T/now.crl") - 1)) "$T/now.crl" >"$T/r.crl"
printf '\377' >>"$T/r.crl"
crl "$T/r.crl"
refused 'its signature is wrong' crl 'not signed by|malformed'
echo '<html>' >"$T/r.crl"
crl "$T/r.crl"
refused 'a page' crl 'could not be asked'
printf 'HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:%s/x\r\n\r\n' \
    "$public_port" >"$T/get"
refused 'it leads elsewhere' crl 'could not be asked'

# More addresses than one (RFC 5280 section 4.2.1.13): the first that answers.
named() { # CDP: a certificate of the issuing key that has it
    openssl x509 -req -in "$T/a.internal.csr" -CA "$CA/issuing.pem" \
        -CAkey "$CA/keys/issuing.key" -set_serial 77 -days 1 -out "$T/n.pem" \
        -extfile - >"$T/out" 2>&1 <<EOF
crlDistributionPoints = $1
[one]
fullname = URI:ldap://127.0.0.1/x,URI:http://127.0.0.1:$public_port/1.crl
[some]
fullname = URI:http://127.0.0.1:$public_port/1.crl
reasons = keyCompromise
[other]
fullname = URI:http://127.0.0.1:$public_port/1.crl
CRLissuer = dirName:name
[name]
CN = Other
EOF
}
lists() { # WHAT CDP SAYS ERE URL
    named "$2"
    "$POCKETCA" status "$T/n.pem" --json >"$T/body" 2>"$T/err"
    is "$1" "$(jq -r '.crl.says + " " + (.crl.url // "-")' "$T/body")" "$3 $5"
    detail "$1: the others" crl "$4"
}
first=http://127.0.0.1:1/1.crl second=http://127.0.0.1:$public_port/1.crl
crl "$T/now.crl"
lists 'ldap and http in one point' one good '^ldap://127.0.0.1/x: .*http://$' "$second"
lists 'in two points' "URI:ldap://h/x,URI:$second" good '^ldap://h/x: ' "$second"
lists 'the first does not answer' "URI:$first,URI:$second" good \
    "^$first: it could not be asked: .*refused" "$second"
lists 'the first answers' "URI:$second,URI:ldap://h/x" good '^ldap://' "$second"
lists 'neither does' "URI:$first,URI:${first}x" failed \
    "^it could.*refused.*; $first: it could.*refused" "${first}x"
lists 'no http one' 'URI:ldap://h/x,URI:https://h/x' none \
    '^ldap://h/x: .*; https://h/x: ' -
lists 'one that is no address' "URI:http:///x,URI:$second" good 'http:///x' "$second"
lists 'and no other' 'URI:http:///x' failed 'http:///x' -
lists 'of some reasons' some none 'some reasons' -
lists 'of another issuer' other none 'another issuer' -
lists 'a name alone' dirName:name none 'no address' -
idp() { # TEXT: a list whose issuingDistributionPoint says so
    made 20200101000000Z 20490101000000Z
    printf '%s\n' 'issuingDistributionPoint = critical,@p' '[p]' "$1" \
        >>"$T/ca.conf"
    openssl ca -gencrl -config "$T/ca.conf" -cert "$CA/issuing.pem" \
        -keyfile "$CA/keys/issuing.key" -crl_lastupdate 20200101000000Z \
        -crl_nextupdate 20490101000000Z -out "$T/made.pem" >"$T/out" 2>&1 &&
        openssl crl -in "$T/made.pem" -outform DER -out "$T/made.crl"
    crl "$T/made.crl"
}
idp "fullname=URI:http://h/y,URI:$first"
lists 'its scope is named by another address' "URI:$first,URI:$second" good \
    "^$first" "$second"
lists 'by none of these' "URI:ldap://h/x,URI:$second" failed 'only a part' \
    "$second"
idp "fullname=URI:$second
onlyuser=TRUE"
lists 'limited by more' "URI:ldap://h/x,URI:$second" failed 'only a part' \
    "$second"

# Without an end.
rm "$T/get"
printf 'HTTP/1.0 200 OK\r\n\r\n\060\204\377\377\377\377' >"$T/get.head"
head -c 65536 /dev/zero >"$T/get.endless"
refused '4 GiB' crl 'could not be asked: .*(long|large|max|exceed)'
printf 'HTTP/1.0 200 OK\r\n' >"$T/get.head"
yes 'X: y' | head -c 60000 >"$T/get.endless"
refused 'headers for ever' crl 'could not be asked: .*timeout'
rm "$T/get.endless"
http_answer "$T/now.crl" application/pkix-crl >"$T/get.drip"
refused 'an octet now and then' crl 'could not be asked: .*timeout'
finish
