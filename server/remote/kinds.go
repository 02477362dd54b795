package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
	"github.com/wispwright/wispwright/client/api"
)

// kind is one kind of object. What is read keeps everything the server says,
// also what a newer server says; what is sent is held against the types first,
// because the API passes over fields that it does not know.
type kind struct {
	path    string
	columns []string   // of tables
	names   []string   // fields by which somebody may call an object
	in      func() any // what a new object may have
	change  func() any // what a change may have
}

func kinds() map[string]kind {
	return map[string]kind{
		"organization": {path: "/api/v1/users/organization/", columns: []string{"id", "name", "slug", "is_active"}, names: []string{"slug", "name"},
			in: fresh[api.TenancyOrganizationIn], change: fresh[api.TenancyOrganizationDetailIn]},
		"template": {path: "/api/v1/controller/template/", columns: []string{"id", "name", "organization", "type", "backend", "default", "required"}, names: []string{"name"},
			in: fresh[api.ControllerTemplateIn], change: fresh[api.ControllerTemplateIn]},
		"group": {path: "/api/v1/controller/group/", columns: []string{"id", "name", "organization", "description"}, names: []string{"name"},
			in: fresh[api.ControllerGroupIn], change: fresh[api.ControllerGroupIn]},
		"device": {path: "/api/v1/controller/device/", columns: []string{"id", "name", "organization", "mac_address", "config.status", "last_ip", "management_ip"}, names: []string{"name", "mac_address"},
			in: fresh[api.ControllerDeviceIn], change: fresh[api.ControllerDeviceDetailIn]},
		"user": {path: "/api/v1/users/user/", columns: []string{"id", "username", "email", "is_active", "is_staff", "is_superuser"}, names: []string{"username", "email"},
			in: fresh[api.TenancyUserIn], change: fresh[api.TenancyUserDetailIn]},
		"vpn": {path: "/api/v1/controller/vpn/", columns: []string{"id", "name", "organization", "host", "backend"}, names: []string{"name"},
			in: fresh[api.VpnServerIn], change: fresh[api.VpnServerIn]},
	}
}

func fresh[T any]() any { return new(T) }

// checked is a body whose fields the type has.
func checked(fields map[string]json.RawMessage, into any) (wispwright.JSON, error) {
	text, err := json.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("write the fields: %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		wrong := (*json.UnmarshalTypeError)(nil)
		if errors.As(err, &wrong) {
			return "", fmt.Errorf("%w: a field cannot be %s, it wants %s", errUsage, wrong.Value, wrong.Type)
		}
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	known, err := json.Marshal(into)
	if err != nil {
		return "", fmt.Errorf("write the fields: %w", err)
	}
	var sent, kept any
	if err := errors.Join(json.Unmarshal(text, &sent), json.Unmarshal(known, &kept)); err != nil {
		return "", fmt.Errorf("read the fields: %w", err)
	}
	if name := lost("", sent, kept); name != "" {
		return "", fmt.Errorf("%w: unknown field %s", errUsage, name)
	}
	return wispwright.JSON(text), nil
}

// lost is the first field that was sent but that the type did not keep.
func lost(name string, sent, kept any) string {
	object, ok := sent.(map[string]any)
	if !ok {
		return ""
	}
	known, ok := kept.(map[string]any)
	if !ok {
		return name
	}
	for _, field := range slices.Sorted(maps.Keys(object)) {
		full := strings.TrimPrefix(name+"."+field, ".")
		value, exists := known[field]
		if !exists {
			return full
		}
		if inner := lost(full, object[field], value); inner != "" {
			return inner
		}
	}
	return ""
}

// find returns the id of the object that somebody calls by its id or name.
func (k kind) find(ctx context.Context, c *client.Client, called string) (string, error) {
	if _, err := wispwright.ParseID(called); err == nil {
		return called, nil
	}
	var found []string
	for o, err := range client.Lister[map[string]any](c.Within(k.path)).Each(ctx, url.Values{"search": {called}}) {
		if err != nil {
			return "", err
		}
		for _, name := range k.names {
			if text, ok := (*o)[name].(string); ok && strings.EqualFold(text, called) {
				found = append(found, fmt.Sprint((*o)["id"]))
				break
			}
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("nothing is called %q: %w", called, wispwright.ErrNotFound)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d are called %q: say which by its id, one of %s", len(found), called, strings.Join(found, ", "))
}
