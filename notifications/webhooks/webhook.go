package webhooks

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Format is what the body of a request looks like.
type Format string

// The formats there are.
const (
	// CloudEvents is an event of CloudEvents 1.0 in structured mode: the default.
	CloudEvents Format = "cloudevents"
	// Slack is a message for an incoming webhook of Slack, Mattermost or Rocket.Chat.
	Slack Format = "slack"
	// Teams is an adaptive card for a workflow of Microsoft Teams.
	Teams Format = "teams"
	// Matrix is a message in a room: URL is the home server, Room the room's id,
	// Token an access token.
	Matrix Format = "matrix"
	// Telegram is a message of a bot: URL is https://api.telegram.org, Room the
	// chat's id, Token the bot's.
	Telegram Format = "telegram"
)

// Formats are all formats.
func Formats() []Format { return []Format{CloudEvents, Slack, Teams, Matrix, Telegram} }

// Everything subscribes to all events, also those of later versions.
const Everything = "*"

// Webhook is where an organization wants to be told of events.
type Webhook struct {
	ID wispwright.ID
	// OrganizationID is whose events it is told; zero for those of all
	// organizations and of none, which only superusers may make.
	OrganizationID wispwright.ID
	// Name is shown to people.
	Name string
	// URL is where requests go. Those of chat services are as good as a password,
	// so it is kept like one: ShownURL is for people.
	URL wispwright.Secret
	// Format is what the bodies look like.
	Format Format
	// Room is where in a chat service messages go; see Matrix and Telegram.
	Room string
	// Token is sent as bearer token, or is the bot's; empty for none.
	Token wispwright.Secret
	// Events are names of events, or Everything.
	Events []string
	// Enabled is false while nothing is to be sent.
	Enabled bool
	// Secret signs requests; OldSecret does too until OldSecretUntil, after a
	// Rotate.
	Secret, OldSecret wispwright.Secret
	OldSecretUntil    *time.Time
	// Failures counts the requests that failed since the last that succeeded,
	// FailingSince is when the first of them did; nil while none has.
	Failures     int
	FailingSince *time.Time
	// Paused is when the concern gave up, PauseReason why; nil while it has not.
	Paused      *time.Time
	PauseReason string
	Created     time.Time
	Modified    time.Time
}

// Filter selects webhooks; zero fields select all.
type Filter struct {
	// OrganizationID and OrganizationIDs limit to organizations.
	OrganizationID  wispwright.ID
	OrganizationIDs wispwright.Among[wispwright.ID]
	// Format and Enabled limit to these.
	Format  Format
	Enabled *bool
	// Search is part of the name.
	Search string
}

// Store keeps webhooks. Its unique rule is "webhook_name".
type Store interface {
	wispwright.Repo[Webhook, Filter]
}

// Shape is how storages keep webhooks.
func Shape() store.Shape {
	return store.Shape{Table: "webhook", Org: "OrganizationID", Search: []string{"Name"}, Order: []wispwright.Order{{Field: "Name"}, {Field: "ID"}},
		Unique: []store.Unique{{Name: "webhook_name", Fields: []string{"OrganizationID", "Name"}}}}
}

// State is what became of a delivery.
type State string

// The states.
const (
	// Waiting will be sent, or sent again.
	Waiting State = "waiting"
	// Delivered was accepted by the receiver.
	Delivered State = "delivered"
	// Failed was given up.
	Failed State = "failed"
)

// Delivery is one event on its way to one webhook, with what became of it.
type Delivery struct {
	// ID is also the id of the message (header webhook-id): receivers that get
	// one twice know it by that.
	ID             wispwright.ID
	WebhookID      wispwright.ID
	OrganizationID wispwright.ID
	// EventID is the same for all deliveries of one event; Event is its name.
	EventID wispwright.ID
	Event   string
	// Message is the event itself, a JSON object of Message.
	Message wispwright.JSON
	State   State
	// Attempts is how often it was sent; NextAt when it is sent again.
	Attempts int
	NextAt   *time.Time
	// Status is that of the last answer, 0 for none; Took how long it took.
	Status int
	Took   time.Duration
	// Request and Answer are the last exchange, shortened and without secrets;
	// Error says in words why it failed.
	Request, Answer, Error string
	Created                time.Time
	Finished               *time.Time
}

// DeliveryFilter selects deliveries; zero fields select all.
type DeliveryFilter struct {
	WebhookID wispwright.ID
	State     State
	Event     string
}

// DeliveryStore keeps deliveries. They go with their webhook.
type DeliveryStore interface {
	wispwright.Repo[Delivery, DeliveryFilter]
	// InsertMany stores several.
	InsertMany(ctx context.Context, all []*Delivery) error
	// WaitingFor counts those of a webhook that wait, up to most.
	WaitingFor(ctx context.Context, webhook wispwright.ID, most int) (int, error)
	// GiveUp makes those of a webhook that wait Failed, with a reason.
	GiveUp(ctx context.Context, webhook wispwright.ID, reason string, now time.Time) error
	// Forget deletes up to limit from before a time, and returns how many there
	// were.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
	// Thin deletes all but the newest keep finished ones of each webhook that
	// has more, and returns how many that were.
	Thin(ctx context.Context, keep int) (int, error)
	// ForgetWebhook deletes those of a webhook.
	ForgetWebhook(ctx context.Context, webhook wispwright.ID) error
}

// DeliveryShape is how storages keep deliveries.
func DeliveryShape() store.Shape {
	return store.Shape{Table: "webhook_delivery", Org: "OrganizationID", Order: store.Newest("Created")}
}

// Stores are where the concern keeps its rows.
type Stores struct {
	Webhooks   Store
	Deliveries DeliveryStore
}
