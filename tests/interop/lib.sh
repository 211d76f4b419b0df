# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# What the tests with real programs share.  A test sources this file, calls
# ca_start, and says what it proved with `ok TEXT`, one line each (TAP); the
# first thing that is not so ends it with `die`.  A program that is missing is
# a failure, never a skip.
#
# Environment: POCKETCA, the program under test (default: ./pocketca).

set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # for the scripts that source this
top=$(cd "$here/../.." && pwd)
POCKETCA=${POCKETCA:-$PWD/pocketca}
work=$(mktemp -d "${TMPDIR:-/tmp}/pocketca-interop.XXXXXX")
chmod 711 "$work" # a server's own user reads its pages below
pids=
passed=0
secret=interop-$$-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
key_types="rsa p256 ed25519"

finish()
{
    status=$?
    trap - EXIT
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $pids; do
        wait "$pid" 2>/dev/null || true
    done
    if [ $status != 0 ]; then
        for log in "$work"/*.log; do
            [ ! -s "$log" ] || sed "s|^|# ${log##*/}: |" "$log" | tail -25
        done
    fi
    rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

ok()
{
    passed=$((passed + 1))
    echo "ok $passed - $*"
}

die()
{
    echo "not ok $((passed + 1)) - $*"
    exit 1
}

# The last line of a test: nothing after it, and something before it.
all_done()
{
    [ $passed -gt 0 ] || die "nothing was tested"
    echo "1..$passed"
}

need()
{
    for program in "$@"; do
        command -v "$program" >/dev/null || die "$program is not installed"
    done
}
need curl openssl gnutls-cli od timeout
[ -x "$POCKETCA" ] || die "$POCKETCA is no program"

# A port that nobody listens on, below those the kernel gives out.
free_port()
{
    while :; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        hex=$(printf ':%04X ' $port)
        if ! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$hex" &&
            ! grep -qx $port "$work/ports" 2>/dev/null; then
            echo $port >>"$work/ports"
            echo $port
            return
        fi
    done
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for()
{
    tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

listening() { grep -qi "$(printf ':%04X 0*:0000 0A' "$1")" /proc/net/tcp; }

# server NAME PORT COMMAND...: in the background, until it listens.
server()
{
    name=$1 port=$2
    shift 2
    "$@" >"$work/$name.log" 2>&1 &
    last=$!
    pids="$pids $last"
    wait_for 20 listening "$port" || die "$name does not listen"
}

stop()
{
    kill "$1"
    wait "$1" 2>/dev/null || true
}

# ---- the authority

# A CA and its service; sets api, public (URLs), root, chain (files).
ca_start()
{
    api_port=$(free_port) public_port=$(free_port)
    api=https://localhost:$api_port
    public=http://127.0.0.1:$public_port
    root=$work/ca/root.pem
    curlrc=$work/ca/admin.curlrc
    "$POCKETCA" init --dir "$work/ca" --name Interop \
        --host localhost,127.0.0.1 \
        --listen-api "https://127.0.0.1:$api_port" \
        --listen-public "$public" >"$work/init.log" 2>&1 ||
        die "pocketca init failed"
    server serve "$api_port" "$POCKETCA" serve -c "$work/ca/pocketca.conf"
    wait_for 10 curl -fsS --cacert "$root" "$api/readyz" ||
        die "pocketca serve is not ready"
}

# Another authority with the very names of ours, and a certificate by it.
foreign_start()
{
    subject=$(openssl x509 -in "$root" -noout -subject -nameopt RFC2253)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$work/foreign-ca.key" -out "$work/foreign-ca.pem" -days 30 \
        -subj "/${subject#subject=}" 2>/dev/null
    key_make p256 "$work/foreign.key"
    openssl req -new -key "$work/foreign.key" -subj /CN=good.internal \
        -addext subjectAltName=DNS:good.internal \
        -addext extendedKeyUsage=clientAuth |
        openssl x509 -req -CA "$work/foreign-ca.pem" \
            -CAkey "$work/foreign-ca.key" -CAcreateserial -days 30 \
            -copy_extensions copy -out "$work/foreign.pem" 2>/dev/null
}

# key_make TYPE FILE
key_make()
{
    case $1 in
    rsa) set -- "$2" -algorithm RSA ;;
    p256) set -- "$2" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
    ed25519) set -- "$2" -algorithm ED25519 ;;
    *) die "no key type $1" ;;
    esac
    file=$1
    shift
    openssl genpkey "$@" -out "$file" 2>/dev/null
}

# issue STEM TYPE PROFILE NAME: over HTTP; makes $work/STEM.{key,csr,pem} and
# STEM-pair.pem, key and certificate in one file.
issue()
{
    stem=$work/$1
    key_make "$2" "$stem.key"
    openssl req -new -key "$stem.key" -subj "/CN=$4" -addext \
        "subjectAltName=DNS:$4,DNS:localhost,IP:127.0.0.1" -out "$stem.csr"
    curl -fsS -K "$curlrc" --data-binary "@$stem.csr" -o "$stem.pem" \
        "$api/v1/certificates?profile=$3" 2>"$work/issue.log" ||
        die "no certificate for $4"
    cat "$stem.key" "$stem.pem" >"$stem-pair.pem"
}

serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }

# revoke STEM
revoke()
{
    curl -fsS -K "$curlrc" -d reason=superseded -o "$work/revoked.json" \
        "$api/v1/certificates/$(serial_of "$work/$1.pem")/revoke" ||
        die "$1 is not revoked"
}

# The CRLs of the whole chain, as servers want them.
crl_fetch() { curl -fsS -o "$work/crl.pem" "$public/crl/chain.pem"; }

# ---- clients: each prints what the server at localhost:PORT answers to
# GET /, trusting only ROOT, showing the certificate of STEM if there is one.
# They fail when the handshake does.

get_line='GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

get_curl() # ROOT PORT [STEM]
{
    trust=$1 port=$2 stem=${3:+$work/$3}
    set --
    [ -z "$stem" ] || set -- --cert "$stem.pem" --key "$stem.key"
    curl -sS --max-time 15 --cacert "$trust" "$@" "https://localhost:$port/"
}

get_openssl()
{
    trust=$1 port=$2 stem=${3:+$work/$3}
    set --
    [ -z "$stem" ] || set -- -cert "$stem.pem" -cert_chain "$stem.pem" \
        -key "$stem.key"
    # shellcheck disable=SC2059 # the format is ours
    printf "$get_line" | timeout 15 openssl s_client -quiet -no-CApath \
        -no-CAstore -CAfile "$trust" -verify_return_error \
        -verify_hostname localhost -servername localhost "$@" \
        -connect "127.0.0.1:$port"
}

get_gnutls()
{
    trust=$1 port=$2 stem=${3:+$work/$3}
    set --
    [ -z "$stem" ] || set -- --x509certfile "$stem.pem" \
        --x509keyfile "$stem.key"
    # It ends with its input: leave the server the time to answer.
    # shellcheck disable=SC2059
    { printf "$get_line" && sleep 0.7; } | timeout 15 gnutls-cli \
        --x509cafile "$trust" "$@" --port "$port" localhost
}

clients="curl openssl gnutls"

# served CLIENT ROOT PORT [STEM]: true when the page came.
served()
{
    client=$1
    shift
    "get_$client" "$@" >"$work/client.log" 2>&1 || true
    grep -q "$secret" "$work/client.log"
}

# handshakes PORT WHAT: each client gets the page with our root as its only
# trust, and none with somebody else's root of the same name.
handshakes()
{
    for client in $clients; do
        served "$client" "$root" "$1" || die "$2: $client gets no page"
        served "$client" "$work/foreign-ca.pem" "$1" &&
            die "$2: $client trusts a foreign root"
        ok "$2: $client shakes hands trusting only our root"
    done
}

# mutual PORT WHAT: who shows a certificate of ours is served, and neither
# who has none, nor a foreign, nor a revoked one.  Needs mutual_start.
mutual()
{
    for client in $clients; do
        for type in $key_types; do
            served "$client" "$root" "$1" "good-$type" ||
                die "$2: $client with a good $type certificate is turned away"
        done
        for bad in '' foreign revoked; do
            # shellcheck disable=SC2086 # none is no argument
            served "$client" "$root" "$1" $bad &&
                die "$2: $client with ${bad:-no} certificate is served"
            served "$client" "$root" "$1" good-p256 ||
                die "$2: $client is no longer served after a bad one"
        done
        ok "$2: $client in, without, with a foreign and a revoked one out"
    done
}

# Certificates for the clients, one revoked, and the CRLs that say so.
mutual_start()
{
    for type in $key_types; do
        issue "good-$type" "$type" client good.internal
    done
    issue revoked p256 client good.internal
    revoke revoked
    crl_fetch
    openssl verify -CAfile "$root" -untrusted "$work/good-p256.pem" \
        -crl_check_all -CRLfile "$work/crl.pem" "$work/good-p256.pem" \
        >"$work/verify.log" 2>&1 || die "openssl refuses the good one"
    openssl verify -CAfile "$root" -untrusted "$work/revoked.pem" \
        -crl_check_all -CRLfile "$work/crl.pem" "$work/revoked.pem" \
        >"$work/verify.log" 2>&1 && die "openssl takes the revoked one"
    grep -q 'certificate revoked' "$work/verify.log" ||
        die "openssl refuses the revoked one for another reason"
    ok "openssl verify tells the revoked certificate by the CRLs"
}
