# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# The second half of run.sh, which sources it: how fast a revocation is, and how
# fast it is seen.
#
#   ocsp       answers that are kept, by GET and POST, beside libmicrohttpd that
#              gives as many octets; answers with a nonce beside P-256 signing,
#              the client on the same cores, and the service on the first of
#              CPUS with the client on the others
#   revoke     POST …/revoke with crl-wait = no beside POST /v1/certificates,
#              with 10, a tenth of REVOKED and REVOKED revoked already, and with
#              partitions of 10 000
#   beside     p99 of POST /v1/certificates while the CRL of REVOKED is built
#              again and again, and without: medians of runs that take turns
#   crl        all of REVOKED beside reading the rows once, hashing and signing
#
#   REVOKED=1000000

revoked=${REVOKED:-1000000}

# ask_once URL METHOD WHAT: how many octets the answer has, which is a success.
ask_once()
{
    case $2 in
    GET) curl -fsS -o "$work/page" -w '%{size_header} %{size_download}' "$1$3" ;;
    POST) curl -fsS -o "$work/page" -w '%{size_header} %{size_download}' \
        -H 'Content-Type: application/ocsp-request' --data-binary @"$3" "$1/ocsp" ;;
    esac | awk '{ print $1 + $2 }'
}

# status_load NAME URL METHOD WHAT: the rate, in NAME.rate.
status_load()
{
    one=$(ask_once "$2" "$3" "$4")
    load ocsp.lua "$2" "$3" "$4" >"$work/result"
    read -r answers took bad p50 p99 octets <"$work/result"
    [ "$bad" = 0 ] || die "$1: $bad answers were no success"
    # A signature has an octet or two more or less.
    [ "$octets" -gt $((one - 6)) ] && [ "$octets" -lt $((one + 6)) ] ||
        die "$1: answers of $octets octets, and not of $one"
    awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }' \
        >>"$work/$1.rates"
    median <"$work/$1.rates" >"$work/$1.rate"
    say "$1: $(tail -n 1 "$work/$1.rates")/s, p50 $p50 ms, p99 $p99 ms"
}

# An answer of this many octets from libmicrohttpd alone, while it runs.
bare_start()
{
    free_port
    "$build/bench/bare_mhd" "$port" "$1" &
    bare_pid=$! bare_url=http://127.0.0.1:$port
    tries=0
    until curl -fsS -m $patience -o "$work/page" "$bare_url/" 2>"$work/curl"; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || die "bare_mhd: $(cat "$work/curl")"
        sleep 0.1
    done
}

bench_status()
{
    up status
    public=http://127.0.0.1:$(cat "$work/status.port")
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$work/leaf.key" -subj /CN=a.bench.internal \
        -addext subjectAltName=DNS:a.bench.internal 2>/dev/null |
        curl -fsS -K "$work/status/admin.curlrc" --data-binary @- \
            -o "$work/leaf.pem" "$(url status)/v1/certificates"
    for nonce in no_nonce nonce; do
        openssl ocsp -issuer "$work/status/issuing.pem" -cert "$work/leaf.pem" \
            -$nonce -reqout "$work/$nonce.der" >/dev/null 2>&1
    done
    path=/ocsp/$(openssl base64 -A -in "$work/no_nonce.der" |
        sed 's/+/%2B/g; s/=/%3D/g; s,/,%2F,g')
    bare_start "$(curl -fsS "$public$path" | wc -c)"
    run=0
    while [ $run -lt "$runs" ]; do
        run=$((run + 1))
        status_load bare-get "$bare_url" GET "$path"
        status_load ocsp-get "$public" GET "$path"
        status_load bare-post "$bare_url" POST "$work/no_nonce.der"
        status_load ocsp-post "$public" POST "$work/no_nonce.der"
        "$build/bench/limit_p256" "$seconds" 2 sign >>"$work/sign.rates"
        status_load ocsp-nonce "$public" POST "$work/nonce.der"
    done
    median <"$work/sign.rates" >"$work/sign.rate"
    kill "$bare_pid"
    down status
}

# The service on one core, as signing is; who asks is elsewhere.
bench_nonce_apart()
{
    first=${cpus%%,*}
    up status "$first"
    run=0
    while [ $run -lt "$runs" ]; do
        run=$((run + 1))
        taskset -c "$first" "$build/bench/limit_p256" "$seconds" 1 sign \
            >>"$work/sign-one.rates"
        client=${cpus#*,}
        status_load nonce-one "$public" POST "$work/nonce.der"
        client=$cpus
    done
    median <"$work/sign-one.rates" >"$work/sign-one.rate"
    down status
}

bench_ocsp()
{
    new status http
    echo 'ocsp-sign-budget = 1000000' >>"$work/status/pocketca.conf"
    bench_status
    bench_nonce_apart
}

# revoke_load NAME: as many as three seconds take; the rate in NAME.revocations.
revoke_load()
{
    : >"$work/serials"
    cursor=
    while [ "$(wc -l <"$work/serials")" -lt $FRESH ]; do
        ask "$1" "/v1/certificates?limit=1000&status=valid&profile=server$cursor" \
            >"$work/page"
        jq -r '.certificates[].serial' "$work/page" >>"$work/serials"
        cursor="&cursor=$(jq -er .next "$work/page")" ||
            die "$1: fewer than $FRESH are valid"
    done
    seconds_were=$seconds seconds=3
    load revoke.lua "$(url "$1")" "$work/serials" "$(token "$1")" \
        >"$work/result"
    seconds=$seconds_were
    read -r answers took bad p50 p99 _ <"$work/result"
    [ "$bad" = 0 ] || die "$1: $bad revocations were no success"
    awk -v n="$answers" -v s="$took" 'BEGIN { print int(n / s) }' \
        >"$work/$1.revocations"
    say "$1: $(cat "$work/$1.revocations") revocations/s, p99 $p99 ms"
}

FRESH=60000 # to be revoked, more than three seconds take; every other one of
            # fill is of profile server

# bench_revoke NAME N [SETTING]: with N revoked already.
bench_revoke()
{
    new "$1" http
    sed -i "s/^authority issuing {/&\n  crl-wait = no ${3:-}/" \
        "$work/$1/pocketca.conf"
    say "storing $2 revoked certificates"
    "$build/bench/fill" "$work/$1" $(($2 + 2 * FRESH)) "$2" >/dev/null
    up "$1"
    post "$1" 1
    revoke_load "$1"
    kill "$server"
    ended "$server" || die "the service did not end: $(tail -3 "$work/$1.log")"
    server=
}

# p99_of NAME FILE: what POST /v1/certificates takes, added to FILE.p99s.
p99_of()
{
    load post.lua "$(url "$1")" "$work/csrs.pem" "$(token "$1")" \
        >"$work/result"
    read -r answers took bad p50 p99 _ <"$work/result"
    [ "$bad" = 0 ] || die "$1: $bad answers were no success"
    echo "$p99" >>"$work/$2.p99s"
    median <"$work/$2.p99s" >"$work/$2.p99"
    say "$2: $answers in $took s, p50 $p50 ms, p99 $p99 ms"
}

bench_beside()
{
    up "$1"
    run=0 built=0
    while [ $run -lt "$runs" ]; do
        run=$((run + 1))
        p99_of "$1" alone
        touch "$work/beside"
        while [ -e "$work/beside" ] &&
            "$pocketca" crl sign --authority issuing \
                -c "$work/$1/pocketca.conf"; do echo; done >"$work/built" &
        builder=$!
        p99_of "$1" beside
        n=$(grep -c '^$' "$work/built") ||
            die "no CRL was built while certificates were issued"
        built=$((built + n))
        rm "$work/beside"
        wait $builder
    done
    say "beside: $built CRLs in $run runs"
    kill "$server"
    ended "$server" || die "the service did not end: $(tail -3 "$work/$1.log")"
    server=
}

bench_crl()
{
    "$build/bench/bench_crl" "$work/revoked3" >"$work/crl"
    read -r entries limit_s took_s crl_ratio grew <"$work/crl"
    say "CRL of $entries: $took_s s, limit $limit_s s, $grew KiB more"
}

revocation()
{
    bench_ocsp
    bench_revoke revoked1 10
    bench_revoke revoked2 $((revoked / 10))
    bench_revoke revoked3 "$revoked"
    bench_revoke parts "$revoked" "crl-partition-size = 10000"
    bench_beside revoked3
    bench_crl
}

row_status() # TEXT NAME LIMIT GOAL
{
    r=$(ratio "$(cat "$work/$2.rate")" "$(cat "$work/$3.rate")")
    row "$1" "$(cat "$work/$2.rate")/s" "$r" "" "$(goal "$r" above "$4")"
}
row_revoke() # TEXT NAME
{
    r=$(ratio "$(cat "$work/$2.revocations")" "$(cat "$work/$2.rate")")
    row "$1" "$(cat "$work/$2.revocations")/s" "$r" "" "$(goal "$r" above 0.7)"
}

revocation_rows()
{
    row "bare libmicrohttpd, GET" "$(cat "$work/bare-get.rate")/s" 1.00 "" ""
    row_status "OCSP, kept, GET" ocsp-get bare-get 0.85
    row_status "OCSP, kept, POST" ocsp-post bare-post 0.85
    row "limit: P-256 sign" "$(cat "$work/sign.rate")/s" 1.00 "" ""
    row_status "OCSP with a nonce" ocsp-nonce sign 0.4
    row "limit: P-256 sign, one core" "$(cat "$work/sign-one.rate")/s" 1.00 \
        "" ""
    row_status "OCSP with a nonce, one core" nonce-one sign-one 0.4
    row_revoke "revocation, 10 revoked" revoked1
    row_revoke "revocation, $((revoked / 10)) revoked" revoked2
    row_revoke "revocation, $revoked revoked" revoked3
    row_revoke "the same, partitions of 10000" parts
    r=$(ratio "$(cat "$work/beside.p99")" "$(cat "$work/alone.p99")")
    row "p99 of POST, $revoked revoked" "$(cat "$work/alone.p99") ms" "" "" ""
    row "the same beside CRL builds" "$(cat "$work/beside.p99") ms" \
        "$r" "" "$(goal "$r" below 1.5)"
    row "CRL of $entries entries" "$took_s s" "$crl_ratio" "" \
        "$(goal "$crl_ratio" below 1.5)"
    row "memory for it" "$((grew / 1024)) MiB" "" "" \
        "$(goal $((grew / 1024)) below 32)"
}
