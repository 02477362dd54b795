package moving

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/notifications"
)

// Notifications takes over what people were told, what they chose, and which objects
// they do not want to hear of.
func Notifications(s *notifications.Service) Part {
	return Part{Name: "notifications", Take: func(ctx context.Context, run *Run) error {
		kinds, err := run.contentTypes(ctx)
		if err != nil {
			return err
		}
		if err := takeNotifications(ctx, run, s, kinds); err != nil {
			return err
		}
		if err := run.Table(ctx, "openwisp_notifications_notificationsetting", "id", []string{"user_id", "organization_id"}, func(ctx context.Context, r *Row) (string, error) {
			c := notifications.Choice{UserID: r.ID("user_id"), OrganizationID: r.ID("organization_id"), Type: r.Text("type"), Web: r.Maybe("web"), Email: r.Maybe("email")}
			if r.Flag("deleted") || c.Web == nil && c.Email == nil {
				return "", nil // nothing was chosen
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return s.RestoreChoice(ctx, c)
		}); err != nil {
			return err
		}
		return run.Table(ctx, "openwisp_notifications_ignoreobjectnotification", "id", []string{"user_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &notifications.Silence{
				ID: r.Required("id"), UserID: r.ID("user_id"), ObjectKind: kinds[r.Number("object_content_type_id")], ObjectID: r.Text("object_id"), ValidTill: r.Moment("valid_till"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return s.RestoreSilence(ctx, o)
		})
	}}
}

func takeNotifications(ctx context.Context, run *Run, s *notifications.Service, kinds map[int64]string) error {
	owners, err := run.pairs(ctx, "config_device", "id", "organization_id")
	if err != nil {
		return err
	}
	told, _ := run.Noted(toldTexts{}).(map[wispwright.ID]map[string]string)
	levels := []notifications.Level{notifications.Success, notifications.Info, notifications.Warning, notifications.Error}
	return run.Table(ctx, "openwisp_notifications_notification", "id", []string{"recipient_id"}, func(ctx context.Context, r *Row) (string, error) {
		n := &notifications.Notification{
			ID: r.Required("id"), Type: r.Text("type"), Level: notifications.Level(r.Text("level")), RecipientID: r.ID("recipient_id"), Unread: r.Flag("unread"),
			ActorKind: kinds[r.Number("actor_content_type_id")], ActorID: r.Text("actor_object_id"),
			TargetKind: kinds[r.Number("target_content_type_id")], TargetID: r.Text("target_object_id"),
			ActionKind: kinds[r.Number("action_object_content_type_id")], ActionID: r.Text("action_object_object_id"),
			// it was told to this user, who keeps it
			Addressed: true, Verb: r.Text("verb"), Description: r.Text("description"), Timestamp: r.Instant("timestamp"), Emailed: r.Flag("emailed"),
		}
		if data := r.JSON("data"); data.IsObject() {
			n.Data = data
		}
		var err error
		if n.Data, err = withTexts(n.Data, told, n.ActorID, n.ActionID); err != nil {
			return "", err
		}
		for _, p := range [][2]*string{{&n.ActorKind, &n.ActorID}, {&n.TargetKind, &n.TargetID}, {&n.ActionKind, &n.ActionID}} {
			if *p[0] == "" || *p[1] == "" {
				*p[0], *p[1] = "", ""
			}
		}
		if r.Flag("deleted") {
			return "", errLeaveOut
		}
		if !slices.Contains(levels, n.Level) {
			n.Level = notifications.Info
		}
		if device, err := wispwright.ParseID(n.TargetID); err == nil && n.TargetKind == "config.device" {
			n.OrganizationID = owner(owners, device)
		}
		// OpenWISP does not say which were told together: those of one thing at one moment
		n.EventID = numbered("notification "+n.Type+n.ActorID+n.TargetID+n.Timestamp.Format(time.RFC3339), 0)
		if err := r.Err(); err != nil {
			return "", err
		}
		return s.Restore(ctx, n)
	})
}

// toldTexts is the key under which parts note what notifications of an object say of it: OpenWISP
// looks it up when somebody reads, here it is part of what was told.
type toldTexts struct{}

// noteTold notes what notifications of an object say of it, by the names of their texts.
func (r *Run) noteTold(id wispwright.ID, texts map[string]string) {
	told, _ := r.Noted(toldTexts{}).(map[wispwright.ID]map[string]string)
	if told == nil {
		told = map[wispwright.ID]map[string]string{}
		r.Note(toldTexts{}, told)
	}
	told[id] = texts
}

// withTexts adds what was noted of objects to the data of a notification.
func withTexts(data wispwright.JSON, told map[wispwright.ID]map[string]string, objects ...string) (wispwright.JSON, error) {
	more := map[string]any{}
	for _, object := range objects {
		id, err := wispwright.ParseID(object)
		if err != nil {
			continue // another kind of key, or no object
		}
		for name, text := range told[id] {
			more[name] = text
		}
	}
	if len(more) == 0 {
		return data, nil
	}
	if !data.IsEmpty() {
		if err := data.Decode(&more); err != nil {
			return data, wispwright.Invalid("data", "is no object.")
		}
	}
	raw, err := json.Marshal(more)
	return wispwright.JSON(raw), err
}

// contentTypes are the kinds of objects by their numbers.
func (r *Run) contentTypes(ctx context.Context) (map[int64]string, error) {
	rows, err := r.Read(ctx, "django_content_type", "SELECT id, app_label, model FROM django_content_type")
	if err != nil {
		return nil, err
	}
	out := make(map[int64]string, len(rows))
	for _, row := range rows {
		out[row.Number("id")] = row.Text("app_label") + "." + row.Text("model")
	}
	return out, nil
}
