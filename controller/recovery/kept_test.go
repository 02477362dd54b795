package recovery_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/recovery"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
)

const openWrt = "netjsonconfig.OpenWrt"

// keeper is a controller in memory with one organization, whose deleted objects are kept.
type keeper struct {
	*controller.Controller
	recovery     *recovery.Service
	t            *testing.T
	stores       controller.Stores
	store        recovery.Store
	organization wispwright.ID
	now          time.Time
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	w := &keeper{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	m, tenants := tenancy.NewMemory()
	ten, err := tenancy.New(m, tenants, &tenancy.Options{Hasher: password.Hasher{Iterations: 1}, Models: controller.Models()})
	require.NoError(t, err)
	clock := func() time.Time { w.now = w.now.Add(time.Second); return w.now }
	w.stores = controller.NewMemory(m)
	w.Controller, err = controller.New(m, w.stores, render.New(nil), ten.Organizations, &controller.Options{Clock: clock})
	require.NoError(t, err)
	w.Attach(ten.Organizations)
	w.store = recovery.NewMemory(m)
	w.recovery, err = recovery.New(&entity.Base{Tx: m, Tenants: entity.NoTenants{}, Clock: clock}, w.store, w.Controller, 24*time.Hour)
	require.NoError(t, err)
	w.recovery.Attach(ten.Organizations)
	o := &tenancy.Organization{Name: "acme", IsActive: true}
	require.NoError(t, ten.Organizations.Create(t.Context(), o))
	w.organization = o.ID
	return w
}

func (w *keeper) versions(device wispwright.ID) []*controller.Version {
	w.t.Helper()
	found, err := w.Versions.List(w.t.Context(), wispwright.ScopeAll(), device, wispwright.Page{})
	require.NoError(w.t, err)
	return found.Rows
}

// served is what a device fetches, as one text.
func (w *keeper) served(d *controller.Detail) string {
	w.t.Helper()
	got, err := w.Agents.Download(w.t.Context(), protocol.Credentials{ID: d.Device.ID, Key: d.Device.Key.Reveal()}, "")
	require.NoError(w.t, err)
	z, err := gzip.NewReader(bytes.NewReader(got.Bytes))
	require.NoError(w.t, err)
	var out strings.Builder
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		require.NoError(w.t, err)
		fmt.Fprintln(&out, h.Name)
		_, err = io.Copy(&out, files)
		require.NoError(w.t, err)
	}
}

// last is what was deleted last, of a kind.
func (w *keeper) last(kind recovery.Kind) *recovery.Deleted {
	w.t.Helper()
	found, err := w.store.List(w.t.Context(), wispwright.ScopeAll(), recovery.Filter{Kind: kind}, wispwright.Page{})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, found.Rows)
	return found.Rows[0]
}

func secret(value string) *variable.Change {
	return &variable.Change{Declaration: variable.Declaration{Type: variable.Text, Secret: true, Description: "the <key> & more"}, Given: true, Value: value}
}

func file(path, contents string) wispwright.JSON {
	return wispwright.JSON(fmt.Sprintf(`{"files":[{"path":%q,"mode":"0600","contents":%q}]}`, path, contents))
}

// What was said of variables, the values of secret ones and the versions come back with
// a device, and with the template that went before it.
func TestSecretsAndVersionsComeBack(t *testing.T) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	w := newKeeper(t)
	template := &controller.Template{OrganizationID: w.organization, Name: "t", Backend: openWrt, Config: file("/etc/t", "{{ psk }} {{ word }}"), DefaultValues: `{"word":"of the template"}`}
	require.NoError(t, w.Templates.Create(ctx, template))
	_, err := w.Templates.Declare(ctx, all, template.ID, "psk", secret("of-the-template"))
	require.NoError(t, err)
	d := &controller.Detail{
		Device: &controller.Device{OrganizationID: w.organization, Name: "ap1", MACAddress: "02:11:22:33:44:55"},
		Config: &controller.Config{Backend: openWrt, Config: file("/etc/own", "{{ key1 }}"), Context: `{"key1":"plain"}`, Templates: []wispwright.ID{template.ID}},
	}
	require.NoError(t, w.Devices.Create(ctx, d))
	_, err = w.Devices.Declare(ctx, all, d.Device.ID, "key1", secret("first-of-the-device"))
	require.NoError(t, err)
	_, err = w.Devices.Declare(ctx, all, d.Device.ID, "key1", secret("second-of-the-device"))
	require.NoError(t, err)
	before := w.versions(d.Device.ID)
	require.Len(t, before, 3)
	bytes := w.served(d)
	require.Contains(t, bytes, "second-of-the-device")

	_, err = w.Devices.Deactivate(ctx, all, d.Device.ID)
	require.NoError(t, err)
	require.NoError(t, w.Devices.Delete(ctx, all, d.Device.ID, true))
	require.NoError(t, w.Templates.Delete(ctx, all, template.ID))
	w.now = w.now.Add(10 * time.Hour)
	_, err = w.Versions.Prune(ctx, time.Hour)
	require.NoError(t, err)
	values, err := w.stores.Variables.List(ctx, all, variable.Filter{}, wispwright.Page{})
	require.NoError(t, err)
	require.Empty(t, values.Rows, "nothing names them any more")
	require.NotContains(t, fmt.Sprintf("%+v", w.last(recovery.Device)), "of-the-device")

	back, err := w.recovery.Recover(ctx, all, recovery.Template, w.last(recovery.Template).ID, "")
	require.NoError(t, err)
	require.Empty(t, back.LeftOut)
	back, err = w.recovery.Recover(ctx, all, recovery.Device, w.last(recovery.Device).ID, "")
	require.NoError(t, err)
	require.Empty(t, back.LeftOut)

	require.Equal(t, bytes, w.served(d), "the device is served what it had")
	again, err := w.Devices.Get(ctx, all, d.Device.ID)
	require.NoError(t, err)
	declared, err := variable.Parse(again.Config.Declared)
	require.NoError(t, err)
	require.Equal(t, "the <key> & more", declared["key1"].Description)
	require.True(t, declared["key1"].Secret)
	versions := w.versions(d.Device.ID)
	require.Len(t, versions, 5, "three, the one that emptied it, and the one that brought it back")
	for i, v := range versions[2:] {
		require.Equal(t, before[i].ID, v.ID)
		require.Equal(t, before[i].Created, v.Created)
		require.Equal(t, before[i].Secrets, v.Secrets)
		text, err := w.Versions.Text(ctx, v)
		require.NoError(t, err)
		require.NotContains(t, text, "of-the-device")
	}
	text, _, err := w.Versions.Diff(ctx, versions[4], versions[3])
	require.NoError(t, err)
	require.Contains(t, text, "-", "the oldest had its value in clear")
	// and it can be restored
	_, _, err = w.Devices.Restore(ctx, all, d.Device.ID, versions[3])
	require.NoError(t, err)
	require.Contains(t, w.served(d), "second-of-the-device", "restoring a version leaves secrets as they are")
	// so can one from before the variable was a secret, without the value in clear
	restored, _, err := w.Devices.Restore(ctx, all, d.Device.ID, versions[4])
	require.NoError(t, err)
	require.NotContains(t, string(restored.Config.Context), "key1")
	require.Contains(t, w.served(d), "second-of-the-device")
}

// A long history is cut, and that is said.
func TestLongHistories(t *testing.T) {
	ctx, all := context.Background(), wispwright.ScopeAll()
	w := newKeeper(t)
	d := &controller.Detail{Device: &controller.Device{OrganizationID: w.organization, Name: "ap1", MACAddress: "02:11:22:33:44:55"}, Config: &controller.Config{Backend: openWrt, Config: file("/etc/own", "0")}}
	require.NoError(t, w.Devices.Create(ctx, d))
	change := func(contents string) {
		t.Helper()
		_, err := w.Devices.Update(ctx, all, d.Device.ID, func(d *controller.Detail) error { d.Config.Config = file("/etc/own", contents); return nil })
		require.NoError(t, err)
	}
	for n := range 60 {
		change(fmt.Sprint(n + 1))
	}
	recover := func() *recovery.Recovered {
		t.Helper()
		require.NoError(t, w.Devices.Delete(ctx, all, d.Device.ID, true))
		back, err := w.recovery.Recover(ctx, all, recovery.Device, w.last(recovery.Device).ID, "")
		require.NoError(t, err)
		return back
	}
	require.Equal(t, []string{"11 older versions of its configuration"}, recover().LeftOut)
	versions := w.versions(d.Device.ID)
	require.Len(t, versions, 51)
	require.Contains(t, versions[1].Config, `"60"`)
	for range 3 {
		change(strings.Repeat("a", 300<<10))
		change(strings.Repeat("b", 300<<10))
	}
	require.Equal(t, []string{"54 older versions of its configuration"}, recover().LeftOut, "three of 300 KiB are within the bound")
	require.Contains(t, w.served(d), "bbb")
}
