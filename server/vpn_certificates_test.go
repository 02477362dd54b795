package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
)

// A template of the type cert gives a device a certificate, which it downloads, which
// is another one when the device is renamed, and which nobody else sees.
func TestCertificatesByTemplateOverHTTP(t *testing.T) {
	testkit.EachDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		c := newVPNClient(t, db, nil)
		require.NoError(t, c.Start(t.Context()))
		alpha := c.vars["org_alpha"]
		authority := func(organization, name string) any {
			return c.ask("admin", "POST", "controller/ca/", object{"name": name, "organization": organization, "common_name": name, "key_length": "256"}, 201)["id"]
		}
		ca, foreign := authority(alpha, "ca"), authority(c.vars["org_beta"], "foreign")
		body := object{"name": "identity", "organization": alpha, "backend": "netjsonconfig.OpenWrt", "type": "cert", "ca": ca, "auto_cert": true, "config": object{}}
		with := func(change object) object {
			out := object{}
			for _, from := range []object{body, change} {
				for k, v := range from {
					out[k] = v
				}
			}
			return out
		}
		for field, change := range map[string]object{"ca": {"ca": foreign}, "blueprint_cert": {"blueprint_cert": 999}} {
			require.Contains(t, c.ask("manager", "POST", "controller/template/", with(change), 400), field)
		}
		require.Contains(t, c.ask("manager", "POST", "controller/template/", with(object{"ca": nil}), 400), "ca")
		require.Contains(t, c.ask("manager", "POST", "controller/template/", object{"name": "g", "organization": alpha, "backend": "netjsonconfig.OpenWrt", "type": "generic", "ca": ca, "config": object{"general": object{}}}, 400), "ca")
		made := c.ask("manager", "POST", "controller/template/", body, 201)
		template := made["id"].(string)
		require.Equal(t, []any{"cert", ca, nil, true}, []any{made["type"], made["ca"], made["blueprint_cert"], made["auto_cert"]})
		require.Equal(t, 1.0, c.ask("manager", "GET", "controller/template/?type=cert", nil, 200)["count"])

		d := c.device(1, template)
		path := "controller/device/" + d["id"].(string) + "/"
		one := func() object {
			list := c.ask("operator", "GET", path+"certificate/", nil, 200)
			require.Equal(t, 1.0, list["count"], list)
			return list["results"].([]any)[0].(object)
		}
		first := one()
		require.Equal(t, []any{template, "identity", true, false}, []any{first["template"], first["template_name"], first["auto_cert"], first["revoked"]})
		require.NotContains(t, first, "private_key")
		files := func() map[string]string {
			a := get(c, "/controller/download-config/"+d["id"].(string)+"/?key="+d["key"].(string))
			require.Equal(t, 200, a.Code)
			return unpacked(t, a.Body.Bytes())
		}
		hex := strings.ReplaceAll(template, "-", "")
		cert := c.ask("manager", "GET", "controller/cert/"+fmt.Sprint(first["cert"])+"/", nil, 200)
		require.Contains(t, files()["etc/x509/cert-"+hex+".pem"], strings.TrimSpace(cert["certificate"].(string)))
		require.Contains(t, files()["etc/x509/key-"+hex+".pem"], "PRIVATE KEY")
		c.ask("betamanager", "GET", path+"certificate/", nil, 404)
		require.Contains(t, c.ask("manager", "PATCH", "controller/template/"+template+"/", object{"type": "generic"}, 400), "type")
		c.ask("manager", "DELETE", "controller/ca/"+fmt.Sprint(ca)+"/", nil, 400)

		c.ask("manager", "PATCH", path, object{"name": "renamed"}, 200)
		idle(t, c.Server)
		second := one()
		require.NotEqual(t, first["cert"], second["cert"])
		require.Equal(t, first["id"], second["id"])
		require.Equal(t, true, c.ask("manager", "GET", "controller/cert/"+fmt.Sprint(first["cert"])+"/", nil, 200)["revoked"])
		cert = c.ask("manager", "GET", "controller/cert/"+fmt.Sprint(second["cert"])+"/", nil, 200)
		require.Contains(t, files()["etc/x509/cert-"+hex+".pem"], strings.TrimSpace(cert["certificate"].(string)))
		require.Contains(t, told(t, c.Server, "a", "GET", "/api/v1/notifications/notification/", "").Body.String(), "issued anew")

		c.ask("manager", "PATCH", path, object{"config": object{"templates": []string{}}}, 200)
		require.Equal(t, 0.0, c.ask("manager", "GET", path+"certificate/", nil, 200)["count"])
		require.Equal(t, true, c.ask("manager", "GET", "controller/cert/"+fmt.Sprint(second["cert"])+"/", nil, 200)["revoked"])
		c.ask("admin", "DELETE", "users/organization/"+alpha+"/", nil, 204)
	})
}
