package approval

import (
	"context"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/store"
)

// State says what was decided of a registration.
type State string

// The states.
const (
	Waiting  State = "waiting"
	Approved State = "approved"
	Refused  State = "refused"
)

// States are the states in the order forms offer them.
func States() []State { return []State{Waiting, Approved, Refused} }

// Registration is a device that registered with the right secret and is not there
// yet.
type Registration struct {
	// ID identifies it; the device gets an id of its own.
	ID wispwright.ID
	// OrganizationID is the tenant, MACAddress what it is known by there.
	OrganizationID wispwright.ID
	MACAddress     string
	// Name, HardwareID, Backend, Model, OS, System and Tags are what it said last.
	Name, HardwareID, Backend, Model, OS, System, Tags string
	// Address is where it asked from last.
	Address netip.Addr
	// State is what was decided; ActorID and Actor are the user that decided.
	State   State
	ActorID wispwright.ID
	Actor   string
	// Created is when it asked first, Heard when last.
	Created, Heard time.Time
}

// UniqueAddress is the rule that a device waits once in an organization.
const UniqueAddress = "approval_registration_mac_address"

// Shape is how storages keep registrations.
func (Registration) Shape() store.Shape {
	return store.Shape{
		Table: "approval_registration", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Name", "MACAddress", "HardwareID", "Model"},
		Unique: []store.Unique{{Name: UniqueAddress, Fields: []string{"OrganizationID", "MACAddress"}}},
	}
}

// Filter selects registrations; zero fields select all.
type Filter struct {
	// IDs limits to some of them.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization, MACAddress to one address.
	OrganizationID wispwright.ID
	MACAddress     string
	// State limits to one state.
	State State
	// HeardBefore limits to devices that did not ask since a moment.
	HeardBefore time.Time
	// Search finds a text in name, addresses or model.
	Search string
}

// Choice is whether an organization approves of registrations.
type Choice struct {
	// OrganizationID is the organization.
	OrganizationID wispwright.ID
	// Required: devices wait.
	Required bool
}

// Shape is how storages keep choices.
func (Choice) Shape() store.Shape {
	return store.Shape{Table: "approval_choice", Key: "OrganizationID", Org: "OrganizationID"}
}

// ChoiceFilter selects choices; zero fields select all.
type ChoiceFilter struct {
	// Required limits to one choice.
	Required *bool
}

// Store keeps registrations, those that asked first last. Its unique rule is
// UniqueAddress.
type Store interface {
	wispwright.Repo[Registration, Filter]
	// Prune removes devices that did not ask since a moment, and returns their number.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// ChoiceStore keeps what organizations chose.
type ChoiceStore = wispwright.Repo[Choice, ChoiceFilter]

// Stores are what the service keeps.
type Stores struct {
	// Registrations keeps registrations.
	Registrations Store
	// Choices keeps what organizations chose.
	Choices ChoiceStore
}

// NewMemory returns stores that keep everything in memory, in a store that other
// concerns share.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Registrations: &memory{memstore.NewRepo[wispwright.ID, Registration, Filter](m, memstore.Spec[Registration]{Shape: Registration{}.Shape()})},
		Choices:       memstore.NewRepo[wispwright.ID, Choice, ChoiceFilter](m, memstore.Spec[Choice]{Shape: Choice{}.Shape()}),
	}
}

type memory struct {
	*memstore.Repo[wispwright.ID, Registration, Filter]
}

// Prune implements Store.
func (s *memory) Prune(ctx context.Context, before time.Time) (int, error) {
	if before.IsZero() {
		return 0, nil
	}
	return s.DeleteWhere(ctx, func(r *Registration) bool { return r.Heard.Before(before) })
}
