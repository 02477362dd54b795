package loginpages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/signin"
	"github.com/wispwright/wispwright/tenancy"
)

// PreviewPages are the pages that Preview can show.
func PreviewPages() []string { return []string{"login", "registration", "status"} }

// Preview is a page as it would look with a configuration that is not stored yet, for
// the person who edits it. Its forms lead nowhere: it is shown in a sandbox. Faults name the
// fields document and page.
func (p *Pages) Preview(ctx context.Context, in radius.InForce, page, language string, documents ...wispwright.JSON) ([]byte, error) {
	cfg, err := Merge(documents...)
	if err != nil {
		return nil, err
	}
	all, err := p.s.of(ctx, in.Organization.ID)
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		return nil, err
	}
	if all == nil {
		all = &shelf{}
	}
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/" + in.Organization.Slug + "/" + page}, Header: http.Header{}, Host: "preview"}).WithContext(ctx)
	v := &visit{found: &found{in.Organization.Slug, in, all, cfg}, p: p, r: r, nonce: "preview", preview: true, asked: true}
	v.words = p.texts.in(choose(r, cfg, strings.ToLower(language)), cfg)
	switch page {
	case "login":
		return v.render("login", v.T("login_title"), v.newLoginForm())
	case "registration":
		return v.render("register", v.T("register_title"), v.newRegisterForm(nil))
	case "status":
		v.who = &signin.Entry{User: &tenancy.User{Username: "ann", Email: "ann@example.org", IsActive: true}, Accepted: true}
		return v.render("status", v.T("status_title"), &statusPage{Username: "ann", Email: "ann@example.org", Verified: true, ByOne: true,
			Usage: []usageRow{{Used: "1.2 GB", Limit: "3 GB", Percent: 40, Label: v.T("traffic")}},
			Open:  []sessionRow{{Start: "2026-01-31 09:30", Duration: "1:12:05", Down: "212 MB", Up: "8.4 MB", Device: "3C-22-FB-00-00-01"}}})
	}
	return nil, wispwright.Invalid("page", "\""+page+"\" is not a valid choice.")
}
