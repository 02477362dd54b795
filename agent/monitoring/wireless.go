package monitoring

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// accessPoint is the mode in which users are counted.
const accessPoint = "access_point"

// wirelessNames returns the interfaces of all radios with each radio's htmode.
func (c *Collector) wirelessNames(ctx context.Context) (map[string]string, error) {
	var radios map[string]struct {
		Config struct {
			HTMode string `json:"htmode"`
		} `json:"config"`
		Interfaces []struct {
			IfName string `json:"ifname"`
		} `json:"interfaces"`
	}
	if err := c.s.Bus.Call(ctx, "network.wireless", "status", nil, &radios); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range radios {
		for _, i := range r.Interfaces {
			if i.IfName != "" {
				out[i.IfName] = r.Config.HTMode
			}
		}
	}
	return out, nil
}

// iwinfo asks the bus for one interface (§4.7); nil without an error when its
// radio is not up.
func (c *Collector) iwinfo(ctx context.Context, name, htmode string) (*Wireless, error) {
	var info struct {
		SSID       string `json:"ssid"`
		Channel    int    `json:"channel"`
		Frequency  int    `json:"frequency"`
		TxPower    int    `json:"txpower"`
		Country    string `json:"country"`
		Mode       string `json:"mode"`
		Noise      int64  `json:"noise"`
		Signal     *int64 `json:"signal"`
		Quality    *int   `json:"quality"`
		QualityMax *int   `json:"quality_max"`
		Bitrate    *int   `json:"bitrate"`
	}
	if err := c.s.Bus.Call(ctx, "iwinfo", "info", map[string]any{"device": name}, &info); err != nil {
		return nil, err
	}
	if info.Channel == 0 {
		return nil, nil
	}
	w := &Wireless{
		SSID: info.SSID, Channel: info.Channel, Frequency: info.Frequency, TxPower: info.TxPower, Country: info.Country,
		HTMode: htmode, Noise: int(signed(info.Noise)), Quality: info.Quality, QualityMax: info.QualityMax, Bitrate: info.Bitrate,
	}
	if info.Signal != nil {
		signal := int(signed(*info.Signal))
		w.Signal = &signal
	}
	switch info.Mode {
	case "Master":
		w.Mode = accessPoint
	case "Client":
		w.Mode = "station"
	case "Mesh Point":
		w.Mode = "802.11s"
	case "Ad-Hoc":
		w.Mode = "adhoc"
	default:
		w.Mode = info.Mode
	}
	var err error
	switch info.Mode {
	case "Ad-Hoc", "Mesh Point", "Client":
		w.Clients, err = c.assoclist(ctx, name)
	default:
		w.Clients, err = c.hostapd(ctx, name)
	}
	if err != nil && c.s.Radios != nil {
		// an old iwinfo has no list, a device without hostapd no clients' object
		if radios, kernelErr := c.s.Radios.Radios(); kernelErr == nil && radios[name] != nil {
			w.Clients = radios[name].Clients
		}
	}
	return w, nil
}

// signed folds what some builds of the bus make of negative numbers.
func signed(v int64) int64 {
	if v >= 1<<31 {
		return v - 1<<32
	}
	return v
}

// assoclist are the peers of a mesh, an ad-hoc network or a client.
func (c *Collector) assoclist(ctx context.Context, name string) ([]Client, error) {
	var list struct {
		Results []map[string]any `json:"results"`
	}
	if err := c.s.Bus.Call(ctx, "iwinfo", "assoclist", map[string]any{"device": name}, &list); err != nil {
		return nil, err
	}
	var out []Client
	for _, peer := range list.Results {
		client := Client{}
		for key, from := range map[string]string{
			"mac": "mac", "auth": "authenticated", "authorized": "authorized", "wmm": "wme", "mfp": "mfp",
			"signal": "signal", "noise": "noise", "signal_avg": "signal_avg",
			"mesh_llid": "mesh llid", "mesh_plid": "mesh plid", "mesh_plink": "mesh plink",
			"mesh_local_ps": "mesh local PS", "mesh_peer_ps": "mesh peer PS", "mesh_non_peer_ps": "mesh non-peer PS",
		} {
			if v, ok := peer[from]; ok && v != nil {
				client[key] = v
			}
		}
		if rx, ok := peer["rx"].(map[string]any); ok {
			for _, key := range []string{"ht", "vht", "he"} {
				if v, ok := rx[key]; ok && v != nil {
					client[key] = v
				}
			}
		}
		if n, ok := number(peer["thr"]); ok {
			client["throughput"] = n * 1000
		}
		if client.complete() {
			out = append(out, client)
		}
	}
	return out, nil
}

// hostapd are the clients of an access point, with every property it has.
func (c *Collector) hostapd(ctx context.Context, name string) ([]Client, error) {
	var list struct {
		Clients map[string]Client `json:"clients"`
	}
	if err := c.s.Bus.Call(ctx, "hostapd."+name, "get_clients", nil, &list); err != nil {
		return nil, err
	}
	var out []Client
	for _, mac := range slices.Sorted(maps.Keys(list.Clients)) {
		client := list.Clients[mac]
		if client == nil {
			client = Client{}
		}
		client["mac"] = strings.ToLower(mac)
		if client.complete() {
			out = append(out, client)
		}
	}
	return out, nil
}

// complete adds what the server insists on, lest one odd driver cost the whole
// document, and mends negative numbers. It is false for a client without a name.
func (c Client) complete() bool {
	for _, key := range []string{"auth", "authorized", "ht", "vht", "wmm", "mfp"} {
		if _, ok := c[key].(bool); !ok {
			c[key] = false
		}
	}
	for _, key := range []string{"signal", "noise", "signal_avg"} {
		if n, ok := number(c[key]); ok {
			c[key] = signed(n)
		}
	}
	mac, ok := c["mac"].(string)
	return ok && mac != ""
}

// number reads a whole number as the bus gives it.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	case float64:
		return int64(n), n == float64(int64(n))
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// channel returns the number of a channel by its frequency in MHz; 0 for none.
func channel(mhz int) int {
	switch {
	case mhz == 2484:
		return 14
	case mhz >= 2412 && mhz < 2484:
		return (mhz - 2407) / 5
	case mhz >= 4910 && mhz <= 4980:
		return (mhz - 4000) / 5
	case mhz == 5935:
		return 2 // of 6 GHz
	case mhz >= 5000 && mhz < 5950:
		return (mhz - 5000) / 5
	case mhz >= 5950 && mhz <= 7115:
		return (mhz - 5950) / 5
	case mhz >= 58320 && mhz <= 70200:
		return (mhz - 56160) / 2160
	}
	return 0
}

// quality is that of iwinfo: 0 to 70 for -110 to -40 dBm.
func quality(dBm int) int { return max(0, min(70, dBm+110)) }

// hardwareAddress spells the bytes of an address.
func hardwareAddress(b []byte) string {
	parts := make([]string, len(b))
	for i, v := range b {
		parts[i] = fmt.Sprintf("%02x", v)
	}
	return strings.Join(parts, ":")
}
