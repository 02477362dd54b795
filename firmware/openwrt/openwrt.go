// Package openwrt upgrades devices that run OpenWrt, over any session that runs
// commands: image checksum, memory, upload, test, sysupgrade, and a look at what
// came of it, with the commands and the log lines that OpenWISP's have
// (spec: firmware §4; additions F-2, F-6).
package openwrt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Options change what Types makes; nil means the defaults.
type Options struct {
	// ReconnectDelay is how long is waited for the reboot. Default: 180 seconds.
	ReconnectDelay time.Duration
	// RetryDelay is the pause between attempts to reach the device then. Default: 20
	// seconds.
	RetryDelay time.Duration
	// Retries is how many attempts there are. Default: 35.
	Retries int
	// UpgradeTimeout is how long sysupgrade may take until the connection ends.
	// Default: 90 seconds.
	UpgradeTimeout time.Duration
	// CommandTimeout is how long any other command may take. Default: 60 seconds.
	CommandTimeout time.Duration
	// ChecksumFile is where the device keeps which image it has. Default:
	// /etc/openwisp/firmware_checksum.
	ChecksumFile string
	// Folder is where images are uploaded to. Default: /tmp.
	Folder string
	// Services are stopped when memory is short. Default: those of OpenWISP.
	Services []string
	// NoIdentity does not ask the device for its id, NoVerify not whether it has
	// rebooted into another system.
	NoIdentity, NoVerify bool
	// Wait waits. Default: as the clock goes.
	Wait func(ctx context.Context, d time.Duration) error
}

func (o *Options) complete() Options {
	var out Options
	if o != nil {
		out = *o
	}
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{{&out.ReconnectDelay, 180 * time.Second}, {&out.RetryDelay, 20 * time.Second}, {&out.UpgradeTimeout, 90 * time.Second}, {&out.CommandTimeout, time.Minute}} {
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if out.Retries == 0 {
		out.Retries = 35
	}
	if out.ChecksumFile == "" {
		out.ChecksumFile = "/etc/openwisp/firmware_checksum"
	}
	if out.Folder == "" {
		out.Folder = "/tmp"
	}
	if out.Services == nil {
		out.Services = []string{"uhttpd", "dnsmasq", "openwisp_config", "openwisp-config", "openwisp-monitoring", "cron", "rpcd", "rssileds", "odhcpd", "log"}
	}
	if out.Wait == nil {
		out.Wait = wait
	}
	return out
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Schema is the JSON Schema of the options (spec: firmware §4.2).
const Schema = `{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "type": "object",
  "description": "A device with two places for systems (A/B) keeps the one it runs now in the other, and falls back to it; any other has no way back.",
  "properties": {
    "c": {"type": "boolean", "title": "Attempt to preserve all changed files in /etc/ (-c)", "description": "Without it only the files that packages name as configuration are kept.", "default": true, "format": "checkbox"},
    "o": {"type": "boolean", "title": "Attempt to preserve all changed files in /, except those from packages but including changed confs. (-o)", "format": "checkbox"},
    "n": {"type": "boolean", "title": "Do not save configuration over reflash (-n)", "description": "The device comes back with the configuration of the image: it is reached again only if that lets it register anew.", "format": "checkbox"},
    "u": {"type": "boolean", "title": "Skip from backup files that are equal to those in /rom (-u)", "format": "checkbox"},
    "p": {"type": "boolean", "title": "Do not attempt to restore the partition table after flash. (-p)", "description": "What lies on other partitions, the other system of A/B too, may be lost.", "format": "checkbox"},
    "k": {"type": "boolean", "title": "Include in backup a list of current installed packages at /etc/backup/installed_packages.txt (-k)", "format": "checkbox"},
    "F": {"type": "boolean", "title": "Flash image even if image checks fail, this is dangerous! (-F)", "description": "An image for other hardware makes the device unusable.", "format": "checkbox"}
  },
  "additionalProperties": false
}`

// Types are the upgraders of OpenWrt and of devices of OpenWISP 1.
func Types(o *Options) []firmware.UpgraderType {
	options := o.complete()
	legacy := options
	if o == nil || o.ReconnectDelay == 0 {
		legacy.ReconnectDelay = 360 * time.Second
	}
	return []firmware.UpgraderType{
		{Strategies: []string{connection.StrategyOpenWrt}, Label: "OpenWrt", Schema: Schema, Check: check, Upgrader: &upgrader{o: options}},
		{Strategies: []string{connection.StrategyOpenWisp1}, Label: "OpenWISP 1.x", Schema: Schema, Check: check, Upgrader: &upgrader{o: legacy, legacy: true}},
	}
}

// chosen are the options in the order in which somebody wrote them.
func chosen(options wispwright.JSON) (names []string, values map[string]bool) {
	values = map[string]bool{}
	v, err := ordered.Decode([]byte(options))
	object, ok := v.(*ordered.Object)
	if err != nil || !ok {
		return nil, values
	}
	for name, value := range object.All() {
		yes, isBool := value.(bool)
		if isBool {
			names, values[name] = append(names, name), yes
		}
	}
	return names, values
}

// check refuses options that do not go together (spec: firmware §4.3).
func check(options wispwright.JSON) error {
	_, values := chosen(options)
	for _, other := range []string{"c", "o"} {
		if values["n"] && values[other] {
			return fmt.Errorf(`The "-n" and "-%s" options cannot be used together`, other) //nolint:staticcheck // clients know the sentence
		}
	}
	return nil
}

// flags are those of the options: each that is true, then -c unless it was mentioned.
func flags(options wispwright.JSON) string {
	names, values := chosen(options)
	var out []string
	for _, name := range names {
		if values[name] {
			out = append(out, "-"+name)
		}
	}
	if _, mentioned := values["c"]; !mentioned {
		out = append(out, "-c")
	}
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, " ")
}

// state is what must be known when a process that began is no more.
type state struct {
	// Stopped: services were stopped, and must be started where nothing is flashed.
	Stopped bool `json:"stopped,omitempty"`
	// BootID and System are what the device said before it was flashed.
	BootID string `json:"boot_id,omitempty"`
	System string `json:"system,omitempty"`
	// Anew is how often it began anew after it was about to flash and did not. Each
	// time the image has another name, so that a command of a process that was taken
	// for dead finds nothing to flash.
	Anew int `json:"anew,omitempty"`
	// Checksum is that of the image, which may be deleted meanwhile.
	Checksum string `json:"checksum,omitempty"`
}

type upgrader struct {
	o      Options
	legacy bool
}

// run is one call of Upgrade.
type run struct {
	*upgrader
	t       firmware.Task
	session connection.Session
	path    string
	state   state
	// resumed: another process was about to flash
	resumed bool
}

// Upgrade implements firmware.Upgrader.
func (u *upgrader) Upgrade(ctx context.Context, t firmware.Task) error {
	image, _ := t.Image()
	r := &run{upgrader: u, t: t, path: u.o.Folder + "/" + image.Name()}
	if raw := t.State(); raw != "" {
		if err := json.Unmarshal([]byte(raw), &r.state); err != nil {
			return err
		}
	}
	if r.state.Anew > 0 {
		r.path = fmt.Sprintf("%s/%d-%s", u.o.Folder, r.state.Anew, image.Name())
	}
	defer r.close()
	if r.resumed = t.Flashed(); r.resumed {
		if err := t.Log(ctx, "The server was restarted meanwhile: looking what became of the device..."); err != nil {
			return err
		}
		if r.state.BootID == "" {
			if err := u.o.Wait(ctx, u.o.ReconnectDelay); err != nil {
				return err
			}
		}
		return r.reconnect(ctx)
	}
	if err := r.prepare(ctx); err != nil {
		return r.giveUp(ctx, err)
	}
	return r.flash(ctx)
}

// close ends the session, if there is one.
func (r *run) close() {
	if r.session != nil {
		_ = r.session.Close() // the device may be gone
		r.session = nil
	}
}

// connect opens a session.
func (r *run) connect(ctx context.Context, logged bool) error {
	session, err := r.t.Connect(ctx, logged)
	if err != nil {
		return err
	}
	r.session = session
	return nil
}

// giveUp leaves the device as it was, when nothing was flashed.
func (r *run) giveUp(ctx context.Context, cause error) error {
	if r.session == nil || errors.Is(cause, firmware.ErrNotNeeded) {
		return cause
	}
	if ctx.Err() != nil { // a node that takes it up again needs to know what was stopped, and does
		return cause
	}
	if errors.Is(cause, firmware.ErrCancelled) {
		if _, err := r.command(ctx, "rm -f "+r.path); err != nil {
			return cause
		}
	}
	if r.state.Stopped && (errors.Is(cause, firmware.ErrCancelled) || errors.Is(cause, errTest)) {
		if err := r.t.Log(ctx, "Starting non critical services again..."); err != nil {
			return err
		}
		if r.services(ctx, "start") != nil {
			return cause // the device is gone
		}
	}
	if errors.Is(cause, errTest) {
		return firmware.ErrAborted
	}
	return cause
}

// errTest: the device refused the image.
var errTest = errors.New("the image test failed")

// prepare does everything up to flashing; it leaves a session open unless it could
// not be opened.
func (r *run) prepare(ctx context.Context) error {
	if err := r.connect(ctx, true); err != nil {
		return err
	}
	if err := r.say(ctx, 10, "Connection successful, starting upgrade..."); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.identify, r.compare, r.memory, r.upload, r.test} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// say writes lines and then how far it is.
func (r *run) say(ctx context.Context, progress int, lines ...string) error {
	if len(lines) > 0 {
		if err := r.t.Log(ctx, lines...); err != nil {
			return err
		}
	}
	return r.t.Step(ctx, progress)
}

// identify asks the device for its id (additions F-6).
func (r *run) identify(ctx context.Context) error {
	if r.o.NoIdentity {
		return nil
	}
	text, err := r.command(ctx, "uci get openwisp.http.uuid", 0, 1)
	if err != nil {
		return err
	}
	d, err := r.t.Device(ctx)
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	id, err := wispwright.ParseID(text)
	line := "Device identity verified successfully"
	switch {
	case text == "" || strings.Contains(text, "Entry not found"):
		line = "Could not read device UUID from configuration"
	case err != nil || id != d.ID:
		line = fmt.Sprintf("Device UUID mismatch: expected %s, found %s in device configuration", d.ID, text)
	default:
		return r.say(ctx, 15, line)
	}
	if err := r.t.Log(ctx, line); err != nil {
		return err
	}
	return firmware.ErrAborted
}

// compare looks whether the device has the image already.
func (r *run) compare(ctx context.Context) error {
	exit, _, err := r.exec(ctx, r.o.CommandTimeout, "test -f "+r.o.ChecksumFile, 0, 1)
	if err != nil {
		return err
	}
	if exit == 1 {
		return r.say(ctx, 20, "Image checksum file not found, proceeding with the upload of the new image...")
	}
	if err := r.t.Log(ctx, "Image checksum file found"); err != nil {
		return err
	}
	text, err := r.command(ctx, "cat "+r.o.ChecksumFile)
	if err != nil {
		return err
	}
	image, _ := r.t.Image()
	if strings.TrimSpace(text) != image.Checksum {
		return r.say(ctx, 20, "Checksum different, proceeding with the upload of the new image...")
	}
	if err := r.say(ctx, 100, "Firmware already upgraded previously. Identical checksum found in the filesystem, upgrade not needed."); err != nil {
		return err
	}
	return firmware.ErrNotNeeded
}

// upload brings the image to the device: it gets it by itself, or it is sent as a
// stream.
func (r *run) upload(ctx context.Context) error {
	switch done, err := r.pull(ctx); {
	case err != nil:
		return err
	case done:
		return r.t.Step(ctx, 50)
	}
	image, _ := r.t.Image()
	file, err := r.t.Open(ctx)
	if err != nil {
		return err
	}
	err = r.session.Upload(ctx, r.path, 0o600, image.Size, file)
	_ = file.Close() // it was only read
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &firmware.RecoverableError{Cause: err.Error()}
	}
	return r.t.Step(ctx, 50)
}

// test lets the device look at the image.
func (r *run) test(ctx context.Context) error {
	if r.legacy {
		help, err := r.command(ctx, "/sbin/sysupgrade --help", 0, 1)
		if err != nil {
			return err
		}
		if strings.Contains(help, "Usage:") && !strings.Contains(help, "--test") {
			return r.t.Log(ctx, "The image cannot be tested on this device, skipping the test.")
		}
	}
	_, err := r.command(ctx, "/sbin/sysupgrade --test "+r.path)
	var refused *exitError
	if errors.As(err, &refused) {
		if err := r.t.Log(ctx, refused.text); err != nil {
			return err
		}
		return errTest
	}
	if err != nil {
		return err
	}
	return r.say(ctx, 60, "Sysupgrade test passed successfully, proceeding with the upgrade operation...")
}
