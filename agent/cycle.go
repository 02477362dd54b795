package agent

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Cycle asks whether the configuration changed and applies the new one (§3,
// §5). An error ends the agent: the context's, an *ExitError, or
// ErrDeleted.
func (a *Agent) Cycle(ctx context.Context) error {
	changed, err := a.configurationChanged(ctx)
	if err != nil || !changed {
		return err
	}
	return a.updateConfiguration(ctx)
}

// configurationChanged compares the controller's checksum with the last one
// (§4.4).
func (a *Agent) configurationChanged(ctx context.Context) (bool, error) {
	missing := 0
	sum := ""
	ok, err := a.retry(ctx, func() (bool, error) {
		var err error
		sum, err = a.client.Checksum(ctx, a.creds, a.ip)
		var transport *TransportError
		var status *StatusError
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err == nil && sum != "":
			return true, nil
		case errors.As(err, &transport):
			a.connectError("while getting checksum", err)
		case errors.Is(err, ErrNoHeader):
			return false, a.missingHeader()
		case errors.As(err, &status) && status.Code == http.StatusNotFound:
			a.log.Warning("Failed to retrieve checksum: 404 Not Found")
			if missing++; missing >= a.o.ChecksumMaxRetries {
				a.log.Err("Giving up and shutting down: the device may have been deleted from OpenWISP Controller")
				return false, ErrDeleted
			}
			a.log.Err("Failed to retrieve checksum: %s", status.Line)
			return false, a.d.Clock.Sleep(ctx, a.o.ChecksumRetryDelay)
		case err == nil:
			a.log.Err("Failed to retrieve checksum: the answer is empty")
		default:
			a.log.Err("Failed to retrieve checksum: %s", describe(err))
		}
		return false, nil
	})
	switch {
	case err != nil || !ok:
		return false, err
	case sum != a.checksum:
		a.log.Info("Local configuration outdated")
	case a.due(sum):
		a.log.Info("Trying again the configuration that could not be applied")
	default:
		return false, nil
	}
	a.checksum = sum
	return true, nil
}

// download fetches the archive and checks it (§4.5). Without one the checksum
// is forgotten, so that the next cycle tries again.
func (a *Agent) download(ctx context.Context) ([]byte, error) {
	var archive []byte
	ok, err := a.retry(ctx, func() (bool, error) {
		a.log.Info("Downloading configuration from controller...")
		var err error
		archive, err = a.client.Download(ctx, a.creds, a.ip)
		var status *StatusError
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err == nil:
			return true, nil
		case errors.As(err, &status):
			a.log.Err("Failed to connect to controller while downloading new config: curl exit code 22")
		default:
			a.connectError("while downloading new config", err)
		}
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	remote := a.checksum
	if !ok {
		a.log.Err("Failed to download configuration from controller, giving up!")
		a.checksum = ""
		return nil, nil
	}
	sum := md5.Sum(archive)
	if local := hex.EncodeToString(sum[:]); local != remote {
		a.log.Err("Configuration checksum mismatch! Local: %s, Remote: %s", local, remote)
		a.checksum = ""
		return nil, nil
	}
	return archive, nil
}

// updateConfiguration downloads, applies, tests and reports (§5).
func (a *Agent) updateConfiguration(ctx context.Context) error {
	archive, err := a.download(ctx)
	if err != nil || archive == nil {
		return err
	}
	a.log.Info("Configuration downloaded, now applying it...")
	a.log.Mark()
	got, err := a.attempt(ctx, archive)
	if err != nil {
		return err
	}
	status, reason := ReportError, ""
	switch {
	case got.ok && len(got.left) > 0:
		// the controller must learn that not all of it is in force
		a.log.Err("Configuration applied, but not to the local files that cannot be read: %s", strings.Join(got.left, ", "))
		reason = a.log.Since()
		a.filesLeft(got.left)
	case got.ok:
		status = ReportApplied
		a.again = again{}
		a.log.Info("Configuration applied successfully")
		a.event(ctx, EventConfigApplied)
		if err := a.d.Store.SetChecksum(a.checksum); err != nil {
			a.log.Err("Could not save the checksum: %v", err)
		}
	default:
		reason = a.log.Since()
	}
	reported, away, err := a.report(ctx, status, reason)
	if err == nil && reported && got.unreachable {
		a.connectivityLost(away)
	}
	if err == nil && !reported {
		// the same configuration is applied and reported again in the next cycle
		a.checksum = ""
		if err := a.d.Store.SetChecksum(""); err != nil {
			a.log.Err("Could not remove the saved checksum: %v", err)
		}
	}
	return err
}

// attempt tries an archive, unless it was the end of the device too often.
func (a *Agent) attempt(ctx context.Context, archive []byte) (outcome, error) {
	before := a.interruptions(a.checksum)
	if before >= maxInterruptions {
		a.log.Crit("The application of this configuration was interrupted %d times, it is not tried again", before)
		return outcome{}, nil
	}
	a.recover(ctx) // of an update that could not be undone before
	a.prepare()
	a.mark(applyingMarker)
	a.setInterruptions(a.checksum, before+1)
	got, err := a.try(ctx, archive)
	if err != nil {
		// being told to stop is no interruption
		a.setInterruptions(a.checksum, before)
	} else {
		a.setInterruptions(a.checksum, 0)
	}
	if removeErr := a.d.Tree.remove(applyingMarker); removeErr != nil {
		a.log.Warning("Could not remove %s: %v", applyingMarker, removeErr)
	}
	return got, err
}

// outcome is how the trial of a configuration ended.
type outcome struct {
	// ok means that it is in force, but for the files in left
	ok   bool
	left []string
	// unreachable means that it was undone for nothing but the lack of an answer
	// of the controller
	unreachable bool
}

// applyingMarker makes the init script wait with a reload.
const applyingMarker = volatileDir + "/applying_conf"

// prepare readies the device's own configuration: it names sections, which must
// not look like a change to services, and removes the default wifi, which must.
func (a *Agent) prepare() {
	renamed, err := a.d.Applier.Prepare()
	if err != nil {
		a.log.Err("%v", err)
	}
	if len(renamed) > 0 {
		a.log.Info("The following uci configs have been renamed: %s", strings.Join(renamed, ", "))
	}
	now, err := takeSnapshot(a.d.Tree)
	if err != nil {
		a.log.Err("Could not find out what is loaded: %v", err)
		now = snapshot{}
	}
	a.remember(now)
	if err := a.d.Applier.RemoveDefaultWifi(); err != nil {
		a.log.Err("%v", err)
	}
}

// try applies and tests an archive; what does not work is undone. An error is
// the end of the context: the agent must stop, and has undone the trial.
func (a *Agent) try(ctx context.Context, archive []byte) (outcome, error) {
	applied, err := a.d.Applier.Apply(archive)
	if err != nil {
		a.log.Crit("Could not apply configuration, openwisp-update-config exit code was %d", UpdaterExit(err))
		a.log.Crit("%v", err)
		var invalid *InvalidFileError
		if errors.As(err, &invalid) {
			a.log.detail("%v", invalid.Err)
		}
		return outcome{}, a.restore(ctx, nil)
	}
	a.event(ctx, EventPreReload)
	a.hook(ctx, "pre-reload-hook", a.o.PreReloadHook)
	a.reload(ctx)
	ok := a.d.Clock.Sleep(ctx, a.o.PostReloadDelay) == nil
	if ok {
		a.event(ctx, EventPostReload)
		a.hook(ctx, "post-reload-hook", a.o.PostReloadHook)
		ok = !a.o.TestConfig || a.test(ctx)
	}
	if ok && ctx.Err() == nil {
		if err := applied.Commit(); err != nil {
			a.log.Crit("Could not complete the new configuration: %v", err)
			return outcome{}, a.restore(ctx, applied)
		}
		return outcome{ok: true, left: applied.Left()}, nil
	}
	if ctx.Err() != nil {
		a.log.Warning("Stopping while a configuration is tried, restoring the previous one")
		// procd waits a few seconds before it kills: no pauses, no hooks
		a.undo(applied)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		a.reload(last)
		return outcome{}, ctx.Err()
	}
	return outcome{unreachable: a.o.TestScript == ""}, a.restore(ctx, applied)
}

// stopLimit bounds what is done after the agent was told to stop.
const stopLimit = 3 * time.Second

// undo brings the previous configuration back and reports whether it is.
func (a *Agent) undo(applied Applied) bool {
	if applied == nil {
		return true
	}
	err := applied.Rollback()
	if err != nil {
		a.log.Crit("Could not restore the previous configuration, trying again at the next start: %v", err)
	}
	return err == nil
}

// restore brings the previous configuration back (§5). Without an update there
// is nothing to undo, but services may have to learn of what prepare did.
func (a *Agent) restore(ctx context.Context, applied Applied) error {
	undone := a.undo(applied)
	a.hook(ctx, "pre-reload-hook", a.o.PreReloadHook)
	a.reload(ctx)
	if err := a.d.Clock.Sleep(ctx, a.o.PostReloadDelay); err != nil {
		return err
	}
	a.hook(ctx, "post-reload-hook", a.o.PostReloadHook)
	if undone {
		a.log.Info("The most recent configuration backup was restored")
		a.event(ctx, EventConfigRestored)
	}
	return ctx.Err()
}

// test finds out whether the device still works as it should (§5).
func (a *Agent) test(ctx context.Context) bool {
	a.log.Info("Testing configuration...")
	ok := false
	if a.o.TestScript != "" {
		ok = runner{tree: a.d.Tree}.run(ctx, nil, a.o.TestScript) == nil
	} else {
		ok = a.reach(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return false
	case ok:
		a.log.Info("Configuration test succeeded")
	default:
		a.log.Err("Configuration test failed! Restoring previous backup")
	}
	return ok
}

// reach is the built-in test: any answer of the controller will do.
func (a *Agent) reach(ctx context.Context) bool {
	for i := range a.o.TestRetries {
		err := a.client.Reach(ctx, a.creds, a.ip)
		var transport *TransportError
		if !errors.As(err, &transport) {
			var status *StatusError
			if errors.As(err, &status) {
				a.log.Warning("Configuration test: the controller can be reached, but answers %s", status.Line)
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		a.log.Warning("Configuration test failed (attempt %d)", i+1)
		if a.d.Clock.Sleep(ctx, time.Duration(a.d.Random(testPauseMin, testPauseMax))*time.Second) != nil {
			return false
		}
	}
	return false
}

// report tells the controller the outcome (§4.6). It also tells whether the
// controller could not be reached at first.
func (a *Agent) report(ctx context.Context, status, reason string) (reported, away bool, err error) {
	reported, err = a.retry(ctx, func() (bool, error) {
		err := a.client.ReportStatus(ctx, a.creds, status, reason)
		var transport *TransportError
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err == nil:
			return true, nil
		case errors.As(err, &transport):
			away = true
			a.connectError("during report-status", err)
		case errors.Is(err, ErrNoHeader):
			return false, a.missingHeader()
		default:
			a.log.Err("Failed to report status: %s", describe(err))
		}
		return false, nil
	})
	return reported, away, err
}
