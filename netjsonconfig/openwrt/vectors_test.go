package openwrt_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// vector is one recorded run of the reference implementation.
type vector struct {
	Name      string
	Backend   string
	Operation string
	Options   struct {
		DSA   *bool
		Files *bool
	}
	Config      json.RawMessage
	Templates   json.RawMessage
	Context     json.RawMessage
	Native      string
	NativeFiles []struct{ Name, Contents string } `json:"native_files"`
	Expected    struct {
		Text          *string
		Files         []member
		Config        json.RawMessage
		Valid         bool
		Error         string
		Path          []any
		Keyword       string
		SeveralErrors bool `json:"several_errors"`
	}
}

type member struct {
	Name     string
	Mode     string
	Contents *string
}

func backendOf(v vector) *njc.Backend {
	switch v.Backend {
	case "openwrt":
		return openwrt.Backend()
	case "openwisp":
		return openwrt.Legacy()
	}
	return nil
}

// object reads a configuration or template, which may be text of JSON.
func object(raw json.RawMessage) (*ordered.Object, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		raw = []byte(text)
	}
	return njc.DecodeObject(raw)
}

func open(v vector) (*njc.Config, error) {
	o := &njc.Options{DSA: v.Options.DSA}
	if v.Operation == "parse" {
		native := []byte(v.Native)
		if v.NativeFiles != nil {
			native = archive(v.NativeFiles)
		}
		return njc.Parse(backendOf(v), native, o)
	}
	var templates []json.RawMessage
	if len(v.Templates) > 0 && json.Unmarshal(v.Templates, &templates) != nil {
		return nil, njc.ErrNotObject // a list is what the type of Options.Templates says
	}
	for _, raw := range templates {
		t, err := object(raw)
		if err != nil {
			return nil, err
		}
		o.Templates = append(o.Templates, t)
	}
	if len(v.Context) > 0 {
		context, err := njc.DecodeObject(v.Context)
		if err != nil {
			return nil, err
		}
		o.Context = map[string]any{}
		for key, value := range context.All() {
			o.Context[key] = value
		}
	}
	config, err := object(v.Config)
	if err != nil {
		return nil, err
	}
	return njc.New(backendOf(v), config, o)
}

// TestVectors compares with the reference's outputs.
func TestVectors(t *testing.T) {
	files := []string{
		"openwrt-system", "openwrt-interfaces", "openwrt-routing", "openwrt-wireless", "openwrt-services",
		"openwrt-devices", "openwrt-generate", "openwrt-vlan-filtering", "openwisp-legacy", "merge", "validation",
		"openwrt-parse",
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			var vectors []vector
			testkit.ReadVectors(t, &vectors, "netjsonconfig", file+".json")
			require.NotEmpty(t, vectors)
			for _, v := range vectors {
				if backendOf(v) == nil {
					continue
				}
				t.Run(v.Name, func(t *testing.T) {
					if reason, ok := deviations()[v.Name]; ok {
						t.Skip(reason)
					}
					check(t, v)
				})
			}
		})
	}
}

func check(t *testing.T, v vector) {
	config, err := open(v)
	if err == nil {
		switch v.Operation {
		case "render", "validate", "generate":
			err = checkOutput(t, v, config)
		case "merge", "parse":
		case "json":
			var text string
			if text, err = config.JSON(nil); err == nil {
				sameJSON(t, v.Expected.Config, []byte(text))
				return
			}
		default:
			t.Fatalf("unknown operation %q", v.Operation)
		}
	}
	if v.Expected.Error == "" {
		require.NoError(t, err)
		if v.Expected.Config != nil {
			sameJSON(t, v.Expected.Config, ordered.Append(nil, config.Merged()))
		}
		return
	}
	require.Error(t, err)
	switch v.Expected.Error {
	case "TypeError":
		require.ErrorIs(t, err, njc.ErrNotObject)
	case "ValidationError":
		var invalid *njc.ValidationError
		require.ErrorAs(t, err, &invalid)
		if v.Expected.SeveralErrors {
			return
		}
		if v.Expected.Path != nil {
			require.Equal(t, texts(v.Expected.Path), texts(path(invalid)), "%v", err)
		}
		if v.Expected.Keyword != "" {
			require.Equal(t, v.Expected.Keyword, invalid.Keyword(), "%v", err)
		}
	case "ParseError":
		var e *njc.ParseError
		require.ErrorAs(t, err, &e)
	default:
		t.Fatalf("unknown error class %q", v.Expected.Error)
	}
}

func path(e *njc.ValidationError) []any {
	out := []any{}
	for _, p := range e.Path() {
		out = append(out, p)
	}
	return out
}

func texts(parts []any) []string {
	out := []string{}
	for _, p := range parts {
		switch p := p.(type) {
		case float64:
			out = append(out, strconv.Itoa(int(p)))
		default:
			out = append(out, fmt.Sprint(p))
		}
	}
	return out
}

func checkOutput(t *testing.T, v vector, config *njc.Config) error {
	switch v.Operation {
	case "validate":
		return config.Validate()
	case "render":
		render := config.Render
		if v.Options.Files != nil && !*v.Options.Files {
			render = config.RenderNative
		}
		text, err := render()
		if err == nil && v.Expected.Text != nil {
			require.Equal(t, asWritten(*v.Expected.Text), asRecorded(v, text))
			again, err := render()
			require.NoError(t, err)
			require.Equal(t, text, again)
		}
		return err
	}
	packed, err := config.Generate()
	if err != nil {
		return err
	}
	again, err := config.Generate()
	require.NoError(t, err)
	require.True(t, bytes.Equal(packed, again), "two runs differ")
	files, err := njc.Unpack(packed)
	require.NoError(t, err)
	var got, want []member
	for i, f := range files {
		contents := f.Contents
		m := member{Name: f.Path, Mode: f.Mode, Contents: &contents}
		if i < len(v.Expected.Files) && v.Expected.Files[i].Contents == nil {
			m.Contents = nil
		}
		got = append(got, m)
	}
	for _, m := range v.Expected.Files {
		if m.Contents != nil {
			contents := asWritten(*m.Contents)
			m.Contents = &contents
		}
		want = append(want, m)
	}
	require.Equal(t, flat(want), flat(got))
	return nil
}

// flat makes members comparable and readable.
func flat(members []member) []string {
	var out []string
	for _, m := range members {
		text := m.Name + " " + m.Mode
		if m.Contents != nil {
			text += "\n" + *m.Contents
		}
		out = append(out, text)
	}
	return out
}

// sameJSON compares JSON; integers and their spelling count, key order does not.
func sameJSON(t *testing.T, want, got []byte) {
	t.Helper()
	a, err := ordered.Decode(want)
	require.NoError(t, err)
	b, err := ordered.Decode(got)
	require.NoError(t, err)
	if !ordered.Equal(a, b) {
		require.JSONEq(t, string(want), string(got))
		t.Fatalf("numbers differ:\n%s\n%s", want, got)
	}
}

func archive(files []struct{ Name, Contents string }) []byte {
	b := &njc.Backend{Renderer: members(files)}
	config, err := njc.New(b, new(ordered.Object), nil)
	if err != nil {
		panic(err)
	}
	packed, err := config.Generate()
	if err != nil {
		panic(err)
	}
	return packed
}

// members is a renderer of given files.
type members []struct{ Name, Contents string }

func (m members) Append(dst []byte, _ *njc.Native) ([]byte, error) {
	return nil, errors.New("not used")
}

func (m members) Members(*njc.Native) ([]njc.File, error) {
	var out []njc.File
	for _, f := range m {
		out = append(out, njc.File{Path: f.Name, Mode: njc.DefaultMode, Contents: f.Contents})
	}
	return out, nil
}

// asRecorded leaves out what is written otherwise than the reference does, with
// the reason of each: netifd reads "disabled" of an interface and knows no
// "enabled"; a VXLAN makes its own device, and an ifname lets LuCI ask to
// convert the whole file.
func asRecorded(v vector, text string) string {
	name := strings.TrimSuffix(v.Name, " (legacy syntax)")
	if slices.Contains(disabledToo(), name) {
		text = strings.ReplaceAll(text, "\toption disabled '1'\n", "")
	}
	return text
}

// asWritten leaves out of the recorded text what is not written any more.
func asWritten(text string) string {
	sections := strings.Split(text, "\n\n")
	for i, s := range sections {
		if strings.Contains(s, "option proto 'vxlan'") {
			sections[i] = vxlanDevice.ReplaceAllString(s, "")
		}
	}
	return strings.Join(sections, "\n\n")
}

var vxlanDevice = regexp.MustCompile("\toption ifname '[^']*'\n")

// disabledToo are the recorded runs with a disabled interface.
func disabledToo() []string {
	return []string{
		"ethernet option everything", "ethernet option without address disabled true",
		"ethernet option two addresses disabled true",
		"bridge autostart disabled", "vlan 8021q disabled", "modem manager options", "wireguard disabled", "vxlan options",
	}
}

// deviations are the recorded runs this package answers otherwise, with the
// reason of each.
func deviations() map[string]string {
	const (
		servers  = "a list of name servers stays at its interface: from the top it would be written as one option"
		virtual  = "read as ethernet it would be written with device where it says ifname"
		device   = "the device is kept, or it would be written as ifname, which LuCI asks to convert"
		mask     = "netifd takes /128 where an IPv6 address has no prefix, in a list too"
		valid    = "UCI refuses a name with a dash: the section is radio_0"
		stripped = "§20, 6: the reference strips the characters of \"device_\" instead of the prefix and loses the device's settings"
	)
	return map[string]string{
		"interface missing v6 mask list (dsa)":                   mask,
		"interface missing v6 mask list (legacy)":                mask,
		"reverse of: interface name eth0.10":                     virtual,
		"reverse of: interface name eth0.1-b":                    virtual,
		"reverse of: interface name br-x0":                       virtual,
		"reverse of: interface name tap-vpn0":                    virtual,
		"reverse of: interface name usb0":                        virtual,
		"reverse of: interface name tun.5":                       virtual,
		"interface pppoe (dsa)":                                  device,
		"interface custom proto (dsa)":                           device,
		"interface custom proto addr (dsa)":                      device,
		"reverse of: ethernet option custom proto":               device,
		"reverse of: ethernet option proto relay":                device,
		"reverse of: ethernet option two addresses custom proto": device,
		"interface dns list (dsa)":                               servers,
		"reverse of: dns override list":                          servers,
		"reverse of: dns override list (legacy syntax)":          servers,
		"malformed option lines":                                 "an option without a name is none, and no device has it",
		"comments and blanks":                                    "a comment before the first section is no configuration, and shifts the numbers of unnamed sections",
		"interface modemmanager (legacy)":                        "reading never fails: what the schema refuses is kept raw",
		"radio name dashed":                                      valid,
		"radio name dashed (legacy syntax)":                      valid,
		"generate radio gets disabled":                           "the reference writes two sections of one name, which UCI takes for one",
		"reverse of: ethernet option l2 options":                 stripped,
		"reverse of: ethernet option l2 neigh":                   stripped,
		"reverse of: ethernet option l2 bool":                    stripped,
		"reverse of: ethernet option mtu6 dadtransmits":          stripped,
		"reverse of: ethernet option without address l2 options": stripped,
		"reverse of: vlan 8021q on eth1.5 network None":          "the reference loses the dot of the base device: what is written would be read as another device",
	}
}
