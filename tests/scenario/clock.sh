#!/bin/sh
# SPDX-License-Identifier: ISC
# A clock that steps while the service runs, and one that was wrong before.
. "${SOURCE:?}/tests/scenario/lib.sh"
URLS=no # OpenSSL has another time

POCKETCA=$BUILD/tests/scenario/clocked
export CLOCK="$T/clock"
DAY=86400
# Over what was there, in one piece: the service has it mapped.
shift_to() {
    printf '%019d\n' "$1" | dd of="$CLOCK" bs=20 conv=notrunc 2>/dev/null
}
shift_to 0
init
plain
export POCKETCA_CONF="$CA/pocketca.conf"
serve
# a client certificate is good to its end
issue c.internal lifetime=2m
self() { # STATUS CODE WHAT
    BEARER=''
    want "$1" "$2" "$3" --cert "$T/c.internal.pem" --key "$T/c.internal.key" \
        "$API/v1/tokens/self"
    BEARER=$ADMIN
}
self 200 - 'a client certificate is who it is'
shift_to 200
self 401 certificate-expired 'and is nobody when it has ended'
json 'which says when' '.detail | test("ended at 20")'
shift_to 0
# TLS has a clock of its own, as curl has.
tls=$API
API=http://127.0.0.1:$plain_port
shown() {
    openssl s_client -connect "${tls#https://}" </dev/null 2>/dev/null |
        openssl x509 -noout -serial
}
other() { now=$(shown) && [ "$now" ] && [ "$now" != "$first" ]; }
# The service's own certificate is not good at a time so far away: it has a new
# one within seconds, which is an entry of the ledger like any other.
leap_to() { # SECONDS WHAT
    first=$(shown)
    shift_to "$1"
    eventually 100 "$2: the service has a certificate of then" other
}
issue a.internal
kept=$serial
csr b.internal
post() { # STATUS CODE WHAT
    want "$1" "$2" "$3" --data-binary @"$T/b.internal.csr" "$API/v1/certificates"
}
suspect() { # WHAT
    before=$(state)
    post 503 clock-suspect "$1: nothing is issued"
    like "$1: try again later" "$T/head" '^[Rr]etry-[Aa]fter: [0-9]'
    json "$1: how it is put right" '.detail | test("pocketca clock accept")'
    exits 3 "$1: nor by the command" "$POCKETCA" issue "$T/b.internal.csr"
    want 503 - "$1: it is not ready" "$API/readyz"
    json "$1: for that reason" '.ready == false and
        (.reasons | map(select(test("^clock: "))) | length == 1)'
    want 200 - "$1: what there is can be read" "$API/v1/certificates/$kept"
    want 200 - "$1: it lives" "$API/healthz"
    is "$1: nothing was recorded" "$(state)" "$before"
}
accepted() { # WHAT
    ok "$1: accepted" "$POCKETCA" clock accept
    post 201 - "$1: it issues again"
    # lists and responders that ended meanwhile are made anew
    eventually 100 "$1: and is ready" ready
}
ready() { req "$API/readyz" && [ "$status" = 200 ]; }
pids="$(pid_of front) $(pid_of signer)"
leap_to -3600 'an hour back'
suspect 'an hour back'
shift_to 0
post 201 - 'the clock is right again: it issues, unasked'
shift_to 200
post 201 - 'a small correction is followed'
shift_to 400
post 201 - 'and another'
shift_to $((3 * DAY))
suspect '3 days ahead'
want 503 - 'and lists are not made' "$API/readyz"
json 'which is said' '.warnings | any(test(
    "^crl: that of issuing ends at .*, and is not made anew$"))'
leap_to $((40 * DAY)) '40 days ahead'
suspect '40 days ahead'
accepted '40 days ahead'
is 'the same processes all the while' "$(pid_of front) $(pid_of signer)" "$pids"

# 30 days before its end the root's CRL is warned of, and not before
shift_to $((334 * DAY))
accepted '31 days before the end of the root'\''s CRL'
json 'there is no warning yet' '.warnings | map(select(test("root"))) == []'
shift_to $((336 * DAY))
accepted '29 days before it'
json 'there is one, with what to do' '.ready and (.warnings |
    map(select(test("^crl: that of root ends at .*: pocketca crl sign"))) |
    length == 1)'
ok 'done' "$POCKETCA" crl sign --authority root
eventually 100 'ready' ready
json 'and the warning is gone' '.warnings | map(select(test("root"))) == []'
shift_to $((336 * DAY + 366 * DAY))
ok 'a year later' "$POCKETCA" clock accept
want 503 - 'it is over' "$API/readyz"
json 'and is the reason' '.reasons |
    map(select(test("^crl: that of root ended at .*: pocketca crl sign"))) |
    length == 1'

# one that was wrong before the service started; what the service does all the
# same, its own certificate and revocations, does not make it right
shift_to $((336 * DAY))
stop
serve
suspect 'before the newest entry'
want 200 - 'a revocation is on record' -X POST \
    "$API/v1/certificates/$kept/revoke"
suspect 'before the newest entry, and behind a revocation'
stop
serve
suspect 'after another start'
accepted 'after another start'
stop
serve
post 201 - 'accepted for good'

# the service's own certificate: not of a clock that was ahead at the start, and
# renewed when two thirds are over, whatever time the process has run
good_today() { curl -fsS --cacert "$CA/root.pem" "$tls/healthz"; }
no 'a certificate of next year' good_today
pair="$(pid_of front) $(pid_of signer)"
answer_today() { # whom OpenSSL believes
    openssl ocsp -no_nonce -issuer "$CA/issuing.pem" -serial "0x$kept" \
        -url "$PUBLIC/ocsp" -CAfile "$CA/root.pem" >"$T/ocsp" 2>&1 &&
        ! grep -qiE 'not yet valid|verify (failure|error)' "$T/ocsp"
}
list_today() {
    curl -fsS "$PUBLIC/crl/issuing.crl" | openssl crl -inform DER \
        >"$T/list" && cat "$CA/root.pem" "$CA/issuing.pem" >"$T/anchors" &&
        ! openssl verify -crl_check -CAfile "$T/anchors" -CRLfile "$T/list" \
            "$T/a.pem" >"$T/verify" 2>&1 && grep -q ': certificate revoked' \
        "$T/verify" && ! grep -q 'CRL is not yet valid' "$T/verify"
}
req "$API/v1/certificates/$kept.pem"
cp "$T/body" "$T/a.pem"
no 'nor does OCSP say what is believed' answer_today
no 'nor the list' list_today
shift_to 0
eventually 100 'is not shown when the clock was put right' good_today
accepted 'put right'
eventually 100 'the list is of today again' list_today
eventually 100 'and what OCSP says' answer_today
first=$(shown)
shift_to $((19 * DAY))
sleep 6
is 'after 19 of 30 days it stays' "$(shown)" "$first"
shift_to $((21 * DAY))
eventually 100 'after 21 there is another' other
is 'without a restart' "$(pid_of front) $(pid_of signer)" "$pair"
unlike 'responders wait for the clock, and say nothing' "$T/log" \
    'event=responder .*clock-suspect'
finish
