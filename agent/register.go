package agent

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// register tries to register the device once (§4.1) and reports whether it
// worked. An error ends the agent.
func (a *Agent) register(ctx context.Context) (bool, error) {
	a.log.Info("Registering device...")
	r := a.registration(ctx)
	id, err := a.client.Register(ctx, r)
	if err != nil {
		return false, a.registrationFailed(ctx, err)
	}
	if id.Hostname == "" {
		id.Hostname = r.Name
	}
	if err := a.d.Store.SaveIdentity(id); err != nil {
		// the device works until it restarts and registers again then
		a.log.Crit("Could not save the registration: %v", err)
	}
	a.creds = id.Credentials
	kind := "Existing"
	if id.New {
		kind = "New"
	}
	a.log.Info("%s device registered successfully as %s, id: %s", kind, id.Hostname, id.UUID)
	a.event(ctx, EventPostRegistration)
	a.hook(ctx, "post-registration-hook", a.o.PostRegistrationHook)
	return true, ctx.Err()
}

func (a *Agent) registrationFailed(ctx context.Context, err error) error {
	var transport *TransportError
	var status *StatusError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &transport):
		a.connectError("during registration", err)
	case errors.Is(err, ErrNoHeader):
		return a.missingHeader()
	case errors.As(err, &status):
		a.log.Err("Registration failed! %s", status.Body)
		a.event(ctx, EventRegistrationFailed)
		if status.Code == http.StatusForbidden {
			return &ExitError{Code: ExitForbidden, Reason: "registration failed: " + status.Body}
		}
	default:
		a.log.Err("Registration failed! %v", err)
		a.event(ctx, EventRegistrationFailed)
	}
	return nil
}

// registration collects what the device says about itself.
func (a *Agent) registration(ctx context.Context) Registration {
	mac := a.device.ReadMAC(a.o.MACInterface)
	if mac == "" {
		a.log.Warning("No interface has a hardware address; set mac_interface or mac_address")
	}
	r := Registration{
		Secret:       a.o.SharedSecret,
		MACAddress:   mac,
		Name:         ChooseName(a.device.ReadHostname(), mac, a.o.DefaultHostname),
		Tags:         storedTags(a.d.Tree),
		Info:         a.device.ReadInfo(ctx),
		ManagementIP: a.o.ManagementIP,
	}
	if r.Tags == "" {
		r.Tags = strings.TrimSpace(a.o.Tags)
	}
	if r.ManagementIP == "" && a.o.ManagementInterface != "" {
		r.ManagementIP = managementAddress(a.d.Tree, a.o.ManagementInterface, a.d.Addresses)
	}
	base := mac
	if a.o.HardwareIDScript != "" && a.d.Tree.executable(a.o.HardwareIDScript) {
		out, err := runner{tree: a.d.Tree}.output(ctx, a.o.HardwareIDScript)
		if err != nil {
			a.log.Warning("Hardware id script %s: %v", a.o.HardwareIDScript, err)
		}
		r.HardwareID = out
		if a.o.HardwareIDKey && out != "" {
			base = out
		}
	}
	if a.o.ConsistentKey {
		r.Key = ConsistentKey(base, a.o.SharedSecret)
	}
	return r
}
