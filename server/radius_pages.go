package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/loginpages"
	"github.com/wispwright/wispwright/radius/loginpages/loginpageshttp"
	"github.com/wispwright/wispwright/radius/loginpages/loginpagessql"
)

// pages makes the login pages. They are at the paths that nobody else has: an
// organization's slug and what follows it, as the captive portals of the original know
// them.
func (c *RadiusConcern) pages(h *Host) error {
	stores, err := loginpagessql.New(h.DB())
	if err != nil {
		return err
	}
	if c.LoginPages, err = loginpages.NewService(c.base, stores, &loginpages.ServiceOptions{Zone: c.Config.zone(), Bus: h.DB(), Log: h.Log()}); err != nil {
		return err
	}
	if err := c.LoginPages.Start(h.Lifetime()); err != nil {
		return err
	}
	key, err := h.SecretKey()
	if err != nil {
		return err
	}
	pages, err := loginpages.New(c.LoginPages, loginpages.Enrolling{SignIn: c.signIn, Radius: c.Radius, Enrolment: c.Enrolment, Phones: radiusPhones{c.Config.FixedLineOrMobile}}, &loginpages.Options{
		SecretKey: key, Source: h.API().Source, Address: h.API().ClientAddress, Rate: c.Config.Rate, Payments: c.Payments, Gateways: c.portal, Site: c.Tenancy.Config.SiteName, Log: h.Log(),
		Secure: func(r *http.Request) bool {
			return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") // the front left it to trusted proxies
		},
	})
	if err != nil {
		return err
	}
	wire, err := loginpageshttp.New(c.LoginPages, pages, c.Radius)
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Handle("/assets/", pages, "/assets/")
	h.otherwise = pages
	h.AtStop(c.LoginPages.StoreCounts)
	h.Daily("radius.loginpages", c.LoginPages.Clean)
	c.Accounting.Accounted.Subscribe("radius: people who came online through a login page", func(ctx context.Context, list ...radius.Accounted) {
		came := map[wispwright.ID][]string{}
		for _, a := range list {
			if a.Created && a.Session.Username != nil && a.Session.IsOpen() {
				came[a.Session.OrganizationID] = append(came[a.Session.OrganizationID], *a.Session.Username)
			}
		}
		for organization, names := range came {
			if err := c.LoginPages.Arrived(ctx, organization, names...); err != nil {
				h.Log().WarnContext(ctx, "somebody is missing in the funnel", "error", err)
			}
		}
	})
	return c.social(h)
}
