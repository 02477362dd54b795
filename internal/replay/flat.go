package replay

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// flatExchange is an exchange of the recordings that were made one concern at
// a time: everything on one level, placeholders in angle brackets.
type flatExchange struct {
	Name, As, Method, Path string
	JSON                   json.RawMessage `json:"json"`
	Multipart              string
	Status                 int
	Response               json.RawMessage
	Note                   string
	Defect                 json.RawMessage `json:"upstream_defect"`
}

// angled are the placeholders of flat recordings. Markup, which has angle
// brackets as well, is text.
var angled = regexp.MustCompile(`<(id|dev|org|user:|uuid|ts|base|site)([A-Za-z0-9_]*)>`)

// curly says how the newer recordings name a placeholder.
func curly(text string) string {
	return angled.ReplaceAllStringFunc(text, func(p string) string {
		part := angled.FindStringSubmatch(p)
		switch part[1] {
		case "id":
			return "{uuid" + part[2] + "}"
		case "ts":
			return "{datetime}"
		case "site":
			return "{base}"
		case "org":
			return "{org_org" + part[2] + "}"
		case "user:":
			return "{user_" + part[2] + "}"
		}
		return "{" + part[1] + part[2] + "}"
	})
}

// parseFlat reads a flat recording; nil when it is none. Its exchanges are
// numbered from 0. Multipart bodies are described in words there, so that such
// an exchange has the description as its fixture and no request.
func parseFlat(raw []byte) (*Scenario, error) {
	var probe struct {
		Description string
		Exchanges   []struct{ Method string }
	}
	if err := json.Unmarshal(raw, &probe); err != nil {
		return nil, fmt.Errorf("reading the recording: %w", err)
	}
	if len(probe.Exchanges) == 0 || probe.Exchanges[0].Method == "" {
		return nil, nil
	}
	var read struct{ Exchanges []flatExchange }
	if err := json.Unmarshal([]byte(curly(string(raw))), &read); err != nil {
		return nil, fmt.Errorf("reading the flat recording: %w", err)
	}
	s := &Scenario{Title: probe.Description}
	for i, f := range read.Exchanges {
		e := Exchange{N: i, Title: f.Name, Note: f.Note, Defect: f.Defect, Response: Response{Status: f.Status, Body: f.Response}}
		if f.Multipart != "" {
			described, err := json.Marshal(f.Multipart)
			if err != nil {
				return nil, fmt.Errorf("exchange %d: %w", i, err)
			}
			e.Fixture = described
		} else {
			e.Request = &Request{Method: f.Method, Path: f.Path, As: f.As}
			if f.JSON != nil {
				e.Request.ContentType, e.Request.Body = "application/json", f.JSON
			}
		}
		s.Exchanges = append(s.Exchanges, e)
	}
	return s, nil
}
