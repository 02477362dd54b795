package x509

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
)

// Options change what NewAuthority makes; zero fields mean the defaults, which
// are OpenWISP's (spec: x509 §3.1).
type Options struct {
	// CADays and CertDays are how long something is valid that says nothing else.
	// Default: 3650 and 365.
	CADays, CertDays int
	// KeyLength and Digest are those of what says nothing else. Default: RSA2048,
	// SHA256.
	KeyLength KeyLength
	Digest    Digest
	// CAKeyUsage and CertKeyUsage are lists in OpenSSL's words. Default:
	// "cRLSign, keyCertSign" and "digitalSignature, keyEncipherment".
	CAKeyUsage, CertKeyUsage string
	// CAKeyUsageNotCritical, CAConstraintsNotCritical and CertKeyUsageCritical
	// turn round whether these extensions are critical.
	CAKeyUsageNotCritical, CAConstraintsNotCritical, CertKeyUsageCritical bool
	// CRLValidity is how long a revocation list is valid; it is made anew in the
	// middle of that time. Default: 24 h.
	CRLValidity time.Duration
	// LeastRSA is the shortest RSA key that is imported, in bits. Default: 1024.
	LeastRSA int
	// NoticeDays are the days before an expiry at which Expiring is fired.
	// Default: 30, 7, 1.
	NoticeDays []int
	// RenewBefore is how long before the expiry objects with AutoRenew are
	// renewed. Default: 14 days.
	RenewBefore time.Duration
	// RenewTogether is how many certificates are renewed with the key of their
	// authority at once; Later is asked to have more of them renewed by
	// CAs.RenewBelow. Without Later all are renewed at once. Default: 25.
	RenewTogether int
	// Later is called inside the transaction that renews an authority. What it
	// orders is done after it, once.
	Later func(context.Context, Below) error
	// Generate makes private keys. Default: GenerateKey.
	Generate func(KeyLength) (crypto.Signer, error)
	// Signer returns what signs for an authority, for keys kept elsewhere.
	// Default: the stored key.
	Signer func(context.Context, *CA) (crypto.Signer, error)
	// Serial makes serial numbers. Default: 128 random bits.
	Serial func() (*big.Int, error)
	// Bus tells other nodes what to forget. Default: this node is alone.
	Bus wispwright.Bus
	// Log hears of renewals that failed. Default: slog.Default.
	Log *slog.Logger
}

func (o Options) complete() Options {
	o.CADays, o.CertDays = cmp.Or(o.CADays, 3650), cmp.Or(o.CertDays, 365)
	o.KeyLength, o.Digest = cmp.Or(o.KeyLength, RSA2048), cmp.Or(o.Digest, SHA256)
	o.CAKeyUsage, o.CertKeyUsage = cmp.Or(o.CAKeyUsage, "cRLSign, keyCertSign"), cmp.Or(o.CertKeyUsage, "digitalSignature, keyEncipherment")
	o.CRLValidity, o.LeastRSA = cmp.Or(o.CRLValidity, 24*time.Hour), cmp.Or(o.LeastRSA, 1024)
	o.RenewTogether = cmp.Or(o.RenewTogether, 25)
	o.RenewBefore = cmp.Or(o.RenewBefore, 14*24*time.Hour)
	if o.NoticeDays == nil {
		o.NoticeDays = []int{30, 7, 1}
	}
	if o.Generate == nil {
		o.Generate = GenerateKey
	}
	if o.Serial == nil {
		o.Serial = randomSerial
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func (o Options) check() error {
	if !o.KeyLength.known() {
		return fmt.Errorf("x509: key length %q", o.KeyLength)
	}
	for _, usages := range []string{o.CAKeyUsage, o.CertKeyUsage} {
		if _, err := flags(usages, keyUsages()); err != nil {
			return fmt.Errorf("x509: key usage: %w", err)
		}
	}
	return nil
}

// Renewal is one object that was renewed (spec: additions X-3). One of CA and
// Cert is set.
type Renewal struct {
	CA   *CA
	Cert *Cert
	// Old is the serial number it had.
	Old string
}

// Expiry is one object that expires soon. One of CA and Cert is set.
type Expiry struct {
	CA   *CA
	Cert *Cert
	// Days is how many whole days are left at most.
	Days int
}

// Authority is the public key infrastructure. Make it with NewAuthority.
type Authority struct {
	// CAs are the certification authorities.
	CAs *CAs
	// Certs are the certificates.
	Certs *Certs
	// Renewed is fired inside the transaction that renewed objects: the one that
	// was meant first, then what was renewed along with it.
	Renewed event.Hook[Renewal]
	// Revoked is fired inside the transaction that revoked certificates.
	Revoked event.Hook[*Cert]
	// Expiring is fired once for each of the days that Options.NoticeDays names.
	Expiring event.Hook[Expiry]

	base    *entity.Base
	stores  Stores
	options Options
	lists   *cache.Cache[int64, *List]
	answers *cache.Cache[int64, *delegate]
}

// NewAuthority returns the services over stores and their transactor, which is
// base.Tx; nil options mean the defaults.
func NewAuthority(base *entity.Base, stores Stores, options *Options) (*Authority, error) {
	if base == nil || base.Tx == nil || stores.CAs == nil || stores.Certs == nil || stores.Issued == nil || stores.Lists == nil || stores.Responders == nil {
		return nil, errors.New("x509: a transactor and all stores are required")
	}
	a := &Authority{base: base, stores: stores}
	if options != nil {
		a.options = *options
	}
	a.options = a.options.complete()
	if err := a.options.check(); err != nil {
		return nil, err
	}
	remembered := cache.Options{Bus: a.options.Bus, Size: 200, Clock: base.Clock}
	a.lists = cache.New[int64, *List]("x509.lists", remembered)
	a.answers = cache.New[int64, *delegate]("x509.responders", remembered)
	// in this order the certificates of a deleted organization go before their CAs
	a.Certs = newCerts(a)
	a.CAs = newCAs(a)
	return a, nil
}

// Start hears what other nodes change, until the context ends.
func (a *Authority) Start(ctx context.Context) error {
	if err := a.lists.Listen(ctx); err != nil {
		return err
	}
	return a.answers.Listen(ctx)
}

// Settings are the options with their defaults.
func (a *Authority) Settings() Options { return a.options }

// Events lists the concern's events.
func (a *Authority) Events() []event.Listed {
	list := append(a.CAs.Listed("Ca"), a.Certs.Listed("Cert")...)
	return append(list,
		a.Renewed.Listed("x509.Renewed", "x509_renewed"),
		a.Revoked.Listed("x509.Revoked", ""),
		a.Expiring.Listed("x509.Expiring", ""))
}

func (a *Authority) do(ctx context.Context, operation string, fn func(context.Context) error) error {
	return a.base.Do(ctx, "x509."+operation, fn)
}

func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

// issuer makes an authority ready to sign. It refuses what nobody would accept
// afterwards.
func (a *Authority) issuer(ctx context.Context, ca *CA, field string) (*issuer, error) {
	cert, err := parseCertificate(ca.Certificate)
	if err != nil {
		return nil, fmt.Errorf("certificate of CA %d: %w", ca.ID, err)
	}
	switch now := a.base.Now(); {
	case ca.Revoked:
		return nil, wispwright.Invalid(field, "The CA was revoked.")
	case now.After(cert.NotAfter):
		return nil, wispwright.Invalid(field, "The CA has expired on "+cert.NotAfter.UTC().Format(time.RFC3339)+".")
	}
	signer, err := a.signer(ctx, ca)
	if err != nil {
		return nil, err
	}
	return &issuer{ca, cert, signer}, nil
}

// signer is the key of an authority.
func (a *Authority) signer(ctx context.Context, ca *CA) (crypto.Signer, error) {
	var signer crypto.Signer
	var err error
	if a.options.Signer != nil {
		signer, err = a.options.Signer(ctx, ca)
	} else {
		signer, err = parseKey(ca.PrivateKey, ca.Passphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("private key of CA %d: %w", ca.ID, err)
	}
	return signer, nil
}
