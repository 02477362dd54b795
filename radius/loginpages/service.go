package loginpages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// ServiceOptions change what NewService makes; nil means the defaults.
type ServiceOptions struct {
	// Zone is where days begin. Default: UTC.
	Zone *time.Location
	// Bus tells other nodes of changes. Default: this node is alone.
	Bus wispwright.Bus
	// Log receives what must not fail a request. Default: slog's own.
	Log *slog.Logger
}

// Service keeps pages, their files, what people consented to and how many came.
type Service struct {
	// Pages are configurations.
	Pages *entity.Service[wispwright.ID, Page, PageFilter]
	// Assets are files.
	Assets *entity.Service[wispwright.ID, Asset, AssetFilter]

	base    *entity.Base
	stores  Stores
	funnel  *funnel
	cleaner *cleaner
	known   *cache.Cache[wispwright.ID, *shelf]
	zone    *time.Location
	log     *slog.Logger
}

// shelf is everything an organization has for its pages.
type shelf struct {
	configs map[string]*Config // by variant; nil: nobody is shown it
	assets  map[string]*Asset
}

// NewService makes the service over stores of the base's transactor.
func NewService(base *entity.Base, stores Stores, o *ServiceOptions) (*Service, error) {
	if base == nil || base.Tx == nil || stores.Pages == nil || stores.Assets == nil || stores.Policies == nil || stores.Signups == nil || stores.Days == nil || stores.Arrivals == nil {
		return nil, errors.New("loginpages: a transactor and all stores are required")
	}
	if o == nil {
		o = &ServiceOptions{}
	}
	s := &Service{base: base, stores: stores, cleaner: newCleaner(), zone: o.Zone, log: o.Log, known: cache.New[wispwright.ID, *shelf]("loginpages", cache.Options{Bus: o.Bus, Clock: base.Clock})}
	if s.zone == nil {
		s.zone = time.UTC
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.funnel = &funnel{counted: map[funnelKey]Day{}}
	s.Pages = entity.New(base, stores.Pages, entity.Kind[wispwright.ID, Page]{
		Name: "loginpages.Pages", Model: "loginpages.page", Label: func(p *Page) string { return "Login page " + p.Variant },
		Validate: s.validatePage,
		Stored: func(ctx context.Context, changes ...entity.Change[Page]) error {
			for _, c := range changes {
				if err := s.known.Drop(ctx, c.Object().OrganizationID); err != nil {
					return err
				}
			}
			return nil
		},
		Unique: map[string]error{uniquePage: wispwright.Invalid("variant", "The organization has a page of this variant already.")},
	})
	s.Assets = entity.New(base, stores.Assets, entity.Kind[wispwright.ID, Asset]{
		Name: "loginpages.Assets", Model: "loginpages.asset", Hidden: []string{"Data"},
		Validate: s.validateAsset, Check: s.checkAsset,
		Stored: func(ctx context.Context, changes ...entity.Change[Asset]) error {
			for _, c := range changes {
				if err := s.known.Drop(ctx, c.Object().OrganizationID); err != nil {
					return err
				}
			}
			return nil
		},
		Unique: map[string]error{uniqueAsset: wispwright.Invalid("name", "The organization has a file of this name already.")},
	})
	if base.Tenants != nil {
		s.emptiedWith(base)
	}
	return s, nil
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do.
func Models() []wispwright.Model {
	return []wispwright.Model{
		{App: "loginpages", Name: "page", Label: "Login page", Operator: "V", Administrator: "ACDV"},
		{App: "loginpages", Name: "asset", Label: "File of login pages", Operator: "V", Administrator: "ACDV"},
		{App: "loginpages", Name: "signup", Label: "Sign-up at a login page", Operator: "V", Administrator: "V"},
	}
}

// Events lists the events of the concern.
func (s *Service) Events() []event.Listed {
	return append(s.Pages.Listed(""), s.Assets.Listed("")...)
}

// Start listens to what other nodes change, and stores what was counted every few
// seconds, until the context ends.
func (s *Service) Start(ctx context.Context) error {
	go s.funnel.run(ctx, s)
	return s.known.Listen(ctx)
}

var variantForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (s *Service) validatePage(ctx context.Context, c entity.Change[Page]) error {
	p := c.After
	var v wispwright.ValidationError
	if p.OrganizationID.IsZero() {
		v.Add("organization", "This field may not be null.")
	}
	if p.Variant == "" {
		p.Variant = Main
	}
	if !variantForm.MatchString(p.Variant) || len(p.Variant) > 50 {
		v.Add("variant", "Enter small letters and digits, with hyphens between them.")
	}
	if p.Document == "" {
		p.Document = "{}"
	}
	if len(p.Document) > maxDocument {
		v.Add("document", fmt.Sprintf("The configuration is longer than %d KiB.", maxDocument>>10))
	}
	if err := v.Err(); err != nil {
		return err
	}
	documents := []wispwright.JSON{p.Document}
	if p.Variant != Main {
		main, err := s.stores.Pages.List(ctx, wispwright.ScopeOf(p.OrganizationID), PageFilter{OrganizationID: p.OrganizationID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, other := range main.Rows {
			if other.Variant == Main {
				documents = []wispwright.JSON{other.Document, p.Document}
			}
		}
	}
	_, err := Merge(documents...)
	return err
}

// types are the media types of files, by the end of their names.
func types() map[string]string {
	return map[string]string{
		".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml", ".ico": "image/x-icon",
		".css": "text/css; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".woff2": "font/woff2",
	}
}

func (s *Service) validateAsset(_ context.Context, c entity.Change[Asset]) error {
	a := c.After
	var v wispwright.ValidationError
	if a.OrganizationID.IsZero() {
		v.Add("organization", "This field may not be null.")
	}
	end := strings.ToLower(path.Ext(a.Name))
	a.Type = types()[end]
	switch {
	case !fileNameForm.MatchString(a.Name):
		v.Add("name", "Enter letters, digits, dots, hyphens and underscores.")
	case a.Type == "":
		v.Add("name", "Files of pages are pictures (png, jpg, gif, webp, svg, ico), style sheets (css), texts (md) and fonts (woff2).")
	}
	switch {
	case len(a.Data) == 0:
		v.Add("file", "The submitted file is empty.")
	case len(a.Data) > MaxAsset:
		v.Add("file", fmt.Sprintf("The file is longer than %d KiB.", MaxAsset>>10))
	case end == ".css":
		if fault := badCSS(string(a.Data)); fault != "" {
			v.Add("file", fault)
		}
	case strings.HasPrefix(a.Type, "image/") && end != ".svg" && !strings.HasPrefix(http.DetectContentType(a.Data), "image/"):
		v.Add("file", "This is not a picture.")
	}
	sum := sha256.Sum256(a.Data)
	a.Digest = hex.EncodeToString(sum[:8])
	return v.Err()
}

// checkAsset keeps an organization from having too many files.
func (s *Service) checkAsset(ctx context.Context, c entity.Change[Asset]) error {
	if c.Before != nil || c.After == nil {
		return nil
	}
	found, err := s.stores.Assets.List(ctx, wispwright.ScopeAll(), AssetFilter{OrganizationID: c.After.OrganizationID}, wispwright.Page{Limit: 1})
	if err == nil && found.Total >= MaxAssets {
		return wispwright.Invalid("", fmt.Sprintf("An organization may have %d files.", MaxAssets))
	}
	return err
}

// of is everything an organization has, which is remembered.
func (s *Service) of(ctx context.Context, organization wispwright.ID) (*shelf, error) {
	return s.known.Load(ctx, organization, func(ctx context.Context) (*shelf, error) {
		out := &shelf{map[string]*Config{}, map[string]*Asset{}}
		scope := wispwright.ScopeAll()
		pages, err := s.stores.Pages.List(ctx, scope, PageFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		if err := s.compile(ctx, out, pages.Rows); err != nil {
			return nil, err
		}
		assets, err := s.stores.Assets.List(ctx, scope, AssetFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, err
		}
		for _, a := range assets.Rows {
			out.assets[a.Name] = a
		}
		return out, nil
	})
}

// Config is the configuration of a variant of an organization's page, or
// wispwright.ErrNotFound: there is no such variant, or nobody is shown it.
func (s *Service) Config(ctx context.Context, organization wispwright.ID, variant string) (*Config, error) {
	all, err := s.of(ctx, organization)
	if err != nil {
		return nil, err
	}
	return all.config(variant)
}

// compile merges the pages of an organization. One that was stored and is not right any
// more, since a newer program asks for more, is shown as its defaults.
func (s *Service) compile(ctx context.Context, out *shelf, pages []*Page) error {
	var main wispwright.JSON
	for _, p := range pages {
		if p.Variant == Main {
			main = p.Document
		}
	}
	standard, err := Merge()
	if err != nil {
		return err
	}
	set := func(p *Page, documents ...wispwright.JSON) {
		c, err := Merge(documents...)
		if err != nil {
			s.log.ErrorContext(ctx, "a login page is shown as its defaults, because its configuration is not right", "page", p.ID, "error", err)
			c = standard
		}
		if p.Disabled {
			c = nil
		}
		out.configs[p.Variant] = c
	}
	out.configs[Main] = standard
	for _, p := range pages {
		if p.Variant == Main {
			set(p, main)
		} else {
			set(p, main, p.Document)
		}
	}
	return nil
}

func (a *shelf) config(variant string) (*Config, error) {
	if c := a.configs[variant]; c != nil {
		return c, nil
	}
	return nil, wispwright.ErrNotFound
}

// Import makes or replaces a page by a file of the original and returns warnings about
// what is not used here.
func (s *Service) Import(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, variant string, raw []byte) (page *Page, warnings []string, err error) {
	doc, warnings, err := ParseYAML(raw)
	if err != nil {
		return nil, nil, err
	}
	if variant == "" {
		variant = Main
	}
	err = s.base.Do(ctx, "loginpages.Import", func(ctx context.Context) error {
		if s.base.Tenants != nil {
			if err := s.base.Tenants.Hold(ctx, organization); err != nil {
				return err
			}
		}
		found, err := s.Pages.List(ctx, scope, PageFilter{OrganizationID: organization}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, p := range found.Rows {
			if p.Variant == variant {
				page, err = s.Pages.Update(ctx, scope, p.ID, func(p *Page) error { p.Document = doc; return nil })
				return err
			}
		}
		page = &Page{OrganizationID: organization, Variant: variant, Document: doc}
		return s.Pages.Create(ctx, page)
	})
	return page, warnings, err
}

// PutAsset makes or replaces a file.
func (s *Service) PutAsset(ctx context.Context, scope wispwright.Scope, organization wispwright.ID, name string, data []byte) (asset *Asset, err error) {
	err = s.base.Do(ctx, "loginpages.PutAsset", func(ctx context.Context) error {
		found, err := s.Assets.List(ctx, scope, AssetFilter{OrganizationID: organization, Name: name}, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return err
		}
		if len(found.Rows) > 0 {
			asset, err = s.Assets.Update(ctx, scope, found.Rows[0].ID, func(a *Asset) error { a.Data = data; return nil })
			return err
		}
		asset = &Asset{OrganizationID: organization, Name: name, Data: data}
		return s.Assets.Create(ctx, asset)
	})
	return asset, err
}

// ForgetUser removes what a user said at pages.
func (s *Service) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return drop(ctx, s.stores.Signups, SignupFilter{UserID: user}, func(x *Signup) wispwright.ID { return x.ID })
}

// emptiedWith removes what was kept of visitors with their organization.
func (s *Service) emptiedWith(base *entity.Base) {
	type ID = wispwright.ID
	count, some := emptied.Rows[ID, Signup, SignupFilter](s.stores.Signups, func(o ID) SignupFilter { return SignupFilter{OrganizationID: o} }, func(x *Signup) ID { return x.ID })
	emptied.Subscribe(base.Tx, base.Tenants, "loginpages.Signups", count, some)
	count, some = emptied.Rows[ID, Policy, PolicyFilter](s.stores.Policies, func(o ID) PolicyFilter { return PolicyFilter{OrganizationID: o} }, func(x *Policy) ID { return x.ID })
	emptied.Subscribe(base.Tx, base.Tenants, "loginpages.Policies", count, some)
	count, some = emptied.Rows[ID, Day, DayFilter](s.stores.Days, func(o ID) DayFilter { return DayFilter{OrganizationID: o} }, func(x *Day) ID { return x.ID })
	emptied.Subscribe(base.Tx, base.Tenants, "loginpages.Days", count, some)
	count, some = emptied.Rows[ID, Arrival, ArrivalFilter](s.stores.Arrivals, func(o ID) ArrivalFilter { return ArrivalFilter{OrganizationID: o} }, func(x *Arrival) ID { return x.ID })
	emptied.Subscribe(base.Tx, base.Tenants, "loginpages.Arrivals", count, some)
}

// drop removes all objects of a filter, some at a time.
func drop[T, F any](ctx context.Context, repo wispwright.Repo[T, F], f F, id func(*T) wispwright.ID) error {
	for {
		found, err := repo.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 200, NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return err
		}
		for _, x := range found.Rows {
			if err := repo.Delete(ctx, wispwright.ScopeAll(), id(x)); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
				return err
			}
		}
	}
}
