package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
)

// identity is the attribute that all kinds have.
func identity() attribute { return attribute{name: "id", help: "What identifies it.", use: told} }

func (k *kind) all() []attribute { return append([]attribute{identity()}, k.attributes...) }

// managed is a resource of a kind.
type managed struct {
	kind   kind
	client *client.Client
}

var (
	_ resource.ResourceWithConfigure   = (*managed)(nil)
	_ resource.ResourceWithImportState = (*managed)(nil)
)

// Metadata implements resource.Resource.
func (m *managed) Metadata(_ context.Context, q resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = q.ProviderTypeName + "_" + m.kind.name
}

// Schema implements resource.Resource.
func (m *managed) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	r.Schema = schema.Schema{Description: m.kind.help, Attributes: map[string]schema.Attribute{}}
	for _, a := range m.kind.all() {
		r.Schema.Attributes[a.name] = a.resource()
	}
}

// Configure implements resource.ResourceWithConfigure.
func (m *managed) Configure(_ context.Context, q resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	m.client, _ = q.ProviderData.(*client.Client)
}

// ImportState implements resource.ResourceWithImportState.
func (m *managed) ImportState(ctx context.Context, q resource.ImportStateRequest, r *resource.ImportStateResponse) {
	if _, err := wispwright.ParseID(q.ID); err != nil {
		r.Diagnostics.AddError("No id", fmt.Sprintf("%q does not identify an object: objects are imported by their id.", q.ID))
		return
	}
	resource.ImportStatePassthroughID(ctx, path.Root("id"), q, r)
}

// Create implements resource.Resource.
func (m *managed) Create(ctx context.Context, q resource.CreateRequest, r *resource.CreateResponse) {
	plan, err := m.kind.values(q.Plan.Raw)
	if err != nil {
		r.Diagnostics.AddError("The plan cannot be read", err.Error())
		return
	}
	body, later := map[string]any{}, map[string]any{}
	for _, a := range m.kind.attributes {
		value, known := plan[a.name]
		if !known || a.apart || value == nil {
			continue
		}
		if m.kind.later[a.name] {
			if value != "" {
				put(later, a.asked(), value)
			}
			continue
		}
		put(body, a.asked(), value)
	}
	if config, ok := body["config"].(map[string]any); ok && m.kind.name == "device" && plan["backend"] == nil && len(config) > 0 && !m.kind.configured(plan) {
		delete(body, "config") // a device without a configuration
	}
	answer := map[string]any{}
	if err := m.ask(ctx, http.MethodPost, m.kind.path, body, &answer); err != nil {
		m.kind.explain(&r.Diagnostics, "It cannot be made", err)
		return
	}
	id := fmt.Sprint(answer["id"])
	// from here on it exists: whatever fails, Terraform is to know it
	r.Diagnostics.Append(r.State.SetAttribute(ctx, path.Root("id"), id)...)
	r.Diagnostics.Append(m.settle(ctx, id, later, nil, plan, &r.State)...)
}

// configured reports whether a plan says anything of a device's configuration.
func (k *kind) configured(plan map[string]any) bool {
	list, _ := plan["templates"].([]any)
	return len(list) > 0 || !empty(plan["context"]) || !empty(plan["config"])
}

func empty(document any) bool {
	raw, ok := document.(json.RawMessage)
	return !ok || strings.Join(strings.Fields(string(raw)), "") == "{}"
}

// settle sends what is left, and reads what has become of it.
func (m *managed) settle(ctx context.Context, id string, body, prior, plan map[string]any, state *tfsdk.State) (all diag.Diagnostics) {
	answer := map[string]any{}
	if len(body) > 0 {
		if err := m.ask(ctx, http.MethodPatch, m.kind.path+id+"/", body, &answer); err != nil {
			m.kind.explain(&all, "It cannot be changed", err)
			return all
		}
	}
	err := m.ask(ctx, http.MethodGet, m.kind.path+id+"/", nil, &answer)
	if err == nil && m.kind.after != nil {
		if err = m.kind.after(ctx, m.client, id, prior, plan, answer); err == nil {
			err = m.ask(ctx, http.MethodGet, m.kind.path+id+"/", nil, &answer)
		}
	}
	if err != nil {
		m.kind.explain(&all, "It is changed in part only", err)
		return all
	}
	all.Append(m.kind.store(ctx, answer, plan, state)...)
	return all
}

// Read implements resource.Resource.
func (m *managed) Read(ctx context.Context, q resource.ReadRequest, r *resource.ReadResponse) {
	prior, err := m.kind.values(q.State.Raw)
	if err != nil {
		r.Diagnostics.AddError("The state cannot be read", err.Error())
		return
	}
	answer := map[string]any{}
	err = m.ask(ctx, http.MethodGet, m.kind.path+fmt.Sprint(prior["id"])+"/", nil, &answer)
	if errors.Is(err, wispwright.ErrNotFound) {
		r.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		m.kind.explain(&r.Diagnostics, "It cannot be read", err)
		return
	}
	r.Diagnostics.Append(m.kind.store(ctx, answer, prior, &r.State)...)
}

// Update implements resource.Resource.
func (m *managed) Update(ctx context.Context, q resource.UpdateRequest, r *resource.UpdateResponse) {
	prior, err := m.kind.values(q.State.Raw)
	if err == nil {
		var plan map[string]any
		if plan, err = m.kind.values(q.Plan.Raw); err == nil {
			id := fmt.Sprint(prior["id"])
			var body map[string]any
			if body, err = m.changes(ctx, id, prior, plan); err == nil {
				r.Diagnostics.Append(m.settle(ctx, id, body, prior, plan, &r.State)...)
				return
			}
		}
	}
	m.kind.explain(&r.Diagnostics, "It cannot be changed", err)
}

// changes are the fields that a plan sets otherwise.
func (m *managed) changes(ctx context.Context, id string, prior, plan map[string]any) (map[string]any, error) {
	body := map[string]any{}
	for _, a := range m.kind.attributes {
		value, known := plan[a.name]
		switch {
		case !known || a.apart || a.use == told || m.kind.name == "user" && a.secret:
			continue
		case reflect.DeepEqual(value, prior[a.name]):
			continue
		}
		if wanted, ok := value.([]any); ok && a.form == list {
			added, err := m.added(ctx, id, a, prior[a.name])
			if err != nil {
				return nil, err
			}
			value = append(added, wanted...)
		}
		put(body, a.asked(), value)
	}
	return body, nil
}

// added are the elements of a list that the server put there by itself: they stay.
func (m *managed) added(ctx context.Context, id string, a attribute, prior any) ([]any, error) {
	answer := map[string]any{}
	if err := m.ask(ctx, http.MethodGet, m.kind.path+id+"/", nil, &answer); err != nil {
		return nil, err
	}
	there, _ := at(answer, a.answered()).([]any)
	known, _ := prior.([]any)
	return slices.DeleteFunc(slices.Clone(there), func(e any) bool { return slices.Contains(known, e) }), nil
}

// Delete implements resource.Resource.
func (m *managed) Delete(ctx context.Context, q resource.DeleteRequest, r *resource.DeleteResponse) {
	values, err := m.kind.values(q.State.Raw)
	if err == nil {
		err = m.client.Do(ctx, http.MethodDelete, m.kind.path+fmt.Sprint(values["id"])+"/"+m.kind.deletion, nil, nil)
	}
	if err != nil && !errors.Is(err, wispwright.ErrNotFound) {
		m.kind.explain(&r.Diagnostics, "It cannot be deleted", err)
	}
}

// ask sends a request; numbers of the answer are kept as they are written.
func (m *managed) ask(ctx context.Context, method, path string, body map[string]any, answer *map[string]any) error {
	var in any
	if body != nil {
		in = body
	}
	return askJSON(ctx, m.client, method, path, in, answer)
}

func askJSON(ctx context.Context, c *client.Client, method, path string, in any, answer *map[string]any) error {
	if c == nil {
		return errors.New("the provider has not been configured")
	}
	var raw json.RawMessage
	if err := c.Do(ctx, method, path, in, &raw); err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	fresh := map[string]any{}
	if err := d.Decode(&fresh); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	*answer = fresh
	return nil
}

// values are those of a plan or a state as the API takes them, without unknown ones.
func (k *kind) values(raw tftypes.Value) (map[string]any, error) {
	var in map[string]tftypes.Value
	if err := raw.As(&in); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, a := range k.all() {
		v, ok := in[a.name]
		if !ok || !v.IsFullyKnown() {
			continue
		}
		value, err := a.body(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		out[a.name] = value
	}
	return out, nil
}

// store writes an answer into a state.
func (k *kind) store(ctx context.Context, answer, prior map[string]any, state *tfsdk.State) (all diag.Diagnostics) {
	for _, a := range k.all() {
		var value any
		var err error
		switch {
		case a.secret:
			s, ok := prior[a.name].(string)
			if value = &s; !ok {
				value = (*string)(nil)
			}
		case a.apart:
			value = k.apart(answer)
		default:
			value, err = a.state(at(answer, a.answered()), prior[a.name])
		}
		if err != nil {
			all.AddAttributeError(path.Root(a.name), "The answer is not understood", err.Error())
			continue
		}
		all.Append(state.SetAttribute(ctx, path.Root(a.name), value)...)
	}
	return all
}

// explain adds an error of the API, to the attributes that it names.
func (k *kind) explain(all *diag.Diagnostics, what string, err error) {
	var e *client.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		all.AddError(what, err.Error())
		return
	}
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		said := strings.Join(e.Fields[field], " ")
		i := slices.IndexFunc(k.attributes, func(a attribute) bool {
			return field == strings.Join(a.asked(), ".") || strings.HasPrefix(field, strings.Join(a.asked(), ".")+".")
		})
		if i < 0 {
			all.AddError(what, field+": "+said)
			continue
		}
		all.AddAttributeError(path.Root(k.attributes[i].name), what, said)
	}
}
