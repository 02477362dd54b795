package firmwarehttp_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwarehttp"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
)

const batches = at + "batch-upgrade-operation/"

func (w *wire) launch(body string) string {
	w.t.Helper()
	return batches + w.told(201, "ann", "POST", w.build(1)+"upgrade/", body)["batch"].(string) + "/"
}

// A mass upgrade is rehearsed: what will happen to each device, and why some are left out.
func TestRehearsal(t *testing.T) {
	w := newWire(t, nil, nil)
	w.says(200, `{"device_firmwares":[],"devices":[],"targets":[]}`, "viewer", "GET", w.build(1)+"upgrade/", "")
	old, fresh, off := w.world.Device(1), w.world.Device(2), w.world.Device(3)
	w.set(old, w.world.Images[0], "")
	w.run()
	w.world.Fleet.Change(off, func(d *firmware.Device) { d.Deactivated = true })
	lonely := firmware.Device{ID: wispwright.NewID(), OrganizationID: w.org, Name: "lonely", Model: firmwaretest.Model}
	w.world.Fleet.Add(lonely, "")
	odd := firmware.Device{ID: wispwright.NewID(), OrganizationID: w.org, Name: "odd", Model: firmwaretest.Model}
	w.world.Fleet.Add(odd, "nothing known")
	w.world.Fleet.Add(firmware.Device{ID: wispwright.NewID(), OrganizationID: w.theirs, Model: firmwaretest.Model}, connection.StrategyOpenWrt)
	out := w.told(200, "viewer", "GET", w.build(1)+"upgrade/", "")
	require.Len(t, out["device_firmwares"], 1)
	require.Equal(t, []any{fresh.String()}, out["devices"])
	why := map[any]any{}
	for _, row := range out["targets"].([]any) {
		target := row.(map[string]any)
		why[target["device"]] = target["skip"]
		if target["device"] == old.String() {
			require.Equal(t, []any{"1.0", true, w.world.Images[1].ID.String(), firmwaretest.Type}, []any{target["version"], target["installed"], target["image"], target["type"]})
		}
	}
	require.Equal(t, map[any]any{
		old.String(): "", fresh.String(): "", off.String(): "The device is deactivated.", lonely.ID.String(): "No related connection or credentials found for this device.",
		odd.ID.String(): "No upgrader is known for the connections of the device.",
	}, why)
	require.Len(t, w.told(200, "ann", "GET", w.build(0)+"upgrade/?devices="+fresh.String()+","+off.String(), "")["targets"], 2)
	for _, query := range []string{"devices=x", "group=x", "location=" + wispwright.NewID().String(), "group=" + wispwright.NewID().String()} {
		w.told(400, "ann", "GET", w.build(1)+"upgrade/?"+query, "")
	}
	w.told(404, "bob", "GET", w.build(1)+"upgrade/", "")
	w.told(404, "ann", "GET", at+"build/"+wispwright.NewID().String()+"/upgrade/", "")
}

// What is wrong with a mass upgrade is said by key before anything is stored.
func TestLaunchRefused(t *testing.T) {
	w := newWire(t, nil, nil)
	id := w.world.Device(1)
	ours, theirs, empty := wispwright.NewID(), wispwright.NewID(), wispwright.NewID()
	w.world.Fleet.AddGroup(ours, w.org)
	w.world.Fleet.AddGroup(theirs, w.theirs)
	w.world.Fleet.AddLocation(empty, w.org)
	w.world.Fleet.AddLocation(theirs, w.theirs, id)
	in := func(d time.Duration) string { return w.world.Now.Add(d).Format(time.RFC3339) }
	nobody := `{"error":"No devices found matching the specified filters. Please adjust your group and/or location filters."}`
	for body, want := range map[string]string{
		`{"group":"` + ours.String() + `"}`:                          nobody,
		`{"location":"` + empty.String() + `"}`:                      nobody,
		`{"devices":["` + wispwright.NewID().String() + `"]}`:        nobody,
		`{"devices":["` + id.String() + `"]}`:                        nobody, // of which no firmware is known, and such are not asked for
		`{"scheduled_at":"` + in(5*time.Minute) + `"}`:               `{"scheduled_at":["The upgrade must be scheduled at least 10 minutes ahead."]}`,
		`{"scheduled_at":"` + in(200*24*time.Hour) + `"}`:            `{"scheduled_at":["The upgrade must be scheduled at most 180 days ahead."]}`,
		`{"parallel":1001}`:                                          `{"parallel":["Ensure this value is between 0 and 1000."]}`,
		`{"upgrade_all":true,"upgrade_options":{"z":1}}`:             `{"__all__":["The upgrade options are invalid"]}`,
		`{"upgrade_all":true,"upgrade_options":{"n":true,"c":true}}`: `{"upgrade_options":["The \"-n\" and \"-c\" options cannot be used together"]}`,
		`{"upgrade_all":[]}`:                                         `{"upgrade_all":["Must be a valid boolean."]}`,
	} {
		a := w.ask("ann", "POST", w.build(1)+"upgrade/", body)
		require.Equal(t, 400, a.Code, "%s: %s", body, a.Body)
		require.JSONEq(t, want, a.Body.String(), body)
	}
	for _, key := range []string{"group", "location"} { // of others they are none, unless one may see them
		body := `{"` + key + `":"` + theirs.String() + `"}`
		w.says(400, `{"`+key+`":["Invalid pk \"`+theirs.String()+`\" - object does not exist."]}`, "ann", "POST", w.build(1)+"upgrade/", body)
		w.says(400, `{"`+key+`":["The `+key+` belongs to another organization than the build."]}`, "root", "POST", w.build(1)+"upgrade/", body)
	}
	for _, body := range []string{`{"group":"x"}`, `{"devices":"x"}`, `{"scheduled_at":"x"}`, `{"parallel":-1}`, `{"is_persistent":"x"}`, `{"strategy":3}`} {
		require.Equal(t, 400, w.ask("ann", "POST", w.build(1)+"upgrade/", body).Code, body)
	}
	w.told(404, "bob", "POST", w.build(1)+"upgrade/", `{}`)
	require.EqualValues(t, 0, w.told(200, "ann", "GET", batches, "")["count"])
}

// A mass upgrade is followed by its rates and words, cancelled and deleted; the default of
// clients of 24.11 is that nobody is waited for.
func TestBatches(t *testing.T) {
	w := newWire(t, func(o *firmware.Options) { o.Retries, o.Parallel = -1, 1 }, nil)
	group, place := wispwright.NewID(), wispwright.NewID()
	w.world.Fleet.AddGroup(group, w.org)
	for n := range 5 {
		w.world.Fleet.Change(w.world.Device(n), func(d *firmware.Device) { d.GroupID = group })
	}
	w.world.Fleet.AddLocation(place, w.org, w.world.Device(5), w.world.Device(6))
	w.way.fails(nil, errors.New("worn out"), firmware.ErrAborted, &firmware.RecoverableError{Cause: "nobody answers"})
	path := w.launch(`{"upgrade_all":true,"group":"` + group.String() + `","is_persistent":true,"upgrade_options":{"c":true}}`)
	b := w.told(200, "viewer", "GET", path, "")
	require.Equal(t, []any{"idle", group.String(), nil, true, true, 1.0, "ann", map[string]any{"c": true}}, []any{b["status"], b["group"], b["location"], b["is_persistent"], b["firmwareless"], b["parallel"], b["actor"], b["upgrade_options"]})
	w.world.Queue.Drain(t, w.world.Service)
	b = w.told(200, "ann", "GET", path, "")
	require.Equal(t, []any{"in-progress", "4 complete, 1 pending", 40.0, 20.0, 20.0, 0.0}, []any{b["status"], b["progress_report"], b["success_rate"], b["failed_rate"], b["aborted_rate"], b["cancelled_rate"]})
	require.Equal(t, map[string]any{"total": 5.0, "waiting": 0.0, "running": 0.0, "pending": 1.0, "success": 2.0, "failed": 1.0, "aborted": 1.0, "cancelled": 0.0, "skipped": 0.0}, b["counts"])
	require.Len(t, b["upgradeoperations"], 5)
	w.says(409, `{"error":"The batch has not ended yet."}`, "ann", "DELETE", path, "")
	for _, method := range []string{"PUT", "PATCH"} { // what was decided stands
		w.told(405, "ann", method, path, `{}`)
	}
	w.told(403, "viewer", "POST", path+"cancel/", "")
	w.told(404, "bob", "POST", path+"cancel/", "")
	w.says(200, `{"message":"Batch upgrade operation cancelled successfully"}`, "ann", "POST", path+"cancel/", "")
	w.world.Queue.Drain(t, w.world.Service)
	b = w.told(200, "ann", "GET", path, "")
	require.Equal(t, []any{"failed", "5 out of 5", 20.0}, []any{b["status"], b["progress_report"], b["cancelled_rate"]}, "failed and aborted weigh more than cancelled")
	w.says(409, `{"error":"Cannot cancel batch with status: failed"}`, "ann", "POST", path+"cancel/", "")

	w.world.Now = w.world.Now.Add(time.Minute)
	later := w.launch(`{"location":"` + place.String() + `","upgrade_all":true,"scheduled_at":"` + w.world.Now.Add(time.Hour).Format(time.RFC3339) + `"}`)
	b = w.told(200, "ann", "GET", later, "")
	require.Equal(t, []any{"scheduled", false, place.String(), "0 out of 0"}, []any{b["status"], b["is_persistent"], b["location"], b["progress_report"]})
	w.told(200, "ann", "POST", later+"cancel/", "")
	w.counts("ann", batches, map[string]int{
		"": 2, "status=failed": 1, "status=cancelled": 1, "status=success": 0, "group=" + group.String(): 1, "location=" + place.String(): 1, "is_persistent=true": 1, "build=" + w.world.Builds[1].ID.String(): 2,
		"build=" + w.world.Builds[0].ID.String(): 0, "organization=ours": 2, "organization=theirs": 0, "organization_id=" + w.org.String(): 2, "created=" + url.QueryEscape(b["created"].(string)): 1,
	})
	w.counts("bob", batches, map[string]int{"": 0})
	for _, query := range []string{"status=aborted", "build=x", "group=x", "location=x", "created=x"} {
		w.told(400, "ann", "GET", batches+"?"+query, "")
	}
	require.Equal(t, b["id"], w.ids("ann", batches+"?ordering=-created")[0])
	w.told(403, "viewer", "DELETE", later, "")
	w.told(204, "ann", "DELETE", later, "")
	w.told(404, "ann", "GET", later, "")

	none := w.launch(`{}`) // those that have it are not asked again, and nobody else is known
	w.world.Queue.Drain(t, w.world.Service)
	b = w.told(200, "ann", "GET", none, "")
	require.Contains(t, []any{"success", "failed"}, b["status"], "one without operations ends")
}

// One of a shared build reaches everybody's devices, and is the superusers'.
func TestSharedBatches(t *testing.T) {
	w := newWire(t, nil, &firmwarehttp.Options{Persistent: true})
	category := w.told(201, "root", "POST", at+"category/", `{"name":"of all","organization":null}`)["id"].(string)
	build := w.told(201, "root", "POST", at+"build/", `{"version":"9","category":"`+category+`"}`)["id"].(string)
	_, err := w.world.Service.Images.Create(t.Context(), wispwright.ScopeAll(), identifier(t, build), firmware.File{Name: "openwrt-" + firmwaretest.Type, Body: strings.NewReader("x")})
	require.NoError(t, err)
	w.world.Device(1)
	w.world.Fleet.Add(firmware.Device{ID: wispwright.NewID(), OrganizationID: w.theirs, Name: "theirs", Model: firmwaretest.Model}, connection.StrategyOpenWrt)
	path := at + "build/" + build + "/upgrade/"
	w.told(403, "ann", "GET", path, "")
	w.told(404, "ann", "POST", path, `{"upgrade_all":true}`)
	require.Len(t, w.told(200, "root", "GET", path, "")["devices"], 2)
	of := batches + w.told(201, "root", "POST", path, `{"upgrade_all":true}`)["batch"].(string) + "/"
	w.run()
	b := w.told(200, "root", "GET", of, "")
	require.Equal(t, []any{"success", true, "2 out of 2"}, []any{b["status"], b["is_persistent"], b["progress_report"]}, "the settings say that devices are waited for")
	w.told(404, "ann", "GET", of, "")
	require.Len(t, w.ids("ann", at+"upgrade-operation/"), 1, "what became of one's own devices is seen")
	w.told(201, "ann", "PUT", at+"device/"+w.world.Device(9).String()+"/firmware/", fmt.Sprintf(`{"image":%q}`, w.told(200, "ann", "GET", at+"build/"+build+"/image/", "")["results"].([]any)[0].(map[string]any)["id"]))
}

// Forms of 24.11: that upgrade_all is there is enough.
func TestLaunchByForm(t *testing.T) {
	w := newWire(t, nil, nil)
	w.world.Device(1)
	for _, c := range []struct {
		body, kind string
		all        bool
	}{{"upgrade_all=", "application/x-www-form-urlencoded", true}, {"upgrade_all=no", "application/x-www-form-urlencoded", true}, {"", "application/x-www-form-urlencoded", false}, {`{"upgrade_all":false}`, "application/json", false}, {`{"upgrade_all":"x"}`, "application/json", true}} {
		b := w.told(201, "ann", "POST", w.build(1)+"upgrade/", c.body, "Content-Type", c.kind)["batch"].(string)
		require.Equal(t, c.all, w.told(200, "ann", "GET", batches+b+"/", "")["firmwareless"], c.body)
	}
}
