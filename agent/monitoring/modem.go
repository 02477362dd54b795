package monitoring

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
)

// modemReport is what mmcli prints of a modem, as far as it is wanted.
type modemReport struct {
	Modem struct {
		ThreeGPP struct {
			IMEI         string `json:"imei"`
			OperatorName string `json:"operator-name"`
			OperatorCode string `json:"operator-code"`
		} `json:"3gpp"`
		Generic struct {
			Manufacturer string   `json:"manufacturer"`
			Model        string   `json:"model"`
			State        string   `json:"state"`
			PowerState   string   `json:"power-state"`
			Ports        []string `json:"ports"`
		} `json:"generic"`
		Signal map[string]map[string]any `json:"signal"`
	} `json:"modem"`
}

// modem asks ModemManager for one modem, by its path; nil when it says nothing
// that can be read (§4.9). The ports are the second result.
func (c *Collector) modem(ctx context.Context, path string) (*Mobile, []string) {
	if c.s.Run == nil || path == "" {
		return nil, nil
	}
	ask := func(more ...string) (r modemReport, ok bool) {
		out, err := c.s.Run(ctx, "mmcli", append([]string{"--output-json", "-m", path}, more...)...)
		return r, err == nil && json.Unmarshal(out, &r) == nil
	}
	r, ok := ask()
	if !ok {
		return nil, nil
	}
	g := r.Modem.ThreeGPP
	m := &Mobile{
		IMEI: known(g.IMEI), OperatorName: known(g.OperatorName), OperatorCode: known(g.OperatorCode),
		Manufacturer: known(r.Modem.Generic.Manufacturer), Model: known(r.Modem.Generic.Model),
		ConnectionStatus: known(r.Modem.Generic.State), PowerStatus: known(r.Modem.Generic.PowerState),
	}
	if s, ok := ask("--signal-get"); ok {
		m.Signal = signals(s.Modem.Signal)
	}
	return m, r.Modem.Generic.Ports
}

// known is a value, without mmcli's mark for unknown ones.
func known(v string) string {
	if v == "--" {
		return ""
	}
	return v
}

// signals returns the numbers of each technology; nil when there are none.
func signals(groups map[string]map[string]any) map[string]map[string]float64 {
	out := map[string]map[string]float64{}
	for name, values := range groups {
		if name == "refresh" || name == "threshold" {
			continue // settings of ModemManager
		}
		for key, v := range values {
			s, _ := v.(string)
			n, err := strconv.ParseFloat(s, 64)
			if err != nil {
				continue
			}
			if out[name] == nil {
				out[name] = map[string]float64{}
			}
			out[name][key] = n
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// modems asks for all modems, by the network device each has.
func (c *Collector) modems(ctx context.Context) map[string]*Mobile {
	if c.s.Run == nil {
		return nil
	}
	out, err := c.s.Run(ctx, "mmcli", "--output-json", "-L")
	if err != nil {
		return nil // most machines have no ModemManager
	}
	var list struct {
		Modems []string `json:"modem-list"`
	}
	if json.Unmarshal(out, &list) != nil {
		return nil
	}
	found := map[string]*Mobile{}
	for _, path := range list.Modems {
		m, ports := c.modem(ctx, path)
		if m == nil {
			continue
		}
		for _, port := range ports {
			if name, ok := strings.CutSuffix(port, " (net)"); ok {
				found[name] = m
			}
		}
	}
	return found
}
