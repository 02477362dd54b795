package x509

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		CAs:        &memoryCAs{memstore.NewRepo[int64, CA, CAFilter](m, memstore.Spec[CA]{Shape: CA{}.Shape()})},
		Certs:      memstore.NewRepo[int64, Cert, CertFilter](m, memstore.Spec[Cert]{Shape: Cert{}.Shape()}),
		Issued:     &memoryIssued{memstore.NewRepo[wispwright.ID, Issued, IssuedFilter](m, memstore.Spec[Issued]{Shape: Issued{}.Shape()})},
		Lists:      memstore.NewRepo[int64, List, struct{}](m, memstore.Spec[List]{Shape: List{}.Shape()}),
		Responders: memstore.NewRepo[int64, Responder, struct{}](m, memstore.Spec[Responder]{Shape: Responder{}.Shape()}),
	}
}

type memoryCAs struct {
	*memstore.Repo[int64, CA, CAFilter]
}

// Hold has nothing to lock: one transaction runs at a time.
func (s *memoryCAs) Hold(ctx context.Context, id int64) (*CA, error) {
	return s.Get(ctx, wispwright.ScopeAll(), id)
}

type memoryIssued struct {
	*memstore.Repo[wispwright.ID, Issued, IssuedFilter]
}

// Revoked implements IssuedStore.
func (s *memoryIssued) Revoked(ctx context.Context, ca int64, from, until time.Time) (entries []byte, err error) {
	all, err := s.List(ctx, wispwright.ScopeAll(), IssuedFilter{CAID: ca}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	from, until = from.Truncate(time.Microsecond), until.Truncate(time.Microsecond)
	for _, i := range all.Rows {
		if i.RevokedAt == nil || !i.NotAfter.After(from) || !i.NotBefore.Before(until) {
			continue
		}
		entries = append(entries, i.Entry...)
	}
	return entries, nil
}

// Forget implements IssuedStore.
func (s *memoryIssued) Forget(ctx context.Context, ca int64) error {
	_, err := s.DeleteWhere(ctx, func(i *Issued) bool { return i.CAID == ca })
	return err
}

// Prune implements IssuedStore.
func (s *memoryIssued) Prune(ctx context.Context, before time.Time) (int, error) {
	return s.DeleteWhere(ctx, func(i *Issued) bool { return i.NotAfter.Before(before) && i.CertID == 0 && i.SubordinateID == 0 })
}

// missingIsFine is the error of removing what may not be there.
func missingIsFine(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// all is a whole list.
func all() wispwright.Page { return wispwright.Page{NoTotal: true} }

// oldestFirst is all in the order in which objects were made.
func oldestFirst() wispwright.Page {
	return wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}}
}
