package notifications_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
)

func (f *fixture) lines(user int) []notifications.Preference {
	f.t.Helper()
	lines, err := f.Preferences(f.ctx, id(user))
	require.NoError(f.t, err)
	return lines
}

// line is that of a type in an organization.
func (f *fixture) line(user, organization int, typ string) notifications.Preference {
	f.t.Helper()
	for _, l := range f.lines(user) {
		if l.Type != nil && l.Organization.ID == id(organization) && l.Type.Name == typ {
			return l
		}
	}
	f.t.Fatalf("no line %s of %d", typ, organization)
	return notifications.Preference{}
}

func (f *fixture) choose(user int, line wispwright.ID, web, email notifications.Wish) {
	f.t.Helper()
	_, err := f.Choose(f.ctx, id(user), line, web, email)
	require.NoError(f.t, err)
}

var keep = notifications.Wish{}

func inherit() notifications.Wish { return notifications.Wish{Set: true} }

func both(web, email bool) notifications.Effective {
	return notifications.Effective{Web: web, Email: email}
}

func TestPreferenceLines(t *testing.T) {
	f := start(t, nil)
	lines := f.lines(anna)
	require.Len(t, lines, 1+4)
	require.Nil(t, lines[0].Type)
	require.Equal(t, both(true, true), lines[0].Effective)
	require.Equal(t, both(true, true), f.line(anna, orgA, "broken").Effective)
	require.Equal(t, both(true, false), f.line(anna, orgA, "quiet").Effective)
	require.Equal(t, both(false, false), f.line(anna, orgA, "mute").Effective)
	require.Equal(t, lines, f.lines(anna), "ids stay")
	require.Len(t, f.lines(root), 1+8)
	require.Len(t, f.lines(plain), 1, "somebody that is told of nothing has the line of everything")
	_, err := f.Choose(f.ctx, id(bert), lines[1].ID, notifications.Want(false), keep)
	require.ErrorIs(t, err, wispwright.ErrNotFound, "a line is its user's")

	f.choose(anna, f.line(anna, orgA, "broken").ID, notifications.Want(false), keep)
	f.people.orgs[id(anna)] = nil
	require.Len(t, f.lines(anna), 1)
	f.people.orgs[id(anna)] = f.people.orgs[id(root)]
	require.Equal(t, both(false, false), f.line(anna, orgA, "broken").Effective, "a choice outlives the membership")
	require.Equal(t, both(true, true), f.line(anna, orgB, "broken").Effective)
}

func TestChooseLine(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		typ        string
		web, email notifications.Wish
		effective  notifications.Effective
		w, e       *bool
	}{
		"an explicit no":                    {"broken", notifications.Want(false), keep, both(false, false), &no, &no},
		"no e-mail":                         {"broken", keep, notifications.Want(false), both(true, false), nil, &no},
		"yes is the usual":                  {"broken", notifications.Want(true), notifications.Want(true), both(true, true), nil, nil},
		"no is the usual":                   {"quiet", keep, notifications.Want(false), both(true, false), nil, nil},
		"yes against the usual":             {"quiet", keep, notifications.Want(true), both(true, true), nil, &yes},
		"no e-mail without the web":         {"broken", notifications.Want(false), notifications.Want(true), both(false, false), &no, &no},
		"e-mail where the web is off":       {"mute", keep, notifications.Want(true), both(false, false), nil, nil},
		"web where it is off":               {"mute", notifications.Want(true), keep, both(true, true), &yes, nil},
		"what was not asked for is left":    {"broken", keep, keep, both(true, true), nil, nil},
		"the wider choice, where it counts": {"broken", inherit(), inherit(), both(true, true), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, nil)
			f.choose(anna, f.line(anna, orgA, c.typ).ID, c.web, c.email)
			line := f.line(anna, orgA, c.typ)
			require.Equal(t, c.effective, line.Effective)
			require.Equal(t, c.w, line.Web)
			require.Equal(t, c.e, line.Email)
		})
	}
}

func TestChooseEverything(t *testing.T) {
	f := start(t, nil)
	all := f.lines(anna)[0].ID
	f.choose(anna, f.line(anna, orgA, "quiet").ID, keep, notifications.Want(true))
	f.choose(anna, all, keep, notifications.Want(false))
	require.Equal(t, both(true, false), f.line(anna, orgA, "broken").Effective)
	require.Equal(t, both(true, false), f.line(anna, orgA, "quiet").Effective, "single choices are taken back")
	f.choose(anna, f.line(anna, orgA, "broken").ID, keep, notifications.Want(true))
	require.Equal(t, both(true, true), f.line(anna, orgA, "broken").Effective, "and can be made anew")
	f.choose(anna, all, keep, notifications.Want(false))
	require.Equal(t, both(true, true), f.line(anna, orgA, "broken").Effective, "an unchanged column is left alone")
	f.choose(anna, all, notifications.Want(false), keep)
	require.Equal(t, both(false, false), f.lines(anna)[0].Effective)
	require.Equal(t, both(false, false), f.line(anna, orgA, "broken").Effective)
	f.notify(f.broken(device(1)), notifications.Event{Type: notifications.GenericMessage, Target: device(1), Data: map[string]any{"message": "x"}})
	require.Equal(t, []wispwright.ID{id(root), id(bert)}, f.told())
	f.choose(anna, all, notifications.Want(true), keep)
	require.Equal(t, both(true, false), f.line(anna, orgA, "broken").Effective)
	f.choose(anna, all, keep, notifications.Want(true))
	require.Equal(t, both(true, true), f.line(anna, orgA, "broken").Effective)
}

func TestChooseOrganization(t *testing.T) {
	f := start(t, nil)
	require.ErrorIs(t, f.ChooseOrganization(f.ctx, id(anna), id(orgB), notifications.Want(false), keep), wispwright.ErrNotFound)
	f.choose(bert, f.line(bert, orgA, "quiet").ID, keep, notifications.Want(true))
	require.NoError(t, f.ChooseOrganization(f.ctx, id(bert), id(orgA), keep, notifications.Want(false)))
	require.Equal(t, both(true, false), f.line(bert, orgA, "quiet").Effective)
	require.Equal(t, both(true, true), f.line(bert, orgB, "broken").Effective)
	require.NoError(t, f.ChooseOrganization(f.ctx, id(bert), id(orgA), notifications.Want(false), keep))
	require.Equal(t, both(false, false), f.line(bert, orgA, "broken").Effective)
	f.notify(f.broken(device(1)))
	require.Equal(t, []wispwright.ID{id(root), id(anna)}, f.told())
}

func TestOrganizationsOwnChoice(t *testing.T) {
	f := start(t, nil)
	c, err := f.ChooseForOrganization(f.ctx, id(orgA), keep, notifications.Want(false))
	require.NoError(t, err)
	require.Nil(t, c.Web)
	require.False(t, *c.Email)
	require.Equal(t, both(true, false), f.line(anna, orgA, "broken").Effective)
	require.Equal(t, both(true, true), f.line(bert, orgB, "broken").Effective)
	f.choose(anna, f.line(anna, orgA, "broken").ID, keep, notifications.Want(true))
	require.Equal(t, both(true, true), f.line(anna, orgA, "broken").Effective, "a user may want more")
	c, err = f.ChooseForOrganization(f.ctx, id(orgA), notifications.Want(false), notifications.Want(true))
	require.NoError(t, err)
	require.False(t, *c.Email, "no e-mail without the web")
	require.Equal(t, both(false, false), f.line(bert, orgA, "broken").Effective)
	require.NoError(t, f.ForgetOrganization(f.ctx, id(orgA)))
	c, err = f.OrganizationChoice(f.ctx, id(orgA))
	require.NoError(t, err)
	require.Nil(t, c.Web)
	f = start(t, func(o *notifications.Options) { o.Defaults.Email = false })
	require.Equal(t, both(true, false), f.line(anna, orgA, "broken").Effective)
}

// Somebody silences a thousand objects, and no more; what has ended makes room.
func TestSilencesAreBounded(t *testing.T) {
	f := start(t, nil)
	silence := func(n int, till *time.Time) error {
		_, _, err := f.SetSilence(f.ctx, id(anna), device(n), till, true)
		return err
	}
	soon := f.now.Add(time.Minute)
	for n := range 999 { // past the service, which looks for each
		require.NoError(t, f.stores.Silences.Insert(f.ctx, &notifications.Silence{ID: wispwright.NewID(), UserID: id(anna), ObjectKind: "config.device", ObjectID: device(n + 1).ID}))
	}
	require.NoError(t, silence(0, &soon))
	require.ErrorContains(t, silence(1000, nil), "1000 objects")
	require.NoError(t, silence(5, &soon), "what is silenced can be changed")
	_, _, err := f.SetSilence(f.ctx, id(bert), device(1000), nil, true)
	require.NoError(t, err, "everybody for themselves")
	f.now = f.now.Add(time.Hour)
	require.NoError(t, silence(1000, nil))
	require.NoError(t, silence(1001, nil), "two had ended")
	require.ErrorContains(t, silence(1002, nil), "1000 objects")
}
