#!/bin/sh
# SPDX-License-Identifier: ISC
# The profiles of the sample: each accepted, and each certificate as it says;
# profiles that the authority cannot sign are refused at the start.
. "${SOURCE:?}/tests/scenario/lib.sh"

init --constrain --host ca.example.internal,127.0.0.1 \
    --allow 'dns:**.internal,ip:10.0.0.0/8,email:*@example.internal,uri:spiffe://example.internal/**'
# ours up to the profiles, then the sample's
sed -n '/^# Servers/,$p' "$SOURCE/etc/pocketca.conf" >"$T/sample"
configure() { # PROFILE-TEXT…
    { cat "$T/sample"; printf '%s\n' "$@"; } | profiles
}
configure 'profile granted { usage = server names = "dns:**.internal"' \
    'min-names = 2 extensions = { "1.2.3.4 critical base64:DAFB" } }' \
    'profile later { usage = client names = "dns:**.internal"' \
    'not-before = 7d min-lifetime = 1h lifetime = 2d max-lifetime = 9d }' \
    'profile responder { usage = ocsp subject = "cn=Test responder"' \
    'extensions = "1.2.3.4 hex:0c0141" }' \
    'profile mail { usage = email names = { "email:*@example.internal", "cn:**" }' \
    'deny = { "email:root@example.internal", "cn:root*" }' \
    'subject = { cn, email } }' \
    'profile dept { usage = client names = { "dns:**.internal", "cn:svc-*" }' \
    'subject = { c, o, ou, cn } }' \
    'profile login { usage = client names = { "dns:**.internal", "cn:**" }' \
    'deny = "cn:root*" subject = cn }'
ok 'the sample is accepted' "$POCKETCA" check -c "$CA/pocketca.conf"
serve

req "$API/v1/profiles"
json 'all of it is shown' '[.profiles[].name] == ["server", "client", "mutual",
    "people", "workload", "short", "granted", "later", "responder", "mail",
    "dept", "login"]'
json 'people, in full' '.profiles[] | select(.name == "people") |
    .usage == ["email", "client"] and .subject == {"c": "DE",
    "o": "Example Ltd", "ou": true, "cn": true} and .max_names == 3 and
    .deny == ["email:root@example.internal", "cn:root"] and .cdp and
    .policies == ["1.3.6.1.4.1.32473.1.1 https://ca.example.internal/cps"]'

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -out "$T/key" 2>/dev/null
ask() { # FILE SUBJECT SAN: a request
    openssl req -new -key "$T/key" -subj "$2" -out "$T/$1.csr" \
        ${3:+-addext "subjectAltName=$3"} 2>"$T/openssl.err" ||
        bail "openssl req $1"
}
send() { # STATUS CODE WHAT FILE PROFILE [ARGUMENTS]
    want "$1" "$2" "$3" --data-binary @"$T/$4.csr" \
        "$API/v1/certificates?profile=$5${6:+&$6}"
    [ "$1" != 201 ] || {
        cp "$T/body" "$T/$4.pem"
        openssl x509 -in "$T/$4.pem" -noout -text -nameopt utf8,sep_comma_plus \
            >"$T/$4.text"
        ok "$3: verifies" openssl verify -x509_strict -no_check_time \
            -CAfile "$CA/root.pem" -untrusted "$T/$4.pem" "$T/$4.pem"
    }
}

# people
ask jane '/C=FR/O=Evil/OU=Research/CN=Jane  Doe/emailAddress=x@evil.org' \
    email:jane@example.internal
send 201 - 'mail for a person' jane people
like 'the subject is ours, and what is taken' "$T/jane.text" \
    'Subject: C=DE,O=Example Ltd,OU=Research,CN=Jane Doe$'
like 'for mail' "$T/jane.text" 'TLS Web Client Authentication, E-mail Protection'
like 'agrees on keys' "$T/jane.text" 'Digital Signature, Key Agreement'
like 'has its policy' "$T/jane.text" 'CPS: https://ca.example.internal/cps'
unlike 'nothing of the mail address in the subject' "$T/jane.text" evil
ask root /CN=Root email:jane@example.internal
send 422 name-not-allowed 'a CN that is denied' root people
ask other /CN=Jane email:jane@evil.org
send 422 name-not-allowed 'an address elsewhere' other people
ask host /CN=Jane DNS:web.internal
send 422 name-type-not-allowed 'a host is no person' host people
serial=$(serial_of "$T/jane.pem")
for q in 'cn:jane%20doe' 'cn:JANE%20*' 'cn:**&profile=people' 'email:*@example.internal'; do
    req "$API/v1/certificates?name=$q"
    json "found by $q" "[.certificates[].serial] == [\"$serial\"]"
done
req "$API/v1/certificates?name=cn:jane&profile=people"
json 'not by half of it' '.certificates == []'
ok 'audit counts the common name' "$POCKETCA" audit -c "$CA/pocketca.conf"
want 201 - 'renewed with its subject' -X POST \
    "$API/v1/certificates/$serial/renew"
openssl x509 -in "$T/body" -noout -subject -nameopt utf8,sep_comma_plus \
    >"$T/renewed"
like 'the same subject' "$T/renewed" 'C=DE,O=Example Ltd,OU=Research,CN=Jane Doe$'

# one value of a field, country codes in capital letters
ask two '/C=de/O=Acme/OU=a/OU=b/CN=svc-x'
send 201 - 'several values of what is not taken' two client
send 400 bad-csr 'several values of what is' two dept
like 'are named' "$T/body" 'several values of ou, ."a.", ."b.", and profile .*dept.* takes one'
want 200 - 'as a dry run says' --data-binary @"$T/two.csr" \
    "$API/v1/certificates?profile=dept&dry_run=true"
json 'with its rule' '.would_issue == false and ([.errors[].code] == ["bad-csr"])'
want 200 - 'and what is not taken' --data-binary @"$T/two.csr" \
    "$API/v1/certificates?profile=client&dry_run=true"
json 'is shown' 'any(.rules[]; .about == "ou=\"a\", \"b\"" and
    .detail == "not taken from the request")'
ask same '/C=de/O=Acme/OU=a/OU=a/CN=svc-x'
send 201 - 'the same value twice is one' same dept
like 'and the country is upper case' "$T/same.text" \
    'Subject: C=DE,O=Acme,OU=a,CN=svc-x$'
for c in d1 D:; do
    ask country "/C=$c/CN=svc-x"
    send 400 bad-csr "no country: $c" country dept
    like 'is named, with the rule' "$T/body" \
        "the c .*$c.* is no country code of two capital letters"
done
ask upn /CN=svc-x 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:jane@corp'
send 422 name-type-not-allowed 'a name for Windows' upn dept
like 'is named by its type' "$T/body" \
    'type otherName 1\.3\.6\.1\.4\.1\.311\.20\.2\.3 .*never certified.*list the names'
send 201 - 'and others may be listed' upn client names=a.internal

# a mail address of the subject is judged as every other, and is one
ask mail1 '/CN=Joe/emailAddress=joe@Example.Internal' \
    email:jane@example.internal
send 201 - 'a mail address in the subject' mail1 mail
like 'as it is written' "$T/mail1.text" \
    'Subject: emailAddress=joe@example.internal,CN=Joe$|Subject: CN=Joe,emailAddress=joe@example.internal$'
like 'is among the names' "$T/mail1.text" \
    'email:jane@example.internal, email:joe@example.internal$'
ask mail2 '/CN=Joe/emailAddress=joe@evil.org' email:jane@example.internal
send 422 name-not-allowed 'one elsewhere' mail2 mail
ask mail3 '/CN=Joe/emailAddress=root@example.internal' \
    email:jane@example.internal
send 422 name-not-allowed 'one that is denied' mail3 mail
ask mail4 '/CN=Joe/emailAddress=<root@example.internal>' \
    email:jane@example.internal
send 400 bad-name 'one that is none' mail4 mail
t=$(token '"issue"' '"names": ["email:jane@example.internal", "cn:**"]')
BEARER=$t
send 422 name-not-in-token 'one that the token has not' mail1 mail
BEARER=$ADMIN
want 201 - 'renewed with both' -X POST \
    "$API/v1/certificates/$(serial_of "$T/mail1.pem")/renew"
openssl x509 -in "$T/body" -noout -text >"$T/renewed"
like 'its names' "$T/renewed" \
    'email:jane@example.internal, email:joe@example.internal$'

# what is denied of common names holds for a host, too
ask root1 /CN=root.internal DNS:a.internal
send 422 name-not-allowed 'a denied CN that is a host' root1 login
like 'by that rule' "$T/body" 'cn:root\.internal.*denied.*cn:root\*'
want 200 - 'as a dry run says' --data-binary @"$T/root1.csr" \
    "$API/v1/certificates?profile=login&dry_run=true"
json 'no' '.would_issue == false and ([.errors[].name] == ["cn:root.internal"])'
ask root2 / DNS:root.internal
send 201 - 'the host without it' root2 login
like 'has no CN' "$T/root2.text" 'Subject: *$'

# a critical extension: ours is read again, anybody else's is refused
ask granted / DNS:a.internal,DNS:b.internal
want 201 - 'a critical extension' -H 'Accept: application/json' \
    --data-binary @"$T/granted.csr" "$API/v1/certificates?profile=granted"
jq -r .pem "$T/body" >"$T/granted.pem"
json 'a lint warns of it' '[.warnings[] | select(test("critical_unknown"))] |
    length == 1'
serial=$(jq -r .serial "$T/body")
openssl x509 -in "$T/granted.pem" -noout -text >"$T/granted.text"
like 'it is there, critical' "$T/granted.text" '1\.2\.3\.4: critical'
want 200 - 'it is shown' -H 'Accept: application/json' \
    "$API/v1/certificates/$serial"
want 200 - 'and found by its name' "$API/v1/certificates?name=b.internal"
json 'once' "[.certificates[].serial] == [\"$serial\"]"
want 201 - 'it is renewed' -H 'Accept: application/json' -X POST \
    "$API/v1/certificates/$serial/renew"
crit() { # FILE OID: a request for that extension, critical, and another value
    "$MKCSR" -k "$T/key" -n dns:a.internal -n dns:b.internal \
        -x "$2:1:0c0142" >"$T/$1.der" || bail mkcsr
}
crit crit 1.2.3.4
want 201 - 'a request for what the profile has' -H 'Accept: application/json' \
    --data-binary @"$T/crit.der" "$API/v1/certificates?profile=granted"
jq -r .pem "$T/body" | openssl x509 -noout -text >"$T/crit.text"
like 'gets it, critical' "$T/crit.text" '1\.2\.3\.4: critical'
like 'with the value of the profile' "$T/crit.text" '\.\.A$'
crit crit2 1.2.3.5
want 422 extension-not-allowed 'another OID is refused' \
    --data-binary @"$T/crit2.der" "$API/v1/certificates?profile=granted"
like 'by OID and rule' "$T/body" \
    '1\.2\.3\.5, which is not among the extensions of profile .*granted'
want 422 extension-not-allowed 'and it in another profile' \
    --data-binary @"$T/crit.der" "$API/v1/certificates?profile=server"
want 200 - 'as a dry run says' \
    --data-binary @"$T/crit.der" "$API/v1/certificates?profile=granted&dry_run=true"
json 'line by line' '.would_issue and any(.rules[]; .result == "allow" and
    .rule == "extensions" and .about == "1.2.3.4" and (.detail | test("own value")))'
BEARER=''
want 200 - 'it reads itself' --cert "$T/granted.pem" --key "$T/key" \
    "$API/v1/certificates/$serial"
BEARER=$ADMIN
want 200 - 'and is revoked' -X POST -d reason=superseded \
    "$API/v1/certificates/$serial/revoke"
ok 'audit' "$POCKETCA" audit -c "$CA/pocketca.conf"
ok 'lint warns alone' "$POCKETCA" lint "$T/granted.pem" --issuer "$CA/issuing.pem"
like 'of the extension' "$T/out" 'warning.*critical_unknown'
ok 'its key may be blocked' "$POCKETCA" block -c "$CA/pocketca.conf" \
    "$T/granted.pem"
ok 'and no longer' "$POCKETCA" block -c "$CA/pocketca.conf" --remove \
    "$T/granted.pem"
ask one / DNS:a.internal
send 422 too-few-names 'one name of two' one granted
openssl req -x509 -key "$T/key" -subj /CN=Foreign -days 2 \
    -addext '1.2.3.4=critical,DER:0c0141' -out "$T/foreign.pem" 2>/dev/null
no 'no authority has one' "$POCKETCA" init --dir "$T/foreign" --name F \
    --host ca.internal --import-cert "$T/foreign.pem" --import-key "$T/key"
like 'by its OID' "$T/out" 'unknown critical extension \(1\.2\.3\.4\)'

# machines: a name that is no host, and nothing else
ask svc /CN=svc-backup
send 201 - 'a client by its common name' svc client
like 'its subject' "$T/svc.text" 'Subject: O=Example Ltd,CN=svc-backup$'
unlike 'no alternative name' "$T/svc.text" 'Subject Alternative Name'
ask user /CN=user-1
send 422 name-not-allowed 'another common name' user client
t=$(token '"issue"' '"names": ["cn:svc-a*"]')
BEARER=$t
send 422 name-not-in-token 'a token narrows common names' svc client
ask svca /CN=svc-a1
send 201 - 'and allows them' svca client
want 201 - 'and renews what it covers' -X POST \
    "$API/v1/certificates/$(serial_of "$T/svca.pem")/renew"
BEARER=$ADMIN

# workloads
ask spiffe '/CN=Some workload' URI:spiffe://example.internal/ns/a
send 201 - 'a workload' spiffe workload
like 'its subject is empty' "$T/spiffe.text" 'Subject: *$'
like 'so its name is critical' "$T/spiffe.text" 'Alternative Name: critical'
ask spiffe2 / URI:spiffe://example.internal/a,URI:spiffe://example.internal/b
send 422 too-many-names 'two are too many' spiffe2 workload
ask spiffe3 / URI:spiffe://example.org/a
send 422 name-not-allowed 'another trust domain' spiffe3 workload

# servers, short
ask short /CN=web.internal
send 201 - 'for an hour' short short
unlike 'no address of a CRL' "$T/short.text" 'CRL Distribution'
unlike 'no address of OCSP' "$T/short.text" 'Authority Information Access'
send 422 lifetime-too-long 'not for a day' short short lifetime=1d
ask denied /CN=ca.example.internal
send 422 name-not-allowed 'the name of the CA itself is denied' denied server

# when it begins
when=$(date -u -d '+3 days' +%Y-%m-%dT%H:%M:%SZ)
ask later /CN=later.internal
send 422 not-before-not-allowed 'a server begins now' later server "not_before=$when"
send 201 - 'later, where the profile allows it' later later "not_before=$when"
req "$API/v1/certificates/$(serial_of "$T/later.pem")"
json 'then' ".not_before == \"$when\""
send 422 not-before-not-allowed 'not that far ahead' later later \
    "not_before=$(date -u -d '+8 days' +%Y-%m-%dT%H:%M:%SZ)"
send 422 not-before-not-allowed 'not in the past' later later \
    'not_before=2020-01-01T00:00:00Z'
send 422 lifetime-too-short 'not shorter than the least' later later lifetime=59m

# power
openssl req -new -key "$T/key" -subj /CN=svc-x -out "$T/power.csr" \
    -addext extendedKeyUsage=OCSPSigning 2>/dev/null
send 201 - 'a responder' power responder
like 'for OCSP alone' "$T/power.text" 'OCSP Signing$'
like 'never asked about' "$T/power.text" 'OCSP No Check'
like 'with an extension of its own' "$T/power.text" '1\.2\.3\.4'
send 422 extension-not-allowed 'no other profile grants it' power client
openssl req -new -key "$T/key" -subj /CN=x -out "$T/any.csr" \
    -addext extendedKeyUsage=anyExtendedKeyUsage 2>/dev/null
send 422 extension-not-allowed 'and none every purpose' any responder

# what the authority cannot sign
line=$(cat "$T/own" "$T/sample" | wc -l)
cannot() { # WHAT SAID PROFILE-LINE…
    c_what=$1 c_said=$2
    shift 2
    configure "$@"
    exits 1 "$c_what" "$POCKETCA" check -c "$CA/pocketca.conf"
    like "$c_what: said where" "$T/out" "pocketca.conf:$((line + 2)): $c_said"
}
cannot 'more names than the constraints' \
    'profile p: names "dns:\*\*" allows more than .*issuing.pem permit' \
    'profile p { usage = server' 'names = "dns:**" }'
cannot 'a network that they leave out' 'profile p: names "ip:0.0.0.0/0"' \
    'profile p { usage = server' 'names = "ip:0.0.0.0/0" }'
cannot 'an authority below it' 'profile p: .*path length of 1 in .*has 0' \
    'profile p {' 'usage = intermediate subject = "cn=X" }'
cannot 'what contradicts itself' 'profile p: deny .* covers all of' \
    'profile p { usage = server names = "dns:a.internal"' \
    'deny = "dns:**.internal" }'
finish
