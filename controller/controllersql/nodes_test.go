package controllersql_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

// Two nodes share a database: what one changes the other forgets, though it
// would believe what it knows for an hour.
func TestTwoNodes(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := t.Context()
		all := wispwright.ScopeAll()
		s := storageOn(t, db)
		ten, err := tenancy.New(s.Tx, s.Tenancy, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}})
		require.NoError(t, err)
		node := func() *controller.Controller {
			c, err := controller.New(s.Tx, s.Stores, render.New(nil), ten.Organizations, &controller.Options{Bus: db, CacheFor: time.Hour})
			require.NoError(t, err)
			require.NoError(t, c.Start(ctx))
			return c
		}
		one, two := node(), node()
		one.Attach(ten.Organizations)
		org := &tenancy.Organization{Name: "acme", IsActive: true}
		require.NoError(t, ten.Organizations.Create(ctx, org))
		base := &controller.Template{OrganizationID: org.ID, Name: "base", Backend: openWrt, Default: true, Config: `{"general":{"description":"{{ text }}"}}`}
		require.NoError(t, one.Templates.Create(ctx, base))
		d := &controller.Detail{
			Device: &controller.Device{OrganizationID: org.ID, Name: "ap1", MACAddress: mac(1), LastIP: netip.MustParseAddr("127.0.0.1")},
			Config: &controller.Config{Backend: openWrt},
		}
		require.NoError(t, one.Devices.Create(ctx, d))
		a := protocol.Credentials{ID: d.Device.ID, Key: d.Device.Key.Reveal(), Peer: netip.MustParseAddr("127.0.0.1")}
		sum := func(ctx context.Context, c *controller.Controller) string {
			out, err := c.Agents.Checksum(ctx, a, "")
			require.NoError(t, err)
			return out
		}
		for what, change := range map[string]func() error{
			"configuration": func() error {
				_, err := one.Devices.Update(ctx, all, d.Device.ID, func(d *controller.Detail) error { d.Config.Config = `{"general":{"timezone":"UTC"}}`; return nil })
				return err
			},
			"variables": func() error {
				_, err := one.Settings.Update(ctx, all, org.ID, func(o *controller.Settings) error { o.Context = `{"text":"x"}`; return nil })
				return err
			},
			"template": func() error {
				_, err := one.Templates.Update(ctx, all, base.ID, func(o *controller.Template) error {
					o.Config = `{"general":{"description":"{{ text }}"},"ntp":{"enabled":true,"server":["0.pool.ntp.org"]}}`
					return nil
				})
				return err
			},
		} {
			before := sum(ctx, two)
			require.NoError(t, change(), what)
			testkit.Eventually(t, what, func(ctx context.Context) bool { return sum(ctx, two) != before })
			require.Equal(t, sum(ctx, one), sum(ctx, two), what)
		}
		// a device that registers on the other node gets what was decided on this one
		_, err = one.Settings.Update(ctx, all, org.ID, func(o *controller.Settings) error { o.SharedSecret = "changed"; return nil })
		require.NoError(t, err)
		r := protocol.Registration{Secret: "changed", Name: mac(2), MACAddress: mac(2), Backend: openWrt, Key: protocol.ConsistentKey(mac(2), "changed").Reveal()}
		testkit.Eventually(t, "registration with the new secret", func(ctx context.Context) bool {
			_, err := two.Agents.Register(ctx, r)
			return err == nil
		})
	})
}
