package radiushttp

import (
	"encoding/pem"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/enterprise"
)

type enterpriseIn struct {
	SSID         rest.Opt[string]   `json:"ssid" required:"true" maxLength:"32" label:"SSID" help:"Name of the network in the air"`
	Server       rest.Opt[string]   `json:"server" required:"true" maxLength:"253" help:"Host name or address at which access points reach the RADIUS server"`
	ServerName   rest.Opt[string]   `json:"server_name" blank:"true" maxLength:"64" help:"Name in the certificate, which devices check. Empty: the server's host name"`
	AccessPoints rest.Opt[string]   `json:"access_points" required:"true" maxLength:"128" help:"Address or network of the access points"`
	Radios       rest.Opt[[]string] `json:"radios" help:"Radios of the access points that send it, such as radio0 and radio1"`
}

type enterpriseOut struct {
	ID           wispwright.ID `json:"id"`
	Organization wispwright.ID `json:"organization"`
	SSID         string        `json:"ssid"`
	Server       string        `json:"server"`
	ServerName   string        `json:"server_name"`
	AccessPoints string        `json:"access_points"`
	CA           int64         `json:"ca"`
	Cert         int64         `json:"cert"`
	NAS          wispwright.ID `json:"nas"`
	Template     wispwright.ID `json:"template"`
	ProfileURL   string        `json:"profile_url" doc:"The profile for iPhones, iPads and Macs, signed."`
	CAURL        string        `json:"ca_url" doc:"The authority that other devices are to trust (PEM)."`
	Created      moment        `json:"created"`
	Modified     moment        `json:"modified"`
}

func (h *HTTP) newEnterpriseOut(r *rest.Request, n *enterprise.Network) enterpriseOut {
	at := r.URL("/api/v1/radius/organization/" + n.OrganizationID.String() + "/wpa-enterprise/")
	return enterpriseOut{n.ID, n.OrganizationID, n.SSID, n.Server, n.ServerName, n.AccessPoints, n.CAID, n.CertID, n.NASID, n.TemplateID, at + "profile/", at + "ca/",
		h.moment(n.Created), h.moment(n.Modified)}
}

// mountEnterprise adds the network of an organization that people come into by EAP.
func (h *HTTP) mountEnterprise(api *rest.API) {
	const path = "/api/v1/radius/organization/{id}/wpa-enterprise/"
	view := func(more, name string) *rest.View {
		return &rest.View{Path: path + more, Name: name, Noun: "Organization", Tag: tag, Kind: app + "organizationradiussettings"}
	}
	api.Mount(view("", "WPA-Enterprise"),
		rest.Action("GET", "radius_wpa_enterprise_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (enterpriseOut, error) {
			n, err := h.enterprise.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return enterpriseOut{}, err
			}
			return h.newEnterpriseOut(r, n), nil
		}),
		rest.Action("POST", "radius_wpa_enterprise_create", http.StatusCreated, func(r *rest.Request, in *enterpriseIn) (enterpriseOut, error) {
			s, err := h.r.Settings.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return enterpriseOut{}, err
			}
			// it makes what each needs a permission of its own for
			for _, p := range []wispwright.Permission{"pki.add_ca", "pki.add_cert", "config.add_template", app + "add_nas"} {
				if !r.Can(p) {
					return enterpriseOut{}, wispwright.ErrForbidden
				}
			}
			n, err := h.enterprise.Make(r.Context(), enterprise.Wish{OrganizationID: s.OrganizationID, SSID: in.SSID.V, Server: in.Server.V, ServerName: in.ServerName.V,
				AccessPoints: in.AccessPoints.V, Radios: in.Radios.V})
			if err != nil {
				return enterpriseOut{}, err
			}
			return h.newEnterpriseOut(r, n), nil
		}),
		rest.Action("DELETE", "radius_wpa_enterprise_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			n, err := h.enterprise.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return rest.None{}, err
			}
			return rest.None{}, h.enterprise.Delete(r.Context(), r.WriteScope(), n.ID)
		}))
	file := func(id, name, kind string, body func(*rest.Request, *enterprise.Profile) ([]byte, error)) rest.Op {
		return rest.Op{Method: "GET", ID: id, Summary: name, Handle: func(r *rest.Request) (int, any, error) {
			o, err := h.organizations.Get(r.Context(), r.ID("id"))
			if err != nil {
				return 0, nil, err
			}
			p, err := h.enterprise.Profile(r.Context(), r.WriteScope(), o.ID, o.Name)
			if err != nil {
				return 0, nil, err
			}
			p.Username = r.Query().Get("username")
			raw, err := body(r, p)
			if err != nil {
				return 0, nil, err
			}
			attachment(r.ResponseHeader(), name)
			return http.StatusOK, rest.Raw{ContentType: kind, Body: raw}, nil
		}}
	}
	api.Mount(view("profile/", "WPA-Enterprise Profile"), file("radius_wpa_enterprise_profile", "wifi.mobileconfig", "application/x-apple-aspen-config",
		func(r *rest.Request, p *enterprise.Profile) ([]byte, error) {
			return h.enterprise.Signed(r.Context(), r.ID("id"), p)
		}))
	api.Mount(view("ca/", "WPA-Enterprise Authority"), file("radius_wpa_enterprise_ca", "ca.pem", "application/x-pem-file",
		func(_ *rest.Request, p *enterprise.Profile) (out []byte, _ error) {
			for _, c := range p.Authorities {
				out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
			}
			return out, nil
		}))
}
