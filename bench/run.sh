#!/bin/sh
# SPDX-License-Identifier: ISC
#
# How fast and how small, in one run on two cores with the load generator
# beside the server, so that ratios mean something on any machine:
#
#   limit     P-256 verify and sign alone, a thread on each core
#   post      POST /v1/certificates with distinct CSRs, every one durable, over
#             plain HTTP and over TLS kept alive; a non-2xx is a failure, and
#             all of them are counted in the ledger, which is then audited
#   bare      libmicrohttpd with nothing behind it
#   get       GET /v1/certificates/{serial}
#   memory    sum of Pss of the three processes with STORED certificates
#   start     to the first answer, empty and with STORED certificates
#   size      of the stripped binary
#
# `make bench` runs it.  By hand: bench/run.sh BUILD-DIRECTORY
#   SECONDS_EACH=10 RUNS=3 CONNECTIONS=64 STORED=1000000 CSRS=20000 CPUS=0,1
set -eu
if [ -z "${BENCH_PINNED:-}" ]; then
    BENCH_PINNED=1 exec taskset -c "${CPUS:-0,1}" sh "$0" "$@"
fi

src=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-.}" && pwd)
pocketca=$build/pocketca
seconds=${SECONDS_EACH:-10}
runs=${RUNS:-3}
connections=${CONNECTIONS:-64}
stored=${STORED:-1000000}
csrs=${CSRS:-20000}
base=${PORT:-18440}

work=$(mktemp -d "${TMPDIR:-/tmp}/pocketca-bench.XXXXXX")
server=
finish()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

die()
{
    echo "bench: $*" >&2
    exit 1
}
say() { echo "  $*" >&2; }

# The middle one of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# new NAME API-URL PUBLIC-PORT: a CA of its own.
new()
{
    "$pocketca" init --dir "$work/$1" --name "Bench $1" \
        --host localhost,127.0.0.1 --listen-api "$2" \
        --listen-public "http://127.0.0.1:$3" >"$work/$1.init" 2>&1 ||
        die "init failed: $(cat "$work/$1.init")"
}

# up NAME: serves it, and waits until it answers.
up()
{
    "$pocketca" serve -c "$work/$1/pocketca.conf" 2>"$work/$1.log" &
    server=$!
    tries=0
    until ask "$1" /readyz >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || die "no answer: $(tail -3 "$work/$1.log")"
        sleep 0.1
    done
}

down()
{
    kill "$server"
    wait "$server" || die "the service did not end with 0"
    server=
}

url() { sed -n 's/.*"\(https*:[^"]*\)".*/\1/p' "$work/$1.url"; }
ask() { curl -fsS -K "$work/$1/admin.curlrc" "$(url "$1")$2"; }
token() { cat "$work/$1/admin.token"; }
tree_size() { ask "$1" '/v1/certificates?limit=1' | jq .as_of.tree_size; }

# Sum of the proportional set sizes of the service's processes, in MiB.
memory()
{
    for pid in $server $(pgrep -P "$server"); do
        cat "/proc/$pid/smaps_rollup"
    done | awk '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / 1024 }'
}

# load SCRIPT URL ARGUMENT...: prints "answers seconds bad p50 p99".
load()
{
    script=$1 target=$2
    shift 2
    wrk -t1 -c"$connections" -d"${seconds}s" -s "$src/$script" "$target" \
        -- "$@" >"$work/wrk" 2>&1 || die "wrk: $(cat "$work/wrk")"
    sed -n 's/^result //p' "$work/wrk" | grep . ||
        die "wrk: $(cat "$work/wrk")"
}

# post NAME: certificates a second, each run checked against the ledger.
post()
{
    : >"$work/$1.rates"
    run=0
    while [ $run -lt "$runs" ]; do
        run=$((run + 1))
        before=$(tree_size "$1")
        load post.lua "$(url "$1")" "$work/csrs.pem" "$(token "$1")" \
            >"$work/result"
        read -r answers took bad p50 p99 <"$work/result"
        [ "$bad" = 0 ] || die "$1: $bad answers were no success"
        sleep 0.5
        added=$(($(tree_size "$1") - before))
        # What was under way when wrk went is in the ledger unanswered.
        [ "$added" -ge "$answers" ] &&
            [ "$added" -le $((answers + connections)) ] ||
            die "$1: $answers answers, but $added entries in the ledger"
        rate=$(awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }')
        say "$1: $rate/s, p50 $p50 ms, p99 $p99 ms, all $answers durable," \
            "$(memory) MiB"
        echo "$rate $p50 $p99" >>"$work/$1.rates"
    done
    median <"$work/$1.rates" >"$work/$1.median"
}

# bare NAME SCHEME PORT [CERT KEY]: libmicrohttpd alone.
bare()
{
    scheme=$1 port=$2
    shift 2
    "$build/bench/bare_mhd" "$port" "$@" &
    server=$!
    sleep 0.5
    load post.lua "$scheme://127.0.0.1:$port" "$work/csrs.pem" none |
        awk '{ print int($1 / $2) }'
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
}

first_answer()
{
    for _ in 1 2 3 4 5; do
        "$build/bench/first_answer" "$2" /healthz "$pocketca" serve \
            -c "$work/$1/pocketca.conf" 2>"$work/$1.log" ||
            die "$(tail -3 "$work/$1.log")"
    done | median
}

row() { printf '%-34s %12s  %-8s %s\n' "$@"; }
# goal RATIO ABOVE|BELOW LIMIT
goal()
{
    awk -v v="$1" -v how="$2" -v l="$3" 'BEGIN {
        met = how == "above" ? v >= l : v < l
        printf "%s %s %s\n", (how == "above" ? ">=" : "<"), l,
            met ? "met" : "NOT MET" }'
}

for program in wrk jq curl openssl pgrep strip; do
    command -v $program >/dev/null || die "$program is missing"
done

say "making $csrs CSRs"
"$build/bench/make_csrs" "$csrs" >"$work/csrs.pem"

say "limit"
limit=$("$build/bench/limit_p256" "$seconds" 2)

plain_url="http://127.0.0.1:$base" tls_url="https://127.0.0.1:$((base + 2))"
echo "\"$plain_url\"" >"$work/plain.url"
echo "\"$tls_url\"" >"$work/tls.url"
new plain "$plain_url" $((base + 1))
new tls "$tls_url" $((base + 3))
fresh=$(first_answer plain $((base + 1)))

up plain
post plain
cursor= pages=0
while [ $pages -lt 10 ]; do # the serials of ten pages
    ask plain "/v1/certificates?limit=1000$cursor" >"$work/page"
    jq -r '.certificates[].serial' "$work/page" >>"$work/serials"
    next=$(jq -r '.next // empty' "$work/page")
    [ -n "$next" ] || break
    cursor="&cursor=$next" pages=$((pages + 1))
done
load get.lua "$plain_url" "$work/serials" "$(token plain)" >"$work/result"
read -r answers took bad p50 p99 <"$work/result"
[ "$bad" = 0 ] || die "GET: $bad answers were no success"
get=$(awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }')
down
"$pocketca" audit -c "$work/plain/pocketca.conf" >"$work/audit" 2>&1 ||
    die "audit: $(tail -3 "$work/audit")"

up tls
post tls
down
"$pocketca" audit -c "$work/tls/pocketca.conf" >"$work/audit" 2>&1 ||
    die "audit: $(tail -3 "$work/audit")"

say "bare libmicrohttpd"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=bench -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
bare_plain=$(bare http $((base + 4)))
bare_tls=$(bare https $((base + 5)) "$work/cert.pem" "$work/key.pem")

say "storing $stored certificates"
echo "\"http://127.0.0.1:$((base + 6))\"" >"$work/big.url"
new big "http://127.0.0.1:$((base + 6))" $((base + 7))
"$build/bench/fill" "$work/big" "$stored" >/dev/null
full=$(first_answer big $((base + 7)))
up big
idle=$(memory)
sed -n '1,/^-----END/p' "$work/csrs.pem" | curl -fsS -K "$work/big/admin.curlrc" \
    --data-binary @- "$(url big)/v1/certificates" >/dev/null
runs=1 post big
busy=$(memory)
down
ledger=$(du -m "$work/big/ledger.db" | cut -f1)

strip -o "$work/stripped" "$pocketca"
size=$(stat -c %s "$work/stripped")

plain=$(cat "$work/plain.median") tls=$(cat "$work/tls.median")
big=$(cat "$work/big.median")
echo
row "" "a second" "to limit" ""
row "limit-p256 (verify + sign)" "$limit" 1.00 ""
row "POST, plain" "$plain" "$(ratio "$plain" "$limit")" \
    "$(goal "$(ratio "$plain" "$limit")" above 0.4)"
row "POST, TLS kept alive" "$tls" "$(ratio "$tls" "$limit")" \
    "$(goal "$(ratio "$tls" "$limit")" above 0.35)"
row "POST, plain, $stored stored" "$big" "$(ratio "$big" "$limit")" ""
row "GET by serial" "$get" "$(ratio "$get" "$limit")" ""
row "bare libmicrohttpd, plain" "$bare_plain" \
    "$(ratio "$bare_plain" "$limit")" ""
row "bare libmicrohttpd, TLS" "$bare_tls" "$(ratio "$bare_tls" "$limit")" ""
echo
row "memory, $stored stored" "$idle MiB" "" "$(goal "$idle" below 40)"
row "memory, after $connections clients' load" "$busy MiB" "" \
    "$(goal "$busy" below 40)"
row "ledger file, $stored stored" "$ledger MiB" "" ""
row "start to first answer, empty" "$fresh ms" "" "$(goal "$fresh" below 200)"
row "start to first answer, $stored" "$full ms" "" "$(goal "$full" below 200)"
row "stripped binary" "$((size / 1024)) KiB" "" \
    "$(goal "$size" below 1048576)"
