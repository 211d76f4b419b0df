#!/bin/sh
# SPDX-License-Identifier: ISC
# The life of the service: SIGTERM, SIGHUP, a successor.
. "${SOURCE:?}/tests/scenario/lib.sh"

now() { date +%s%N | sed 's/......$//'; } # milliseconds
init
serve
front=$(pid_of front)
signer=$(pid_of signer)
is 'argv[0] of the front' \
    "$(tr '\0' '\n' <"/proc/$front/cmdline" | head -n 1)" 'pocketca: front'
is 'argv[0] of the signer' \
    "$(tr '\0' '\n' <"/proc/$signer/cmdline" | head -n 1)" 'pocketca: signer'
is 'the front has no file of data open' \
    "$(ls -l "/proc/$front/fd" 2>/dev/null | grep -c 'ledger\.db\|\.key')" 0
# the supervisor too: no key, no ledger
is 'nor has the supervisor' \
    "$(ls -l "/proc/$SERVE/fd" | grep -c 'ledger\.db\|\.key')" 0
if "$POCKETCA" version | grep -q seccomp; then
    is 'the front is under seccomp' \
        "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$front/status")" 2
    is 'the signer is under seccomp' \
        "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$signer/status")" 2
    is 'no new privileges' "$(cat "/proc/$front/status" \
        "/proc/$signer/status" | grep -c 'NoNewPrivs:.*1')" 2
fi
# field 41, after the name in brackets: 3 is SCHED_BATCH
is 'no thread takes the CPU from one that works' "$(cat "/proc/$front/task/"*/stat \
    "/proc/$signer/task/"*/stat | sed 's/.*) //' | cut -d ' ' -f 39 | sort -u)" 3
issue a.internal

# SIGHUP with the same file: a new pair behind the same sockets
kill -HUP "$SERVE"
replaced() { # an old one may take a moment to end after the new one answers
    new=$(pid_of front) && [ "$new" != "$front" ] &&
        new=$(pid_of signer) && [ "$new" != "$signer" ]
}
eventually 80 'SIGHUP starts a new pair' replaced
want 200 - 'it answers' --retry 5 --retry-connrefused "$API/readyz"
want 200 - 'and knows' "$API/v1/certificates/$serial"

# as systemd sends it: with what each machine has, whatever else it lacks
line=$(sed -n 's/^ExecReload=//p' "$SOURCE/etc/pocketca.service.in")
if command -v dpkg-query >/dev/null; then
    # shellcheck disable=SC2016
    package=$(LC_ALL=C dpkg-query -S "${line%% *}" |
        sed '/^diversion by/d; s/:.*//')
    is "${line%% *} is everywhere" \
        "$(dpkg-query -W -f '${Essential}' "$package")" yes
fi
front=$(pid_of front) signer=$(pid_of signer)
ok 'ExecReload' env MAINPID="$SERVE" sh -c "$line"
eventually 80 'starts a new pair too' replaced

# requests while it reloads: none fails
: >"$T/codes"
: >"$T/going"
(while [ -e "$T/going" ]; do
    raw_req --oauth2-bearer "$BEARER" "$API/v1/certificates/$serial" \
        >>"$T/codes"
    echo >>"$T/codes"
done) &
loop=$!
for i in 1 2 3; do
    front=$(pid_of front) signer=$(pid_of signer)
    kill -HUP "$SERVE"
    eventually 80 "reload $i" replaced
done
rm "$T/going"
wait $loop
is 'no request fails over a reload' "$(grep -vc '^200$' "$T/codes")" 0

# a bad file: said, and life goes on
front=$(pid_of front)
cp "$CA/pocketca.conf" "$T/good.conf"
echo 'nope = 1' >>"$CA/pocketca.conf"
kill -HUP "$SERVE"
eventually 80 'a bad file is logged' grep -q 'event=reload .*the old configuration stays' "$T/log"
like 'with what is wrong' "$T/log" 'nope'
is 'and changes nothing' "$(pid_of front)" "$front"
want 200 - 'it answers' "$API/readyz"

# a new listener, a longer lifetime
port=$(free_port)
sed "s# url = \"$PUBLIC\"# url = { \"$PUBLIC\", \"http://127.0.0.1:$port\" }#" \
    "$T/good.conf" >"$CA/pocketca.conf"
sed -i '/^profile client {/,/^}/s/lifetime *= *"90d"/lifetime = "9d"/' \
    "$CA/pocketca.conf"
ok 'the new file is good' "$POCKETCA" check -c "$CA/pocketca.conf"
front=$(pid_of front) signer=$(pid_of signer)
kill -HUP "$SERVE"
eventually 80 'the old pair is gone' replaced
eventually 80 'the new listener answers' curl -sSf -o /dev/null \
    "http://127.0.0.1:$port/healthz"
issue b.internal profile=client
end=$(date -d "$(openssl x509 -in "$T/b.internal.pem" -noout -enddate |
    cut -d= -f2)" +%s)
is 'the new lifetime holds' $(((end - $(date +%s) + 3600) / 86400)) 9

# what the kernel knows of a port is put right at the other family's loopback
alone() { # WHAT
    grep -q ' lo$' /proc/net/if_inet6 2>/dev/null || return 0
    exits 1 "$1: nobody else may stand there" timeout 5 \
        "$BUILD/tests/scenario/canned" "$port" "$T/none" "$T/none"
}
# its address changes, and not its port: one more, every one, another spelling
url='http://127.0.0.1:'
for at in "http://127.0.0.1:$port\", \"http://127.0.0.2:" 'http://0.0.0.0:' \
    'http://localhost:' 'http://127.0.0.1:'; do
    sed -i "s#\"$url$port#\"$at$port#" "$CA/pocketca.conf"
    front=$(pid_of front) signer=$(pid_of signer)
    kill -HUP "$SERVE"
    eventually 80 "reload to $at" replaced
    eventually 80 'it answers' curl -sSf -o /dev/null "http://127.0.0.1:$port/healthz"
    alone "$at"
    url=$at
done
is 'once' \
    "$(grep -c " 0100007F:$(printf %04X "$port") .* 0A " /proc/net/tcp)" 1

# one that is new cannot be opened: the old ones stay, as they were
taken=$(free_port)
"$BUILD/tests/scenario/canned" "$taken" "$T/none" "$T/none" >"$T/canned" &
enemy=$!
eventually 100 'another listens' grep -q ready "$T/canned"
cp "$CA/pocketca.conf" "$T/good.conf"
sed -i "s#\"http://127.0.0.1:$port\"#\"http://127.0.0.2:$port\", \"http://127.0.0.1:$taken\"#" \
    "$CA/pocketca.conf"
front=$(pid_of front)
kill -HUP "$SERVE"
eventually 80 'a port that is taken is logged' \
    grep -q "listening on http://127.0.0.1:$taken: " "$T/log"
is 'and changes nothing' "$(pid_of front)" "$front"
alone 'the old address'
kill "$enemy"
cp "$T/good.conf" "$CA/pocketca.conf"

# a child that dies is replaced with its partner; clients wait
for who in front signer; do
    front=$(pid_of front) signer=$(pid_of signer)
    kill -KILL "$(pid_of $who)"
    start=$(now)
    # one that was under way is told 503, which curl repeats
    want 200 any "$who killed: an answer" --retry 20 --retry-delay 0 \
        --retry-all-errors "$API/v1/certificates/$serial"
    took=$(($(now) - start))
    in_time 2000 "$took"
    eventually 20 "$who killed: a new pair" replaced
done

# children die with their supervisor, and another takes over at once
front=$(pid_of front) signer=$(pid_of signer)
kill -KILL "$SERVE"
serve
# one that nobody has waited for yet has a pid, and no command line any more
gone() { ! grep -qs . "/proc/$front/cmdline" "/proc/$signer/cmdline"; }
eventually 20 'the children died with it' gone
want 200 - 'the new one answers' "$API/v1/certificates/$serial"

# SIGTERM while requests run: drained, 0, within 5 s
csr load.internal
i=0
while [ $i -lt 30 ]; do
    (raw_req --oauth2-bearer "$BEARER" --data-binary @"$T/load.internal.csr" \
        "$API/v1/certificates" >"$T/term.$i") &
    i=$((i + 1))
done
eventually 80 'there is a log of the ledger' [ -s "$CA/ledger.db-wal" ]
start=$(now)
stop
is 'SIGTERM ends with 0' $? 0
took=$(($(now) - start))
in_time 5000 "$took"
[ ! -s "$CA/ledger.db-wal" ]
is 'its log has been moved into it' $? 0
wait
SERVE=''
ok 'the ledger is whole' "$POCKETCA" audit -c "$CA/pocketca.conf"
is 'no process is left' "$(pgrep -f "pocketca.*$CA" | wc -l)" 0

# a client that does nothing does not hold it up
serve
"$RAWHTTP" -t 30000 -i 30000 127.0.0.1 "$public_port" </dev/null >/dev/null 2>&1 &
idle=$!
accepted() { grep -qi "$(printf '0100007F:%04X .* 01 ' "$public_port")" /proc/net/tcp; }
eventually 80 'it is connected' accepted
start=$(now)
stop
is 'SIGTERM with an idle client ends with 0' $? 0
took=$(($(now) - start))
in_time 5000 "$took"
kill "$idle" 2>/dev/null
finish
