package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/enterprise"
	"github.com/wispwright/wispwright/radius/loginpages"
	"github.com/wispwright/wispwright/radius/loginpages/loginpagessql"
	"github.com/wispwright/wispwright/radius/portal"
	"github.com/wispwright/wispwright/radius/portal/portalsql"
	"github.com/wispwright/wispwright/radius/radiusd"
	"github.com/wispwright/wispwright/radius/radiushttp"
	"github.com/wispwright/wispwright/radius/radiussql"
	"github.com/wispwright/wispwright/radius/signin"
	"github.com/wispwright/wispwright/radius/sms"
	"github.com/wispwright/wispwright/tenancy"
)

// RadiusConcern is who may use networks over RADIUS, how much, and what was used.
// Make it with NewRadius.
type RadiusConcern struct {
	// Config is the section radius of the configuration.
	Config RadiusConfig
	// Tenancy has the accounts and the history; it is required.
	Tenancy *TenancyConcern
	// Tune changes the options of the concern before it is made, such as the
	// counters.
	Tune func(*radius.Options)
	// TuneHTTP changes those of its endpoints.
	TuneHTTP func(*radiushttp.Options)

	// Gateway sends messages to telephones. Default: as the configuration says.
	Gateway sms.Gateway

	// Payments sells plans at login pages. Default: nothing is sold.
	Payments loginpages.Payments

	// Radius, Enrolment and LoginPages are made by Mount.
	*radius.Radius
	Enrolment  *enrol.Enrolment
	LoginPages *loginpages.Service

	db        *sqlstore.DB
	base      *entity.Base
	networks  *enterprise.Networks
	accounts  *radiusAccounts
	signIn    *signin.Service
	portal    *portal.Service
	templates *ControllerConcern
	daemon    *radiusd.Server
	addresses []net.Addr
}

var (
	_ WithModels        = (*RadiusConcern)(nil)
	_ WithSettings      = (*RadiusConcern)(nil)
	_ WithEvents        = (*RadiusConcern)(nil)
	_ WithKinds         = (*RadiusConcern)(nil)
	_ WithNotifications = (*RadiusConcern)(nil)
)

// NewRadius returns the concern with its default settings.
func NewRadius(t *TenancyConcern) *RadiusConcern {
	return &RadiusConcern{Config: DefaultRadiusConfig(), Tenancy: t}
}

// Name implements Concern.
func (c *RadiusConcern) Name() string { return "radius" }

// Migrations implements Concern.
func (c *RadiusConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{radiussql.Migrations(), portalsql.Migrations(), loginpagessql.Migrations()}
}

// Models implements WithModels.
func (c *RadiusConcern) Models() []wispwright.Model {
	return slices.Concat(radius.Models(), portal.Models(), loginpages.Models())
}

// Events implements WithEvents.
func (c *RadiusConcern) Events() []event.Listed {
	return slices.Concat(c.Radius.Events(), c.Enrolment.Events(), c.networks.Events(), c.portal.Events(), c.LoginPages.Events())
}

// Section implements WithSettings.
func (c *RadiusConcern) Section() Section {
	defaults := DefaultRadiusConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *RadiusConcern) Mount(_ context.Context, h *Host) error {
	if c.Radius != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Tenancy); err != nil {
		return err
	}
	c.db = h.DB()
	stores, err := radiussql.New(h.DB())
	if err != nil {
		return err
	}
	t := c.Tenancy.Tenancy
	enrolStores, err := radiussql.NewEnrolment(h.DB())
	if err != nil {
		return err
	}
	accounts, organizations := newRadiusAccounts(t, h.DB()), radiusOrganizations{t}
	c.accounts = accounts
	options := c.Config.options(h)
	if c.Tune != nil {
		c.Tune(options)
	}
	c.base = &entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}
	if c.Radius, err = radius.New(c.base, stores, accounts, organizations, options); err != nil {
		return err
	}
	if err := errors.Join(c.Start(h.Lifetime()), accounts.listen(h.Lifetime())); err != nil {
		return err
	}
	if err := c.newEnterprise(h); err != nil {
		return err
	}
	q := newRadiusJobs(h.Jobs())
	if err := c.enrol(h, q, enrolStores, accounts, options); err != nil {
		return err
	}
	c.signIn, err = signin.New(c.Radius, t, accounts, organizations, &signin.Options{Enrolment: c.Enrolment, OrderReset: func(ctx context.Context, organization wispwright.ID, identifier string) error {
		return q.resets.Insert(ctx, q.queue, radiusReset{organization, identifier})
	}})
	if err != nil {
		return err
	}
	wired := &radiushttp.Options{Enrolment: c.Enrolment, Enterprise: c.networks, SignIn: c.signIn, Phones: radiusPhones{c.Config.FixedLineOrMobile}, MaxFile: c.Config.BatchFileSize, CodeRate: c.Config.CodeRate,
		Rate: c.Config.Rate, LoginRate: c.Config.LoginRate, FreeRADIUSRate: c.Config.FreeRADIUSRate, Reject: c.Config.AuthorizeReject, Zone: options.Zone}
	if c.TuneHTTP != nil {
		c.TuneHTTP(wired)
	}
	wire, err := radiushttp.New(c.Radius, t, accounts, organizations, wired)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	c.live(h, wire)
	h.wire(c.wiring()...)
	h.wire(Wire{"radius.Memberships.Saved", "radius: access servers of users with another group", hook(c.Memberships.Saved.Subscribe, func(ctx context.Context, changes ...entity.Change[radius.Membership]) error {
		for _, m := range changes {
			if m.Before == nil || m.Before.GroupID == m.After.GroupID {
				continue
			}
			if err := q.changes.Insert(ctx, q.queue, radiusd.Change{User: m.After.UserID, Organization: m.After.OrganizationID, From: m.Before.GroupID, To: m.After.GroupID}); err != nil {
				return err
			}
		}
		return nil
	})})
	if err := c.mountPortal(h); err != nil {
		return err
	}
	if err := c.pages(h); err != nil {
		return err
	}
	if err := c.listen(h); err != nil {
		return err
	}
	h.Daily("radius.clean", c.clean)
	h.AtStart(func(ctx context.Context) error { return c.adopt(ctx, h) })
	return nil
}

// live tells pages of batches, sessions, groups and access servers.
func (c *RadiusConcern) live(h *Host, wire *radiushttp.HTTP) {
	h.Live(radiushttp.BatchSocket, wire.BatchTopic())
	c.Enrolment.Batches.Ended.Subscribe("live: batches of users", func(ctx context.Context, list ...*enrol.Batch) {
		for _, b := range list {
			if err := wire.TellBatch(ctx, h.Hub(), b); err != nil {
				h.Log().ErrorContext(ctx, "a page was not told of a batch", "error", err)
			}
		}
	})
	Watched(h, radiusApp+"radiusaccounting", &c.Accounting.Changed, func(s *radius.Session) (wispwright.ID, string) { return s.OrganizationID, s.UniqueID })
	Watched(h, radiusApp+"radiusgroup", &c.Groups.Changed, func(g *radius.Group) (wispwright.ID, string) { return g.OrganizationID, g.ID.String() })
	Watched(h, radiusApp+"nas", &c.NASes.Changed, func(n *radius.NAS) (wispwright.ID, string) { return n.OrganizationID, n.ID.String() })
}

// radiusApp is the label of the concern's kinds of objects.
const radiusApp = "openwisp_radius."

// clean ends sessions that went silent and removes what is old (spec: radius §13).
func (c *RadiusConcern) clean(ctx context.Context) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("cleaning of RADIUS"))
	var all []error
	if age := c.Config.StaleAfter; age > 0 {
		_, err := c.Accounting.CloseStale(ctx, age)
		all = append(all, err)
	}
	if age := c.Config.AccountingAge; age > 0 {
		_, err := c.Accounting.Prune(ctx, age)
		all = append(all, err)
	}
	if age := c.Config.PostAuthAge; age > 0 {
		_, err := c.PostAuths.Prune(ctx, age)
		all = append(all, err)
	}
	all = append(all, c.Enrolment.Codes.Prune(ctx, 7*24*time.Hour))
	if age := c.Config.GuestAge; age > 0 {
		all = append(all, c.portal.Prune(ctx, age))
	}
	if age := c.Config.BatchDeleteExpired; age > 0 {
		all = append(all, c.Enrolment.Batches.Prune(ctx, age))
	}
	if age := c.Config.UnverifiedAge; age > 0 {
		_, err := c.Enrolment.DeleteUnverified(ctx, age, c.Config.UnverifiedKeep...)
		all = append(all, err)
	}
	return errors.Join(all...)
}

// adopt gives organizations and members that were there before the concern what new
// ones get.
func (c *RadiusConcern) adopt(ctx context.Context, h *Host) error {
	ctx = wispwright.WithCaller(ctx, wispwright.System("first start with RADIUS"))
	return h.WhenChanged(ctx, "radius.organizations", "1", func(ctx context.Context) error {
		t := c.Tenancy.Tenancy
		all, err := t.Organizations.List(ctx, everyone(), tenancy.OrganizationFilter{}, unpaged)
		if err != nil {
			return fmt.Errorf("organizations: %w", err)
		}
		for _, o := range all.Rows {
			if err := c.Prepare(ctx, o.ID); err != nil {
				return err
			}
		}
		const step = 500
		for offset := 0; ; offset += step {
			members, err := t.Memberships.List(ctx, everyone(), tenancy.MembershipFilter{}, wispwright.Page{Offset: offset, Limit: step, NoTotal: true})
			if err != nil {
				return fmt.Errorf("members: %w", err)
			}
			for _, m := range members.Rows {
				if err := c.Memberships.Joined(ctx, m.OrganizationID, m.UserID); err != nil {
					return err
				}
			}
			if len(members.Rows) < step {
				return nil
			}
		}
	})
}

// wiring is what follows from changes of organizations, users and members (spec:
// radius §7).
func (c *RadiusConcern) wiring() []Wire {
	t := c.Tenancy.Tenancy
	return []Wire{
		{"tenancy.Organizations.Saved", "radius: settings and groups of organizations", hook(t.Organizations.Saved.Subscribe, c.organizationSaved)},
		{"tenancy.Memberships.Saved", "radius: the default group of new members", hook(t.Memberships.Saved.Subscribe, func(ctx context.Context, changes ...entity.Change[tenancy.Membership]) error {
			joined := map[wispwright.ID][]wispwright.ID{}
			for _, m := range changes {
				if m.Before == nil {
					joined[m.After.OrganizationID] = append(joined[m.After.OrganizationID], m.After.UserID)
				}
			}
			for organization, users := range joined {
				if err := c.Memberships.Joined(ctx, organization, users...); err != nil {
					return err
				}
			}
			return nil
		})},
		{"tenancy.Users.Saved", "radius: names of users", hook(t.Users.Saved.Subscribe, func(ctx context.Context, changes ...entity.Change[tenancy.User]) error {
			for _, u := range changes {
				if u.Before == nil || u.Before.Username == u.After.Username {
					continue
				}
				if err := c.Renamed(ctx, u.After.ID, u.After.Username); err != nil {
					return err
				}
			}
			return nil
		})},
		{"tenancy.Users.Deleting", "radius: what belongs to users", hook(t.Users.Deleting.Subscribe, func(ctx context.Context, users ...*tenancy.User) error {
			for _, u := range users {
				if err := errors.Join(c.ForgetUser(ctx, u.ID), c.Enrolment.ForgetUser(ctx, u.ID), c.LoginPages.ForgetUser(ctx, u.ID)); err != nil {
					return err
				}
			}
			return nil
		})},
	}
}

func (c *RadiusConcern) organizationSaved(ctx context.Context, changes ...entity.Change[tenancy.Organization]) error {
	for _, o := range changes {
		if err := c.Settings.Forget(ctx, o.After.ID); err != nil {
			return err
		}
		var err error
		switch {
		case o.Before == nil:
			err = c.Prepare(ctx, o.After.ID)
		case o.Before.Slug != o.After.Slug:
			err = c.Groups.Renamed(ctx, o.After.ID, o.Before.Slug, o.After.Slug)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// zone is where days begin.
func (c *RadiusConfig) zone() *time.Location {
	if zone, err := time.LoadLocation(c.TimeZone); err == nil { // it was checked
		return zone
	}
	return time.UTC
}
