package vpn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// JobKind says what a Job does.
type JobKind string

// The kinds of jobs.
const (
	// JobChanged renders a server that changed, and lets its host be told.
	JobChanged JobKind = "changed"
	// JobWebhook tells the host of a server to fetch.
	JobWebhook JobKind = "webhook"
	// JobOrphans releases the clients of a server that was deleted.
	JobOrphans JobKind = "orphans"
	// JobNetwork makes the network of a ZeroTier controller as the server is.
	JobNetwork JobKind = "network"
	// JobRemoveNetwork removes the network of a server that was deleted.
	JobRemoveNetwork JobKind = "remove_network"
	// JobMember lets a client into a ZeroTier network.
	JobMember JobKind = "member"
	// JobRemoveMember takes one out.
	JobRemoveMember JobKind = "remove_member"
)

// Job is work that follows from a change. It is plain data without secrets: a queue
// may store it as JSON.
type Job struct {
	// Kind says what to do.
	Kind JobKind
	// ServerID is the server, or the Departure of JobRemoveNetwork.
	ServerID wispwright.ID
	// ClientID is the client of JobMember.
	ClientID wispwright.ID
	// Member is that of JobRemoveMember.
	Member string
	// Joining is true of a network that is new.
	Joining bool
}

// Key is the same for jobs that are the same work: a queue needs one of them, which
// is run again when it was asked for meanwhile.
func (j Job) Key() string {
	return fmt.Sprintf("%s %s %s %s", j.Kind, j.ServerID, j.ClientID, j.Member)
}

// Jobs queues work.
type Jobs interface {
	// Enqueue is called inside the transaction that causes the jobs, so that neither
	// exists without the other. The queue calls VPN.Work for each after the commit,
	// again when it returns an error that is not a *FinalError. A little later is
	// better for JobChanged: a burst of changes is one then.
	Enqueue(ctx context.Context, jobs ...Job) error
}

// FinalError is returned by Work for what repeating cannot mend.
type FinalError struct{ Err error }

func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *FinalError) Unwrap() error { return e.Err }

// burst is the key of what a transaction does once for a server.
type burst struct {
	c      *core
	server wispwright.ID
}

// changed queues what follows from a change of a server or its clients, once for a
// transaction. again is for changes after which the webhook is called even if
// nothing of the configuration is another.
func (c *core) changed(ctx context.Context, server *Server, again bool) error {
	id := server.ID
	return wispwright.BeforeCommit(ctx, burst{c, id}, again, func(ctx context.Context, args []any) error {
		for _, a := range args {
			if a == true {
				if err := c.stores.Servers.Note(ctx, id, "", server.Trouble); err != nil {
					return err
				}
				break
			}
		}
		return c.jobs.Enqueue(ctx, Job{Kind: JobChanged, ServerID: id})
	})
}

// enqueueNetwork queues what follows at the ZeroTier controller.
func (c *core) enqueueNetwork(ctx context.Context, before, after *Server) error {
	if before != nil && sameForClients(before, after) && before.AuthToken == after.AuthToken {
		return nil
	}
	return c.jobs.Enqueue(ctx, Job{Kind: JobNetwork, ServerID: after.ID, Joining: before == nil})
}

// Work does a job. It may be called again after an error or a crash.
func (v *VPN) Work(ctx context.Context, job Job) error {
	c := v.core
	var err error
	switch job.Kind {
	case JobChanged:
		err = c.workChanged(ctx, job.ServerID)
	case JobWebhook:
		err = c.workWebhook(ctx, job.ServerID)
	case JobOrphans:
		err = c.workOrphans(ctx, job.ServerID)
	case JobNetwork:
		err = c.workNetwork(ctx, job)
	case JobRemoveNetwork:
		err = c.workRemoveNetwork(ctx, job.ServerID)
	case JobMember:
		err = c.workMember(ctx, job)
	case JobRemoveMember:
		err = c.workRemoveMember(ctx, job)
	default:
		err = &FinalError{fmt.Errorf("unknown kind of job %q", job.Kind)}
	}
	if err != nil {
		return fmt.Errorf("vpn: %s of %s: %w", job.Kind, job.ServerID, err)
	}
	return nil
}

// server reads a server for a job, nil when it is gone.
func (c *core) server(ctx context.Context, id wispwright.ID) (*Server, error) {
	o, err := c.stores.Servers.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	return o, err
}

// workChanged renders a server whose archive is another now, so that no host waits
// for that, and tells the webhook. Of several changes the last one finds nothing
// left to do.
func (c *core) workChanged(ctx context.Context, id wispwright.ID) error {
	o, err := c.server(ctx, id)
	if err != nil || o == nil {
		return err
	}
	t := c.byPath[o.Backend]
	if t == nil {
		return nil
	}
	state, err := c.state(ctx, o, t)
	if err != nil {
		return err
	}
	if a, ok := c.archives.Get(id); !ok || a.state != state {
		if err := c.archives.Drop(ctx, id); err != nil {
			return err
		}
		if _, err := c.archive(ctx, id); err != nil {
			c.Log.WarnContext(ctx, "a VPN server cannot be rendered", "server", id.String(), "name", o.Name, "error", err)
		}
	}
	if o.WebhookEndpoint == "" || o.AuthToken == "" || t.Controller || o.Announced == state {
		return nil
	}
	return c.jobs.Enqueue(ctx, Job{Kind: JobWebhook, ServerID: id})
}

// workWebhook tells the host of a server to fetch (spec: controller-config §9.5).
func (c *core) workWebhook(ctx context.Context, id wispwright.ID) error {
	o, err := c.server(ctx, id)
	if err != nil || o == nil || o.WebhookEndpoint == "" || o.AuthToken == "" {
		return err
	}
	t := c.byPath[o.Backend]
	if t == nil {
		return nil
	}
	state, err := c.state(ctx, o, t)
	if err != nil || o.Announced == state {
		return err
	}
	if err := c.call(ctx, o); err != nil {
		return errors.Join(err, c.note(ctx, o, o.Announced, err.Error()))
	}
	c.Log.InfoContext(ctx, "Triggered update webhook of VPN Server UUID: "+id.String())
	return c.note(ctx, o, state, "")
}

// call makes the request. Errors name neither address nor token.
func (c *core) call(ctx context.Context, o *Server) error {
	u, err := url.Parse(o.WebhookEndpoint)
	if err != nil {
		return &FinalError{errors.New("the address of the webhook is malformed")}
	}
	q := u.Query()
	q.Set("key", o.AuthToken.Reveal())
	u.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), http.NoBody)
	if err != nil {
		return &FinalError{errors.New("the address of the webhook is malformed")}
	}
	answer, err := c.Client.Do(r)
	if err != nil {
		return fmt.Errorf("the webhook cannot be reached: %w", withoutURL(err))
	}
	_ = answer.Body.Close() // nothing in it is of use
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook answered %d", answer.StatusCode)
	}
	return nil
}

// withoutURL is an error of a request without its address, which may hold a token.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// note stores how the webhook or the ZeroTier controller fares, and tells when that
// is another (additions: C-13).
func (c *core) note(ctx context.Context, o *Server, announced, trouble string) error {
	trouble = cut(trouble, 500)
	if o.Announced == announced && o.Trouble == trouble {
		return nil
	}
	return c.kit.Do(ctx, "vpn: note", func(ctx context.Context) error {
		if err := c.stores.Servers.Note(ctx, o.ID, announced, trouble); err != nil {
			return err
		}
		if (o.Trouble == "") != (trouble == "") {
			c.top.Trouble.Publish(ctx, TroubleChange{o, trouble})
		}
		return nil
	})
}

// atOnce is how many clients of a deleted server are released in one transaction.
const atOnce = 200

func (c *core) workOrphans(ctx context.Context, server wispwright.ID) error {
	for n := atOnce; n == atOnce; {
		err := c.kit.Do(ctx, "vpn: clients of a deleted server", func(ctx context.Context) error {
			found, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{ServerID: server}, wispwright.Page{Limit: atOnce, NoTotal: true})
			if err != nil {
				return err
			}
			n = len(found.Rows)
			return c.release(ctx, found.Rows...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inline does jobs as soon as they exist.
type inline struct{ v *VPN }

// Enqueue implements Jobs.
func (q *inline) Enqueue(ctx context.Context, jobs ...Job) error {
	wispwright.AfterCommit(ctx, func() {
		background := wispwright.WithCaller(context.WithoutCancel(ctx), wispwright.System("vpn"))
		for _, job := range jobs {
			if err := q.v.Work(background, job); err != nil {
				q.v.Log.ErrorContext(ctx, "a job of VPN servers failed", "kind", string(job.Kind), "server", job.ServerID.String(), "error", err)
			}
		}
	})
	return nil
}

// CertificateRenewed renders what is made of certificates or authorities anew after
// they were renewed, in the context's transaction (additions: X-3); one of both is
// zero.
func (v *VPN) CertificateRenewed(ctx context.Context, authority, certificate int64) error {
	c := v.core
	filter := ServerFilter{CAID: authority, CertID: certificate}
	found, err := c.stores.Servers.List(ctx, wispwright.ScopeAll(), filter, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, o := range found.Rows {
		if err := c.touch(ctx, o, nil); err != nil {
			return err
		}
	}
	if certificate == 0 {
		return nil
	}
	clients, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{CertID: certificate}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	return c.renew(ctx, "client certificate renewed", clients.Rows...)
}

// CertificateDeleted lets go of a certificate that is deleted, in the context's
// transaction. A client of it ends and, where its template is still there, begins
// anew with another.
func (v *VPN) CertificateDeleted(ctx context.Context, certificate int64) error {
	c := v.core
	found, err := c.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{CertID: certificate}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return err
	}
	if len(found.Rows) > 0 {
		return wispwright.Invalid("", `The certificate is that of the VPN server "`+found.Rows[0].Name+`" and cannot be deleted.`)
	}
	clients, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{CertID: certificate}, wispwright.Page{NoTotal: true})
	if err != nil || len(clients.Rows) == 0 {
		return err
	}
	for _, cl := range clients.Rows {
		cl.AutoCert = false // it is not there to be revoked
	}
	if err := c.release(ctx, clients.Rows...); err != nil {
		return err
	}
	return c.renew(ctx, "client certificate deleted", clients.Rows...)
}

// AuthorityDeleted refuses to delete an authority that servers need.
func (v *VPN) AuthorityDeleted(ctx context.Context, authority int64) error {
	found, err := v.core.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{CAID: authority}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	return wispwright.Invalid("", `The CA is that of the VPN server "`+found.Rows[0].Name+`" and cannot be deleted.`)
}

// AddressesChanged follows addresses that have another value, or none any more, in the
// context's transaction.
func (v *VPN) AddressesChanged(ctx context.Context, list ...Address) error {
	c := v.core
	byID := make(map[wispwright.ID]Address, len(list))
	ids := make([]wispwright.ID, len(list))
	for i, a := range list {
		ids[i], byID[a.ID] = a.ID, a
	}
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := c.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{AddressIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, o := range found.Rows {
			a := byID[o.AddressID]
			if o.Address == a.Value {
				continue
			}
			err := c.touch(ctx, o, func(o *Server) {
				o.Address = a.Value
				if !a.Value.IsValid() {
					o.AddressID, o.OwnAddress = wispwright.ID{}, false
				}
			})
			if err != nil {
				return err
			}
		}
		clients, err := c.stores.Clients.List(ctx, wispwright.ScopeAll(), ClientFilter{AddressIDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, cl := range clients.Rows {
			if a := byID[cl.AddressID]; cl.Address != a.Value {
				if err := c.readdress(ctx, cl, a); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// readdress gives a client another value of its address, or none.
func (c *core) readdress(ctx context.Context, cl *Client, a Address) error {
	_, err := c.stores.Clients.Update(ctx, wispwright.ScopeAll(), cl.ID, func(cl *Client) error {
		cl.Address, cl.Modified = a.Value, c.kit.Now()
		if !a.Value.IsValid() {
			cl.AddressID = wispwright.ID{}
		}
		return nil
	})
	if err != nil {
		return err
	}
	o, err := c.server(ctx, cl.ServerID)
	if err != nil || o == nil {
		return err
	}
	if err := c.peersChanged(ctx, o, c.byPath[o.Backend], []*Client{cl}, nil); err != nil {
		return err
	}
	return c.renew(ctx, "address of the VPN client changed", cl)
}

// SubnetChanged follows a subnet that is another network now, in the context's
// transaction.
func (v *VPN) SubnetChanged(ctx context.Context, n Subnet) error {
	found, err := v.core.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{SubnetID: n.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, o := range found.Rows {
		if o.Subnet == n.Network {
			continue
		}
		if err := v.core.touch(ctx, o, func(o *Server) { o.Subnet = n.Network }); err != nil {
			return err
		}
	}
	return nil
}

// SubnetDeleted refuses to delete a subnet that servers need: their clients would
// lose their tunnels.
func (v *VPN) SubnetDeleted(ctx context.Context, subnet wispwright.ID) error {
	found, err := v.core.stores.Servers.List(ctx, wispwright.ScopeAll(), ServerFilter{SubnetID: subnet}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	return wispwright.Invalid("", `The subnet is that of the VPN server "`+found.Rows[0].Name+`" and cannot be deleted.`)
}

// touch changes what the service keeps of a server because something else changed,
// and does what follows.
func (c *core) touch(ctx context.Context, o *Server, change func(*Server)) error {
	before := *o
	after, err := c.stores.Servers.Update(ctx, wispwright.ScopeAll(), o.ID, func(o *Server) error {
		if change != nil {
			change(o)
		}
		o.Modified = c.kit.Now()
		return nil
	})
	if err != nil {
		return err
	}
	if err := errors.Join(c.archives.Drop(ctx, o.ID), c.changed(ctx, after, true)); err != nil {
		return err
	}
	c.top.Servers.Modified.Publish(ctx, after)
	c.top.Servers.Changed.Publish(ctx, entity.Change[Server]{Before: &before, After: after})
	return c.ctl.Templates.VPNChanged(ctx, o.ID, "VPN server "+o.Name+" changed")
}

// renew renders the configurations of clients anew.
func (c *core) renew(ctx context.Context, cause string, clients ...*Client) error {
	ids := make([]wispwright.ID, len(clients))
	for i, cl := range clients {
		ids[i] = cl.DeviceID
	}
	return c.ctl.Devices.Renew(ctx, cause, ids...)
}

// Readdress gives a client another address, which is recorded already, in the context's
// transaction, and frees the one it had.
func (s *Clients) Readdress(ctx context.Context, client wispwright.ID, a Address) error {
	c := s.core
	cl, err := c.stores.Clients.Get(ctx, wispwright.ScopeAll(), client)
	if err != nil || cl.AddressID == a.ID {
		return err
	}
	if _, err := c.stores.Clients.Update(ctx, wispwright.ScopeAll(), client, func(cl *Client) error { cl.AddressID = a.ID; return nil }); err != nil {
		return err
	}
	if !cl.AddressID.IsZero() {
		if err := c.ipam.Free(ctx, cl.AddressID); err != nil {
			return err
		}
	}
	return c.readdress(ctx, cl, a)
}
