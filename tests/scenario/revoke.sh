#!/bin/sh
# SPDX-License-Identifier: ISC
# Revocation, and what every CRL served after it says.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
serve
issue a.internal
a=$serial
issue b.internal
b=$serial
crl() { curl -sSf --max-time 20 "$PUBLIC/crl/issuing.crl" -o "$T/crl.der" &&
    openssl crl -inform DER -in "$T/crl.der" -out "$T/crl.pem"; }
verify() { # NAME
    crl && openssl verify -x509_strict -crl_check -CAfile "$CA/root.pem" \
        -CRLfile "$T/crl.pem" -untrusted "$CA/issuing.pem" "$T/$1.pem"
}
number() {
    echo $(($(openssl crl -in "$T/crl.pem" -noout -crlnumber |
        sed 's/.*=\(0x\)\{0,1\}/0x/')))
}
ok 'before: good by -crl_check' verify a.internal
n0=$(number)
had=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
want 200 - 'revoked' -X POST -d reason=keyCompromise \
    "$API/v1/certificates/$a/revoke"
json 'the object' ".serial == \"$a\" and .status == \"revoked\" and
    .reason == \"keyCompromise\" and (.revoked_at | endswith(\"Z\"))"
at=$(jq -r .revoked_at "$T/body")
no 'after: refused by -crl_check' verify a.internal
want 200 - 'what was had just before is not confirmed' \
    -H "If-Modified-Since: $had" "$PUBLIC/crl/issuing.crl"
like 'as revoked' "$T/out" 'certificate revoked'
n1=$(number)
[ "$n1" -gt "$n0" ]
is 'the number rose' $? 0
ok 'the other is still good' verify b.internal
openssl crl -in "$T/crl.pem" -noout -text >"$T/text"
like 'the reason is on it' "$T/text" 'Key Compromise'
like 'authority key id' "$T/text" 'Authority Key Identifier'
like 'version 2' "$T/text" 'Version 2'
ok 'the CRL verifies' openssl crl -in "$T/crl.pem" -noout -verify \
    -CAfile "$CA/issuing.pem"
days=$((($(date -d "$(openssl crl -in "$T/crl.pem" -noout -nextupdate |
    cut -d= -f2)" +%s) - $(date +%s) + 3600) / 86400))
is 'seven days' "$days" 7
want 200 - 'chain of CRLs' "$PUBLIC/crl/chain.pem"
is 'issuing and root' "$(grep -c 'BEGIN X509 CRL' "$T/body")" 2
cp "$T/body" "$T/chain-crl.pem"
no 'and -crl_check_all agrees' openssl verify -crl_check_all \
    -CAfile "$CA/root.pem" -CRLfile "$T/chain-crl.pem" \
    -untrusted "$CA/issuing.pem" "$T/a.internal.pem"
ok 'for the good one too' openssl verify -crl_check_all \
    -CAfile "$CA/root.pem" -CRLfile "$T/chain-crl.pem" \
    -untrusted "$CA/issuing.pem" "$T/b.internal.pem"

# again
want 200 - 'again with the same reason' -X POST -d reason=keyCompromise \
    "$API/v1/certificates/$a/revoke"
json 'the first date stays' ".revoked_at == \"$at\""
want 200 - 'again with none' -X POST "$API/v1/certificates/$a/revoke"
json 'the date and reason stay' ".revoked_at == \"$at\" and
    .reason == \"keyCompromise\""
want 409 already-revoked 'with another' -X POST -d reason=superseded \
    "$API/v1/certificates/$a/revoke"
json 'and says what could' \
    '.detail | endswith("the reason keyCompromise, which nothing replaces")'
for reason in unspecified affiliationChanged superseded \
    cessationOfOperation privilegeWithdrawn; do
    issue "$reason.internal"
    want 200 - "$reason" -X POST -d "reason=$reason" \
        "$API/v1/certificates/$serial/revoke"
    json "$reason is shown" ".reason == \"$reason\""
    want 200 - "$reason becomes keyCompromise" -X POST \
        -H 'Content-Type: application/json' -d '{"reason":"keyCompromise"}' \
        "$API/v1/certificates/$serial/revoke"
    json 'and says so' '.reason == "keyCompromise"'
done
want 200 - 'no body' -X POST "$API/v1/certificates/$b/revoke"
json 'is unspecified' '.reason == "unspecified"'
want 409 already-revoked 'which stays' -X POST -d reason=superseded \
    "$API/v1/certificates/$b/revoke"
json 'but for one' \
    '.detail | endswith("reason unspecified, which keyCompromise alone replaces")'
crl
before=$(state)
issue c.internal
between=$(state)
for reason in certificateHold removeFromCRL cACompromise aACompromise; do
    want 422 reason-not-allowed "$reason" -X POST -d "reason=$reason" \
        "$API/v1/certificates/$serial/revoke"
done
for reason in 1 KEYCOMPROMISE nonsense ''; do
    req -X POST -d "reason=$reason" "$API/v1/certificates/$serial/revoke"
    case $status in 400 | 422) got=refused ;; *) got=$status ;; esac
    is "'$reason' is refused" "$got" refused
done
for body in '{"reason":"superseded","nope":1}' '{"reason":1}' '[]' '{' \
    '{"renewals":"yes"}' '{"reason":"superseded","reason":"superseded"}'; do
    want 400 bad-json "$body" -X POST -H 'Content-Type: application/json' \
        -d "$body" "$API/v1/certificates/$serial/revoke"
done
want 400 bad-argument 'a reason in the URL' -X POST \
    "$API/v1/certificates/$b/revoke?reason=superseded"
json 'is told where it belongs' '.detail | test("belong into the body")'
want 400 bad-argument 'a doubled form field' -X POST \
    -d 'reason=superseded&reason=superseded' \
    "$API/v1/certificates/$serial/revoke"
want 415 unsupported-media-type 'XML' -X POST -H 'Content-Type: text/xml' \
    -d '<r/>' "$API/v1/certificates/$serial/revoke"
want 404 not-found 'an unknown serial' -X POST \
    "$API/v1/certificates/00112233445566778899aabbccddeeff/revoke"
is 'nothing was recorded' "$(state)" "$between"
[ "$before" != "$between" ]
is 'and an issue is seen' $? 0

# the certificate itself, over TLS
issue d.internal
BEARER=''
want '403|404' 'role-missing|not-found' 'a certificate does not revoke another' \
    --cert "$T/d.internal.pem" --key "$T/d.internal.key" -X POST \
    "$API/v1/certificates/$(serial_of "$T/c.internal.pem")/revoke"
want 200 - 'a certificate revokes itself' \
    --cert "$T/d.internal.pem" --key "$T/d.internal.key" -X POST \
    -d reason=cessationOfOperation "$API/v1/certificates/$serial/revoke"
no 'on the CRL' verify d.internal
want 401 certificate-revoked 'and is nobody then' \
    --cert "$T/d.internal.pem" --key "$T/d.internal.key" \
    "$API/v1/certificates/$serial"
crl
n2=$(number)
BEARER=$ADMIN
stop
serve
crl
[ "$(number)" -ge "$n2" ]
is 'the number never falls over a restart' $? 0
no 'still revoked after a restart' verify a.internal
# the service's own, with its key: it has others, without a restart
own() { # serial|pubkey
    openssl s_client -connect "${API#https://}" </dev/null 2>/dev/null |
        openssl x509 -noout "-$1"
}
first=$(own serial) key=$(own pubkey) pair="$(pid_of front) $(pid_of signer)"
want 200 - "the service's own" -d reason=keyCompromise \
    "$API/v1/certificates/${first#serial=}/revoke"
other() { now=$(own serial) && [ "$now" ] && [ "$now" != "$first" ]; }
eventually 80 'it has another' other
no 'with another key' test "$(own pubkey)" = "$key"
is 'and lives' "$(pid_of front) $(pid_of signer)" "$pair"
finish
