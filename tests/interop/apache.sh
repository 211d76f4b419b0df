#!/bin/sh
# SPDX-License-Identifier: ISC
# Apache httpd serves with our certificates, and asks for them.
. "$(dirname "$0")/lib.sh"
for httpd in apache2 httpd none; do
    ! command -v $httpd >/dev/null || break
done
[ "$httpd" != none ] || bail "Apache httpd is not installed"
for modules in "${APACHE_MODULES:-}" /usr/lib/apache2/modules \
    /usr/lib64/httpd/modules /usr/lib/apache2; do
    [ ! -e "$modules/mod_ssl.so" ] || break
done
ca_start
foreign_start
mutual_start

config=$work/httpd.conf
mkdir "$work/pages"
echo "$secret" >"$work/pages/index.html"
chmod -R a+rX "$work/pages"

# at PORT CERTIFICATE KEY [MORE]: one virtual host.
at()
{
    cat >>"$config" <<END
Listen 127.0.0.1:$1 https
<VirtualHost 127.0.0.1:$1>
    SSLEngine on
    SSLCertificateFile $2
    ${3:+SSLCertificateKeyFile $3}
    ${4:-}
</VirtualHost>
END
}

cat >"$config" <<END
ServerRoot $work
ServerName localhost
PidFile $work/httpd.pid
ErrorLog $work/httpd-error.log
LogLevel warn ssl:info
DefaultRuntimeDir $work
DocumentRoot $work/pages
DirectoryIndex index.html
END
for module in mpm_event authz_core dir ssl socache_shmcb; do
    [ ! -e "$modules/mod_$module.so" ] ||
        echo "LoadModule ${module}_module $modules/mod_$module.so" >>"$config"
done
if [ "$(id -u)" = 0 ]; then
    [ ! -e "$modules/mod_unixd.so" ] ||
        echo "LoadModule unixd_module $modules/mod_unixd.so" >>"$config"
    echo "User nobody" >>"$config"
fi
for type in $key_types; do
    certify "web-$type" "$type" server web.internal
    eval "port_$type=\$(free_port)"
    eval "at \$port_$type $work/web-$type.pem $work/web-$type.key"
done
pair_port=$(free_port)
at "$pair_port" "$work/web-p256-pair.pem" ""
mutual_port=$(free_port)
at "$mutual_port" "$work/web-rsa.pem" "$work/web-rsa.key" \
    "SSLVerifyClient require
    SSLVerifyDepth 2
    SSLCACertificateFile $root
    SSLCARevocationFile $work/crl.pem
    SSLCARevocationCheck chain"
# ---- OCSP: about itself, and about its clients.  Its trust is what is in the
# file: the authority that certifies the responder has to be there.
echo "SSLStaplingCache shmcb:$work/staples(65536)" >>"$config"
certify stapled p256 server web.internal
staple_port=$(free_port)
at "$staple_port" "$work/stapled.pem" "$work/stapled.key" "SSLUseStapling on
    SSLStaplingStandardCacheTimeout 1
    SSLStaplingErrorCacheTimeout 1"
ocsp_port=$(free_port)
at "$ocsp_port" "$work/web-rsa.pem" "$work/web-rsa.key" \
    "SSLVerifyClient require
    SSLVerifyDepth 2
    SSLCACertificateFile $CA/chain.pem
    SSLOCSPEnable leaf"

"$httpd" -t -f "$config" >"$work/httpd-test.log" 2>&1 || bail "httpd -t refuses"
server httpd "$mutual_port" "$httpd" -D FOREGROUND -f "$config"

for type in $key_types; do
    eval "handshakes \$port_$type 'Apache, $type'"
done
handshakes "$pair_port" "Apache, key and certificate in one file"
mutual "$mutual_port" "Apache, mutual"
grep -q 'certificate revoked' "$work/httpd-error.log" ||
    bail "Apache did not say that one was revoked"
proved "Apache tells the revoked certificate by SSLCARevocationFile"

mutual "$ocsp_port" "Apache, SSLOCSPEnable"
mutual_now "$ocsp_port" "Apache, SSLOCSPEnable"

staples "$staple_port" good || bail "Apache's first handshake has no staple"
stapled "$staple_port" Apache
revoke stapled
wait_for 10 staples "$staple_port" revoked ||
    bail "Apache staples $(staple "$staple_port"), not revoked"
served gnutls "$root" "$staple_port" && bail "gnutls is content with that"
curl -fsS --cert-status --cacert "$root" "https://localhost:$staple_port/" \
    >"$work/client.log" 2>&1 && bail "curl --cert-status is content with that"
proved "Apache staples that its own certificate is revoked"
finish
