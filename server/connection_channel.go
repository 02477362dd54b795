package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection/channel"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// openHub makes what holds the channels of devices.
func (c *ConnectionConcern) openHub(ctx context.Context, h *Host, store channel.Store) error {
	secret, err := h.SecretKey()
	if err != nil {
		return err
	}
	o := channel.Options{
		Identify: c.Controller.Agents.Identify, Store: store, Bus: h.DB(), Secret: secret, Log: h.Log(),
		PerSecond: c.Config.ChannelAdmission, Most: c.Config.ChannelMost, Bytes: c.Config.ChannelRate,
		Opened: func(ctx context.Context, o *channel.Channel) error {
			return c.Connections.OpenedChannel(wispwright.WithCaller(ctx, wispwright.System("channel")), o.DeviceID)
		},
	}
	if o.Node, err = c.node(ctx, h); err != nil {
		return err
	}
	for _, name := range h.Config().HTTP.AllowedHosts { // a node answers to these names only
		o.Host = strings.TrimPrefix(name, ".")
		break
	}
	c.hub, err = channel.New(o)
	return err
}

// node is the address at which other nodes reach this one. Where nobody knows it, it
// is a name of its own that nobody reaches.
func (c *ConnectionConcern) node(ctx context.Context, h *Host) (string, error) {
	if c.Config.ChannelNode != "" {
		return strings.TrimSuffix(c.Config.ChannelNode, "/"), nil
	}
	if h.DB().Dialect() != sqlstore.Postgres {
		return "", nil // there is one node only
	}
	unknown := "none:" + wispwright.NewID().String()
	host, port, err := net.SplitHostPort(h.Config().HTTP.Listen)
	if err != nil || port == "0" || h.Config().tls() {
		return unknown, nil
	}
	seen, err := sqlstore.Get[*string](ctx, h.DB(), "SELECT host(inet_client_addr())")
	if err != nil {
		return "", fmt.Errorf("address of this node: %w", err)
	}
	address := "127.0.0.1" // the database is on this machine
	if seen != nil {
		address = *seen
	}
	listens, err := netip.ParseAddr(host)
	switch {
	case host == "" || err == nil && listens.IsUnspecified():
		return "http://" + net.JoinHostPort(address, port), nil
	case err == nil && listens.IsLoopback():
		if a, err := netip.ParseAddr(address); err != nil || !a.IsLoopback() {
			return unknown, nil
		}
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// mountChannels serves devices that open channels, and other nodes.
func (c *ConnectionConcern) mountChannels(h *Host) {
	if !c.Config.Channels {
		return
	}
	h.Handle(channel.Path, c.hub.Devices(func(r *http.Request) netip.Addr {
		a, err := netip.ParseAddr(rest.ClientAddress(r, true))
		if err != nil {
			return netip.Addr{}
		}
		return a
	}), channel.Path)
	h.Handle(channel.RelayPath, c.hub.Nodes(), channel.RelayPath)
	h.AtStart(func(context.Context) error { return c.hub.Start(h.Lifetime()) })
	h.AtStop(c.hub.Stop)
	h.Metrics().MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "wispwright_channels", Help: "Open channels of devices at this node."},
		func() float64 { return float64(c.hub.Count()) }))
	c.Controller.Devices.Saved.Subscribe("connection: channels of devices whose key changed", func(ctx context.Context, list ...entity.Change[controller.Device]) error {
		for _, o := range list {
			if o.Before != nil && o.After != nil && o.Before.Key != o.After.Key {
				c.hub.Check(ctx, o.After.ID)
			}
		}
		return nil
	})
	c.Controller.Devices.Deleting.Subscribe("connection: channels of deleted devices", func(ctx context.Context, devices ...*controller.Device) error {
		for _, d := range devices {
			c.hub.Check(ctx, d.ID)
		}
		return nil
	})
	c.hub.Contested.Subscribe("log", func(ctx context.Context, list ...channel.Contested) {
		for _, e := range list {
			h.Log().WarnContext(ctx, "the key of a device is used from two places; the newer channel won", "device", e.DeviceID, "before", e.Before, "now", e.Now)
		}
	})
}

// checkNode looks at the address of a node.
func checkNode(text string) error {
	if text == "" {
		return nil
	}
	rest, ok := strings.CutPrefix(text, "http://")
	if !ok {
		rest, ok = strings.CutPrefix(text, "https://")
	}
	if !ok || rest == "" || strings.ContainsAny(rest, " ?#@") {
		return errors.New("must be an address such as http://10.0.0.2:8080")
	}
	return nil
}
