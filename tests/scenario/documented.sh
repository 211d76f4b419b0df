#!/bin/sh
# SPDX-License-Identifier: ISC
# What a user meets is written down, and what is written down is there: metrics,
# events of the log, error codes, options, keys of the configuration, and how a
# backup is made and restored; what is installed names what is installed.
. "${SOURCE:?}/tests/scenario/lib.sh"

same() { # WHAT: $T/there and $T/told have the same lines
    sort -u "$T/there" >"$T/there.sorted"
    sort -u "$T/told" >"$T/told.sorted"
    [ "$(wc -l <"$T/there.sorted")" -gt 10 ]
    is "$1: some are found" $? 0
    is "$1: written down" "$(comm -23 "$T/there.sorted" "$T/told.sorted")" ''
    is "$1: there" "$(comm -13 "$T/there.sorted" "$T/told.sorted")" ''
}
operating=$SOURCE/doc/OPERATING.md

# ---- metrics
init
serve
want 200 - 'metrics' "$API/metrics"
sed -n 's/^# HELP \([a-z_]*\) .*/\1/p' "$T/body" >"$T/there"
sed -n 's/^| `\(pocketca_[a-z_]*\)` .*/\1/p' "$operating" >"$T/told"
same metrics
grep -o 'pocketca_[a-z_]*' "$SOURCE/etc/alerts.yml" | sort -u |
    comm -23 - "$T/told.sorted" >"$T/strange"
is 'alerts are about metrics that there are' "$(cat "$T/strange")" ''
stop

# ---- backup and restore, word for word but for the places
block() { # the Nth of the section
    awk -v n="$1" '/^## / { on = /^## Backup/ } /^```/ { b = /^```sh/; k += on && b; next }
        on && b && k == n' "$operating" |
        sed "s#/root/pocketca-backup#$T/backup#g; s#/var/lib/pocketca#$CA#g
            s#/etc/pocketca#$T/etc#g; s#chown -R pocketca:#chown -R $(id -u)#
            s#^pocketca audit#& -c $T/etc/pocketca.conf#; /^systemctl enable/d"
}
PATH=$(cd "$(dirname "$POCKETCA")" && pwd):$PATH
mkdir "$T/etc"
{ echo "data = \"$CA\"" && grep -v '^data' "$CA/pocketca.conf"; } \
    >"$T/etc/pocketca.conf" # in a directory of its own, as without --dir
rm "$CA/pocketca.conf"
launch() {
    "$POCKETCA" serve -c "$T/etc/pocketca.conf" >>"$T/log" 2>&1 </dev/null &
    SERVE=$!
}
serve
issue before.internal
kept=$serial
block 1 >"$T/backup.sh"
is 'the backup is a block' "$(grep -c sqlite3 "$T/backup.sh")" 1
ok 'which runs beside the service' sh -e "$T/backup.sh"
issue revoked.internal
after=$serial
want 200 - 'what is revoked after it' -X POST -d reason=keyCompromise \
    "$API/v1/certificates/$kept/revoke"
stop
mv "$CA" "$T/lost"
rm -r "$T/etc"
block 2 >"$T/restore.sh"
is 'the restoration is one' "$(grep -c 'pocketca audit' "$T/restore.sh")" 1
ok 'which runs, and audits' sh -e "$T/restore.sh"
is 'what is secret is for the owner alone' "$(find "$CA" -name '*.key' -perm /077)" ''
is 'so is the ledger' "$(stat -c %a "$CA" "$CA/ledger.db" | tr '\n' ' ')" '700 600 '
serve
want 200 - 'the service is ready' "$API/readyz"
want 200 - 'it has what was issued before' "$API/v1/certificates/$kept"
json 'as it was' '.status == "valid"'
want 404 not-found 'and not what came after' "$API/v1/certificates/$after"
issue again.internal
ok 'its ledger audits' "$POCKETCA" audit -c "$T/etc/pocketca.conf"
stop

# with the newest crl/, what was revoked after the backup is known to be missing
cp -a "$T/lost/crl/." "$CA/crl"
serve
line=$(sed -n 's/.*\(pocketca import --authority issuing --crl [^ "\\]*\).*/\1/p' "$T/log" | tail -n 1)
is 'the log names the command' "${line:+yes}" yes
# shellcheck disable=SC2086 # words
ok 'which is accepted' $line -c "$T/etc/pocketca.conf"
want 200 - 'then it is known' "$API/v1/certificates/$kept"
json 'as revoked' '.status == "revoked" and .reason == "keyCompromise"'
ok 'and the ledger audits' "$POCKETCA" audit -c "$T/etc/pocketca.conf"
stop

# ---- what is installed names what is installed
ok 'make install' "${MAKE:-make}" -C "$BUILD" "DESTDIR=$T/root" \
    install-nobase_dist_docDATA install-man
docs=$(find "$T/root" -name README.md -exec dirname {} \;)
find "$docs" -name '*.md' | while read -r page; do
    grep -o '](\([^)]*\))' "$page" | sed 's/](\(.*\))/\1/; s/#.*//' |
        grep -v -e '^http' -e '^$' | while read -r to; do
        [ -e "$(dirname "$page")/$to" ] || echo "${page##*/}: $to"
    done
done >"$T/strange"
is 'every link' "$(cat "$T/strange")" ''
cat "$docs"/README.md "$docs"/SECURITY.md "$docs"/NEWS "$docs"/doc/OPERATING.md \
    "$docs"/etc/* "$T/root"/*/*/*/man/man?/* "$T/root"/*/*/man/man?/* 2>/dev/null |
    grep -oE '`?\b(doc|etc)/[A-Za-z.]+\.(md|yml|yaml|conf)\b' | tr -d '`' | sort -u |
    while read -r file; do
        [ -e "$docs/$file" ] || echo "$file"
    done >"$T/strange"
is 'every file of doc/ and etc/' "$(cat "$T/strange")" ''

# ---- events that do not end a process; a name stands within two lines
cat "$SOURCE"/src/*.c | tr -s '\n ' '  ' >"$T/source"
{
    grep -oE 'log_msg\(LOG_[A-Z]+, "[a-z-]+"' "$T/source"
    grep -oE 'log_begin\([^"();]*, "[a-z-]+"\)' "$T/source"
    grep -oE '\.event = "[a-z-]+"' "$T/source"
} | sed 's/.*"\(.*\)".*/\1/' >"$T/there"
sed -n '/^## The log/,$s/^| \(`[^|]*`\) | [a-z]* |.*/\1/p' "$operating" |
    grep -o '[a-z-]*' >"$T/told"
same events

# ---- error codes
sed -n 's/^    X([A-Z_]*, [0-9]*, "\([a-z-]*\)".*/\1/p' "$SOURCE/src/err.h" >"$T/there"
sed -n '/^    | status | codes |/,/^servers/s/^    | [0-9 ]* | \(.*\) |$/\1/p' \
    "$SOURCE/doc/openapi.yaml" | sed 's/; with.*//' | grep -o '[a-z-]*' >"$T/told"
same 'error codes'

# ---- keys of the configuration
cat "$SOURCE/src/conf_section.c" "$SOURCE/src/conf_profile.c" |
    sed -n 's/^    {"\([a-z-]*\)", \(true\|false\), .*/\1/p' >"$T/there"
sed -n 's/^\.It Cm \([a-z-]*\) = .*/\1/p' "$SOURCE/man/pocketca.conf.5" >"$T/told"
same 'keys'

# ---- options of each command; those of revoke are also those of list
sections() { # its Fl macros, each behind its command
    awk '/^\.Sh SIGNALS/ { exit }
        /^\.It Cm/ && $3 ~ /^[a-z-]+$/ && $3 !~ /^--/ { c = $3 }
        c { n = split($0, part, "Fl -"); for (i = 2; i <= n; i++) {
            sub(/[^a-z0-9-].*/, "", part[i]); print c " --" part[i] } }' \
        "$SOURCE/man/pocketca.1"
}
"$POCKETCA" help | sed -n 's/^  *\([a-z-]*\) .*/\1/p' >"$T/commands"
while read -r c; do
    for sub in '' make list remove; do
        # shellcheck disable=SC2086 # none is no argument
        [ -n "$sub" ] && [ "$c" != token ] || "$POCKETCA" $c $sub --help
    done | grep -o '^ *\(-[a-z], \)*--[a-z0-9-]*' | sed "s/.*--/$c --/"
done <"$T/commands" | grep -v -e '--help$' -e '--config$' >"$T/there"
{
    sections | grep -v 'revoke --\(order\|cursor\|limit\)$'
    sections | sed -n 's/^list \(--.*\)/revoke \1/p' |
        grep -v -e '--order$' -e '--cursor$' -e '--limit$' -e '--csv$'
    echo 'show --json' # in the synopsis
} >"$T/told"
same options
finish
