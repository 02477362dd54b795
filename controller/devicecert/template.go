package devicecert

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/x509"
)

// check holds the rules of a template that gives certificates, or did so before. What
// its organization does not have does not exist for it.
func (s *Certificates) check(ctx context.Context, before, after *controller.Template) error {
	var v wispwright.ValidationError
	if before != nil {
		if err := s.checkUsed(ctx, &v, before, after); err != nil {
			return err
		}
	}
	if after.Type != Type {
		return v.Err()
	}
	if after.CAID == 0 {
		v.Add("ca", `A CA must be selected when template type is "Certificate generator"`)
		return v.Err()
	}
	ca, err := s.pki.CAs.Get(ctx, visible(after.OrganizationID), after.CAID)
	if errors.Is(err, wispwright.ErrNotFound) {
		v.Add("ca", valid.UnknownPK(after.CAID))
		return v.Err()
	}
	if err != nil {
		return err
	}
	if changed := before == nil || before.CAID != after.CAID; changed && ca.Revoked {
		v.Add("ca", "The CA is revoked.")
	}
	if after.BlueprintID != 0 && (before == nil || before.BlueprintID != after.BlueprintID || before.CAID != after.CAID) {
		if err := s.checkBlueprint(ctx, &v, after); err != nil {
			return err
		}
	}
	if after.Config.IsEmpty() || after.Config == "" {
		after.Config = s.usual(after.ID)
	}
	return v.Err()
}

// visible is what an organization has: its own, and what is shared.
func visible(organization wispwright.ID) wispwright.Scope {
	if organization.IsZero() {
		return wispwright.ScopeOf().WithShared()
	}
	return wispwright.ScopeOf(organization).WithShared()
}

// checkUsed keeps type, authority and blueprint while active devices have the
// template: what they run stands on them.
func (s *Certificates) checkUsed(ctx context.Context, v *wispwright.ValidationError, before, after *controller.Template) error {
	var fields []string
	if before.Type != after.Type {
		fields = append(fields, "type")
	} else {
		if before.CAID != after.CAID {
			fields = append(fields, "ca")
		}
		if before.BlueprintID != after.BlueprintID {
			fields = append(fields, "blueprint_cert")
		}
	}
	if len(fields) == 0 {
		return nil
	}
	no := false
	used, err := s.ctl.Devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{TemplateID: before.ID, IsDeactivated: &no}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(used.Rows) == 0 {
		return err
	}
	for _, field := range fields {
		v.Add(field, "This cannot be changed while active devices use the template.")
	}
	return nil
}

func (s *Certificates) checkBlueprint(ctx context.Context, v *wispwright.ValidationError, t *controller.Template) error {
	cert, err := s.pki.Certs.Get(ctx, visible(t.OrganizationID), t.BlueprintID)
	if errors.Is(err, wispwright.ErrNotFound) {
		v.Add("blueprint_cert", valid.UnknownPK(t.BlueprintID))
		return nil
	}
	if err != nil {
		return err
	}
	taken, err := s.taken(ctx, cert)
	switch {
	case err != nil:
		return err
	case cert.CAID != t.CAID:
		v.Add("blueprint_cert", "The blueprint must be a certificate of the selected CA.")
	case cert.Revoked:
		v.Add("blueprint_cert", "The blueprint is revoked.")
	case taken:
		v.Add("blueprint_cert", "The blueprint is in use as a certificate: choose one that nothing has.")
	}
	return nil
}

func (s *Certificates) taken(ctx context.Context, cert *x509.Cert) (bool, error) {
	if cert.Holder != "" {
		return true, nil
	}
	found, err := s.stores.Certificates.List(ctx, wispwright.ScopeAll(), Filter{CertID: cert.ID}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) > 0 || s.o.Taken == nil {
		return len(found.Rows) > 0, err
	}
	return s.o.Taken(ctx, cert.ID)
}

// usual is the configuration of a template that has none of its own: certificate and
// key in files, the key for nobody else to read.
func (s *Certificates) usual(template wispwright.ID) wispwright.JSON {
	cert, key := s.paths(template)
	file := func(path, mode, contents string) *ordered.Object {
		o := ordered.NewObject()
		o.Set("path", path)
		o.Set("mode", mode)
		o.Set("contents", "{{ "+prefix(template)+contents+" }}")
		return o
	}
	o := ordered.NewObject()
	o.Set("files", []any{file(cert, "0644", "pem"), file(key, "0600", "key")})
	return wispwright.JSON(ordered.Append(nil, o))
}

// AuthorityDeleted refuses to delete an authority that templates need; it joins the
// context's transaction.
func (s *Certificates) AuthorityDeleted(ctx context.Context, authority int64) error {
	return s.needed(ctx, controller.TemplateFilter{CAID: authority}, "The CA is that of the template ")
}

func (s *Certificates) needed(ctx context.Context, f controller.TemplateFilter, what string) error {
	found, err := s.ctl.Templates.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	return wispwright.Invalid("", what+`"`+found.Rows[0].Name+`" and cannot be deleted.`)
}
