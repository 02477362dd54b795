package openwrt

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/wispwright/wispwright/firmware"
)

// falseAlarm matches what sysupgrade says of itself when it has begun: it is no
// failure (spec: firmware §4.1).
const falseAlarm = `Command failed: ubus call system sysupgrade \{ "prefix": "\\/tmp\\/root", "path": "[^"]*", ("backup": "\\/tmp\\/sysupgrade\.tgz", )?"command": "\\/lib\\/upgrade\\/do_stage2", "options": \{ "save_partitions": 1 \} \}`

// flash begins what cannot be undone.
func (r *run) flash(ctx context.Context) error {
	r.close()
	if err := r.t.Log(ctx, "Upgrade operation in progress..."); err != nil {
		return err
	}
	if err := r.connect(ctx, true); err != nil {
		var unreachable *firmware.UnreachableError
		if errors.As(err, &unreachable) {
			return &firmware.RecoverableError{Cause: err.Error()} // nothing was flashed
		}
		return err
	}
	if err := r.look(ctx); err != nil {
		return r.giveUp(ctx, err)
	}
	if _, err := r.command(ctx, "rm /etc/openwisp/checksum 2> /dev/null", 0, 1, noStatus); err != nil {
		return r.giveUp(ctx, err)
	}
	line := "/sbin/sysupgrade -v" + flags(r.t.Options()) + " " + r.path
	if r.legacy {
		if _, err := r.command(ctx, "printf '/etc/config/network\\n/etc/dropbear/dropbear_rsa_host_key\\n' >> /etc/sysupgrade.conf"); err != nil {
			return r.giveUp(ctx, err)
		}
		line = "/sbin/sysupgrade -c -n " + r.path
	}
	image, _ := r.t.Image()
	r.state.Checksum = image.Checksum
	if err := r.t.Flash(ctx, 65, r.state); err != nil {
		return r.giveUp(ctx, err)
	}
	_, text, err := r.exec(ctx, r.o.UpgradeTimeout, line, 0, noStatus, bySignal, bySignal+9, bySignal+15)
	r.close()
	var failed *exitError
	switch {
	case errors.As(err, &failed) && regexp.MustCompile(falseAlarm).MatchString(failed.text):
	case err != nil:
		return err
	default:
		if err := r.t.Log(ctx, text); err != nil {
			return err
		}
	}
	delay := fmt.Sprint(int(r.o.ReconnectDelay.Seconds()))
	if err := r.t.Log(ctx, "SSH connection closed, will wait "+delay+" seconds before attempting to reconnect..."); err != nil {
		return err
	}
	if err := r.o.Wait(ctx, r.o.ReconnectDelay); err != nil {
		return err
	}
	return r.reconnect(ctx)
}

// bySignal is the exit of a command that a signal ended, and more than that by the
// signal's number: sysupgrade ends everything that runs, the shell that it was called
// from too. What came of it is looked at afterwards.
const bySignal = 128

// What the device says of the boot and the system it runs.
const (
	bootIDLine = "cat /proc/sys/kernel/random/boot_id"
	systemLine = `. /etc/openwrt_release && echo "$DISTRIB_DESCRIPTION"`
)

// look keeps what the device is before it is flashed.
func (r *run) look(ctx context.Context) (err error) {
	if r.o.NoVerify {
		return nil
	}
	r.state.BootID, r.state.System, err = r.running(ctx)
	return err
}

// running asks which boot and which system the device runs; what it does not say is
// empty.
func (r *run) running(ctx context.Context) (bootID, system string, err error) {
	said := make([]string, 2)
	for i, line := range []string{bootIDLine, systemLine} {
		text, err := r.command(ctx, line)
		var failed *exitError
		if err != nil && !errors.As(err, &failed) {
			return "", "", err
		}
		if err == nil {
			said[i] = strings.TrimSpace(text)
		}
	}
	return said[0], said[1], nil
}

// The reasons why an upgrade fails at its end.
const givingUp = "Giving up, device not reachable anymore after upgrade"

var errNotRebooted = errors.New("The device did not reboot: the image was not flashed.") //nolint:staticcheck // a line for people

// reconnect waits for the device and looks whether it runs the image.
func (r *run) reconnect(ctx context.Context) error {
	var last error = &firmware.LostError{Reason: givingUp}
	for attempt := 1; attempt <= r.o.Retries; attempt++ {
		d, err := r.t.Device(ctx)
		if err != nil {
			return err
		}
		var at []string
		for _, a := range d.Addresses {
			at = append(at, a.String())
		}
		failed := r.connect(ctx, false)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.t.Log(ctx, fmt.Sprintf("Trying to reconnect to device at %s (attempt n.%d)...", strings.Join(at, ", "), attempt)); err != nil {
			return err
		}
		reason := "connection failed"
		var unreachable *firmware.UnreachableError
		if failed == nil {
			done, err := r.persist(ctx)
			r.close()
			var recoverable *firmware.RecoverableError
			switch {
			case err == nil && done:
				return r.say(ctx, 100, "Upgrade completed successfully.")
			case err == nil:
				last = errNotRebooted
				reason = "it did not reboot"
			case errors.As(err, &recoverable):
				reason = recoverable.Cause
			default:
				return err
			}
		} else if !errors.As(failed, &unreachable) {
			return failed
		} else {
			last = &firmware.LostError{Reason: givingUp}
		}
		if err := r.t.Log(ctx, "Device not reachable yet, ("+reason+").", fmt.Sprintf("retrying in %d seconds...", int(r.o.RetryDelay.Seconds()))); err != nil {
			return err
		}
		if err := r.o.Wait(ctx, r.o.RetryDelay); err != nil {
			return err
		}
	}
	if r.resumed && errors.Is(last, errNotRebooted) {
		if err := r.disarm(ctx); err != nil {
			return err
		}
		return &firmware.RecoverableError{Cause: strings.TrimSuffix(errNotRebooted.Error(), "."), NotFlashed: true} // nobody told it to
	}
	return last
}

// disarm takes the image away from a process that was taken for dead and may still
// be about to flash it: the next attempt has another name for it.
func (r *run) disarm(ctx context.Context) error {
	if err := r.connect(ctx, false); err != nil {
		return err
	}
	defer r.close()
	if _, err := r.command(ctx, "rm -f "+r.path); err != nil {
		return err
	}
	r.state.Anew++
	return r.t.Remember(ctx, r.state)
}

// persist looks at the device that is there again, and lets it keep which image it
// has. It is not done when the device did not reboot yet.
func (r *run) persist(ctx context.Context) (done bool, err error) {
	if !r.o.NoVerify && r.state.BootID != "" {
		bootID, system, err := r.running(ctx)
		if err != nil {
			return false, err
		}
		if bootID == r.state.BootID {
			return false, nil
		}
		if err := r.verify(ctx, system); err != nil {
			return false, err
		}
	}
	if err := r.say(ctx, 90, "Connected! Writing checksum file to "+r.o.ChecksumFile); err != nil {
		return false, err
	}
	checksum := r.state.Checksum
	if image, _ := r.t.Image(); checksum == "" { // noted by an earlier version
		checksum = image.Checksum
	}
	folder := r.o.ChecksumFile[:strings.LastIndexByte(r.o.ChecksumFile, '/')]
	for _, line := range []string{"mkdir -p " + folder, "echo " + checksum + " > " + r.o.ChecksumFile} {
		if _, err := r.command(ctx, line); err != nil {
			return false, err
		}
	}
	return true, nil
}

// verify holds the system that the device runs against that of the build. A device
// that came back with the one it had is not upgraded.
func (r *run) verify(ctx context.Context, system string) error {
	_, wanted := r.t.Image()
	switch {
	case wanted == "" || system == "" || system == wanted:
		return nil
	case system == r.state.System:
		return fmt.Errorf("The device rebooted into the system it had: %s.", system) //nolint:staticcheck // a line for people
	}
	return r.t.Log(ctx, fmt.Sprintf("WARNING: the device says that it runs %q, the build says %q.", system, wanted))
}
