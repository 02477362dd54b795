package connectiontest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection/terminal"
	"github.com/wispwright/wispwright/kit/storetest"
)

func session(n, organization int) *terminal.Session {
	s := &terminal.Session{ID: id(6000 + n), DeviceID: id(2000 + n%120), OrganizationID: id(organization), ConnectionID: id(3000 + n), UserID: id(7000 + n), Actor: fmt.Sprintf("anna %d", n),
		Address: "192.0.2.1", State: []terminal.State{terminal.Waiting, terminal.Open, terminal.Ended}[n%3], Cols: 80, Rows: 24, Reason: "The shell ended.", Size: n, Created: at(n)}
	if n%2 == 0 {
		s.Heard = pointer(at(n).Truncate(time.Microsecond))
	}
	return s
}

// RunTerminals checks the stores of terminals.
func RunTerminals(t *testing.T, h Harness) {
	s := with(t, h)
	limit := at(3).Truncate(time.Microsecond)
	storetest.RunRepo(t, s.Terminals.Sessions, storetest.Sample[wispwright.ID, terminal.Session, terminal.Filter]{
		Tx: s.Tx, New: func(n, o int) *terminal.Session { return session(n, 1+o) }, Key: func(t *terminal.Session) wispwright.ID { return t.ID },
		Mutate: func(t *terminal.Session) { t.Reason += "!"; t.Cut = true }, Missing: id(9999), Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Created"},
		Filters: map[string]storetest.Filter[terminal.Session, terminal.Filter]{
			"device":       {Filter: terminal.Filter{DeviceID: id(2002)}, Selects: func(t *terminal.Session) bool { return t.DeviceID == id(2002) }},
			"devices":      {Filter: terminal.Filter{DeviceIDs: wispwright.Only(id(2001), id(2003))}, Selects: func(t *terminal.Session) bool { return t.DeviceID == id(2001) || t.DeviceID == id(2003) }},
			"organization": {Filter: terminal.Filter{OrganizationID: id(2)}, Selects: func(t *terminal.Session) bool { return t.OrganizationID == id(2) }},
			"open":         {Filter: terminal.Filter{State: terminal.Open}, Selects: func(t *terminal.Session) bool { return t.State == terminal.Open }},
			"older":        {Filter: terminal.Filter{CreatedBefore: limit}, Selects: func(t *terminal.Session) bool { return t.Created.Truncate(time.Microsecond).Before(limit) }},
			"silent":       {Filter: terminal.Filter{HeardBefore: limit}, Selects: func(t *terminal.Session) bool { return t.Heard != nil && t.Heard.Before(limit) }},
		},
		Search: &storetest.Search[terminal.Session, terminal.Filter]{
			Put: func(t *terminal.Session, text string) { t.Actor = text }, Filter: func(text string) terminal.Filter { return terminal.Filter{Search: text} },
		},
		Orphan: func(n int) *terminal.Session {
			t := session(n, 1)
			t.DeviceID = id(9000 + n)
			return t
		},
	})
	t.Run("parts of recordings stand in their order", func(t *testing.T) {
		ctx := context.Background()
		s := with(t, h)
		require.NoError(t, s.Terminals.Sessions.Insert(ctx, session(0, 1)))
		require.NoError(t, s.Terminals.Sessions.Insert(ctx, session(1, 1)))
		for _, n := range []int{2, 0, 1} {
			require.NoError(t, s.Terminals.Parts.Insert(ctx, &terminal.Part{ID: id(8000 + 10 - n), TerminalID: id(6000), N: n, Data: wispwright.Secret(fmt.Sprint("part ", n))}))
		}
		require.NoError(t, s.Terminals.Parts.Insert(ctx, &terminal.Part{ID: id(8100), TerminalID: id(6001), Data: "another"}))
		got, err := s.Terminals.Parts.List(ctx, all(), terminal.PartFilter{TerminalID: id(6000)}, wispwright.Page{})
		require.NoError(t, err)
		require.Len(t, got.Rows, 3)
		for n, p := range got.Rows {
			require.Equal(t, n, p.N)
			require.Equal(t, fmt.Sprint("part ", n), p.Data.Reveal())
		}
		require.Error(t, s.Terminals.Parts.Insert(ctx, &terminal.Part{ID: id(8101), TerminalID: id(9999)}), "of no terminal")
	})
}
