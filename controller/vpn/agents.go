package vpn

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/event"
)

// Requested is the event of a host that asked for what its server is to run.
type Requested struct {
	// Server is the server.
	Server wispwright.ID
	// Download is true of a download, false of a question for the checksum.
	Download bool
}

// Agents answers the hosts of servers (spec: controller-config §10.3 to §10.5).
type Agents struct {
	// Requested is published before a host is answered.
	Requested event.Topic[Requested]

	core *core
}

// poll is what is known of a server that is asked for.
type poll struct {
	key  wispwright.Secret
	name string
	seen time.Time
}

// archive is a rendered server, with what it was rendered of.
type archive struct {
	*render.Archive
	state string
	// authority is whose revocations matter; zero for none
	authority int64
}

// archivesFor is how long a rendered server is believed. Jobs drop it when
// something changed; this is the net below a lost notification between nodes.
const archivesFor = time.Hour

// Checksum returns the checksum of what a server is to run. Errors:
// wispwright.ErrNotFound, for servers of inactive organizations too, and
// *protocol.MissingParameterError, protocol.ErrWrongKey.
func (s *Agents) Checksum(ctx context.Context, server wispwright.ID, key string) (string, error) {
	a, err := s.answer(ctx, server, key, false)
	if err != nil {
		return "", err
	}
	return a.Checksum, nil
}

// Download returns the archive of a server, whose bytes must not be changed. Errors
// are those of Checksum.
func (s *Agents) Download(ctx context.Context, server wispwright.ID, key string) (*render.Archive, error) {
	a, err := s.answer(ctx, server, key, true)
	if err != nil {
		return nil, err
	}
	return a.Archive, nil
}

func (s *Agents) answer(ctx context.Context, server wispwright.ID, key string, download bool) (*archive, error) {
	c := s.core
	p, err := s.enter(ctx, server, key)
	if err != nil {
		return nil, err
	}
	a, err := c.archive(ctx, server)
	if err != nil {
		return nil, err
	}
	s.Requested.Publish(ctx, Requested{server, download})
	if now := c.kit.Now(); now.Sub(p.seen) >= c.SeenEvery {
		if err := c.stores.Servers.Seen(ctx, server, now); err != nil {
			return nil, err
		}
		c.polls.Forget(server)
	}
	return a, nil
}

// poll reads what is known of a server of an active organization.
func (c *core) poll(ctx context.Context, server wispwright.ID) (*poll, error) {
	o, err := c.stores.Servers.Get(ctx, wispwright.ScopeAll(), server)
	if err != nil {
		return nil, err
	}
	if !o.OrganizationID.IsZero() {
		tenant, err := c.organizations.Tenant(ctx, o.OrganizationID)
		if err != nil {
			return nil, err
		}
		if !tenant.IsActive {
			return nil, wispwright.ErrNotFound
		}
	}
	p := &poll{key: o.Key, name: o.Name}
	if o.Fetched != nil {
		p.seen = *o.Fetched
	}
	return p, nil
}

// Configuration returns the archive of a server for an administrator.
func (s *Servers) Configuration(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*render.Archive, error) {
	if _, err := s.core.stores.Servers.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	a, err := s.core.archive(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.Archive, nil
}

// archive returns a rendered server, from memory where it is known.
func (c *core) archive(ctx context.Context, server wispwright.ID) (*archive, error) {
	if a, ok := c.archives.Get(server); ok {
		return a, nil
	}
	return c.archives.Load(ctx, server, func(ctx context.Context) (*archive, error) { return c.render(ctx, server) })
}

// render renders a server with its peers.
func (c *core) render(ctx context.Context, server wispwright.ID) (*archive, error) {
	o, err := c.stores.Servers.Get(ctx, wispwright.ScopeAll(), server)
	if err != nil {
		return nil, err
	}
	t := c.byPath[o.Backend]
	if t == nil {
		return nil, fmt.Errorf("VPN server %s is of the type %s, which this program does not have", server, o.Backend)
	}
	state, err := c.state(ctx, o, t) // before the peers: what changes in between is rendered again
	if err != nil {
		return nil, err
	}
	var peers []Peer
	if t.Keys {
		if peers, err = c.stores.Clients.Peers(ctx, server); err != nil {
			return nil, err
		}
	}
	m, authority := &material{}, int64(0)
	if t.Certificates {
		authority = o.CAID
		cas, err := c.pki.Authorities(ctx, o.CAID)
		if err != nil {
			return nil, err
		}
		certs, err := c.pki.Certificates(ctx, o.CertID)
		if err != nil {
			return nil, err
		}
		m.ca, m.cert = cas[o.CAID], certs[o.CertID]
	}
	in, err := c.input(o, t, m, peers)
	if err != nil {
		return nil, err
	}
	b, err := c.renderer.Archive(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("render VPN server %s: %w", server, invalidConfig(err))
	}
	if c.Repack != nil {
		if b, err = c.Repack(b); err != nil {
			return nil, fmt.Errorf("VPN server %s: %w", server, err)
		}
	}
	sum := md5.Sum(b)
	return &archive{&render.Archive{Name: o.Name, Checksum: hex.EncodeToString(sum[:]), Bytes: b}, state, authority}, nil
}

// state tells whether what a server is rendered of is what it was, without rendering
// it.
func (c *core) state(ctx context.Context, o *Server, t *Type) (string, error) {
	out := o.Modified.UTC().Format(time.RFC3339Nano)
	if !t.Keys && !t.Certificates {
		return out, nil
	}
	n, err := c.stores.Clients.State(ctx, o.ID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %s", out, n.Count, n.Modified.UTC().Format(time.RFC3339Nano)), nil
}
