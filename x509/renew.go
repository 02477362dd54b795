package x509

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// Renew gives a certificate a new key, a new serial number and the default
// validity from now (spec: x509 §5). The old one stays valid until it expires, or
// revoked. A key that never left its device is signed again.
func (s *Certs) Renew(ctx context.Context, scope wispwright.Scope, id int64) (*Cert, error) {
	cert, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	var key crypto.Signer
	if cert.PrivateKey != "" {
		// before the transaction: nobody waits for it
		if key, err = s.a.generate(cert.KeyLength); err != nil {
			return nil, refused(err)
		}
	}
	err = s.a.do(ctx, "Certs.Renew", func(ctx context.Context) error {
		r, err := s.renew(ctx, scope, id, nil, key)
		if err != nil {
			return err
		}
		cert = r.Cert
		return s.a.Renewed.Fire(ctx, r)
	})
	return cert, err
}

// renew stores a renewal; issuer nil looks for it.
func (s *Certs) renew(ctx context.Context, scope wispwright.Scope, id int64, by *issuer, key crypto.Signer) (Renewal, error) {
	r := Renewal{}
	var err error
	r.Cert, err = s.Update(ctx, scope, id, func(c *Cert) error {
		r.Old = c.SerialNumber
		issuer := by
		if issuer == nil {
			ca, err := s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), c.CAID)
			if err != nil {
				return err
			}
			if issuer, err = s.a.issuer(ctx, ca, "ca"); err != nil {
				return err
			}
		}
		if err := s.a.again(&c.Details, s.a.options.CertDays); err != nil {
			return err
		}
		if c.PrivateKey == "" {
			public, err := c.publicKey()
			if err != nil {
				return err
			}
			return refused(s.sign(c, issuer, public))
		}
		signer, err := s.a.key(ctx, &c.Details, key)
		if err != nil {
			return err
		}
		return refused(s.sign(c, issuer, signer.Public()))
	})
	return r, err
}

// again sets serial number and validity of a renewal before anything is signed:
// the certificate must say what the object says.
func (a *Authority) again(d *Details, days int) error {
	d.ValidityEnd = a.base.Now().AddDate(0, 0, days).Truncate(time.Second)
	if !d.ValidityEnd.After(d.ValidityStart) { // one that was to begin later
		d.ValidityStart = a.base.Now().Truncate(time.Second)
	}
	d.NoticedDays = 0
	return a.number(d)
}

// RenewOptions say how an authority is renewed.
type RenewOptions struct {
	// KeepKey renews the authority's certificate alone, with the key it has: what
	// it issued stays valid. Default: a new key, with which everything below is
	// signed anew, as in OpenWISP.
	KeepKey bool
}

// Renew renews an authority and, unless it keeps its key, all its certificates;
// authorities below keep their keys (spec: x509 §5). Of many certificates most are
// renewed afterwards, see Options.Later.
func (s *CAs) Renew(ctx context.Context, scope wispwright.Scope, id int64, o RenewOptions) (*CA, error) {
	ca, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	var own crypto.Signer
	keys := map[int64]crypto.Signer{}
	if !o.KeepKey {
		if own, err = s.a.generate(ca.KeyLength); err != nil {
			return nil, refused(err)
		}
		if keys, _, err = s.a.keysFor(ctx, Below{CA: id}); err != nil {
			return nil, err
		}
	}
	err = s.a.do(ctx, "CAs.Renew", func(ctx context.Context) error {
		renewals, err := s.renew(ctx, scope, id, own, keys)
		if err != nil {
			return err
		}
		ca = renewals[0].CA
		return s.a.Renewed.Fire(ctx, renewals...)
	})
	return ca, err
}

// renew stores the renewal of an authority with a key, nil being the one it has,
// and of what is below it.
func (s *CAs) renew(ctx context.Context, scope wispwright.Scope, id int64, own crypto.Signer, keys map[int64]crypto.Signer) ([]Renewal, error) {
	r := Renewal{}
	var err error
	r.CA, err = s.Update(ctx, scope, id, func(c *CA) error {
		r.Old = c.SerialNumber
		return s.remake(ctx, c, own)
	})
	if err != nil || own == nil {
		return []Renewal{r}, err
	}
	issuer, err := s.a.issuer(ctx, r.CA, "ca")
	if err != nil {
		return nil, err
	}
	issued, rest, err := s.renewCerts(ctx, Below{CA: id}, issuer, keys)
	if err != nil {
		return nil, err
	}
	if rest != nil {
		if err := s.a.options.Later(ctx, *rest); err != nil {
			return nil, err
		}
	}
	out := append([]Renewal{r}, issued...)
	below, err := s.a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{ParentID: &id}, oldestFirst())
	if err != nil {
		return nil, err
	}
	for _, c := range below.Rows {
		more, err := s.renew(ctx, wispwright.ScopeAll(), c.ID, nil, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// Below are the certificates of an authority that are still to be renewed with
// its new key: those with an id from one on and below another, 0 being no bound.
type Below struct {
	CA       int64 `json:"ca"`
	From     int64 `json:"from"`
	UpBefore int64 `json:"before"`
}

// RenewBelow renews the next certificates of an authority that was renewed, and
// asks Options.Later for the rest in the same transaction, so that each is
// renewed once whatever happens between. What was deleted meanwhile is left out.
func (s *CAs) RenewBelow(ctx context.Context, b Below) error {
	keys, found, err := s.a.keysFor(ctx, b)
	if err != nil || found == 0 {
		return err
	}
	return s.a.do(ctx, "CAs.RenewBelow", func(ctx context.Context) error {
		ca, err := s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), b.CA)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		issuer, err := s.a.issuer(ctx, ca, "ca")
		if err != nil {
			return err
		}
		renewals, rest, err := s.renewCerts(ctx, b, issuer, keys)
		if err != nil {
			return err
		}
		if rest != nil {
			if err := s.a.options.Later(ctx, *rest); err != nil {
				return err
			}
		}
		return s.a.Renewed.Fire(ctx, renewals...)
	})
}

// renewCerts renews what is renewed together, and returns what is left.
func (s *CAs) renewCerts(ctx context.Context, b Below, by *issuer, keys map[int64]crypto.Signer) (out []Renewal, rest *Below, err error) {
	certs, next, err := s.a.together(ctx, b)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range certs {
		one, err := s.a.Certs.renew(ctx, wispwright.ScopeAll(), c.ID, by, keys[c.ID])
		if err != nil {
			return nil, nil, fmt.Errorf("certificate %d: %w", c.ID, err)
		}
		out = append(out, one)
	}
	return out, next, nil
}

// together lists what is renewed together, and says what is left then.
func (a *Authority) together(ctx context.Context, b Below) ([]*Cert, *Below, error) {
	page := oldestFirst()
	if a.options.Later != nil {
		page.Limit = a.options.RenewTogether
	}
	certs, err := a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{CAID: b.CA, IDFrom: b.From, IDBefore: b.UpBefore}, page)
	if err != nil || page.Limit == 0 || len(certs.Rows) < page.Limit {
		return certs.Rows, nil, err
	}
	next := b
	next.From = certs.Rows[len(certs.Rows)-1].ID + 1
	if next.UpBefore == 0 { // what is issued from now on has the new key already
		newest, err := a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{CAID: b.CA}, wispwright.Page{Limit: 1, NoTotal: true, Order: []wispwright.Order{{Field: "ID", Descending: true}}})
		if err != nil {
			return nil, nil, err
		}
		next.UpBefore = newest.Rows[0].ID + 1
	}
	if next.From >= next.UpBefore {
		return certs.Rows, nil, nil
	}
	return certs.Rows, &next, nil
}

// remake signs an authority's certificate anew.
func (s *CAs) remake(ctx context.Context, c *CA, own crypto.Signer) error {
	var parent *CA
	if c.ParentID != nil {
		var err error
		if parent, err = s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), *c.ParentID); err != nil {
			return err
		}
	} else if cert, err := c.certificate(); err == nil && string(cert.RawIssuer) != string(cert.RawSubject) {
		return wispwright.Invalid("", "The CA that signed this one is not here: renew it there and import it anew.")
	}
	if err := s.a.again(&c.Details, s.a.options.CADays); err != nil {
		return err
	}
	if own == nil {
		signer, err := s.a.signer(ctx, c)
		if err != nil {
			return err
		}
		return refused(s.sign(ctx, c, parent, signer))
	}
	return refused(s.make(ctx, c, parent, own))
}

// keysFor makes new keys for the certificates that are renewed together, on all
// cores and before the transaction, and tells how many these are.
func (a *Authority) keysFor(ctx context.Context, b Below) (map[int64]crypto.Signer, int, error) {
	certs, _, err := a.together(ctx, b)
	if err != nil {
		return nil, 0, err
	}
	var mu sync.Mutex
	var failed error
	keys := map[int64]crypto.Signer{}
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, c := range certs {
		if c.PrivateKey == "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			failed = err
			break
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			key, err := a.generate(c.KeyLength)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = fmt.Errorf("certificate %d: %w", c.ID, err)
			}
			keys[c.ID] = key
		})
	}
	group.Wait()
	return keys, len(certs), failed
}

// Affected is what renewing, revoking or deleting an object does to others.
type Affected struct {
	// Certificates are those that an authority issued and that are in force.
	Certificates int
	// Authorities are those directly below it.
	Authorities int
}

// Affects counts what depends on an authority.
func (s *CAs) Affects(ctx context.Context, scope wispwright.Scope, id int64) (Affected, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return Affected{}, err
	}
	no := false
	certs, err := s.a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{CAID: id, Revoked: &no, ValidityEndFrom: s.a.base.Now()}, wispwright.Page{Limit: 1})
	if err != nil {
		return Affected{}, err
	}
	below, err := s.a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{ParentID: &id}, wispwright.Page{Limit: 1})
	return Affected{certs.Total, below.Total}, err
}
