package notifications

import (
	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Shape is how storages keep notifications.
func Shape() store.Shape {
	return store.Shape{Table: "notification", Order: store.Newest("Timestamp")}
}

// ChoiceShape is how storages keep choices.
func ChoiceShape() store.Shape {
	return store.Shape{Table: "notification_choice"}
}

// SilenceShape is how storages keep silences.
func SilenceShape() store.Shape {
	return store.Shape{Table: "notification_silence", Order: []wispwright.Order{{Field: "ValidTill"}},
		Unique: []store.Unique{{Name: "silence_user_object", Fields: []string{"UserID", "ObjectKind", "ObjectID"}}}}
}

// OutboxShape is how storages keep posted events.
func OutboxShape() store.Shape {
	return store.Shape{Table: "notification_outbox", Order: store.Oldest("Created")}
}
