#!/bin/sh
# SPDX-License-Identifier: ISC
# What a user meets is written down, and what is written down is there: metrics,
# events of the log, error codes, options, keys of the configuration.
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
