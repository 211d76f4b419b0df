// SPDX-License-Identifier: ISC

// A net/http server over TLS; with client certificates when a CA is given,
// each chain checked against the CRLs of its issuers.
//
//	goserver PORT CERT KEY TEXT [CLIENT-CA CRLS]
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func loadCRLs(path string) (lists []*x509.RevocationList) {
	text, err := os.ReadFile(path)
	must(err)
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			return lists
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		must(err)
		lists = append(lists, list)
	}
}

// revoked says whether issuer's CRL has cert; no good CRL is an error too.
func revoked(cert, issuer *x509.Certificate, lists []*x509.RevocationList) error {
	for _, list := range lists {
		if list.CheckSignatureFrom(issuer) != nil {
			continue
		}
		now := time.Now()
		if now.Before(list.ThisUpdate) || now.After(list.NextUpdate) {
			return fmt.Errorf("the CRL of %s is not current", issuer.Subject)
		}
		for _, entry := range list.RevokedCertificates {
			if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
				return fmt.Errorf("%x is revoked", cert.SerialNumber)
			}
		}
		return nil
	}
	return fmt.Errorf("no CRL of %s", issuer.Subject)
}

func clientConfig(ca, crls string) *tls.Config {
	pool := x509.NewCertPool()
	text, err := os.ReadFile(ca)
	must(err)
	if !pool.AppendCertsFromPEM(text) {
		log.Fatal("no certificate in ", ca)
	}
	lists := loadCRLs(crls)
	return &tls.Config{
		ClientAuth: tls.RequireAndVerifyClientCert,
		ClientCAs:  pool,
		VerifyConnection: func(s tls.ConnectionState) error {
			for _, chain := range s.VerifiedChains {
				for i := 0; i+1 < len(chain); i++ {
					err := revoked(chain[i], chain[i+1], lists)
					if err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

func main() {
	arg := os.Args[1:]
	text := arg[3]
	server := &http.Server{
		Addr: "127.0.0.1:" + arg[0],
		Handler: http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintln(w, text)
			}),
	}
	if len(arg) == 6 {
		server.TLSConfig = clientConfig(arg[4], arg[5])
	}
	log.Fatal(server.ListenAndServeTLS(arg[1], arg[2]))
}
