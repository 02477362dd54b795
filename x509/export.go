package x509

import (
	"context"
	"errors"
	"fmt"
	"strings"

	std "crypto/x509"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/wispwright/wispwright"
)

// maxChain bounds how far up a chain is followed.
const maxChain = 16

// Chain returns an authority and those above it, the root last.
func (s *CAs) Chain(ctx context.Context, id int64) ([]*CA, error) {
	var out []*CA
	for next := &id; next != nil && len(out) < maxChain; {
		ca, err := s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), *next)
		if err != nil {
			return nil, err
		}
		out, next = append(out, ca), ca.ParentID
	}
	return out, nil
}

// Bundle is certificates in PEM, one after the other.
func Bundle(first string, chain []*CA) string {
	var b strings.Builder
	for _, text := range append([]string{first}, certificates(chain)...) {
		if text != "" {
			b.WriteString(strings.TrimRight(text, "\n") + "\n")
		}
	}
	return b.String()
}

func certificates(chain []*CA) (out []string) {
	for _, ca := range chain {
		out = append(out, ca.Certificate)
	}
	return out
}

// PKCS12 packs a certificate with its key and its chain into a file for browsers
// and systems, protected by a password. legacy is for programs older than 2022,
// whose encryption is weak: the password must be kept as secret as the key.
func PKCS12(d *Details, chain []*CA, password wispwright.Secret, legacy bool) ([]byte, error) {
	if password == "" {
		return nil, wispwright.Invalid("password", "This field may not be blank.")
	}
	if d.PrivateKey == "" {
		return nil, wispwright.Invalid("", "The private key of this certificate is not here.")
	}
	cert, err := d.certificate()
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(d.PrivateKey, d.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	var above []*std.Certificate
	for _, ca := range chain {
		one, err := ca.certificate()
		if err != nil {
			return nil, err
		}
		above = append(above, one)
	}
	encoder := pkcs12.Modern
	if legacy {
		encoder = pkcs12.LegacyDES
	}
	file, err := encoder.Encode(signer, cert, above, password.Reveal())
	if err != nil {
		return nil, errors.Join(wispwright.Invalid("password", "The file cannot be made with this password."), err)
	}
	return file, nil
}

// OpenKey is the private key without its passphrase, for programs that cannot ask for
// one; it is empty where the key is not here.
func (d *Details) OpenKey() (wispwright.Secret, error) {
	if d.PrivateKey == "" || d.Passphrase == "" {
		return d.PrivateKey, nil
	}
	signer, err := parseKey(d.PrivateKey, d.Passphrase)
	if err != nil {
		return "", err
	}
	return encodeKey(signer, "")
}
