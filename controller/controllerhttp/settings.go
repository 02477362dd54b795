package controllerhttp

import (
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

const changeSettings wispwright.Permission = "config.change_organizationconfigsettings"

// settingsIn changes what an organization decides.
type settingsIn struct {
	RegistrationEnabled rest.Opt[bool]            `json:"registration_enabled" help:"Whether automatic registration of devices is enabled or not"`
	SharedSecret        rest.Opt[string]          `json:"shared_secret" blank:"true" maxLength:"32" help:"used for automatic registration of devices; a blank one is replaced by a random one"`
	FormerSecretFor     rest.Opt[int64]           `json:"former_secret_for" nullable:"true" minimum:"0" maximum:"31536000" help:"seconds for which devices may still register with the secret that is replaced; 0 ends that at once"`
	Context             rest.Opt[wispwright.JSON] `json:"context" help:"variables of all devices of the organization"`
	DeviceLimit         rest.Opt[int64]           `json:"device_limit" nullable:"true" minimum:"0" help:"0 for any number, null for none at all"`
}

type settingsOut struct {
	Organization        wispwright.ID   `json:"organization"`
	RegistrationEnabled bool            `json:"registration_enabled"`
	SharedSecret        *string         `json:"shared_secret"`
	Context             wispwright.JSON `json:"context"`
	DeviceLimit         *int64          `json:"device_limit"`
	Broken              *brokenOut      `json:"broken_configurations"`
	FormerSecretUntil   *rest.Time      `json:"former_secret_until" help:"until when the secret before is good too; null for not any more"`
}

// mountSettings adds what organizations decide (spec: controller-config §1.7,
// §1.8), which OpenWISP has in its web admin only.
func (h *HTTP) mountSettings(api *rest.API) {
	change := func(method, id string) rest.Op {
		return rest.Action(method, id, http.StatusOK, func(r *rest.Request, in *settingsIn) (settingsOut, error) {
			if in.SharedSecret.Or("") != "" {
				if err := h.secrets.Admit(r); err != nil {
					return settingsOut{}, err
				}
			}
			s, err := h.c.Settings.Update(r.Context(), r.WriteScope(), r.ID("id"), func(s *controller.Settings) error {
				in.RegistrationEnabled.Into(&s.RegistrationEnabled)
				was := s.SharedSecret
				intoSecret(in.SharedSecret, &s.SharedSecret)
				switch seconds := in.FormerSecretFor.V; {
				case s.SharedSecret == was && in.FormerSecretFor.Set && seconds == 0, s.SharedSecret != was && seconds == 0:
					s.FormerSecret, s.FormerUntil = "", nil
				case s.SharedSecret != was:
					s.Retire(was, h.options.Clock().Add(time.Duration(seconds)*time.Second))
				}
				in.Context.Into(&s.Context)
				in.DeviceLimit.IntoPtr(&s.DeviceLimit)
				return nil
			})
			if err != nil {
				return settingsOut{}, err
			}
			out := newSettingsOut(r, s)
			if in.Context.Set {
				b, err := h.c.Settings.Broken(r.Context(), s.OrganizationID)
				out.Broken = h.brokenOut(r, b, err)
			}
			return out, nil
		}, http.StatusTooManyRequests)
	}
	api.Mount(&rest.View{
		Path: "/api/v1/controller/organization/{id}/settings/", Name: "Organization Settings", Noun: "Organization", Tag: "controller",
		Kind: "config.organizationconfigsettings",
	},
		rest.Action("GET", "controller_organization_settings_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (settingsOut, error) {
			s, err := h.c.Settings.Get(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return settingsOut{}, err
			}
			return newSettingsOut(r, s), nil
		}),
		change("PUT", "controller_organization_settings_update"),
		change("PATCH", "controller_organization_settings_partial_update"))
}

// newSettingsOut shows the secret only to users who may change it.
func newSettingsOut(r *rest.Request, s *controller.Settings) settingsOut {
	out := settingsOut{Organization: s.OrganizationID, RegistrationEnabled: s.RegistrationEnabled, Context: object(s.Context), DeviceLimit: s.DeviceLimit}
	if s.FormerUntil != nil {
		out.FormerSecretUntil = timeOut(s.FormerUntil)
	}
	if r.Can(changeSettings) {
		secret := s.SharedSecret.Reveal()
		out.SharedSecret = &secret
	}
	return out
}
