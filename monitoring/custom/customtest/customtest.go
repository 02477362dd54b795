// Package customtest checks storages of declared metrics, and the service over them.
package customtest

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/custom"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Storage is what a harness makes: an empty store and its transactor.
type Storage struct {
	// Tx is the transactor.
	Tx wispwright.Transactor
	// Store keeps metrics.
	Store wispwright.Repo[custom.Metric, custom.Filter]
}

func id(n int) wispwright.ID { return wispwright.ID{0: 0xcc, 6: 0x40, 14: byte(n >> 8), 15: byte(n)} }

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(n) * time.Minute)
}

func metric(n, organization int) *custom.Metric {
	m := &custom.Metric{ID: id(n), OrganizationID: id(9000 + organization), Name: fmt.Sprintf("name %03d", n), Key: fmt.Sprintf("key_%d", n), Path: "/a", Counter: n%2 == 0, Unit: "°C",
		Chart: custom.Line, Description: "d", IsActive: n%3 > 0, Created: at(n), Modified: at(n)}
	if n%2 == 0 {
		threshold := float64(n) + 0.5
		m.Operator, m.Threshold, m.Tolerance = ">", &threshold, n
	}
	return m
}

// Run runs the suite. h is called once for every part.
func Run(t *testing.T, h func(t *testing.T) Storage) {
	t.Run("store", func(t *testing.T) {
		s := h(t)
		yes, no := true, false
		storetest.RunRepo(t, s.Store, storetest.Sample[wispwright.ID, custom.Metric, custom.Filter]{
			Tx: s.Tx, New: metric, Key: func(m *custom.Metric) wispwright.ID { return m.ID }, Mutate: func(m *custom.Metric) { m.Description += "+" },
			Missing: id(8000), Organizations: []wispwright.ID{id(9000), id(9001)},
			Uniques: map[string]func(*custom.Metric) *custom.Metric{custom.UniqueKey: func(first *custom.Metric) *custom.Metric {
				m := *first
				m.ID, m.Name = id(7000), "other"
				return &m
			}},
			Filters: map[string]storetest.Filter[custom.Metric, custom.Filter]{
				"organization": {Filter: custom.Filter{OrganizationID: id(9001)}, Selects: func(m *custom.Metric) bool { return m.OrganizationID == id(9001) }},
				"active":       {Filter: custom.Filter{IsActive: &yes}, Selects: func(m *custom.Metric) bool { return m.IsActive }},
				"inactive":     {Filter: custom.Filter{IsActive: &no}, Selects: func(m *custom.Metric) bool { return !m.IsActive }},
			},
			Orders: []string{"Name", "Created"},
			Search: &storetest.Search[custom.Metric, custom.Filter]{Put: func(m *custom.Metric, text string) { m.Name = text }, Filter: func(text string) custom.Filter { return custom.Filter{Search: text} }},
		})
	})
	t.Run("rules", func(t *testing.T) { runRules(t, h(t)) })
	t.Run("reading", func(t *testing.T) { runReading(t, h(t)) })
	t.Run("the most", func(t *testing.T) { runMost(t, h(t)) })
	t.Run("undone", func(t *testing.T) { runUndone(t, h(t)) })
}

// concern is the service over a storage.
type concern struct {
	*custom.Custom
	registry *monitoring.Registry
	reloads  int
}

func newConcern(t *testing.T, s Storage, bus wispwright.Bus) *concern {
	t.Helper()
	c := &concern{registry: monitoring.NewRegistry()}
	var err error
	c.Custom, err = custom.New(&entity.Base{Tx: s.Tx, Tenants: entity.NoTenants{}}, s.Store, c.registry, &custom.Options{Bus: bus, Reloaded: func() { c.reloads++ }})
	require.NoError(t, err)
	return c
}

func declared(key, path string) *custom.Metric {
	return &custom.Metric{OrganizationID: id(9000), Name: " Name ", Key: key, Path: " " + path + " ", Unit: " dB ", Chart: custom.Line, IsActive: true}
}

func number(f float64) *float64 { return &f }

func runRules(t *testing.T, s Storage) {
	ctx := t.Context()
	c := newConcern(t, s, nil)
	for field, change := range map[string]func(*custom.Metric){
		"organization: This":  func(m *custom.Metric) { m.OrganizationID = wispwright.ID{} },
		"name: This":          func(m *custom.Metric) { m.Name = "  " },
		"name: Ensure":        func(m *custom.Metric) { m.Name = strings.Repeat("é", 65) },
		"unit: Ensure":        func(m *custom.Metric) { m.Unit = strings.Repeat("é", 17) },
		"description: Ensure": func(m *custom.Metric) { m.Description = strings.Repeat("é", 256) },
		"key: Lower-case":     func(m *custom.Metric) { m.Key = "Key" },
		"path: A path begins": func(m *custom.Metric) { m.Path = "a" },
		"path: A step":        func(m *custom.Metric) { m.Path = "/a//b" },
		"chart: \"pie\"":      func(m *custom.Metric) { m.Chart = "pie" },
		"operator: \"=\"":     func(m *custom.Metric) { m.Operator = "=" },
		"threshold: This":     func(m *custom.Metric) { m.Operator = "<" },
		"threshold: A valid":  func(m *custom.Metric) { m.Operator, m.Threshold = "<", number(math.Inf(1)) },
		"threshold: A  valid": func(m *custom.Metric) { m.Operator, m.Threshold = "<", number(math.NaN()) },
		"tolerance: Ensure":   func(m *custom.Metric) { m.Operator, m.Threshold, m.Tolerance = "<", number(1), -1 },
		"tolerance:  Ensure":  func(m *custom.Metric) { m.Operator, m.Threshold, m.Tolerance = "<", number(1), health.MaxTolerance+1 },
	} {
		m := declared("key", "/a")
		change(m)
		require.ErrorContains(t, c.Create(ctx, m), strings.ReplaceAll(field, "  ", " "), field)
	}
	m := declared("key", "/a")
	m.Threshold, m.Tolerance = number(1), 5
	require.NoError(t, c.Create(ctx, m))
	require.Equal(t, []any{"Name", "/a", "dB", (*float64)(nil), 0}, []any{m.Name, m.Path, m.Unit, m.Threshold, m.Tolerance}, "without an operator there is no threshold")
	require.ErrorContains(t, c.Create(ctx, declared("key", "/b")), "key: The organization has a metric with this key already.")
	other := declared("key", "/b")
	other.OrganizationID = id(9001)
	require.NoError(t, c.Create(ctx, other), "of another organization")
	for field, change := range map[string]func(*custom.Metric){"key: It cannot": func(m *custom.Metric) { m.Key = "new" }, "organization: It cannot": func(m *custom.Metric) { m.OrganizationID = id(9001) }} {
		_, err := c.Update(ctx, wispwright.ScopeAll(), m.ID, func(m *custom.Metric) error { change(m); return nil })
		require.ErrorContains(t, err, field)
	}
	_, err := c.Update(ctx, wispwright.ScopeOf(id(9001)), m.ID, func(m *custom.Metric) error { m.Name = "stolen"; return nil })
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	all, err := c.List(ctx, wispwright.ScopeAll(), custom.Filter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Equal(t, 2, all.Total, "nothing is stored of what was refused")
}

func runReading(t *testing.T, s Storage) {
	ctx := t.Context()
	c := newConcern(t, s, nil)
	require.NoError(t, c.Start(ctx))
	document, err := ordered.DecodeObject([]byte(`{"a":{"celsius":41.5},"n":7}`))
	require.NoError(t, err)
	read := func(organization int) []monitoring.DeclaredValue {
		t.Helper()
		values, err := c.Read(ctx, id(organization), document)
		require.NoError(t, err)
		return values
	}
	require.Empty(t, read(9000))
	warm, count, missing := declared("warm", "/a/celsius"), declared("count", "/n"), declared("missing", "/b")
	warm.Operator, warm.Threshold, warm.Tolerance = ">", number(60), 5
	count.Counter, count.Chart, count.Unit = true, custom.Bars, "%"
	missing.Chart = custom.NoChart
	reloads := c.reloads
	for _, m := range []*custom.Metric{warm, count, missing} {
		require.NoError(t, c.Create(ctx, m))
	}
	require.Greater(t, c.reloads, reloads)
	require.ElementsMatch(t, []monitoring.DeclaredValue{{Kind: warm.Kind(), Value: 41.5}, {Kind: count.Kind(), Value: 7, Counter: true}}, read(9000))
	require.Empty(t, read(9001), "of another organization")
	require.True(t, custom.Declared(warm.Kind()))
	require.False(t, custom.Declared("ping"))

	kind := c.registry.Metric(warm.Kind())
	require.NotNil(t, kind)
	require.Equal(t, []any{"Name", "custom_warm", custom.Field, true}, []any{kind.Label, kind.Measurement, kind.Field, kind.Declared})
	require.Equal(t, &monitoring.Threshold{Operator: ">", Value: 60, Tolerance: 5}, kind.Alert)
	require.Nil(t, c.registry.Metric(count.Kind()).Alert)
	chart := c.registry.Chart(warm.Kind())
	require.Equal(t, []any{"scatter", " dB", []string{"Average"}, "Name"}, []any{chart.Type, chart.Unit, chart.SummaryLabels, chart.Description})
	chart = c.registry.Chart(count.Kind())
	require.Equal(t, []any{"bar", "%", []string{"Total"}}, []any{chart.Type, chart.Unit, chart.SummaryLabels})
	require.Nil(t, c.registry.Chart(missing.Kind()))

	by, err := c.ByKey(ctx)
	require.NoError(t, err)
	require.Equal(t, warm.ID, by["custom_warm"][id(9000)].ID)
	require.Len(t, by, 3)

	_, err = c.Update(ctx, wispwright.ScopeAll(), warm.ID, func(m *custom.Metric) error { m.IsActive = false; return nil })
	require.NoError(t, err)
	require.Len(t, read(9000), 1, "what is not measured at present is not read")
	require.NotNil(t, c.registry.Metric(warm.Kind()), "its values are still known")
	require.NoError(t, c.Delete(ctx, wispwright.ScopeAll(), warm.ID))
	require.Nil(t, c.registry.Metric(warm.Kind()))
}

func runMost(t *testing.T, s Storage) {
	c := newConcern(t, s, nil)
	for n := range custom.MostOfAnOrganization {
		require.NoError(t, s.Store.Insert(t.Context(), metric(n, 0)))
	}
	require.ErrorContains(t, c.Create(t.Context(), declared("more", "/a")), "organization: An organization declares at most 100 metrics.")
	m := declared("more", "/a")
	m.OrganizationID = id(9001)
	require.NoError(t, c.Create(t.Context(), m))
	_, err := c.Update(t.Context(), wispwright.ScopeAll(), id(5), func(m *custom.Metric) error { m.Name = "new"; return nil })
	require.NoError(t, err, "those that are there can be changed")
}

// What a transaction declares is not remembered when it is undone, and other nodes
// hear of what is kept.
func runUndone(t *testing.T, s Storage) {
	b := &bus{}
	c, node := newConcern(t, s, b), newConcern(t, s, b)
	require.NoError(t, c.Start(t.Context()))
	require.NoError(t, node.Start(t.Context()))
	m := declared("key", "/n")
	err := s.Tx.InTx(t.Context(), func(ctx context.Context) error {
		m.ID = wispwright.ID{}
		if err := c.Create(ctx, m); err != nil {
			return err
		}
		document, err := ordered.DecodeObject([]byte(`{"n":1}`))
		if err != nil {
			return err
		}
		if _, err := c.Read(ctx, id(9000), document); err != nil {
			return err
		}
		return wispwright.ErrLimit
	})
	require.ErrorIs(t, err, wispwright.ErrLimit)
	require.Nil(t, c.registry.Metric(m.Kind()))
	by, err := c.ByKey(t.Context())
	require.NoError(t, err)
	require.Empty(t, by)
	m = declared("key", "/n")
	require.NoError(t, c.Create(t.Context(), m))
	require.Eventually(t, func() bool { return node.registry.Metric(m.Kind()) != nil }, time.Minute, time.Millisecond, "the other node knows it")
}

// bus tells after the commit.
type bus struct{ listeners []func(string) }

func (b *bus) Notify(ctx context.Context, _, payload string) error {
	wispwright.AfterCommit(ctx, func() {
		for _, fn := range b.listeners {
			fn(payload)
		}
	})
	return nil
}

func (b *bus) Listen(_ context.Context, _ string, fn func(string)) error {
	b.listeners = append(b.listeners, fn)
	return nil
}
