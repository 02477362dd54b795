package vpnhost

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// WireGuard runs WireGuard interfaces, and virtual networks (VXLAN) over them. The
// zero value is ready; it needs the right to set up networks (CAP_NET_ADMIN).
//
// Where the kernel has no WireGuard, or UserSpace says so, the packets are handled in
// this process, or in a wireguard-go that was started before.
type WireGuard struct {
	// UserSpace does not ask the kernel.
	UserSpace bool
	// Program is a wireguard-go that goes on when this process ends. Default: none,
	// interfaces in user space are this process's.
	Program string
	// Bridge is the name of a bridge that all virtual networks become ports of; empty:
	// none.
	Bridge string
	// Forward lets the kernel pass on what comes out of a tunnel: peers reach each other,
	// and what else this host has routes to.
	Forward bool
	// Commands lets configurations run commands (PostUp and the like). Default: they
	// are passed over with a warning, since a user who may change the server's
	// configuration would be root here.
	Commands bool
	// Log hears of what is passed over. Default: slog.Default().
	Log *slog.Logger

	mu    sync.Mutex
	local map[string]*userDevice
}

var _ Driver = (*WireGuard)(nil)

// Runs implements Driver.
func (w *WireGuard) Runs(b *Bundle) bool { return isWireguard(b.Main) }

// Closing returns an error if interfaces end with this process: it is for programs
// that leave what they set up.
func (w *WireGuard) Closing() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.local) == 0 {
		return nil
	}
	return errors.New("the kernel has no WireGuard, and its interfaces end with this process: let it run, or install wireguard-go")
}

func (w *WireGuard) log() *slog.Logger {
	if w.Log == nil {
		return slog.Default()
	}
	return w.Log
}

// session is how long a handshake of WireGuard is good for.
const session = 180 * time.Second

// peersOf are the peers of a device that were connected once.
func peersOf(d *wgtypes.Device, now time.Time) []Peer {
	var out []Peer
	for i := range d.Peers {
		p := &d.Peers[i]
		if p.LastHandshakeTime.IsZero() || p.LastHandshakeTime.Unix() == 0 {
			continue
		}
		peer := Peer{
			PublicKey: p.PublicKey.String(), Seen: p.LastHandshakeTime.UTC(), Connected: now.Sub(p.LastHandshakeTime) < session,
			Received: p.ReceiveBytes, Sent: p.TransmitBytes,
		}
		if len(p.AllowedIPs) > 0 {
			peer.Address = toPrefix(p.AllowedIPs[0]).Addr().String()
		}
		if p.Endpoint != nil {
			peer.Endpoint = p.Endpoint.String()
		}
		out = append(out, peer)
	}
	return out
}
