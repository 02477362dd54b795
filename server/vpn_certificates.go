package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/devicecert"
	"github.com/wispwright/wispwright/controller/devicecert/devicecerthttp"
	"github.com/wispwright/wispwright/controller/devicecert/devicecertsql"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/x509"
)

// mountCertificates adds templates that give devices certificates (additions: C-11).
func (c *VPNConcern) mountCertificates(h *Host, base *entity.Base) error {
	if c.PKI != nil {
		return nil
	}
	stores, err := devicecertsql.New(h.DB())
	if err != nil {
		return err
	}
	queue := certificateQueue{h.Jobs(), jobs.Kind[devicecert.Job]{Name: "vpn.certificates", Queue: "vpn", Timeout: 5 * time.Minute, Attempts: 6, Key: devicecert.Job.Key}}
	c.certificates, err = devicecert.New(base, stores, c.Controller.Controller, c.X509.Authority, devicecert.Options{
		CommonName: func(d *controller.Device) string { return vpn.CommonName(c.Config.CommonNameFormat, d) },
		Path:       c.Config.CertPath, KeepOnChange: !c.Config.RegenerateCertificates, Taken: c.certificateTaken, Jobs: queue, Log: h.Log(),
	})
	if err != nil {
		return err
	}
	h.Jobs().Add(queue.kind.Handle(func(ctx context.Context, job devicecert.Job) error {
		return c.certificates.Work(wispwright.WithCaller(ctx, wispwright.System("vpn.certificates")), job)
	}))
	wire, err := devicecerthttp.New(c.certificates, c.Controller.Controller)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	return nil
}

// certificateTaken reports whether a VPN server or a client of one has a certificate.
func (c *VPNConcern) certificateTaken(ctx context.Context, cert int64) (bool, error) {
	one := wispwright.Page{Limit: 1, NoTotal: true}
	servers, err := c.Servers.List(ctx, everyone(), vpn.ServerFilter{CertID: cert}, one)
	if err != nil || len(servers.Rows) > 0 {
		return true, err
	}
	clients, err := c.Clients.List(ctx, everyone(), vpn.ClientFilter{CertID: cert}, one)
	return len(clients.Rows) > 0, err
}

// certificateQueue queues what follows from changes of devices.
type certificateQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[devicecert.Job]
}

// Enqueue implements devicecert.Jobs.
func (q certificateQueue) Enqueue(ctx context.Context, list ...devicecert.Job) error {
	return q.kind.Insert(ctx, q.queue, list...)
}

// certificateWiring is what certificates of devices hear of organizations and the PKI.
func (c *VPNConcern) certificateWiring() []Wire {
	if c.certificates == nil {
		return nil
	}
	x := c.X509.Authority
	return []Wire{
		{"x509.Renewed", "devicecert: renewed certificates", hook(x.Renewed.Subscribe, func(ctx context.Context, renewed ...x509.Renewal) error {
			for _, r := range renewed {
				if r.Cert == nil {
					continue
				}
				if err := c.certificates.CertificateRenewed(ctx, r.Cert.ID); err != nil {
					return err
				}
			}
			return nil
		})},
		{"x509.CAs.Deleting", "devicecert: authorities of templates", hook(x.CAs.Deleting.Subscribe, func(ctx context.Context, list ...*x509.CA) error {
			for _, o := range list {
				if err := c.certificates.AuthorityDeleted(ctx, o.ID); err != nil {
					return err
				}
			}
			return nil
		})},
		{"x509.Certs.Deleting", "devicecert: certificates of devices and blueprints", hook(x.Certs.Deleting.Subscribe, func(ctx context.Context, list ...*x509.Cert) error {
			for _, o := range list {
				if err := c.certificates.CertificateDeleted(ctx, o.ID); err != nil {
					return err
				}
			}
			return nil
		})},
	}
}

// certificateTold tells people of certificates that were issued anew.
func (c *VPNConcern) certificateTold(n *NotificationsConcern) []Wire {
	if c.certificates == nil {
		return nil
	}
	return []Wire{{"devicecert.Reissued", "notifications: generic_message", hook(c.certificates.Reissued.Within, func(ctx context.Context, list ...devicecert.Reissued) error {
		var events []notifications.Event
		for _, r := range list {
			events = append(events, notifications.Event{
				Type: notifications.GenericMessage, Level: notifications.Info, Actor: deviceRef(r.Device.ID), Target: deviceRef(r.Device.ID),
				Description: "Its name or MAC address changed: the former certificates were revoked.",
				Data:        map[string]any{"message": "The certificates of [{notification.target}]({notification.target_link}) were issued anew."},
			})
		}
		return n.Post(ctx, events...)
	})}}
}
