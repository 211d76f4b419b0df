# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# The harness of the scenarios.  A scenario is a POSIX sh script, one behaviour,
# that begins with
#
#     . "${SOURCE:?}/tests/scenario/lib.sh"
#
# and speaks TAP through the functions below; it ends with `finish`.  Each has
# a directory of its own ($T, removed at the end), a CA of its own ($CA) and
# free ports of its own, so that any number run at once.  By hand:
#
#     SOURCE=.. BUILD=. POCKETCA=./pocketca sh ../tests/scenario/NAME.sh
#
#   init [OPTION…]      pocketca init into $CA with free ports; sets $API and
#                       $PUBLIC (URLs) and $BEARER (the admin token)
#   profiles            between the two: standard input in place of the
#                       profiles
#   serve               starts the service, waits for its `ready`; $SERVE
#   plain               between the two: a plain HTTP api on $plain_port too
#   stop                SIGTERM, waits; status in $?
#   req CURL-ARG…       a request with $BEARER (none when empty); status, head
#                       and body are in $status, $T/head, $T/body
#   want STATUS CODE WHAT CURL-ARG…    req and judge; CODE `-`: no problem,
#                       `any`: whatever; both may be alternatives: 403|404
#   ok WHAT COMMAND…    the command succeeds (its output: $T/out)
#   no WHAT COMMAND…    the command fails with an exit code below 126
#   exits N WHAT COMMAND…              the command exits with N
#   is WHAT GOT WANTED  both texts are the same
#   like WHAT FILE ERE  a line of the file matches; unlike: none does
#   json WHAT FILTER    jq -e FILTER holds for $T/body
#   csr NAME [SAN…]     makes $T/NAME.key and $T/NAME.csr (P-256)
#   issue NAME [QUERY]  csr, then POST; $T/NAME.pem; $serial
#   urls FILE           fetches and judges every URL in a certificate; `stop`
#                       and `finish` do it with all that was issued, but for
#                       URLS=no: of addresses or a time that nobody else has
#   token ROLES [JSON]  makes a token; prints it; token_id TOKEN prints its id
#   pid_of front|signer the process id
#   state               one line that changes when anything was recorded
#   steady_begin, steady WHAT           nothing changed between the two
#   in_time MS TOOK     it took no longer than was promised, and what a busy
#                       machine or a sanitizer adds ($SLACK times, default 2)
#   eventually N WHAT COMMAND…         succeeds within N tenths of a second, and
#                       the same slack

set -u
: "${SOURCE:?}" "${BUILD:?}" "${POCKETCA:?}"
unset POCKETCA_CONF CURL_HOME http_proxy https_proxy HTTP_PROXY HTTPS_PROXY \
    ALL_PROXY all_proxy
export LC_ALL=C
# nobody trusts what the system does, nor spends his time reading it
export SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/dev/null
PATH=$PATH:/usr/sbin:/sbin
umask 077

T=$(mktemp -d "${TMPDIR:-/tmp}/pocketca-test.XXXXXX") || exit 99
CA=$T/ca
HOME=$T # no ~/.curlrc, no ~/.rnd
export HOME
API='' PUBLIC='' BEARER='' SERVE='' status='' serial=''
tap_n=0 tap_failed=0 tap_ended=''
: "${PORTS:=${TMPDIR:-/tmp}/pocketca-ports.$(id -u)}"
RAWHTTP=$BUILD/tests/scenario/rawhttp
MKCSR=$BUILD/tests/scenario/mkcsr

cleanup() {
    code=$?
    trap - EXIT
    if [ -n "$SERVE" ] && kill -0 "$SERVE" 2>/dev/null; then
        kill -KILL "$SERVE" 2>/dev/null # its children die with it
        wait "$SERVE" 2>/dev/null
    fi
    for p in "$PORTS"/*; do
        [ -f "$p/$$" ] && rm -rf "$p"
    done
    [ -n "$tap_ended" ] || echo "# ended early, status $code"
    if [ "$tap_failed" -ne 0 ] || [ -z "$tap_ended" ]; then
        [ -f "$T/log" ] && tail -n 40 "$T/log" | sed 's/^/# log: /'
    fi
    if [ -n "${KEEP:-}" ]; then echo "# kept: $T"; else rm -rf "$T"; fi
    exit "$code"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

point() { # ok|'not ok' WHAT
    tap_n=$((tap_n + 1))
    echo "$1 $tap_n - $2"
    [ "$1" = ok ] || tap_failed=$((tap_failed + 1))
}
note() { # FILE: as diagnostics, not too much of it
    head -c 3000 "$1" | tr -d '\000' | sed 's/^/#   /'
    echo
}
finish() {
    urls_issued
    [ ! -e "$T/problems" ] ||
        is 'each problem was JSON, with the code that was read' \
            "$(jq -r .code "$T/problems" 2>&1)" "$(cat "$T/problems.codes")"
    echo "1..$tap_n"
    tap_ended=yes
    [ "$tap_n" -gt 0 ] && [ "$tap_failed" -eq 0 ]
    exit
}
bail() {
    point 'not ok' "$*"
    tap_ended=yes
    echo "1..$tap_n"
    exit 1
}

ok() {
    what=$1
    shift
    "$@" >"$T/out" 2>&1
    rc=$?
    if [ "$rc" -eq 0 ]; then point ok "$what"; else
        point 'not ok' "$what"
        echo "#   exit $rc of: $*"
        note "$T/out"
    fi
    return "$rc"
}
no() {
    what=$1
    shift
    "$@" >"$T/out" 2>&1
    rc=$?
    if [ "$rc" -ne 0 ] && [ "$rc" -lt 126 ]; then point ok "$what"; else
        point 'not ok' "$what"
        echo "#   exit $rc of: $*"
        note "$T/out"
    fi
}
exits() {
    wanted=$1 what=$2
    shift 2
    "$@" >"$T/out" 2>&1
    rc=$?
    if [ "$rc" -eq "$wanted" ]; then point ok "$what"; else
        point 'not ok' "$what"
        echo "#   exit $rc, not $wanted, of: $*"
        note "$T/out"
    fi
}
is() {
    if [ "$2" = "$3" ]; then point ok "$1"; else
        point 'not ok' "$1"
        printf '%s\n%s\n' "got:    $2" "wanted: $3" >"$T/diag"
        note "$T/diag"
    fi
}
like() {
    if grep -Eq -- "$3" "$2"; then point ok "$1"; else
        point 'not ok' "$1"
        echo "#   no line matches $3 in:"
        note "$2"
    fi
}
unlike() {
    grep -Eq -- "$3" "$2"
    # 2: there is no such file
    if [ $? -eq 1 ]; then point ok "$1"; else
        point 'not ok' "$1"
        echo "#   a line matches $3 in:"
        note "$2"
    fi
}
json() {
    if jq -e "$2" "$T/body" >/dev/null 2>"$T/out"; then point ok "$1"; else
        point 'not ok' "$1"
        echo "#   not so: $2"
        note "$T/out"
        note "$T/body"
    fi
}
in_time() {
    [ "$2" -le $(($1 * ${SLACK:-2})) ]
    is "within $1 ms ($2 ms, slack ${SLACK:-2})" $? 0
}
eventually() {
    tries=$(($1 * ${SLACK:-2})) what=$2
    shift 2
    while [ "$tries" -gt 0 ]; do
        if "$@" >"$T/out" 2>&1; then
            point ok "$what"
            return 0
        fi
        tries=$((tries - 1))
        sleep 0.1
    done
    point 'not ok' "$what"
    note "$T/out"
    return 1
}

# A port below the kernel's own range, reserved against the other scenarios.
free_port() {
    mkdir -p "$PORTS"
    while :; do
        port=$(($(od -An -N2 -tu2 /dev/urandom) % 12000 + 20000))
        if ! mkdir "$PORTS/$port" 2>/dev/null; then
            holder=$(ls "$PORTS/$port" 2>/dev/null)
            if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
                rm -rf "${PORTS:?}/$port"
            fi
            continue
        fi
        : >"$PORTS/$port/$$"
        hex=$(printf ':%04X ' "$port")
        grep -q "$hex" /proc/net/tcp /proc/net/tcp6 2>/dev/null || break
    done
    echo "$port"
}

# Ports and URLs; `init` calls it, a scenario may before, to choose itself.
ports() {
    api_port=$(free_port)
    public_port=$(free_port)
    : "${SCHEME:=https}"
    API=$SCHEME://127.0.0.1:$api_port
    PUBLIC=http://127.0.0.1:$public_port
}
init() {
    [ -n "$API" ] || ports
    if ! "$POCKETCA" init --dir "$CA" --name "Test" --listen-api "$API" \
        --listen-public "$PUBLIC" "$@" >"$T/init.out" 2>"$T/init.err"; then
        note "$T/init.err"
        bail "pocketca init $*"
    fi
    BEARER=$(cat "$CA/admin.token")
    ADMIN=$BEARER
}
# A second api listener without TLS, for octets that curl would not send;
# between `init` and `serve`; sets $plain_port.
plain() {
    plain_port=$(free_port)
    sed -i "s#url = \"$API\"#url = { \"$API\", \"http://127.0.0.1:$plain_port\" }#" \
        "$CA/pocketca.conf"
}
profiles() {
    [ -f "$T/own" ] || sed '/^profile /,$d' "$CA/pocketca.conf" >"$T/own"
    cat "$T/own" - >"$CA/pocketca.conf"
}
launch() {
    "$POCKETCA" serve -c "$CA/pocketca.conf" >>"$T/log" 2>&1 </dev/null &
    SERVE=$!
}
serve() {
    seen=0
    : >>"$T/log"
    seen=$(grep -cE '\bready\b' "$T/log") || : # none is 0
    launch
    tries=0
    while [ "$(grep -cE '\bready\b' "$T/log")" -le "$seen" ]; do
        kill -0 "$SERVE" 2>/dev/null || bail 'pocketca serve ended'
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || bail 'pocketca serve is not ready after 60 s'
        sleep 0.05
    done
    tries=0
    while settling && [ "$tries" -lt 40 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}
# What is made at the start may come a moment after the `ready`.
settling() {
    curl -sk --max-time 2 "$API/readyz" 2>/dev/null |
        grep -Eq 'has (none|no responder) yet'
}
stop() {
    urls_issued
    kill -TERM "$SERVE" 2>/dev/null
    wait "$SERVE"
    set -- $?
    SERVE=''
    return "$1"
}
pid_of() {
    for p in $(cat "/proc/$SERVE/task/"*/children 2>/dev/null); do
        if tr '\000' '\n' <"/proc/$p/cmdline" 2>/dev/null | head -n 1 |
            grep -qx "pocketca: $1"; then
            echo "$p"
            return 0
        fi
    done
    return 1
}

raw_req() {
    : >"$T/body"
    : >"$T/head"
    curl -sS --max-time 20 -o "$T/body" -D "$T/head" -w '%{http_code}' \
        --cacert "$CA/root.pem" "$@" 2>"$T/curl.err"
}
req() {
    if [ -n "$BEARER" ]; then
        status=$(raw_req --oauth2-bearer "$BEARER" "$@")
    else
        status=$(raw_req "$@")
    fi
}
# The code of the problem in $T/body, if it is one.  jq takes longer to start
# than all else that a request does: `finish` asks it once about all of them.
problem_code() {
    # Of the last head: curl --retry leaves those before it there too.
    awk '/^HTTP\// { problem = 0 }
        tolower($0) ~ /^content-type: application\/problem\+json/ { problem = 1 }
        END { exit !problem }' "$T/head" || return 0
    cat "$T/body" >>"$T/problems"
    p_code=$(sed -n 's/^  "code": "\([^"]*\)",*$/\1/p' "$T/body")
    echo "${p_code:-?}" | tee -a "$T/problems.codes"
}
want() {
    w_status=$1 w_code=$2 what=$3
    shift 3
    req "$@"
    got_code=$(problem_code)
    : "${got_code:=-}"
    case "|$w_status|/|$w_code|any|" in
    *"|$status|"*/*"|$got_code|"* | *"|$status|"*/"|any|any|")
        point ok "$what"
        return 0
        ;;
    esac
    point 'not ok' "$what"
    echo "#   got $status $got_code, wanted $w_status $w_code"
    note "$T/body"
    note "$T/curl.err"
    return 1
}
# The value of a header of the last answer.
header() {
    sed -n "s/^$1: *//Ip" "$T/head" | tr -d '\r' | head -n 1
}

csr() {
    c_name=$1
    shift
    [ $# -gt 0 ] || set -- "DNS:$c_name"
    c_san=$(echo "$*" | tr ' ' ',')
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$T/$c_name.key" -out "$T/$c_name.csr" -subj "/CN=$c_name" \
        -addext "subjectAltName=$c_san" 2>"$T/openssl.err" ||
        { note "$T/openssl.err"; bail "openssl req $c_name"; }
}
serial_of() { # FILE.pem → two lower-case digits an octet
    openssl x509 -in "$1" -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f'
}
issue() {
    csr "$1"
    req --data-binary @"$T/$1.csr" "$API/v1/certificates${2:+?$2}"
    if [ "$status" != 201 ]; then
        note "$T/body"
        bail "issue $1: status $status"
    fi
    cp "$T/body" "$T/$1.pem"
    serial=$(serial_of "$T/$1.pem")
}
# urls FILE: fetches every URL in the certificate at the head of FILE, and in
# those of its issuers as they come, up to the root.  What comes must be its
# issuer's certificate, and a CRL and an OCSP answer by that one, neither of
# which says that it is revoked.  Prints what there was: "ca crl ocsp".
urls() (
    u=$(mktemp -d "$T/urls.XXXXXX")
    openssl x509 -in "$1" -out "$u/cert.pem" || exit 1
    cat "$CA"/*.pem >"$u/ca.pem" # where it names none
    openssl x509 -in "$u/cert.pem" -noout -ext "$(printf %s, \
        crlDistributionPoints authorityInfoAccess freshestCRL)subjectInfoAccess" \
        >"$u/text" 2>/dev/null
    sed -n 's/^ *CA Issuers - URI:/ca /p; s/^ *URI:/crl /p
        s/^ *OCSP - URI:/ocsp /p' "$u/text" | sort >"$u/list"
    [ "$(grep -c URI: "$u/text")" = "$(wc -l <"$u/list")" ] || exit 1
    while read -r kind url; do
        "url_$kind" "$url" >"$u/said" 2>&1 || {
            echo "$1: $kind $url"
            note "$u/said"
            exit 1
        } >&2
    done <"$u/list"
    cut -d ' ' -f 1 "$u/list" | uniq | paste -s -d ' ' -
)
# url_fetch URL TYPE FILE
url_fetch() {
    [ "$(curl -fsS --max-time 20 -o "$3" -w '%{content_type}' "$1")" = "$2" ]
}
url_verify() {
    openssl verify -partial_chain -ignore_critical -trusted "$u/ca.pem" "$@" \
        "$u/cert.pem"
}
url_ca() {
    url_fetch "$1" application/pkix-cert "$u/ca.der" &&
        openssl x509 -inform DER -in "$u/ca.der" -out "$u/ca.pem" &&
        url_verify &&
        { cmp "$u/ca.pem" "$u/cert.pem" || url_issuer "$(cksum <"$u/ca.pem")"; }
}
# One that urls_issued has seen is not asked about again.
issuers=/dev/null
url_issuer() {
    grep -qxF "$1" "$issuers" || { urls "$u/ca.pem" && echo "$1" >>"$issuers"; }
}
url_crl() {
    url_fetch "$1" application/pkix-crl "$u/crl.der" &&
        openssl crl -inform DER -in "$u/crl.der" -out "$u/crl.pem" &&
        url_verify -crl_check -CRLfile "$u/crl.pem"
}
url_ocsp() {
    openssl ocsp -issuer "$u/ca.pem" -cert "$u/cert.pem" -url "$1" \
        -partial_chain -CAfile "$u/ca.pem" >"$u/ocsp" 2>&1
    cat "$u/ocsp"
    grep -q '^Response verify OK' "$u/ocsp" && grep -q ': good$' "$u/ocsp"
}
# Before the service ends: every URL in what it has issued.  Of certificates
# with the same ones the newest is asked about, and once in a scenario.
urls_issued() {
    [ "${URLS:-yes}" = yes ] && [ -n "$SERVE" ] && kill -0 "$SERVE" 2>/dev/null ||
        return 0
    set -- "protocol <> 'import' AND revoked_at IS NULL AND unixepoch()
        BETWEEN issued_at AND not_after" "$CA/ledger.db"
    touch "$T/urls.seen"
    sqlite3 -readonly "$2" "SELECT leaf, hex(der) FROM certificates WHERE $1
        ORDER BY leaf DESC" | awk -F '|' -v seen="$T/urls.seen" '
        function digit(at) { return index(hex, substr($2, at, 1)) - 1 }
        BEGIN { hex = "0123456789ABCDEF"
            while ((getline url <seen) > 0) was[url] = 1 }
        { all = ""
            for (at = 1; (i = index(substr($2, at), "68747470")); at += i) {
                p = at + i - 1 # "http", in a name of the kind of a URI
                if (p % 2 && substr($2, p - 4, 2) == "86")
                    all = all " " substr($2, p,
                        2 * (16 * digit(p - 2) + digit(p - 1)))
            } }
        all != "" && !was[all]++ { print all >>seen; print $1 }' >"$T/leaves"
    : >"$T/issuers"
    issuers=$T/issuers
    while read -r leaf; do
        sqlite3 -readonly "$2" "SELECT writefile('$T/issued.der', der) FROM
            certificates WHERE leaf = $leaf" >"$T/out"
        openssl x509 -inform DER -in "$T/issued.der" -out "$T/issued.pem"
        ok "every URL of what was issued as $leaf answers" \
            urls "$T/issued.pem" </dev/null
    done <"$T/leaves"
    issuers=/dev/null
}
# token '"issue","read"' ['"uses": 1, "lifetime": "1d"']; labels are made up
token() {
    # the serial number is a file's, since this runs in a subshell
    echo >>"$T/labels"
    curl -sS --max-time 20 --cacert "$CA/root.pem" \
        --oauth2-bearer "$ADMIN" -H 'Content-Type: application/json' -d \
        "{\"label\": \"t$(wc -l <"$T/labels")\", \"roles\": [$1]${2:+, $2}}" \
        "$API/v1/tokens" | jq -r '.token // empty'
}
token_id() { # pca_ID_SECRET
    echo "${1#pca_}" | cut -d_ -f1
}
# Somebody else at $public_port, when the service has stopped: a GET is answered
# with $T/get, a POST with $T/post, octets that http_answer makes.
enemy() {
    "$BUILD/tests/scenario/canned" "$public_port" "$T/get" "$T/post" \
        >"$T/canned" &
    ENEMY=$!
    trap 'kill $ENEMY; cleanup' EXIT
    eventually 100 'the enemy listens' grep -q ready "$T/canned"
}
http_answer() { # FILE TYPE
    printf 'HTTP/1.0 200 OK\r\nContent-Type: %s\r\n\r\n' "$2"
    cat "$1"
}
# The service is as it was: same processes, same ledger, and it works.
# `steady WHAT` compares with the last `steady_begin`.
steady_begin() {
    steady_state=$(state)
    steady_pids="$(pid_of front) $(pid_of signer)"
}
steady() {
    is "$1: same processes" "$(pid_of front) $(pid_of signer)" "$steady_pids"
    is "$1: nothing was recorded" "$(state)" "$steady_state"
    want 200 - "$1: a good request works" --max-time 1 "$API/readyz"
}
crl_number() {
    curl -sS --max-time 20 "$PUBLIC/crl/issuing.crl" |
        openssl crl -inform DER -noout -crlnumber 2>/dev/null
}
# Where one of the two cannot be had it is like nothing before or after.
state() {
    curl -sS --max-time 20 --cacert "$CA/root.pem" --oauth2-bearer "$ADMIN" \
        "$API/v1/certificates?limit=1" | jq -ce '.as_of' || unlike_any
    crl_number || unlike_any
}
unlike_any() { od -An -N8 -tx8 /dev/urandom; }
# What `pocketca status` says: all of it, and each of the three.
says() { # WHAT EXIT VERDICT LEDGER CRL OCSP ARG...
    s_what=$1 s_exit=$2 s_want="$3 $4 $5 $6"
    shift 6
    "$POCKETCA" status "$@" --json >"$T/body" 2>"$T/err"
    s_got=$?
    is "$s_what" "$s_got $(jq -r '[.verdict, .ledger.says, .crl.says,
        .ocsp.says] | join(" ")' "$T/body" 2>&1)" "$s_exit $s_want"
}
detail() { # WHAT ledger|crl|ocsp ERE: of the last `says`
    jq -r ".$2.detail // empty" "$T/body" >"$T/detail"
    like "$1" "$T/detail" "$3"
}
