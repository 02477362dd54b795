// Package webhooks tells programs of others, over HTTP, what happened: signed
// JSON as CloudEvents, or messages for Slack, Microsoft Teams, Matrix and
// Telegram.
//
// A Webhook belongs to an organization and subscribes to names of events. Post
// stores a Delivery for each webhook that wants an event, in the transaction of
// what happened, and orders a job that calls Send until it succeeds, for about a
// day. What was sent and answered is kept for a while. It is also a
// notifications.Channel: every type of notification is an event.
//
// Spec: notifications §14 (channels).
package webhooks
