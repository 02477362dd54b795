package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// device is a seeded device.
type device struct{ id, hex, key string }

// api asks the REST API.
func (p *process) api(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, "http://"+p.address+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

type object = map[string]any

// template is the default template of the method: a bridge and a file.
func template(file string) object {
	return object{
		"interfaces": []object{
			{"name": "lan", "type": "bridge", "bridge_members": []string{"eth0", "eth1"}, "addresses": []object{{"proto": "static", "family": "ipv4", "address": "{{lan_ip}}", "mask": 24}}},
		},
		"files": []object{{"path": "/etc/bench", "mode": "0644", "contents": file}},
	}
}

// seedTemplate makes the default template of an organization.
func (p *process) seedTemplate(slug string) (org, templateID string, err error) {
	var orgs struct{ Results []struct{ ID, Slug string } }
	if err := p.api("GET", "/api/v1/users/organization/?page_size=100", nil, &orgs); err != nil {
		return "", "", err
	}
	for _, o := range orgs.Results {
		if o.Slug == slug {
			org = o.ID
		}
	}
	var made struct{ ID string }
	err = p.api("POST", "/api/v1/controller/template/", object{
		"name": slug, "organization": org, "backend": "netjsonconfig.OpenWrt", "type": "generic", "default": true,
		"default_values": object{"lan_ip": "192.168.1.1"}, "config": template("one\n"),
	}, &made)
	return org, made.ID, err
}

// seed makes the template and the devices of the method described in
// spec/performance.md, and returns the devices.
func (p *process) seed(count int) (devices []device, templateID string, err error) {
	org, templateID, err := p.seedTemplate("bench")
	if err != nil {
		return nil, "", err
	}
	for i := range count {
		var made struct{ ID, Key string }
		err := p.api("POST", "/api/v1/controller/device/", object{
			"name": fmt.Sprintf("dev-%05d", i), "organization": org, "mac_address": fmt.Sprintf("02:00:00:00:%02X:%02X", i>>8, i&0xff),
			"config": object{
				"backend": "netjsonconfig.OpenWrt", "templates": []string{}, "context": object{"lan_ip": fmt.Sprintf("10.%d.%d.1", i>>8, i&0xff)},
				"config": object{
					"general": object{"timezone": "UTC"},
					"radios":  []object{{"name": "radio0", "phy": "phy0", "driver": "mac80211", "protocol": "802.11n", "channel": 11, "channel_width": 20, "tx_power": 10, "country": "IT"}},
				},
			},
		}, &made)
		if err != nil {
			return nil, "", err
		}
		devices = append(devices, device{id: made.ID, hex: made.ID, key: made.Key})
	}
	return devices, templateID, nil
}

func registeredKey(run string, n int) string { return fmt.Sprintf("%x%028x", []byte(run)[3:], n) }

// registration is the body of the n-th new device of a run.
func registration(secret, run string, n int) []byte {
	v := url.Values{
		"backend": {"netjsonconfig.OpenWrt"}, "secret": {secret}, "name": {fmt.Sprintf("new-%s-%06d", run[3:], n)},
		"mac_address": {fmt.Sprintf("06:%s:%02X:%02X:%02X", run, n>>16&0xff, n>>8&0xff, n&0xff)},
		"key":         {registeredKey(run, n)}, "hardware_id": {""}, "tags": {""},
		"model": {"TP-Link"}, "os": {"OpenWrt 23.05.3"}, "system": {"MT7621"},
	}
	return post("/controller/register/", "", "application/x-www-form-urlencoded", []byte(v.Encode()))
}

// fanOut changes the template, and returns how long the answer took and how
// many configurations a second were made anew after it.
func (p *process) fanOut(templateID string, devices int) (answer time.Duration, perSecond float64, err error) {
	before, err := p.modified()
	if err != nil {
		return 0, 0, err
	}
	if before > 0 {
		return 0, 0, fmt.Errorf("%d devices are modified before the template is", before)
	}
	begun := time.Now()
	if err := p.api("PATCH", "/api/v1/controller/template/"+templateID+"/", object{"config": template(begun.String() + "\n")}, nil); err != nil {
		return 0, 0, err
	}
	answer = time.Since(begun)
	for {
		n, err := p.modified()
		if err != nil {
			return 0, 0, err
		}
		if n >= devices {
			return answer, float64(devices) / time.Since(begun).Seconds(), nil
		}
		if time.Since(begun) > 2*time.Minute {
			return 0, 0, fmt.Errorf("only %d of %d devices are modified two minutes after the template was", n, devices)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *process) modified() (int, error) {
	var d struct {
		ConfigStatus map[string]int `json:"config_status"`
	}
	err := p.api("GET", "/api/v1/controller/dashboard/", nil, &d)
	return d.ConfigStatus["modified"], err
}
