package server

import (
	"context"
	"crypto/sha256"
	stdx509 "crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/cache"
	"github.com/wispwright/wispwright/x509"
)

// revocations know which certificates were revoked: from the lists in a file, and from
// the certification authorities of this program.
type revocations struct {
	file  string
	host  *Host
	log   *slog.Logger
	lists *cache.Cache[[sha256.Size]byte, map[string]struct{}] // serial numbers, by issuer
}

// revocationsFor is how long a list is used before it is looked at again.
const revocationsFor = 10 * time.Second

func newRevocations(file string, h *Host) *revocations {
	return &revocations{file: file, host: h, log: h.Log(),
		lists: cache.New[[sha256.Size]byte, map[string]struct{}]("radius.revocations", cache.Options{TTL: revocationsFor, Size: 100})}
}

// revoked reports whether a certificate of a chain was revoked by the next one. Lists
// that cannot be read are an error, and nobody comes in.
func (r *revocations) revoked(ctx context.Context, chain []*stdx509.Certificate) (bool, error) {
	for i := 0; i+1 < len(chain); i++ {
		issuer := chain[i+1]
		serials, err := r.lists.Load(ctx, sha256.Sum256(issuer.Raw), func(ctx context.Context) (map[string]struct{}, error) { return r.of(ctx, issuer) })
		if err != nil {
			return false, fmt.Errorf("revocation list of %s: %w", issuer.Subject.CommonName, err)
		}
		if _, ok := serials[chain[i].SerialNumber.String()]; ok {
			return true, nil
		}
	}
	return false, nil
}

// of reads the serial numbers that an issuer revoked.
func (r *revocations) of(ctx context.Context, issuer *stdx509.Certificate) (map[string]struct{}, error) {
	out := map[string]struct{}{}
	fromFile, err := r.read()
	if err != nil {
		return nil, err
	}
	own, err := r.own(ctx, issuer)
	if err != nil {
		return nil, err
	}
	for _, list := range append(fromFile, own...) {
		if list.CheckSignatureFrom(issuer) != nil {
			continue // of another issuer
		}
		if !list.NextUpdate.IsZero() && time.Now().After(list.NextUpdate) {
			// an old list still keeps out those that are on it
			r.log.WarnContext(ctx, "a revocation list is out of date", "issuer", issuer.Subject.CommonName, "since", list.NextUpdate)
		}
		for _, e := range list.RevokedCertificateEntries {
			out[e.SerialNumber.String()] = struct{}{}
		}
	}
	return out, nil
}

// read parses the file: several lists in PEM, or one in DER.
func (r *revocations) read() (out []*stdx509.RevocationList, err error) {
	if r.file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(r.file)
	if err != nil {
		return nil, err
	}
	blocks := [][]byte{}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "X509 CRL" {
			blocks = append(blocks, block.Bytes)
		}
	}
	if len(blocks) == 0 {
		blocks = append(blocks, data)
	}
	for _, der := range blocks {
		list, err := stdx509.ParseRevocationList(der)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.file, err)
		}
		out = append(out, list)
	}
	return out, nil
}

// own is the list of a certification authority of this program, if the issuer is one.
func (r *revocations) own(ctx context.Context, issuer *stdx509.Certificate) ([]*stdx509.RevocationList, error) {
	pki, ok := Find[*X509Concern](r.host.server.concerns)
	if !ok || pki.Authority == nil {
		return nil, nil
	}
	found, err := pki.CAs.List(ctx, everyone(), x509.CAFilter{CommonName: issuer.Subject.CommonName}, wispwright.Page{Limit: 100, NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, ca := range found.Rows {
		block, _ := pem.Decode([]byte(ca.Certificate))
		if block == nil || string(block.Bytes) != string(issuer.Raw) {
			continue
		}
		list, err := pki.CRL(ctx, everyone(), ca.ID)
		if err != nil {
			return nil, err
		}
		parsed, err := stdx509.ParseRevocationList(list.DER)
		return []*stdx509.RevocationList{parsed}, err
	}
	return nil, nil
}
