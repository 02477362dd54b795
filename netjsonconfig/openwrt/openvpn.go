package openwrt

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/ovpn"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
)

// openvpn writes the tunnels of package openvpn (§8.11).
func openvpn(f *njc.Forward) error {
	list := value.Objects(f.Config, "openvpn")
	sections := make([]*njc.Section, 0, len(list))
	for _, o := range list {
		s := section("openvpn", san(value.Str(o, "name")), o.Len()+2)
		enabled := true
		hasStatus := !value.Empty(value.Of(o, "status"))
		for key, v := range o.All() {
			switch key {
			case "name":
				continue
			case "disabled":
				enabled = !isTrue(v)
				continue
			case "fragment":
				if value.Empty(v) {
					continue
				}
			case "server_bridge":
				if v == "" {
					v = "1"
				}
			case "status_version":
				if !hasStatus {
					continue
				}
			case "remote":
				v = ovpn.Remotes(v)
			case "data_ciphers":
				v = ovpn.Ciphers(v)
			case "tls_cipher":
				if t, ok := v.(string); ok && t != "" {
					v = strings.Split(t, ":")
				}
			case "tls_auth":
				option, file := ovpn.TLSAuth(o)
				if file != nil {
					f.Files = append(f.Files, *file)
				}
				v = option
			}
			put(s, key, v)
		}
		s.Set("enabled", enabled)
		sections = append(sections, s)
	}
	f.Native.Add("openvpn", sections...)
	return nil
}
