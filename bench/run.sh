#!/bin/sh
# SPDX-License-Identifier: ISC
#
# How fast and how small, in one run on two cores with the load generator
# beside the server, so that ratios mean something on any machine:
#
#   limit     P-256 verify and sign alone, a thread on each core
#   post      POST /v1/certificates with distinct CSRs, every one durable, over
#             plain HTTP and over TLS kept alive; a non-2xx is a failure, and
#             all of them are counted in the ledger, which is then audited.
#             FULL connections keep the cores at work; with CONNECTIONS they are
#             idle for a tenth of the time, and a request waits half as long
#   get       GET /v1/certificates/{serial}
#   bare      libmicrohttpd with nothing behind it
#   memory    sum of Pss of the three processes with STORED certificates
#   start     until /readyz says so, empty and with STORED certificates
#   size      of the stripped binary
#   revocation   see revocation.sh
#   lists     pages of lists, beside a bare read of the same rows
#   trade     microseconds of CPU of the functions that a certificate passes
#
# Runs of limit and post take turns, so that whatever else the machine does
# meets both; the ratio is that of their medians.  `make bench` runs it.  By
# hand: bench/run.sh BUILD-DIRECTORY
#   PARTS="issuance revocation" SECONDS_EACH=10 RUNS=3 CONNECTIONS=64 FULL=128 STORED=1000000 CSRS=20000 CPUS=0,1
#
# The table on standard output is Markdown; progress goes to standard error.
set -eu
if [ -z "${BENCH_PINNED:-}" ]; then
    BENCH_PINNED=1 exec taskset -c "${CPUS:-0,1}" sh "$0" "$@"
fi
export LC_ALL=C

src=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-.}" && pwd)
pocketca=$build/pocketca
seconds=${SECONDS_EACH:-10}
runs=${RUNS:-3}
connections=${CONNECTIONS:-64}
full=${FULL:-128}
stored=${STORED:-1000000}
csrs=${CSRS:-20000}
parts=${PARTS:-issuance revocation}
cpus=${CPUS:-0,1}
patience=60 # seconds, for what should take less than one

work=$(mktemp -d "${TMPDIR:-/tmp}/pocketca-bench.XXXXXX")
server=
# ended PID: waits until the process is gone; false when it has to be killed.
ended()
{
    tries=0
    while kill -0 "$1" 2>/dev/null; do
        tries=$((tries + 1))
        if [ $tries -gt 150 ]; then
            kill -KILL "$1" 2>/dev/null || true # its children die with it
            return 1
        fi
        sleep 0.1
    done
}
finish()
{
    trap - EXIT
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        ended "$server" || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

die()
{
    echo "bench: $*" >&2
    exit 1
}
say() { echo "  $*" >&2; }

# The middle one of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# A port below the kernel's own range where nobody listens: in $port.
free_port()
{
    while :; do
        port=$(($(od -An -N2 -tu2 /dev/urandom) % 12000 + 20000))
        case " $given " in *" $port "*) continue ;; esac
        grep -qi "$(printf ':%04X ' "$port")" /proc/net/tcp /proc/net/tcp6 \
            2>/dev/null || break
    done
    given="$given $port"
}
given=

# new NAME SCHEME: a CA of its own, with its URL in NAME.url and the port for
# health in NAME.port.
new()
{
    free_port
    echo "$2://127.0.0.1:$port" >"$work/$1.url"
    free_port
    echo "$port" >"$work/$1.port"
    "$pocketca" init --dir "$work/$1" --name "Bench $1" \
        --host localhost,127.0.0.1 --listen-api "$(url "$1")" \
        --listen-public "http://127.0.0.1:$port" >"$work/$1.init" 2>&1 ||
        die "init failed: $(cat "$work/$1.init")"
}

# up NAME [CPUS]: serves it, and waits until it answers.
up()
{
    taskset -c "${2:-$cpus}" "$pocketca" serve \
        -c "$work/$1/pocketca.conf" 2>"$work/$1.log" &
    server=$!
    tries=0
    until ask "$1" /readyz >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] && kill -0 "$server" 2>/dev/null ||
            die "no answer: $(tail -3 "$work/$1.log")"
        sleep 0.1
    done
    front=$(child front) signer=$(child signer)
    [ -n "$front" ] && [ -n "$signer" ] || die "front or signer is missing"
}
child() { pgrep -P "$server" -f "^pocketca: $1" || true; }

# down NAME: ends it, and audits what it left.
down()
{
    kill "$server"
    ended "$server" || die "the service did not end: $(tail -3 "$work/$1.log")"
    wait "$server" || die "the service did not end with 0"
    server=
    "$pocketca" audit -c "$work/$1/pocketca.conf" >"$work/audit" 2>&1 ||
        die "audit: $(tail -3 "$work/audit")"
}

url() { cat "$work/$1.url"; }
ask() { curl -fsS -m $patience -K "$work/$1/admin.curlrc" "$(url "$1")$2"; }
token() { cat "$work/$1/admin.token"; }
tree_size() { ask "$1" '/v1/certificates?limit=1' | jq .as_of.tree_size; }

# What is under way when wrk goes is finished by and by.
settled_size()
{
    settled=$(tree_size "$1")
    while sleep 0.3; do
        size=$(tree_size "$1")
        [ "$size" != "$settled" ] || break
        settled=$size
    done
    echo "$settled"
}

# Sum of the proportional set sizes of the service's processes, in MiB.
memory()
{
    for pid in $server $front $signer; do
        cat "/proc/$pid/smaps_rollup"
    done | awk '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / 1024 }'
}

# cpu PID: microseconds of CPU that it has used, user and system.
cpu()
{
    sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$(getconf CLK_TCK)" \
        '{ printf "%.0f", ($12 + $13) * 1e6 / hz }'
}

# load SCRIPT URL ARGUMENT...: prints "answers seconds bad p50 p99".  It is on
# $client, a list of CPUs.
client=$cpus
load()
{
    script=$1 target=$2
    shift 2
    timeout -k 5 $((seconds + patience)) taskset -c "$client" \
        wrk -t1 -c"$connections" -d"${seconds}s" -s "$src/$script" "$target" -- "$@" \
        >"$work/wrk" 2>&1 || die "wrk: $(cat "$work/wrk")"
    sed -n 's/^result //p' "$work/wrk" | grep . ||
        die "wrk: $(cat "$work/wrk")"
}

limit()
{
    "$build/bench/limit_p256" "$seconds" 2 >"$work/limit"
    say "limit: $(cat "$work/limit")/s"
    cat "$work/limit" >>"$work/$1.limits"
}

# at CONNECTIONS COMMAND...
at()
(
    connections=$1
    shift
    "$@"
)

# post NAME RUNS [CA]: limit and post in turn, each post checked with the ledger
# of that CA or of the one with that name.  Medians in NAME.rate and NAME.limit,
# microseconds a certificate in NAME.cpu.
post()
{
    ca=${3:-$1}
    run=0 total=0 front_us=0 signer_us=0
    while [ $run -lt "$2" ]; do
        run=$((run + 1))
        limit "$1"
        before=$(settled_size "$ca")
        front_was=$(cpu "$front") signer_was=$(cpu "$signer")
        load post.lua "$(url "$ca")" "$work/csrs.pem" "$(token "$ca")" \
            >"$work/result"
        read -r answers took bad p50 p99 _ <"$work/result"
        [ "$bad" = 0 ] || die "$1: $bad answers were no success"
        added=$(($(settled_size "$ca") - before))
        front_us=$((front_us + $(cpu "$front") - front_was))
        signer_us=$((signer_us + $(cpu "$signer") - signer_was))
        total=$((total + added))
        # wrk goes without the last answers, and partitions have CRLs.
        [ "$added" -ge "$answers" ] &&
            [ "$added" -le $((answers + connections + answers / 1000)) ] ||
            die "$1: $answers answers, but $added entries in the ledger"
        rate=$(awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }')
        say "$1: $rate/s, p50 $p50 ms, p99 $p99 ms, all $answers durable," \
            "$(memory) MiB"
        echo "$rate" >>"$work/$1.rates"
        echo "$p99" >>"$work/$1.p99s"
    done
    median <"$work/$1.rates" >"$work/$1.rate"
    median <"$work/$1.limits" >"$work/$1.limit"
    median <"$work/$1.p99s" >"$work/$1.p99"
    awk -v f=$front_us -v s=$signer_us -v n=$total \
        'BEGIN { printf "%.0f + %.0f", f / n, s / n }' >"$work/$1.cpu"
    say "$1: $(cat "$work/$1.cpu") us of CPU a certificate (front + signer)"
}

# get NAME: the certificates of up to ten pages, asked for by serial.
get()
{
    cursor= pages=0
    while [ $pages -lt 10 ]; do
        ask "$1" "/v1/certificates?limit=1000$cursor" >"$work/page"
        jq -r '.certificates[].serial' "$work/page" >>"$work/serials"
        next=$(jq -r '.next // empty' "$work/page")
        [ -n "$next" ] || break
        cursor="&cursor=$next" pages=$((pages + 1))
    done
    load get.lua "$(url "$1")" "$work/serials" "$(token "$1")" >"$work/result"
    read -r answers took bad p50 p99 _ <"$work/result"
    [ "$bad" = 0 ] || die "GET: $bad answers were no success"
    awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }' \
        >"$work/get.rate"
    say "GET: $(cat "$work/get.rate")/s, p50 $p50 ms, p99 $p99 ms"
}

# bare SCHEME [CERT KEY]: libmicrohttpd alone; its rate in bare-SCHEME.rate.
bare()
{
    scheme=$1
    shift
    free_port
    "$build/bench/bare_mhd" "$port" "$@" &
    server=$!
    tries=0
    until curl -fsSk -m $patience -o "$work/page" -d x \
        "$scheme://127.0.0.1:$port/" 2>"$work/curl"; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] && kill -0 "$server" 2>/dev/null ||
            die "bare_mhd: $(cat "$work/curl")"
        sleep 0.1
    done
    load post.lua "$scheme://127.0.0.1:$port" "$work/csrs.pem" none \
        >"$work/result"
    read -r answers took bad p50 p99 _ <"$work/result"
    [ "$bad" = 0 ] || die "bare $scheme: $bad answers were no success"
    awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }' \
        >"$work/bare-$scheme.rate"
    say "bare $scheme: $(cat "$work/bare-$scheme.rate")/s"
    kill "$server"
    ended "$server" || true
    server=
}

# Milliseconds until it is ready, over plain HTTP; the middle one of five starts.
first_answer()
{
    api=$(url "$1")
    for _ in 1 2 3 4 5; do
        timeout -k 5 $patience "$build/bench/first_answer" \
            "${api##*:}" /readyz "$pocketca" serve \
            -c "$work/$1/pocketca.conf" 2>"$work/$1.log" >>"$work/$1.starts" ||
            die "$(tail -3 "$work/$1.log")"
    done
    median <"$work/$1.starts"
}

row() { printf '| %-30s | %12s | %5s | %-15s | %-18s |\n' "$@"; }
# goal VALUE above|below LIMIT
goal()
{
    awk -v v="$1" -v how="$2" -v l="$3" 'BEGIN {
        met = how == "above" ? v + 0 >= l + 0 : v + 0 < l + 0
        printf "%s %s %s\n", (how == "above" ? ">=" : "<"), l,
            met ? "met" : "NOT MET" }'
}
# row_post TEXT NAME [GOAL]
row_post()
{
    r=$(ratio "$(cat "$work/$2.rate")" "$(cat "$work/$2.limit")")
    row "$1" "$(cat "$work/$2.rate")/s" "$r" "$(cat "$work/$2.cpu")" \
        "${3:+$(goal "$r" above "$3")}"
}
row_rate() { row "$1" "$2/s" "$(ratio "$2" "$limit")" "" ""; }

for program in curl getconf jq openssl pgrep strip taskset timeout wrk; do
    command -v $program >/dev/null || die "$program is missing"
done

say "making $csrs CSRs"
"$build/bench/make_csrs" "$csrs" >"$work/csrs.pem"
. "$src/revocation.sh"

issuance()
{
    new plain http
    new tls https
    new big http
    fresh=$(first_answer plain)

    up plain
    at "$full" post plain "$runs"
    post few "$runs" plain
    get plain
    down plain
    up tls
    at "$full" post tls "$runs"
    down tls

    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj /CN=bench -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
    bare http
    bare https "$work/cert.pem" "$work/key.pem"

    say "storing $stored certificates"
    "$build/bench/fill" "$work/big" "$stored" >/dev/null
    filled=$(first_answer big)
    up big
    idle=$(memory)
    at "$full" post big 1
    busy=$(memory)
    down big
    ledger=$(du -m "$work/big/ledger.db" | cut -f1)
    say "lists"
    "$build/bench/bench_list" "$work/big" >"$work/lists"

    strip -o "$work/stripped" "$pocketca"
    size=$(stat -c %s "$work/stripped")
    limit=$(cat "$work/plain.limits" "$work/tls.limits" | median)
}

issuance_rows()
{
    row "limit: P-256 verify and sign" "$limit/s" 1.00 "" ""
    row_post "POST, plain" plain 0.4
    row_post "the same, $connections connections" few
    row_post "POST, TLS kept alive" tls 0.35
    row_post "POST, plain, $stored stored" big
    row_rate "GET by serial" "$(cat "$work/get.rate")"
    row_rate "bare libmicrohttpd, plain" "$(cat "$work/bare-http.rate")"
    row_rate "bare libmicrohttpd, TLS" "$(cat "$work/bare-https.rate")"
    row "p99 of POST, $connections connections" "$(cat "$work/few.p99") ms" "" "" ""
    row "memory, $stored stored" "$idle MiB" "" "" "$(goal "$idle" below 40)"
    row "memory, after a load" "$busy MiB" "" "" "$(goal "$busy" below 40)"
    row "ledger file, $stored stored" "$ledger MiB" "" "" ""
    row "ready, empty" "$fresh ms" "" "" "$(goal "$fresh" below 200)"
    row "ready, $stored stored" "$filled ms" "" "" "$(goal "$filled" below 200)"
    row "stripped binary" "$((size / 1024)) KiB" "" "" \
        "$(awk -v n="$size" 'BEGIN { print "< 1024 KiB " \
            (n < 1048576 ? "met" : "NOT MET") }')"
}

for part in $parts; do
    $part
done
row "" result ratio "us, front+signer" goal
row --- ---: ---: --- ---
for part in $parts; do
    ${part}_rows
done
if [ -s "$work/lists" ]; then
    echo
    cat "$work/lists"
fi
echo
"$build/bench/bench_trade"
