package controller

import (
	"context"
	"encoding/json"

	"github.com/wispwright/wispwright"
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
}

// Renderer turns inputs into what devices run. All methods may be called by
// several goroutines at once; a configuration that is not valid is a
// *ConfigError.
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

// ConfigError says which value of a configuration is wrong.
type ConfigError struct {
	// Pointer is the JSON pointer of the value: "/interfaces/0/mtu".
	Pointer string
	// Message says what is wrong with it, for people.
	Message string
}

// Error returns the message.
func (e *ConfigError) Error() string { return e.Message }
