package render

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Options change how configurations are rendered; nil and zero fields
// mean the defaults.
type Options struct {
	// Backends are those devices may choose, the default one first. Default:
	// OpenWrt and the firmware of OpenWISP 1.
	Backends []*netjsonconfig.Backend
	// Newer and Older recognise the operating systems of vendors that are
	// OpenWrt from 21.02 on, or before; Newer is asked first
	// (DSA_OS_MAPPING). Default: none.
	Newer, Older []*regexp.Regexp
	// AssumeOlder treats operating systems nobody recognises as OpenWrt before
	// 21.02 (DSA_DEFAULT_FALLBACK off).
	AssumeOlder bool
}

// cachedLayers is how many decoded templates are kept.
const cachedLayers = 5_000

// netJSON is the Renderer over package netjsonconfig.
type netJSON struct {
	Options
	backends []Backend
	byPath   map[string]*netjsonconfig.Backend
	openwrt  *regexp.Regexp
	// decoded are the layers that many configurations share; they are
	// immutable
	decoded *lru.Cache[wispwright.ID, *ordered.Object]
}

// New returns the Renderer for NetJSON configurations. It remembers
// the templates it decoded.
func New(o *Options) Renderer {
	r := &netJSON{byPath: map[string]*netjsonconfig.Backend{}, openwrt: regexp.MustCompile(`[oO][pP][eE][nN][wW][rR][tT]\s*([\d.]+)`)}
	if o != nil {
		r.Options = *o
	}
	if len(r.Options.Backends) == 0 {
		r.Options.Backends = []*netjsonconfig.Backend{openwrt.Backend(), openwrt.Legacy()}
	}
	for _, b := range r.Options.Backends {
		r.backends = append(r.backends, Backend{Path: b.Path, Label: b.Label, Schema: b.Document})
		r.byPath[b.Path] = b
	}
	var err error
	if r.decoded, err = lru.New[wispwright.ID, *ordered.Object](cachedLayers); err != nil {
		panic(fmt.Sprintf("render: cache of %d: %v", cachedLayers, err)) // a size below 1, which it is not
	}
	return r
}

// Backends implements Renderer.
func (r *netJSON) Backends() []Backend { return r.backends }

// Validate implements Renderer.
func (r *netJSON) Validate(_ context.Context, in Input) error {
	c, x, err := r.config(in)
	if err != nil {
		return err
	}
	return refusal(x, c.Validate())
}

// Archive implements Renderer.
func (r *netJSON) Archive(_ context.Context, in Input) ([]byte, error) {
	c, x, err := r.config(in)
	if err != nil {
		return nil, err
	}
	b, err := c.Generate()
	return b, refusal(x, err)
}

// Text implements Renderer.
func (r *netJSON) Text(_ context.Context, in Input) (string, error) {
	c, x, err := r.config(in)
	if err != nil {
		return "", err
	}
	text, err := c.Render()
	return text, refusal(x, err)
}

// config merges the layers. What it returns beside the configuration tells its
// faults, and costs nothing unless there are some.
func (r *netJSON) config(in Input) (*netjsonconfig.Config, *explainer, error) {
	b := r.byPath[in.Backend]
	if b == nil {
		return nil, nil, fmt.Errorf("render: unknown backend %q", in.Backend)
	}
	if in.Former && b.Former != nil {
		b = b.Former
	}
	x := &explainer{backend: b}
	o := &netjsonconfig.Options{Context: in.Context, DSA: r.dsa(in.OS)}
	if in.Hostname != "" {
		// under everything else: used when no layer names a host
		general := ordered.NewObject()
		general.Set("hostname", in.Hostname)
		lowest := ordered.NewObject()
		lowest.Set("general", general)
		o.Templates = append(o.Templates, lowest)
		x.first = 1
	}
	for _, layer := range in.Templates {
		object, err := r.layer(layer)
		if err != nil {
			return nil, nil, err
		}
		o.Templates = append(o.Templates, object)
	}
	own, err := r.layer(Layer{Config: in.Config})
	if err != nil {
		return nil, nil, err
	}
	x.layers = append(slices.Clone(o.Templates), own)
	c, err := netjsonconfig.New(b, own, o)
	if err != nil {
		return nil, nil, refusal(x, err)
	}
	x.config = c
	return c, x, nil
}

func (r *netJSON) layer(l Layer) (*ordered.Object, error) {
	if !l.Revision.IsZero() {
		if o, ok := r.decoded.Get(l.Revision); ok {
			return o, nil
		}
	}
	o, err := Decode(l.Config)
	if err != nil {
		return nil, unexpected()
	}
	if !l.Revision.IsZero() {
		r.decoded.Add(l.Revision, o)
	}
	return o, nil
}

// dsa decides between the two syntaxes of OpenWrt
// (spec: controller-config §2, 4).
func (r *netJSON) dsa(os string) *bool {
	newer := !r.AssumeOlder
	if os == "" {
		return &newer
	}
	if m := r.openwrt.FindStringSubmatch(os); m != nil {
		major, _, _ := strings.Cut(m[1], ".")
		if n, err := strconv.Atoi(major); err == nil {
			newer = n >= 21
			return &newer
		}
	}
	for _, p := range r.Newer {
		if p.MatchString(os) {
			newer = true
			return &newer
		}
	}
	for _, p := range r.Older {
		if p.MatchString(os) {
			newer = false
			return &newer
		}
	}
	return &newer
}
