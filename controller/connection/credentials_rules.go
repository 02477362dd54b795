package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// The words for two credentials of one name, of which one is shared: everybody
// sees shared ones, so that nobody could tell them apart.
const (
	takenByShared = "There is already another shared credentials with this name." + confusing
	takenByTenant = "There is already a credentials of another organization with this name." + confusing
	confusing     = " Shared objects are visible to all organizations and must have unique names to avoid confusion."
)

func newCredentials(k *core) *entity.Service[wispwright.ID, Credentials, CredentialsFilter] {
	s := entity.New(k.kit, k.stores.Credentials, entity.Kind[wispwright.ID, Credentials]{
		Name: "connection.Credentials", Model: "connection.credentials",
		Validate: k.validateCredentials,
		Check:    k.checkCredentials,
		Stored:   k.credentialsStored,
		Unique: map[string]error{
			UniqueCredentials: wispwright.Invalid("", valid.Taken("Credentials", "Name", "Organization")),
		},
	})
	s.Deleting.Subscribe("connection: connections with deleted credentials", k.credentialsDeleting)
	return s
}

// String is how lists call credentials: "c1 (SSH)".
func (k *core) label(c *Credentials) string {
	return fmt.Sprintf("%s (%s)", c.Name, k.registry.Label(c.Connector))
}

func (k *core) validateCredentials(_ context.Context, c entity.Change[Credentials]) error {
	o := c.After
	var v wispwright.ValidationError
	valid.Text(&v, "name", o.Name, valid.Required, valid.Max(64))
	t := k.registry.Connector(o.Connector)
	switch {
	case o.Connector == "":
		v.Add("connector", valid.Blank)
	case t == nil:
		v.Add("connector", valid.NoChoice(o.Connector))
	default:
		if err := k.checkParams(t, wispwright.JSON(o.Params)); err != nil {
			v.Add("params", err.Error())
		}
	}
	return v.Err()
}

// mostParams bounds parameters, in bytes; a key of 16,384 bits has 13,000.
const mostParams = 64 << 10

// checkParams returns what is wrong with parameters of a connector.
func (k *core) checkParams(t *ConnectorType, params wispwright.JSON) error {
	if len(params) > mostParams {
		return fmt.Errorf("the parameters have %d bytes, more than %d", len(params), mostParams)
	}
	if v, err := decodeValue(params); err != nil {
		return err
	} else if _, ok := v.(*ordered.Object); !ok {
		return errors.New(valid.NoObject)
	}
	if err := follows(k.registry.schemas[t.ID], params); err != nil {
		return err
	}
	if t.Check != nil {
		return t.Check(params)
	}
	return nil
}

// checkCredentials keeps the names of shared credentials apart from all others,
// and connections valid when the organization or the parameters change.
func (k *core) checkCredentials(ctx context.Context, c entity.Change[Credentials]) error {
	o := c.After
	if o == nil {
		return nil
	}
	if c.Before == nil || c.Before.Name != o.Name || c.Before.OrganizationID != o.OrganizationID {
		if err := k.checkName(ctx, o); err != nil {
			return err
		}
	}
	if c.Before == nil || c.Before.OrganizationID == o.OrganizationID || o.OrganizationID.IsZero() {
		return nil
	}
	used, err := k.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{CredentialsID: o.ID}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, u := range used.Rows {
		if u.OrganizationID != o.OrganizationID {
			return wispwright.Invalid("organization", "These credentials are used by devices of other organizations.")
		}
	}
	return nil
}

func (k *core) checkName(ctx context.Context, o *Credentials) error {
	same, err := k.stores.Credentials.List(ctx, wispwright.ScopeAll(), CredentialsFilter{Name: o.Name}, wispwright.Page{NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range same.Rows {
		switch {
		case other.ID == o.ID:
		case other.OrganizationID == o.OrganizationID && !o.OrganizationID.IsZero():
			// the storage's rule, with its own words
		case other.OrganizationID.IsZero():
			return wispwright.Invalid("name", takenByShared)
		case o.OrganizationID.IsZero():
			return wispwright.Invalid("name", takenByTenant)
		}
	}
	return nil
}

// credentialsStored gives credentials to devices, and forgets what nodes know
// of those that are given to new ones.
func (k *core) credentialsStored(ctx context.Context, changes ...entity.Change[Credentials]) error {
	if err := k.added.Purge(ctx); err != nil {
		return err
	}
	for _, c := range changes {
		if c.After != nil && c.After.AutoAdd {
			if err := k.jobs.Enqueue(ctx, Job{JobAutoAdd, c.After.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// credentialsDeleting takes the connections along.
func (k *core) credentialsDeleting(ctx context.Context, list ...*Credentials) error {
	for _, o := range list {
		for {
			some, err := k.stores.Connections.List(ctx, wispwright.ScopeAll(), DeviceConnectionFilter{CredentialsID: o.ID}, wispwright.Page{Limit: 200, NoTotal: true})
			if err != nil {
				return err
			}
			if len(some.Rows) == 0 {
				break
			}
			if err := k.leave(ctx, some.Rows...); err != nil {
				return err
			}
			for _, c := range some.Rows {
				if err := k.stores.Connections.Delete(ctx, wispwright.ScopeAll(), c.ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// leave takes connections that go out of commands.
func (k *core) leave(ctx context.Context, connections ...*DeviceConnection) error {
	ids := make([]wispwright.ID, len(connections))
	for i, c := range connections {
		ids[i] = c.ID
	}
	return k.stores.Commands.Leave(ctx, ids...)
}
