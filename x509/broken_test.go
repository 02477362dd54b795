package x509_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/x509"
	"github.com/wispwright/wispwright/x509/x509test"
)

type (
	caStore        struct{ x509.CAStore }
	certStore      struct{ x509.CertStore }
	issuedStore    struct{ x509.IssuedStore }
	listStore      struct{ x509.ListStore }
	responderStore struct{ x509.ResponderStore }
)

// holding holds what is not there.
type holding struct{ caStore }

func (s holding) Hold(ctx context.Context, id int64) (*x509.CA, error) {
	if ca, err := s.Get(ctx, wispwright.ScopeAll(), id); err == nil {
		return ca, nil
	}
	return &x509.CA{}, nil
}

// flat knows no authorities below others.
type flat struct{ caStore }

func (s flat) List(ctx context.Context, scope wispwright.Scope, f x509.CAFilter, p wispwright.Page) (wispwright.Items[x509.CA], error) {
	f.ParentID = nil
	return s.CAStore.List(ctx, scope, f, p)
}

// open loses the passphrase of what it stores.
type open struct{ certStore }

func (s open) Insert(ctx context.Context, c *x509.Cert) error {
	if err := s.CertStore.Insert(ctx, c); err != nil {
		return err
	}
	_, err := s.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *x509.Cert) error { c.Passphrase = ""; return nil })
	return err
}

// homeless lists the certificates of every authority.
type homeless struct{ certStore }

func (s homeless) List(ctx context.Context, scope wispwright.Scope, f x509.CertFilter, p wispwright.Page) (wispwright.Items[x509.Cert], error) {
	f.CAID = 0
	return s.CertStore.List(ctx, scope, f, p)
}

// late keeps expired entries in the lists.
type late struct{ issuedStore }

func (s late) Revoked(ctx context.Context, ca int64, _, until time.Time) ([]byte, error) {
	return s.IssuedStore.Revoked(ctx, ca, time.Time{}, until)
}

// early has entries that are not valid yet.
type early struct{ issuedStore }

func (s early) Revoked(ctx context.Context, ca int64, from, _ time.Time) ([]byte, error) {
	return s.IssuedStore.Revoked(ctx, ca, from, from.AddDate(100, 0, 0))
}

// pardoning loses who was revoked.
type pardoning struct{ issuedStore }

func (pardoning) Revoked(context.Context, int64, time.Time, time.Time) ([]byte, error) {
	return nil, nil
}

// pruning removes what belongs to somebody too.
type pruning struct{ issuedStore }

func (s pruning) Prune(ctx context.Context, before time.Time) (int, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), x509.IssuedFilter{NotAfterBefore: before}, wispwright.Page{})
	for _, line := range found.Rows {
		if err == nil {
			err = s.Delete(ctx, wispwright.ScopeAll(), line.ID)
		}
	}
	return len(found.Rows), err
}

// remembering keeps the lines of an authority that is gone.
type remembering struct{ issuedStore }

func (remembering) Forget(context.Context, int64) error { return nil }

// twice gives a serial number away again.
type twice struct{ issuedStore }

func (s twice) Insert(ctx context.Context, i *x509.Issued) error {
	if err := s.IssuedStore.Insert(ctx, i); err == nil {
		return nil
	}
	return nil
}

// stale keeps the list of before.
type stale struct{ listStore }

func (s stale) Update(ctx context.Context, scope wispwright.Scope, id int64, change func(*x509.List) error) (*x509.List, error) {
	l, err := s.Get(ctx, scope, id)
	if err == nil {
		err = change(l)
	}
	return l, err
}

// keyless loses the key of a responder.
type keyless struct{ responderStore }

func (s keyless) Get(ctx context.Context, scope wispwright.Scope, id int64) (*x509.Responder, error) {
	r, err := s.ResponderStore.Get(ctx, scope, id)
	if err == nil {
		r.PrivateKey = ""
	}
	return r, err
}

// The suite fails for each of them.
func TestBrokenStoragesFail(t *testing.T) {
	broken := map[string]func(*testing.T){}
	for name, spoil := range map[string]func(*x509.Stores){
		"holding":     func(s *x509.Stores) { s.CAs = holding{caStore{s.CAs}} },
		"flat":        func(s *x509.Stores) { s.CAs = flat{caStore{s.CAs}} },
		"open":        func(s *x509.Stores) { s.Certs = open{certStore{s.Certs}} },
		"homeless":    func(s *x509.Stores) { s.Certs = homeless{certStore{s.Certs}} },
		"late":        func(s *x509.Stores) { s.Issued = late{issuedStore{s.Issued}} },
		"early":       func(s *x509.Stores) { s.Issued = early{issuedStore{s.Issued}} },
		"pardoning":   func(s *x509.Stores) { s.Issued = pardoning{issuedStore{s.Issued}} },
		"pruning":     func(s *x509.Stores) { s.Issued = pruning{issuedStore{s.Issued}} },
		"remembering": func(s *x509.Stores) { s.Issued = remembering{issuedStore{s.Issued}} },
		"twice":       func(s *x509.Stores) { s.Issued = twice{issuedStore{s.Issued}} },
		"stale":       func(s *x509.Stores) { s.Lists = stale{listStore{s.Lists}} },
		"keyless":     func(s *x509.Stores) { s.Responders = keyless{responderStore{s.Responders}} },
	} {
		broken[name] = func(t *testing.T) {
			x509test.Run(t, func(*testing.T) x509test.Storage {
				m := memstore.New()
				stores := x509.NewMemory(m)
				spoil(&stores)
				return x509test.Storage{Tx: m, Stores: stores}
			})
		}
	}
	storetest.MustFail(t, broken)
}
