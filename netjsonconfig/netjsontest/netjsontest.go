// Package netjsontest checks that a backend keeps what netjsonconfig promises
// of each: the same input gives the same output, nothing is altered by it, and
// what was written is read back. Any backend must pass, also one by somebody else.
package netjsontest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Sample is a configuration the backend accepts.
type Sample struct {
	// Config is the configuration as JSON.
	Config string
	// Options are those it is rendered and read with; may be nil. Templates and
	// context are left out when text is read.
	Options *njc.Options
	// Lossy says that reading the text gives a configuration that is written
	// differently, where the native format tells less than NetJSON.
	Lossy bool
}

// Run checks a backend with samples by name.
func Run(t *testing.T, b *njc.Backend, samples map[string]Sample) {
	t.Helper()
	require.NotEmpty(t, samples)
	_, err := njc.New(b, nil, nil)
	require.ErrorIs(t, err, njc.ErrNoInput)
	for name, s := range samples {
		t.Run(name, func(t *testing.T) { run(t, b, s) })
	}
}

func run(t *testing.T, b *njc.Backend, s Sample) {
	input, err := njc.DecodeObject([]byte(s.Config))
	require.NoError(t, err)
	given := input.String()
	config, err := njc.New(b, input, s.Options)
	require.NoError(t, err)
	require.NoError(t, config.Validate())
	merged := config.Merged().String()
	text, err := config.Render()
	require.NoError(t, err)
	archive, err := config.Generate()
	require.NoError(t, err)

	// One configuration in many goroutines.
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			again, err := config.Render()
			assert.NoError(t, err)
			assert.Equal(t, text, again)
			packed, err := config.Generate()
			assert.NoError(t, err)
			assert.Equal(t, archive, packed)
		}()
	}
	all.Wait()
	require.Equal(t, given, input.String(), "the input was altered")
	require.Equal(t, merged, config.Merged().String(), "the configuration was altered")

	members, err := config.Members()
	require.NoError(t, err)
	unpacked, err := njc.Unpack(archive)
	require.NoError(t, err)
	require.Len(t, unpacked, len(members))
	for i := range members {
		require.Equal(t, members[i].Path, unpacked[i].Path)
		require.Equal(t, members[i].Contents, unpacked[i].Contents)
	}
	layers(t, b, s, input, text)
	if b.Parser != nil {
		readBack(t, b, s, config, archive)
		return
	}
	_, err = njc.Parse(b, archive, nil)
	require.ErrorIs(t, err, njc.ErrNoParser)
}

// layers gives every key of the configuration as a template of its own, below
// an empty configuration.
func layers(t *testing.T, b *njc.Backend, s Sample, input *ordered.Object, text string) {
	var o njc.Options
	if s.Options != nil {
		o = *s.Options
	}
	o.Templates = append([]*ordered.Object{}, o.Templates...)
	for key, v := range input.All() {
		layer := ordered.NewObject()
		layer.Set(key, v)
		o.Templates = append(o.Templates, layer)
	}
	config, err := njc.New(b, ordered.NewObject(), &o)
	require.NoError(t, err)
	again, err := config.Render()
	require.NoError(t, err)
	require.Equal(t, text, again, "layers of one key each make another configuration")
}

// readBack reads the text and the archive, and writes what it read.
func readBack(t *testing.T, b *njc.Backend, s Sample, config *njc.Config, archive []byte) {
	native, err := config.RenderNative()
	require.NoError(t, err)
	read, err := njc.Parse(b, []byte(native), s.Options)
	require.NoError(t, err, "%s", native)
	require.NoError(t, read.Validate())
	unpacked, err := njc.Parse(b, archive, s.Options)
	require.NoError(t, err)
	require.True(t, ordered.Equal(read.Merged(), unpacked.Merged()), "text and archive are read differently:\n%s\n%s", read.Merged(), unpacked.Merged())
	again, err := read.RenderNative()
	require.NoError(t, err)
	if !s.Lossy {
		require.Equal(t, native, again, "%s", read.Merged())
	}
	third, err := njc.Parse(b, []byte(again), s.Options)
	require.NoError(t, err)
	require.True(t, ordered.Equal(read.Merged(), third.Merged()), "reading is not stable:\n%s\n%s", read.Merged(), third.Merged())
}
