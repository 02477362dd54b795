package monitoring_test

import (
	"fmt"
	"time"

	"github.com/wispwright/wispwright/monitoring"
)

// How a month is divided, and how interfaces are called in series.
func Example() {
	now := time.Date(2024, 11, 22, 12, 0, 0, 0, time.UTC)
	month, err := monitoring.Period{Time: "30d", Timezone: "Europe/Rome"}.Range(now, nil)
	fmt.Println(month.Start, month.Bucket, err)
	_, err = monitoring.Period{Time: "3w"}.Range(now, nil)
	fmt.Println(err)
	fmt.Println(monitoring.NormaliseKey("br-lan"), monitoring.NormaliseKey("eth0.2"))
	// Output:
	// 2024-10-23 00:00:00 +0200 CEST 24h0m0s <nil>
	// Time range not supported
	// br_lan eth0_2
}
