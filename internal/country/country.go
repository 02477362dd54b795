//go:build linux

// Package country makes a small network of namespaces, from which nothing of the
// machine's own network can be reached or harmed: an installation in the middle, hosts
// and devices around it. Demo and tests play networks in it.
package country

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Middle is the address of the process that made the country; every place reaches it.
const Middle = "10.250.0.1"

// Missing names what the machine lacks for a country in which these programs run, "" if
// it has all.
func Missing(programs ...string) string {
	if os.Geteuid() != 0 {
		return "the rights of root"
	}
	for _, name := range append([]string{"ip", "mount", "ping"}, programs...) {
		if _, err := exec.LookPath(name); err != nil {
			return "the program " + name
		}
	}
	return ""
}

// Enter is a command that runs in namespaces of its own, of processes, mounts and the
// network: it calls Prepare first. What it starts ends with it.
func Enter(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Prepare lays out the namespaces of a process that was entered: loopback, /proc, places
// of their own for the names of namespaces and the sockets of WireGuard.
func Prepare() error {
	if os.Getpid() != 1 {
		return errors.New("country: the process was not entered")
	}
	return Run("mount --make-rprivate /", "mount -t proc none /proc", "ip link set lo up", "mkdir -p /run/netns /run/wireguard",
		"mount -t tmpfs none /run/netns", "mount -t tmpfs none /run/wireguard")
}

// Country is a network around the process that made it.
type Country struct{ dir string }

// New makes a country in namespaces that were prepared: this process gets the address
// Middle, files go below dir.
func New(dir string) (*Country, error) {
	return &Country{dir}, Run("ip link add br0 type bridge", "ip addr add "+Middle+"/24 dev br0", "ip link set br0 up")
}

// Place adds a namespace with the address 10.250.0.n, whose link has the MAC address
// 02:00:00:00:01:n.
func (*Country) Place(name string, n int) error {
	return Run("ip netns add "+name, fmt.Sprintf("ip link add v-%s type veth peer name eth0 address 02:00:00:00:01:%02x netns %s", name, n, name),
		fmt.Sprintf("ip link set v-%s master br0 up", name), "ip netns exec "+name+" ip link set lo up",
		fmt.Sprintf("ip netns exec %s sh -c 'ip addr add 10.250.0.%d/24 dev eth0 && ip link set eth0 up'", name, n))
}

// Command is a line of shell in a place, with sockets of WireGuard of its own.
func (c *Country) Command(place, line string) *exec.Cmd {
	sockets := filepath.Join(c.dir, "sockets-"+place)
	_ = os.MkdirAll(sockets, 0o755) // the command says if it is not there
	return exec.Command("ip", "netns", "exec", place, "sh", "-c", "mount --bind '"+sockets+"' /run/wireguard && "+line)
}

// Reaches reports whether a ping crosses from a place to an address.
func Reaches(ctx context.Context, place, address string) bool {
	return exec.CommandContext(ctx, "ip", "netns", "exec", place, "ping", "-n", "-c", "1", "-W", "1", address).Run() == nil
}

// Run runs lines of shell and stops at the first that fails.
func Run(lines ...string) error {
	for _, line := range lines {
		if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	return nil
}
