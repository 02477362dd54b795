package custom_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/custom"
	"github.com/wispwright/wispwright/monitoring/custom/customtest"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

func TestResolve(t *testing.T) {
	doc, err := ordered.DecodeObject([]byte(`{"general":{"uptime":12.5,"a/b":3,"text":" 4.5 ","word":"x","on":true,"nan":"NaN"},
		"temperatures":[40,{"value":41}],"interfaces":[{"name":"lan","speed":1},{"name":"wan","speed":1000,"vlan":7},7]}`))
	require.NoError(t, err)
	for path, want := range map[string]float64{
		"/general/uptime": 12.5, "/general/a~1b": 3, "/general/text": 4.5, "/general/on": 1, "/temperatures/0": 40, "/temperatures/1/value": 41,
		"/interfaces/name=wan/speed": 1000, "/interfaces/vlan=7/speed": 1000,
	} {
		got, ok, err := custom.Resolve(doc, path)
		require.NoError(t, err, path)
		require.True(t, ok, path)
		require.InDelta(t, want, got, 0, path)
	}
	for _, path := range []string{"/general", "/general/word", "/general/nan", "/general/missing", "/general/uptime/more", "/temperatures/2", "/temperatures/-1", "/temperatures/x",
		"/interfaces/name=none/speed", "/interfaces/2/speed", "/general/name=x"} {
		_, ok, err := custom.Resolve(doc, path)
		require.NoError(t, err, path)
		require.False(t, ok, path)
	}
	for _, path := range []string{"", "general", "/", "/general//uptime", "/" + string(make([]byte, 300))} {
		_, _, err := custom.Resolve(doc, path)
		require.Error(t, err, path)
	}
}

type metrics = wispwright.Repo[custom.Metric, custom.Filter]

func harness(change func(metrics) metrics) func(*testing.T) customtest.Storage {
	return func(*testing.T) customtest.Storage {
		m := memstore.New()
		store := custom.NewMemory(m)
		if change != nil {
			store = change(store)
		}
		return customtest.Storage{Tx: m, Store: store}
	}
}

func TestMemory(t *testing.T) { customtest.Run(t, harness(nil)) }

// everywhere answers for other organizations too.
type everywhere struct{ metrics }

func (s everywhere) Get(ctx context.Context, _ wispwright.Scope, id wispwright.ID) (*custom.Metric, error) {
	return s.metrics.Get(ctx, wispwright.ScopeAll(), id)
}

// unfiltered lists everything.
type unfiltered struct{ metrics }

func (s unfiltered) List(ctx context.Context, scope wispwright.Scope, _ custom.Filter, p wispwright.Page) (wispwright.Items[custom.Metric], error) {
	return s.metrics.List(ctx, scope, custom.Filter{}, p)
}

func TestTheSuiteFindsBrokenStorages(t *testing.T) {
	storetest.MustFail(t, map[string]func(*testing.T){
		"everywhere": func(t *testing.T) { customtest.Run(t, harness(func(s metrics) metrics { return everywhere{s} })) },
		"unfiltered": func(t *testing.T) { customtest.Run(t, harness(func(s metrics) metrics { return unfiltered{s} })) },
	})
}

// away cannot be read.
type away struct {
	metrics
	err error
}

func (s *away) List(ctx context.Context, scope wispwright.Scope, f custom.Filter, p wispwright.Page) (wispwright.Items[custom.Metric], error) {
	if s.err != nil {
		return wispwright.Items[custom.Metric]{}, s.err
	}
	return s.metrics.List(ctx, scope, f, p)
}

// A database that is away is asked again with the next document.
func TestStorageThatIsAway(t *testing.T) {
	m := memstore.New()
	store := &away{custom.NewMemory(m), errors.New("away")}
	base := &entity.Base{Tx: m, Tenants: entity.NoTenants{}}
	c, err := custom.New(base, store, monitoring.NewRegistry(), nil)
	require.NoError(t, err)
	doc, err := ordered.DecodeObject([]byte(`{"n":1}`))
	require.NoError(t, err)
	org := wispwright.NewID()
	require.ErrorIs(t, c.Start(t.Context()), store.err)
	_, err = c.Read(t.Context(), org, doc)
	require.ErrorIs(t, err, store.err)
	_, err = c.ByKey(t.Context())
	require.ErrorIs(t, err, store.err)
	metric := &custom.Metric{OrganizationID: org, Name: "n", Key: "n", Path: "/n", IsActive: true}
	require.ErrorIs(t, c.Create(t.Context(), metric), store.err)
	store.err = nil
	require.NoError(t, c.Create(t.Context(), metric))
	values, err := c.Read(t.Context(), org, doc)
	require.NoError(t, err)
	require.Len(t, values, 1)
	for _, err := range []error{second(custom.New(nil, store, monitoring.NewRegistry(), nil)), second(custom.New(base, nil, monitoring.NewRegistry(), nil)), second(custom.New(base, store, nil, nil))} {
		require.ErrorContains(t, err, "custom: ")
	}
	require.Equal(t, "custommetric", custom.Models()[0].Name)
}

func second[T any](_ T, err error) error { return err }
