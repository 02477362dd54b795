package x509

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/kit/valid"
)

// checkPeople holds what may be changed at any time.
func (d *Details) checkPeople(v *wispwright.ValidationError) {
	valid.Text(v, "name", d.Name, valid.Required, valid.Max(64))
	valid.Text(v, "notes", d.Notes, valid.Max(64<<10))
}

// complete fills what was left out of a new object and checks it (spec: x509
// §1.1, §2).
func (a *Authority) complete(d *Details, days int, v *wispwright.ValidationError) {
	o := &a.options
	if d.KeyLength == "" {
		d.KeyLength = o.KeyLength
	}
	if d.Digest == "" {
		d.Digest = o.Digest
	}
	now := a.base.Now()
	if d.ValidityStart.IsZero() {
		d.ValidityStart = now.AddDate(0, 0, -1).Truncate(24 * time.Hour)
	}
	if d.ValidityEnd.IsZero() {
		d.ValidityEnd = now.AddDate(0, 0, days)
	}
	d.ValidityStart, d.ValidityEnd = d.ValidityStart.UTC().Truncate(time.Second), d.ValidityEnd.UTC().Truncate(time.Second)
	check(v, "key_length", d.KeyLength, KeyLengths())
	check(v, "digest", d.Digest, Digests())
	if d.KeyLength == Ed25519 {
		d.Digest = SHA512 // the only one it signs with
	}
	switch {
	case !d.ValidityEnd.After(d.ValidityStart):
		v.Add("validity_end", "The end of the validity must be after its start.")
	case d.ValidityEnd.Year() > 9999 || d.ValidityStart.Year() < 1950:
		v.Add("validity_end", "The validity must lie between the years 1950 and 9999.")
	}
	for _, f := range []struct{ name, value string }{
		{"state", d.State}, {"city", d.City}, {"organization_name", d.OrganizationName},
		{"organizational_unit_name", d.OrganizationalUnitName}, {"common_name", d.CommonName},
	} {
		valid.Text(v, f.name, f.value, valid.Max(64))
	}
	valid.Text(v, "country_code", d.CountryCode, valid.Max(2), printable)
	valid.Text(v, "email", d.Email, valid.Email, valid.Max(254), ascii)
	valid.Text(v, "passphrase", d.Passphrase.Reveal(), valid.Max(64))
	if d.SerialNumber != "" {
		d.SerialNumber = checkSerial(v, d.SerialNumber)
	}
	if _, _, _, err := encodeExtensions(d.Extensions); err != nil {
		_ = v.Merge("", err) // all its errors are faults of fields
	}
}

// printable wants what a PrintableString holds of a country code.
func printable(text string) string {
	if strings.ContainsFunc(text, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') }) {
		return "A country code consists of two letters."
	}
	return ""
}

func ascii(text string) string {
	if strings.ContainsFunc(text, func(c rune) bool { return c > 127 }) {
		return "Only ASCII characters are possible in a certificate."
	}
	return ""
}

// number gives a new serial number.
func (a *Authority) number(d *Details) error {
	n, err := a.options.Serial()
	if err != nil {
		return fmt.Errorf("serial number: %w", err)
	}
	d.SerialNumber = n.String()
	return nil
}

// keyOf is what keys of one length are made ahead as.
type keyOf struct {
	a      *Authority
	length KeyLength
}

func (k keyOf) String() string { return "a private key of the length " + string(k.length) }

// key makes the private key of an object and stores it in it: ahead of the transaction
// where that can be.
func (a *Authority) key(ctx context.Context, d *Details, prepared crypto.Signer) (crypto.Signer, error) {
	signer := prepared
	if signer == nil {
		var err error
		signer, err = ahead.Take(ctx, keyOf{a, d.KeyLength}, func() (crypto.Signer, error) { return a.generate(d.KeyLength) })
		if err != nil {
			return nil, err
		}
	}
	var err error
	d.PrivateKey, err = encodeKey(signer, d.Passphrase)
	return signer, err
}

// generate makes a key; lengths that only imports have are made alike.
func (a *Authority) generate(length KeyLength) (crypto.Signer, error) {
	signer, err := a.options.Generate(length)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return signer, nil
}

// refused turns what the crypto library says into a fault of the object, so that
// nothing of it is an error of the program (spec: additions X-1).
func refused(err error) error {
	var known *wispwright.ValidationError
	if err == nil || errors.As(err, &known) || ahead.Missing(err) {
		return err
	}
	return wispwright.Invalid("", "The certificate cannot be made: "+err.Error())
}

// nameKey makes common names unique within an organization, and among shared
// objects (spec: x509 §1.3). Blank ones take part.
func (d *Details) nameKey() string {
	owner := "shared"
	if !d.OrganizationID.IsZero() {
		owner = d.OrganizationID.String()
	}
	return owner + ":" + d.CommonName
}
