package bulktest

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/bulk"
)

func runImports(f *fixture) {
	t := f.t
	template := f.template("t", f.org)
	content := "\ufeffName, MAC_Address ,organization_id,model,last_ip,management_ip,config_context,config_templates,key\r\n" +
		"ap1,02:00:00:00:00:0A," + f.org.String() + ",Router,203.0.113.1,fd00::1,\"{\"\"z\"\":1,\"\"a\"\":2}\",\"[\"\"" + template.String() + "\"\"]\",0123456789abcdef0123456789abcdef\r\n\r\n" +
		",,,,,,,,\r\n" +
		"ap2,02:00:00:00:00:0B," + f.org.String() + "\r\n"
	task, items := f.file("csv", content, func(t *bulk.Task) { t.DryRun = true })
	require.Equal(t, []any{bulk.Done, bulk.Changed, "added"}, []any{task.Phase, items[0].State, items[0].Message})
	require.True(t, items[0].DeviceID.IsZero(), "a dry run makes no device")
	require.Zero(t, f.devices(f.org))

	task, items = f.file("csv", content)
	require.Equal(t, []any{bulk.Done, f.org}, []any{task.Phase, task.OrganizationID})
	require.Len(t, items, 2, "empty rows are none")
	d := f.get(items[0].DeviceID)
	require.Equal(t, []any{"ap1", "02:00:00:00:00:0A", "Router", "203.0.113.1", "fd00::1", "0123456789abcdef0123456789abcdef"},
		[]any{d.Device.Name, d.Device.MACAddress, d.Device.Model, d.Device.LastIP.String(), d.Device.ManagementIP.String(), d.Device.Key.Reveal()})
	require.Equal(t, []wispwright.ID{template}, d.Config.Templates)
	require.JSONEq(t, `{"z":1,"a":2}`, string(d.Config.Context))
	require.Nil(t, f.get(items[1].DeviceID).Config, "without a column there is no configuration")

	// what a row has no column for stays, what is empty goes
	_, items = f.file("json", `[{"id":"`+d.Device.ID.String()+`","management_ip":null,"notes":"n","model":7}]`)
	require.Equal(t, []any{bulk.Changed, "changed", "ap1"}, []any{items[0].State, items[0].Message, items[0].Name})
	now := f.get(d.Device.ID)
	require.Equal(t, []any{netip.Addr{}, d.Device.LastIP, "n", "7", d.Device.Key}, []any{now.Device.ManagementIP, now.Device.LastIP, now.Device.Notes, now.Device.Model, now.Device.Key})
	require.Equal(t, []wispwright.ID{template}, now.Config.Templates)
	_, items = f.file("json", `[{"id":"`+d.Device.ID.String()+`","config_backend":"netjsonconfig.OpenWisp","config_data":{"general":{"timezone":"UTC"}}}]`)
	require.Equal(t, bulk.Changed, items[0].State, items[0].Message)
	require.Equal(t, "netjsonconfig.OpenWisp", f.get(d.Device.ID).Config.Backend)

	// an id that nobody has is that of a new device
	fresh := wispwright.NewID()
	_, items = f.file("json", `[{"id":"`+fresh.String()+`","name":"ap3","mac_address":"02:00:00:00:00:0C","organization":"`+f.org.String()+`"}]`)
	require.Equal(t, []any{"added", fresh}, []any{items[0].Message, items[0].DeviceID})
}

func runFaulty(f *fixture) {
	t := f.t
	org := f.org.String()
	content := "organization_id,name,mac_address,id,group_id,last_ip,config_context,config_templates,key\n" +
		org + ",ok,02:00:00:00:00:01\n" +
		org + ",OK,02:00:00:00:00:02\n" +
		org + ",x1,02:00:00:00:00:01\n" +
		",x2,02:00:00:00:00:04\n" +
		org + ",,\n" +
		org + ",x5,02:00:00:00:00:05,no id,no group,nowhere,[],no template\n" +
		org + ",x6,02:00:00:00:00:06,,,nowhere\n" +
		org + ",x7,02:00:00:00:00:07,,,,,,k\n" +
		org + ",no name,02:00:00:00:00:08\n" +
		org + ",nul\x00l,02:00:00:00:00:09\n"
	task, items := f.file("csv", content)
	require.Equal(t, bulk.Refused, task.Phase)
	require.NotNil(t, task.Finished)
	require.Zero(t, f.devices(f.org), "nothing is stored of a file with faulty rows")
	for n, expected := range [][]string{
		1: {"name: The row 1 has the same."}, 2: {"mac_address: The row 1 has the same."}, 3: {"organization_id: This field"}, 4: {"name: This field", "mac_address: This field"},
		5: {"id: “no id” is not a valid UUID.", "group_id: “no group”", "config_context: Enter a valid JSON object.", "config_templates: “no template”"},
		6: {"last_ip: Enter a valid IPv4 or IPv6 address."}, 8: {"Must be either a valid hostname"}, 9: {"name: Null characters are not allowed."},
	} {
		for _, text := range expected {
			require.Equal(t, bulk.Failed, items[n].State, n)
			require.Contains(t, items[n].Message, text, n)
		}
	}
	require.Equal(t, bulk.Changed, items[0].State, "what would become of it")
	task, items = f.file("csv", content, func(t *bulk.Task) { t.Params.SkipFaulty = true })
	require.Equal(t, []any{bulk.Done, bulk.Changed, bulk.Failed}, []any{task.Phase, items[0].State, items[1].State})
	require.Equal(t, "ok", f.get(items[0].DeviceID).Device.Name)
	require.NotContains(t, items[1].Message, "exists")
	_, items = f.file("csv", content, func(t *bulk.Task) { t.Params.SkipFaulty = true })
	require.Equal(t, bulk.Failed, items[0].State, "the device is there already")
	task, _ = f.file("csv", "name\n,\nx\n", func(t *bulk.Task) { t.Params.SkipFaulty = true })
	require.Equal(t, bulk.Done, task.Phase, "done when there is nothing to apply")
}

// Rows reach nothing of other organizations, whatever ids they have.
func runForeign(f *fixture) {
	t := f.t
	mine, theirs := f.device(1, f.org), f.device(2, f.theirs)
	template := f.template("theirs", f.theirs)
	before := f.get(theirs)
	for row, field := range map[string]string{
		`{"id":"` + theirs.String() + `","name":"stolen"}`: "id:",
		`{"id":"` + theirs.String() + `","name":"stolen","mac_address":"02:00:00:00:00:09","organization_id":"` + f.org.String() + `"}`:                                  "id:",
		`{"name":"x","mac_address":"02:00:00:00:00:09","organization_id":"` + f.theirs.String() + `"}`:                                                                   "organization_id:",
		`{"id":"` + mine.String() + `","organization_id":"` + f.theirs.String() + `"}`:                                                                                   "organization:",
		`{"id":"` + mine.String() + `","config_templates":"` + template.String() + `"}`:                                                                                  "owned by organizations which do not match",
		`{"id":"` + wispwright.NewID().String() + `","name":"x","mac_address":"02:00:00:00:00:09"}`:                                                                      "organization_id:",
		`{"name":"x","mac_address":"02:00:00:00:00:09","organization_id":"` + f.org.String() + `","group_id":"` + template.String() + `"}`:                               "group:",
		`{"name":"x","mac_address":"02:00:00:00:00:09","organization_id":"` + f.org.String() + `","key":"` + before.Device.Key.Reveal() + `"}`:                           "key:",
		`{"name":"x","mac_address":"02:00:00:00:00:09","organization_id":"` + f.org.String() + `","config_backend":"none","config_data":{"general":{"timezone":"UTC"}}}`: "backend",
	} {
		task, items := f.file("json", "["+row+"]")
		require.Equal(t, bulk.Refused, task.Phase, row)
		require.Contains(t, items[0].Message, field, row)
	}
	require.Equal(t, before, f.get(theirs))
	require.Equal(t, []int{1, 1}, []int{f.devices(f.org), f.devices(f.theirs)})
	task, _ := f.file("json", `[{"name":"x","mac_address":"02:00:00:00:00:09","organization_id":"`+f.theirs.String()+`"}]`)
	require.True(t, task.OrganizationID.IsZero(), "the task is not one of an organization that the caller does not see")
}

// broken is a format whose files cannot be read.
type broken struct{}

func (broken) Read(io.Reader, func([]string) error) error { return errors.New("no table") }

// table is a format of files that are one row of names and one device.
type table struct{ cells [][]string }

func (r table) Read(_ io.Reader, row func([]string) error) error {
	for _, cells := range r.cells {
		if err := row(cells); err != nil {
			return err
		}
	}
	return nil
}

func runFiles(f *fixture) {
	t := f.t
	for _, c := range []struct {
		format, content, says string
		other                 bulk.Reader
	}{
		{"csv", "", "The file has no rows.", nil},
		{"csv", "name,mac_address\n", "The file has no rows.", nil},
		{"csv", "mac_address,model\nx,y\n", "The first row must name the columns", nil},
		{"json", "[]", "The file has no rows.", nil},
		{"json", "{}", "The file cannot be read", nil},
		{"json", `[{"name":`, "The file cannot be read", nil},
		{"json", `["x"]`, "The file cannot be read", nil},
		{"xlsx", "", "The file cannot be read: no table", broken{}},
		{"xlsx", "", "The first row must name", table{[][]string{{"model"}}}},
	} {
		err := f.Import(t.Context(), f.scope, &bulk.Task{}, strings.NewReader(c.content), c.format, c.other)
		f.refuses(c.says, err)
	}
	task := &bulk.Task{}
	require.NoError(t, f.Import(t.Context(), f.scope, task, nil, "xlsx", table{[][]string{{"name", "mac_address", "organization_id"}, {"x", "02:00:00:00:00:01", f.org.String(), "too many"}}}))
	_, items := f.done(task)
	require.Equal(t, bulk.Changed, items[0].State, items[0].Message)
}

// What is exported is imported again without a change.
func runThereAndBack(f *fixture) {
	t := f.t
	ctx := t.Context()
	f.device(1, f.theirs)
	a, b := f.device(2, f.org), f.device(3, f.org)
	group := &controller.Group{OrganizationID: f.org, Name: "g"}
	require.NoError(t, f.c.Groups.Create(ctx, group))
	template := f.template("t", f.org)
	_, err := f.c.Devices.Update(ctx, f.scope, a, func(d *controller.Detail) error {
		d.Device.GroupID, d.Device.LastIP, d.Device.Notes = group.ID, netip.MustParseAddr("fd00::1"), "=a \"note\",\nof two lines"
		d.Device.OS, d.Device.System = "'-quoted", "'quoted"
		d.Config.Templates = []wispwright.ID{template}
		return nil
	})
	require.NoError(t, err)
	names := func(_ context.Context, organization, group wispwright.ID) (string, string, error) {
		return "org " + organization.String(), "group " + group.String(), nil
	}
	var rows [][]string
	for cells, err := range f.Export(ctx, f.scope, controller.DeviceFilter{}, names) {
		require.NoError(t, err)
		for i := range cells {
			cells[i] = bulk.Guarded(cells[i])
		}
		rows = append(rows, cells)
	}
	require.Len(t, rows, 3, "the columns and the devices of the scope")
	require.Equal(t, bulk.Columns(), rows[0])
	require.Contains(t, strings.Join(slices.Concat(rows...), "|"), "|'=a \"note\"", "no spreadsheet takes a text for a formula")
	before := []*controller.Detail{f.get(a), f.get(b)}
	var text strings.Builder
	w := csv.NewWriter(&text)
	require.NoError(t, w.WriteAll(rows))
	_, items := f.file("csv", text.String())
	require.Len(t, items, 2)
	for n, id := range []wispwright.ID{a, b} {
		now := f.get(id)
		now.Device.Modified = before[n].Device.Modified
		require.Equal(t, before[n].Device, now.Device)
		require.Equal(t, before[n].Config.Templates, now.Config.Templates)
		require.JSONEq(t, string(before[n].Config.Context), string(now.Config.Context))
	}
	failed := errors.New("no names")
	for _, err := range f.Export(ctx, f.scope, controller.DeviceFilter{}, func(context.Context, wispwright.ID, wispwright.ID) (string, string, error) { return "", "", failed }) {
		if err != nil {
			require.ErrorIs(t, err, failed)
		}
	}
	n := 0
	for range f.Export(ctx, f.scope, controller.DeviceFilter{}, names) {
		if n++; n == 2 {
			break
		}
	}
	require.Equal(t, 2, n)
}
