// Package ping sends ICMP echo requests to many addresses through one socket, without
// privileges where the system allows that (spec: monitoring §12.1).
package ping

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// ErrNotPermitted means that the system allows the program no ICMP socket at all.
var ErrNotPermitted = errors.New("no ICMP socket is permitted: widen net.ipv4.ping_group_range to the group of the program, or give it CAP_NET_RAW")

// Options say how addresses are pinged.
type Options struct {
	// Count is how many requests each address gets, Interval how far they are apart.
	Count    int
	Interval time.Duration
	// Bytes is the length of the payload, Timeout how long an answer may take.
	Bytes   int
	Timeout time.Duration
}

// Result is what came of an address.
type Result struct {
	// Sent and Received count requests and answers.
	Sent, Received int
	// Min, Avg and Max are round-trip times of answers.
	Min, Avg, Max time.Duration
	// Err is why nothing could be sent.
	Err error
}

// Loss is the part of the requests without an answer, in whole percent.
func (r Result) Loss() float64 {
	if r.Sent == 0 {
		return 100
	}
	return float64(100 * (r.Sent - r.Received) / r.Sent)
}

const (
	// leastBytes is what an answer is recognised by.
	leastBytes = 16
	// pause is how far requests to different addresses are apart, so that no buffer overflows.
	pause = 50 * time.Microsecond
)

// family is one version of IP.
type family struct {
	unprivileged, privileged, any string
	request, reply                icmp.Type
	protocol                      int
}

func families() map[bool]family {
	return map[bool]family{
		false: {"udp4", "ip4:icmp", "0.0.0.0", ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply, 1},
		true:  {"udp6", "ip6:ipv6-icmp", "::", ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply, 58},
	}
}

// Many pings addresses at once and returns a result for each, in their order. The error is
// ErrNotPermitted, or what the context says; results stand then as far as they got.
func Many(ctx context.Context, addresses []netip.Addr, o Options) ([]Result, error) {
	out := make([]Result, len(addresses))
	var four, six []int
	for i, a := range addresses {
		if a.Is4() || a.Is4In6() {
			four = append(four, i)
		} else {
			six = append(six, i)
		}
	}
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for n, list := range [][]int{four, six} {
		if len(list) == 0 {
			continue
		}
		wait.Go(func() { errs[n] = some(ctx, addresses, list, out, families()[n == 1], o) })
	}
	wait.Wait()
	return out, errors.Join(errs...)
}

// open opens the socket; raw tells that it is privileged.
func (f family) open() (c *icmp.PacketConn, raw bool, err error) {
	c, err = icmp.ListenPacket(f.unprivileged, f.any)
	if err == nil {
		return c, false, nil
	}
	c, err = icmp.ListenPacket(f.privileged, f.any)
	if errors.Is(err, os.ErrPermission) {
		return nil, true, ErrNotPermitted
	}
	return c, true, err
}

// round is one call: what was sent and when.
type round struct {
	mu      sync.Mutex
	nonce   uint64
	list    []int
	sent    [][]time.Time
	times   [][]time.Duration
	timeout time.Duration
}

func some(ctx context.Context, addresses []netip.Addr, list []int, out []Result, f family, o Options) error {
	c, raw, err := f.open()
	if err != nil {
		return fmt.Errorf("open an ICMP socket: %w", err)
	}
	r := &round{list: list, sent: make([][]time.Time, len(list)), times: make([][]time.Duration, len(list)), timeout: o.Timeout}
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // it never fails
	r.nonce = binary.BigEndian.Uint64(nonce[:])
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.listen(c, f)
	}()
	r.send(ctx, c, raw, addresses, f, o, out)
	select {
	case <-time.After(o.Timeout):
	case <-ctx.Done():
	}
	err = errors.Join(ctx.Err(), c.Close())
	<-done
	for n, i := range list {
		out[i].Sent = len(r.sent[n])
		times := r.times[n]
		if out[i].Received = len(times); len(times) == 0 {
			continue
		}
		out[i].Min, out[i].Max = slices.Min(times), slices.Max(times)
		var sum time.Duration
		for _, t := range times {
			sum += t
		}
		out[i].Avg = sum / time.Duration(len(times))
	}
	return err
}

// send sends all requests, one of each address in turn.
func (r *round) send(ctx context.Context, c *icmp.PacketConn, raw bool, addresses []netip.Addr, f family, o Options, out []Result) {
	payload := make([]byte, max(o.Bytes, leastBytes))
	binary.BigEndian.PutUint64(payload, r.nonce)
	for turn := range o.Count {
		began := time.Now()
		for n, i := range r.list {
			if ctx.Err() != nil {
				return
			}
			binary.BigEndian.PutUint32(payload[8:], uint32(n))
			binary.BigEndian.PutUint32(payload[12:], uint32(turn))
			m := icmp.Message{Type: f.request, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: (n + turn*len(r.list)) & 0xffff, Data: payload}}
			b, err := m.Marshal(nil)
			if err != nil {
				out[i].Err = err
				continue
			}
			ip, zone := addresses[i].Unmap(), addresses[i].Zone()
			var to net.Addr = &net.UDPAddr{IP: ip.AsSlice(), Zone: zone}
			if raw {
				to = &net.IPAddr{IP: ip.AsSlice(), Zone: zone}
			}
			r.mu.Lock()
			r.sent[n] = append(r.sent[n], time.Now())
			r.mu.Unlock()
			if _, err := c.WriteTo(b, to); err != nil {
				out[i].Err = err
			}
			if n%20 == 19 {
				time.Sleep(20 * pause)
			}
		}
		if rest := o.Interval - time.Since(began); turn < o.Count-1 && rest > 0 {
			select {
			case <-time.After(rest):
			case <-ctx.Done():
				return
			}
		}
	}
}

// listen takes answers until the socket is closed.
func (r *round) listen(c *icmp.PacketConn, f family) {
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := c.ReadFrom(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // an answer that somebody is unreachable
		}
		now := time.Now()
		m, err := icmp.ParseMessage(f.protocol, buffer[:n])
		if err != nil || m.Type != f.reply {
			continue
		}
		e, ok := m.Body.(*icmp.Echo)
		if !ok || len(e.Data) < leastBytes || binary.BigEndian.Uint64(e.Data) != r.nonce {
			continue
		}
		r.answered(int(binary.BigEndian.Uint32(e.Data[8:])), int(binary.BigEndian.Uint32(e.Data[12:])), now)
	}
}

// answered notes an answer; one that comes twice, or too late, counts for nothing.
func (r *round) answered(n, turn int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n >= len(r.sent) || turn >= len(r.sent[n]) || r.sent[n][turn].IsZero() {
		return
	}
	took := now.Sub(r.sent[n][turn])
	if took > r.timeout {
		return
	}
	r.sent[n][turn] = time.Time{}
	r.times[n] = append(r.times[n], took)
}
