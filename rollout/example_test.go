package rollout_test

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/rollout/rollouttest"
)

// greeter is a driver whose devices are greeted.
type greeter struct{ rollouttest.Fleet }

func (g *greeter) Begin(_ context.Context, r *rollout.Rollout, steps ...*rollout.Step) error {
	for _, s := range steps {
		fmt.Printf("wave %d: %s, %s\n", s.Wave+1, r.Label, s.Name)
		s.State = rollout.Succeeded // or leave it InProgress until Follow knows
	}
	return nil
}

func Example() {
	m := memstore.New()
	waves, err := rollout.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}}, rollout.NewMemory(m), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := waves.Register(rollout.Kind{Name: "greeting", Driver: &greeter{}}); err != nil {
		fmt.Println(err)
		return
	}
	ann, ben := wispwright.NewID(), wispwright.NewID()
	r := &rollout.Rollout{Kind: "greeting", Label: "hello", Strategy: rollout.Strategy{Waves: []rollout.Wave{{Devices: []wispwright.ID{ben}}}}}
	if err := waves.Create(context.Background(), r, []rollout.Target{{DeviceID: ann, Name: "ann"}, {DeviceID: ben, Name: "ben"}}); err != nil {
		fmt.Println(err)
		return
	}
	r, err = waves.Get(context.Background(), wispwright.ScopeAll(), r.ID)
	fmt.Println(r.Status, err)
	// Output:
	// wave 1: hello, ben
	// wave 2: hello, ann
	// done <nil>
}
