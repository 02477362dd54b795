package notifications_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/notifications"
)

func render(t *testing.T, n *notifications.Notification, objects map[notifications.Ref]notifications.Object) (*notifications.Rendered, error) {
	t.Helper()
	return notifications.NewRenderer(testTypes(t), notifications.Site{Name: "example.com", URL: "https://example.com/"}).Render(n, objects)
}

// Names are what anybody may have chosen.
func TestHostileNames(t *testing.T) {
	target := device(1)
	for name, want := range map[string]string{
		"<img src=x onerror=alert(1)>":    "&lt;img src=x onerror=alert(1)&gt;",
		"[click](javascript:alert(1))":    "[click](javascript:alert(1))",
		"](https://evil.example) [x":      "](https://evil.example) [x",
		"**bold** _em_ `code` ~~s~~":      "**bold** _em_ `code` ~~s~~",
		"# heading\n\n- list\n1. one":     "# heading - list 1. one",
		"    indented":                    "indented",
		"&lt;b&gt; &amp; <!-- x -->":      "&amp;lt;b&amp;gt; &amp;amp; &lt;!-- x --&gt;",
		`\\ \* "quoted" 'single'`:         `\\ \* &#34;quoted&#34; &#39;single&#39;`,
		"https://evil.example":            "https://evil.example",
		"{notification.verb} {site.name}": "{notification.verb} {site.name}",
		"ü €":                             "ü €",
	} {
		t.Run(name, func(t *testing.T) {
			out, err := render(t, &notifications.Notification{Type: "broken", TargetKind: target.Kind, TargetID: target.ID, ActorKind: target.Kind, ActorID: target.ID, Verb: "is broken"},
				map[notifications.Ref]notifications.Object{target: {Label: name, Path: "/p/", Attributes: map[string]string{"reason": "why"}}})
			require.NoError(t, err)
			require.Equal(t, `<p>Device <a href="https://example.com/p/#status">`+want+`</a> is broken. why</p>`, out.Message)
			require.NotContains(t, out.Subject, "\n")
		})
	}
}

func TestHostileData(t *testing.T) {
	for name, c := range map[string]struct {
		data, target, message string
	}{
		"an address that runs":  {`{"message":"[x]({notification.target_link})","url":"javascript:alert(1)"}`, "#", `<p>x</p>`},
		"an address":            {`{"message":"[x]({notification.target_link})","url":"https://other.example/a(b)"}`, "https://other.example/a%28b%29", `<p><a href="https://other.example/a%28b%29">x</a></p>`},
		"markup in the message": {`{"message":"a <script>alert(1)</script> <b onclick=x>b</b>"}`, "#", `<p>a alert(1) b</p>`},
		"a value":               {`{"message":"{v} {n}","v":"<b>","n":3}`, "#", `<p>&lt;b&gt; 3</p>`},
		"a link that runs":      {`{"message":"[x](javascript:alert(1))"}`, "#", `<p>x</p>`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := render(t, &notifications.Notification{Type: notifications.GenericMessage, Data: jsonText(c.data), Description: "*d* {notification.level}", Level: "info"}, nil)
			require.NoError(t, err)
			require.Equal(t, c.message, out.Message)
			require.Equal(t, c.target, out.TargetURL)
			require.Equal(t, "<p><em>d</em> info</p>", out.Description)
		})
	}
}

func TestUnrenderable(t *testing.T) {
	for _, data := range []string{`{"message":"{absent}"}`, `{"message":"{notification.recipient}"}`, `{"message":"{notification.target.key}"}`, `{"message":"{"}`, `{}`, ``, `[]`} {
		_, err := render(t, &notifications.Notification{Type: notifications.GenericMessage, Data: jsonText(data)}, nil)
		require.ErrorIs(t, err, notifications.ErrRender, data)
	}
}

func TestUntypedAndUnknown(t *testing.T) {
	out, err := render(t, &notifications.Notification{Description: "**as** it <is>"}, nil)
	require.NoError(t, err)
	require.Equal(t, "**as** it &lt;is&gt;", out.Message)
	out, err = render(t, &notifications.Notification{Type: "gone", Level: "error", Verb: "fell", TargetKind: "x.y", TargetID: "1", Names: `{"x.y/1":{"label":"a*b"}}`}, nil)
	require.NoError(t, err)
	require.Equal(t, `<p>error: a*b fell</p>`, out.Message)
}

func TestTargetSuffix(t *testing.T) {
	objects := map[notifications.Ref]notifications.Object{device(1): {Label: "a", Path: "/p/"}}
	for suffix, want := range map[string]string{"#x": "https://example.com/p/#x", "?a=1": "https://example.com/p/?a=1", "@evil": "https://example.com/p/"} {
		out, err := render(t, &notifications.Notification{Type: notifications.GenericMessage, TargetKind: device(1).Kind, TargetID: device(1).ID, Data: jsonText(`{"message":"m","target_url_suffix":"` + suffix + `"}`)}, objects)
		require.NoError(t, err)
		require.Equal(t, want, out.TargetURL)
	}
}

func TestTypes(t *testing.T) {
	good := notifications.Type{Name: "a", Verb: "v", Subject: "s", Message: "m"}
	for name, list := range map[string][]notifications.Type{
		"twice": {good, good}, "no name": {{Verb: "v", Subject: "s"}}, "no verb": {{Name: "a", Subject: "s"}}, "no subject": {{Name: "a", Verb: "v"}},
		"long": {{Name: "a23456789012345678901234567890x", Verb: "v", Subject: "s"}}, "a brace": {{Name: "a", Verb: "v", Subject: "{s"}}, "blanks": {{Name: "a", Verb: "v", Subject: "s", Message: "{a b}"}},
	} {
		_, err := notifications.NewTypes(list...)
		require.Error(t, err, name)
	}
	types, err := notifications.NewTypes(good, notifications.Type{Name: "b", Verb: "v", Subject: "s", Unlisted: true})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, types.Names())
	require.Len(t, types.Listed(), 1)
	require.Equal(t, "a", types.Listed()[0].Label)
}

// stormEvent is one notification of a simulated storm.
type stormEvent struct {
	T            float64 `json:"t"`
	InStorm      bool    `json:"in_storm"`
	Notification bool    `json:"notification"`
	Reload       bool    `json:"reload_widget"`
}

func playStorm(t *testing.T, events []stormEvent) {
	t.Helper()
	limits := notifications.DefaultStormLimits()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	page, watch := limits.NewStorm(begin), limits.NewWatch()
	var times []time.Time
	for i, e := range events {
		now := begin.Add(time.Duration(e.T * float64(time.Second)).Round(time.Millisecond))
		times = append(times, now)
		short, long := 0, 0
		for _, at := range times {
			if !at.Before(now.Add(-limits.ShortTime)) {
				short++
			}
			if !at.Before(now.Add(-limits.LongTime)) {
				long++
			}
		}
		raging := watch.Raging(id(anna), now, short, long)
		require.Equal(t, e.InStorm, raging, "event %d at %v", i, e.T)
		require.Equal(t, e.Notification, !raging)
		reload := true
		if raging {
			reload = page.Muffle(now, true)
		}
		require.Equal(t, e.Reload, reload, "event %d at %v", i, e.T)
	}
}

func TestRecordedStorms(t *testing.T) {
	var recorded struct {
		Cases []struct {
			Name   string       `json:"name"`
			Events []stormEvent `json:"events"`
		} `json:"cases"`
	}
	testkit.ReadVectors(t, &recorded, "notifications", "storm.json")
	require.NotEmpty(t, recorded.Cases)
	for _, c := range recorded.Cases {
		t.Run(c.Name, func(t *testing.T) { playStorm(t, c.Events) })
	}
}

func TestStorm(t *testing.T) {
	t.Run("the seventh within ten seconds", func(t *testing.T) {
		var events []stormEvent
		for i := range 9 {
			calm := i < 6
			events = append(events, stormEvent{T: float64(i) / 10, InStorm: !calm, Notification: calm, Reload: calm})
		}
		// a minute later it is over
		playStorm(t, append(events, stormEvent{T: 65, Notification: true, Reload: true}))
	})
	t.Run("one every five seconds", func(t *testing.T) {
		var events []stormEvent
		for i := range 30 {
			events = append(events, stormEvent{T: float64(5 * i), Notification: true, Reload: true})
		}
		playStorm(t, append(events, stormEvent{T: 150, InStorm: true, Reload: true}))
	})
	t.Run("a page reads anew once the pause is long", func(t *testing.T) {
		limits := notifications.DefaultStormLimits()
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		page, reloads := limits.NewStorm(now), 0
		for range 100 {
			now = now.Add(100 * time.Millisecond)
			if page.Muffle(now, true) {
				reloads++
			}
		}
		require.Positive(t, reloads)
		require.Less(t, reloads, 10)
		require.False(t, limits.NewStorm(now).Muffle(now, false))
	})
}
