package vpn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"

	"go4.org/netipx"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Departure is the network of a server that was deleted, until the ZeroTier
// controller has removed it.
type Departure struct {
	// ID identifies it.
	ID wispwright.ID
	// Host is the controller, Token opens it.
	Host  string
	Token wispwright.Secret
	// NetworkID is the network.
	NetworkID string
}

// Shape is how storages keep departures.
func (Departure) Shape() store.Shape { return store.Shape{Table: "vpn_departure"} }

// zeroTier speaks the API of self-hosted ZeroTier controllers
// (spec: controller-config §9.7, connection §12.2).
type zeroTier struct{ client *http.Client }

// apiError is an answer that is no success.
type apiError struct {
	status int
	reason string
}

func (e *apiError) Error() string { return fmt.Sprintf("%s, status code: %d", e.reason, e.status) }

// recoverable reports whether asking again may help.
func (e *apiError) recoverable() bool {
	switch e.status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// mostAnswer bounds what is read of a controller, in bytes.
const mostAnswer = 4 << 20

// ask makes one request; body may be nil.
func (z *zeroTier) ask(ctx context.Context, method string, o *Server, path string, body any) (*ordered.Object, error) {
	var in io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write a request to the ZeroTier controller: %w", err)
		}
		in = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+o.Host+path, in)
	if err != nil {
		return nil, fmt.Errorf("request to the ZeroTier controller: %w", withoutURL(err))
	}
	r.Header.Set("X-ZT1-Auth", o.AuthToken.Reveal())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	answer, err := z.client.Do(r)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read as far as it is used
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return nil, fmt.Errorf("answer of the ZeroTier controller: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, &apiError{answer.StatusCode, http.StatusText(answer.StatusCode)}
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return ordered.NewObject(), nil
	}
	out, err := ordered.DecodeObject(text)
	if err != nil {
		return nil, errors.New("the ZeroTier controller answered something that is no JSON object")
	}
	return out, nil
}

// check asks whether the controller is there, and notes its node.
func (z *zeroTier) check(ctx context.Context, o *Server) error {
	status, err := z.ask(ctx, http.MethodGet, o, "/status", nil)
	var refused *apiError
	switch {
	case errors.As(err, &refused) && refused.status == http.StatusUnauthorized:
		return wispwright.Invalid("auth_token", "Authorization failed for ZeroTier controller, ensure you are using the correct authorization token")
	case errors.As(err, &refused):
		return wispwright.Invalid("host", fmt.Sprintf("Failed to connect to the ZeroTier controller, ensure you are using the correct hostname (error: %s, status code: %d)", refused.reason, refused.status))
	case err != nil:
		return wispwright.Invalid("host", "Failed to connect to the ZeroTier controller, Error: "+err.Error())
	}
	node := text(status, "address")
	if !isHex(node, 10) {
		return wispwright.Invalid("host", "Failed to connect to the ZeroTier controller, Error: it did not tell its address")
	}
	o.NodeID = node
	return nil
}

// isHex wants so many hexadecimal digits, so that an answer cannot lead a later
// request elsewhere.
func isHex(text string, length int) bool {
	if len(text) != length {
		return false
	}
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// network is what a controller made.
type network struct {
	id     string
	config wispwright.JSON
}

// body is a network as the controller takes it.
func (z *zeroTier) body(o *Server) (*ordered.Object, error) {
	config, err := decode(o.Config)
	if err != nil {
		return nil, err
	}
	out := tunnel(config, "zerotier").Clone()
	out.Set("name", o.Name)
	route, pool := ordered.NewObject(), ordered.NewObject()
	route.Set("target", o.Subnet.String())
	route.Set("via", "")
	out.Set("routes", []any{route})
	r := netipx.RangeOfPrefix(o.Subnet)
	pool.Set("ipRangeStart", firstHost(o.Subnet, r.From()).String())
	pool.Set("ipRangeEnd", r.To().String())
	out.Set("ipAssignmentPools", []any{pool})
	return out, nil
}

func firstHost(p netip.Prefix, first netip.Addr) netip.Addr {
	if next := first.Next(); !p.IsSingleIP() && p.Contains(next) {
		return next
	}
	return first
}

// create makes the network of a new server.
func (z *zeroTier) create(ctx context.Context, o *Server) (*network, error) {
	body, err := z.body(o)
	if err != nil {
		return nil, err
	}
	made, err := z.ask(ctx, http.MethodPost, o, "/controller/network/"+o.NodeID+"______", body)
	if err != nil {
		return nil, err
	}
	out := &network{id: text(made, "id")}
	if !isHex(out.id, 16) {
		return nil, errors.New("the ZeroTier controller did not tell the id of the network")
	}
	for _, name := range []string{
		"authTokens", "authorizationEndpoint", "clientId", "rulesSource", "ssoEnabled", "creationTime", "name", "nwid", "objtype", "revision", "routes",
		"ipAssignmentPools", "id",
	} {
		made.Delete(name)
	}
	config := ordered.NewObject()
	config.Set("zerotier", []any{made})
	out.config = wispwright.JSON(ordered.Append(nil, config))
	return out, nil
}

// remove deletes a network, and lets the controller's node leave it.
func (z *zeroTier) remove(ctx context.Context, o *Server) error {
	_, err := z.ask(ctx, http.MethodDelete, o, "/controller/network/"+o.NetworkID, nil)
	var refused *apiError
	if errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = z.ask(ctx, http.MethodDelete, o, "/network/"+o.NetworkID, nil)
	if errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return nil
	}
	return err
}

// member lets somebody into the network with an address.
func (z *zeroTier) member(ctx context.Context, o *Server, member string, address netip.Addr) error {
	if !address.IsValid() || member == "" {
		return nil
	}
	_, err := z.ask(ctx, http.MethodPost, o, "/controller/network/"+o.NetworkID+"/member/"+member,
		map[string]any{"authorized": true, "activeBridge": true, "ipAssignments": []string{address.String()}})
	return err
}

// told notes how a request of a job ended, and says whether it is worth repeating.
func (c *core) told(ctx context.Context, o *Server, err error) error {
	if err == nil {
		return c.note(ctx, o, o.Announced, "")
	}
	noted := c.note(ctx, o, o.Announced, "ZeroTier controller: "+err.Error())
	var refused *apiError
	if errors.As(err, &refused) && !refused.recoverable() {
		return errors.Join(&FinalError{err}, noted)
	}
	return errors.Join(err, noted)
}

// workNetwork makes the network as the server is, and its own node a member.
func (c *core) workNetwork(ctx context.Context, job Job) error {
	o, err := c.server(ctx, job.ServerID)
	if err != nil || o == nil || o.NetworkID == "" {
		return err
	}
	if !job.Joining {
		body, err := c.zerotier.body(o)
		if err != nil {
			return err
		}
		if _, err := c.zerotier.ask(ctx, http.MethodPost, o, "/controller/network/"+o.NetworkID, body); err != nil {
			return c.told(ctx, o, err)
		}
	} else if _, err := c.zerotier.ask(ctx, http.MethodPost, o, "/network/"+o.NetworkID, ordered.NewObject()); err != nil {
		return c.told(ctx, o, err)
	}
	return c.told(ctx, o, c.zerotier.member(ctx, o, o.NodeID, o.Address))
}

func (c *core) workMember(ctx context.Context, job Job) error {
	cl, err := c.stores.Clients.Get(ctx, wispwright.ScopeAll(), job.ClientID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := c.server(ctx, cl.ServerID)
	if err != nil || o == nil {
		return err
	}
	return c.told(ctx, o, c.zerotier.member(ctx, o, cl.Member(), cl.Address))
}

func (c *core) workRemoveMember(ctx context.Context, job Job) error {
	o, err := c.server(ctx, job.ServerID)
	if err != nil || o == nil || !isHex(job.Member, 10) {
		return err
	}
	_, err = c.zerotier.ask(ctx, http.MethodDelete, o, "/controller/network/"+o.NetworkID+"/member/"+job.Member, nil)
	var refused *apiError
	if errors.As(err, &refused) && refused.status == http.StatusNotFound {
		err = nil
	}
	return c.told(ctx, o, err)
}

// workRemoveNetwork removes what a deleted server left at its controller. Nobody is
// told of failures: the server is gone (spec: connection §12.2).
func (c *core) workRemoveNetwork(ctx context.Context, id wispwright.ID) error {
	d, err := c.stores.Departures.Get(ctx, wispwright.ScopeAll(), id)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = c.zerotier.remove(ctx, &Server{Host: d.Host, AuthToken: d.Token, NetworkID: d.NetworkID})
	var refused *apiError
	if err != nil && (!errors.As(err, &refused) || refused.recoverable()) {
		return err
	}
	if err != nil {
		c.Log.ErrorContext(ctx, "the network of a deleted VPN server is left at its ZeroTier controller", "network", d.NetworkID, "host", d.Host, "error", err)
	}
	if gone := c.stores.Departures.Delete(ctx, wispwright.ScopeAll(), id); gone != nil && !errors.Is(gone, wispwright.ErrNotFound) {
		return gone
	}
	return nil
}
