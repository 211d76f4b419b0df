#!/bin/sh
# SPDX-License-Identifier: ISC
# The supervisor and its pair: what starts them again, and what does not.
. "${SOURCE:?}/tests/scenario/lib.sh"

now() { date +%s%N | sed 's/......$//'; } # milliseconds
pids() { echo "$(pid_of front) $(pid_of signer)"; }
none_left() { [ -z "$(pgrep -f "pocketca.*$CA")" ]; }
readies() { grep -cE '\bready\b' "$T/log"; }
more_ready() { [ "$(readies)" -gt "$1" ]; }

# The binary of its start, whatever lies at its path later.
real=$POCKETCA
cp "$real" "$T/pocketca"
init
POCKETCA=$T/pocketca
serve
POCKETCA=$real
rm "$T/pocketca"
echo 'not a program' >"$T/pocketca"
before=$(readies)
kill -KILL "$(pid_of front)"
eventually 30 'a new pair from the binary that was started' more_ready "$before"
is 'the admin socket is for its owner alone' \
    "$(stat -c '%a %F' "$CA/admin.sock")" '600 socket'

# What a terminal sends to all of them is the supervisor's to judge.
pair=$(pids)
# shellcheck disable=SC2086 # two words
kill -INT $pair
# shellcheck disable=SC2086
kill -HUP $pair
kill -TERM "$(pid_of signer)"
sleep 0.5
is 'INT and HUP to the children, TERM to the signer change nothing' \
    "$(pids)" "$pair"

# A signer that stands still: a probe hears it long before a request would.
kill -STOP "$(pid_of signer)"
want 503 - 'a probe does not wait for a signer that stands still' \
    --max-time 15 "$API/readyz"
json 'and has its reason where it always is' '.ready == false and
    .warnings == [] and (.reasons | length) == 1 and
    (.reasons[0] | test("^signer: the signer does not answer"))'
is 'as JSON' "$(header Content-Type)" application/json
like 'with Retry-After' "$T/head" '^[Rr]etry-[Aa]fter: [0-9]'
kill -CONT "$(pid_of signer)"
want 200 - 'it goes on, and so does the probe' "$API/readyz"

# More wait for it than the socket between the two takes: lists fill it, and
# what is asked for by serial comes after them, several in a packet.
issue a.internal
kill -STOP "$(pid_of signer)"
n=0
while [ $n -lt 80 ]; do
    n=$((n + 1))
    case $n in
    [1-3]? | ?) echo "url = $API/v1/certificates?limit=1" ;;
    *) echo "url = $API/v1/certificates/$serial" ;;
    esac
    echo "output = $T/many.$n"
done >"$T/many"
curl -s --parallel --parallel-immediate --parallel-max 80 --max-time 20 \
    --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" -w '%{http_code}\n' \
    -K "$T/many" >"$T/codes" 2>"$T/curl.err" &
many=$!
sleep 1
is 'all of them wait' "$(wc -l <"$T/codes")" 0
kill -CONT "$(pid_of signer)"
wait $many
is 'all of them are answered' "$(grep -c '^200$' "$T/codes")" 80
is 'each with what was asked for' "$(cat "$T/many."[4-8]? | grep -c BEGIN)" \
    "$((41 * $(grep -c BEGIN "$T/many.41")))"
is 'and nobody was started anew' "$(pids)" "$pair"

# Two on one directory: the second waits for 3 s, then gives up.
start=$(now)
exits 3 'a second service gives up' timeout 30 "$POCKETCA" serve \
    -c "$CA/pocketca.conf"
took=$(($(now) - start))
[ "$took" -ge 2500 ]
is "after 3 s ($took ms)" $? 0
like 'and says why' "$T/out" 'in use'
is 'the first one did not notice' "$(pids)" "$pair"

# One that begins while the other ends takes over.
first=$SERVE
before=$(readies)
launch
sleep 0.5
kill -TERM "$first"
wait "$first"
is 'the first one ends with 0' $? 0
eventually 40 'its successor was waiting' more_ready "$before"

# A pair that dies before it is ready is tried again, later each time, for
# ever; and is back soon after the fault has ended.
front=$(pid_of front)
rm -f "$CA/lock"
mkdir "$CA/lock"
before=$(readies)
starts=$(grep -c 'child=signer' "$T/log") start=$(now)
kill -KILL "$front"
sleep 6
is 'not ready without its lock' "$(readies)" "$before"
ok 'the supervisor never gives up' kill -0 "$SERVE"
starts=$(($(grep -c 'child=signer' "$T/log") - starts))
[ "$starts" -le $((($(now) - start) / 1000 + 7)) ]
is "it does not spin ($starts)" $? 0
rmdir "$CA/lock"
eventually 50 'back when the fault is gone' more_ready "$before"

# Who asks a signer that ends is told so; once more when it was not asked yet.
away() {
    a_signer=$(pid_of signer) && before=$(readies) || return 1
    kill -STOP "$a_signer"
    raw_req --oauth2-bearer "$BEARER" "$API/v1/tokens/self" >"$T/status" &
    a_asked=$!
    sleep 0.3
    kill -KILL "$a_signer"
    wait "$a_asked"
    until more_ready "$before"; do sleep 0.1; done
    jq -e '.status == 503 and .code == "signer-away"' "$T/body"
}
eventually 20 'the signer ends while it is asked: signer-away' away
is 'with status 503' "$(cat "$T/status")" 503
like 'and when to ask again' "$T/head" '^[Rr]etry-[Aa]fter: [0-9]'
want 200 - 'its successor answers' "$API/v1/tokens/self"

# A child that cannot answer does not hold up the end.
urls_issued
URLS=no
kill -STOP "$(pid_of signer)" "$(pid_of front)"
start=$(now)
stop
is 'SIGTERM with both children stopped ends with 0' $? 0
took=$(($(now) - start))
in_time 5000 "$took"
eventually 50 'no process is left' none_left
no 'nor the admin socket' test -e "$CA/admin.sock"

# SIGINT is SIGTERM; a stale socket is replaced, a foreign file is not.
serve
kill -KILL "$SERVE"
ok 'a killed one leaves its socket' test -S "$CA/admin.sock"
eventually 50 'and nothing else' none_left
serve
kill -INT "$SERVE"
wait "$SERVE"
is 'SIGINT ends with 0' $? 0
SERVE=''
echo mine >"$CA/admin.sock"
exits 3 'a file in the place of the socket' timeout 10 "$POCKETCA" serve \
    -c "$CA/pocketca.conf"
is 'is not touched' "$(cat "$CA/admin.sock")" mine
rm "$CA/admin.sock"

# A file that is not good never starts.
echo 'nope = 1' >>"$CA/pocketca.conf"
exits 1 'a bad configuration' timeout 10 "$POCKETCA" serve \
    -c "$CA/pocketca.conf"
like 'with its line' "$T/out" 'pocketca\.conf:[0-9]+: .*nope'
exits 1 'none at all' timeout 10 "$POCKETCA" serve -c "$T/nowhere"
exits 2 'an option that is none' "$POCKETCA" serve --nope
finish
