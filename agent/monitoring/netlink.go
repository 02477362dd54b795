package monitoring

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// Link is a network device as the kernel has it.
type Link struct {
	Name string
	// Kind is the kernel's: "bridge", "vlan", "wireguard", "tun"; "device" for hardware.
	Kind                    string
	MAC                     string
	Up, Multicast, Loopback bool
	TxQueueLen, MTU         int
	// Index is the device's number, Master that of the bridge it belongs to, 0 for none.
	Index, Master int
	// Statistics are its counters.
	Statistics map[string]uint64
}

// KernelAddress is an address of a device.
type KernelAddress struct {
	// Link is the device's name.
	Link string
	// Prefix is the address with the length of its network.
	Prefix netip.Prefix
	// Permanent addresses were set by somebody; others run out, as those of DHCP do.
	Permanent bool
}

// netlinkKernel asks the kernel of this machine.
type netlinkKernel struct{}

// dump repeats a question whose answer changed while it was given; what there is
// after some tries is good enough.
func dump[T any](ask func() ([]T, error)) ([]T, error) {
	var list []T
	var err error
	for range 4 {
		list, err = ask()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			return list, err
		}
	}
	return list, nil
}

// Links returns all network devices.
func (netlinkKernel) Links() ([]Link, error) {
	list, err := dump(netlink.LinkList)
	if err != nil {
		return nil, err
	}
	out := make([]Link, 0, len(list))
	for _, l := range list {
		a := l.Attrs()
		out = append(out, Link{
			Name: a.Name, Kind: l.Type(), MAC: a.HardwareAddr.String(),
			Up: a.Flags&net.FlagUp != 0, Multicast: a.Flags&net.FlagMulticast != 0, Loopback: a.Flags&net.FlagLoopback != 0,
			TxQueueLen: max(a.TxQLen, 0), MTU: a.MTU, Index: a.Index, Master: a.MasterIndex, Statistics: counters(a.Statistics),
		})
	}
	return out, nil
}

func counters(s *netlink.LinkStatistics) map[string]uint64 {
	if s == nil {
		return nil
	}
	return map[string]uint64{
		"rx_bytes": s.RxBytes, "tx_bytes": s.TxBytes, "rx_packets": s.RxPackets, "tx_packets": s.TxPackets,
		"rx_errors": s.RxErrors, "tx_errors": s.TxErrors, "rx_dropped": s.RxDropped, "tx_dropped": s.TxDropped,
		"multicast": s.Multicast, "collisions": s.Collisions,
		"rx_length_errors": s.RxLengthErrors, "rx_over_errors": s.RxOverErrors, "rx_crc_errors": s.RxCrcErrors,
		"rx_frame_errors": s.RxFrameErrors, "rx_fifo_errors": s.RxFifoErrors, "rx_missed_errors": s.RxMissedErrors,
		"tx_aborted_errors": s.TxAbortedErrors, "tx_carrier_errors": s.TxCarrierErrors, "tx_fifo_errors": s.TxFifoErrors,
		"tx_heartbeat_errors": s.TxHeartbeatErrors, "tx_window_errors": s.TxWindowErrors,
		"rx_compressed": s.RxCompressed, "tx_compressed": s.TxCompressed,
	}
}

// names returns the names of devices by number.
func names() (map[int]string, error) {
	list, err := dump(netlink.LinkList)
	if err != nil {
		return nil, err
	}
	out := make(map[int]string, len(list))
	for _, l := range list {
		out[l.Attrs().Index] = l.Attrs().Name
	}
	return out, nil
}

// Addresses returns the addresses of all devices.
func (netlinkKernel) Addresses() ([]KernelAddress, error) {
	names, err := names()
	if err != nil {
		return nil, err
	}
	list, err := dump(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	var out []KernelAddress
	for _, a := range list {
		addr, ok := netip.AddrFromSlice(a.IP)
		if !ok || a.IPNet == nil {
			continue
		}
		ones, _ := a.Mask.Size()
		const permanent = 0x80 // IFA_F_PERMANENT
		out = append(out, KernelAddress{names[a.LinkIndex], netip.PrefixFrom(addr.Unmap(), ones), a.Flags&permanent != 0})
	}
	return out, nil
}

// Neighbors returns the ARP and NDP tables without what the kernel does not ask for.
func (netlinkKernel) Neighbors() ([]Neighbor, error) {
	names, err := names()
	if err != nil {
		return nil, err
	}
	list, err := dump(func() ([]netlink.Neigh, error) { return netlink.NeighList(0, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	var out []Neighbor
	for _, n := range list {
		addr, ok := netip.AddrFromSlice(n.IP)
		state := neighborState(n.State)
		if !ok || state == "" || names[n.LinkIndex] == "" {
			continue
		}
		out = append(out, Neighbor{IP: addr.Unmap().String(), MAC: n.HardwareAddr.String(), Interface: names[n.LinkIndex], State: state})
	}
	return out, nil
}

// neighborState is ip's word for a state; "" for entries it does not show.
func neighborState(s int) string {
	switch {
	case s&netlink.NUD_NOARP != 0 || s == netlink.NUD_NONE:
		return ""
	case s&netlink.NUD_PERMANENT != 0:
		return "PERMANENT"
	case s&netlink.NUD_REACHABLE != 0:
		return "REACHABLE"
	case s&netlink.NUD_STALE != 0:
		return "STALE"
	case s&netlink.NUD_DELAY != 0:
		return "DELAY"
	case s&netlink.NUD_PROBE != 0:
		return "PROBE"
	case s&netlink.NUD_FAILED != 0:
		return "FAILED"
	case s&netlink.NUD_INCOMPLETE != 0:
		return "INCOMPLETE"
	}
	return ""
}

// Gateways returns the gateway of the IPv4 default route of each device.
func (netlinkKernel) Gateways() (map[string]string, error) {
	names, err := names()
	if err != nil {
		return nil, err
	}
	list, err := dump(func() ([]netlink.Route, error) { return netlink.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range list {
		everywhere := r.Dst == nil
		if r.Dst != nil {
			ones, _ := r.Dst.Mask.Size()
			everywhere = ones == 0
		}
		if everywhere && r.Gw != nil && out[names[r.LinkIndex]] == "" {
			out[names[r.LinkIndex]] = r.Gw.String()
		}
	}
	return out, nil
}
