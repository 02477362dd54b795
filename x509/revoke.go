package x509

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
)

// Revoke revokes a certificate, with everything that it had before renewals
// (spec: x509 §6). Revoking again refreshes the date that is shown; the list keeps
// the first. Reason "" is Unspecified.
func (s *Certs) Revoke(ctx context.Context, scope wispwright.Scope, id int64, reason Reason) (*Cert, error) {
	reason, err := reason.valid()
	if err != nil {
		return nil, err
	}
	var out *Cert
	err = s.a.do(ctx, "Certs.Revoke", func(ctx context.Context) error {
		now := s.a.base.Now()
		out, err = s.Update(ctx, scope, id, func(c *Cert) error {
			c.mark(now, reason)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.a.revoke(ctx, IssuedFilter{CAID: out.CAID, CertID: out.ID}, now, out.RevocationReason); err != nil {
			return err
		}
		return s.a.Revoked.Fire(ctx, out)
	})
	return out, err
}

// Revoke revokes an authority that another one here signed. Nothing can be
// issued by it any more. Errors: a fault for one that signed itself, since no list
// would name it.
func (s *CAs) Revoke(ctx context.Context, scope wispwright.Scope, id int64, reason Reason) (*CA, error) {
	reason, err := reason.valid()
	if err != nil {
		return nil, err
	}
	var out *CA
	err = s.a.do(ctx, "CAs.Revoke", func(ctx context.Context) error {
		now := s.a.base.Now()
		out, err = s.Update(ctx, scope, id, func(c *CA) error {
			if c.ParentID == nil {
				return wispwright.Invalid("", "Only a CA that another CA here signed can be revoked; delete this one, and remove it where it is trusted.")
			}
			c.mark(now, reason)
			return nil
		})
		if err != nil {
			return err
		}
		return s.a.revoke(ctx, IssuedFilter{CAID: *out.ParentID, SubordinateID: out.ID}, now, out.RevocationReason)
	})
	return out, err
}

func (r Reason) valid() (Reason, error) {
	if r == "" {
		return Unspecified, nil
	}
	var v wispwright.ValidationError
	check(&v, "reason", r, Reasons())
	return r, v.Err()
}

// mark sets what is shown; the reason stays once it was given.
func (d *Details) mark(now time.Time, reason Reason) {
	if !d.Revoked || d.RevocationReason == Unspecified {
		d.RevocationReason = reason
	}
	d.Revoked, d.RevokedAt = true, &now
}
