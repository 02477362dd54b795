package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/whois"
	"github.com/wispwright/wispwright/controller/whois/geolite"
	"github.com/wispwright/wispwright/controller/whois/whoishttp"
	"github.com/wispwright/wispwright/controller/whois/whoissql"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/server/jobs"
)

// mountWHOIS adds what is known of the public addresses of devices, which returns
// what devices show of it. Programs with organizations of their own have none.
func (c *ControllerConcern) mountWHOIS(h *Host, recorder wispwright.Recorder) (*whoishttp.HTTP, error) {
	if c.Tenancy == nil {
		return nil, nil
	}
	stores, err := whoissql.New(h.DB())
	if err != nil {
		return nil, err
	}
	provider, err := c.Config.whoisProvider(h)
	if err != nil {
		return nil, err
	}
	queue := whoisQueue{h.Jobs(), jobs.Kind[whois.Job]{Name: "controller.whois", Queue: "whois", Workers: 2, Attempts: 8, Key: whois.Job.Key}}
	base := &entity.Base{Tx: h.DB(), Recorder: recorder, Tenants: c.Tenancy.Organizations}
	c.whois, err = whois.New(base, stores, c.Devices, &whois.Options{
		Provider: provider, Enabled: c.Config.WHOISEnabled, Threshold: c.Config.WHOISThreshold, Jobs: queue, Log: h.Log(),
	})
	if err != nil {
		return nil, err
	}
	h.Jobs().Add(queue.kind.Handle(c.whois.Work))
	c.whois.Attach(c.Controller)
	wire, err := whoishttp.New(c.whois, func(ctx context.Context, id wispwright.ID) error {
		_, err := c.Tenancy.Organizations.Tenant(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	wire.Mount(h.API())
	h.Daily("controller.whois.clean", func(ctx context.Context) error {
		_, err := c.whois.Clean(ctx)
		return err
	})
	h.AtStart(func(context.Context) error {
		go c.whois.Run(h.Lifetime())
		return nil
	})
	return wire, nil
}

// whoisQueue queues lookups.
type whoisQueue struct {
	queue *jobs.Queue
	kind  jobs.Kind[whois.Job]
}

// Enqueue implements whois.Jobs.
func (q whoisQueue) Enqueue(ctx context.Context, list ...whois.Job) error {
	return q.kind.Insert(ctx, q.queue, list...)
}

// whoisProvider is who is asked, nil for nobody: files come first, they need no
// outgoing traffic.
func (c *ControllerConfig) whoisProvider(h *Host) (whois.Provider, error) {
	if len(c.WHOISDatabases) > 0 {
		files, err := geolite.NewFiles(c.WHOISDatabases...)
		if err != nil {
			return nil, fmt.Errorf("controller.whois_databases: %w", err)
		}
		h.AtStop(func(context.Context) error { return files.Close() })
		return files, nil
	}
	if c.WHOISAccount == "" || c.WHOISKey == "" {
		return nil, nil
	}
	networks, err := parseNetworks(c.WHOISNetworks)
	if err != nil {
		return nil, fmt.Errorf("controller.whois_networks: %w", err)
	}
	service, err := geolite.NewService(geolite.Options{Account: c.WHOISAccount, Key: c.WHOISKey, URL: c.WHOISURL, Allowed: networks})
	if err != nil {
		return nil, err
	}
	return service, nil
}

// checkWHOIS finds what is wrong with its settings.
func (c *ControllerConfig) checkWHOIS(e *wispwright.ValidationError) {
	if (c.WHOISAccount == "") != (c.WHOISKey == "") {
		e.Add("whois_account", "want account and key, or neither")
	}
	if c.WHOISEnabled && len(c.WHOISDatabases) == 0 && (c.WHOISAccount == "" || c.WHOISKey == "") {
		e.Add("whois_enabled", "needs whois_account and whois_key, or whois_databases")
	}
	if c.WHOISThreshold < 24*time.Hour {
		e.Add("whois_threshold", "want 24h or more")
	}
	if _, err := parseNetworks(c.WHOISNetworks); err != nil {
		e.Add("whois_networks", err.Error())
	}
	if c.WHOISURL != "" {
		if _, err := geolite.NewService(geolite.Options{Account: "a", Key: "k", URL: c.WHOISURL}); err != nil {
			e.Add("whois_url", "want an address of the web that ends with a slash")
		}
	}
}

// whoisWires tell people of lookups that fail.
func (c *ControllerConcern) whoisWires(n *NotificationsConcern) []Wire {
	if c.whois == nil {
		return nil
	}
	return []Wire{{"whois.Trouble", "notifications: generic_message", hook(c.whois.Trouble.Within, func(ctx context.Context, list ...whois.Trouble) error {
		var events []notifications.Event
		for _, t := range list {
			events = append(events, notifications.Event{
				Type: notifications.GenericMessage, Level: notifications.Error, Actor: deviceRef(t.Device.ID), Target: deviceRef(t.Device.ID),
				Description: "WHOIS details of {address} could not be fetched: {reason}",
				Data: map[string]any{"message": "Failed to fetch WHOIS details for device [{notification.target}]({notification.target_link})",
					"address": t.Address.String(), "reason": t.Reason},
			})
		}
		return n.Post(ctx, events...)
	})}}
}

// clearLastIP empties the last address of active devices of which nothing is known.
type clearLastIP struct {
	Yes bool `help:"Do not ask."`
}

// Run implements the command.
func (cmd *clearLastIP) Run(ctx context.Context, s *Session, c *ControllerConcern) error {
	return s.Open(ctx, func(*Server) error {
		if c.whois == nil || !c.whois.Configured() {
			return errors.New("WHOIS is not configured: set controller.whois_account and controller.whois_key, or controller.whois_databases")
		}
		if !cmd.Yes {
			fmt.Fprint(s.Out, "The last address of active devices without WHOIS details is emptied; their next request brings it back and has it looked up. Type yes: ")
			var answer string
			if _, err := fmt.Fscan(s.In, &answer); err != nil || strings.ToLower(answer) != "yes" {
				fmt.Fprintln(s.Out, "Nothing was changed.")
				return nil
			}
		}
		n, err := c.clearUnknown(ctx)
		fmt.Fprintf(s.Out, "%d addresses were emptied.\n", n)
		return err
	})
}

// clearUnknown empties the addresses and returns their number.
func (c *ControllerConcern) clearUnknown(ctx context.Context) (cleared int, err error) {
	no := false
	ctx = entity.WithCause(ctx, "clear-last-ip")
	for page := (wispwright.Page{NoTotal: true, Limit: 500, Order: []wispwright.Order{{Field: "ID"}}}); ; page.Offset += page.Limit {
		found, err := c.Devices.List(ctx, everyone(), controller.DeviceFilter{IsDeactivated: &no}, page)
		if err != nil {
			return cleared, err
		}
		var addresses []netip.Addr
		for _, d := range found.Rows {
			addresses = append(addresses, d.Device.LastIP)
		}
		known, err := c.whois.Of(ctx, addresses...)
		if err != nil {
			return cleared, err
		}
		for _, d := range found.Rows {
			if !d.Device.LastIP.IsValid() || known[d.Device.LastIP] != nil {
				continue
			}
			if _, err := c.Devices.Update(ctx, everyone(), d.Device.ID, func(d *controller.Detail) error {
				d.Device.LastIP = netip.Addr{}
				return nil
			}); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return cleared, err
			}
			cleared++
		}
		if len(found.Rows) < page.Limit {
			return cleared, nil
		}
	}
}
