// SPDX-License-Identifier: ISC

// Judges chains (leaf first) by crypto/x509: each is read to its last
// extension and verified up to the root.
//
//	gojudge ROOT CHAIN...
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func load(path string) (certs []*x509.Certificate, err error) {
	text, err := os.ReadFile(path)
	for err == nil {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return
		}
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			certs = append(certs, c)
		}
	}
	return
}

func judge(root *x509.Certificate, path string) error {
	chain, err := load(path)
	if err != nil {
		return err
	}
	roots, rest := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	for _, c := range chain[1:] {
		rest.AddCert(c)
	}
	leaf := chain[0]
	if n := len(leaf.UnhandledCriticalExtensions); n > 0 {
		return fmt.Errorf("%d critical extensions are not known", n)
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: rest,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	for _, name := range leaf.DNSNames {
		if err == nil {
			err = leaf.VerifyHostname(name)
		}
	}
	return err
}

func main() {
	roots, err := load(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := 0
	for _, path := range os.Args[2:] {
		if err := judge(roots[0], path); err != nil {
			fmt.Printf("%s: %v\n", path, err)
			code = 1
		}
	}
	os.Exit(code)
}
