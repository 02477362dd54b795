// Package notifications tells people what happened to what is theirs: in the
// web admin at once, by e-mail, and through whatever other Channel there is.
//
// A Type says how an event is worded and who hears of it unless they chose
// otherwise. Notify stores one Notification for each recipient in the
// transaction of what happened; e-mails are jobs of the same transaction.
// Names that appear in a message are the objects' own and are escaped
// whatever they contain.
//
// Spec: notifications; additions §6.
package notifications
