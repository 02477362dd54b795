package server

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/wispwright/wispwright"
)

// NotificationsConfig concerns what people are told.
type NotificationsConfig struct {
	// WebEnabled and EmailEnabled are what counts where nobody chose.
	WebEnabled   bool `koanf:"web_enabled" doc:"Show notifications in the web admin, where neither user nor organization chose (OPENWISP_NOTIFICATIONS_WEB_ENABLED)."`
	EmailEnabled bool `koanf:"email_enabled" doc:"Send them by e-mail, likewise (OPENWISP_NOTIFICATIONS_EMAIL_ENABLED)."`
	// BatchInterval collects e-mails.
	BatchInterval time.Duration `koanf:"email_batch_interval" doc:"After an e-mail further ones are collected for so long into one; 0: each is sent at once (OPENWISP_NOTIFICATIONS_EMAIL_BATCH_INTERVAL)."`
	// BatchLimit is how many a collecting e-mail shows.
	BatchLimit int `koanf:"email_batch_display_limit" doc:"How many notifications a collecting e-mail shows (OPENWISP_NOTIFICATIONS_EMAIL_BATCH_DISPLAY_LIMIT)."`
	// HTMLEmail adds an HTML part.
	HTMLEmail bool `koanf:"html_email" doc:"E-mails have an HTML part (OPENWISP_HTML_EMAIL)."`
	// Age is how long notifications are kept.
	Age time.Duration `koanf:"age" doc:"How long notifications are kept; 0: for ever (argument of delete_old_notifications)."`
	// SiteName is how subjects begin.
	SiteName string `koanf:"site_name" doc:"What stands in square brackets before subjects. Empty: the host of tenancy.site_url (django_site.name)."`
	// The storm rule.
	StormShortTime    time.Duration `koanf:"storm_short_time" doc:"Pages stay quiet when there were more than storm_short_count within this time (…_NOTIFICATION_STORM_PREVENTION: short_term_time_period)."`
	StormShortCount   int           `koanf:"storm_short_count" doc:"See storm_short_time (short_term_notification_count)."`
	StormLongTime     time.Duration `koanf:"storm_long_time" doc:"Likewise over a longer time (long_term_time_period)."`
	StormLongCount    int           `koanf:"storm_long_count" doc:"See storm_long_time (long_term_notification_count)."`
	StormBackoff      time.Duration `koanf:"storm_backoff" doc:"During a storm a page reads its list anew after this time at first (initial_backoff)."`
	StormBackoffStep  time.Duration `koanf:"storm_backoff_step" doc:"By how much that grows each time (backoff_increment)."`
	StormBackoffLimit time.Duration `koanf:"storm_backoff_limit" doc:"The longest it grows to (max_allowed_backoff)."`
	// Webhooks.
	WebhookNetworks    []string      `koanf:"webhook_networks" doc:"Private networks that webhooks may send to, as 10.1.0.0/16. Empty: none."`
	WebhookTimeout     time.Duration `koanf:"webhook_timeout" doc:"How long a receiver of a webhook may take to answer."`
	WebhookPauseAfter  int           `koanf:"webhook_pause_after" doc:"A webhook is paused when so many requests failed one after the other."`
	WebhookMostWaiting int           `koanf:"webhook_most_waiting" doc:"How many events may wait for one webhook; those beyond are not told to it."`
	WebhookAge         time.Duration `koanf:"webhook_age" doc:"How long the log of webhooks is kept; at least 48h, as sending is tried for a day."`
	WebhookKeep        int           `koanf:"webhook_keep" doc:"How many finished deliveries of each webhook are kept, at most."`
}

// defaultNotificationsConfig returns the settings that nobody has configured.
func defaultNotificationsConfig() NotificationsConfig {
	return NotificationsConfig{
		WebEnabled: true, EmailEnabled: true, BatchInterval: 3 * time.Hour, BatchLimit: 15, HTMLEmail: true, Age: 90 * 24 * time.Hour,
		StormShortTime: 10 * time.Second, StormShortCount: 6, StormLongTime: 180 * time.Second, StormLongCount: 30,
		StormBackoff: time.Second, StormBackoffStep: time.Second, StormBackoffLimit: 15 * time.Second,
		WebhookNetworks: []string{}, WebhookTimeout: 15 * time.Second, WebhookPauseAfter: 50, WebhookMostWaiting: 10_000, WebhookAge: 7 * 24 * time.Hour, WebhookKeep: 1000,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *NotificationsConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"email_batch_interval", int64(c.BatchInterval), 0},
		{"email_batch_display_limit", int64(c.BatchLimit), 1},
		{"age", int64(c.Age), 0},
		{"storm_short_time", int64(c.StormShortTime), 1},
		{"storm_short_count", int64(c.StormShortCount), 0},
		{"storm_long_time", int64(c.StormLongTime), 1},
		{"storm_long_count", int64(c.StormLongCount), 0},
		{"storm_backoff", int64(c.StormBackoff), 1},
		{"storm_backoff_step", int64(c.StormBackoffStep), 0},
		{"storm_backoff_limit", int64(c.StormBackoffLimit), 1},
		{"webhook_timeout", int64(c.WebhookTimeout), 1},
		{"webhook_pause_after", int64(c.WebhookPauseAfter), 1},
		{"webhook_most_waiting", int64(c.WebhookMostWaiting), 1},
		{"webhook_keep", int64(c.WebhookKeep), 1},
	} {
		n.check(e)
	}
	if c.WebhookAge < 48*time.Hour {
		e.Add("webhook_age", "must be 48h or more.")
	}
	for _, network := range c.WebhookNetworks {
		if p, err := netip.ParsePrefix(network); err != nil || p != p.Masked() {
			e.Add("webhook_networks", fmt.Sprintf("%q is no network, such as 10.1.0.0/16.", network))
		}
	}
	return e.Err()
}
