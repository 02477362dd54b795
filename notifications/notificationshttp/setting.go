package notificationshttp

import (
	"net/http"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/notifications"
)

const noSetting = "NotificationSetting"

type settingIn struct {
	Web   rest.Opt[bool] `json:"web" nullable:"true"`
	Email rest.Opt[bool] `json:"email" nullable:"true"`
}

// ownSetting is a line as OpenWISP 24.11 had it: what was chosen, not what
// counts.
type ownSetting struct {
	ID           wispwright.ID `json:"id"`
	Type         string        `json:"type"`
	Web          *bool         `json:"web"`
	Email        *bool         `json:"email"`
	Deleted      bool          `json:"deleted"`
	Organization wispwright.ID `json:"organization"`
}

func ownSettingOf(p notifications.Preference) ownSetting {
	return ownSetting{ID: p.ID, Type: p.Type.Name, Web: p.Web, Email: p.Email, Organization: p.Organization.ID}
}

// setting is a line with what counts; organization and type are null for the
// line of everything. Pages show by the last two, which are Wispwright's, what
// was chosen for this line and what follows from a wider choice.
type setting struct {
	ID               wispwright.ID  `json:"id"`
	Organization     *wispwright.ID `json:"organization"`
	OrganizationName *string        `json:"organization_name"`
	Type             *string        `json:"type"`
	TypeLabel        *string        `json:"type_label"`
	Web              bool           `json:"web"`
	Email            bool           `json:"email"`
	WebInherited     bool           `json:"web_inherited"`
	EmailInherited   bool           `json:"email_inherited"`
}

func settingOf(p notifications.Preference) setting {
	out := setting{ID: p.ID, Organization: rest.Null(p.Organization.ID), OrganizationName: rest.Null(p.Organization.Name), Web: p.Effective.Web, Email: p.Effective.Email,
		WebInherited: p.Web == nil, EmailInherited: p.Email == nil}
	if p.Type != nil {
		out.Type, out.TypeLabel = &p.Type.Name, &p.Type.Label
	}
	return out
}

// selected are the lines that a request's filters select. The organization must
// be one of the lines', the type one that can be chosen.
func (h *HTTP) selected(r *rest.Request, lines []notifications.Preference) ([]notifications.Preference, error) {
	const noChoice = "Select a valid choice. That choice is not one of the available choices."
	var wrong wispwright.ValidationError
	var keep []func(notifications.Preference) bool
	if v := r.Query().Get("organization"); v != "" {
		id, err := wispwright.ParseID(v)
		switch {
		case err != nil:
			wrong.Add("organization", "“"+v+"” is not a valid UUID.")
		case !slices.ContainsFunc(lines, func(p notifications.Preference) bool { return p.Organization.ID == id && !id.IsZero() }):
			wrong.Add("organization", noChoice)
		}
		keep = append(keep, func(p notifications.Preference) bool { return p.Organization.ID == id })
	}
	if v := r.Query().Get("organization_slug"); v != "" {
		keep = append(keep, func(p notifications.Preference) bool { return p.Organization.Slug == v })
	}
	if v := r.Query().Get("type"); v != "" {
		if !slices.Contains(h.s.Types().Names(), v) {
			wrong.Add("type", "Select a valid choice. "+v+" is not one of the available choices.")
		}
		keep = append(keep, func(p notifications.Preference) bool { return p.Type != nil && p.Type.Name == v })
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(lines, func(p notifications.Preference) bool {
		return slices.ContainsFunc(keep, func(k func(notifications.Preference) bool) bool { return !k(p) })
	}), nil
}

var settingFilters = rest.Doc{Query: map[string]string{
	"organization": "a UUID", "organization_slug": "a slug", "type": "name of a type", "page": "number of the page", "page_size": "up to 100",
}}

// settingList answers a page of lines.
func settingList[Out any](h *HTTP, lines func(*rest.Request) ([]notifications.Preference, error), out func(notifications.Preference) Out) rest.Handler {
	return func(r *rest.Request) (int, any, error) {
		all, err := lines(r)
		if err == nil {
			all, err = h.selected(r, all)
		}
		if err != nil {
			return 0, nil, err
		}
		body, err := r.Paginate(20, 100, func(page wispwright.Page) (any, int, error) {
			rows := []Out{}
			for _, p := range part(all, page) {
				rows = append(rows, out(p))
			}
			return rows, len(all), nil
		})
		return http.StatusOK, body, err
	}
}

// settingOps read and change one line.
func settingOps[Out any](h *HTTP, id string, user func(*rest.Request) wispwright.ID, lines func(*rest.Request) ([]notifications.Preference, error), out func(notifications.Preference) Out) []rest.Op {
	find := func(r *rest.Request) (notifications.Preference, error) {
		all, err := lines(r)
		if err != nil {
			return notifications.Preference{}, err
		}
		for _, p := range all {
			if p.ID == r.ID("id") {
				return p, nil
			}
		}
		return notifications.Preference{}, wispwright.ErrNotFound
	}
	change := func(r *rest.Request, in *settingIn) (Out, error) {
		if _, err := find(r); err != nil {
			return *new(Out), err
		}
		p, err := h.s.Choose(r.Context(), user(r), r.ID("id"), wish(in.Web), wish(in.Email))
		if err != nil {
			return *new(Out), err
		}
		return out(*p), nil
	}
	return []rest.Op{
		rest.Action("GET", id+"_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (Out, error) {
			p, err := find(r)
			if err != nil {
				return *new(Out), err
			}
			return out(p), nil
		}),
		rest.Action("PUT", id+"_update", http.StatusOK, change),
		rest.Action("PATCH", id+"_partial_update", http.StatusOK, change),
	}
}

// mountOwnSettings adds one's own lines, at the path of 24.11 and at that of its
// successor.
func (h *HTTP) mountOwnSettings(api *rest.API) {
	mine := func(r *rest.Request) wispwright.ID { return r.Caller.ID }
	all := func(r *rest.Request) ([]notifications.Preference, error) {
		return h.s.Preferences(r.Context(), r.Caller.ID)
	}
	typed := func(r *rest.Request) ([]notifications.Preference, error) {
		lines, err := all(r)
		return slices.DeleteFunc(lines, func(p notifications.Preference) bool { return p.Type == nil }), err
	}
	api.Mount(h.view("notification/user-setting/", "Notification Setting List", noSetting),
		rest.Documented[rest.None, rest.Page[ownSetting]](http.StatusOK, rest.Op{Method: "GET", ID: "notifications_own_setting_list", Doc: settingFilters, Handle: settingList(h, typed, ownSettingOf)}))
	api.Mount(h.view("notification/user-setting/{id}/", "Notification Setting", noSetting), settingOps(h, "notifications_own_setting", mine, typed, ownSettingOf)...)
	api.Mount(h.view("user/user-setting/", "Notification Setting List", noSetting),
		rest.Documented[rest.None, rest.Page[setting]](http.StatusOK, rest.Op{Method: "GET", ID: "notifications_my_setting_list", Doc: settingFilters, Handle: settingList(h, all, settingOf)}))
	api.Mount(h.view("user/user-setting/{id}/", "Notification Setting", noSetting), settingOps(h, "notifications_my_setting", mine, all, settingOf)...)
}

// visible are the lines of the path's user that the caller may see: all to the
// user and to superusers; to others with the permission those of the
// organizations they manage, and the one of everything, if the user is told of
// one of these.
func (h *HTTP) visible(permission wispwright.Permission) func(*rest.Request) ([]notifications.Preference, error) {
	return func(r *rest.Request) ([]notifications.Preference, error) {
		user := r.ID("user")
		c := r.Caller
		if user != c.ID && !c.Superuser && !c.Can(permission) {
			return nil, wispwright.ErrForbidden
		}
		if found, err := h.people.Persons(r.Context(), user); err != nil || len(found) == 0 {
			return nil, orNotFound(err)
		}
		lines, err := h.s.Preferences(r.Context(), user)
		if err != nil || user == c.ID || c.Superuser {
			return lines, err
		}
		lines = slices.DeleteFunc(lines, func(p notifications.Preference) bool {
			return p.Type != nil && !slices.Contains(c.Managed, p.Organization.ID)
		})
		if len(lines) < 2 { // none but the one of everything
			return nil, wispwright.ErrNotFound
		}
		return lines, nil
	}
}

func orNotFound(err error) error {
	if err != nil {
		return err
	}
	return wispwright.ErrNotFound
}

// mountSettingsOf adds the lines of any user.
func (h *HTTP) mountSettingsOf(api *rest.API) {
	const view, change = wispwright.Permission("openwisp_notifications.view_notificationsetting"), wispwright.Permission("openwisp_notifications.change_notificationsetting")
	of := func(r *rest.Request) wispwright.ID { return r.ID("user") }
	see := func(r *rest.Request) ([]notifications.Preference, error) {
		if r.Caller.Can(change) {
			return h.visible(change)(r)
		}
		return h.visible(view)(r)
	}
	lines := func(r *rest.Request) ([]notifications.Preference, error) {
		if r.HTTP.Method == http.MethodGet || r.HTTP.Method == http.MethodHead {
			return see(r)
		}
		return h.visible(change)(r)
	}
	api.Mount(h.view("user/{user}/user-setting/", "User Notification Setting List", noSetting),
		rest.Documented[rest.None, rest.Page[setting]](http.StatusOK, rest.Op{Method: "GET", ID: "notifications_user_setting_list", Doc: settingFilters, Handle: settingList(h, see, settingOf)}))
	api.Mount(h.view("user/{user}/user-setting/{id}/", "User Notification Setting", noSetting), settingOps(h, "notifications_user_setting", of, lines, settingOf)...)
	api.Mount(h.view("user/{user}/organization/{organization}/setting/", "User Organization Notification Setting", "Organization"),
		mute(rest.Action("POST", "notifications_user_organization_setting", http.StatusOK, func(r *rest.Request, in *settingIn) (rest.None, error) {
			all, err := lines(r)
			if err == nil && !slices.ContainsFunc(all, func(p notifications.Preference) bool {
				return p.Type != nil && p.Organization.ID == r.ID("organization")
			}) {
				err = wispwright.ErrNotFound
			}
			if err != nil {
				return rest.None{}, err
			}
			return rest.None{}, h.s.ChooseOrganization(r.Context(), r.ID("user"), r.ID("organization"), wish(in.Web), wish(in.Email))
		})))
}

type organizationSetting struct {
	Organization wispwright.ID `json:"organization"`
	Web          *bool         `json:"web"`
	Email        *bool         `json:"email"`
}

// mountOrganization adds what an organization chose for its people.
func (h *HTTP) mountOrganization(api *rest.API) {
	v := h.view("organization/{organization}/setting/", "Organization Notification Setting", "Organization")
	v.Access, v.Kind = rest.Managers, "openwisp_notifications.organizationnotificationsettings"
	v.Prepare = func(r *rest.Request) error {
		id := r.ID("organization")
		if !r.Caller.Superuser && !slices.Contains(r.Caller.Managed, id) {
			return wispwright.ErrNotFound
		}
		mine, err := h.people.Organizations(r.Context(), r.Caller.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(mine, func(o notifications.Organization) bool { return o.ID == id }) {
			return wispwright.ErrNotFound
		}
		return nil
	}
	change := func(r *rest.Request, in *settingIn) (organizationSetting, error) {
		c, err := h.s.ChooseForOrganization(r.Context(), r.ID("organization"), wish(in.Web), wish(in.Email))
		return organizationSetting{r.ID("organization"), c.Web, c.Email}, err
	}
	api.Mount(v,
		rest.Action("GET", "notifications_organization_setting_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (organizationSetting, error) {
			c, err := h.s.OrganizationChoice(r.Context(), r.ID("organization"))
			return organizationSetting{r.ID("organization"), c.Web, c.Email}, err
		}),
		rest.Action("PUT", "notifications_organization_setting_update", http.StatusOK, change),
		rest.Action("PATCH", "notifications_organization_setting_partial_update", http.StatusOK, change))
}
