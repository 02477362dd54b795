package loginpages

import (
	"encoding/json"
	"html/template"
	"strings"
)

// Config is what a page looks like and does, as its file says after it was merged into
// the defaults (spec: login-pages §4). Keys that are not here are taken and ignored.
type Config struct {
	// Name is shown instead of the organization's.
	Name       string     `json:"name"`
	Settings   Settings   `json:"settings"`
	Client     Client     `json:"client"`
	Components Components `json:"-"`
}

// Settings are the flows of a page.
type Settings struct {
	// RadiusRealms hands usernames with an @ to the captive portal without asking here.
	RadiusRealms bool `json:"radius_realms"`
	// Subscriptions sells plans; PaymentRequiresInternet lets people in before they pay.
	Subscriptions           bool `json:"subscriptions"`
	PaymentIframe           bool `json:"payment_iframe"`
	PaymentRequiresInternet bool `json:"payment_requires_internet"`
	// PasswordlessAuthTokenName is the parameter of magic links.
	PasswordlessAuthTokenName string `json:"passwordless_auth_token_name"`
}

// Client is the look of a page.
type Client struct {
	// AutoLogin knows people again by their cookie.
	AutoLogin bool `json:"auto_login"`
	// Favicon and CSS name files of the page.
	Favicon string   `json:"favicon"`
	CSS     []string `json:"css"`
	// Languages may be chosen; DefaultLanguage is taken where none fits.
	Languages       []Language `json:"languages"`
	DefaultLanguage string     `json:"default_language"`
	// PrivacyPolicy and TermsAndConditions are texts in Markdown, or names of files that
	// end in .md.
	PrivacyPolicy      Text `json:"privacy_policy"`
	TermsAndConditions Text `json:"terms_and_conditions"`
	// Theme are colours and style.
	Theme Theme `json:"theme"`
	// Texts replace texts of the page, by language and id.
	Texts map[string]map[string]string `json:"texts"`
	// RedirectHosts are hosts people may be led to after they logged in.
	RedirectHosts []string `json:"redirect_hosts"`

	Components Components `json:"components"`
}

// Language is one that people may choose.
type Language struct {
	// Text is its own name, Slug the tag.
	Text string `json:"text"`
	Slug string `json:"slug"`
}

// Theme are the colours, as #rrggbb, and the style of a page.
type Theme struct {
	Primary    string `json:"primary"`
	Background string `json:"background"`
	Surface    string `json:"surface"`
	Text       string `json:"text"`
	// Radius rounds corners, in pixels.
	Radius int `json:"radius"`
	// CSS is added after everything else.
	CSS string `json:"css"`
}

// Text is a text in several languages; one without languages is English.
type Text map[string]string

// UnmarshalJSON reads a map of languages or a plain text; false and null are no text.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		*t = Text{"en": plain}
		return nil
	}
	var on bool
	if json.Unmarshal(raw, &on) == nil {
		*t = nil
		return nil
	}
	var m map[string]string
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	*t = m
	return nil
}

// In is the text in a language, or in English.
func (t Text) In(language string) string {
	if s, ok := t[language]; ok {
		return s
	}
	return t["en"]
}

// Switch is a part that is shown or not, or a text of its own that replaces the usual
// one.
type Switch struct {
	On   bool
	Text Text
}

// UnmarshalJSON reads true, false or a text.
func (s *Switch) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &s.On) == nil {
		s.Text = nil
		return nil
	}
	s.On = true
	return s.Text.UnmarshalJSON(raw)
}

// Image is a picture with the words for those who do not see it.
type Image struct {
	URL           string `json:"url"`
	AlternateText string `json:"alternate_text"`
}

// Link leads somewhere; who sees it is in Shown.
type Link struct {
	Text            Text     `json:"text"`
	Alt             Text     `json:"alt"`
	URL             string   `json:"url"`
	Icon            string   `json:"icon"`
	CSS             string   `json:"css"`
	Authenticated   *bool    `json:"authenticated"`
	Verified        *bool    `json:"verified"`
	MethodsOnly     []string `json:"methods_only"`
	MethodsExcluded []string `json:"methods_excluded"`
	// Methods is how templates of the original spell MethodsOnly.
	Methods []string `json:"methods"`
}

// Field is an input.
type Field struct {
	Type               string `json:"type"`
	Pattern            string `json:"pattern"`
	Setting            string `json:"setting"`
	Label              Text   `json:"label"`
	Placeholder        Text   `json:"placeholder"`
	PatternDescription Text   `json:"pattern_description"`
	AutoSwitch         *bool  `json:"auto_switch_phone_input"`
	Country            string `json:"country"`
	Value              bool   `json:"value"`
}

// CustomField is asked of people who register, and kept with their registration.
type CustomField struct {
	// Name is a key of lower-case letters, digits and _.
	Name string `json:"name"`
	// Type is text, email, number, date, select or checkbox.
	Type     string   `json:"type"`
	Label    Text     `json:"label"`
	Required bool     `json:"required"`
	Options  []Option `json:"options"`
}

// Option is a choice of a CustomField.
type Option struct {
	Value string `json:"value"`
	Text  Text   `json:"text"`
}

// Components are the parts of the pages.
type Components struct {
	Header struct {
		Logo       Image  `json:"logo"`
		SecondLogo Image  `json:"second_logo"`
		Links      []Link `json:"links"`
		StickyHTML Text   `json:"sticky_html"`
	} `json:"header"`
	Footer struct {
		Links         []Link `json:"links"`
		AfterHTML     Text   `json:"after_html"`
		SecondaryText Text   `json:"secondary_text"`
	} `json:"footer"`
	ContactPage struct {
		Email       string `json:"email"`
		Helpdesk    string `json:"helpdesk"`
		SocialLinks []Link `json:"social_links"`
		PreHTML     Text   `json:"pre_html"`
		AfterHTML   Text   `json:"after_html"`
	} `json:"contact_page"`
	LoginForm struct {
		SocialLogin struct {
			Links []Link `json:"links"`
		} `json:"social_login"`
		InputFields struct {
			Username    Field `json:"username"`
			PhoneNumber Field `json:"phone_number"`
			Password    Field `json:"password"`
			RememberMe  Field `json:"remember_me"`
		} `json:"input_fields"`
		AdditionalInfoText Switch `json:"additional_info_text"`
		Buttons            struct {
			Register bool `json:"register"`
		} `json:"buttons"`
		Links struct {
			ForgetPassword bool `json:"forget_password"`
		} `json:"links"`
		IntroHTML Text `json:"intro_html"`
		PreHTML   Text `json:"pre_html"`
		HelpHTML  Text `json:"help_html"`
		AfterHTML Text `json:"after_html"`
	} `json:"login_form"`
	RegistrationForm struct {
		AutoSelectFirstPlan bool             `json:"auto_select_first_plan"`
		InputFields         map[string]Field `json:"input_fields"`
		AdditionalInfoText  Switch           `json:"additional_info_text"`
		Links               struct {
			Login          bool `json:"login"`
			ForgetPassword bool `json:"forget_password"`
		} `json:"links"`
		CustomFields []CustomField `json:"custom_fields"`
	} `json:"registration_form"`
	PasswordResetForm        resetForm `json:"password_reset_form"`
	PasswordResetConfirmForm resetForm `json:"password_reset_confirm_form"`
	PasswordChangeForm       struct {
		InputFields struct {
			Password1 Field `json:"password1"`
			Password2 Field `json:"password2"`
		} `json:"input_fields"`
	} `json:"password_change_form"`
	PhoneNumberChangeForm struct {
		Buttons struct {
			ChangePhoneNumber Switch `json:"change_phone_number"`
			Cancel            Switch `json:"cancel"`
		} `json:"buttons"`
	} `json:"phone_number_change_form"`
	StatusPage struct {
		Links               []Link `json:"links"`
		SAMLLogoutURL       string `json:"saml_logout_url"`
		RadiusUsageEnabled  bool   `json:"radius_usage_enabled"`
		AccountingSwapOctet bool   `json:"accounting_swap_octets"`
	} `json:"status_page"`
	MobilePhoneVerificationForm struct {
		InputFields struct {
			Code Field `json:"code"`
		} `json:"input_fields"`
	} `json:"mobile_phone_verification_form"`
	PaymentStatusPage struct {
		Timeout     int `json:"timeout"`
		MaxAttempts int `json:"max_attempts"`
	} `json:"payment_status_page"`
	NotFoundPage struct {
		Heading      Switch `json:"heading"`
		SubHeading   Switch `json:"sub_heading"`
		Message      Switch `json:"message"`
		HomepageLink bool   `json:"homepage_link"`
	} `json:"404_page"`
	// CaptivePortalSyncAuth sends the form of the captive portal with a page load, not
	// in a frame (additions: L-1).
	CaptivePortalSyncAuth   bool       `json:"captive_portal_sync_auth"`
	CaptivePortalLoginForm  PortalForm `json:"captive_portal_login_form"`
	CaptivePortalLogoutForm PortalForm `json:"captive_portal_logout_form"`
}

type resetForm struct {
	AdditionalText Switch `json:"additional_text"`
	ContactText    Switch `json:"contact_text"`
	LoginPageLink  bool   `json:"login_page_link"`
	InputFields    struct {
		Password Field `json:"password"`
	} `json:"input_fields"`
}

// PortalForm is a form that goes to the captive portal.
type PortalForm struct {
	// Method is post or get, Action an address; empty: there is no captive portal.
	Method string `json:"method"`
	Action string `json:"action"`
	Fields struct {
		Username string `json:"username"`
		Password string `json:"password"`
		ID       string `json:"id"`
	} `json:"fields"`
	// MACAddrParamName is the parameter by which the captive portal tells the address of
	// the device; calling_station_id is taken too (additions: L-3).
	MACAddrParamName string       `json:"macaddr_param_name"`
	AdditionalFields []NamedValue `json:"additional_fields"`
	// LogoutBySession offers to end each session.
	LogoutBySession bool `json:"logout_by_session"`
	// WaitAfter is how long is waited after a log-out, in milliseconds.
	WaitAfter int `json:"wait_after"`
}

// NamedValue is a field of a form.
type NamedValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// UnmarshalJSON takes numbers and truths as texts.
func (n *NamedValue) UnmarshalJSON(raw []byte) error {
	var loose struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	}
	if err := json.Unmarshal(raw, &loose); err != nil {
		return err
	}
	n.Name = loose.Name
	switch v := loose.Value.(type) {
	case nil:
	case string:
		n.Value = v
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		n.Value = string(b)
	}
	return nil
}

// Viewer is the person who looks at a page, as far as links care.
type Viewer struct {
	// Authenticated somebody is known.
	Authenticated bool
	// Verified is whether the identity is; nil: it is not known.
	Verified *bool
	// Method is the way the user registered.
	Method string
}

// Shown reports whether a viewer sees the link (spec: login-pages §4).
func (l *Link) Shown(v Viewer) bool {
	only := l.MethodsOnly
	if only == nil {
		only = l.Methods
	}
	has := func(list []string) bool {
		for _, m := range list {
			if m == v.Method {
				return true
			}
		}
		return false
	}
	wantsIn := l.Authenticated != nil && *l.Authenticated
	switch {
	case v.Authenticated && has(l.MethodsExcluded):
		return false
	case wantsIn && v.Authenticated && l.Verified != nil && v.Verified != nil:
		return *l.Verified == *v.Verified
	case wantsIn && v.Authenticated && only != nil:
		return has(only)
	}
	return l.Authenticated == nil || *l.Authenticated == v.Authenticated
}

// Address is where the link leads, within the page of a slug.
func (l *Link) Address(slug string) string {
	return strings.ReplaceAll(l.URL, "{orgSlug}", slug)
}

// html is text that was sanitised.
type html = template.HTML
