package netjsonconfig_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/openwrt"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// TestReadingKeeps reads what the schema refuses in every way it can be kept.
func TestReadingKeeps(t *testing.T) {
	for name, c := range map[string]struct{ native, contains, note string }{
		"a value":                     {"package wireless\nconfig wifi-device radio0\n\toption type mac80211\n\toption band 5g\n\toption channel 155\n\toption htmode VHT80\n", `"channel":"155"`, "raw wireless.radio0.channel: the schema does not know this value"},
		"a value of another type":     {"package network\nconfig route r\n\toption interface lan\n\toption target 10.0.0.0/8\n\toption metric x\n", `"metric":"x"`, "raw network.r.metric: the schema wants another type"},
		"a missing member":            {"package openvpn\nconfig openvpn cc\n\toption mode server\n\toption dev tun0\n", `"openvpn_blocks"`, "raw openvpn.cc: 'proto' is a required property"},
		"a long name":                 {"package network\nconfig interface a_name_that_is_much_too_long\n\toption proto dhcp\n\toption device eth0\n", `"config_value":"a_name_that_is_much_too_long"`, "raw network.a_name_that_is_much_too_long: too long or large for the schema"},
		"a short key":                 {"package wireless\nconfig wifi-iface w0\n\toption mode ap\n\toption device radio0\n\toption ssid x\n\toption encryption psk2\n\toption key short\n", `"key":"short"`, "raw wireless.w0.key: too short or small for the schema"},
		"a pattern":                   {"package network\nconfig interface lan\n\toption proto dhcp\n\toption device eth0\n\toption macaddr odd\n", `"macaddr":"odd"`, "raw network.lan.macaddr: not of the form the schema wants"},
		"twice the same":              {"package network\nconfig wireguard_wg0\n\toption public_key BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nconfig wireguard_wg0\n\toption public_key BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", `"config_name":"wireguard_wg0"`, "is there twice"},
		"an option not to be added":   {"package network\nconfig interface lan\n\toption proto static\n\toption device wlan0\n\toption ipaddr 10.0.0.1\n\npackage wireless\nconfig wifi-iface w\n\toption ifname wlan0\n\toption mode sta\n\toption device radio0\n\toption ssid x\n\toption network lan\n\toption disabled 1\n", `"disabled":""`, "raw network.lan.disabled: is not set, and must not be"},
		"a list longer than it is":    {"package system\nconfig system\n\toption hostname bad!name\n", `"hostname":"bad!name"`, "raw system.system_1.hostname: not of the form the schema wants"},
		"a second of what is one":     {"package system\nconfig system a\n\toption hostname x1\n\nconfig system b\n\toption hostname y1\n", `"config_value":"b"`, "raw system.b: the schema has no place for it"},
		"a rule outside the schema":   {"package wireless\nconfig wifi-device radio0\n\toption type mac80211\n\toption htmode HE80\n", `"config_name":"wifi-device"`, `raw wireless.radio0: "channel" cannot be set to "auto" when`},
		"an address that is none":     {"package network\nconfig interface lan\n\toption proto static\n\toption device eth0\n\toption ipaddr dynamic\n", `"ipaddr":"dynamic"`, "raw network.lan"},
		"two primary VLANs of a port": {"package network\nconfig device d\n\toption name br-lan\n\toption type bridge\n\tlist ports lan1\n\nconfig interface lan\n\toption device br-lan\n\toption proto none\n\nconfig bridge-vlan\n\toption device br-lan\n\toption vlan 1\n\tlist ports lan1:u*\n\nconfig bridge-vlan\n\toption device br-lan\n\toption vlan 2\n\tlist ports lan1:u*\n", `"config_name":"bridge-vlan"`, "raw network"},
	} {
		t.Run(name, func(t *testing.T) {
			config, report, err := njc.ParseReporting(openwrt.Backend(), []byte(c.native), nil)
			require.NoError(t, err)
			require.NoError(t, config.Validate())
			require.Contains(t, config.Merged().String(), c.contains)
			var notes []string
			for _, n := range report.Of(njc.KeptRaw) {
				notes = append(notes, n.String())
			}
			require.Contains(t, strings.Join(notes, "\n"), c.note)
			_, err = config.Render()
			require.NoError(t, err)
		})
	}
}

// stubborn is a keeper for whom nothing is ever as it was.
type stubborn struct{}

func (stubborn) Differences(want, _ *njc.Native) []njc.Difference {
	var out []njc.Difference
	for _, p := range want.Packages {
		for _, s := range p.Sections {
			out = append(out, njc.Difference{Package: p.Name, Want: s, Got: s, Patch: []njc.Option{{Key: "x", Value: "1"}}})
		}
	}
	return out
}

func (stubborn) Raw(config *ordered.Object, _ string, s *njc.Section) {
	o := new(ordered.Object)
	o.Set("raw", s.Name)
	list, _ := config.Get("blocks")
	blocks, _ := list.([]any)
	config.Set("blocks", append(blocks, o))
}

func (stubborn) OptionsOf(member string) []string { return []string{member} }

// lineParser reads a section a line.
type lineParser struct{}

func (lineParser) ParseText(text string) (*njc.Native, error) {
	p := &njc.Package{Name: "lines"}
	for line := range strings.Lines(text) {
		p.Sections = append(p.Sections, &njc.Section{Type: "line", Name: strings.TrimSpace(line), Options: []njc.Option{{Key: "l", Value: []any{"a"}}}})
	}
	return &njc.Native{Packages: []*njc.Package{p}, Files: []njc.File{{Path: "/etc/odd", Contents: "x"}}}, nil
}

func (lineParser) ParseArchive([]njc.File) (*njc.Native, error) { return new(njc.Native), nil }

func (lineParser) Append(dst []byte, _ *njc.Native) ([]byte, error) { return dst, nil }

func (lineParser) Members(*njc.Native) ([]njc.File, error) { return nil, nil }

// TestKeepingEnds keeps everything raw when nothing else helps.
func TestKeepingEnds(t *testing.T) {
	read := func(key string, fail error) func(*njc.Reverse) error {
		return func(r *njc.Reverse) error {
			if fail != nil {
				return fail
			}
			r.SetValue("k", "v")
			require.Equal(t, "v", r.Value("k"))
			var list []any
			for i, s := range r.Sections {
				o := new(ordered.Object)
				o.Set("name", s.Name)
				r.Made(o, s)
				r.Left(s)
				list = append(list, o)
				if i > 2 {
					r.Keep(s)
				}
			}
			r.Config.Set(key, list)
			return nil
		}
	}
	b := &njc.Backend{
		Key: "lines", Keeper: stubborn{}, Parser: lineParser{}, Renderer: lineParser{},
		Converters: []njc.Converter{
			{Name: "forward only", Forward: func(*njc.Forward) error { return nil }},
			{Name: "first", Package: "lines", Types: []string{"line"}, Reverse: read("first", nil)},
			{Name: "rest", Reverse: read("rest", nil)},
		},
	}
	config, report, err := njc.ParseReporting(b, []byte("a\nb\nc\nd\ne"), nil)
	require.NoError(t, err)
	require.NotEmpty(t, report.Notes)
	require.Contains(t, config.Merged().String(), "/etc/odd")

	broken := b.Clone()
	broken.Converters[1].Reverse = read("first", errors.New("no"))
	_, err = njc.Parse(broken, []byte("a"), nil)
	require.ErrorContains(t, err, "convert first: no")
	broken = b.Clone()
	broken.Assemble = func(*njc.Reverse) error { return errors.New("not together") }
	_, err = njc.Parse(broken, []byte("a"), nil)
	require.ErrorContains(t, err, "not together")
	refusing := b.Clone()
	refusing.After = func(*ordered.Object) error { return errors.New("never") }
	_, err = njc.Parse(refusing, []byte("a"), nil)
	require.ErrorContains(t, err, "never", "what refuses even blocks is an error")
	refusing.After = func(*ordered.Object) error { return njc.Invalid("never", "rest", 0) }
	_, err = njc.Parse(refusing, []byte("a\nb"), nil)
	var invalid *njc.ValidationError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, "Invalid configuration triggered by \"#/rest/0\", validator says:\n\nnever", invalid.Error())

	_, err = njc.Parse(b, []byte{0xff, 0xfe}, nil)
	require.EqualError(t, err, "parse native configuration: neither text nor an archive")
	require.EqualError(t, &njc.ParseError{Line: 3, Message: "x"}, "parse native configuration: line 3: x")
	empty, err := njc.Parse(openwrt.Backend(), nil, nil)
	require.NoError(t, err)
	require.Equal(t, "openwrt", empty.Backend().Key)
}

// TestMeant follows choices down to the value that is wrong.
func TestMeant(t *testing.T) {
	for text, want := range map[string]string{
		`{"interfaces": [{"name": "eth0", "type": "ethernet", "mtu": "x"}]}`: "/interfaces/0/mtu type",
		`{"interfaces": [{"name": "w0", "type": "wireless", "wireless": {"radio": "radio0", "mode": "access_point", "ssid": "x", "encryption": {"protocol": "wpa2_personal", "key": "k"}}}]}`: "/interfaces/0/wireless/encryption/key minLength",
		`{"interfaces": [{"name": "eth0"}]}`:                                                          "/interfaces/0 oneOf",
		`{"interfaces": [{"name": "eth0", "type": "nothing"}]}`:                                       "/interfaces/0 oneOf",
		`{"interfaces": [{"name": "dsl0", "type": "dialup", "proto": "pppoe", "username": "u"}]}`:     "/interfaces/0 required",
		`{"radios": [{"name": "radio0", "protocol": "802.11ac", "channel": 1, "channel_width": 80}]}`: "/radios/0/channel enum",
	} {
		c, err := njc.NewJSON(openwrt.Backend(), []byte(text), nil)
		require.NoError(t, err)
		var invalid *njc.ValidationError
		require.ErrorAs(t, c.Validate(), &invalid, text)
		m := invalid.Meant()
		require.Equal(t, want, m.Pointer+" "+m.Keyword(), text)
	}
}

// TestLongLists merges lists and packages that are long enough to be indexed.
func TestLongLists(t *testing.T) {
	list := func(from, to int) []any {
		var out []any
		for i := from; i < to; i++ {
			o := new(ordered.Object)
			o.Set("v", []any{ordered.Number(strconv.Itoa(i)), "text", true, false, nil, ordered.Number("1e999")})
			out = append(out, o)
		}
		return out
	}
	a, b := new(ordered.Object), new(ordered.Object)
	a.Set("l", list(0, 200))
	b.Set("l", list(100, 300))
	merged, err := openwrt.Backend().Merge(a, b)
	require.NoError(t, err)
	v, _ := merged.Get("l")
	require.Len(t, v, 300, "what is equal is there once")

	n := new(njc.Native)
	for round := range 3 {
		var sections []*njc.Section
		for i := range 200 {
			sections = append(sections, &njc.Section{Type: "t", Name: fmt.Sprintf("s%d", i), Options: []njc.Option{{Key: "k", Value: strconv.Itoa(round)}}})
		}
		n.Add("p", append(sections, &njc.Section{Type: "other", Name: "s1"})...)
	}
	require.Len(t, n.Package("p").Sections, 203)
	require.Equal(t, "2", n.Package("p").Sections[7].Text("k"))
	require.Equal(t, "s1_4", n.Package("p").Sections[202].Name)
}

// TestPathsOfFiles refuses what would leave its place on a device.
func TestPathsOfFiles(t *testing.T) {
	for path, ok := range map[string]bool{
		"/etc/x": true, "etc/x-y_z.1": true, "/etc/{{name}}": true, "//etc/x": false, "/etc/../x": false, "/etc/./x": false,
		"/etc/": false, "/etc/a b": false, "../x": false, "/": false,
	} {
		c, err := njc.NewJSON(openwrt.Backend(), []byte(`{"files": [{"path": `+strconv.Quote(path)+`, "mode": "0644", "contents": ""}]}`), nil)
		require.NoError(t, err)
		require.Equal(t, ok, c.Validate() == nil, "%s: %v", path, c.Validate())
	}
	warned := ""
	c, err := njc.NewJSON(openwrt.Backend(), []byte(`{"x": ["no block"]}`), &njc.Options{Warn: func(m string) { warned = m }})
	require.NoError(t, err)
	_, err = c.Generate()
	require.NoError(t, err)
	require.Contains(t, warned, "skipped")
}
