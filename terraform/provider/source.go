package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/wispwright/wispwright/client"
)

// found is a data source of a kind: an object by its id or by what it is called.
type found struct {
	kind   kind
	client *client.Client
}

var _ datasource.DataSourceWithConfigure = (*found)(nil)

// Metadata implements datasource.DataSource.
func (f *found) Metadata(_ context.Context, q datasource.MetadataRequest, r *datasource.MetadataResponse) {
	r.TypeName = q.ProviderTypeName + "_" + f.kind.name
}

// readable are the attributes that the API answers.
func (k *kind) readable() (all []attribute) {
	for _, a := range k.all() {
		if !a.secret {
			all = append(all, a)
		}
	}
	return all
}

// Schema implements datasource.DataSource.
func (f *found) Schema(_ context.Context, _ datasource.SchemaRequest, r *datasource.SchemaResponse) {
	r.Schema = schema.Schema{Description: f.kind.help + " Found by id, or by " + strings.Join(f.kind.lookup, " or ") + ".", Attributes: map[string]schema.Attribute{}}
	for _, a := range f.kind.readable() {
		named := a.name == "id"
		for _, name := range f.kind.lookup {
			named = named || a.name == name
		}
		r.Schema.Attributes[a.name] = a.source(named)
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (f *found) Configure(_ context.Context, q datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	f.client, _ = q.ProviderData.(*client.Client)
}

// Read implements datasource.DataSource.
func (f *found) Read(ctx context.Context, q datasource.ReadRequest, r *datasource.ReadResponse) {
	wanted, err := f.kind.values(q.Config.Raw)
	if err != nil {
		r.Diagnostics.AddError("The configuration cannot be read", err.Error())
		return
	}
	id, _ := wanted["id"].(string)
	if id == "" {
		if id, err = f.find(ctx, wanted); err != nil {
			r.Diagnostics.AddError("It was not found", err.Error())
			return
		}
	}
	answer := map[string]any{}
	if err := askJSON(ctx, f.client, http.MethodGet, f.kind.path+url.PathEscape(id)+"/", nil, &answer); err != nil {
		f.kind.explain(&r.Diagnostics, "It cannot be read", err)
		return
	}
	readable := kind{attributes: f.kind.readable()[1:], apart: f.kind.apart}
	state := tfsdk.State{Schema: r.State.Schema, Raw: r.State.Raw}
	r.Diagnostics.Append(readable.store(ctx, answer, wanted, &state)...)
	r.State.Raw = state.Raw
}

// find returns the id of the one object that is called so.
func (f *found) find(ctx context.Context, wanted map[string]any) (string, error) {
	var said []string
	var search string
	for _, name := range f.kind.lookup {
		if value, ok := wanted[name].(string); ok {
			said, search = append(said, name), value
		}
	}
	if len(said) == 0 {
		return "", fmt.Errorf("set id, or one of %s", strings.Join(f.kind.lookup, ", "))
	}
	if f.client == nil {
		return "", fmt.Errorf("the provider has not been configured")
	}
	var ids []string
	for o, err := range client.Lister[map[string]any](f.client.Within(f.kind.path)).Each(ctx, url.Values{"search": {search}}) {
		if err != nil {
			return "", err
		}
		same := true
		for _, name := range said {
			text, _ := (*o)[name].(string)
			same = same && (text == wanted[name] || name == "mac_address" && strings.EqualFold(text, fmt.Sprint(wanted[name])))
		}
		if same {
			ids = append(ids, fmt.Sprint((*o)["id"]))
		}
	}
	if len(ids) != 1 {
		return "", fmt.Errorf("%d objects are called %q", len(ids), search)
	}
	return ids[0], nil
}
