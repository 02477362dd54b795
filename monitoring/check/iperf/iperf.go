// Package iperf measures throughput: a check that runs the client of iperf3 on the device
// (spec: monitoring §12.3).
package iperf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// TypeID is the identifier of the type; it is OpenWISP's.
const TypeID = "openwisp_monitoring.check.classes.Iperf3"

// Shell runs commands on a device.
type Shell interface {
	// Run runs a command line and returns its exit status and what it wrote to its standard output.
	Run(ctx context.Context, line string) (exit int, stdout []byte, err error)
	// Close ends the connection.
	Close() error
}

// Locks keep two checks from one host at once, also on several nodes. A check.Store is one.
type Locks interface {
	// Lock takes a name until a time; false: somebody has it.
	Lock(ctx context.Context, name string, now, until time.Time) (bool, error)
	// Unlock gives it back.
	Unlock(ctx context.Context, name string) error
}

// Settings are what the type is made with.
type Settings struct {
	// Auto gives new devices such a check, Every is how often it runs.
	Auto  bool
	Every time.Duration
	// Open reaches a device; it is required.
	Open func(ctx context.Context, device wispwright.ID) (Shell, error)
	// Locks are required.
	Locks Locks
	// Organizations are parameters of organizations, by their ids.
	Organizations map[wispwright.ID]Params
	// LockExpire is after how long a host is free again whatever happened. Default: 10 minutes.
	LockExpire time.Duration
	// DeleteKey removes the key of the server from the device.
	DeleteKey bool
	// From and To are the hours of the day in which it runs, as time since midnight in Zone; the same:
	// always.
	From, To time.Duration
	Zone     *time.Location
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
	// Log hears of devices on which nothing could be measured. Default: slog.Default.
	Log *slog.Logger
}

// Type returns the type of checks.
func Type(s Settings) check.Type {
	if s.LockExpire <= 0 {
		s.LockExpire = 10 * time.Minute
	}
	if s.Clock == nil {
		s.Clock = time.Now
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	return check.Type{ID: TypeID, Label: "Iperf3", Kinds: []string{"iperf3"}, Auto: s.Auto, Every: s.Every, Timeout: s.LockExpire, Alone: true, Run: check.Each(s.run),
		Check: func(p wispwright.JSON) error { _, err := Parse(p); return err },
		Params: []check.Param{{Name: "host", Default: []string{}, Help: "servers of iperf3, of which one that is free is taken"}, {Name: "username", Help: "with password and rsa_public_key"}, {Name: "password"}, {Name: "rsa_public_key"},
			{Name: "client_options", Default: defaults().ClientOptions, Help: "port, time, bytes, blockcount, window, parallel, reverse, bidirectional, connect_timeout, tcp, udp"}},
	}
}

// open reports whether it is time to measure.
func (s *Settings) open() bool {
	if s.From == s.To {
		return true
	}
	now := s.Clock().In(s.Zone)
	at := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute
	if s.From < s.To {
		return at >= s.From && at < s.To
	}
	return at >= s.From || at < s.To
}

func (s *Settings) run(ctx context.Context, t check.Target) (out check.Result) {
	d := t.Device
	if d.Status == "critical" || !s.open() {
		return out
	}
	own, err := Parse(t.Check.Params)
	if err != nil {
		out.Err = err
		return out
	}
	p := own.over(s.Organizations[d.OrganizationID]).over(defaults())
	if len(p.Host) == 0 {
		out.Err = errors.New("no server of iperf3 is given: set host")
		return out
	}
	host, name, err := s.take(ctx, d.OrganizationID, p.Host)
	if err != nil {
		out.Err = err
		return out
	}
	if host == "" {
		out.Again = time.Duration(2*p.ClientOptions.Time) * time.Second
		return out
	}
	defer func() {
		if err := s.Locks.Unlock(context.WithoutCancel(ctx), name); err != nil {
			out.Err = errors.Join(out.Err, err)
		}
	}()
	shell, err := s.Open(ctx, d.ID)
	if err != nil {
		out.Err = fmt.Errorf("the device cannot be connected to: %w", err)
		return out
	}
	defer func() { out.Err = errors.Join(out.Err, shell.Close()) }()
	values, err := s.measure(ctx, shell, &p, host)
	if err != nil {
		out.Err = err
		return out
	}
	out.Values = values
	return out
}

// take finds a host that is free; "": none is.
func (s *Settings) take(ctx context.Context, organization wispwright.ID, hosts []string) (host, name string, err error) {
	now := s.Clock()
	for _, host := range hosts {
		name := fmt.Sprintf("ow_monitoring_%s_iperf3_check_%s", organization, host)
		ok, err := s.Locks.Lock(ctx, name, now, now.Add(s.LockExpire))
		if err != nil {
			return "", "", err
		}
		if ok {
			return host, name, nil
		}
	}
	return "", "", nil
}

// notInstalled is the exit status of a shell for a command that there is not.
const notInstalled = 127

func (s *Settings) measure(ctx context.Context, shell Shell, p *Params, host string) ([]monitoring.Measured, error) {
	exit, text, err := shell.Run(ctx, p.tcp(host))
	if err != nil {
		return nil, err
	}
	if exit == notInstalled {
		return nil, errors.New("iperf3 is not installed on the device")
	}
	tcp, ok := readTCP(exit, text)
	var faults []error
	if !ok {
		faults = append(faults, errors.New("what iperf3 wrote of TCP is not JSON"))
	}
	exit, text, err = shell.Run(ctx, p.udp(host, s.DeleteKey))
	if err != nil {
		return nil, err
	}
	udp, ok := readUDP(exit, text)
	if !ok {
		faults = append(faults, errors.New("what iperf3 wrote of UDP is not JSON"))
	}
	if len(tcp.fields)+len(udp.fields) == 0 {
		return nil, errors.Join(faults...)
	}
	result := int64(0)
	if tcp.good || udp.good {
		result = 1
	}
	fields := append([]timeseries.Field{{Name: "iperf3_result", Value: timeseries.Int(result)}}, tcp.fields...)
	return []monitoring.Measured{{Kind: "iperf3", Fields: append(fields, udp.fields...)}}, nil
}

// mode is what one mode found.
type mode struct {
	good   bool
	fields []timeseries.Field
}

type sums struct {
	BitsPerSecond float64 `json:"bits_per_second"`
	Bytes         int64   `json:"bytes"`
	Retransmits   int64   `json:"retransmits"`
	Jitter        float64 `json:"jitter_ms"`
	Packets       int64   `json:"packets"`
	Lost          int64   `json:"lost_packets"`
	LostPercent   float64 `json:"lost_percent"`
}

type output struct {
	Error string `json:"error"`
	End   struct {
		Sent     sums `json:"sum_sent"`
		Received sums `json:"sum_received"`
		Sum      sums `json:"sum"`
	} `json:"end"`
}

// read is what iperf3 wrote; false: no JSON.
func read(exit int, text []byte) (o output, good, ok bool) {
	if json.Unmarshal(text, &o) != nil {
		return o, false, false
	}
	if exit != 0 || o.Error != "" {
		return output{}, false, true // zeros
	}
	return o, true, true
}

func readTCP(exit int, text []byte) (mode, bool) {
	o, good, ok := read(exit, text)
	if !ok {
		return mode{}, false
	}
	return mode{good, []timeseries.Field{
		{Name: "sent_bps_tcp", Value: timeseries.Float(o.End.Sent.BitsPerSecond)}, {Name: "received_bps_tcp", Value: timeseries.Float(o.End.Received.BitsPerSecond)},
		{Name: "sent_bytes_tcp", Value: timeseries.Int(o.End.Sent.Bytes)}, {Name: "received_bytes_tcp", Value: timeseries.Int(o.End.Received.Bytes)},
		{Name: "retransmits", Value: timeseries.Int(o.End.Sent.Retransmits)},
	}}, true
}

func readUDP(exit int, text []byte) (mode, bool) {
	o, good, ok := read(exit, text)
	if !ok {
		return mode{}, false
	}
	s := o.End.Sum
	return mode{good, []timeseries.Field{
		{Name: "sent_bps_udp", Value: timeseries.Float(s.BitsPerSecond)}, {Name: "sent_bytes_udp", Value: timeseries.Int(s.Bytes)}, {Name: "jitter", Value: timeseries.Float(s.Jitter)},
		{Name: "total_packets", Value: timeseries.Int(s.Packets)}, {Name: "lost_packets", Value: timeseries.Int(s.Lost)}, {Name: "lost_percent", Value: timeseries.Float(s.LostPercent)},
	}}, true
}
