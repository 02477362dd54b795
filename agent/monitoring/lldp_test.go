package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What lldpcli 1.0.16 printed of a host with one neighbour, shortened.
const (
	lldpChassisText = `{"local-chassis":[{"chassis":[{"id":[{"type":"mac","value":"EE:DB:D1:18:8B:72"}],"name":[{"value":"a"}],"descr":[{"value":"router"}],
		"mgmt-ip":[{"value":"fe80::ecdb:d1ff:fe18:8b72"}],"mgmt-iface":[{"value":"2"}],
		"capability":[{"type":"Bridge","enabled":false},{"type":"Router","enabled":true},{"type":"Station","enabled":true}]}]}]}`
	lldpNeighborsText = `{"lldp":[{"interface":[{"name":"ab","via":"LLDP","rid":"1","age":"0 day, 00:00:00","chassis":[{"id":[{"type":"mac","value":"2a:6f:ba:ff:54:f2"}],"name":[{"value":"b"}],
		"mgmt-ip":[{"value":"10.1.0.2"},{"value":"10.1.0.2"}]}],"port":[{"id":[{"type":"ifname","value":"ba"}],"descr":[{"value":"uplink"}],"ttl":[{"value":"4"}]}]}%s]}]}`
)

// asked makes a collector whose lldpcli prints these.
func asked(neighbors, chassis string, fails error) *Collector {
	return NewCollector(Sources{Run: func(_ context.Context, name string, args ...string) ([]byte, error) {
		if name != "lldpcli" {
			return nil, exec.ErrNotFound
		}
		if args[len(args)-1] == "chassis" {
			return []byte(chassis), nil
		}
		return []byte(neighbors), fails
	}})
}

func TestLLDPInDocuments(t *testing.T) {
	of := func(more string) *LLDP {
		var d Document
		require.NoError(t, asked(fmt.Sprintf(lldpNeighborsText, more), lldpChassisText, nil).lldp(t.Context(), &d))
		return d.LLDP
	}
	text, err := json.Marshal(of(""))
	require.NoError(t, err)
	require.JSONEq(t, `{"chassis":{"id":"ee:db:d1:18:8b:72","id_type":"mac","name":"a","description":"router","addresses":["fe80::ecdb:d1ff:fe18:8b72"],"capabilities":["Router","Station"]},
		"neighbors":[{"interface":"ab","protocol":"LLDP","chassis":{"id":"2a:6f:ba:ff:54:f2","id_type":"mac","name":"b","addresses":["10.1.0.2"]},"port":"ba","port_type":"ifname","port_description":"uplink"}]}`, string(text))
	require.Len(t, of(`,{"name":"ac","via":"CDPv2"},{"via":"LLDP","chassis":[{"id":[{"value":"x"}]}]}`).Neighbors, 1, "without a chassis or an interface it is none")
	long := of(`,{"name":"ac","chassis":[{"id":[{"value":"x"}],"descr":[{"value":"` + strings.Repeat("é", 400) + `"}]}]}`)
	require.Equal(t, strings.Repeat("é", 127), long.Neighbors[1].Chassis.Description)
	many := of(strings.Repeat(`,{"name":"ac","chassis":[{"id":[{"value":"x"}]}]}`, 1000))
	require.Len(t, many.Neighbors, maxCables)
	var alone Document
	require.NoError(t, asked(`{"lldp":[{}]}`, lldpChassisText, nil).lldp(t.Context(), &alone))
	text, err = json.Marshal(alone.LLDP)
	require.NoError(t, err)
	require.Contains(t, string(text), `"neighbors":[]`, "it says that there is nobody")
}

// A device without lldpd has no such part; one that cannot be asked, or says what is no answer, says so, and the
// document is whole without it.
func TestLLDPThatFails(t *testing.T) {
	var d Document
	require.NoError(t, NewCollector(Sources{}).lldp(t.Context(), &d))
	require.NoError(t, asked("", "", fmt.Errorf("lldpcli: %w", exec.ErrNotFound)).lldp(t.Context(), &d))
	for name, c := range map[string]*Collector{
		"not at work": asked("", "", errors.New("exit status 1")), "no JSON": asked("x", lldpChassisText, nil), "no JSON of itself": asked(`{"lldp":[]}`, "", nil),
		"another layout": asked(`{"lldp":{"interface":{}}}`, lldpChassisText, nil), "nothing of itself": asked(`{"lldp":[]}`, `{}`, nil),
		"no id": asked(`{"lldp":[]}`, `{"local-chassis":[{"chassis":[{"name":[{"value":"a"}]}]}]}`, nil),
	} {
		require.Error(t, c.lldp(t.Context(), &d), name)
		require.Nil(t, d.LLDP, name)
	}
}
