#!/bin/sh
# SPDX-License-Identifier: ISC
# init never overwrites, leaves nothing half-made, and takes its options.
. "${SOURCE:?}/tests/scenario/lib.sh"

pca() { "$POCKETCA" "$@"; }
left() { find "$T" -mindepth 1 -maxdepth 1 ! -name out ! -name 'init.*' \
    ! -name 'kept' ! -name '*.pem' ! -name 'pass' ! -name sums | sort; }

mkdir -p "$T/full"
echo mine >"$T/full/file"
before=$(left)
no 'a directory with something in it' pca init --dir "$T/full" --name X
is 'is left alone' "$(ls -A "$T/full")" file
is 'and nothing is left beside it' "$(left)" "$before"

exits 2 'no name is a usage error' pca init --dir "$T/x"
exits 2 'an unknown option is a usage error' pca init --dir "$T/x" --name X --nope
for bad in '--key ec:P-192' '--key rsa:1024' '--key rsa:8192' \
    '--lifetime 0d' '--lifetime soon' '--listen-api ftp://127.0.0.1:1' \
    '--listen-api http://0.0.0.0:8443' '--listen-public https://127.0.0.1:1' \
    '--allow dns:a..b' '--allow ip:10.0.0.0/33' '--host a..b' \
    '--public-url https://x'; do
    # shellcheck disable=SC2086
    no "refuses $bad" pca init --dir "$T/x" --name X $bad
    is 'and leaves nothing' "$(left)" "$before"
done
no 'a parent that is missing' pca init --dir "$T/no/such/x" --name X
is 'leaves nothing' "$(left)" "$before"

# an empty directory may be there
mkdir -m 700 "$T/empty"
ok 'an empty directory is taken' pca init --dir "$T/empty" --name X
ok 'and is complete' test -s "$T/empty/ledger.db"
ok 'check agrees' pca check -c "$T/empty/pocketca.conf"
(cd "$T/empty" && find . -type f -exec sha256sum {} + | sort) >"$T/sums"
no 'a second init is refused' pca init --dir "$T/empty" --name X
(cd "$T/empty" && find . -type f -exec sha256sum {} + | sort) >"$T/kept"
ok 'and changes nothing' cmp "$T/sums" "$T/kept"
is 'keys are for the owner only' "$(stat -c %a "$T/empty/keys")" 700
is 'each key too' "$(stat -c %a "$T/empty/keys/"* | sort -u)" 600
curlrc=$(sed '/^#/d; s/[ =].*//' "$T/empty/admin.curlrc" | sort | tr '\n' ' ')
is 'curlrc has the two options' "$curlrc" 'cacert oauth2-bearer '

# kinds of keys
for key in ec:P-256 ec:P-384 ed25519 rsa:2048 rsa:3072; do
    ok "--key $key" pca init --dir "$T/k-$key" --name K --key "$key"
    ok "$key verifies" openssl verify -x509_strict \
        -CAfile "$T/k-$key/root.pem" "$T/k-$key/issuing.pem"
    ok "$key: the root's CRL is there" test -s "$T/k-$key/crl/root.crl"
    ok "$key: and verifies" openssl crl -inform DER -noout -verify \
        -in "$T/k-$key/crl/root.crl" -CAfile "$T/k-$key/root.pem"
done

# lifetimes
ok 'lifetimes' pca init --dir "$T/l" --name L --lifetime 5y --root-lifetime 8y
days() {
    a=$(date -d "$(openssl x509 -in "$1" -noout -startdate | cut -d= -f2)" +%s)
    b=$(date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s)
    echo $(((b - a + 1) / 86400))
}
is 'issuing' "$(days "$T/l/issuing.pem")" $((5 * 365))
is 'root' "$(days "$T/l/root.pem")" $((8 * 365))

# the root key elsewhere, or encrypted
ok '--root-key-out' pca init --dir "$T/o" --name O --root-key-out "$T/root-key.pem"
ok 'the key is there' openssl pkey -in "$T/root-key.pem" -noout
is 'private' "$(stat -c %a "$T/root-key.pem")" 600
no 'and not under keys' test -e "$T/o/keys/root.key"
no '--root-key-out never overwrites' pca init --dir "$T/o2" --name O \
    --root-key-out "$T/root-key.pem"
no 'and leaves nothing' test -e "$T/o2"
echo 'correct horse' >"$T/pass"
ok '--passphrase-file' pca init --dir "$T/p" --name P --passphrase-file "$T/pass"
like 'the root key is encrypted' "$T/p/keys/root.key" 'ENCRYPTED'
ok 'with that passphrase' openssl pkey -in "$T/p/keys/root.key" \
    -passin "file:$T/pass" -noout
unlike 'the issuing key is not' "$T/p/keys/issuing.key" 'ENCRYPTED'

# a bad constraint is told before the file of the key is opened
exits 2 '--constrain what cannot be' pca init --dir "$T/x" --name X \
    --constrain --allow 'dns:**,uri:https://10.0.0.1/' \
    --root-key-out "$T/no/such/key"
like 'is named' "$T/out" 'has an address as host'

# --host names more, and this machine reaches the service as before
init --host ca.internal
serve
csr a.internal
sed -n 's/^  curl \(.*@\)server.csr/\1a.internal.csr/p' "$T/init.out" >"$T/args"
# shellcheck disable=SC2046 # as it was printed
(cd "$T" && curl -fsS -o "$T/a.pem" $(cat "$T/args"))
is 'the line that init prints' $? 0
like 'has a certificate' "$T/a.pem" 'BEGIN CERTIFICATE'
for host in ca.internal localhost 127.0.0.1 '[::1]'; do
    want 200 - "as $host" --connect-to "::${API##*/}" "https://$host/healthz"
done
stop
like 'the first is the one that was given' "$CA/pocketca.conf" \
    '^host = \{ "ca.internal", "localhost", "127.0.0.1", "::1" \}'

# killed in the middle: whatever is left is not the target, or is whole
for delay in 0.01 0.03 0.06 0.1; do
    setsid "$POCKETCA" init --dir "$T/killed" --name K --key rsa:4096 \
        >/dev/null 2>&1 &
    pid=$!
    sleep $delay
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
    if [ -e "$T/killed" ]; then
        ok "killed after $delay s: whole" \
            pca check -c "$T/killed/pocketca.conf"
        rm -rf "$T/killed"
    else
        is "killed after $delay s: nothing" \
            "$(find "$T" -maxdepth 1 -name '*killed*')" ''
    fi
done
finish
