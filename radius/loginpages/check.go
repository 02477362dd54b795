package loginpages

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

var (
	colourForm    = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	fieldNameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)
	fileNameForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)
	languageForm  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	hostForm      = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:[0-9]{1,5})?$`)
	inputNameForm = regexp.MustCompile(`^[A-Za-z0-9_.:$\[\]-]{1,100}$`)
)

// maxCustomFields is how many fields of its own a page may ask for.
const maxCustomFields = 20

// faults gathers what is wrong with a configuration, by key.
type faults struct{ wispwright.ValidationError }

func (f *faults) add(key, format string, args ...any) {
	f.Add("document", key+": "+fmt.Sprintf(format, args...))
}

// check returns what is wrong with a configuration as faults of the field "document",
// each of which begins with the key.
func (c *Config) check() error {
	var f faults
	c.checkTheme(&f)
	c.checkLanguages(&f)
	c.checkLinks(&f)
	c.checkFields(&f)
	for key, p := range map[string]PortalForm{"captive_portal_login_form": c.Components.CaptivePortalLoginForm, "captive_portal_logout_form": c.Components.CaptivePortalLogoutForm} {
		key = "client.components." + key
		if m := strings.ToLower(p.Method); m != "post" && m != "get" {
			f.add(key+".method", "%q is neither post nor get.", p.Method)
		}
		if p.Action != "" && !absolute(p.Action) {
			f.add(key+".action", "Enter an address that begins with http:// or https://.")
		}
		for _, n := range p.AdditionalFields {
			if !inputNameForm.MatchString(n.Name) {
				f.add(key+".additional_fields", "%q cannot be the name of a field.", n.Name)
			}
		}
		for _, name := range []string{p.Fields.Username, p.Fields.Password, p.Fields.ID, p.MACAddrParamName} {
			if name != "" && !inputNameForm.MatchString(name) {
				f.add(key+".fields", "%q cannot be the name of a field.", name)
			}
		}
	}
	for _, host := range c.Client.RedirectHosts {
		if !hostForm.MatchString(host) {
			f.add("client.redirect_hosts", "%q is not a host name in small letters.", host)
		}
	}
	if !inputNameForm.MatchString(c.Settings.PasswordlessAuthTokenName) {
		f.add("settings.passwordless_auth_token_name", "This cannot be the name of a parameter.")
	}
	return f.Err()
}

func (c *Config) checkTheme(f *faults) {
	t := c.Client.Theme
	for key, colour := range map[string]string{"primary": t.Primary, "background": t.Background, "surface": t.Surface, "text": t.Text} {
		if !colourForm.MatchString(colour) {
			f.add("client.theme."+key, "%q is not a colour such as #1a56a8.", colour)
			return
		}
	}
	if r := contrast(t.Text, t.Surface); r < 4.5 {
		f.add("client.theme.text", "The contrast of text to surface is %.1f, and 4.5 is needed to read it.", r)
	}
	if r := contrast(t.Primary, t.Surface); r < 3 {
		f.add("client.theme.primary", "The contrast of the primary colour to the surface is %.1f, and 3 is needed to see buttons.", r)
	}
	if t.Radius < 0 || t.Radius > 40 {
		f.add("client.theme.radius", "Ensure this value is between 0 and 40.")
	}
	if fault := badCSS(t.CSS); fault != "" {
		f.add("client.theme.css", "%s", fault)
	}
}

// badCSS says why a style sheet is not taken; "" if it is.
func badCSS(css string) string {
	if len(css) > 64<<10 {
		return "The style sheet is longer than 64 KiB."
	}
	// escapes and comments can hide a word from anybody who looks for it
	plain := strings.ToLower(cssNoise.ReplaceAllString(css, ""))
	for _, word := range []string{"@import", "expression(", "javascript:", "behavior:", "-moz-binding", "<", "\\"} {
		if strings.Contains(plain, word) {
			return fmt.Sprintf("%q is not allowed in style sheets of pages.", word)
		}
	}
	for _, m := range cssURL.FindAllStringSubmatch(plain, -1) {
		if target := strings.Trim(m[1], "'\" \t"); !strings.HasPrefix(target, "data:image/") && !strings.HasPrefix(target, "/assets/") && !fileNameForm.MatchString(target) {
			return "url() may name files of the page only."
		}
	}
	return ""
}

var (
	cssNoise = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssURL   = regexp.MustCompile(`url\(([^)]*)\)?`)
)

func (c *Config) checkLanguages(f *faults) {
	if len(c.Client.Languages) == 0 {
		f.add("client.languages", "There must be a language.")
	}
	for _, l := range c.Client.Languages {
		if !languageForm.MatchString(l.Slug) {
			f.add("client.languages", "%q is not the tag of a language such as en.", l.Slug)
		}
	}
	if !slices.ContainsFunc(c.Client.Languages, func(l Language) bool { return l.Slug == c.Client.DefaultLanguage }) {
		f.add("client.default_language", "%q is not among the languages.", c.Client.DefaultLanguage)
	}
	if len(c.Client.Texts) == 0 {
		return
	}
	english, err := messages("en")
	if err != nil {
		f.add("client.texts", "%s", err)
		return
	}
	for language, texts := range c.Client.Texts {
		for id, text := range texts {
			if english[id] == "" {
				f.add("client.texts."+language, "%q is not the id of a text.", id)
			}
			if len(text) > 2000 {
				f.add("client.texts."+language+"."+id, "Ensure this text has no more than 2000 characters.")
			}
		}
	}
}

func (c *Config) checkLinks(f *faults) {
	p := &c.Components
	for key, list := range map[string][]Link{
		"header.links": p.Header.Links, "footer.links": p.Footer.Links, "contact_page.social_links": p.ContactPage.SocialLinks,
		"login_form.social_login.links": p.LoginForm.SocialLogin.Links, "status_page.links": p.StatusPage.Links,
	} {
		for i, l := range list {
			if !leads(l.URL) {
				f.add(fmt.Sprintf("client.components.%s[%d].url", key, i), "Enter an address that begins with /, http://, https://, mailto: or tel:.")
			}
		}
	}
	for key, image := range map[string]string{"header.logo.url": p.Header.Logo.URL, "header.second_logo.url": p.Header.SecondLogo.URL, "client.favicon": c.Client.Favicon} {
		if image != "" && !fileNameForm.MatchString(image) && !strings.HasPrefix(image, "/assets/") {
			f.add(key, "Enter the name of a file of the page.")
		}
	}
	for _, css := range c.Client.CSS {
		if !fileNameForm.MatchString(css) {
			f.add("client.css", "%q is not the name of a file of the page.", css)
		}
	}
	if u := p.StatusPage.SAMLLogoutURL; u != "" && !absolute(u) {
		f.add("client.components.status_page.saml_logout_url", "Enter an address that begins with http:// or https://.")
	}
}

func (c *Config) checkFields(f *faults) {
	const key = "client.components.registration_form.custom_fields"
	custom := c.Components.RegistrationForm.CustomFields
	if len(custom) > maxCustomFields {
		f.add(key, "There may be %d fields.", maxCustomFields)
	}
	seen := map[string]bool{}
	for i, one := range custom {
		at := fmt.Sprintf("%s[%d]", key, i)
		if !fieldNameForm.MatchString(one.Name) || seen[one.Name] {
			f.add(at+".name", "%q is not a name of its own of small letters, digits and _.", one.Name)
		}
		seen[one.Name] = true
		if !slices.Contains([]string{"text", "email", "number", "date", "select", "checkbox"}, one.Type) {
			f.add(at+".type", "%q is none of text, email, number, date, select, checkbox.", one.Type)
		}
		if one.Type == "select" && len(one.Options) == 0 {
			f.add(at+".options", "There must be something to choose.")
		}
	}
}

// absolute reports whether a text is an address of the web.
func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && len(text) <= 2000
}

// leads reports whether a text can be the target of a link.
func leads(text string) bool {
	if strings.HasPrefix(text, "/") {
		return len(text) <= 2000 && !strings.HasPrefix(text, "//") && !strings.HasPrefix(text, "/\\")
	}
	if absolute(text) {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "mailto" || u.Scheme == "tel") && len(text) <= 2000
}

// contrast is the contrast ratio of two colours (WCAG 2.2, 1.4.3).
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}
