// Package x509test checks that a storage keeps everything the concern x509 relies
// on. Any implementation of its stores must pass Run.
package x509test

import (
	"context"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/x509"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores x509.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	t.Run("authorities", func(t *testing.T) { RunCAs(t, h) })
	t.Run("certificates", func(t *testing.T) { RunCerts(t, h) })
	t.Run("ledger", func(t *testing.T) { RunIssued(t, h) })
	t.Run("lists and responders", func(t *testing.T) { RunLists(t, h) })
}

func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func moment(n int) time.Time { return at(n).Truncate(time.Microsecond) }

// second is a moment as revocation lists have it.
func second(n int) time.Time { return at(n).Truncate(time.Second) }

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xab, 0x40, byte(n>>8), byte(n)
	return out
}

func everything() wispwright.Scope { return wispwright.ScopeAll() }

func details(n, organization int) x509.Details {
	revoked := at(n)
	d := x509.Details{
		OrganizationID: id(1 + organization), Name: fmt.Sprintf("name %d", n), Notes: "näher", KeyLength: x509.P256, Digest: x509.SHA384,
		ValidityStart: at(n), ValidityEnd: at(1000 + n), CountryCode: "IT", State: "RM", City: "Rome", OrganizationName: "ACME", OrganizationalUnitName: "NOC",
		Email: "a@example.org", CommonName: fmt.Sprintf("cn %d", n), SerialNumber: fmt.Sprintf("%d75261460129858120878072035326815765091", n+1), Certificate: "PEM",
		Extensions: []x509.Extension{{Name: "nsComment", Critical: true, Value: "<a>"}, {OID: "1.2.3", Value: "ASN1:UTF8:string:ü"}},
		PrivateKey: "secret key", Passphrase: "secret", AutoRenew: n%2 == 0, NoticedDays: int64(n), NameKey: fmt.Sprintf("key %d", n), Created: at(n), Modified: at(n),
	}
	if n%2 == 1 {
		d.Revoked, d.RevokedAt, d.RevocationReason = true, &revoked, x509.KeyCompromise
	}
	return d
}

// RunCAs checks the store of authorities.
func RunCAs(t *testing.T, h Harness) {
	ctx := context.Background()
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		yes := true
		storetest.RunRepo[int64, x509.CA, x509.CAFilter](t, s.Stores.CAs, storetest.Sample[int64, x509.CA, x509.CAFilter]{
			Tx: s.Tx, Key: func(c *x509.CA) int64 { return c.ID }, Mutate: func(c *x509.CA) { c.Name += "!" }, Missing: 99999,
			New: func(n, organization int) *x509.CA {
				return &x509.CA{Details: details(n, organization), PathLength: int64(n%3 - 1), Enrolment: n%2 == 0}
			},
			Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "ValidityEnd", "Created"},
			Uniques: map[string]func(*x509.CA) *x509.CA{
				x509.UniqueCAName: func(first *x509.CA) *x509.CA {
					return &x509.CA{Details: x509.Details{NameKey: first.NameKey, ValidityStart: at(1), ValidityEnd: at(2), Created: at(3), Modified: at(3)}}
				},
			},
			Search: &storetest.Search[x509.CA, x509.CAFilter]{Put: func(c *x509.CA, text string) { c.CommonName = text }, Filter: func(text string) x509.CAFilter { return x509.CAFilter{Search: text} }},
			Orphan: func(n int) *x509.CA {
				missing := int64(99999)
				return &x509.CA{Details: details(n, 0), ParentID: &missing}
			},
			Filters: map[string]storetest.Filter[x509.CA, x509.CAFilter]{
				"revoked":      {Filter: x509.CAFilter{Revoked: &yes}, Selects: func(c *x509.CA) bool { return c.Revoked }},
				"auto renew":   {Filter: x509.CAFilter{AutoRenew: &yes}, Selects: func(c *x509.CA) bool { return c.AutoRenew }},
				"organization": {Filter: x509.CAFilter{OrganizationID: id(2)}, Selects: func(c *x509.CA) bool { return c.OrganizationID == id(2) }},
				"name key":     {Filter: x509.CAFilter{NameKey: "key 3"}, Selects: func(c *x509.CA) bool { return c.NameKey == "key 3" }},
				"end": {Filter: x509.CAFilter{ValidityEndFrom: at(1002), ValidityEndBefore: at(1004)}, Selects: func(c *x509.CA) bool {
					return !c.ValidityEnd.Before(moment(1002)) && c.ValidityEnd.Before(moment(1004))
				}},
			},
		})
	})
	t.Run("hold and below", func(t *testing.T) {
		s := h(t)
		_, err := s.Stores.CAs.Hold(ctx, 12345)
		require.ErrorIs(t, err, wispwright.ErrNotFound)
		root := &x509.CA{Details: details(0, 0), PathLength: x509.NoLimit}
		require.NoError(t, s.Stores.CAs.Insert(ctx, root))
		below := &x509.CA{Details: details(1, 0), ParentID: &root.ID}
		require.NoError(t, s.Stores.CAs.Insert(ctx, below))
		require.NoError(t, s.Tx.InTx(ctx, func(ctx context.Context) error {
			held, err := s.Stores.CAs.Hold(ctx, root.ID)
			require.Equal(t, root, held)
			return err
		}))
		found, err := s.Stores.CAs.List(ctx, everything(), x509.CAFilter{ParentID: &root.ID}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*x509.CA{below}, found.Rows)
	})
}

// authority stores one that others belong to.
func authority(t *testing.T, s Storage, n int) int64 {
	t.Helper()
	ca := &x509.CA{Details: details(n, 0)}
	require.NoError(t, s.Stores.CAs.Insert(context.Background(), ca))
	return ca.ID
}

// RunCerts checks the store of certificates.
func RunCerts(t *testing.T, h Harness) {
	s := h(t)
	first, second := authority(t, s, 800), authority(t, s, 801)
	yes := true
	storetest.RunRepo[int64, x509.Cert, x509.CertFilter](t, s.Stores.Certs, storetest.Sample[int64, x509.Cert, x509.CertFilter]{
		Tx: s.Tx, Key: func(c *x509.Cert) int64 { return c.ID }, Mutate: func(c *x509.Cert) { c.Name += "!" }, Missing: 99999,
		New: func(n, organization int) *x509.Cert {
			c := &x509.Cert{Details: details(n, organization), CAID: first}
			if n%3 == 0 {
				c.CAID, c.Holder = second, fmt.Sprintf("device:%d", n)
			}
			return c
		},
		Organizations: []wispwright.ID{id(1), id(2)}, Orders: []string{"Name", "ValidityEnd", "Created"},
		Uniques: map[string]func(*x509.Cert) *x509.Cert{
			x509.UniqueCertName: func(o *x509.Cert) *x509.Cert {
				c := &x509.Cert{Details: details(50, 0), CAID: first}
				c.NameKey = o.NameKey
				return c
			},
			x509.UniqueCertSerial: func(o *x509.Cert) *x509.Cert {
				c := &x509.Cert{Details: details(51, 0), CAID: o.CAID}
				c.SerialNumber = o.SerialNumber
				return c
			},
			x509.UniqueCertHolder: func(o *x509.Cert) *x509.Cert {
				return &x509.Cert{Details: details(52, 0), CAID: o.CAID, Holder: o.Holder}
			},
		},
		Search: &storetest.Search[x509.Cert, x509.CertFilter]{Put: func(c *x509.Cert, text string) { c.CommonName = text }, Filter: func(text string) x509.CertFilter { return x509.CertFilter{Search: text} }},
		Orphan: func(n int) *x509.Cert { return &x509.Cert{Details: details(n, 0), CAID: 99999} },
		Filters: map[string]storetest.Filter[x509.Cert, x509.CertFilter]{
			"ca":      {Filter: x509.CertFilter{CAID: second}, Selects: func(c *x509.Cert) bool { return c.CAID == second }},
			"revoked": {Filter: x509.CertFilter{Revoked: &yes}, Selects: func(c *x509.Cert) bool { return c.Revoked }},
			"holder":  {Filter: x509.CertFilter{Holder: "device:3"}, Selects: func(c *x509.Cert) bool { return c.Holder == "device:3" }},
			"names":   {Filter: x509.CertFilter{CommonNames: wispwright.Only("cn 2", "cn 3")}, Selects: func(c *x509.Cert) bool { return c.CommonName == "cn 2" || c.CommonName == "cn 3" }},
			"name":    {Filter: x509.CertFilter{CommonName: "cn 2"}, Selects: func(c *x509.Cert) bool { return c.CommonName == "cn 2" }},
			"key":     {Filter: x509.CertFilter{KeyLength: x509.RSA2048}, Selects: func(c *x509.Cert) bool { return c.KeyLength == x509.RSA2048 }},
			"end":     {Filter: x509.CertFilter{ValidityEndBefore: at(1003)}, Selects: func(c *x509.Cert) bool { return c.ValidityEnd.Before(moment(1003)) }},
		},
	})
}

// RunIssued checks the ledger.
func RunIssued(t *testing.T, h Harness) {
	ctx := context.Background()
	line := func(ca int64, n int) *x509.Issued {
		i := &x509.Issued{ID: id(500 + n), CAID: ca, SerialNumber: fmt.Sprint(1000 + n), CertID: int64(n % 2), SubordinateID: int64(n % 4 / 3), NotBefore: at(n), NotAfter: at(100 + n)}
		if n%3 == 1 {
			if err := i.Revoke(at(50+n), x509.Superseded); err != nil {
				t.Fatal(err)
			}
		}
		return i
	}
	t.Run("repository", func(t *testing.T) {
		s := h(t)
		ca := authority(t, s, 810)
		storetest.RunRepo[wispwright.ID, x509.Issued, x509.IssuedFilter](t, s.Stores.Issued, storetest.Sample[wispwright.ID, x509.Issued, x509.IssuedFilter]{
			Tx: s.Tx, New: func(n, _ int) *x509.Issued { return line(ca, n) }, Key: func(i *x509.Issued) wispwright.ID { return i.ID },
			Mutate: func(i *x509.Issued) { i.NotAfter = i.NotAfter.Add(time.Second) }, Missing: id(9999),
			Uniques: map[string]func(*x509.Issued) *x509.Issued{
				x509.UniqueIssued: func(o *x509.Issued) *x509.Issued {
					i := line(ca, 70)
					i.SerialNumber = o.SerialNumber
					return i
				},
			},
			Orphan: func(n int) *x509.Issued { return line(99999, n) },
			Filters: map[string]storetest.Filter[x509.Issued, x509.IssuedFilter]{
				"serial":      {Filter: x509.IssuedFilter{CAID: ca, SerialNumber: "1002"}, Selects: func(i *x509.Issued) bool { return i.SerialNumber == "1002" }},
				"certificate": {Filter: x509.IssuedFilter{CertID: 1}, Selects: func(i *x509.Issued) bool { return i.CertID == 1 }},
				"expired":     {Filter: x509.IssuedFilter{NotAfterBefore: at(103)}, Selects: func(i *x509.Issued) bool { return i.NotAfter.Before(moment(103)) }},
			},
		})
	})
	t.Run("revoked, forgotten, pruned", func(t *testing.T) {
		s := h(t)
		ca, other := authority(t, s, 811), authority(t, s, 812)
		for n := range 9 {
			require.NoError(t, s.Stores.Issued.Insert(ctx, line(ca, n)))
		}
		foreign := line(other, 10)
		require.NoError(t, s.Stores.Issued.Insert(ctx, foreign))
		revoked := func(from, until time.Time) map[string]time.Time {
			out := map[string]time.Time{}
			rest, err := s.Stores.Issued.Revoked(ctx, ca, from, until)
			require.NoError(t, err)
			for len(rest) > 0 {
				var e pkix.RevokedCertificate
				rest, err = asn1.Unmarshal(rest, &e)
				require.NoError(t, err)
				require.Len(t, e.Extensions, 1)
				require.Equal(t, []byte{10, 1, 4}, e.Extensions[0].Value, "superseded")
				out[e.SerialNumber.String()] = e.RevocationTime.UTC()
			}
			return out
		}
		require.Equal(t, map[string]time.Time{"1001": second(51), "1004": second(54), "1007": second(57)}, revoked(at(50), at(90)))
		require.Equal(t, map[string]time.Time{"1004": second(54), "1007": second(57)}, revoked(at(102), at(190)), "expired ones are left out")
		require.Equal(t, map[string]time.Time{"1001": second(51)}, revoked(at(0), at(4)), "as are those that are valid later")
		none, err := s.Stores.Issued.Revoked(ctx, other, at(500), at(600))
		require.NoError(t, err)
		require.Empty(t, none)

		n, err := s.Stores.Issued.Prune(ctx, at(105))
		require.NoError(t, err)
		require.Equal(t, 3, n, "0, 2 and 4 belong to nothing and have expired")
		require.NoError(t, s.Stores.Issued.Forget(ctx, ca))
		left, err := s.Stores.Issued.List(ctx, everything(), x509.IssuedFilter{}, wispwright.Page{})
		require.NoError(t, err)
		require.Equal(t, []*x509.Issued{foreign}, left.Rows)
	})
}

// RunLists checks the stores of revocation lists and responders.
func RunLists(t *testing.T, h Harness) {
	ctx := context.Background()
	s := h(t)
	ca := authority(t, s, 820)
	l := &x509.List{CAID: ca, Stale: true}
	require.NoError(t, s.Stores.Lists.Insert(ctx, l))
	got, err := s.Stores.Lists.Get(ctx, everything(), ca)
	require.NoError(t, err)
	require.Equal(t, l, got)
	after, err := s.Stores.Lists.Update(ctx, everything(), ca, func(l *x509.List) error {
		l.Number, l.DER, l.ThisUpdate, l.NextUpdate, l.Stale = 7, []byte{0, 1, 0xff}, moment(1), moment(2), false
		return nil
	})
	require.NoError(t, err)
	got, err = s.Stores.Lists.Get(ctx, everything(), ca)
	require.NoError(t, err)
	require.Equal(t, after, got)
	require.NoError(t, s.Stores.Lists.Delete(ctx, everything(), ca))
	require.ErrorIs(t, s.Stores.Lists.Delete(ctx, everything(), ca), wispwright.ErrNotFound)
	var missing *wispwright.MissingError
	require.ErrorAs(t, s.Stores.Lists.Insert(ctx, &x509.List{CAID: 99999}), &missing)

	r := &x509.Responder{CAID: ca, Certificate: "PEM", PrivateKey: "secret", NotAfter: moment(3), Issuer: "17"}
	require.NoError(t, s.Stores.Responders.Insert(ctx, r))
	have, err := s.Stores.Responders.Get(ctx, everything(), ca)
	require.NoError(t, err)
	require.Equal(t, r, have)
	var conflict *wispwright.ConflictError
	require.ErrorAs(t, s.Stores.Responders.Insert(ctx, r), &conflict)
}
