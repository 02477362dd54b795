package monitoring

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
)

// text returns a file's words without what surrounds them, "" when there is none.
func (c *Collector) text(name string) string {
	b, err := c.s.Files.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// linuxSystem fills in what OpenWrt's bus knows elsewhere.
func (c *Collector) linuxSystem(_ context.Context, d *Document) error {
	now := c.s.Now()
	_, offset := now.Zone()
	d.General.LocalTime = now.Unix() + int64(offset)
	if c.s.Hostname != nil {
		d.General.Hostname = c.s.Hostname()
	}
	if first, _, _ := strings.Cut(c.text("/proc/uptime"), " "); first != "" {
		if seconds, err := strconv.ParseFloat(first, 64); err == nil {
			d.General.Uptime = int64(seconds)
		}
	}
	text, err := c.s.Files.ReadFile("/proc/meminfo")
	if err != nil {
		return err
	}
	info := parseMeminfo(string(text))
	if info["MemTotal"] == 0 {
		return fmt.Errorf("/proc/meminfo has no MemTotal")
	}
	d.Resources.Memory = map[string]int64{
		"total": info["MemTotal"], "free": info["MemFree"], "shared": info["Shmem"],
		"buffered": info["Buffers"], "available": available(info), "cached": info["Cached"],
	}
	d.Resources.Swap = map[string]int64{"total": info["SwapTotal"], "free": info["SwapFree"]}
	return nil
}

// parseMeminfo returns the sizes of /proc/meminfo in bytes.
func parseMeminfo(text string) map[string]int64 {
	out := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, ":")
		words := strings.Fields(value)
		if !ok || len(words) == 0 {
			continue
		}
		if n, err := strconv.ParseInt(words[0], 10, 64); err == nil && n >= 0 && n < 1<<50 {
			if len(words) > 1 && words[1] == "kB" {
				n <<= 10
			}
			out[name] = n
		}
	}
	return out
}

// available is the memory that programs may still get; old kernels do not say it.
func available(info map[string]int64) int64 {
	if n, ok := info["MemAvailable"]; ok {
		return n
	}
	return info["MemFree"] + info["Buffers"] + info["Cached"]
}

func (c *Collector) load(d *Document) error {
	words := strings.Fields(c.text("/proc/loadavg"))
	if len(words) < 3 {
		return fmt.Errorf("/proc/loadavg has no three numbers")
	}
	load := make([]float64, 3)
	for i := range load {
		var err error
		if load[i], err = strconv.ParseFloat(words[i], 64); err != nil {
			return fmt.Errorf("/proc/loadavg: %w", err)
		}
	}
	d.Resources.Load = load
	return nil
}

func (c *Collector) processors(d *Document) error {
	d.Resources.CPUs = 1
	text, err := c.s.Files.ReadFile("/proc/cpuinfo")
	if err != nil {
		return err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "processor") {
			n++
		}
	}
	d.Resources.CPUs = max(n, 1)
	return nil
}

func (c *Collector) disks(d *Document) error {
	list, err := c.s.Disks.Disks()
	for _, disk := range list {
		// what lives in memory is no disk, and an overlay is counted below already
		if disk.Filesystem != "tmpfs" && disk.Filesystem != "devtmpfs" && !strings.Contains(disk.Filesystem, "overlayfs") {
			d.Resources.Disks = append(d.Resources.Disks, disk)
		}
	}
	return err
}

// mounts asks the kernel for the sizes of mounted file systems, as df does.
type mounts struct {
	files Files
	path  func(string) (string, error)
}

// Disks returns the file systems that have a size, each device once by its
// shortest mount point.
func (m *mounts) Disks() ([]Disk, error) {
	text, err := m.files.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var out []Disk
	at := map[string]int{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		switch words[2] {
		case "nfs", "nfs4", "cifs", "smb3", "fuse.sshfs":
			continue // another machine's, which may not answer
		}
		device, point := unescapeMount(words[0]), unescapeMount(words[1])
		where, err := m.path(point)
		if err != nil {
			continue
		}
		var s syscall.Statfs_t
		if syscall.Statfs(where, &s) != nil || s.Blocks == 0 {
			continue // pseudo file systems, and those that went away meanwhile
		}
		size := int64(s.Frsize)
		if size == 0 {
			size = int64(s.Bsize)
		}
		used, free := int64(s.Blocks-s.Bfree)*size, int64(s.Bavail)*size
		disk := Disk{Filesystem: device, MountPoint: point, Size: int64(s.Blocks) * size, Used: used, Available: free, UsedPercent: percent(used, free)}
		if i, seen := at[device]; seen && strings.HasPrefix(device, "/") {
			if len(point) < len(out[i].MountPoint) {
				out[i] = disk
			}
			continue
		}
		at[device] = len(out)
		out = append(out, disk)
	}
	return out, nil
}

// percent is df's: of what users could have, rounded up.
func percent(used, free int64) int {
	if used+free <= 0 {
		return 0
	}
	return int((used*100 + used + free - 1) / (used + free))
}

// unescapeMount reads the octal numbers by which the kernel writes spaces.
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// leases reads those that dnsmasq wrote down (§4.2).
func (c *Collector) leases(d *Document) error {
	files := c.s.LeaseFiles
	if c.s.Bus != nil {
		files = nil
		for _, s := range c.uci("dhcp").OfType("dnsmasq") {
			if name := s.Get("leasefile"); name != "" {
				files = append(files, name)
			}
		}
	}
	var failed error
	for _, name := range files {
		text, err := c.s.Files.ReadFile(name)
		if err != nil {
			failed = err
			continue
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) < 5 {
				continue
			}
			expiry, err := strconv.ParseInt(words[0], 10, 64)
			if err != nil || expiry < 0 {
				continue
			}
			if _, err := netip.ParseAddr(words[2]); err != nil {
				continue // the server would refuse the whole document
			}
			d.Leases = append(d.Leases, Lease{Expiry: expiry, MAC: words[1], IP: words[2], ClientName: words[3], ClientID: words[4]})
		}
	}
	return failed
}

// neighbors asks the kernel, and reads the table of ARP where that fails (§4.3).
func (c *Collector) neighbors(d *Document) error {
	if c.s.Kernel != nil {
		list, err := c.s.Kernel.Neighbors()
		if err == nil && len(list) > 0 {
			d.Neighbors = list
			return nil
		}
	}
	text, err := c.s.Files.ReadFile("/proc/net/arp")
	if err != nil {
		return err
	}
	header := true
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if header || len(words) < 6 {
			header = false
			continue
		}
		d.Neighbors = append(d.Neighbors, Neighbor{IP: words[0], MAC: words[3], Interface: words[5]})
	}
	return nil
}
