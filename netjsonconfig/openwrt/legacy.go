package openwrt

import (
	_ "embed"
	"fmt"
	"math"
	"path"
	"strings"
	"text/template"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

//go:embed legacy.tmpl
var legacyScripts string

// Legacy returns the backend of the firmware of OpenWISP 1 (§14): OpenWrt
// before 21, whose archive brings its own installation scripts.
func Legacy() *njc.Backend {
	b := backend()
	b.Key = "openwisp"
	b.Path = "netjsonconfig.OpenWisp"
	b.Label = "OpenWISP Firmware 1.x"
	b.Schema = schemas.OpenWisp().Schema
	b.Document = schemas.OpenWisp().JSON
	b.DSA = false
	b.Renderer = renderer{quoteWords: true, dir: "uci/", suffix: ".conf", header: true}
	b.Parser = parser{{dir: "uci/", suffix: ".conf"}, {dir: "etc/config/"}}
	b.Converters = converters(legacyRadios, legacyPackages)
	scripts := template.Must(template.New("legacy").Funcs(template.FuncMap{"sh": shellQuote}).Parse(legacyScripts))
	b.Converters = append(b.Converters, njc.Converter{Name: "scripts", Forward: func(f *njc.Forward) error {
		return addScripts(f, scripts)
	}})
	return b
}

// scriptData is what the scripts are made of.
type scriptData struct {
	Hostname string
	Taps     []tap
	Bridges  []bridge
	Radios   []string
	OpenVPN  bool
	Cron     bool
	Shaping  []shaping
}

type tap struct{ Device, Up, Down string }

type bridge struct {
	// Network is the logical name, Name the device.
	Network, Name string
	// Wait is the bridge's first address when it is static and can be waited for.
	Wait string
}

type shaping struct {
	Device              string
	In, InBurst         int
	Out, OutHalf, Burst int
}

// addScripts appends the scripts that install and remove the configuration.
func addScripts(f *njc.Forward, scripts *template.Template) error {
	if !f.Archive {
		return nil
	}
	data := scriptData{Hostname: "OpenWISP1"}
	if g := value.Object(f.Config, "general"); g != nil {
		data.Hostname = orDefault(value.Str(g, "hostname"), data.Hostname)
	}
	for _, o := range value.Objects(f.Config, "openvpn") {
		if value.Str(o, "dev_type") == "tap" {
			data.Taps = append(data.Taps, tap{Device: value.Str(o, "dev"), Up: value.Str(o, "up"), Down: value.Str(o, "down")})
		}
	}
	data.OpenVPN = len(data.Taps) > 0
	for _, o := range value.Objects(f.Config, "interfaces") {
		if isBridge(o) {
			data.Bridges = append(data.Bridges, legacyBridgeData(o))
		}
	}
	for _, o := range value.Objects(f.Config, "radios") {
		data.Radios = append(data.Radios, value.Str(o, "name"))
	}
	for _, file := range f.Files {
		data.Cron = data.Cron || strings.HasPrefix(strings.TrimPrefix(file.Path, "/"), "crontabs")
	}
	for _, o := range value.Objects(f.Config, "tc_options") {
		data.Shaping = append(data.Shaping, shapingOf(o))
	}
	return data.add(f, scripts)
}

func legacyBridgeData(o *ordered.Object) bridge {
	b := bridge{Network: san(orDefault(value.Str(o, "network"), value.Str(o, "name")))}
	b.Name = "br-" + b.Network // how OpenWrt before 21 names a bridge's device
	if a := value.Objects(o, "addresses"); len(a) > 0 && value.Str(a[0], "proto") == "static" {
		b.Wait = value.Str(a[0], "address")
	}
	return b
}

func shapingOf(o *ordered.Object) shaping {
	in, out := value.Number(value.Of(o, "input_bandwidth")), value.Number(value.Of(o, "output_bandwidth"))
	burst := func(kbps int) int { return int(math.RoundToEven(0.187 * float64(kbps))) }
	return shaping{
		Device: value.Str(o, "name"), In: in, InBurst: burst(in), Out: out, OutHalf: out / 2, Burst: burst(out),
	}
}

// add appends the scripts in the order the firmware's tools expect.
func (d scriptData) add(f *njc.Forward, scripts *template.Template) error {
	type script struct {
		template, path string
		data           any
	}
	list := []script{{"install.sh", "install.sh", d}, {"uninstall.sh", "uninstall.sh", d}}
	for _, t := range d.Taps {
		if t.Up != "" {
			list = append(list, script{"up.sh", "openvpn/" + path.Base(t.Up), t})
		}
		if t.Down != "" {
			list = append(list, script{"down.sh", "openvpn/" + path.Base(t.Down), t})
		}
	}
	list = append(list, script{"tc_script.sh", "tc_script.sh", d})
	for _, s := range list {
		var b strings.Builder
		if err := scripts.ExecuteTemplate(&b, s.template, s.data); err != nil {
			return fmt.Errorf("script %s: %w", s.path, err)
		}
		f.Files = append(f.Files, njc.File{Path: s.path, Mode: "0755", Contents: strings.TrimLeft(b.String(), "\n")})
	}
	return nil
}

// shellQuote makes one word of a text for sh.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
