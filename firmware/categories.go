package firmware

import (
	"context"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
)

// Categories is the service of categories. Their builds go with them.
type Categories struct {
	*entity.Service[wispwright.ID, Category, CategoryFilter]
	s *Service
}

func newCategories(s *Service) *Categories {
	c := &Categories{s: s}
	c.Service = entity.New(s.base, s.stores.Categories, entity.Kind[wispwright.ID, Category]{
		Name: "firmware.Categories", Model: "firmware_upgrader.category", Validate: c.validate, Check: c.check,
		Unique: map[string]error{UniqueCategory: wispwright.Invalid("", "Firmware Category with this Name and Organization already exists.")},
	})
	c.Deleting.Subscribe("firmware: builds of deleted categories", func(ctx context.Context, list ...*Category) error {
		for _, o := range list {
			if _, err := s.Builds.DeleteAll(ctx, wispwright.ScopeAll(), BuildFilter{CategoryID: o.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

func (c *Categories) validate(_ context.Context, change entity.Change[Category]) error {
	var v wispwright.ValidationError
	valid.Text(&v, "name", change.After.Name, valid.Required, valid.Max(64))
	valid.Text(&v, "description", change.After.Description)
	return v.Err()
}

// keepsOrganization is said of a category that builds are in.
const keepsOrganization = "The organization cannot be changed while the category has builds."

func (c *Categories) check(ctx context.Context, change entity.Change[Category]) error {
	o := change.After
	if o == nil {
		return nil
	}
	var v wispwright.ValidationError
	if change.Before != nil && change.Before.OrganizationID != o.OrganizationID {
		builds, err := c.s.stores.Builds.List(ctx, wispwright.ScopeAll(), BuildFilter{CategoryID: o.ID}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(builds.Rows) > 0 {
			v.Add("organization", keepsOrganization)
		}
	}
	if o.OrganizationID.IsZero() { // the rule of the storage is of organizations
		same, err := c.s.stores.Categories.List(ctx, wispwright.ScopeOf().WithShared(), CategoryFilter{Name: o.Name}, wispwright.Page{Limit: 2, NoTotal: true})
		if err != nil {
			return err
		}
		for _, other := range same.Rows {
			if other.ID != o.ID {
				v.Add("", "Firmware Category with this Name and Organization already exists.")
			}
		}
	}
	return v.Err()
}

// Builds is the service of builds. Their images, files and batches go with them.
type Builds struct {
	*entity.Service[wispwright.ID, Build, BuildFilter]
	s *Service
}

func newBuilds(s *Service) *Builds {
	b := &Builds{s: s}
	b.Service = entity.New(s.base, s.stores.Builds, entity.Kind[wispwright.ID, Build]{
		Name: "firmware.Builds", Model: "firmware_upgrader.build", Label: func(o *Build) string { return o.Version }, Check: b.check, Validate: b.validate,
		Unique: map[string]error{UniqueBuild: wispwright.Invalid("", "Firmware Build with this Category and Version already exists.")},
	})
	b.Deleting.Subscribe("firmware: images of deleted builds", func(ctx context.Context, list ...*Build) error {
		for _, o := range list {
			if _, err := s.Images.DeleteAll(ctx, wispwright.ScopeAll(), ImageFilter{BuildID: o.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return b
}

func (b *Builds) validate(_ context.Context, change entity.Change[Build]) error {
	var v wispwright.ValidationError
	o := change.After
	valid.Text(&v, "version", o.Version, valid.Required, valid.Max(32))
	valid.Text(&v, "os", o.System(), valid.Max(64))
	valid.Text(&v, "changelog", o.Changelog)
	if o.CategoryID.IsZero() {
		v.Add("category", "This field is required.")
	}
	return v.Err()
}

func (b *Builds) check(ctx context.Context, change entity.Change[Build]) error {
	o := change.After
	if o == nil {
		return nil
	}
	// an update that changes nothing keeps the category as it is meanwhile
	category, err := b.s.stores.Categories.Update(ctx, wispwright.ScopeAll(), o.CategoryID, func(*Category) error { return nil })
	if err != nil {
		return valid.Reference(err, "category", o.CategoryID)
	}
	if change.Before != nil && change.Before.OrganizationID != category.OrganizationID {
		return wispwright.Invalid("category", "The category belongs to another organization than the build.")
	}
	o.OrganizationID = category.OrganizationID
	if o.System() == "" {
		return nil
	}
	scope := wispwright.ScopeOf(o.OrganizationID)
	if o.OrganizationID.IsZero() {
		scope = wispwright.ScopeOf().WithShared()
	}
	same, err := b.s.stores.Builds.List(ctx, scope, BuildFilter{OS: o.System()}, wispwright.Page{Limit: 2, NoTotal: true})
	if err != nil {
		return err
	}
	for _, other := range same.Rows {
		if other.ID == o.ID {
			continue
		}
		if other.CategoryID == o.CategoryID && other.Version == o.Version {
			return &wispwright.ConflictError{Unique: UniqueBuild} // which clients are told first
		}
		name := "shared"
		if !o.OrganizationID.IsZero() {
			if name, err = b.s.options.OrganizationName(ctx, o.OrganizationID); err != nil {
				return err
			}
		}
		return wispwright.Invalid("os", fmt.Sprintf(`A build with this OS identifier ("%s") and organization ("%s") already exists`, o.System(), name))
	}
	return nil
}

// Title is how people call a build: "WiFi v1.0".
func (b *Builds) Title(ctx context.Context, o *Build) (string, error) {
	category, err := b.s.stores.Categories.Get(ctx, wispwright.ScopeAll(), o.CategoryID)
	if err != nil {
		return "", err
	}
	return category.Name + " v" + o.Version, nil
}

// Categories returns the categories of builds, by their ids.
func (b *Builds) Categories(ctx context.Context, builds ...*Build) (map[wispwright.ID]*Category, error) {
	var ids []wispwright.ID
	for _, o := range builds {
		ids = append(ids, o.CategoryID)
	}
	found, err := b.s.stores.Categories.List(ctx, wispwright.ScopeAll(), CategoryFilter{IDs: wispwright.Only(ids...)}, unpaged())
	out := make(map[wispwright.ID]*Category, len(found.Rows))
	for _, c := range found.Rows {
		out[c.ID] = c
	}
	return out, err
}
