package vpn

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Restore stores a server as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". Nothing is made for it and no webhook is
// called. Subnet and Address are the values of what SubnetID and AddressID name.
func (s *Servers) Restore(ctx context.Context, o *Server) (action string, err error) {
	var v wispwright.ValidationError
	if s.core.byPath[o.Backend] == nil {
		v.Add("backend", valid.NoChoice(o.Backend))
	}
	valid.Object(&v, "config", &o.Config)
	if err := v.Err(); err != nil {
		return "", err
	}
	err = s.core.kit.Do(ctx, "vpn.Servers.Restore", func(ctx context.Context) error {
		if _, action, err = s.Adopt(ctx, o, func(before, after *Server) {
			after.Inherited = true
			if before != nil {
				after.OwnCert, after.OwnAddress = before.OwnCert, before.OwnAddress
				after.Announced, after.Trouble, after.Fetched = before.Announced, before.Trouble, before.Fetched
			}
		}); err != nil || action == "" {
			return err
		}
		if err := s.core.polls.Drop(ctx, o.ID); err != nil {
			return err
		}
		return s.core.archives.Drop(ctx, o.ID)
	})
	return action, err
}

// Restore stores a client as it is in an installation that is taken over, and returns
// what that took: "add", "change" or "". Address is the value of what AddressID names.
func (s *Clients) Restore(ctx context.Context, cl *Client) (action string, err error) {
	c := s.core
	err = c.kit.Do(ctx, "vpn.Clients.Restore", func(ctx context.Context) error {
		if _, err := c.stores.Servers.Get(ctx, wispwright.ScopeAll(), cl.ServerID); err != nil {
			return valid.Reference(err, "vpn", cl.ServerID)
		}
		_, action, err = entity.Put(ctx, wispwright.Repo[Client, ClientFilter](c.stores.Clients), cl.ID, cl, nil)
		if err != nil || action == "" {
			return err
		}
		return c.archives.Drop(ctx, cl.ServerID)
	})
	return action, err
}
