package loginpages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/wispwright/wispwright"
)

// policyText is the text of a policy in a language, as Markdown; "" when there is none.
// A name of a file stands for its text.
func (a *shelf) policyText(c *Config, kind Kind, language string) string {
	texts := c.Client.TermsAndConditions
	if kind == Privacy {
		texts = c.Client.PrivacyPolicy
	}
	text := strings.TrimSpace(texts.In(language))
	if strings.HasSuffix(text, ".md") && fileNameForm.MatchString(text) {
		if f := a.assets[text]; f != nil {
			return string(f.Data)
		}
		return ""
	}
	return text
}

// consented keeps the version of a policy that somebody accepts, and returns its id.
func (s *Service) consented(ctx context.Context, organization wispwright.ID, kind Kind, language, text string) (wispwright.ID, error) {
	if text == "" {
		return wispwright.ID{}, nil
	}
	sum := sha256.Sum256([]byte(text))
	f := PolicyFilter{OrganizationID: organization, Kind: kind, Language: language, Digest: hex.EncodeToString(sum[:])}
	for attempt := 0; ; attempt++ {
		found, err := s.stores.Policies.List(ctx, wispwright.ScopeAll(), f, wispwright.Page{Limit: 1, NoTotal: true})
		if err != nil {
			return wispwright.ID{}, err
		}
		if len(found.Rows) > 0 {
			return found.Rows[0].ID, nil
		}
		p := &Policy{ID: wispwright.NewID(), OrganizationID: organization, Kind: kind, Language: language, Digest: f.Digest, Text: text, Created: s.base.Now()}
		err = s.stores.Policies.Insert(ctx, p)
		var conflict *wispwright.ConflictError
		if errors.As(err, &conflict) && attempt == 0 {
			continue // two at once: the other one's is as good
		}
		return p.ID, err
	}
}

// keepVersions keeps both policies as they are shown now.
func (s *Service) keepVersions(ctx context.Context, organization wispwright.ID, all *shelf, c *Config, language string) (terms, privacy wispwright.ID, err error) {
	if terms, err = s.consented(ctx, organization, Terms, language, all.policyText(c, Terms, language)); err != nil {
		return terms, privacy, err
	}
	privacy, err = s.consented(ctx, organization, Privacy, language, all.policyText(c, Privacy, language))
	return terms, privacy, err
}

// keepSignup keeps what somebody said when registering.
func (s *Service) keepSignup(ctx context.Context, x *Signup, fields map[string]string) error {
	b, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	x.ID, x.Fields, x.Created = wispwright.NewID(), wispwright.JSON(b), s.base.Now()
	return s.stores.Signups.Insert(ctx, x)
}

// Signups are what people of organizations of a scope said when registering, latest
// first.
func (s *Service) Signups(ctx context.Context, scope wispwright.Scope, f SignupFilter, p wispwright.Page) (wispwright.Items[Signup], error) {
	return s.stores.Signups.List(ctx, scope, f, p)
}

// Policies are the versions of texts that people consented to, latest first.
func (s *Service) Policies(ctx context.Context, scope wispwright.Scope, f PolicyFilter, p wispwright.Page) (wispwright.Items[Policy], error) {
	return s.stores.Policies.List(ctx, scope, f, p)
}
