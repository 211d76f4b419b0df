#!/bin/sh
# SPDX-License-Identifier: ISC
# --out: nothing is issued that cannot be handed over, and a file that was
# begun for what is refused does not stay.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"
csr a.internal
A=$T/a.internal.csr
issued() { "$POCKETCA" list | wc -l; }

ok 'a new file' "$POCKETCA" issue "$A" --out "$T/new.pem"
ok 'has the chain' openssl verify -CAfile "$CA/root.pem" \
    -untrusted "$T/new.pem" "$T/new.pem"
serial=$(serial_of "$T/new.pem")
cp "$T/new.pem" "$T/kept.pem"
ln -s nowhere "$T/link.pem"
mkdir "$T/dir"
openssl req -new -key "$T/a.internal.key" -subj '/CN=Below' -out "$T/sub.csr"
refused() { # WHAT PATH
    exits 1 "issue: $1" "$POCKETCA" issue "$A" --out "$2"
    like 'is told' "$T/out" "^pocketca: --out: $2: "
    exits 1 "renew: $1" "$POCKETCA" renew "$serial" --out "$2"
    like 'is told' "$T/out" "^pocketca: --out: $2: "
    exits 1 "sign-intermediate: $1" "$POCKETCA" sign-intermediate \
        --authority issuing "$T/sub.csr" --out "$2"
    like 'is told' "$T/out" "^pocketca: --out: $2: "
    is 'nothing was issued' "$(issued)" 1
}
refused 'there already' "$T/new.pem"
ok 'and untouched' cmp "$T/new.pem" "$T/kept.pem"
refused 'a link to nothing' "$T/link.pem"
refused 'a directory' "$T/dir"
refused 'a directory that is not there' "$T/none/x.pem"
refused 'a file for a directory' "$A/x.pem"
refused 'where nobody may write' /proc/x.pem

# what was begun is gone when nothing came of it
exits 1 'a refusal' "$POCKETCA" issue "$A" --profile nope --out "$T/x.pem"
no 'leaves no file' test -e "$T/x.pem"
exits 1 'a refusal to renew' "$POCKETCA" renew 00 --out "$T/x.pem"
no 'leaves none' test -e "$T/x.pem"
exits 1 'no configuration' "$POCKETCA" issue -c "$T/none" "$A" --out "$T/x.pem"
no 'leaves none' test -e "$T/x.pem"
exits 2 'a bad value' "$POCKETCA" issue "$A" --names 'a..b' --out "$T/x.pem"
no 'begins none' test -e "$T/x.pem"
is 'nothing was issued' "$(issued)" 1

# killed while the service does not answer
serve
kill -STOP "$(pid_of signer)"
"$POCKETCA" issue "$A" --out "$T/x.pem" >"$T/out" 2>&1 &
killed=$!
eventually 50 'the file is there at once' test -e "$T/x.pem"
kill -KILL "$killed"
eventually 50 'and gone when the command is killed' test ! -e "$T/x.pem"
kill -CONT "$(pid_of signer)"
wait "$killed" 2>/dev/null
rm -f "$T/y.pem"
ok 'beside the service' "$POCKETCA" issue "$A" --out "$T/y.pem"
ok 'the file stays' test -s "$T/y.pem"
stop

# root becomes the owner of the data, and writes where that one may not
if [ "$(id -u)" -eq 0 ]; then
    chmod 711 "$T"
    chown -R nobody "$CA"
    mkdir -m 700 "$T/root"
    ok "root's own directory" "$POCKETCA" issue "$A" --out "$T/root/x.pem"
    ok 'has the file' test -s "$T/root/x.pem"
    is 'its own' "$(stat -c '%U %a' "$T/root/x.pem")" 'root 600'
    exits 1 'a refusal' "$POCKETCA" issue "$A" --profile nope --out "$T/root/y.pem"
    no 'leaves no file' test -e "$T/root/y.pem"
    is 'no file of root is in data' "$(find "$CA" -user root)" ''
fi
finish
