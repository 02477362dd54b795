package vpnhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/ipc"
	"golang.zx2c4.com/wireguard/tun"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// userDevice is an interface whose packets this process handles. It is configured as
// others are, by the socket that wg(8) knows.
type userDevice struct {
	device   *device.Device
	listener net.Listener
}

// userSpace makes an interface without the kernel's WireGuard.
func (w *WireGuard) userSpace(ctx context.Context, name string) error {
	if w.Program != "" {
		if out, err := exec.CommandContext(ctx, w.Program, name).CombinedOutput(); err != nil { //nolint:gosec // what the option is for
			return fmt.Errorf("%s: %w: %s", w.Program, err, lastLine(out))
		}
		return nil
	}
	link, err := tun.CreateTUN(name, defaultMTU)
	if err != nil {
		return fmt.Errorf("the kernel has no WireGuard, and in user space: %w", err)
	}
	log := w.log().With("interface", name)
	d := device.NewDevice(link, conn.NewDefaultBind(), &device.Logger{
		Verbosef: func(format string, args ...any) { log.Debug(fmt.Sprintf(format, args...)) },
		Errorf:   func(format string, args ...any) { log.Debug(fmt.Sprintf(format, args...)) },
	})
	file, err := ipc.UAPIOpen(name)
	if err != nil {
		d.Close()
		return fmt.Errorf("socket of %s: %w", name, err)
	}
	listener, err := ipc.UAPIListen(name, file)
	if err != nil {
		d.Close()
		return errors.Join(fmt.Errorf("socket of %s: %w", name, err), file.Close())
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			go d.IpcHandle(c)
		}
	}()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.local == nil {
		w.local = map[string]*userDevice{}
	}
	w.local[name] = &userDevice{d, listener}
	return nil
}

// end ends an interface of this process.
func (w *WireGuard) end(name string) {
	w.mu.Lock()
	d := w.local[name]
	delete(w.local, name)
	w.mu.Unlock()
	if d == nil {
		return
	}
	if err := d.listener.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		w.log().Warn("the socket of a WireGuard interface is left", "interface", name, "error", err)
	}
	d.device.Close()
}

// Close ends the interfaces of this process. Those of the kernel and of other programs
// go on.
func (w *WireGuard) Close() error {
	w.mu.Lock()
	names := make([]string, 0, len(w.local))
	for name := range w.local {
		names = append(names, name)
	}
	w.mu.Unlock()
	for _, name := range names {
		w.end(name)
	}
	return nil
}

// deviceConfig is what makes a device the tunnel.
func deviceConfig(d *wgtypes.Device, t *tunnel) wgtypes.Config {
	c := wgtypes.Config{Peers: differing(d.Peers, t.peers)}
	if d.PrivateKey != t.key {
		c.PrivateKey = &t.key
	}
	if d.ListenPort != t.port {
		c.ListenPort = &t.port
	}
	if d.FirewallMark != t.mark {
		c.FirewallMark = &t.mark
	}
	return c
}
