package radiushttp

import (
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius"
)

type settingsIn struct {
	Token               rest.Opt[string]          `json:"token" maxLength:"32"`
	AllowedHosts        rest.Opt[string]          `json:"freeradius_allowed_hosts" nullable:"true" blank:"true" help:"Addresses and networks, separated by commas, without spaces; null: as everywhere"`
	CoAEnabled          rest.Opt[bool]            `json:"coa_enabled" nullable:"true"`
	NeedsVerification   rest.Opt[bool]            `json:"needs_identity_verification" nullable:"true"`
	MACRoaming          rest.Opt[bool]            `json:"mac_addr_roaming_enabled" nullable:"true"`
	RegistrationEnabled rest.Opt[bool]            `json:"registration_enabled" nullable:"true"`
	SocialEnabled       rest.Opt[bool]            `json:"social_registration_enabled" nullable:"true" help:"People may log in with an account elsewhere"`
	SAMLEnabled         rest.Opt[bool]            `json:"saml_registration_enabled" nullable:"true" help:"People may log in with the account of an institution"`
	LoginURL            rest.Opt[string]          `json:"login_url" nullable:"true" blank:"true"`
	StatusURL           rest.Opt[string]          `json:"status_url" nullable:"true" blank:"true"`
	PasswordResetURL    rest.Opt[string]          `json:"password_reset_url" nullable:"true" blank:"true"`
	FirstName           rest.Opt[string]          `json:"first_name" nullable:"true" enum:"disabled,allowed,mandatory"`
	LastName            rest.Opt[string]          `json:"last_name" nullable:"true" enum:"disabled,allowed,mandatory"`
	Location            rest.Opt[string]          `json:"location" nullable:"true" enum:"disabled,allowed,mandatory"`
	BirthDate           rest.Opt[string]          `json:"birth_date" nullable:"true" enum:"disabled,allowed,mandatory"`
	SMSVerification     rest.Opt[bool]            `json:"sms_verification" nullable:"true"`
	SMSSender           rest.Opt[string]          `json:"sms_sender" nullable:"true" blank:"true" maxLength:"128"`
	SMSMessage          rest.Opt[string]          `json:"sms_message" nullable:"true" blank:"true" maxLength:"160"`
	SMSCooldown         rest.Opt[int64]           `json:"sms_cooldown" nullable:"true" minimum:"0" maximum:"86400"`
	SMSMetaData         rest.Opt[wispwright.JSON] `json:"sms_meta_data" nullable:"true" object:"true"`
	MobilePrefixes      rest.Opt[string]          `json:"allowed_mobile_prefixes" nullable:"true" blank:"true" help:"Beginnings of telephone numbers such as +39, separated by commas, without spaces; empty: all"`
}

// settingsOut are the settings in force, and which of them are the organization's
// own.
type settingsOut struct {
	Organization        wispwright.ID   `json:"organization"`
	Token               *string         `json:"token" doc:"Shown to those who may change it."`
	AllowedHosts        string          `json:"freeradius_allowed_hosts"`
	CoAEnabled          bool            `json:"coa_enabled"`
	NeedsVerification   bool            `json:"needs_identity_verification"`
	MACRoaming          bool            `json:"mac_addr_roaming_enabled"`
	RegistrationEnabled bool            `json:"registration_enabled"`
	SocialEnabled       bool            `json:"social_registration_enabled"`
	SAMLEnabled         bool            `json:"saml_registration_enabled"`
	LoginURL            string          `json:"login_url"`
	StatusURL           string          `json:"status_url"`
	PasswordResetURL    string          `json:"password_reset_url"`
	FirstName           string          `json:"first_name"`
	LastName            string          `json:"last_name"`
	Location            string          `json:"location"`
	BirthDate           string          `json:"birth_date"`
	SMSVerification     bool            `json:"sms_verification"`
	SMSSender           string          `json:"sms_sender"`
	SMSMessage          string          `json:"sms_message"`
	SMSCooldown         int64           `json:"sms_cooldown"`
	SMSMetaData         wispwright.JSON `json:"sms_meta_data"`
	MobilePrefixes      string          `json:"allowed_mobile_prefixes"`
	Own                 []string        `json:"own" doc:"The fields that the organization set itself; the others are as everywhere."`
}

// mountSettings adds the settings of an organization.
func (h *HTTP) mountSettings(api *rest.API) {
	change := func(method, id string) rest.Op {
		return rest.Action(method, id, http.StatusOK, func(r *rest.Request, in *settingsIn) (settingsOut, error) {
			s, err := h.r.Settings.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return settingsOut{}, err
			}
			if s, err = h.r.Settings.Update(r.Context(), r.WriteScope(), s.ID, in.apply); err != nil {
				return settingsOut{}, err
			}
			return h.newSettingsOut(r, s)
		})
	}
	api.Mount(&rest.View{Path: "/api/v1/radius/organization/{id}/settings/", Name: "Organization Radius Settings", Noun: "Organization", Tag: tag, Kind: app + "organizationradiussettings"},
		rest.Action("GET", "radius_organization_settings_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (settingsOut, error) {
			s, err := h.r.Settings.Of(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return settingsOut{}, err
			}
			return h.newSettingsOut(r, s)
		}), change("PUT", "radius_organization_settings_update"), change("PATCH", "radius_organization_settings_partial_update"))
}

func (in *settingsIn) apply(s *radius.Settings) error {
	if in.Token.Set {
		s.Token = wispwright.Secret(in.Token.V)
	}
	in.AllowedHosts.IntoPtr(&s.AllowedHosts)
	in.CoAEnabled.IntoPtr(&s.CoAEnabled)
	in.NeedsVerification.IntoPtr(&s.NeedsVerification)
	in.MACRoaming.IntoPtr(&s.MACRoaming)
	in.RegistrationEnabled.IntoPtr(&s.RegistrationEnabled)
	in.SocialEnabled.IntoPtr(&s.SocialEnabled)
	in.SAMLEnabled.IntoPtr(&s.SAMLEnabled)
	in.LoginURL.Into(&s.LoginURL)
	in.StatusURL.Into(&s.StatusURL)
	in.PasswordResetURL.IntoPtr(&s.PasswordResetURL)
	in.FirstName.IntoPtr(&s.FirstName)
	in.LastName.IntoPtr(&s.LastName)
	in.Location.IntoPtr(&s.Location)
	in.BirthDate.IntoPtr(&s.BirthDate)
	in.SMSVerification.IntoPtr(&s.SMSVerification)
	in.SMSSender.Into(&s.SMSSender)
	in.SMSMessage.IntoPtr(&s.SMSMessage)
	in.SMSCooldown.IntoPtr(&s.SMSCooldown)
	in.SMSMetaData.Into(&s.SMSMetaData)
	in.MobilePrefixes.IntoPtr(&s.MobilePrefixes)
	return nil
}

func (h *HTTP) newSettingsOut(r *rest.Request, s *radius.Settings) (settingsOut, error) {
	f := h.r.Settings.InForce(s)
	out := settingsOut{s.OrganizationID, revealed(r, s.Token, "organizationradiussettings"), strings.Join(f.AllowedHosts, ","), f.CoAEnabled, f.NeedsVerification, f.MACRoaming, f.RegistrationEnabled,
		f.SocialEnabled, f.SAMLEnabled, s.LoginURL, s.StatusURL, f.PasswordResetURL, f.FirstName, f.LastName, f.Location, f.BirthDate, f.SMSVerification, f.SMSSender, f.SMSMessage, f.SMSCooldown, f.SMSMetaData,
		strings.Join(f.MobilePrefixes, ","), []string{}}
	for _, own := range []struct {
		name string
		set  bool
	}{{"freeradius_allowed_hosts", s.AllowedHosts != nil}, {"coa_enabled", s.CoAEnabled != nil}, {"needs_identity_verification", s.NeedsVerification != nil},
		{"mac_addr_roaming_enabled", s.MACRoaming != nil}, {"registration_enabled", s.RegistrationEnabled != nil}, {"social_registration_enabled", s.SocialEnabled != nil}, {"saml_registration_enabled", s.SAMLEnabled != nil}, {"password_reset_url", s.PasswordResetURL != nil},
		{"first_name", s.FirstName != nil}, {"last_name", s.LastName != nil}, {"location", s.Location != nil}, {"birth_date", s.BirthDate != nil},
		{"sms_verification", s.SMSVerification != nil}, {"sms_message", s.SMSMessage != nil}, {"sms_cooldown", s.SMSCooldown != nil}, {"allowed_mobile_prefixes", s.MobilePrefixes != nil}} {
		if own.set {
			out.Own = append(out.Own, own.name)
		}
	}
	return out, nil
}
