package devicecert

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/x509"
)

// Job issues the certificates of a device anew. It is plain data: a queue may store
// it as JSON.
type Job struct {
	// DeviceID is the device.
	DeviceID wispwright.ID `json:"device"`
}

// Key is the same for jobs that are the same work.
func (j Job) Key() string { return j.DeviceID.String() }

// Jobs queues work. Enqueue is called inside the transaction that causes the jobs; the
// queue calls Certificates.Work for each after the commit, again when it returns an
// error.
type Jobs interface {
	Enqueue(ctx context.Context, jobs ...Job) error
}

// inline does jobs as soon as they exist.
type inline struct{ s *Certificates }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, jobs ...Job) error {
	wispwright.AfterCommit(ctx, func() {
		background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("devicecert"))
		for _, job := range jobs {
			if err := q.s.Work(background, job); err != nil {
				q.s.o.Log.ErrorContext(ctx, "certificates of a device could not be issued anew", "device", job.DeviceID.String(), "error", err)
			}
		}
	})
	return nil
}

// devicesDeleting takes back what deleted devices have.
func (s *Certificates) devicesDeleting(ctx context.Context, devices ...*controller.Device) error {
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	of, err := s.of(ctx, ids...)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if err := s.release(ctx, of[d.ID]...); err != nil {
			return err
		}
	}
	return nil
}

// devicesSaved moves rows along with their device, and has certificates issued anew
// that name their device wrongly from now on.
func (s *Certificates) devicesSaved(ctx context.Context, changes ...entity.Change[controller.Device]) error {
	for _, ch := range changes {
		before, after := ch.Before, ch.After
		if before == nil || after == nil {
			continue
		}
		moved := before.OrganizationID != after.OrganizationID
		renamed := !s.o.KeepOnChange && (before.Name != after.Name || before.MACAddress != after.MACAddress)
		if !moved && !renamed {
			continue
		}
		of, err := s.of(ctx, after.ID)
		if err != nil {
			return err
		}
		if len(of[after.ID]) == 0 {
			continue
		}
		for _, row := range of[after.ID] {
			if !moved {
				break
			}
			if err := s.change(ctx, row, func(c *Certificate) { c.OrganizationID = after.OrganizationID }); err != nil {
				return err
			}
		}
		if renamed {
			if err := s.o.Jobs.Enqueue(ctx, Job{after.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Certificates) change(ctx context.Context, row *Certificate, change func(*Certificate)) error {
	_, err := s.stores.Certificates.Update(ctx, wispwright.ScopeAll(), row.ID, func(c *Certificate) error {
		change(c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("certificate of a device: %w", err)
	}
	return nil
}

// Work does a job. It may be called again after an error or a crash: certificates that
// name their device as it is now are left alone.
func (s *Certificates) Work(ctx context.Context, job Job) error {
	return s.kit.Do(ctx, "devicecert.Work", func(ctx context.Context) error {
		detail, err := s.ctl.Devices.Get(ctx, wispwright.ScopeAll(), job.DeviceID)
		if errors.Is(err, wispwright.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		d := detail.Device
		of, err := s.of(ctx, d.ID)
		if err != nil {
			return err
		}
		certs, err := s.Issued(ctx, of[d.ID]...)
		if err != nil {
			return err
		}
		var anew []*Certificate
		for _, row := range of[d.ID] {
			cert := certs[row.CertID]
			if !row.AutoCert || cert == nil || names(cert, d) {
				continue
			}
			if done, err := s.reissue(ctx, row, d); err != nil {
				return err
			} else if done {
				anew = append(anew, row)
			}
		}
		if len(anew) == 0 {
			return nil
		}
		s.Reissued.Publish(ctx, Reissued{d, anew})
		return s.ctl.Devices.Renew(ctx, "certificates issued anew", d.ID)
	})
}

// names reports whether a certificate says what its device is called now.
func names(cert *x509.Cert, d *controller.Device) bool {
	for _, e := range cert.Extensions {
		if e.OID == OIDMACAddress && e.Value != "ASN1:UTF8:string:"+d.MACAddress {
			return false
		}
	}
	return cert.Name == d.Name
}

// reissue gives a row another certificate. Where there is no authority any more the
// old one stays.
func (s *Certificates) reissue(ctx context.Context, row *Certificate, d *controller.Device) (bool, error) {
	t, err := s.ctl.Templates.Get(ctx, wispwright.ScopeAll(), row.TemplateID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return false, nil // the row goes with the template
	}
	if err != nil {
		return false, err
	}
	from, err := s.issuer(ctx, t)
	if err != nil || from.refused != "" {
		return false, err
	}
	if err := s.revoke(ctx, row, x509.Superseded); err != nil {
		return false, err
	}
	if row.CertID, err = s.issue(ctx, from, d); err != nil {
		return false, err
	}
	row.Modified = s.kit.Now()
	return true, s.change(ctx, row, func(c *Certificate) { c.CertID, c.Modified = row.CertID, row.Modified })
}

// CertificateRenewed renders devices anew after their certificate was renewed, in the
// context's transaction.
func (s *Certificates) CertificateRenewed(ctx context.Context, cert int64) error {
	found, err := s.stores.Certificates.List(ctx, wispwright.ScopeAll(), Filter{CertID: cert}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	return s.renew(ctx, "certificate renewed", found.Rows...)
}

// CertificateDeleted lets go of a certificate that is deleted, in the context's
// transaction: a device whose template is still there gets another. It refuses to
// delete blueprints.
func (s *Certificates) CertificateDeleted(ctx context.Context, cert int64) error {
	if err := s.needed(ctx, controller.TemplateFilter{BlueprintID: cert}, "The certificate is the blueprint of the template "); err != nil {
		return err
	}
	found, err := s.stores.Certificates.List(ctx, wispwright.ScopeAll(), Filter{CertID: cert}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, row := range found.Rows {
		row.AutoCert = false // it is not there to be revoked
	}
	if err := s.release(ctx, found.Rows...); err != nil {
		return err
	}
	return s.renew(ctx, "certificate deleted", found.Rows...)
}

func (s *Certificates) renew(ctx context.Context, cause string, rows ...*Certificate) error {
	ids := make([]wispwright.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.DeviceID
	}
	return s.ctl.Devices.Renew(ctx, cause, ids...)
}
