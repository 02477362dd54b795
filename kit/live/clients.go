package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/wispwright/wispwright"
)

// clients are the open sockets of a node, by what they hear of.
type clients struct {
	mu        sync.RWMutex
	by        map[place][]*client
	known     map[*client][]string // with the groups they are filed under
	callers   map[wispwright.ID]int
	most      int
	perCaller int
	closed    bool
}

type place struct{ topic, group string }

func newClients(most, perCaller int) *clients {
	return &clients{by: map[place][]*client{}, known: map[*client][]string{}, callers: map[wispwright.ID]int{}, most: most, perCaller: perCaller}
}

// add files a client, unless there are too many.
func (s *clients) add(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.known) >= s.most || !c.user.IsZero() && s.callers[c.user] >= s.perCaller {
		return false
	}
	s.callers[c.user]++
	s.file(c)
	return true
}

// file files a client under its session's groups. The lock is held.
func (s *clients) file(c *client) {
	groups := c.session.Load().Groups
	s.known[c] = groups
	for _, g := range groups {
		p := place{c.topic.Name, g}
		s.by[p] = append(s.by[p], c)
	}
}

func (s *clients) unfile(c *client) {
	for _, g := range s.known[c] {
		p := place{c.topic.Name, g}
		// a fresh slice: somebody may be walking over the old one
		rest := slices.DeleteFunc(slices.Clone(s.by[p]), func(o *client) bool { return o == c })
		if len(rest) == 0 {
			delete(s.by, p)
		} else {
			s.by[p] = rest
		}
	}
}

func (s *clients) remove(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.known[c]; !there {
		return
	}
	s.unfile(c)
	delete(s.known, c)
	if s.callers[c.user]--; s.callers[c.user] == 0 {
		delete(s.callers, c.user)
	}
}

// refile files a client anew whose groups changed.
func (s *clients) refile(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.known[c]; there {
		s.unfile(c)
		s.file(c)
	}
}

func (s *clients) listening(e Event) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e.Group == "" {
		return true
	}
	return len(s.by[place{e.Topic, e.Group}]) > 0 || len(s.by[place{e.Topic, Everything}]) > 0
}

// of returns the clients that hear of an event, each once.
func (s *clients) of(e Event) []*client {
	s.mu.RLock()
	defer s.mu.RUnlock()
	some, every := s.by[place{e.Topic, e.Group}], s.by[place{e.Topic, Everything}]
	switch {
	case len(every) == 0 || e.Group == Everything:
		return some
	case len(some) == 0:
		return every
	}
	all := slices.Clone(every)
	for _, c := range some {
		if !slices.Contains(s.known[c], Everything) {
			all = append(all, c)
		}
	}
	return all
}

// all returns the clients of a topic, or of all when it is empty.
func (s *clients) all(topic string) (all []*client) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for c := range s.known {
		if topic == "" || c.topic.Name == topic {
			all = append(all, c)
		}
	}
	return all
}

func (s *clients) count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.known)
}

func (s *clients) recheck(user wispwright.ID) {
	for _, c := range s.all("") {
		if user.IsZero() || c.user == user {
			c.reviewed.Store(0)
		}
	}
}

// farewell is how long clients have to answer that the server goes away.
const farewell = time.Second

func (s *clients) closeAll() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	var left sync.WaitGroup
	for _, c := range s.all("") {
		left.Go(func() {
			timer := time.AfterFunc(farewell, c.end)
			defer timer.Stop()
			c.leave(websocket.StatusGoingAway, "")
		})
	}
	left.Wait()
}

// watch cuts clients that do not read, and asks silent ones whether they live.
func (h *Hub) watch() {
	h.each(min(time.Second, h.options.Patience/4, h.options.Ping/4), func(c *client, now time.Time) {
		switch {
		case c.busy.Load() != 0 && c.busy.Load() < now.Add(-h.options.Patience).UnixNano():
			c.cut()
		case c.seen.Load() != 0 && c.seen.Load() < now.Add(-h.options.Ping).UnixNano():
			c.seen.Store(now.UnixNano())
			c.send(nil)
		}
	})
}

// review looks anew at what each client may hear. It has a goroutine of its
// own, since it waits for the database.
func (h *Hub) review() {
	h.each(min(time.Second, h.options.Review/4), func(c *client, now time.Time) {
		if c.seen.Load() != 0 && c.reviewed.Load() < now.Add(-h.options.Review).UnixNano() {
			h.reviewOne(c)
		}
	})
}

// each calls a function for every client, again and again.
func (h *Hub) each(pause time.Duration, fn func(c *client, now time.Time)) {
	timer := time.NewTicker(max(pause, time.Millisecond))
	defer timer.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		for _, c := range h.clients.all("") {
			fn(c, now)
		}
	}
}

// reviewOne asks again whether a client may listen, and of what.
func (h *Hub) reviewOne(c *client) {
	c.reviewed.Store(time.Now().UnixNano())
	ctx, cancel := context.WithTimeout(h.ctx, loadTime)
	defer cancel()
	switch s, user, err := c.open(ctx); {
	case err == nil && user != c.user:
		go c.leave(websocket.StatusPolicyViolation, "no longer allowed")
	case err == nil:
		// the state of the session goes on; what it hears of is new
		renewed := *c.session.Load()
		renewed.Groups = s.Groups
		c.session.Store(&renewed)
		h.clients.refile(c)
	case h.ctx.Err() == nil && refusal(err):
		go c.leave(websocket.StatusPolicyViolation, "no longer allowed")
	default:
		c.reviewed.Store(0) // what could not be looked at is looked at again
	}
}
