package removal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/removal"
	"github.com/wispwright/wispwright/tenancy/removal/removaltest"
)

func TestMemory(t *testing.T) {
	removaltest.Run(t, func(*testing.T) removaltest.Storage {
		m, stores := tenancy.NewMemory()
		return removaltest.Storage{Tx: m, Store: removal.NewMemory(m), Tenancy: stores}
	})
}

var all = wispwright.ScopeAll()

func TestNew(t *testing.T) {
	m, stores := tenancy.NewMemory()
	ten, err := tenancy.New(m, stores, nil)
	require.NoError(t, err)
	_, err = removal.New(nil, removal.NewMemory(m), ten.Organizations, nil)
	require.ErrorContains(t, err, "required")
	_, err = removal.New(m, nil, ten.Organizations, nil)
	require.ErrorContains(t, err, "required")
	_, err = removal.New(m, removal.NewMemory(memstore.New()), nil, nil)
	require.ErrorContains(t, err, "required")
}

// Without a queue everything is gone when Delete returns.
func TestWithoutQueue(t *testing.T) {
	m, stores := tenancy.NewMemory()
	ten, err := tenancy.New(m, stores, nil)
	require.NoError(t, err)
	o := &tenancy.Organization{Name: "acme", Slug: "acme"}
	require.NoError(t, ten.Organizations.Create(t.Context(), o))
	r, err := removal.New(m, removal.NewMemory(m), ten.Organizations, nil)
	require.NoError(t, err)
	require.NoError(t, r.Delete(t.Context(), all, o.ID))
	_, err = ten.Organizations.Get(t.Context(), all, o.ID)
	require.Error(t, err)
}
