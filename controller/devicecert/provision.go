package devicecert

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/ahead"
	"github.com/wispwright/wispwright/x509"
)

// hexOf writes an id without dashes.
func hexOf(id wispwright.ID) string { return hex.EncodeToString(id[:]) }

// Provision implements controller.Provisioner: it issues the certificates that are
// missing, and revokes those of templates that devices have no more. A certificate
// is of a device and a template: reordering templates leaves it alone.
func (s *Certificates) Provision(ctx context.Context, list []controller.Provision) error {
	have, err := s.existing(ctx, list)
	if err != nil {
		return err
	}
	missing := map[wispwright.ID][]*controller.Provision{} // by template
	templates := map[wispwright.ID]*controller.Template{}
	for i := range list {
		p := &list[i]
		kept := map[wispwright.ID]bool{}
		var gone []*Certificate
		for _, c := range have[p.Device.ID] {
			if slices.ContainsFunc(p.Templates, func(t *controller.Template) bool { return t.ID == c.TemplateID && t.Type == Type && !c.overtaken(t) }) {
				kept[c.TemplateID] = true
			} else {
				gone = append(gone, c)
			}
		}
		if err := s.release(ctx, gone...); err != nil {
			return err
		}
		for _, t := range p.Templates {
			if t.Type != Type || kept[t.ID] {
				continue
			}
			missing[t.ID], templates[t.ID] = append(missing[t.ID], p), t
		}
	}
	for id, list := range missing {
		if err := s.give(ctx, templates[id], list); err != nil {
			return err
		}
	}
	return nil
}

// overtaken is a row without a certificate whose template makes them since then.
func (c *Certificate) overtaken(t *controller.Template) bool {
	return t.AutoCert && !c.AutoCert && c.CertID == 0
}

// existing returns what devices have. Devices that are new and have no template that
// gives any have none.
func (s *Certificates) existing(ctx context.Context, list []controller.Provision) (map[wispwright.ID][]*Certificate, error) {
	var ids []wispwright.ID
	for _, p := range list {
		if !p.New || slices.ContainsFunc(p.Templates, func(t *controller.Template) bool { return t.Type == Type }) {
			ids = append(ids, p.Device.ID)
		}
	}
	return s.of(ctx, ids...)
}

// give stores what devices have because of a template. Keys are made ahead of the
// transaction, for all of them at once.
func (s *Certificates) give(ctx context.Context, t *controller.Template, list []*controller.Provision) error {
	var from *issuer
	if t.AutoCert {
		var err error
		if from, err = s.issuer(ctx, t); err != nil {
			return err
		}
	}
	now := s.kit.Now()
	several := ahead.Several(ctx, len(list))
	for _, p := range list {
		row := &Certificate{
			ID: wispwright.NewID(), DeviceID: p.Device.ID, TemplateID: t.ID, OrganizationID: p.Device.OrganizationID, AutoCert: t.AutoCert, Created: now, Modified: now,
		}
		if from != nil {
			if from.refused != "" {
				p.Refused = from.refused
				continue
			}
			var err error
			if row.CertID, err = s.issue(several, from, p.Device); err != nil {
				return err
			}
		}
		if err := s.stores.Certificates.Insert(ctx, row); err != nil {
			return fmt.Errorf("certificate of a device: %w", err)
		}
	}
	return nil
}

// issuer has what the certificates of a template are made of.
type issuer struct {
	ca int64
	// like has subject, kind of key, digest and extensions
	like x509.Details
	// refused says why there is none
	refused string
}

// issuer finds what a template's certificates are like: its blueprint, or its
// authority.
func (s *Certificates) issuer(ctx context.Context, t *controller.Template) (*issuer, error) {
	ca, err := s.pki.CAs.Get(ctx, wispwright.ScopeAll(), t.CAID)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return &issuer{refused: `The authority of the template "` + t.Name + `" is gone.`}, nil
	case err != nil:
		return nil, fmt.Errorf("authority %d: %w", t.CAID, err)
	case ca.Revoked:
		return &issuer{refused: `The authority of the template "` + t.Name + `" is revoked.`}, nil
	case !ca.ValidityEnd.After(s.kit.Now()):
		return &issuer{refused: `The authority of the template "` + t.Name + `" has expired.`}, nil
	}
	if t.BlueprintID == 0 {
		return &issuer{ca: ca.ID, like: ca.Details}, nil
	}
	blueprint, err := s.pki.Certs.Get(ctx, wispwright.ScopeAll(), t.BlueprintID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return &issuer{refused: `The blueprint of the template "` + t.Name + `" is gone.`}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("blueprint %d: %w", t.BlueprintID, err)
	}
	return &issuer{ca: ca.ID, like: blueprint.Details}, nil
}

// issue makes the certificate of a device, which names it beside its subject.
func (s *Certificates) issue(ctx context.Context, from *issuer, d *controller.Device) (int64, error) {
	like := &from.like
	extensions := slices.DeleteFunc(slices.Clone(like.Extensions), func(e x509.Extension) bool { return e.OID == OIDMACAddress || e.OID == OIDDeviceID })
	c := &x509.Cert{CAID: from.ca, Details: x509.Details{
		OrganizationID: d.OrganizationID, Name: d.Name, CommonName: s.o.CommonName(d), KeyLength: like.KeyLength, Digest: like.Digest,
		CountryCode: like.CountryCode, State: like.State, City: like.City, OrganizationName: like.OrganizationName,
		OrganizationalUnitName: like.OrganizationalUnitName, Email: like.Email,
		Extensions: append(extensions,
			x509.Extension{OID: OIDMACAddress, Value: "ASN1:UTF8:string:" + d.MACAddress},
			x509.Extension{OID: OIDDeviceID, Value: "ASN1:UTF8:string:" + d.ID.String()}),
	}}
	if err := s.pki.Certs.Create(ctx, c); err != nil {
		return 0, fmt.Errorf("issue the certificate of a device: %w", err)
	}
	return c.ID, nil
}

// release takes certificates back: those that were issued by themselves are revoked.
func (s *Certificates) release(ctx context.Context, gone ...*Certificate) error {
	for _, c := range gone {
		if err := s.revoke(ctx, c, x509.CessationOfOperation); err != nil {
			return err
		}
		if err := s.stores.Certificates.Delete(ctx, wispwright.ScopeAll(), c.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return fmt.Errorf("certificate of a device: %w", err)
		}
	}
	return nil
}

// revoke ends the certificate of a row, unless that was not issued by itself, is gone
// or revoked already.
func (s *Certificates) revoke(ctx context.Context, c *Certificate, why x509.Reason) error {
	if !c.AutoCert || c.CertID == 0 {
		return nil
	}
	cert, err := s.pki.Certs.Get(ctx, wispwright.ScopeAll(), c.CertID)
	if errors.Is(err, wispwright.ErrNotFound) || err == nil && cert.Revoked {
		return nil
	}
	if err == nil {
		_, err = s.pki.Certs.Revoke(ctx, wispwright.ScopeAll(), c.CertID, why)
	}
	if err != nil {
		return fmt.Errorf("revoke certificate %s: %w", strconv.FormatInt(c.CertID, 10), err)
	}
	return nil
}
