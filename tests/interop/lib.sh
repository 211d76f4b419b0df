# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# What the tests with real programs share, on top of the scenarios' harness.  A
# test sources this file, calls ca_start, and says what it proved with
# `proved TEXT`; the first thing that is not so ends it with `bail`.  A program
# that is missing is a failure, never a skip.
#
# Environment: as the harness has it; by hand, in the build directory:
#     sh ../tests/interop/NAME.sh

set -e
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$PWD}
POCKETCA=${POCKETCA:-$BUILD/pocketca}
outer=$(export -p)
. "$SOURCE/tests/scenario/lib.sh"

work=$T
chmod 711 "$work" # a server's own user reads its pages below
pids=
secret=interop-$$-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
key_types="rsa p256 ed25519"

interop_cleanup()
{
    status=$?
    trap - EXIT
    set +e
    for pid in $pids; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    if [ $status != 0 ]; then
        for log in "$work"/*.log; do
            [ ! -s "$log" ] || tail -25 "$log" | sed "s|^|# ${log##*/}: |"
        done
    fi
    (exit $status)
    cleanup
}
trap interop_cleanup EXIT

# In the environment that the test was started in (a proxy, a home).
outside()
(
    unset SSL_CERT_FILE SSL_CERT_DIR
    eval "$outer"
    "$@"
)

proved() { point ok "$*"; }

need()
{
    for program in "$@"; do
        command -v "$program" >/dev/null || bail "$program is not installed"
    done
}
need curl openssl gnutls-cli jq od timeout

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
    wait_for 20 listening "$port" || bail "$name does not listen"
}

# ---- the authority

# A CA and its service, with $partition_size where that is set; sets root,
# curlrc, API, PUBLIC.
ca_start()
{
    init "$@"
    [ -z "${partition_size:-}" ] ||
        sed -i "s/^authority issuing.*/&\n    crl-partition-size = $partition_size/" \
            "$CA/pocketca.conf"
    serve
    root=$CA/root.pem
    curlrc=$CA/admin.curlrc
    curl -fsS -K "$curlrc" -o "$work/ready.json" "$API/readyz" ||
        bail "the service is not ready"
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
    *) bail "no key type $1" ;;
    esac
    file=$1
    shift
    openssl genpkey "$@" -out "$file" 2>/dev/null
}

# certify STEM TYPE PROFILE NAME: over HTTP; makes $work/STEM.{key,csr,pem} and
# STEM-pair.pem, key and certificate in one file.  Whatever URL is in it works.
certify()
{
    stem=$work/$1
    key_make "$2" "$stem.key"
    openssl req -new -key "$stem.key" -subj "/CN=$4" -addext \
        "subjectAltName=DNS:$4,DNS:localhost,IP:127.0.0.1" -out "$stem.csr"
    curl -fsS -K "$curlrc" --data-binary "@$stem.csr" -o "$stem.pem" \
        "$API/v1/certificates?profile=$3" 2>"$work/issue.log" ||
        bail "no certificate for $4"
    [ "$(urls "$stem.pem")" = "ca crl ocsp" ] || bail "the URLs of $1"
    cat "$stem.key" "$stem.pem" >"$stem-pair.pem"
}

# revoke STEM
revoke()
{
    curl -fsS -K "$curlrc" -d reason=superseded -o "$work/revoked.json" \
        "$API/v1/certificates/$(serial_of "$work/$1.pem")/revoke" ||
        bail "$1 is not revoked"
}

# The CRLs of the whole chain, as servers want them.
crl_fetch() { curl -fsS -o "$work/crl.pem" "$PUBLIC/crl/chain.pem"; }

# ---- clients: each prints what https://localhost:PORT$path answers, trusting
# only ROOT, showing the certificate of STEM if there is one.  They fail when
# the handshake does.

path=/
page=$secret # what is in the answer when the client was let in

request()
{
    printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\n' "$path" "$1"
    printf 'Connection: close\r\n\r\n'
}

get_curl() # ROOT PORT [STEM]
{
    trust=$1 port=$2 stem=${3:+$work/$3}
    set --
    [ -z "$stem" ] || set -- --cert "$stem.pem" --key "$stem.key"
    curl -sS --max-time 15 --cacert "$trust" "$@" "https://localhost:$port$path"
}

get_openssl()
{
    trust=$1 port=$2 stem=${3:+$work/$3}
    set --
    [ -z "$stem" ] || set -- -cert "$stem.pem" -cert_chain "$stem.pem" \
        -key "$stem.key"
    request "$port" | timeout 15 openssl s_client -quiet -no-CApath \
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
    # It ends with its input, which therefore stays until the server has closed.
    # By address: it asks no resolver that knows localhost without /etc/hosts.
    [ -p "$work/asked" ] || mkfifo "$work/asked"
    { request "$port" && exec sleep 15; } >"$work/asked" &
    asker=$!
    timeout 15 gnutls-cli --x509cafile "$trust" "$@" --port "$port" \
        --sni-hostname localhost --verify-hostname localhost 127.0.0.1 \
        <"$work/asked" && answer=0 || answer=$?
    kill $asker 2>/dev/null
    wait $asker 2>/dev/null || true
    return $answer
}

clients="curl openssl gnutls"

# served CLIENT ROOT PORT [STEM]: true when the page came.
served()
{
    client=$1
    shift
    "get_$client" "$@" >"$work/client.log" 2>&1 || true
    grep -q "$page" "$work/client.log"
}

# handshakes PORT WHAT: each client gets the page with our root as its only
# trust, and none with somebody else's root of the same name.
handshakes()
{
    for client in $clients; do
        served "$client" "$root" "$1" || bail "$2: $client gets no page"
        served "$client" "$work/foreign-ca.pem" "$1" &&
            bail "$2: $client trusts a foreign root"
        proved "$2: $client shakes hands trusting only our root"
    done
}

# mutual PORT WHAT: who shows a certificate of ours is served, and neither
# who has none, nor a foreign, nor a revoked one.  Needs mutual_start.
mutual()
{
    for client in $clients; do
        for type in $key_types; do
            served "$client" "$root" "$1" "good-$type" ||
                bail "$2: $client with a good $type certificate is turned away"
        done
        for bad in '' foreign revoked; do
            # shellcheck disable=SC2086 # none is no argument
            served "$client" "$root" "$1" $bad &&
                bail "$2: $client with ${bad:-no} certificate is served"
            served "$client" "$root" "$1" good-p256 ||
                bail "$2: $client is no longer served after a bad one"
        done
        proved "$2: $client in, without, with a foreign and a revoked one out"
    done
}

# What the server at PORT staples about itself: good, revoked, or none.
staple()
{
    timeout 15 openssl s_client -status -connect "127.0.0.1:$1" \
        -CAfile "$root" -verify_return_error </dev/null >"$work/staple.log" 2>&1
    sed -n 's/^ *Cert Status: //p; s/^OCSP response: no .*/none/p' \
        "$work/staple.log"
}
staples() { [ "$(staple "$1")" = "$2" ]; } # PORT STATE

# stapled PORT WHAT: it staples that it is good, and those who insist on that
# are content.
stapled()
{
    wait_for 10 staples "$1" good || bail "$2: staples $(staple "$1"), not good"
    for client in $clients; do
        served "$client" "$root" "$1" || bail "$2: $client gets no page"
    done
    curl -fsS --cert-status --cacert "$root" "https://localhost:$1$path" \
        >"$work/client.log" 2>&1 || bail "$2: curl --cert-status"
    proved "$2: staples that it is good"
}

# mutual_now PORT WHAT: one who is revoked is out at the next handshake.
mutual_now()
{
    certify leaving p256 client leaving.internal
    for client in $clients; do
        served "$client" "$root" "$1" leaving ||
            bail "$2: $client is turned away before the revocation"
    done
    revoke leaving
    for client in $clients; do
        served "$client" "$root" "$1" leaving &&
            bail "$2: $client is served after the revocation"
        served "$client" "$root" "$1" good-p256 ||
            bail "$2: $client with another certificate is turned away"
    done
    proved "$2: out at the next handshake after the revocation"
}

# Certificates for the clients, one revoked, and the CRLs that say so.
mutual_start()
{
    for type in $key_types; do
        certify "good-$type" "$type" client good.internal
    done
    certify revoked p256 client good.internal
    revoke revoked
    crl_fetch
    openssl verify -CAfile "$root" -untrusted "$work/good-p256.pem" \
        -crl_check_all -CRLfile "$work/crl.pem" "$work/good-p256.pem" \
        >"$work/verify.log" 2>&1 || bail "openssl refuses the good one"
    openssl verify -CAfile "$root" -untrusted "$work/revoked.pem" \
        -crl_check_all -CRLfile "$work/crl.pem" "$work/revoked.pem" \
        >"$work/verify.log" 2>&1 && bail "openssl takes the revoked one"
    grep -q 'certificate revoked' "$work/verify.log" ||
        bail "openssl refuses the revoked one for another reason"
    proved "openssl verify tells the revoked certificate by the CRLs"
}

# What nginx writes stays in $work; within http { }.
nginx_own() {
    echo "    access_log off;"
    for path in client_body proxy fastcgi uwsgi scgi; do
        echo "    ${path}_temp_path $work/$path;"
    done
}
