package server

import (
	"context"
	"fmt"
	"strconv"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/x509"
)

const (
	caKind   = "pki.ca"
	certKind = "pki.cert"
)

// Kinds implements WithKinds.
func (c *X509Concern) Kinds() []Kind {
	subject := func(d *x509.Details) Subject {
		return Subject{d.OrganizationID, strconv.FormatInt(d.ID, 10), d.Name, map[string]any{"common_name": d.CommonName, "serial_number": d.SerialNumber, "validity_end": d.ValidityEnd, "revoked": d.Revoked}}
	}
	return []Kind{
		NewKind(KindOptions[x509.CA]{Kind: caKind, Event: "ca", Label: "CA", Changed: &c.CAs.Changed, Subject: func(ca *x509.CA) Subject { return subject(&ca.Details) },
			Find: ByNumber(func(ctx context.Context, ids wispwright.Among[int64]) ([]*x509.CA, error) {
				found, err := c.CAs.List(ctx, everyone(), x509.CAFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[x509.Cert]{Kind: certKind, Event: "certificate", Label: "Certificate", Changed: &c.Certs.Changed, Subject: func(cert *x509.Cert) Subject { return subject(&cert.Details) },
			Find: ByNumber(func(ctx context.Context, ids wispwright.Among[int64]) ([]*x509.Cert, error) {
				found, err := c.Certs.List(ctx, everyone(), x509.CertFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
	}
}

// NotificationTypes implements WithNotifications.
func (c *X509Concern) NotificationTypes() []notifications.Type {
	const target = "[{notification.target}]({notification.target_link})"
	return []notifications.Type{{
		Name: "certificate_expiry", Label: "Certificate Expiry", Level: notifications.Warning, Verb: "expires soon", Models: []string{caKind, certKind},
		Subject: `[{site.name}] WARNING: {kind} "{notification.target}" {notification.verb}`,
		Message: "{kind} " + target + " expires in {days}. Renew it, or let it renew itself.",
	}}
}

// WebhookEvents implements WithNotifications: there are none beside.
func (c *X509Concern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: people are told of what expires soon, in
// the transaction that notes that they were told.
func (c *X509Concern) Notify(n *NotificationsConcern) []Wire {
	return []Wire{{"x509.Expiring", "notifications: certificate_expiry", hook(c.Expiring.Subscribe, func(ctx context.Context, list ...x509.Expiry) error {
		var events []notifications.Event
		for _, e := range list {
			days := fmt.Sprintf("%d days", e.Days)
			if e.Days == 1 {
				days = "one day"
			}
			one := notifications.Event{Type: "certificate_expiry", Data: map[string]any{"days": days, "kind": "Certificate"}}
			if e.CA != nil {
				one.Target, one.Data["kind"] = notifications.Ref{Kind: caKind, ID: strconv.FormatInt(e.CA.ID, 10)}, "CA"
			} else {
				one.Target = notifications.Ref{Kind: certKind, ID: strconv.FormatInt(e.Cert.ID, 10)}
			}
			events = append(events, one)
		}
		return n.Notify(ctx, events...)
	})}}
}
