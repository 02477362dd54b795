package controllerhttp

import (
	"context"
	"net/http"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/controller/variable"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// declaredIn says what a variable is; what is left out stays, or is nothing in
// particular of one that is not declared yet.
type declaredIn struct {
	Type        rest.Opt[string]          `json:"type" blank:"true" enum:",text,number,boolean,address,network,mac,choice,list" help:"what its values must be; blank for anything"`
	Choices     rest.Opt[[]string]        `json:"choices" help:"the values of the type choice"`
	Description rest.Opt[string]          `json:"description" blank:"true" maxLength:"1000"`
	Secret      rest.Opt[bool]            `json:"secret" help:"a secret value is stored sealed, given to devices, and shown to nobody; one that was there in clear becomes secret"`
	Value       rest.Opt[wispwright.JSON] `json:"value" nullable:"true" help:"the value that this level gives; null takes it away"`
}

// declaredOut is a variable of one level: with a value, declared, or both.
type declaredOut struct {
	Name        string   `json:"name"`
	Declared    bool     `json:"declared"`
	Type        string   `json:"type"`
	Choices     []string `json:"choices"`
	Description string   `json:"description"`
	Secret      bool     `json:"secret"`
	Set         bool     `json:"set" help:"whether this level gives a value"`
	Value       any      `json:"value" help:"null for one that is secret"`
}

type declaredListOut struct {
	Variables []declaredOut `json:"variables" help:"in the order of their names"`
}

// declares is one kind of object that gives variables.
type declares struct {
	path, name, noun, id, kind string
	scope                      func(*rest.Request) wispwright.Scope
	get                        func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (plain, declared wispwright.JSON, err error)
	declare                    func(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, c *variable.Change) error
}

// mountDeclared adds what variables are, at each level that gives some. OpenWISP has
// no such thing: the values of others are where they were (decision 0107).
func (h *HTTP) mountDeclared(api *rest.API) {
	read := (*rest.Request).ReadScope
	write := (*rest.Request).WriteScope
	for _, of := range []declares{
		{"device", "Device", "Device", "device", "device", read, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (a, b wispwright.JSON, err error) {
			d, err := h.c.Devices.Get(ctx, scope, id)
			if err != nil || d.Config == nil {
				return "", "", err
			}
			return d.Config.Context, d.Config.Declared, nil
		}, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, c *variable.Change) error {
			_, err := h.c.Devices.Declare(ctx, scope, id, name, c)
			return err
		}},
		{"group", "Group", "DeviceGroup", "group", "devicegroup", read, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (a, b wispwright.JSON, err error) {
			g, err := h.c.Groups.Get(ctx, scope, id)
			if err != nil {
				return "", "", err
			}
			return g.Context, g.Declared, nil
		}, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, c *variable.Change) error {
			_, err := h.c.Groups.Declare(ctx, scope, id, name, c)
			return err
		}},
		{"template", "Template", "Template", "template", "template", read, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (a, b wispwright.JSON, err error) {
			t, err := h.c.Templates.Get(ctx, scope, id)
			if err != nil {
				return "", "", err
			}
			return t.DefaultValues, t.Declared, nil
		}, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, c *variable.Change) error {
			_, err := h.c.Templates.Declare(ctx, scope, id, name, c)
			return err
		}},
		{"organization", "Organization", "Organization", "organization", "organizationconfigsettings", write, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (a, b wispwright.JSON, err error) {
			s, err := h.c.Settings.Get(ctx, scope, id)
			if err != nil {
				return "", "", err
			}
			return s.Context, s.Declared, nil
		}, func(ctx context.Context, scope wispwright.Scope, id wispwright.ID, name string, c *variable.Change) error {
			_, err := h.c.Settings.Declare(ctx, scope, id, name, c)
			return err
		}},
	} {
		h.mountDeclares(api, of)
	}
}

func (h *HTTP) mountDeclares(api *rest.API, of declares) {
	path, id := "/api/v1/controller/"+of.path+"/{id}/declared-variables/", "controller_"+of.id+"_declared_variables"
	list := func(r *rest.Request) (declaredListOut, error) {
		plain, declared, err := of.get(r.Context(), of.scope(r), r.ID("id"))
		if err != nil {
			return declaredListOut{}, err
		}
		return newDeclaredListOut(plain, declared)
	}
	api.Mount(&rest.View{Path: path, Name: of.name + " Declared Variables", Noun: of.noun, Tag: "controller", Kind: "config." + of.kind},
		rest.Action(http.MethodGet, id, http.StatusOK, func(r *rest.Request, _ *rest.None) (declaredListOut, error) { return list(r) }))
	change := wispwright.Permission("config.change_" + of.kind)
	put := rest.Action(http.MethodPut, id+"_update", http.StatusOK, func(r *rest.Request, in *declaredIn) (declaredListOut, error) {
		_, declared, err := of.get(r.Context(), of.scope(r), r.ID("id"))
		if err != nil {
			return declaredListOut{}, err
		}
		c, err := in.change(r.Text("name"), declared)
		if err != nil {
			return declaredListOut{}, err
		}
		if err := of.declare(r.Context(), r.WriteScope(), r.ID("id"), r.Text("name"), c); err != nil {
			return declaredListOut{}, err
		}
		return list(r)
	})
	drop := rest.Action(http.MethodDelete, id+"_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
		return rest.None{}, of.declare(r.Context(), r.WriteScope(), r.ID("id"), r.Text("name"), nil)
	})
	put.Permission, drop.Permission = change, change
	api.Mount(&rest.View{Path: path + "{name:text}/", Name: of.name + " Declared Variable", Noun: of.noun, Tag: "controller", Kind: "config." + of.kind}, put, drop)
}

// change is what is wanted, laid over what is declared.
func (in *declaredIn) change(name string, declared wispwright.JSON) (*variable.Change, error) {
	list, err := variable.Parse(declared)
	if err != nil {
		return nil, err
	}
	c := &variable.Change{Declaration: list[name]}
	kind := string(c.Declaration.Type)
	in.Type.Into(&kind)
	if c.Declaration.Type = variable.Type(kind); in.Type.Set && c.Declaration.Type != variable.Choice && !in.Choices.Set {
		c.Declaration.Choices = nil
	}
	in.Choices.Into(&c.Declaration.Choices)
	in.Description.Into(&c.Declaration.Description)
	in.Secret.Into(&c.Declaration.Secret)
	if c.Given = in.Value.Set; in.Value.Set && !in.Value.Null {
		if c.Value, err = ordered.Decode([]byte(in.Value.V)); err != nil {
			return nil, wispwright.Invalid("value", "Enter valid JSON.")
		}
	}
	return c, nil
}

func newDeclaredListOut(plain, declared wispwright.JSON) (declaredListOut, error) {
	out := declaredListOut{Variables: []declaredOut{}}
	list, err := variable.Parse(declared)
	if err != nil {
		return out, err
	}
	values, err := render.Decode(plain)
	if err != nil {
		return out, err
	}
	names := list.Names()
	for i := range values.Len() {
		if name, _ := values.At(i); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d, known := list[name]
		value, set := values.Get(name)
		one := declaredOut{Name: name, Declared: known, Type: string(d.Type), Choices: append([]string{}, d.Choices...), Description: d.Description, Secret: d.Secret, Set: set}
		if d.Secret {
			one.Set = one.Set || !d.Value.IsZero()
		} else {
			one.Value = value
		}
		out.Variables = append(out.Variables, one)
	}
	return out, nil
}
