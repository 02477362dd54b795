package autoclient

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/ovpn"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// OpenVPN says how to reach an OpenVPN server. Of each pair of path and
// contents a file is made only when both are there; else the client keeps the
// server's path.
type OpenVPN struct {
	// Host is the server's address or name.
	Host string
	// Server is the server's tunnel: an item of its "openvpn" list.
	Server *ordered.Object
	// CAPath is where the CA's certificate goes on the device.
	CAPath string
	// CAContents is the CA's certificate in PEM.
	CAContents string
	// CertPath is where the client's certificate goes on the device.
	CertPath string
	// CertContents is the client's certificate in PEM.
	CertContents string
	// KeyPath is where the client's private key goes on the device.
	KeyPath string
	// KeyContents is the client's private key in PEM.
	KeyContents string
}

// copied are the settings a client has in common with its server.
func copied() []string {
	return []string{
		"name", "dev_type", "dev", "comp_lzo", "auth", "cipher", "ca", "cert", "key", "pkcs12", "mtu_test",
		"fragment", "mssfix", "keepalive", "persist_tun", "mute", "persist_key", "user", "group",
		"mute_replay_warnings", "secret", "reneg_sec", "tls_timeout", "tls_cipher", "float", "fast_io", "verb",
		"auth_nocache", "compress", "allow_compression",
	}
}

// Client returns {"openvpn": [client], "files": […]}.
func (a OpenVPN) Client() *ordered.Object {
	server := a.Server.Clone()
	client := new(ordered.Object)
	client.Set("mode", "p2p")
	client.Set("nobind", true)
	client.Set("resolv_retry", "infinite")
	tls, _ := server.Get("tls_server")
	client.Set("tls_client", !value.Empty(tls))

	remote := new(ordered.Object)
	remote.Set("host", a.Host)
	remote.Set("port", ordered.Number("1195"))
	if port, _ := server.Get("port"); !value.Empty(port) {
		remote.Set("port", port)
	}
	client.Set("remote", []any{remote})
	client.Set("proto", "udp")
	if value.Str(server, "proto") == "tcp-server" {
		client.Set("proto", "tcp-client")
	}
	if server.Has("server") || server.Has("server_bridge") {
		client.Set("pull", true)
	}
	for _, key := range []string{"ns_cert_type", "remote_cert_tls"} {
		expected := ""
		if value.Str(server, key) == "client" {
			expected = "server"
		}
		client.Set(key, expected)
	}
	if key := value.Str(server, "tls_auth"); ovpn.IsKeyText(key) {
		client.Set("tls_auth", key)
	}
	for _, key := range copied() {
		if v, ok := server.Get(key); ok {
			client.Set(key, v)
		}
	}
	if server.Has("script_security") {
		client.Set("script_security", ordered.Number("2"))
	}
	if log, ok := server.Get("log"); ok {
		if text, isText := log.(string); isText {
			log = strings.ReplaceAll(text, "/var/log/openvpn/", "/var/log/")
		}
		client.Set("log", log)
	}
	files := []any{}
	for _, f := range []struct{ key, path, contents string }{
		{"ca", a.CAPath, a.CAContents}, {"cert", a.CertPath, a.CertContents}, {"key", a.KeyPath, a.KeyContents},
	} {
		if f.path == "" || f.contents == "" {
			continue
		}
		client.Set(f.key, f.path)
		files = append(files, object("path", f.path, "contents", f.contents, "mode", njc.KeyMode))
	}
	return object("openvpn", []any{client}, "files", files)
}

// object makes an object of keys and values in turn.
func object(members ...any) *ordered.Object {
	o := new(ordered.Object)
	for i := 0; i+1 < len(members); i += 2 {
		key, _ := members[i].(string) // keys are literals of this package
		o.Set(key, members[i+1])
	}
	return o
}
