package approval

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/valid"
)

// Mostly is how many devices of an organization may wait; what asks beyond is told
// to wait and not kept.
const Mostly = 10_000

// Agents registers devices; *controller.Agents is one.
type Agents interface {
	// Register makes a device or finds it again.
	Register(ctx context.Context, r protocol.Registration) (*controller.Registered, error)
}

// Queue is the service of registrations that wait.
type Queue struct {
	// Choices is the service of what organizations chose.
	Choices *entity.Service[wispwright.ID, Choice, ChoiceFilter]
	// Registrations is the service of those that wait or were decided on. Decide
	// changes them.
	Registrations *entity.Service[wispwright.ID, Registration, Filter]
	// Waits is published when a device asks for the first time.
	Waits event.Topic[Registration]

	base   *entity.Base
	stores Stores
}

// New returns the service. Attach holds registrations back.
func New(base *entity.Base, stores Stores) (*Queue, error) {
	if base == nil || base.Tx == nil || stores.Registrations == nil || stores.Choices == nil {
		return nil, errors.New("approval: base and stores are required")
	}
	q := &Queue{base: base, stores: stores}
	q.Choices = entity.New(base, wispwright.KeyedRepo[wispwright.ID, Choice, ChoiceFilter](stores.Choices), entity.Kind[wispwright.ID, Choice]{
		Name: "approval.Choices", Model: "config.organizationconfigsettings", Key: "OrganizationID", Org: "OrganizationID",
		Label: func(*Choice) string { return "approval of registrations" },
	})
	q.Registrations = entity.New(base, wispwright.KeyedRepo[wispwright.ID, Registration, Filter](stores.Registrations), entity.Kind[wispwright.ID, Registration]{
		Name: "approval.Registrations", Model: "config.device", Hidden: []string{"Heard"},
		Label:  func(r *Registration) string { return "registration of " + r.Name },
		Unique: map[string]error{UniqueAddress: wispwright.Invalid("mac_address", valid.Taken("Registration", "Organization", "Mac address"))},
	})
	return q, nil
}

// Attach holds back the registrations of new devices, inside the transaction that
// makes them.
func (q *Queue) Attach(a *controller.Agents) {
	a.Registered.Within("approval: new devices that somebody must approve of", q.admit)
}

// Events lists the events of the service.
func (q *Queue) Events() []event.Listed {
	return append(append(q.Choices.Listed(""), q.Registrations.Listed("")...), q.Waits.Listed("approval.Waits", ""))
}

// held is a registration that is not admitted. It carries the device that is not
// made.
type held struct {
	device *controller.Device
	state  State
}

// Error implements error.
func (h *held) Error() string { return h.Unwrap().Error() }

// Unwrap is what the protocol answers.
func (h *held) Unwrap() error {
	if h.state == Refused {
		return protocol.ErrRefused
	}
	return protocol.ErrWaiting
}

// admit lets devices in that are known, approved of, or of organizations that
// approve of nobody.
func (q *Queue) admit(ctx context.Context, list ...controller.Registered) error {
	for _, r := range list {
		if !r.IsNew {
			continue
		}
		d := r.Device
		c, err := q.Choice(ctx, wispwright.ScopeAll(), d.OrganizationID)
		if err != nil {
			return err
		}
		known, err := q.of(ctx, d)
		if err != nil {
			return err
		}
		if !c.Required || known != nil && known.State == Approved {
			if known == nil {
				continue
			}
			if err := q.stores.Registrations.Delete(ctx, wispwright.ScopeAll(), known.ID); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return fmt.Errorf("end the wait of %s: %w", d.Name, err)
			}
			continue
		}
		h := &held{device: d, state: Waiting}
		if known != nil {
			h.state = known.State
		}
		return h
	}
	return nil
}

// of is the registration of a device; nil for none.
func (q *Queue) of(ctx context.Context, d *controller.Device) (*Registration, error) {
	found, err := q.stores.Registrations.List(ctx, wispwright.ScopeAll(), Filter{OrganizationID: d.OrganizationID, MACAddress: strings.ToUpper(d.MACAddress)}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(found.Rows) == 0 {
		return nil, err
	}
	return found.Rows[0], nil
}

// Gate returns agents whose registrations are noted where they are held back. The
// errors protocol.ErrWaiting and protocol.ErrRefused tell of it.
func (q *Queue) Gate(a Agents) Agents { return gate{q, a} }

type gate struct {
	q      *Queue
	agents Agents
}

// Register implements Agents.
func (g gate) Register(ctx context.Context, r protocol.Registration) (*controller.Registered, error) {
	out, err := g.agents.Register(ctx, r)
	var h *held
	if !errors.As(err, &h) {
		return out, err
	}
	if noted := g.q.note(ctx, h.device, r); noted != nil {
		return nil, noted
	}
	return nil, h.Unwrap()
}

// note stores what a held device said.
func (q *Queue) note(ctx context.Context, d *controller.Device, r protocol.Registration) error {
	now := q.base.Now()
	say := func(w *Registration) error {
		w.Name, w.HardwareID, w.Backend, w.Model, w.OS, w.System, w.Tags = d.Name, d.HardwareID, r.Backend, d.Model, d.OS, d.System, cut(r.Tags, 1024)
		w.Address, w.Heard = r.Peer, now
		return nil
	}
	return q.base.Do(ctx, "approval.note", func(ctx context.Context) error {
		known, err := q.of(ctx, d)
		if err != nil {
			return err
		}
		if known != nil { // it asks again every minute: no history is kept of that
			_, err := q.stores.Registrations.Update(ctx, wispwright.ScopeAll(), known.ID, say)
			if errors.Is(err, wispwright.ErrNotFound) {
				return nil
			}
			return err
		}
		found, err := q.stores.Registrations.List(ctx, wispwright.ScopeAll(), Filter{OrganizationID: d.OrganizationID}, wispwright.Page{Limit: 1})
		if err != nil || found.Total >= Mostly {
			return err
		}
		w := &Registration{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, MACAddress: strings.ToUpper(d.MACAddress), State: Waiting, Created: now}
		if err := say(w); err != nil {
			return err
		}
		err = q.stores.Registrations.Insert(ctx, w)
		var conflict *wispwright.ConflictError
		if errors.As(err, &conflict) { // it asked twice at once
			return fmt.Errorf("%w: %w", wispwright.ErrCollision, err)
		}
		if err != nil {
			return fmt.Errorf("note that %s waits: %w", d.Name, err)
		}
		if err := q.Registrations.Note(ctx, entity.Change[Registration]{After: w}); err != nil {
			return err
		}
		q.Waits.Publish(ctx, *w)
		return nil
	})
}

func cut(text string, most int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

// Decide approves of a registration, or refuses it. An approved device is let in
// when it asks next; a refused one is told so, and agents give up.
func (q *Queue) Decide(ctx context.Context, scope wispwright.Scope, id wispwright.ID, state State) (*Registration, error) {
	if state != Approved && state != Refused && state != Waiting {
		return nil, wispwright.Invalid("state", valid.NoChoice(state))
	}
	return q.Registrations.Update(ctx, scope, id, func(r *Registration) error {
		r.State, r.ActorID, r.Actor = state, wispwright.ID{}, ""
		if c := wispwright.CallerFrom(ctx); c != nil && state != Waiting {
			r.ActorID, r.Actor = c.ID, c.Name
		}
		return nil
	})
}

// Choice returns what an organization chose.
func (q *Queue) Choice(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (*Choice, error) {
	if !scope.Allows(organization) || organization.IsZero() {
		return nil, wispwright.ErrNotFound
	}
	c, err := q.stores.Choices.Get(ctx, scope, organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return &Choice{OrganizationID: organization}, nil
	}
	return c, err
}

// Choose changes what an organization chose. Devices that wait when it approves of
// nobody any more are let in as they ask.
func (q *Queue) Choose(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, required bool) (*Choice, error) {
	was, err := q.Choice(ctx, scope, organization)
	if err != nil || was.Required == required {
		return was, err
	}
	set := func(c *Choice) error {
		c.Required = required
		return nil
	}
	c, err := q.Choices.Update(ctx, scope, organization, set)
	if !errors.Is(err, wispwright.ErrNotFound) {
		return c, err
	}
	c = &Choice{OrganizationID: organization, Required: required}
	err = q.Choices.Create(ctx, c)
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) { // somebody else chose just now
		return q.Choices.Update(ctx, scope, organization, set)
	}
	return c, err
}

// Prune removes devices that did not ask for an age, and returns their number.
func (q *Queue) Prune(ctx context.Context, age time.Duration) (int, error) {
	n, err := q.stores.Registrations.Prune(ctx, q.base.Now().Add(-age))
	if err != nil {
		return n, fmt.Errorf("prune registrations: %w", err)
	}
	return n, nil
}
