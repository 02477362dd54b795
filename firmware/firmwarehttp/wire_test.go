package firmwarehttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/firmware/openwrt"
	"github.com/wispwright/wispwright/kit/rest"
)

// scripted is a way of upgrading that ends as the test says, attempt by attempt; with
// nothing said it succeeds.
type scripted struct{ ends []func(firmware.Task) error }

// Upgrade implements firmware.Upgrader.
func (s *scripted) Upgrade(ctx context.Context, t firmware.Task) error {
	if err := t.Step(ctx, 10); err != nil {
		return err
	}
	if len(s.ends) == 0 {
		return nil
	}
	end := s.ends[0]
	s.ends = s.ends[1:]
	return end(t)
}

// fails makes the next attempts end with an error each.
func (s *scripted) fails(errs ...error) {
	for _, err := range errs {
		s.ends = append(s.ends, func(firmware.Task) error { return err })
	}
}

// flashes makes the next attempt begin to flash and end with an error.
func (s *scripted) flashes(err error) {
	s.ends = append(s.ends, func(t firmware.Task) error {
		return errors.Join(t.Flash(context.Background(), 65, struct{}{}), err)
	})
}

// wire is the REST API over a concern in memory, whose jobs run when the test says so.
type wire struct {
	t       *testing.T
	world   *firmwaretest.World
	http    *firmwarehttp.HTTP
	api     *rest.API
	way     *scripted
	callers map[string]*wispwright.Caller
	org     wispwright.ID
	theirs  wispwright.ID
}

const at = firmwarehttp.Base

// OrganizationExists implements rest.Organizations.
func (w *wire) OrganizationExists(_ context.Context, id wispwright.ID) (bool, error) {
	return id == w.org || id == w.theirs, nil
}

// OrganizationBySlug implements rest.Organizations.
func (w *wire) OrganizationBySlug(_ context.Context, slug string) (wispwright.ID, error) {
	switch slug {
	case "ours":
		return w.org, nil
	case "theirs":
		return w.theirs, nil
	}
	return wispwright.ID{}, wispwright.ErrNotFound
}

func permissions(actions ...string) (out []wispwright.Permission) {
	for _, m := range firmware.Models() {
		for _, action := range actions {
			out = append(out, wispwright.Permission("firmware_upgrader."+action+"_"+m.Name))
		}
	}
	slices.Sort(out)
	return out
}

func newWire(t *testing.T, change func(*firmware.Options), o *firmwarehttp.Options) *wire {
	t.Helper()
	w := &wire{t: t, way: &scripted{}, theirs: wispwright.NewID()}
	// the fields of options are those of OpenWrt; one way more has none
	ways := []firmware.UpgraderType{{Strategies: []string{connection.StrategyOpenWrt}, Label: "OpenWrt", Schema: openwrt.Schema, Check: openwrt.Types(nil)[0].Check, Upgrader: w.way},
		{Strategies: []string{"plain"}, Label: "plain", Upgrader: w.way}}
	if change == nil {
		change = func(*firmware.Options) {}
	}
	w.world = firmwaretest.NewWorld(t, ways, change)
	w.org = w.world.Organization
	all := permissions("add", "change", "delete", "view")
	w.callers = map[string]*wispwright.Caller{
		"ann":    {ID: wispwright.NewID(), Name: "ann", Staff: true, Managed: []wispwright.ID{w.org}, Permissions: all},
		"bob":    {ID: wispwright.NewID(), Name: "bob", Staff: true, Managed: []wispwright.ID{w.theirs}, Permissions: all},
		"viewer": {ID: wispwright.NewID(), Name: "viewer", Staff: true, Managed: []wispwright.ID{w.org}, Permissions: permissions("view")},
		"blind":  {ID: wispwright.NewID(), Name: "blind", Staff: true, Managed: []wispwright.ID{w.org}},
		"member": {ID: wispwright.NewID(), Name: "member", Member: []wispwright.ID{w.org}, Permissions: all},
		"root":   {ID: wispwright.NewID(), Name: "root", Superuser: true, Staff: true},
		"late":   {ID: wispwright.NewID(), Name: "late", Superuser: true, Restricted: "Choose a new password."},
	}
	var err error
	w.http, err = firmwarehttp.New(w.world.Service, w.world.Fleet, o)
	require.NoError(t, err)
	w.api = rest.New(&rest.Options{Organizations: w, Schemes: []rest.Scheme{{Challenge: "Bearer", Authenticate: func(r *rest.Request) (*wispwright.Caller, error) {
		token, err := rest.BearerToken(r.HTTP, "Bearer")
		return w.callers[token], err
	}}}})
	w.http.Mount(w.api)
	return w
}

func (w *wire) ask(who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a := httptest.NewRecorder()
	w.api.ServeHTTP(a, r)
	return a
}

// told asks, wants a status, and returns the object of the answer.
func (w *wire) told(status int, who, method, path, body string, headers ...string) map[string]any {
	w.t.Helper()
	a := w.ask(who, method, path, body, headers...)
	require.Equal(w.t, status, a.Code, "%s %s as %s: %s", method, path, who, a.Body)
	out := map[string]any{}
	if a.Body.Len() > 0 {
		require.NoError(w.t, json.Unmarshal(a.Body.Bytes(), &out), a.Body.String())
	}
	return out
}

// says wants the whole answer, as JSON.
func (w *wire) says(status int, want, who, method, path, body string) {
	w.t.Helper()
	a := w.ask(who, method, path, body)
	require.Equal(w.t, status, a.Code, "%s %s as %s: %s", method, path, who, a.Body)
	require.JSONEq(w.t, want, a.Body.String(), "%s %s %s", method, path, body)
}

// ids are those of a list's rows, in their order.
func (w *wire) ids(who, path string) (out []any) {
	w.t.Helper()
	for _, row := range w.told(200, who, "GET", path, "")["results"].([]any) {
		out = append(out, row.(map[string]any)["id"])
	}
	return out
}

// counts holds how many rows lists have, by their query.
func (w *wire) counts(who, path string, want map[string]int) {
	w.t.Helper()
	for query, n := range want {
		require.EqualValues(w.t, n, w.told(200, who, "GET", path+"?"+query, "")["count"], query)
	}
}

// form is a form with a file, as browsers send it.
func form(t *testing.T, name, content string, fields ...string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		require.NoError(t, f.WriteField(fields[i], fields[i+1]))
	}
	if name != "" {
		file, err := f.CreateFormFile("file", name)
		require.NoError(t, err)
		_, err = io.WriteString(file, content)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	return b.String(), f.FormDataContentType()
}

func (w *wire) set(device wispwright.ID, image *firmware.Image, more string) map[string]any {
	w.t.Helper()
	a := w.ask("ann", "PUT", at+"device/"+device.String()+"/firmware/", `{"image":"`+image.ID.String()+`"`+more+`}`)
	require.Less(w.t, a.Code, 300, a.Body)
	out := map[string]any{}
	require.NoError(w.t, json.Unmarshal(a.Body.Bytes(), &out))
	return out
}

// begun sets the firmware of a device and returns the path of its operation.
func (w *wire) begun(device wispwright.ID, image *firmware.Image, more string) string {
	w.t.Helper()
	return at + "upgrade-operation/" + w.set(device, image, more)["upgrade_operation"].(map[string]any)["id"].(string) + "/"
}

// run does the work that there is, and what is due after a while.
func (w *wire) run() {
	w.t.Helper()
	for len(w.world.Queue.Drain(w.t, w.world.Service)) > 0 {
		w.world.Now = w.world.Now.Add(11 * time.Minute)
		_, err := w.world.Operations.Resume(w.t.Context(), 0)
		require.NoError(w.t, err)
	}
}

func (w *wire) build(n int) string { return at + "build/" + w.world.Builds[n].ID.String() + "/" }

func TestNew(t *testing.T) {
	w := newWire(t, nil, nil)
	_, err := firmwarehttp.New(nil, w.world.Fleet, nil)
	require.EqualError(t, err, "firmwarehttp: the concern and its fleet are required")
	_, err = firmwarehttp.New(w.world.Service, nil, nil)
	require.EqualError(t, err, "firmwarehttp: the concern and its fleet are required")
	_, err = firmwarehttp.New(w.world.Service, w.world.Fleet, &firmwarehttp.Options{Rate: "often"})
	require.Error(t, err)
}

// Strangers are refused everywhere, and so are managers without a permission.
func TestWhoMayAsk(t *testing.T) {
	w := newWire(t, nil, nil)
	device := w.world.Device(1).String()
	image := w.build(0) + "image/" + w.world.Images[0].ID.String() + "/"
	for _, path := range []string{
		at + "category/", at + "category/" + w.world.Category.ID.String() + "/", at + "category/" + w.world.Category.ID.String() + "/matrix/", at + "build/", w.build(0), w.build(0) + "upgrade/",
		w.build(0) + "image/", image, at + "image-type/", at + "batch-upgrade-operation/", at + "upgrade-operation/", at + "device/" + device + "/upgrade-operation/", at + "device/" + device + "/firmware/",
		at + "device/" + device + "/options/",
	} {
		require.Equal(t, http.StatusUnauthorized, w.ask("", "GET", path, "").Code, path)
		require.Equal(t, http.StatusForbidden, w.ask("blind", "GET", path, "").Code, path)
		require.Equal(t, http.StatusForbidden, w.ask("late", "GET", path, "").Code, path)
	}
	for _, path := range []string{at + "category/", at + "build/", w.build(0) + "image/", w.build(0) + "upload/", w.build(0) + "upgrade/", image + "confirm/"} {
		require.Equal(t, http.StatusForbidden, w.ask("viewer", "POST", path, `{}`).Code, path)
	}
	for _, path := range []string{at + "category/" + w.world.Category.ID.String() + "/", w.build(0), image, at + "device/" + device + "/firmware/"} {
		require.Equal(t, http.StatusForbidden, w.ask("viewer", "DELETE", path, "").Code, path)
	}
}

func identifier(t *testing.T, text string) wispwright.ID {
	t.Helper()
	id, err := wispwright.ParseID(text)
	require.NoError(t, err)
	return id
}
