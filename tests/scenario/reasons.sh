#!/bin/sh
# SPDX-License-Identifier: ISC
# Whatever is wrong with a request is said in one answer: with the CSR (key,
# signature, names, subject) and by policy, in each combination, over HTTP,
# dry, in a renewal, by the command with the service and without, and by explain.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --allow 'dns:**.internal,email:*@internal,ip:10.0.0.0/8,uri:spiffe://td/**'
cat >>"$CA/pocketca.conf" <<'CONF'
profile curve { usage = server names = { "dns:**.internal",
    "email:*@internal", "ip:10.0.0.0/8", "uri:spiffe://td/**" }
    keys = "ec:P-384" lifetime = 90d max-lifetime = 100d rekey = yes }
profile rsa { usage = server names = "dns:**.internal" keys = "rsa:2048-4096"
    lifetime = 90d min-names = 2 max-names = 4 subject = { o, ou } }
profile either { usage = server names = { "dns:**.internal", "email:**" }
    lifetime = 30d }
CONF
export POCKETCA_CONF="$CA/pocketca.conf"
ok 'the configuration' "$POCKETCA" check
serve
N=dns:a.internal
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$T/1024" \
    2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_pubexp:3 -out "$T/three" \
    2>/dev/null
openssl genpkey -algorithm ED448 -out "$T/ed448" 2>/dev/null
p256='\060\023\006\007\052\206\110\316\075\002\001\006\010\052\206\110\316\075\003\001\007'
{
    printf '\060\131'"$p256"'\003\102\000\004'
    head -c 64 /dev/zero | tr '\0' a
} >"$T/off"
openssl pkey -in "$T/ed448" -pubout -outform DER -out "$T/ed448.spki"

# ---- what may be wrong: WORD → mkcsr's arguments, query, codes
key_of() {
    case $1 in
    close | small | prime) echo "-r $1" ;; # by arithmetic
    1024 | three) echo "-k $T/$1" ;;       # by form
    off) echo "-S $T/off" ;;
    ed448) echo "-S $T/ed448.spki" ;;
    forged) echo '-m flip-signature' ;;
    esac
}
key_codes() {
    case $1 in
    close | small | prime | 1024 | three) echo key-weak ;;
    off | ed448) echo key-not-allowed ;;
    forged) echo bad-signature ;;
    esac
}
name_of() {
    case $1 in
    dns) echo '-n dns:a..internal' ;;
    nul) echo '-n dns:a%00.internal' ;;
    empty) echo '-n dns:' ;;
    ip) echo '-n ip:0a00000105' ;;
    email) echo '-n email:a@@internal' ;;
    uri) echo '-n uri:nothing' ;;
    star) echo '-n dns:a.*.internal' ;;
    cn) echo '-c a%00b' ;;
    esac
}
name_codes() {
    case $1 in
    good) ;;
    *) echo bad-name ;;
    esac
}
policy_of() {
    case $1 in
    name | all) echo '-n dns:x.example.org' ;;
    esac
}
query_of() {
    case $1 in
    type) echo profile=curve ;;
    life) echo lifetime=400d ;;
    all) echo 'profile=curve&lifetime=400d' ;;
    esac
}
# of a key of that word
policy_codes() {
    case $1 in
    name | all) echo name-not-allowed ;;
    esac
    case $1 in
    life | all) echo lifetime-too-long ;;
    esac
    case $2,$1 in
    ed448,*) ;;
    1024,* | *,type | *,all) echo key-not-allowed ;;
    esac
}

# ---- the cell: six answers with the same reasons
codes() { # FILE: of its errors
    jq -r '.errors[].code' "$1" 2>/dev/null | sort | tr '\n' ' '
}
said() { # of standard error
    sed -n 's/^pocketca: //p' "$1" | sort
}
post() { # FILE QUERY
    req -H 'Content-Type: application/pkcs10' -H 'Accept: application/json' \
        --data-binary @"$T/odd.der" "$API/v1/certificates?$2"
    cp "$T/body" "$1"
}
# What is not as it should be; $in is what a cell has gathered.
cat >"$T/cell.jq" <<'END'
def words: split(" ") - [""] | sort;
# three questions may be asked in two seconds
def timeless: map(sub("between [^ ]* and [^ ]*,"; "between,")) | sort;
def details: [.errors[].detail] | timeless;
def said: split("\n") | map(select(startswith("pocketca: "))[10:]) | timeless;
def differs($what; $got; $wanted):
    if $got == $wanted then empty else "\($what): \($got) not \($wanted)" end;
$issue[0] as $i | $dry[0] as $d | ($i | details) as $why |
differs("issue"; [$i.errors[].code] | sort; $in.wanted | words),
differs("status"; [$in.status, $i.status | tostring]; [$in.least, $in.least]),
differs("main code"; $i.code as $c | $i.errors | any(.code == $c); true),
differs("dry status"; $in.dry; "200"),
differs("dry"; [$d.would_issue, $d.certificate]; [false, null]),
differs("dry reasons"; $d | details; $why),
differs("explain and the command exit"; $in.exits; "1 1"),
differs("explain"; $cli[0] | details; $why),
differs("command"; $err | said; $why),
differs("each once"; $why; $why | unique)
END
cell() { # WANTED-CODES QUERY; the request is in $T/odd.der; $bad, if it is
    # shellcheck disable=SC2086 # words on one line
    wanted=$(echo $1) options=''
    for a in $(echo "$2" | tr '&' ' '); do
        options="$options --$(echo "${a%%=*}" | tr _ -) ${a#*=}"
    done
    post "$T/issue" "$2"
    issued=$status least=422
    case " $wanted " in *' bad-'* | *' no-names'*) least=400 ;; esac
    post "$T/dry" "dry_run=true${2:+&$2}"
    # shellcheck disable=SC2086 # words are options
    {
        "$POCKETCA" explain --json $options "$T/odd.der" >"$T/cli" 2>"$T/out"
        explained=$?
        "$POCKETCA" issue $options "$T/odd.der" >"$T/out" 2>"$T/err"
        exits="$explained $?"
    }
    bad=$(jq -rn --slurpfile issue "$T/issue" --slurpfile dry "$T/dry" \
        --slurpfile cli "$T/cli" --rawfile err "$T/err" -f "$T/cell.jq" \
        --argjson in "{\"wanted\": \"$wanted\", \"status\": \"$issued\",
            \"least\": \"$least\", \"dry\": \"$status\",
            \"exits\": \"$exits\"}" 2>&1) || bad="jq: $bad"
}
matrix() { # of KEYS NAMES POLICIES
    for key in $1; do
        for name in $2; do
            for policy in $3; do
                # shellcheck disable=SC2046 # words are arguments
                "$MKCSR" $(key_of "$key") $(policy_of "$policy") \
                    $(name_of "$name") -n $N >"$T/odd.der" || bail mkcsr
                w="$(key_codes "$key") $(name_codes "$name") \
                    $(policy_codes "$policy" "$key")"
                [ -n "$(echo "$w" | tr -d ' \n')" ] || continue
                cell "$w" "$(query_of "$policy")"
                is "key $key, name $name, policy $policy" "$bad" ''
            done
        done
    done
}
steady_begin
matrix 'good close' 'good dns ip email uri' 'nothing name type'
matrix 'good close forged' 'nul empty star cn' 'all'
matrix '1024 three small prime off ed448 forged' 'good dns' 'nothing all'

# ---- what the matrix has not
only() { # WHAT CODES; the answer is in $T/body
    is "$1" "$(codes "$T/body")" \
        "$(for c in $2; do echo "$c"; done | sort | tr '\n' ' ')"
}
odd() { # MKCSR-ARG…
    "$MKCSR" "$@" >"$T/odd.der" || bail "mkcsr $*"
}
both() { # WHAT CODES QUERY: as a cell, with more arguments
    cell "$2" "$3"
    is "$1" "$bad" ''
}
odd -r close -n dns:a..internal -n dns:x.example.org -n $N
both 'no such profile' 'bad-name key-weak unknown-profile' profile=nope
req --data-binary @"$T/odd.der" "$API/v1/certificates?profile="
only 'none that was meant' 'bad-argument bad-name key-weak'
both 'what it replaces is not there' \
    'bad-name key-weak name-not-allowed not-found' replaces=4142
req -H 'Idempotency-Key: one' --data-binary @"$T/odd.der" "$API/v1/certificates"
only 'a refusal with a key' 'bad-name key-weak name-not-allowed'
odd -n dns:a..internal -n dns:a..internal -n dns:b.internal
both 'twice the same is one reason; what is missing is no other' \
    'bad-name key-not-allowed' profile=rsa
odd -n dns:a..internal
both 'all that there is: not also none' bad-name ''
odd -k "$T/1024" -n email:jane@internal
both 'the lints, also with a key that no certificate has' \
    'key-weak key-not-allowed lint' profile=either
odd -k "$T/1024" -n email:jane@internal -n dns:a..internal
both 'but not of what is missing' 'bad-name key-weak key-not-allowed' \
    profile=either
odd -m two-requests -n dns:x.example.org
both 'two lists of extensions' 'bad-csr name-not-allowed' ''
odd -n dns:a..internal -n $N -x 2.5.29.19:1:30030101ff -x 1.2.3.4:1:0500 \
    -x 2.5.29.15:0:ff
both 'extensions' \
    'bad-name bad-csr extension-not-allowed extension-not-allowed' ''
odd -r close -m san-not-der -n dns:x.example.org
both 'a SAN that is none' 'bad-csr key-weak' ''
odd -r close -m two-values -n dns:x.example.org
both 'an attribute of two values' 'bad-csr key-weak' ''
odd -r close -n other:x -n dns:a..internal -n dns:x.example.org
both 'a kind that is never certified' \
    'bad-name key-weak name-not-allowed name-type-not-allowed' ''
openssl req -new -key "$T/three" -subj /OU=a/OU=b/CN=x.example.org -outform DER \
    -out "$T/odd.der" 2>/dev/null
both 'a subject of two units, too few names' \
    'bad-csr key-weak name-not-allowed too-few-names' profile=rsa
openssl req -new -key "$T/three" -subj /OU=a/OU=b -outform DER \
    -out "$T/odd.der" 2>/dev/null
both 'a subject of two units, no name' 'bad-csr key-weak no-names' profile=rsa
steady 'nothing of it is recorded'

# JSON, with arguments that are none
odd -P -r close -n $N
jq -n --rawfile csr "$T/odd.der" '{csr: $csr, lifetime: "soon",
    not_before: "never", names: ["a..b", "x.example.org"]}' >"$T/json"
req -H 'Content-Type: application/json' --data-binary @"$T/json" \
    "$API/v1/certificates"
only 'JSON' 'key-weak bad-argument bad-argument bad-name name-not-allowed'
json 'the lowest status, and the first of those' \
    '.status == 400 and .code == "bad-argument"'
odd -P -r close -n dns:x.example.org
jq -n --rawfile csr "$T/odd.der" '{csr: $csr, dry_run: true}' >"$T/json"
req -H 'Content-Type: application/json' --data-binary @"$T/json" \
    "$API/v1/certificates"
json 'dry, line by line' '[.rules[] | select(.result == "deny") | .rule] ==
    ["request", "names"]'

# what policy has against a name does not depend on where the bad one stands
for order in '1 2 3' '2 1 3' '2 3 1'; do
    set --
    for i in $order; do
        case $i in
        1) set -- "$@" -n dns:-a.internal ;;
        2) set -- "$@" -n dns:x.example.org ;;
        3) set -- "$@" -n 'dns:*.b.internal' ;;
        esac
    done
    odd "$@"
    both "in the order $order" 'bad-name name-not-allowed wildcard-not-allowed' ''
done

# renewals
issue a.internal
steady_begin
renewed() { # WHAT CODES QUERY
    req -H 'Content-Type: application/pkcs10' --data-binary @"$T/odd.der" \
        "$API/v1/certificates/$serial/renew${3:+?$3}"
    only "renewal: $1" "$2"
    jq -r '.errors[].detail' "$T/body" | sort >"$T/why"
    exits 1 'by the command' "$POCKETCA" renew "$serial" "$T/odd.der" \
        ${3:+--$(echo "$3" | tr = ' ')}
    is 'the same' "$(said "$T/out")" "$(cat "$T/why")"
}
odd -r close -n dns:a..internal -n dns:x.internal
renewed 'a bad name is not also missing' 'bad-name key-weak name-not-allowed'
odd -r close -n dns:x.internal
renewed 'other names' 'key-weak name-not-allowed name-not-allowed'
odd -k "$T/1024" -n $N
is 'lifetime' "$(req --data-binary @"$T/odd.der" \
    "$API/v1/certificates/$serial/renew?lifetime=400d"; codes "$T/body")" \
    'key-not-allowed key-weak lifetime-too-long '
token=$BEARER BEARER=''
odd -r close -n dns:a..internal
req --cert "$T/a.internal.pem" --key "$T/a.internal.key" \
    --data-binary @"$T/odd.der" "$API/v1/renew"
only 'by itself' 'bad-name key-weak key-not-allowed'

# who asks comes first
req --data-binary @"$T/odd.der" "$API/v1/certificates"
only 'nobody is told' token-missing
BEARER=$token
BEARER=$(token '"read"')
req --data-binary @"$T/odd.der" "$API/v1/certificates"
only 'without the role' role-missing
BEARER=$token
BEARER=$(token '"issue"' '"names": ["dns:*.b.internal"]')
odd -r close -n dns:a..internal -n $N
req --data-binary @"$T/odd.der" "$API/v1/certificates"
only 'with limits' 'bad-name key-weak name-not-in-token'
BEARER=$token

# more than goes into a frame
l=$(head -c 60 /dev/zero | tr '\0' a)
set --
for i in $(seq 60); do
    set -- "$@" -n "dns:$i..$l.$l.$l.$l.$l.$l.$l.$l.$l.$l"
done
odd "$@" -n dns:x.example.org
req --data-binary @"$T/odd.der" "$API/v1/certificates"
is 'sixty long ones' "$status $(jq '.errors | length' "$T/body")" '400 61'
odd -N 1000 -n dns:a..internal -r close
req --data-binary @"$T/odd.der" "$API/v1/certificates"
only 'a name over a thousand' \
    'bad-name key-weak too-many-names too-many-names'

# without a service
stop
odd -r close -n dns:a..internal -n dns:x.example.org -n $N
"$POCKETCA" issue --lifetime 400d "$T/odd.der" >"$T/out" 2>"$T/err"
is 'without a service: exits' $? 1
is 'every reason' "$(said "$T/err" | wc -l)" 4
"$POCKETCA" explain --json "$T/odd.der" >"$T/body"
only 'explained' 'bad-name key-weak name-not-allowed'
ok 'the audit agrees' "$POCKETCA" audit
finish
