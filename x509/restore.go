package x509

import (
	"context"
	std "crypto/x509"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// What an installation that is taken over has signed is not made anew: authorities
// and certificates are stored as they are there, with their numbers, and entered
// into the ledger, from which revocation lists are made (spec: x509 §1, platform).

// Restore stores an authority as it is elsewhere and returns what that took, in the
// words of the trail.
func (s *CAs) Restore(ctx context.Context, ca *CA) (action string, err error) {
	cert, err := ca.taken()
	if err != nil {
		return "", err
	}
	ca.PathLength = NoLimit
	if cert.MaxPathLen > 0 || cert.MaxPathLenZero {
		ca.PathLength = int64(cert.MaxPathLen)
	}
	err = s.a.base.Do(ctx, "x509.CAs.Restore", func(ctx context.Context) error {
		ca.ParentID = nil
		if string(cert.RawIssuer) != string(cert.RawSubject) {
			if err := s.findParent(ctx, ca, cert); err != nil {
				return err
			}
		}
		before, done, err := s.Adopt(ctx, ca, func(before, after *CA) {
			if before != nil {
				after.keep(&before.Details)
				after.Enrolment, after.ParentID = before.Enrolment, before.ParentID
			}
		})
		if action = done; err != nil || done == "" {
			return err
		}
		return s.stored(ctx, entity.Change[CA]{Before: before, After: ca})
	})
	return action, err
}

// Restore stores a certificate as it is elsewhere and returns what that took, in the
// words of the trail. Its authority must be there.
func (s *Certs) Restore(ctx context.Context, cert *Cert) (action string, err error) {
	if _, err := cert.taken(); err != nil {
		return "", err
	}
	err = s.a.base.Do(ctx, "x509.Certs.Restore", func(ctx context.Context) error {
		before, done, err := s.Adopt(ctx, cert, func(before, after *Cert) {
			if before != nil {
				after.keep(&before.Details)
				after.Holder = before.Holder
			}
		})
		if action = done; err != nil || done == "" {
			return err
		}
		if before != nil && before.SerialNumber == cert.SerialNumber && cert.Revoked && !before.Revoked {
			return s.a.revoke(ctx, IssuedFilter{CAID: cert.CAID, CertID: cert.ID}, *cert.RevokedAt, cert.RevocationReason)
		}
		return s.stored(ctx, entity.Change[Cert]{Before: before, After: cert})
	})
	return action, err
}

// taken reads the certificate of an object that is taken over and completes what
// follows from it.
func (d *Details) taken() (*std.Certificate, error) {
	cert, err := parseCertificate(d.Certificate)
	if err != nil {
		return nil, wispwright.Invalid("certificate", err.Error())
	}
	d.NameKey, d.SerialNumber = d.nameKey(), cert.SerialNumber.String()
	d.ValidityStart, d.ValidityEnd = cert.NotBefore.UTC(), cert.NotAfter.UTC()
	return cert, nil
}

// keep leaves what is known here only.
func (d *Details) keep(before *Details) {
	d.AutoRenew, d.NoticedDays = before.AutoRenew, before.NoticedDays
}
