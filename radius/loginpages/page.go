package loginpages

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Page is what an organization wants its login page to be. An organization without one
// has a page of the defaults.
type Page struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// Variant is Main for the organization's page, or the name of another one, which is
	// found at the organization's slug, a hyphen and this.
	Variant string
	// Document is the configuration, as Config has it, which is merged into the defaults;
	// that of a variant is merged into the organization's page.
	Document wispwright.JSON
	// Disabled: nobody is shown the page.
	Disabled bool
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// Main is the variant that is the organization's own page.
const Main = "main"

const uniquePage = "login_page_variant"

// Shape is how storages keep pages.
func (Page) Shape() store.Shape {
	return store.Shape{Table: "login_page", Org: "OrganizationID", Order: store.Oldest("Created"), Search: []string{"Variant"},
		Unique: []store.Unique{{Name: uniquePage, Fields: []string{"OrganizationID", "Variant"}}}}
}

// PageFilter selects pages; the zero value all.
type PageFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Search is a part of the variant, in any letter case.
	Search string
}

// Asset is a file of an organization's pages: a picture, a style sheet, a text in
// Markdown.
type Asset struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// Name is the file's, unique in the organization.
	Name string
	// Type is its media type, which follows from the name.
	Type string
	// Data are its octets, up to MaxAsset.
	Data []byte
	// Digest is the beginning of their SHA-256, in hexadecimal.
	Digest string
	// Created and Modified are when it was stored first and last.
	Created, Modified time.Time
}

// MaxAsset is how long a file may be, in octets, and MaxAssets how many an organization
// may have: phones load them over a network that they pay for.
const (
	MaxAsset  = 256 << 10
	MaxAssets = 40
)

const uniqueAsset = "login_page_asset_name"

// Shape is how storages keep files.
func (Asset) Shape() store.Shape {
	return store.Shape{Table: "login_page_asset", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Name"}}, Search: []string{"Name"},
		Unique: []store.Unique{{Name: uniqueAsset, Fields: []string{"OrganizationID", "Name"}}}}
}

// AssetFilter selects files; the zero value all.
type AssetFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Name is exactly one.
	Name string
	// Search is a part of the name, in any letter case.
	Search string
}

// Kind is what a policy is about.
type Kind string

const (
	// Terms are the terms and conditions.
	Terms Kind = "terms-and-conditions"
	// Privacy is the privacy policy.
	Privacy Kind = "privacy-policy"
)

// Policy is one version of a text that people consented to, as it was then.
type Policy struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose it is.
	OrganizationID wispwright.ID
	// Kind and Language say what it is.
	Kind     Kind
	Language string
	// Digest is the SHA-256 of the text, in hexadecimal: the version.
	Digest string
	// Text is Markdown.
	Text string
	// Created is when somebody consented to it first.
	Created time.Time
}

const uniquePolicy = "login_page_policy_digest"

// Shape is how storages keep policies.
func (Policy) Shape() store.Shape {
	return store.Shape{Table: "login_page_policy", Org: "OrganizationID", Order: store.Newest("Created"),
		Unique: []store.Unique{{Name: uniquePolicy, Fields: []string{"OrganizationID", "Kind", "Language", "Digest"}}}}
}

// PolicyFilter selects policies; the zero value all.
type PolicyFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// Kind, Language and Digest are exactly one.
	Kind     Kind
	Language string
	Digest   string
}

// Signup is what somebody said when registering at a page.
type Signup struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID and UserID are where and who.
	OrganizationID, UserID wispwright.ID
	// Username is the account's name then.
	Username string
	// Language is that of the page.
	Language string
	// TermsID and PrivacyID are the versions of the policies that were accepted; zero:
	// there was none.
	TermsID, PrivacyID wispwright.ID
	// Fields are the answers to the page's own questions, by name.
	Fields wispwright.JSON
	// Created is when.
	Created time.Time
}

// Shape is how storages keep signups.
func (Signup) Shape() store.Shape {
	return store.Shape{Table: "login_page_signup", Org: "OrganizationID", Order: store.Newest("Created"), Search: []string{"Username"}}
}

// SignupFilter selects signups; the zero value all.
type SignupFilter struct {
	// OrganizationID and UserID are where and who.
	OrganizationID, UserID wispwright.ID
	// Search is a part of the username, in any letter case.
	Search string
}

// Day is how many people came how far on one day: the funnel.
type Day struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID is whose page it was.
	OrganizationID wispwright.ID
	// Day is the date in the zone of the installation, as 2006-01-02.
	Day string
	// Seen are browsers that were shown the page, Tried those that sent a log-in or a
	// registration, Online people who came through the page and began a session.
	Seen, Tried, Online int64
}

const uniqueDay = "login_page_day"

// Shape is how storages keep days.
func (Day) Shape() store.Shape {
	return store.Shape{Table: "login_page_days", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Day", Descending: true}},
		Unique: []store.Unique{{Name: uniqueDay, Fields: []string{"OrganizationID", "Day"}}}}
}

// DayFilter selects days; the zero value all.
type DayFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// DayFrom is the first date; those before DayBefore count.
	DayFrom, DayBefore string
}

// Arrival is somebody who logged in at a page and whose session is waited for.
type Arrival struct {
	// ID identifies it.
	ID wispwright.ID
	// OrganizationID, Username and Day are where, who and when; unique together.
	OrganizationID wispwright.ID
	Username       string
	Day            string
	// Online: a session began.
	Online bool
}

const uniqueArrival = "login_page_arrival_user"

// Shape is how storages keep arrivals.
func (Arrival) Shape() store.Shape {
	return store.Shape{Table: "login_page_arrival", Org: "OrganizationID", Order: []wispwright.Order{{Field: "Day"}},
		Unique: []store.Unique{{Name: uniqueArrival, Fields: []string{"OrganizationID", "Username", "Day"}}}}
}

// ArrivalFilter selects arrivals; the zero value all.
type ArrivalFilter struct {
	// OrganizationID and Username are where and who.
	OrganizationID wispwright.ID
	Username       string
	// DayBefore are earlier ones.
	DayBefore string
	// Online are those with a session, or without.
	Online *bool
}
