package controllertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/storetest"
)

// RunGroups is the part of Run about groups of devices.
func RunGroups(t *testing.T, h Harness) {
	h = needs(h, "Groups", "Devices", "Configs")
	t.Run("objects", func(t *testing.T) { runGroups(t, h) })
	t.Run("devices", func(t *testing.T) { runGrouped(t, h) })
}

func group(n, organization int) *controller.Group {
	return &controller.Group{
		ID: id(6000 + n), OrganizationID: id(organization), Name: fmt.Sprintf("group %d", n), Description: "50%_näher",
		Templates: []wispwright.ID{id(3000), id(3000 + n)}, Context: `{"z":1, "a":1.50}`, MetaData: `{"k":"v"}`, Created: at(n), Modified: at(n),
	}
}

func runGroups(t *testing.T, h Harness) {
	s := h(t)
	orgs := organizations(t, s)
	storetest.RunRepo(t, s.Stores.Groups, storetest.Sample[wispwright.ID, controller.Group, controller.GroupFilter]{
		Tx:     s.Tx,
		New:    func(n, o int) *controller.Group { return group(n, o+1) },
		Key:    func(g *controller.Group) wispwright.ID { return g.ID },
		Mutate: func(g *controller.Group) { g.Description += "+"; g.Templates = nil },
		Orders: []string{"Name", "Created", "Modified"},
		Search: &storetest.Search[controller.Group, controller.GroupFilter]{
			Put:    func(g *controller.Group, text string) { g.Name = text },
			Filter: func(text string) controller.GroupFilter { return controller.GroupFilter{Search: text} },
		},
		Missing:       id(9999),
		Organizations: orgs,
		Uniques: map[string]func(*controller.Group) *controller.Group{
			controller.UniqueGroupName: func(first *controller.Group) *controller.Group {
				g := group(500, 1)
				g.Name = first.Name
				return g
			},
		},
		Filters: map[string]storetest.Filter[controller.Group, controller.GroupFilter]{
			"ids":             {Filter: controller.GroupFilter{IDs: wispwright.Only(id(6001))}, Selects: func(g *controller.Group) bool { return g.ID == id(6001) }},
			"organization":    {Filter: controller.GroupFilter{OrganizationID: id(2)}, Selects: func(g *controller.Group) bool { return g.OrganizationID == id(2) }},
			"name":            {Filter: controller.GroupFilter{Name: "group 3"}, Selects: func(g *controller.Group) bool { return g.ID == id(6003) }},
			"template":        {Filter: controller.GroupFilter{TemplateID: id(3002)}, Selects: func(g *controller.Group) bool { return g.ID == id(6002) }},
			"without devices": {Filter: controller.GroupFilter{HasDevices: no()}, Selects: func(*controller.Group) bool { return true }},
			"with devices":    {Filter: controller.GroupFilter{HasDevices: yes()}, Selects: func(*controller.Group) bool { return false }},
			"search":          {Filter: controller.GroupFilter{Search: "NÄHER"}, Selects: func(*controller.Group) bool { return true }},
			"search metadata": {Filter: controller.GroupFilter{Search: `"k"`}, Selects: func(*controller.Group) bool { return true }},
		},
	})
}

func runGrouped(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	groups := s.Stores.Groups
	one, two, three := group(1, 1), group(2, 1), group(3, 2)
	insert(t, groups.Insert, one, two, three)
	for n := range 5 {
		d := device(n, 1)
		switch {
		case n < 3:
			d.GroupID = one.ID
		case n == 3:
			d.OrganizationID, d.GroupID = id(2), three.ID
		}
		insert(t, s.Stores.Devices.Insert, d)
		insert(t, s.Stores.Configs.Insert, config(n, 1))
	}
	names := func(f controller.GroupFilter) []string {
		items, err := groups.List(ctx, all(), f, wispwright.Page{})
		require.NoError(t, err)
		return keys(items.Rows, func(g *controller.Group) string { return g.Name })
	}
	require.Equal(t, []string{"group 3", "group 1"}, names(controller.GroupFilter{HasDevices: yes()}))
	require.Equal(t, []string{"group 2"}, names(controller.GroupFilter{HasDevices: no()}))
	for _, tt := range []struct {
		scope wispwright.Scope
		ids   []wispwright.ID
		want  map[wispwright.ID]int
	}{
		{all(), []wispwright.ID{one.ID, two.ID, three.ID}, map[wispwright.ID]int{one.ID: 3, three.ID: 1}},
		{wispwright.ScopeOf(id(1)), []wispwright.ID{one.ID, three.ID}, map[wispwright.ID]int{one.ID: 3}},
		{all(), nil, map[wispwright.ID]int{}},
	} {
		got, err := groups.CountDevices(ctx, tt.scope, tt.ids)
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
	}
	items, err := s.Stores.Configs.List(ctx, all(), controller.ConfigFilter{GroupID: one.ID, After: id(1000)}, wispwright.Page{Order: []wispwright.Order{{Field: "DeviceID"}}})
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{id(1001), id(1002)}, keys(items.Rows, func(c *controller.Config) wispwright.ID { return c.DeviceID }))
	require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
		got, err := groups.Hold(ctx, []wispwright.ID{three.ID, one.ID, id(9999)})
		require.NoError(t, err)
		require.ElementsMatch(t, []*controller.Group{one, three}, got)
		none, err := groups.Hold(ctx, nil)
		require.Empty(t, none)
		return err
	}))
}

// runGroupRules: a device has what its group has, from then on and no longer.
func runGroupRules(t *testing.T, s *services) {
	ctx := context.Background()
	base := s.template(t, "base", good, asDefault)
	one := s.template(t, "one", `{"files":[{"path":"/etc/hn","mode":"0600","contents":"{{ hn }}"}]}`, nil)
	two := s.template(t, "two", `{"general":{"timezone":"UTC"}}`, nil)
	foreign := s.template(t, "shared", good, func(o *controller.Template) { o.OrganizationID, o.Backend = wispwright.ID{}, "netjsonconfig.OpenWisp" })
	g := &controller.Group{OrganizationID: s.org.ID, Name: "roofs", Templates: []wispwright.ID{one.ID, foreign.ID}, Context: `{"hn":"grp"}`}
	require.NoError(t, s.Groups.Create(ctx, g))
	err := s.Groups.Create(ctx, &controller.Group{OrganizationID: s.org.ID, Name: "with a default", Templates: []wispwright.ID{base.ID}})
	require.ErrorContains(t, err, "templates: Invalid pk")
	err = s.Groups.Create(ctx, &controller.Group{OrganizationID: s.org.ID, Name: "roofs"})
	require.ErrorContains(t, err, "Device Group with this Organization and Name already exists.")

	d := &controller.Detail{Device: &controller.Device{OrganizationID: s.org.ID, Name: "ap", MACAddress: mac(1), GroupID: g.ID}}
	require.NoError(t, s.Devices.Create(ctx, d))
	require.Equal(t, []wispwright.ID{base.ID, one.ID}, d.Config.Templates, "it got a configuration, with what is of its backend")
	text := func() string {
		vars, err := s.Devices.Context(ctx, all(), d.Device.ID)
		require.NoError(t, err)
		hn, _ := vars.All["hn"].(string)
		return hn
	}
	require.Equal(t, "grp", text())
	s.apply(t, d.Device)
	_, err = s.Groups.Update(ctx, all(), g.ID, func(g *controller.Group) error { g.Description = "x"; return nil })
	require.NoError(t, err)
	require.Equal(t, controller.StatusApplied, s.config(t, d.Device).Status, "nothing of it reaches the device")
	_, err = s.Groups.Update(ctx, all(), g.ID, func(g *controller.Group) error { g.Context = `{"hn":"grp","unused":1}`; return nil })
	require.NoError(t, err)
	require.Equal(t, controller.StatusApplied, s.config(t, d.Device).Status, "a variable that nothing uses")
	_, err = s.Groups.Update(ctx, all(), g.ID, func(g *controller.Group) error { g.Context = `{"hn":"new"}`; return nil })
	require.NoError(t, err)
	require.Equal(t, controller.StatusModified, s.config(t, d.Device).Status)
	require.Equal(t, "new", text())

	// templates of the group change; others that the device has stay
	_, err = s.Devices.Update(ctx, all(), d.Device.ID, func(d *controller.Detail) error { d.Config.Context = `{"hn":"own"}`; return nil })
	require.NoError(t, err)
	require.Equal(t, "own", text(), "the device's own wins")
	_, err = s.Groups.Update(ctx, all(), g.ID, func(g *controller.Group) error { g.Templates = []wispwright.ID{two.ID}; return nil })
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{base.ID, two.ID}, s.config(t, d.Device).Templates)
	change := func(fn func(*controller.Detail)) {
		t.Helper()
		_, err := s.Devices.Update(ctx, all(), d.Device.ID, func(d *controller.Detail) error { fn(d); return nil })
		require.NoError(t, err)
	}
	change(func(d *controller.Detail) { d.Config.Templates = []wispwright.ID{base.ID} })
	require.Equal(t, []wispwright.ID{base.ID}, s.config(t, d.Device).Templates, "nothing of a group is forced")

	// another group, none, another backend
	other := &controller.Group{OrganizationID: s.org.ID, Name: "cellars", Templates: []wispwright.ID{one.ID}}
	require.NoError(t, s.Groups.Create(ctx, other))
	change(func(d *controller.Detail) { d.Device.GroupID = other.ID })
	require.Equal(t, []wispwright.ID{base.ID, one.ID}, s.config(t, d.Device).Templates)
	change(func(d *controller.Detail) { d.Device.GroupID = wispwright.ID{} })
	require.Equal(t, []wispwright.ID{base.ID}, s.config(t, d.Device).Templates)
	_, err = s.Devices.Update(ctx, all(), d.Device.ID, func(d *controller.Detail) error { d.Device.GroupID = id(9999); return nil })
	require.ErrorContains(t, err, "group: Invalid pk")
	change(func(d *controller.Detail) { d.Device.GroupID = other.ID })
	var switched []entity.Change[controller.Config]
	s.Devices.BackendChanged.Subscribe("test", func(_ context.Context, e ...entity.Change[controller.Config]) { switched = append(switched, e...) })
	_, err = s.Groups.Update(ctx, all(), other.ID, func(g *controller.Group) error { g.Templates = append(g.Templates, foreign.ID); return nil })
	require.NoError(t, err)
	change(func(d *controller.Detail) {
		d.Config.Backend, d.Config.Templates = "netjsonconfig.OpenWisp", []wispwright.ID{one.ID}
	})
	require.Equal(t, []wispwright.ID{foreign.ID}, s.config(t, d.Device).Templates)
	require.Len(t, switched, 1)
	change(func(d *controller.Detail) { d.Config.Backend = openWrt })
	require.Equal(t, []wispwright.ID{one.ID}, s.config(t, d.Device).Templates)
	require.Len(t, switched, 2)

	// out of service and back
	_, err = s.Devices.Deactivate(ctx, all(), d.Device.ID)
	require.NoError(t, err)
	back, err := s.Devices.Activate(ctx, all(), d.Device.ID)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{base.ID, one.ID}, back.Config.Templates)

	// a device without configuration joins
	bare := &controller.Detail{Device: &controller.Device{OrganizationID: s.org.ID, Name: "bare", MACAddress: mac(2)}}
	require.NoError(t, s.Devices.Create(ctx, bare))
	require.Nil(t, bare.Config)
	joined, err := s.Devices.Update(ctx, all(), bare.Device.ID, func(d *controller.Detail) error { d.Device.GroupID = other.ID; return nil })
	require.NoError(t, err)
	require.Nil(t, joined.Config)
	require.Equal(t, []wispwright.ID{base.ID, one.ID}, s.config(t, bare.Device).Templates)

	// what is deleted leaves nothing behind
	require.NoError(t, s.Templates.Delete(ctx, all(), one.ID))
	stored, err := s.Groups.Get(ctx, all(), other.ID)
	require.NoError(t, err)
	require.Equal(t, []wispwright.ID{foreign.ID}, stored.Templates)
	require.NoError(t, s.Groups.Delete(ctx, all(), other.ID))
	after, err := s.Devices.Get(ctx, all(), bare.Device.ID)
	require.NoError(t, err)
	require.True(t, after.Device.GroupID.IsZero())
}
