package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/enrol"
	"github.com/wispwright/wispwright/radius/radiusd"
	"github.com/wispwright/wispwright/radius/sms"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/password"
	"github.com/wispwright/wispwright/tenancy/tenancyhttp"
)

// radiusJobs are what the concern does in the background.
type radiusJobs struct {
	queue     *jobs.Queue
	codes     jobs.Kind[wispwright.ID]
	batches   jobs.Kind[wispwright.ID]
	passwords jobs.Kind[radiusPassword]
	resets    jobs.Kind[radiusReset]
	sessions  jobs.Kind[radiusSession]
	changes   jobs.Kind[radiusd.Change]
}

// radiusPassword is a letter with a random password; it is looked up when it is sent.
type radiusPassword struct {
	Batch    wispwright.ID `json:"batch"`
	Username string        `json:"username"`
}

// radiusReset is a request for a new password, by whomever.
type radiusReset struct {
	Organization wispwright.ID `json:"organization"`
	Identifier   string        `json:"identifier"`
}

// radiusSession is a letter about a session that began.
type radiusSession struct {
	Organization wispwright.ID `json:"organization"`
	Username     string        `json:"username"`
}

func newRadiusJobs(q *jobs.Queue) *radiusJobs {
	return &radiusJobs{
		queue: q,
		// a code that comes after half an hour is worth nothing
		codes:     jobs.Kind[wispwright.ID]{Name: "radius.sms", Queue: "sms", Attempts: 5},
		batches:   jobs.Kind[wispwright.ID]{Name: "radius.batch", Queue: "batches", Workers: 1, Timeout: 2 * time.Hour, Attempts: 5},
		passwords: jobs.Kind[radiusPassword]{Name: "radius.password", Queue: "mail", Attempts: 12},
		resets:    jobs.Kind[radiusReset]{Name: "radius.reset", Queue: "mail", Attempts: 12},
		sessions:  jobs.Kind[radiusSession]{Name: "radius.session", Queue: "mail", Attempts: 5},
		changes:   jobs.Kind[radiusd.Change]{Name: "radius.coa", Queue: "coa", Workers: 16, Attempts: 5, Timeout: 5 * time.Minute},
	}
}

// enrol makes the way into networks, and what it needs in the background.
func (c *RadiusConcern) enrol(h *Host, q *radiusJobs, stores enrol.Stores, accounts *radiusAccounts, options *radius.Options) error {
	s := &c.Config
	hasher := radiusHasher{password.Hasher{Iterations: c.Tenancy.Config.PasswordIterations}}
	background := s.BatchAsync
	if background == 0 {
		background = -1
	}
	var err error
	c.Enrolment, err = enrol.New(c.base, stores, c.Radius, accounts, hasher, radiusPhones{s.FixedLineOrMobile}, &enrol.Options{
		CodeLength: s.SMSLength, CodeValidity: s.SMSValidity, CodeAttempts: s.SMSAttempts, UserDaily: s.SMSUserDaily, AddressDaily: s.SMSAddressDaily,
		SettableMethods: s.SettableMethods, Background: background, PasswordLength: s.BatchPasswordLength, MaxFile: s.BatchFileSize, Zone: options.Zone, Log: h.Log(),
		SendCode:  func(ctx context.Context, code wispwright.ID) error { return q.codes.Insert(ctx, q.queue, code) },
		MakeBatch: func(ctx context.Context, batch wispwright.ID) error { return q.batches.Insert(ctx, q.queue, batch) },
		SendPasswords: func(ctx context.Context, batch wispwright.ID, usernames ...string) error {
			list := make([]radiusPassword, len(usernames))
			for i, name := range usernames {
				list[i] = radiusPassword{batch, name}
			}
			return q.passwords.Insert(ctx, q.queue, list...)
		},
	})
	if err != nil {
		return err
	}
	return c.work(h, q)
}

// work says what becomes of the concern's jobs.
func (c *RadiusConcern) work(h *Host, q *radiusJobs) error {
	gateway, err := c.gateway(h)
	if err != nil {
		return err
	}
	mailer := c.Tenancy.Mailer
	if mailer == nil {
		if mailer, err = h.Mailer(); err != nil {
			return err
		}
	}
	t := &c.Tenancy.Config
	site := enrol.Site{Name: t.SiteName, URL: strings.TrimRight(t.SiteURL, "/")}
	letters, err := enrol.NewLetters(func(ctx context.Context, to, subject, text string) error {
		m := tenancy.Message{To: to, Subject: subject, Text: text}
		if err := m.Validate(); err != nil {
			return jobs.Permanent(err)
		}
		return mailer.Send(ctx, m)
	}, site, &enrol.LetterOptions{PasswordSubject: c.Config.BatchMailSubject, PasswordMessage: c.Config.BatchMailMessage})
	if err != nil {
		return err
	}
	changer, err := radiusd.NewChanger(c.Radius, c.accounts, &radiusd.ChangerOptions{Port: uint16(c.Config.CoAPort), Log: h.Log()})
	if err != nil {
		return err
	}
	h.Jobs().Add(
		q.changes.Handle(changer.Apply),
		q.codes.Handle(func(ctx context.Context, id wispwright.ID) error {
			m, err := c.Enrolment.Codes.Message(ctx, id)
			if err != nil || m == nil {
				return err
			}
			err = gateway.Send(ctx, *m)
			var refused *sms.RefusedError
			if errors.As(err, &refused) {
				h.Log().ErrorContext(ctx, "a code was not sent", "error", err)
				return jobs.Permanent(err)
			}
			return err
		}),
		q.batches.Handle(func(ctx context.Context, id wispwright.ID) error { return c.Enrolment.Batches.Work(ctx, id) }),
		q.passwords.Handle(func(ctx context.Context, p radiusPassword) error {
			a, plain, err := c.Enrolment.Batches.Password(ctx, p.Batch, p.Username)
			if err != nil || a == nil || a.Email == "" || plain == "" {
				return err
			}
			return letters.Credentials(ctx, enrol.Letter{To: a.Email, Username: a.Username, Password: plain})
		}),
		q.resets.Handle(func(ctx context.Context, r radiusReset) error { return c.sendReset(ctx, letters, site, r) }),
		q.sessions.Handle(func(ctx context.Context, s radiusSession) error { return c.sendSession(ctx, letters, s) }),
	)
	c.Accounting.Accounted.Subscribe("radius: letters about sessions", func(ctx context.Context, list ...radius.Accounted) {
		if err := c.orderLetters(ctx, q, list); err != nil {
			h.Log().WarnContext(ctx, "somebody is not told of a session", "error", err)
		}
	})
	return nil
}

// gateway is who sends messages.
func (c *RadiusConcern) gateway(h *Host) (sms.Gateway, error) {
	s := &c.Config
	if c.Gateway != nil {
		return c.Gateway, nil
	}
	if s.SMSGateway == "file" {
		return sms.NewFolder(filepath.Join(h.Config().Data, "sms"))
	}
	o, known := sms.Presets()[s.SMSGateway]
	if !known {
		o = sms.HTTPOptions{URL: s.SMSURL, Body: s.SMSBody}
		if s.SMSAccount != "" && s.SMSSecret != "" {
			o.Authorization = "Basic"
		}
	}
	o.Account, o.Secret = s.SMSAccount, s.SMSSecret
	return sms.NewHTTP(o)
}

// sendReset writes to the user whom an identifier means, if it is one of the
// organization's with a password and an address.
func (c *RadiusConcern) sendReset(ctx context.Context, letters *enrol.Letters, site enrol.Site, r radiusReset) error {
	t := c.Tenancy.Tenancy
	in, err := c.Settings.Effective(ctx, r.Organization)
	if err != nil {
		return gone(err)
	}
	found, err := t.Login.Candidates(ctx, r.Identifier)
	if err != nil || len(found) == 0 {
		return err
	}
	u := found[0]
	member, err := c.accounts.IsMember(ctx, u.ID, r.Organization)
	if err != nil || !member && !u.IsSuperuser || !u.IsActive || u.Email == "" || !password.Usable(u.Password.Reveal()) {
		return err
	}
	uid, token, err := t.Letters.ResetKey(ctx, u.ID)
	if err != nil {
		return gone(err)
	}
	host := site.URL
	if u, err := url.Parse(site.URL); err == nil && u.Host != "" {
		host = u.Host
	}
	link := strings.NewReplacer("{site}", host, "{organization}", in.Organization.Slug, "{uid}", uid, "{token}", token).Replace(in.PasswordResetURL)
	return letters.Reset(ctx, enrol.Letter{To: u.Email, Username: u.Username, Organization: in.Organization.Name, Link: link})
}

// orderLetters orders letters about sessions that began, where the organization has a
// page to manage them (spec: radius §11).
func (c *RadiusConcern) orderLetters(ctx context.Context, q *radiusJobs, list []radius.Accounted) error {
	for _, a := range list {
		s := a.Session
		if a.Status != radius.Start || s.Username == nil || s.FramedProtocol != nil && *s.FramedProtocol == "PPP" {
			continue
		}
		in, err := c.Settings.Effective(ctx, s.OrganizationID)
		if err != nil {
			return err
		}
		if in.LoginURL == "" {
			continue
		}
		if err := q.sessions.Insert(context.WithoutCancel(ctx), q.queue, radiusSession{s.OrganizationID, *s.Username}); err != nil {
			return err
		}
	}
	return nil
}

// sendSession writes to a user with a verified primary address.
func (c *RadiusConcern) sendSession(ctx context.Context, letters *enrol.Letters, s radiusSession) error {
	t := c.Tenancy.Tenancy
	in, err := c.Settings.Effective(ctx, s.Organization)
	if err != nil || in.LoginURL == "" {
		return gone(err)
	}
	u, err := t.Users.ByUsername(ctx, everyone(), s.Username)
	if err != nil || !u.IsActive {
		return gone(err)
	}
	member, err := c.accounts.IsMember(ctx, u.ID, s.Organization)
	if err != nil || !member {
		return err
	}
	yes := true
	addresses, err := t.Emails.List(ctx, everyone(), tenancy.EmailFilter{UserID: u.ID, IsVerified: &yes, IsPrimary: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil || len(addresses.Rows) == 0 {
		return err
	}
	token, err := t.MagicLinks.Make(wispwright.WithCaller(ctx, wispwright.System("letter about a session")), u.ID)
	if errors.Is(err, tenancy.ErrNoLinks) {
		return nil
	}
	if err != nil {
		return err
	}
	link := in.LoginURL
	if mark := "?"; strings.Contains(link, mark) {
		link += "&"
	} else {
		link += mark
	}
	return letters.Session(ctx, enrol.Letter{To: addresses.Rows[0].Address, Username: u.Username, Organization: in.Organization.Name, Link: link + "sesame=" + url.QueryEscape(token),
		Days: int(c.Tenancy.Config.SesameMaxAge / (24 * time.Hour))})
}

// gone takes what is not there any more as done.
func gone(err error) error {
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil
	}
	return err
}

// radiusHasher hashes passwords of batches.
type radiusHasher struct{ password.Hasher }

// randomIterations protect random passwords: of 46 bits, they are renewed at the first
// log-in (radius/enrol/README.md).
const randomIterations = 2000

// HashRandom implements enrol.Hasher.
func (h radiusHasher) HashRandom(plain string) (string, error) {
	return password.Hasher{Iterations: randomIterations}.Hash(plain)
}

// IsHash implements enrol.Hasher.
func (h radiusHasher) IsHash(text string) bool { return password.Recognised(text) }

// radiusPhones reads telephone numbers of all countries.
type radiusPhones struct{ either bool }

// Parse implements enrol.Telephone.
func (p radiusPhones) Parse(text string) (e164 string, mobile, ok bool) {
	e164, ok = tenancyhttp.ParsePhone(text)
	if !ok {
		return "", false, false
	}
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "", false, false
	}
	kind := phonenumbers.GetNumberType(number)
	return e164, kind == phonenumbers.MOBILE || p.either && kind == phonenumbers.FIXED_LINE_OR_MOBILE, true
}

// Holders implements enrol.People.
func (a *radiusAccounts) Holders(ctx context.Context, username, email, phone string) (out enrol.Holders, err error) {
	one := func(f tenancy.UserFilter) (*radius.Account, error) {
		found, err := a.t.Users.List(ctx, everyone(), f, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil || len(found.Rows) == 0 {
			return nil, err
		}
		return a.account(found.Rows[0]), nil
	}
	if username != "" {
		if out.Username, err = one(tenancy.UserFilter{Named: username}); err != nil {
			return out, fmt.Errorf("look for a username: %w", err)
		}
	}
	if phone != "" {
		if out.Phone, err = one(tenancy.UserFilter{PhoneNumber: phone}); err != nil {
			return out, fmt.Errorf("look for a telephone number: %w", err)
		}
	}
	if email == "" {
		return out, nil
	}
	yes := true
	verified, err := a.t.Emails.List(ctx, everyone(), tenancy.EmailFilter{Address: strings.ToLower(email), IsVerified: &yes}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return out, fmt.Errorf("look for an address: %w", err)
	}
	if len(verified.Rows) > 0 {
		out.EmailVerified = true
		out.Email, err = a.Get(ctx, verified.Rows[0].UserID)
		return out, err
	}
	out.Email, err = one(tenancy.UserFilter{Email: email})
	return out, err
}

// Organizations implements enrol.People.
func (a *radiusAccounts) Organizations(ctx context.Context, user wispwright.ID) ([]radius.Organization, error) {
	grants, err := a.t.Users.Grants(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []radius.Organization
	for _, role := range grants[user].Organizations {
		o, err := radiusOrganizations{a.t}.Get(ctx, role.OrganizationID)
		if err != nil {
			return nil, err
		}
		if o.IsActive {
			out = append(out, o)
		}
	}
	return out, nil
}

// Weak implements enrol.People.
func (a *radiusAccounts) Weak(plain string) []string {
	var invalid *wispwright.ValidationError
	if errors.As(a.t.Users.CheckPassword(&tenancy.User{}, plain), &invalid) && len(invalid.Fields) > 0 {
		return invalid.Fields[0].Messages
	}
	return nil
}

// Create implements enrol.People.
func (a *radiusAccounts) Create(ctx context.Context, p *enrol.Person) (*radius.Account, error) {
	u := &tenancy.User{Username: p.Username, Email: p.Email, PhoneNumber: p.Phone, FirstName: p.FirstName, LastName: p.LastName, Location: p.Location, BirthDate: p.BirthDate,
		ExpirationDate: p.Expires, IsActive: true}
	create := a.t.Users.CreateUnverified
	switch {
	case p.Hash != "":
		create = func(ctx context.Context, u *tenancy.User, _ string) error {
			return a.t.Users.CreateHashed(ctx, u, p.Hash)
		}
	case p.Verified:
		create = a.t.Users.Create
	}
	if err := create(ctx, u, p.Password); err != nil {
		return nil, err
	}
	return a.account(u), nil
}

// Free implements enrol.People.
func (a *radiusAccounts) Free(ctx context.Context, usernames ...string) ([]string, error) {
	found, err := a.t.Users.List(ctx, everyone(), tenancy.UserFilter{NamedAmong: wispwright.Only(usernames...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("look for usernames: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(usernames), func(name string) bool {
		return slices.ContainsFunc(found.Rows, func(u *tenancy.User) bool { return strings.EqualFold(u.Username, name) })
	}), nil
}

// CreateMembers implements enrol.People.
func (a *radiusAccounts) CreateMembers(ctx context.Context, organization wispwright.ID, list ...*enrol.Person) ([]*radius.Account, error) {
	users := make([]*tenancy.User, len(list))
	for i, p := range list {
		users[i] = &tenancy.User{Username: p.Username, FirstName: p.FirstName, LastName: p.LastName, Location: p.Location, BirthDate: p.BirthDate, ExpirationDate: p.Expires,
			IsActive: true, Password: wispwright.Secret(p.Hash)}
	}
	if err := a.t.Users.CreateMany(ctx, users); err != nil {
		return nil, err
	}
	members, out := make([]*tenancy.Membership, len(users)), make([]*radius.Account, len(users))
	for i, u := range users {
		members[i], out[i] = &tenancy.Membership{UserID: u.ID, OrganizationID: organization}, a.account(u)
	}
	return out, a.t.Memberships.CreateMany(ctx, members)
}

// Join implements enrol.People.
func (a *radiusAccounts) Join(ctx context.Context, user, organization wispwright.ID) error {
	member, err := a.IsMember(ctx, user, organization)
	if err != nil || member {
		return err
	}
	return a.t.Memberships.Create(ctx, &tenancy.Membership{UserID: user, OrganizationID: organization})
}

// Key implements enrol.People.
func (a *radiusAccounts) Key(ctx context.Context, user wispwright.ID) (string, error) {
	k, err := a.t.Tokens.For(ctx, user)
	if err != nil {
		return "", err
	}
	return k.Key.Reveal(), nil
}

// Reach implements enrol.People.
func (a *radiusAccounts) Reach(ctx context.Context, user wispwright.ID, phone string) error {
	_, err := a.t.Users.Update(ctx, everyone(), user, func(u *tenancy.User) error {
		if u.Username == u.PhoneNumber && u.PhoneNumber != "" {
			u.Username = phone
		}
		u.PhoneNumber, u.IsActive = phone, true
		return nil
	})
	return err
}

// Remove implements enrol.People.
func (a *radiusAccounts) Remove(ctx context.Context, user wispwright.ID) error {
	return a.t.Users.Delete(ctx, everyone(), user)
}

var _ enrol.People = (*radiusAccounts)(nil)
