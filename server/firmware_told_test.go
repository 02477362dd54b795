package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server"
)

// moody is a way of upgrading that ends as the test says, after a line of its log.
type moody struct {
	may  chan struct{}
	ends chan error
}

func (m moody) Upgrade(ctx context.Context, t firmware.Task) error {
	if err := t.Log(ctx, "Connection successful, starting upgrade..."); err != nil {
		return err
	}
	if err := t.Step(ctx, 10); err != nil {
		return err
	}
	select {
	case err := <-m.ends:
		return err
	case <-m.may:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// upgrading is a server with a build of alpha and devices that it fits.
type upgrading struct {
	*server.Server
	t            *testing.T
	images       *server.FirmwareConcern
	build, image string
	devices      []string
	upgrade, org string
}

func newUpgrading(t *testing.T, db *sqlstore.DB, way firmware.Upgrader, n int, change func(*settings, *server.FirmwareConcern)) *upgrading {
	t.Helper()
	c, all := parts(t)
	c.Tenancy.SiteURL = "https://example.com"
	images, ok := server.Find[*server.FirmwareConcern](all)
	require.True(t, ok)
	if change != nil {
		change(c, images)
	}
	images.Tune = func(o *firmware.Options) {
		upgraders, err := firmware.NewUpgraders(firmware.UpgraderType{Strategies: []string{connection.StrategyOpenWrt}, Label: "boxes", Upgrader: way})
		require.NoError(t, err)
		o.Upgraders, o.Reacher, o.Online = upgraders, everywhere{}, nil
	}
	s := started(t, db, c, all)
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	require.NoError(t, s.Start(t.Context()))
	u := &upgrading{Server: s, t: t, images: images, org: identifiers(t, s)["org_alpha"]}
	category := as(t, s, "b", "POST", firmwareAPI+"category/", fmt.Sprintf(`{"name":"roofs","organization":%q}`, u.org), 201)["id"].(string)
	u.build = as(t, s, "b", "POST", firmwareAPI+"build/", fmt.Sprintf(`{"version":"2.0","category":%q}`, category), 201)["id"].(string)
	i, err := images.Images.Create(t.Context(), wispwright.ScopeAll(), mustID(t, u.build), firmware.File{Name: "openwrt-ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin", Body: strings.NewReader("image")})
	require.NoError(t, err)
	u.image, u.upgrade = i.ID.String(), firmwareAPI+"build/"+u.build+"/upgrade/"
	for d := range n {
		made := as(t, s, "b", "POST", "/api/v1/controller/device/", fmt.Sprintf(`{"name":"roof-%d","organization":%q,"mac_address":"02:00:00:00:02:0%d","model":"TP-Link TL-WDR4300 v1"}`, d, u.org, d), 201)
		u.devices = append(u.devices, made["id"].(string))
	}
	return u
}

// set begins the upgrade of a device, and returns the operation.
func (u *upgrading) set(device string) string {
	u.t.Helper()
	w := ask(u, "PUT", firmwareAPI+"device/"+device+"/firmware/", fmt.Sprintf(`{"image":%q}`, u.image), with(strings.Repeat("b", 40)))
	require.Less(u.t, w.Code, 300, w.Body)
	var out struct {
		Operation struct{ ID string } `json:"upgrade_operation"`
	}
	require.NoError(u.t, json.Unmarshal(w.Body.Bytes(), &out))
	return out.Operation.ID
}

// ended waits for the end of an operation.
func (u *upgrading) ended(operation, status string) {
	u.t.Helper()
	testkit.Eventually(u.t, "the upgrade ends", func(context.Context) bool {
		return as(u.t, u, "b", "GET", firmwareAPI+"upgrade-operation/"+operation+"/", "", 200)["status"] == status
	})
}

type upgradeFrame struct {
	Type      string
	Timestamp string
	Operation map[string]any
	Batch     map[string]any `json:"batch_status"`
	// of frames that are flat
	Status     string
	Progress   float64
	Completed  float64
	Total      float64
	DeviceID   string `json:"device_id"`
	DeviceName string `json:"device_name"`
	ImageName  string `json:"image_name"`
	Operations []map[string]any
}

func (p *page) upgrade() (f upgradeFrame) {
	p.t.Helper()
	require.NoError(p.t, json.Unmarshal([]byte(p.next()), &f))
	return f
}

// The sockets of upgrades admit who may see them, tell how things are when they are
// asked, and then of each change (additions F-3).
func TestUpgradeSockets(t *testing.T) {
	way := moody{make(chan struct{}), make(chan error)}
	u := newUpgrading(t, testkit.SQLite(t), way, 2, nil)
	base := listening(t, u)
	first := u.set(u.devices[0])
	deviceSocket, operationSocket := "/ws/firmware-upgrader/device/"+u.devices[0]+"/", "/ws/firmware-upgrader/upgrade-operation/"+first+"/"
	for _, path := range []string{deviceSocket, operationSocket} {
		_, answer, err := dial(t, base, path) //nolint:bodyclose // the library closes it
		require.Error(t, err)
		require.Equal(t, 403, answer.StatusCode, "a stranger at %s", path)
		for who, is := range map[string]string{"d": "a member", "e": "a manager of another organization"} {
			_, _, err := dial(t, base, path, "Authorization", "Bearer "+strings.Repeat(who, 40)) //nolint:bodyclose // the library closes it
			require.Error(t, err, "%s at %s", is, path)
		}
	}
	of, one := open(t, base, deviceSocket, "c"), open(t, base, operationSocket, "a") // an operator may look
	testkit.Eventually(t, "it is at work", func(context.Context) bool {
		return as(t, u, "b", "GET", firmwareAPI+"upgrade-operation/"+first+"/", "", 200)["progress"] == 10.0
	})
	one.say(`{"type":"nonsense"}`)
	one.say(`{"type":"request_current_state","operation_id":"` + first + `"}`)
	var now upgradeFrame
	for now = one.upgrade(); now.Operation["progress"] != 10.0; now = one.upgrade() { // what happened meanwhile is told before
	}
	require.Equal(t, "operation_update", now.Type)
	require.NotEmpty(t, now.Timestamp)
	for _, key := range []string{"id", "device", "image", "status", "log", "progress", "modified", "created"} {
		require.Contains(t, now.Operation, key)
	}
	require.Equal(t, []any{first, u.devices[0], u.image, "in-progress"}, []any{now.Operation["id"], now.Operation["device"], now.Operation["image"], now.Operation["status"]})
	way.ends <- errors.New("The flash is worn out.") //nolint:staticcheck // a line of the log
	for now = one.upgrade(); now.Operation["status"] != "failed"; now = one.upgrade() {
	}
	require.Contains(t, now.Operation["log"], "The flash is worn out.")
	of.until(`"status":"failed"`)

	for range 5 { // six are known then
		next := u.set(u.devices[0])
		way.ends <- errors.New("again")
		u.ended(next, "failed")
	}
	late := open(t, base, deviceSocket, "b")
	late.say(`{"type":"request_current_state","device_id":"` + u.devices[0] + `"}`)
	seen := map[any]bool{}
	for range 5 {
		f := late.upgrade()
		require.Equal(t, "operation_update", f.Type)
		seen[f.Operation["id"]] = true
	}
	require.Len(t, seen, 5)
	require.False(t, seen[first], "the five newest")
}

// The socket of a mass upgrade tells of its operations and how many have ended.
func TestMassUpgradeSocket(t *testing.T) {
	way := moody{make(chan struct{}), make(chan error)}
	u := newUpgrading(t, testkit.SQLite(t), way, 2, nil)
	base := listening(t, u)
	batch := as(t, u, "b", "POST", u.upgrade, `{"upgrade_all":true}`, 201)["batch"].(string)
	path := "/ws/firmware-upgrader/batch-upgrade-operation/" + batch + "/"
	for _, who := range []string{"d", "e"} {
		_, _, err := dial(t, base, path, "Authorization", "Bearer "+strings.Repeat(who, 40)) //nolint:bodyclose // the library closes it
		require.Error(t, err)
	}
	p := open(t, base, path, "b")
	testkit.Eventually(t, "both are at work", func(context.Context) bool {
		return as(t, u, "b", "GET", firmwareAPI+"batch-upgrade-operation/"+batch+"/", "", 200)["counts"].(map[string]any)["running"] == 2.0
	})
	p.say(`{"type":"request_current_state","batch_id":"` + batch + `"}`)
	f := p.upgrade()
	for ; f.Type != "batch_state"; f = p.upgrade() {
	}
	require.Equal(t, map[string]any{"status": "in-progress", "completed": 0.0, "total": 2.0, "pending": 0.0}, f.Batch)
	require.Len(t, f.Operations, 2)
	require.Contains(t, f.Operations[0], "log")
	close(way.may)
	names := map[string]bool{}
	var ended upgradeFrame
	for len(names) < 2 || ended.Status != "success" { // each tells what is so when it is sent, in any order
		switch f = p.upgrade(); {
		case f.Type == "batch_status":
			ended = f
		case f.Type == "operation_progress" && f.Status == "success":
			require.EqualValues(t, 100, f.Progress)
			require.Contains(t, f.ImageName, "tl-wdr4300")
			names[f.DeviceName] = true
		}
	}
	require.Equal(t, []float64{2, 2}, []float64{ended.Completed, ended.Total})
	require.NotEmpty(t, ended.Timestamp)
	require.Equal(t, map[string]bool{"roof-0": true, "roof-1": true}, names)
}

// told returns the messages of notifications of a type that somebody has.
func (u *upgrading) told(who, kind string) (messages []string) {
	u.t.Helper()
	for _, one := range as(u.t, u, who, "GET", "/api/v1/notifications/notification/?page_size=50", "", 200)["results"].([]any) {
		full := as(u.t, u, who, "GET", "/api/v1/notifications/notification/"+one.(map[string]any)["id"].(string)+"/", "", 200)
		if full["type"] == kind {
			messages = append(messages, full["message"].(string))
		}
	}
	return messages
}

// Who manages the organization is told of upgrades that failed and of mass upgrades
// that ended, with links to their pages; others are not.
func TestPeopleAreToldOfUpgrades(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		way := moody{make(chan struct{}), make(chan error)}
		u := newUpgrading(t, db, way, 2, func(_ *settings, c *server.FirmwareConcern) { c.Config.Backoff, c.Config.MostBackoff = 1, 1 })
		one := func(kind string) (message string) {
			t.Helper()
			testkit.Eventually(t, "the manager is told of "+kind, func(context.Context) bool {
				list := u.told("b", kind)
				if len(list) > 0 {
					message = list[0]
				}
				return len(list) == 1
			})
			require.Len(t, u.told("a", kind), 1)
			require.Empty(t, u.told("e", kind), "not theirs")
			return message
		}
		failed := u.set(u.devices[0])
		way.ends <- errors.New("The flash is worn out.") //nolint:staticcheck // a line of the log
		u.ended(failed, "failed")
		message := one("firmware_upgrade_failed")
		require.Contains(t, message, `href="https://example.com/admin/firmware_upgrader/upgradeoperation/`+failed+`/change/"`)
		require.Contains(t, message, `href="https://example.com/admin/config/device/`+u.devices[0]+`/change/"`)
		require.Contains(t, message, "The flash is worn out.")

		batch := as(t, u, "b", "POST", u.upgrade, `{"upgrade_all":true,"is_persistent":true}`, 201)["batch"].(string)
		way.ends <- &firmware.RecoverableError{Cause: "nobody answers"}
		close(way.may)
		testkit.Eventually(t, "the mass upgrade ends", func(context.Context) bool {
			b, err := u.images.Batches.Get(t.Context(), wispwright.ScopeAll(), mustID(t, batch))
			require.NoError(t, err)
			return b.Status == firmware.Success
		})
		message = one("firmware_batch_ended")
		require.Contains(t, message, `href="https://example.com/admin/firmware_upgrader/batchupgradeoperation/`+batch+`/change/"`)
		require.Regexp(t, `>roofs v2\.0 \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)<`, message)
		require.Contains(t, message, "2 succeeded")
		require.Len(t, u.told("b", "firmware_upgrade_failed"), 1, "not of each device of a mass upgrade")

		// what was said of a mass upgrade goes with it, and nothing else
		as(t, u, "b", "DELETE", firmwareAPI+"batch-upgrade-operation/"+batch+"/", "", 204)
		require.Empty(t, u.told("b", "firmware_batch_ended"))
		require.Len(t, u.told("b", "firmware_upgrade_failed"), 1)
		again := as(t, u, "b", "POST", u.upgrade, `{"upgrade_all":true,"is_persistent":true}`, 201)["batch"].(string)
		testkit.Eventually(t, "the next one ends", func(context.Context) bool { return len(u.told("b", "firmware_batch_ended")) == 1 })
		require.Contains(t, u.told("b", "firmware_batch_ended")[0], again)
		require.NoError(t, u.images.Builds.Delete(t.Context(), wispwright.ScopeAll(), mustID(t, u.build)))
		require.Empty(t, u.told("b", "firmware_batch_ended"), "nor when its build is deleted")
	})
}

// An upgrade that waited for its device and failed then is told of as such.
func TestPeopleAreToldOfUpgradesThatWaited(t *testing.T) {
	way := moody{make(chan struct{}), make(chan error)}
	u := newUpgrading(t, testkit.SQLite(t), way, 1, func(_ *settings, c *server.FirmwareConcern) {
		c.Config.Retries, c.Config.PendingDelay, c.Config.MostPendingDelay = 0, 1, 1
	})
	w := as(t, u, "b", "PUT", firmwareAPI+"device/"+u.devices[0]+"/firmware/", fmt.Sprintf(`{"image":%q,"is_persistent":true}`, u.image), 201)
	operation := w["upgrade_operation"].(map[string]any)["id"].(string)
	way.ends <- &firmware.RecoverableError{Cause: "nobody answers"}
	u.ended(operation, "pending")
	_, err := u.images.Operations.Resume(t.Context(), 0)
	require.NoError(t, err)
	way.ends <- errors.New("The flash is worn out.") //nolint:staticcheck // a line of the log
	u.ended(operation, "failed")
	testkit.Eventually(t, "the manager is told", func(context.Context) bool { return len(u.told("b", "persistent_upgrade_failed")) == 1 })
	require.Contains(t, u.told("b", "persistent_upgrade_failed")[0], "/admin/firmware_upgrader/upgradeoperation/"+operation+"/change/")
	require.Empty(t, u.told("b", "firmware_upgrade_failed"))
}
