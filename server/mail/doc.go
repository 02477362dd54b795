// Package mail brings the e-mails of package tenancy on their way: through a
// mail server (SMTP), or into a folder (Outbox), which works with nothing
// installed. A Queue in front of either keeps requests from waiting for it.
package mail
