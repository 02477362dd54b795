package x509

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// step is how many objects the daily work takes at a time.
const step = 500

// Daily renews what renews itself, and fires Expiring for what expires soon. Run
// it once a day, on one node; running it again does nothing twice.
func (a *Authority) Daily(ctx context.Context) error {
	if err := a.renewDue(ctx); err != nil {
		return err
	}
	return a.notice(ctx)
}

// renewDue renews objects with AutoRenew. One that cannot be renewed is logged
// and does not hold up the others: people are told that it expires.
func (a *Authority) renewDue(ctx context.Context) error {
	yes, no := true, false
	due := a.base.Now().Add(a.options.RenewBefore)
	cas, err := a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{AutoRenew: &yes, Revoked: &no, ValidityEndBefore: due}, oldestFirst())
	if err != nil {
		return err
	}
	for _, ca := range cas.Rows {
		// with its key: devices that trust it keep what they have
		if _, err := a.CAs.Renew(ctx, wispwright.ScopeAll(), ca.ID, RenewOptions{KeepKey: true}); err != nil {
			a.options.Log.ErrorContext(ctx, "a CA did not renew itself", "ca", ca.ID, "name", ca.Name, "error", err)
		}
	}
	for left := 0; ; { // how many stay due, before which others must not wait
		certs, err := a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{AutoRenew: &yes, Revoked: &no, ValidityEndBefore: due},
			wispwright.Page{Offset: left, Limit: step, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
		if err != nil || len(certs.Rows) == 0 {
			return err
		}
		for _, c := range certs.Rows {
			// a key that never left its device is renewed by the device
			if c.PrivateKey == "" {
				left++
				continue
			}
			if _, err := a.Certs.Renew(ctx, wispwright.ScopeAll(), c.ID); err != nil {
				a.options.Log.ErrorContext(ctx, "a certificate did not renew itself", "certificate", c.ID, "name", c.Name, "error", err)
				left++
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// threshold is the day that is to be told of, 0 for none.
func (a *Authority) threshold(d *Details, now time.Time) int {
	out := 0
	for _, days := range a.options.NoticeDays {
		if d.ValidityEnd.Before(now.AddDate(0, 0, days)) && (out == 0 || days < out) {
			out = days
		}
	}
	if d.NoticedDays != 0 && int64(out) >= d.NoticedDays {
		return 0
	}
	return out
}

// notice fires Expiring. What is told and that it was told is one transaction
// each: a crash in between tells nobody twice.
func (a *Authority) notice(ctx context.Context) error {
	now, no, most := a.base.Now(), false, 0
	for _, days := range a.options.NoticeDays {
		most = max(most, days)
	}
	until := now.AddDate(0, 0, most)
	cas, err := a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{Revoked: &no, ValidityEndFrom: now, ValidityEndBefore: until}, oldestFirst())
	if err != nil {
		return err
	}
	for _, ca := range cas.Rows {
		err := a.tell(ctx, &ca.Details, now, func(ctx context.Context, days int) error {
			_, err := a.stores.CAs.Update(ctx, wispwright.ScopeAll(), ca.ID, func(c *CA) error { c.NoticedDays = int64(days); return nil })
			return err
		}, Expiry{CA: ca})
		if err != nil {
			return err
		}
	}
	for offset := 0; ; offset += step {
		certs, err := a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{Revoked: &no, ValidityEndFrom: now, ValidityEndBefore: until},
			wispwright.Page{Offset: offset, Limit: step, NoTotal: true, Order: []wispwright.Order{{Field: "ID"}}})
		if err != nil || len(certs.Rows) == 0 {
			return err
		}
		for _, c := range certs.Rows {
			err := a.tell(ctx, &c.Details, now, func(ctx context.Context, days int) error {
				_, err := a.stores.Certs.Update(ctx, wispwright.ScopeAll(), c.ID, func(c *Cert) error { c.NoticedDays = int64(days); return nil })
				return err
			}, Expiry{Cert: c})
			if err != nil {
				return err
			}
		}
	}
}

func (a *Authority) tell(ctx context.Context, d *Details, now time.Time, store func(context.Context, int) error, e Expiry) error {
	days := a.threshold(d, now)
	if days == 0 {
		return nil
	}
	e.Days = days
	return missingIsFine(a.do(ctx, "Expiring", func(ctx context.Context) error {
		if err := store(ctx, days); err != nil { // not found: deleted meanwhile
			return err
		}
		return a.Expiring.Fire(ctx, e)
	}))
}
