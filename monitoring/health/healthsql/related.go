package healthsql

import (
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/health"
)

// The names of the conditions on devices, see Related.
const (
	// WithStatus selects devices with a status: a string, or several of which one is enough.
	WithStatus = "monitoring.status"
	// WithIllMetric selects those of which a kind of metric is not well: a string.
	WithIllMetric = "monitoring.unhealthy_metric"
)

// Related are conditions on devices for controllersql.New, by their names in
// controller.DeviceFilter.Related.
func Related(sqlstore.Dialect) controllersql.Related {
	device := controllersql.DeviceTable + ".id"
	return controllersql.Related{
		WithStatus: func(v any) sqlstore.Cond {
			list, several := v.([]string)
			if !several {
				status, _ := v.(string)
				list = []string{status}
			}
			all := sqlstore.Cond{SQL: "1 = 0"}
			for _, status := range list {
				one := withStatus(status)
				all.SQL, all.Args = all.SQL+" OR "+one.SQL, append(all.Args, one.Args...)
			}
			all.SQL = "(" + all.SQL + ")"
			return all
		},
		WithIllMetric: func(v any) sqlstore.Cond {
			return sqlstore.Cond{SQL: "EXISTS (SELECT 1 FROM monitoring_alertsettings a JOIN monitoring_metric m ON m.id = a.metric_id WHERE a.device_id = " + device +
				" AND m.is_healthy = ? AND m.configuration = ?)", Args: []any{false, v}}
		},
	}
}

func withStatus(status string) sqlstore.Cond {
	have := "EXISTS (SELECT 1 FROM monitoring_devicemonitoring h WHERE h.device_id = " + controllersql.DeviceTable + ".id AND h.status "
	switch health.Status(status) {
	case health.Unknown:
		return sqlstore.Cond{SQL: "(" + controllersql.DeviceTable + ".is_deactivated = ? AND NOT " + have + "<> ?))", Args: []any{false, status}}
	case health.Deactivated:
		return sqlstore.Cond{SQL: controllersql.DeviceTable + ".is_deactivated = ?", Args: []any{true}}
	}
	return sqlstore.Cond{SQL: have + "= ?)", Args: []any{status}}
}
