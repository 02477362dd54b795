package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
	"github.com/wispwright/wispwright/controller/bulk/bulktest"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
)

func harness(change func(*bulk.Stores)) func(t *testing.T) bulktest.Storage {
	return func(*testing.T) bulktest.Storage {
		m := memstore.New()
		s := bulk.NewMemory(m)
		if change != nil {
			change(&s)
		}
		return bulktest.Storage{Tx: m, Stores: s}
	}
}

func TestMemory(t *testing.T) { bulktest.Run(t, harness(nil)) }

// tenants are organizations that are all there.
type tenants struct{}

func (tenants) Tenant(_ context.Context, id wispwright.ID) (*entity.Tenant, error) {
	return &entity.Tenant{ID: id, Name: "org", IsActive: true}, nil
}

func concern(t *testing.T) bulktest.Concern {
	m := memstore.New()
	c, err := controller.New(m, controller.NewMemory(m), render.New(nil), tenants{}, nil)
	require.NoError(t, err)
	return bulktest.Concern{Storage: bulktest.Storage{Tx: m, Stores: bulk.NewMemory(m)}, Controller: c}
}

func TestServiceInMemory(t *testing.T) { bulktest.RunService(t, concern) }

func TestNew(t *testing.T) {
	c := concern(t)
	base := &entity.Base{Tx: c.Tx}
	for _, err := range []error{
		second(bulk.New(nil, c.Stores, c.Controller, nil)), second(bulk.New(&entity.Base{}, c.Stores, c.Controller, nil)),
		second(bulk.New(base, c.Stores, nil, nil)), second(bulk.New(base, bulk.Stores{Tasks: c.Stores.Tasks}, c.Controller, nil)),
	} {
		require.ErrorContains(t, err, "bulk")
	}
}

func second[T any](_ T, err error) error { return err }

// Without a queue the work is done when the call returns, and what fails stays
// waiting.
func TestWithoutQueue(t *testing.T) {
	ctx := t.Context()
	c := concern(t)
	org := wispwright.NewID()
	for n := range 60 {
		d := &controller.Device{OrganizationID: org, Name: fmt.Sprint("ap", n), MACAddress: fmt.Sprintf("02:00:00:00:00:%02X", n)}
		require.NoError(t, c.Controller.Devices.Create(ctx, &controller.Detail{Device: d}))
	}
	failing := &failing{ItemStore: c.Stores.Items}
	s, err := bulk.New(&entity.Base{Tx: c.Tx}, bulk.Stores{Tasks: c.Stores.Tasks, Items: failing}, c.Controller, nil)
	require.NoError(t, err)
	run := func() map[bulk.State]int {
		task := &bulk.Task{Action: bulk.SetVariables, Params: bulk.Params{Variables: map[string]any{"a": 1}}}
		require.NoError(t, s.Start(ctx, wispwright.ScopeOf(org), task, nil, controller.DeviceFilter{}))
		n, err := s.Counts(ctx, task.ID)
		require.NoError(t, err)
		return n[task.ID]
	}
	require.Equal(t, map[bulk.State]int{bulk.Changed: 60}, run())
	failing.err = errors.New("the disk is full")
	require.Equal(t, map[bulk.State]int{bulk.Waiting: 60}, run(), "what could not be kept is done again later")
}

// failing cannot keep what became of an item.
type failing struct {
	bulk.ItemStore
	err error
}

func (s *failing) Outcomes(ctx context.Context, items []*bulk.Item) error {
	if s.err != nil {
		return s.err
	}
	return s.ItemStore.Outcomes(ctx, items)
}

// silent keeps no outcomes.
type silent struct{ bulk.ItemStore }

func (silent) Outcomes(context.Context, []*bulk.Item) error { return nil }

// forgetful does nothing again.
type forgetful struct{ bulk.ItemStore }

func (forgetful) Again(context.Context, wispwright.ID, bulk.State) error { return nil }

// eager makes everything wait again.
type eager struct{ bulk.ItemStore }

func (s eager) Again(ctx context.Context, _ wispwright.ID, from bulk.State) error {
	for _, task := range []wispwright.ID{{0: 0xbb, 6: 0x40}, {0: 0xbb, 6: 0x40, 15: 1}} {
		if err := s.ItemStore.Again(ctx, task, from); err != nil {
			return err
		}
	}
	return nil
}

func TestTheSuiteFindsBrokenStorages(t *testing.T) {
	storetest.MustFail(t, map[string]func(*testing.T){
		"no outcomes":      func(t *testing.T) { bulktest.Run(t, harness(func(s *bulk.Stores) { s.Items = silent{s.Items} })) },
		"nothing again":    func(t *testing.T) { bulktest.Run(t, harness(func(s *bulk.Stores) { s.Items = forgetful{s.Items} })) },
		"everything again": func(t *testing.T) { bulktest.Run(t, harness(func(s *bulk.Stores) { s.Items = eager{s.Items} })) },
	})
}
