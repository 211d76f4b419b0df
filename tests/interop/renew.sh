#!/bin/sh
# SPDX-License-Identifier: ISC
# nginx's certificate renews itself with the cron line of the README; when the
# answer is a refusal, or none comes, the old file stays.
. "$(dirname "$0")/lib.sh"
need nginx
ca_start

tls=$work/tls
mkdir "$tls"
certify web p256 server web.internal
mv "$work/web.pem" "$work/web.key" "$tls/"
cp "$root" "$tls/root.pem"

# ---- the line: five fields of time, then the command that cron runs
line=$(grep '^[0-9][0-9 ]*\( \*\)* .*/v1/renew' "$SOURCE/README.md") ||
    bail "README has no cron line that renews"
[ "$(echo "$line" | wc -l)" = 1 ] || bail "README has several such lines"
command=$(echo "$line" | sed 's/^\([^ ]* \)\{5\}//')
case $command in
*%*) bail "cron takes the % of the line for a line end" ;;
esac
for text in /etc/nginx/tls https://ca.example.internal:8443 \
    'systemctl reload nginx'; do
    case $command in
    *"$text"*) ;;
    *) bail "the cron line has no $text" ;;
    esac
done
command=$(echo "$command" | sed -e "s|/etc/nginx/tls|$tls|g" \
    -e "s|https://ca.example.internal:8443|$API|g" -e \
    "s|systemctl reload nginx|nginx -c $work/nginx.conf -s reload -e stderr|")
cron() { (cd / && sh -c "$command") >"$work/cron.log" 2>&1; }

web_port=$(free_port)
cat >"$work/nginx.conf" <<END
worker_processes 1;
pid $work/nginx.pid;
error_log $work/nginx-error.log;
events { }
http {
$(nginx_own)
    server {
        listen 127.0.0.1:$web_port ssl;
        ssl_certificate $tls/web.pem;
        ssl_certificate_key $tls/web.key;
        location / { return 200 "$secret\n"; }
    }
}
END
server nginx "$web_port" nginx -c "$work/nginx.conf" -e stderr -g 'daemon off;'

# The serial that nginx shows now.
shown()
{
    openssl s_client -connect "127.0.0.1:$web_port" -CAfile "$root" \
        -verify_return_error </dev/null 2>/dev/null |
        openssl x509 -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f'
}
shows() { [ "$(shown)" = "$1" ]; }

first=$(serial_of "$tls/web.pem")
shows "$first" || bail "nginx does not show its certificate"
cron || bail "the cron line failed"
second=$(serial_of "$tls/web.pem")
[ "$first" != "$second" ] || bail "the cron line kept the old certificate"
openssl verify -CAfile "$root" -untrusted "$tls/web.pem" "$tls/web.pem" \
    >"$work/verify.log" 2>&1 || bail "the new certificate does not verify"
wait_for 5 shows "$second" || bail "nginx does not show the new one"
served curl "$root" "$web_port" || bail "nginx does not serve with it"
curl -fsS -K "$curlrc" "$API/v1/certificates/$first" |
    jq -e --arg s "$second" '.replaced_by == $s' >"$work/jq.log" ||
    bail "the ledger does not know what replaced the first"
proved "the README's cron line renews nginx's certificate by itself"

cron || bail "the cron line failed the second time"
third=$(serial_of "$tls/web.pem")
[ "$third" != "$second" ] || bail "the second renewal kept the old one"
wait_for 5 shows "$third" || bail "nginx does not show the third"
proved "the renewed certificate renews itself again"

# ---- refusals
# kept WHAT: the line fails, and changes nothing.
kept()
{
    before=$(sha256sum <"$tls/web.pem")
    cron && bail "$1: the cron line succeeded"
    [ "$(sha256sum <"$tls/web.pem")" = "$before" ] ||
        bail "$1: the old file changed"
    # A worker of before the last reload may take a connection yet.
    wait_for 5 shows "$third" || bail "$1: nginx shows something else"
    served curl "$root" "$web_port" || bail "$1: nginx serves no more"
    proved "$1: the old file stays, and nginx serves with it"
}

curl -fsS -K "$curlrc" -d reason=superseded -o "$work/revoked.json" \
    "$API/v1/certificates/$third/revoke" || bail "the third is not revoked"
kept "refused (revoked)"
stop || bail "the service did not end well"
kept "nobody answers"

# Somebody else answers there, with a certificate by a root of the same name.
foreign_start
openssl req -new -key "$work/foreign.key" -subj /CN=ca \
    -addext subjectAltName=IP:127.0.0.1,DNS:localhost |
    openssl x509 -req -CA "$work/foreign-ca.pem" -CAkey \
        "$work/foreign-ca.key" -CAcreateserial -days 30 -copy_extensions \
        copy -out "$work/impostor.pem" 2>/dev/null
server impostor "$api_port" openssl s_server -accept "127.0.0.1:$api_port" \
    -cert "$work/impostor.pem" -key "$work/foreign.key" -www
curl -fsS --cacert "$work/foreign-ca.pem" -o "$work/impostor.html" "$API/" ||
    bail "the impostor does not answer"
kept "an impostor answers"
finish
