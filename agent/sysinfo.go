package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Device reads what a device is from its files. In a sandbox the same files
// below its root give each sandbox an identity of its own:
//
//	/sys/class/net/IFACE/address   hardware address (with ifindex for the order)
//	/etc/config/system             host name, else /etc/hostname
//	/tmp/sysinfo/model             model, else the device tree's or DMI's
//	/etc/os-release                operating system, else /etc/openwrt_release
//	/proc/cpuinfo                  system
type Device struct {
	// Tree is the device's file system. Required.
	Tree *Tree
	// Hostname, MAC and Info replace what the files say where not empty.
	Hostname, MAC string
	// Info replaces model, system and operating system where not empty.
	Info Info
}

// text returns a file's content without surrounding blanks; files that cannot
// be read say nothing.
func (d *Device) text(name string) string {
	b, err := d.Tree.ReadFile(name)
	if err != nil {
		return ""
	}
	// device tree strings end with NUL
	return strings.TrimSpace(string(bytes.TrimRight(b, "\x00\n")))
}

// ReadHostname returns the configured host name; "" when there is none.
func (d *Device) ReadHostname() string {
	if d.Hostname != "" {
		return d.Hostname
	}
	if p := readPackage(d.Tree, "system"); p != nil {
		if name := p.Get("@system[0]", "hostname"); name != "" {
			return name
		}
	}
	if name := d.text("/etc/hostname"); name != "" {
		return strings.Fields(name)[0]
	}
	if d.Tree.Real() {
		if name, err := os.Hostname(); err == nil {
			return name
		}
	}
	return ""
}

// readPackage reads a UCI file; nil when it is missing or cannot be read.
func readPackage(t *Tree, name string) *uci.Package {
	text, err := t.ReadFile(path.Join(configDir, name))
	if err != nil || text == nil {
		return nil
	}
	p, err := uci.Parse(name, text)
	if err != nil {
		return nil
	}
	return p
}

const netDir = "/sys/class/net"

// ReadMAC returns the hardware address of an interface in upper case, or of the
// first interface that is neither a loopback nor a tap device when there is no
// such interface (§4.1). It returns "" when no interface has one.
func (d *Device) ReadMAC(iface string) string {
	if d.MAC != "" {
		return strings.ToUpper(d.MAC)
	}
	if !strings.Contains(iface, "/") && iface != "" && d.Tree.exists(path.Join(netDir, iface)) {
		if mac := d.text(path.Join(netDir, iface, "address")); mac != "" {
			return strings.ToUpper(mac)
		}
	}
	for _, name := range d.interfaces() {
		if strings.HasPrefix(name, "lo") || isTap(name) {
			continue
		}
		if mac := d.text(path.Join(netDir, name, "address")); mac != "" && mac != "00:00:00:00:00:00" {
			return strings.ToUpper(mac)
		}
	}
	return ""
}

// interfaces returns the names of the interfaces in the kernel's order.
func (d *Device) interfaces() []string {
	dir, err := d.Tree.Path(netDir)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // no such folder: no interfaces
	}
	type numbered struct {
		name  string
		index int
	}
	var all []numbered
	for _, e := range entries {
		index, err := strconv.Atoi(d.text(path.Join(netDir, e.Name(), "ifindex")))
		if err != nil {
			index = len(entries) // sandboxes need not number them
		}
		all = append(all, numbered{e.Name(), index})
	}
	slices.SortStableFunc(all, func(a, b numbered) int { return a.index - b.index })
	names := make([]string, len(all))
	for i, n := range all {
		names[i] = n.name
	}
	return names
}

func isTap(name string) bool {
	digits, ok := strings.CutPrefix(name, "tap")
	_, err := strconv.Atoi(digits)
	return ok && err == nil
}

// ReadInfo returns model, operating system and system (§4.1).
func (d *Device) ReadInfo(ctx context.Context) Info {
	i := d.Info
	board := struct {
		System  string
		Release struct{ Description string }
	}{}
	if d.Tree.Real() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		// absent on other systems, whose files say the same below
		if out, err := exec.CommandContext(ctx, "ubus", "call", "system", "board").Output(); err == nil {
			// whatever is missing comes from the files
			if json.Unmarshal(out, &board) != nil {
				board.System, board.Release.Description = "", ""
			}
		}
	}
	for _, name := range []string{"/tmp/sysinfo/model", "/proc/device-tree/model", "/sys/class/dmi/id/product_name"} {
		if i.Model == "" {
			i.Model = d.text(name)
		}
	}
	if i.OS == "" {
		i.OS = board.Release.Description
	}
	for _, key := range []string{"OPENWRT_RELEASE", "DISTRIB_DESCRIPTION", "PRETTY_NAME"} {
		for _, name := range []string{"/etc/os-release", "/etc/openwrt_release"} {
			if i.OS == "" {
				i.OS = shellValue(d.text(name), key)
			}
		}
	}
	if i.System == "" {
		i.System = board.System
	}
	for _, key := range []string{"system type", "model name", "Hardware", "uarch", "Model"} {
		if i.System == "" {
			i.System = cpuValue(d.text("/proc/cpuinfo"), key)
		}
	}
	return i
}

// shellValue finds KEY="value" in a file of shell assignments.
func shellValue(text, key string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), key+"="); ok {
			return strings.Trim(value, `"'`)
		}
	}
	return ""
}

// cpuValue finds "key : value" in /proc/cpuinfo.
func cpuValue(text, key string) string {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
