package plan

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller"
)

// A device that registered a moment ago is in touch, though nothing is stored of its
// requests yet; one that somebody wrote down is not.
func TestAway(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	o := &Options{AwayAfter: 6 * time.Minute}
	before := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	address := netip.MustParseAddr("192.0.2.1")
	for name, c := range map[string]struct {
		device controller.Device
		away   bool
	}{
		"asked just now":         {controller.Device{LastSeen: before(time.Minute)}, false},
		"silent":                 {controller.Device{LastSeen: before(7 * time.Minute), LastIP: address, Created: now}, true},
		"registered just now":    {controller.Device{LastIP: address, Created: *before(time.Second)}, false},
		"registered and gone":    {controller.Device{LastIP: address, Created: *before(time.Hour)}, true},
		"written down, not seen": {controller.Device{Created: now}, true},
	} {
		require.Equal(t, c.away, o.away(&c.device, now), name)
	}
}
