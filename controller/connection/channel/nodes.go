package channel

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
)

// busChannel is what nodes tell each other of channels on.
const busChannel = "connection.channel"

// Start forgets what a former life of this node held, listens to the other nodes and
// watches the channels, until the context ends.
func (h *Hub) Start(ctx context.Context) error {
	if err := h.o.Store.ReleaseNode(ctx, h.o.Node); err != nil {
		return fmt.Errorf("channels of this node: %w", err)
	}
	go h.sweep(ctx)
	if h.o.Bus == nil {
		return nil
	}
	return h.o.Bus.Listen(ctx, busChannel, func(payload string) { go h.hear(ctx, payload) })
}

// Stop closes all channels; devices come again after a while that differs.
func (h *Hub) Stop(ctx context.Context) error {
	h.mu.Lock()
	h.stopped = true
	all := h.all()
	clear(h.open)
	h.mu.Unlock()
	var left sync.WaitGroup
	for _, c := range all {
		left.Go(func() { h.farewell(c, websocket.StatusServiceRestart, "the server stops") })
	}
	left.Wait()
	h.relays.close()
	return h.o.Store.ReleaseNode(ctx, h.o.Node)
}

// all are the open channels. The lock is held.
func (h *Hub) all() []*channel {
	all := make([]*channel, 0, len(h.open))
	for _, c := range h.open {
		all = append(all, c)
	}
	return all
}

// tell says something to the other nodes.
func (h *Hub) tell(ctx context.Context, what string, device wispwright.ID, rest string) {
	if h.o.Bus == nil {
		return
	}
	if err := h.o.Bus.Notify(ctx, busChannel, what+" "+device.String()+" "+rest); err != nil {
		h.o.Log.WarnContext(ctx, "other nodes were not told of a channel", "device", device, "error", err)
	}
}

// hear does what another node, or this one, said.
func (h *Hub) hear(ctx context.Context, payload string) {
	what, rest, _ := strings.Cut(payload, " ")
	device, rest, _ := strings.Cut(rest, " ")
	if what == "" { // something may have been missed
		h.compare(ctx)
		return
	}
	id, err := wispwright.ParseID(device)
	if err != nil {
		return
	}
	c := h.local(id)
	if c == nil {
		return
	}
	switch what {
	case "replaced":
		if newer, address, _ := strings.Cut(rest, " "); newer != c.row.ID.String() {
			h.replace(ctx, c, address)
		}
	case "check":
		h.checkTwice(ctx, c)
	}
}

// Check looks again at whether devices may keep their channels, on all nodes, once
// the context's transaction is committed.
func (h *Hub) Check(ctx context.Context, devices ...wispwright.ID) {
	for _, id := range devices {
		if h.o.Bus != nil {
			h.tell(ctx, "check", id, "")
			continue
		}
		wispwright.AfterCommit(ctx, func() {
			if c := h.local(id); c != nil {
				go h.checkTwice(context.WithoutCancel(ctx), c)
			}
		})
	}
}

// settle is when all nodes have forgotten what they knew of a device.
const settle = 3 * time.Second

// checkTwice looks at once and, for this may come before what the node remembers of the
// device is forgotten, again.
func (h *Hub) checkTwice(ctx context.Context, c *channel) {
	h.recheck(ctx, c)
	time.AfterFunc(settle, func() { h.recheck(context.WithoutCancel(ctx), c) })
}

// recheck cuts a channel whose key is not the device's any more.
func (h *Hub) recheck(ctx context.Context, c *channel) {
	_, err := h.o.Identify(ctx, protocol.Credentials{ID: c.row.DeviceID, Key: c.key})
	if err != nil && isRefusal(err) {
		h.farewell(c, websocket.StatusPolicyViolation, "no longer allowed")
	}
}

// compare cuts channels that others took the place of while nobody heard.
func (h *Hub) compare(ctx context.Context) {
	h.mu.RLock()
	all := h.all()
	h.mu.RUnlock()
	for _, c := range all {
		row, err := h.o.Store.Get(ctx, wispwright.ScopeAll(), c.row.DeviceID)
		if err == nil && row.ID != c.row.ID && row.Since.After(c.row.Since) {
			h.replace(ctx, c, row.Address)
		}
	}
}

// patience is how long a write to a device may take.
const patience = 30 * time.Second

// sweep cuts devices that are silent or do not read, and looks at keys again.
func (h *Hub) sweep(ctx context.Context) {
	pause := min(h.o.Silence/5, 10*time.Second)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		h.mu.RLock()
		all := h.all()
		h.mu.RUnlock()
		for _, c := range all {
			writing := c.wire.writing.Load()
			switch {
			case now.UnixNano()-c.wire.heard.Load() > int64(h.o.Silence), writing != 0 && now.UnixNano()-writing > int64(patience):
				c.cut() // it is gone
			case now.Sub(c.checked) > h.o.Recheck:
				c.checked = now
				h.recheck(ctx, c)
			}
		}
	}
}
