package x509

import (
	"context"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/wispwright/wispwright"
)

// PEM is the list as text.
func (l *List) PEM() []byte { return pem.EncodeToMemory(&pem.Block{Type: crlBlock, Bytes: l.DER}) }

// CRL returns the present revocation list of an authority within the scope
// (spec: x509 §7). It is made anew when something was revoked, and in the middle
// of its validity.
func (a *Authority) CRL(ctx context.Context, scope wispwright.Scope, id int64) (*List, error) {
	if !scope.All() {
		if _, err := a.stores.CAs.Get(ctx, scope, id); err != nil {
			return nil, err
		}
	}
	l, err := a.lists.Load(ctx, id, func(ctx context.Context) (*List, error) { return a.freshList(ctx, id) })
	if err != nil || a.fresh(l) {
		return l, err
	}
	a.lists.Forget(id)
	return a.freshList(ctx, id)
}

func (a *Authority) fresh(l *List) bool {
	return !l.Stale && len(l.DER) > 0 && a.base.Now().Before(l.NextUpdate.Add(-a.options.CRLValidity/2))
}

// freshList reads the list, and makes it anew where that is due.
func (a *Authority) freshList(ctx context.Context, id int64) (*List, error) {
	l, err := a.stores.Lists.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil || a.fresh(l) {
		return l, err
	}
	err = a.do(ctx, "CRL", func(ctx context.Context) error {
		// the row is locked: of nodes that come together one makes the list, and
		// a caller that revokes meanwhile makes it stale again
		l, err = a.stores.Lists.Update(ctx, wispwright.ScopeAll(), id, func(l *List) error {
			if a.fresh(l) {
				return nil
			}
			return a.remakeList(ctx, l)
		})
		return err
	})
	return l, err
}

func (a *Authority) remakeList(ctx context.Context, l *List) error {
	ca, err := a.stores.CAs.Get(ctx, wispwright.ScopeAll(), l.CAID)
	if err != nil {
		return err
	}
	cert, err := ca.certificate()
	if err != nil {
		return fmt.Errorf("certificate of CA %d: %w", ca.ID, err)
	}
	signer, err := a.signer(ctx, ca)
	if err != nil {
		return err
	}
	now := a.base.Now().Truncate(time.Second)
	l.Number, l.ThisUpdate, l.NextUpdate, l.Stale = l.Number+1, now, now.Add(a.options.CRLValidity), false
	revoked, err := a.stores.Issued.Revoked(ctx, l.CAID, now, l.NextUpdate)
	if err != nil {
		return fmt.Errorf("what CA %d revoked: %w", ca.ID, err)
	}
	id, err := keyIDOf(cert)
	if err != nil {
		return err
	}
	how, err := algorithmFor(signer.Public(), SHA256)
	if err != nil {
		return err
	}
	identifier, err := asn1.Marshal(how.identifier())
	if err != nil {
		return err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1) // version 2
		b.AddBytes(identifier)
		b.AddBytes(cert.RawSubject)
		addTime(b, l.ThisUpdate)
		addTime(b, l.NextUpdate)
		if len(revoked) > 0 {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(revoked) })
		}
		b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addExtension(b, oidAuthorityKeyID(), func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(id) })
					})
				})
				addExtension(b, oid(2, 5, 29, 20), func(b *cryptobyte.Builder) { b.AddASN1Int64(l.Number) })
			})
		})
	})
	content, err := b.Bytes()
	if err != nil {
		return fmt.Errorf("revocation list: %w", err)
	}
	l.DER, err = seal(signer, how, content)
	return err
}

// encodeEntry is one revoked certificate in a list.
func encodeEntry(serial string, at time.Time, reason Reason) ([]byte, error) {
	n, ok := new(big.Int).SetString(serial, 10)
	if !ok {
		return nil, fmt.Errorf("serial number %q", serial)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(n)
		addTime(b, at)
		if code := reason.code(); code != 0 { // RFC 5280 §5.3.1: leave out "unspecified"
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addExtension(b, oid(2, 5, 29, 21), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(code)) })
			})
		}
	})
	entry, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("entry of serial number %s: %w", serial, err)
	}
	return entry, nil
}

func addExtension(b *cryptobyte.Builder, id asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(id)
		b.AddASN1(cbasn1.OCTET_STRING, value)
	})
}

// addTime writes UTCTime until 2049 and GeneralizedTime from then on.
func addTime(b *cryptobyte.Builder, t time.Time) {
	t = t.UTC()
	if t.Year() < 2050 && t.Year() >= 1950 {
		b.AddASN1UTCTime(t)
		return
	}
	b.AddASN1GeneralizedTime(t)
}

// outdate makes the list of an authority be made anew before anybody gets it
// again.
func (a *Authority) outdate(ctx context.Context, id int64) error {
	err := ifThere(ctx, a.stores.Lists.Get, func(ctx context.Context, scope wispwright.Scope, id int64) error {
		_, err := a.stores.Lists.Update(ctx, scope, id, func(l *List) error {
			l.Stale = true
			return nil
		})
		return err
	}, id)
	if err != nil {
		return err
	}
	return a.lists.Drop(ctx, id)
}
