package connectionhttp

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

type credentialsIn struct {
	Connector    rest.Opt[string]          `json:"connector" required:"true"`
	Name         rest.Opt[string]          `json:"name" required:"true" maxLength:"64"`
	Organization rest.Opt[wispwright.ID]   `json:"organization" required:"true" nullable:"true" rel:"organization"`
	AutoAdd      rest.Opt[bool]            `json:"auto_add"`
	Params       rest.Opt[wispwright.JSON] `json:"params" required:"true" help:"as the connector's schema says; ******** keeps the secret that is stored"`
}

type credentialsOut struct {
	ID           wispwright.ID   `json:"id"`
	Connector    string          `json:"connector"`
	Name         string          `json:"name"`
	Organization *wispwright.ID  `json:"organization"`
	AutoAdd      bool            `json:"auto_add"`
	Params       wispwright.JSON `json:"params"`
	Created      rest.Time       `json:"created"`
	Modified     rest.Time       `json:"modified"`
}

// mountCredentials adds access credentials (spec: connection §8.1).
func (h *HTTP) mountCredentials(api *rest.API) {
	type filter = connection.CredentialsFilter
	rest.Mount(api, rest.Resource[wispwright.ID, connection.Credentials, filter, credentialsIn, credentialsOut]{
		Path: credentialPath, Name: "Credential", Noun: "Credentials", ID: "controller_credential", Tag: tag, Kind: credentialsKind,
		Choices: map[string][]rest.Choice{"connector": h.connectorChoices()},
		Service: h.c.Credentials,
		Check: func(_ *rest.Request, in *credentialsIn) error {
			var v wispwright.ValidationError
			if in.Connector.Set && !in.Connector.Null && in.Connector.V != "" && h.c.Registry.Connector(in.Connector.V) == nil {
				v.Add("connector", valid.NoChoice(in.Connector.V))
			}
			return v.Err()
		},
		Apply: h.applyCredentials,
		Out: func(r *rest.Request, rows []*connection.Credentials) ([]credentialsOut, error) {
			out := make([]credentialsOut, len(rows))
			for i, c := range rows {
				out[i] = h.credentialsOut(r, c)
			}
			return out, nil
		},
		Organization: func(c *connection.Credentials) wispwright.ID { return c.OrganizationID },
		// the time stands for the parameters, which no answer may give away
		Version: func(c *connection.Credentials) []any {
			return []any{c.Name, c.OrganizationID, c.Connector, c.AutoAdd, c.Modified.UnixMicro()}
		},
		Unique: map[string]error{
			connection.UniqueCredentials: wispwright.Invalid("non_field_errors", "The fields name, organization must make a unique set."),
		},
		Filters: append(rest.FilterOrganization(func(f *filter, v wispwright.ID) { f.OrganizationID = v }),
			rest.FilterChoice("connector", h.connectorNames(), func(f *filter, v string) { f.Connector = v }),
			rest.FilterBool("auto_add", func(f *filter, v bool) { f.AutoAdd = &v }),
			rest.FilterText("name", func(f *filter, v string) { f.Name = v }),
			rest.FilterText("search", func(f *filter, v string) { f.Search = v })),
		Ordering: map[string]string{"name": "Name", "connector": "Connector", "created": "Created", "modified": "Modified"},
	})
}

func (h *HTTP) applyCredentials(_ *rest.Request, in *credentialsIn, c *connection.Credentials) error {
	in.Connector.Into(&c.Connector)
	in.Name.Into(&c.Name)
	in.Organization.Into(&c.OrganizationID)
	in.AutoAdd.Into(&c.AutoAdd)
	if !in.Params.Set {
		return nil
	}
	params := in.Params.V
	if t := h.c.Registry.Connector(c.Connector); t != nil {
		params = t.Unmasked(params, c.Params)
	}
	c.Params = wispwright.Secret(params)
	return nil
}

// credentialsOut hides secrets from callers that may not change them.
func (h *HTTP) credentialsOut(r *rest.Request, c *connection.Credentials) credentialsOut {
	o := credentialsOut{ID: c.ID, Connector: c.Connector, Name: c.Name, Organization: rest.Null(c.OrganizationID), AutoAdd: c.AutoAdd,
		Created: rest.Time(c.Created), Modified: rest.Time(c.Modified)}
	t := h.c.Registry.Connector(c.Connector)
	switch {
	case !h.options.NoSecrets && r.Can("connection.change_credentials") && r.WriteScope().Allows(c.OrganizationID):
		o.Params = wispwright.JSON(c.Params.Reveal())
	case t != nil:
		o.Params = t.Masked(c.Params)
	default: // nobody knows which of them are secret
		o.Params = "{}"
	}
	return o
}

func (h *HTTP) connectorChoices() (out []rest.Choice) {
	for _, t := range h.c.Registry.Connectors() {
		out = append(out, rest.Choice{Value: t.ID, Label: t.Label})
	}
	return out
}

func (h *HTTP) connectorNames() (out []string) {
	for _, t := range h.c.Registry.Connectors() {
		out = append(out, t.ID)
	}
	return out
}
