package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/client"
	"github.com/wispwright/wispwright/client/api"

	vocabulary "github.com/wispwright/wispwright"
)

const openwrt = "netjsonconfig.OpenWrt"

// TestAgainstAServer speaks the protocol with a provider whose server is that of this
// repository.
func TestAgainstAServer(t *testing.T) {
	address := installation(t)
	t.Run("every kind", func(t *testing.T) { everyKind(t, address) })
	t.Run("mistakes", func(t *testing.T) { mistakes(t, address) })
}

// everyKind makes, imports, changes and deletes an object of each, and finds it settled.
func everyKind(t *testing.T, address string) {
	tf, c := configured(t, address), caller(t, address)

	org := tf.new("wispwright_organization").ok(map[string]any{"name": "Beta", "slug": "beta"})
	org.ok(map[string]any{"name": "Beta", "slug": "beta", "description": "all of it", "email": "noc@example.org"})
	require.Equal(t, "all of it", get(t, c, "/api/v1/users/organization/"+org.text("id")+"/")["description"])
	org.ok(map[string]any{"name": "Beta", "slug": "beta"})
	require.Empty(t, get(t, c, "/api/v1/users/organization/"+org.text("id")+"/")["description"], "what is not named any more is as usual")
	in := org.text("id")

	template := map[string]any{"name": "wifi", "organization": in, "backend": openwrt, "config": `{"general": {"timezone": "UTC", "hostname": "beta-ap"}}`, "tags": []any{"roof", "mesh"}, "default_values": `{"ssid": "beta"}`}
	first := tf.new("wispwright_template").ok(template)
	template["config"] = `{"general":{"hostname":"beta-ap","timezone":"UTC"}}`
	if planned, said := first.plan(template); said == nil {
		require.True(t, planned.Equal(first.state) || first.text("id") != "", "the same configuration in other words")
	}
	first.ok(template)
	second := tf.new("wispwright_template").ok(map[string]any{"name": "more", "organization": in, "backend": openwrt, "config": `{"interfaces": []}`})
	always := tf.new("wispwright_template").ok(map[string]any{"name": "always", "organization": in, "backend": openwrt, "config": `{"interfaces": []}`, "required": true, "default": true})

	group := tf.new("wispwright_device_group").ok(map[string]any{"name": "roofs", "organization": in, "templates": []any{second.text("id")}, "meta_data": `{"floor": 3}`})
	device := map[string]any{"name": "roof-1", "organization": in, "mac_address": "02:00:00:00:dd:01", "backend": openwrt, "templates": []any{first.text("id")}, "context": `{"ssid": "roof"}`}
	roof := tf.new("wispwright_device").ok(device)
	require.Equal(t, "02:00:00:00:dd:01", roof.text("mac_address"), "as it was written")
	require.Len(t, roof.text("key"), 32)
	device["group"], device["notes"], device["config"] = group.text("id"), "north side", `{"general": {"hostname": "roof"}}`
	roof.ok(device)
	device["templates"] = []any{second.text("id"), first.text("id")}
	roof.ok(device)
	path := "/api/v1/controller/device/" + roof.text("id") + "/"
	require.Contains(t, get(t, c, path)["config"].(map[string]any)["templates"], always.text("id"), "a required template stays")
	bare := tf.new("wispwright_device").ok(map[string]any{"name": "shelf", "organization": in, "mac_address": "02:00:00:00:DD:02"})

	// the first manager of an organization owns it, and stays a manager
	hugo := tf.new("wispwright_user").ok(map[string]any{"username": "hugo", "email": "hugo@example.org", "password": "a good Passw0rd", "memberships": map[string]any{in: true}})
	user := map[string]any{"username": "gina", "email": "gina@example.org", "password": "a good Passw0rd", "notes": "from Terraform", "memberships": map[string]any{in: true}}
	gina := tf.new("wispwright_user").ok(user)
	logIn := func(password string) error {
		nobody, err := client.New(address, client.Options{})
		require.NoError(t, err)
		return nobody.Do(t.Context(), http.MethodPost, "/api/v1/users/token/", map[string]string{"username": "gina", "password": password}, nil)
	}
	require.NoError(t, logIn("a good Passw0rd"))
	user["password"], user["memberships"], user["is_staff"] = "a better Passw0rd", map[string]any{in: false}, true
	gina.ok(user)
	require.NoError(t, logIn("a better Passw0rd"))
	require.Error(t, logIn("a good Passw0rd"))
	user["memberships"] = map[string]any{}
	gina.ok(user)

	owner, err := vocabulary.ParseID(in)
	require.NoError(t, err)
	subnet, err := api.IpamSubnets(c).Create(t.Context(), api.IpamSubnetIn{Name: client.Set("tunnels"), Subnet: client.Set("10.77.0.0/24"), Organization: client.Set(owner)})
	require.NoError(t, err)
	vpn := map[string]any{"name": "hub", "organization": in, "host": "hub.example.org", "backend": "openwisp_controller.vpn_backends.Wireguard", "subnet": subnet.ID.String(), "config": `{"wireguard":[{"name":"wg0","port":51820}]}`}
	hub := tf.new("wispwright_vpn").ok(vpn)
	vpn["host"], vpn["auth_token"] = "hub2.example.org", "a token of the hook"
	hub.ok(vpn)

	all := []*thing{hub, gina, bare, roof, group, always, second, first, org}
	for _, o := range all {
		other, said := o.imported(o.text("id"))
		require.Empty(t, told(said))
		require.Equal(t, o.text("id"), other.text("id"))
		same(t, o, other)
		lookup := "name"
		if o.name == "wispwright_user" {
			lookup = "username"
		}
		values, said := tf.source(o.name, map[string]any{lookup: o.text(lookup)})
		require.Empty(t, told(said), o.name)
		require.Equal(t, o.text("id"), str(t, values["id"]))
		values, said = tf.source(o.name, map[string]any{"id": o.text("id")})
		require.Empty(t, told(said), o.name)
		require.Equal(t, o.text(lookup), str(t, values[lookup]))
	}

	// gone beside Terraform: it is to be made anew
	require.NoError(t, c.Do(t.Context(), http.MethodDelete, "/api/v1/controller/device/"+bare.text("id")+"/?force=true", nil, nil))
	bare.read()
	require.True(t, bare.state.IsNull())
	for _, o := range all {
		if o != bare {
			o.ok(nil)
		}
	}
	hugo.ok(nil)
	_, said := roof.imported("00000000-0000-4000-8000-000000000001")
	require.Empty(t, said) // and reading finds nothing
}

// same holds what is known of an imported thing against what was configured.
func same(t *testing.T, o, other *thing) {
	t.Helper()
	var want, got map[string]tftypes.Value
	require.NoError(t, o.state.As(&want))
	require.NoError(t, other.state.As(&got))
	for name, v := range want {
		switch name {
		case "password", "auth_token": // nobody can read them
			require.True(t, got[name].IsNull())
		case "mac_address":
			require.True(t, strings.EqualFold(str(t, v), str(t, got[name])))
		case "templates": // an imported device has all
			if o.name == "wispwright_device" {
				continue
			}
			require.True(t, v.Equal(got[name]), name)
		case "config", "context", "meta_data", "default_values":
			require.JSONEq(t, str(t, v), str(t, got[name]), name)
		default:
			require.True(t, v.Equal(got[name]), "%s.%s: %s, imported %s", o.name, name, v, got[name])
		}
	}
}

func mistakes(t *testing.T, address string) {
	tf := configured(t, address)
	refused := func(name string, values map[string]any, want string) {
		t.Helper()
		o := tf.new(name)
		said := told(o.apply(values))
		require.NotEmpty(t, said, name)
		require.Contains(t, strings.Join(said, "\n"), want)
		require.True(t, o.state.IsNull(), "nothing was made")
	}
	refused("wispwright_organization", map[string]any{"name": "x", "slug": "no slug"}, `AttributeName("slug")`)
	refused("wispwright_organization", map[string]any{"name": "x", "slug": "acme"}, `AttributeName("slug")`)
	refused("wispwright_template", map[string]any{"name": "x", "backend": "nonsense", "config": "{}"}, `AttributeName("backend")`)
	refused("wispwright_template", map[string]any{"name": "x", "backend": openwrt, "config": "{"}, `AttributeName("config")`)
	refused("wispwright_device", map[string]any{"name": "x", "organization": "00000000-0000-4000-8000-000000000001", "mac_address": "02:00:00:00:00:01"}, `AttributeName("organization")`)
	refused("wispwright_user", map[string]any{"username": "x", "email": "no address"}, `AttributeName("email")`)

	_, said := tf.new("wispwright_device").imported("roof-1")
	require.Contains(t, told(said)[0], "does not identify")
	_, said = tf.source("wispwright_organization", map[string]any{})
	require.Contains(t, told(said)[0], "set id, or one of slug, name")
	_, said = tf.source("wispwright_organization", map[string]any{"slug": "nowhere"})
	require.Contains(t, told(said)[0], `0 objects are called "nowhere"`)

	stranger := newTerraform(t)
	require.Empty(t, stranger.configure(map[string]any{"address": address, "token": "another"}))
	require.NotEmpty(t, stranger.new("wispwright_organization").apply(map[string]any{"name": "x", "slug": "x"}))
}

func TestConfiguringTheProvider(t *testing.T) {
	t.Setenv("WISPWRIGHT_ADDRESS", "")
	t.Setenv("WISPWRIGHT_TOKEN", "")
	tf := newTerraform(t)
	require.Len(t, tf.configure(nil), 2)
	require.NotEmpty(t, tf.configure(map[string]any{"address": "nms", "token": "x"}))
	require.NotEmpty(t, tf.new("wispwright_organization").apply(map[string]any{"name": "x", "slug": "x"}), "not configured")
	t.Setenv("WISPWRIGHT_ADDRESS", "https://nms.example.org")
	t.Setenv("WISPWRIGHT_TOKEN", "x")
	require.Empty(t, tf.configure(nil))
}

// TestSensitive: no secret is in a schema without its mark.
func TestSensitive(t *testing.T) {
	tf := newTerraform(t)
	require.Len(t, tf.schema.ResourceSchemas, 6)
	marked := map[string]bool{}
	for name, s := range tf.schema.ResourceSchemas {
		for _, a := range s.Block.Attributes {
			require.NotEmpty(t, a.Description, "%s.%s", name, a.Name)
			if a.Sensitive {
				marked[name+"."+a.Name] = true
			}
		}
	}
	require.Equal(t, map[string]bool{"wispwright_device.key": true, "wispwright_user.password": true, "wispwright_vpn.key": true, "wispwright_vpn.auth_token": true, "wispwright_vpn.dh": true}, marked)
	for _, a := range tf.schema.Provider.Block.Attributes {
		require.Equal(t, a.Name == "token", a.Sensitive)
	}
}
