#!/bin/sh
# SPDX-License-Identifier: ISC
# What init prints to be run next runs as it is printed, whatever is in a path.
. "${SOURCE:?}/tests/scenario/lib.sh"

PATH=$(cd "$(dirname "$POCKETCA")" && pwd):$PATH
CA="$T/it's \$HOME & \"co\""
mkdir "$T/here"
made() { # OPTION…: an authority, what was printed in $T/printed
    ok "init $*" pocketca init --name Test "$@"
    sed -n 's/^  \(pocketca\|curl\) /\1 /p' "$T/out" >"$T/printed"
}
printed() { # N: the n-th command
    sed -n "$1p" "$T/printed"
}
run() { # WHAT N: it succeeds, where the CSR and the chain are
    ok "$1" sh -c "cd '$T/here' && $(printed "$2")"
}

# ---- an offline root, and the authority that it signs
echo 'root words' >"$T/root pass"
mkdir "$CA"
for how in '' "--root-key-out=$T/root's key.pem"; do
    rm -rf "$CA/root" "$CA/issuing" "$T/here"
    mkdir "$T/here"
    made --root-only --dir "$CA/root" --passphrase-file "$T/root pass" \
        --public-url http://pki.example ${how:+"${how%%=*}" "${how#*=}"}
    cp "$T/printed" "$T/root.printed"
    is 'one command' "$(wc -l <"$T/printed")" 1
    ports
    made --issuing-csr --dir "$CA/issuing" --host localhost \
        --listen-api "$API" --listen-public "$PUBLIC"
    is 'and one' "$(wc -l <"$T/printed")" 1
    cp "$T/printed" "$T/issuing.printed"
    cp "$CA/issuing/issuing.csr" "$T/here"
    cp "$T/root.printed" "$T/printed"
    run 'the root signs' 1
    cp "$T/issuing.printed" "$T/printed"
    run 'the chain is installed' 1
done
ok 'and fits' pocketca check -c "$CA/issuing/pocketca.conf"

# ---- a service, by the address that clients have for it
serves() { # WHAT: the first command starts it, the second issues
    is 'two commands' "$(wc -l <"$T/printed")" 2
    : >"$T/log"
    sh -c "exec $(printed 1)" >>"$T/log" 2>&1 </dev/null &
    SERVE=$!
    eventually 600 "$1 starts" grep -qE '\bready\b' "$T/log"
    run "$1 issues" 2
    like 'a certificate' "$T/out" 'BEGIN CERTIFICATE'
    stop
}
csr web.internal
cp "$T/web.internal.csr" "$T/here/server.csr"
ports
made --dir "$CA/ip" --host ::1 --listen-api "https://[::]:$api_port" \
    --listen-public "$PUBLIC"
serves 'one at any address'
made --dir "$CA/one" --listen-api "https://[::1]:$api_port" \
    --listen-public "$PUBLIC"
serves 'one at one address'
made --dir "$CA/unix" --listen-api 'unix:an api.sock' \
    --listen-public "$PUBLIC"
serves 'one at a socket'
finish
