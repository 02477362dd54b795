package provider_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/client"
	"github.com/wispwright/wispwright/terraform/provider"
)

const token = "0123456789abcdef0123456789abcdef01234567"

const fixture = `{"organizations":[{"name":"Acme","slug":"acme","shared_secret":"s3cr3tS3cr3t"}],
 "users":[{"username":"root","token":"` + token + `","is_superuser":true,"is_staff":true}]}`

// built is the program of this repository: the one that the environment names, as
// `make test` does, or one that is built now.
func built(t *testing.T) string {
	t.Helper()
	if program := os.Getenv("WISPWRIGHT_TEST_PROGRAM"); program != "" {
		return program
	}
	program := filepath.Join(t.TempDir(), "wispwright")
	out, err := exec.Command("go", "build", "-C", filepath.Join("..", ".."), "-o", program, "./server/cmd/wispwright").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// installation starts the program on a free port and returns its address.
func installation(t *testing.T) string {
	t.Helper()
	dir, program := t.TempDir(), built(t)
	environ := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "WISPWRIGHT_") }) // settings of others
	environ = append(environ, "WISPWRIGHT_DATA="+filepath.Join(dir, "data"), "WISPWRIGHT_TENANCY_PASSWORD_ITERATIONS=1", "WISPWRIGHT_LOG_FORMAT=text", "WISPWRIGHT_HTTP_SHUTDOWN_DELAY=0s")
	load := exec.Command(program, "loaddata", "-")
	load.Env, load.Stdin = environ, strings.NewReader(fixture)
	out, err := load.CombinedOutput()
	require.NoError(t, err, "%s", out)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	serve := exec.Command(program, "serve", "--listen", "127.0.0.1:0")
	serve.Env, serve.Stderr = environ, log
	require.NoError(t, serve.Start())
	t.Cleanup(func() {
		_ = serve.Process.Kill() // ended already, unless the test failed
		_ = serve.Wait()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the server's log ends: %s", text[max(0, len(text)-3000):])
		}
	})
	address := ""
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(log.Name())
		m := regexp.MustCompile(`msg=serving address=(http://\S+)/admin/ `).FindSubmatch(text)
		if err != nil || m == nil {
			return false
		}
		address = string(m[1])
		r, err := http.Get(address + "/readyz")
		if err != nil {
			return false
		}
		return r.Body.Close() == nil && r.StatusCode == http.StatusOK
	}, 2*time.Minute, 20*time.Millisecond)
	return address
}

// terraform does what the program of this name does with a provider.
type terraform struct {
	t      *testing.T
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

func newTerraform(t *testing.T) *terraform {
	t.Helper()
	tf := &terraform{t: t, server: providerserver.NewProtocol6(provider.New("test")())()}
	var err error
	tf.schema, err = tf.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	require.NoError(t, err)
	require.Empty(t, tf.schema.Diagnostics)
	return tf
}

func configured(t *testing.T, address string) *terraform {
	t.Helper()
	tf := newTerraform(t)
	require.Empty(t, tf.configure(map[string]any{"address": address, "token": token}))
	return tf
}

func (tf *terraform) configure(values map[string]any) []*tfprotov6.Diagnostic {
	tf.t.Helper()
	r, err := tf.server.ConfigureProvider(tf.t.Context(), &tfprotov6.ConfigureProviderRequest{Config: tf.dynamic(tf.value(tf.schema.Provider, values))})
	require.NoError(tf.t, err)
	return r.Diagnostics
}

// value writes a configuration; what it does not name is null.
func (tf *terraform) value(s *tfprotov6.Schema, values map[string]any) tftypes.Value {
	tf.t.Helper()
	object, ok := s.ValueType().(tftypes.Object)
	require.True(tf.t, ok)
	out := map[string]tftypes.Value{}
	for name, of := range object.AttributeTypes {
		out[name] = typed(of, values[name])
	}
	for name := range values {
		require.Contains(tf.t, object.AttributeTypes, name)
	}
	return tftypes.NewValue(object, out)
}

func typed(of tftypes.Type, v any) tftypes.Value {
	var inner tftypes.Type
	switch t := of.(type) {
	case tftypes.List:
		inner = t.ElementType
	case tftypes.Set:
		inner = t.ElementType
	case tftypes.Map:
		all, ok := v.(map[string]any)
		if !ok {
			return tftypes.NewValue(of, nil)
		}
		out := map[string]tftypes.Value{}
		for name, e := range all {
			out[name] = typed(t.ElementType, e)
		}
		return tftypes.NewValue(of, out)
	default:
		return tftypes.NewValue(of, v)
	}
	all, ok := v.([]any)
	if !ok {
		return tftypes.NewValue(of, nil)
	}
	out := []tftypes.Value{}
	for _, e := range all {
		out = append(out, typed(inner, e))
	}
	return tftypes.NewValue(of, out)
}

func (tf *terraform) dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	tf.t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	require.NoError(tf.t, err)
	return &d
}

// thing is a resource as Terraform knows it.
type thing struct {
	tf    *terraform
	name  string
	state tftypes.Value
}

func (tf *terraform) new(name string) *thing {
	s := tf.schema.ResourceSchemas[name]
	require.NotNil(tf.t, s, name)
	return &thing{tf, name, tftypes.NewValue(s.ValueType(), nil)}
}

// plan plans a configuration, as Terraform does: what the configuration leaves to the
// provider is as it was. nil deletes.
func (o *thing) plan(values map[string]any) (planned tftypes.Value, said []*tfprotov6.Diagnostic) {
	o.tf.t.Helper()
	ctx, s := o.tf.t.Context(), o.tf.schema.ResourceSchemas[o.name]
	config, proposed := tftypes.NewValue(s.ValueType(), nil), tftypes.NewValue(s.ValueType(), nil)
	if values != nil {
		config = o.tf.value(s, values)
		valid, err := o.tf.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: o.name, Config: o.tf.dynamic(config)})
		require.NoError(o.tf.t, err)
		if len(valid.Diagnostics) > 0 {
			return config, valid.Diagnostics
		}
		var named, before map[string]tftypes.Value
		require.NoError(o.tf.t, config.As(&named))
		parts := maps.Clone(named) // the map is the configuration's own
		if !o.state.IsNull() {
			require.NoError(o.tf.t, o.state.As(&before))
		}
		for _, a := range s.Block.Attributes {
			if parts[a.Name].IsNull() && a.Computed && before != nil {
				parts[a.Name] = before[a.Name]
			}
		}
		proposed = tftypes.NewValue(s.ValueType(), parts)
	}
	r, err := o.tf.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: o.name, Config: o.tf.dynamic(config), PriorState: o.tf.dynamic(o.state), ProposedNewState: o.tf.dynamic(proposed)})
	require.NoError(o.tf.t, err)
	if len(r.Diagnostics) > 0 {
		return proposed, r.Diagnostics
	}
	planned, err = r.PlannedState.Unmarshal(s.ValueType())
	require.NoError(o.tf.t, err)
	return planned, nil
}

// apply carries out what plan says; the answer must be what was planned, as Terraform demands.
func (o *thing) apply(values map[string]any) []*tfprotov6.Diagnostic {
	o.tf.t.Helper()
	s := o.tf.schema.ResourceSchemas[o.name]
	planned, said := o.plan(values)
	if len(said) > 0 {
		return said
	}
	config := tftypes.NewValue(s.ValueType(), nil)
	if values != nil {
		config = o.tf.value(s, values)
	}
	r, err := o.tf.server.ApplyResourceChange(o.tf.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: o.name, Config: o.tf.dynamic(config), PriorState: o.tf.dynamic(o.state), PlannedState: o.tf.dynamic(planned)})
	require.NoError(o.tf.t, err)
	after, err := r.NewState.Unmarshal(s.ValueType())
	require.NoError(o.tf.t, err)
	o.state = after
	if len(r.Diagnostics) == 0 && values != nil {
		var want, got map[string]tftypes.Value
		require.NoError(o.tf.t, planned.As(&want))
		require.NoError(o.tf.t, after.As(&got))
		for name, v := range want {
			if v.IsFullyKnown() {
				require.True(o.tf.t, v.Equal(got[name]), "%s.%s was planned as %s and is %s", o.name, name, v, got[name])
			}
			require.True(o.tf.t, got[name].IsFullyKnown(), "%s.%s is unknown", o.name, name)
		}
	}
	return r.Diagnostics
}

// ok applies what must succeed, and sees that afterwards there is nothing to do.
func (o *thing) ok(values map[string]any) *thing {
	o.tf.t.Helper()
	require.Empty(o.tf.t, told(o.apply(values)))
	o.read()
	if planned, said := o.plan(values); values != nil {
		require.Empty(o.tf.t, told(said))
		require.True(o.tf.t, planned.Equal(o.state), "%s is not settled: %s, planned %s", o.name, o.state, planned)
	}
	return o
}

func (o *thing) read() {
	o.tf.t.Helper()
	r, err := o.tf.server.ReadResource(o.tf.t.Context(), &tfprotov6.ReadResourceRequest{TypeName: o.name, CurrentState: o.tf.dynamic(o.state)})
	require.NoError(o.tf.t, err)
	require.Empty(o.tf.t, told(r.Diagnostics))
	o.state, err = r.NewState.Unmarshal(o.tf.schema.ResourceSchemas[o.name].ValueType())
	require.NoError(o.tf.t, err)
}

// imported is the same thing as somebody sees it who knows the id only.
func (o *thing) imported(id string) (*thing, []*tfprotov6.Diagnostic) {
	o.tf.t.Helper()
	r, err := o.tf.server.ImportResourceState(o.tf.t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: o.name, ID: id})
	require.NoError(o.tf.t, err)
	if len(r.Diagnostics) > 0 {
		return nil, r.Diagnostics
	}
	require.Len(o.tf.t, r.ImportedResources, 1)
	other := o.tf.new(o.name)
	other.state, err = r.ImportedResources[0].State.Unmarshal(o.tf.schema.ResourceSchemas[o.name].ValueType())
	require.NoError(o.tf.t, err)
	other.read()
	return other, nil
}

// source reads a data source.
func (tf *terraform) source(name string, values map[string]any) (map[string]tftypes.Value, []*tfprotov6.Diagnostic) {
	tf.t.Helper()
	s := tf.schema.DataSourceSchemas[name]
	require.NotNil(tf.t, s, name)
	r, err := tf.server.ReadDataSource(tf.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: tf.dynamic(tf.value(s, values))})
	require.NoError(tf.t, err)
	if len(r.Diagnostics) > 0 {
		return nil, r.Diagnostics
	}
	v, err := r.State.Unmarshal(s.ValueType())
	require.NoError(tf.t, err)
	var out map[string]tftypes.Value
	require.NoError(tf.t, v.As(&out))
	return out, nil
}

// text is an attribute as text.
func (o *thing) text(name string) string {
	o.tf.t.Helper()
	var all map[string]tftypes.Value
	require.NoError(o.tf.t, o.state.As(&all))
	return str(o.tf.t, all[name])
}

func str(t *testing.T, v tftypes.Value) string {
	t.Helper()
	var s string
	require.NoError(t, v.As(&s))
	return s
}

// told are the sentences of diagnostics, with the attributes that they name.
func told(all []*tfprotov6.Diagnostic) []string {
	var out []string
	for _, d := range all {
		var b bytes.Buffer
		if d.Attribute != nil {
			b.WriteString(d.Attribute.String() + ": ")
		}
		out = append(out, b.String()+d.Summary+": "+d.Detail)
	}
	return out
}

// caller asks the same installation beside Terraform.
func caller(t *testing.T, address string) *client.Client {
	t.Helper()
	c, err := client.New(address, client.Options{Token: token})
	require.NoError(t, err)
	return c
}

// get is an object of the API.
func get(t *testing.T, c *client.Client, path string) map[string]any {
	t.Helper()
	out := map[string]any{}
	require.NoError(t, c.Do(context.Background(), http.MethodGet, path, nil, &out))
	return out
}
