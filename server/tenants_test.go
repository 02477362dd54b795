package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/topology/topologytest"
)

// betaMark is in every text of the organization beta.
const betaMark = "Xyzzybeta"

// victim is what an organization has that others attack.
type victim struct {
	t   *testing.T
	s   *server.Server
	ids map[string]string // one of each kind of object
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	s := newServer(t, testkit.SQLite(t), func(c *settings) {
		c.SecretKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
		c.Tenancy.SiteURL = "https://example.com"
		c.IPAM.Rate = "none" // each request is to reach what it asks
	})
	require.NoError(t, s.LoadData(t.Context(), strings.NewReader(recordedData(t))))
	v := &victim{t, s, identifiers(t, s)}
	org := v.ids["org_beta"]
	v.do("PATCH", "/api/v1/users/organization/"+org+"/", `{"description":"`+betaMark+`"}`, 200)
	v.do("PATCH", "/api/v1/controller/organization/"+org+"/settings/", `{"context":{"of_org":"`+betaMark+`"}}`, 200)
	v.ids["template"] = v.made("/api/v1/controller/template/", `{"name":"`+betaMark+`-template","organization":"`+org+`","backend":"netjsonconfig.OpenWrt","type":"generic",
		"notes":"`+betaMark+`","default_values":{"secret":"`+betaMark+`"},"config":{"general":{"description":"`+betaMark+`"}}}`)
	v.ids["device"] = v.made("/api/v1/controller/device/", `{"name":"`+betaMark+`-device","organization":"`+org+`","mac_address":"02:00:00:00:be:7a","notes":"`+betaMark+`",
		"config":{"backend":"netjsonconfig.OpenWrt","templates":["`+v.ids["template"]+`"],"context":{"own":"`+betaMark+`"},"config":{"general":{"timezone":"UTC"}}}}`)
	form := url.Values{"backend": {"netjsonconfig.OpenWrt"}, "secret": {"secretbeta0123456789"}, "name": {betaMark + "-registered"}, "mac_address": {"02:00:00:00:be:7b"}}
	require.Equal(t, 201, told(t, s, "", "POST", "/controller/register/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded").Code)
	v.do("PATCH", "/api/v1/users/user/"+v.ids["user_betamanager"]+"/", `{"first_name":"`+betaMark+`","notes":"`+betaMark+`"}`, 200)
	v.ids["location"] = v.made("/api/v1/controller/location/", `{"name":"`+betaMark+`-place","organization":"`+org+`","type":"indoor","address":"`+betaMark+`","geometry":"POINT (3 4)"}`)
	v.ids["floorplan"] = made(t, sendForm(t, s, "a", "POST", "/api/v1/controller/floorplan/", "floor=1", "location="+v.ids["location"], "image=@plan.jpg"))
	v.do("PUT", "/api/v1/controller/device/"+v.ids["device"]+"/location/", `{"location":"`+v.ids["location"]+`","floorplan":"`+v.ids["floorplan"]+`","indoor":"-1,2"}`, 201)
	drain(t, s)
	v.ids["notification"] = v.first("e", "/api/v1/notifications/notification/")
	v.ids["webhook"] = v.made("/api/v1/notifications/webhook/", `{"name":"`+betaMark+`","organization":"`+org+`","url":"https://example.org/`+betaMark+`","room":"`+betaMark+`","events":["*"]}`)
	v.ids["credentials"] = v.made("/api/v1/controller/credential/", `{"name":"`+betaMark+`","organization":"`+org+`","connector":"`+connection.ConnectorSSH+`","params":{"username":"root","password":"`+betaMark+`"}}`)
	v.ids["connection"] = v.made("/api/v1/controller/device/"+v.ids["device"]+"/connection/", `{"credentials":"`+v.ids["credentials"]+`"}`)
	v.ids["command"] = v.made("/api/v1/controller/device/"+v.ids["device"]+"/command/", `{"type":"custom","input":{"command":"echo `+betaMark+`"}}`)
	v.ids["batch"] = fmt.Sprint(v.do("POST", "/api/v1/controller/batch-command/execute/", `{"type":"custom","input":{"command":"`+betaMark+`"},"label":"`+betaMark+`","organization":"`+org+`"}`, 201)["batch"])
	v.ids["topology"] = v.made("/api/v1/network-topology/topology/", `{"label":"`+betaMark+`","organization":"`+org+`","parser":"netdiff.NetJsonParser","strategy":"receive","key":"`+betaMark+`"}`)
	require.Equal(t, 200, told(t, s, "", "POST", "/api/v1/network-topology/topology/"+v.ids["topology"]+"/receive/?key="+betaMark, string(topologytest.NetworkGraph([]string{betaMark + "1", betaMark + "2"}, betaMark+"1 "+betaMark+"2")), "Content-Type", "text/plain").Code)
	v.ids["node"], v.ids["link"] = v.first("a", "/api/v1/network-topology/node/"), v.first("a", "/api/v1/network-topology/link/")
	v.ids["category"] = v.made("/api/v1/firmware-upgrader/category/", `{"name":"`+betaMark+`","organization":"`+org+`","description":"`+betaMark+`"}`)
	v.ids["build"] = v.made("/api/v1/firmware-upgrader/build/", `{"category":"`+v.ids["category"]+`","version":"`+betaMark+`","os":"`+betaMark+`","changelog":"`+betaMark+`"}`)
	v.ids["image"] = made(t, sendForm(t, s, "a", "POST", "/api/v1/firmware-upgrader/build/"+v.ids["build"]+"/image/", "file=!"+betaMark+".bin", "type="+firmwaretest.Type))
	v.do("PATCH", "/api/v1/controller/device/"+v.ids["device"]+"/", `{"model":"`+firmwaretest.Model+`"}`, 200)
	v.ids["upgrade"] = fmt.Sprint(v.do("PUT", "/api/v1/firmware-upgrader/device/"+v.ids["device"]+"/firmware/", `{"image":"`+v.ids["image"]+`"}`, 201)["upgrade_operation"].(map[string]any)["id"])
	v.ids["mass_upgrade"] = fmt.Sprint(v.do("POST", "/api/v1/firmware-upgrader/build/"+v.ids["build"]+"/upgrade/", `{"upgrade_all":true}`, 201)["batch"])
	v.ids["upload"] = v.made("/api/v1/firmware-upgrader/build/"+v.ids["build"]+"/upload/", `{"name":"openwrt-ath79-generic-comfast_cf-e375ac-squashfs-sysupgrade.bin","size":10}`)
	v.ids["subnet"] = v.made("/api/v1/ipam/subnet/", `{"name":"`+betaMark+`","subnet":"10.66.0.0/16","description":"`+betaMark+`","organization":"`+org+`"}`)
	v.ids["division"] = v.made("/api/v1/controller/subnet-division-rule/", `{"organization":"`+org+`","type":"openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType","master_subnet":"`+v.ids["subnet"]+`","label":"`+betaMark+`","number_of_subnets":1,"size":28,"number_of_ips":1}`)
	v.ids["vpn"] = v.made("/api/v1/controller/vpn/", `{"name":"`+betaMark+`-vpn","host":"`+strings.ToLower(betaMark)+`.example.org","organization":"`+org+`","notes":"`+betaMark+`",
		"backend":"openwisp_controller.vpn_backends.Wireguard","subnet":"`+v.ids["subnet"]+`","key":"`+betaMark+`","webhook_endpoint":"https://example.org/`+betaMark+`","auth_token":"`+betaMark+`",
		"config":{"wireguard":[{"name":"wg0","port":51820}]}}`)
	v.made("/api/v1/controller/template/", `{"name":"`+betaMark+`-tunnel","organization":"`+org+`","backend":"netjsonconfig.OpenWrt","type":"vpn","vpn":"`+v.ids["vpn"]+`","default":true,"config":{}}`)
	v.ids["ca"] = v.made("/api/v1/controller/ca/", `{"name":"`+betaMark+`","organization":"`+org+`","common_name":"`+betaMark+`","key_length":"256"}`)
	v.made("/api/v1/controller/template/", `{"name":"`+betaMark+`-identity","organization":"`+org+`","backend":"netjsonconfig.OpenWrt","type":"cert","ca":`+v.ids["ca"]+`,"auto_cert":true,"default":true,"config":{}}`)
	v.made("/api/v1/controller/device/", `{"name":"`+betaMark+`-client","organization":"`+org+`","mac_address":"02:00:00:00:be:7c","config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{}}}`)
	radiusGroup := v.do("POST", "/api/v1/radius/group/", `{"name":"`+betaMark+`","description":"`+betaMark+`","organization":"`+org+`"}`, 201)
	v.ids["radius_group"] = fmt.Sprint(radiusGroup["id"])
	v.ids["radius_group_check"] = v.made("/api/v1/radius/group/"+v.ids["radius_group"]+"/check/", `{"attribute":"`+betaMark+`","op":":=","value":"`+betaMark+`"}`)
	v.ids["radius_group_reply"] = v.made("/api/v1/radius/group/"+v.ids["radius_group"]+"/reply/", `{"attribute":"`+betaMark+`","op":"=","value":"`+betaMark+`"}`)
	v.ids["radius_member"] = v.made("/api/v1/users/user/"+v.ids["user_betamanager"]+"/radius-group/", `{"group":"`+v.ids["radius_group"]+`"}`)
	v.ids["nas"] = v.made("/api/v1/radius/nas/", `{"name":"`+betaMark+`","short_name":"`+betaMark+`","secret":"`+betaMark+`","organization":"`+org+`"}`)
	v.ids["radius_check"] = v.made("/api/v1/radius/check/", `{"username":"`+betaMark+`","attribute":"`+betaMark+`","value":"`+betaMark+`","organization":"`+org+`"}`)
	v.ids["radius_reply"] = v.made("/api/v1/radius/reply/", `{"username":"`+betaMark+`","attribute":"`+betaMark+`","value":"`+betaMark+`","organization":"`+org+`"}`)
	v.ids["login_page"] = v.made("/api/v1/radius/login-page/", `{"organization":"`+org+`","document":{"name":"`+betaMark+`"}}`)
	v.ids["login_page_file"] = v.made("/api/v1/radius/login-page-file/", `{"organization":"`+org+`","name":"`+betaMark+`.md","data":"`+base64.StdEncoding.EncodeToString([]byte(betaMark))+`"}`)
	batch := v.do("POST", "/api/v1/radius/batch/", `{"name":"`+betaMark+`","strategy":"prefix","prefix":"betabatch","number_of_users":1,"organization_slug":"beta","notes":"`+betaMark+`"}`, 201)
	v.ids["batch_id"] = fmt.Sprint(batch["id"])
	v.do("PATCH", "/api/v1/radius/organization/"+org+"/settings/", `{"token":"`+betaMark+`","freeradius_allowed_hosts":"127.0.0.1","login_url":"https://example.org/`+betaMark+`"}`, 200)
	v.do("PATCH", "/api/v1/radius/organization/"+org+"/portal/", `{"dialect":"coovachilli","gateway_secret":"`+betaMark+`","guests_enabled":true,"sponsor_domains":"`+strings.ToLower(betaMark)+`.example","remember_days":3}`, 200)
	v.ids["radius_guest"] = v.made("/api/v1/radius/organization/beta/guest/", `{"name":"`+betaMark+`","sponsor":"ann@`+strings.ToLower(betaMark)+`.example","reason":"`+betaMark+`"}`)
	require.Equal(t, 201, told(t, s, "", "POST", "/api/v1/freeradius/accounting/", `{"status_type":"Start","session_id":"b","unique_id":"beta-session","username":"betamanager","nas_ip_address":"10.0.0.9","calling_station_id":"02-00-00-00-BE-7A"}`,
		"Authorization", "Bearer "+org+" "+betaMark).Code)
	v.ids["remembered"] = v.first("a", "/api/v1/radius/remembered-device/")
	v.ids["devicegroup"] = v.made("/api/v1/controller/group/", `{"name":"`+betaMark+`","organization":"`+org+`","description":"`+betaMark+`","templates":["`+v.ids["template"]+`"],"context":{"g":"`+betaMark+`"},"meta_data":{"m":"`+betaMark+`"}}`)
	v.ids["device_task"] = v.made("/api/v1/controller/device-task/", `{"action":"set_variables","devices":["`+v.ids["device"]+`"],"variables":{"own":"`+betaMark+`"},"dry_run":true}`)
	for _, kind := range []string{"device", "template"} {
		body := `{"name":"` + betaMark + `-gone","organization":"` + org + `","mac_address":"02:00:00:00:be:7d","backend":"netjsonconfig.OpenWrt","config":{"general":{"timezone":"UTC"}}}`
		if kind == "device" {
			body = `{"name":"` + betaMark + `-gone","organization":"` + org + `","mac_address":"02:00:00:00:be:7d"}`
		}
		v.do("DELETE", "/api/v1/controller/"+kind+"/"+v.made("/api/v1/controller/"+kind+"/", body)+"/?force=true", "", 204)
		v.ids["deleted_"+kind] = v.first("a", "/api/v1/controller/deleted-"+kind+"/")
	}
	v.do("PATCH", "/api/v1/controller/organization/"+org+"/approval-settings/", `{"approval_required":true}`, 200)
	form.Set("name", betaMark+"-waits")
	form.Set("mac_address", "02:00:00:00:be:7e")
	require.Equal(t, 202, told(t, s, "", "POST", "/controller/register/", form.Encode(), "Content-Type", "application/x-www-form-urlencoded").Code)
	v.ids["registration"] = v.first("a", "/api/v1/controller/registration/")
	v.ids["version"] = v.first("a", "/api/v1/controller/device/"+v.ids["device"]+"/version/")
	v.ids["custom_metric"] = v.made("/api/v1/monitoring/custom-metric/", `{"name":"`+betaMark+`","organization":"`+org+`","key":"secret","path":"/`+betaMark+`","description":"`+betaMark+`"}`)
	v.ids["group"] = v.made("/api/v1/users/group/", `{"name":"of nobody"}`) // groups have no organization
	return v
}

func (v *victim) do(method, path, body string, want int) map[string]any {
	v.t.Helper()
	w := told(v.t, v.s, "a", method, path, body)
	require.Equal(v.t, want, w.Code, "%s %s: %s", method, path, w.Body)
	out := map[string]any{}
	_ = json.Unmarshal(w.Body.Bytes(), &out) // some answers have no body
	return out
}

func (v *victim) made(path, body string) string {
	v.t.Helper()
	return fmt.Sprint(v.do("POST", path, body, 201)["id"])
}

// first is the id of the first object of a list.
func (v *victim) first(who, path string) string {
	v.t.Helper()
	w := told(v.t, v.s, who, "GET", path, "")
	var list struct{ Results []struct{ ID any } }
	require.NoError(v.t, json.Unmarshal(w.Body.Bytes(), &list), w.Body.String())
	require.NotEmpty(v.t, list.Results, path)
	return fmt.Sprint(list.Results[0].ID)
}

// state is everything that beta has, as a superuser and its manager see it.
func (v *victim) state() string {
	v.t.Helper()
	var b strings.Builder
	for _, path := range []string{
		"/api/v1/users/organization/" + v.ids["org_beta"] + "/", "/api/v1/controller/organization/" + v.ids["org_beta"] + "/settings/",
		"/api/v1/controller/template/" + v.ids["template"] + "/", "/api/v1/controller/device/" + v.ids["device"] + "/", "/api/v1/users/user/" + v.ids["user_betamanager"] + "/",
		"/api/v1/controller/device/" + v.ids["device"] + "/version/", "/api/v1/controller/device/?organization=" + v.ids["org_beta"],
		"/api/v1/controller/template/?organization=" + v.ids["org_beta"], "/api/v1/users/user/?organization=" + v.ids["org_beta"],
		"/api/v1/notifications/organization/" + v.ids["org_beta"] + "/setting/", "/api/v1/notifications/user/" + v.ids["user_betamanager"] + "/user-setting/",
		"/api/v1/controller/location/" + v.ids["location"] + "/", "/api/v1/controller/floorplan/" + v.ids["floorplan"] + "/", "/api/v1/controller/device/" + v.ids["device"] + "/location/",
		"/api/v1/radius/group/?organization=" + v.ids["org_beta"], "/api/v1/radius/group/" + v.ids["radius_group"] + "/check/", "/api/v1/radius/group/" + v.ids["radius_group"] + "/reply/",
		"/api/v1/users/user/" + v.ids["user_betamanager"] + "/radius-group/", "/api/v1/radius/nas/?organization=" + v.ids["org_beta"], "/api/v1/radius/check/?organization=" + v.ids["org_beta"],
		"/api/v1/radius/reply/?organization=" + v.ids["org_beta"], "/api/v1/radius/organization/" + v.ids["org_beta"] + "/settings/", "/api/v1/radius/organization/" + v.ids["org_beta"] + "/portal/", "/api/v1/radius/guest/?organization=" + v.ids["org_beta"], "/api/v1/radius/remembered-device/?organization=" + v.ids["org_beta"],
		"/api/v1/monitoring/custom-metric/" + v.ids["custom_metric"] + "/", "/api/v1/monitoring/custom-metric/?organization=" + v.ids["org_beta"],
		"/api/v1/radius/login-page/" + v.ids["login_page"] + "/", "/api/v1/radius/login-page-file/" + v.ids["login_page_file"] + "/", "/api/v1/radius/login-page/?organization=" + v.ids["org_beta"], "/api/v1/radius/login-page-file/?organization=" + v.ids["org_beta"],
		"/api/v1/users/group/" + v.ids["group"] + "/", "/api/v1/controller/vpn/" + v.ids["vpn"] + "/", "/api/v1/controller/vpn/" + v.ids["vpn"] + "/client/", "/api/v1/controller/subnet-division-rule/" + v.ids["division"] + "/", "/api/v1/ipam/subnet/" + v.ids["subnet"] + "/", "/api/v1/notifications/webhook/" + v.ids["webhook"] + "/", "/api/v1/notifications/webhook/" + v.ids["webhook"] + "/delivery/",
		"/api/v1/controller/group/" + v.ids["devicegroup"] + "/", "/api/v1/controller/device-task/" + v.ids["device_task"] + "/", "/api/v1/controller/credential/" + v.ids["credentials"] + "/", "/api/v1/controller/credential/?organization=" + v.ids["org_beta"], "/api/v1/controller/device/" + v.ids["device"] + "/reach/",
		"/api/v1/controller/device/" + v.ids["device"] + "/connection/", "/api/v1/controller/device/" + v.ids["device"] + "/command/",
		"/api/v1/controller/batch-command/?organization=" + v.ids["org_beta"], "/api/v1/controller/batch-command/" + v.ids["batch"] + "/progress/",
		"/api/v1/network-topology/topology/" + v.ids["topology"] + "/", "/api/v1/network-topology/node/" + v.ids["node"] + "/", "/api/v1/network-topology/link/" + v.ids["link"] + "/",
		"/api/v1/firmware-upgrader/category/" + v.ids["category"] + "/", "/api/v1/firmware-upgrader/build/" + v.ids["build"] + "/", "/api/v1/firmware-upgrader/build/" + v.ids["build"] + "/image/",
		"/api/v1/firmware-upgrader/device/" + v.ids["device"] + "/firmware/", "/api/v1/firmware-upgrader/upgrade-operation/", "/api/v1/firmware-upgrader/batch-upgrade-operation/" + v.ids["mass_upgrade"] + "/",
		"/api/v1/firmware-upgrader/upload/" + v.ids["upload"] + "/", "/api/v1/controller/registration/", "/api/v1/controller/organization/" + v.ids["org_beta"] + "/approval-settings/", "/api/v1/controller/deleted-device/", "/api/v1/controller/deleted-template/",
	} {
		w := told(v.t, v.s, "a", "GET", path, "")
		require.Equal(v.t, 200, w.Code, "%s: %s", path, w.Body)
		b.WriteString(path + "\n" + w.Body.String() + "\n")
	}
	b.WriteString(told(v.t, v.s, "e", "GET", "/api/v1/notifications/notification/", "").Body.String())
	return b.String()
}

// kinds are the names of the ids that are not the attackers' own.
func (v *victim) kinds() (kinds []string) {
	for _, kind := range slices.Sorted(maps.Keys(v.ids)) {
		if kind == "org_alpha" || kind == "org_default" || strings.HasPrefix(kind, "user_") && kind != "user_betamanager" {
			continue
		}
		kinds = append(kinds, kind)
	}
	return kinds
}

// placed is a path with ids in the places of its parameters.
type placed struct {
	path string
	// fits says that every id is of the kind that its place wants, as far as is
	// known.
	fits bool
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// places puts ids into the parameters of a path: those that fit in every
// combination, and in each place every other one beside those that fit. documented
// tells whether a path can be asked for with GET.
func (v *victim) places(path string, documented func(path string) bool) []placed {
	at := parameter.FindAllStringIndex(path, -1)
	fitting := []string{""} // beginnings of the path, filled with what fits
	from := 0
	var out []placed
	for i, span := range at {
		template := path[:span[1]] + "/"
		known := documented(template)
		var next []string
		for _, begin := range fitting {
			for _, kind := range v.kinds() {
				here := begin + path[from:span[0]] + v.ids[kind]
				if !known || told(v.t, v.s, "a", "GET", here+"/", "").Code != http.StatusNotFound {
					next = append(next, here)
					continue
				}
				out = append(out, placed{path: here + v.rest(path, at[i+1:], span[1])})
			}
		}
		fitting, from = next, span[1]
	}
	for _, begin := range fitting {
		out = append(out, placed{begin + path[from:], true})
	}
	return out
}

// rest is the end of a path after one that does not fit, whose parameters are
// a device's id.
func (v *victim) rest(path string, spans [][]int, from int) string {
	var b strings.Builder
	for _, span := range spans {
		b.WriteString(path[from:span[0]] + v.ids["device"])
		from = span[1]
	}
	return b.String() + path[from:]
}

// bodies refer to what beta has in every way that some endpoint knows.
func (v *victim) bodies() []string {
	org, template, device := v.ids["org_beta"], v.ids["template"], v.ids["device"]
	config := `{"backend":"netjsonconfig.OpenWrt","templates":["` + template + `"],"context":{},"config":{"general":{"description":"{{secret}} {{own}} {{of_org}} {{key}}"}}}`
	return []string{
		`{"name":"mine too","organization":"` + v.ids["org_alpha"] + `","templates":["` + template + `"]}`, `{"group":"` + v.ids["devicegroup"] + `"}`,
		`{"action":"set_variables","devices":["` + device + `"],"variables":{"x":1}}`, `{"action":"set_group","all":true,"group":"` + v.ids["devicegroup"] + `"}`, `{"action":"add_templates","all":true,"templates":["` + template + `"]}`,
		`{}`, `{"organization":"` + org + `","name":"theirs","key":"theirs","path":"/x"}`, `{"name":"theirs","path":"/theirs","is_active":false}`, `{"web":false,"email":false}`, `{"name":"taken","notes":"","organization":"` + org + `"}`,
		`{"name":"mine","organization":"` + v.ids["org_alpha"] + `","mac_address":"02:00:00:00:00:01","config":` + config + `}`,
		`{"name":"theirs","organization":"` + org + `","mac_address":"02:00:00:00:00:02","config":` + config + `}`,
		`{"name":"t","organization":"` + v.ids["org_alpha"] + `","backend":"netjsonconfig.OpenWrt","type":"vpn","vpn":"` + v.ids["vpn"] + `","config":{}}`,
		`{"name":"t","organization":"` + v.ids["org_alpha"] + `","backend":"netjsonconfig.OpenWrt","type":"cert","ca":` + v.ids["ca"] + `,"auto_cert":true,"config":{}}`,
		`{"organization":"` + v.ids["org_alpha"] + `","type":"openwisp_controller.subnet_division.rule_types.device.DeviceSubnetDivisionRuleType","master_subnet":"` + v.ids["subnet"] + `","label":"X","number_of_subnets":1,"size":28,"number_of_ips":1}`,
		`{"name":"s","host":"h","organization":"` + v.ids["org_alpha"] + `","backend":"openwisp_controller.vpn_backends.Wireguard","subnet":"` + v.ids["subnet"] + `","config":{"wireguard":[{"name":"wg0","port":1}]}}`,
		`{"name":"t","organization":"` + org + `","backend":"netjsonconfig.OpenWrt","type":"generic","config":{"general":{"description":"x"}}}`,
		`{"backend":"netjsonconfig.OpenWrt","templates":["` + template + `"],"config":{"general":{"description":"{{secret}} {{of_org}}"}}}`,
		`{"backend":"netjsonconfig.OpenWrt","device":"` + device + `","config":{"general":{"description":"{{own}} {{key}} {{name}}"}}}`,
		`{"backend":"netjsonconfig.OpenWrt","organization":"` + org + `","config":{"general":{"description":"{{of_org}}"}}}`,
		`{"username":"mole","email":"mole@example.org","password":"mole-Passw0rd","organization_users":{"is_admin":true,"organization":"` + org + `"}}`,
		`{"is_active":false,"organization_users":{"is_admin":true,"organization":"` + org + `"}}`,
		`{"organization":"` + org + `","user":"` + v.ids["user_manager"] + `","is_admin":true}`,
		`{"user":"` + v.ids["user_betamanager"] + `","organization":"` + v.ids["org_alpha"] + `","is_admin":false}`,
		`{"ids":["` + device + `","` + template + `","` + v.ids["notification"] + `","` + v.ids["user_betamanager"] + `"]}`,
		`{"credentials":"` + v.ids["credentials"] + `","update_strategy":"` + connection.StrategyOpenWrt + `","enabled":false}`, `{"type":"reboot","input":null,"connection":"` + v.ids["connection"] + `"}`,
		`{"type":"reboot","input":null,"label":"x","organization":"` + v.ids["org_alpha"] + `","devices":["` + device + `"]}`, `{"type":"reboot","input":null,"label":"x","organization":"` + org + `"}`,
		`{"type":"reboot","input":null,"label":"x","organization":"` + v.ids["org_alpha"] + `","filter":{"organization":"` + org + `"}}`,
		`{"name":"c","organization":"` + org + `","connector":"` + connection.ConnectorSSH + `","params":{"username":"root","password":"` + "********" + `"}}`,
		`{"location":"` + v.ids["location"] + `","floorplan":"` + v.ids["floorplan"] + `","indoor":"-1,2"}`, `{"location":{"name":"x","type":"indoor","geometry":"POINT (1 2)"},"floorplan":"` + v.ids["floorplan"] + `"}`,
		`{"name":"x","type":"outdoor","geometry":"POINT (1 2)","organization":"` + org + `"}`, `{"floor":2,"location":"` + v.ids["location"] + `"}`, `{"type":"Feature","geometry":{"type":"Point","coordinates":[9,9]}}`,
		`{"label":"t","organization":"` + org + `","parser":"netdiff.NetJsonParser","strategy":"receive","key":"k","topology":"` + v.ids["topology"] + `","addresses":["x"],"properties":{},"user_properties":{}}`,
		`{"topology":"` + v.ids["topology"] + `","source":"` + v.ids["node"] + `","target":"` + v.ids["node"] + `","cost":1,"properties":{},"user_properties":{}}`,
		`{"shared_secret":"stolen0123456789","registration_enabled":false,"context":{}}`,
		`{"image":"` + v.ids["image"] + `","category":"` + v.ids["category"] + `","version":"9","devices":["` + device + `"],"location":"` + v.ids["location"] + `","upgrade_all":true}`,
		`{"group":"` + v.ids["radius_group"] + `","priority":0}`, `{"username":"mine","attribute":"Class","op":"=","value":"x","organization":"` + org + `","user":"` + v.ids["user_betamanager"] + `"}`,
		`{"organization":"` + org + `","document":{"name":"mine"},"variant":"x"}`, `{"yaml":"name: mine"}`, `{"organization":"` + org + `","name":"x.md","data":"eA=="}`,
		`{"name":"10.0.0.1","short_name":"x","secret":"x","organization":"` + org + `"}`, `{"freeradius_allowed_hosts":"0.0.0.0/0","token":"stolen"}`,
		`{"groups":[` + v.ids["group"] + `],"permissions":[]}`, `{"current_password":"manager-Passw0rd","new_password":"x-Passw0rd1","password":"x-Passw0rd1","confirm_password":"x-Passw0rd1"}`,
	}
}

// TestNobodyReachesAnotherOrganization asks every documented endpoint, as a
// manager, an operator and a member of alpha, for everything that beta has: by
// each id in each place of each path, in bodies and in filters. No answer may
// show a text of beta's, and nothing that beta has may change.
func TestNobodyReachesAnotherOrganization(t *testing.T) {
	v := newVictim(t)
	raw, err := v.s.API().Document()
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &document))
	before := v.state()
	require.Contains(t, before, betaMark)
	asked, shown := 0, map[string]bool{}
	attack := func(who, method, path, body string) {
		asked++
		w := told(t, v.s, who, method, path, body)
		if w.Code >= 500 {
			t.Errorf("%s %s as %s with %s: %d %s", method, path, who, body, w.Code, w.Body)
		}
		if at := strings.Index(w.Body.String(), betaMark); at >= 0 && !strings.Contains(path+body, betaMark) {
			text := w.Body.String()
			bare, _, _ := strings.Cut(path, "?")
			if what := method + " " + bare; !shown[what] {
				shown[what] = true
				t.Errorf("%s %s as %s with %s: %d shows …%s", method, path, who, body, w.Code, text[max(0, at-80):min(len(text), at+40)])
			}
		}
	}
	filters := ""
	for _, kind := range slices.Sorted(maps.Keys(v.ids)) {
		for _, name := range []string{"organization", "id", "template", "config__templates", "user", "group", "device", "object_id", "location", "floorplan"} {
			filters += "&" + name + "=" + v.ids[kind]
		}
	}
	documented := func(path string) bool {
		for known, methods := range document.Paths {
			if methods["get"].OperationID != "" && parameter.ReplaceAllString(known, "{}") == parameter.ReplaceAllString(path, "{}") {
				return true
			}
		}
		return false
	}
	places := map[string][]placed{}
	for path := range document.Paths {
		places[path] = v.places(path, documented)
	}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for method := range document.Paths[path] {
			method = strings.ToUpper(method)
			if strings.HasSuffix(path, "/logout/") || strings.Contains(path, "/token/") && method == http.MethodDelete {
				continue // their own
			}
			for _, full := range places[path] {
				for _, who := range []string{"b", "c", "d"} {
					switch {
					case !full.fits && who != "b": // what is nothing to the manager is nothing to them
					case method == http.MethodGet:
						attack(who, method, full.path, "")
					case !full.fits, who != "b": // what the manager may not, the others may not
						attack(who, method, full.path, `{"web":false,"email":false}`)
					default:
						for _, body := range v.bodies() {
							attack(who, method, full.path, body)
						}
					}
				}
			}
		}
		if document.Paths[path]["get"].OperationID != "" && !strings.Contains(path, "{") {
			for pair := range strings.SplitSeq(strings.TrimPrefix(filters, "&"), "&") {
				attack("b", http.MethodGet, path+"?"+pair, "")
			}
			for _, pair := range []string{"organization_slug=beta", "search=Xyzzy", "name=Xyzzy", "mac_address=be:7", "page_size=100", "format=api"} {
				attack("b", http.MethodGet, path+"?"+pair, "")
			}
		}
	}
	t.Logf("%d requests to %d paths", asked, len(document.Paths))
	require.Greater(t, asked, 5000)
	require.Equal(t, before, v.state())

	// the attackers could come in to the end, and whoever may sees the texts
	for who, path := range map[string]string{"b": "/api/v1/controller/device/", "c": "/api/v1/controller/template/", "d": "/api/v1/notifications/notification/"} {
		require.Equal(t, 200, told(t, v.s, who, "GET", path, "").Code, path)
	}
	seen := 0
	for path := range document.Paths {
		for _, full := range places[path] {
			if full.fits && strings.Contains(told(t, v.s, "e", "GET", full.path, "").Body.String(), betaMark) {
				seen++
			}
		}
	}
	require.Greater(t, seen, 12)
}

// A device that came to another organization takes its history along: who had
// it before does not read its new key out of an old version.
func TestVersionsOfADeviceThatMovedAway(t *testing.T) {
	v := newVictim(t)
	device := v.made("/api/v1/controller/device/", `{"name":"ap1","organization":"`+v.ids["org_alpha"]+`","mac_address":"02:00:00:00:00:09",
		"config":{"backend":"netjsonconfig.OpenWrt","templates":[],"context":{},"config":{"general":{"description":"{{key}}"}}}}`)
	at := "/api/v1/controller/device/" + device + "/"
	version := at + "version/" + v.first("b", at+"version/") + "/"
	require.Equal(t, 200, told(t, v.s, "b", "GET", version, "").Code)
	v.do("PATCH", at, `{"organization":"`+v.ids["org_beta"]+`","key":"`+betaMark+`"}`, 200)
	for _, path := range []string{at, at + "version/", version} {
		w := told(t, v.s, "b", "GET", path, "")
		require.Equal(t, 404, w.Code, "%s: %s", path, w.Body)
	}
	require.Equal(t, 200, told(t, v.s, "a", "GET", version, "").Code)
}
