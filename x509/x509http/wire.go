package x509http

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/x509"
)

// commonIn are the fields of new objects (spec: x509 §8).
type commonIn struct {
	Name                   rest.Opt[string]        `json:"name" required:"true" maxLength:"64"`
	Organization           rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
	Notes                  rest.Opt[string]        `json:"notes" blank:"true"`
	KeyLength              rest.Opt[string]        `json:"key_length" enum:"256,384,521,ed25519,1024,2048,3072,4096" enumLabels:"256 (ECDSA),384 (ECDSA),521 (ECDSA),Ed25519,1024 (RSA),2048 (RSA),3072 (RSA),4096 (RSA)"`
	Digest                 rest.Opt[string]        `json:"digest" enum:"sha1,sha224,sha256,sha384,sha512" enumLabels:"SHA1,SHA224,SHA256,SHA384,SHA512"`
	ValidityStart          rest.Opt[time.Time]     `json:"validity_start" nullable:"true"`
	ValidityEnd            rest.Opt[time.Time]     `json:"validity_end" nullable:"true"`
	CountryCode            rest.Opt[string]        `json:"country_code" blank:"true" maxLength:"2"`
	State                  rest.Opt[string]        `json:"state" blank:"true" maxLength:"64" label:"state or province"`
	City                   rest.Opt[string]        `json:"city" blank:"true" maxLength:"64"`
	OrganizationName       rest.Opt[string]        `json:"organization_name" blank:"true" maxLength:"64" label:"organization"`
	OrganizationalUnitName rest.Opt[string]        `json:"organizational_unit_name" blank:"true" maxLength:"64"`
	Email                  rest.Opt[string]        `json:"email" blank:"true" format:"email" maxLength:"254"`
	CommonName             rest.Opt[string]        `json:"common_name" blank:"true" maxLength:"64"`
	Extensions             rest.Opt[extensionsIn]  `json:"extensions" metaType:"object" help:"additional x509 certificate extensions: a list of objects with name or oid, critical, value"`
	SerialNumber           rest.Opt[serialIn]      `json:"serial_number" nullable:"true" metaType:"string" help:"leave blank to determine automatically"`
	Certificate            rest.Opt[string]        `json:"certificate" blank:"true" help:"certificate in X.509 PEM format, to import one"`
	PrivateKey             rest.Opt[string]        `json:"private_key" blank:"true" help:"private key in X.509 PEM format, to import one"`
	PKCS12                 rest.Opt[string]        `json:"pkcs12" blank:"true" maxLength:"180000" writeOnly:"true" label:"PKCS#12" help:"a PKCS#12 file in base64, to import certificate and key; its password is the passphrase"`
	Passphrase             rest.Opt[string]        `json:"passphrase" blank:"true" maxLength:"64" writeOnly:"true" help:"Passphrase for the private key, if present"`
	AutoRenew              rest.Opt[bool]          `json:"auto_renew" help:"renew it by itself before it expires"`
}

// caIn creates or imports an authority.
type caIn struct {
	commonIn
	Parent     rest.Opt[pk]    `json:"parent" nullable:"true" metaType:"field" help:"the CA that signs this one; none for a root"`
	PathLength rest.Opt[int64] `json:"path_length" nullable:"true" minimum:"0" maximum:"255" help:"how many CAs may follow below this one; null for any number"`
	Enrolment  rest.Opt[bool]  `json:"enrolment" help:"devices may enrol for certificates of this CA (EST)"`
}

// certIn creates or imports a certificate.
type certIn struct {
	commonIn
	CA  rest.Opt[pk]     `json:"ca" required:"true" metaType:"field"`
	CSR rest.Opt[string] `json:"csr" blank:"true" help:"a PKCS#10 request in PEM, to sign a key that is elsewhere"`
}

// caChange is what may be changed of an authority.
type caChange struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"64"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
	Notes        rest.Opt[string]        `json:"notes" blank:"true"`
	AutoRenew    rest.Opt[bool]          `json:"auto_renew"`
	Enrolment    rest.Opt[bool]          `json:"enrolment"`
}

// certChange is what may be changed of a certificate.
type certChange struct {
	Name         rest.Opt[string]        `json:"name" required:"true" maxLength:"64"`
	Organization rest.Opt[wispwright.ID] `json:"organization" required:"true" nullable:"true" rel:"organization"`
	Notes        rest.Opt[string]        `json:"notes" blank:"true"`
	AutoRenew    rest.Opt[bool]          `json:"auto_renew"`
}

// pk is the key of a CA, as a number or its digits.
type pk int64

// FromWire implements rest.Wire.
func (p *pk) FromWire(raw json.RawMessage) error {
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	} else if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return errors.New("Incorrect type. Expected pk value, received " + rest.TypeName(raw) + ".")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		if len(text) > 64 {
			text = text[:64] + "…"
		}
		return errors.New("Incorrect type. Expected pk value, received str.")
	}
	*p = pk(n)
	return nil
}

// serialIn is a serial number, as text or as a number of any size.
type serialIn string

// FromWire implements rest.Wire.
func (s *serialIn) FromWire(raw json.RawMessage) error {
	text := string(raw)
	switch rest.TypeName(raw) {
	case "str":
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	case "int":
	default:
		return errors.New("Not a valid string.")
	}
	if len(text) > 48 {
		return errors.New("Ensure this field has no more than 48 characters.")
	}
	*s = serialIn(text)
	return nil
}

// extensionsIn are the extensions of a body. What is no list of objects is left
// to the concern to refuse, together with what else is wrong.
type extensionsIn []x509.Extension

// FromWire implements rest.Wire.
func (e *extensionsIn) FromWire(raw json.RawMessage) error {
	var list []struct {
		Name     *string `json:"name"`
		OID      *string `json:"oid"`
		Critical *bool   `json:"critical"`
		Value    *string `json:"value"`
	}
	text := string(raw)
	if raw[0] == '"' { // forms send texts
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
	}
	*e = extensionsIn{{}} // has neither name nor identifier: refused
	if text == "" {
		*e = nil
		return nil
	}
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	out := extensionsIn{}
	for _, i := range list {
		one := x509.Extension{}
		if i.Value == nil {
			return nil
		}
		one.Value = *i.Value
		for _, f := range []struct {
			from *string
			to   *string
		}{{i.Name, &one.Name}, {i.OID, &one.OID}} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		if i.Critical != nil {
			one.Critical = *i.Critical
		}
		out = append(out, one)
	}
	*e = out
	return nil
}

// into fills a new object.
func (in *commonIn) into(d *x509.Details) error {
	in.Name.Into(&d.Name)
	in.Organization.Into(&d.OrganizationID)
	in.Notes.Into(&d.Notes)
	d.KeyLength, d.Digest = x509.KeyLength(in.KeyLength.Or("")), x509.Digest(in.Digest.Or(""))
	in.ValidityStart.Into(&d.ValidityStart)
	in.ValidityEnd.Into(&d.ValidityEnd)
	in.CountryCode.Into(&d.CountryCode)
	in.State.Into(&d.State)
	in.City.Into(&d.City)
	in.OrganizationName.Into(&d.OrganizationName)
	in.OrganizationalUnitName.Into(&d.OrganizationalUnitName)
	in.Email.Into(&d.Email)
	in.CommonName.Into(&d.CommonName)
	d.Extensions = in.Extensions.Or(nil)
	d.SerialNumber = string(in.SerialNumber.Or(""))
	in.Certificate.Into(&d.Certificate)
	d.PrivateKey, d.Passphrase = wispwright.Secret(in.PrivateKey.Or("")), wispwright.Secret(in.Passphrase.Or(""))
	in.AutoRenew.Into(&d.AutoRenew)
	if in.PKCS12.Or("") == "" {
		return nil
	}
	if d.Certificate != "" || d.PrivateKey != "" {
		return wispwright.Invalid("pkcs12", "Send either a PKCS#12 file, or a certificate with its key.")
	}
	file, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(in.PKCS12.V), ""))
	if err != nil {
		return wispwright.Invalid("pkcs12", "This is no base64.")
	}
	read, err := x509.ReadPKCS12(file, d.Passphrase)
	if err != nil {
		return err
	}
	d.Certificate, d.PrivateKey, d.Passphrase = read.Certificate, read.PrivateKey, ""
	return nil
}

// caOut is an authority: the 21 keys of OpenWISP, then ours.
type caOut struct {
	ID                     int64            `json:"id"`
	Name                   string           `json:"name"`
	Organization           wispwright.ID    `json:"organization"`
	Notes                  string           `json:"notes"`
	KeyLength              string           `json:"key_length"`
	Digest                 string           `json:"digest"`
	ValidityStart          rest.Time        `json:"validity_start"`
	ValidityEnd            rest.Time        `json:"validity_end"`
	CountryCode            string           `json:"country_code"`
	State                  string           `json:"state"`
	City                   string           `json:"city"`
	OrganizationName       string           `json:"organization_name"`
	OrganizationalUnitName string           `json:"organizational_unit_name"`
	Email                  string           `json:"email"`
	CommonName             string           `json:"common_name"`
	Extensions             []x509.Extension `json:"extensions"`
	SerialNumber           string           `json:"serial_number"`
	Certificate            string           `json:"certificate"`
	PrivateKey             string           `json:"private_key" doc:"empty for callers who may not change the object"`
	Created                rest.Time        `json:"created"`
	Modified               rest.Time        `json:"modified"`
	Parent                 *int64           `json:"parent"`
	PathLength             *int64           `json:"path_length"`
	AutoRenew              bool             `json:"auto_renew"`
	Enrolment              bool             `json:"enrolment"`
	Revoked                bool             `json:"revoked"`
	RevokedAt              rest.Time        `json:"revoked_at"`
	RevocationReason       string           `json:"revocation_reason"`
	HasPrivateKey          bool             `json:"has_private_key"`
}

// certOut is a certificate: the 24 keys of OpenWISP, then ours.
type certOut struct {
	ID                     int64            `json:"id"`
	Name                   string           `json:"name"`
	Organization           wispwright.ID    `json:"organization"`
	CA                     int64            `json:"ca"`
	Notes                  string           `json:"notes"`
	Revoked                bool             `json:"revoked"`
	RevokedAt              rest.Time        `json:"revoked_at"`
	KeyLength              string           `json:"key_length"`
	Digest                 string           `json:"digest"`
	ValidityStart          rest.Time        `json:"validity_start"`
	ValidityEnd            rest.Time        `json:"validity_end"`
	CountryCode            string           `json:"country_code"`
	State                  string           `json:"state"`
	City                   string           `json:"city"`
	OrganizationName       string           `json:"organization_name"`
	OrganizationalUnitName string           `json:"organizational_unit_name"`
	Email                  string           `json:"email"`
	CommonName             string           `json:"common_name"`
	Extensions             []x509.Extension `json:"extensions"`
	SerialNumber           string           `json:"serial_number"`
	Certificate            string           `json:"certificate"`
	PrivateKey             string           `json:"private_key" doc:"empty for callers who may not change the object"`
	Created                rest.Time        `json:"created"`
	Modified               rest.Time        `json:"modified"`
	AutoRenew              bool             `json:"auto_renew"`
	RevocationReason       string           `json:"revocation_reason"`
	HasPrivateKey          bool             `json:"has_private_key"`
}

func moment(t *time.Time) rest.Time {
	if t == nil {
		return rest.Time{}
	}
	return rest.Time(*t)
}

func (h *HTTP) caOut(r *rest.Request, c *x509.CA) caOut {
	d := &c.Details
	out := caOut{
		ID: d.ID, Name: d.Name, Organization: d.OrganizationID, Notes: d.Notes, KeyLength: string(d.KeyLength), Digest: string(d.Digest),
		ValidityStart: rest.Time(d.ValidityStart), ValidityEnd: rest.Time(d.ValidityEnd), CountryCode: d.CountryCode, State: d.State, City: d.City,
		OrganizationName: d.OrganizationName, OrganizationalUnitName: d.OrganizationalUnitName, Email: d.Email, CommonName: d.CommonName,
		Extensions: append([]x509.Extension{}, d.Extensions...), SerialNumber: d.SerialNumber, Certificate: d.Certificate,
		Created: rest.Time(d.Created), Modified: rest.Time(d.Modified), Parent: c.ParentID, AutoRenew: d.AutoRenew, Enrolment: c.Enrolment,
		Revoked: d.Revoked, RevokedAt: moment(d.RevokedAt), RevocationReason: string(d.RevocationReason), HasPrivateKey: d.PrivateKey != "",
	}
	if c.PathLength != x509.NoLimit {
		out.PathLength = &c.PathLength
	}
	if h.mayReveal(r, changeCA, d) {
		out.PrivateKey = d.PrivateKey.Reveal()
	}
	return out
}

func (h *HTTP) certOut(r *rest.Request, c *x509.Cert) certOut {
	d := &c.Details
	out := certOut{
		ID: d.ID, Name: d.Name, Organization: d.OrganizationID, CA: c.CAID, Notes: d.Notes, Revoked: d.Revoked, RevokedAt: moment(d.RevokedAt),
		KeyLength: string(d.KeyLength), Digest: string(d.Digest), ValidityStart: rest.Time(d.ValidityStart), ValidityEnd: rest.Time(d.ValidityEnd),
		CountryCode: d.CountryCode, State: d.State, City: d.City, OrganizationName: d.OrganizationName, OrganizationalUnitName: d.OrganizationalUnitName,
		Email: d.Email, CommonName: d.CommonName, Extensions: append([]x509.Extension{}, d.Extensions...), SerialNumber: d.SerialNumber,
		Certificate: d.Certificate, Created: rest.Time(d.Created), Modified: rest.Time(d.Modified), AutoRenew: d.AutoRenew,
		RevocationReason: string(d.RevocationReason), HasPrivateKey: d.PrivateKey != "",
	}
	if h.mayReveal(r, changeCert, d) {
		out.PrivateKey = d.PrivateKey.Reveal()
	}
	return out
}

// knownCA adds a fault for a CA that the caller may not use: others are as if
// they did not exist.
func (h *HTTP) knownCA(r *rest.Request, v *wispwright.ValidationError, field string, in rest.Opt[pk], scope wispwright.Scope) error {
	if !in.Set || in.Null {
		return nil
	}
	_, err := h.a.CAs.Get(r.Context(), scope, int64(in.V))
	if errors.Is(err, wispwright.ErrNotFound) {
		v.Add(field, valid.UnknownPK(int64(in.V)))
		return nil
	}
	return err
}
