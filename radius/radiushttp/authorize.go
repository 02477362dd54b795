package radiushttp

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
)

type authorizeIn struct {
	Username         rest.Opt[string] `json:"username" required:"true" maxLength:"150"`
	Password         rest.Opt[string] `json:"password" required:"true" trim:"false"`
	CalledStationID  rest.Opt[string] `json:"called_station_id" nullable:"true" blank:"true" maxLength:"253"`
	CallingStationID rest.Opt[string] `json:"calling_station_id" nullable:"true" blank:"true" maxLength:"253"`
}

type postAuthIn struct {
	Username         rest.Opt[string] `json:"username" required:"true" maxLength:"64"`
	Password         rest.Opt[string] `json:"password" blank:"true" nullable:"true" trim:"false"`
	Reply            rest.Opt[string] `json:"reply" required:"true" maxLength:"32"`
	CalledStationID  rest.Opt[string] `json:"called_station_id" nullable:"true" blank:"true" maxLength:"253"`
	CallingStationID rest.Opt[string] `json:"calling_station_id" nullable:"true" blank:"true" maxLength:"253"`
}

// attributes are an answer to FreeRADIUS: an object whose keys keep their order.
type attributes []attribute

type attribute struct {
	name  string
	value any
}

// operated is an attribute with an operator.
type operated struct {
	Op    string `json:"op"`
	Value string `json:"value"`
}

// MarshalJSON writes the object.
func (a attributes) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, one := range a {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// newAttributes writes an answer as FreeRADIUS reads it (spec: radius §3, §16.4).
func newAttributes(verdict string, replies []radius.Reply) attributes {
	out := attributes{{"control:Auth-Type", verdict}}
	for _, r := range replies {
		switch {
		case r.Counted:
			out = append(out, attribute{r.Name, r.Number})
		case r.Op == "":
			out = append(out, attribute{r.Name, r.Value})
		default:
			out = append(out, attribute{r.Name, operated{r.Op, r.Value}})
		}
	}
	return out
}

// mountAuthorize adds what FreeRADIUS asks before it answers somebody, and what it
// tells afterwards (spec: radius §3, §3b).
func (h *HTTP) mountAuthorize(api *rest.API) {
	view := func(path, name string) *rest.View {
		return &rest.View{Path: "/api/v1/freeradius/" + path + "/", Name: name, Tag: freeradiusTag, Access: rest.Authenticated, Schemes: []rest.Scheme{h.scheme()}, Throttle: h.machines}
	}
	api.Mount(view("authorize", "Authorize"), rest.Documented[authorizeIn, rest.None](http.StatusOK, rest.Op{
		Method: "POST", ID: "freeradius_authorize_create", Summary: "May somebody come in", Also: []int{http.StatusUnauthorized}, Handle: h.authorize,
	}))
	api.Mount(view("postauth", "Postauth"), unlessNobody(quiet(rest.Action("POST", "freeradius_postauth_create", http.StatusCreated, func(r *rest.Request, in *postAuthIn) (rest.None, error) {
		p := through(r)
		return rest.None{}, h.r.PostAuths.Record(r.Context(), &radius.PostAuth{
			OrganizationID: p.organization, Username: p.username(in.Username.V), Password: in.Password.V, Reply: in.Reply.V,
			CalledStationID: pointer(in.CalledStationID), CallingStationID: pointer(in.CallingStationID),
		})
	}))))
}

// unlessNobody answers 200 and nothing, whatever was sent, to a request that is
// nobody's (spec: radius §2).
func unlessNobody(op rest.Op) rest.Op {
	inner := op.Handle
	op.Handle = func(r *rest.Request) (int, any, error) {
		if through(r).organization.IsZero() {
			return http.StatusOK, empty(), nil
		}
		return inner(r)
	}
	return op
}

// pointer is a text that was sent, nil when it was not or was null.
func pointer(o rest.Opt[string]) *string {
	if !o.Set || o.Null {
		return nil
	}
	return &o.V
}

func (h *HTTP) authorize(r *rest.Request) (int, any, error) {
	in, err := rest.Decode[authorizeIn](r, false)
	if err != nil {
		return 0, nil, err
	}
	p := through(r)
	if p.organization.IsZero() {
		return http.StatusOK, empty(), nil
	}
	answer, err := h.r.Authorizer.Authorize(r.Context(), radius.Asking{
		OrganizationID: p.organization, Identifier: p.username(in.Username.V), Password: in.Password.V, Roamed: p.roamed != nil,
		CalledStationID: in.CalledStationID.V, CallingStationID: in.CallingStationID.V,
	})
	if err != nil {
		return 0, nil, err
	}
	switch answer.Decision {
	case radius.Accept:
		return http.StatusOK, newAttributes("Accept", answer.Replies), nil
	case radius.Exhausted:
		return http.StatusOK, newAttributes("Reject", answer.Replies), nil
	case radius.Busy:
		return http.StatusUnauthorized, newAttributes("Reject", answer.Replies), nil
	}
	if h.reject {
		return http.StatusUnauthorized, newAttributes("Reject", nil), nil
	}
	return http.StatusOK, empty(), nil
}
