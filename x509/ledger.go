package x509

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// enter writes a new serial number into the ledger. One that was put on hold by
// a deletion comes back with its import; any other is taken for ever.
func (a *Authority) enter(ctx context.Context, line *Issued, d *Details) error {
	line.SerialNumber, line.NotBefore, line.NotAfter = d.SerialNumber, d.ValidityStart, d.ValidityEnd
	if d.Revoked {
		at := a.base.Now()
		if d.RevokedAt != nil {
			at = *d.RevokedAt
		}
		if err := line.Revoke(at, d.RevocationReason); err != nil {
			return err
		}
	}
	known, err := a.issued(ctx, IssuedFilter{CAID: line.CAID, SerialNumber: line.SerialNumber})
	if err != nil {
		return err
	}
	if len(known) == 0 {
		line.ID = wispwright.NewID()
		if err := a.stores.Issued.Insert(ctx, line); err != nil {
			return err
		}
	} else {
		old := known[0]
		if old.Reason != Hold || old.RevokedAt == nil {
			return &wispwright.ConflictError{Unique: UniqueIssued}
		}
		if _, err := a.stores.Issued.Update(ctx, wispwright.ScopeAll(), old.ID, func(i *Issued) error {
			line.ID = i.ID
			*i = *line
			return nil
		}); err != nil {
			return err
		}
		return a.outdate(ctx, line.CAID)
	}
	if line.RevokedAt != nil {
		return a.outdate(ctx, line.CAID)
	}
	return nil
}

func (a *Authority) issued(ctx context.Context, f IssuedFilter) ([]*Issued, error) {
	found, err := a.stores.Issued.List(ctx, wispwright.ScopeAll(), f, all())
	return found.Rows, err
}

// revoke marks all that an object ever had, also what it had before a renewal,
// and returns whether anything changed.
func (a *Authority) revoke(ctx context.Context, f IssuedFilter, at time.Time, reason Reason) error {
	lines, err := a.issued(ctx, f)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if line.RevokedAt != nil && line.Reason != Hold {
			continue // the first date counts
		}
		if _, err := a.stores.Issued.Update(ctx, wispwright.ScopeAll(), line.ID, func(i *Issued) error { return i.Revoke(at, reason) }); err != nil {
			return err
		}
	}
	return a.outdate(ctx, f.CAID)
}

// hold puts what a deleted object had on hold: its keys may still be somewhere.
func (a *Authority) hold(ctx context.Context, f IssuedFilter) error {
	lines, err := a.issued(ctx, f)
	if err != nil || len(lines) == 0 {
		return err
	}
	now := a.base.Now()
	for _, line := range lines {
		if _, err := a.stores.Issued.Update(ctx, wispwright.ScopeAll(), line.ID, func(i *Issued) error {
			i.CertID, i.SubordinateID = 0, 0
			if i.RevokedAt != nil {
				return nil
			}
			return i.Revoke(now, Hold)
		}); err != nil {
			return err
		}
	}
	return a.outdate(ctx, f.CAID)
}

// Clean removes from the ledger what expired before a moment and belongs to
// nothing any more, and returns how many lines.
func (a *Authority) Clean(ctx context.Context, before time.Time) (int, error) {
	return a.stores.Issued.Prune(ctx, before)
}
