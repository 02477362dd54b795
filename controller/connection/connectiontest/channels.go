package connectiontest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/kit/storetest"
)

func open(n, organization int) *channel.Channel {
	return &channel.Channel{DeviceID: id(2000 + n), ID: id(5000 + n), OrganizationID: id(organization), Node: []string{"http://a", "http://b"}[n%2],
		Address: "192.0.2.1", Agent: "agent/1", Since: at(n)}
}

// RunChannels checks the store of channels.
func RunChannels(t *testing.T, h Harness) {
	ctx := context.Background()
	s := with(t, h)
	storetest.RunRepo(t, s.Channels, storetest.Sample[wispwright.ID, channel.Channel, channel.Filter]{
		Tx: s.Tx, New: func(n, o int) *channel.Channel { return open(n, 1+o) }, Key: func(c *channel.Channel) wispwright.ID { return c.DeviceID },
		Mutate: func(c *channel.Channel) { c.Agent += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Since"},
		Filters: map[string]storetest.Filter[channel.Channel, channel.Filter]{
			"devices": {Filter: channel.Filter{DeviceIDs: wispwright.Only(id(2001), id(2003))}, Selects: func(c *channel.Channel) bool { return c.DeviceID == id(2001) || c.DeviceID == id(2003) }},
			"node":    {Filter: channel.Filter{Node: "http://b"}, Selects: func(c *channel.Channel) bool { return c.Node == "http://b" }},
		},
	})
	t.Run("a newer one takes the place", func(t *testing.T) {
		s := with(t, h)
		first, second := open(1, 1), open(1, 1)
		second.ID, second.Node, second.Address = id(5900), "http://c", "192.0.2.9"
		before, err := s.Channels.Take(ctx, first)
		require.NoError(t, err)
		require.Nil(t, before)
		before, err = s.Channels.Take(ctx, second)
		require.NoError(t, err)
		require.Equal(t, first.ID, before.ID)
		require.Equal(t, first.Node, before.Node)
		require.NoError(t, s.Channels.Release(ctx, first.DeviceID, first.ID), "which is not there any more")
		got, err := s.Channels.Get(ctx, all(), first.DeviceID)
		require.NoError(t, err)
		require.Equal(t, second.ID, got.ID)
		require.Equal(t, "192.0.2.9", got.Address)
		require.NoError(t, s.Channels.Release(ctx, first.DeviceID, second.ID))
		_, err = s.Channels.Get(ctx, all(), first.DeviceID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
	t.Run("those of a node end together", func(t *testing.T) {
		s := with(t, h)
		for n := range 4 {
			_, err := s.Channels.Take(ctx, open(n, 1))
			require.NoError(t, err)
		}
		require.NoError(t, s.Channels.ReleaseNode(ctx, "http://a"))
		left, err := s.Channels.List(ctx, all(), channel.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, left.Rows, 2)
		for _, c := range left.Rows {
			require.Equal(t, "http://b", c.Node)
		}
	})
}
