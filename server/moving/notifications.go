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
	thresholds, _ := run.Noted(thresholdTexts{}).(map[wispwright.ID]string)
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
		if settings, err := wispwright.ParseID(n.ActionID); err == nil && thresholds[settings] != "" {
			data := map[string]any{}
			if !n.Data.IsEmpty() {
				if err := n.Data.Decode(&data); err != nil {
					return "", wispwright.Invalid("data", "is no object.")
				}
			}
			data["threshold"] = thresholds[settings]
			raw, err := json.Marshal(data)
			if err != nil {
				return "", err
			}
			n.Data = wispwright.JSON(raw)
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
