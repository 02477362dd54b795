package controller

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// TemplateType says what a template is for.
type TemplateType string

// The types of templates.
const (
	TemplateGeneric TemplateType = "generic"
	// TemplateVPN makes devices clients of a VPN server.
	TemplateVPN TemplateType = "vpn"
)

// Template is a piece of configuration that many devices share
// (spec: controller-config §1.3, §4).
type Template struct {
	// ID identifies the template.
	ID wispwright.ID
	// OrganizationID is the tenant; zero for a template shared by all.
	OrganizationID wispwright.ID
	// Name is unique in the organization, at most 64 characters; a shared
	// template's name is unique everywhere.
	Name string
	// Type is TemplateGeneric by default.
	Type TemplateType
	// Backend is the path of the backend the template is written for.
	Backend string
	// VPNID is the VPN server; zero for generic templates.
	VPNID wispwright.ID
	// CAID is the authority that templates of package devicecert give devices
	// certificates of, BlueprintID a certificate these are like; zero for none.
	CAID, BlueprintID int64
	// AutoCert provisions VPN clients and certificates by itself; false for generic
	// templates.
	AutoCert bool
	// Tags are words by which registering devices ask for the template; each
	// at most 100 characters.
	Tags []string
	// Default adds the template to every new configuration.
	Default bool
	// Required keeps the template from being removed; it implies Default.
	Required bool
	// DefaultValues are variables with the lowest precedence, an object.
	DefaultValues wispwright.JSON
	// Declared says what these variables are, see package variable; only
	// Templates.Declare changes it.
	Declared wispwright.JSON
	// Config is a NetJSON object, not empty.
	Config wispwright.JSON
	// Notes are free text for people; no configuration is made of them.
	Notes string
	// RevisionID is the current Revision; the service sets it.
	RevisionID wispwright.ID
	// Created is when the template was stored first.
	Created time.Time
	// Modified is when it was stored last.
	Modified time.Time
}

// Shape is how storages keep templates.
func (Template) Shape() store.Shape {
	return store.Shape{
		Table: "controller_template", Org: "OrganizationID", Order: store.Newest("Created"),
		Search: []string{"ID", "Name", "Notes"},
		Unique: []store.Unique{
			{Name: UniqueTemplateName, Fields: []string{"OrganizationID", "Name"}},
		},
	}
}

// Revision is the content a template had at some time. It is never changed;
// versions of configurations refer to it.
type Revision struct {
	// ID identifies the revision.
	ID wispwright.ID
	// TemplateID is the template, which may be gone.
	TemplateID wispwright.ID
	// DefaultValues and Config are the template's.
	DefaultValues, Config wispwright.JSON
	// Created is when the content was stored.
	Created time.Time
}

// Shape is how storages keep revisions. They outlive their template.
func (Revision) Shape() store.Shape {
	return store.Shape{
		Table: "controller_revision",
	}
}

// TemplateFilter selects templates; zero fields select all.
type TemplateFilter struct {
	// IDs limits to these templates.
	IDs wispwright.Among[wispwright.ID]
	// OrganizationID limits to one organization.
	OrganizationID wispwright.ID
	// OrganizationIDs limits to some organizations.
	OrganizationIDs wispwright.Among[wispwright.ID]
	// Name limits to one name.
	Name string
	// Backend limits to one backend.
	Backend string
	// Type limits to one type.
	Type TemplateType
	// VPNID limits to templates that lead to one VPN server.
	VPNID wispwright.ID
	// CAID limits to templates that give certificates of one authority, BlueprintID to
	// those with one blueprint.
	CAID, BlueprintID int64
	// Default limits to default templates or the others, Required to required
	// ones or the others.
	Default, Required *bool
	// Tag limits to templates with one tag.
	Tag string
	// Created limits to templates stored first at one moment; CreatedFrom to
	// that moment or later, CreatedBefore to an earlier one.
	Created, CreatedFrom, CreatedBefore time.Time
	// Search finds a text in id, name or notes.
	Search string
}

// UniqueTemplateName is the unique rule of templates: one name per
// organization.
const UniqueTemplateName = "template_organization_name"

// TemplateStore keeps templates and their revisions. Its unique rule is
// UniqueTemplateName.
type TemplateStore interface {
	wispwright.Repo[Template, TemplateFilter]
	// Hold reads templates and keeps their content from changing until the
	// transaction ends. Those that do not exist are left out.
	Hold(ctx context.Context, ids []wispwright.ID) ([]*Template, error)
	// AddRevision stores a revision.
	AddRevision(ctx context.Context, r *Revision) error
	// Revisions reads revisions, in any order.
	Revisions(ctx context.Context, ids []wispwright.ID) ([]*Revision, error)
	// PruneRevisions removes revisions made before a moment that no version
	// names and that are no template's content, and returns their number. Revisions of
	// templates changed after settled are kept, since a version naming them may not be committed yet.
	PruneRevisions(ctx context.Context, before, settled time.Time) (int, error)
}
