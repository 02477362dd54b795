package server

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/custom"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/notifications"
	"github.com/wispwright/wispwright/notifications/webhooks"
)

const incidentKind = "monitoring.incident"

// Kinds implements WithKinds.
func (c *MonitoringConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[health.Incident]{Kind: incidentKind, Event: "incident", Label: "Incident", Changed: c.Health.Incidents.Changed(),
			Subject: func(i *health.Incident) Subject {
				return Subject{i.OrganizationID, i.ID.String(), c.incidentName(i), map[string]any{"kind": i.Kind, "open": i.Open, "devices": i.Devices, "ill": i.Ill, "acknowledged_by": i.AcknowledgedBy}}
			},
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*health.Incident, error) {
				found, err := c.Health.Incidents.List(ctx, everyone(), health.IncidentFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[check.Check]{Kind: "check.check", Changed: &c.Checks.Changed,
			Subject: func(o *check.Check) Subject { return Subject{o.OrganizationID, o.ID.String(), o.Name, nil} }}),
		NewKind(KindOptions[health.AlertDefault]{Kind: "monitoring.alertdefault", Changed: &c.Health.Defaults.Changed,
			Subject: func(d *health.AlertDefault) Subject {
				return Subject{d.OrganizationID, d.ID.String(), d.Configuration, nil}
			}}),
		NewKind(KindOptions[health.AlertSettings]{Kind: "monitoring.alertsettings", Changed: &c.Health.Alerts.Changed,
			Subject: func(a *health.AlertSettings) Subject {
				return Subject{a.OrganizationID, a.MetricID.String(), "", nil}
			}}),
		NewKind(KindOptions[health.Maintenance]{Kind: "monitoring.maintenance", Changed: &c.Health.Windows.Changed,
			Subject: func(m *health.Maintenance) Subject { return Subject{m.OrganizationID, m.ID.String(), m.Name, nil} }}),
		NewKind(KindOptions[custom.Metric]{Kind: "monitoring.custommetric", Changed: &c.custom.Changed,
			Subject: func(m *custom.Metric) Subject { return Subject{m.OrganizationID, m.ID.String(), m.Name, nil} }}),
		NewKind(KindOptions[health.Page]{Kind: "monitoring.statuspage", Changed: &c.Health.Pages.Changed,
			Subject: func(p *health.Page) Subject { return Subject{p.OrganizationID, p.ID.String(), p.Title, nil} }}),
	}
}

// incidentName is what an incident is called.
func (c *MonitoringConcern) incidentName(i *health.Incident) string {
	label := i.Kind
	if config := c.Registry().Metric(i.Kind); config != nil {
		label = config.Label
	}
	if i.Devices == 1 {
		return label + ": one device"
	}
	return fmt.Sprintf("%s: %d devices", label, i.Devices)
}

// alertWords are what people are told of a kind of metric (spec: monitoring §3.1).
type alertWords struct {
	problem, recovery               string // verbs
	problemSubject, recoverySubject string
	problemText, recoveryText       string
}

const (
	alertTarget = "[{notification.target}]({notification.target_link})"
	siteProblem = "[{site.name}] PROBLEM: "
	siteBack    = "[{site.name}] RECOVERY: "
)

// usageWords are those of disk, memory and processor.
func usageWords(of string) alertWords {
	return alertWords{
		"is experiencing a peak in", "has returned to normal levels",
		siteProblem + "{notification.target} {notification.verb} " + of + " usage", siteBack + "{notification.target} " + of + " usage {notification.verb}",
		"The device " + alertTarget + " {notification.verb} " + of + " usage which has gone over {threshold}%.", "The device " + alertTarget + " " + of + " usage {notification.verb}.",
	}
}

// plainWords say of a device that it is so and so.
func plainWords(problem, recovery string) alertWords {
	text := "The device " + alertTarget + " {notification.verb}."
	return alertWords{problem, recovery, siteProblem + "{notification.target} {notification.verb}", siteBack + "{notification.target} {notification.verb}", text, text}
}

func wordsOf(config *monitoring.MetricConfig) alertWords {
	switch config.Key {
	case "ping":
		return plainWords("is not reachable", "is reachable again")
	case "config_applied":
		return alertWords{
			"has not been applied", "configuration has been applied again",
			siteProblem + "{notification.target} configuration status issue", siteBack + "{notification.target} {notification.verb} successfully",
			"The configuration of device " + alertTarget + " {notification.verb} in a timely manner.", "The configuration of device " + alertTarget + " {notification.verb} successfully.",
		}
	case "disk":
		return usageWords("disk")
	case "memory":
		return usageWords("RAM")
	case "cpu":
		return usageWords("CPU")
	case "data_collected":
		return plainWords("has not been sending monitoring data", "has resumed sending monitoring data")
	case "wifi_clients_max":
		return plainWords("has more WiFi clients than expected", "has as many WiFi clients as expected")
	case "wifi_clients_min":
		return plainWords("has fewer WiFi clients than expected", "has WiFi clients again")
	case "http":
		return plainWords("does not answer HTTP as expected", "answers HTTP again")
	case "tcp":
		return plainWords("refuses TCP connections", "accepts TCP connections again")
	}
	return plainWords("has a problem: "+config.Label, "is well again: "+config.Label)
}

// NotificationTypes implements WithNotifications: two for each kind of metric that has a
// threshold, and those of incidents.
func (c *MonitoringConcern) NotificationTypes() (types []notifications.Type) {
	for _, config := range c.Registry().Metrics() {
		if config.Alert == nil {
			continue
		}
		w := wordsOf(&config)
		types = append(types,
			notifications.Type{Name: config.Key + "_problem", Label: config.Label + " PROBLEM", Level: notifications.Warning, Verb: w.problem, Models: []string{deviceKind}, Subject: w.problemSubject, Message: w.problemText},
			notifications.Type{Name: config.Key + "_recovery", Label: config.Label + " RECOVERY", Level: notifications.Info, Verb: w.recovery, Models: []string{deviceKind}, Subject: w.recoverySubject, Message: w.recoveryText})
	}
	of := func(name, label, headline, verb, text string, level notifications.Level) notifications.Type {
		return notifications.Type{Name: name, Label: label, Level: level, Verb: verb, Models: []string{incidentKind}, Subject: "[{site.name}] " + headline + ": {devices} {notification.verb}", Message: text}
	}
	return append(types,
		of("incident_grown", "Incident with many devices", "PROBLEM", "are affected", "{what}: {devices} are affected, see [the incident]({notification.target_link}).", notifications.Warning),
		of("incident_resolved", "Incident with many devices resolved", "RECOVERY", "are well again", "{what}: all {devices} of [the incident]({notification.target_link}) are well again.", notifications.Info),
		of("incident_escalated", "Incident nobody acknowledged", "PROBLEM", "are still affected", "Nobody has acknowledged [the incident]({notification.target_link}) yet. {what}: {devices} are still affected.", notifications.Error),
		notifications.Type{Name: "custom_metric_problem", Label: "Custom metric PROBLEM", Level: notifications.Warning, Verb: "has a problem", Models: []string{deviceKind},
			Subject: siteProblem + "{what} of {notification.target} is {value}", Message: "{what} of the device " + alertTarget + " is {value}, beyond {threshold}."},
		notifications.Type{Name: "custom_metric_recovery", Label: "Custom metric RECOVERY", Level: notifications.Info, Verb: "is well again", Models: []string{deviceKind},
			Subject: siteBack + "{what} of {notification.target} {notification.verb}", Message: "{what} of the device " + alertTarget + " {notification.verb}."},
		notifications.Type{Name: "metric_flapping", Label: "Metric comes and goes", Level: notifications.Warning, Verb: "comes and goes", Models: []string{deviceKind},
			Subject: siteProblem + "{what} of {notification.target} {notification.verb}", Message: "{what} of the device " + alertTarget + " {notification.verb}; you are not told of it for a while."})
}

// WebhookEvents implements WithNotifications.
func (c *MonitoringConcern) WebhookEvents() []webhooks.Event { return nil }

// Notify implements WithNotifications: what is told is stored with the health that causes it.
func (c *MonitoringConcern) Notify(n *NotificationsConcern) []Wire {
	return []Wire{{"health.Notices", "notifications: problems, recoveries, incidents", hook(c.Health.Notices.Within, func(ctx context.Context, list ...health.Notice) error {
		events := make([]notifications.Event, 0, len(list))
		for i := range list {
			events = append(events, c.noticed(&list[i]))
		}
		return n.Post(ctx, events...)
	})}}
}

func (c *MonitoringConcern) noticed(n *health.Notice) notifications.Event {
	what := func(kind string) string {
		if config := c.Registry().Metric(kind); config != nil {
			return config.Label
		}
		return kind
	}
	if n.Case == nil {
		devices := fmt.Sprintf("%d devices", n.Incident.Ill)
		if n.Kind == health.NoticeResolved {
			devices = fmt.Sprintf("%d devices", n.Incident.Devices)
		}
		if strings.HasPrefix(devices, "1 ") {
			devices = "one device"
		}
		ref := notifications.Ref{Kind: incidentKind, ID: n.Incident.ID.String()}
		return notifications.Event{Type: "incident_" + n.Kind, Actor: ref, Target: ref, Data: map[string]any{"devices": devices, "what": what(n.Incident.Kind)}}
	}
	device := deviceRef(n.Case.DeviceID)
	e := notifications.Event{Actor: device, Target: device, Data: map[string]any{"threshold": threshold(n.Case), "what": what(n.Case.Kind), "value": n.Case.Value}}
	kind := n.Case.Kind
	if custom.Declared(kind) {
		kind = "custom_metric"
	}
	switch n.Kind {
	case health.NoticeFlapping:
		e.Type = "metric_flapping"
	case health.NoticeRecovery:
		e.Type = kind + "_recovery"
	default:
		e.Type = kind + "_problem"
	}
	return e
}

// threshold is written as OpenWISP does: with a fraction where somebody chose it.
func threshold(c *health.Case) string {
	text := strconv.FormatFloat(c.Threshold, 'f', -1, 64)
	if c.Custom && !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
