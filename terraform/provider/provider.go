// Package provider is Wispwright for Terraform and OpenTofu: organizations, templates, groups,
// devices, users and VPN servers as resources and data sources, over the project's client of
// the REST API. Kinds of objects are tables of attributes; one resource and one data source
// serve them all.
package provider

import (
	"cmp"
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
)

type wispwrightProvider struct{ version string }

// New returns the provider of a version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &wispwrightProvider{version} }
}

// Metadata implements provider.Provider.
func (p *wispwrightProvider) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName, r.Version = "wispwright", p.version
}

// Schema implements provider.Provider.
func (p *wispwrightProvider) Schema(_ context.Context, _ provider.SchemaRequest, r *provider.SchemaResponse) {
	r.Schema = schema.Schema{Description: "Manages an installation of Wispwright.", Attributes: map[string]schema.Attribute{
		"address": schema.StringAttribute{Optional: true, Description: "Address of the installation, such as https://nms.example.org; or WISPWRIGHT_ADDRESS."},
		"token":   schema.StringAttribute{Optional: true, Sensitive: true, Description: "Token of an account there; or WISPWRIGHT_TOKEN."},
	}}
}

// Configure implements provider.Provider.
func (p *wispwrightProvider) Configure(ctx context.Context, q provider.ConfigureRequest, r *provider.ConfigureResponse) {
	var address, token types.String
	r.Diagnostics.Append(q.Config.GetAttribute(ctx, path.Root("address"), &address)...)
	r.Diagnostics.Append(q.Config.GetAttribute(ctx, path.Root("token"), &token)...)
	if r.Diagnostics.HasError() || address.IsUnknown() || token.IsUnknown() {
		return // what is unknown now is known when it is applied
	}
	where, secret := cmp.Or(address.ValueString(), os.Getenv("WISPWRIGHT_ADDRESS")), cmp.Or(token.ValueString(), os.Getenv("WISPWRIGHT_TOKEN"))
	if where == "" {
		r.Diagnostics.AddAttributeError(path.Root("address"), "No installation is named", "Set address, or WISPWRIGHT_ADDRESS.")
	}
	if secret == "" {
		r.Diagnostics.AddAttributeError(path.Root("token"), "No account is named", "Set token, or WISPWRIGHT_TOKEN.")
	}
	if r.Diagnostics.HasError() {
		return
	}
	c, err := client.New(where, client.Options{Token: wispwright.Secret(secret), UserAgent: "terraform-provider-wispwright/" + p.version})
	if err != nil {
		r.Diagnostics.AddError("The installation cannot be asked", err.Error())
		return
	}
	r.ResourceData, r.DataSourceData = c, c
}

// Resources implements provider.Provider.
func (p *wispwrightProvider) Resources(context.Context) (all []func() resource.Resource) {
	for _, k := range kinds() {
		all = append(all, func() resource.Resource { return &managed{kind: k} })
	}
	return all
}

// DataSources implements provider.Provider.
func (p *wispwrightProvider) DataSources(context.Context) (all []func() datasource.DataSource) {
	for _, k := range kinds() {
		all = append(all, func() datasource.DataSource { return &found{kind: k} })
	}
	return all
}
