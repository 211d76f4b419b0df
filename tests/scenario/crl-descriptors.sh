#!/bin/sh
# SPDX-License-Identifier: ISC
# A partition's CRL takes a descriptor: as many are opened as the limit of open
# files has room for, while clients take all that they may; then it is said.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
sed -i 's/^authority issuing.*/&\n    crl-partition-size = 1/
    s/^host .*/&\nmax-connections = 8/' "$CA/pocketca.conf"
export POCKETCA_CONF="$CA/pocketca.conf"
PROGRAM=$POCKETCA
cat >"$T/limited" <<END
#!/bin/sh
ulimit -n 160
exec "$PROGRAM" "\$@"
END
chmod +x "$T/limited"
open() { # how many partitions there are
    ls "$CA/crl/issuing" | grep -c '^[0-9]*[.]crl$'
}

POCKETCA=$T/limited
serve
csr one.internal
steady_pids="$(pid_of front) $(pid_of signer)"
n=0
while [ "$n" -lt 200 ]; do
    req --data-binary @"$T/one.internal.csr" "$API/v1/certificates"
    [ "$status" = 201 ] || break
    cp "$T/body" "$T/one.internal.pem"
    n=$((n + 1))
done
is 'it ends with a refusal' "$status $(jq -r .code "$T/body")" '503 storage-full'
# 160, less 64, less two for each of 8 connections of each of 2 listeners
room=64
is 'there are as many lists as there is room for' \
    "$(($(open) + 2))" "$room" # the complete one, and the root's
want 503 - 'not ready' "$API/readyz"
json 'and why' 'any(.reasons[];
    . == "crl: the next partition of issuing cannot be opened: storage-full")'
json 'with the figures' "any(.warnings[]; . ==
    \"crl: $room are served, and the limit of open files has room for $room\")"
like 'the log says what to do' "$T/log" \
    'level=error .*event=crl .*limit of open files has room for 64: raise it'

# while all connections but one are taken
last=$(openssl x509 -in "$T/one.internal.pem" -noout -ext crlDistributionPoints |
    sed -n 's/.*URI://p')
holders=
for port in "$api_port" "$public_port"; do
    for i in 1 2 3 4 5 6 7; do
        "$RAWHTTP" -t 60000 -i 60000 127.0.0.1 "$port" </dev/null >/dev/null 2>&1 &
        holders="$holders $!"
    done
done
taken() {
    curl -sS --cacert "$CA/root.pem" --oauth2-bearer "$BEARER" "$API/metrics" |
        grep -q '^pocketca_connections 15$'
}
eventually 50 'they are, and our own' taken
serial=$(serial_of "$T/one.internal.pem")
want 200 - 'it can be revoked' -X POST "$API/v1/certificates/$serial/revoke"
curl -sSf "$last" -o "$T/last.crl"
is 'and is on its list' "$(openssl crl -inform DER -in "$T/last.crl" -noout -text |
    grep -c 'Serial Number')" 1
for i in $holders; do
    kill "$i" 2>/dev/null
    wait "$i" 2>/dev/null
done
is 'the processes are the same' "$(pid_of front) $(pid_of signer)" "$steady_pids"
stop

POCKETCA=$PROGRAM
serve
want 200 - 'with a higher limit it is ready' "$API/readyz"
issue two.internal
finish
