// SPDX-License-Identifier: ISC
// An Express server over TLS as people write it.
//   node server.js PORT CERT KEY TEXT [CLIENT-CA CRLS]
'use strict';

const fs = require('fs');
const https = require('https');
const express = require('express');

const [port, cert, key, text, ca, crls] = process.argv.slice(2);
const options = { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };

if (ca) {
  options.ca = fs.readFileSync(ca);
  options.requestCert = true;
  options.rejectUnauthorized = true;
  // Node reads one CRL from each element.
  options.crl = fs.readFileSync(crls, 'latin1')
    .match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----\n?/g);
}

const app = express();
app.get('/', (request, response) => response.send(text + '\n'));
https.createServer(options, app).listen(Number(port), '127.0.0.1')
  .on('tlsClientError', (error) => console.error('client:', error.message));
