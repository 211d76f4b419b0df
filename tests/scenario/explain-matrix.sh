#!/bin/sh
# SPDX-License-Identifier: ISC
# Requests by profiles by tokens: a dry run over HTTP, `pocketca explain` and an
# issue must say the same of each, with the same reasons, and the certificate
# is as they said.
. "${SOURCE:?}/tests/scenario/lib.sh"

init
profiles <<'CONF'
profile server { usage = server names = "dns:**.internal"
    deny = "dns:secret.internal" max-names = 3 keys = { "ec:P-256" }
    lifetime = 90d max-lifetime = 100d min-lifetime = 1h not-before = 7d }
profile people { usage = { email, client }
    names = { "email:*@example.internal", "cn:**" } subject = { "c=DE", o, cn }
    policies = "1.3.6.1.4.1.32473.1.1 https://ca.example.internal/cps"
    extensions = "1.2.3.4 critical hex:0c0141" cdp = no lifetime = 30d }
profile either { usage = server names = { "dns:**.internal", "email:**" }
    min-names = 2 lifetime = 30d must-staple = yes }
profile wild { usage = mutual names = { "dns:**", "ip:10.0.0.0/8" }
    wildcards = yes subject = "cn=" aia = no lifetime = 30d max-lifetime = 30y }
profile answers { usage = ocsp subject = "cn=Test answers" lifetime = 9d }
CONF
export POCKETCA_CONF="$CA/pocketca.conf"
ok 'the configuration' "$POCKETCA" check
serve
PROFILES='server people either wild answers nope -'
FEW='server people wild'

# ---- what is asked
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/key" \
    2>/dev/null
openssl genpkey -algorithm RSA -out "$T/rsa" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out "$T/lost" 2>/dev/null
ok 'a key is blocked' "$POCKETCA" block "$T/lost"
make() { # NAME KEY SUBJECT EXTENSION…
    m_name=$1 m_key=$2 m_subject=$3
    shift 3
    for x; do
        set -- "$@" -addext "$x"
        shift
    done
    openssl req -new -key "$m_key" -subj "$m_subject" "$@" \
        -out "$T/$m_name.csr" 2>"$T/openssl.err" || bail "openssl req $m_name"
}
make web "$T/key" /CN=web.internal subjectAltName=DNS:web.internal
make two "$T/key" /O=Acme/CN=svc \
    subjectAltName=DNS:a.internal,DNS:secret.internal,email:a@example.internal
make jane "$T/key" '/O=Acme/L=Here/CN=Jane Doe' \
    subjectAltName=email:jane@example.internal
make rsa "$T/rsa" / subjectAltName=DNS:r.internal,DNS:s.internal
make power "$T/key" '/CN=Below CA' basicConstraints=critical,CA:TRUE
make star "$T/key" / 'subjectAltName=DNS:*.a.internal,IP:10.1.2.3'
make odd "$T/key" / subjectAltName=DNS:web.internal,RID:1.2.3.4
make none "$T/key" /
make lost "$T/lost" / subjectAltName=DNS:web.internal
make ours "$CA/keys/issuing.key" / subjectAltName=DNS:web.internal
"$MKCSR" -n dns:web.internal -m flip-signature >"$T/forged.csr"
"$MKCSR" -n dns:web.internal -r close >"$T/weak.csr"
head -c 100 "$T/forged.csr" >"$T/cut.csr"
cp "$T/key" "$T/secret.csr"
# CSR ARGUMENT…
cat >"$T/asks" <<END
web
web lifetime=2d
web lifetime=29y
web lifetime=101d not_before=2099-01-01T00:00:00Z replaces=4142
web names=b.internal,a.internal,b.internal note=twice
web names=x.example.org,secret.internal,10.0.0.1,web
web names=jane@example.internal,bob@example.internal
web names=a..b
web note=$(printf %0257d 0)
two
jane
jane lifetime=59m
rsa
power
star
odd
none
lost
ours
forged
weak
cut
secret
END
all=$(token '"issue"')
few=$(token '"issue"' '"profiles": ["server", "wild"],
    "names": ["dns:*.internal", "dns:**.a.internal", "cn:**"]')

# ---- the cells: CELL.dry, .cli, .issue, and .ext of what was issued
C=$T/cells
mkdir "$C"
http() { # FILE QUERY
    curl -sS --max-time 20 --cacert "$CA/root.pem" --oauth2-bearer "$t" \
        -H 'Accept: application/json' --data-binary @"$T/$csr.csr" -o "$1" \
        "$API/v1/certificates?$2"
}
# In the form that a dry run has them: whether critical, and the value.
extensions() {
    openssl asn1parse 2>/dev/null | awk '
        / cont \[ 3 \]/ { in_list = 1 }
        !in_list { next }
        / OBJECT / { critical = "false" }
        / BOOLEAN / { critical = "true" }
        / OCTET STRING / {
            sub(/.*DUMP\]:/, ""); print critical " " tolower($0) }
        / BIT STRING / { exit }'
}
cell() {
    n=$((n + 1))
    c=$C/$n query='' options=''
    [ "$profile" = - ] || query=profile=$profile options="--profile $profile"
    for a in $arguments; do
        query=$query${query:+&}$a
        options="$options --$(echo "${a%%=*}" | tr _ -) ${a#*=}"
    done
    echo "$csr $arguments, profile $profile, token $who" >"$c.what"
    http "$c.dry" "dry_run=true${query:+&$query}"
    # shellcheck disable=SC2086 # words are options
    "$POCKETCA" explain --json --token "$(token_id "$t")" $options \
        "$T/$csr.csr" >"$c.cli" 2>"$c.err"
    echo $? >"$c.code"
    http "$c.issue" "$query"
    if grep -q '"pem"' "$c.issue"; then
        jq -r '.pem // empty' "$c.issue" | extensions >"$c.ext"
    fi
}
n=0
by_profile() { # WHO TOKEN PROFILE…
    who=$1 t=$2
    shift 2
    for profile; do
        while read -r csr arguments; do
            cell
        done <"$T/asks"
    done
}
# shellcheck disable=SC2086 # one by one
{
    by_profile admin "$all" $PROFILES
    by_profile limited "$few" $FEW
}
is 'as many cells as there are' "$n" \
    "$(($(echo "$PROFILES $FEW" | wc -w) * $(wc -l <"$T/asks")))"

# ---- what they say
cat >"$T/judge.jq" <<'END'
def contents: {subject, names, key, profile, authority,
    lasts: ((.not_after | fromdate) - (.not_before | fromdate))};
# Three questions may be asked in two seconds.
def one_moment: walk(if type == "string"
    then sub("not between \\S+ and \\S+,"; "not between,") else . end);
# The command says more, that the token is in force; and it may be a second
# later.
def timeless: if .rules then .rules |= map(select(.rule != "token") |
        if .rule == "lifetime" and .result == "allow" then .detail = ""
        else . end)
    else . end;
# Nothing where both are the same.
def became($a; $b): if $a == $b then empty else "\($a) became \($b)" end;

def issued($dry; $cli; $issue; $ext):
    (if $dry.would_issue then empty else "the dry run refuses" end),
    (if $cli.would_issue and $cli.rules == $dry.rules and
        ($cli.certificate | contents) == ($dry.certificate | contents)
     then empty else "explain differs from the dry run" end),
    became($dry.certificate + {profile: $dry.profile,
        authority: $dry.authority} | contents; $issue | contents),
    "extensions " + became($dry.certificate.extensions |
        map("\(.critical) \(.value)\n") | add; $ext);
def refused($dry; $cli; $issue):
    (if $dry.would_issue then "the dry run would issue" else empty end),
    (if $dry.certificate == null then empty else "with contents" end),
    # a list of names is the value of an option to the command: usage
    (if $cli == $dry or ($cli.code == 2 and
        ($dry.errors[0].detail as $w | $cli.said | contains($w)))
     then empty else "explain differs" end),
    became($dry.errors; $issue.errors);
def malformed($dry; $cli; $issue):
    became($dry; $issue),
    ($issue.errors // [$issue] | .[] | .detail as $w |
        if ($cli.said // "" | contains($w)) then empty
        else "explain does not say: \($w)" end),
    (if $cli.code == 1 or $cli.code == 2 then empty
     else "explain exits with \($cli.code)" end);

# All cells at once, whose files are in $j (JSON) and $t (lines) by their names.
def lines: (. // []) | map(. + "\n") | add // "";
range(1; $n + 1) | "\(.)" as $cell |
($j[0][$cell + ".dry"] | one_moment | timeless) as $d |
($j[0][$cell + ".issue"] | one_moment) as $i |
($j[0][$cell + ".cli"] // {said: $t[0][$cell + ".err"] | lines,
    code: $t[0][$cell + ".code"][0] | tonumber} | one_moment | timeless) as $c |
(if $i | has("serial") then
    "issued " + ([issued($d; $c; $i; $t[0][$cell + ".ext"] | lines)] | join("; "))
elif $d | has("would_issue") then
    "refused " + ([refused($d; $c; $i)] | join("; "))
else "malformed " + ([malformed($d; $c; $i)] | join("; ")) end) +
" # " + $t[0][$cell + ".what"][0]
END
by_file='reduce inputs as $in ({}; .[input_filename | sub(".*/"; "")]'
jq -n "$by_file = \$in)" "$C"/*.dry "$C"/*.cli "$C"/*.issue >"$T/json"
jq -nR "$by_file += [\$in])" "$C"/*.err "$C"/*.code "$C"/*.ext "$C"/*.what \
    >"$T/lines"
jq -rn --slurpfile j "$T/json" --slurpfile t "$T/lines" --argjson n "$n" \
    -f "$T/judge.jq" >"$T/verdicts" 2>&1
is 'a verdict of each' "$(grep -c ' # ' "$T/verdicts")" "$n"
for v in issued refused malformed; do
    grep "^$v" "$T/verdicts" | grep -v "^$v  *#" >"$T/differ"
    is "$v: all three say so in each cell" "$(cat "$T/differ")" ''
    ok "$v: there are such" test "$(grep -c "^$v" "$T/verdicts")" -gt 15
done
is 'nothing else' "$(grep -Ev '^(issued|refused|malformed)' "$T/verdicts")" ''
# no rule of a matrix that asks for all of them
cat "$C"/*.issue | jq -r '.errors[]?.code, .code // empty' | sort -u >"$T/codes"
for code in bad-argument bad-csr bad-name bad-signature csr-is-private-key \
    extension-not-allowed issuer-expires key-compromised key-not-allowed \
    key-weak lifetime-too-long lifetime-too-short lint \
    name-not-allowed name-not-in-token name-type-not-allowed no-names \
    not-before-not-allowed not-found profile-not-allowed too-few-names \
    too-many-names unknown-profile wildcard-not-allowed; do
    like "a cell is refused as $code" "$T/codes" "^$code\$"
done
ok 'the audit agrees' "$POCKETCA" audit
finish
