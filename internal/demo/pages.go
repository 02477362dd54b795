//go:build linux

package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// guest is somebody who signs up at the login page of the demo.
const guest, guestPassword = "guest@example.org", "hotspot-Demo-1"

// showPortal gives the organization a login page of its own, signs a guest up there
// without any script, and logs the guest in again.
func (d *demo) showPortal(organization string) error {
	if err := d.api.call("POST", "/api/v1/radius/login-page/", object{"organization": organization, "document": object{"name": "Demo Hotspot", "client": object{
		"theme": object{"primary": "#0b6b5c", "background": "#e9f3f1"}, "terms_and_conditions": object{"en": "Be kind to each other."},
		"texts": object{"en": object{"login_info": "Free Wi-Fi of the demo."}}}}}, &struct{}{}); err != nil {
		return fmt.Errorf("login page: %w", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	visitor := &visitor{client: http.Client{Timeout: 20 * time.Second, Jar: jar}, base: "http://" + d.address + "/demo/"}
	for _, step := range []struct {
		page, want string
		fields     url.Values
	}{
		{"login", "Demo Hotspot", nil},
		{"registration", guest, url.Values{"email": {guest}, "password1": {guestPassword}, "password2": {guestPassword}, "consent": {"1"}}},
		{"logout", "You are logged out", url.Values{}},
		{"login", guest, url.Values{"username": {guest}, "password": {guestPassword}}},
	} {
		if err := visitor.see(step.page, step.want, step.fields); err != nil {
			return fmt.Errorf("login page: %w", err)
		}
	}
	return nil
}

// visitor is a browser without scripts.
type visitor struct {
	client http.Client
	base   string
	form   string
}

var formToken = regexp.MustCompile(`name="form" value="([^"]+)"`)

// see opens a page, or sends its form, and wants a text in the answer.
func (v *visitor) see(page, want string, fields url.Values) error {
	var answer *http.Response
	var err error
	if fields == nil {
		answer, err = v.client.Get(v.base + page)
	} else {
		if v.form == "" {
			return fmt.Errorf("%s: no page with a form was seen before", page)
		}
		fields.Set("form", v.form)
		answer, err = v.client.PostForm(v.base+page, fields)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	text := html.UnescapeString(string(raw))
	if answer.StatusCode != http.StatusOK || !strings.Contains(text, want) {
		return fmt.Errorf("%s: %s, without %q", page, answer.Status, want)
	}
	if found := formToken.FindStringSubmatch(string(raw)); found != nil {
		v.form = html.UnescapeString(found[1])
	}
	return nil
}
