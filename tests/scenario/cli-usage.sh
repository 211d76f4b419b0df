#!/bin/sh
# SPDX-License-Identifier: ISC
# A value that an option cannot have is wrong usage, exit 2, for every option of
# every command; what was understood and refused, or failed, is exit 1.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
export POCKETCA_CONF="$CA/pocketca.conf"
issue_offline() {
    csr "$1"
    "$POCKETCA" issue "$T/$1.csr" >"$T/$1.pem" 2>"$T/err" || bail "issue $1"
    serial=$(serial_of "$T/$1.pem")
}
issue_offline a.internal
csr b.internal
B=$T/b.internal.csr
long=$(head -c 300 /dev/zero | tr '\0' x)
esc=$(printf 'a\033b')
: >"$T/said"

# bad COMMAND OPTION VALUE...: $* of `with` are the other words of the command
with() { others=$*; }
bad() {
    b_command=$1 b_option=$2
    shift 2
    echo "$b_command $b_option" >>"$T/said"
    for value; do
        # shellcheck disable=SC2086
        exits 2 "$b_command --$b_option '$(printf %.20s "$value" | tr -d '\033')'" \
            "$POCKETCA" $b_command $others "--$b_option=$value"
        like 'says why' "$T/out" '^pocketca.*: .'
    done
}
spans='soon 90 d -1d 1.5d 0d 90D 999999d'
times='yesterday 2026-01-31 2026-13-01T00:00:00Z 2026-01-31T12:00:00'

with --dir "$T/x" --name X
b_dir=$T/x
for o in lifetime root-lifetime; do
    # shellcheck disable=SC2086
    bad init $o $spans 59m
done
bad init lifetime 30y # longer than the root's
bad init key ec:P-521 ec:P-192 rsa:1024 rsa:4097 rsa:2048-4096 dsa '' ED
bad init host 'a..b' '' '*.a.b' 'u@a.b' 'uri://x/'
bad init allow 'dns:a..b' '' 'ip:10.0.0.0/99' 'cn:x'
bad init listen-api '' x https://a.b http://192.0.2.1:80 unix: 'https://127.0.0.1:99999'
bad init listen-public '' x ftp://127.0.0.1:1 http://127.0.0.1:0x10 \
    http://127.0.0.1:8443 # where the API is
bad init public-url '' x ftp://a.b 'http://a b'
bad init passphrase-fd x -1 '' 1x 999999
with --dir "$T/x"
bad init name '' "$esc" "$(head -c 51 /dev/zero | tr '\0' x)"
with --dir "$T/x" --name X --root-only
exits 2 'init: what does not go together' "$POCKETCA" init --dir "$T/x" --name X \
    --root-only --issuing-csr
for o in '--host a.b' '--constrain' '--lifetime 1y' '--allow dns:a.b'; do
    # shellcheck disable=SC2086
    exits 2 "init --root-only $o" "$POCKETCA" init $others $o
done
exits 2 'init: --import-key alone' "$POCKETCA" init --dir "$T/x" --name X \
    --import-key "$CA/keys/root.key"
no 'nothing was made' test -e "$b_dir"

for c in serve check; do
    with ''
    bad "$c" passphrase-fd x -1 ''
    exits 2 "$c: two sources of passphrases" "$POCKETCA" "$c" \
        --passphrase-fd 3 --passphrase-file "$B"
done
for c in issue explain; do
    with "$B"
    # shellcheck disable=SC2086
    bad $c lifetime $spans
    # shellcheck disable=SC2086
    bad $c not-before $times
    bad $c names '' 'a..b' 'a,b..c' '10.0.0.256' '*'
    bad $c replaces '' xyz 123456789012345678901234567890123456789012345678
    bad $c profile ''
done
bad issue note "$long" "$esc"
with "$serial"
# shellcheck disable=SC2086
bad renew lifetime $spans
exits 2 'renew: no serial number' "$POCKETCA" renew xyz
exits 2 'show: no serial number' "$POCKETCA" show xyz
exits 2 'status: neither' "$POCKETCA" status xyz
exits 2 'revoke: neither' "$POCKETCA" revoke xyz
bad revoke reason bored '' KeyCompromise 1
bad revoke renewals yes '' 1
with ''
for c in list revoke; do
    bad $c name '' 'a..b' '%' '_' "'; DROP" 'ip:10.0.0.0/99' "$esc"
    bad $c covers '' '*.a.b' 10.0.0.1 'a..b'
    bad $c status '' any good VALID
    bad $c replaced '' yes 1
    bad $c key-sha256 '' abc "$long"
    bad $c sha256 '' xyz "$long"
    for o in issued-after issued-before expires-after expires-before; do
        # shellcheck disable=SC2086
        bad $c $o '' $times
    done
    # shellcheck disable=SC2086
    bad $c expires-within '' $spans
    for o in profile authority requester; do
        bad $c $o '' "$long"
    done
done
bad list order '' newest ISSUED
bad list limit 0 -1 1001 1e9 '' x 1.5
bad list cursor '' x 00 "$long"
with --label L --roles read
bad token\ make role '' nope READ
bad token\ make uses 0 -1 x 1e3 '' 9999999999
# shellcheck disable=SC2086
bad token\ make lifetime $spans '' Never
# empty would be no limit at all
bad token\ make names '' 'a..b' 'ip:x/8'
bad token\ make name '' 'a..b'
bad token\ make profiles ''
bad token\ make profile ''
with --label L
bad token\ make roles '' nope 'read,nope'
with --roles read
bad token\ make label '' "$esc" "$long"
with "$B"
bad block note "$esc" "$long"
bad sign-intermediate lifetime soon 1 59m
bad sign-intermediate path-len x -1 10 ''
bad sign-intermediate constrain ''
bad sign-intermediate passphrase-fd x
with "$CA/chain.pem"
bad install-chain passphrase-fd x
with sign --authority root
# shellcheck disable=SC2086
bad crl lifetime $spans
bad crl passphrase-fd x

# every option whose value has a form is among these
for c in init serve issue explain list show status renew revoke import block \
    'token make' 'token list' 'token remove' sign-intermediate install-chain crl \
    check lint audit clock version; do
    # shellcheck disable=SC2086
    "$POCKETCA" $c --help | sed -n "s/^  .*--\([a-z0-9-]*\) \([A-Za-z|]*\).*/\2 \1 $c/p"
done >"$T/options"
sed -n '/^\(FILE\|D\|NAME\|ID\|TEXT\|FILE|HEX\|\) /!s/^[^ ]* \([^ ]*\) \(.*\)/\2 \1/p' \
    "$T/options" | sort -u >"$T/all"
sort -u "$T/said" | comm -13 - "$T/all" >"$T/left"
is 'no option was forgotten' "$(cat "$T/left")" ''
is 'there are many' "$([ "$(wc -l <"$T/all")" -gt 40 ] && echo yes)" yes

# a variable that a script meant to fill in: no value but a text is empty, no
# operand is
grep -Ev '^(TEXT|) ' "$T/options" >"$T/valued"
is 'most have a value' "$([ "$(wc -l <"$T/valued")" -gt 70 ] && echo yes)" yes
while read -r _ o c; do
    for value in "--$o=" "--$o "; do
        # shellcheck disable=SC2086 # the value is a word of its own, or none
        case $value in
            *=) "$POCKETCA" $c "$value" ;;
            *) "$POCKETCA" $c "--$o" '' ;;
        esac >"$T/out" 2>&1 </dev/null
        is "$c $value, empty" $? 2
        like 'is named' "$T/out" "^pocketca (token )?$c: --$o is empty"
    done
done <"$T/valued"
for c in issue explain show status renew revoke import block 'token remove' \
    sign-intermediate install-chain 'crl import' lint; do
    # shellcheck disable=SC2086
    exits 2 "$c of nothing" "$POCKETCA" $c ''
    like 'says which argument' "$T/out" 'argument [12] is empty'
done

# understood, and refused
exits 1 'a profile that is not there' "$POCKETCA" issue "$B" --profile nope
exits 1 'a lifetime that is too long' "$POCKETCA" issue "$B" --lifetime 99y
exits 1 'a serial number that is not there' "$POCKETCA" show 00
exits 1 'a role for a profile that is not there' "$POCKETCA" token make \
    --label L --roles issue --profiles nope
exits 1 'an authority that is not there' "$POCKETCA" crl sign --authority no
exits 1 'a file that is not there' "$POCKETCA" list -c "$T/none"
exits 1 'a directory that is not empty' "$POCKETCA" init --dir "$CA" --name X
"$POCKETCA" list --json >"$T/body"
json 'nothing was issued' '.certificates | length == 1'
"$POCKETCA" token list --json >"$T/body"
json 'and no token made' '.tokens | length == 1'

# what leads on
if [ ! -e /etc/pocketca/pocketca.conf ]; then
    exits 1 'no configuration' env -u POCKETCA_CONF "$POCKETCA" list
    like 'and how one is named' "$T/out" 'pocketca\.conf: No such file .*-c FILE'
fi
exits 1 'a configuration that was named' "$POCKETCA" list -c "$T/none"
unlike 'needs no advice' "$T/out" '-c FILE'
exits 1 'a chain for a CSR' "$POCKETCA" issue "$T/a.internal.pem"
like 'is called one' "$T/out" '"CERTIFICATE"; a CERTIFICATE REQUEST is expected'
for c in show renew; do
    exits 2 "$c of a file" "$POCKETCA" $c "$T/a.internal.pem"
    like 'leads to serial numbers' "$T/out" 'hexadecimal; `pocketca list` shows'
done
for c in revoke status; do
    exits 2 "$c of a file that is not there" "$POCKETCA" $c "$T/none.pem"
    like 'says both' "$T/out" 'neither a file that is there nor a serial number'
done
for word in create -c; do
    exits 2 "token $word" "$POCKETCA" token $word list
    like 'names the verbs' "$T/out" "make, list or remove comes first, not \"$word"
done
for c in 'help nope' nope; do
    # shellcheck disable=SC2086
    exits 2 "$c" "$POCKETCA" $c
    like 'leads to the list' "$T/out" '^Try `pocketca help`\.$'
done

# what usage is asked for is standard output's, what it is said for is not
"$POCKETCA" >"$T/stdout" 2>"$T/stderr"
is 'no command: exit 2' $? 2
is 'nothing on standard output' "$(wc -c <"$T/stdout")" 0
like 'the usage on standard error' "$T/stderr" '^usage: pocketca'
for o in --help -h help; do
    "$POCKETCA" $o >"$T/stdout" 2>"$T/stderr"
    is "$o: exit 0" $? 0
    like "$o: on standard output" "$T/stdout" '^usage: pocketca'
    is "$o: nothing on standard error" "$(wc -c <"$T/stderr")" 0
done
finish
