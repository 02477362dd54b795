package x509

import (
	"context"
	"crypto"
	std "crypto/x509"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// CAs is the service of certification authorities.
type CAs struct {
	*entity.Service[int64, CA, CAFilter]
	a *Authority
}

func newCAs(a *Authority) *CAs {
	s := &CAs{a: a}
	s.Service = entity.New(a.base, a.stores.CAs, entity.Kind[int64, CA]{
		Name: "x509.CAs", Model: "pki.ca", Hidden: []string{"NameKey", "NoticedDays", "Certificate"},
		Validate: s.validate, Check: s.check, Stored: s.stored,
		Unique: map[string]error{
			UniqueCAName: wispwright.Invalid("", valid.Taken("CA", "Common name", "Organization")),
			UniqueIssued: wispwright.Invalid("", "The CA above has given this serial number to something else, or revoked it."),
		},
	})
	s.Deleting.Subscribe("x509: certificates of the CA", s.deleting)
	return s
}

// validate makes or reads the certificate of a new authority; of others only
// name, organization and notes change.
func (s *CAs) validate(ctx context.Context, c entity.Change[CA]) error {
	ca := c.After
	ca.NameKey = ca.nameKey()
	var v wispwright.ValidationError
	if c.Before != nil {
		ca.checkPeople(&v)
		return v.Err()
	}
	var parent *CA
	if ca.ParentID != nil {
		var err error
		if parent, err = s.parent(ctx, ca); err != nil {
			return err
		}
	}
	if ca.Certificate != "" || ca.PrivateKey != "" {
		return s.imported(ctx, ca)
	}
	ca.checkPeople(&v)
	s.a.complete(&ca.Details, s.a.options.CADays, &v)
	if ca.PathLength < NoLimit || ca.PathLength > 255 {
		v.Add("path_length", "The path length must be between 0 and 255, or -1 for no limit.")
	}
	if err := s.free(ctx, &v, ca); err != nil {
		return err
	}
	if err := v.Err(); err != nil {
		return err
	}
	if ca.SerialNumber == "" {
		if err := s.a.number(&ca.Details); err != nil {
			return err
		}
	}
	return refused(s.make(ctx, ca, parent, nil))
}

// free tells of a common name that is taken together with other faults; the
// rule itself is the store's.
func (s *CAs) free(ctx context.Context, v *wispwright.ValidationError, ca *CA) error {
	found, err := s.a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{NameKey: ca.NameKey}, wispwright.Page{Limit: 1, NoTotal: true})
	if err == nil && len(found.Rows) > 0 {
		err = v.Merge("", s.Kind().Unique[UniqueCAName])
	}
	return err
}

// parent is the authority above a new one; both must belong together.
func (s *CAs) parent(ctx context.Context, ca *CA) (*CA, error) {
	parent, err := s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), *ca.ParentID)
	if err != nil {
		return nil, valid.Reference(err, "parent", *ca.ParentID)
	}
	switch {
	case !parent.OrganizationID.IsZero() && parent.OrganizationID != ca.OrganizationID:
		return nil, wispwright.Invalid("organization", "Please ensure that the organization of this CA and the organization of the CA above it match.")
	case parent.PathLength == 0:
		return nil, wispwright.Invalid("parent", "The path length of this CA allows no other below it.")
	case parent.PathLength != NoLimit && (ca.PathLength == NoLimit || ca.PathLength >= parent.PathLength):
		return nil, wispwright.Invalid("path_length", fmt.Sprintf("The CA above allows at most %d.", parent.PathLength-1))
	}
	return parent, nil
}

// imported reads an authority that was made elsewhere.
func (s *CAs) imported(ctx context.Context, ca *CA) error {
	in, err := ca.readImport(s.a.options.LeastRSA)
	if err != nil {
		return err
	}
	var v wispwright.ValidationError
	ca.checkPeople(&v)
	valid.Text(&v, "passphrase", ca.Passphrase.Reveal(), valid.Max(64))
	if err := v.Merge("", checkAuthority(in.cert, s.a.base.Now())); err != nil {
		return err
	}
	if err := v.Err(); err != nil {
		return err
	}
	ca.NameKey, ca.Extensions, ca.ParentID, ca.PathLength = ca.nameKey(), nil, nil, NoLimit
	if in.cert.MaxPathLen > 0 || in.cert.MaxPathLenZero {
		ca.PathLength = int64(in.cert.MaxPathLen)
	}
	if string(in.cert.RawIssuer) == string(in.cert.RawSubject) {
		if verify(in.cert, in.cert.PublicKey) != nil {
			return wispwright.Invalid("certificate", "The certificate says that it signed itself, but did not.")
		}
		return nil
	}
	return s.findParent(ctx, ca, in.cert)
}

// findParent looks for the issuer of an import among what may be seen from the
// same organization.
func (s *CAs) findParent(ctx context.Context, ca *CA, cert *std.Certificate) error {
	scope := wispwright.ScopeOf(ca.OrganizationID).WithShared()
	found, err := s.a.stores.CAs.List(ctx, scope, CAFilter{CommonName: cert.Issuer.CommonName}, all())
	if err != nil {
		return err
	}
	for _, o := range found.Rows {
		above, err := parseCertificate(o.Certificate)
		if err == nil && string(above.RawSubject) == string(cert.RawIssuer) && verify(cert, above.PublicKey) == nil {
			ca.ParentID = &o.ID
			return nil
		}
	}
	return nil
}

// make signs the certificate; prepared is a key that was made before, nil for a
// new one.
func (s *CAs) make(ctx context.Context, ca, parent *CA, prepared crypto.Signer) error {
	signer, err := s.a.key(ctx, &ca.Details, prepared)
	if err != nil {
		return err
	}
	return s.sign(ctx, ca, parent, signer)
}

func (s *CAs) sign(ctx context.Context, ca, parent *CA, signer crypto.Signer) error {
	o := &order{Details: &ca.Details, key: signer.Public(), signer: signer, ca: true, below: ca.PathLength}
	if parent != nil {
		var err error
		if o.issuer, err = s.a.issuer(ctx, parent, "parent"); err != nil {
			return err
		}
	}
	var err error
	ca.Certificate, err = o.make(&s.a.options)
	return err
}

// check holds the rules that involve other rows.
func (s *CAs) check(ctx context.Context, c entity.Change[CA]) error {
	switch {
	case c.After == nil:
		below, err := s.a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{ParentID: &c.Before.ID}, wispwright.Page{Limit: 1})
		if err == nil && below.Total > 0 {
			err = &wispwright.ProtectedError{By: "CAs", Count: below.Total}
		}
		return err
	case c.Before == nil && c.After.ParentID != nil:
		_, err := s.a.stores.CAs.Hold(ctx, *c.After.ParentID)
		return valid.Reference(err, "parent", *c.After.ParentID)
	case c.Before != nil && c.Before.OrganizationID != c.After.OrganizationID:
		return s.checkMove(ctx, c.After)
	}
	return nil
}

// checkMove keeps an authority that others use from coming to one organization.
func (s *CAs) checkMove(ctx context.Context, ca *CA) error {
	if ca.OrganizationID.IsZero() { // everybody may use it then
		return s.checkAbove(ctx, ca)
	}
	every, err := s.a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{CAID: ca.ID}, wispwright.Page{Limit: 1})
	if err != nil {
		return err
	}
	own, err := s.a.stores.Certs.List(ctx, wispwright.ScopeAll(), CertFilter{CAID: ca.ID, OrganizationID: ca.OrganizationID}, wispwright.Page{Limit: 1})
	if err != nil {
		return err
	}
	below, err := s.a.stores.CAs.List(ctx, wispwright.ScopeAll(), CAFilter{ParentID: &ca.ID}, wispwright.Page{Limit: 1})
	if err != nil {
		return err
	}
	if n := every.Total - own.Total + below.Total; n > 0 {
		return wispwright.Invalid("organization", fmt.Sprintf("The organization of this CA cannot be changed because %d objects of others are still related to it", n))
	}
	return s.checkAbove(ctx, ca)
}

// checkAbove wants an authority above that is shared, or of the same organization.
func (s *CAs) checkAbove(ctx context.Context, ca *CA) error {
	if ca.ParentID == nil {
		return nil
	}
	above, err := s.a.stores.CAs.Get(ctx, wispwright.ScopeAll(), *ca.ParentID)
	if err == nil && !above.OrganizationID.IsZero() && above.OrganizationID != ca.OrganizationID {
		err = wispwright.Invalid("organization", "Please ensure that the organization of this CA and the organization of the CA above it match.")
	}
	return err
}

// stored gives a new authority its line in the ledger of the one above, and its
// revocation list.
func (s *CAs) stored(ctx context.Context, changes ...entity.Change[CA]) error {
	for _, c := range changes {
		ca := c.After
		if ca == nil {
			if err := s.forget(ctx, c.Before); err != nil {
				return err
			}
			continue
		}
		if c.Before == nil {
			if err := s.a.stores.Lists.Insert(ctx, &List{CAID: ca.ID, Stale: true}); err != nil {
				return err
			}
		}
		if ca.ParentID != nil && (c.Before == nil || c.Before.SerialNumber != ca.SerialNumber) {
			line := &Issued{CAID: *ca.ParentID, SubordinateID: ca.ID}
			if err := s.a.enter(ctx, line, &ca.Details); err != nil {
				return s.Kind().Explain(err)
			}
		}
		if c.Before != nil && c.Before.Certificate != ca.Certificate {
			if err := s.a.outdate(ctx, ca.ID); err != nil {
				return err
			}
			if err := s.a.answers.Drop(ctx, ca.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleting removes the certificates of authorities before them, so that whoever
// uses them is asked.
func (s *CAs) deleting(ctx context.Context, list ...*CA) error {
	for _, ca := range list {
		if _, err := s.a.Certs.DeleteAll(ctx, wispwright.ScopeAll(), CertFilter{CAID: ca.ID}); err != nil {
			return err
		}
		if err := s.a.stores.Issued.Forget(ctx, ca.ID); err != nil {
			return err
		}
		if err := ifThere(ctx, s.a.stores.Responders.Get, s.a.stores.Responders.Delete, ca.ID); err != nil {
			return err
		}
		if err := ifThere(ctx, s.a.stores.Lists.Get, s.a.stores.Lists.Delete, ca.ID); err != nil {
			return err
		}
	}
	return nil
}

// ifThere does something with a row that may be missing: inside a transaction a
// call that fails cannot be taken back.
func ifThere[T any](ctx context.Context, get func(context.Context, wispwright.Scope, int64) (*T, error), do func(context.Context, wispwright.Scope, int64) error, id int64) error {
	if _, err := get(ctx, wispwright.ScopeAll(), id); err != nil {
		return missingIsFine(err)
	}
	return do(ctx, wispwright.ScopeAll(), id)
}

// forget keeps nodes from answering for an authority that is gone.
func (s *CAs) forget(ctx context.Context, ca *CA) error {
	if err := s.a.lists.Drop(ctx, ca.ID); err != nil {
		return err
	}
	if err := s.a.answers.Drop(ctx, ca.ID); err != nil {
		return err
	}
	if ca.ParentID == nil {
		return nil
	}
	return s.a.hold(ctx, IssuedFilter{CAID: *ca.ParentID, SubordinateID: ca.ID})
}
