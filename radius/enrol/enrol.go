package enrol

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/emptied"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/radius"
)

// Options change what New makes; nil means the defaults.
type Options struct {
	// CodeLength is how many digits a code has. Default: 6.
	CodeLength int
	// CodeValidity is how long it is good. Default: 30 minutes.
	CodeValidity time.Duration
	// CodeAttempts is how many wrong codes may be sent. Default: 5.
	CodeAttempts int64
	// UserDaily and AddressDaily are how many codes a user, and everybody at one
	// network address, may ask for in a day. Default: 5 and 999.
	UserDaily, AddressDaily int
	// SettableMethods are the ways to register that people who came from another
	// organization may choose. Default: "", "email" and "mobile_phone".
	SettableMethods []string
	// Background is the number of users from which on a batch is made by a job; below
	// 0: never. Default: 15.
	Background int
	// PasswordLength is that of random passwords. Default: 8.
	PasswordLength int
	// MaxFile is how long a CSV file may be, in octets. Default: 5 MiB.
	MaxFile int64
	// Zone is where days begin. Default: UTC.
	Zone *time.Location
	// SendCode, MakeBatch and SendPasswords order what is done in the background, in
	// the transaction of the context: Codes.Message, Batches.Work and
	// Batches.Password are what it needs. Default: nothing is sent, and batches are made at once.
	SendCode      func(ctx context.Context, code wispwright.ID) error
	MakeBatch     func(ctx context.Context, batch wispwright.ID) error
	SendPasswords func(ctx context.Context, batch wispwright.ID, usernames ...string) error
	// Log receives what must not fail a request. Default: slog's own.
	Log *slog.Logger
}

// Stores are where the rows are kept, all of one transactor.
type Stores struct {
	Codes   wispwright.Repo[Code, CodeFilter]
	Batches wispwright.Repo[Batch, BatchFilter]
	Papers  wispwright.Repo[Paper, PaperFilter]
	Members MemberStore
}

// Enrolment is the way into networks.
type Enrolment struct {
	// Codes prove telephones.
	Codes *Codes
	// Batches make many accounts at once.
	Batches *Batches
	// Registered is published when somebody made an account.
	Registered event.Topic[Registered]
	// Proven is published when a telephone was proven.
	Proven event.Topic[Proven]

	base    *entity.Base
	radius  *radius.Radius
	people  People
	phones  Telephone
	options Options
}

// New makes the services. The base is that of the concern radius.
func New(base *entity.Base, stores Stores, r *radius.Radius, people People, hasher Hasher, phones Telephone, o *Options) (*Enrolment, error) {
	if base == nil || base.Tx == nil || r == nil || people == nil || hasher == nil || phones == nil {
		return nil, errors.New("enrol: base, radius, people, hasher and telephones are required")
	}
	if err := store.Complete("enrol", stores); err != nil {
		return nil, err
	}
	options := Options{}
	if o != nil {
		options = *o
	}
	options.complete()
	e := &Enrolment{base: base, radius: r, people: people, phones: phones, options: options}
	e.Codes = newCodes(e, stores)
	e.Batches = newBatches(e, stores, hasher)
	if base.Tenants != nil {
		count, some := emptied.Rows[wispwright.ID, Code, CodeFilter](stores.Codes, func(organization wispwright.ID) CodeFilter { return CodeFilter{OrganizationID: organization} }, func(c *Code) wispwright.ID { return c.ID })
		emptied.Subscribe(base.Tx, base.Tenants, "enrol.Codes", count, some)
	}
	return e, nil
}

func (o *Options) complete() {
	for _, n := range []struct {
		into   *int
		normal int
	}{{&o.CodeLength, 6}, {&o.UserDaily, 5}, {&o.AddressDaily, 999}, {&o.Background, 15}, {&o.PasswordLength, 8}} {
		if *n.into == 0 {
			*n.into = n.normal
		}
	}
	if o.CodeValidity == 0 {
		o.CodeValidity = 30 * time.Minute
	}
	if o.CodeAttempts == 0 {
		o.CodeAttempts = 5
	}
	if o.SettableMethods == nil {
		o.SettableMethods = []string{"", "email", "mobile_phone"}
	}
	if o.MaxFile == 0 {
		o.MaxFile = 5 << 20
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// Events lists the events of the package.
func (e *Enrolment) Events() []event.Listed {
	return append([]event.Listed{
		e.Registered.Listed("enrol.Registered", ""), e.Proven.Listed("enrol.Proven", ""), e.Batches.Ended.Listed("enrol.Batches.Ended", ""),
	}, e.Batches.Listed("RadiusBatch")...)
}

// ForgetUser removes the codes of a user who is deleted, and the user from batches.
func (e *Enrolment) ForgetUser(ctx context.Context, user wispwright.ID) error {
	return e.base.Do(ctx, "enrol.ForgetUser", func(ctx context.Context) error {
		if err := e.Codes.drop(ctx, CodeFilter{UserID: user}); err != nil {
			return err
		}
		return e.Batches.leave(ctx, user)
	})
}

// registration is how a user came to an organization, nil when that is not known.
func (e *Enrolment) registration(ctx context.Context, user, organization wispwright.ID) (*radius.Registration, error) {
	r, err := e.radius.Registrations.Of(ctx, user, organization)
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, nil
	}
	return r, err
}
