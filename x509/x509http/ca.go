package x509http

import (
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/x509"
)

// mountCAs adds certification authorities (spec: x509 §8).
func (h *HTTP) mountCAs(api *rest.API) {
	type filter = x509.CAFilter
	rest.Mount(api, rest.Resource[int64, x509.CA, filter, caIn, caOut]{
		Path: caPath, Name: "Ca", ID: "controller_ca", Tag: "controller", Kind: "pki.ca",
		Service: h.a.CAs, Out: h.casOut,
		Check: func(r *rest.Request, in *caIn) error {
			var v wispwright.ValidationError
			// who signs with a CA gives it away: it must be the caller's to change
			if err := h.knownCA(r, &v, "parent", in.Parent, r.WriteScope()); err != nil {
				return err
			}
			return v.Err()
		},
		New: func(*rest.Request) (*x509.CA, error) { return &x509.CA{PathLength: h.options.PathLength}, nil },
		Apply: func(_ *rest.Request, in *caIn, c *x509.CA) error {
			if err := in.into(&c.Details); err != nil {
				return err
			}
			if in.Parent.Set && !in.Parent.Null {
				id := int64(in.Parent.V)
				c.ParentID = &id
			}
			if in.PathLength.Set {
				c.PathLength = in.PathLength.Or(x509.NoLimit)
			}
			in.Enrolment.Into(&c.Enrolment)
			return nil
		},
		Organization: func(c *x509.CA) wispwright.ID { return c.OrganizationID },
		Version: func(c *x509.CA) []any {
			return []any{c.Name, c.OrganizationID, c.Notes, c.AutoRenew, c.Enrolment, c.SerialNumber, c.Revoked}
		},
		Detail: rest.Item[int64, x509.CA, filter, caChange, caOut]{
			Out: h.casOut,
			Apply: func(_ *rest.Request, in *caChange, c *x509.CA) error {
				in.Name.Into(&c.Name)
				in.Organization.Into(&c.OrganizationID)
				in.Notes.Into(&c.Notes)
				in.AutoRenew.Into(&c.AutoRenew)
				in.Enrolment.Into(&c.Enrolment)
				return nil
			},
		},
		Filters: []rest.Filter[filter]{
			rest.FilterText("search", func(f *filter, v string) { f.Search = v }),
			rest.FilterBool("revoked", func(f *filter, v bool) { f.Revoked = &v }),
			rest.FilterTime("validity_end__lt", func(f *filter, v time.Time) { f.ValidityEndBefore = v }),
			rest.FilterTime("validity_end__gte", func(f *filter, v time.Time) { f.ValidityEndFrom = v }),
			owner(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("key_length__exact", choices(x509.KeyLengths()), func(f *filter, v string) { f.KeyLength = x509.KeyLength(v) }),
			rest.FilterChoice("digest__exact", choices(x509.Digests()), func(f *filter, v string) { f.Digest = x509.Digest(v) }),
		},
		Ordering: map[string]string{"name": "Name", "validity_end": "ValidityEnd", "created": "Created", "modified": "Modified", "key_length": "KeyLength", "digest": "Digest"},
	})
	h.mountCAActions(api)
}

// mountCAActions adds what is done with one authority.
func (h *HTTP) mountCAActions(api *rest.API) {
	sub := func(path, name string) *rest.View {
		return &rest.View{Path: caPath + "{id:int}/" + path + "/", Name: name, Tag: "controller", Kind: "pki.ca"}
	}
	api.Mount(sub("renew", "Ca Renew"), rest.Action(http.MethodPost, "controller_ca_renew", http.StatusOK, func(r *rest.Request, in *renewIn) (caOut, error) {
		c, err := reach(r, h.a.CAs.Get, ofCA)
		if err != nil {
			return caOut{}, err
		}
		if c, err = h.a.CAs.Renew(r.Context(), r.WriteScope(), c.ID, x509.RenewOptions{KeepKey: in.KeepKey.Or(false)}); err != nil {
			return caOut{}, err
		}
		return h.caOut(r, c), nil
	}))
	api.Mount(sub("revoke", "Ca Revoke"), rest.Action(http.MethodPost, "controller_ca_revoke", http.StatusOK, func(r *rest.Request, in *revokeIn) (caOut, error) {
		c, err := reach(r, h.a.CAs.Get, ofCA)
		if err != nil {
			return caOut{}, err
		}
		if c, err = h.a.CAs.Revoke(r.Context(), r.WriteScope(), c.ID, x509.Reason(in.Reason.Or(""))); err != nil {
			return caOut{}, err
		}
		return h.caOut(r, c), nil
	}))
	api.Mount(sub("crl", "Ca CRL"), rest.Op{Method: http.MethodGet, ID: "controller_ca_crl", Summary: "The revocation list of a CA",
		Doc: rest.DocRaw("application/x-pem-file", "The list in PEM"), Handle: func(r *rest.Request) (int, any, error) {
			l, err := h.a.CRL(r.Context(), r.ReadScope(), r.Int("id"))
			if err != nil {
				return 0, nil, err
			}
			return http.StatusOK, pemFile(string(l.PEM())), nil
		}})
	api.Mount(sub("chain", "Ca Chain"), rest.Op{Method: http.MethodGet, ID: "controller_ca_chain", Summary: "The certificates of a CA and of those above it",
		Doc: rest.DocRaw("application/x-pem-file", "Certificates in PEM, the root last"), Handle: func(r *rest.Request) (int, any, error) {
			c, err := h.a.CAs.Get(r.Context(), r.ReadScope(), r.Int("id"))
			if err != nil {
				return 0, nil, err
			}
			chain, err := h.a.CAs.Chain(r.Context(), c.ID)
			if err != nil {
				return 0, nil, err
			}
			r.ResponseHeader().Set("Content-Disposition", fileName(c.Name, "-chain.pem"))
			return http.StatusOK, pemFile(x509.Bundle("", chain)), nil
		}})
	api.Mount(sub("text", "Ca Text"), rest.Action(http.MethodGet, "controller_ca_text", http.StatusOK, func(r *rest.Request, _ *rest.None) (textOut, error) {
		c, err := h.a.CAs.Get(r.Context(), r.ReadScope(), r.Int("id"))
		if err != nil {
			return textOut{}, err
		}
		return describe(c.Certificate)
	}))
	api.Mount(sub("affected", "Ca Affected"), rest.Action(http.MethodGet, "controller_ca_affected", http.StatusOK, func(r *rest.Request, _ *rest.None) (affectedOut, error) {
		n, err := h.a.CAs.Affects(r.Context(), r.ReadScope(), r.Int("id"))
		return affectedOut{n.Certificates, n.Authorities}, err
	}))
	api.Mount(sub("pkcs12", "Ca PKCS12"), packed("controller_ca_pkcs12", func(r *rest.Request) (*x509.Details, []*x509.CA, error) {
		c, err := reach(r, h.a.CAs.Get, ofCA)
		if err == nil && !h.mayReveal(r, changeCA, &c.Details) {
			err = wispwright.ErrForbidden
		}
		if err != nil {
			return nil, nil, err
		}
		chain, err := h.a.CAs.Chain(r.Context(), c.ID)
		if err != nil {
			return nil, nil, err
		}
		return &c.Details, chain[1:], nil
	}))
}

func (h *HTTP) casOut(r *rest.Request, rows []*x509.CA) ([]caOut, error) {
	out := make([]caOut, len(rows))
	for i, c := range rows {
		out[i] = h.caOut(r, c)
	}
	return out, nil
}

// owner selects by organization. OpenWISP has no filters here and ignores
// "organization", as clients of its lists may rely upon; ours has a name of its own.
func owner[F any](set func(*F, wispwright.ID)) rest.Filter[F] {
	f := rest.FilterOrganization(set)[0]
	f.Name = "organization__exact"
	return f
}

type renewIn struct {
	KeepKey rest.Opt[bool] `json:"keep_key" help:"renew the certificate of the CA alone, with the key it has: what it issued stays as it is"`
}

type revokeIn struct {
	Reason rest.Opt[string] `json:"reason" enum:"unspecified,key_compromise,ca_compromise,affiliation_changed,superseded,cessation_of_operation,privilege_withdrawn" enumLabels:"Unspecified,Key compromise,CA compromise,Affiliation changed,Superseded,Cessation of operation,Privilege withdrawn"`
}

type textOut struct {
	Text string `json:"text"`
}

func describe(certificate string) (textOut, error) {
	text, err := x509.Text(certificate)
	return textOut{text}, err
}

type affectedOut struct {
	Certificates int `json:"certificates"`
	Authorities  int `json:"authorities"`
}

// pkcs12In asks for a file with the private key.
type pkcs12In struct {
	Password rest.Opt[string] `json:"password" required:"true" maxLength:"128" writeOnly:"true"`
	Legacy   rest.Opt[bool]   `json:"legacy" help:"for programs older than 2022, whose encryption is weak"`
}

// packed makes a PKCS#12 file.
func packed(id string, object func(*rest.Request) (*x509.Details, []*x509.CA, error)) rest.Op {
	return rest.Op{Method: http.MethodPost, ID: id, Summary: "Certificate, key and chain as a PKCS#12 file",
		Doc: rest.DocRaw("application/x-pkcs12", "The file"), Handle: func(r *rest.Request) (int, any, error) {
			d, chain, err := object(r)
			if err != nil {
				return 0, nil, err
			}
			in, err := rest.Decode[pkcs12In](r, false)
			if err != nil {
				return 0, nil, err
			}
			file, err := x509.PKCS12(d, chain, wispwright.Secret(in.Password.V), in.Legacy.Or(false))
			if err != nil {
				return 0, nil, err
			}
			r.ResponseHeader().Set("Content-Disposition", fileName(d.Name, ".p12"))
			r.ResponseHeader().Set("Cache-Control", "no-store")
			return http.StatusOK, rest.Raw{ContentType: "application/x-pkcs12", Body: file}, nil
		}}
}
