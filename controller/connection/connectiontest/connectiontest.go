// Package connectiontest checks that a storage keeps everything the concern
// connection relies on, and that a connector behaves as one. Any implementation
// must pass Run or RunConnector.
package connectiontest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/storetest"
)

// Storage is what a Harness makes: empty stores of the concern, those of the
// controller with Devices, and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores connection.Stores
	// Channels and Terminals are stores of their own.
	Channels  channel.Store
	Terminals terminal.Stores
	// Devices are the controller's, empty too.
	Devices controller.DeviceStore
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("credentials", func(t *testing.T) { RunCredentials(t, h) })
	t.Run("connections", func(t *testing.T) { RunConnections(t, h) })
	t.Run("commands", func(t *testing.T) { RunCommands(t, h) })
	t.Run("batches", func(t *testing.T) { RunBatches(t, h) })
	t.Run("pushes", func(t *testing.T) { RunPushes(t, h) })
	t.Run("channels", func(t *testing.T) { RunChannels(t, h) })
	t.Run("terminals", func(t *testing.T) { RunTerminals(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func all() wispwright.Scope { return wispwright.ScopeAll() }

func pointer[T any](v T) *T { return &v }

func credentials(n, organization int) *connection.Credentials {
	return &connection.Credentials{ID: id(1000 + n), OrganizationID: id(organization), Name: fmt.Sprintf("näher %d", n), Connector: fmt.Sprintf("connector.%d", n%2),
		Params: wispwright.Secret(fmt.Sprintf(`{"password": "%d"}`, n)), AutoAdd: n%2 == 0, Created: at(n), Modified: at(n)}
}

// RunCredentials checks the store of credentials.
func RunCredentials(t *testing.T, h Harness) {
	s := h(t)
	storetest.RunRepo(t, s.Stores.Credentials, storetest.Sample[wispwright.ID, connection.Credentials, connection.CredentialsFilter]{
		Tx: s.Tx, New: func(n, o int) *connection.Credentials { return credentials(n, 1+o) }, Key: func(c *connection.Credentials) wispwright.ID { return c.ID },
		Mutate: func(c *connection.Credentials) { c.Params += " " }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "Created"},
		Uniques: map[string]func(*connection.Credentials) *connection.Credentials{
			connection.UniqueCredentials: func(first *connection.Credentials) *connection.Credentials {
				c := *first
				c.ID = id(1900)
				return &c
			},
		},
		Filters: map[string]storetest.Filter[connection.Credentials, connection.CredentialsFilter]{
			"organization": {Filter: connection.CredentialsFilter{OrganizationID: id(2)}, Selects: func(c *connection.Credentials) bool { return c.OrganizationID == id(2) }},
			"name":         {Filter: connection.CredentialsFilter{Name: "näher 2"}, Selects: func(c *connection.Credentials) bool { return c.Name == "näher 2" }},
			"connector":    {Filter: connection.CredentialsFilter{Connector: "connector.1"}, Selects: func(c *connection.Credentials) bool { return c.Connector == "connector.1" }},
			"added":        {Filter: connection.CredentialsFilter{AutoAdd: pointer(true)}, Selects: func(c *connection.Credentials) bool { return c.AutoAdd }},
		},
		Search: &storetest.Search[connection.Credentials, connection.CredentialsFilter]{
			Put: func(c *connection.Credentials, text string) { c.Name = text }, Filter: func(text string) connection.CredentialsFilter { return connection.CredentialsFilter{Search: text} },
		},
	})
}

// with prepares a storage with 120 devices, of organizations 1 and 2 in turn, and credentials.
func with(t *testing.T, h Harness) Storage {
	t.Helper()
	s := h(t)
	ctx := context.Background()
	for n := range 120 {
		require.NoError(t, s.Devices.Insert(ctx, &controller.Device{ID: id(2000 + n), OrganizationID: id(1 + n%2), Name: fmt.Sprint(n), MACAddress: fmt.Sprint(n),
			Key: "key", KeyDigest: fmt.Sprint(n), Created: at(n), Modified: at(n)}))
	}
	for n := range 2 {
		require.NoError(t, s.Stores.Credentials.Insert(ctx, credentials(n, 1)))
	}
	return s
}

func deviceConnection(n, organization int) *connection.DeviceConnection {
	c := &connection.DeviceConnection{ID: id(3000 + n), DeviceID: id(2000 + n), OrganizationID: id(organization), CredentialsID: id(1000 + n%2), UpdateStrategy: "strategy",
		Enabled: n%3 == 0, Params: `{"port": 2222}`, HostKey: "ssh-ed25519 AAAA", Description: "Linux", FailureReason: "timed out", LastAttempt: pointer(at(n).Truncate(time.Microsecond)), Created: at(n), Modified: at(n)}
	if n%2 == 0 {
		c.IsWorking = pointer(n%4 == 0)
	}
	return c
}

// RunConnections checks the store of device connections.
func RunConnections(t *testing.T, h Harness) {
	ctx := context.Background()
	s := with(t, h)
	storetest.RunRepo(t, s.Stores.Connections, storetest.Sample[wispwright.ID, connection.DeviceConnection, connection.DeviceConnectionFilter]{
		Tx: s.Tx, New: func(n, o int) *connection.DeviceConnection { return deviceConnection(n, 1+o) }, Key: func(c *connection.DeviceConnection) wispwright.ID { return c.ID },
		Mutate: func(c *connection.DeviceConnection) { c.FailureReason += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
		Uniques: map[string]func(*connection.DeviceConnection) *connection.DeviceConnection{
			connection.UniqueConnection: func(first *connection.DeviceConnection) *connection.DeviceConnection {
				c := *first
				c.ID = id(3900)
				return &c
			},
		},
		Filters: map[string]storetest.Filter[connection.DeviceConnection, connection.DeviceConnectionFilter]{
			"ids":         {Filter: connection.DeviceConnectionFilter{IDs: wispwright.Only(id(3001), id(3003))}, Selects: func(c *connection.DeviceConnection) bool { return c.ID == id(3001) || c.ID == id(3003) }},
			"device":      {Filter: connection.DeviceConnectionFilter{DeviceID: id(2002)}, Selects: func(c *connection.DeviceConnection) bool { return c.DeviceID == id(2002) }},
			"devices":     {Filter: connection.DeviceConnectionFilter{DeviceIDs: wispwright.Only(id(2001), id(2003))}, Selects: func(c *connection.DeviceConnection) bool { return c.DeviceID == id(2001) || c.DeviceID == id(2003) }},
			"credentials": {Filter: connection.DeviceConnectionFilter{CredentialsID: id(1001)}, Selects: func(c *connection.DeviceConnection) bool { return c.CredentialsID == id(1001) }},
			"connector":   {Filter: connection.DeviceConnectionFilter{Connector: "connector.1"}, Selects: func(c *connection.DeviceConnection) bool { return c.CredentialsID == id(1001) }},
			"connectors":  {Filter: connection.DeviceConnectionFilter{Connectors: wispwright.Only("connector.1", "none")}, Selects: func(c *connection.DeviceConnection) bool { return c.CredentialsID == id(1001) }},
			"enabled":     {Filter: connection.DeviceConnectionFilter{Enabled: pointer(true)}, Selects: func(c *connection.DeviceConnection) bool { return c.Enabled }},
			"failing":     {Filter: connection.DeviceConnectionFilter{IsWorking: pointer(false)}, Selects: func(c *connection.DeviceConnection) bool { return c.IsWorking != nil && !*c.IsWorking }},
		},
		Orphan: func(n int) *connection.DeviceConnection {
			c := deviceConnection(n, 1)
			c.DeviceID = id(9000 + n)
			return c
		},
	})
	t.Run("what is missing is added once", func(t *testing.T) {
		s := with(t, h)
		first, second := deviceConnection(0, 1), deviceConnection(1, 1)
		n, err := s.Stores.Connections.AddMissing(ctx, []*connection.DeviceConnection{first})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		again := *first
		again.ID, again.FailureReason = id(3500), "another"
		n, err = s.Stores.Connections.AddMissing(ctx, []*connection.DeviceConnection{&again, second})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		got, err := s.Stores.Connections.Get(ctx, all(), first.ID)
		require.NoError(t, err)
		require.Equal(t, first, got)
		_, err = s.Stores.Connections.Get(ctx, all(), again.ID)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
	})
}

func command(n int) *connection.Command {
	return &connection.Command{ID: id(4000 + n), DeviceID: id(2000 + n), OrganizationID: id(1 + n%2), Status: connection.InProgress, Type: fmt.Sprintf("type_%d", n%2),
		Input: `{"command":"ä", "b":1}`, Secret: "secret", Actor: "anna", Created: at(n), Modified: at(n)}
}

// RunCommands checks the store of commands.
func RunCommands(t *testing.T, h Harness) {
	ctx := context.Background()
	s := with(t, h)
	require.NoError(t, s.Stores.Batches.Insert(ctx, batch(1, 1)))
	require.NoError(t, s.Stores.Connections.Insert(ctx, deviceConnection(0, 1)))
	storetest.RunRepo[wispwright.ID, connection.Command, connection.CommandFilter](t, s.Stores.Commands, storetest.Sample[wispwright.ID, connection.Command, connection.CommandFilter]{
		Tx: s.Tx, New: func(n, o int) *connection.Command {
			c := command(n)
			c.OrganizationID = id(1 + o)
			if n%3 == 0 {
				c.Queued, c.BatchID, c.ConnectionID = pointer(at(n).UTC().Truncate(time.Microsecond)), id(5001), id(3000)
			}
			return c
		}, Key: func(c *connection.Command) wispwright.ID { return c.ID },
		Mutate: func(c *connection.Command) { c.Output += "x" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
		Filters: map[string]storetest.Filter[connection.Command, connection.CommandFilter]{
			"device":  {Filter: connection.CommandFilter{DeviceID: id(2002)}, Selects: func(c *connection.Command) bool { return c.DeviceID == id(2002) }},
			"batch":   {Filter: connection.CommandFilter{BatchID: id(5001)}, Selects: func(c *connection.Command) bool { return c.BatchID == id(5001) }},
			"type":    {Filter: connection.CommandFilter{Type: "type_1"}, Selects: func(c *connection.Command) bool { return c.Type == "type_1" }},
			"waiting": {Filter: connection.CommandFilter{Waiting: pointer(true)}, Selects: func(c *connection.Command) bool { return c.Queued == nil }},
			"queued":  {Filter: connection.CommandFilter{Waiting: pointer(false)}, Selects: func(c *connection.Command) bool { return c.Queued != nil }},
			"since":   {Filter: connection.CommandFilter{CreatedFrom: at(2)}, Selects: func(c *connection.Command) bool { return !c.Created.Before(at(2).Truncate(time.Microsecond)) }},
		},
	})
	t.Run("progress and batches", func(t *testing.T) { runProgress(t, with(t, h)) })
	t.Run("forgetting", func(t *testing.T) { runForgetting(t, with(t, h)) })
}

func runProgress(t *testing.T, s Storage) {
	ctx := context.Background()
	require.NoError(t, s.Stores.Batches.Insert(ctx, batch(1, 1)))
	var list []*connection.Command
	for n := range 8 {
		c := command(n)
		c.BatchID = id(5001)
		switch {
		case n < 3:
			c.Status, c.OutputDigest, c.Output = connection.Success, "same", "same"
		case n < 5:
			c.Status, c.OutputDigest, c.Output = connection.Failed, fmt.Sprint(n), fmt.Sprint(n)
		case n < 7:
			c.Queued = pointer(at(n))
		}
		list = append(list, c)
	}
	require.NoError(t, s.Stores.Commands.InsertMany(ctx, list))
	counts, err := s.Stores.Commands.Counts(ctx, id(5001))
	require.NoError(t, err)
	require.Equal(t, connection.CommandCounts{Waiting: 1, Running: 2, Success: 3, Failed: 2}, counts)
	out, err := s.Stores.Commands.Outcomes(ctx, id(5001), 2)
	require.NoError(t, err)
	require.Equal(t, []connection.Outcome{{Status: connection.Success, Digest: "same", Count: 3, CommandID: id(4000)}, {Status: connection.Failed, Digest: "3", Count: 1, CommandID: id(4003)}}, out)
	failed, err := s.Stores.Commands.Targets(ctx, id(5001), connection.Failed)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(2003), id(2004)}, failed)
	every, err := s.Stores.Commands.Targets(ctx, id(5001), "")
	require.NoError(t, err)
	require.Len(t, every, 8)

	cancelled, err := s.Stores.Commands.Progress(ctx, id(4005), "so far", at(9))
	require.NoError(t, err)
	require.False(t, cancelled)
	got, err := s.Stores.Commands.Get(ctx, all(), id(4005))
	require.NoError(t, err)
	require.Equal(t, "so far", got.Output)
	_, err = s.Stores.Commands.Update(ctx, all(), id(4005), func(c *connection.Command) error {
		c.Cancelled, c.Status = true, connection.Failed
		return nil
	})
	require.NoError(t, err)
	cancelled, err = s.Stores.Commands.Progress(ctx, id(4005), "too late", at(10))
	require.NoError(t, err)
	require.True(t, cancelled)
	got, err = s.Stores.Commands.Get(ctx, all(), id(4005))
	require.NoError(t, err)
	require.Equal(t, "so far", got.Output, "what is done stays")
	_, err = s.Stores.Commands.Progress(ctx, id(9999), "", at(1))
	require.ErrorIs(t, err, wispwright.ErrNotFound)
}

func runForgetting(t *testing.T, s Storage) {
	ctx := context.Background()
	for n := range 2 {
		require.NoError(t, s.Stores.Connections.Insert(ctx, deviceConnection(n, 1)))
	}
	for n := range 6 {
		c := command(n)
		c.ConnectionID = id(3000 + n%2)
		if n != 1 {
			c.Status = connection.Success
		}
		require.NoError(t, s.Stores.Commands.Insert(ctx, c))
	}
	n, err := s.Stores.Commands.Forget(ctx, at(3), 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = s.Stores.Commands.Forget(ctx, at(3), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n, "one in progress stays")
	require.NoError(t, s.Stores.Commands.ForgetDevices(ctx, id(2003)))
	require.NoError(t, s.Stores.Commands.Leave(ctx, id(3001)))
	require.NoError(t, s.Stores.Commands.Move(ctx, id(2004), id(2)))
	left, err := s.Stores.Commands.List(ctx, all(), connection.CommandFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 3, left.Total)
	for _, c := range left.Rows {
		switch c.ID {
		case id(4001), id(4005):
			require.True(t, c.ConnectionID.IsZero())
		case id(4004):
			require.Equal(t, id(3000), c.ConnectionID)
			require.Equal(t, id(2), c.OrganizationID)
		}
	}
}

func batch(n, organization int) *connection.Batch {
	return &connection.Batch{ID: id(5000 + n), OrganizationID: id(organization), Status: connection.InProgress, Type: fmt.Sprintf("type_%d", n%2), Input: `{"b":1, "a":2}`, Secret: "secret",
		Label: fmt.Sprintf("label %d", n), Notes: "notes", Filter: `{"x":1}`, DeviceCount: n, Skipped: map[wispwright.ID][]string{id(7): {"why"}}, Parallel: 3, StopAfter: 2, Actor: "anna",
		RepeatOf: id(6000 + n), Created: at(n), Modified: at(n)}
}

// RunBatches checks the store of batches.
func RunBatches(t *testing.T, h Harness) {
	s := h(t)
	storetest.RunRepo(t, s.Stores.Batches, storetest.Sample[wispwright.ID, connection.Batch, connection.BatchFilter]{
		Tx: s.Tx, New: func(n, o int) *connection.Batch { return batch(n, 1+o) }, Key: func(b *connection.Batch) wispwright.ID { return b.ID },
		Mutate: func(b *connection.Batch) { b.Notes += "!" }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created", "Label"},
		Filters: map[string]storetest.Filter[connection.Batch, connection.BatchFilter]{
			"organization": {Filter: connection.BatchFilter{OrganizationID: id(2)}, Selects: func(b *connection.Batch) bool { return b.OrganizationID == id(2) }},
			"type":         {Filter: connection.BatchFilter{Type: "type_1"}, Selects: func(b *connection.Batch) bool { return b.Type == "type_1" }},
			"status":       {Filter: connection.BatchFilter{Status: connection.Failed}, Selects: func(b *connection.Batch) bool { return b.Status == connection.Failed }},
		},
		Search: &storetest.Search[connection.Batch, connection.BatchFilter]{
			Put: func(b *connection.Batch, text string) { b.Label = text }, Filter: func(text string) connection.BatchFilter { return connection.BatchFilter{Search: text} },
		},
	})
}

// RunPushes checks the store of pushes.
func RunPushes(t *testing.T, h Harness) {
	ctx := context.Background()
	s := with(t, h)
	require.NoError(t, s.Stores.Pushes.Request(ctx, at(1), id(2000), id(2001), id(2002)))
	for n := range 3 {
		next := at(10 - n)
		_, err := s.Stores.Pushes.Update(ctx, all(), id(2000+n), func(p *connection.Push) error {
			p.Attempts, p.NextAttempt, p.Reason, p.Succeeded = 3, &next, "timed out", &next
			return nil
		})
		require.NoError(t, err)
	}
	_, err := s.Stores.Pushes.Update(ctx, all(), id(2001), func(p *connection.Push) error { p.State = connection.PushFailed; return nil })
	require.NoError(t, err)
	due, err := s.Stores.Pushes.Due(ctx, at(9), at(0), 10)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(2002)}, due)
	due, err = s.Stores.Pushes.Due(ctx, at(10), at(0), 10)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(2002), id(2000)}, due)
	due, err = s.Stores.Pushes.Due(ctx, at(10), at(0), 1)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(2002)}, due)

	require.NoError(t, s.Stores.Pushes.Request(ctx, at(20), id(2001), id(2003)))
	p, err := s.Stores.Pushes.Get(ctx, all(), id(2001))
	require.NoError(t, err)
	require.Equal(t, connection.PushWaiting, p.State)
	require.Zero(t, p.Attempts)
	require.Nil(t, p.NextAttempt)
	require.NotNil(t, p.Succeeded, "what it came to before stays")
	require.Equal(t, at(20).Truncate(time.Microsecond), p.Requested)
	due, err = s.Stores.Pushes.Due(ctx, at(10), at(20), 10)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(2002), id(2000), id(2001), id(2003)}, due, "those that nobody came back to are found too")
	due, err = s.Stores.Pushes.Due(ctx, at(10), at(19), 10)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(2002), id(2000)}, due)
	due, err = s.Stores.Pushes.Due(ctx, at(10), at(20), 3)
	require.NoError(t, err)
	require.Len(t, due, 3)
	require.NoError(t, s.Stores.Pushes.ForgetDevices(ctx, id(2001), id(2000)))
	left, err := s.Stores.Pushes.List(ctx, all(), connection.PushFilter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, left.Total)
	require.Error(t, s.Stores.Pushes.Insert(ctx, &connection.Push{DeviceID: id(9999), State: connection.Pushed, Requested: at(1)}), "of no device")
}
