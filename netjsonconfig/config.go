package netjsonconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Options are the optional inputs of New, NewJSON and Parse. A nil *Options is
// the same as an empty one.
type Options struct {
	// Templates are laid under the configuration, the first one lowest (§3).
	// Parse ignores them. Default: none.
	Templates []*ordered.Object
	// Context holds the values of variables (§4): text, numbers, booleans, nil.
	// Empty leaves every {{variable}} as it is. Default: empty.
	Context map[string]any
	// DSA selects OpenWrt's syntax: true for OpenWrt 21 and later, false for
	// older ones. Default: the backend's.
	DSA *bool
	// Warn is told what a rendering had to skip. It may be called by several
	// goroutines at once. Default: nobody is told.
	Warn func(message string)
}

// Config is a configuration for one backend: templates merged, variables
// evaluated. It is immutable and safe for concurrent use.
type Config struct {
	backend *Backend
	merged  *ordered.Object
	dsa     bool
	warn    func(string)
	valid   func() error
}

// New merges the templates and the configuration and evaluates the variables.
// It does not validate yet. The arguments are copied. It fails with ErrNoInput
// when config is nil and with a *ValidationError when a list meets an object
// or the variables expand beyond 16 MiB.
func New(b *Backend, config *ordered.Object, o *Options) (*Config, error) {
	if config == nil {
		return nil, ErrNoInput
	}
	if o == nil {
		o = new(Options)
	}
	layers := make([]*ordered.Object, 0, len(o.Templates)+1)
	for i, t := range o.Templates {
		if t == nil {
			return nil, fmt.Errorf("template %d: %w", i, ErrNotObject)
		}
		layers = append(layers, t)
	}
	merged, err := b.Merge(append(layers, config)...)
	if err != nil {
		return nil, err
	}
	if len(o.Context) > 0 {
		e := variables{context: o.Context, left: maxExpanded, work: maxWork}
		if _, err := e.evaluate(merged); err != nil {
			return nil, err
		}
	}
	return newConfig(b, merged, o), nil
}

func newConfig(b *Backend, merged *ordered.Object, o *Options) *Config {
	c := &Config{backend: b, merged: merged, dsa: b.DSA, warn: o.Warn}
	if o.DSA != nil {
		c.dsa = *o.DSA
	}
	c.valid = sync.OnceValue(func() error { return b.validate(merged) })
	return c
}

// NewJSON is New for a configuration that is still text. Text that is not a
// JSON object is ErrNotObject, wrapped with the reason.
func NewJSON(b *Backend, config []byte, o *Options) (*Config, error) {
	object, err := DecodeObject(config)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return New(b, object, o)
}

// DecodeObject reads a JSON object, for Options.Templates. Anything else is
// ErrNotObject, wrapped with the reason.
func DecodeObject(text []byte) (*ordered.Object, error) {
	object, err := ordered.DecodeObject(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotObject, err)
	}
	return object, nil
}

// Backend returns the backend the configuration was made for.
func (c *Config) Backend() *Backend { return c.backend }

// Merged returns a copy of the merged and evaluated configuration.
func (c *Config) Merged() *ordered.Object { return c.merged.Clone() }

// Validate reports the first error of the configuration as a *ValidationError,
// or nil (§5). The answer is computed once.
func (c *Config) Validate() error { return c.valid() }

func (b *Backend) validate(config *ordered.Object) error {
	if b.Before != nil {
		if err := b.Before(config); err != nil {
			return err
		}
	}
	if b.Schema != nil && !b.Schema.Valid(config) {
		if err := b.Schema.Validate(config); err != nil {
			return fromSchema(err)
		}
	}
	if err := checkFiles(config); err != nil {
		return err
	}
	if b.After != nil {
		return b.After(config)
	}
	return nil
}

// convert validates and runs the forward converters.
func (c *Config) convert(archive bool) (*Forward, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	f := &Forward{
		Config: c.merged, DSA: c.dsa, Native: &Native{name: c.backend.SectionName},
		Files: filesOf(c.merged), Archive: archive, warn: c.warn,
	}
	for i := range c.backend.Converters {
		conv := &c.backend.Converters[i]
		if conv.Forward == nil {
			continue
		}
		if conv.Key != "" {
			if _, ok := c.merged.Get(conv.Key); !ok {
				continue
			}
		}
		if err := conv.Forward(f); err != nil {
			return nil, fmt.Errorf("convert %s: %w", conv.Name, err)
		}
	}
	f.Files = reduce(f.Files)
	for i := range f.Files {
		// A converter may have made the path out of settings that are no paths.
		if !safePath(f.Files[i].Path) {
			return nil, invalidPath(f.Files[i].Path)
		}
	}
	return f, nil
}

// Render validates and returns the native text, followed by the files (§7).
func (c *Config) Render() (string, error) { return c.render(true) }

// RenderNative is Render without the files.
func (c *Config) RenderNative() (string, error) { return c.render(false) }

func (c *Config) render(files bool) (string, error) {
	f, err := c.convert(false)
	if err != nil {
		return "", err
	}
	buf := getBuffer()
	defer putBuffer(buf)
	dst, err := c.backend.Renderer.Append(*buf, f.Native)
	if err != nil {
		return "", err
	}
	if files {
		dst = appendFiles(dst, f.Files)
	}
	*buf = dst
	return string(dst), nil
}

// Members validates and returns what Generate puts into the archive: native
// configuration files first, then the user's (§7).
func (c *Config) Members() ([]File, error) {
	f, err := c.convert(true)
	if err != nil {
		return nil, err
	}
	members, err := c.backend.Renderer.Members(f.Native)
	if err != nil {
		return nil, err
	}
	for _, file := range f.Files {
		file.Path = strings.TrimPrefix(file.Path, "/")
		members = append(members, file)
	}
	return members, nil
}

// Generate validates and returns the configuration as a tar archive in gzip
// (§7). The same configuration gives the same bytes.
func (c *Config) Generate() ([]byte, error) {
	members, err := c.Members()
	if err != nil {
		return nil, err
	}
	return pack(members)
}

// Write generates the archive and puts it at dir/name.tar.gz, which appears
// complete or not at all. An empty dir is the working directory. The name must
// not contain a path separator.
func (c *Config) Write(name, dir string) error {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return fmt.Errorf("write archive: %q is not a file name", name)
	}
	archive, err := c.Generate()
	if err != nil {
		return err
	}
	if dir == "" {
		dir = "."
	}
	tmp, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	_, err = tmp.Write(archive)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name+".tar.gz"))
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // the first error is the one to report
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// JSONOptions are the choices of Config.JSON.
type JSONOptions struct {
	// SkipValidation returns the text of an invalid configuration too.
	SkipValidation bool
	// Indent is what each level is indented by; empty writes one line.
	Indent string
}

// JSON validates and returns the merged configuration as NetJSON text, with
// "type": "DeviceConfiguration" (§7). Nil options validate and write one line.
func (c *Config) JSON(o *JSONOptions) (string, error) {
	if o == nil {
		o = new(JSONOptions)
	}
	if !o.SkipValidation {
		if err := c.Validate(); err != nil {
			return "", err
		}
	}
	doc := c.merged.Clone()
	doc.Set("type", "DeviceConfiguration")
	if o.Indent != "" {
		return string(ordered.AppendIndent(nil, doc, "", o.Indent)), nil
	}
	return string(ordered.Append(nil, doc)), nil
}
