package recovery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/variable"
)

// content is what is kept of an object: a device with its configuration, or a
// template. Keys are in it in clear, since all of it is sealed.
type content struct {
	Device    *controller.Device   `json:"device,omitempty"`
	Key       string               `json:"key,omitempty"`
	Config    *configContent       `json:"config,omitempty"`
	Template  *controller.Template `json:"template,omitempty"`
	Templates []name               `json:"templates,omitempty"`
	// Versions is the history of a device, the newest first, Older how many versions are
	// too old to be kept. Revisions and Values are what they, and what is declared, name.
	Versions  []*controller.Version  `json:"versions,omitempty"`
	Older     int                    `json:"older,omitempty"`
	Revisions []*controller.Revision `json:"revisions,omitempty"`
	Values    []value                `json:"values,omitempty"`
}

// The bounds of the history of one device: so many versions, so many bytes of their
// inputs.
const (
	keptVersions = 50
	keptBytes    = 1 << 20
)

type configContent struct {
	Backend   string          `json:"backend"`
	Config    wispwright.JSON `json:"config"`
	Context   wispwright.JSON `json:"context"`
	Templates []wispwright.ID `json:"templates"`
	// Declarations say what its own variables are.
	Declarations wispwright.JSON `json:"declarations,omitempty"`
}

// value is the value of a secret variable, in clear since all of it is sealed.
type value struct {
	ID    wispwright.ID `json:"id"`
	Value string        `json:"value"`
}

// name is what a template was called, for those that do not come back.
type name struct {
	ID   wispwright.ID `json:"id"`
	Name string        `json:"name"`
}

func (c *content) seal() (wispwright.Secret, error) {
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false) // what people wrote stays as it is
	if err := w.Encode(c); err != nil {
		return "", fmt.Errorf("write a deleted object: %w", err)
	}
	return wispwright.Secret(text.String()), nil
}

func (d *Deleted) open() (*content, error) {
	var c content
	if err := json.Unmarshal([]byte(d.Content.Reveal()), &c); err != nil {
		return nil, fmt.Errorf("read deleted %s %s: %w", d.Kind, d.ObjectID, err)
	}
	for _, v := range c.Versions {
		v.Secrets, v.Own = absent(v.Secrets), absent(v.Own)
	}
	return &c, nil
}

// absent is what is stored where there is nothing.
func absent(j wispwright.JSON) wispwright.JSON {
	if j == "null" {
		return ""
	}
	return j
}

// deviceContent is what is kept of a device. The configuration is that which it
// had in service: a device is emptied when it is deactivated, which comes before
// its deletion.
func (s *Service) deviceContent(ctx context.Context, d *controller.Device) (*content, error) {
	detail, err := s.c.Devices.Get(ctx, wispwright.ScopeAll(), d.ID)
	if err != nil {
		return nil, err
	}
	out := &content{Device: detail.Device, Key: detail.Device.Key.Reveal()}
	if detail.Config == nil {
		return out, nil
	}
	c := detail.Config
	out.Config = &configContent{c.Backend, c.Config, c.Context, c.Templates, c.Declared}
	if err := s.history(ctx, d.ID, out); err != nil {
		return nil, err
	}
	if c.Status == controller.StatusDeactivating || c.Status == controller.StatusDeactivated {
		if err := s.inService(ctx, out); err != nil {
			return nil, err
		}
	}
	if len(out.Config.Templates) == 0 {
		return out, nil
	}
	found, err := s.c.Templates.List(ctx, wispwright.ScopeAll(), controller.TemplateFilter{IDs: wispwright.Only(out.Config.Templates...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, t := range found.Rows {
		out.Templates = append(out.Templates, name{t.ID, t.Name})
	}
	return out, nil
}

// deactivated is the cause of the versions that empty devices.
const deactivated = "device deactivated"

// history keeps the newest versions of a device, with what they are made of.
func (s *Service) history(ctx context.Context, device wispwright.ID, out *content) error {
	found, err := s.c.Versions.List(ctx, wispwright.ScopeAll(), device, wispwright.Page{Limit: keptVersions})
	if err != nil {
		return err
	}
	size := 0
	for _, v := range found.Rows {
		if size += len(v.Config) + len(v.Context) + len(v.Own); size > keptBytes {
			break
		}
		out.Versions = append(out.Versions, v)
	}
	out.Older = found.Total - len(out.Versions)
	return s.material(ctx, out, out.Config.Declarations)
}

// material keeps what versions and declarations name.
func (s *Service) material(ctx context.Context, out *content, declared wispwright.JSON) error {
	revisions, values, err := s.c.Versions.Material(ctx, out.Versions, declared)
	if err != nil {
		return err
	}
	out.Revisions = revisions
	for _, v := range values {
		out.Values = append(out.Values, value{v.ID, v.Value.Reveal()})
	}
	return nil
}

// inService finds what a deactivated device had before, in its history.
func (s *Service) inService(ctx context.Context, out *content) error {
	for _, v := range out.Versions {
		if v.Cause == deactivated {
			continue
		}
		revisions, err := s.c.Versions.Inputs(ctx, v)
		if err != nil {
			return err
		}
		c := out.Config
		c.Backend, c.Config, c.Templates = v.Backend, v.Config, nil
		for _, r := range revisions {
			c.Templates = append(c.Templates, r.TemplateID)
		}
		return nil
	}
	return nil
}

// bringBack stores the history and the values that were kept. A secret variable whose
// value was not, as in what former versions of the program kept, is declared without.
func (s *Service) bringBack(ctx context.Context, c *content, declared *wispwright.JSON, out *Recovered) error {
	list, err := variable.Parse(*declared)
	if err != nil {
		return err
	}
	kept := map[wispwright.ID]bool{}
	values := make([]*variable.Value, len(c.Values))
	for i, v := range c.Values {
		values[i], kept[v.ID] = &variable.Value{ID: v.ID, Value: wispwright.Secret(v.Value)}, true
	}
	for _, name := range list.Secrets().Names() {
		if one := list[name]; !kept[one.Value] {
			one.Value = wispwright.ID{}
			list[name] = one
			out.LeftOut = append(out.LeftOut, "the value of the secret variable "+name)
		}
	}
	*declared = list.JSON()
	return s.c.Versions.BringBack(ctx, nil, c.Revisions, values)
}
