package controller

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/valid"
)

// The forms of names and addresses (spec: controller-config §1.1).
var (
	macPattern  = regexp.MustCompile(`^([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2})$`)
	hostPattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
)

// checkFields checks every field by itself and normalises the device.
func (c *fleet) checkFields(d *Device) *wispwright.ValidationError {
	v := &wispwright.ValidationError{}
	if d.Name == "" {
		v.Add("name", valid.Blank)
	}
	if d.MACAddress == "" {
		v.Add("mac_address", valid.Blank)
	}
	checkForms(v, d.Name, d.MACAddress, d.Key)
	valid.Text(v, "name", d.Name, valid.Max(64))
	valid.Text(v, "mac_address", d.MACAddress, valid.Max(17))
	valid.Text(v, "key", d.Key.Reveal(), valid.Max(64))
	valid.Text(v, "model", d.Model, valid.Max(64))
	valid.Text(v, "os", d.OS, valid.Max(128))
	valid.Text(v, "system", d.System, valid.Max(128))
	valid.Text(v, "notes", d.Notes, valid.Max(maxNotes))
	if c.HardwareIDEnabled && d.HardwareID == "" {
		v.Add("hardware_id", valid.Blank)
	}
	valid.Text(v, "hardware_id", d.HardwareID, valid.Max(32))
	if strings.ContainsFunc(d.MACAddress, func(r rune) bool { return r >= 'a' }) {
		d.MACAddress = strings.ToUpper(d.MACAddress)
	}
	d.NameKey = ""
	if !c.AllowDuplicateNames {
		d.NameKey = strings.ToLower(d.Name)
	}
	d.LastIP, d.ManagementIP = plainAddress(d.LastIP), plainAddress(d.ManagementIP)
	return v
}

// CheckForms adds what is wrong with the form of a device's name, MAC address
// and key, each of which may be empty where it is not known. Create and Update
// refuse the same; this tells it together with the faults of other fields.
func (s *Devices) CheckForms(v *wispwright.ValidationError, name, mac string, key wispwright.Secret) {
	checkForms(v, name, mac, key)
}

func checkForms(v *wispwright.ValidationError, name, mac string, key wispwright.Secret) {
	if name != "" && !hostPattern.MatchString(name) && !macPattern.MatchString(name) {
		v.Add("name", "Must be either a valid hostname or mac address.")
	}
	if mac != "" && !macPattern.MatchString(mac) {
		v.Add("mac_address", "Must be a valid mac address.")
	}
	if key != "" && !keyPattern.MatchString(key.Reveal()) {
		v.Add("key", keyMessage)
		v.Add("key", keyMessage) // twice, as the original says it
	}
}

// maxNotes bounds free text, which the specification leaves open.
const maxNotes = 64 << 10

// ensureKey makes the key of a device that has none
// (spec: controller-config §6.4), and what it is found by.
func (c *fleet) ensureKey(d *Device, settings *Settings) {
	if d.Key == "" {
		base := d.MACAddress
		if c.HardwareIDEnabled {
			base = d.HardwareID
		}
		if c.RandomKeys {
			d.Key = RandomKey()
		} else {
			d.Key = protocol.ConsistentKey(base, settings.SharedSecret)
		}
	}
	d.indexKey()
}

// checkUnique asks the store what the device would break, before it is stored:
// the message then names everything at once (spec: controller-config §1.1).
func (c *fleet) checkUnique(ctx context.Context, v *wispwright.ValidationError, d *Device) ([]string, error) {
	clashes, err := c.stores.Devices.Clashes(ctx, d)
	if err != nil {
		return nil, err
	}
	explainClashes(v, clashes)
	return clashes, nil
}

// checkWhole checks the rules that involve the organization's other devices, in the
// order of the specification: name, limit, uniqueness.
func (c *fleet) checkWhole(ctx context.Context, v *wispwright.ValidationError, d *Device, t *tenant, unique, limit bool) error {
	var clashes []string
	var err error
	if unique {
		if clashes, err = c.checkUnique(ctx, v, d); err != nil {
			return err
		}
	}
	if err := c.checkGroup(ctx, v, d); err != nil {
		return err
	}
	if limit && !slices.Contains(clashes, UniqueDeviceName) {
		if err := v.Merge("", c.room(ctx, t)); err != nil {
			return err
		}
	}
	return clashError(v, clashes)
}

func explainClashes(v *wispwright.ValidationError, clashes []string) {
	for _, rule := range clashes {
		field, message := uniqueMessage(rule)
		v.Add(field, message)
	}
}

func uniqueMessage(rule string) (field, message string) {
	switch rule {
	case UniqueDeviceName:
		return "", "Device with this Name and Organization already exists."
	case UniqueDeviceMAC:
		return "", "Device with this Mac address and Organization already exists."
	case UniqueDeviceHardware:
		return "", "Device with this Serial number and Organization already exists."
	case UniqueDeviceKey:
		return "key", "Device with this Key already exists."
	}
	return "", "A device with this " + rule + " already exists."
}

// clashError is a validation error with the broken rule beside it. Of several
// rules the name's, which the wire words like the model does, comes last.
func clashError(v *wispwright.ValidationError, clashes []string) error {
	err := v.Err()
	if err == nil || len(clashes) == 0 {
		return err
	}
	rule := clashes[0]
	if rule == UniqueDeviceName && len(clashes) > 1 {
		rule = clashes[1]
	}
	return &faulty{err, &wispwright.ConflictError{Unique: rule}}
}

// explainDevice turns a rule that broke in the store, because two came at
// once, into the same error.
func explainDevice(err error) error {
	var conflict *wispwright.ConflictError
	var explained *wispwright.ValidationError
	if !errors.As(err, &conflict) || conflict.Unique == wispwright.UniqueKey || errors.As(err, &explained) {
		return err
	}
	var v wispwright.ValidationError
	field, message := uniqueMessage(conflict.Unique)
	v.Add(field, message)
	return clashError(&v, []string{conflict.Unique})
}
