package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// recordedRun is one run of the original collector: what it saw, what it printed.
type recordedRun struct {
	Name        string
	Interfaces  string `json:"monitored_interfaces"`
	IwinfoThere bool   `json:"iwinfo_enabled"`
	Ubus        map[string]json.RawMessage
	Files       map[string]string
	UCI         map[string]string
	Output      json.RawMessage
}

func recordings(t *testing.T) []recordedRun {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testkit.Vectors(t, "agent-monitoring"), "collect-*.json"))
	require.NoError(t, err)
	require.Len(t, files, 7)
	var out []recordedRun
	for _, f := range files {
		var r recordedRun
		testkit.ReadVectors(t, &r, "agent-monitoring", filepath.Base(f))
		out = append(out, r)
	}
	return out
}

// ReadFile makes a recording the device's files.
func (r *recordedRun) ReadFile(name string) ([]byte, error) {
	text, ok := "", false
	if pkg, is := strings.CutPrefix(name, "/etc/config/"); is {
		text, ok = r.UCI[pkg]
	} else if name == "/tmp/dhcp.leases" {
		text, ok = r.Files["tmp_dhcp.leases"]
	} else {
		text, ok = r.Files[strings.TrimPrefix(name, "/")]
	}
	if !ok {
		return nil, nil
	}
	return []byte(text), nil
}

var errAbsent = errors.New("not there")

// Call makes it the bus.
func (r *recordedRun) Call(_ context.Context, object, method string, args map[string]any, out any) error {
	key, of := object+" "+method, ""
	switch {
	case object == "iwinfo":
		if !r.IwinfoThere {
			return errAbsent
		}
		of = args["device"].(string)
	case strings.HasPrefix(object, "hostapd."):
		key, of = "hostapd "+method, strings.TrimPrefix(object, "hostapd.")
	}
	answer, ok := r.Ubus[key]
	if !ok {
		return errAbsent
	}
	if of != "" {
		var each map[string]json.RawMessage
		if err := json.Unmarshal(answer, &each); err != nil {
			return err
		}
		if answer, ok = each[of]; !ok {
			return errAbsent
		}
	}
	// through the program that is asked on a device, to its last byte
	u := ubusCommand{"ubus", func(context.Context, string, ...string) ([]byte, error) { return answer, nil }}
	return u.Call(context.Background(), object, method, args, out)
}

// Run makes it mmcli.
func (r *recordedRun) run(_ context.Context, name string, args ...string) ([]byte, error) {
	key := name
	if args[len(args)-1] == "--signal-get" {
		key += "_signal"
	}
	text, ok := r.Files[key]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	return []byte(text), nil
}

// Disks reads the recorded output of df.
func (r *recordedRun) Disks() ([]Disk, error) {
	var out []Disk
	for i, line := range strings.Split(strings.TrimSpace(r.Files["df"]), "\n") {
		w := strings.Fields(line)
		if i == 0 || len(w) != 6 {
			continue
		}
		n := func(s string) int64 {
			v, err := strconv.ParseInt(strings.TrimSuffix(s, "%"), 10, 64)
			if err != nil {
				panic(err)
			}
			return v
		}
		out = append(out, Disk{Filesystem: w[0], MountPoint: w[5], Size: n(w[1]) << 10, Used: n(w[2]) << 10, Available: n(w[3]) << 10, UsedPercent: int(n(w[4]))})
	}
	return out, nil
}

func (r *recordedRun) Links() ([]Link, error)               { return nil, errAbsent }
func (r *recordedRun) Gateways() (map[string]string, error) { return nil, errAbsent }

// Addresses reads the recorded addresses of the kernel.
func (r *recordedRun) Addresses() ([]KernelAddress, error) {
	var list []struct {
		IfName   string `json:"ifname"`
		AddrInfo []struct {
			Local     string
			PrefixLen int
		} `json:"addr_info"`
	}
	if err := json.Unmarshal([]byte(r.Files["ifaddrs.json"]), &list); err != nil {
		return nil, err
	}
	var out []KernelAddress
	for _, l := range list {
		for _, a := range l.AddrInfo {
			out = append(out, KernelAddress{Link: l.IfName, Prefix: netip.PrefixFrom(netip.MustParseAddr(a.Local), a.PrefixLen)})
		}
	}
	return out, nil
}

// Neighbors reads the recorded table.
func (r *recordedRun) Neighbors() ([]Neighbor, error) {
	text, ok := r.Files["ip_json_neigh"]
	if !ok {
		return nil, errAbsent
	}
	var list []struct {
		Dst, Dev, LLAddr string
		State            []string
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	var out []Neighbor
	for _, n := range list {
		out = append(out, Neighbor{IP: n.Dst, MAC: n.LLAddr, Interface: n.Dev, State: n.State[0]})
	}
	return out, nil
}

func (r *recordedRun) sources() Sources {
	return Sources{Files: r, Disks: r, Kernel: r, Bus: r, Run: r.run}
}

// comparable decodes a document and puts in order what has none.
func comparable(t *testing.T, text []byte) any {
	t.Helper()
	var d map[string]any
	require.NoError(t, json.Unmarshal(text, &d))
	by := func(list any, key string) {
		if l, ok := list.([]any); ok {
			sort.Slice(l, func(i, j int) bool { return l[i].(map[string]any)[key].(string) < l[j].(map[string]any)[key].(string) })
		}
	}
	words := func(list any) {
		if l, ok := list.([]any); ok {
			sort.Slice(l, func(i, j int) bool { return l[i].(string) < l[j].(string) })
		}
	}
	by(d["interfaces"], "name")
	if l, ok := d["interfaces"].([]any); ok {
		for _, i := range l {
			if w, ok := i.(map[string]any)["wireless"].(map[string]any); ok {
				by(w["clients"], "mac")
			}
		}
	}
	words(d["dns_servers"])
	words(d["dns_search"])
	// the encoder of the original writes an empty list as an object
	if r := d["resources"].(map[string]any); len(r) > 0 {
		if m, ok := r["disk"].(map[string]any); ok && len(m) == 0 {
			r["disk"] = []any{}
		}
	}
	return d
}

// TestRecordedRuns compares what the collector makes of the recorded inputs with
// what the original printed.
func TestRecordedRuns(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.Name, func(t *testing.T) {
			d, err := NewCollector(r.sources()).Collect(t.Context(), ParseMonitored(r.Interfaces))
			require.NoError(t, err)
			got, err := json.Marshal(d)
			require.NoError(t, err)
			require.Equal(t, comparable(t, r.Output), comparable(t, got))
		})
	}
}
