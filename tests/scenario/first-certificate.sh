#!/bin/sh
# SPDX-License-Identifier: ISC
# From nothing to a certificate that TLS software accepts.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
for f in pocketca.conf admin.token admin.curlrc root.pem issuing.pem \
    chain.pem ledger.db keys; do
    ok "init wrote $f" test -e "$CA/$f"
done
is 'admin.token is private' "$(stat -c %a "$CA/admin.token")" 600
is 'admin.curlrc is private' "$(stat -c %a "$CA/admin.curlrc")" 600
is 'ledger.db is private' "$(stat -c %a "$CA/ledger.db")" 600
is 'admin.token is one line' "$(wc -l <"$CA/admin.token")" 1
root_sum=$(openssl x509 -in "$CA/root.pem" -outform DER | sha256sum |
    cut -d' ' -f1)
root_print=$(openssl x509 -in "$CA/root.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//')
like 'init prints the root as sha256sum does' "$T/init.out" "$root_sum"
like 'init prints the root as openssl does' "$T/init.out" "$root_print"
ok 'the issuing certificate verifies' \
    openssl verify -x509_strict -CAfile "$CA/root.pem" "$CA/issuing.pem"
is 'chain.pem has two certificates' \
    "$(grep -c BEGIN "$CA/chain.pem")" 2
ok 'the configuration is good' "$POCKETCA" check -c "$CA/pocketca.conf"

serve
like 'one line says ready' "$T/log" '\bready\b'
want 200 - 'healthz answers' "$API/healthz"
want 200 - 'readyz answers' "$API/readyz"
ok 'the front runs' pid_of front
ok 'the signer runs' pid_of signer

# what a person does: the default key of their openssl, the written curlrc
openssl genpkey -algorithm RSA -out "$T/web.key" 2>/dev/null
openssl req -new -key "$T/web.key" -subj /CN=web.internal -out "$T/web.csr"
ok 'a CSR is answered with a certificate' \
    curl -sSf -K "$CA/admin.curlrc" --data-binary @"$T/web.csr" \
    -o "$T/web.pem" "$API/v1/certificates"
is 'leaf first, then issuing, no root' "$(grep -c BEGIN "$T/web.pem")" 2
ok 'openssl verifies it' openssl verify -x509_strict -purpose sslserver \
    -verify_hostname web.internal -CAfile "$CA/root.pem" \
    -untrusted "$T/web.pem" "$T/web.pem"
openssl x509 -in "$T/web.pem" -noout -text >"$T/text"
like 'it is version 3' "$T/text" 'Version: 3'
like 'its subject is the name' "$T/text" 'Subject: CN = web\.internal$'
like 'SAN' "$T/text" 'DNS:web\.internal$'
like 'key usage is critical' "$T/text" 'X509v3 Key Usage: critical'
like 'for servers' "$T/text" 'TLS Web Server Authentication'
like 'subject key id' "$T/text" 'Subject Key Identifier'
like 'authority key id' "$T/text" 'Authority Key Identifier'
like 'CRL address' "$T/text" "URI:$PUBLIC/crl/issuing.crl"
like 'issuer address' "$T/text" "CA Issuers - URI:$PUBLIC/ca/issuing.der"
like 'OCSP address' "$T/text" "OCSP - URI:$PUBLIC/ocsp"
ok "each of them, and its issuer's, answers" urls "$T/web.pem"
unlike 'no CA' "$T/text" 'CA:TRUE'
serial=$(serial_of "$T/web.pem")
is 'the serial has 16 octets' "${#serial}" 32
case $serial in [4-7]*) top=ok ;; *) top=bad ;; esac
is 'first bit clear, second set' "$top" ok
nb=$(date -d "$(openssl x509 -in "$T/web.pem" -noout -startdate |
    sed 's/.*=//')" +%s)
na=$(date -d "$(openssl x509 -in "$T/web.pem" -noout -enddate |
    sed 's/.*=//')" +%s)
is 'ninety days, both ends counted' $((na - nb + 1)) $((90 * 86400))
now=$(date +%s)
[ $((now - nb)) -ge 60 ] && [ $((now - nb)) -le 75 ]
is 'it begins a minute back' $? 0

# a real handshake that trusts our root only
tls_port=$(free_port)
openssl s_server -accept "127.0.0.1:$tls_port" -www -cert "$T/web.pem" \
    -cert_chain "$T/web.pem" -key "$T/web.key" >"$T/s_server.log" 2>&1 &
server=$!
eventually 50 'curl trusts it' curl -sSf --max-time 5 -o /dev/null \
    --cacert "$CA/root.pem" --resolve "web.internal:$tls_port:127.0.0.1" \
    "https://web.internal:$tls_port/"
kill "$server"
wait "$server" 2>/dev/null

want 200 - 'it is looked up' "$API/v1/certificates/$serial"
json 'it is valid' '.status == "valid"'
json 'its names' '.names == ["dns:web.internal"]'
stop
is 'SIGTERM ends with 0' $? 0
ok 'before it was asked for every URL in the ledger' test -s "$T/urls.seen"
unlike 'no secret in the log' "$T/log" 'pca_[a-z0-9]+_'
finish
