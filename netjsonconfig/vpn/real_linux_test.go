package vpn_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/netjsonconfig/autoclient"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
	"github.com/wispwright/wispwright/netjsonconfig/vpn"
)

// openVPN runs the real program on rendered configurations, each in a network of its
// own.
type openVPN struct {
	dir string
	// known are the ciphers and digests that the program's library has
	known map[string]bool
}

func newOpenVPN(t *testing.T) *openVPN {
	t.Helper()
	for _, name := range []string{"openvpn", "unshare", "ip"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("there is no " + name + " here")
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("the rights of root are needed for networks of their own")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("the machine has no tunnels: ", err)
	}
	if out, err := exec.Command("unshare", "--net", "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("the machine has no networks of their own: %v %s", err, out)
	}
	o := &openVPN{t.TempDir(), map[string]bool{}}
	for _, list := range []string{"--show-ciphers", "--show-digests"} {
		out, err := exec.Command("openvpn", list).CombinedOutput()
		require.NoError(t, err)
		for line := range strings.Lines(string(out)) {
			if word, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
				o.known[strings.ToUpper(word)] = true
			}
		}
	}
	o.files(t)
	return o
}

// files are what configurations name: an authority that is its own certificate will do,
// as nobody connects.
func (o *openVPN) files(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	c, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}, c, key)
	require.NoError(t, err)
	static, err := exec.Command("openvpn", "--genkey", "secret", "/dev/stdout").Output()
	require.NoError(t, err)
	o.write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	o.write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	o.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	o.write(t, "crl.pem", string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl})))
	o.write(t, "static.key", string(static))
	o.write(t, "users", "name\npassword\n")
	o.write(t, "script", "#!/bin/sh\nexit 0\n")
}

func (o *openVPN) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o700))
}

// works matches what the program says when it has taken a configuration and begins to
// listen, or to connect.
var works = regexp.MustCompile(`Initialization Sequence Completed|Listening for incoming TCP|UDPv[46]( [a-z]+)* link remote|Attempting to establish TCP`)

// takes runs the program on a configuration until it works or ends; it returns what it
// said, and whether it worked.
func (o *openVPN) takes(t *testing.T, name, text string) (string, bool) {
	t.Helper()
	// what is logged elsewhere, or not at all, could not be read here
	text = regexp.MustCompile(`(?m)^(log|verb) .*\n`).ReplaceAllString(text, "")
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600); err != nil {
		return err.Error(), false
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--net", "sh", "-c", `ip link set lo up && exec openvpn --config "$0" --verb 3`, name)
	cmd.Dir = o.dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err.Error(), false
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err.Error(), false
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it was killed
	}()
	said, taken := "", false
	for lines := bufio.NewScanner(io.LimitReader(out, 1<<20)); !taken && lines.Scan(); {
		said += lines.Text() + "\n"
		taken = works.MatchString(lines.Text())
	}
	return said, taken
}

// variant is a tunnel that differs from the usual one of its kind.
type variant struct {
	name   string
	change map[string]any
	conf   string
}

const usualServer = `{"name":"tunnel","mode":"server","proto":"udp","port":1194,"dev":"tun0","dev_type":"tun","tls_server":true,"ca":"ca.pem","cert":"cert.pem","key":"key.pem","dh":"none"}`

// kinds are the tunnels that the schema knows.
func kinds() map[string]map[string]any {
	of := func(text string, change map[string]any) map[string]any {
		out := map[string]any{}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			panic(err)
		}
		maps.Copy(out, change)
		return out
	}
	return map[string]map[string]any{
		"routed":  of(usualServer, map[string]any{"server": "10.8.0.0 255.255.255.0"}),
		"bridged": of(usualServer, map[string]any{"server_bridge": "10.8.0.4 255.255.255.0 10.8.0.128 10.8.0.254", "dev": "tap0", "dev_type": "tap"}),
		"manual":  of(usualServer, nil),
		"client": of(`{"name":"tunnel","mode":"p2p","proto":"udp","dev":"tun0","dev_type":"tun","tls_client":true,"pull":true,"nobind":true,"ca":"ca.pem","cert":"cert.pem","key":"key.pem"}`,
			map[string]any{"remote": []any{map[string]any{"host": "127.0.0.1", "port": 1194}}}),
	}
}

// texts are values of properties that are free text, by kind where they differ.
var texts = map[string][]any{
	"local": {"127.0.0.2"}, "tls_auth": {"static.key 1"}, "keepalive": {"10 60"}, "up": {"/bin/true"}, "down": {"/bin/true"}, "user": {"root"}, "group": {"root"},
	"status": {"status.txt 10", "status.txt"}, "tls_cipher": {"TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"}, "crl_verify": {"crl.pem"}, "resolv_retry": {"infinite", "5"},
	"auth_user_pass": {"users"}, "auth_user_pass_verify": {"./script via-env"},
}

// needs are what has to stand beside a value.
var needs = map[string]map[string]any{
	"local": {"nobind": false}, "up": {"script_security": 2}, "down": {"script_security": 2}, "auth_user_pass_verify": {"script_security": 2}, "fast_io": {"proto": "udp"},
	"username_as_common_name": {"auth_user_pass_verify": "./script via-env", "script_security": 2}, "status_version": {"status": "status.txt"},
	"client_cert_not_required": {"auth_user_pass_verify": "./script via-env", "script_security": 2},
}

// elsewhere are properties of the usual tunnel, and those that have tests of their own.
var elsewhere = []string{"name", "mode", "dev", "port", "ca", "cert", "key", "dh", "server", "server_bridge", "remote", "log", "verb", "pkcs12", "secret", "tls_server", "tls_client", "dev_type", "proto"}

// variants are a tunnel of a kind with each value of each property that the schema permits.
func variants(kind string) (out []variant) {
	definitions := schemas.OpenVPN().Object
	properties := map[string]*ordered.Object{}
	collect(definitions, map[string]string{"routed": "server_routed", "bridged": "server_bridged", "manual": "server_manual", "client": "client"}[kind], properties)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if slices.Contains(elsewhere, name) {
			continue
		}
		list := values(name, properties[name])
		if kind == "manual" || kind == "bridged" { // ciphers and digests are the same for all kinds of servers
			list = list[:min(len(list), 8)]
		}
		for _, v := range list {
			change := map[string]any{name: v}
			maps.Copy(change, needs[name])
			out = append(out, variant{name: fmt.Sprintf("%s=%v", name, v), change: change})
		}
	}
	tcp := map[bool]string{true: "tcp-client", false: "tcp-server"}[kind == "client"]
	out = append(out, variant{name: "tcp", change: map[string]any{"proto": tcp}})
	if kind != "bridged" {
		out = append(out, variant{name: "tap", change: map[string]any{"dev": "tap0", "dev_type": "tap"}}, variant{name: "tap over tcp", change: map[string]any{"dev": "tap0", "dev_type": "tap", "proto": tcp}})
	}
	return out
}

// collect finds the properties of a definition and of those that it refers to.
func collect(document *ordered.Object, name string, into map[string]*ordered.Object) {
	definition := member(member(document, "definitions"), name)
	var all func(o *ordered.Object)
	all = func(o *ordered.Object) {
		if ref, ok := o.Get("$ref"); ok {
			if text, ok := ref.(string); ok {
				collect(document, strings.TrimPrefix(text, "#/definitions/"), into)
			}
		}
		for key, v := range member(o, "properties").All() {
			p, ok := v.(*ordered.Object)
			if ok && (into[key] == nil || p.Has("enum")) {
				into[key] = p
			}
		}
		if parts, ok := o.Get("allOf"); ok {
			list, _ := parts.([]any)
			for _, part := range list {
				if p, ok := part.(*ordered.Object); ok {
					all(p)
				}
			}
		}
	}
	all(definition)
}

func member(o *ordered.Object, key string) *ordered.Object {
	v, _ := o.Get(key)
	if found, ok := v.(*ordered.Object); ok {
		return found
	}
	return ordered.NewObject()
}

// values are those of a property that are tried.
func values(name string, p *ordered.Object) (out []any) {
	if v, ok := p.Get("enum"); ok {
		list, _ := v.([]any)
		return list
	}
	kind, _ := p.Get("type")
	switch kind {
	case "boolean":
		return []any{true, false}
	case "integer":
		return map[string][]any{"fragment": {0, 1300}, "mssfix": {0, 1450}, "up_delay": {0, 1}, "mute": {0, 10}, "reneg_sec": {0, 3600}, "tls_timeout": {2}}[name]
	case "array":
		if name == "data_ciphers" {
			every := []any{}
			ciphers, _ := member(member(member(p, "items"), "properties"), "cipher").Get("enum")
			list, _ := ciphers.([]any)
			for _, cipher := range list {
				if cipher != "" && cipher != "none" {
					every = append(every, map[string]any{"cipher": cipher, "optional": true})
				}
			}
			for some := range slices.Chunk(every, 6) { // a list has 127 characters at most
				out = append(out, append([]any{map[string]any{"cipher": "AES-256-GCM", "optional": false}}, some...))
			}
			return out
		}
	}
	return texts[name]
}

// gone is what this program refuses of what the schema, which is that of OpenWISP,
// permits: by property, or by property and value. Its words prove it.
var gone = map[string]string{
	"client_cert_not_required=true": "REMOVED OPTION: --client-cert-not-required",
	"up_delay=1":                    "Unrecognized option or missing or extra parameter(s)", // a word without a number
}

// TestOpenVPNTakesEveryVariant runs the real program on everything that the schema
// permits. What it refuses is what its library lacks, or is listed with its words.
func TestOpenVPNTakesEveryVariant(t *testing.T) {
	o := newOpenVPN(t)
	for kind, usual := range kinds() {
		t.Run(kind, func(t *testing.T) {
			list := append([]variant{{name: "usual"}}, variants(kind)...)
			require.Greater(t, len(list), 60)
			t.Logf("%d variants", len(list))
			work := make(chan variant)
			var workers sync.WaitGroup
			for n := range 4 {
				workers.Go(func() {
					for v := range work {
						o.try(t, fmt.Sprintf("%s-%d.conf", kind, n), v)
					}
				})
			}
			for i := range list {
				list[i].conf = conf(t, usual, list[i])
			}
			for _, v := range list {
				work <- v
			}
			close(work)
			workers.Wait()
		})
	}
}

// conf is the rendered configuration of a variant.
func conf(t *testing.T, usual map[string]any, v variant) string {
	t.Helper()
	tunnel := maps.Clone(usual)
	maps.Copy(tunnel, v.change)
	document, err := json.Marshal(map[string]any{"openvpn": []any{tunnel}})
	require.NoError(t, err)
	text, err := render(t, vpn.OpenVPN(), string(document))
	require.NoError(t, err, v.name)
	_, text, _ = strings.Cut(text, "\n\n")
	return text
}

// try runs the program on a variant.
func (o *openVPN) try(t *testing.T, file string, v variant) {
	said, taken := o.takes(t, file, v.conf)
	words, known := gone[v.name]
	switch {
	case known && (taken || !strings.Contains(said, words)):
		t.Errorf("%s: is refused no more, or in other words than %q:\n%s\n%s", v.name, words, v.conf, said)
	case known, taken, o.lacks(v):
	default:
		t.Errorf("%s is refused:\n%s\n%s", v.name, v.conf, said)
	}
}

// lacks reports whether a variant is a cipher or a digest that the program's library does
// not have.
func (o *openVPN) lacks(v variant) bool {
	for _, property := range []string{"auth", "cipher", "data_ciphers_fallback"} {
		if name, ok := v.change[property].(string); ok {
			return !o.known[strings.ToUpper(name)]
		}
	}
	return false
}

// TestOpenVPNTakesClientsOfServers runs the program on the client's side that is made of
// a server.
func TestOpenVPNTakesClientsOfServers(t *testing.T) {
	o := newOpenVPN(t)
	for name, change := range map[string]string{
		"usual":   ``,
		"tcp":     `,"proto":"tcp-server"`,
		"tap":     `,"dev":"tap0","dev_type":"tap"`,
		"ciphers": `,"cipher":"AES-128-GCM","data_ciphers":[{"cipher":"AES-256-GCM","optional":false}],"data_ciphers_fallback":"AES-256-CBC","auth":"SHA256"`,
		"options": `,"comp_lzo":"adaptive","keepalive":"10 60","mssfix":1400,"fragment":1300,"reneg_sec":7200,"tls_timeout":5,"mtu_disc":"yes","tls_auth":"static.key 0","verb":3,"float":true`,
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.TrimSuffix(usualServer, "}") + `,"server":"10.8.0.0 255.255.255.0"` + change + "}"
			if name != "usual" { // the last of two members of a name counts
				fields := map[string]any{}
				require.NoError(t, json.Unmarshal([]byte(text), &fields))
				raw, err := json.Marshal(fields)
				require.NoError(t, err)
				text = string(raw)
			}
			server, err := ordered.DecodeObject([]byte(text))
			require.NoError(t, err)
			client := autoclient.OpenVPN{Host: "127.0.0.1", Server: server, CAPath: "ca.pem", CAContents: "x", CertPath: "cert.pem", CertContents: "x", KeyPath: "key.pem", KeyContents: "x"}.Client()
			client.Delete("files")
			rendered, err := render(t, vpn.OpenVPN(), string(ordered.Append(nil, client)))
			require.NoError(t, err)
			_, rendered, _ = strings.Cut(rendered, "\n\n")
			said, taken := o.takes(t, "client.conf", rendered)
			require.True(t, taken, "%s\n%s", rendered, said)
		})
	}
}
