package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

const vpnFixture = `{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t","registration_enabled":true}],
 "users":[{"username":"root","email":"root@example.org","token":"` + toldToken + `","is_superuser":true,"is_staff":true}],
 "subnets":[{"organization":"acme","subnet":"10.8.0.0/16","name":"open"},{"organization":"acme","subnet":"10.9.0.0/16","name":"wire"}]}`

// tunnelled is an installation whose devices become clients of an OpenVPN server and of a
// VXLAN one when they register.
func tunnelled(t *testing.T, environ ...string) *installation {
	i := install(t, vpnFixture, environ...)
	command := func(args ...string) {
		t.Helper()
		got := wispwrightIn(append(i.more, "WISPWRIGHT_DATA="+i.data), "", args...)
		require.Equal(t, 0, got.status, "%v: %s", args, got.err)
	}
	command("x509", "create", "office", "--key", "256", "--organization", "acme")
	command("vpn", "create", "open", "--type", "openvpn", "--host", "open.example.org", "--organization", "acme", "--subnet", "10.8.0.0/16", "--ca", "office", "--template", "to open", "--default")
	command("vpn", "create", "wire", "--type", "vxlan", "--host", "wire.example.org", "--organization", "acme", "--subnet", "10.9.0.0/16", "--template", "to wire", "--default")
	return i
}

// all reads every page of a list.
func (i *installation) all(path string) (rows []map[string]any) {
	i.t.Helper()
	for page := 1; ; page++ {
		var list struct {
			Next    *string
			Results []map[string]any
		}
		i.ask("GET", fmt.Sprintf("%s?page_size=100&page=%d", path, page), "", &list)
		if rows = append(rows, list.Results...); list.Next == nil {
			return rows
		}
	}
}

// The server is killed while devices become clients, which takes a certificate, keys, an
// address and a number: each has all of it or is not there, nothing is given twice, and
// nothing is left over.
func TestKilledServerLeavesNoHalfClients(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killedBetween(t, tunnelled(t)) })
	t.Run("postgresql", func(t *testing.T) { killedBetween(t, tunnelled(t, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t))) })
}

func killedBetween(t *testing.T, i *installation) {
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for round := range 3 {
		i.start()
		client := simulate.NewClient(i.url, 6, patience)
		ctx, stop := context.WithCancel(t.Context())
		enough := make(chan bool, 1)
		var devices sync.WaitGroup
		for worker := range 6 {
			devices.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					mac := fmt.Sprintf("02:00:%02X:%02X:%02X:%02X", round, worker, n>>8, n&0xff)
					id, err := client.Register(ctx, agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: mac, MACAddress: mac})
					var answered *agent.StatusError
					switch {
					case errors.As(err, &answered) && answered.Code < 500:
						t.Errorf("refused: %v", err)
						return
					case err != nil:
						time.Sleep(time.Millisecond)
						continue // busy, or gone: then the round ends soon
					}
					mu.Lock()
					if acknowledged[id.UUID] = true; len(acknowledged) >= 15*(round+1) {
						select {
						case enough <- true:
						default: // said already
						}
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		i.kill()
		stop()
		devices.Wait()
	}
	i.start()
	defer i.kill()
	known := map[string]bool{}
	for _, d := range i.all("/api/v1/controller/device/") {
		known[strings.ReplaceAll(d["id"].(string), "-", "")] = true
	}
	for id := range acknowledged {
		require.True(t, known[id], "the acknowledged device %s", id)
	}
	certificates := map[float64]bool{}
	for _, server := range i.all("/api/v1/controller/vpn/") {
		clients := i.all("/api/v1/controller/vpn/" + server["id"].(string) + "/client/")
		require.Len(t, clients, len(known), "every device is a client of %s", server["name"])
		addresses, numbers, devices := map[any]bool{server["ip_address"]: true}, map[any]bool{}, map[any]bool{}
		for _, c := range clients {
			require.NotEmpty(t, c["ip_address"], "an address")
			addresses[c["ip_address"]], devices[c["device"]] = true, true
			if server["ca"] != nil {
				require.NotNil(t, c["cert"], "a certificate")
				certificates[c["cert"].(float64)] = true
			} else {
				require.NotEmpty(t, c["public_key"], "keys")
				numbers[c["vni"]] = true
			}
		}
		require.Len(t, devices, len(known), "each once")
		require.Len(t, addresses, len(known)+1, "no address is given twice")
		if server["ca"] == nil {
			require.Len(t, numbers, len(known), "no number is given twice")
		} else {
			certificates[server["cert"].(float64)] = true
		}
		require.Len(t, i.all("/api/v1/ipam/subnet/"+server["subnet"].(string)+"/ip-address/"), len(known)+1, "no address is left over")
	}
	require.Len(t, certificates, len(known)+1)
	serials := map[any]bool{}
	listed := i.all("/api/v1/controller/cert/")
	for _, c := range listed {
		serials[c["serial_number"]] = true
	}
	require.Len(t, listed, len(certificates), "no certificate is left over")
	require.Len(t, serials, len(certificates), "no serial number is given twice")
	t.Logf("%d devices, %d of them acknowledged, are whole after three kills", len(known), len(acknowledged))
}

func TestVPNCommands(t *testing.T) {
	i := tunnelled(t)
	data := i.data
	listed := done(t, data, "", "vpn", "list")
	require.Contains(t, listed, "open.example.org")
	require.Contains(t, listed, "VxlanWireguard")
	const key, public = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=", "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
	done(t, data, key+"\n", "vpn", "create", "old", "--host", "old.example.org", "--organization", "acme", "--subnet", "10.9.0.0/16", "--ip", "10.9.200.1", "--private-key-stdin")
	dump := done(t, data, "", "dumpdata")
	require.Contains(t, dump, key)
	var file struct {
		Servers []map[string]any `json:"vpn_servers"`
	}
	require.NoError(t, json.Unmarshal([]byte(dump), &file))
	require.Len(t, file.Servers, 3)
	require.Equal(t, "\x1f\x8b", done(t, data, "", "vpn", "configuration", "old", "-o", "-")[:2], "a gzip file")
	for want, args := range map[string]string{
		"There is a VPN server of this name already": "vpn create old --host h --organization acme --subnet 10.9.0.0/16",
		"There is no subnet 10.1.0.0/16":             "vpn create x --host h --organization acme --subnet 10.1.0.0/16",
		"There is no authority":                      "vpn create x --type openvpn --host h --organization acme --ca none",
		"organization nope":                          "vpn create x --host h --organization nope --subnet 10.9.0.0/16",
		"--type is one of openvpn, vxlan, wireguard": "vpn create x --host h --type ipsec",
		`there is no VPN server "none"`:              "vpn delete none",
		"There is no subnet":                         "subnet-division create L --organization acme --subnet 10.1.0.0/16 --size 28",
		"Only alphanumeric":                          "subnet-division create a-b --organization acme --subnet 10.9.0.0/16 --size 28",
		`there is no subnet division rule "none"`:    "subnet-division forecast none --organization acme",
	} {
		require.Contains(t, refused(t, data, strings.Fields(args)...), want)
	}
	require.Contains(t, wispwright(t, data, "AAAA\n", "vpn", "create", "x", "--host", "h", "--organization", "acme", "--subnet", "10.9.0.0/16", "--private-key-stdin").err, "private_key")

	done(t, data, "", "subnet-division", "create", "LAN", "--organization", "acme", "--subnet", "10.8.0.0/16", "--size", "24", "--addresses", "2")
	require.Contains(t, done(t, data, "", "subnet-division", "list", "--organization", "acme"), "1 of /24, 2 addresses")
	require.Contains(t, done(t, data, "", "subnet-division", "forecast", "LAN", "--organization", "acme"), "LAN_subnet1 10.8.1.0/24, addresses 10.8.1.1 to 10.8.1.2\nRoom for 255 more devices")
	done(t, data, "", "subnet-division", "delete", "LAN", "--organization", "acme")
	done(t, data, "", "vpn", "delete", "old", "--organization", "acme")
	require.NotContains(t, done(t, data, "", "vpn", "list"), "old.example.org")
	require.NotContains(t, done(t, data, "", "dumpdata"), public)
}
