package plan_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/plan/plantest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/rollout"
)

// TestSpeed rehearses a change that reaches many devices (the goal: 50,000 in
// under 10 s on a quiet machine), and begins its rollout. Without WISPWRIGHT_SOAK
// it is a small one, which shows that all are rendered as one.
func TestSpeed(t *testing.T) {
	n := 300
	if os.Getenv("WISPWRIGHT_SOAK") != "" {
		n = 50_000
	}
	for name, open := range map[string]func(testing.TB) *sqlstore.DB{"sqlite": testkit.SQLite, "postgresql": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			s := stored(t, open(t))
			w := plantest.NewWorld(t, s, nil)
			acme := w.Organization("ACME")
			wan := w.Template(acme, "wan", 1500)
			first := w.Detail(w.Devices(acme, 1)[0])
			for at := 1; at < n; at += 500 {
				require.NoError(t, s.Tx.InTx(ctx, func(txctx context.Context) error {
					for i := at; i < min(n, at+500); i++ {
						d, config := *first.Device, *first.Config
						d.ID, d.Name, d.NameKey, d.MACAddress = wispwright.NewID(), fmt.Sprint("box-", i), fmt.Sprint("box-", i), fmt.Sprintf("02:00:00:%02X:%02X:%02X", i>>16, i>>8&255, i&255)
						d.Key, d.KeyDigest = controller.RandomKey(), fmt.Sprint(i)
						config.ID, config.DeviceID = wispwright.NewID(), d.ID
						if err := s.Controller.Devices.Insert(txctx, &d); err != nil {
							return err
						}
						if err := s.Controller.Configs.Insert(txctx, &config); err != nil {
							return err
						}
					}
					return nil
				}))
			}
			start := time.Now()
			p := planned(t, w, acme, mtu(wan, "9000"))
			t.Logf("a plan over %d devices: %s", n, time.Since(start).Round(time.Millisecond))
			require.Equal(t, []int{n, n}, []int{p.Affected, p.Changed})
			require.Len(t, groups(t, w, p), 1)
			start = time.Now()
			at := w.Now.Add(time.Hour)
			_, err := w.Plans.Apply(ctx, all, p.ID, plan.Order{Strategy: rollout.Strategy{Start: &at}})
			require.NoError(t, err)
			t.Logf("compared and begun: %s", time.Since(start).Round(time.Millisecond))
			start = time.Now()
			w.Pass(2 * time.Hour)
			t.Logf("all devices released: %s", time.Since(start).Round(time.Millisecond))
		})
	}
}
