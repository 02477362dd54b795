package firmwarehttp_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
)

// The firmware of a device: who may choose it, what is chosen, with which options; choosing
// begins an upgrade unless the device has it.
func TestFirmwareOfADevice(t *testing.T) {
	w := newWire(t, nil, nil)
	id := w.world.Device(1)
	path := at + "device/" + id.String() + "/firmware/"
	one, two := w.world.Images[0], w.world.Images[1]
	image := func(i *firmware.Image, more string) string { return `{"image":"` + i.ID.String() + `"` + more + `}` }
	w.told(404, "ann", "GET", path, "")
	w.told(404, "ann", "PATCH", path, image(one, ""))
	w.told(404, "bob", "PUT", path, image(one, ""))
	w.told(404, "ann", "PUT", at+"device/"+wispwright.NewID().String()+"/firmware/", image(one, ""))
	w.told(403, "viewer", "PUT", path, image(one, ""))
	w.says(400, `{"image":["This field is required."]}`, "ann", "PUT", path, `{}`)
	for more, want := range map[string]string{
		`,"upgrade_options":{"z":true}`:          `{"non_field_errors":["The upgrade options are invalid"]}`,
		`,"upgrade_options":{"c":"yes"}`:         `{"non_field_errors":["The upgrade options are invalid"]}`,
		`,"upgrade_options":{"n":true,"c":true}`: `{"upgrade_options":["The \"-n\" and \"-c\" options cannot be used together"]}`,
		`,"upgrade_options":{"n":true,"o":true}`: `{"upgrade_options":["The \"-n\" and \"-o\" options cannot be used together"]}`,
		`,"upgrade_options":"x"`:                 "",
		`,"is_persistent":"perhaps"`:             "",
	} {
		if want != "" {
			a := w.ask("ann", "PUT", path, image(one, more))
			require.Equal(t, 400, a.Code, a.Body)
			require.JSONEq(t, strings.Replace(want, "non_field_errors", "__all__", 1), a.Body.String(), more)
			continue
		}
		w.told(400, "ann", "PUT", path, image(one, more))
	}
	for why, d := range map[string]struct {
		device firmware.Device
		way    string
		want   string
	}{
		"no connection":   {firmware.Device{Model: firmwaretest.Model}, "", `{"__all__":["This device does not have a related connection object defined yet and therefore it would not be possible to upgrade it, please add one in the section named \"Credentials\""]}`},
		"other model":     {firmware.Device{Model: "Acme 1"}, connection.StrategyOpenWrt, `{"__all__":["Device model and image model do not match"]}`},
		"no options here": {firmware.Device{Model: firmwaretest.Model}, "plain", `{"upgrade_options":["Using upgrade options is not allowed with this upgrader."]}`},
	} {
		d.device.ID, d.device.OrganizationID = wispwright.NewID(), w.org
		w.world.Fleet.Add(d.device, d.way)
		t.Log(why)
		w.says(400, d.want, "ann", "PUT", at+"device/"+d.device.ID.String()+"/firmware/", image(one, `,"upgrade_options":{"c":true}`))
	}
	require.EqualValues(t, 0, w.told(200, "ann", "GET", at+"upgrade-operation/", "")["count"], "nothing was begun")

	has := w.told(201, "ann", "PUT", path, image(one, `,"upgrade_options":{"n":true,"c":false},"is_persistent":true`))
	require.Equal(t, []any{one.ID.String(), false}, []any{has["image"], has["installed"]})
	begun := at + "upgrade-operation/" + has["upgrade_operation"].(map[string]any)["id"].(string) + "/"
	op := w.told(200, "viewer", "GET", begun, "")
	require.Equal(t, []any{"in-progress", true, map[string]any{"n": true, "c": false}, 0.0}, []any{op["status"], op["is_persistent"], op["upgrade_options"], op["progress"]})
	w.run()
	require.Equal(t, true, w.told(200, "ann", "GET", path, "")["installed"])
	same := w.told(200, "ann", "PUT", path, image(one, ""))
	require.Equal(t, has["upgrade_operation"], same["upgrade_operation"], "it has that: the latest operation is named")
	require.Equal(t, has["upgrade_operation"], w.told(200, "ann", "PATCH", path, `{}`)["upgrade_operation"])
	require.NotEqual(t, has["upgrade_operation"], w.told(200, "ann", "PATCH", path, image(two, ""))["upgrade_operation"])
	w.run()

	// another category is no choice for a device that has one
	other := w.told(201, "ann", "POST", at+"category/", `{"name":"x","organization":"`+w.org.String()+`"}`)["id"].(string)
	build := w.told(201, "ann", "POST", at+"build/", `{"version":"1","category":"`+other+`"}`)["id"].(string)
	foreign, err := w.world.Service.Images.Create(t.Context(), wispwright.ScopeAll(), identifier(t, build), firmware.File{Name: "openwrt-" + firmwaretest.Type, Body: strings.NewReader("x")})
	require.NoError(t, err)
	for _, i := range []*firmware.Image{foreign, {ID: wispwright.NewID()}} {
		w.says(400, `{"image":["Invalid pk \"`+i.ID.String()+`\" - object does not exist."]}`, "ann", "PATCH", path, image(i, ""))
	}
	w.world.Fleet.Change(id, func(d *firmware.Device) { d.Deactivated = true })
	w.told(200, "ann", "GET", path, "")
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		w.told(403, "ann", method, path, image(one, ""))
	}
	w.world.Fleet.Change(id, func(d *firmware.Device) { d.Deactivated = false })
	w.told(204, "ann", "DELETE", path, "")
	w.told(404, "ann", "DELETE", path, "")
	require.Len(t, w.ids("ann", at+"device/"+id.String()+"/upgrade-operation/"), 2, "its history stays")
}

// What a device may be upgraded to is told with what the options mean, and with the risk
// where there is no way back.
func TestChoicesOfADevice(t *testing.T) {
	w := newWire(t, nil, nil)
	id := w.world.Device(1)
	path := at + "device/" + id.String() + "/options/"
	out := w.told(200, "viewer", "GET", path, "")
	require.Equal(t, []any{true, "OpenWrt", firmwaretest.Type}, []any{out["connected"], out["upgrader"], out["type"]})
	current := func() map[any]any {
		out := map[any]any{}
		for _, row := range w.told(200, "viewer", "GET", path, "")["images"].([]any) {
			i := row.(map[string]any)
			require.Equal(t, "WiFi", i["category"])
			out[i["version"]] = i["current"]
		}
		return out
	}
	require.Equal(t, map[any]any{"1.0": false, "2.0": false}, current())
	schema := out["schema"].(map[string]any)
	require.Equal(t, "A device with two places for systems (A/B) keeps the one it runs now in the other, and falls back to it; any other has no way back.", schema["description"])
	of := func(key string) any {
		return schema["properties"].(map[string]any)[key].(map[string]any)["description"]
	}
	require.Equal(t, "The device comes back with the configuration of the image: it is reached again only if that lets it register anew.", of("n"))
	require.Equal(t, "Without it only the files that packages name as configuration are kept.", of("c"))
	require.Equal(t, "What lies on other partitions, the other system of A/B too, may be lost.", of("p"))
	require.Equal(t, "An image for other hardware makes the device unusable.", of("F"))
	require.Equal(t, true, schema["properties"].(map[string]any)["c"].(map[string]any)["default"])
	w.told(404, "bob", "GET", path, "")

	w.set(id, w.world.Images[0], "")
	w.run()
	require.Equal(t, map[any]any{"1.0": true, "2.0": false}, current())
	plain := firmware.Device{ID: wispwright.NewID(), OrganizationID: w.org, Model: "Acme 1"}
	w.world.Fleet.Add(plain, "")
	out = w.told(200, "ann", "GET", at+"device/"+plain.ID.String()+"/options/", "")
	require.Equal(t, []any{false, "", "", nil, []any{}}, []any{out["connected"], out["upgrader"], out["type"], out["schema"], out["images"]})
}

// Which device has what of a category, and could have what.
func TestMatrix(t *testing.T) {
	w := newWire(t, nil, nil)
	has, gets, could := w.world.Device(1), w.world.Device(2), w.world.Device(3)
	none := firmware.Device{ID: wispwright.NewID(), OrganizationID: w.org, Name: "toaster", Model: "Acme 1"}
	w.world.Fleet.Add(none, "")
	w.world.Fleet.Add(firmware.Device{ID: wispwright.NewID(), OrganizationID: w.theirs, Model: firmwaretest.Model}, "")
	w.set(has, w.world.Images[0], "")
	w.run()
	w.set(gets, w.world.Images[1], "")
	path := at + "category/" + w.world.Category.ID.String() + "/matrix/"
	out := w.told(200, "viewer", "GET", path, "")
	require.Equal(t, []any{1.0, false}, []any{out["page"], out["more"]})
	one, two := w.world.Builds[0].ID.String(), w.world.Builds[1].ID.String()
	require.Len(t, out["builds"], 2)
	for _, row := range out["builds"].([]any) {
		b := row.(map[string]any)
		require.Equal(t, map[any][]any{one: {"1.0", 1.0}, two: {"2.0", 1.0}}[b["id"]], []any{b["version"], b["images"]})
	}
	of := map[string]map[string]any{}
	for _, row := range out["devices"].([]any) {
		of[row.(map[string]any)["device"].(string)] = row.(map[string]any)
	}
	require.Len(t, of, 4, "others' devices are not in it")
	for id, want := range map[string][]any{
		has.String(): {one, true}, gets.String(): {two, false}, could.String(): {nil, false}, none.ID.String(): {nil, false},
	} {
		require.Equal(t, want, []any{of[id]["build"], of[id]["installed"]}, id)
	}
	require.ElementsMatch(t, []any{one, two}, of[could.String()]["possible"])
	require.Empty(t, of[none.ID.String()]["possible"])
	require.Empty(t, of[none.ID.String()]["type"])
	for page, status := range map[string]int{"2": 200, "0": 400, "x": 400, "99999999999": 400} {
		w.told(status, "ann", "GET", path+"?page="+page, "")
	}
	w.told(404, "bob", "GET", path, "")
}

// Operations are listed, cancelled until they flash, tried again when they did not
// succeed, and deleted when they are over (additions F-1, F-11).
func TestOperations(t *testing.T) {
	w := newWire(t, func(o *firmware.Options) { o.Retries = -1 }, nil)
	const list = at + "upgrade-operation/"
	first := w.begun(w.world.Device(1), w.world.Images[0], "")
	w.says(404, `{"error":"Upgrade operation not found"}`, "ann", "POST", list+wispwright.NewID().String()+"/cancel/", "")
	w.says(404, `{"error":"Upgrade operation not found"}`, "bob", "POST", first+"cancel/", "")
	w.told(403, "viewer", "POST", first+"cancel/", "")
	w.told(405, "ann", "GET", first+"cancel/", "")
	w.says(409, `{"error":"Cannot retry operation with status: in-progress"}`, "ann", "POST", first+"retry/", "")
	w.says(409, `{"error":"The operation has not ended yet."}`, "ann", "DELETE", first, "")
	w.says(200, `{"message":"Upgrade operation cancelled successfully"}`, "ann", "POST", first+"cancel/", "")
	op := w.told(200, "ann", "GET", first, "")
	require.Equal(t, []any{"cancelled", "Upgrade operation has been cancelled by user"}, []any{op["status"], op["log"]})
	w.says(409, `{"error":"Cannot cancel operation with status: cancelled"}`, "ann", "POST", first+"cancel/", "")

	// one that began to flash is not taken back
	w.way.flashes(&firmware.RecoverableError{Cause: "it is away"})
	second := w.begun(w.world.Device(2), w.world.Images[0], `,"is_persistent":true`)
	w.world.Queue.Drain(t, w.world.Service)
	require.Equal(t, "pending", w.told(200, "ann", "GET", second, "")["status"])
	w.says(409, `{"error":"Cannot cancel upgrade: firmware reflashing has already started"}`, "ann", "POST", second+"cancel/", "")

	w.way.fails(errors.New("The flash is worn out.")) //nolint:staticcheck // a line of the log
	third := w.begun(w.world.Device(3), w.world.Images[0], `,"upgrade_options":{"c":true}`)
	w.world.Queue.Drain(t, w.world.Service)
	require.Equal(t, "failed", w.told(200, "ann", "GET", third, "")["status"])
	w.told(403, "viewer", "POST", third+"retry/", "")
	w.told(404, "bob", "POST", third+"retry/", "")
	again := w.told(201, "ann", "POST", third+"retry/", "")
	require.Equal(t, []any{"in-progress", map[string]any{"c": true}}, []any{again["status"], again["upgrade_options"]})
	w.world.Queue.Drain(t, w.world.Service)
	w.says(409, `{"error":"The device has the image already."}`, "ann", "POST", third+"retry/", "")
	w.says(409, `{"error":"Cannot retry operation with status: success"}`, "ann", "POST", list+again["id"].(string)+"/retry/", "")

	w.counts("ann", list, map[string]int{
		"": 4, "status=failed": 1, "status=pending": 1, "status=cancelled": 1, "is_persistent=true": 1, "is_persistent=false": 3, "device=" + op["device"].(string): 1, "image=" + w.world.Images[0].ID.String(): 4,
		"image=" + w.world.Images[1].ID.String(): 0, "device__organization=" + w.org.String(): 4, "device__organization__slug=ours": 4, "device__organization__slug=theirs": 0, "organization=ours&status=success": 1,
		"batch=" + wispwright.NewID().String(): 0,
	})
	w.counts("bob", list, map[string]int{"": 0})
	for _, query := range []string{"status=zzz", "device=zz", "image=zz", "batch=zz"} {
		name, _, _ := strings.Cut(query, "=")
		require.Contains(t, w.told(400, "ann", "GET", list+"?"+query, ""), name)
	}
	of := at + "device/" + op["device"].(string) + "/upgrade-operation/"
	require.Len(t, w.ids("ann", of+"?status=cancelled"), 1)
	require.Empty(t, w.ids("ann", of+"?status=failed"))
	require.Empty(t, w.ids("ann", of+"?created__gte="+url.QueryEscape(w.world.Now.Add(time.Hour).Format(time.RFC3339))))
	require.Empty(t, w.ids("bob", of), "another's device is there, but empty")
	w.says(404, `{"detail":"device not found"}`, "ann", "GET", at+"device/"+wispwright.NewID().String()+"/upgrade-operation/", "")
	w.told(403, "viewer", "DELETE", first, "")
	w.told(404, "bob", "DELETE", first, "")
	w.told(204, "ann", "DELETE", first, "")

	// what was queued ends when its device is deactivated meanwhile, or its image deleted
	id := w.world.Device(7)
	last := w.begun(id, w.world.Images[0], "")
	w.world.Fleet.Change(id, func(d *firmware.Device) { d.Deactivated = true })
	w.world.Queue.Drain(t, w.world.Service)
	op = w.told(200, "ann", "GET", last, "")
	require.Equal(t, []any{"aborted", "Upgrade aborted because the device has been deactivated."}, []any{op["status"], op["log"]})
	running := w.begun(w.world.Device(8), w.world.Images[0], "")
	w.told(204, "ann", "DELETE", w.build(0)+"image/"+w.world.Images[0].ID.String()+"/", "")
	w.world.Queue.Drain(t, w.world.Service)
	op = w.told(200, "ann", "GET", running, "")
	require.Equal(t, []any{"failed", "The image was deleted.", nil}, []any{op["status"], op["log"], op["image"]})
	w.says(409, `{"error":"The image was deleted."}`, "ann", "POST", running+"retry/", "")
}

// A second operation for a device that is worked on, or waited for, ends at once; one that
// waits for its device goes on by itself when that is back, and reports it (additions F-9).
func TestOperationsThatWait(t *testing.T) {
	w := newWire(t, func(o *firmware.Options) { o.Retries, o.Random = 1, func() float64 { return 0.5 } }, nil)
	w.way.fails(&firmware.RecoverableError{Cause: "nobody answers"}, &firmware.RecoverableError{Cause: "nobody answers"})
	id := w.world.Device(1)
	first := w.begun(id, w.world.Images[0], `,"is_persistent":true`)
	w.world.Queue.Drain(t, w.world.Service)
	op := w.told(200, "ann", "GET", first, "")
	require.Contains(t, op["log"], "Detected a recoverable failure: nobody answers.\n\nThe upgrade operation will be retried soon.")
	w.world.Now = w.world.Now.Add(time.Minute)
	_, err := w.world.Operations.Resume(t.Context(), 0)
	require.NoError(t, err)
	w.world.Queue.Drain(t, w.world.Service)
	op = w.told(200, "ann", "GET", first, "")
	require.Equal(t, []any{"pending", 1.0, w.world.Now.Add(10 * time.Minute).UTC().Format(time.RFC3339)}, []any{op["status"], op["retry_count"], rounded(t, op["next_retry_at"])})
	second := w.begun(id, w.world.Images[1], "")
	w.world.Queue.Drain(t, w.world.Service)
	op = w.told(200, "ann", "GET", second, "")
	require.Equal(t, []any{"aborted", "Another upgrade operation is in progress, aborting..."}, []any{op["status"], op["log"]})
	require.NoError(t, w.world.Operations.Returned(t.Context(), id))
	w.world.Now = w.world.Now.Add(2 * time.Minute) // they do not come all at once
	_, err = w.world.Operations.Resume(t.Context(), 0)
	require.NoError(t, err)
	w.run()
	require.Equal(t, "success", w.told(200, "ann", "GET", first, "")["status"])

	w.way.fails(&firmware.RecoverableError{Cause: "nobody answers"}, &firmware.RecoverableError{Cause: "nobody answers"})
	third := w.begun(w.world.Device(2), w.world.Images[0], "")
	w.run()
	op = w.told(200, "ann", "GET", third, "")
	require.Equal(t, "failed", op["status"])
	require.Contains(t, op["log"], "Max retries exceeded. Upgrade failed: nobody answers.")

	w.way.fails(&firmware.RecoverableError{Cause: "nobody answers"}, &firmware.RecoverableError{Cause: "nobody answers"})
	away := w.world.Device(3)
	fourth := w.begun(away, w.world.Images[0], `,"is_persistent":true`)
	w.world.Queue.Drain(t, w.world.Service)
	w.world.Now = w.world.Now.Add(time.Minute)
	_, err = w.world.Operations.Resume(t.Context(), 0)
	require.NoError(t, err)
	w.world.Queue.Drain(t, w.world.Service)
	require.Equal(t, "pending", w.told(200, "ann", "GET", fourth, "")["status"])
	w.world.Fleet.Change(away, func(d *firmware.Device) { d.Deactivated = true })
	w.run()
	w.world.Now = w.world.Now.Add(time.Hour)
	_, err = w.world.Operations.Resume(t.Context(), 0)
	require.NoError(t, err)
	w.world.Queue.Drain(t, w.world.Service)
	require.Equal(t, "failed", w.told(200, "ann", "GET", fourth, "")["status"], "deactivated while it was waited for")
}

func rounded(t *testing.T, moment any) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, moment.(string))
	require.NoError(t, err)
	return at.UTC().Format(time.RFC3339)
}
