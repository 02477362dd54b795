package loginpages

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed languages/*.json
var languageFiles embed.FS

// messages are the texts of a language, by id.
func messages(tag string) (out map[string]string, err error) {
	b, err := languageFiles.ReadFile("languages/" + tag + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(b, &out)
}

// catalogue has the texts of all languages that the program brings.
type catalogue struct {
	bundle *i18n.Bundle
	ids    []string
}

func newCatalogue() (*catalogue, error) {
	c := &catalogue{bundle: i18n.NewBundle(language.English)}
	c.bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := fs.Glob(languageFiles, "languages/*.json")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		b, err := languageFiles.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if _, err := c.bundle.ParseMessageFileBytes(b, path.Base(f)); err != nil {
			return nil, fmt.Errorf("loginpages: texts %s: %w", f, err)
		}
	}
	english, err := messages("en")
	if err != nil {
		return nil, err
	}
	for id := range english {
		c.ids = append(c.ids, id)
	}
	return c, nil
}

// words are the texts of one page in one language.
type words struct {
	tag   string
	own   map[string]string // the organization's
	texts *i18n.Localizer
}

// in are the texts of a language, with those that a page replaces.
func (c *catalogue) in(tag string, cfg *Config) *words {
	return &words{tag, cfg.Client.Texts[tag], i18n.NewLocalizer(c.bundle, tag)}
}

// say is a text with values in the places of {{.Name}}.
func (w *words) say(id string, values map[string]string) string {
	if own, ok := w.own[id]; ok {
		for k, v := range values {
			own = strings.ReplaceAll(own, "{{."+k+"}}", v)
		}
		return own
	}
	text, err := w.texts.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: values})
	if err != nil && text == "" {
		return id // a text that no language has shows itself
	}
	return text
}

// direction is ltr or rtl.
func direction(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return "ltr"
	}
	script, _ := t.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}

// choose is the language for a request: the one chosen before, else the first of the
// browser's that the page has, else the page's own (spec: login-pages §6).
func choose(r *http.Request, c *Config, chosen string) string {
	has := func(tag string) bool {
		for _, l := range c.Client.Languages {
			if strings.EqualFold(l.Slug, tag) {
				return true
			}
		}
		return false
	}
	if has(chosen) {
		return strings.ToLower(chosen)
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return c.Client.DefaultLanguage
	}
	for _, t := range tags {
		base, _ := t.Base()
		for _, tag := range []string{t.String(), base.String()} {
			if has(tag) {
				return strings.ToLower(tag)
			}
		}
	}
	return c.Client.DefaultLanguage
}
