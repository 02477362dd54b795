// Package loginpagestest checks that a storage keeps everything login pages rely on.
// Any implementation of their stores must pass Run.
package loginpagestest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/radius/loginpages"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores loginpages.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xce, 0x40, byte(n>>8), byte(n)
	return out
}

func at(n int) time.Time {
	return time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC)
}

// Run checks the stores.
func Run(t *testing.T, h Harness) {
	organizations := []wispwright.ID{id(1), id(2)}
	t.Run("pages", func(t *testing.T) {
		s := h(t)
		type object = loginpages.Page
		type filter = loginpages.PageFilter
		storetest.RunRepo(t, s.Stores.Pages, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(p *object) wispwright.ID { return p.ID }, Mutate: func(p *object) { p.Variant += "x" }, Missing: id(9999), Organizations: organizations,
			New: func(n, organization int) *object {
				return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), Variant: fmt.Sprint("v", n), Document: `{"name":"x"}`, Created: at(n), Modified: at(n + 1)}
			},
			Orders:  []string{"Created", "Variant"},
			Search:  &storetest.Search[object, filter]{Put: func(p *object, text string) { p.Variant = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*object) *object{"login_page_variant": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
		})
	})
	t.Run("assets", func(t *testing.T) {
		s := h(t)
		type object = loginpages.Asset
		type filter = loginpages.AssetFilter
		storetest.RunRepo(t, s.Stores.Assets, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(a *object) wispwright.ID { return a.ID }, Mutate: func(a *object) { a.Digest += "1" }, Missing: id(9999), Organizations: organizations,
			New: func(n, organization int) *object {
				return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("f%d.png", n), Type: "image/png", Data: []byte{0, 255, byte(n)}, Digest: "ab", Created: at(n), Modified: at(n + 1)}
			},
			Orders:  []string{"Created", "Name"},
			Uniques: map[string]func(*object) *object{"login_page_asset_name": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{
				"name": {Filter: filter{Name: "f2.png"}, Selects: func(a *object) bool { return a.Name == "f2.png" }},
			},
		})
	})
	t.Run("policies", func(t *testing.T) {
		s := h(t)
		type object = loginpages.Policy
		type filter = loginpages.PolicyFilter
		storetest.RunRepo(t, s.Stores.Policies, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(p *object) wispwright.ID { return p.ID }, Mutate: func(p *object) { p.Text += "!" }, Missing: id(9999), Organizations: organizations,
			New: func(n, organization int) *object {
				return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), Kind: loginpages.Terms, Language: "en", Digest: fmt.Sprint("d", n), Text: "text", Created: at(n)}
			},
			Orders:  []string{"Created"},
			Uniques: map[string]func(*object) *object{"login_page_policy_digest": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{
				"version": {Filter: filter{Kind: loginpages.Terms, Language: "en", Digest: "d3"}, Selects: func(p *object) bool { return p.Digest == "d3" }},
			},
		})
	})
	t.Run("signups", func(t *testing.T) {
		s := h(t)
		type object = loginpages.Signup
		type filter = loginpages.SignupFilter
		storetest.RunRepo(t, s.Stores.Signups, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(x *object) wispwright.ID { return x.ID }, Mutate: func(x *object) { x.Language += "x" }, Missing: id(9999), Organizations: organizations,
			New: func(n, organization int) *object {
				return &object{ID: id(2000 + n), OrganizationID: id(1 + organization), UserID: id(100 + n), Username: fmt.Sprint("user", n), Language: "en", TermsID: id(7), Fields: `{"company":"x"}`, Created: at(n)}
			},
			Orders: []string{"Created"},
			Search: &storetest.Search[object, filter]{Put: func(x *object, text string) { x.Username = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[object, filter]{
				"user": {Filter: filter{UserID: id(102)}, Selects: func(x *object) bool { return x.UserID == id(102) }},
			},
		})
	})
	t.Run("numbers of a day add up, from many at once", func(t *testing.T) {
		s := h(t)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() {
				if err := s.Stores.Days.Add(t.Context(), loginpages.Day{OrganizationID: id(1), Day: "2026-01-01", Seen: 3, Tried: 2, Online: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		require.NoError(t, s.Stores.Days.Add(t.Context(), loginpages.Day{OrganizationID: id(2), Day: "2026-01-01", Seen: 1}))
		require.NoError(t, s.Stores.Days.Add(t.Context(), loginpages.Day{OrganizationID: id(1), Day: "2026-01-02", Seen: 1}))
		found, err := s.Stores.Days.List(t.Context(), wispwright.ScopeOf(id(1)), loginpages.DayFilter{DayBefore: "2026-01-02"}, wispwright.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, found.Rows, 1)
		require.Equal(t, [3]int64{30, 20, 10}, [3]int64{found.Rows[0].Seen, found.Rows[0].Tried, found.Rows[0].Online})
	})
	t.Run("somebody arrives once", func(t *testing.T) {
		s, ctx := h(t), t.Context()
		for range 2 {
			require.NoError(t, s.Stores.Arrivals.Expect(ctx, loginpages.Arrival{OrganizationID: id(1), Username: "ann", Day: "2026-01-02"}))
		}
		arrive := func(organization int, name, from string) int {
			n, err := s.Stores.Arrivals.Arrive(ctx, id(organization), from, "nobody", name)
			require.NoError(t, err)
			return n
		}
		require.Zero(t, arrive(2, "ann", "2026-01-01"), "another organization")
		require.Zero(t, arrive(1, "bob", "2026-01-01"), "another user")
		require.Zero(t, arrive(1, "ann", "2026-01-03"), "too long ago")
		require.Equal(t, 1, arrive(1, "ann", "2026-01-01"))
		require.Zero(t, arrive(1, "ann", "2026-01-01"), "twice")
		for _, name := range []string{"cay", "dan"} {
			require.NoError(t, s.Stores.Arrivals.Expect(ctx, loginpages.Arrival{OrganizationID: id(1), Username: name, Day: "2026-01-02"}))
		}
		n, err := s.Stores.Arrivals.Arrive(ctx, id(1), "2026-01-02")
		require.NoError(t, err)
		require.Zero(t, n, "nobody at all")
		n, err = s.Stores.Arrivals.Arrive(ctx, id(1), "2026-01-02", "ann", "cay", "dan")
		require.NoError(t, err)
		require.Equal(t, 2, n, "several at once")
		require.NoError(t, s.Stores.Arrivals.Forget(ctx, "2026-01-03"))
		found, err := s.Stores.Arrivals.List(ctx, wispwright.ScopeAll(), loginpages.ArrivalFilter{}, wispwright.Page{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, found.Rows)
	})
}
