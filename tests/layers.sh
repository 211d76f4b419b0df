#!/bin/sh
# SPDX-License-Identifier: ISC
# The tie between the layers runs one way: looks at the symbols of the objects
# in libpocketca.a.  The groups are the variables of Makefile.am.  And no file,
# function or line of the sources is longer than it may be.
set -u

tmp=$(mktemp -d "${TMPDIR:-/tmp}/layers.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT

# Who may use what.  `ground` is the part of the floor that knows nothing of
# certificates; `shared` is the rest of it: messages, records, configuration.
GROUND='src/aside.c src/buf.c src/err.c src/log.c src/mem.c src/tm.c src/utf8.c'
GROUND="$GROUND src/sandbox.c src/sandbox_filter.c"
RULES='ground:ground
trade:ground trade
shared:ground trade shared
proc:ground trade shared proc
ledger:ground trade shared ledger
signer:ground trade shared proc ledger signer
front:ground trade shared proc front
supervisor:ground trade shared proc supervisor'
# Foreign functions that give a wrong dependency away.
FOREIGN='ground:MHD_|gnutls_|sqlite3_|json_|cfg_
trade:MHD_|gnutls_|sqlite3_|json_|cfg_|socket$|connect$|bind$|listen$|accept4?$
ledger:MHD_|gnutls_|json_|cfg_|socket$|connect$|bind$|listen$
signer:MHD_|gnutls_|json_
front:sqlite3_|cfg_|execve
supervisor:MHD_|gnutls_|sqlite3_|json_
commands:MHD_([a-fh-z]|get_[^v])'

# group_of FILE.c: every source in exactly one group
list_groups() {
    for f in ${FLOOR:-} ${CONF:-}; do
        case " $GROUND " in
        *" $f "*) echo "$f ground" ;;
        *) echo "$f shared" ;;
        esac
    done
    for f in ${TRADE:-}; do echo "$f trade"; done
    for f in ${LEDGER:-}; do echo "$f ledger"; done
    for f in ${SIGNER:-}; do echo "$f signer"; done
    for f in ${FRONT:-}; do echo "$f front"; done
    for f in ${SUPERVISOR:-}; do
        case $f in
        src/proc.c) echo "$f proc" ;;
        *) echo "$f supervisor" ;;
        esac
    done
    for f in ${COMMANDS:-}; do echo "$f commands"; done
}

# Reads "OBJECT D|U SYMBOL" in $1 and "SOURCE GROUP" in $2; prints what breaks
# a rule.
judge() {
    awk -v rules="$RULES" -v foreign="$FOREIGN" '
        BEGIN {
            n = split(rules, r, "\n")
            for (i = 1; i <= n; i++) {
                split(r[i], p, ":"); known[p[1]] = 1
                m = split(p[2], q, " ")
                for (j = 1; j <= m; j++) may[p[1], q[j]] = 1
            }
            n = split(foreign, r, "\n")
            for (i = 1; i <= n; i++) {
                c = index(r[i], ":")
                bad[substr(r[i], 1, c - 1)] = "^(" substr(r[i], c + 1) ")"
            }
        }
        NR == FNR {
            if ($1 ~ /\.c$/) {
                sub(/^.*\//, "", $1); sub(/\.c$/, "", $1); group[$1] = $2
            }
            next
        }
        { sub(/^.*\//, "", $1); sub(/\.o:?$/, "", $1) }
        !($1 in group) {
            if (!($1 in odd)) print $1 ": in no group"
            odd[$1] = 1; next
        }
        $2 == "D" { home[$3] = $1; next }
        { use[++uses] = $1 " " $3 }
        END {
            for (i = 1; i <= uses; i++) {
                split(use[i], u, " "); g = group[u[1]]
                if (u[2] in home) {
                    h = group[home[u[2]]]
                    if ((g in known) && !((g, h) in may))
                        print g " " u[1] " uses " u[2] " of " h " " home[u[2]]
                    if (g == "commands" && home[u[2]] ~ /^front_/)
                        print g " " u[1] " uses " u[2] " inside " home[u[2]]
                } else if ((g in bad) && u[2] ~ bad[g]) {
                    print g " " u[1] " uses " u[2]
                }
            }
        }' "$2" "$1"
}

# Prints what is too long in C sources, and those without a license.  A table
# inside a function is none of its lines, and a test may be a little longer than
# what others call.
measure() { # FILE…
    LC_ALL=C awk -v tail="$(printf '[\200-\277]')" '
        function file_end() {
            if (lines > 500) print file ": " lines " lines"
        }
        FNR == 1 {
            file_end(); file = FILENAME; head = body = table = 0
            if ($0 !~ /^\/\* SPDX-License-Identifier: /)
                print file ": the license is not in its first line"
        }
        { lines = FNR; text = $0; gsub(tail, "", text) } # of UTF-8
        length(text) > 80 { print file ":" FNR ": " length(text) " columns" }
        !body && !head && /^[A-Za-z_]/ { head = FNR; name = $0 }
        !body && (/^$/ || /^#/ || /;$/) { head = 0 }
        /^\{/ { body = 1; rows = 0 }
        body && /^    [^ ].*\] = \{/ { table = 1 }
        table { rows++ }
        /\};$/ { table = 0 }
        /^\}/ {
            n = FNR - head + 1 - rows
            if (body && n > (name ~ /^START_TEST/ ? 60 : 40))
                print file ":" head ": " n " lines: " name
            head = body = table = 0
        }
        END { file_end() }' "$@"
}

n=0 failed=0
result() { # ok|'not ok' description
    n=$((n + 1))
    echo "$1 $n - $2"
    [ "$1" = ok ] || failed=1
}

# The judge itself first: it must see each kind of break, and no other.
FLOOR_KEPT=${FLOOR:-}
printf '%s\n' 'src/buf.c ground' 'src/der.c trade' 'src/store.c ledger' \
    'src/signer.c signer' 'src/front.c front' 'src/front_http.c front' \
    'src/cmd_list.c commands' >"$tmp/groups"
common='src/buf.o D buf_put
src/der.o D der_read
src/store.o D store_open
src/signer.o D signer_main
src/front_http.o D front_http_open'
try() { # expected-lines symbol-line description
    printf '%s\n%s\n' "$common" "$2" >"$tmp/symbols"
    got=$(judge "$tmp/symbols" "$tmp/groups" | wc -l)
    if [ "$got" -eq "$1" ]; then result ok "$3"; else result 'not ok' "$3"; fi
}
try 0 'src/der.o U buf_put' 'the judge lets the trade use the floor'
try 1 'src/buf.o U der_read' 'the judge refuses the floor the trade'
try 1 'src/front.o U store_open' 'the judge refuses the front the ledger'
try 1 'src/front.o U signer_main' 'the judge refuses the front the signer'
try 1 'src/signer.o U front_http_open' 'the judge refuses the signer the front'
try 1 'src/signer.o U MHD_start_daemon' 'the judge refuses the signer HTTP'
try 1 'src/der.o U socket' 'the judge refuses the trade a socket'
try 1 'src/cmd_list.o U front_http_open' 'the judge refuses commands front_*'
try 1 'src/new.o U buf_put' 'the judge refuses an object without a group'

# So must what measures.
long() { # N BEGINNING LINE END: a file with n such lines between the two
    printf '%s\n' '/* SPDX-License-Identifier: ISC */' "$2"
    yes "$3" | head -n "$1"
    printf '%s\n' "$4"
}
size() { # expected-lines description
    got=$(measure "$tmp/size.c" | wc -l)
    if [ "$got" -eq "$1" ]; then result ok "$2"; else result 'not ok' "$2"; fi
}
void='void f(void)
{'
test='START_TEST(f)
{'
rows="$void
    static const struct row all[] = {"
long 37 "$void" '    f();' '}' >"$tmp/size.c"
size 0 'a function may have 40 lines'
long 38 "$void" '    f();' '}' >"$tmp/size.c"
size 1 'and not 41'
long 57 "$test" '    f();' '}' >"$tmp/size.c"
size 0 'a test may have 60'
long 58 "$test" '    f();' '}' >"$tmp/size.c"
size 1 'and not 61'
long 60 "$rows" '        {1},' '    };
}' >"$tmp/size.c"
size 0 'the rows of a table do not count'
{
    long 60 "$rows" '        {1},' '    };'
    yes '    f();' | head -n 38
    echo '}'
} >"$tmp/size.c"
size 1 'what is behind them does'
long 498 '' 'int a;' '' >"$tmp/size.c"
size 1 'a file may not have 501 lines'
echo 'int a;' >"$tmp/size.c"
size 1 'nor be without a license'
{ long 1 '' 'int a;' ''; printf '/* %073d… */\n' 0; } >"$tmp/size.c"
size 0 'a line may have 80 columns'
{ long 1 '' 'int a;' ''; printf '/* %074d… */\n' 0; } >"$tmp/size.c"
size 1 'and not 81'

# The real objects.
FLOOR=$FLOOR_KEPT
list_groups >"$tmp/groups"
twice=$(grep '\.c ' "$tmp/groups" | cut -d' ' -f1 | sort | uniq -d)
if [ -z "$twice" ]; then result ok 'every source is in one group'
else echo "# $twice"; result 'not ok' 'every source is in one group'; fi

${NM:-nm} -A "$BUILD/libpocketca.a" 2>"$tmp/err" | awk '
    { o = $1; sub(/^[^:]*:/, "", o); sub(/:[^:]*$/, "", o) }
    $(NF - 1) == "U" { print o, "U", $NF; next }
    $(NF - 1) ~ /^[TDBRCVW]$/ { print o, "D", $NF }' >"$tmp/symbols"
lines=$(wc -l <"$tmp/symbols")
if [ "$lines" -gt 100 ]; then result ok "read $lines symbols"
else sed 's/^/# /' "$tmp/err"; result 'not ok' "read $lines symbols"; fi

judge "$tmp/symbols" "$tmp/groups" | sort -u >"$tmp/broken"
sed 's/^/# /' "$tmp/broken"
if [ -s "$tmp/broken" ]; then result 'not ok' 'the tie runs one way'
else result ok 'the tie runs one way'; fi

find "$SOURCE/src" "$SOURCE/tests" "$SOURCE/bench" "$SOURCE/fuzz" \
    -name '*.[ch]' ! -name sql_text.c >"$tmp/files"
# shellcheck disable=SC2046 # names without blanks
measure $(cat "$tmp/files") >"$tmp/broken"
sed 's/^/# /' "$tmp/broken"
if [ -s "$tmp/broken" ]; then result 'not ok' 'everything is short enough'
else result ok 'everything is short enough'; fi
echo "1..$n"
exit "$failed"
