package provider

import (
	"context"
	"net/http"

	"github.com/wispwright/wispwright/client"
)

// kind is one kind of object that Terraform manages.
type kind struct {
	// name is what follows "wispwright_", help says what it is.
	name, help string
	// path is its list in the API.
	path string
	// lookup are attributes by which a data source finds one.
	lookup []string
	// attributes are all but the id.
	attributes []attribute
	// later are fields that a new object does not take, but a change does.
	later map[string]bool
	// deletion is added to the path of what is deleted.
	deletion string
	// after does what is not a field of the object; prior is empty for a new one.
	after func(ctx context.Context, c *client.Client, id string, prior, plan map[string]any, answer map[string]any) error
	// apart reads an attribute that is no field of the object.
	apart func(answer map[string]any) any
}

func organizations() kind {
	return kind{name: "organization", path: "/api/v1/users/organization/", help: "An organization: whatever belongs to it is seen by its members alone.", lookup: []string{"slug", "name"}, attributes: []attribute{
		{name: "name", help: "What it is called.", use: required},
		{name: "slug", help: "Its name in addresses, unique.", use: required},
		{name: "is_active", help: "Whether its members and devices may use it.", form: flag, use: usual, on: true},
		{name: "description", help: "For people.", use: usual},
		{name: "email", help: "Where it is written to.", use: usual},
		{name: "url", help: "Its own site.", use: usual},
	}}
}

func templates() kind {
	return kind{name: "template", path: "/api/v1/controller/template/", help: "A template of configurations.", lookup: []string{"name"}, attributes: []attribute{
		{name: "name", help: "What it is called.", use: required},
		{name: "organization", help: "Whose it is; null: everybody's.", use: optional},
		{name: "backend", help: "What it is written for, such as netjsonconfig.OpenWrt.", use: required},
		{name: "type", help: "generic, vpn or cert.", use: either},
		{name: "config", help: "The configuration as NetJSON.", form: document, use: required},
		{name: "default", help: "Given to new devices.", form: flag, use: usual},
		{name: "required", help: "Given to all devices, and not taken away.", form: flag, use: usual},
		{name: "default_values", help: "Values of its variables where nobody sets others.", form: document, use: usual},
		{name: "tags", help: "Words that devices ask for when they register.", form: names, use: usual, sent: "tag_names"},
		{name: "vpn", help: "Of the type vpn: the server.", use: optional},
		{name: "auto_cert", help: "Of the type vpn: devices get certificates, keys and addresses by themselves.", form: flag, use: either},
		{name: "ca", help: "Of the type cert: whose certificates devices get.", form: number, use: optional},
		{name: "blueprint_cert", help: "Of the type cert: what certificates are like.", form: number, use: optional},
		{name: "notes", help: "For people.", use: usual},
	}}
}

func groups() kind {
	return kind{name: "device_group", path: "/api/v1/controller/group/", help: "A group of devices with templates and variables of its own.", lookup: []string{"name"}, attributes: []attribute{
		{name: "name", help: "What it is called.", use: required},
		{name: "organization", help: "Whose it is.", use: required},
		{name: "description", help: "For people.", use: usual},
		{name: "templates", help: "What its devices are given.", form: names, use: usual},
		{name: "context", help: "Variables of its devices.", form: document, use: usual},
		{name: "meta_data", help: "Whatever else is to be kept with it.", form: document, use: usual},
	}}
}

func devices() kind {
	return kind{name: "device", path: "/api/v1/controller/device/", help: "A device and its configuration. Deleting it also deletes a device that still runs what it was given.", lookup: []string{"name", "mac_address"}, deletion: "?force=true", attributes: []attribute{
		{name: "name", help: "Its host name.", use: required},
		{name: "organization", help: "Whose it is.", use: required},
		{name: "mac_address", help: "Its hardware address.", use: required, fold: true},
		{name: "group", help: "Its group.", use: optional},
		{name: "key", help: "What it proves itself with.", use: either, sensitive: true},
		{name: "model", help: "What it is; devices tell it when they register.", use: either},
		{name: "os", help: "What it runs; devices tell it.", use: either},
		{name: "system", help: "Its processor; devices tell it.", use: either},
		{name: "management_ip", help: "Where it is reached; devices tell it.", use: either},
		{name: "notes", help: "For people.", use: usual},
		{name: "backend", help: "What its configuration is written for.", use: either, field: "config.backend"},
		{name: "templates", help: "Templates in order. Those that the server gives by itself, such as required ones and those of the group, stay and are not listed.", form: list, use: usual, field: "config.templates"},
		{name: "context", help: "Its variables.", form: document, use: usual, field: "config.context"},
		{name: "config", help: "What it has beside its templates, as NetJSON.", form: document, use: usual, field: "config.config"},
		{name: "status", help: "modified, applied, error, deactivating or deactivated.", use: told, field: "config.status"},
		{name: "is_deactivated", help: "Whether it was deactivated.", form: flag, use: told},
		{name: "last_ip", help: "From where it asked last.", use: told},
	}}
}

func users() kind {
	return kind{name: "user", path: "/api/v1/users/user/", help: "An account of a person or a program.", lookup: []string{"username", "email"}, attributes: []attribute{
		{name: "username", help: "What it logs in with.", use: required},
		{name: "email", help: "Its address; it is asked to confirm a new one.", use: required},
		{name: "password", help: "Its password, which a new one needs. It is sent when it is set or changed, and cannot be read.", use: optional, sensitive: true, secret: true},
		{name: "first_name", help: "Given name.", use: usual},
		{name: "last_name", help: "Family name.", use: usual},
		{name: "is_active", help: "Whether it may log in.", form: flag, use: usual, on: true},
		{name: "is_staff", help: "Whether it may use the web admin.", form: flag, use: usual},
		{name: "is_superuser", help: "Whether it may do everything.", form: flag, use: usual},
		{name: "phone_number", help: "Telephone number.", use: optional},
		{name: "birth_date", help: "Year, month and day.", use: optional},
		{name: "expiration_date", help: "The last day on which it is active.", use: optional},
		{name: "groups", help: "Groups of permissions, by number.", form: numbers, use: usual},
		{name: "bio", help: "For people.", use: usual},
		{name: "company", help: "For people.", use: usual},
		{name: "location", help: "For people.", use: usual},
		{name: "url", help: "Its own site.", use: usual},
		{name: "notes", help: "For administrators.", use: usual},
		{name: "memberships", help: "Its organizations by id; true: as a manager.", form: members, use: usual, apart: true},
	}, later: map[string]bool{"bio": true, "company": true, "location": true, "url": true, "notes": true}, after: join, apart: memberships}
}

func vpnServers() kind {
	return kind{name: "vpn", path: "/api/v1/controller/vpn/", help: "A VPN server.", lookup: []string{"name"}, attributes: []attribute{
		{name: "name", help: "What it is called.", use: required},
		{name: "organization", help: "Whose it is; null: everybody's.", use: optional},
		{name: "host", help: "Where clients reach it.", use: required},
		{name: "backend", help: "Its kind, such as openwisp_controller.vpn_backends.Wireguard.", use: required},
		{name: "config", help: "Its configuration as NetJSON.", form: document, use: required},
		{name: "ca", help: "Its certification authority, by number.", form: number, use: optional},
		{name: "cert", help: "Its certificate, by number.", form: number, use: either},
		{name: "subnet", help: "Whence its clients get addresses.", use: optional},
		{name: "ip", help: "Its own address.", use: either},
		{name: "key", help: "What its host proves itself with.", use: either, sensitive: true},
		{name: "dh", help: "Diffie-Hellman parameters.", use: either, sensitive: true},
		{name: "webhook_endpoint", help: "Who is told of changes.", use: usual},
		{name: "auth_token", help: "What the webhook or ZeroTier is asked with; it cannot be read.", use: optional, sensitive: true, secret: true},
		{name: "notes", help: "For people.", use: usual},
		{name: "public_key", help: "Its public key.", use: told},
		{name: "ip_address", help: "Its own address as text.", use: told},
		{name: "network_id", help: "Of ZeroTier: its network.", use: told},
	}}
}

func kinds() []kind {
	return []kind{organizations(), templates(), groups(), devices(), users(), vpnServers()}
}

// memberships are those of a user, by organization.
func memberships(answer map[string]any) any {
	out := map[string]bool{}
	all, _ := answer["organization_users"].([]any)
	for _, m := range all {
		if o, ok := m.(map[string]any); ok {
			id, _ := o["organization"].(string)
			out[id], _ = o["is_admin"].(bool)
		}
	}
	return out
}

// join gives a user the memberships and the password of a plan. The API takes one membership
// at a time: one that exists with the same role is ended by naming it again.
func join(ctx context.Context, c *client.Client, id string, prior, plan, answer map[string]any) error {
	path := "/api/v1/users/user/" + id + "/"
	if before, has := prior["password"]; has && plan["password"] != nil && plan["password"] != before {
		if err := c.Do(ctx, http.MethodPut, path+"password/", map[string]any{"current_password": nil, "new_password": plan["password"], "confirm_password": plan["password"]}, nil); err != nil {
			return err
		}
	}
	wanted, _ := plan["memberships"].(map[string]bool)
	has, _ := memberships(answer).(map[string]bool)
	change := func(organization string, manager bool) error {
		return c.Do(ctx, http.MethodPatch, path, map[string]any{"organization_users": map[string]any{"organization": organization, "is_admin": manager}}, nil)
	}
	for organization, manager := range has {
		if _, stays := wanted[organization]; !stays {
			if err := change(organization, manager); err != nil {
				return err
			}
		}
	}
	for organization, manager := range wanted {
		if was, is := has[organization]; !is || was != manager {
			if err := change(organization, manager); err != nil {
				return err
			}
		}
	}
	return nil
}
