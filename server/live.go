package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/live"
	"github.com/wispwright/wispwright/tenancy"
)

// openHub makes the hub of live messages and the socket of changes. Callers are
// those of the API; pages of the API's further origins may open sockets.
func (s *Server) openHub() error {
	hub, err := live.NewHub(s.lifetime, s.db, &live.Options{
		Authenticate: func(r *http.Request) (*wispwright.Caller, error) { return s.api.Caller(r) },
		Origins:      s.config.HTTP.Origins, Clients: s.config.HTTP.Sockets, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.hub, s.host.changes = hub, &changes{hub: hub}
	s.host.Live(changesPath, s.host.changes.topic())
	s.metrics.watchHub(hub)
	return nil
}

// Hub carries live messages to pages. Publish tells, Recheck looks again at who
// may listen.
func (h *Host) Hub() *live.Hub { return h.server.hub }

// Live serves the sockets of a topic at a path that begins and ends with a
// slash, or below it: Open finds the rest in the request's path.
func (h *Host) Live(path string, t live.Topic) { h.Handle(path, h.server.hub.Topic(t), path) }

// Watchable lets pages watch objects of these kinds, such as "support.ticket",
// at /ws/live/. Anybody who may view or change a kind hears of the objects of the
// organizations that the caller manages, and of the shared ones.
func (h *Host) Watchable(kinds ...string) { h.changes.add(kinds...) }

// Changed tells the pages that watch: objects of a kind, of one organization or
// shared when that is zero, were added, changed or deleted. Only ids leave the
// server. It is done after the commit of the context's transaction and waits for
// nothing.
func (h *Host) Changed(ctx context.Context, kind string, organization wispwright.ID, ids ...string) {
	h.changes.tell(ctx, kind, organization.String(), ids)
}

// Watched connects the Changed topic of a service to the pages that watch: it
// makes the kind watchable and tells of every change. of returns whose the object is
// and its key.
func Watched[T any](h *Host, kind string, changed *event.Topic[entity.Change[T]], of func(*T) (organization wispwright.ID, id string)) {
	h.Watchable(kind)
	changed.Subscribe("live: "+kind, func(ctx context.Context, list ...entity.Change[T]) {
		by := map[wispwright.ID][]string{}
		for _, c := range list {
			seen := wispwright.ID{}
			for i, o := range []*T{c.Before, c.After} {
				if o == nil {
					continue
				}
				organization, id := of(o)
				if i == 1 && c.Before != nil && organization == seen {
					continue // it was not moved
				}
				seen = organization
				by[organization] = append(by[organization], id)
			}
		}
		for organization, ids := range by {
			h.Changed(ctx, kind, organization, ids...)
		}
	})
}

// live lets pages watch accounts, and cuts sockets of those who lose their
// rights.
func (t *TenancyConcern) live(h *Host) {
	h.Watchable("openwisp_users.user", "openwisp_users.group")
	const user, group = "openwisp_users.user", "openwisp_users.group"
	hub := h.Hub()
	t.Users.Changed.Subscribe("live: "+user, func(ctx context.Context, list ...entity.Change[tenancy.User]) {
		for _, c := range list {
			h.changes.tell(ctx, user, nobodys, []string{c.Object().ID.String()})
			if c.Before != nil {
				hub.Recheck(ctx, c.Object().ID)
			}
		}
	})
	of := func(ctx context.Context, users ...wispwright.ID) { hub.Recheck(ctx, users...) }
	t.Tokens.Changed.Subscribe("live: rights", of)
	t.SecondFactors.Changed.Subscribe("live: rights", of)
	t.APITokens.Changed.Subscribe("live: rights", func(ctx context.Context, list ...entity.Change[tenancy.APIToken]) {
		for _, c := range list {
			hub.Recheck(ctx, c.Object().UserID)
		}
	})
	t.Memberships.Changed.Subscribe("live: "+user, func(ctx context.Context, list ...entity.Change[tenancy.Membership]) {
		for _, c := range list {
			for _, m := range []*tenancy.Membership{c.Before, c.After} {
				if m != nil {
					h.Changed(ctx, user, m.OrganizationID, m.UserID.String())
					hub.Recheck(ctx, m.UserID)
				}
			}
		}
	})
	t.Groups.Changed.Subscribe("live: "+group, func(ctx context.Context, list ...entity.Change[tenancy.Group]) {
		h.changes.tell(ctx, group, nobodys, nil)
		hub.Recheck(ctx)
	})
	t.Organizations.Changed.Subscribe("live: rights", func(ctx context.Context, list ...entity.Change[tenancy.Organization]) {
		for _, c := range list {
			if c.Before != nil && (c.After == nil || c.Before.IsActive != c.After.IsActive) {
				hub.Recheck(ctx)
				return
			}
		}
	})
}

// watchHub shows how many sockets are open and what became of their messages.
func (m *metrics) watchHub(hub *live.Hub) {
	count := func(name, help string, of func(live.Stats) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of(hub.Stats())) })
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wispwright_live_sockets", Help: "Open WebSockets."}, func() float64 { return float64(hub.Stats().Clients) }),
		count("wispwright_live_frames_total", "Frames handed to WebSockets.", func(s live.Stats) int64 { return s.Told }),
		count("wispwright_live_missed_total", "Times that live messages were lost for want of room.", func(s live.Stats) int64 { return s.Missed }),
		count("wispwright_live_cut_total", "WebSockets cut because they did not read or answer.", func(s live.Stats) int64 { return s.Cut }),
		count("wispwright_live_refused_total", "Handshakes of WebSockets refused.", func(s live.Stats) int64 { return s.Refused }),
	)
}
