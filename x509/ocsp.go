package x509

import (
	"bytes"
	"context"
	"crypto"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/wispwright/wispwright"
)

// Limits of what a question may hold (RFC 9654 has nonces of 32 bytes; older
// programs send 16).
const (
	maxOCSPRequest = 16 << 10
	maxQuestions   = 20
	maxNonce       = 128
)

// question is one certificate that is asked for.
type question struct {
	raw      []byte
	hash     crypto.Hash
	nameHash []byte
	keyHash  []byte
	serial   *big.Int
}

// The answers without content (RFC 6960 §4.2.1).
const (
	ocspMalformed    = 1
	ocspInternal     = 2
	ocspTryLater     = 3
	ocspUnauthorized = 6
)

// ocspFailure is an answer that needs no signature.
func ocspFailure(status byte) []byte { return []byte{0x30, 3, 0x0a, 1, status} }

// OCSP answers a question about certificates of an authority (RFC 6960), both in
// DER. What cannot be answered is an answer too; the error is for the log. until
// is how long the answer may be kept; zero for not at all.
func (a *Authority) OCSP(ctx context.Context, id int64, request []byte) (answer []byte, until time.Time, err error) {
	if len(request) > maxOCSPRequest {
		return ocspFailure(ocspMalformed), until, nil
	}
	questions, nonce, ok := parseOCSP(request)
	if !ok {
		return ocspFailure(ocspMalformed), until, nil
	}
	d, err := a.responder(ctx, id)
	switch {
	case isNotFound(err):
		return ocspFailure(ocspUnauthorized), until, nil
	case err != nil:
		return ocspFailure(ocspTryLater), until, fmt.Errorf("OCSP of CA %d: %w", id, err)
	}
	for _, q := range questions {
		if !d.answersFor(q) {
			return ocspFailure(ocspUnauthorized), until, nil
		}
	}
	answer, until, err = a.answer(ctx, d, questions, nonce)
	if err != nil {
		return ocspFailure(ocspInternal), time.Time{}, fmt.Errorf("OCSP of CA %d: %w", id, err)
	}
	if len(nonce) > 0 {
		until = time.Time{} // nobody else can use it
	}
	return answer, until, nil
}

func oidNonce() asn1.ObjectIdentifier { return oid(1, 3, 6, 1, 5, 5, 7, 48, 1, 2) }

// parseOCSP reads an OCSPRequest. A signature of whoever asks is ignored.
func parseOCSP(request []byte) (out []question, nonce []byte, ok bool) {
	type certID struct {
		Hash     pkix.AlgorithmIdentifier
		NameHash []byte
		KeyHash  []byte
		Serial   *big.Int
	}
	var outer struct {
		TBS struct {
			Version   int           `asn1:"optional,explicit,default:0,tag:0"`
			Requestor asn1.RawValue `asn1:"optional,explicit,tag:1"`
			List      []struct {
				Cert       asn1.RawValue
				Extensions []pkix.Extension `asn1:"optional,explicit,tag:0"`
			}
			Extensions []pkix.Extension `asn1:"optional,explicit,tag:2"`
		}
		Signature asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	if rest, err := asn1.Unmarshal(request, &outer); err != nil || len(rest) > 0 || len(outer.TBS.List) == 0 || len(outer.TBS.List) > maxQuestions {
		return nil, nil, false
	}
	for _, one := range outer.TBS.List {
		var id certID
		if rest, err := asn1.Unmarshal(one.Cert.FullBytes, &id); err != nil || len(rest) > 0 {
			return nil, nil, false
		}
		q := question{raw: one.Cert.FullBytes, nameHash: id.NameHash, keyHash: id.KeyHash, serial: id.Serial}
		switch id.Hash.Algorithm.String() {
		case "1.3.14.3.2.26":
			q.hash = crypto.SHA1
		case "2.16.840.1.101.3.4.2.1":
			q.hash = crypto.SHA256
		case "2.16.840.1.101.3.4.2.2":
			q.hash = crypto.SHA384
		case "2.16.840.1.101.3.4.2.3":
			q.hash = crypto.SHA512
		}
		out = append(out, q)
	}
	for _, e := range outer.TBS.Extensions {
		if e.Id.Equal(oidNonce()) && len(e.Value) <= maxNonce {
			nonce = e.Value
		}
	}
	return out, nonce, true
}

// delegate is a responder ready to answer.
type delegate struct {
	issuer *std.Certificate
	cert   *std.Certificate
	signer crypto.Signer
	ca     int64
	keyID  []byte
	// keyBits are what the questions' hashes of the issuer's key are of
	keyBits []byte
}

// answersFor reports whether a question is about the authority.
func (d *delegate) answersFor(q question) bool {
	if q.hash == 0 {
		return false
	}
	sum := func(b []byte) []byte {
		h := q.hash.New()
		h.Write(b)
		return h.Sum(nil)
	}
	return bytes.Equal(q.nameHash, sum(d.issuer.RawSubject)) && bytes.Equal(q.keyHash, sum(d.keyBits))
}

// answer makes and signs a BasicOCSPResponse.
func (a *Authority) answer(ctx context.Context, d *delegate, questions []question, nonce []byte) ([]byte, time.Time, error) {
	now := a.base.Now().Truncate(time.Second)
	until := now.Add(a.options.CRLValidity / 2)
	how, err := algorithmFor(d.signer.Public(), SHA256)
	if err != nil {
		return nil, until, err
	}
	lines := make([]*Issued, len(questions))
	for i, q := range questions {
		if q.serial.Sign() < 0 || q.serial.BitLen() > maxSerialBits+1 {
			continue
		}
		found, err := a.issued(ctx, IssuedFilter{CAID: d.ca, SerialNumber: q.serial.String()})
		if err != nil {
			return nil, until, err
		}
		if len(found) > 0 {
			lines[i] = found[0]
		}
	}
	context0, context1, context2 := cbasn1.Tag(0).ContextSpecific(), cbasn1.Tag(1).ContextSpecific(), cbasn1.Tag(2).ContextSpecific()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(context2.Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.keyID) })
		b.AddASN1GeneralizedTime(now)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for i, q := range questions {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddBytes(q.raw)
					switch line := lines[i]; {
					case line == nil:
						b.AddASN1(context2, func(*cryptobyte.Builder) {})
					case line.RevokedAt == nil:
						b.AddASN1(context0, func(*cryptobyte.Builder) {})
					default:
						b.AddASN1(context1.Constructed(), func(b *cryptobyte.Builder) {
							b.AddASN1GeneralizedTime(line.RevokedAt.UTC().Truncate(time.Second))
							if code := line.Reason.code(); code != 0 {
								b.AddASN1(context0.Constructed(), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(code)) })
							}
						})
					}
					b.AddASN1GeneralizedTime(now)
					b.AddASN1(context0.Constructed(), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(until) })
				})
			}
		})
		if len(nonce) > 0 {
			b.AddASN1(context1.Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addExtension(b, oidNonce(), func(b *cryptobyte.Builder) { b.AddBytes(nonce) })
				})
			})
		}
	})
	content, err := b.Bytes()
	if err != nil {
		return nil, until, err
	}
	signature, err := sign(d.signer, how, content)
	if err != nil {
		return nil, until, err
	}
	basic, err := asn1.Marshal(struct {
		Content   asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
		Certs     []asn1.RawValue `asn1:"explicit,tag:0"`
	}{asn1.RawValue{FullBytes: content}, how.identifier(), signature, []asn1.RawValue{{FullBytes: d.cert.Raw}}})
	if err != nil {
		return nil, until, err
	}
	der, err := asn1.Marshal(struct {
		Status asn1.Enumerated
		Bytes  struct {
			Type     asn1.ObjectIdentifier
			Response []byte
		} `asn1:"explicit,tag:0"`
	}{Bytes: struct {
		Type     asn1.ObjectIdentifier
		Response []byte
	}{oid(1, 3, 6, 1, 5, 5, 7, 48, 1, 1), basic}})
	return der, until, err
}

const (
	// responderDays is how long a delegated certificate is valid: it cannot be
	// revoked, since nobody asks about it.
	responderDays = 14
	// responderRest is how long it must still be valid to be used.
	responderRest = 3 * 24 * time.Hour
)

// responder returns the delegate of an authority, and makes one where there is
// none, it expires soon, or the authority was renewed. It is the authority's
// stand-in at the door, so that its own key is used seldom.
func (a *Authority) responder(ctx context.Context, id int64) (*delegate, error) {
	d, err := a.answers.Load(ctx, id, func(ctx context.Context) (*delegate, error) { return a.freshResponder(ctx, id) })
	if err != nil || d.cert.NotAfter.After(a.base.Now().Add(time.Hour)) {
		return d, err
	}
	a.answers.Forget(id)
	return a.freshResponder(ctx, id)
}

func (a *Authority) freshResponder(ctx context.Context, id int64) (*delegate, error) {
	ca, err := a.stores.CAs.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	r, err := a.stores.Responders.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	if err == nil && r.Issuer == ca.SerialNumber && r.NotAfter.After(a.base.Now().Add(responderRest)) {
		return newDelegate(ca, r)
	}
	err = a.do(ctx, "responder", func(ctx context.Context) error {
		// of nodes that come together the second finds what the first made
		if ca, err = a.stores.CAs.Hold(ctx, id); err != nil {
			return err
		}
		r, err = a.makeResponder(ctx, ca)
		return err
	})
	if conflict := (*wispwright.ConflictError)(nil); errors.As(err, &conflict) {
		r, err = a.stores.Responders.Get(ctx, wispwright.ScopeAll(), id)
	}
	if err != nil {
		return nil, err
	}
	return newDelegate(ca, r)
}

func (a *Authority) makeResponder(ctx context.Context, ca *CA) (*Responder, error) {
	issuer, err := a.issuer(ctx, ca, "ca")
	if err != nil {
		return nil, err
	}
	now := a.base.Now()
	d := Details{Name: "OCSP", CommonName: "OCSP responder", OrganizationName: ca.OrganizationName, KeyLength: P256, Digest: SHA256,
		ValidityStart: now.Add(-time.Hour).Truncate(time.Second), ValidityEnd: now.AddDate(0, 0, responderDays).Truncate(time.Second)}
	if d.ValidityEnd.After(issuer.cert.NotAfter) {
		d.ValidityEnd = issuer.cert.NotAfter
	}
	if err := a.number(&d); err != nil {
		return nil, err
	}
	signer, err := a.key(ctx, &d, nil)
	if err != nil {
		return nil, err
	}
	usage, err := extendedKeyUsage("OCSPSigning")
	if err != nil {
		return nil, err
	}
	settings := a.options
	settings.CertKeyUsage, settings.CertKeyUsageCritical = "digitalSignature", true
	o := &order{Details: &d, key: signer.Public(), issuer: issuer, further: []pkix.Extension{
		{Id: oidOf("extendedKeyUsage"), Value: usage},
		{Id: oid(1, 3, 6, 1, 5, 5, 7, 48, 1, 5), Value: asn1.NullBytes}, // id-pkix-ocsp-nocheck
	}}
	if d.Certificate, err = o.make(&settings); err != nil {
		return nil, err
	}
	r := &Responder{CAID: ca.ID, Certificate: d.Certificate, PrivateKey: d.PrivateKey, NotAfter: d.ValidityEnd, Issuer: ca.SerialNumber}
	if err := a.enter(ctx, &Issued{CAID: ca.ID}, &d); err != nil {
		return nil, err
	}
	switch _, err := a.stores.Responders.Get(ctx, wispwright.ScopeAll(), ca.ID); {
	case isNotFound(err):
		return r, a.stores.Responders.Insert(ctx, r)
	case err != nil:
		return nil, err
	}
	_, err = a.stores.Responders.Update(ctx, wispwright.ScopeAll(), ca.ID, func(old *Responder) error { *old = *r; return nil })
	return r, err
}

func newDelegate(ca *CA, r *Responder) (*delegate, error) {
	d := &delegate{ca: ca.ID}
	var err error
	if d.issuer, err = ca.certificate(); err != nil {
		return nil, err
	}
	if d.cert, err = parseCertificate(r.Certificate); err != nil {
		return nil, err
	}
	if d.signer, err = parseKey(r.PrivateKey, ""); err != nil {
		return nil, err
	}
	if d.keyID, err = keyID(d.cert.PublicKey); err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(d.issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil, err
	}
	d.keyBits = info.Key.Bytes
	return d, nil
}

// block is PEM of one DER value.
func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
