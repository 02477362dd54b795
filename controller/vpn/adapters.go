package vpn

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"slices"
	"sync"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/hostwire"
	"github.com/wispwright/wispwright/ipam"
	"github.com/wispwright/wispwright/x509"
)

// X509 returns the PKI of an authority. Nil: there is none, and servers that need
// certificates cannot be made.
func X509(a *x509.Authority) PKI { return pki{a: a, lists: &sync.Map{}} }

type pki struct {
	a *x509.Authority
	// lists are the written lists of revoked certificates, by their authority
	lists *sync.Map
}

// writtenList is a list with the number it has.
type writtenList struct {
	of *x509.List
	hostwire.Revocations
}

// Revocations implements PKI.
func (p pki) Revocations(ctx context.Context, authority int64) (*hostwire.Revocations, error) {
	l, err := p.a.CRL(ctx, wispwright.ScopeAll(), authority)
	if err != nil {
		return nil, fmt.Errorf("revocations of authority %d: %w", authority, err)
	}
	if known, ok := p.lists.Load(authority); ok {
		if w, ok := known.(*writtenList); ok && w.of == l {
			return &w.Revocations, nil
		}
	}
	w := &writtenList{of: l, Revocations: hostwire.Revocations{PEM: l.PEM()}}
	sum := md5.Sum(w.PEM)
	w.Checksum = hex.EncodeToString(sum[:])
	p.lists.Store(authority, w)
	return &w.Revocations, nil
}

// Revoked implements PKI.
func (p pki) Revoked(ctx context.Context, authority int64, commonNames ...string) ([]string, error) {
	revoked, good := map[string]bool{}, map[string]bool{}
	for some := range slices.Chunk(commonNames, perQuestion) {
		found, err := p.a.Certs.List(ctx, wispwright.ScopeAll(), x509.CertFilter{CAID: authority, CommonNames: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("revoked certificates: %w", err)
		}
		for _, c := range found.Rows {
			if c.Revoked {
				revoked[c.CommonName] = true
			} else {
				good[c.CommonName] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(revoked)), func(name string) bool { return good[name] }), nil
}

// perQuestion is how many ids one question to another concern names.
const perQuestion = 500

// Authorities implements PKI.
func (p pki) Authorities(ctx context.Context, ids ...int64) (map[int64]*Certificate, error) {
	out := make(map[int64]*Certificate, len(ids))
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := p.a.CAs.List(ctx, wispwright.ScopeAll(), x509.CAFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("read authorities: %w", err)
		}
		for _, c := range found.Rows {
			out[c.ID] = certificate(&c.Details, 0)
		}
	}
	return out, nil
}

// Certificates implements PKI.
func (p pki) Certificates(ctx context.Context, ids ...int64) (map[int64]*Certificate, error) {
	out := make(map[int64]*Certificate, len(ids))
	for some := range slices.Chunk(ids, perQuestion) {
		found, err := p.a.Certs.List(ctx, wispwright.ScopeAll(), x509.CertFilter{IDs: wispwright.Only(some...)}, wispwright.Page{NoTotal: true})
		if err != nil {
			return nil, fmt.Errorf("read certificates: %w", err)
		}
		for _, c := range found.Rows {
			o := certificate(&c.Details, c.CAID)
			// a key that a passphrase protects is opened: nobody is there to be asked for it
			if o.Key, err = c.OpenKey(); err != nil {
				return nil, fmt.Errorf("private key of certificate %d: %w", c.ID, err)
			}
			out[c.ID] = o
		}
	}
	return out, nil
}

func certificate(d *x509.Details, ca int64) *Certificate {
	return &Certificate{ID: d.ID, CAID: ca, OrganizationID: d.OrganizationID, CommonName: d.CommonName, PEM: d.Certificate, Key: d.PrivateKey, Revoked: d.Revoked}
}

// Issue implements PKI: attributes are the authority's
// (spec: controller-config §9.1, §9.2).
func (p pki) Issue(ctx context.Context, authority int64, o Order) (int64, error) {
	ca, err := p.a.CAs.Get(ctx, wispwright.ScopeAll(), authority)
	if err != nil {
		return 0, fmt.Errorf("authority %d: %w", authority, err)
	}
	kind := "client"
	if o.Server {
		kind = "server"
	}
	same, err := p.a.Certs.List(ctx, wispwright.ScopeAll(), x509.CertFilter{OrganizationID: o.OrganizationID, CommonName: o.CommonName}, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return 0, fmt.Errorf("certificates of the name %q: %w", o.CommonName, err)
	}
	if len(same.Rows) > 0 { // names are unique, that of a revoked certificate too
		o.CommonName = cut(o.CommonName, mostCommonName) + "-" + randomEnd()
	}
	c := &x509.Cert{CAID: authority, Details: x509.Details{
		OrganizationID: o.OrganizationID, Name: o.Name, CommonName: o.CommonName, KeyLength: ca.KeyLength, Digest: ca.Digest,
		CountryCode: ca.CountryCode, State: ca.State, City: ca.City, OrganizationName: ca.OrganizationName, Email: ca.Email,
		Extensions: []x509.Extension{{Name: "nsCertType", Value: kind}},
	}}
	if err := p.a.Certs.Create(ctx, c); err != nil {
		return 0, fmt.Errorf("issue a certificate: %w", err)
	}
	return c.ID, nil
}

// Revoke implements PKI.
func (p pki) Revoke(ctx context.Context, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := p.Certificates(ctx, ids...) // one that is gone would undo the transaction
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if found[id].Revoked {
			continue
		}
		if _, err := p.a.Certs.Revoke(ctx, wispwright.ScopeAll(), id, x509.CessationOfOperation); err != nil {
			return fmt.Errorf("revoke certificate %d: %w", id, err)
		}
	}
	return nil
}

// Subnets returns the IPAM of package ipam.
func Subnets(m *ipam.IPAM) IPAM { return subnets{m} }

type subnets struct{ m *ipam.IPAM }

// Subnet implements IPAM.
func (s subnets) Subnet(ctx context.Context, id wispwright.ID) (Subnet, error) {
	n, err := s.m.Subnets.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return Subnet{}, err
	}
	return Subnet{ID: n.ID, OrganizationID: n.OrganizationID, Network: n.Subnet}, nil
}

// CreateSubnet implements IPAM.
func (s subnets) CreateSubnet(ctx context.Context, n Subnet, name string) (Subnet, error) {
	o := &ipam.Subnet{OrganizationID: n.OrganizationID, Name: name, Subnet: n.Network}
	if err := s.m.Subnets.Create(ctx, o); err != nil {
		return Subnet{}, err
	}
	return Subnet{ID: o.ID, OrganizationID: o.OrganizationID, Network: o.Subnet}, nil
}

// Address implements IPAM.
func (s subnets) Address(ctx context.Context, id wispwright.ID) (Address, error) {
	a, err := s.m.Addresses.Get(ctx, wispwright.ScopeAll(), id)
	if err != nil {
		return Address{}, err
	}
	return Address{ID: a.ID, SubnetID: a.SubnetID, Value: a.IPAddress}, nil
}

// Request implements IPAM. How much room there is is asked first: a request that
// fails would undo the whole transaction.
func (s subnets) Request(ctx context.Context, subnet wispwright.ID, descriptions ...string) ([]Address, error) {
	n, err := s.m.Subnets.Get(ctx, wispwright.ScopeAll(), subnet)
	if err != nil {
		return nil, err
	}
	want := int64(len(descriptions))
	if room := new(big.Int).Sub(ipam.HostCount(n.Subnet), big.NewInt(n.Used)); room.IsInt64() && room.Int64() < want {
		want = max(0, room.Int64())
	}
	if want == 0 && len(descriptions) > 0 { // addresses that are no hosts may be recorded too
		switch _, err := s.m.Addresses.Next(ctx, wispwright.ScopeAll(), subnet); {
		case errors.Is(err, ipam.ErrExhausted):
			return nil, nil
		case err != nil:
			return nil, err
		}
		want = 1
	}
	words := slices.Clone(descriptions[:want])
	for i, d := range words {
		words[i] = cut(d, mostDescription)
	}
	found, err := s.m.Addresses.RequestMany(ctx, wispwright.ScopeAll(), subnet, words...)
	if err != nil {
		return nil, fmt.Errorf("request addresses: %w", err)
	}
	out := make([]Address, len(found))
	for i, a := range found {
		out[i] = Address{ID: a.ID, SubnetID: a.SubnetID, Value: a.IPAddress}
	}
	return out, nil
}

// mostDescription is the length of an address's description.
const mostDescription = 100

// Record implements IPAM.
func (s subnets) Record(ctx context.Context, subnet wispwright.ID, description string, values ...netip.Addr) ([]Recorded, error) {
	have, err := s.m.Addresses.List(ctx, wispwright.ScopeAll(), ipam.AddressFilter{SubnetID: subnet}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("recorded addresses: %w", err)
	}
	known := make(map[netip.Addr]*ipam.Address, len(have.Rows))
	for _, a := range have.Rows {
		known[a.IPAddress] = a
	}
	var fresh []*ipam.Address
	rows, out := make([]*ipam.Address, len(values)), make([]Recorded, len(values))
	for i, value := range values {
		if rows[i] = known[value]; rows[i] == nil {
			rows[i] = &ipam.Address{IPAddress: value, Description: cut(description, mostDescription)}
			known[value], fresh, out[i].Fresh = rows[i], append(fresh, rows[i]), true
		}
	}
	if err := s.m.Addresses.CreateMany(ctx, wispwright.ScopeAll(), subnet, fresh...); err != nil {
		return nil, err
	}
	for i, a := range rows {
		out[i].Address = Address{ID: a.ID, SubnetID: subnet, Value: a.IPAddress}
	}
	return out, nil
}

// Free implements IPAM.
func (s subnets) Free(ctx context.Context, ids ...wispwright.ID) error {
	for some := range slices.Chunk(ids, perQuestion) {
		if _, err := s.m.Addresses.DeleteAll(ctx, wispwright.ScopeAll(), ipam.AddressFilter{IDs: wispwright.Only(some...)}); err != nil {
			return fmt.Errorf("free addresses: %w", err)
		}
	}
	return nil
}
