package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
)

// tenants is the room of organizations: what they decide, and the templates
// they give to every device.
type tenants struct {
	*base
	organizations Organizations
	remembered    *cache.Cache[wispwright.ID, *tenant]
	secrets       *cache.Cache[string, wispwright.ID] // digest of a shared secret -> organization
	defaults      *cache.Cache[defaultsKey, []*Template]
}

// cachedTenants is how many organizations are remembered.
const cachedTenants = 10_000

func newTenants(b *base, organizations Organizations) *tenants {
	o := b.cached(cachedTenants)
	return &tenants{
		base: b, organizations: organizations, remembered: cache.New[wispwright.ID, *tenant]("controller.tenants", o),
		secrets:  cache.New[string, wispwright.ID]("controller.secrets", o),
		defaults: cache.New[defaultsKey, []*Template]("controller.defaults", o),
	}
}

// tenant is what is known of an organization.
type tenant struct {
	organization *entity.Tenant
	settings     *Settings
}

type defaultsKey struct {
	organization wispwright.ID
	backend      string
}

// tenant returns an organization with its settings, in a transaction too as it
// was committed last: what must not change meanwhile is held (see hold).
func (c *tenants) tenant(ctx context.Context, id wispwright.ID) (*tenant, error) {
	if t, ok := c.remembered.Get(id); ok {
		return t, nil
	}
	return c.remembered.Load(ctx, id, func(ctx context.Context) (*tenant, error) {
		o, err := c.organizations.Tenant(ctx, id)
		if err != nil {
			return nil, err
		}
		s, err := c.stores.Settings.Get(ctx, wispwright.ScopeAll(), id)
		if isNotFound(err) { // an organization older than this concern
			s, err = c.makeSettings(ctx, id)
		}
		if err != nil {
			return nil, err
		}
		return &tenant{o, s}, nil
	})
}

// makeSettings gives an organization its settings, and keeps it from being
// deleted meanwhile: nothing would take them along.
func (c *tenants) makeSettings(ctx context.Context, id wispwright.ID) (*Settings, error) {
	s := newSettings(id)
	err := c.kit.Do(ctx, "controller: settings of an organization", func(ctx context.Context) error {
		if keeper, ok := c.organizations.(interface {
			Hold(ctx context.Context, organization wispwright.ID) error
		}); ok {
			if err := keeper.Hold(ctx, id); err != nil {
				return err
			}
		}
		return c.stores.Settings.Insert(ctx, s)
	})
	var conflict *wispwright.ConflictError
	if errors.As(err, &conflict) { // another caller made them
		return c.stores.Settings.Get(ctx, wispwright.ScopeAll(), id)
	}
	return s, err
}

// hold keeps the organization and its settings as they are until the
// transaction ends. counting is for callers that add a device: where there is a
// limit, one transaction at a time counts.
func (c *tenants) hold(ctx context.Context, organization wispwright.ID, counting bool) (*tenant, error) {
	t, err := c.tenant(ctx, organization)
	if err != nil {
		return nil, err
	}
	exclusive := counting && t.settings.limited()
	settings, err := c.stores.Settings.Hold(ctx, organization, exclusive)
	if err == nil && counting && settings.limited() && !exclusive { // what was remembered is old
		settings, err = c.stores.Settings.Hold(ctx, organization, true)
	}
	if err != nil {
		return nil, err
	}
	return &tenant{t.organization, settings}, nil
}

// room checks the device limit; the settings are held by the transaction.
func (c *tenants) room(ctx context.Context, t *tenant) error {
	limit := t.settings.DeviceLimit
	if limit != nil && *limit == 0 {
		return nil
	}
	if limit != nil {
		n, err := c.countDevices(ctx, t.organization.ID)
		if err != nil {
			return err
		}
		if int64(n) < *limit {
			return nil
		}
	}
	return wispwright.Invalid("", "The maximum amount of allowed devices has been reached for organization "+t.organization.Name+".")
}

func (c *tenants) countDevices(ctx context.Context, organization wispwright.ID) (int, error) {
	items, err := c.stores.Devices.List(ctx, wispwright.ScopeAll(), DeviceFilter{OrganizationID: organization}, wispwright.Page{Limit: 1})
	return items.Total, err
}

func (s *Settings) limited() bool { return s.DeviceLimit == nil || *s.DeviceLimit != 0 }

func newSettings(organization wispwright.ID) *Settings {
	secret := RandomKey()
	return &Settings{
		OrganizationID: organization, ID: wispwright.NewID(), RegistrationEnabled: true, SharedSecret: secret,
		SecretDigest: digest(secret.Reveal()), Context: "{}", DeviceLimit: new(int64), RevisionID: wispwright.NewID(),
	}
}

// digest is the form of a secret by which it is found.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// forgetTenants drops organizations, settings and default templates after the
// commit, here and on other nodes. They change rarely, so all go.
func (c *tenants) forgetTenants(ctx context.Context) error {
	return errors.Join(c.remembered.Purge(ctx), c.secrets.Purge(ctx), c.defaults.Purge(ctx))
}

// listen forgets what other nodes tell of.
func (c *tenants) listen(ctx context.Context) error {
	return errors.Join(c.remembered.Listen(ctx), c.secrets.Listen(ctx), c.defaults.Listen(ctx))
}

// defaultTemplates returns the default templates of an organization and a
// backend, required ones first, then by name (spec: controller-config §4.1).
func (c *tenants) defaultTemplates(ctx context.Context, organization wispwright.ID, backend string) ([]*Template, error) {
	key := defaultsKey{organization, backend}
	if templates, ok := c.defaults.Get(key); ok {
		return templates, nil
	}
	return c.defaults.Load(ctx, key, func(ctx context.Context) ([]*Template, error) {
		yes := true
		items, err := c.stores.Templates.List(ctx, wispwright.ScopeOf(organization).WithShared(),
			TemplateFilter{Default: &yes, Backend: backend}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("read default templates: %w", err)
		}
		slices.SortFunc(items.Rows, func(a, b *Template) int {
			if a.Required != b.Required {
				if a.Required {
					return -1
				}
				return 1
			}
			return strings.Compare(a.Name, b.Name)
		})
		return items.Rows, nil
	})
}

func requiredOf(templates []*Template) []*Template {
	var out []*Template
	for _, t := range templates {
		if t.Required {
			out = append(out, t)
		}
	}
	return out
}

// taggedTemplates returns the templates a registering device asks for by its
// tags, in the order of the tags (spec: controller-config §4.2).
func (c *tenants) taggedTemplates(ctx context.Context, organization wispwright.ID, backend, tags string) ([]*Template, error) {
	var out []*Template
	words := strings.FieldsFunc(tags, isSpace)
	if len(words) > maxTags {
		words = words[:maxTags]
	}
	for _, tag := range words {
		items, err := c.stores.Templates.List(ctx, wispwright.ScopeOf(organization).WithShared(),
			TemplateFilter{Tag: tag, Backend: backend}, wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Name"}}})
		if err != nil {
			return nil, fmt.Errorf("read templates with tag: %w", err)
		}
		for _, t := range items.Rows {
			if slices.Contains(t.Tags, tag) {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// maxTags is how many tags of a registration are looked at.
const maxTags = 32
