#!/bin/sh
# SPDX-License-Identifier: ISC
# From the answer to a revocation on nobody is told "good" any more, however
# many ask meanwhile; nor after the signer was killed.
. "${SOURCE:?}/tests/scenario/lib.sh"

N=60
init
sed -i 's/^authority issuing {/authority issuing {\n  crl-wait = no/' \
    "$CA/pocketca.conf"
serve
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/key" 2>/dev/null
n=0
while [ $n -lt $N ]; do
    openssl req -new -key "$T/key" -subj "/CN=h$n.internal" \
        -addext "subjectAltName=DNS:h$n.internal" -out "$T/csr" 2>/dev/null
    req --data-binary @"$T/csr" "$API/v1/certificates"
    cp "$T/body" "$T/$n.pem"
    openssl ocsp -issuer "$CA/issuing.pem" -cert "$T/$n.pem" -no_nonce \
        -reqout "$T/$n.req" >/dev/null 2>&1
    printf 'url = "%s/ocsp/%s"\noutput = "/dev/null"\n' "$PUBLIC" \
        "$(openssl base64 -A -in "$T/$n.req" |
            sed 's/+/%2B/g; s/=/%3D/g; s,/,%2F,g')" >>"$T/urls"
    n=$((n + 1))
done
is 'all are issued' "$(grep -l 'BEGIN CERT' "$T"/*.pem | wc -l)" $N

# Four that ask about all of them, over and over.
askers=''
for i in 1 2 3 4; do
    while [ ! -e "$T/enough" ]; do
        curl -s -K "$T/urls" -w '%{http_code}\n' >>"$T/seen.$i"
    done &
    askers="$askers $!"
done
# told N: good or revoked (RevokedInfo begins [1] { GeneralizedTime)
told() {
    curl -s -H 'Content-Type: application/ocsp-request' \
        --data-binary @"$T/$1.req" -o "$T/told" "$PUBLIC/ocsp"
    case $(od -An -v -tx1 "$T/told" | tr -d ' \n') in
    *a111180f* | *a116180f*) echo revoked ;;
    *8000180f*) echo good ;;
    *) echo nothing ;;
    esac
}
was='' then='' n=0
while [ $n -lt $N ]; do
    was="$was$(told $n)"
    req -X POST -d reason=superseded \
        "$API/v1/certificates/$(serial_of "$T/$n.pem")/revoke"
    [ "$status" = 200 ] && then="$then$(told $n)"
    n=$((n + 1))
done
is 'good before' "$was" "$(awk -v n=$N 'BEGIN { while (n-- > 0) printf "good" }')"
all=$(awk -v n=$N 'BEGIN { while (n-- > 0) printf "revoked" }')
is 'revoked after each answer' "$then" "$all"
: >"$T/enough"
# shellcheck disable=SC2086
wait $askers
sort -u "$T"/seen.* >"$T/statuses"
is 'all were answered' "$(cat "$T/statuses")" 200
now='' n=0
while [ $n -lt $N ]; do
    now="$now$(told $n)"
    n=$((n + 1))
done
is 'and later' "$now" "$all"

kill -KILL "$(pid_of signer)"
back() { [ "$(told 0)" = revoked ]; }
eventually 100 'killed, the pair comes back' back
now='' n=0
while [ $n -lt $N ]; do
    now="$now$(told $n)"
    n=$((n + 1))
done
is 'and nothing is forgotten' "$now" "$all"
finish
