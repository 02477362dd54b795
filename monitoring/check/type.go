package check

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
)

// Device is what checks know of a device.
type Device struct {
	monitoring.Device
	// ManagementIP and LastIP are its addresses; invalid: unknown.
	ManagementIP, LastIP netip.Addr
	// Config is the status of its configuration, "" without one; Modified is when device or
	// configuration was changed last.
	Config   string
	Modified time.Time
	// Status is how it is: unknown, ok, problem, critical.
	Status string
	// Pinged says that an answer to ping, or its lack, was stored before.
	Pinged bool
	// Off says that nothing is expected of it, or of its organization.
	Off bool
}

// Target is a check with its device.
type Target struct {
	Check  *Check
	Device *Device
}

// Result is what a check found.
type Result struct {
	// Values are stored; none: the check says nothing.
	Values []monitoring.Measured
	// Document is a NetJSON DeviceMonitoring document to be taken in; nil: none.
	Document []byte
	// Err is why it could not be done. It says nothing of the device.
	Err error
	// Again runs it once more so soon, because it had to wait for something; 0: as usual.
	Again time.Duration
}

// Param describes a parameter for people.
type Param struct {
	// Name is the key in the object.
	Name string
	// Default holds where it is not given; nil: nothing.
	Default any
	// Help says what it is, and its limits.
	Help string
}

// Type is a type of checks.
type Type struct {
	// ID is stored, Label is what people choose.
	ID, Label string
	// Kinds are the kinds of metrics it writes, by which it is known whether it is critical.
	Kinds []string
	// Auto gives new devices one.
	Auto bool
	// Every is how often it runs. Default: 5 minutes.
	Every time.Duration
	// Alone runs each check by itself, so that one that takes long holds no other's result back.
	Alone bool
	// Params describes the parameters for people.
	Params []Param
	// Timeout ends a run. Default: 1 minute.
	Timeout time.Duration
	// Check returns what is wrong with parameters. Default: there are none.
	Check func(params wispwright.JSON) error
	// Run does checks, many at once, and returns a result for each. It is required.
	Run func(ctx context.Context, list []Target) []Result
}

// Registry holds types.
type Registry struct{ types []Type }

// NewRegistry returns a registry. Errors: a type that lacks something or is there twice.
func NewRegistry(types ...Type) (*Registry, error) {
	r := &Registry{}
	for _, t := range types {
		switch {
		case t.ID == "" || len(t.ID) > 128 || t.Label == "" || t.Run == nil:
			return nil, fmt.Errorf("check: the type %q needs an id of at most 128 bytes, a label and a function", t.ID)
		case r.Type(t.ID) != nil:
			return nil, fmt.Errorf("check: two types %q", t.ID)
		}
		if t.Every <= 0 {
			t.Every = 5 * time.Minute
		}
		if t.Timeout <= 0 {
			t.Timeout = time.Minute
		}
		if t.Check == nil {
			t.Check = noParams
		}
		r.types = append(r.types, t)
	}
	return r, nil
}

// Type returns a type, nil if there is none.
func (r *Registry) Type(id string) *Type {
	if i := slices.IndexFunc(r.types, func(t Type) bool { return t.ID == id }); i >= 0 {
		return &r.types[i]
	}
	return nil
}

// Types returns all types.
func (r *Registry) Types() []Type { return slices.Clone(r.types) }

func noParams(params wispwright.JSON) error {
	var m map[string]any
	if err := params.Decode(&m); err != nil {
		return errors.New("Invalid param: an object is wanted")
	}
	for name := range m {
		return fmt.Errorf("Invalid param in %q: it is not known", name)
	}
	return nil
}

// Each makes the function of a Type of one that runs one check.
func Each(run func(ctx context.Context, t Target) Result) func(context.Context, []Target) []Result {
	return func(ctx context.Context, list []Target) []Result {
		out := make([]Result, len(list))
		for i, t := range list {
			out[i] = run(ctx, t)
		}
		return out
	}
}
