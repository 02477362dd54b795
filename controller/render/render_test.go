package render_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
)

const openWrt = "netjsonconfig.OpenWrt"

func text(t *testing.T, r render.Renderer, in render.Input) string {
	t.Helper()
	out, err := r.Text(t.Context(), in)
	require.NoError(t, err)
	return out
}

// The layers are laid over each other in their order, the host's name below all.
func TestLayers(t *testing.T) {
	r := render.New(nil)
	in := render.Input{Backend: openWrt, Hostname: "ap", Context: map[string]any{"zone": "UTC"},
		Templates: []render.Layer{
			{Revision: wispwright.NewID(), Config: `{"general":{"description":"lowest","timezone":"{{ zone }}"}}`},
			{Revision: wispwright.NewID(), Config: `{"general":{"description":"above"}}`},
		}}
	first := text(t, r, in)
	require.Contains(t, first, "option hostname 'ap'")
	require.Contains(t, first, "option description 'above'")
	require.NotContains(t, first, "lowest")
	require.Contains(t, first, "option zonename 'UTC'")
	require.Equal(t, first, text(t, r, in), "also of what is remembered")

	in.Config = `{"general":{"hostname":"own","description":"own"}}`
	own := text(t, r, in)
	require.Contains(t, own, "option hostname 'own'")
	require.NotContains(t, own, "'ap'")

	// a revision stands for its text: what is decoded once is not read again
	in.Templates[1].Config = `{"general":{"description":"changed"}}`
	require.Equal(t, own, text(t, r, in))
	in.Templates[1].Revision, in.Config = wispwright.NewID(), ""
	require.Contains(t, text(t, r, in), "option description 'changed'")
}

// Equal inputs give equal bytes, which are those of the preview, packed.
func TestArchive(t *testing.T) {
	in := render.Input{Backend: openWrt, Hostname: "ap", Config: `{"files":[{"path":"/etc/banner","mode":"0644","contents":"welcome to {{ name }}\n"}]}`, Context: map[string]any{"name": "ap"}}
	one, err := render.New(nil).Archive(t.Context(), in)
	require.NoError(t, err)
	other, err := render.New(nil).Archive(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, one, other)
	z, err := gzip.NewReader(bytes.NewReader(one))
	require.NoError(t, err)
	raw, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Contains(t, string(raw), "welcome to ap\n")
	require.Contains(t, string(raw), "option hostname 'ap'")
}

// Every way to render refuses the same.
func TestRefusals(t *testing.T) {
	r := render.New(nil)
	for name, tt := range map[string]struct {
		in   render.Input
		want string
	}{
		"no backend":        {render.Input{Backend: "nothing"}, `unknown backend "nothing"`},
		"no object":         {render.Input{Backend: openWrt, Config: `3`}, render.UnexpectedFormat},
		"no JSON":           {render.Input{Backend: openWrt, Config: `{`}, render.UnexpectedFormat},
		"no text":           {render.Input{Backend: openWrt, Config: "{\"a\":\"\xff\"}"}, render.UnexpectedFormat},
		"no template":       {render.Input{Backend: openWrt, Templates: []render.Layer{{Config: `[]`}}}, render.UnexpectedFormat},
		"not by the schema": {render.Input{Backend: openWrt, Config: `{"dns_servers":3}`}, "#/dns_servers"},
		"not to be merged":  {render.Input{Backend: openWrt, Templates: []render.Layer{{Config: `{"files":[]}`}}, Config: `{"files":{}}`}, "cannot be merged"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, r.Validate(t.Context(), tt.in), tt.want)
			_, err := r.Archive(t.Context(), tt.in)
			require.ErrorContains(t, err, tt.want)
			_, err = r.Text(t.Context(), tt.in)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// The syntax of bridges follows the device's operating system.
func TestOperatingSystems(t *testing.T) {
	bridge := wispwright.JSON(`{"interfaces":[{"type":"bridge","name":"br-lan","bridge_members":["eth0"],"addresses":[{"proto":"dhcp","family":"ipv4"}]}]}`)
	vendors := &render.Options{Newer: []*regexp.Regexp{regexp.MustCompile("^Acme 2")}, Older: []*regexp.Regexp{regexp.MustCompile("^Acme")}}
	older := &render.Options{AssumeOlder: true, Newer: vendors.Newer}
	for _, tt := range []struct {
		options *render.Options
		os      string
		newer   bool
	}{
		{nil, "", true}, {nil, "OpenWrt 23.05.3 r23809", true}, {nil, "OpenWrt 19.07.10", false}, {nil, "openwrt 21.02", true}, {nil, "Something", true},
		{vendors, "Acme 2.1", true}, {vendors, "Acme 1.9", false}, {vendors, "Other", true}, {vendors, "OpenWrt 18.06", false},
		{older, "", false}, {older, "Other", false}, {older, "Acme 2.1", true}, {older, "OpenWrt 22.03", true},
	} {
		out := text(t, render.New(tt.options), render.Input{Backend: openWrt, OS: tt.os, Config: bridge})
		require.Equal(t, tt.newer, bytes.Contains([]byte(out), []byte("config device")), "%q: %s", tt.os, out)
	}
}

func TestBackends(t *testing.T) {
	of := func(o *render.Options) (paths []string) {
		for _, b := range render.New(o).Backends() {
			require.NotEmpty(t, b.Label)
			require.True(t, len(b.Schema) > 0 && b.Schema[0] == '{')
			paths = append(paths, b.Path)
		}
		return paths
	}
	require.Equal(t, []string{openWrt, "netjsonconfig.OpenWisp"}, of(nil))
	require.Equal(t, []string{openWrt}, of(&render.Options{Backends: []*netjsonconfig.Backend{openwrt.Backend()}}))
}

func TestDecode(t *testing.T) {
	o, err := render.Decode("")
	require.NoError(t, err)
	require.Zero(t, o.Len())
	_, err = render.Decode("{\"a\": \"\xff\"}")
	require.ErrorContains(t, err, "UTF-8")
	_, err = render.Decode("[]")
	require.Error(t, err)
}
