//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"time"
)

// api speaks to the server as any script would.
type api struct {
	address, token, password string
	client                   http.Client
}

func newAPI() *api {
	return &api{token: strings.ToLower(rand.Text() + rand.Text())[:40], password: strings.ToLower(rand.Text()[:12]), client: http.Client{Timeout: 10 * time.Second}}
}

func (a *api) ready() bool {
	r, err := a.client.Get("http://" + a.address + "/readyz")
	if err != nil {
		return false
	}
	return r.Body.Close() == nil && r.StatusCode == http.StatusOK
}

func (a *api) call(method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequest(method, "http://"+a.address+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := a.client.Do(r)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(answer.Body)
	if cerr := answer.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, answer.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// state is how far a device is.
type state struct{ name, status string }

func (a *api) states() ([]state, error) {
	var list struct {
		Results []struct {
			Name   string
			Config struct{ Status string }
		}
	}
	if err := a.call("GET", "/api/v1/controller/device/?organization_slug=demo&page_size=100", nil, &list); err != nil {
		return nil, err
	}
	var out []state
	for _, d := range list.Results {
		if d.Config.Status != "" {
			out = append(out, state{d.Name, d.Config.Status})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out, nil
}

type object = map[string]any

// makeTemplates makes an SSID and a time setting that new devices get, and a
// file that no device can do without.
func (d *demo) makeTemplates() error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	for _, t := range []object{
		{"name": "WiFi", "default": true, "default_values": object{"ssid": "Wispwright"}, "config": object{
			"radios":     []object{{"name": "radio0", "phy": "phy0", "driver": "mac80211", "protocol": "802.11n", "channel": 6, "channel_width": 20}},
			"interfaces": []object{{"name": "wlan0", "type": "wireless", "wireless": object{"radio": "radio0", "mode": "access_point", "ssid": "{{ ssid }} {{ name }}"}}},
		}},
		{"name": "Time", "default": true, "config": object{
			"ntp": object{"enabled": true, "enable_server": false, "server": []string{"0.openwrt.pool.ntp.org", "1.openwrt.pool.ntp.org"}},
		}},
		{"name": "Banner", "required": true, "config": object{
			"files": []object{{"path": "/etc/banner", "mode": "0644", "contents": "{{ name }} is managed by Wispwright\n"}},
		}},
	} {
		t["organization"], t["backend"], t["type"] = organization, "netjsonconfig.OpenWrt", "generic"
		if err := d.api.call("POST", "/api/v1/controller/template/", t, &struct{}{}); err != nil {
			return fmt.Errorf("template %s: %w", t["name"], err)
		}
	}
	return nil
}

// organization is the id of the demo's.
func (d *demo) organization() (string, error) { return d.organizationOf("demo") }

// organizationOf is the id of the organization with a slug.
func (d *demo) organizationOf(slug string) (string, error) {
	var orgs struct{ Results []struct{ ID, Slug string } }
	if err := d.api.call("GET", "/api/v1/users/organization/?page_size=100", nil, &orgs); err != nil {
		return "", err
	}
	for _, o := range orgs.Results {
		if o.Slug == slug {
			return o.ID, nil
		}
	}
	return "", fmt.Errorf("there is no organization %s", slug)
}

// makeCertificates makes a CA with a certificate that has a year and one that is
// about to expire.
func (d *demo) makeCertificates() error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	var ca struct{ ID int }
	if err := d.api.call("POST", "/api/v1/controller/ca/", object{
		"name": "Demo CA", "organization": organization, "common_name": "Demo CA", "key_length": "256", "organization_name": "Wispwright", "enrolment": true,
	}, &ca); err != nil {
		return fmt.Errorf("CA: %w", err)
	}
	for name, days := range map[string]int{"vpn.example.org": 365, "portal.example.org": 6} {
		if err := d.api.call("POST", "/api/v1/controller/cert/", object{
			"name": name, "organization": organization, "ca": ca.ID, "common_name": name, "serial_number": "", "key_length": "256",
			"validity_end": time.Now().AddDate(0, 0, days).UTC().Format(time.RFC3339),
			"extensions":   []object{{"name": "subjectAltName", "value": "DNS:" + name}, {"name": "extendedKeyUsage", "value": "serverAuth"}},
		}, &struct{}{}); err != nil {
			return fmt.Errorf("certificate %s: %w", name, err)
		}
	}
	return nil
}
