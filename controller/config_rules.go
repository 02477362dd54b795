package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
)

// checkConfig checks what does not need rendering. Every fault is one of the
// nested configuration as a whole, as the REST API answers them.
func (c *core) checkConfig(config *Config) error {
	var v wispwright.ValidationError
	if !c.knownBackend(config.Backend) {
		v.Add("config.backend", fmt.Sprintf("%q is not a valid choice.", config.Backend))
		return v.Err()
	}
	if !isConfig(&config.Config) {
		v.Add("config", render.UnexpectedFormat)
	}
	checkObject(&v, "config", &config.Context)
	return v.Err()
}

// isConfig reports whether a value is a NetJSON object; none at all becomes the
// empty one. Unlike variables nothing else that is empty does.
func isConfig(value *wispwright.JSON) bool {
	if text := strings.TrimSpace(string(*value)); text == "" || text == "null" {
		*value = "{}"
	}
	return value.IsObject()
}

const maxReason = 1024

// cutReason keeps an error reason within its column, and out of it what no
// database takes (spec: controller-config §1.2).
func cutReason(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if utf8.RuneCountInString(text) <= maxReason {
		return text
	}
	return string([]rune(text)[:1012]) + "\n[truncated]"
}

// assignment is a list of templates somebody wants a configuration to have.
type assignment struct {
	device *Device
	config *Config
	// wanted is the list, had what the configuration has until now
	wanted, had []wispwright.ID
}

// assign checks a list of templates and returns the outcome: required ones
// first, in the order of their names, then the wanted ones in theirs
// (spec: controller-config §4.1). Templates that were deleted since they were
// assigned are left out.
func (c *core) assign(ctx context.Context, a assignment) ([]*Template, error) {
	found, err := c.chosen(ctx, a)
	if err != nil {
		return nil, err
	}
	if s := a.config.Status; s == StatusDeactivating || s == StatusDeactivated {
		return found, nil
	}
	defaults, err := c.defaultTemplates(ctx, a.device.OrganizationID, a.config.Backend)
	if err != nil {
		return nil, err
	}
	return merge(requiredOf(defaults), found), nil
}

// chosen returns the wanted templates after checking each of them.
func (c *core) chosen(ctx context.Context, a assignment) ([]*Template, error) {
	wanted := distinct(a.wanted)
	found, err := c.heldTemplates(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var v wispwright.ValidationError
	for _, id := range wanted {
		known := slices.ContainsFunc(found, func(t *Template) bool { return t.ID == id })
		if !known && !slices.Contains(a.had, id) {
			v.Add("config.templates", unknownPK(id))
		}
	}
	var foreign []string
	for _, t := range found {
		if !t.OrganizationID.IsZero() && t.OrganizationID != a.device.OrganizationID {
			foreign = append(foreign, t.Name)
		}
	}
	if len(foreign) > 0 {
		v.Add("config", "The following templates are owned by organizations which do not match the organization of this configuration: "+
			strings.Join(foreign, ", "))
	}
	return found, v.Err()
}

// merge appends to a list of templates those it does not have yet.
func merge(lists ...[]*Template) []*Template {
	var out []*Template
	for _, list := range lists {
		for _, t := range list {
			if !slices.ContainsFunc(out, func(o *Template) bool { return o.ID == t.ID }) {
				out = append(out, t)
			}
		}
	}
	return out
}

func distinct(ids []wispwright.ID) []wispwright.ID {
	out := make([]wispwright.ID, 0, len(ids))
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// moved returns the templates of a configuration whose device came to another
// organization: the shared ones stay, those of the old organization go, the
// default ones of the new one come (spec: controller-config §4.7).
func (c *core) moved(ctx context.Context, device *Device, config *Config) ([]wispwright.ID, error) {
	had, err := c.heldTemplates(ctx, config.Templates)
	if err != nil {
		return nil, err
	}
	had = slices.DeleteFunc(had, func(t *Template) bool {
		return !t.OrganizationID.IsZero() && t.OrganizationID != device.OrganizationID
	})
	defaults, err := c.defaultTemplates(ctx, device.OrganizationID, config.Backend)
	if err != nil {
		return nil, err
	}
	return idsOf(merge(defaults, had)), nil
}

// refused explains why a configuration could not be rendered. When only the
// templates are to blame it says so (spec: controller-config §2.6).
func (c *core) refused(ctx context.Context, m *material, templatesChanged bool, err error) error {
	explained := invalidConfig("config", "", err)
	//lint:ignore errorlint whether it explained anything is whether it is the same error
	if explained == err || !templatesChanged || len(m.templates) == 0 {
		return explained
	}
	alone := *m
	alone.templates = nil
	d, derr := c.draft(&alone)
	if derr != nil {
		return explained
	}
	if own := c.renderer.Validate(ctx, d.input); own != nil {
		return invalidConfig("config", "", own)
	}
	return invalidConfig("config", "There is a conflict with the specified templates. ", err)
}
