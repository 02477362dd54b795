package radius_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/radius/counters"
	"github.com/wispwright/wispwright/radius/radiustest"
)

// whole counts what lies before the window of a session that reaches into it.
type whole struct{ radius.SessionStore }

func (s whole) Use(ctx context.Context, organization wispwright.ID, username string, since int64) (counters.Use, error) {
	use, err := s.SessionStore.Use(ctx, organization, username, since)
	if err == nil && use.Seconds > 0 {
		use.Seconds++
	}
	return use, err
}

// anywhere sums the sessions of all organizations.
type anywhere struct{ radius.SessionStore }

func (s anywhere) Use(ctx context.Context, _ wispwright.ID, username string, since int64) (counters.Use, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), radius.SessionFilter{Username: username}, wispwright.Page{})
	var use counters.Use
	for _, r := range found.Rows {
		if r.CountedUntil > since {
			use.Seconds += r.CountedUntil - max(r.CountedFrom, since)
		}
	}
	return use, err
}

// greedy deletes sessions that have not ended.
type greedy struct{ radius.SessionStore }

func (s greedy) DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error) {
	found, err := s.List(ctx, wispwright.ScopeAll(), radius.SessionFilter{}, wispwright.Page{})
	if err != nil {
		return 0, err
	}
	for _, r := range found.Rows {
		if err := s.Delete(ctx, wispwright.ScopeAll(), r.UniqueID); err != nil {
			return 0, err
		}
	}
	return len(found.Rows), nil
}

// twice lets a token be used by anybody who read it in time.
type twice struct {
	wispwright.Repo[radius.Token, radius.TokenFilter]
}

func (s twice) Update(ctx context.Context, scope wispwright.Scope, id wispwright.ID, change func(*radius.Token) error) (*radius.Token, error) {
	k, err := s.Get(ctx, scope, id)
	if err == nil {
		err = change(k)
	}
	return k, err // and nothing is stored
}

// forgetful leaves replies under the old name.
type forgetful struct{ radius.NameStore }

func (s forgetful) RenameUser(context.Context, wispwright.ID, string) error { return nil }

// keeping leaves what belonged to a user.
type keeping struct{ radius.NameStore }

func (s keeping) ForgetUser(context.Context, wispwright.ID) error { return nil }

// sloppy finds a station however it is written.
type sloppy struct{ radius.SessionStore }

func (s sloppy) List(ctx context.Context, scope wispwright.Scope, f radius.SessionFilter, p wispwright.Page) (wispwright.Items[radius.Session], error) {
	f.IsOpen = nil
	return s.SessionStore.List(ctx, scope, f, p)
}

// TestBrokenStoragesFail runs the suite on storages that break a promise each, in
// a process of its own: it must fail.
func TestBrokenStoragesFail(t *testing.T) {
	type part = func(*testing.T, radiustest.Harness)
	for name, broken := range map[string]struct {
		spoil func(*radius.Stores)
		part  part
	}{
		"whole":     {func(s *radius.Stores) { s.Sessions = whole{s.Sessions} }, radiustest.RunUse},
		"anywhere":  {func(s *radius.Stores) { s.Sessions = anywhere{s.Sessions} }, radiustest.RunUse},
		"greedy":    {func(s *radius.Stores) { s.Sessions = greedy{s.Sessions} }, radiustest.RunSessions},
		"sloppy":    {func(s *radius.Stores) { s.Sessions = sloppy{s.Sessions} }, radiustest.RunSessions},
		"twice":     {func(s *radius.Stores) { s.Tokens = twice{s.Tokens} }, radiustest.RunRules},
		"forgetful": {func(s *radius.Stores) { s.Names = forgetful{s.Names} }, radiustest.RunNames},
		"keeping":   {func(s *radius.Stores) { s.Names = keeping{s.Names} }, radiustest.RunNames},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv("BROKEN_STORAGE") == "1" {
				broken.part(t, func(t *testing.T) radiustest.Storage {
					s := memory(t)
					broken.spoil(&s.Stores)
					return s
				})
				return
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestBrokenStoragesFail$/^"+name+"$", "-test.timeout", "1m")
			cmd.Env = append(os.Environ(), "BROKEN_STORAGE=1")
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite passes a broken storage:\n%s", out)
			require.Contains(t, string(out), "--- FAIL: TestBrokenStoragesFail/"+name, "it fails, and does not crash")
		})
	}
}
