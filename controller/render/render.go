// Package render turns what a configuration is made of into what devices run.
// It keeps nothing but the templates it decoded and knows no storage: package
// controller decides what is rendered and when, and any other program may
// render an Input with it alone (spec: controller-config §2).
//
//	r := render.New(nil)
//	archive, err := r.Archive(ctx, render.Input{Backend: r.Backends()[0].Path, Config: config})
package render

import (
	"context"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Backend is a kind of configuration devices may have.
type Backend struct {
	// Path is its name on the wire: "netjsonconfig.OpenWrt".
	Path string
	// Label is its name for people.
	Label string
	// Schema is the JSON Schema a form can be made from.
	Schema json.RawMessage
}

// Layer is a piece of configuration under others.
type Layer struct {
	// Revision identifies the text for a cache of decoded ones; zero for text
	// that is not worth keeping.
	Revision wispwright.ID
	// Config is the NetJSON object.
	Config wispwright.JSON
}

// Input is everything the bytes of a configuration depend on. Equal inputs
// give equal bytes.
type Input struct {
	// Backend is the path of the backend.
	Backend string
	// Hostname is used when no layer names one; empty for none.
	Hostname string
	// OS is the device's operating system.
	OS string
	// Templates are laid below Config, the first one lowest.
	Templates []Layer
	// Config is the uppermost layer; may be empty.
	Config wispwright.JSON
	// Context are the variables.
	Context map[string]any
	// Former asks for the bytes of OpenWISP 24.11 where they are others.
	Former bool
}

// Archive is a configuration to download.
type Archive struct {
	// Name is the device's or template's; the file is called Name.tar.gz.
	Name string
	// Checksum is the lower-case MD5 of Bytes.
	Checksum string
	// Bytes are the .tar.gz. They are shared and must not be changed.
	Bytes []byte
}

// Renderer turns inputs into what devices run. All methods may be called by
// several goroutines at once; a configuration that is not valid is a
// *Error.
type Renderer interface {
	// Backends returns the backends devices may choose, the default one first.
	Backends() []Backend
	// Validate checks a configuration.
	Validate(ctx context.Context, in Input) error
	// Archive validates and returns the .tar.gz a device downloads.
	Archive(ctx context.Context, in Input) ([]byte, error)
	// Text validates and returns what people read as a preview.
	Text(ctx context.Context, in Input) (string, error)
}

// Error says which value of a configuration is wrong.
type Error struct {
	// Pointer is the JSON pointer of the value: "/interfaces/0/mtu".
	Pointer string
	// Message says what is wrong with it, as clients of the REST API know it.
	Message string
	// Faults are the same for people: each wrong value by itself, in the layer
	// it is from.
	Faults []Fault
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// UnexpectedFormat is said of a configuration that is no JSON object
// (spec: controller-config §2).
const UnexpectedFormat = "Unexpected configuration format."

// Decode reads a JSON object; an empty text is the empty object.
func Decode(j wispwright.JSON) (*ordered.Object, error) {
	if j == "" {
		return ordered.NewObject(), nil
	}
	if !utf8.ValidString(string(j)) {
		return nil, errors.New("not valid UTF-8")
	}
	return ordered.DecodeObject([]byte(j))
}
