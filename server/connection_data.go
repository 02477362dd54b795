package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/tenancy"
)

var _ WithData = (*ConnectionConcern)(nil)

// credentialsData are credentials in files of data, with their passwords and keys;
// they are known by their organization, none for those that all share, and their name.
type credentialsData struct {
	Organization string          `json:"organization,omitempty"`
	Name         string          `json:"name"`
	Connector    string          `json:"connector"`
	Params       json.RawMessage `json:"params"`
	AutoAdd      bool            `json:"auto_add,omitempty"`
}

// DataKeys implements WithData.
func (c *ConnectionConcern) DataKeys() []string { return []string{"credentials"} }

// LoadData implements WithData.
func (c *ConnectionConcern) LoadData(_ context.Context, part map[string]json.RawMessage) (func(context.Context) error, error) {
	var list []credentialsData
	if text, ok := part["credentials"]; ok {
		if err := strictly(text, &list); err != nil {
			return nil, fmt.Errorf("credentials: %w", err)
		}
	}
	return func(ctx context.Context) error {
		for i := range list {
			if err := c.loadCredentials(ctx, &list[i]); err != nil {
				return fmt.Errorf("credentials %s: %w", list[i].Name, err)
			}
		}
		return nil
	}, nil
}

func (c *ConnectionConcern) loadCredentials(ctx context.Context, d *credentialsData) error {
	var organization wispwright.ID
	scope := wispwright.ScopeOf().WithShared()
	if d.Organization != "" {
		o, err := c.Controller.Tenancy.Organizations.BySlug(ctx, wispwright.ScopeAll(), d.Organization)
		if err != nil {
			return fmt.Errorf("organization %s: %w", d.Organization, err)
		}
		organization, scope = o.ID, wispwright.ScopeOf(o.ID)
	}
	have, err := c.Credentials.First(ctx, scope, connection.CredentialsFilter{Name: d.Name})
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return c.Credentials.Create(ctx, &connection.Credentials{OrganizationID: organization, Name: d.Name, Connector: d.Connector,
			Params: wispwright.Secret(d.Params), AutoAdd: d.AutoAdd})
	case err != nil || have.Connector == d.Connector && have.AutoAdd == d.AutoAdd && sameJSON([]byte(have.Params.Reveal()), d.Params):
		return err
	}
	_, err = c.Credentials.Update(ctx, wispwright.ScopeAll(), have.ID, func(o *connection.Credentials) error {
		o.Connector, o.Params, o.AutoAdd = d.Connector, wispwright.Secret(d.Params), d.AutoAdd
		return nil
	})
	return err
}

// sameJSON reports whether two texts are one value.
func sameJSON(a, b []byte) bool {
	x, err1 := ordered.Decode(a)
	y, err2 := ordered.Decode(b)
	return err1 == nil && err2 == nil && ordered.Equal(x, y)
}

// DumpData implements WithData. Those of channels hold nothing and come by themselves.
func (c *ConnectionConcern) DumpData(ctx context.Context) (any, error) {
	var out struct {
		Credentials []credentialsData `json:"credentials"`
	}
	out.Credentials = []credentialsData{}
	organizations, err := c.Controller.Tenancy.Organizations.List(ctx, wispwright.ScopeAll(), tenancy.OrganizationFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	slugs := map[wispwright.ID]string{}
	for _, o := range organizations.Rows {
		slugs[o.ID] = o.Slug
	}
	list, err := c.Credentials.List(ctx, wispwright.ScopeAll(), connection.CredentialsFilter{}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}}})
	if err != nil {
		return nil, err
	}
	for _, o := range list.Rows {
		if o.Connector != connection.ConnectorChannel {
			out.Credentials = append(out.Credentials, credentialsData{slugs[o.OrganizationID], o.Name, o.Connector, json.RawMessage(o.Params.Reveal()), o.AutoAdd})
		}
	}
	return out, nil
}
