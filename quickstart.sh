#!/bin/sh
# SPDX-License-Identifier: ISC
#
#   ./quickstart.sh          builds, makes a CA under ./demo, issues, verifies,
#                            revokes, and leaves the service in the foreground
#   ./quickstart.sh --exit   the same, and stops the service at the end
#   ./quickstart.sh check    runs every test
#
# Installs what is missing on Debian and Ubuntu (as root, or by sudo); says
# what to install on Fedora and Alpine.
#
# QUICKSTART_API and QUICKSTART_PUBLIC: where a new ./demo listens, instead of
# https://127.0.0.1:8443 and http://127.0.0.1:8080.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
: "${MAKEFLAGS:=-j$(nproc 2>/dev/null || echo 2)}"
export MAKEFLAGS

say() { printf '\n== %s\n' "$*"; }
die() {
    printf 'quickstart: %s\n' "$*" >&2
    exit 1
}

# ---- what is needed: who needs it, how to see it, Debian, Fedora, Alpine
NEEDED='
build cmd:gcc              gcc                  gcc                   gcc
build hdr:stdio.h          libc6-dev            glibc-devel           musl-dev
build hdr:linux/landlock.h linux-libc-dev       kernel-headers        linux-headers
build cmd:make             make                 make                  make
build cmd:nm               binutils             binutils              binutils
build cmd:autoconf         autoconf             autoconf              autoconf
build cmd:automake         automake             automake              automake
build cmd:pkg-config       pkg-config           pkgconf-pkg-config    pkgconf
build pc:libcrypto         libssl-dev           openssl-devel         openssl-dev
build pc:libmicrohttpd     libmicrohttpd-dev    libmicrohttpd-devel   libmicrohttpd-dev
build pc:gnutls            libgnutls28-dev      gnutls-devel          gnutls-dev
build pc:sqlite3           libsqlite3-dev       sqlite-devel          sqlite-dev
build pc:jansson           libjansson-dev       jansson-devel         jansson-dev
build pc:libconfuse        libconfuse-dev       libconfuse-devel      confuse-dev
build pc:libseccomp        libseccomp-dev       libseccomp-devel      libseccomp-dev
build pc:check             check                check-devel           check-dev
build cmd:curl             curl                 curl                  curl
build cmd:openssl          openssl              openssl               openssl
test  cmd:clang            clang                clang                 clang
test  cmd:jq               jq                   jq                    jq
test  cmd:pgrep            procps               procps-ng             procps
test  cmd:strace           strace               strace                strace
test  cmd:sqlite3          sqlite3              sqlite                sqlite
test  cmd:script           bsdutils             util-linux            util-linux-misc
test  cmd:setpriv          util-linux           util-linux            setpriv
test  cmd:mandoc           mandoc               mandoc                mandoc
test  cmd:nginx            nginx-light          nginx                 nginx
test  cmd:apache2          apache2-bin          httpd                 apache2
test  cmd:node             nodejs               nodejs                nodejs
test  cmd:npm              npm                  npm                   npm
test  cmd:go               golang-go            golang                go
test  cmd:gnutls-cli       gnutls-bin           gnutls-utils          gnutls-utils
test  cmd:certutil         libnss3-tools        nss-tools             nss-tools
test  cmd:pki              strongswan-pki       strongswan            strongswan
test  file:/usr/lib/ipsec/plugins/libstrongswan-openssl.so libstrongswan-standard-plugins strongswan strongswan
test  py:cryptography      python3-cryptography python3-cryptography  py3-cryptography
test  cmd:cfssl            golang-cfssl         cfssl                 cfssl
test  file:/usr/share/easy-rsa/easyrsa easy-rsa easy-rsa              easy-rsa
test  cmd:promtool         prometheus           prometheus            prometheus
'

there() {
    case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null ;;
    pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
    py:*) /usr/bin/python3 -c "import ${1#py:}" 2>/dev/null ;;
    file:*) [ -e "${1#file:}" ] ;;
    hdr:*) echo "#include <${1#hdr:}>" | gcc -E -x c - >/dev/null 2>&1 ;;
    esac
}

# The packages of column $2 that `build` ($1) or also `test` misses.
missing() {
    echo "$NEEDED" | while read -r who see debian fedora alpine; do
        case $who in build) ;; test) [ "$1" = test ] || continue ;;
        *) continue ;; esac
        there "$see" && continue
        case $2 in
        apt-get) echo "$debian" ;; dnf) echo "$fedora" ;; *) echo "$alpine" ;;
        esac
    done | sort -u | tr '\n' ' '
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        command -v sudo >/dev/null || die "neither root nor sudo, for: $*"
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# Installs, and keeps the packages' own daemons from being started: the tests
# start theirs themselves.
apt_install() {
    policy=/usr/sbin/policy-rc.d
    ours=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        ours=yes
    fi
    done=0
    as_root apt-get -q update </dev/null &&
        as_root apt-get -q install -y --no-install-recommends "$@" \
            </dev/null || done=$?
    [ -z "$ours" ] || as_root rm -f $policy
    [ $done -eq 0 ] || die "the packages could not be installed: $*"
}

install_missing() { # build|test
    for manager in apt-get dnf apk none; do
        command -v $manager >/dev/null && break
    done
    list=$(missing "$1" "$manager")
    [ -n "$list" ] || return 0
    say "Missing packages: $list"
    # shellcheck disable=SC2086
    case $manager in
    apt-get) apt_install $list ;;
    dnf) die "as root: dnf install $list" ;;
    apk) die "as root: apk add $list" ;;
    *) die 'install them, then run this again' ;;
    esac
    list=$(missing "$1" "$manager")
    [ -z "$list" ] || die "still missing: $list"
}

# make brings configure up to date itself, once it is there
configured() { [ -x configure ] || ./autogen.sh; }

# configure_in DIR OPTION…
configure_in() {
    dir=$1
    shift
    configured && mkdir -p "$dir" || return 1
    [ -x "$dir/config.status" ] ||
        (top=$PWD && cd "$dir" && "$top/configure" --quiet "$@")
}

# ---- the first certificate
quoted() { # as one would type it
    for word; do
        case $word in
        *[!A-Za-z0-9_@%+=:,./-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
}

run() {
    printf '\n$%s\n' "$(quoted "$@")"
    "$@"
}

build() {
    say 'Build (half a minute or so; what it says goes to build/build.log)'
    mkdir -p build
    if ! { configure_in build && make -s -C build; } >build/build.log 2>&1; then
        tail -n 40 build/build.log
        die 'the build failed; the end of build/build.log is above'
    fi
}

ready() {
    curl -sSf -o /dev/null --max-time 2 --cacert demo/root.pem \
        "$api/readyz" 2>/dev/null
}

service= watcher=
stop_service() {
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
    watcher=
    [ -z "$service" ] || kill -TERM "$service" 2>/dev/null || true
    [ -z "$service" ] || wait "$service" || true
    service=
}

start_service() {
    if ready; then
        say 'The service runs already'
        return
    fi
    say 'The service'
    printf '\n$ ./build/pocketca serve -c demo/pocketca.conf >demo/serve.log 2>&1 &\n'
    ./build/pocketca serve -c demo/pocketca.conf </dev/null \
        >demo/serve.log 2>&1 &
    service=$!
    trap 'stop_service' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    tries=0
    until ready; do
        tries=$((tries + 1))
        if ! kill -0 "$service" 2>/dev/null || [ $tries -gt 200 ]; then
            cat demo/serve.log
            die 'the service did not start; its log is above (if a port is
    taken: rm -r demo, and see QUICKSTART_API in ./quickstart.sh --help)'
        fi
        sleep 0.05
    done
}

# A server with the new certificate, a client that trusts only our root.
handshake() {
    printf '\n$ openssl s_server -cert demo/web.pem -key demo/web.key … &\n'
    openssl s_server -accept 127.0.0.1:0 -www -cert demo/web.pem \
        -cert_chain demo/web.pem -key demo/web.key >demo/s_server.log 2>&1 \
        </dev/null &
    server=$!
    port=
    tries=0
    while [ -z "$port" ] && [ $tries -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
        port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' demo/s_server.log)
    done
    result=0
    run curl -sSf -o /dev/null --cacert demo/root.pem \
        --resolve "web.internal:$port:127.0.0.1" \
        -w 'handshake: %{ssl_verify_result}, status %{http_code}\n' \
        "https://web.internal:$port/" || result=$?
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    rm -f demo/s_server.log
    [ $result -eq 0 ] || die 'the handshake failed'
}

quickstart() {
    install_missing build
    build
    run ./build/pocketca version
    api=${QUICKSTART_API:-https://127.0.0.1:8443}
    public=${QUICKSTART_PUBLIC:-http://127.0.0.1:8080}
    if [ -e demo/pocketca.conf ]; then
        say 'The CA of ./demo is there already'
        urls=$(sed -n '/^listen/,/^}/s/.*url *= *"\([^"]*\)".*/\1/p' \
            demo/pocketca.conf)
        api=$(echo "$urls" | sed -n 1p)
        public=$(echo "$urls" | sed -n 2p)
    else
        say 'A CA under ./demo'
        run ./build/pocketca init --dir demo --name Demo \
            --listen-api "$api" --listen-public "$public"
    fi
    start_service

    say 'A key and a signing request'
    run openssl genpkey -algorithm RSA -out demo/web.key 2>/dev/null
    run openssl req -new -key demo/web.key -subj /CN=web.internal \
        -out demo/web.csr
    say 'A certificate'
    run curl -sSf -K demo/admin.curlrc --data-binary @demo/web.csr \
        -o demo/web.pem "$api/v1/certificates"
    run openssl verify -CAfile demo/root.pem -untrusted demo/web.pem \
        demo/web.pem
    handshake
    serial=$(openssl x509 -in demo/web.pem -noout -serial | sed 's/.*=//' |
        tr 'A-F' 'a-f')
    say 'Looked up'
    run curl -sSf -K demo/admin.curlrc "$api/v1/certificates?name=web.internal&limit=1"
    say 'Revoked'
    run curl -sSf -K demo/admin.curlrc -d reason=superseded -o /dev/null \
        "$api/v1/certificates/$serial/revoke"
    curl -sSf "$public/crl/issuing.crl" -o demo/issuing.crl
    printf '\n$ curl %s/crl/issuing.crl | openssl crl -inform DER -text\n' \
        "$public"
    openssl crl -inform DER -in demo/issuing.crl -noout -text |
        grep -i -A 4 "Serial Number: $serial" ||
        die 'the certificate is not on the CRL'
    rm -f demo/issuing.crl

    where='in another terminal'
    [ "$1" != --exit ] || where="when ./quickstart.sh has started it again"
    say "It works.  To go on with, $where:"
    cat <<END

cd $PWD
curl -K demo/admin.curlrc --data-binary @demo/web.csr -o web.pem $api/v1/certificates
curl -K demo/admin.curlrc "$api/v1/certificates?expires_within=30d"
curl -K demo/admin.curlrc -d reason=superseded $api/v1/certificates/SERIAL/revoke

README.md goes on from here.  To start anew: rm -r demo
END
    if [ "$1" = --exit ]; then
        stop_service
        return
    fi
    [ -n "$service" ] || return 0
    say 'The service runs until Ctrl-C; what it says (demo/serve.log):'
    tail -n 0 -f demo/serve.log &
    watcher=$!
    wait "$service"
}

# ---- every test
OUT=build-check
passed=0 failed=0
count() { # ADD-TO-PASSED ADD-TO-FAILED
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# stage NAME COMMAND…: its output goes to a file, its end is shown on failure.
stage() {
    name=$1
    shift
    began=$(date +%s)
    if "$@" >"$OUT/$name.log" 2>&1 </dev/null; then result=passed; else
        result=FAILED
        tail -n 60 "$OUT/$name.log"
        grep -E '^(FAIL|ERROR): ' "$OUT/$name.log" | tail -n 60
    fi
    printf '%-18s %s (%s s)\n' "$name" "$result" $(($(date +%s) - began))
    [ $result = passed ]
}

# step: a stage that counts as one.
step() {
    if stage "$@"; then count 1 0; else count 0 1; fi
}

# red LOG: of a test that failed, what it said at the points that did.
red() {
    echo "    $1:"
    { grep -E -A6 '^not ok|:[EF]:' "$1" || tail -n 20 "$1"; } |
        head -n 60 | cut -c1-240 | sed 's/^/        /'
}

# suite: a stage of automake's; counted from its own verdicts, and a unit test
# program by its checks.
suite() { # NAME DIR COMMAND…
    s_name=$1 s_dir=$2
    shift 2
    s_rc=0
    mkdir -p "$s_dir"
    find "$s_dir" -name '*.trs' -exec rm -f {} +
    stage "$s_name" "$@" || s_rc=1
    find "$s_dir" -name '*.trs' -exec cat {} + >"$OUT/verdicts"
    good=$(grep -c '^:test-result: PASS' "$OUT/verdicts") || true
    bad=$(grep -Ec '^:test-result: (FAIL|ERROR|XPASS)' "$OUT/verdicts") || true
    checks=$(find "$s_dir" -name '*.log' -path '*unit*' -exec \
        sed -n 's/^100%: Checks: \([0-9]*\), Failures: 0, Errors: 0$/\1/p' \
        {} + | awk '{ s += $1 - 1 } END { print s + 0 }')
    [ $s_rc -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1 # nothing ran
    if [ "$bad" -gt 0 ]; then
        grep -Elr '^:test-result: (FAIL|ERROR|XPASS)' --include='*.trs' \
            "$s_dir" | while read -r trs; do red "${trs%.trs}.log"; done
    fi
    count $((good + checks)) "$bad"
}

# Nobody looks at these with a debugger: only a sanitizer's report wants lines.
gcc_build() {
    configure_in $OUT/gcc && make -C $OUT/gcc CFLAGS='-O2 -Werror' &&
        make -C $OUT/gcc check TESTS= CFLAGS='-O2 -Werror'
}
asan_build() {
    configure_in $OUT/asan --disable-sandbox \
        --with-sanitizer=address,undefined &&
        make -C $OUT/asan CFLAGS='-g1 -O1 -Werror' &&
        make -C $OUT/asan check TESTS= CFLAGS='-g1 -O1 -Werror'
}
install_works() {
    rm -rf "$PWD/$OUT/root"
    make -C $OUT/gcc install DESTDIR="$PWD/$OUT/root" &&
        "$OUT/root/usr/local/bin/pocketca" version
}
man_pages() {
    for page in man/*.[1-8] man/*.conf.5; do
        mandoc -T lint -W warning "$page" || return 1
    done
}

# clang builds what is in the tarball, and that passes the tests that need
# nothing but it; that no file of ours is missing there is seen by name.
dist_works() {
    configure_in $OUT/clang CC=clang &&
        make -C $OUT/clang distcheck CFLAGS='-O2 -Werror' \
            DISTCHECK_CONFIGURE_FLAGS='CC=clang CFLAGS=-O2' \
            TESTS='$(UNIT) $(FUZZ) tests/layers.sh $(FIRST)' &&
        tar -tzf $OUT/clang/pocketca-*.tar.gz | sed 's,^[^/]*/,,' |
        sort >$OUT/tarball &&
        find bench doc etc fuzz m4 man sql src tests -type f | sort |
        comm -13 $OUT/tarball - >$OUT/missing &&
        sed 's/^/not in the tarball: /' $OUT/missing && [ ! -s $OUT/missing ]
}

check() {
    began_all=$(date +%s)
    install_missing test
    mkdir -p $OUT
    configured
    say "Every test, twenty minutes or so (what a stage says: $OUT/STAGE.log)"
    step build-gcc gcc_build
    suite check $OUT/gcc make -C $OUT/gcc check
    suite interop $OUT/gcc/tests/interop make -C $OUT/gcc interop
    step install install_works
    step manual man_pages
    step build-asan asan_build
    ROUNDS=8 LIMIT=6000 SLACK=5 suite check-asan $OUT/asan make -C $OUT/asan check
    step distcheck-clang dist_works
    echo "$(($(date +%s) - began_all)) s in all"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

case ${1:-} in
check) check ;;
'' | --exit) quickstart "${1:-}" ;;
-h | --help) sed -n '3,14s/^# \{0,1\}//p' "$0" ;;
*) die "unknown argument $1; there are: check, --exit, --help" ;;
esac
