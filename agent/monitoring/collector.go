package monitoring

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Files are the device's files by their absolute names; a missing one is nil.
type Files interface {
	ReadFile(name string) ([]byte, error)
}

// Bus is ubus. Call decodes the answer into out.
type Bus interface {
	Call(ctx context.Context, object, method string, args map[string]any, out any) error
}

// Kernel is what the kernel knows of networks.
type Kernel interface {
	// Links returns all network devices.
	Links() ([]Link, error)
	// Addresses returns the addresses of all devices.
	Addresses() ([]KernelAddress, error)
	// Neighbors returns the ARP and NDP tables.
	Neighbors() ([]Neighbor, error)
	// Gateways returns the gateway of the IPv4 default route of each device.
	Gateways() (map[string]string, error)
}

// Radios is what the kernel knows of wireless interfaces.
type Radios interface {
	// Radios returns the wireless interfaces by name.
	Radios() (map[string]*Wireless, error)
}

// Disks are the mounted file systems.
type Disks interface {
	Disks() ([]Disk, error)
}

// Command runs a program and returns what it printed.
type Command func(ctx context.Context, name string, args ...string) ([]byte, error)

// Sources are what a Collector asks. Files and Disks are required.
type Sources struct {
	// Files are those of the device.
	Files Files
	// Disks are its file systems.
	Disks Disks
	// Kernel answers for networks; nil: nothing is known of them but what ubus says.
	Kernel Kernel
	// Radios answer for wireless interfaces where iwinfo does not; may be nil.
	Radios Radios
	// Bus is ubus on OpenWrt; nil on any other Linux.
	Bus Bus
	// Run runs mmcli and lldpcli; nil: modems and lldpd are not asked.
	Run Command
	// Now is the time; nil: time.Now.
	Now func() time.Time
	// Hostname is the device's name where ubus does not say it; may be nil.
	Hostname func() string
	// LeaseFiles are those of DHCP servers where UCI does not name them.
	LeaseFiles []string
}

// Collector makes documents. It holds no state between them.
type Collector struct {
	s Sources
	// Failed is told of each source that failed; the document then lacks its part,
	// and is whole otherwise. May be nil.
	Failed func(source string, err error)
}

// NewCollector returns a collector of these sources.
func NewCollector(s Sources) *Collector {
	if s.Now == nil {
		s.Now = time.Now
	}
	return &Collector{s: s}
}

// OnThisMachine returns the sources of a device: those of OpenWrt where there is
// a bus, else those of any Linux. What a sandbox has no file for is the machine's.
func OnThisMachine(tree *agent.Tree) Sources {
	files := fallingBack{tree}
	s := Sources{
		Files: files, Disks: &mounts{files: files, path: tree.Path}, Kernel: netlinkKernel{}, Radios: newNL80211(),
		Run: run, Hostname: (&agent.Device{Tree: tree}).ReadHostname,
		LeaseFiles: []string{"/tmp/dhcp.leases", "/var/lib/misc/dnsmasq.leases"},
	}
	if path, err := exec.LookPath("ubus"); err == nil && tree.Real() {
		s.Bus = ubusCommand{path, run}
	}
	return s
}

// Monitored says of which interfaces the traffic is reported.
type Monitored struct {
	all   bool
	names []string
}

// ParseMonitored reads the option: names separated by spaces, "*" for all,
// nothing for none. Quotes are of no meaning.
func ParseMonitored(v string) Monitored {
	words := strings.Fields(strings.ReplaceAll(v, `"`, ""))
	return Monitored{slices.Contains(words, "*"), words}
}

func (m Monitored) has(name string) bool { return m.all || slices.Contains(m.names, name) }

// Collect makes a document. Sources that fail are left out; an error means that
// none had anything to say or that the context ended.
func (c *Collector) Collect(ctx context.Context, m Monitored) (*Document, error) {
	d := &Document{Type: "DeviceMonitoring", Resources: Resources{Disks: []Disk{}}}
	var errs []error
	part := func(name string, err error) {
		if err == nil {
			return
		}
		errs = append(errs, fmt.Errorf("%s: %w", name, err))
		if c.Failed != nil {
			c.Failed(name, err)
		}
	}
	system, network := c.linuxSystem, c.linuxNetwork
	if c.s.Bus != nil {
		system, network = c.openwrtSystem, c.openwrtNetwork
	}
	part("system", system(ctx, d))
	part("load", c.load(d))
	part("processors", c.processors(d))
	part("disks", c.disks(d))
	part("leases", c.leases(d))
	part("neighbors", c.neighbors(d))
	part("interfaces", network(ctx, d, m))
	part("lldpd", c.lldp(ctx, d))
	if ctx.Err() != nil {
		return nil, fmt.Errorf("collect: %w", ctx.Err())
	}
	if len(errs) > 0 && len(d.Interfaces) == 0 && d.Resources.Memory == nil {
		return nil, fmt.Errorf("collect: %w", errors.Join(errs...))
	}
	slices.SortFunc(d.Interfaces, func(a, b Interface) int { return strings.Compare(a.Name, b.Name) })
	return d, nil
}

// uci returns a UCI package; an empty one when there is none or it cannot be read.
func (c *Collector) uci(name string) *uci.Package {
	text, err := c.s.Files.ReadFile("/etc/config/" + name)
	if err == nil {
		if p, err := uci.Parse(name, text); err == nil {
			return p
		}
	}
	return &uci.Package{}
}

// fallingBack reads a sandbox's files, and the machine's for those it has not.
type fallingBack struct{ tree *agent.Tree }

// ReadFile returns a file's content, nil when there is none.
func (f fallingBack) ReadFile(name string) ([]byte, error) {
	content, err := f.tree.ReadFile(name)
	if content != nil || err != nil || f.tree.Real() || !strings.HasPrefix(name, "/proc/") && !strings.HasPrefix(name, "/sys/") {
		return content, err
	}
	machine, err := agent.NewTree("/")
	if err != nil {
		return nil, err
	}
	return machine.ReadFile(name)
}

const (
	// commandTime bounds a program that is asked.
	commandTime = 20 * time.Second
	// maxCommandOutput bounds what it may print: a radio with hundreds of stations
	// has 100 KiB.
	maxCommandOutput = 4 << 20
)

// run is the Command of this machine.
func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out := &bounded{left: maxCommandOutput}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out.b, nil
}

// bounded is a writer that refuses more than it may hold.
type bounded struct {
	b    []byte
	left int
}

// Write keeps what there is room for.
func (w *bounded) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return 0, errors.New("the output is too long")
	}
	w.left -= len(p)
	w.b = append(w.b, p...)
	return len(p), nil
}
