#!/bin/sh
# SPDX-License-Identifier: ISC
# A file system without room, a real one: nothing that was acknowledged is lost,
# everybody is told why, the old CRL is served, and with room all is well again.
if [ -z "${DISK:-}" ]; then
    # a name space of its own, in which a small file system is mounted
    export DISK="${TMPDIR:-/tmp}" PORTS="${TMPDIR:-/tmp}/pocketca-ports.$(id -u)"
    for how in -m -rm; do
        # shellcheck disable=SC2016
        unshare $how sh -c 'mount -t tmpfs -o size=1m none "$DISK"' \
            2>/dev/null && exec unshare $how sh "$0"
    done
fi
. "${SOURCE:?}/tests/scenario/lib.sh"

trap 'ended=$?; umount -l "$CA"; (exit $ended); cleanup' EXIT
mkdir "$CA"
mount -t tmpfs -o size=24m,mode=700 none "$CA" 2>"$T/mount.err" || bail \
    "a small file system, by unshare -m or -rm and mount: $(cat "$T/mount.err")"
room() { # KIBIBYTES|all: so much is left
    rm -f "$CA/fill"
    [ "$1" != all ] || return 0
    head -c "$((($(left) - $1) * 1024))" /dev/zero >"$CA/fill"
}
left() { df -k --output=avail "$CA" | tail -n 1; }

# ---- init
for k in 0 16 64 220; do
    room $k
    no "no init in $k KiB" "$POCKETCA" init --dir "$CA/new" --name X \
        --listen-api https://127.0.0.1:1 --listen-public http://127.0.0.1:2
    like 'and why' "$T/out" "$CA/new/[a-z./]+.*[Nn]o space (is )?left"
    room all
    is 'nothing is left behind' "$(ls -A "$CA")" ''
done

init
export POCKETCA_CONF="$CA/pocketca.conf"
sed -i '1i disk-floor = 1M' "$CA/pocketca.conf"
awk 'BEGIN { for (i = 0; i < 10000; i++)
    printf "R\t491231000000Z\t260101000000Z,superseded\t41%030X\tunknown\t/CN=x\n", i
}' >"$T/index.txt"
ok 'a long list' "$POCKETCA" import --authority issuing "$T/index.txt"
serve

revoke() { # NAME: into $status
    req -X POST "$API/v1/certificates/$(serial_of "$T/$1.pem")/revoke"
}
listed() { # NAME
    curl -sSf "$PUBLIC/crl/issuing.crl" |
        openssl crl -inform DER -noout -text >"$T/listed" &&
        grep -qi "Serial Number: $(serial_of "$T/$1.pem")" "$T/listed"
}
verdict() { # NAME VERDICT: ledger, list and OCSP agree
    "$POCKETCA" status "$T/$1.pem" --issuer "$CA/issuing.pem" --json >"$T/verdict"
    [ "$(jq -r .verdict "$T/verdict")" = "$2" ]
}
ready() { curl -sf --max-time 5 --cacert "$CA/root.pem" "$API/readyz"; }
# full DETAIL: of a 503 that was seen
full() {
    is 'with its code' "$(jq -r .code "$T/body")" storage-full
    like 'and when to ask again' "$T/head" '^[Rr]etry-[Aa]fter: [0-9]'
    like "$1" "$T/body" "$1"
}
alarm() { # REASON
    want 503 - 'not ready' "$API/readyz"
    json 'and why' "any(.reasons[]; startswith(\"$1\"))"
    want 200 - 'metrics' "$API/metrics"
    like 'the alarm is up' "$T/body" '^pocketca_ready 0$'
}
heals() { # NAME...: these are revoked, for everybody
    room all
    eventually 60 'it heals by itself' ready
    for name in "$@"; do
        eventually 70 "$name is revoked" verdict "$name" revoked
    done
}

# ---- no room for half of the list
issue half.internal
room 200
revoke half.internal
is 'the revoker is told' "$status" 503
full 'the revocation is recorded'
is 'nothing of the new list is left' "$(ls "$CA/crl")" "$(printf 'issuing.crl\nroot.crl')"
is 'the old one is served' "$(listed half.internal || echo old)" old
alarm 'crl: that of issuing cannot be made: storage-full'
like 'that of the list' "$T/body" '^pocketca_crl_failing\{authority="issuing"\} 1$'
issue meanwhile.internal
heals half.internal

# ---- the list fits, and what the ledger has to note of it does not
crl=$(($(stat -c %s "$CA/crl/issuing.crl") / 1024))
k=$((crl + 120)) n=0 status=200
while [ "$status" = 200 ]; do
    n=$((n + 1)) k=$((k - 4))
    issue "edge$n.internal"
    room $k
    revoke "edge$n.internal"
    [ "$status" = 200 ] || break
    room all
done
is 'the revoker is told' "$status" 503
full 'the ledger could not be told'
is 'the list gives its room to the ledger' "$(ls "$CA/crl/"*.new 2>/dev/null)" ''
issue more.internal
heals "edge$n.internal"

# ---- no room at all, while many ask
curl_revoke() { # NAME: its status
    curl -s --max-time 30 --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" \
        -o "$T/answer.$1" -w '%{http_code}' -X POST \
        "$API/v1/certificates/$(serial_of "$T/$1.pem")/revoke"
}
n=0
while [ $n -lt 24 ]; do
    n=$((n + 1))
    issue "many$n.internal"
done
(
    n=0
    while [ $n -lt 24 ]; do
        n=$((n + 1))
        [ $n -ne 12 ] || until [ -e "$T/is-full" ]; do sleep 0.02; done
        curl_revoke "many$n.internal" >"$T/code.$n"
    done
) &
crowd=$!
fill() { # a list that was being made gives back what it had
    until [ "$(left)" -eq 0 ]; do
        cat /dev/zero >>"$CA/fill" 2>/dev/null
        sleep 0.5
    done
}
until [ -s "$T/code.4" ]; do sleep 0.02; done
room 0
fill
: >"$T/is-full"
wait "$crowd"
fill
csr none.internal
refused() {
    req --data-binary @"$T/none.internal.csr" "$API/v1/certificates"
    [ "$status" != 201 ]
}
eventually 300 'nothing is issued' refused # its log had room for some
is 'the requester is told' "$status" 503
full 'nothing was done'
alarm 'disk: 0 octets are free'
heals
wrong='' n=0
while [ $n -lt 24 ]; do
    n=$((n + 1))
    case "$(cat "$T/code.$n") $(jq -r '.detail // ""' "$T/answer.many$n.internal")" in
    200* | *'is recorded'*) what=revoked ;;
    503*'nothing was done'*) what=good ;;
    *) what=? ;;
    esac
    verdict "many$n.internal" $what || wrong="$wrong $n:$what"
done
is 'what was said is so' "$wrong" ''
cat "$T"/code.* >"$T/codes"
like 'some went through' "$T/codes" 200
like 'some did not' "$T/codes" 503

# ---- no room when it starts: what the log has stays there
stop
serve # with an empty one
n=0
while [ $n -lt 40 ]; do
    n=$((n + 1))
    issue "log$n.internal"
done
for p in "$(pid_of signer)" "$(pid_of front)"; do kill -STOP "$p"; done
kill -KILL "$SERVE" # they die with it
wait "$SERVE" 2>/dev/null
is 'the log has something' "$([ -s "$CA/ledger.db-wal" ] && echo yes)" yes
room 16
launch
served() { curl -sf --max-time 2 -o "$T/listed.crl" "$PUBLIC/crl/issuing.crl"; }
eventually 100 'the list is served' served
unlike 'nothing is damaged' "$T/log" 'damage'
heals half.internal
issue after.internal
verdict after.internal good
is 'all answer' $? 0
stop

# ---- commands
is 'the log has been moved' "$(find "$CA" -name 'ledger.db-wal' -size +0)" ''
for k in 0 40; do
    room $k
    for command in "issue $T/none.internal.csr" "token make --label t --roles read" \
        "revoke $(serial_of "$T/after.internal.pem")" "block $T/after.internal.pem"; do
        # shellcheck disable=SC2086
        exits 3 "$k KiB: ${command%% *}" "$POCKETCA" $command
        like 'and why' "$T/out" 'no space is left'
        unlike 'nothing is damaged' "$T/out" damage
    done
done
exits 3 'a list' "$POCKETCA" crl sign --authority issuing
like 'and why' "$T/out" 'the CRL could not be published: .*No space left'
unlike 'nobody revoked anything' "$T/out" revocation
room all
mkdir "$T/small"
mount -t tmpfs -o size=4k none "$T/small" || bail mount
head -c 4096 /dev/zero >"$T/small/fill"
issued=$("$POCKETCA" list | wc -l)
exits 1 'no room for the certificate' "$POCKETCA" issue \
    --out "$T/small/new.pem" "$T/none.internal.csr"
like 'is told' "$T/out" '^pocketca: --out: .*: No space left'
is 'and none is issued' "$("$POCKETCA" list | wc -l)" "$issued"
is 'nothing of it is there' "$(ls "$T/small")" fill
umount "$T/small"
ok 'the audit is content' "$POCKETCA" audit
finish
