package sqlstore_test

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// addresses are such as have every form, and some at random.
func addresses() (all []netip.Addr) {
	for _, text := range []string{"0.0.0.0", "255.255.255.255", "10.0.0.9", "192.168.100.20", "::", "::1", "1::", "fe80::1", "2001:db8::1:0:0:1", "2001:db8:0:1::1",
		"1:0:0:2::3", "1:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:0", "1:0:3:4:5:6:7:8", "a00:b0:0c00::d", "::ffff:10.1.2.3", "1:2::", "0:0:1::"} {
		all = append(all, netip.MustParseAddr(text))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		var raw [16]byte
		for i := range raw {
			if random.IntN(3) == 0 {
				raw[i] = byte(random.IntN(256))
			}
		}
		raw[0] |= 1 // what begins with zeros only, PostgreSQL spells its own way
		all = append(all, netip.AddrFrom16(raw), netip.AddrFrom4([4]byte(raw[:4])))
	}
	return all
}

// People find addresses as they are spelt, whatever a database keeps.
func TestSpellingOfAddresses(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		ctx := context.Background()
		things, s := newThings(t, db), sample(db)
		for n, a := range addresses() {
			o := s.New(n, 0)
			o.ID, o.Lease = wispwright.NewID(), a
			require.NoError(t, things.Insert(ctx, o))
			got, err := sqlstore.Get[string](ctx, db, "SELECT "+db.Dialect().AddrText("lease")+" FROM thing WHERE id = ?", o.ID)
			require.NoError(t, err)
			require.Equal(t, a.String(), got)
			arg, err := db.Dialect().Addr(a)
			require.NoError(t, err)
			kept, err := sqlstore.Get[string](ctx, db, "SELECT lease FROM thing WHERE lease = ? AND id = ?", arg, o.ID)
			require.NoError(t, err)
			back, err := sqlstore.ScanAddr(kept)
			require.NoError(t, err)
			require.Equal(t, a, back)
		}
		none, err := db.Dialect().Addr(netip.Addr{})
		require.NoError(t, err)
		require.Nil(t, none)
		_, err = sqlstore.ScanAddr("nonsense")
		require.Error(t, err)
		blank, err := sqlstore.ScanAddr("")
		require.NoError(t, err)
		require.False(t, blank.IsValid())
	})
}
