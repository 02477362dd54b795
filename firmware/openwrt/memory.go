package openwrt

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright/firmware"
)

// memory looks for room for the image, and stops services where there is none
// (spec: firmware §4.1).
func (r *run) memory(ctx context.Context) error {
	image, _ := r.t.Image()
	free, err := r.free(ctx)
	if err != nil {
		return err
	}
	if image.Size < free {
		return nil
	}
	if err := r.t.Log(ctx,
		fmt.Sprintf("The image size (%s MiB) is greater than the available memory on the system (%s MiB).", mebibytes(image.Size), mebibytes(free)),
		"For this reason the upgrade procedure will try to free up memory by stopping non critical services.",
		"WARNING: it is recommended to reboot the device if the upgrade fails unexpectedly because these services will not be restarted automatically.",
		`NOTE: The reboot can be avoided if the status of the upgrade becomes "aborted" because in this case the system will restart the services automatically.`); err != nil {
		return err
	}
	r.state.Stopped = true
	if err := r.t.Remember(ctx, r.state); err != nil {
		return err
	}
	if err := r.services(ctx, "stop"); err != nil {
		return err
	}
	if free, err = r.free(ctx); err != nil {
		return err
	}
	if image.Size < free {
		return r.t.Log(ctx, fmt.Sprintf("Enough available memory was freed up on the system (%s MiB)!", mebibytes(free)), "Proceeding to upload of the image file...")
	}
	if err := r.t.Log(ctx, fmt.Sprintf("There is still not enough available memory on the system (%s MiB).", mebibytes(free)), "Starting non critical services again..."); err != nil {
		return err
	}
	if err := r.services(ctx, "start"); err != nil {
		return err
	}
	r.state.Stopped = false
	if err := r.t.Log(ctx, "Non critical services started, aborting upgrade."); err != nil {
		return err
	}
	return firmware.ErrAborted
}

// services starts or stops what a device can do without for a while. What fails is
// left as it is; an error says that the device is gone.
func (r *run) services(ctx context.Context, action string) error {
	for _, s := range r.o.Services {
		if err := r.anyway(ctx, fmt.Sprintf("test -f /etc/init.d/%s && /etc/init.d/%s %s", s, s, action)); err != nil {
			return err
		}
	}
	wifi := "down"
	if action == "start" {
		wifi = "up"
	}
	return r.anyway(ctx, "test -f /sbin/wifi && /sbin/wifi "+wifi)
}

// free makes room and returns how much there is, in bytes.
func (r *run) free(ctx context.Context) (int64, error) {
	for _, line := range []string{"rm -rf /tmp/opkg-lists/", "sync && echo 3 > /proc/sys/vm/drop_caches"} {
		if _, err := r.command(ctx, line); err != nil {
			return 0, err
		}
	}
	exit, text, err := r.exec(ctx, r.o.CommandTimeout, "cat /proc/meminfo | grep MemAvailable", 0, 1)
	if err == nil && exit == 1 {
		text, err = r.command(ctx, "cat /proc/meminfo | grep MemFree")
	}
	if err != nil {
		return 0, err
	}
	words := strings.Fields(text)
	if len(words) < 2 {
		return 0, fmt.Errorf("the device does not say how much memory is free: %q", text)
	}
	kilobytes, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the device does not say how much memory is free: %q", text)
	}
	return kilobytes * 1024, nil
}

// mebibytes writes a size as clients know it: at most two decimals, and one at least
// unless it is nothing.
func mebibytes(bytes int64) string {
	if bytes == 0 {
		return "0"
	}
	text := strconv.FormatFloat(math.Round(float64(bytes)/(1<<20)*100)/100, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
