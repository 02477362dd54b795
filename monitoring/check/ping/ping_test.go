package ping_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/monitoring/check/ping"
)

func TestMany(t *testing.T) {
	var list []netip.Addr
	for n := range 300 { // each of these is this machine
		list = append(list, netip.AddrFrom4([4]byte{127, 1, byte(n >> 8), byte(n + 1)}))
	}
	nobody := netip.MustParseAddr("192.0.2.1") // documentation; nothing is sent anywhere without a route
	o := ping.Options{Count: 3, Interval: 5 * time.Millisecond, Bytes: 56, Timeout: 2 * time.Second}
	got, err := ping.Many(t.Context(), list, o)
	if errors.Is(err, ping.ErrNotPermitted) {
		t.Skip(err)
	}
	require.NoError(t, err)
	for i, r := range got {
		require.Equal(t, 3, r.Sent, list[i])
		require.Equal(t, 3, r.Received, list[i])
		require.Zero(t, r.Loss())
		require.True(t, r.Min > 0 && r.Min <= r.Avg && r.Avg <= r.Max, "%v", r)
	}
	require.Equal(t, 100.0, ping.Result{}.Loss())
	require.Equal(t, 33.0, ping.Result{Sent: 3, Received: 2}.Loss())
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = ping.Many(ctx, []netip.Addr{nobody}, o)
	require.ErrorIs(t, err, context.Canceled)
}
