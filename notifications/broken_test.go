package notifications_test

import (
	"context"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/notificationstest"
)

type (
	rowStore     struct{ notifications.Store }
	choiceStore  struct{ notifications.ChoiceStore }
	silenceStore struct{ notifications.SilenceStore }
	stateStore   struct{ notifications.MailStateStore }
)

// clinging keeps what a user who is gone was told.
type clinging struct{ rowStore }

func (clinging) ForgetUser(context.Context, wispwright.ID) error { return nil }

// dropping marks what was given up as sent.
type dropping struct{ rowStore }

func (s dropping) MarkEmailed(ctx context.Context, sent, dropped []wispwright.ID) error {
	return s.Store.MarkEmailed(ctx, append(sent, dropped...), nil)
}

// adding keeps a choice beside the one before.
type adding struct{ choiceStore }

func (s adding) Put(ctx context.Context, list ...notifications.Choice) error {
	for i := range list {
		if err := s.Insert(ctx, &list[i]); err != nil {
			return nil
		}
	}
	return nil
}

// wide resets what is for everything too.
type wide struct{ choiceStore }

func (s wide) Reset(ctx context.Context, user, _ wispwright.ID, web, email bool) error {
	return s.ChoiceStore.Reset(ctx, user, wispwright.ID{}, web, email)
}

// eternal ends no silence.
type eternal struct{ silenceStore }

func (eternal) Expire(context.Context, time.Time, int) (int, error) { return 0, nil }

// unmailed forgets who was never mailed.
type unmailed struct{ stateStore }

func (s unmailed) Of(ctx context.Context, users ...wispwright.ID) (map[wispwright.ID]notifications.MailState, error) {
	found, err := s.MailStateStore.Of(ctx, users...)
	for id, state := range found {
		if state.Sent.IsZero() {
			delete(found, id)
		}
	}
	return found, err
}

// disorderly tells of the due in any order.
type disorderly struct{ stateStore }

func (s disorderly) Due(ctx context.Context, before time.Time, limit int) ([]wispwright.ID, error) {
	due, err := s.MailStateStore.Due(ctx, before, 1000)
	for i, j := 0, len(due)-1; i < j; i, j = i+1, j-1 {
		due[i], due[j] = due[j], due[i]
	}
	return due[:min(limit, len(due))], err
}

// The suite fails for each of them.
func TestBrokenStoragesFail(t *testing.T) {
	broken := map[string]func(*testing.T){}
	for name, spoil := range map[string]func(*notifications.Stores){
		"clinging":   func(s *notifications.Stores) { s.Notifications = clinging{rowStore{s.Notifications}} },
		"dropping":   func(s *notifications.Stores) { s.Notifications = dropping{rowStore{s.Notifications}} },
		"adding":     func(s *notifications.Stores) { s.Choices = adding{choiceStore{s.Choices}} },
		"wide":       func(s *notifications.Stores) { s.Choices = wide{choiceStore{s.Choices}} },
		"eternal":    func(s *notifications.Stores) { s.Silences = eternal{silenceStore{s.Silences}} },
		"unmailed":   func(s *notifications.Stores) { s.MailStates = unmailed{stateStore{s.MailStates}} },
		"disorderly": func(s *notifications.Stores) { s.MailStates = disorderly{stateStore{s.MailStates}} },
	} {
		broken[name] = func(t *testing.T) {
			notificationstest.Run(t, func(*testing.T) notificationstest.Storage {
				m := memstore.New()
				stores := notifications.NewMemory(m)
				spoil(&stores)
				return notificationstest.Storage{Tx: m, Stores: stores}
			})
		}
	}
	storetest.MustFail(t, broken)
}
