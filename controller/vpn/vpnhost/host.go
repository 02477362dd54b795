package vpnhost

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// Folder is where what runs is kept. Default: /var/lib/wispwright-vpn.
	Folder string
	// Drivers run the servers, the first one that can. Default: WireGuard and OpenVPN.
	Drivers []Driver
	// Interval is how long a question for something new may wait, and the pause
	// after an error. Default: 30 s.
	Interval time.Duration
	// ReportEvery is the pause between two reports while nothing changes. Default: 1
	// minute.
	ReportEvery time.Duration
	// Log hears what happens. Default: slog.Default().
	Log *slog.Logger
	// Clock tells the time. Default: time.Now.
	Clock func() time.Time
}

// Host runs servers. Make it with New.
type Host struct {
	source  Source
	o       Options
	servers []*running
}

// running is a server with what the host knows of it. One goroutine at a time works on
// it.
type running struct {
	Server
	folder folder
	wake   chan struct{}

	// current runs, nil for none; refused did not come up
	current  *Bundle
	driver   Driver
	known    Versions
	refused  string
	reason   string
	again    time.Duration // the pause before the next attempt
	retry    time.Time     // when that is
	opened   bool
	reported time.Time
	told     string
}

// New returns a host for servers, each of which is named once.
func New(source Source, servers []Server, o *Options) (*Host, error) {
	if source == nil {
		return nil, errors.New("vpnhost: a source is required")
	}
	h := &Host{source: source}
	if o != nil {
		h.o = *o
	}
	if h.o.Folder == "" {
		h.o.Folder = "/var/lib/wispwright-vpn"
	}
	if h.o.Interval <= 0 {
		h.o.Interval = 30 * time.Second
	}
	if h.o.ReportEvery <= 0 {
		h.o.ReportEvery = time.Minute
	}
	if h.o.Log == nil {
		h.o.Log = slog.Default()
	}
	if h.o.Clock == nil {
		h.o.Clock = time.Now
	}
	if len(h.o.Drivers) == 0 {
		h.o.Drivers = []Driver{&WireGuard{Log: h.o.Log}, &OpenVPN{}}
	}
	seen := map[wispwright.ID]bool{}
	for _, s := range servers {
		if s.ID.IsZero() || seen[s.ID] {
			return nil, fmt.Errorf("vpnhost: the server %s is there twice, or has no id", s.ID)
		}
		seen[s.ID] = true
		h.servers = append(h.servers, &running{Server: s, folder: folder(filepath.Join(h.o.Folder, s.ID.String())), wake: make(chan struct{}, 1)})
	}
	return h, nil
}

// Wake lets all servers ask at once whether there is something new: a webhook did.
func (h *Host) Wake() {
	for _, s := range h.servers {
		select {
		case s.wake <- struct{}{}:
		default: // it will ask anyway
		}
	}
}

// Once makes all servers run what they are to run, reports, and returns what went
// wrong.
func (h *Host) Once(ctx context.Context) error {
	var wrong []error
	for _, s := range h.servers {
		if err := h.cycle(ctx, s, 0); err != nil {
			wrong = append(wrong, fmt.Errorf("server %s: %w", s.ID, err))
		}
	}
	return errors.Join(wrong...)
}

// Run keeps the servers running what they are to run until the context ends. What runs
// then runs on.
func (h *Host) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range h.servers {
		all.Go(func() { h.follow(ctx, s) })
	}
	all.Wait()
	return context.Cause(ctx)
}

// follow keeps one server.
func (h *Host) follow(ctx context.Context, s *running) {
	log := h.o.Log.With("server", s.ID.String())
	last := ""
	for wait := time.Duration(0); ctx.Err() == nil; wait = h.o.Interval {
		// a webhook ends the waiting
		asking, stop := context.WithCancelCause(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			select {
			case <-s.wake:
				stop(errWoken)
			case <-asking.Done():
			}
		}()
		err := h.cycleUntil(ctx, asking, s, wait)
		woken := errors.Is(context.Cause(asking), errWoken)
		stop(nil)
		<-done
		switch {
		case ctx.Err() != nil:
			return
		case woken:
			continue
		case err == nil:
			if last != "" {
				log.Info("the VPN server is well again")
			}
			last = ""
			continue
		case err.Error() != last:
			log.Warn("a VPN server is not as it should be", "error", err)
			last = err.Error()
		}
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-time.After(h.pause(s)):
		}
	}
}

var errWoken = errors.New("woken")

// pause is how long to wait after an error.
func (h *Host) pause(s *running) time.Duration {
	if s.refused != "" {
		return max(time.Millisecond, min(h.o.Interval, s.retry.Sub(h.o.Clock())))
	}
	return h.o.Interval
}

func (h *Host) cycle(ctx context.Context, s *running, wait time.Duration) error {
	return h.cycleUntil(ctx, ctx, s, wait)
}

// cycleUntil asks for something new as long as asking lasts, makes it run, and reports.
func (h *Host) cycleUntil(ctx, asking context.Context, s *running, wait time.Duration) error {
	if err := h.open(ctx, s); err != nil {
		return err
	}
	v, err := h.source.Versions(asking, s.Server, s.known, h.waiting(s, wait))
	switch {
	case errors.Is(err, ErrGone):
		return h.remove(ctx, s)
	case err != nil:
		return err
	}
	applied := h.update(ctx, s, v)
	return errors.Join(applied, h.report(ctx, s))
}

// waiting is how long a question may wait: not beyond the next report or attempt.
func (h *Host) waiting(s *running, wait time.Duration) time.Duration {
	now := h.o.Clock()
	if !s.reported.IsZero() {
		wait = min(wait, s.reported.Add(h.o.ReportEvery).Sub(now))
	}
	if s.refused != "" {
		wait = min(wait, s.retry.Sub(now))
	}
	return max(wait, 0)
}

// open makes what ran last run again, once: after a start of the machine there is
// nothing, and the installation may be away.
func (h *Host) open(ctx context.Context, s *running) error {
	if s.opened {
		return nil
	}
	if err := s.folder.open(); err != nil {
		return err
	}
	s.opened = true
	b, err := s.folder.good()
	if err != nil || b == nil {
		if err != nil {
			h.o.Log.Warn("what a VPN server ran last is lost", "server", s.ID.String(), "error", err)
		}
		return nil
	}
	d, err := driverOf(h.o.Drivers, b)
	if err == nil {
		err = d.Apply(ctx, b)
	}
	if err != nil {
		h.o.Log.Warn("what a VPN server ran last does not come up", "server", s.ID.String(), "error", err)
		return nil // what it is to run now may
	}
	s.current, s.driver = b, d
	s.known = Versions{Archive: b.Checksum, Revocations: sumOf(b.Revocations)}
	return nil
}

func sumOf(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

// update makes the host run what is new.
func (h *Host) update(ctx context.Context, s *running, v Versions) error {
	revocations := []byte(nil)
	if s.current != nil {
		revocations = s.current.Revocations
	}
	if v.Revocations != sumOf(revocations) {
		revocations = nil
		if v.Revocations != "" {
			var err error
			if revocations, err = h.source.Revocations(ctx, s.Server); err != nil {
				return err
			}
		}
		if err := s.folder.keep(revocationsFile, revocations); err != nil {
			return err
		}
		if s.current != nil {
			b := *s.current
			b.Revocations = revocations
			if err := s.driver.Revoke(ctx, &b); err != nil {
				return err
			}
			s.current = &b
		}
	}
	s.known.Revocations = v.Revocations
	switch {
	case s.current != nil && v.Archive == s.current.Checksum:
		s.refused, s.reason, s.again = "", "", 0
		s.known.Archive = v.Archive
		return h.revive(ctx, s)
	case v.Archive == s.refused && h.o.Clock().Before(s.retry):
		return errors.Join(errors.New(s.reason), h.revive(ctx, s))
	}
	archive, err := h.source.Archive(ctx, s.Server)
	if err != nil {
		return err
	}
	b, err := Unpack(archive)
	if err != nil {
		return h.refuse(s, v.Archive, err)
	}
	b.Dir, b.Revocations = s.folder.files(), revocations
	if err := h.exchange(ctx, s, b); err != nil {
		return h.refuse(s, b.Checksum, err)
	}
	s.refused, s.reason, s.again = "", "", 0
	s.known.Archive = b.Checksum
	h.o.Log.Info("a VPN server runs what is new", "server", s.ID.String(), "name", b.Name, "checksum", b.Checksum)
	return s.folder.keep(goodFile, archive)
}

// revive brings up what ended by itself.
func (h *Host) revive(ctx context.Context, s *running) error {
	if s.current == nil {
		return nil
	}
	if _, _, err := s.driver.Status(ctx, s.current); err == nil {
		return nil
	}
	h.o.Log.Warn("a VPN server has ended and is started again", "server", s.ID.String(), "name", s.current.Name)
	return s.driver.Apply(ctx, s.current)
}

// exchange makes a bundle run in the place of the present one, or goes back.
func (h *Host) exchange(ctx context.Context, s *running, b *Bundle) error {
	d, err := driverOf(h.o.Drivers, b)
	if err != nil {
		return err
	}
	old, by := s.current, s.driver
	if old != nil && (by != d || old.Name != b.Name) { // another interface, which may want the same port
		if err := by.Remove(ctx, old); err != nil {
			return err
		}
	}
	err = d.Apply(ctx, b)
	if err == nil {
		s.current, s.driver = b, d
		return nil
	}
	if old == nil || by != d || old.Name != b.Name {
		err = errors.Join(err, d.Remove(ctx, b))
	}
	if old == nil {
		return err
	}
	if back := by.Apply(ctx, old); back != nil {
		return errors.Join(err, fmt.Errorf("and what ran before does not come up again: %w", back))
	}
	return err
}

// refuse remembers what did not come up: it is tried again after longer and longer
// pauses, as the reason may lie outside of it.
func (h *Host) refuse(s *running, checksum string, err error) error {
	if s.refused != checksum {
		s.again = 0
	}
	s.again = min(max(2*s.again, 10*time.Second), 10*time.Minute)
	s.refused, s.reason, s.retry = checksum, err.Error(), h.o.Clock().Add(s.again)
	s.known.Archive = checksum // what is new is new beside this
	return err
}

// report tells how a server fares, when that is due or another.
func (h *Host) report(ctx context.Context, s *running) error {
	now := h.o.Clock()
	r := &Report{State: hostwire.Running, Peers: []Peer{}}
	if s.current != nil {
		r.Checksum = s.current.Checksum
		by, peers, err := s.driver.Status(ctx, s.current)
		r.Driver = by
		if err != nil {
			r.State, r.Reason = hostwire.Failed, err.Error()
		}
		if len(peers) > 0 {
			r.Peers = peers
		}
	}
	if s.refused != "" {
		r.State, r.Reason = hostwire.Failed, s.reason
	}
	key := fmt.Sprint(r.State, r.Reason, r.Checksum, s.known.Revocations)
	for _, p := range r.Peers {
		key += fmt.Sprint(p.PublicKey, p.CommonName, p.Address, p.Endpoint, p.Connected)
	}
	if key == s.told && now.Sub(s.reported) < h.o.ReportEvery {
		return nil
	}
	a, err := h.source.Report(ctx, s.Server, r)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	s.told, s.reported = key, now
	if len(a.Disconnect) > 0 && s.current != nil {
		return s.driver.Disconnect(ctx, s.current, a.Disconnect...)
	}
	return nil
}

// remove makes the host run a server no more that is gone.
func (h *Host) remove(ctx context.Context, s *running) error {
	if s.current != nil {
		if err := s.driver.Remove(ctx, s.current); err != nil {
			return err
		}
		h.o.Log.Info("a VPN server is gone and runs no more", "server", s.ID.String(), "name", s.current.Name)
	}
	s.current, s.driver, s.known, s.refused, s.opened = nil, nil, Versions{}, "", false
	return errors.Join(ErrGone, s.folder.forget())
}
