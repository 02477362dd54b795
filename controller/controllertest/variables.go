package controllertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/tenancy"
)

// hush is a value that nobody may be shown.
const hush = "correct-horse"

func secretly(value string) *variable.Change {
	return &variable.Change{Declaration: variable.Declaration{Type: variable.Text, Secret: true, Description: "the key of the WLAN"}, Given: true, Value: value}
}

// contents are the files of an archive in one text.
func contents(t *testing.T, archive []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	require.NoError(t, err)
	r, out := tar.NewReader(z), ""
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		out += string(b)
	}
}

// runSecrets follows a secret variable from where it is declared to the device.
func runSecrets(t *testing.T, s *services) {
	ctx := wispwright.WithCaller(context.Background(), &wispwright.Caller{ID: id(77), Name: "manager"})
	tpl := &controller.Template{OrganizationID: s.org.ID, Name: "wlan", Backend: openWrt, Default: true,
		Config: `{"files":[{"path":"/etc/wlan","mode":"0600","contents":"{{ wifi_key }}/{{ vlan }}"}]}`}
	require.NoError(t, s.Templates.Create(ctx, tpl))
	_, err := s.Settings.Declare(ctx, all(), s.org.ID, "vlan", &variable.Change{Declaration: variable.Declaration{Type: variable.Number}, Given: true, Value: ordered.Number("7")})
	require.NoError(t, err)
	_, err = s.Settings.Declare(ctx, all(), s.org.ID, "wifi_key", secretly(hush))
	require.NoError(t, err)
	registered, err := s.Agents.Register(context.Background(), registration(mac(1)))
	require.NoError(t, err)
	d, err := s.Devices.Get(ctx, all(), registered.Device.ID)
	require.NoError(t, err)
	fetched := func() string {
		a, err := s.Agents.Download(context.Background(), credentials(d.Device), "")
		require.NoError(t, err)
		return contents(t, a.Bytes)
	}
	require.Contains(t, fetched(), hush+"/7", "the device gets the value")
	first := newest(t, s, d.Device.ID)
	hidden(t, ctx, s, d.Device.ID, hush)

	// another value is another version, of which people see that and no more
	_, err = s.Settings.Declare(ctx, all(), s.org.ID, "wifi_key", secretly("another-horse"))
	require.NoError(t, err)
	second := newest(t, s, d.Device.ID)
	require.NotEqual(t, first.Checksum, second.Checksum)
	require.Contains(t, fetched(), "another-horse/7")
	text, inputs, err := s.Versions.Diff(ctx, first, second)
	require.NoError(t, err)
	require.Empty(t, text)
	require.Len(t, inputs, 1)
	require.Equal(t, "secret variable wifi_key", inputs[0].Field)
	require.NotContains(t, fmt.Sprint(inputs), "horse")
	hidden(t, ctx, s, d.Device.ID, hush, "another-horse")

	// a stronger level gives another one, and only as a secret
	_, err = s.Devices.Update(ctx, all(), d.Device.ID, func(o *controller.Detail) error { o.Config.Context = `{"wifi_key":"in clear"}`; return nil })
	require.ErrorContains(t, err, "The variable wifi_key is secret")
	_, err = s.Devices.Declare(ctx, all(), d.Device.ID, "wifi_key", secretly("own-horse"))
	require.NoError(t, err)
	require.Contains(t, fetched(), "own-horse/7")
	hidden(t, ctx, s, d.Device.ID, "own-horse")
	_, err = s.Devices.Declare(ctx, all(), d.Device.ID, "wifi_key", nil)
	require.NoError(t, err)
	require.Contains(t, fetched(), "another-horse/7")
	_, err = s.Devices.Declare(ctx, all(), d.Device.ID, "wifi_key", nil)
	require.ErrorIs(t, err, wispwright.ErrNotFound)

	// what is secret no more has no value: it is never told
	plain := &variable.Change{Declaration: variable.Declaration{Type: variable.Text}}
	settings, err := s.Settings.Declare(ctx, all(), s.org.ID, "wifi_key", plain)
	require.NoError(t, err)
	require.NotContains(t, string(settings.Context), "horse")
	require.NotContains(t, fetched(), "horse")
}

// hidden holds values out of everything that people are shown.
func hidden(t *testing.T, ctx context.Context, s *services, device wispwright.ID, values ...string) {
	t.Helper()
	shown := map[string]any{}
	var err error
	shown["device"], err = s.Devices.Get(ctx, all(), device)
	require.NoError(t, err)
	shown["settings"], err = s.Settings.Get(ctx, all(), s.org.ID)
	require.NoError(t, err)
	shown["variables"], err = s.Devices.Variables(ctx, all(), device)
	require.NoError(t, err)
	vars, err := s.Devices.Context(ctx, all(), device)
	require.NoError(t, err)
	require.Equal(t, variable.Hidden, vars.All["wifi_key"])
	shown["context"] = vars.All
	v := newest(t, s, device)
	shown["version"] = v
	text, err := s.Versions.Text(ctx, v)
	require.NoError(t, err)
	require.Contains(t, text, variable.Hidden)
	shown["text"] = text
	detail := shown["device"].(*controller.Detail)
	preview, err := s.Devices.Preview(ctx, all(), controller.PreviewInput{Backend: openWrt, Config: detail.Config.Config, Context: detail.Config.Context,
		Templates: detail.Config.Templates, DeviceID: device, OrganizationID: s.org.ID, Explain: true})
	require.NoError(t, err)
	require.Contains(t, preview.Text, variable.Hidden)
	require.Equal(t, v.Checksum, preview.Checksum, "it is rendered with the value")
	require.Empty(t, preview.Changes)
	shown["preview"] = preview
	a, err := s.Devices.Configuration(ctx, all(), device)
	require.NoError(t, err)
	shown["download"] = contents(t, a.Bytes)
	require.Contains(t, shown["download"], variable.Hidden)
	events, err := s.tenancy.Trail.List(ctx, all(), tenancy.EventFilter{}, wispwright.Page{NoTotal: true})
	require.NoError(t, err)
	shown["history"] = events.Rows
	require.NoError(t, s.Devices.Rehearse(ctx, nil, nil, []wispwright.ID{device}, func(_ *controller.Device, ground, before, after, fault string) error {
		require.Contains(t, before, variable.Hidden)
		require.Empty(t, fault)
		shown["rehearsal"] = ground + before + after
		return nil
	}))
	for what, o := range shown {
		b, err := json.Marshal(o)
		require.NoError(t, err)
		for _, value := range values {
			require.NotContains(t, string(b), value, what)
			require.NotContains(t, fmt.Sprintf("%+v", o), value, what)
		}
	}
	root := wispwright.WithCaller(ctx, &wispwright.Caller{ID: id(78), Name: "root", Superuser: true})
	a, err = s.Devices.Configuration(root, all(), device)
	require.NoError(t, err)
	require.Equal(t, v.Checksum, a.Checksum, "superusers get what the device gets")
}

func newest(t *testing.T, s *services, device wispwright.ID) *controller.Version {
	t.Helper()
	list, err := s.Versions.List(context.Background(), all(), device, wispwright.Page{Limit: 1})
	require.NoError(t, err)
	require.NotEmpty(t, list.Rows)
	return list.Rows[0]
}

// runTypes gives variables values of wrong types, at each level.
func runTypes(t *testing.T, s *services) {
	ctx := context.Background()
	tpl := &controller.Template{OrganizationID: s.org.ID, Name: "vlan", Backend: openWrt, Default: true,
		Config: `{"files":[{"path":"/etc/vlan","mode":"0600","contents":"{{ vlan }}"}]}`, DefaultValues: `{"vlan":"1"}`}
	require.NoError(t, s.Templates.Create(ctx, tpl))
	registered, err := s.Agents.Register(ctx, registration(mac(1)))
	require.NoError(t, err)
	number := &variable.Change{Declaration: variable.Declaration{Type: variable.Number, Description: "the VLAN"}}
	_, err = s.Templates.Declare(ctx, all(), tpl.ID, "vlan", number)
	require.NoError(t, err)
	device := func(context string) error {
		_, err := s.Devices.Update(ctx, all(), registered.Device.ID, func(o *controller.Detail) error { o.Config.Context = wispwright.JSON(context); return nil })
		return err
	}
	require.ErrorContains(t, device(`{"vlan":"many"}`), "The variable vlan must be a number.")
	require.NoError(t, device(`{"vlan":9}`))
	require.NoError(t, device(`{}`))
	_, err = s.Templates.Update(ctx, all(), tpl.ID, func(o *controller.Template) error { o.DefaultValues = `{"vlan":"x"}`; return nil })
	require.ErrorContains(t, err, "The variable vlan must be a number.", "where it is declared it is refused at once")

	// a level between does not know what templates declare: its devices are not renewed
	group := &controller.Group{OrganizationID: s.org.ID, Name: "halls", Context: `{"vlan":"many"}`}
	require.NoError(t, s.Groups.Create(ctx, group))
	_, err = s.Settings.Update(ctx, all(), s.org.ID, func(o *controller.Settings) error { o.Context = `{"vlan":"many"}`; return nil })
	require.NoError(t, err)
	broken, err := s.Settings.Broken(ctx, s.org.ID)
	require.NoError(t, err)
	require.Equal(t, 1, broken.Count)
	require.Equal(t, "The variable vlan must be a number.", broken.Devices[0].Reason)
	d, err := s.Devices.Get(ctx, all(), registered.Device.ID)
	require.NoError(t, err)
	require.Equal(t, "The variable vlan must be a number.", d.Config.NotRenewedReason)
	list, err := s.Devices.Variables(ctx, all(), registered.Device.ID)
	require.NoError(t, err)
	for _, v := range list {
		if v.Name == "vlan" {
			require.Equal(t, "The variable vlan must be a number.", v.Fault)
			require.Equal(t, "the VLAN", v.Declared.Description)
		}
	}
	_, err = s.Settings.Declare(ctx, all(), s.org.ID, "vlan", &variable.Change{Declaration: number.Declaration, Given: true, Value: ordered.Number("12")})
	require.NoError(t, err)
	d, err = s.Devices.Get(ctx, all(), registered.Device.ID)
	require.NoError(t, err)
	require.Nil(t, d.Config.NotRenewed)

	// what was in clear becomes secret with its value
	settings, err := s.Settings.Declare(ctx, all(), s.org.ID, "vlan", &variable.Change{Declaration: variable.Declaration{Type: variable.Number, Secret: true}})
	require.NoError(t, err)
	require.Equal(t, wispwright.JSON(`{}`), settings.Context)
	a, err := s.Agents.Download(ctx, credentials(d.Device), "")
	require.NoError(t, err)
	require.Contains(t, contents(t, a.Bytes), "12")
	require.ErrorContains(t, func() error {
		_, err := s.Settings.Declare(ctx, all(), s.org.ID, "vlan", &variable.Change{Declaration: variable.Declaration{Type: variable.Number, Secret: true}, Given: true, Value: "no number"})
		return err
	}(), "The value must be a number")
}

// runPruneValues removes values that nothing names any more.
func runPruneValues(t *testing.T, h Harness) {
	s := h(t)
	organizations(t, s)
	ctx := context.Background()
	for n := 1; n <= 6; n++ {
		require.NoError(t, s.Stores.Variables.Insert(ctx, &variable.Value{ID: id(6000 + n), Value: wispwright.Secret(`"x"`), Created: at(n)}))
	}
	names := func(n int) wispwright.JSON {
		return variable.Declarations{"a": {Secret: true, Value: id(6000 + n)}}.JSON()
	}
	tpl := template(1, 1)
	tpl.Declared = names(1)
	insert(t, s.Stores.Templates.Insert, tpl)
	v := version(1, 1)
	v.Secrets = names(2)
	insert(t, s.Stores.Versions.Insert, v)
	group := &controller.Group{ID: id(900), OrganizationID: id(1), Name: "g", Context: `{}`, MetaData: `{}`, Declared: names(3), Created: at(1), Modified: at(1)}
	insert(t, s.Stores.Groups.Insert, group)
	left := func() (out []wispwright.ID) {
		rows, err := s.Stores.Variables.List(ctx, all(), variable.Filter{}, wispwright.Page{})
		require.NoError(t, err)
		return keys(rows.Rows, func(v *variable.Value) wispwright.ID { return v.ID })
	}
	n, err := s.Stores.Variables.Prune(ctx, at(5).Add(-time.Second))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ElementsMatch(t, []wispwright.ID{id(6001), id(6002), id(6003), id(6005), id(6006)}, left())
	require.NoError(t, s.Stores.Versions.Delete(ctx, all(), v.ID))
	n, err = s.Stores.Variables.Prune(ctx, at(60))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.ElementsMatch(t, []wispwright.ID{id(6001), id(6003)}, left())
	one, err := s.Stores.Variables.Get(ctx, all(), id(6001))
	require.NoError(t, err)
	require.Equal(t, `"x"`, one.Value.Reveal())
	require.False(t, strings.Contains(fmt.Sprint(one), `"x"`))
}
