package controller_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/controller"
)

// TestWhatDevicesWaitFor goes through the ways of a configuration.
func TestWhatDevicesWaitFor(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		config controller.Config
		want   string
	}{
		{"new", controller.Config{Status: controller.StatusModified, Desired: "a"}, "fetch"},
		{"changed", controller.Config{Status: controller.StatusModified, Desired: "b", Served: "a", Reported: "a"}, "fetch"},
		{"fetched", controller.Config{Status: controller.StatusModified, Desired: "b", Served: "b", Reported: "a"}, "report"},
		{"reported", controller.Config{Status: controller.StatusApplied, Desired: "b", Served: "b", Reported: "b"}, ""},
		{"known to run it", controller.Config{Status: controller.StatusApplied, Desired: "b"}, ""},
		{"refused by the device", controller.Config{Status: controller.StatusError, Desired: "b", Served: "b"}, "correction"},
		{"broken by a template", controller.Config{Status: controller.StatusApplied, Desired: "b", Served: "b", Reported: "b", NotRenewed: &since}, "renewal"},
		{"going", controller.Config{Status: controller.StatusDeactivating, Desired: "c", Served: "b", NotRenewed: &since}, "removal"},
		{"gone", controller.Config{Status: controller.StatusDeactivated, Desired: "c", Served: "b"}, ""},
	} {
		require.Equal(t, tt.want, tt.config.WaitsFor(), tt.name)
	}
}
