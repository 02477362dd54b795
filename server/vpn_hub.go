package server

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/vpn"
	"github.com/wispwright/wispwright/controller/vpn/vpnhost"
)

// vpnHub runs the VPN servers of the installation's own hub (decision 0067).
type vpnHub struct {
	vpn       *vpn.VPN
	folder    string
	log       *slog.Logger
	wireguard *vpnhost.WireGuard
	// run are the servers that run, with what ends them
	run map[wispwright.ID]func()
}

// hubEvery is how often the hub looks for servers that came or went.
const hubEvery = 2 * time.Second

// mountHub runs the hub while the server serves.
func (c *VPNConcern) mountHub(h *Host) {
	log := h.Log().With("part", "VPN hub")
	hub := &vpnHub{vpn: c.VPN, folder: filepath.Join(h.Config().Data, "vpn"), log: log, wireguard: &vpnhost.WireGuard{Forward: c.Config.HubForward, Log: log}, run: map[wispwright.ID]func(){}}
	ctx, stop := context.WithCancel(wispwright.WithCaller(h.Lifetime(), wispwright.System("vpn")))
	done := make(chan struct{})
	started := false
	h.AtStart(func(context.Context) error {
		started = true
		go func() {
			defer close(done)
			hub.keep(ctx)
		}()
		return nil
	})
	h.AtStop(func(context.Context) error {
		stop()
		if started {
			<-done
		}
		return hub.wireguard.Close()
	})
}

// keep runs what is to run until the context ends.
func (h *vpnHub) keep(ctx context.Context) {
	said := ""
	for {
		if err := h.look(ctx); err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			h.log.ErrorContext(ctx, "the hub cannot read its servers", "error", err)
		}
		select {
		case <-ctx.Done():
			for _, end := range h.run {
				end()
			}
			return
		case <-time.After(hubEvery):
		}
	}
}

// look starts servers that came, and removes those that went.
func (h *vpnHub) look(ctx context.Context) error {
	yes := true
	found, err := h.vpn.Servers.List(ctx, wispwright.ScopeAll(), vpn.ServerFilter{Hub: &yes}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	wanted := map[wispwright.ID]bool{}
	for _, o := range found.Rows {
		wanted[o.ID] = true
		if h.run[o.ID] == nil {
			if h.run[o.ID], err = h.start(ctx, o); err != nil {
				return err
			}
		}
	}
	for id, end := range h.run {
		if !wanted[id] {
			end()
			delete(h.run, id)
		}
	}
	return nil
}

// start runs a server. What it returns ends that: of a server that is gone it removes
// what ran, of others it leaves that to the next start.
func (h *vpnHub) start(ctx context.Context, o *vpn.Server) (end func(), err error) {
	source := &hubSource{h.vpn}
	host, err := vpnhost.New(source, []vpnhost.Server{{ID: o.ID, Key: o.Key}}, &vpnhost.Options{
		Folder: h.folder, Drivers: []vpnhost.Driver{h.wireguard}, Interval: 10 * time.Second, ReportEvery: 30 * time.Second, Log: h.log,
	})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		if err := host.Run(running); !errors.Is(err, context.Canceled) {
			h.log.ErrorContext(ctx, "a server of the hub has ended", "server", o.ID.String(), "error", err)
		}
	})
	return func() {
		stop()
		all.Wait()
		if ctx.Err() != nil {
			return
		}
		if err := host.Once(ctx); err != nil && !errors.Is(err, vpnhost.ErrGone) {
			h.log.WarnContext(ctx, "a server of the hub is left", "server", o.ID.String(), "error", err)
		}
	}, nil
}

// hubSource is the installation itself, without the way over HTTP.
type hubSource struct{ vpn *vpn.VPN }

// key is that of the server as it is now: nobody told the hub that it changed.
func (s *hubSource) key(ctx context.Context, id wispwright.ID) (string, error) {
	o, err := s.vpn.Servers.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return "", withoutServer(err)
	}
	return o.Key.Reveal(), nil
}

func withoutServer(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return vpnhost.ErrGone
	}
	return err
}

// Versions implements vpnhost.Source.
func (s *hubSource) Versions(ctx context.Context, o vpnhost.Server, known vpnhost.Versions, wait time.Duration) (vpnhost.Versions, error) {
	key, err := s.key(ctx, o.ID)
	if err != nil {
		return vpnhost.Versions{}, err
	}
	v, err := s.vpn.Agents.Versions(ctx, o.ID, key, known, wait)
	return v, withoutServer(err)
}

// Archive implements vpnhost.Source.
func (s *hubSource) Archive(ctx context.Context, o vpnhost.Server) ([]byte, error) {
	key, err := s.key(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	a, err := s.vpn.Agents.Download(ctx, o.ID, key)
	if err != nil {
		return nil, withoutServer(err)
	}
	return a.Bytes, nil
}

// Revocations implements vpnhost.Source.
func (s *hubSource) Revocations(ctx context.Context, o vpnhost.Server) ([]byte, error) {
	key, err := s.key(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.vpn.Agents.Revocations(ctx, o.ID, key)
	if err != nil {
		return nil, withoutServer(err)
	}
	return list.PEM, nil
}

// Report implements vpnhost.Source.
func (s *hubSource) Report(ctx context.Context, o vpnhost.Server, r *vpnhost.Report) (*vpnhost.Answer, error) {
	key, err := s.key(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	a, err := s.vpn.Agents.Report(ctx, o.ID, key, r)
	return a, withoutServer(err)
}
