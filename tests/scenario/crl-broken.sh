#!/bin/sh
# SPDX-License-Identifier: ISC
# Killed while a CRL is made, or nothing can be written: the old one is served,
# the alarm is up, and the next one has everything.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"
# long enough to be caught in the middle
awk 'BEGIN { for (i = 0; i < 50000; i++)
    printf "R\t491231000000Z\t260101000000Z,superseded\t41%030X\tunknown\t/CN=x\n", i
}' >"$T/index.txt"
ok 'a long list' "$POCKETCA" import --authority issuing "$T/index.txt"
serve

crl() { # LIST: into $T/crl.der
    curl -sSf --max-time 60 -o "$T/crl.der" "$PUBLIC/crl/$1.crl"
}
number() { # LIST
    crl "$1" && printf %d "$(openssl crl -inform DER -in "$T/crl.der" -noout \
        -crlnumber | sed 's/.*=//')"
}
listed() { # LIST NAME: OpenSSL believes that list, and NAME is on it
    crl "$1" && openssl crl -inform DER -in "$T/crl.der" -out "$T/crl.pem" &&
        openssl verify -crl_check -partial_chain -trusted "$CA/issuing.pem" \
            -CRLfile "$T/crl.pem" "$T/$2.pem" 2>&1 |
        grep -q 'error 23 .*certificate revoked'
}
revoke() { # SERIAL
    curl -sS --max-time 60 --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" \
        -o "$T/revoked" -w '%{http_code}' -X POST \
        "$API/v1/certificates/$1/revoke" 2>/dev/null
}
size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }
stopped() { # PID
    until grep -q '^State:.T' "/proc/$1/status"; do :; done
}
# caught LIST OCTETS: the signer is stopped with that much of its new file in
# place; false when it was faster.
caught() {
    new=$CA/crl/$1.crl.new signer=$(pid_of signer)
    while [ ! -e "$new" ] || [ "$2" -gt 1 ] && [ "$(size_of "$new")" -lt "$2" ]; do
        kill -0 "$client" 2>/dev/null || return 1
    done
    kill -STOP "$signer"
    stopped "$signer"
    [ -e "$new" ] && return
    kill -CONT "$signer"
    return 1
}
n=0
# killed LIST OCTETS [QUERY]
killed() {
    tries=0
    while :; do
        n=$((n + 1)) tries=$((tries + 1))
        [ "$tries" -le 30 ] || bail "never caught at $2 octets of $1"
        issue "k$n.internal"
        before=$(number "$1")
        revoke "$serial" >"$T/code" &
        client=$!
        caught "$1" "$2" && break
        wait "$client"
    done
    is "killed at $(size_of "$new") octets of $1: the old one is served" \
        "$(number "$1")" "$before"
    kill -KILL "$signer"
    wait "$client"
    unlike 'nobody was told that it is on the list' "$T/code" '^200'
    eventually 300 'the next one has it' listed "$1" "k$n.internal"
    [ "$(number "$1")" -gt "$before" ]
    is 'with a higher number' $? 0
    req "$API/v1/certificates/$serial"
    json 'as the ledger has it' '.status == "revoked"'
    eventually 100 'nothing is left over' [ ! -e "$new" ]
}
# alarm LIST CODE
alarm() {
    want 503 - 'not ready' "$API/readyz"
    json 'and why' "any(.reasons[]; . == \"crl: that of $1 cannot be made: $2\")"
    want 200 - 'metrics' "$API/metrics"
    like 'not ready' "$T/body" '^pocketca_ready 0$'
    like 'one fails' "$T/body" '^pocketca_crl_failing\{authority="issuing"\} 1$'
    like 'the log says so' "$T/log" "level=error .*event=crl authority=$1 .*result=$2"
}
healed() {
    curl -sS --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" "$API/metrics" \
        >"$T/m" && grep -q '^pocketca_crl_failing{authority="issuing"} 0$' "$T/m" &&
        grep -q '^pocketca_ready 1$' "$T/m"
}
# broken LIST CODE: it cannot be made
broken() {
    want 503 "$2" 'the revoker is told' -X POST \
        "$API/v1/certificates/$serial/revoke"
    like 'that it is on record' "$T/body" 'the revocation is recorded'
    is 'the old one is served' "$(number "$1")" "$before"
    alarm "$1" "$2"
    want 200 - 'it is on record' "$API/v1/certificates/$serial"
    json 'revoked' '.status == "revoked"'
}

# ---- the complete list
whole=$(size_of "$CA/crl/issuing.crl")
for at in 1 $((whole / 4)) $((whole / 2)) $((whole * 3 / 4)) "$whole"; do
    killed issuing "$at"
done
issue full.internal
before=$(number issuing)
# no file may become longer: the new one is cut off in the middle
prlimit --pid "$(pid_of signer)" --fsize=$((whole / 2)):
broken issuing storage-full
is 'the half of it is not left there' "$(ls "$CA/crl/"*.new 2>/dev/null)" ''
issue meanwhile.internal
issue other.internal
want 503 storage-full 'another too' -X POST \
    "$API/v1/certificates/$serial/revoke"
prlimit --pid "$(pid_of signer)" --fsize=unlimited:
eventually 200 'then it heals by itself' listed issuing full.internal
ok 'with the other' listed issuing other.internal
eventually 20 'and the alarm ends' healed
want 200 - 'told again' -X POST "$API/v1/certificates/$serial/revoke"
want 200 - 'ready' "$API/readyz"
stop

# ---- a partition
sed -i 's/^authority issuing.*/&\n    crl-partition-size = 1000/' "$CA/pocketca.conf"
serve
rounds=0
while [ "$rounds" -lt 5 ]; do
    rounds=$((rounds + 1))
    killed issuing/1 1
done
issue full1.internal
before=$(number issuing/1)
mkdir "$CA/crl/issuing/1.crl.new"
broken issuing/1 storage-error
rmdir "$CA/crl/issuing/1.crl.new"
eventually 200 'then it heals by itself' listed issuing/1 full1.internal
eventually 20 'and the alarm ends' healed
stop

# ---- the next partition
sed -i 's/crl-partition-size.*/crl-partition-size = 1/' "$CA/pocketca.conf"
serve
next=1 # the first that is not open yet
until mkdir "$CA/crl/issuing/$next.crl.new" 2>/dev/null &&
    [ ! -e "$CA/crl/issuing/$next.crl" ]; do
    [ ! -d "$CA/crl/issuing/$next.crl.new" ] ||
        rmdir "$CA/crl/issuing/$next.crl.new"
    [ ! -e "$CA/crl/issuing/$next.crl" ] || next=$((next + 1))
done
csr next.internal
tries=0
while [ "$tries" -lt 10 ]; do
    tries=$((tries + 1))
    req --data-binary @"$T/next.internal.csr" "$API/v1/certificates"
    [ "$status" = 201 ] || break
done
is 'nothing is issued without a list' "$status $(jq -r .code "$T/body")" \
    '503 storage-error'
want 503 - 'not ready' "$API/readyz"
json 'and why' 'any(.reasons[];
    . == "crl: the next partition of issuing cannot be opened: storage-error")'
rmdir "$CA/crl/issuing/$next.crl.new"
eventually 200 'until it can be' healed
issue opened.internal
stop
ok 'the audit is content' "$POCKETCA" audit
finish
