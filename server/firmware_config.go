package server

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/openwrt"
)

// firmwareConfig concerns firmware upgrades.
type firmwareConfig struct {
	// Dir is where images lie.
	Dir string `koanf:"dir" doc:"The folder of images. Empty: private in the folder of data (OPENWISP_FIRMWARE_PRIVATE_STORAGE_INSTANCE)."`
	// MaxFileSize bounds images.
	MaxFileSize int64 `koanf:"max_file_size" doc:"How large an image is at most, in bytes; -1: any size (OPENWISP_FIRMWARE_UPGRADER_MAX_FILE_SIZE)."`
	// CustomImages are types of one's own.
	CustomImages []any `koanf:"custom_images" doc:"Further types of images, each with type, label and boards, the models of devices (OPENWISP_CUSTOM_OPENWRT_IMAGES)."`
	// BaseURL begins the addresses of files.
	BaseURL string `koanf:"api_base_url" doc:"What the addresses of images begin with. Empty: where the request came to (OPENWISP_FIRMWARE_API_BASEURL)."`
	// TaskTimeout ends an attempt.
	TaskTimeout time.Duration `koanf:"task_timeout" doc:"How long an attempt to upgrade a device may take (OPENWISP_FIRMWARE_UPGRADER_TASK_TIMEOUT)."`
	// The retries.
	Retries     int           `koanf:"retries" doc:"How often an upgrade is tried again after a failure that goes by itself (max_retries of OPENWISP_FIRMWARE_UPGRADER_RETRY_OPTIONS)."`
	Backoff     time.Duration `koanf:"retry_backoff" doc:"The longest pause before the first retry; it doubles each time (retry_backoff)."`
	MostBackoff time.Duration `koanf:"retry_backoff_max" doc:"The longest pause between retries (retry_backoff_max)."`
	NoJitter    bool          `koanf:"retry_without_jitter" doc:"Pauses are as long as they may be, not chosen by chance (retry_jitter: false)."`
	// The upgrader of OpenWrt.
	ReconnectDelay      time.Duration `koanf:"reconnect_delay" doc:"How long is waited for a device to reboot (OPENWISP_FIRMWARE_UPGRADER_OPENWRT_SETTINGS)."`
	ReconnectRetryDelay time.Duration `koanf:"reconnect_retry_delay" doc:"The pause between attempts to reach it then."`
	ReconnectMaxRetries int           `koanf:"reconnect_max_retries" doc:"How many attempts there are."`
	UpgradeTimeout      time.Duration `koanf:"upgrade_timeout" doc:"How long sysupgrade may take until the connection ends."`
	// Verify looks at what came of it.
	Verify bool `koanf:"verify" doc:"Look after an upgrade whether the device has really rebooted into another system."`
	// Identify asks whether it is really this device.
	Identify bool `koanf:"identify" doc:"Ask a device for its id before it is upgraded, so that no other one behind its address is."`
	// The persistent upgrades.
	Persistent       bool          `koanf:"persistent" doc:"Mass upgrades through the API that do not say otherwise keep trying devices that cannot be reached."`
	PendingDelay     time.Duration `koanf:"pending_delay" doc:"When a device that could not be reached is tried again first (base_delay of OPENWISP_FIRMWARE_UPGRADER_PERSISTENT_RETRY_OPTIONS)."`
	PendingFactor    float64       `koanf:"pending_multiplier" doc:"What that pause is multiplied by each time."`
	PendingJitter    float64       `koanf:"pending_jitter" doc:"By which part it is shifted by chance."`
	MostPendingDelay time.Duration `koanf:"pending_delay_max" doc:"How long it is at most."`
	ReturnJitter     time.Duration `koanf:"signal_jitter" doc:"Over which time attempts are spread when devices can be reached again."`
	ReminderPeriod   time.Duration `koanf:"reminder_period" doc:"How often people are reminded of devices that could not be upgraded yet (OPENWISP_FIRMWARE_UPGRADER_PERSISTENT_REMINDER_PERIOD)."`
	ScheduleSoonest  time.Duration `koanf:"schedule_min_delay" doc:"How far ahead a mass upgrade is scheduled at least (OPENWISP_FIRMWARE_UPGRADER_SCHEDULE_MIN_DELAY)."`
	ScheduleLatest   time.Duration `koanf:"schedule_max_horizon" doc:"And at most (OPENWISP_FIRMWARE_UPGRADER_SCHEDULE_MAX_HORIZON)."`
	// What runs at once.
	Workers  int `koanf:"workers" doc:"How many devices a node upgrades at once."`
	Parallel int `koanf:"parallel" doc:"How many devices of a mass upgrade are at work at once where it does not say."`
}

// defaultFirmwareConfig returns the settings that nobody has configured.
func defaultFirmwareConfig() firmwareConfig {
	return firmwareConfig{
		MaxFileSize: 30 << 20, CustomImages: []any{}, TaskTimeout: 1500 * time.Second, Retries: 4, Backoff: time.Minute, MostBackoff: 10 * time.Minute,
		ReconnectDelay: 180 * time.Second, ReconnectRetryDelay: 20 * time.Second, ReconnectMaxRetries: 35, UpgradeTimeout: 90 * time.Second, Verify: true, Identify: true,
		PendingDelay: 10 * time.Minute, PendingFactor: 2, PendingJitter: 0.25, MostPendingDelay: 12 * time.Hour, ReturnJitter: 2 * time.Minute, ReminderPeriod: 60 * 24 * time.Hour,
		ScheduleSoonest: 10 * time.Minute, ScheduleLatest: 180 * 24 * time.Hour, Workers: 50, Parallel: 20,
	}
}

// Check returns what is wrong with the settings, by key.
func (c *firmwareConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"max_file_size", c.MaxFileSize, -1},
		{"task_timeout", int64(c.TaskTimeout), int64(time.Second)},
		{"retries", int64(c.Retries), 0},
		{"retry_backoff", int64(c.Backoff), 1},
		{"retry_backoff_max", int64(c.MostBackoff), 1},
		{"reconnect_delay", int64(c.ReconnectDelay), 0},
		{"reconnect_retry_delay", int64(c.ReconnectRetryDelay), 0},
		{"reconnect_max_retries", int64(c.ReconnectMaxRetries), 1},
		{"upgrade_timeout", int64(c.UpgradeTimeout), 1},
		{"pending_delay", int64(c.PendingDelay), 1},
		{"pending_delay_max", int64(c.MostPendingDelay), 1},
		{"signal_jitter", int64(c.ReturnJitter), 0},
		{"reminder_period", int64(c.ReminderPeriod), 1},
		{"schedule_min_delay", int64(c.ScheduleSoonest), 0},
		{"schedule_max_horizon", int64(c.ScheduleLatest), 1},
		{"workers", int64(c.Workers), 1},
		{"parallel", int64(c.Parallel), 1},
	} {
		n.check(e)
	}
	for key, n := range map[string]int{"workers": c.Workers, "parallel": c.Parallel} {
		if n > 1000 {
			e.Add(key, "must be at most 1000")
		}
	}
	if c.PendingFactor < 1 {
		e.Add("pending_multiplier", "must be at least 1")
	}
	if c.PendingJitter < 0 || c.PendingJitter > 1 {
		e.Add("pending_jitter", "must be from 0 to 1")
	}
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		e.Add("api_base_url", "want an address such as https://api.example.org")
	}
	if _, err := c.types(); err != nil {
		e.Add("custom_images", err.Error())
	}
	return e.Err()
}

// types are the types of images.
func (c *firmwareConfig) types() (*firmware.ImageTypes, error) {
	raw, err := json.Marshal(c.CustomImages)
	if err != nil {
		return nil, err
	}
	var own []firmware.ImageType
	if err := json.Unmarshal(raw, &own); err != nil {
		return nil, fmt.Errorf("want a list of objects with type, label and boards: %w", err)
	}
	return firmware.NewImageTypes(own...)
}

// upgraders are those of the product.
func (c *firmwareConfig) upgraders(more []firmware.UpgraderType) (*firmware.Upgraders, error) {
	o := &openwrt.Options{ReconnectDelay: c.ReconnectDelay, RetryDelay: c.ReconnectRetryDelay, Retries: c.ReconnectMaxRetries, UpgradeTimeout: c.UpgradeTimeout, NoVerify: !c.Verify, NoIdentity: !c.Identify}
	return firmware.NewUpgraders(append(openwrt.Types(o), more...)...)
}
