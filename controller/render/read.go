package render

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig"
)

// Reader turns what devices run into a configuration of theirs: the way back of
// a Renderer. The one that New returns is a Reader too.
type Reader interface {
	// Read reads native configuration, text or an archive, of the backend with a path.
	// ErrNotReadable says that the backend writes only; what cannot be read is an
	// *Error.
	Read(ctx context.Context, backend string, native []byte) (*Native, error)
}

// ErrNotReadable means that a backend has no reader of its native format.
var ErrNotReadable = errors.New("render: configurations of this backend cannot be read")

// Native is what was read of a native configuration.
type Native struct {
	// Config is the NetJSON object, which is valid for its backend.
	Config wispwright.JSON
	// Notes say what was kept word by word, is written otherwise or was left out.
	// They hold no values, which may be secrets.
	Notes []netjsonconfig.ParseNote
	// More is the number of notes that were left out.
	More int
}

// Read implements Reader.
func (r *netJSON) Read(_ context.Context, backend string, native []byte) (*Native, error) {
	b := r.byPath[backend]
	if b == nil {
		return nil, fmt.Errorf("render: unknown backend %q", backend)
	}
	c, report, err := netjsonconfig.ParseReporting(b, native, nil)
	var broken *netjsonconfig.ParseError
	var invalid *netjsonconfig.ValidationError
	switch {
	case errors.Is(err, netjsonconfig.ErrNoParser):
		return nil, ErrNotReadable
	case errors.As(err, &broken):
		return nil, &Error{Message: broken.Error()}
	case errors.As(err, &invalid):
		return nil, &Error{Pointer: invalid.Pointer, Message: invalid.Error()}
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", backend, err)
	}
	text, err := c.JSON(nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", backend, err)
	}
	return &Native{Config: wispwright.JSON(text), Notes: report.Notes, More: report.More}, nil
}
