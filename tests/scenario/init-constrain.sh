#!/bin/sh
# SPDX-License-Identifier: ISC
# --constrain: critical name constraints, which other software enforces.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --constrain --allow 'dns:**.corp.internal,ip:10.0.0.0/8,dns:**.Corp.internal' \
    --host ca.corp.internal,127.0.0.1
openssl x509 -in "$CA/issuing.pem" -noout -text >"$T/text"
like 'constraints are critical' "$T/text" 'Name Constraints: critical'
like 'the allowed domain' "$T/text" 'DNS:corp\.internal'
like 'the allowed network' "$T/text" 'IP:10\.0\.0\.0/255\.0\.0\.0'
like 'localhost for the service' "$T/text" 'DNS:localhost'
like 'loopback for the service' "$T/text" 'IP:127\.0\.0\.1/255\.255\.255\.255'
like 'mail is excluded' "$T/text" 'Excluded:|email:'
cat "$T/init.out" "$T/init.err" >"$T/said"
like 'init says that it stays' "$T/said" '[Cc]onstrain|widened'
like 'the profiles say the same' "$CA/pocketca.conf" 'corp\.internal'
serve
issue app.corp.internal
ok 'inside verifies' openssl verify -x509_strict -CAfile "$CA/root.pem" \
    -untrusted "$T/app.corp.internal.pem" "$T/app.corp.internal.pem"
csr app.evil.org
want 422 name-not-allowed 'outside is refused' \
    --data-binary @"$T/app.evil.org.csr" "$API/v1/certificates"
# another CA's mistake with this key would not be believed either
openssl req -new -x509 -key "$CA/keys/issuing.key" -subj /CN=x \
    -addext 'subjectAltName=DNS:app.evil.org' -days 2 -out "$T/x.pem" \
    2>/dev/null
openssl x509 -req -in "$T/app.evil.org.csr" -CA "$CA/issuing.pem" \
    -CAkey "$CA/keys/issuing.key" -days 2 -copy_extensions copy \
    -out "$T/evil.pem" 2>/dev/null
no 'openssl refuses a name outside' openssl verify -CAfile "$CA/root.pem" \
    -untrusted "$CA/issuing.pem" "$T/evil.pem"
like 'because of the constraints' "$T/out" 'permitted subtree violation'
want 200 - 'the service has its own certificate inside' "$API/healthz"
# the service's own names
stop
sed 's/^host *=.*/host = { "ca.corp.internal", "ca.other.example", "10.9.9.9" }/' \
    "$CA/pocketca.conf" >"$CA/host.conf"
exits 1 'a host outside the constraints' "$POCKETCA" check -c "$CA/host.conf"
like 'is named' "$T/out" 'host "ca.other.example" is outside the name constraints'
unlike 'one inside is not' "$T/out" 'host "ca.corp.internal"'
finish
