package appearance

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
)

// Path is where the API has the look.
const Path = "/api/v1/appearance/"

type lookOut struct {
	Name       string `json:"name" help:"empty: the program's own"`
	Logo       string `json:"logo" help:"a data URL"`
	Icon       string `json:"icon" help:"a data URL"`
	Bar        string `json:"bar" help:"#RRGGBB"`
	Accent     string `json:"accent" help:"#RRGGBB"`
	AccentDark string `json:"accent_dark" help:"#RRGGBB"`
	Theme      string `json:"theme" help:"light, dark, or empty for what the reader's machine prefers"`
	Notice     string `json:"notice" help:"a sentence on the page of the log-in"`
}

type chosenOut struct {
	Chosen   lookOut `json:"chosen" help:"what superusers chose; empty values are those of the settings"`
	Settings lookOut `json:"settings"`
	Shown    lookOut `json:"shown"`
}

type lookIn struct {
	Name       rest.Opt[string] `json:"name" help:"At most 40 characters. Empty values of all fields are those of the settings."`
	Logo       rest.Opt[string] `json:"logo" help:"A PNG, JPEG or SVG of at most 64 KB as a data URL."`
	Icon       rest.Opt[string] `json:"icon" help:"As the logo, for the tab of a browser."`
	Bar        rest.Opt[string] `json:"bar" help:"Colour of the bar, #RRGGBB; white text must be legible on it."`
	Accent     rest.Opt[string] `json:"accent" help:"Colour of links and buttons, #RRGGBB; it must be legible on white."`
	AccentDark rest.Opt[string] `json:"accent_dark" help:"The same for the dark theme. Empty: made of the other one."`
	Theme      rest.Opt[string] `json:"theme" help:"light, dark or empty."`
	Notice     rest.Opt[string] `json:"notice" help:"A sentence on the page of the log-in, of at most 300 characters."`
}

func (in *lookIn) onto(l Look) Look {
	for _, f := range []struct {
		from rest.Opt[string]
		to   *string
	}{{in.Name, &l.Name}, {in.Logo, &l.Logo}, {in.Icon, &l.Icon}, {in.Bar, &l.Bar}, {in.Accent, &l.Accent}, {in.AccentDark, &l.AccentDark}, {in.Theme, &l.Theme}, {in.Notice, &l.Notice}} {
		if f.from.Set {
			*f.to = f.from.V
		}
	}
	return l
}

// Mount adds the endpoints: the look for everybody, since the page of the log-in
// has it, and what was chosen for superusers.
func Mount(api *rest.API, s *Service) {
	const tag = "appearance"
	api.Mount(&rest.View{Path: Path, Name: "Appearance", Tag: tag, Access: rest.Anonymous},
		rest.Action(http.MethodGet, "appearance_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (lookOut, error) {
			look, err := s.Shown(r.Context())
			return lookOut(look), err
		}))
	answer := func(r *rest.Request) (chosenOut, error) {
		chosen, err := s.Chosen(r.Context())
		return chosenOut{Chosen: lookOut(chosen), Settings: lookOut(s.Settings()), Shown: lookOut(chosen.Over(s.Settings()).Shown())}, err
	}
	change := func(r *rest.Request, with func(Look) Look) (chosenOut, error) {
		if err := superuser(r); err != nil {
			return chosenOut{}, err
		}
		if _, err := s.Choose(r.Context(), with); err != nil {
			return chosenOut{}, err
		}
		return answer(r)
	}
	api.Mount(&rest.View{Path: Path + "chosen/", Name: "Chosen appearance", Tag: tag, Access: rest.Authenticated},
		rest.Action(http.MethodGet, "appearance_chosen_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (chosenOut, error) {
			if err := superuser(r); err != nil {
				return chosenOut{}, err
			}
			return answer(r)
		}),
		rest.Action(http.MethodPut, "appearance_chosen_update", http.StatusOK, func(r *rest.Request, in *lookIn) (chosenOut, error) {
			return change(r, func(Look) Look { return in.onto(Look{}) })
		}),
		rest.Action(http.MethodPatch, "appearance_chosen_partial_update", http.StatusOK, func(r *rest.Request, in *lookIn) (chosenOut, error) {
			return change(r, in.onto)
		}),
		rest.Action(http.MethodDelete, "appearance_chosen_delete", http.StatusNoContent, func(r *rest.Request, _ *rest.None) (rest.None, error) {
			_, err := change(r, func(Look) Look { return Look{} })
			return rest.None{}, err
		}))
}

func superuser(r *rest.Request) error {
	if !r.Caller.Superuser {
		return wispwright.Forbidden("You do not have permission to perform this action.")
	}
	return nil
}
