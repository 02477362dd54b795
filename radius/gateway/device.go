package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/wispwright/wispwright"
)

// DeviceKey is the secret of one gateway, made of that of the organization and the
// gateway's id: anybody who reads the configuration of a gateway learns nothing that is
// good for another. The gateway calls itself by DeviceName.
func DeviceKey(secret wispwright.Secret, device wispwright.ID) wispwright.Secret {
	if secret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	_, _ = mac.Write([]byte("gateway\x00" + device.Hex())) // hashes never fail
	return wispwright.Secret(hex.EncodeToString(mac.Sum(nil)[:16]))
}

// DeviceName is what a gateway with a DeviceKey calls itself: its name and its id, as
// gatewayname of openNDS or NAS-Identifier of CoovaChilli.
func DeviceName(name, device string) string { return name + " " + device }

// device is the id at the end of a gateway's name, and the name without it.
func device(nas string) (id wispwright.ID, name string) {
	i := strings.LastIndexByte(nas, ' ')
	if len(nas)-i-1 != 36 {
		return wispwright.ID{}, nas
	}
	id, err := wispwright.ParseID(nas[i+1:])
	if err != nil || id.IsZero() {
		return wispwright.ID{}, nas
	}
	return id, strings.TrimSpace(nas[:max(i, 0)])
}

// key is the secret of the gateway of a name: one that has an id has a secret of its
// own, and that of the organization is not good for it.
func (g *Gateway) key(nas string) (secret wispwright.Secret, name string) {
	id, name := device(nas)
	if id.IsZero() {
		return g.settings.Secret, nas
	}
	return DeviceKey(g.settings.Secret, id), name
}
