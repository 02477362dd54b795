package architecture

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reached are the foreign modules that a concern's own rooms may reach: those
// on the concerns' floor, without storage, wire and suites. What another
// concern brings along counts too, so that nobody inherits it unseen.
func reached() map[string][]string {
	return map[string][]string{
		"tenancy": {
			"golang.org/x/crypto", "golang.org/x/sys", // hashes of passwords
			"golang.org/x/text", // slugs
		},
		"tenancy/passkey": { // WebAuthn, which only the HTTP room imports
			"github.com/fxamacker/cbor", "github.com/go-viper/mapstructure", "github.com/go-webauthn/webauthn", "github.com/go-webauthn/x",
			"github.com/golang-jwt/jwt", "github.com/google/go-tpm", "github.com/google/uuid", "github.com/philhofer/fwd",
			"github.com/tinylib/msgp", "github.com/x448/float16", "golang.org/x/crypto", "golang.org/x/sys", "golang.org/x/text",
		},
		"tenancy/sso": { // OpenID Connect
			"github.com/coreos/go-oidc", "github.com/go-jose/go-jose", "golang.org/x/oauth2", "golang.org/x/crypto", "golang.org/x/sys", "golang.org/x/text",
		},
		"controller": {
			"github.com/hashicorp/golang-lru", // templates as layers, archives
			"github.com/klauspost/compress",   // archives
		},
		"controller/whois/geolite": {
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller
			"code.dny.dev/ssrf",                                        // no private address is dialled
			"github.com/oschwald/maxminddb-golang", "golang.org/x/sys", // database files
		},
		"notifications/webhooks": {
			"code.dny.dev/ssrf", // no private address is dialled
		},
		"controller/connection": {
			"github.com/gosnmp/gosnmp", "golang.org/x/crypto", // SNMP and SSH
			"github.com/coder/websocket", "github.com/hashicorp/yamux", "golang.org/x/time", // channels
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller
		},
		"rollout": {},
		"controller/plan": {
			"github.com/pmezard/go-difflib", "go.yaml.in/yaml/v3", // what devices would run otherwise, and plans as files
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller
		},
		"topology": {},
		"firmware": {
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller
		},
		"controller/vpn": {
			"golang.org/x/crypto",                                              // Salsa20, from which ZeroTier addresses follow
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller
			"github.com/youmark/pkcs8", "software.sslmate.com/src/go-pkcs12", // of x509
			"go4.org/netipx", // ranges, of ipam too
		},
		"controller/devicecert": {
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller
			"github.com/youmark/pkcs8", "software.sslmate.com/src/go-pkcs12", "golang.org/x/crypto", // of x509
		},
		"controller/vpn/vpnhost": { // interfaces of Linux and WireGuard in user space, which only the program on a host needs
			"github.com/josharian/native", "github.com/mdlayher/genetlink", "github.com/mdlayher/netlink", "github.com/mdlayher/socket",
			"github.com/vishvananda/netlink", "github.com/vishvananda/netns", "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/sync", "golang.org/x/sys",
			"golang.zx2c4.com/wireguard/conn", "golang.zx2c4.com/wireguard/device", "golang.zx2c4.com/wireguard/ipc", "golang.zx2c4.com/wireguard/ratelimiter",
			"golang.zx2c4.com/wireguard/replay", "golang.zx2c4.com/wireguard/rwcancel", "golang.zx2c4.com/wireguard/tai64n", "golang.zx2c4.com/wireguard/tun",
			"golang.zx2c4.com/wireguard/wgctrl",
		},
		"controller/subnetdivision": {
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", "go4.org/netipx", "golang.org/x/crypto", // of the controller, VPNs and addresses
			"github.com/youmark/pkcs8", "software.sslmate.com/src/go-pkcs12",
		},
		"controller/geo": {
			"golang.org/x/image", // pictures in WebP
			"code.dny.dev/ssrf",  // of geocoders, which dial no private address
		},
		"controller/geo/estimate": {
			"github.com/hashicorp/golang-lru", "github.com/klauspost/compress", // of the controller and WHOIS
			"golang.org/x/image", // of places
		},
		"x509": {
			"golang.org/x/crypto",                // derivation of keys, building of lists
			"github.com/youmark/pkcs8",           // encrypted private keys
			"software.sslmate.com/src/go-pkcs12", // files for browsers
		},
		"ipam": {
			"go4.org/netipx", // ranges, sets and what is free of them
		},
		"ipam/xlsx": { // tables, which only the HTTP room and commands import
			"github.com/richardlehane/mscfb", "github.com/richardlehane/msoleps", "github.com/tiendc/go-deepcopy", "github.com/xuri/efp",
			"github.com/xuri/excelize", "github.com/xuri/nfp", "go4.org/netipx", "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/text",
		},
		"monitoring": {
			"github.com/RoaringBitmap/roaring", "github.com/bits-and-blooms/bitset", "golang.org/x/sys", // different texts are counted exactly
			"golang.org/x/text",                                          // keys without accents
			"github.com/hashicorp/golang-lru",                            // metrics of devices
			"github.com/klauspost/compress", "github.com/cespare/xxhash", // documents and what waits; sums of it
			"golang.org/x/net",                             // ICMP
			"github.com/go-pdf/fpdf", "golang.org/x/image", // reports
		},
		"radius": {
			"github.com/go-pdf/fpdf", "github.com/skip2/go-qrcode", "golang.org/x/image", // vouchers
			"github.com/smallstep/pkcs7",                                                                                                                       // signed profiles for telephones
			"layeh.com/radius", "layeh.com/radius/rfc2759", "layeh.com/radius/rfc2865", "layeh.com/radius/vendors", "golang.org/x/crypto", "golang.org/x/text", // packets of RADIUS, MS-CHAPv2
		},
		"notifications": {
			"github.com/yuin/goldmark",                                                                                        // Markdown
			"github.com/microcosm-cc/bluemonday", "github.com/aymerick/douceur", "github.com/gorilla/css", "golang.org/x/net", // what is safe of its HTML
		},
	}
}

// listed is the entry of reached that a room stands under, the longest one.
func listed(room string) string {
	best := ""
	for name := range reached() {
		if under(room, name) && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// foreign returns the module of a package that is neither ours nor Go's.
func foreign(dep string) string {
	parts := strings.Split(dep, "/")
	if !strings.Contains(parts[0], ".") || strings.HasPrefix(dep, module) {
		return ""
	}
	return strings.Join(parts[:min(len(parts), 3)], "/")
}

func TestForeignModulesOfConcerns(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		height, _ := floor(p.room())
		if !p.ours() || height != 2 {
			continue
		}
		name := listed(p.room())
		if name == "" {
			t.Errorf("%s needs a list of the foreign modules it may reach, which may be empty", p.ImportPath)
		}
		for _, dep := range p.Deps {
			m := foreign(dep)
			if m == "" {
				continue
			}
			seen[name+" "+m] = true
			if !slices.Contains(reached()[name], m) {
				t.Errorf("%s reaches %s, which is not on the list of %s", p.ImportPath, m, name)
			}
		}
	}
	for name, modules := range reached() {
		for _, m := range modules {
			require.True(t, seen[name+" "+m], "%s does not reach %s any more: take it off the list", name, m)
		}
	}
}

// TestAccountsStayAtHome: what other concerns need of organizations is in
// kit/entity.
func TestAccountsStayAtHome(t *testing.T) {
	for _, p := range packages(t) {
		height, _ := floor(p.room())
		if !p.ours() || height != 2 || under(p.room(), "tenancy") {
			continue
		}
		for _, dep := range p.Deps {
			if under(dep, module+"/tenancy") {
				t.Errorf("%s reaches %s", p.ImportPath, dep)
			}
		}
	}
}

func TestForeign(t *testing.T) {
	require.Empty(t, foreign("encoding/json"))
	require.Empty(t, foreign(module+"/kit/rest"))
	require.Empty(t, foreign("vendor/golang.org/x/net/idna"))
	require.Equal(t, "golang.org/x/text", foreign("golang.org/x/text/unicode/norm"))
	require.Equal(t, "tenancy/passkey", listed("tenancy/passkey"))
	require.Equal(t, "tenancy", listed("tenancy/password"))
	require.Equal(t, "topology", listed("topology"))
	require.Empty(t, listed("example"))
}
