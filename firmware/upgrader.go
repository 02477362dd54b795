package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schema"
)

// UpgraderType is one way of upgrading devices (spec: firmware §5).
type UpgraderType struct {
	// Strategies are the update strategies of connections that it goes with.
	Strategies []string
	// Label is its name for people.
	Label string
	// Schema is the JSON Schema (draft 4) of its options; empty: it has none.
	Schema wispwright.JSON
	// Check looks at options that follow the schema. Default: there is nothing more
	// to check.
	Check func(options wispwright.JSON) error
	// Upgrader does it.
	Upgrader Upgrader
}

// Upgrader brings an image onto a device. Any implementation must pass
// firmwaretest.RunUpgrader.
type Upgrader interface {
	// Upgrade does everything until the device runs the image. It may be called
	// again for the same task, after an error or a crash: when Task.Flashed, the
	// image must not be flashed any more, only what became of it be found out.
	// Outcomes: nil; ErrNotNeeded; ErrAborted; ErrCancelled, as Task.Step returned
	// it; *RecoverableError; *LostError; any other error fails the operation with
	// its text.
	Upgrade(ctx context.Context, t Task) error
}

// Task is what an upgrader works on. It is used by one goroutine at a time.
type Task interface {
	// Device is the device as it is now.
	Device(ctx context.Context) (*Device, error)
	// Image is the image, System what the device is to call its system afterwards,
	// "" when that is not known.
	Image() (i *Image, system string)
	// Open opens the image's file.
	Open(ctx context.Context) (io.ReadSeekCloser, error)
	// Link is the path of the controller at which the device may get the image by
	// itself for a while; "" when there is none.
	Link() string
	// Options are what people chose: a JSON object.
	Options() wispwright.JSON
	// Connect opens a session; a device that cannot be reached is a
	// *UnreachableError, which tried connections were logged for when logged is
	// true.
	Connect(ctx context.Context, logged bool) (connection.Session, error)
	// Log adds lines to what people follow.
	Log(ctx context.Context, lines ...string) error
	// Step says how far it is, from 0 to 100. It returns ErrCancelled when somebody
	// does not want it any more.
	Step(ctx context.Context, progress int) error
	// Remember keeps what the upgrader must know when it is called again, as JSON;
	// State returns it, "" when there is nothing.
	Remember(ctx context.Context, state any) error
	State() wispwright.JSON
	// Flash says that flashing begins: what is in state is kept, nobody can cancel
	// any more, and Flashed is true from now on. It returns ErrCancelled like Step.
	Flash(ctx context.Context, progress int, state any) error
	Flashed() bool
}

// The outcomes of an upgrader that are neither success nor failure.
var (
	// ErrNotNeeded: the device has the image already.
	ErrNotNeeded = errors.New("the upgrade is not needed")
	// ErrAborted: the device did not want the image, and is as it was.
	ErrAborted = errors.New("the upgrade was aborted")
	// ErrCancelled: somebody did not want it any more.
	ErrCancelled = errors.New("the upgrade was cancelled")
)

// RecoverableError is a failure that goes by itself: it is tried again.
type RecoverableError struct {
	// Cause is shown to people.
	Cause string
	// NotFlashed says that the device is as it was although Task.Flash was called: it
	// may be called again.
	NotFlashed bool
}

func (e *RecoverableError) Error() string { return e.Cause }

// LostError says that a device did not come back after it was flashed.
type LostError struct {
	// Reason is shown to people.
	Reason string
}

func (e *LostError) Error() string { return e.Reason }

// Upgraders are those that an installation knows, by update strategy. Make them
// with NewUpgraders.
type Upgraders struct {
	types   []*UpgraderType
	schemas map[*UpgraderType]*schema.Schema
}

// NewUpgraders returns a registry. Errors: a strategy that is there twice, a schema
// that is none, an upgrader that is missing.
func NewUpgraders(types ...UpgraderType) (*Upgraders, error) {
	u := &Upgraders{schemas: map[*UpgraderType]*schema.Schema{}}
	for _, t := range types {
		if t.Upgrader == nil || len(t.Strategies) == 0 {
			return nil, fmt.Errorf("firmware: upgrader %q: a strategy and an Upgrader are required", t.Label)
		}
		for _, s := range t.Strategies {
			if u.Of(s) != nil {
				return nil, fmt.Errorf("firmware: strategy %s has two upgraders", s)
			}
		}
		if t.Schema != "" {
			s, err := schema.CompileJSON([]byte(t.Schema), nil)
			if err != nil {
				return nil, fmt.Errorf("firmware: upgrader %q: %w", t.Label, err)
			}
			u.schemas[&t] = s
		}
		u.types = append(u.types, &t)
	}
	return u, nil
}

// All are the upgraders.
func (u *Upgraders) All() []*UpgraderType { return u.types }

// Of returns the upgrader of a strategy; nil when there is none.
func (u *Upgraders) Of(strategy string) *UpgraderType {
	for _, t := range u.types {
		if slices.Contains(t.Strategies, strategy) {
			return t
		}
	}
	return nil
}

// The sentences about options (spec: firmware §1.1).
const (
	noOptions  = "Using upgrade options is not allowed with this upgrader."
	badOptions = "The upgrade options are invalid"
)

// check looks at options; t may be nil where no upgrader is known.
func (u *Upgraders) check(t *UpgraderType, options wispwright.JSON) error {
	value, err := ordered.Decode([]byte(options))
	if err != nil || !options.IsObject() {
		return wispwright.Invalid("upgrade_options", badOptions)
	}
	switch {
	case options.IsEmpty(), strings.Trim(string(options), "{} \t\r\n") == "":
		return nil
	case t == nil || t.Schema == "":
		return wispwright.Invalid("upgrade_options", noOptions)
	case !u.schemas[t].Valid(value):
		return wispwright.Invalid("", badOptions)
	case t.Check == nil:
		return nil
	}
	if err := t.Check(options); err != nil {
		return wispwright.Invalid("upgrade_options", err.Error())
	}
	return nil
}
