package server

import (
	"context"
	"encoding/json"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
)

// settingsData is what the controller keeps of an organization in files of data.
type settingsData struct {
	SharedSecret        string `json:"shared_secret,omitempty"`
	RegistrationEnabled *bool  `json:"registration_enabled,omitempty"`
}

// OrganizationKeys implements WithOrganizationData.
func (c *ControllerConcern) OrganizationKeys() []string {
	return []string{"shared_secret", "registration_enabled"}
}

// LoadOrganization implements WithOrganizationData.
func (c *ControllerConcern) LoadOrganization(ctx context.Context, organization wispwright.ID, part map[string]json.RawMessage) error {
	text, err := json.Marshal(part)
	if err != nil {
		return err
	}
	var d settingsData
	if err := strictly(text, &d); err != nil {
		return err
	}
	have, err := c.settings(ctx, organization)
	if err != nil || (d.SharedSecret == "" || d.SharedSecret == have.SharedSecret) && (d.RegistrationEnabled == nil || *d.RegistrationEnabled == *have.RegistrationEnabled) {
		return err
	}
	_, err = c.Settings.Update(ctx, wispwright.ScopeAll(), organization, func(o *controller.Settings) error {
		if d.SharedSecret != "" {
			o.SharedSecret = wispwright.Secret(d.SharedSecret)
		}
		if d.RegistrationEnabled != nil {
			o.RegistrationEnabled = *d.RegistrationEnabled
		}
		return nil
	})
	return err
}

// DumpOrganization implements WithOrganizationData.
func (c *ControllerConcern) DumpOrganization(ctx context.Context, organization wispwright.ID) (any, error) {
	return c.settings(ctx, organization)
}

func (c *ControllerConcern) settings(ctx context.Context, organization wispwright.ID) (settingsData, error) {
	o, err := c.Settings.Get(ctx, wispwright.ScopeAll(), organization)
	if err != nil {
		return settingsData{}, err
	}
	return settingsData{o.SharedSecret.Reveal(), &o.RegistrationEnabled}, nil
}
