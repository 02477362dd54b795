package plan_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/plan"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/rollout"
	"github.com/wispwright/wispwright/tenancy"
)

// A change of a template is looked at before it is made.
func Example() {
	ctx, all := context.Background(), wispwright.ScopeAll()
	memory, tenants := tenancy.NewMemory()
	t, err := tenancy.New(memory, tenants, nil)
	check(err)
	c, err := controller.New(memory, controller.NewMemory(memory), render.New(nil), t.Organizations, nil)
	check(err)
	c.Attach(t.Organizations)
	base := &entity.Base{Tx: memory, Tenants: t.Organizations}
	waves, err := rollout.New(base, rollout.NewMemory(memory), nil)
	check(err)
	plans, err := plan.New(base, plan.NewMemory(memory), c, waves, nil)
	check(err)

	acme := &tenancy.Organization{Name: "ACME", IsActive: true}
	check(t.Organizations.Create(ctx, acme))
	wan := &controller.Template{OrganizationID: acme.ID, Name: "wan", Backend: "netjsonconfig.OpenWrt", Default: true, Config: `{"interfaces": [{"name": "eth0", "type": "ethernet"}]}`}
	check(c.Templates.Create(ctx, wan))
	for _, name := range []string{"roof", "cellar"} {
		check(c.Devices.Create(ctx, &controller.Detail{
			Device: &controller.Device{OrganizationID: acme.ID, Name: name, MACAddress: fmt.Sprintf("00:11:22:33:44:%02d", len(name))}, Config: &controller.Config{Backend: "netjsonconfig.OpenWrt"},
		}))
	}
	p := &plan.Plan{OrganizationID: acme.ID, Name: "another port", Changes: []plan.Change{
		{Kind: plan.TemplateChange, Action: plan.Update, ID: wan.ID, Set: `{"config": {"interfaces": [{"name": "eth1", "type": "ethernet"}]}}`},
	}}
	check(plans.Create(ctx, p))
	_, err = plans.Compute(ctx, all, p.ID)
	check(err)
	groups, err := plans.Groups(ctx, all, plan.GroupFilter{PlanID: p.ID}, wispwright.Page{})
	check(err)
	for _, g := range groups.Rows {
		fmt.Printf("%d devices, %d lines come, %d go\n", g.Count, g.Added, g.Removed)
	}
	// Output: 2 devices, 2 lines come, 2 go
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
