package portal

import (
	"context"
	"crypto/subtle"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/gateway"
)

// End is what a gateway that asks nobody reports of a session that is over.
type End struct {
	// Device is the gateway, Key its gateway.DeviceKey.
	Device wispwright.ID
	Key    wispwright.Secret
	// Session is its name (UniqueID).
	Session string
	// Seconds is how long it lasted, Input and Output are the octets that the gateway
	// received from and sent to the client.
	Seconds, Input, Output int64
	// Cause is why it ended, as Acct-Terminate-Cause.
	Cause string
}

// Ended ends a session that LetIn began. The key of a gateway is good for nothing else:
// it makes no sessions and lets nobody in. A wrong one is wispwright.ErrForbidden,
// another session than an organization's own wispwright.ErrNotFound.
func (s *Service) Ended(ctx context.Context, organization wispwright.ID, e End) error {
	in, err := s.Settings.Effective(ctx, organization)
	if err != nil {
		return err
	}
	key := gateway.DeviceKey(in.secret, e.Device).Reveal()
	if key == "" || subtle.ConstantTimeCompare([]byte(key), []byte(e.Key.Reveal())) != 1 {
		return wispwright.ErrForbidden
	}
	var v wispwright.ValidationError
	for field, n := range map[string]int64{"session_time": e.Seconds, "input_octets": e.Input, "output_octets": e.Output} {
		if n < 0 || field == "session_time" && n > 1<<31-1 {
			v.Add(field, "This number is out of range.")
		}
	}
	valid.Text(&v, "terminate_cause", e.Cause, valid.Max(32))
	if err := v.Err(); err != nil {
		return err
	}
	known, err := s.radius.Accounting.Get(ctx, wispwright.ScopeOf(organization), e.Session)
	if err != nil || !known.IsOpen() { // reported twice: it counts once
		return err
	}
	_, err = s.radius.Accounting.Record(ctx, radius.Report{OrganizationID: organization, Status: radius.Stop, UniqueID: e.Session, Set: func(x *radius.Session) {
		x.SessionTime, x.InputOctets, x.OutputOctets, x.TerminateCause = &e.Seconds, &e.Input, &e.Output, &e.Cause
	}})
	return err
}

// HotspotSecrets are the secrets of an organization's hotspots: that of the gateways
// and that of the RADIUS server they ask. A caller must not show them; empty ones
// are not set.
func (s *Service) HotspotSecrets(ctx context.Context, organization wispwright.ID) (gateways, server wispwright.Secret, err error) {
	in, err := s.Settings.Effective(ctx, organization)
	if err != nil || in.Dialect != gateway.OpenNDS && in.Dialect != gateway.CoovaChilli {
		return "", "", err
	}
	if in.Dialect == gateway.OpenNDS {
		return in.secret, "", nil
	}
	return in.secret, in.radius, nil
}

// badRADIUSSecret says what is wrong with a secret that stands in the configuration of
// a device, within quotes.
func badRADIUSSecret(text string) error {
	for _, r := range text {
		if r < 0x20 || r == 0x7f || r == '\'' || r == '{' || r == '}' {
			return errors.New("Quotes, braces and control characters are not possible in this secret.")
		}
	}
	return nil
}
