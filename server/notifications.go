package server

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/notificationshttp"
	"github.com/wispwright/wispwright/notifications/notificationssql"
	"github.com/wispwright/wispwright/notifications/webhooks"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookshttp"
	"github.com/wispwright/wispwright/notifications/webhooks/webhookssql"
	"github.com/wispwright/wispwright/server/jobs"
	"github.com/wispwright/wispwright/tenancy"
)

// NotificationsConcern tells people what happened to what is theirs. Make it
// with NewNotifications.
type NotificationsConcern struct {
	// Config is the section notifications of the configuration.
	Config NotificationsConfig
	// Tenancy has the accounts; it is required.
	Tenancy *TenancyConcern
	// Types are further kinds of notifications beside the product's.
	Types []notifications.Type
	// Objects describe further kinds of objects.
	Objects notifications.Objects
	// Mailer sends the e-mails. Default: as the section mail says.
	Mailer tenancy.Mailer
	// Tune changes the options of the concern before it is made.
	Tune func(*notifications.Options)

	// Messengers are further ways to bring what happens to people, such as SMS.
	Messengers []Messenger
	// Channels are further ways to bring what happens to somebody else.
	Channels []notifications.Channel
	// Offers are further events that webhooks can subscribe to; see Offer.
	Offers []webhooks.Event

	// Service is made by Mount.
	*notifications.Service
	// Webhooks is made by Mount.
	Webhooks *webhooks.Service

	drainer *drainer
	log     *slog.Logger
	pages   map[string]bool // kinds of objects that have pages
}

var (
	_ WithModels   = (*NotificationsConcern)(nil)
	_ WithSettings = (*NotificationsConcern)(nil)
	_ WithEvents   = (*NotificationsConcern)(nil)
	_ WithCommands = (*NotificationsConcern)(nil)
)

// NewNotifications returns the concern with its default settings. It tells of
// the concerns that stand before it in the list (WithKinds, WithNotifications).
func NewNotifications(t *TenancyConcern) *NotificationsConcern {
	return &NotificationsConcern{Config: defaultNotificationsConfig(), Tenancy: t}
}

// Name implements Concern.
func (n *NotificationsConcern) Name() string { return "notifications" }

// Migrations implements Concern.
func (n *NotificationsConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{notificationssql.Migrations(), webhookssql.Migrations()}
}

// Models implements WithModels.
func (n *NotificationsConcern) Models() []wispwright.Model {
	return append(notificationshttp.Models(), webhookshttp.Models()...)
}

// Events implements WithEvents.
func (n *NotificationsConcern) Events() []event.Listed {
	return append([]event.Listed{
		n.Created.Listed("notifications.Created", "post_save(Notification)"),
		n.Changed.Listed("notifications.Changed", ""),
		n.Webhooks.Delivered.Listed("webhooks.Delivered", ""),
	}, n.Webhooks.Listed("")...)
}

// Section implements WithSettings.
func (n *NotificationsConcern) Section() Section {
	defaults := defaultNotificationsConfig()
	return Section{&n.Config, &defaults}
}

// contentTypes numbers the kinds of objects that people can be told of: those
// that clients of OpenWISP know by number, and the others by their name, so that
// a number stays whatever concerns a program has.
func contentTypes(kinds []Kind) map[string]int {
	numbers := map[string]int{"config.device": 23, "config.template": 24, "openwisp_users.user": 6, "openwisp_users.organization": 7}
	for _, k := range kinds {
		if numbers[k.name] == 0 {
			numbers[k.name] = 1000 + int(crc32.ChecksumIEEE([]byte(k.name))>>1)
		}
	}
	return numbers
}

// Mount implements Concern.
func (n *NotificationsConcern) Mount(_ context.Context, h *Host) error {
	if n.Service != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(n.Tenancy); err != nil {
		return err
	}
	stores, err := notificationssql.New(h.DB())
	if err != nil {
		return err
	}
	post, err := n.post(h)
	if err != nil {
		return err
	}
	n.log = h.Log()
	options, err := n.options(h, post)
	if err != nil {
		return err
	}
	if err := n.hooks(h, options.Types); err != nil {
		return err
	}
	if n.Service, err = notifications.New(&entity.Base{Tx: h.DB()}, stores, *options); err != nil {
		return err
	}
	if err := post.work(h, n); err != nil {
		return err
	}
	wire, err := notificationshttp.New(n.Service, options.People, &notificationshttp.Options{ContentTypes: contentTypes(h.kinds()), Resend: n.resend, Log: h.Log()})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	h.Live(notificationshttp.SocketPath, wire.Topic())
	wire.Tell(h.Hub())
	h.Daily("notifications.clean", func(ctx context.Context) error {
		_, err := n.Clean(ctx, n.Config.Age)
		return err
	})
	n.drainer = newDrainer(n.Drain, n.Waiting, func(err error) {
		h.Log().Warn("people could not be told of what happened; it is tried again", "error", err)
	})
	h.AtStart(func(ctx context.Context) error {
		if !h.Config().Jobs.Off {
			n.drainer.start(ctx)
		}
		return nil
	})
	h.AtStop(n.drainer.end)
	for _, k := range h.kinds() {
		if k.event != "" {
			k.offer(n, k)
		}
		if k.forget != nil {
			k.forget(n)
		}
	}
	h.wire(n.wiring()...)
	for _, c := range h.told() {
		h.wire(c.Notify(n)...)
	}
	return nil
}

func (n *NotificationsConcern) options(h *Host, p *post) (*notifications.Options, error) {
	c := &n.Config
	types := notifications.DefaultTypes()
	if len(h.told()) > 0 { // "default" is for programs without types of their own
		types = slices.DeleteFunc(types, func(t notifications.Type) bool { return t.Name == "default" })
	}
	types = append(types, n.Types...)
	for _, c := range h.told() {
		types = append(types, c.NotificationTypes()...)
	}
	types = append(types, webhookTypes()...)
	objects := notifications.Objects{}
	for _, k := range h.kinds() {
		if k.describe != nil {
			objects[k.name] = k.describe
		}
	}
	n.describeHooks(objects)
	for kind, describe := range n.Objects {
		objects[kind] = describe
	}
	n.pages = map[string]bool{}
	for kind := range objects {
		n.pages[kind] = true
	}
	registry, err := notifications.NewTypes(types...)
	if err != nil {
		return nil, err
	}
	key, err := h.SecretKey()
	if err != nil {
		return nil, err
	}
	site := n.Tenancy.Config.SiteURL
	name := c.SiteName
	if u, err := url.Parse(site); err == nil && name == "" {
		name = u.Host
	}
	o := &notifications.Options{
		Types: registry, Site: notifications.Site{Name: name, URL: site}, Objects: objects, People: peopleOf{n.Tenancy.Tenancy},
		Defaults: notifications.Effective{Web: c.WebEnabled, Email: c.EmailEnabled}, Deliver: p.deliver, Mail: p.mail,
		Posted: func() { n.drainer.nudge() }, Channels: append([]notifications.Channel{hookChannel{n}}, n.Channels...),
		BatchInterval: c.BatchInterval, BatchDisplay: c.BatchLimit, Key: key, PlainMail: !c.HTMLEmail, Log: h.Log(),
		Storm: &notifications.StormLimits{
			ShortTime: c.StormShortTime, ShortCount: c.StormShortCount, LongTime: c.StormLongTime, LongCount: c.StormLongCount,
			InitialBackoff: c.StormBackoff, BackoffIncrement: c.StormBackoffStep, MaxBackoff: c.StormBackoffLimit,
		},
	}
	for _, m := range n.Messengers {
		o.Channels = append(o.Channels, n.messenger(h, m))
	}
	if n.Tune != nil {
		n.Tune(o)
	}
	return o, nil
}

// resend asks a user to confirm the primary address, unless it is confirmed.
func (n *NotificationsConcern) resend(ctx context.Context, user wispwright.ID) error {
	no := false
	found, err := n.Tenancy.Emails.List(ctx, everyone(), tenancy.EmailFilter{UserIDs: wispwright.Only(user), IsVerified: &no}, unpaged)
	if err != nil {
		return err
	}
	u, err := n.Tenancy.Users.Get(ctx, everyone(), user)
	if err != nil {
		return err
	}
	for _, e := range found.Rows {
		if strings.EqualFold(e.Address, u.Email) {
			return n.Tenancy.Letters.SendVerification(ctx, e.ID)
		}
	}
	return wispwright.ErrNotFound
}

// post are the jobs that bring notifications to people outside the web. What is
// to be sent is ordered in the transaction that says so, and each e-mail is a
// job of its own: while the mail server is away nothing is lost, and what was
// handed over is not sent again.
type post struct {
	queue   *jobs.Queue
	mailer  tenancy.Mailer
	deliver func(ctx context.Context, events ...wispwright.ID) error
	mail    func(ctx context.Context, mails ...notifications.Mail) error
	events  jobs.Kind[wispwright.ID]
	letters jobs.Kind[notifications.Mail]
}

func (n *NotificationsConcern) post(h *Host) (*post, error) {
	p := &post{queue: h.Jobs(), mailer: n.Mailer,
		events:  jobs.Kind[wispwright.ID]{Name: "notifications.deliver", Timeout: 5 * time.Minute},
		letters: jobs.Kind[notifications.Mail]{Name: "notifications.mail", Queue: "notices", Attempts: 12},
	}
	if p.mailer == nil {
		var err error
		if p.mailer, err = h.Mailer(); err != nil {
			return nil, err
		}
	}
	p.deliver = func(ctx context.Context, events ...wispwright.ID) error {
		return p.events.Insert(ctx, p.queue, events...)
	}
	p.mail = func(ctx context.Context, mails ...notifications.Mail) error {
		return p.letters.Insert(ctx, p.queue, mails...)
	}
	return p, nil
}

// work makes the queue do what was ordered.
func (p *post) work(h *Host, n *NotificationsConcern) error {
	flush, err := jobs.Kind[struct{}]{Name: "notifications.flush", Timeout: 5 * time.Minute}.Every(time.Minute, struct{}{}, func(ctx context.Context, _ struct{}) error {
		const step = 500
		for {
			done, err := n.Flush(ctx, step)
			if err != nil || done < step {
				return err
			}
		}
	})
	if err != nil {
		return fmt.Errorf("collected e-mails: %w", err)
	}
	h.Jobs().AddPeriodic(flush)
	h.Jobs().Add(p.events.Handle(n.Deliver), p.letters.Handle(func(ctx context.Context, m notifications.Mail) error {
		err := p.mailer.Send(ctx, tenancy.Message{To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Headers: m.Headers})
		if invalid := (*wispwright.ValidationError)(nil); errors.As(err, &invalid) {
			return jobs.Permanent(err) // a malformed one stays so
		}
		return err
	}))
	return nil
}
