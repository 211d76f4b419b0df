#!/bin/sh
# SPDX-License-Identifier: ISC
# What ledger, CRL and OCSP say of certificates whose CRL is a partition: its
# own, late, another one's, the complete one in its place.
. "${SOURCE:?}/tests/scenario/lib.sh"

url() { # NAME: of the CRL that it names
    openssl x509 -in "$T/$1.pem" -noout -ext crlDistributionPoints |
        sed -n 's/.*URI://p'
}
here() { # NAME: the last steps of its path
    url "$1" | sed "s#^$PUBLIC/##"
}

init
sed -i 's/^authority issuing {/&\n  crl-wait = no crl-partition-size = 2/' \
    "$CA/pocketca.conf"
export POCKETCA_CONF="$CA/pocketca.conf"
serve
# the first that is alone in a partition, and two that share one
issue a.internal
n=0
while n=$((n + 1)); do
    issue "b$n.internal"
    [ "$(url a.internal)" = "$(url "b$n.internal")" ] || break
done
one=b$n.internal
issue same.internal
[ "$(url "$one")" = "$(url same.internal)" ] || bail 'no two in a partition'
part=$(here "$one")
like 'it is a partition' "$T/$one.pem" BEGIN
is 'of its own' "$(echo "$part" | grep -c '^crl/issuing/[0-9]*[.]crl$')" 1

for cert in a.internal "$one" same.internal; do
    says "good: $cert" 0 good good good good "$(serial_of "$T/$cert.pem")"
    json 'by the list that it names' ".crl.url == \"$(url "$cert")\""
    says 'the file alone' 0 good good good good "$T/$cert.pem"
done
curl -sSf "$PUBLIC/$part" -o "$T/before.crl"

# its list is late
mkdir "$CA/$part.new"
want 200 - 'revoked' -d reason=keyCompromise \
    "$API/v1/certificates/$(serial_of "$T/$one.pem")/revoke"
json 'the list is to come' '.crl == "pending"'
says 'they differ' 1 differ revoked good revoked "$T/$one.pem"
says 'its neighbour is good' 0 good good good good "$T/same.internal.pem"
rmdir "$CA/$part.new"
agreed() { "$POCKETCA" status "$T/$one.pem" | grep -q '^verdict *revoked'; }
eventually 200 'until it is out' agreed
says 'all agree: revoked' 4 revoked revoked revoked revoked "$T/$one.pem"
json 'when and why' '[.ledger, .crl, .ocsp | .revoked_at, .reason] |
    unique | length == 2'
says 'its neighbour is good still' 0 good good good good "$T/same.internal.pem"
says 'others are' 0 good good good good "$T/a.internal.pem"

# without a ledger
if [ ! -e /etc/pocketca/pocketca.conf ]; then
    exits 4 'on another machine too' env -u POCKETCA_CONF "$POCKETCA" status \
        "$T/$one.pem"
fi

# partitions are off: what names one is asked there
stop
sed -i 's/crl-partition-size = 2//' "$CA/pocketca.conf"
serve
issue whole.internal
says 'a new one, by the complete list' 0 good good good good "$T/whole.internal.pem"
json 'which it names' ".crl.url == \"$PUBLIC/crl/issuing.crl\""
says 'the old one as before' 4 revoked revoked revoked revoked "$T/$one.pem"
json 'by its partition' ".crl.url == \"$(url "$one")\""
ok 'the complete list, of now' "$POCKETCA" crl sign --authority issuing
curl -sSf "$PUBLIC/crl/issuing.crl" -o "$T/whole.crl"
curl -sSf "$(url a.internal)" -o "$T/a.crl"
curl -sSf "$PUBLIC/$part" -o "$T/now.crl"
openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/same.internal.pem" -no_nonce \
    -respout "$T/same.ocsp" -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" \
    >"$T/out" 2>&1
stop

# somebody else answers
enemy
crl() { http_answer "$T/$1.crl" application/pkix-crl >"$T/get"; }
http_answer "$T/same.ocsp" application/ocsp-response >"$T/post"
crl now
says 'its list' 0 good good good good "$T/same.internal.pem" --no-nonce
crl a
says 'that of another partition' 1 incomplete good failed good \
    "$T/same.internal.pem" --no-nonce
detail 'says nothing' crl 'not that of this one'
says 'of one that it would hide' 1 incomplete revoked failed failed \
    "$T/$one.pem" --no-nonce
crl whole
says 'the complete one says all' 0 good good good good \
    "$T/same.internal.pem" --no-nonce
says 'of the revoked one too' 1 incomplete revoked revoked failed \
    "$T/$one.pem" --no-nonce
crl before
says 'replayed, from before it was revoked' 1 differ revoked good failed \
    "$T/$one.pem" --no-nonce
printf 'HTTP/1.0 404 Not Found\r\n\r\n' >"$T/get"
says 'none there' 1 incomplete good failed good "$T/same.internal.pem" --no-nonce
detail 'with the status' crl '404'
finish
